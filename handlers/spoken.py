"""What words come to: a way out, a choice, something told, or a question."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from msgspec import structs
from rapidfuzz import fuzz, process

from bot.messages import Choice, Reply
from handlers import (
    answering,
    fixed,
    menu,
    mine,
    news,
    news_words,
    report,
    short_answers,
    small_talk,
    staff_chat,
)
from handlers.conversation import Outcome, Turn
from handlers.draft_messages import chose, holds, unchosen
from handlers.draft_taps import answered
from handlers.drafts import MOST_FILES, Draft
from handlers.handover import mark_of
from handlers.openers import number, openers
from handlers.signs import signs
from knowledge.chains import Kind
from knowledge.thai import normalise

Choose = Callable[[Turn, str, datetime], Awaitable[Outcome]]
"""What a tap of this value comes to."""
ALMOST_THE_SAME = 94.0
"""Out of 100: a label typed with a slip of a finger."""
LEAVING = frozenset({"menu", "cancel", "mine", "lang", "lang:th", "lang:en", news.STOP})
"""Flows that leave a report; the words of others (`เบอร์โทร`) may be part of it."""
_NUMBERS = re.compile(r"\d+")
LEAVES = ("cancel", "draft:drop", "draft:back")
"""What no number comes to that was not shown before its name: words would be lost."""
A_LIST = 2
"""A lone button is no list to choose from by number."""
LETTERS = 2
"""Fewer than these, stretched ones counted once, are no question."""


async def say(turn: Turn, text: str, now: datetime, choose: Choose) -> Outcome:
    """Words: a way out, a number, a label, a cry for help, small talk, or a question."""
    if (staffs := await staff_chat.say(turn, text, now)) is not None:
        return staffs
    if value := _way(turn, text, now):
        if value == "cancel":  # `พอแล้ว` may say that there is no photo more
            value = await short_answers.meant(turn, text, now) or value
        return await _chosen(turn, value, now, choose)
    if turn.message.edited and (edited := await _edited(turn, text, now, choose)):
        return small_talk.helped(turn, edited)
    if meant := await _meant(turn, text, now):
        return meant if isinstance(meant, Outcome) else await _chosen(turn, meant, now, choose)
    told = await _told(turn, text, now)
    if told is not None:
        return small_talk.helped(turn, told)
    outcome = await _of_matters(turn, text, now) or await news.not_chosen(turn, text, now)
    outcome = outcome or await _question(turn, text, now)
    kinds = turn.emergencies
    return small_talk.emergency(turn, kinds, outcome) if kinds else outcome


async def _chosen(turn: Turn, value: str, now: datetime, choose: Choose) -> Outcome:
    """What a number or a word chose; the report remembers it, should the message be edited."""
    outcome = await choose(turn, value, now)
    message, draft = turn.message.message_id, outcome.draft
    if message is None or not isinstance(draft, Draft):
        return outcome
    step = answered(draft, value) if turn.is_writing else None
    return replace(outcome, draft=chose(draft, message, step))


async def _edited(turn: Turn, text: str, now: datetime, choose: Choose) -> Outcome | None:
    """New words of a message of the report; those of one that chose something choose again.

    Where that is too late, or they are none of the choices, nothing changes, and that is said.
    """
    draft, message = turn.state.draft, turn.message.message_id or ""
    if draft is None:
        return None
    if holds(draft, message):
        return await report.going_on(turn, draft, now)
    if message not in dict(draft.chose):
        return None
    if (earlier := unchosen(draft, message)) is not None:
        then = await report.before(turn, earlier, now)
        if isinstance(value := await _meant(then, text, now), str):
            return await _chosen(then, value, now, choose)
        if report.is_worded(then):
            return await report.said(then, text, now)
    return await report.between(turn, [Reply(turn.say("report.edited"))], now)


def _way(turn: Turn, text: str, now: datetime) -> str | None:
    """The flow that words open; while something is being told, only those that leave it do."""
    value = openers(turn.agency.wording).flow(text)
    is_telling = turn.is_writing or mine.is_awaited(turn, now)
    if value == news.BACK and not news.is_shown(turn):
        return None if is_telling else menu.VALUE
    if value == news.VALUE and news_words.meant(turn, text):
        return None
    if value == mine.VALUE and short_answers.is_of_unsent(turn, text):
        return None
    return value if value in LEAVING or text.startswith("/") or not is_telling else None


async def _told(turn: Turn, text: str, now: datetime) -> Outcome | None:
    """What is told, not asked: into what was begun, or as a report that begins; else None."""
    if text.startswith("/"):
        return None
    if turn.is_writing:
        return await _written(turn, text, now)
    name, about = turn.awaited(now)
    if name == mine.VALUE:  # `ใช่` or `3` may be all that staff want to know
        return await mine.added(turn, about, now)
    if openers(turn.agency.wording).small_talk(text) or not has_words(text):
        return None
    is_asking = signs(turn.agency.wording).is_asking(text)
    if name == fixed.VALUE and not (is_asking and turn.is_answered):
        return await fixed.worded(turn, about, text, now)
    kind = opens(turn, text)
    return await opened(turn, kind, text, now) if kind else None


async def _written(turn: Turn, text: str, now: datetime) -> Outcome | None:
    """Words while a report is written; None where they ask something before it has a kind."""
    known = signs(turn.agency.wording)
    if talk := openers(turn.agency.wording).small_talk(text):
        word = Outcome() if talk == "ok" else small_talk.small_talk(turn, talk)
        return await aside(turn, word, now)
    if not any(letter.isalnum() for letter in text):
        return await aside(turn, answering.empty(turn), now)
    asks = turn.is_answered and known.is_asking(text)
    draft = turn.state.draft
    if draft is not None and draft.kind is None and not known.kind(text):
        return None if asks or turn.is_answered else await report.said(turn, text, now)
    if asks and not report.is_worded(turn):
        return await report.between(turn, answering.question(turn).replies, now)
    return await report.said(turn, text, now)


async def aside(turn: Turn, outcome: Outcome, now: datetime) -> Outcome:
    """A word that is of no report; where one is written, what is asked there comes after it."""
    if not turn.is_writing:
        return outcome
    return await report.between(turn, [Reply(one.text) for one in outcome.replies], now)


def opens(turn: Turn, text: str) -> Kind | None:
    """The kind of report that words begin by themselves; a question and what has an answer none."""
    known = signs(turn.agency.wording)
    kind = None if turn.message.group or known.is_asking(text) else known.kind(text)
    return None if kind and turn.is_answered and _is_asked(turn, text, kind) else kind


async def opened(turn: Turn, kind: Kind, text: str, now: datetime) -> Outcome:
    """The report that begins with these words."""
    entry, left = None, turn.state.draft
    if kind is Kind.WRONG_INFO and signs(turn.agency.wording).is_of_an_answer(text):
        entry = turn.state.entry or (left.entry if left else None)
    return await report.opened(turn, kind, now, text=text, entry=entry)


async def captioned(turn: Turn, kind: Kind, text: str, now: datetime) -> Outcome:
    """The report that begins with a file's caption, as if the file came before the words."""
    before = turn.state.draft
    if before and len(before.files) >= MOST_FILES:
        return await report.took(turn, now)
    alone = replace(turn, message=structs.replace(turn.message, text=None))
    draft = (await report.took(alone, now)).draft or None
    state = structs.replace(turn.state, draft=draft)
    return await opened(replace(turn, state=state), kind, text, now)


