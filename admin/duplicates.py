"""Matters that are likely one and the same: found for a citizen or for staff, joined by people."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.moves import Status
from admin.tickets import Ticket
from knowledge.chains import Kind
from knowledge.likeness import SAME, alike

RECENT = timedelta(days=60)
MOST_COMPARED = 200
JOINABLE = (Status.RECEIVED, Status.WITH_HEAD, Status.WITH_UNIT, Status.PREPARED, Status.APPROVED)


async def likely_same(
    session: AsyncSession,
    agency: str,
    kind: Kind,
    what: str,
    *,
    now: datetime,
    item: str | None = None,
    entry: str | None = None,
    url: str | None = None,
    topic: str | None = None,
) -> Ticket | None:
    """The open matter of this kind about the same thing whose words are most alike, if any."""
    named = ((Ticket.item, item), (Ticket.entry, entry), (Ticket.url, url), (Ticket.topic, topic))
    same = [column == value for column, value in named if value]
    if not same:
        return None
    query = (
        select(Ticket)
        .where(
            Ticket.agency == agency,
            Ticket.closed_at.is_(None),
            Ticket.kind == kind,
            Ticket.status.in_(JOINABLE),
            Ticket.opened_at > now - RECENT,
            or_(*same),
        )
        .order_by(Ticket.id.desc())
        .limit(MOST_COMPARED)
    )
    scored = [(alike(what, found.what), -found.id, found) for found in await session.scalars(query)]
    best = max(scored, default=None, key=lambda one: one[:2])
    return best[2] if best and best[0] >= SAME else None
