"""Lists of tickets as staff ask for them: by state, kind, unit, number or words."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.moves import Status
from admin.numbers import typed_number
from admin.officers import Officer, Role
from admin.tickets import Ticket
from knowledge.chains import Kind

PAGE = 50


class State(StrEnum):
    """Which tickets a list shows."""

    TODAY = "today"
    """What waits for this person."""
    OPEN = "open"
    LATE = "late"
    OVER = "over"


class Wanted(Struct, frozen=True):
    """What a list is asked for."""

    state: State = State.OPEN
    kind: Kind | None = None
    unit: str | None = None
    words: str = ""
    page: int = 1


WAITS_FOR = {
    Role.AGENT: (Status.RECEIVED,),
    Role.EXECUTIVE: (Status.WITH_HEAD,),
    Role.REPORTER: (Status.WITH_UNIT,),
    Role.APPROVER: (Status.PREPARED,),
    Role.WEBMASTER: (Status.APPROVED, Status.PUBLISHED),
}
"""In which statuses a ticket waits for whom."""
SEE_ALL = frozenset({Role.AGENT, Role.APPROVER, Role.WEBMASTER, Role.EXECUTIVE})


def may_see(officer: Officer, ticket: Ticket) -> bool:
    """Whether a ticket concerns this officer: reporters see those of their own unit."""
    if ticket.agency != officer.agency:
        return False
    return bool(officer.roles & SEE_ALL) or officer.post(Role.REPORTER, ticket.unit) is not None


def _seen_by(officer: Officer) -> ColumnElement[bool] | None:
    """The same as a condition; None where everything is seen."""
    if officer.roles & SEE_ALL:
        return None
    posts = [post for post in officer.posts if post.role is Role.REPORTER]
    if any(post.unit is None for post in posts):
        return None
    return Ticket.unit.in_([post.unit for post in posts])


def _waiting_for(officer: Officer) -> ColumnElement[bool]:
    """What this officer is the next to do something about."""
    conditions = []
    for post in officer.posts:
        waiting = Ticket.status.in_(WAITS_FOR.get(post.role, ()))
        is_unit_bound = post.role is Role.REPORTER and post.unit is not None
        conditions.append(waiting & (Ticket.unit == post.unit) if is_unit_bound else waiting)
    return or_(*conditions)


def _in_state(officer: Officer, state: State, now: datetime) -> list[ColumnElement[bool]]:
    if state is State.OVER:
        return [Ticket.closed_at.is_not(None)]
    conditions: list[ColumnElement[bool]] = [Ticket.closed_at.is_(None)]
    if state is State.TODAY:
        conditions.append(_waiting_for(officer))
    if state is State.LATE:
        conditions.append(Ticket.due_at < now)
    return conditions


def _query(officer: Officer, wanted: Wanted, now: datetime) -> Select[Ticket]:
    query = select(Ticket).where(Ticket.agency == officer.agency)
    if (seen := _seen_by(officer)) is not None:
        query = query.where(seen)
    if number := typed_number(wanted.words):
        return query.where(Ticket.number == number)
    query = query.where(*_in_state(officer, wanted.state, now))
    if wanted.kind:
        query = query.where(Ticket.kind == wanted.kind)
    if wanted.unit:
        query = query.where(Ticket.unit == wanted.unit)
    if wanted.words:
        query = query.where(Ticket.what.icontains(wanted.words, autoescape=True))
    return query


async def listed(
    session: AsyncSession, officer: Officer, wanted: Wanted, now: datetime
) -> Sequence[Ticket]:
    """One page of what is asked for: open ones by due date, ended ones the latest first."""
    order = Ticket.closed_at.desc() if wanted.state is State.OVER else Ticket.due_at
    query = _query(officer, wanted, now).order_by(order, Ticket.id)
    return (await session.scalars(query.limit(PAGE + 1).offset(PAGE * (wanted.page - 1)))).all()


async def counts(session: AsyncSession, officer: Officer, now: datetime) -> dict[State, int]:
    """How many there are in each state but the ended ones."""
    found = {}
    for state in (State.TODAY, State.OPEN, State.LATE):
        query = _query(officer, Wanted(state), now).with_only_columns(func.count())
        found[state] = await session.scalar(query) or 0
    return found
