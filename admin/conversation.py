"""What a citizen asked and the bot answered around a question, for whoever handles it.

Shown is what is known to be a question, its answer, or said for this very matter. What belongs to
another matter or to a report being written is none of their business, nor is a file of those.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from html import unescape
from typing import Any, Final

import msgspec
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.logbook import LogLine
from admin.numbers import numbers_in
from admin.questions import Question
from admin.tickets import Ticket
from bot.inbox import message_of
from bot.messages import SILENT, InboundMessage, Kind
from bot.tables import ContactRow, EventRow, OutgoingRow
from knowledge.masking import mask

BEFORE = timedelta(days=1)
"""How far back a conversation is shown; everything after the matter was brought is, too."""
MOST = 200
"""Lines of each side."""
ASKING = frozenset({"a", "cat", "contact", "item", "none", "staff"})
"""The first words of the values of buttons that lead to an answer, or to staff."""
_TAG: Final = re.compile(r"</?b>")
"""The only mark-up that our own messages have."""


class Spoken(msgspec.Struct, frozen=True):
    """One line of a conversation."""

    at: datetime
    is_citizens: bool
    text: str
    """Empty where it was no text: a picture, a place, a tap on a button."""
    kind: Kind = Kind.TEXT


class Told(msgspec.Struct, frozen=True):
    """Messages by the platform's ids; what has none, as in the web chat, by when it was handled."""

    numbers: frozenset[str]
    moments: frozenset[datetime]

    def has(self, event: Any, message: InboundMessage) -> bool:
        """Whether an event of the inbox is among them."""
        return message.message_id in self.numbers or event.done_at in self.moments


class Known(msgspec.Struct, frozen=True):
    """Which messages of a contact are what."""

    own: Told
    """Of this matter: they are shown as they are."""
    questions: Told
    others: Told
    """Of other matters, and of a report being written."""

    def is_shown(self, event: Any, message: InboundMessage) -> bool:
        """Whether whoever handles the matter may read it."""
        if message.kind in SILENT:
            return False
        if self.own.has(event, message):
            return True
        if self.others.has(event, message):
            return False
        if message.kind is Kind.CHOICE:
            return (message.choice or "").partition(":")[0] in ASKING
        return self.questions.has(event, message)


async def around(session: AsyncSession, ticket: Ticket) -> list[Spoken]:
    """The lines from a day before a matter was brought on, oldest first.

    Numbers of people are masked but in what was said for this matter; what was taken back is out.
    """
    if ticket.contact_id is None:
        return []
    start = ticket.opened_at - BEFORE
    known = await _known(session, ticket, start)
    query = (
        select(EventRow.id, EventRow.payload, EventRow.received_at, EventRow.done_at)
        .where(EventRow.contact_id == ticket.contact_id, EventRow.received_at >= start)
        .order_by(EventRow.id.desc())
        .limit(MOST)
    )
    found = [(row, message_of(row)) for row in await session.execute(query)]
    shown = [(row, message) for row, message in reversed(found) if known.is_shown(row, message)]
    lines = [
        Spoken(
            row.received_at,
            True,
            (message.text or "") if known.own.has(row, message) else mask(message.text or ""),
            message.kind,
        )
        for row, message in shown
    ]
    lines += await _replied(session, ticket, start, {row.id for row, _ in shown})
    return sorted(lines, key=lambda line: line.at)


async def _known(session: AsyncSession, ticket: Ticket, start: datetime) -> Known:
    of_contact = ticket.contact_id
    said = select(Ticket.said).where(Ticket.contact_id == of_contact, Ticket.id != ticket.id)
    logged = select(LogLine.ticket_id, LogLine.message_id, LogLine.at)
    lines = (await session.execute(logged.where(LogLine.contact_id == of_contact))).all()
    questions = select(Question.message_id, Question.asked_at)
    questions = questions.where(Question.contact_id == of_contact, Question.asked_at >= start)
    own = [(line.message_id, line.at) for line in lines if line.ticket_id == ticket.id]
    others = [(line.message_id, line.at) for line in lines if line.ticket_id != ticket.id]
    parts = [part for some in await session.scalars(said) for part in some]
    state = select(ContactRow.state).where(ContactRow.id == of_contact)
    parts += _drafted(await session.scalar(state) or {})
    return Known(
        own=_told([*own, *((part["message"], None) for part in ticket.said)]),
        questions=_told([(row[0], row[1]) for row in await session.execute(questions)]),
        others=_told([*others, *((part["message"], None) for part in parts)]),
    )


def _drafted(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of the report being written, as those of a ticket."""
    draft = state.get("draft") or {}
    single = [draft.get(name) for name in ("right", "name", "phone")]
    parts = [part for part in (*draft.get("said", ()), *single) if part]
    return [{"message": part.get("message")} for part in (*parts, {"message": draft.get("placed")})]


def _told(pairs: Sequence[tuple[str | None, datetime | None]]) -> Told:
    return Told(
        frozenset(number for number, _ in pairs if number),
        frozenset(moment for _, moment in pairs if moment),
    )


async def _replied(
    session: AsyncSession, ticket: Ticket, start: datetime, causes: set[int]
) -> list[Spoken]:
    """What was answered to what is shown, and news of this matter; of no other."""
    at = func.coalesce(OutgoingRow.done_at, OutgoingRow.due_at, type_=OutgoingRow.due_at.type)
    query = (
        select(OutgoingRow.payload, OutgoingRow.cause_id, at.label("at"))
        .where(
            OutgoingRow.contact_id == ticket.contact_id,
            at >= start,
            or_(OutgoingRow.cause_id.is_(None), OutgoingRow.cause_id.in_(causes)),
        )
        .order_by(OutgoingRow.id.desc())
        .limit(MOST)
    )
    spoken = []
    for row in reversed((await session.execute(query)).all()):
        pieces = [
            piece
            for piece in _pieces(row.payload)
            if _is_of(ticket, piece, is_answer=row.cause_id is not None)
        ]
        if words := "\n\n".join(pieces):
            spoken.append(Spoken(row.at, False, words))
    return spoken


def _is_of(ticket: Ticket, piece: str, *, is_answer: bool) -> bool:
    """Whether a message tells of this matter, or answers without telling of any."""
    numbers = numbers_in(piece)
    return numbers == {ticket.number} or (is_answer and not numbers)


def words_of(payload: Mapping[str, Any]) -> str:
    """What a request to a platform says, as it was planned for any of the channels."""
    return "\n\n".join(_pieces(payload))


def _pieces(payload: Mapping[str, Any]) -> Iterator[str]:
    match payload:
        case {"reply": {"text": str(text)}}:
            yield text
        case {"messages": list(messages)}:
            for message in messages:
                yield message.get("altText") or message.get("text") or ""
        case {"params": {"text": str(text)}}:
            yield unescape(_TAG.sub("", text))
