"""Nudges: whom a clock reminds of a ticket, two days before it is due, when it is late, and after.

A nudge is a row, not a message: `admin.digests` tells of those that stand. One that was answered
stands again when nothing more has come of the answer.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Executable, ForeignKey, ScalarSelect, UniqueConstraint, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin.logbook import LogLine
from admin.moves import Move
from admin.officers import Officer, Role
from admin.tickets import Ticket
from bot.db import Base, ConcurrentId, Database, OneOf
from knowledge.agency import Agency
from knowledge.working_days import Calendar, working_days_between

DAYS_BEFORE = 2
"""Working days before it is due."""
DAYS_LATE = 3
"""Working days late, and as long without an answer, before the head is told."""
ANSWERS = frozenset({Move.ASK, Move.REPLY, Move.PREPARE, Move.APPROVE, Move.PUBLISH})
"""What answers a reminder, beside the end: words to the citizen, or a signature. A note, a draft,
or sending it to somebody else settles nothing: whoever has it now is to be reminded."""
_LONGEST = timedelta(days=21)
"""Two working days are never longer than this, whatever is celebrated."""
_A_PAGE = 500


class Stage(StrEnum):
    """How far a clock has run."""

    SOON = "soon"
    LATE = "late"
    HEAD = "head"


WITH: Mapping[Stage | None, tuple[Stage, ...]] = {
    None: (),
    Stage.SOON: (Stage.SOON,),
    Stage.LATE: (Stage.LATE,),
    Stage.HEAD: (Stage.LATE, Stage.HEAD),
}
"""What is written down at each stage: the head never hears of what the unit was not told."""


class Nudge(Base):
    """One stage of one ticket's clock; a due date set anew begins anew."""

    __tablename__ = "ticket_nudges"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    stage: Mapped[Stage] = mapped_column(OneOf(Stage, 8))
    due_at: Mapped[datetime]
    """The due date that it reminds of."""
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("ticket_id", "stage", "due_at"),)


def stage_of(
    due_at: datetime, answered_at: datetime | None, now: datetime, calendar: Calendar
) -> Stage | None:
    """How far a clock has run; `answered_at` is when the staff last did one of ANSWERS."""
    if now <= due_at:
        left = working_days_between(now, due_at, calendar)
        return Stage.SOON if left <= DAYS_BEFORE else None
    quiet_since = max(due_at, answered_at or due_at)
    quiet = working_days_between(quiet_since, now, calendar)
    return Stage.HEAD if quiet >= DAYS_LATE else Stage.LATE


def is_answered(
    nudged_at: datetime, answered_at: datetime | None, now: datetime, calendar: Calendar
) -> bool:
    """Whether staff have answered a reminder of then, and not so long ago that it stands again."""
    if answered_at is None or answered_at <= nudged_at:
        return False
    return working_days_between(answered_at, now, calendar) < DAYS_LATE


def concerns(stage: Stage, ticket: Ticket, officer: Officer, here: Collection[int]) -> bool:
    """Whether it is this officer who is reminded; `here` is everybody who holds a post today.

    Before it is due who has taken it on, else the unit; once it is late the unit; then the head.
    """
    if stage is Stage.HEAD:
        return Role.EXECUTIVE in officer.roles
    if ticket.holder in here and (stage is Stage.SOON or ticket.holder == officer.id):
        return ticket.holder == officer.id
    if ticket.unit is None:
        return Role.AGENT in officer.roles
    return officer.post(Role.REPORTER, ticket.unit) is not None


async def nudge(database: Database, agency: Agency, now: datetime) -> int:
    """Write down every stage that was reached and not written down yet; returns how many."""
    count, after = 0, 0
    while True:
        async with database.read() as connection:
            page = (await connection.execute(_running(agency.slug, now, after))).all()
        rows = []
        for ticket_id, due_at, answered_at, *reached in page:
            told = {stage for stage, is_there in zip(Stage, reached, strict=True) if is_there}
            stage = stage_of(due_at, answered_at, now, agency.profile.calendar)
            rows += [
                {"ticket_id": ticket_id, "stage": each, "due_at": due_at, "at": now}
                for each in WITH[stage]
                if each not in told
            ]
        if rows:
            kind = sqlite if database.is_sqlite else postgresql
            async with database.write() as connection:
                await connection.execute(kind.insert(Nudge).on_conflict_do_nothing(), rows)
        count += len(rows)
        if len(page) < _A_PAGE:
            return count
        after = page[-1][0]


def _running(agency: str, now: datetime, after: int) -> Executable:
    """Open tickets due before long, when staff last answered, and the stages written down."""
    reached = [
        exists().where(
            Nudge.ticket_id == Ticket.id, Nudge.stage == stage, Nudge.due_at == Ticket.due_at
        )
        for stage in Stage
    ]
    return (
        select(Ticket.id, Ticket.due_at, _answered_at(), *reached)
        .where(
            Ticket.agency == agency,
            Ticket.closed_at.is_(None),
            Ticket.due_at < now + _LONGEST,
            Ticket.id > after,
        )
        .order_by(Ticket.id)
        .limit(_A_PAGE)
    )


def _answered_at() -> ScalarSelect[datetime]:
    """When the staff last answered for a ticket."""
    found = select(func.max(LogLine.at)).where(
        LogLine.ticket_id == Ticket.id, LogLine.staff_id.is_not(None), LogLine.what.in_(ANSWERS)
    )
    return found.correlate(Ticket).scalar_subquery()


async def standing(
    session: AsyncSession, agency: Agency, now: datetime
) -> Sequence[tuple[Ticket, Stage]]:
    """Ticket and stage of every nudge that nobody of the staff has answered of late."""
    is_of_now = (Nudge.stage != Stage.SOON) | (Ticket.due_at >= now)
    query = (
        select(Ticket, Nudge.stage, Nudge.at, _answered_at())
        .join(Nudge, Nudge.ticket_id == Ticket.id)
        .where(
            Ticket.agency == agency.slug,
            Ticket.closed_at.is_(None),
            Nudge.due_at == Ticket.due_at,
            is_of_now,
        )
        .order_by(Ticket.due_at, Ticket.id)
    )
    return [
        (ticket, stage)
        for ticket, stage, nudged_at, answered_at in await session.execute(query)
        if not is_answered(nudged_at, answered_at, now, agency.profile.calendar)
    ]


def of_officer(
    found: Sequence[tuple[Ticket, Stage]], officer: Officer, here: Collection[int]
) -> list[tuple[Ticket, Stage]]:
    """Those that concern one officer."""
    return [(ticket, stage) for ticket, stage in found if concerns(stage, ticket, officer, here)]
