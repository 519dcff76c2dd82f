"""Figures of an agency's tickets (A14): what is open and late, how long things take, by month."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, DateTime, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.lists import span
from admin.moves import Ending
from admin.officers import Officer
from admin.sight import seen_by
from admin.tickets import Ticket
from bot.clock import BANGKOK
from knowledge.agency import Agency
from knowledge.working_days import Calendar, is_working_day

NINETY = 0.9
_DAY = timedelta(days=1)


class Load(Struct, frozen=True):
    """How much is open, and how much of it is late."""

    open: int = 0
    late: int = 0

    def __add__(self, other: "Load") -> "Load":
        return Load(self.open + other.open, self.late + other.late)


class Spread(Struct, frozen=True):
    """How long something takes, in working days."""

    count: int
    median: int
    ninetieth: int
    """Nine in ten take no longer."""


@dataclass(frozen=True, slots=True)
class Month:
    """What came and what ended in one month."""

    name: str
    """As `2026-11`."""
    opened: int
    closed: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything of one fiscal year (B.E.), and what is open now."""

    year: int
    units: Mapping[str | None, Load]
    kinds: Mapping[str, Load]
    months: Sequence[Month]
    first_reply: Spread | None
    settlement: Spread | None
    opened: int
    again: int
    endings: Mapping[Ending, int]
    verdicts: Mapping[str, int]

    @property
    def load(self) -> Load:
        """All that is open."""
        return sum(self.kinds.values(), Load())


def spread(counts: Mapping[int, int]) -> Spread | None:
    """Median and ninetieth percentile (nearest rank) of days, each with how often it occurs."""
    total, days = sum(counts.values()), sorted(counts)
    if not total:
        return None
    reached, sums = 0, []
    for day in days:
        reached += counts[day]
        sums.append(reached)

    def rank(share: float) -> int:
        return days[bisect_right(sums, share * total - 1e-9)]

    return Spread(total, rank(0.5), rank(NINETY))


class WorkingDays:
    """Counts working days between days quickly: as `working_days_between`, for a table of days."""

    def __init__(self, first: date, last: date, calendar: Calendar) -> None:
        self._first, self._sums, reached = first, [], 0
        for at in range((last - first).days + 1):
            reached += is_working_day(first + at * _DAY, calendar)
            self._sums.append(reached)

    def between(self, a: date, b: date) -> int:
        """Working days after the first up to the second; a day off counts as the next open one."""
        sums, at = self._sums, (a - self._first).days
        is_off = sums[at] == (sums[at - 1] if at else 0)
        return max(0, sums[(b - self._first).days] - sums[at] - is_off)


async def overview(
    session: AsyncSession, agency: Agency, officer: Officer, year: int, now: datetime
) -> Overview:
    """The figures that this officer may see; each adds up what lists.py would list."""
    mine = seen_by(officer, agency.chains)
    units, kinds = await _loads(session, mine, now)
    within = span(str(year))
    first, last = within or (now, now)
    begun = and_(mine, Ticket.opened_at >= first, Ticket.opened_at < last)
    opened, again = await _opened(session, begun)
    ended = await _ended(session, mine, first, last)
    return Overview(
        year=year,
        units=units,
        kinds=kinds,
        months=await _months(session, mine, first, last),
        first_reply=await _times(session, agency, begun, Ticket.first_reply_at),
        settlement=await _times(session, agency, begun, Ticket.closed_at),
        opened=opened,
        again=again,
        endings=_summed((ending, count) for ending, _, count in ended if ending),
        verdicts=_summed((verdict, count) for _, verdict, count in ended if verdict),
    )


def _summed(pairs: Iterable[tuple[Any, int]]) -> Mapping[Any, int]:
    found: Counter[Any] = Counter()
    for key, count in pairs:
        found[key] += count
    return found


