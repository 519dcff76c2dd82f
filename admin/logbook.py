"""What happened to a ticket, line by line: moves, words of both sides, notes among staff."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin.moves import Move
from admin.persons import Person
from admin.tickets import Ticket
from bot.db import Base, ConcurrentId, Document


class Line(StrEnum):
    """What a line tells, where it is not a move of `admin.moves`."""

    OPENED = "opened"
    ADDED = "added"
    """The citizen added words or files."""
    NOTE = "note"
    """For staff alone."""
    DRAFT = "draft"
    DUE = "due"
    """A due date was set anew; details say from when to when."""
    VERDICT = "verdict"
    FOLLOWED = "followed"
    """Somebody else has the same matter and waits for it, too."""


class LogLine(Base):
    """One line of a ticket's log."""

    __tablename__ = "ticket_log"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    what: Mapped[str] = mapped_column(String(16))
    """A `Move` or a `Line`."""
    public: Mapped[bool]
    """Whether the citizen sees it."""
    start: Mapped[str | None] = mapped_column(String(12))
    end: Mapped[str | None] = mapped_column(String(12))
    """The statuses before and after, where it moved the ticket."""
    staff_id: Mapped[int | None]
    role: Mapped[str | None] = mapped_column(String(12))
    acting_for: Mapped[str | None] = mapped_column(String(200))
    contact_id: Mapped[UUID | None]
    message_id: Mapped[str | None] = mapped_column(String(128))
    text: Mapped[str | None]
    attachments: Mapped[list[int]] = mapped_column(Document, default=list)
    details: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)

    __table_args__ = (
        Index("ix_ticket_log_ticket", "ticket_id", "id"),
        Index("ix_ticket_log_message", "contact_id", "message_id"),
    )


async def lines(
    session: AsyncSession, ticket: Ticket, *, public: bool = False
) -> Sequence[LogLine]:
    """The log of a ticket, oldest first; only what the citizen sees where `public`."""
    query = select(LogLine).where(LogLine.ticket_id == ticket.id)
    if public:
        query = query.where(LogLine.public)
    return (await session.scalars(query.order_by(LogLine.id))).all()


async def was_reopened_by_citizen(session: AsyncSession, ticket: Ticket) -> bool:
    """Whether a citizen has opened it once more: only once is it theirs to."""
    query = select(LogLine.id).where(
        LogLine.ticket_id == ticket.id,
        LogLine.what == Move.REOPEN,
        LogLine.contact_id.is_not(None),
    )
    return await session.scalar(query.limit(1)) is not None


async def forget(session: AsyncSession, contact_id: UUID, message_id: str) -> None:
    """The citizen took a message back: its words go from the log and from the ticket."""
    await session.execute(
        update(LogLine)
        .where(LogLine.contact_id == contact_id, LogLine.message_id == message_id)
        .values(text=None)
        .execution_options(synchronize_session=False)
    )
    for ticket in await session.scalars(select(Ticket).where(Ticket.contact_id == contact_id)):
        gone = {part["part"] for part in ticket.said if part["message"] == message_id}
        if gone:
            await _forget_parts(session, ticket, message_id, gone)


async def _forget_parts(
    session: AsyncSession, ticket: Ticket, message_id: str, gone: set[str]
) -> None:
    """Take away what one message said, wherever it went."""
    ticket.said = [part for part in ticket.said if part["message"] != message_id]
    ticket.what = "\n".join(part["text"] for part in ticket.said if part["part"] == "what")
    if "right" in gone:
        ticket.right = None
    if "verdict" in gone:
        ticket.verdict_words = None
    if "place" in gone:
        ticket.place = None
    for name in gone & {"name", "phone"}:
        await session.execute(
            update(Person).where(Person.ticket_id == ticket.id).values({name: None})
        )
