"""Announcements in a real browser: written, signed by two, undone, sent, stopped; their looks."""

import asyncio
import re
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from sqlalchemy import update

from admin import announcing, passwords, staff
from admin.announcements import Announcement, State, announcement_of
from admin.mailings import Fate, Lot, Mailing, Recipient
from admin.mailings import State as Sending
from admin.officers import Role
from bot import clock
from bot.messages import Contact
from bot.tables import ContactRow
from tests.web.test_admin_login import PASSWORD, SCREENS, SEED, assert_fits
from tests.web.test_chat_looks import assert_accessible
from tests.web.test_staff_tickets import log_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

TAPPED = "button, summary, select, label.check, [type=text], [type=file], [type=datetime-local]"
"""Boxes are ticked by their labels, too."""
STAFF = {"agent": Role.AGENT, "approver": Role.APPROVER}


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def people(site) -> Sequence[Contact]:
    """A writer, an approver, and ten people who want news of services."""
    now = clock.now()
    readers = [Contact(site.agency, "telegram", str(n)) for n in range(10)]
    async with site.program.database.session() as session:
        for key, role in STAFF.items():
            person = await staff.add_person(
                session, name=f"คุณ{key}", email=f"{key}@example.go.th", now=now
            )
            person.password = passwords.digest(PASSWORD)
            person.second_factor = SEED if role is Role.APPROVER else None
            await staff.give_role(session, person, agency=site.agency, role=role)
        session.add_all(ContactRow.new(one, now) for one in readers)
    return readers


async def written(page: Page, site, kind: str = "ข่าวหรือประกาศทั่วไป", **words: str) -> str:
    """A draft, from the list through the template to the page of it; its path."""
    await page.goto(f"/admin/{site.agency}/announcements")
    await page.get_by_role("link", name="เขียนข่าวใหม่").click()
    await page.get_by_role("button", name=kind).click()
    given = {"headline_th": "น้ำไม่ไหล <ซอย 1> & 2", "text_th": "โปรดสำรองน้ำ"}
    for name, value in {**given, **words}.items():
        await page.fill(f"[name={name}]", value)
    await page.get_by_role("button", name="เก็บร่างและดูตัวอย่าง").click()
    await page.wait_for_url("**done=announcement_saved")
    return page.url.partition("?")[0]


async def look(site, at: str) -> Announcement:
    async with site.program.database.session() as session:
        return await announcement_of(session, site.agency, int(at.rpartition("/")[2]))


async def test_lengths_and_previews_follow_what_is_typed(visit, site):
    page = await log_in(visit, site, "agent")
    at = await written(page, site)
    await page.goto(f"{at}/edit")
    await page.fill("[name=headline_th]", "ก" * 103)
    tally = page.locator("#headline_th + .tally")
    await expect(tally).to_have_text("103 / 100 เกิน 3")
    await page.fill("[name=text_th]", "ซ่อมท่อ <b>วันนี้</b>")
    for channel in ("line", "telegram", "web"):
        bubble = page.locator(f"#preview .on-{channel} .bubble").first
        await expect(bubble).to_contain_text("ซ่อมท่อ <b>วันนี้</b>")
    await page.get_by_role("button", name="เก็บร่างและดูตัวอย่าง").click()

    await expect(page.locator(".mend")).to_contain_text("พาดหัวยาวเกิน 100 ตัวอักษรอยู่ 3 ตัว")
    await expect(page.get_by_role("button", name="ลงนามและส่งให้ผู้อนุมัติ")).to_have_count(0)
    await page.locator(".mend a").click()
    await expect(page.locator("[name=headline_th]")).to_have_value("ก" * 103)


