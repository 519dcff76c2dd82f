"""Who brought a matter: apart from the ticket, so that it can be hidden and erased."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin import audit
from admin.moves import SORTERS
from admin.officers import Officer, Role
from admin.tickets import Privacy, Ticket
from bot.db import Base

KNOW_HIDDEN = frozenset({Role.AGENT, Role.EXECUTIVE})
"""Who sees a name that is hidden from the unit: who sorts matters, and the head."""


class Person(Base):
    """What the citizen agreed that the agency keeps of them."""

    __tablename__ = "ticket_persons"

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    name: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(60))
    email: Mapped[str | None] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(String(500))
    consent_version: Mapped[str | None] = mapped_column(String(20))
    """The notice that was shown; none where staff took the matter down on the agency's duty."""
    consent_at: Mapped[datetime | None]


def may_know(officer: Officer, ticket: Ticket) -> bool:
    """Whether this officer may see who brought the matter: who sorts or handles it.

    Who only publishes needs no name or number for it (PDPA B.E. 2562, section 37(1)).
    """
    if ticket.privacy is Privacy.ANONYMOUS:
        return False
    if ticket.privacy is Privacy.HIDDEN:
        return bool(officer.roles & KNOW_HIDDEN)
    handles = officer.post(Role.REPORTER, ticket.unit) is not None
    return handles or bool(officer.roles & SORTERS)


async def person_of(
    session: AsyncSession,
    ticket: Ticket,
    officer: Officer,
    now: datetime,
    *,
    took_down: bool = False,
) -> Person | None:
    """Who brought it, if the officer may know; each look is a row of the audit log.

    Who `took_down` the name themselves may see it again, unless it is hidden from the unit.
    """
    is_theirs = took_down and ticket.privacy is Privacy.NAMED
    if not is_theirs and not may_know(officer, ticket):
        return None
    person = await session.get(Person, ticket.id)
    if person is not None:
        await audit.record(
            session,
            agency=ticket.agency,
            actor=f"staff:{officer.id}",
            what="person.seen",
            subject=f"ticket:{ticket.id}",
            now=now,
        )
    return person
