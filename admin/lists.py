"""Lists of tickets as staff ask for them: by state, clock, kind, unit, month, number or words."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.moves import CLOSERS, Ending, Status
from admin.numbers import typed_number
from admin.officers import Officer, Role
from admin.sight import ends_unpublished, seen_by
from admin.signing import Signature
from admin.tickets import Source, Ticket
from bot.clock import BANGKOK
from knowledge.agency import Agency
from knowledge.chains import Chain, Class, Kind, Step, kinds_with
from knowledge.dates import BUDDHIST_ERA
from knowledge.working_days import add_working_days

PAGE = 50
MOST = 1_000
"""Further than this nobody counts."""
SOON_DAYS = 2
"""Working days before its due date that a ticket counts as due soon."""
NO_UNIT = "-"
"""What stands for the unit of a ticket that has none yet."""


class State(StrEnum):
    """Which tickets a list shows."""

    MINE = "mine"
    """What this person is the next to do something about."""
    SIGN = "sign"
    """What waits for this person's signature under a draft."""
    OPEN = "open"
    OVER = "over"
    ALL = "all"


class Clock(StrEnum):
    """How an open ticket stands with its due date."""

    LATE = "late"
    SOON = "soon"


class Wanted(Struct, frozen=True, omit_defaults=True):
    """What a list is asked for."""

    state: State = State.OPEN
    clock: Clock | None = None
    kind: Kind | None = None
    unit: str | None = None
    class_: Class | None = None
    status: Status | None = None
    source: Source | None = None
    ending: Ending | None = None
    verdict: str | None = None
    opened: str | None = None
    """A month as `2026-11`, or a fiscal year (B.E.) as `2570`."""
    closed: str | None = None
    """The same of when it ended."""
    again: bool = False
    """Only what was opened again."""
    words: str = ""
    page: int = 1


ACTS_ON = {
    Role.AGENT: (Status.RECEIVED,),
    Role.EXECUTIVE: (Status.WITH_HEAD,),
    Role.REPORTER: (Status.WITH_UNIT,),
    Role.WEBMASTER: (Status.PUBLISHED,),
}
"""In which statuses a ticket waits for whom, but for signatures under a draft."""
LAST = {
    Step.PREPARE: (Role.REPORTER, Status.PREPARED),
    Step.APPROVE: (Role.APPROVER, Status.APPROVED),
}
"""Who closes a matter whose last signature this is."""
SIGNS = {
    Role.APPROVER: (Step.APPROVE, Status.PREPARED),
    Role.WEBMASTER: (Step.PUBLISH, Status.APPROVED),
}
SIGNERS = frozenset({Role.AGENT, Role.REPORTER, *SIGNS})


def _to_sign(officer: Officer, chains: Mapping[Kind, Chain]) -> ColumnElement[bool]:
    """What waits for this officer's signature: nobody signs two steps of one draft."""
    conditions = [
        and_(Ticket.status == status, Ticket.kind.in_(kinds_with(chains, step)))
        for role, (step, status) in SIGNS.items()
        if role in officer.roles
    ]
    waits = and_(or_(false(), *conditions), ~ends_unpublished(chains))
    if len(officer.roles & SIGNERS) < 2:  # noqa: PLR2004 - costly, and they sign one step alone
        return waits
    own = exists().where(
        Signature.ticket_id == Ticket.id,
        Signature.staff_id == officer.id,
        Signature.voided_at.is_(None),
    )
    return and_(waits, ~own)


def _to_act_on(officer: Officer, chains: Mapping[Kind, Chain]) -> ColumnElement[bool]:
    """What this officer is the next to do something about, but for signatures."""
    conditions = []
    for post in officer.posts:
        waits: list[ColumnElement[bool]] = [Ticket.status.in_(ACTS_ON.get(post.role, ()))]
        for step, (role, status) in LAST.items():
            if role is post.role:
                ended = [kind for kind, chain in chains.items() if chain.steps[-1] is step]
                waits.append(and_(Ticket.status == status, Ticket.kind.in_(ended)))
        if post.role in CLOSERS:
            waits.append(ends_unpublished(chains))
        is_unit_bound = post.role is Role.REPORTER and post.unit is not None
        conditions.append(
            and_(or_(*waits), Ticket.unit == post.unit) if is_unit_bound else or_(*waits)
        )
    return or_(Ticket.holder == officer.id, *conditions)


def _in_state(agency: Agency, officer: Officer, state: State) -> list[ColumnElement[bool]]:
    is_open = Ticket.closed_at.is_(None)
    found: dict[State, list[ColumnElement[bool]]] = {
        State.MINE: [is_open, _to_act_on(officer, agency.chains)],
        State.SIGN: [is_open, _to_sign(officer, agency.chains)],
        State.OPEN: [is_open],
        State.OVER: [Ticket.closed_at.is_not(None)],
        State.ALL: [],
    }
    return found[state]


