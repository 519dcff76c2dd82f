"""The head of each lane: the event that comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import Executable, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

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


def _heads_query() -> Executable:
    """The oldest waiting event of each contact of `contacts`, and whether there are more."""
    first, other = aliased(EventRow), aliased(EventRow)
    oldest = (
        select(first.id)
        .where(first.contact_id == ContactRow.id, first.done_at.is_(None))
        .order_by(first.order_key, first.id)
        .limit(1)
        .correlate(ContactRow)
        .scalar_subquery()
    )
    more = exists().where(
        other.contact_id == EventRow.contact_id,
        other.done_at.is_(None),
        other.id != EventRow.id,
    )
    return (
        select(
            EventRow.id,
            EventRow.contact_id,
            EventRow.payload,
            EventRow.event_id,
            EventRow.order_key,
            EventRow.attempts,
            EventRow.received_at,
            EventRow.due_at,
            ContactRow.agency,
            ContactRow.channel,
            ContactRow.address,
            more.label("more"),
        )
        .join(ContactRow, EventRow.id == oldest)
        .where(ContactRow.id.in_(bindparam("contacts", expanding=True)))
        .order_by(EventRow.id)
    )


_HEADS = _heads_query()  # building it costs more than running it


async def heads_of(connection: AsyncConnection, contacts: Sequence[UUID]) -> list[Head]:
    """The oldest waiting event of each of these contacts that has one."""
    if not contacts:
        return []
    return [
        Head(
            id=row.id,
            contact_id=row.contact_id,
            message=_message(row),
            attempts=row.attempts,
            received_at=row.received_at,
            due_at=row.due_at,
            is_last=not row.more,
        )
        for row in await connection.execute(_HEADS, {"contacts": list(contacts)})
    ]


def _message(row: Any) -> InboundMessage:
    """The message; one that another version wrote and this one cannot read is of no known kind."""
    try:
        return message_of(row)
    except msgspec.ValidationError:
        log.error("event_unreadable", row=row.id)
        contact = Contact(row.agency, row.channel, row.address)
        return InboundMessage(contact, row.event_id, Kind.OTHER, row.order_key)


async def overlooked(
    connection: AsyncConnection, *, now: datetime, before: datetime, limit: int
) -> Sequence[UUID]:
    """Contacts with an event that is due and was received before then, longest waiting first."""
    query = (
        select(EventRow.contact_id)
        .where(EventRow.done_at.is_(None), EventRow.due_at <= now, EventRow.received_at < before)
        .group_by(EventRow.contact_id)
        .order_by(func.min(EventRow.id))
        .limit(limit)
    )
    return (await connection.scalars(query)).all()
