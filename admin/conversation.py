"""What a citizen and the bot said to each other around a matter, for whoever handles it."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.inbox import message_of
from bot.messages import SILENT, Kind, Reply
from bot.tables import EventRow, OutgoingRow

BEFORE = timedelta(days=1)
"""How far back a conversation is shown; everything after the matter was brought is, too."""
MOST = 200
"""Lines of each side."""


class Spoken(msgspec.Struct, frozen=True):
    """One line of a conversation."""

    at: datetime
    is_citizens: bool
    text: str
    """Empty where it was no text: a picture, a place, a tap on a button."""
    kind: Kind = Kind.TEXT


async def around(session: AsyncSession, contact_id: UUID, moment: datetime) -> list[Spoken]:
    """The lines from a day before that moment on, oldest first; what was taken back is left out."""
    start = moment - BEFORE
    lines = [*await _said(session, contact_id, start), *await _replied(session, contact_id, start)]
    return sorted(lines, key=lambda line: line.at)


async def _said(session: AsyncSession, contact_id: UUID, start: datetime) -> list[Spoken]:
    query = (
        select(EventRow.payload, EventRow.received_at)
        .where(EventRow.contact_id == contact_id, EventRow.received_at >= start)
        .order_by(EventRow.id.desc())
        .limit(MOST)
    )
    found = [(row.received_at, message_of(row)) for row in await session.execute(query)]
    return [
        Spoken(at, True, message.text or "", message.kind)
        for at, message in reversed(found)
        if message.kind not in SILENT
    ]


async def _replied(session: AsyncSession, contact_id: UUID, start: datetime) -> list[Spoken]:
    at = func.coalesce(OutgoingRow.done_at, OutgoingRow.due_at, type_=OutgoingRow.due_at.type)
    query = (
        select(OutgoingRow.payload, at.label("at"))
        .where(OutgoingRow.contact_id == contact_id, at >= start)
        .order_by(OutgoingRow.id.desc())
        .limit(MOST)
    )
    found = [
        (row.at, msgspec.convert(row.payload["reply"], Reply))
        for row in await session.execute(query)
    ]
    return [Spoken(at, False, reply.text) for at, reply in reversed(found)]
