"""Tickets: what citizens, staff and other bodies bring, and where it stands."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin.moves import OPEN, Ending, Status
from admin.numbers import fiscal_year, tracking_number
from bot.clock import local_date
from bot.db import Base, ConcurrentId, Document, OneOf
from knowledge.chains import Class, Kind


class Privacy(StrEnum):
    """Who may know who brought a matter."""

    NAMED = "named"
    HIDDEN = "hidden"
    """The unit does not see the name; who sorts matters and the head do."""
    ANONYMOUS = "anonymous"


class Source(StrEnum):
    """How a matter came."""

    LINE = "line"
    TELEGRAM = "telegram"
    WEB = "web"
    PHONE = "phone"
    COUNTER = "counter"
    PAPER = "paper"
    FORM = "form"


_OPEN = text("closed_at IS NULL")
"""SQLite uses a partial index only where the query says just this, without parameters."""

_FIGURES = ("first_reply_at", "closed_at", "reopened")
"""What the overview adds up: it reads the index alone."""


class Ticket(Base):
    """One matter."""

    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    agency: Mapped[str] = mapped_column(String(32))
    number: Mapped[str] = mapped_column(String(12))
    version: Mapped[int] = mapped_column()
    """Grows with each change: who saves over another's change is told."""
    kind: Mapped[Kind] = mapped_column(OneOf(Kind, 16))
    source: Mapped[Source] = mapped_column(OneOf(Source, 12))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    language: Mapped[str] = mapped_column(String(2))
    privacy: Mapped[Privacy] = mapped_column(OneOf(Privacy, 12))

    what: Mapped[str]
    """What the citizen says: it never reaches a log."""
    right: Mapped[str | None]
    """What would be right, where something is wrong."""
    said: Mapped[list[dict[str, Any]]] = mapped_column(Document, default=list)
    """What came in which message, as {"part": name, "message": id}; of `what` also its text."""
    attachments: Mapped[list[int]] = mapped_column(Document, default=list)
    place: Mapped[dict[str, Any] | None] = mapped_column(Document)
    """{"latitude", "longitude", "title"}, WGS 84 degrees."""
    item: Mapped[str | None] = mapped_column(String(40))
    """The item of the catalogue it is about."""
    entry: Mapped[str | None] = mapped_column(String(40))
    """The answer of the knowledge base it is about."""
    url: Mapped[str | None] = mapped_column(String(2000))
    topic: Mapped[str | None] = mapped_column(String(40))

    unit: Mapped[str | None] = mapped_column(String(40))
    class_: Mapped[Class] = mapped_column("class", OneOf(Class, 12))
    urgent: Mapped[bool] = mapped_column(default=False)
    image: Mapped[bool] = mapped_column(default=False)
    """Whether it touches the agency's image (A5, clause 4.1)."""
    holder: Mapped[int | None]
    """The member of staff who has taken it on."""

    status: Mapped[Status] = mapped_column(OneOf(Status, 12))
    since: Mapped[datetime]
    opened_at: Mapped[datetime]
    first_reply_due: Mapped[datetime]
    due_at: Mapped[datetime]
    first_reply_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reopened: Mapped[int] = mapped_column(default=0)

    ending: Mapped[Ending | None] = mapped_column(OneOf(Ending, 12))
    ending_reason: Mapped[str | None]
    handed_to: Mapped[str | None] = mapped_column(String(200))
    handed_number: Mapped[str | None] = mapped_column(String(80))
    joined_to: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    verdict: Mapped[str | None] = mapped_column(String(8))
    stars: Mapped[int | None]
    verdict_words: Mapped[str | None]

    locked_by: Mapped[int | None]
    locked_until: Mapped[datetime | None]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form
    __table_args__ = (
        UniqueConstraint("agency", "number"),
        Index(
            "ix_tickets_open",
            *("agency", "due_at", "unit", "kind", "status"),
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_tickets_status", "agency", "status", "due_at"),
        Index("ix_tickets_unit", "agency", "unit", "due_at"),
        Index("ix_tickets_item", "agency", "item"),
        Index("ix_tickets_opened", "agency", "opened_at", *_FIGURES),
        Index("ix_tickets_closed", "agency", "closed_at", "ending", "verdict"),
        Index("ix_tickets_contact", "contact_id"),
        Index("ix_tickets_joined", "joined_to"),
    )

    @property
    def is_open(self) -> bool:
        """Whether anybody has still to do something."""
        return self.status in OPEN

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should have been settled by now."""
        return self.is_open and self.due_at < now


class TicketCounter(Base):
    """How many matters an agency had in a fiscal year."""

    __tablename__ = "ticket_counters"

    agency: Mapped[str] = mapped_column(String(32), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    """Fiscal year, B.E."""
    count: Mapped[int]


async def next_number(session: AsyncSession, agency: str, now: datetime) -> str:
    """The next tracking number; whoever asks at the same time waits for this transaction."""
    year = fiscal_year(local_date(now))
    dialect = session.get_bind().dialect.name
    insert = sqlite_insert if dialect == "sqlite" else postgresql_insert
    first = insert(TicketCounter).values(agency=agency, year=year, count=0)
    await session.execute(first.on_conflict_do_nothing())
    count = await session.scalar(
        update(TicketCounter)
        .where(TicketCounter.agency == agency, TicketCounter.year == year)
        .values(count=TicketCounter.count + 1)
        .returning(TicketCounter.count)
    )
    return tracking_number(year, count or 1)


async def ticket_of(
    session: AsyncSession, agency: str, number: str, *, locks: bool = False
) -> Ticket | None:
    """A ticket of this agency by its tracking number; with `locks` nobody else changes it now."""
    if not number.isprintable():  # PostgreSQL refuses zero bytes
        return None
    query = select(Ticket).where(Ticket.agency == agency, Ticket.number == number)
    found: Ticket | None = await session.scalar(query.with_for_update() if locks else query)
    return found


async def brought_by(session: AsyncSession, contact_id: UUID, *, limit: int) -> Sequence[Ticket]:
    """The matters that a contact brought, newest first."""
    query = select(Ticket).where(Ticket.contact_id == contact_id)
    return (await session.scalars(query.order_by(Ticket.id.desc()).limit(limit))).all()


async def last_ended(session: AsyncSession, contact_id: UUID) -> Ticket | None:
    """The matter of a contact that was closed last."""
    query = select(Ticket).where(Ticket.contact_id == contact_id, Ticket.status == Status.CLOSED)
    found: Ticket | None = await session.scalar(query.order_by(Ticket.closed_at.desc()).limit(1))
    return found


async def open_about(
    session: AsyncSession, item: str | None, is_seen: ColumnElement[bool]
) -> Sequence[Ticket]:
    """The latest open matters about the same item: what whoever sees them may join a new one to."""
    query = select(Ticket).where(is_seen, Ticket.item == item, Ticket.closed_at.is_(None))
    return (await session.scalars(query.order_by(Ticket.id.desc()).limit(200))).all()
