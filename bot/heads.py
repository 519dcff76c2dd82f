"""The head of each lane: the event that comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Executable, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from bot.inbox import message_of
from bot.messages import InboundMessage
from bot.tables import ContactRow, EventRow


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
            EventRow.attempts,
            EventRow.received_at,
            EventRow.due_at,
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
            message=message_of(row),
            attempts=row.attempts,
            received_at=row.received_at,
            due_at=row.due_at,
            is_last=not row.more,
        )
        for row in await connection.execute(_HEADS, {"contacts": list(contacts)})
    ]
