"""Which flow a message goes to."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from msgspec import structs
from rapidfuzz import fuzz, process

from admin import alerts
from bot.messages import Choice, Kind, Reply
from handlers import (
    answering,
    catalogue,
    contact,
    draft_taps,
    fixed,
    handover,
    language,
    media,
    menu,
    mine,
    most_asked,
    report,
    small_talk,
    staff_chat,
    verdicts,
)
from handlers.conversation import Outcome, Turn
from handlers.openers import number, openers
from handlers.signs import signs
from knowledge.chains import Kind as Matter
from knowledge.thai import normalise

Flow = Callable[[Turn], Outcome]

ALMOST_THE_SAME = 94.0
"""Out of 100: a label typed with a slip of a finger."""
LEAVING = frozenset({"menu", "cancel"})
"""Flows that leave a report; the words of others (`เบอร์โทร`) may be part of it."""
PLAIN = frozenset({Matter.COMPLAINT, Matter.WRONG_INFO})
"""What nobody says who only asks: something is broken, or wrong."""
SURE = 0.95
"""From here on an answer fits words that may be a wish, too."""
_NUMBERS = re.compile(r"\d+")
A_LIST = 2
"""A lone button is no list to choose from by number."""
LETTERS = 2
"""Fewer than these, stretched ones counted once, are no question."""

KINDS: dict[Kind, Flow] = {
    Kind.FOLLOW: menu.welcome,
    Kind.JOIN: menu.welcome,
    Kind.STICKER: media.media,
    Kind.CONTACT_CARD: media.media,
    Kind.OTHER: media.media,
}
TAKEN = frozenset({Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.FILE, Kind.LOCATION})
"""What belongs to a report, or begins one."""


async def route(turn: Turn, now: datetime) -> Outcome:
    """What to do with this message; silent kinds give an empty outcome."""
    kind = turn.message.kind
    if kind is Kind.CHOICE:
        return await choose(turn, turn.message.choice or "", now)
    if kind in TAKEN:
        return await take(turn, now)
    flow = KINDS.get(kind)
    if kind is Kind.TEXT or (flow is media.media and turn.message.text):  # a caption is asked, too
        return await say(turn, turn.message.text or "", now)
    if flow:
        return flow(turn)
    return Outcome().as_before(turn.state)


async def take(turn: Turn, now: datetime) -> Outcome:
    """A file or a place: for the matter that waits for it, else for a report."""
    message = turn.message
    is_whole = message.place if message.kind is Kind.LOCATION else message.attachment
    if not is_whole or message.group:
        return media.media(turn)
    name, _, number = (turn.state.awaits or "").partition(":")
    if name == mine.VALUE:
        return await mine.added(turn, number, now)
    return await report.took(turn, now)


async def choose(turn: Turn, value: str, now: datetime) -> Outcome:
    """A button, of today or of last year: its value says all."""
    name, _, rest = value.partition(":")
    if name == "cancel" and turn.state.draft is not None and not turn.state.draft.paused:
        return await report.dropped(turn)
    waiting: dict[str, Callable[[], Awaitable[Outcome]]] = {
        most_asked.VALUE: lambda: most_asked.most_asked(turn, now),
        "none": lambda: answering.none_of_these(turn),
        verdicts.USEFUL: lambda: verdicts.useful(turn, rest, now),
        verdicts.WRONG: lambda: verdicts.wrong(turn, rest, now),
        "report": lambda: report.kind_chosen(turn, rest, now),
        "draft": lambda: draft_taps.chosen(turn, rest, now),
        mine.VALUE: lambda: mine.chosen(turn, rest, now),
        fixed.VALUE: lambda: fixed.judged(turn, rest, now),
        fixed.STARS: lambda: fixed.starred(turn, rest, now),
        handover.VALUE: lambda: handover.handed(turn, now),
        alerts.CHOICE: lambda: staff_chat.act(turn, rest, now),
    }
    if name in waiting:
        return await waiting[name]()
    flows: dict[str, Callable[[], Outcome]] = {
        "menu": lambda: menu.menu(turn),
        "cancel": lambda: menu.cancel(turn),
        "contact": lambda: contact.contact(turn),
        "a": lambda: answering.chosen(turn, rest),
        "cat": lambda: _browse(turn, rest),
        "item": lambda: catalogue.item(turn, rest),
        "lang": lambda: language.switch(turn, rest) if rest else language.ask(turn),
    }
    flow = flows.get(name)
    return flow() if flow else menu.old_button(turn)


def _browse(turn: Turn, rest: str) -> Outcome:
    """`cat`, `cat:p2`, `cat:<item>`, `cat:<item>:p2`."""
    item, _, page = rest.rpartition(":")
    if not re.fullmatch(r"p\d{1,2}", page, re.ASCII):
        item, page = rest, "p0"
    if item:
        return catalogue.group(turn, item, int(page[1:]))
    return catalogue.headings(turn, int(page[1:]))


async def say(turn: Turn, text: str, now: datetime) -> Outcome:
    """Words: a way out, a number, a label, a cry for help, small talk, or a question."""
    known = openers(turn.agency.wording)
    if (staffs := await staff_chat.say(turn, text, now)) is not None:
        return staffs
    if value := _way(turn, known.flow(text)):
        return await choose(turn, value, now)
    if offered := _offered(turn, text):
        return offered if isinstance(offered, Outcome) else await choose(turn, offered.value, now)
    kinds = known.emergencies(text)
    told = await _told(turn, text, now)
    if told is not None:
        return told.after(small_talk.numbers(turn, kinds)) if kinds else told
    outcome = await mine.by_number(turn, text) or _question(turn, text)
    return small_talk.emergency(turn, kinds, outcome) if kinds else outcome


def _way(turn: Turn, value: str | None) -> str | None:
    """The flow that words open; while something is being told, only those that leave it do."""
    return value if value in LEAVING or not turn.is_telling else None


async def _told(turn: Turn, text: str, now: datetime) -> Outcome | None:
    """What is told, not asked: into what was begun, or as a report that begins; else None."""
    known = openers(turn.agency.wording)
    if text.startswith("/") or known.small_talk(text) or not has_words(text):
        return None
    name, _, number = (turn.state.awaits or "").partition(":")
    if name == mine.VALUE:
        return await mine.added(turn, number, now)
    if name == fixed.VALUE:
        return await fixed.worded(turn, number, text, now)
    return await _reported(turn, text, now)


async def _reported(turn: Turn, text: str, now: datetime) -> Outcome | None:
    if turn.is_writing and not _is_aside(turn, text):
        return await report.said(turn, text, now)
    kind = None if turn.message.group else signs(turn.agency.wording).kind(text)
    if kind is None or signs(turn.agency.wording).is_asking(text):
        return None
    if kind not in PLAIN and turn.sureness >= SURE:
        return None
    return await report.opened(turn, kind, now, text=text)


def _is_aside(turn: Turn, text: str) -> bool:
    """Whether a file began a report and the words after it ask something else."""
    draft, known = turn.state.draft, signs(turn.agency.wording)
    if draft is None or draft.kind is not None or known.kind(text):
        return False
    return turn.is_answered or known.is_asking(text)


def _offered(turn: Turn, text: str) -> Choice | Outcome | None:
    """The choice that was typed, as a number or as its label."""
    offers = turn.state.offered
    if not offers:
        return None
    chosen = None if report.is_worded(turn) else number(text)
    if chosen is None or len(offers) < A_LIST:
        return _alike(offers, normalise(text))
    if 1 <= chosen <= len(offers):
        return offers[chosen - 1]
    said = turn.say("button.number", number=chosen, most=len(offers))
    return Outcome((Reply(said, offers),), misses=turn.state.misses)


def _alike(offers: Sequence[Choice], plain: str) -> Choice | None:
    """The choice whose label this is but for a slip; other numbers are no slip (ม.7, ม.9)."""
    numbers = _NUMBERS.findall(plain)
    labels = {n: normalise(offer.label) for n, offer in enumerate(offers)}
    same = {n: label for n, label in labels.items() if _NUMBERS.findall(label) == numbers}
    found = process.extractOne(plain, same, scorer=fuzz.ratio, score_cutoff=ALMOST_THE_SAME)
    return offers[found[2]] if found else None


def _question(turn: Turn, text: str) -> Outcome:
    known = openers(turn.agency.wording)
    if talk := known.small_talk(text):
        return small_talk.small_talk(turn, talk)
    if not has_words(text):
        return answering.empty(turn)
    outcome = _offering_report(turn, text, answering.question(turn))
    is_refused = outcome.misses > turn.state.misses
    if is_refused and (talk := known.fallback_talk(text)):
        return small_talk.small_talk(turn, talk)
    return outcome


def _offering_report(turn: Turn, text: str, outcome: Outcome) -> Outcome:
    """An answer to a question about what could be reported, too, offers to."""
    kind = None if turn.message.group else signs(turn.agency.wording).kind(text)
    if kind is None or not outcome.replies:
        return outcome
    *others, last = outcome.replies
    choices = (turn.choice("report.report_this", f"report:{kind}"), *last.choices)
    return outcome.showing(*others, structs.replace(last, choices=choices))


def has_words(text: str) -> bool:
    """Whether there is anything to look for: emoji and signs alone are nothing."""
    return sum(letter.isalnum() for letter in normalise(text)) >= LETTERS