async def test_two_people_sign_and_it_can_be_undone_while_the_seconds_run(visit, site):
    agent = await log_in(visit, site, "agent")
    at = await written(agent, site, text_th="โทร 081-234-5678")
    await expect(agent.locator(".personal")).to_contain_text("หมายเลขโทรศัพท์")
    await agent.get_by_role("button", name="ปิดทับ").click()
    await expect(agent.locator(".personal")).to_have_count(0)
    await expect(agent.locator(".on-line .bubble").first).to_contain_text("โทร ▮▮▮")
    await agent.get_by_role("button", name="ลงนามและส่งให้ผู้อนุมัติ").click()

    approver = await log_in(visit, site, "approver", screen="phone")
    await approver.goto(f"/admin/{site.agency}/announcements")
    await approver.get_by_role("link", name="น้ำไม่ไหล <ซอย 1> & 2").first.click()
    await approver.get_by_role("button", name="อนุมัติและลงนาม").click()
    count = approver.locator("[data-count]")
    first = int(await count.inner_text())
    assert 50 <= first <= 60
    await expect(count).not_to_have_text(str(first))
    assert int(await count.inner_text()) < first
    await approver.get_by_role("button", name="ยกเลิกการอนุมัติ").click()

    await expect(approver.get_by_role("status").first).to_contain_text("ไม่มีข้อความใดถูกส่ง")
    assert (await look(site, at)).state is State.DRAFT


async def test_without_scripts_all_of_it_works_and_posting_shows_on_the_page(visit, site):
    agent = await log_in(visit, site, "agent", java_script_enabled=False)
    at = await written(agent, site)
    await agent.get_by_role("button", name="ลงนามและส่งให้ผู้อนุมัติ").click()
    approver = await log_in(visit, site, "approver", java_script_enabled=False)
    await approver.goto(at)
    await approver.get_by_role("button", name="อนุมัติและลงนาม").click()
    await expect(approver.locator("[data-count]")).to_have_text(re.compile("^(60|5[0-9])$"))
    async with site.program.database.session() as session:
        number = int(at.rpartition("/")[2])
        now = clock.now()
        await session.execute(
            update(Announcement).where(Announcement.id == number).values(starts_at=now)
        )
    site.program.posting.sweep.wake()
    for _ in range(50):
        await approver.get_by_role("link", name="ดูความคืบหน้าล่าสุด").first.click()
        if "กำลังส่ง" in await approver.locator("#progress").inner_text():
            break
    await expect(approver.locator("#progress")).to_contain_text("กำลังนับผู้รับ")
    await approver.get_by_role("button", name="หยุดส่งส่วนที่เหลือทันที").click()

    await expect(approver.locator("#progress")).to_contain_text("หยุดส่งไว้")
    assert (await look(site, at)).state is State.POSTED


async def sending(site, at: str, people: Sequence[Contact]) -> int:
    """In the midst of sending to all of them, three of whom have it."""
    now = clock.now()
    async with site.program.database.session() as session:
        it = await announcement_of(session, site.agency, int(at.rpartition("/")[2]))
        it.state, it.posted_at = State.POSTED, now
        mailing = Mailing(
            key=uuid4(),
            agency=site.agency,
            channel="telegram",
            announcement_id=it.id,
            state=Sending.SENDING,
            shortfall=0,
            attempt=1,
            created_at=now,
            beat_at=now + timedelta(days=1),
            started_at=now,
        )
        session.add(mailing)
        await session.flush()
        lot = Lot(mailing_id=mailing.id, number=0, language="th", replies=[], recipients=10)
        session.add(lot)
        given = {"mailing_id": mailing.id, "lot": 0, "page": 0}
        fates = [Fate.ACCEPTED] * 3 + [Fate.QUEUED] * 7
        session.add_all(
            Recipient(contact_id=one.id, fate=fate, **given)
            for one, fate in zip(people, fates, strict=True)
        )
        return mailing.id


async def meet(site, mailing: int, people: Sequence[Contact], fate: Fate, **more) -> None:
    ids = [one.id for one in people]
    which = (Recipient.mailing_id == mailing, Recipient.contact_id.in_(ids))
    async with site.program.database.session() as session:
        await session.execute(update(Recipient).where(*which).values(fate=fate))
        if more:
            await session.execute(update(Mailing).where(Mailing.id == mailing).values(**more))