def _is_asked(turn: Turn, text: str, kind: Kind) -> bool:
    """Whether these are the very words of an entry that is mostly asked in other words than such.

    An entry on how to report this is no reason to put the report off.
    """
    entry = turn.agency.entry(turn.match.ranked[0][0]) if turn.match else None
    if entry is None or kind is Kind.SUGGESTION:
        return entry is not None
    ways = [entry.question.th, entry.question.en, *entry.phrasings, *entry.phrasings_en]
    if normalise(text) not in map(normalise, ways):
        return False
    known = signs(turn.agency.wording)
    return 3 * sum(known.kind(way) is kind for way in ways) < len(ways)


async def _of_matters(turn: Turn, text: str, now: datetime) -> Outcome | None:
    """A tracking number, or the verdict on what has just ended, in words."""
    if (outcome := await mine.by_number(turn, text)) is not None:
        return outcome
    return await fixed.by_words(turn, text, now) if turn.state.matters else None


async def _meant(turn: Turn, text: str, now: datetime) -> str | Outcome | None:
    """What words choose; an outcome where they are a number that is not in the list."""
    if value := await short_answers.meant(turn, text, now):
        return value
    offered = _offered(turn, text, now) or news_words.meant(turn, text)
    return offered.value if isinstance(offered, Choice) else offered


