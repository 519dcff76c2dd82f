"""Clocks remind: before it is due its holder, when it is late the unit, and then the head."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from admin import nudges, staff
from admin.logbook import Line, LogLine
from admin.moves import Move
from admin.nudges import Nudge, Stage, stage_of
from admin.officers import Role
from admin.rounds import Rounds
from admin.staff import Staff
from admin.tickets import Ticket
from bot.clock import BANGKOK
from knowledge.agency import Agency
from knowledge.working_days import USUAL, next_opening
from tests.news.office import UNIT, Office

FRIDAY_CLOSING = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
"""Half past four in Bangkok."""


def after(days: int, *, hour: int = 2) -> datetime:
    """Nine in the morning in Bangkok, so many days after that Friday."""
    return FRIDAY_CLOSING.replace(hour=hour, minute=0) + timedelta(days=days)


@pytest.mark.parametrize(
    ("now", "answered_at", "stage"),
    [
        (after(-3), None, None),
        (after(-2), None, Stage.SOON),
        (FRIDAY_CLOSING, None, Stage.SOON),
        (after(1), None, Stage.LATE),
        (after(4), None, Stage.LATE),
        (after(5), None, Stage.HEAD),
        (after(5), after(4), Stage.LATE),
        (after(7), after(4), Stage.HEAD),
        (after(5), after(-4), Stage.HEAD),
    ],
)
def test_a_clock_runs_in_working_days(
    now: datetime, answered_at: datetime | None, stage: Stage | None
) -> None:
    assert stage_of(FRIDAY_CLOSING, answered_at, now, USUAL) is stage


async def rows(office: Office) -> list[tuple[int, str]]:
    """Every nudge that was written down."""
    async with office.database.session() as session:
        found = await session.scalars(select(Nudge).order_by(Nudge.id))
        return [(nudge.ticket_id, nudge.stage) for nudge in found]


async def reminders(office: Office, person: Staff) -> list[tuple[str, Stage]]:
    """Number and stage of what somebody is reminded of now."""
    officer = await office.officer(person)
    async with office.database.session() as session:
        found = await nudges.standing(session, office.agency, office.now)
        today = office.now.astimezone(BANGKOK).date()
        here = {each.id for each in await staff.officers(session, office.agency.slug, today)}
        mine = nudges.of_officer(found, officer, here)
        return [(ticket.number, stage) for ticket, stage in mine]


async def at_work(office: Office) -> Ticket:
    """A matter with its unit, sorted at once."""
    agent = await office.hires("agent", Role.AGENT)
    ticket = await office.receives()
    await office.does(ticket, Move.TRIAGE, agent, unit=UNIT)
    return await office.ticket(ticket)


async def test_each_stage_is_written_down_once(office: Office) -> None:
    ticket = await at_work(office)
    moments = [ticket.due_at - timedelta(hours=1), ticket.due_at + timedelta(days=1)]
    moments.append(ticket.due_at + timedelta(days=10))

    for now in moments:
        for _ in range(2):
            await nudges.nudge(office.database, office.agency, now)

    assert await rows(office) == [
        (ticket.id, Stage.SOON),
        (ticket.id, Stage.LATE),
        (ticket.id, Stage.HEAD),
    ]


async def test_a_due_date_set_anew_is_reminded_of_anew(office: Office) -> None:
    ticket = await at_work(office)
    await nudges.nudge(office.database, office.agency, ticket.due_at - timedelta(hours=1))
    async with office.database.session() as session:
        found = await session.get_one(Ticket, ticket.id)
        found.due_at += timedelta(days=30)
        due_at = found.due_at

    await nudges.nudge(office.database, office.agency, due_at - timedelta(hours=1))

    assert await rows(office) == [(ticket.id, Stage.SOON)] * 2


async def test_who_is_reminded_of_what(office: Office) -> None:
    ticket = await at_work(office)
    people = {
        "holder": await office.hires("holder", Role.REPORTER, unit=UNIT),
        "unit": await office.hires("unit", Role.REPORTER, unit=UNIT),
        "elsewhere": await office.hires("elsewhere", Role.REPORTER, unit="palat"),
        "head": await office.hires("head", Role.EXECUTIVE),
    }

    async def reminded(now: datetime) -> dict[str, list[Stage]]:
        office.now = now
        await nudges.nudge(office.database, office.agency, now)
        return {
            name: [stage for _, stage in await reminders(office, person)]
            for name, person in people.items()
        }

    soon = ticket.due_at - timedelta(hours=1)
    assert await reminded(soon) == {
        "holder": [Stage.SOON], "unit": [Stage.SOON], "elsewhere": [], "head": [],
    }  # fmt: skip
    async with office.database.session() as session:
        (await session.get_one(Ticket, ticket.id)).holder = people["holder"].id
    assert (await reminded(soon))["unit"] == []
    late = ticket.due_at + timedelta(days=1)
    assert await reminded(late) == {
        "holder": [Stage.LATE], "unit": [Stage.LATE], "elsewhere": [], "head": [],
    }  # fmt: skip
    assert (await reminded(ticket.due_at + timedelta(days=10)))["head"] == [Stage.HEAD]


async def late(office: Office) -> tuple[Ticket, Staff]:
    """A matter of which its unit was reminded the morning after it was due."""
    ticket = await at_work(office)
    reporter = await office.hires("unit", Role.REPORTER, unit=UNIT)
    office.now = ticket.due_at + timedelta(hours=16)
    await nudges.nudge(office.database, office.agency, office.now)
    assert await reminders(office, reporter) == [(ticket.number, Stage.LATE)]
    office.now += timedelta(hours=1)
    return ticket, reporter


async def test_an_answer_ends_a_reminder_until_nothing_came_of_it_for_three_working_days(
    office: Office,
) -> None:
    ticket, reporter = await late(office)
    head = await office.hires("head", Role.EXECUTIVE)
    await office.does(ticket, Move.REPLY, reporter, reason="กำลังตรวจ")
    stands: dict[int, tuple[int, int]] = {}

    for days in (0, 1, 5, 6):  # answered on a Thursday; the Monday after it is a holiday
        if days:
            office.now += timedelta(days=days - max(stands))
        await nudges.nudge(office.database, office.agency, office.now)
        both = [await reminders(office, person) for person in (reporter, head)]
        stands[days] = (len(both[0]), len(both[1]))

    assert stands == {0: (0, 0), 1: (0, 0), 5: (0, 0), 6: (1, 1)}
    office.now += timedelta(hours=1)
    await office.does(ticket, Move.REPLY, reporter, reason="ช่างมาพรุ่งนี้")
    assert await reminders(office, reporter) == await reminders(office, head) == []


async def test_what_settles_nothing_ends_no_reminder(office: Office) -> None:
    ticket, reporter = await late(office)
    head = await office.hires("head", Role.EXECUTIVE)
    async with office.database.session() as session:
        kind = {"ticket_id": ticket.id, "at": office.now, "public": False}
        session.add(LogLine(**kind, what=Line.NOTE, staff_id=reporter.id, text="รับทราบ"))
    await office.does(ticket, Move.ABOUT, reporter, about="vision")
    await office.does(ticket, Move.REASSIGN, reporter, unit="sao", reason="ของ อบต.")
    other = await office.hires("other", Role.REPORTER, unit="sao")
    assert await reminders(office, other) == [(ticket.number, Stage.LATE)]

    office.now = ticket.due_at + timedelta(days=6)
    await nudges.nudge(office.database, office.agency, office.now)

    assert await reminders(office, head) == [(ticket.number, Stage.HEAD)]


async def test_who_is_sent_a_late_matter_is_reminded_of_it(office: Office) -> None:
    agent = await office.hires("agent", Role.AGENT)
    ticket = await office.ticket(await office.receives(item=None))
    reporter = await office.hires("unit", Role.REPORTER, unit=UNIT)
    office.now = ticket.due_at + timedelta(days=1)
    await nudges.nudge(office.database, office.agency, office.now)
    office.now += timedelta(hours=1)

    await office.does(ticket, Move.TRIAGE, agent, unit=UNIT)

    assert await reminders(office, agent) == []
    assert await reminders(office, reporter) == [(ticket.number, Stage.LATE)]


async def test_nobody_is_reminded_while_the_office_is_closed(
    office: Office, agency: Agency
) -> None:
    ticket = await at_work(office)
    evening = ticket.due_at + timedelta(hours=5)
    next_morning = next_opening(evening)

    def rounds(now: datetime) -> Rounds:
        return Rounds(office.database, lambda: [agency], address="", clock=lambda: now)

    await rounds(evening).nudge(evening)
    assert await rows(office) == []
    await rounds(next_morning).nudge(next_morning)

    assert await rows(office) == [(ticket.id, Stage.LATE)]
