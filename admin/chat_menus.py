"""What stands in an agency's chat menu: its choices, and the important links."""

from collections.abc import Sequence
from typing import Final

from bot.channels.cards import web_address
from bot.chat_menu import ChatMenu, Sign, Tile
from knowledge.agency import Agency
from knowledge.bulletins import Link
from knowledge.words import segment

CHOICES: Final[Sequence[tuple[str, str, Sign]]] = (
    ("top", "menu.top", Sign.QUESTION),
    ("cat", "menu.catalogue", Sign.PAGES),
    ("report", "menu.report", Sign.REPORT),
    ("mine", "mine.name", Sign.MINE),
    ("contact", "menu.contact", Sign.CONTACT),
    ("news", "menu.news", Sign.NEWS),
)
"""What each sends, the text that is its label, and its picture; the menu in words has the same."""
COMMANDS: Final = (
    ("menu", "menu.open"),
    ("top", "menu.top"),
    ("catalogue", "menu.catalogue"),
    ("report", "menu.report"),
    ("mine", "mine.name"),
    ("contact", "menu.contact"),
    ("news", "menu.news"),
    ("lang", "language.ask"),
    ("cancel", "cancel.name"),
)
SCHEMES: Final = ("https", "http")
MOST_LINKS: Final = 6
"""More cannot be read on a telephone."""


def chat_menus(agency: Agency) -> Sequence[ChatMenu]:
    """The agency's menu in each of its languages; the first is what everybody sees first."""
    return [_menu(agency, language) for language in agency.profile.languages]


def left_out(agency: Agency) -> Sequence[Link]:
    """Important links that no menu can open, or has room for."""
    shown = [link for link, _ in _links(agency)]
    return [link for link in agency.newsroom.links if link not in shown]


def _links(agency: Agency) -> Sequence[tuple[Link, str]]:
    """Those that stand in the menu, with the address as platforms take it."""
    found = [(link, web_address(link.url, SCHEMES)) for link in agency.newsroom.links]
    return [(link, url) for link, url in found if url][:MOST_LINKS]


def _menu(agency: Agency, language: str) -> ChatMenu:
    profile, say = agency.profile, agency.wording.say
    tiles = [_tile(say(key, language), sign, choice=value) for value, key, sign in CHOICES]
    for other in profile.languages:
        if other != language and len(profile.languages) > 1:
            label = say("menu.language", language)
            tiles.append(_tile(label, Sign.LANGUAGE, choice=f"lang:{other}", language=other))
    tiles += [_tile(link.name(language), Sign.LINK, url=url) for link, url in _links(agency)]
    title = profile.name.short_en if language == "en" else profile.name.short_th
    listed = tuple(commands(agency)[language])
    return ChatMenu(language, title, say("menu.open", language), tuple(tiles), listed)


def _tile(label: str, sign: Sign, *, choice: str = "", url: str = "", language: str = "") -> Tile:
    return Tile(label, _pieces(label), sign, choice, url, language)


def _pieces(label: str) -> tuple[str, ...]:
    """Where a line of a label may end: after a space, and between Thai words."""
    pieces: list[str] = []
    for part in label.split(" "):
        words = [word.text for word in segment(part)]
        pieces += words if "".join(words) == part else [part]
        pieces[-1] += " "
    return (*pieces[:-1], pieces[-1].removesuffix(" "))


def commands(agency: Agency) -> dict[str, list[tuple[str, str]]]:
    """The commands that Telegram lists, in each of the agency's languages."""
    return {
        language: [(name, agency.wording.say(key, language)) for name, key in COMMANDS]
        for language in agency.profile.languages
    }
