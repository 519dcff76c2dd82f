"""Which flow a message goes to."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from admin import alerts
from bot.messages import Kind
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
    news,
    report,
    small_talk,
    staff_chat,
    verdicts,
)
from handlers.conversation import Outcome, Turn
from handlers.spoken import aside, captioned, opens, say

Flow = Callable[[Turn], Outcome]


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
    if kind is Kind.UNFOLLOW:
        return await news.left(turn, now)
    if kind is Kind.CHOICE:
        return await choose(turn, turn.message.choice or "", now)
    if kind in TAKEN:
        return small_talk.helped(turn, await take(turn, now))  # by what a caption says
    flow = KINDS.get(kind)
    if kind is Kind.TEXT or (flow is media.media and turn.message.text):  # a caption is asked, too
        return await say(turn, turn.message.text or "", now, choose)
    if flow is None:
        return Outcome().as_before(turn.state)
    outcome = flow(turn)
    return await aside(turn, outcome, now) if flow is media.media else outcome


async def take(turn: Turn, now: datetime) -> Outcome:
    """A file or a place: for the matter that waits for it or was just brought, or a report."""
    message = turn.message
    is_whole = message.place if message.kind is Kind.LOCATION else message.attachment
    if not is_whole or message.group:
        return media.media(turn)
    name, number = turn.awaited(now)
    if name == mine.VALUE and not turn.is_writing:
        return await mine.added(turn, number, now)
    draft, text = turn.state.draft, message.text or ""
    begun = None if draft and draft.kind else opens(turn, text)
    is_next = name in {mine.FILES, mine.FULL} and not turn.is_writing
    brought = number if is_next else await mine.just_brought(turn, now)
    if brought and not (begun and await mine.is_another(turn, brought, begun, text)):
        outcome = await mine.added(turn, brought, now)
        return outcome.offering(turn.choice("menu.report", "report"), at=2)
    return await (captioned(turn, begun, text, now) if begun else report.took(turn, now))


async def choose(turn: Turn, value: str, now: datetime) -> Outcome:
    """A button, of today or of last year: its value says all."""
    turn = replace(turn, chosen=value)
    name, _, rest = value.removeprefix(report.INSTEAD).partition(":")
    is_shown = turn.is_writing or any(one.value == "draft:drop" for one in turn.state.offered)
    if name == "cancel" and turn.state.draft is not None and is_shown:
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
        handover.VALUE: lambda: handover.handed(turn, rest, now),
        catalogue.WRONG: lambda: report.of_item(turn, rest, now),
        alerts.CHOICE: lambda: staff_chat.act(turn, rest, now),
        news.VALUE: lambda: news.chosen(turn, rest, now),
        "cancel": lambda: news.cancelled(turn, now),
        "lang": lambda: language.chosen(turn, rest, now),
    }
    if name in waiting:
        return await waiting[name]()
    flows: dict[str, Callable[[], Outcome]] = {
        "menu": lambda: menu.menu(turn),
        "links": lambda: menu.links(turn),
        "contact": lambda: contact.contact(turn),
        "a": lambda: answering.chosen(turn, rest),
        "cat": lambda: _browse(turn, rest),
        "item": lambda: catalogue.item(turn, rest),
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