def _offered(turn: Turn, text: str, now: datetime) -> Choice | Outcome | None:
    """The choice that was typed, as a number or as its label."""
    offers = turn.state.offered
    if not offers:
        return None
    is_told = report.is_worded(turn) or mine.is_awaited(turn, now)
    chosen = None if is_told else number(text)
    if chosen is None or len(offers) < A_LIST:
        return _alike(offers, normalise(text))
    if 1 <= chosen <= len(offers):
        choice = offers[chosen - 1]
        is_meant = chosen <= turn.state.listed or not choice.value.startswith(LEAVES)
        return choice if is_meant else None
    said = turn.say("button.number", number=chosen, most=len(offers))
    return Outcome((Reply(said, offers),)).as_before(turn.state)


def _alike(offers: Sequence[Choice], plain: str) -> Choice | None:
    """The choice whose label this is but for a slip; other numbers are no slip (ม.7, ม.9)."""
    numbers = _NUMBERS.findall(plain)
    labels = {n: normalise(offer.label) for n, offer in enumerate(offers)}
    same = {n: label for n, label in labels.items() if _NUMBERS.findall(label) == numbers}
    found = process.extractOne(plain, same, scorer=fuzz.ratio, score_cutoff=ALMOST_THE_SAME)
    return offers[found[2]] if found else None


async def _question(turn: Turn, text: str, now: datetime) -> Outcome:
    known = openers(turn.agency.wording)
    talk = known.small_talk(text) or turn.small_talk
    if talk and (talk != "abuse" or known.is_abusive(text)):  # nobody is called rude for a guess
        return small_talk.small_talk(turn, talk)
    if not has_words(text):
        return answering.empty(turn)
    outcome = _offering_report(turn, text, answering.question(turn))
    is_refused = outcome.misses > turn.state.misses
    if is_refused and known.is_abusive(text):
        return small_talk.small_talk(turn, "abuse")
    if turn.state.matters and not turn.is_answered:
        return await mine.offering_reply(turn, outcome, now)
    return outcome


def _offering_report(turn: Turn, text: str, outcome: Outcome) -> Outcome:
    """An answer to a question about what could be reported, too, offers to."""
    kind = signs(turn.agency.wording).kind(text)
    is_refused = outcome.misses > turn.state.misses
    asked = outcome.question
    if turn.message.group or not asked or (kind is None and not is_refused):
        return outcome
    this = f"{report.THIS}{mark_of(asked)}"
    value = f"report:{kind}:{this}" if kind else f"report:{this}"
    return outcome.offering(turn.choice("report.report_this", value), at=int(is_refused))


def has_words(text: str) -> bool:
    """Whether there is anything to look for: emoji and signs alone are nothing."""
    return sum(letter.isalnum() for letter in normalise(text)) >= LETTERS