def _by_clock(agency: Agency, clock: Clock, now: datetime) -> list[ColumnElement[bool]]:
    late = Ticket.due_at < now
    if clock is Clock.LATE:
        return [Ticket.closed_at.is_(None), late]
    soon = add_working_days(now, SOON_DAYS, agency.profile.calendar)
    return [Ticket.closed_at.is_(None), ~late, Ticket.due_at <= soon]


def span(words: str) -> tuple[datetime, datetime] | None:
    """First moment of a month (`2026-11`) or fiscal year (`2570`) in Bangkok, and of the next."""
    try:
        if "-" in words:
            first = date.fromisoformat(f"{words}-01")
            last = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        else:
            year = int(words) - BUDDHIST_ERA
            first, last = date(year - 1, 10, 1), date(year, 10, 1)
    except (ValueError, OverflowError):
        return None
    start, end = (datetime(day.year, day.month, 1, tzinfo=BANGKOK) for day in (first, last))
    return start, end


def _within(column: Any, words: str | None) -> list[ColumnElement[bool]]:
    found = span(words) if words else None
    return [column >= found[0], column < found[1]] if found else []


def _is(column: Any, value: object) -> list[ColumnElement[bool]]:
    return [] if value is None else [column == value]


def conditions(
    agency: Agency, officer: Officer, wanted: Wanted, now: datetime
) -> list[ColumnElement[bool]]:
    """What a ticket must be like to be on this list; a number is found wherever it is."""
    if number := typed_number(wanted.words):
        return [seen_by(officer, agency.chains), Ticket.number == number]
    unit = None if wanted.unit in {None, NO_UNIT} else wanted.unit
    found = [
        seen_by(officer, agency.chains),
        *_in_state(agency, officer, wanted.state),
        *_is(Ticket.kind, wanted.kind),
        *_is(Ticket.unit, unit),
        *_is(Ticket.class_, wanted.class_),
        *_is(Ticket.status, wanted.status),
        *_is(Ticket.source, wanted.source),
        *_is(Ticket.ending, wanted.ending),
        *_is(Ticket.verdict, wanted.verdict),
        *_within(Ticket.opened_at, wanted.opened),
        *_within(Ticket.closed_at, wanted.closed),
    ]
    if wanted.clock:
        found += _by_clock(agency, wanted.clock, now)
    if wanted.unit == NO_UNIT:
        found.append(Ticket.unit.is_(None))
    if wanted.again:
        found.append(Ticket.reopened > 0)
    if wanted.words:
        found.append(_says(wanted.words))
    return found


def _says(words: str) -> ColumnElement[bool]:
    """Whether these words are in it; what has no small and capital letters is found sooner."""
    is_caseless = words.lower() == words.upper()
    find = Ticket.what.contains if is_caseless else Ticket.what.icontains
    return find(words, autoescape=True)


def _ordered(query: Select[Any], wanted: Wanted) -> Select[Any]:
    """Open ones by due date; ended ones and all, the latest first."""
    if wanted.state is State.OVER:
        return query.order_by(Ticket.closed_at.desc(), Ticket.id.desc())
    if wanted.state is State.ALL:
        return query.order_by(Ticket.opened_at.desc(), Ticket.id.desc())
    return query.order_by(Ticket.due_at, Ticket.id)


async def listed(
    session: AsyncSession,
    agency: Agency,
    officer: Officer,
    wanted: Wanted,
    now: datetime,
    *,
    limit: int = PAGE,
) -> Sequence[Ticket]:
    """One page of what is asked for."""
    query = select(Ticket).where(*conditions(agency, officer, wanted, now))
    query = _ordered(query, wanted).limit(limit).offset(limit * (wanted.page - 1))
    return (await session.scalars(query)).all()


async def count(
    session: AsyncSession, agency: Agency, officer: Officer, wanted: Wanted, now: datetime
) -> int:
    """How many tickets a list has, up to MOST and one."""
    some = select(Ticket.id).where(*conditions(agency, officer, wanted, now)).limit(MOST + 1)
    return await session.scalar(select(func.count()).select_from(some.subquery())) or 0


GROUPS: Mapping[str, Wanted] = {
    "sign": Wanted(State.SIGN),
    "mine": Wanted(State.MINE),
    "late": Wanted(clock=Clock.LATE),
    "soon": Wanted(clock=Clock.SOON),
    "open": Wanted(State.OPEN),
}
"""The lists that a day begins with, by name."""


async def counts(
    session: AsyncSession, agency: Agency, officer: Officer, now: datetime
) -> Mapping[str, int]:
    """How many there are in each of the groups: one look at what is open."""
    sums = [
        func.coalesce(
            func.sum(case((and_(*conditions(agency, officer, wanted, now)), 1), else_=0)), 0
        ).label(name)
        for name, wanted in GROUPS.items()
    ]
    query = select(*sums).where(seen_by(officer, agency.chains), Ticket.closed_at.is_(None))
    return dict((await session.execute(query)).one()._mapping)
