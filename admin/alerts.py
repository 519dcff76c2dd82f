"""Alerts: the head, and who sorts, are told at once, in chat, of what cannot wait (A5)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import chat_links, staff
from admin.followers import News, told
from admin.logbook import Line, LogLine
from admin.moves import Move, Status
from admin.officers import Role
from admin.tickets import Ticket
from bot.clock import local_date
from bot.messages import Choice, Reply
from knowledge.agency import Agency
from knowledge.dates import written

CHOICE = "act"
"""The first word of these buttons' values; `handlers.staff_chat` reads them."""
DEEDS = {"accept": Move.ACCEPT, "decline": Move.DECLINE, "ask": Move.ASK}
"""What the head can do from chat, by the last word of a button's value."""


HEARS = {
    "act.comes": frozenset({Role.EXECUTIVE}),
    "act.unsettled": frozenset({Role.EXECUTIVE}),
    "news.urgent": frozenset({Role.EXECUTIVE, Role.AGENT}),
}
"""Who is told what, by the key of its first words."""
BUTTONS: Mapping[str, Sequence[str]] = {
    "act.comes": tuple(DEEDS),
    "act.unsettled": (),
    "news.urgent": ("accept", "ask"),
}
"""What the head can do from each of them; nothing is returned that has not come to the head."""
WEIGHTY = frozenset({"unit", "urgent", "image"})
"""Changes at sorting of which the head is told though they knew of the matter."""


def worth(ticket: Ticket, line: LogLine) -> str | None:
    """What a line is worth telling at once as, by the key of its first words.

    That is a matter that comes to the head, one that a citizen says is not settled, and one that is
    urgent as it comes in: nobody has sorted it yet.
    """
    if line.end == Status.WITH_HEAD and line.start != Status.WITH_HEAD:
        return "act.comes"
    if line.what == Move.REOPEN and line.contact_id is not None:
        return "act.unsettled"
    return "news.urgent" if line.what == Line.OPENED and ticket.urgent else None


async def alert(
    session: AsyncSession, agency: Agency, ticket: Ticket, line: LogLine, *, now: datetime
) -> None:
    """Leave news for everybody with a linked chat whom this line concerns, if it is worth it."""
    key = worth(ticket, line)
    if key is None:
        return
    chats = await chat_links.chats(session, agency.slug)
    knowing = await _knowing(session, ticket, line, [chat.id for chat in chats.values()])
    for officer in await staff.officers(session, agency.slug, local_date(now)):
        is_told = officer.roles & HEARS[key] and officer.id != line.staff_id
        if is_told and officer.id in chats and chats[officer.id].id not in knowing:
            chat = chats[officer.id]
            words = BUTTONS[key] if Role.EXECUTIVE in officer.roles else ()
            reply = worded(agency, ticket, chat.language or "th", key, words)
            session.add(told(chat.id, reply, presses=True, now=now))


async def _knowing(
    session: AsyncSession, ticket: Ticket, line: LogLine, chats: Sequence[UUID]
) -> set[UUID]:
    """The chats that heard of an urgent matter as it came in, where sorting changed nothing of it.

    They have its buttons already, and are not told the same once more.
    """
    if line.what != Move.TRIAGE or not ticket.urgent or WEIGHTY & line.details.keys():
        return set()
    earlier = select(LogLine.id).where(LogLine.ticket_id == ticket.id, LogLine.id < line.id)
    if await session.scalar(earlier.where(LogLine.end != Status.RECEIVED).limit(1)) is not None:
        return set()
    query = select(News.contact_id, News.reply).where(
        News.contact_id.in_(chats), News.at == ticket.opened_at
    )
    prefix = f"{CHOICE}:{ticket.number}:"
    return {
        row.contact_id
        for row in await session.execute(query)
        if any(choice["value"].startswith(prefix) for choice in row.reply.get("choices", ()))
    }


def worded(agency: Agency, ticket: Ticket, language: str, key: str, words: Sequence[str]) -> Reply:
    """Number, kind, item, unit and due date: nothing that the citizen wrote or is."""
    say = agency.wording.say
    unit, item = agency.unit(ticket.unit), agency.item(ticket.item or "")
    marks = [say(f"act.{mark}", language) for mark in ("urgent", "image") if getattr(ticket, mark)]
    lines = [
        say(key, language, number=ticket.number),
        say(f"report.{ticket.kind}", language),
        " · ".join(marks),
        item.title.of(language) if item else "",
        unit.name(language) if unit else "",
        say("act.due", language, due=written(local_date(ticket.due_at), language)),
    ]
    text = "\n".join(line for line in lines if line)
    return Reply(text, choices(agency, ticket, language, words))


def choices(
    agency: Agency, ticket: Ticket, language: str, words: Sequence[str]
) -> tuple[Choice, ...]:
    """The buttons of these deeds; nobody accepts a matter that has no unit from chat."""
    return tuple(
        Choice(agency.wording.say(f"act.{word}", language), f"{CHOICE}:{ticket.number}:{word}")
        for word in words
        if ticket.unit or word != "accept"
    )
