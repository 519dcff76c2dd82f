"""What citizens add to a matter once it is brought: words and files, and their verdict."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from admin import audit
from admin.logbook import Line, LogLine
from admin.opening import actor_of
from admin.tickets import Ticket
from bot.messages import Contact


async def add(
    session: AsyncSession,
    ticket: Ticket,
    contact: Contact,
    *,
    message_id: str | None,
    text: str | None,
    files: Sequence[int] = (),
    now: datetime,
) -> None:
    """Words or files more; staff see them in the log."""
    line = _line(ticket, contact, Line.ADDED, message_id=message_id, text=text, now=now)
    line.attachments = list(files)
    await _keep(session, ticket, contact, line, {"words": bool(text), "files": list(files)})


async def judge(
    session: AsyncSession,
    ticket: Ticket,
    contact: Contact,
    *,
    message_id: str | None,
    text: str | None = None,
    details: Mapping[str, Any],
    now: datetime,
) -> None:
    """What a citizen thinks of the end: a verdict, stars, or words."""
    line = _line(ticket, contact, Line.VERDICT, message_id=message_id, text=text, now=now)
    line.details = dict(details)
    await _keep(session, ticket, contact, line, {**details, "words": bool(text)})


def _line(
    ticket: Ticket,
    contact: Contact,
    what: Line,
    *,
    message_id: str | None,
    text: str | None,
    now: datetime,
) -> LogLine:
    return LogLine(
        ticket_id=ticket.id,
        at=now,
        what=what,
        public=True,
        contact_id=contact.id,
        message_id=message_id,
        text=text,
    )


async def _keep(
    session: AsyncSession,
    ticket: Ticket,
    contact: Contact,
    line: LogLine,
    details: Mapping[str, Any],
) -> None:
    """The line, and a row of the audit log that tells no word of it."""
    session.add(line)
    await session.flush()
    await audit.record(
        session,
        agency=ticket.agency,
        actor=actor_of(None, contact),
        what=f"ticket.{line.what}",
        subject=f"ticket:{ticket.id}",
        details=details,
        now=line.at,
    )
