"""The overview (A14): what is open, late, and how long it takes; each figure leads to its list."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from aiohttp import web

from admin import overview as figures
from admin.lists import NO_UNIT, Clock, State, Wanted
from admin.numbers import fiscal_year
from admin.overview import Month
from admin.web.access import TICKET_STAFF, Route
from admin.web.pages import page
from admin.web.tickets import list_address
from admin.web.visit import Visit
from knowledge.dates import month_written

FIRST_YEAR = 2560
"""B.E.; nobody had matters here before."""


async def overview(visit: Visit) -> web.StreamResponse:
    """The figures of one fiscal year."""
    this = fiscal_year(visit.today)
    asked = visit.request.query.get("year", "")
    is_year = asked.isascii() and asked.isdigit() and FIRST_YEAR <= int(asked[:5]) <= this
    year = int(asked[:5]) if is_year else this
    async with visit.read() as session:
        found = await figures.overview(session, visit.agency, visit.officer, year, visit.now)
    return page(
        visit,
        "ticket_overview.html",
        found=found,
        years=[year for year in (year - 1, year + 1) if FIRST_YEAR <= year <= this],
        at=lambda **wanted: list_address(visit, Wanted(**wanted)),
        units=_by_unit(visit, found.units),
        kinds=sorted(found.kinds.items(), key=_most_late),
        months=_bars(found.months, visit.language),
        states=State,
        clocks=Clock,
        stale=_stale(visit),
    )


def _most_late(row: tuple[Any, figures.Load]) -> tuple[int, int]:
    return (-row[1].late, -row[1].open)


def _by_unit(
    visit: Visit, units: Mapping[str | None, figures.Load]
) -> list[tuple[str, str | None, figures.Load]]:
    """The key in the address, the name, the load; whoever has most that is late comes first."""
    rows = sorted(units.items(), key=_most_late)
    return [(unit or NO_UNIT, unit, load) for unit, load in rows]


def _bars(months: Sequence[Month], language: str) -> list[tuple[Month, str, int, int]]:
    """Each month with its name and its two bars in parts of a hundred."""
    most = max([1, *(max(month.opened, month.closed) for month in months)])
    return [
        (
            month,
            month_written(date.fromisoformat(f"{month.name}-01"), language),
            round(100 * month.opened / most),
            round(100 * month.closed / most),
        )
        for month in months
    ]


def _stale(visit: Visit) -> int:
    """How many answers should have been looked at again by today."""
    return sum(entry.review_by < visit.today for entry in visit.agency.entries.values())


ROUTES = (Route("GET", "/admin/{slug}/overview", overview, TICKET_STAFF),)
