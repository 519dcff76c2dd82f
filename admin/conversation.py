"""What a citizen asked and the bot answered around a question, for whoever handles it.

Shown is what is known to be a question, its answer, or said for this very matter. What belongs to
another matter or to a report being written is none of their business, nor is a file of those.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from html import unescape
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.logbook import LogLine
from admin.numbers import numbers_in
from admin.questions import Question
from admin.tickets import Ticket
from bot.inbox import message_of
from bot.messages import SILENT, InboundMessage, Kind
from bot.tables import EventRow, OutgoingRow
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


class Known(msgspec.Struct, frozen=True):
    """Which messages of a contact are what, by the platform's ids."""

    own: frozenset[str]
    """Of this matter: they are shown as they are."""
    questions: frozenset[str]
    others: frozenset[str]
    """Of other matters."""

    def is_shown(self, message: InboundMessage) -> bool:
        """Whether whoever handles the matter may read it."""
        if message.kind is Kind.CHOICE:
            return (message.choice or "").partition(":")[0] in ASKING
        number = message.message_id
        return number in self.own or (number in self.questions and number not in self.others)


async def around(session: AsyncSession, ticket: Ticket) -> list[Spoken]:
    """The lines from a day before a matter was brought on, oldest first.

    Numbers of people are masked but in what was said for this matter; what was taken back is out.
    """
    if ticket.contact_id is None:
        return []
    start = ticket.opened_at - BEFORE
    known = await _known(session, ticket, ticket.contact_id, start)
    query = (
        select(EventRow.id, EventRow.payload, EventRow.received_at)
        .where(EventRow.contact_id == ticket.contact_id, EventRow.received_at >= start)
        .order_by(EventRow.id.desc())
        .limit(MOST)
    )
    found = [(row, message_of(row)) for row in await session.execute(query)]
    shown = [
        (row, message)
        for row, message in reversed(found)
        if message.kind not in SILENT and known.is_shown(message)
    ]
    lines = [
        Spoken(row.received_at, True, _words(message, known), message.kind)
        for row, message in shown
    ]
    lines += await _replied(session, ticket, start, {row.id for row, _ in shown})
    return sorted(lines, key=lambda line: line.at)


def _words(message: InboundMessage, known: Known) -> str:
    text = message.text or ""
    return text if message.message_id in known.own else mask(text)


async def _known(session: AsyncSession, ticket: Ticket, contact_id: UUID, start: datetime) -> Known:
    said = select(Ticket.said).where(Ticket.contact_id == contact_id, Ticket.id != ticket.id)
    added = select(LogLine.message_id, LogLine.ticket_id).where(
        LogLine.contact_id == contact_id, LogLine.message_id.is_not(None)
    )
    asked = select(Question.message_id).where(
        Question.contact_id == contact_id,
        Question.message_id.is_not(None),
        Question.asked_at >= start,
    )
    lines = (await session.execute(added)).all()
    parts = [part for some in await session.scalars(said) for part in some]
    return Known(
        own=_ids(part["message"] for part in ticket.said)
        | _ids(number for number, of in lines if of == ticket.id),
        questions=_ids(await session.scalars(asked)),
        others=_ids(part["message"] for part in parts)
        | _ids(number for number, of in lines if of != ticket.id),
    )


def _ids(found: Iterable[str | None]) -> frozenset[str]:
    return frozenset(number for number in found if number)


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
