"""What happened to a ticket, line by line: moves, words of both sides, notes among staff."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, String, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin import attachments, audit
from admin.attachments import Attachment
from admin.moves import Move
from admin.officers import Officer
from admin.persons import Person
from admin.tickets import Ticket
from bot.db import Base, ConcurrentId, Document
from bot.messages import InboundMessage


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
    DIVIDED = "divided"
    """It was part of another matter, which details name."""
    EDITED = "edited"
    """The citizen changed the words of an earlier message."""


LONGEST = 4_000
"""Letters of a message that are kept."""
_LONGEST_OF_PERSON = {"name": 200, "phone": 60}


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


async def just_said(
    session: AsyncSession, ticket: Ticket, what: Move, officer: Officer, text: str
) -> bool:
    """Whether just these words of this officer are the latest: then they were sent twice."""
    latest = select(LogLine).where(LogLine.ticket_id == ticket.id).order_by(LogLine.id.desc())
    line = await session.scalar(latest.limit(1))
    return line is not None and (line.what, line.staff_id, line.text) == (
        what,
        officer.id,
        text.strip(),
    )


async def forget(
    session: AsyncSession, contact_id: UUID, message_id: str, *, now: datetime
) -> None:
    """The citizen took a message back: its words go from the log and from the ticket."""
    for line in await _lines_of(session, contact_id, message_id):
        if line.text is not None:
            line.text = None
            parts = {line.what}
            await _note(session, line.ticket_id, "taken_back", parts=parts, now=now)
    files = await _files_of(session, contact_id, message_id)
    for ticket in await _tickets_of(session, contact_id):
        gone = {part["part"] for part in ticket.said if part["message"] == message_id}
        if gone:
            await _forget_parts(session, ticket, message_id, gone)
        if files & set(ticket.attachments):
            gone.add("files")
        if gone:
            await _note(session, ticket.id, "taken_back", parts=gone, now=now)


async def replaced(
    session: AsyncSession, message: InboundMessage, text: str, *, now: datetime
) -> bool:
    """The citizen changed a message: what is new stands wherever the old words, or its file, went.

    No words, as where a caption was taken off, leave the file. False where neither went into a
    ticket.
    """
    contact_id, message_id = message.contact.id, message.message_id or ""
    found: dict[int, set[str]] = {}
    text = text.replace("\0", "")[:LONGEST]
    lines = await _lines_of(session, contact_id, message_id)
    for line in lines:
        line.text = text or None
        found.setdefault(line.ticket_id, set()).add(line.what)
    files = await _files_of(session, contact_id, message_id)
    for ticket in await _tickets_of(session, contact_id):
        parts = {part["part"] for part in ticket.said if part["message"] == message_id}
        parts -= {"place"}
        if ticket.id not in found and not parts and files & set(ticket.attachments):
            parts = {"what"}
            ticket.said = [*ticket.said, {"part": "what", "message": message_id, "text": text}]
        if parts and text:
            await _replace_parts(session, ticket, message_id, parts, text)
        elif parts:
            await _forget_parts(session, ticket, message_id, parts)
        if parts:
            found.setdefault(ticket.id, set()).update(parts)
    await _exchange_file(session, message, files, lines, found, now=now)
    for ticket_id, parts in found.items():
        session.add(
            LogLine(
                ticket_id=ticket_id, at=now, what=Line.EDITED, public=False, contact_id=contact_id
            )
        )
        await session.flush()
        await _note(session, ticket_id, "edited", parts=parts, now=now)
    return bool(found)


async def part(connection: AsyncConnection, contacts: Sequence[UUID]) -> None:
    """These contacts go: no line tells any more whose it is, for their ids are digests of names."""
    theirs = update(LogLine).where(LogLine.contact_id.in_(contacts))
    await connection.execute(theirs.values(contact_id=uuid4(), message_id=None))


async def _exchange_file(
    session: AsyncSession,
    message: InboundMessage,
    old: Collection[int],
    lines: Sequence[LogLine],
    found: Mapping[int, set[str]],
    *,
    now: datetime,
) -> None:
    """Where a changed message has another file, it stands for the old ones, also among `found`."""
    tickets = [await session.get_one(Ticket, ticket_id) for ticket_id in found]
    is_full = not old and any(len(one.attachments) >= attachments.MOST for one in tickets)
    new = None if is_full or not tickets else await attachments.exchanged(session, message, now)
    if new is None:
        return
    holders: list[LogLine | Ticket] = [*lines, *tickets]
    for holder in holders:
        holder.attachments = [*(file for file in holder.attachments if file not in old), new.id]
    for parts in found.values():
        parts.add("files")


async def _lines_of(session: AsyncSession, contact_id: UUID, message_id: str) -> Sequence[LogLine]:
    """The lines that hold what a message said."""
    query = select(LogLine).where(
        LogLine.contact_id == contact_id,
        LogLine.message_id == message_id,
        LogLine.what.in_([Line.ADDED, Line.VERDICT]),
    )
    return (await session.scalars(query.order_by(LogLine.id))).all()


async def _files_of(session: AsyncSession, contact_id: UUID, message_id: str) -> set[int]:
    query = select(Attachment.id).where(
        Attachment.contact_id == contact_id, Attachment.message_id == message_id
    )
    return set(await session.scalars(query))


async def _tickets_of(session: AsyncSession, contact_id: UUID) -> Sequence[Ticket]:
    query = select(Ticket).where(Ticket.contact_id == contact_id)
    return (await session.scalars(query.order_by(Ticket.id))).all()


async def _note(
    session: AsyncSession,
    ticket_id: int,
    what: str,
    *,
    parts: Collection[str],
    now: datetime,
) -> None:
    """A row of the audit log: which parts, never what they said."""
    ticket = await session.get_one(Ticket, ticket_id)
    await audit.record(
        session,
        agency=ticket.agency,
        actor=audit.CONTACT,
        what=f"ticket.{what}",
        subject=f"ticket:{ticket_id}",
        details={"parts": sorted(parts)},
        now=now,
    )


async def _forget_parts(
    session: AsyncSession, ticket: Ticket, message_id: str, gone: set[str]
) -> None:
    """Take away what one message said, wherever it went."""
    _leave_address(ticket, message_id, gone)
    ticket.said = [part for part in ticket.said if part["message"] != message_id]
    ticket.what = "\n".join(part["text"] for part in ticket.said if part["part"] == "what")
    if "place" in gone:
        ticket.place = None
    await _set_single(session, ticket, gone, None)


async def _replace_parts(
    session: AsyncSession, ticket: Ticket, message_id: str, parts: set[str], text: str
) -> None:
    """Put the new words of one message where its old ones were."""
    _leave_address(ticket, message_id, parts, text)
    if "what" in parts:
        ticket.said = [
            {**part, "text": text} if _is_what(part, message_id) else part for part in ticket.said
        ]
        ticket.what = "\n".join(part["text"] for part in ticket.said if part["part"] == "what")
    await _set_single(session, ticket, parts, text)


def _leave_address(ticket: Ticket, message_id: str, parts: Collection[str], new: str = "") -> None:
    """The address of a page goes with the words that it stood in, unless the new ones say it."""
    said = [part["text"] for part in ticket.said if _is_what(part, message_id)]
    said += [ticket.right] if ticket.right and "right" in parts else []
    written = (ticket.url or "").removeprefix("https://")  # as they may have left it out
    if written not in new and any(written in words for words in said):
        ticket.url = None


def _is_what(part: dict[str, Any], message_id: str) -> bool:
    return bool(part["part"] == "what" and part["message"] == message_id)


async def _set_single(
    session: AsyncSession, ticket: Ticket, parts: set[str], text: str | None
) -> None:
    """The parts that one message alone says."""
    if "right" in parts:
        ticket.right = text
    if "verdict" in parts:
        ticket.verdict_words = text
    for name in parts & set(_LONGEST_OF_PERSON):
        value = None if text is None else text[: _LONGEST_OF_PERSON[name]]
        await session.execute(
            update(Person).where(Person.ticket_id == ticket.id).values({name: value})
        )
