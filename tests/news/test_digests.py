"""Once a working morning, what waits for each of the staff with a linked chat."""

from datetime import timedelta

import msgspec
from sqlalchemy import select

from admin import announcing, digests
from admin.announcements import Content
from admin.followers import News
from admin.moves import Move
from admin.officers import Role
from admin.rounds import Rounds
from bot.messages import Reply
from knowledge.working_days import next_opening
from tests.news.office import MORNING, UNIT, Office

ADDRESS = "https://ask.example.go.th"


async def said(office: Office) -> list[tuple[str, bool]]:
    """What the staff are told, and whether it presses."""
    async with office.database.session() as session:
        found = await session.scalars(select(News).order_by(News.id))
        return [(msgspec.convert(news.reply, Reply).text, news.presses) for news in found]


async def test_a_morning_tells_each_person_once(office: Office) -> None:
    agent = await office.hires("agent", Role.AGENT)
    await office.hires("nowhere", Role.AGENT)
    idle = await office.hires("idle", Role.WEBMASTER)
    await office.links(agent)
    await office.links(idle)
    for _ in range(3):
        await office.receives()

    told = [
        await digests.morning(office.database, office.agency, MORNING, ADDRESS) for _ in range(2)
    ]

    assert told == [1, 0]
    [(text, presses)] = await said(office)
    assert "รอคุณทำ 3 เรื่อง" in text
    assert text.endswith(f"{ADDRESS}/admin/{office.agency.slug}/")
    assert "081" not in text
    assert not presses


async def test_what_is_late_or_unsigned_is_worth_a_push(office: Office) -> None:
    agent = await office.hires("agent", Role.AGENT)
    reporter = await office.hires("reporter", Role.REPORTER, unit=UNIT)
    await office.links(reporter, "line")
    ticket = await office.receives()
    await office.does(ticket, Move.TRIAGE, agent, unit=UNIT)
    ticket = await office.ticket(ticket)
    late = next_opening(ticket.due_at + timedelta(days=5))

    rounds = Rounds(office.database, lambda: [office.agency], address="", clock=lambda: late)
    await rounds.digest(late)

    [(text, presses)] = await said(office)
    assert f"• {ticket.number} เกินกำหนด" in text
    assert presses


async def test_a_digest_that_nobody_read_is_replaced_by_the_next(office: Office) -> None:
    agent = await office.hires("agent", Role.AGENT)
    await office.links(agent, "line")
    await office.receives()
    await digests.morning(office.database, office.agency, MORNING, "")
    await office.receives()

    await digests.morning(office.database, office.agency, MORNING + timedelta(days=1), "")

    [(text, _)] = await said(office)
    assert "รอคุณทำ 2 เรื่อง" in text


async def test_no_digest_on_a_day_off_nor_long_after_its_hour(office: Office) -> None:
    agent = await office.hires("agent", Role.AGENT)
    await office.links(agent)
    await office.receives()
    saturday = MORNING + timedelta(days=5)
    evening = MORNING + timedelta(hours=10)

    for now, due in ((saturday, saturday), (evening, MORNING)):
        rounds = Rounds(office.database, lambda: [office.agency], address="", clock=lambda n=now: n)
        await rounds.digest(due)

    assert await said(office) == []


async def test_who_has_left_is_told_nothing(office: Office) -> None:
    agent = await office.hires("agent", Role.AGENT)
    await office.links(agent)
    await office.receives()
    async with office.database.session() as session:
        (await session.get_one(type(agent), agent.id)).disabled_at = MORNING

    assert await digests.morning(office.database, office.agency, MORNING, "") == 0


async def test_an_announcement_that_waits_for_ones_approval_is_worth_a_push(
    office: Office,
) -> None:
    writer = await office.hires("writer", Role.AGENT)
    approver = await office.hires("approver", Role.APPROVER)
    await office.links(approver, "line")
    await office.links(writer)
    content = Content("notice", "news", UNIT, headline_th="น้ำไม่ไหล 081-234-5678", text_th="ก")
    officer = await office.officer(writer)
    async with office.database.session() as session:
        made = await announcing.draft(session, office.agency, content, officer, MORNING)
        await announcing.submit(session, office.agency, made, officer, MORNING)

    assert await digests.morning(office.database, office.agency, MORNING, "") == 1
    [(text, presses)] = await said(office)
    assert "ข่าวรอคุณอนุมัติ 1 เรื่อง" in text
    assert "081" not in text
    assert presses
