"""Matters that are likely one and the same: found for a citizen or for staff, joined by people."""

import math
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.moves import Status
from admin.tickets import Ticket
from knowledge.agency import Agency
from knowledge.chains import Kind
from knowledge.likeness import SAME, alike
from knowledge.topics import nearest

RECENT = timedelta(days=60)
MOST_COMPARED = 200
NEARLY = 90.0
METRES = 111_320.0
"""Of one degree of latitude."""
FAR = 200.0
"""Metres from which on two places are not one."""
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
    place: tuple[float, float] | None = None,
) -> Ticket | None:
    """The open matter of this kind about the same thing whose words are most alike, if any.

    Where nothing says what it is about, the words have to be nearly the same.
    """
    named = ((Ticket.item, item), (Ticket.entry, entry), (Ticket.url, url), (Ticket.topic, topic))
    same = [column == value for column, value in named if value]
    query = select(Ticket).where(
        Ticket.agency == agency,
        Ticket.closed_at.is_(None),
        Ticket.kind == kind,
        Ticket.status.in_(JOINABLE),
        Ticket.opened_at > now - RECENT,
    )
    if same:
        query = query.where(or_(*same))
    query = query.order_by(Ticket.id.desc()).limit(MOST_COMPARED)
    scored = [
        (alike(what, found.what), -found.id, found)
        for found in await session.scalars(query)
        if not _is_elsewhere(place, found)
    ]
    best = max(scored, default=None, key=lambda one: one[:2])
    return best[2] if best and best[0] >= (SAME if same else NEARLY) else None


def is_of(agency: Agency, ticket: Ticket, kind: Kind, text: str) -> bool:
    """Whether words that tell of this kind, said just after a matter was brought, are of it still.

    They are where they name a topic of its words; where they name none, if the kind is the same.
    """
    topics = agency.topics.values()
    named = nearest(topics, text, limit=1)
    if not named:
        return kind is ticket.kind
    return named[0] in nearest(topics, ticket.what, limit=len(topics))


def _is_elsewhere(place: tuple[float, float] | None, ticket: Ticket) -> bool:
    """Whether both say where, and it is not the same place."""
    if place is None or ticket.place is None:
        return False
    north = (place[0] - ticket.place["latitude"]) * METRES
    east = (place[1] - ticket.place["longitude"]) * METRES * math.cos(math.radians(place[0]))
    return math.hypot(north, east) > FAR