async def _loads(
    session: AsyncSession, mine: ColumnElement[bool], now: datetime
) -> tuple[Mapping[str | None, Load], Mapping[str, Load]]:
    late = func.sum(case((Ticket.due_at < now, 1), else_=0))
    owner = func.coalesce(Ticket.unit, "").label("owner")  # else SQLite reads all, unit by unit
    query = select(owner, Ticket.kind, func.count(), late)
    query = query.where(mine, Ticket.closed_at.is_(None)).group_by("owner", Ticket.kind)
    units: dict[str | None, Load] = {}
    kinds: dict[str, Load] = {}
    for unit, kind, count, overdue in await session.execute(query):
        load = Load(count, overdue)
        units[unit or None] = units.get(unit or None, Load()) + load
        kinds[kind] = kinds.get(kind, Load()) + load
    return units, kinds


async def _opened(session: AsyncSession, begun: ColumnElement[bool]) -> tuple[int, int]:
    again = func.coalesce(func.sum(case((Ticket.reopened > 0, 1), else_=0)), 0)
    found = (await session.execute(select(func.count(), again).where(begun))).one()
    return found[0], found[1]


async def _ended(
    session: AsyncSession, mine: ColumnElement[bool], first: datetime, last: datetime
) -> Sequence[Any]:
    query = select(Ticket.ending, Ticket.verdict, func.count())
    within = (Ticket.closed_at >= first, Ticket.closed_at < last)
    grouped = query.where(mine, *within).group_by(Ticket.ending, Ticket.verdict)
    return (await session.execute(grouped)).all()


async def _months(
    session: AsyncSession, mine: ColumnElement[bool], first: datetime, last: datetime
) -> list[Month]:
    opened = await _by_month(session, mine, Ticket.opened_at, first, last)
    closed = await _by_month(session, mine, Ticket.closed_at, first, last)
    names = [f"{first.year}-{month:02}" for month in (10, 11, 12)]
    names += [f"{last.year}-{month:02}" for month in range(1, 10)]
    return [Month(name, opened.get(name, 0), closed.get(name, 0)) for name in names]


async def _by_month(
    session: AsyncSession, mine: ColumnElement[bool], column: Any, first: datetime, last: datetime
) -> Mapping[str, int]:
    """Days are counted and months summed here: both databases agree on what a day is."""
    day = _day(session, column, timedelta()).label("on_day")
    within = (mine, column >= first, column < last)
    query = select(day, func.count()).where(*within).group_by("on_day")
    return _summed((str(when)[:7], count) for when, count in await session.execute(query))


async def _times(
    session: AsyncSession, agency: Agency, begun: ColumnElement[bool], column: Any
) -> Spread | None:
    """From receipt to something, in working days."""
    calendar = agency.profile.calendar
    until_midnight = timedelta(hours=24) - _since_midnight(calendar.closes)
    start = _day(session, Ticket.opened_at, until_midnight).label("first_day")
    end = _day(session, column, timedelta()).label("last_day")
    query = select(start, end, func.count()).where(begun, column.is_not(None))
    query = query.group_by("first_day", "last_day")  # by name: PostgreSQL takes parameters as two
    rows = [
        (date.fromisoformat(str(a)), date.fromisoformat(str(b)), count)
        for a, b, count in await session.execute(query)
    ]
    if not rows:
        return None
    days = WorkingDays(
        min(min(a, b) for a, b, _ in rows), max(max(a, b) for a, b, _ in rows), calendar
    )
    return spread(_summed((days.between(a, max(a, b)), count) for a, b, count in rows))


def _since_midnight(hour: time) -> timedelta:
    return timedelta(hours=hour.hour, minutes=hour.minute)


def _day(session: AsyncSession, column: Any, later: timedelta) -> ColumnElement[Any]:
    """The day in Bangkok, where a day begins so much earlier."""
    if session.get_bind().dialect.name == "sqlite":
        offset = (datetime(2000, 1, 1, tzinfo=UTC).astimezone(BANGKOK).utcoffset() or _DAY) + later
        return func.date(column, f"+{int(offset.total_seconds()) // 60} minutes")
    local = func.timezone("Asia/Bangkok", column, type_=DateTime())
    return func.date(local + later)
