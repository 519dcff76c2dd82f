"""Forgetting: a message taken back leaves nothing but the fact that there was one."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bot.db import Base
from bot.inbox import message_of
from bot.messages import InboundMessage, Kind
from bot.tables import ContactRow, EventRow, OutgoingRow

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


async def expire(
    connection: AsyncConnection, before: datetime, *, needed: Iterable[ColumnElement[bool]] = ()
) -> int:
    """Delete some of what was handled before then, and contacts not seen since; counts rows.

    With a contact goes all that is left of it. `needed` says of contacts why they stay all the
    same, as while somebody waits for an answer.
    """
    unfinished = exists().where(
        OutgoingRow.contact_id == ContactRow.id, OutgoingRow.done_at.is_(None)
    )
    waiting = exists().where(EventRow.contact_id == ContactRow.id, EventRow.done_at.is_(None))
    stay = [~condition for condition in needed]
    old: tuple[tuple[type[Base], ColumnElement[bool]], ...] = (
        (OutgoingRow, OutgoingRow.done_at < before),
        (EventRow, EventRow.done_at < before),
        (ContactRow, and_(ContactRow.seen_at < before, ~unfinished, ~waiting, *stay)),
    )
    gone = 0
    for table, condition in old:
        key = table.__table__.c.id
        some = select(key).where(condition).limit(_AT_ONCE)
        gone += (await connection.execute(delete(table).where(key.in_(some)))).rowcount
    return gone
