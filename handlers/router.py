"""Which flow a message goes to."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from rapidfuzz import fuzz, process

from bot.messages import Choice, Kind, Reply
from handlers import (
    answering,
    catalogue,
    contact,
    language,
    media,
    menu,
    most_asked,
    small_talk,
    verdicts,
)
from handlers.conversation import Outcome, Turn
from handlers.openers import number, openers
from knowledge.thai import normalise

Flow = Callable[[Turn], Outcome]

ALMOST_THE_SAME = 94.0
"""Out of 100: a label typed with a slip of a finger."""
_NUMBERS = re.compile(r"\d+")
A_LIST = 2
"""A lone button is no list to choose from by number."""
LETTERS = 2
"""Fewer than these, stretched ones counted once, are no question."""

KINDS: dict[Kind, Flow] = {
    Kind.FOLLOW: menu.welcome,
    Kind.JOIN: menu.welcome,
    Kind.STICKER: media.media,
    Kind.IMAGE: media.media,
    Kind.VIDEO: media.media,
    Kind.AUDIO: media.media,
    Kind.FILE: media.media,
    Kind.LOCATION: media.media,
    Kind.CONTACT_CARD: media.media,
    Kind.OTHER: media.media,
}


async def route(turn: Turn, now: datetime) -> Outcome:
    """What to do with this message; silent kinds give an empty outcome."""
    kind = turn.message.kind
    if kind is Kind.CHOICE:
        return await choose(turn, turn.message.choice or "", now)
    flow = KINDS.get(kind)
    if kind is Kind.TEXT or (flow is media.media and turn.message.text):  # a caption is asked, too
        return await say(turn, turn.message.text or "", now)
    if flow:
        return flow(turn)
    state = turn.state
    return Outcome(keep_offer=True, misses=state.misses, reporting=state.reporting)


async def choose(turn: Turn, value: str, now: datetime) -> Outcome:
    """A button, of today or of last year: its value says all."""
    name, _, rest = value.partition(":")
    if name == most_asked.VALUE:
        return await most_asked.most_asked(turn, now)
    if name == "none":
        return await answering.none_of_these(turn)
    if name == verdicts.USEFUL:
        return await verdicts.useful(turn, rest, now)
    flows: dict[str, Callable[[], Outcome]] = {
        "menu": lambda: menu.menu(turn),
        "cancel": lambda: menu.cancel(turn),
        "contact": lambda: contact.contact(turn),
        "a": lambda: answering.chosen(turn, rest),
        "wrong": lambda: verdicts.wrong(turn, rest),
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
    if turn.state.reporting and verdicts.is_told(text, known):
        return await _reported(turn, text, now)
    if value := known.flow(text):
        return await choose(turn, value, now)
    if offered := _offered(turn, text):
        return offered if isinstance(offered, Outcome) else await choose(turn, offered.value, now)
    outcome = _question(turn, text)
    if kinds := known.emergencies(text):
        return small_talk.emergency(turn, kinds, outcome)
    return outcome


async def _reported(turn: Turn, text: str, now: datetime) -> Outcome:
    """What is wrong with an answer; who needs help at once is told whom to call."""
    if not has_words(text):
        return answering.empty(turn)
    outcome = await verdicts.report(turn, text, now)
    if kinds := openers(turn.agency.wording).emergencies(text):
        return outcome.after(small_talk.emergency(turn, kinds, outcome).replies)
    return outcome


def _offered(turn: Turn, text: str) -> Choice | Outcome | None:
    """The choice that was typed, as a number or as its label."""
    offers = turn.state.offered
    if not offers:
        return None
    chosen = number(text)
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
    outcome = answering.question(turn)
    is_refused = outcome.misses > turn.state.misses
    if is_refused and (talk := known.fallback_talk(text)):
        return small_talk.small_talk(turn, talk)
    return outcome


def has_words(text: str) -> bool:
    """Whether there is anything to look for: emoji and signs alone are nothing."""
    return sum(letter.isalnum() for letter in normalise(text)) >= LETTERS
