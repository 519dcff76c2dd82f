"""The head of each lane: the event that comes next."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.inbox import message_of
from bot.messages import Contact, InboundMessage, Kind
from bot.tables import ContactRow, EventRow

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Head:
    """The oldest event that waits in one lane."""

    id: int
    contact_id: UUID
    message: InboundMessage
    attempts: int
    received_at: datetime
    due_at: datetime
    is_last: bool


_WAITING = (
    select(EventRow.contact_id, EventRow.id)
    .where(
        EventRow.contact_id.in_(bindparam("contacts", expanding=True)), EventRow.done_at.is_(None)
    )
    .order_by(EventRow.contact_id, EventRow.order_key, EventRow.id)
)
"""Read off one index: a query that joins would make PostgreSQL guess, and scan the table."""

_EVENTS = (
    select(
        EventRow.id,
        EventRow.contact_id,
        EventRow.payload,
        EventRow.event_id,
        EventRow.order_key,
        EventRow.attempts,
        EventRow.received_at,
        EventRow.due_at,
    )
    .where(EventRow.id.in_(bindparam("events", expanding=True)))
    .order_by(EventRow.id)
)


async def heads_of(connection: AsyncConnection, contacts: Sequence[UUID]) -> list[Head]:
    """The oldest waiting event of each of these contacts that has one."""
    if not contacts:
        return []
    waiting = (await connection.execute(_WAITING, {"contacts": list(contacts)})).all()
    first = {row.contact_id: row.id for row in reversed(waiting)}
    how_many = Counter(row.contact_id for row in waiting)
    return [
        Head(
            id=row.id,
            contact_id=row.contact_id,
            message=await _message(connection, row),
            attempts=row.attempts,
            received_at=row.received_at,
            due_at=row.due_at,
            is_last=how_many[row.contact_id] == 1,
        )
        for row in (await connection.execute(_EVENTS, {"events": list(first.values())})).all()
    ]


async def _message(connection: AsyncConnection, row: Any) -> InboundMessage:
    """The message; one that another version wrote and this one cannot read is of no known kind."""
    try:
        return message_of(row)
    except msgspec.ValidationError:
        log.error("event_unreadable", row=row.id)
        whose = select(ContactRow.agency, ContactRow.channel, ContactRow.address)
        found = (await connection.execute(whose.where(ContactRow.id == row.contact_id))).one()
        return InboundMessage(Contact(*found), row.event_id, Kind.OTHER, row.order_key)


async def overlooked(
    connection: AsyncConnection, *, now: datetime, before: datetime, limit: int
) -> Sequence[UUID]:
    """Contacts with an event that is due and was received before then, longest waiting first.

    Of the oldest `limit` such events, so that a long queue does not make this long.
    """
    query = (
        select(EventRow.contact_id)
        .where(EventRow.done_at.is_(None), EventRow.due_at <= now, EventRow.received_at < before)
        .order_by(EventRow.id)
        .limit(limit)
    )
    return list(dict.fromkeys(await connection.scalars(query)))
