"""Forgetting: a message taken back leaves nothing but the fact that there was one."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bot.inbox import message_of
from bot.messages import InboundMessage, Kind
from bot.tables import EventRow, OutgoingRow, Posting, Progress

_AT_ONCE = 2_000


async def forget(
    session: AsyncSession, contact_id: UUID, message_id: str, *, but: str | None = None
) -> None:
    """Blank what was kept of a message, except the event named in `but` (an edit's own)."""
    query = select(EventRow).where(
        EventRow.contact_id == contact_id, EventRow.message_id == message_id
    )
    for event in await session.scalars(query):
        if event.event_id != but:
            event.payload = _blank(message_of(event))


def _blank(message: InboundMessage) -> dict[str, object]:
    contact = message.contact
    return {
        "contact": {
            "agency": contact.agency,
            "channel": contact.channel,
            "address": contact.address,
        },
        "event_id": message.event_id,
        "kind": Kind.UNSEND,
        "order": message.order,
    }


async def expire(connection: AsyncConnection, now: datetime, keep_days: int) -> int:
    """Delete some of what was handled longer ago than it may be kept; returns how many rows."""
    before = now - timedelta(days=keep_days)
    events = (
        select(EventRow.id)
        .where(EventRow.done_at < before, EventRow.status != Progress.WAITING)
        .limit(_AT_ONCE)
    )
    requests = (
        select(OutgoingRow.id)
        .where(OutgoingRow.done_at < before, OutgoingRow.status.in_((Posting.SENT, Posting.FAILED)))
        .limit(_AT_ONCE)
    )
    gone = await connection.execute(delete(OutgoingRow).where(OutgoingRow.id.in_(requests)))
    also = await connection.execute(delete(EventRow).where(EventRow.id.in_(events)))
    return gone.rowcount + also.rowcount