async def test_figures_move_by_themselves_until_the_end(visit, site, people):
    agent = await log_in(visit, site, "agent")
    at = await written(agent, site)
    mailing = await sending(site, at, people)
    page = await log_in(visit, site, "approver")
    await page.goto(at)
    await expect(page.locator("#sending")).to_have_text("กำลังส่ง 30%")
    await page.evaluate("window.isTheSame = true")
    await meet(site, mailing, people[3:6], Fate.BLOCKED)
    await expect(page.locator("#sending")).to_have_text("กำลังส่ง 60%")
    await expect(page.locator(".fates")).to_contain_text("บล็อกบัญชีแล้ว 3")
    await expect(page.locator("#progress-said")).to_have_text("ส่งแล้ว 60%")
    assert await page.evaluate("window.isTheSame")
    widths = [await one.get_attribute("width") for one in await page.locator(".gauge rect").all()]
    assert widths == ["1000", "300.0", "400.0", "300.0"]
    await meet(site, mailing, people[6:], Fate.UNKNOWN, state=Sending.DONE, ended_at=clock.now())

    await expect(page.locator("#sending")).to_have_text("ผลการส่ง")
    await expect(page.get_by_role("button", name="หยุดส่ง")).to_have_count(0)
    await page.get_by_text("ตัวเลขหมายความว่าอย่างไร").click()
    await expect(page.locator(".meanings")).to_contain_text("ไม่ได้แปลว่าถึงเครื่องหรืออ่านแล้ว")


async def test_an_early_end_is_asked_about_and_can_be_taken_back(visit, site, people):
    agent = await log_in(visit, site, "agent")
    await agent.goto(f"/admin/{site.agency}/announcements/new")
    await agent.get_by_role("button", name="ข่าวหรือประกาศทั่วไป").click()
    end = agent.locator("#all-clear")
    await expect(end.locator("textarea").first).to_be_hidden()
    await agent.fill("[name=valid_until]", "2569-12-31T18:00")
    await expect(end.locator("textarea").first).to_be_visible()
    at = await written(
        agent,
        site,
        "งดหรือปิดบริการชั่วคราว",
        text_th="ก",
        headline_th="ข",
        valid_until="2569-12-31T18:00",
    )
    await sending(site, at, people)
    async with site.program.database.session() as session:
        it = await announcement_of(session, site.agency, int(at.rpartition("/")[2]))
        await announcing.plan_end(session, it, clock.now())
    approver = await log_in(visit, site, "approver", screen="phone")
    await approver.goto(at)
    tell = approver.get_by_role("button", name="แจ้งสิ้นสุดในอีก 60 วินาที")
    await expect(tell).to_be_hidden()
    await approver.get_by_text("แจ้งสิ้นสุดก่อนเวลา").click()
    await tell.click()
    count = approver.locator("[data-count]")
    first = int(await count.inner_text())
    assert 50 <= first <= 60
    await expect(count).not_to_have_text(str(first))
    await seen(approver)
    await approver.get_by_role("button", name="ยังไม่จบ อย่าเพิ่งแจ้ง").click()

    await expect(approver.get_by_role("status").first).to_contain_text("ยังไม่แจ้งสิ้นสุด")
    await expect(count).to_have_count(0)


