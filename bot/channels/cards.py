"""What the renderers of all platforms show of a card and of a choice."""

import re
from collections.abc import Collection
from urllib.parse import quote, urlsplit, urlunsplit

from bot.channels.splitting import is_blank, shorten
from bot.messages import Card, Choice

LINK_LABEL = 20
"""Units: https://developers.line.biz/en/reference/messaging-api/#uri-action"""
VALUE_BYTES = 64
"""https://core.telegram.org/bots/api#inlinekeyboardbutton (LINE takes 300)"""
_LONGEST_URL = 1000
_LISTED = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)


def facts(card: Card | None) -> list[tuple[str, str]]:
    """Label and value of each fact that has a value."""
    rows = card.facts if card else ()
    return [(_seen(label), value.strip()) for label, value in rows if not is_blank(value)]


def link(card: Card | None) -> tuple[str, str] | None:
    """Label and address of a card's link, if a platform can open it.

    The label is the agency's own word: that of the fact which names the source, else the source.
    """
    url = web_address(card.url) if card and card.url else None
    if card is None or url is None:
        return None
    source = _seen(card.source)
    named = (label for label, value in facts(card) if source and source in value)
    label = next(named, "") or source or urlsplit(url).hostname or url
    return shorten(label, LINK_LABEL), url


def label_of(choice: Choice, text: str) -> str:
    """A choice's label, with its number where the text lists the choices by number.

    Platforms cut long labels off; the number still tells which line of the text is meant.
    """
    label = choice.label.strip()
    number = next((n for n, listed in _LISTED.findall(text) if listed == label), None)
    return f"{number}. {label}" if number else label


def value_of(choice: Choice) -> str:
    """What a button sends back.

    Raises ValueError for what no platform's button can hold: that is a fault of a flow.
    """
    if not 1 <= len(choice.value.encode()) <= VALUE_BYTES:
        raise ValueError("a choice's value must be 1 to 64 bytes")
    return choice.value


def _seen(text: str) -> str:
    return "" if is_blank(text) else text.strip()


def web_address(url: str, schemes: Collection[str] = ("https",)) -> str | None:
    """An address of one of these schemes written in ASCII, or None if this is none."""
    try:
        pieces = urlsplit(url.strip())
        host = (pieces.hostname or "").encode("idna").decode()
        port = f":{pieces.port}" if pieces.port else ""
    except ValueError:
        return None
    if pieces.scheme not in schemes or "." not in host.strip(".") or pieces.username:
        return None
    path, query, fragment = (
        quote(piece, safe="/%:@!$&'()*+,;=~-._?")
        for piece in (pieces.path, pieces.query, pieces.fragment)
    )
    whole = urlunsplit((pieces.scheme, host + port, path, query, fragment))
    return whole if len(whole) <= _LONGEST_URL else None
