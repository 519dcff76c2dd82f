"""The overview's figures: right, the same as the lists they lead to, and for whom they are."""

import re
from datetime import UTC, date, datetime, time, timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin import lists, overview
from admin.lists import Clock, State, Wanted
from admin.moves import Ending, Status
from admin.officers import Officer, Post, Role
from admin.overview import Load, Spread, WorkingDays, spread
from admin.tickets import Privacy, Source, Ticket
from bot.clock import BANGKOK
from bot.db import Database
from knowledge.chains import Class, Kind
from knowledge.registry import Registry
from knowledge.working_days import USUAL, working_days_between
from tests.admin.conftest import Browser, House
from tests.fakes import AGENCY

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BOSS = Officer(1, AGENCY, "ก", (Post(Role.APPROVER),))
CLERK = Officer(2, AGENCY, "ข", (Post(Role.REPORTER, "sections"),))


def ticket(number: int, opened: datetime, **more: object) -> Ticket:
    """A ticket as a row; only what the figures look at matters."""
    given: dict[str, object] = {
        "agency": AGENCY,
        "number": f"70-{number:05}-0",
        "kind": Kind.COMPLAINT,
        "source": Source.WEB,
        "language": "th",
        "privacy": Privacy.ANONYMOUS,
        "what": "ไฟดับ",
        "class_": Class.ON_CHANGE,
        "status": Status.WITH_UNIT,
        "since": opened,
        "opened_at": opened,
        "first_reply_due": opened,
        "due_at": opened + timedelta(days=10),
        "unit": "sections",
    }
    return Ticket(**(given | more))


async def fill(database: Database) -> None:
    """Five matters: one late, one without a unit, two ended, one opened again; one of others."""
    at = NOW - timedelta(days=3)
    over = {"status": Status.CLOSED, "ending": Ending.ANSWERED}
    async with database.session() as session:
        session.add_all(
            [
                ticket(1, NOW - timedelta(days=40)),
                ticket(2, at, unit=None, kind=Kind.SUGGESTION, status=Status.RECEIVED),
                ticket(3, at, reopened=1, first_reply_at=NOW),
                ticket(4, at, closed_at=NOW, first_reply_at=at, verdict="no", **over),
                ticket(5, NOW - timedelta(days=400), closed_at=NOW, **over),
                ticket(6, at, agency="buriram"),
            ]
        )


async def test_the_figures_are_those_of_the_rows(database: Database, registry: Registry) -> None:
    await fill(database)
    agency = registry.served[AGENCY].agency
    async with database.session() as session:
        found = await overview.overview(session, agency, BOSS, 2570, NOW)

    assert found.load == Load(3, 1)
    assert found.units == {"sections": Load(2, 1), None: Load(1, 0)}
    assert found.kinds == {"complaint": Load(2, 1), "suggestion": Load(1, 0)}
    assert (found.opened, found.again) == (4, 1)
    assert found.endings == {Ending.ANSWERED: 2}
    assert found.verdicts == {"no": 1}
    assert found.first_reply == Spread(2, 0, 1)
    assert [(m.name, m.opened, m.closed) for m in found.months if m.opened or m.closed] == [
        ("2026-10", 1, 0),
        ("2026-11", 3, 2),
    ]
    assert len(found.months) == 12


async def test_a_reporter_sees_the_figures_of_the_unit_alone(
    database: Database, registry: Registry
) -> None:
    await fill(database)
    agency = registry.served[AGENCY].agency
    async with database.session() as session:
        found = await overview.overview(session, agency, CLERK, 2570, NOW)
        none = await overview.overview(session, agency, CLERK, 2565, NOW)

    assert found.units == {"sections": Load(2, 1)}
    assert (none.opened, none.first_reply, none.settlement, none.endings) == (0, None, None, {})


async def test_each_figure_is_as_many_as_its_list_has(
    database: Database, registry: Registry
) -> None:
    await fill(database)
    agency = registry.served[AGENCY].agency
    async with database.session() as session:
        for wanted, count in [
            (Wanted(), 3),
            (Wanted(clock=Clock.LATE), 1),
            (Wanted(unit=lists.NO_UNIT), 1),
            (Wanted(State.ALL, opened="2570"), 4),
            (Wanted(State.ALL, opened="2026-10"), 1),
            (Wanted(State.OVER, closed="2026-11"), 2),
            (Wanted(State.OVER, ending=Ending.ANSWERED, closed="2570"), 2),
            (Wanted(State.OVER, verdict="no", closed="2570"), 1),
            (Wanted(State.ALL, opened="2570", again=True), 1),
            (Wanted(State.ALL, opened="2026-13"), 5),
        ]:
            rows = await lists.listed(session, agency, BOSS, wanted, NOW)
            assert len(rows) == count, wanted
            assert await lists.count(session, agency, BOSS, wanted, NOW) == count


async def test_every_figure_on_the_page_leads_to_a_list_with_as_many(
    house: House, browser: Browser
) -> None:
    await fill(house.database)
    house.clock.move(seconds=(NOW - house.clock()).total_seconds())
    await house.hire("a@example.go.th", Role.AGENT)
    await browser.log_in("a@example.go.th")
    await browser.get(f"/admin/{AGENCY}/overview?year=2570")
    links = re.findall(r'href="([^"]+/tickets\?[^"]*)">(?:<strong[^>]*>)?(\d+)<', browser.text)
    counted = [(path, number) for path, number in links if "วันทำการ" not in path]

    assert len(counted) >= 12
    for path, number in counted[:4] + counted[6:]:
        await browser.get(unescape(path))
        told = re.search(r"(\d+) เรื่อง", browser.text)
        assert told, path
        assert told[1] == number, path


@pytest.mark.parametrize("year", ["", "0", "x", "9999", "๒๕๗๐", "-1", "9" * 5000, "2570%00"])
async def test_a_year_that_is_none_is_this_year(house: House, browser: Browser, year: str) -> None:
    await house.hire("a@example.go.th", Role.AGENT)
    await browser.log_in("a@example.go.th")
    await browser.get(f"/admin/{AGENCY}/overview?year={year}")

    assert browser.status == 200
    assert "ปีงบประมาณ" in browser.title


def test_median_and_ninetieth_are_days_that_occurred() -> None:
    assert spread({}) is None
    assert spread({3: 1}) == Spread(1, 3, 3)
    assert spread({1: 5, 2: 3, 9: 2}) == Spread(10, 1, 9)
    assert spread({0: 90, 30: 10}) == Spread(100, 0, 0)


DAYS = st.dates(date(2026, 3, 1), date(2026, 5, 30))


@given(DAYS, DAYS)
def test_days_are_counted_as_the_clocks_count_them(one: date, other: date) -> None:
    a, b = min(one, other), max(one, other)
    days = WorkingDays(date(2026, 3, 1), date(2026, 6, 30), USUAL)
    first, last = (datetime.combine(day, time(9), BANGKOK) for day in (a, b))

    assert days.between(a, b) == working_days_between(first, last)