async def test_who_approves_on_a_phone_sees_one_preview_and_opens_the_files(visit, site):
    agent = await log_in(visit, site, "agent")
    at = await written(agent, site)
    await agent.goto(f"{at}/edit")
    await agent.set_input_files(
        "#files",
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"name,081-234-5678\n"},
    )
    await agent.get_by_role("button", name="เก็บร่างและดูตัวอย่าง").click()
    await expect(agent.locator(".personal")).to_contain_text("พบในไฟล์: หมายเลขโทรศัพท์ 1")
    await seen(agent)
    await agent.get_by_role("button", name="ลงนามและส่งให้ผู้อนุมัติ").click()
    approver = await log_in(visit, site, "approver", screen="phone")
    await approver.goto(at)
    assert await approver.locator(".phone >> visible=true").count() == 1
    await seen(approver)
    await approver.get_by_role("button", name="อนุมัติและลงนาม").click()
    await expect(approver.get_by_role("alert")).to_contain_text("เปิดดูทุกไฟล์")
    await approver.get_by_text("เปิดดูแล้ว ไม่มีข้อมูลส่วนบุคคล").check()
    await approver.get_by_role("button", name="อนุมัติและลงนาม").click()

    await expect(approver.locator("[data-count]")).to_be_visible()


@pytest.mark.parametrize(("screen", "scheme"), SCREENS)
async def test_every_page_of_announcements_is_accessible_and_fits(
    visit, site, people, screen, scheme
):
    page = await log_in(visit, site, "agent", screen=screen, color_scheme=scheme)
    pages = f"/admin/{site.agency}"
    long = "ภาษีที่ดินและสิ่งปลูกสร้าง " * 3
    at = await written(
        page, site, "งดหรือปิดบริการชั่วคราว", headline_th=long, text_th="«อะไร» 1669 0812345678"
    )
    await seen(page)
    await page.goto(f"{at}/edit")
    await seen(page)
    await page.fill("[name=valid_until]", "2569-12-31T18:00")
    await page.fill("[name=text_th]", "โทร 081-234-5678")
    await page.get_by_role("button", name="เก็บร่างและดูตัวอย่าง").click()
    await page.get_by_role("button", name="ลงนามและส่งให้ผู้อนุมัติ").click()
    other = await written(page, site)
    await sending(site, other, people)
    approver = await log_in(visit, site, "approver", screen=screen, color_scheme=scheme)
    await approver.goto(at)
    await approver.get_by_text("ส่งกลับให้แก้").first.click()
    await seen(approver)
    await approver.get_by_label("หมายเลขโทรศัพท์").check()
    await approver.get_by_role("button", name="อนุมัติและลงนาม").click()
    await seen(approver)
    await page.reload()
    await page.get_by_text("ตัวเลขหมายความว่าอย่างไร").click()
    await seen(page)
    for path in ("announcements", "announcements/new", "quota"):
        await page.goto(f"{pages}/{path}")
        await seen(page)
    await approver.goto(f"{other}/recipients")
    await seen(approver)


async def seen(page: Page) -> None:
    """Accessible, and not wider than the screen."""
    await assert_accessible(page)
    await assert_fits(page, TAPPED)


async def test_a_look_at_the_figures_does_not_drop_the_answer_to_a_form(visit, site, people):
    agent = await log_in(visit, site, "agent")
    at = await written(agent, site, "ข่าวหรือประกาศทั่วไป", text_th="ก", headline_th="ข")
    await sending(site, at, people)
    approver = await log_in(visit, site, "approver")
    looked = asyncio.Event()
    sent = asyncio.Event()

    async def late(route):
        """The figures as they are once the form was taken, told while its answer is awaited."""
        looked.set()
        await sent.wait()
        await route.fulfill(response=await route.fetch())

    async def slow(route):
        answer = await route.fetch(max_redirects=0)
        sent.set()
        await asyncio.sleep(1)
        await route.fulfill(response=answer)

    await approver.goto(at)
    await approver.route("**/progress", late)
    await approver.route("**/stop", slow)
    await asyncio.wait_for(looked.wait(), 15)
    await approver.get_by_role("button", name="หยุดส่งส่วนที่เหลือทันที").click()

    await expect(approver).to_have_url(re.compile("done=sending_stopped"))
    await expect(approver.get_by_role("status").first).not_to_be_empty()
