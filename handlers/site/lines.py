"""A conversation as its page shows it: what was said, what was answered, what can be tapped."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from bot.mailbox import Letter
from bot.messages import Card, Choice, InboundMessage, Kind, Reply
from handlers import verdicts
from knowledge.agency import Agency

LINKS = (
    r"((?:https?://|www\.)[!-~]*[\w/=&#%+~-]|/[a-z0-9-]+/files/[0-9a-f-]{36,})"
    r"|([\w.+-]{1,64}@[\w-]+\.[\w.-]*\w)"
    r"|\b(0[ -]?[689](?:[ -]?\d){8}|0[ -]?[2-57](?:[ -]?\d){7})\b"
    r"|((?:โทร\.?|[Cc]all|tel\.) )(\d{3,4})\b(?![ -]?\d)"
)
"""Web addresses and paths of our files, mail addresses, telephone numbers, hotlines.

The page's script reads it too.
"""

_links = re.compile(LINKS, re.ASCII)
_MENU = (
    ("menu.top", "top"),
    ("menu.catalogue", "cat"),
    ("menu.report", "report"),
    ("mine.name", "mine"),
    ("menu.contact", "contact"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A file of the citizen's, as the page leads to it."""

    url: str
    is_picture: bool


@dataclass(slots=True)
class Line:
    """One thing said; `id` is None for what the citizen did."""

    id: int | None
    text: str
    offers: Sequence[Choice] = ()
    """Choices with numbers, which the text listed."""
    choices: Sequence[Choice] = ()
    card: Card | None = None
    used: set[str] = field(default_factory=set)
    file: Shown | None = None

    @property
    def language(self) -> str:
        """Thai or English, by the letters that are more (WCAG 3.1.2)."""
        return language_of_text(self.text)


BLANK = Line(
    0,
    "",
    offers=(Choice("", ""),),
    choices=(Choice("", ""),),
    card=Card(entry="", question="?", source="", facts=(("", ""),)),
)
"""What the page's script fills in."""


def lines_of(agency: Agency, language: str, letters: Sequence[Letter]) -> list[Line]:
    """The conversation so far, or the welcome while there is none."""
    if not letters:
        return [line_of(0, welcome(agency, language))]
    found: list[Line] = []
    for letter in letters:
        if letter.reply:
            found.append(line_of(letter.id, letter.reply))
        elif letter.said and (told := _told(agency, language, letter.said)):
            found.append(told)
        elif letter.said and letter.said.choice:
            value = letter.said.choice
            label = _mark(found, value) or label_of(agency, language, value)
            found.append(Line(None, label))
        elif letter.said and letter.said.text:
            found.append(Line(None, letter.said.text.strip()))
    return found


def _told(agency: Agency, language: str, said: InboundMessage) -> Line | None:
    """A file or a place that was sent."""
    if said.attachment and said.attachment.id.isdecimal():
        shown = Shown(file_path(agency, int(said.attachment.id)), said.kind is Kind.IMAGE)
        named = said.attachment.name or agency.wording.say("page.file", language)
        return Line(None, said.text or named, file=shown)
    if said.place:
        where = f"{said.place.latitude:.5f}, {said.place.longitude:.5f}"
        return Line(None, agency.wording.say("page.place", language, where=where))
    return None


def file_path(agency: Agency, number: int) -> str:
    """Where a citizen finds their own file."""
    return f"/{agency.slug}/chat/files/{number}"


def _mark(lines: Sequence[Line], value: str) -> str | None:
    """The last button of that value was used; returns what it said."""
    for line in reversed(lines):
        for choice in (*line.offers, *line.choices):
            if choice.value == value:
                line.used.add(value)
                return choice.label
    return None


def line_of(number: int, reply: Reply) -> Line:
    """A reply; choices that its text lists by number are shown once, as buttons with numbers."""
    for n in range(len(reply.choices), 0, -1):
        listed = "".join(f"\n{i}. {c.label}" for i, c in enumerate(reply.choices[:n], 1))
        if reply.text.endswith(listed):
            text = reply.text.removesuffix(listed)
            return Line(number, text, reply.choices[:n], reply.choices[n:], reply.card)
    return Line(number, reply.text, (), reply.choices, reply.card)


def welcome(agency: Agency, language: str) -> Reply:
    """The first words, before anything is kept of anybody."""
    say = agency.wording.say
    buttons = [Choice(say(key, language), value) for key, value in _MENU]
    other = "th" if language == "en" else "en"
    if other in agency.profile.languages:
        buttons.append(Choice(say("menu.language", language), f"lang:{other}"))
    text = say("welcome.first", language, agency=agency.profile.name.of(language))
    return Reply(text, tuple(buttons))


def label_of(agency: Agency, language: str, value: str) -> str:
    """What a button said whose reply is no longer shown."""
    for of in agency.profile.languages:
        for choice in welcome(agency, of).choices:
            if choice.value == value:
                return choice.label
    kind, _, key = value.partition(":")
    if kind == "a" and (entry := agency.entry(key)):
        return entry.question.of(language)
    if kind in {verdicts.USEFUL, verdicts.WRONG}:
        return verdicts.label(agency, language, value)
    return agency.wording.say("page.some_choice", language)


def language_of_text(text: str) -> str:
    """Thai or English, by the letters that are more."""
    thai, latin = len(re.findall("[ก-๛]", text)), len(re.findall("[A-Za-z]", text))
    return "th" if thai >= latin else "en"


def linked(text: str) -> Markup:
    """The text with what can be opened or called as links."""
    return Markup("").join(_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    at = 0
    for match in _links.finditer(text):
        url, mail, phone, lead, hotline = match.groups()
        yield escape(text[at : match.start()] + (lead or ""))
        at = match.end()
        if url:
            address = url if url.startswith(("http", "/")) else f"http://{url}"
            yield Markup('<a href="{}" target="_blank" rel="noopener">{}</a>').format(address, url)
        elif mail:
            yield Markup('<a href="mailto:{0}">{0}</a>').format(mail)
        else:
            number = phone or hotline
            digits = re.sub(r"\D", "", number)
            yield Markup('<a href="tel:{}">{}</a>').format(digits, number)
    yield escape(text[at:])
