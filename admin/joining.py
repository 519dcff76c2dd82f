"""Matters that are one: who waits for the other, and who no longer does once they part."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import audit, followers
from admin.followers import Follower
from admin.tickets import Ticket


async def is_open(session: AsyncSession, ticket: Ticket) -> bool:
    """Whether a ticket is open; until this transaction ends nobody else can change that."""
    query = select(Ticket.closed_at).where(Ticket.id == ticket.id).with_for_update()
    return await session.scalar(query) is None


async def follow(
    session: AsyncSession, ticket: Ticket, other: Ticket, *, actor: str, now: datetime
) -> None:
    """Who waits for a ticket waits for the other, too."""
    new = [
        contact.id
        for contact in await followers.followers(session, ticket)
        if await followers.follow(session, other, contact.id, now)
    ]
    await _write_down(session, "ticket.followed", other, ticket, new, actor=actor, now=now)


async def joined_to(session: AsyncSession, ticket: Ticket) -> Sequence[Ticket]:
    """The tickets that were joined to this one; until the transaction ends no more can be."""
    await is_open(session, ticket)
    query = select(Ticket).where(Ticket.joined_to == ticket.id).order_by(Ticket.id)
    return (await session.scalars(query)).all()


async def part(
    session: AsyncSession, ticket: Ticket, other: Ticket, *, actor: str, now: datetime
) -> None:
    """Who came to the other by joining this ticket to it waits for it no longer.

    Who waited for it before, or has another ticket that is joined to it, still does.
    """
    elsewhere = (
        select(Follower.contact_id)
        .join(Ticket, Ticket.id == Follower.ticket_id)
        .where(Ticket.joined_to == other.id, Ticket.id != ticket.id)
    )
    stay = set(await session.scalars(elsewhere)) | {other.contact_id}
    gone = []
    for contact in await followers.followers(session, ticket):
        there = await session.get(Follower, (other.id, contact.id))
        if there is not None and there.since >= ticket.since and contact.id not in stay:
            await followers.leave(session, other, contact.id)
            gone.append(contact.id)
    await _write_down(session, "ticket.left", other, ticket, gone, actor=actor, now=now)


async def _write_down(
    session: AsyncSession,
    what: str,
    other: Ticket,
    ticket: Ticket,
    contacts: Sequence[UUID],
    *,
    actor: str,
    now: datetime,
) -> None:
    """A row of the audit log: how many are told of the other ticket from now on, or no more."""
    if contacts:
        await audit.record(
            session,
            agency=other.agency,
            actor=actor,
            what=what,
            subject=f"ticket:{other.id}",
            details={"by": ticket.id, "contacts": len(contacts)},
            now=now,
        )
