"""Who is editing a ticket: others see it and may take over; nobody holds it for long."""

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin import audit
from admin.officers import Officer
from admin.tickets import Ticket

HELD_FOR = timedelta(minutes=10)


def editor(ticket: Ticket, now: datetime) -> int | None:
    """The member of staff who has a form of this ticket open."""
    is_held = ticket.locked_until is not None and ticket.locked_until > now
    return ticket.locked_by if is_held else None


def is_anothers(ticket: Ticket, officer: Officer, now: datetime) -> bool:
    """Whether somebody else is editing it."""
    return editor(ticket, now) not in {None, officer.id}


async def take(session: AsyncSession, ticket: Ticket, officer: Officer, now: datetime) -> bool:
    """Begin to edit; False where somebody else is at it."""
    is_free = or_(
        Ticket.locked_by.is_(None), Ticket.locked_by == officer.id, Ticket.locked_until <= now
    )
    change = update(Ticket).where(Ticket.id == ticket.id, is_free)
    result = await session.execute(
        change.values(locked_by=officer.id, locked_until=now + HELD_FOR).execution_options(
            synchronize_session=False
        )
    )
    await _look_again(session, ticket)
    return bool(getattr(result, "rowcount", 0))


async def take_over(session: AsyncSession, ticket: Ticket, officer: Officer, now: datetime) -> None:
    """Edit it from now on, whoever did before; that somebody was turned out is recorded."""
    before = editor(ticket, now)
    await _set(session, ticket, officer.id, now + HELD_FOR)
    if before not in {None, officer.id}:
        await audit.record(
            session,
            agency=ticket.agency,
            actor=f"staff:{officer.id}",
            what="ticket.taken_over",
            subject=f"ticket:{ticket.id}",
            details={"from": before},
            now=now,
        )


async def release(session: AsyncSession, ticket: Ticket, officer: Officer) -> None:
    """The officer is done with it; another's hold stays."""
    await session.refresh(ticket, ["locked_by"])
    if ticket.locked_by == officer.id:
        await _set(session, ticket, None, None)


async def _set(
    session: AsyncSession, ticket: Ticket, who: int | None, until: datetime | None
) -> None:
    """Not through the object: that would be a new version, and void forms that are open."""
    change = update(Ticket).where(Ticket.id == ticket.id)
    await session.execute(
        change.values(locked_by=who, locked_until=until).execution_options(
            synchronize_session=False
        )
    )
    await _look_again(session, ticket)


async def _look_again(session: AsyncSession, ticket: Ticket) -> None:
    await session.refresh(ticket, ["locked_by", "locked_until"])
