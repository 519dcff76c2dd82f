"""Tickets in a real browser: from receipt to the end, the refusals, and how the pages look."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pyotp
import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Page, expect

from admin import appointments, fetches, second_factor, staff, tickets
from admin.appointments import Appointment
from admin.logbook import Line, LogLine
from admin.moves import Ending, Status
from admin.officers import Role
from admin.opening import Matter, open_ticket
from admin.pictures import fit
from admin.tickets import Source, Ticket
from bot import clock
from bot.messages import Contact
from bot.secrets import secret_key
from bot.tables import ContactRow
from knowledge.chains import Kind
from tests.web.test_admin_login import DIGEST, PASSWORD, SCREENS, SEED, assert_fits
from tests.web.test_chat_looks import assert_accessible

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNIT = "sections"
STAFF = {
    "agent": ("สมหญิง ใจดี", [(Role.AGENT, None)]),
    "reporter": ("สมชาย รักงาน", [(Role.REPORTER, UNIT)]),
    "approver": ("มานะ อนุมัติ", [(Role.APPROVER, None)]),
    "webmaster": ("วิชัย เว็บ", [(Role.WEBMASTER, None)]),
    "head": ("นายก ตะปอน", [(Role.EXECUTIVE, None)]),
    "both": ("สองหน้าที่ ขยันมาก", [(Role.REPORTER, None), (Role.APPROVER, None)]),
}
NEEDS_CODE = {"approver", "webmaster", "both"}


def picture() -> bytes:
    out = BytesIO()
    Image.effect_mandelbrot((900, 600), (-2, -1.5, 1, 1.5), 60).convert("RGB").save(out, "JPEG")
    return out.getvalue()


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def people(site) -> Contact:
    """Staff of every role, and a citizen of the web chat."""
    contact = Contact(site.agency, "web", "w" * 32)
    now = clock.now()
    async with site.program.database.session() as session:
        for key, (name, posts) in STAFF.items():
            person = await staff.add_person(
                session, name=name, email=f"{key}@example.go.th", now=now
            )
            person.password = DIGEST
            person.second_factor = SEED if key in NEEDS_CODE else None
            for role, unit in posts:
                await staff.give_role(session, person, agency=site.agency, role=role, unit=unit)
        session.add(ContactRow.new(contact, now))
    return contact


async def bring(site, contact: Contact, **more) -> str:
    """A matter with a picture, a paper and a place; its number."""
    now = clock.now()
    given = {
        "kind": Kind.WRONG_INFO,
        "source": Source.WEB,
        "what": "เบอร์โทรในหน้าติดต่อผิด\nโทรไปแล้วไม่มีคนรับ",
        "right": "0 3965 4321",
        "item": "history",
        "place": {"latitude": 12.61, "longitude": 102.1, "title": "หน้าตลาด"},
    }
    agency = site.program.registry.get(site.agency).agency
    async with site.program.database.session() as session:
        files = [
            await fetches.add(
                session,
                site.program.files,
                fit(content, name),
                account=f"{site.agency}/web",
                kind=kind,
                name=name,
                now=now,
                contact_id=contact.id,
                message_id=name,
            )
            for content, name, kind in [
                (picture(), "ป้าย.jpg", "image"),
                (b"%PDF-1.4\n%%EOF", "หนังสือ.pdf", "file"),
            ]
        ]
        ids = (*(file.id for file in files), 10**9)
        matter = Matter(**{**given, **more}, attachments=ids)
        return (await open_ticket(session, agency, matter, now=now, contact=contact)).number


async def look(site, number: str) -> Ticket:
    async with site.program.database.session() as session:
        return await tickets.ticket_of(session, site.agency, number)


async def log_in(visit, site, who: str, **how) -> Page:
    """A browser of somebody of the staff."""
    page = await visit("/admin/login", **{"screen": "desktop", **how})
    await page.fill("[name=email]", f"{who}@example.go.th")
    await page.fill("[name=password]", PASSWORD)
    if who in NEEDS_CODE:
        async with site.program.database.session() as session:
            person = await staff.person_of(session, f"{who}@example.go.th")
            person.last_step = None  # a code works once: it is forgotten that one was used
        await page.click("main button.go")
        secret = second_factor.secret_of(secret_key(site.program.settings.data_dir), SEED)
        await page.fill("#code", pyotp.TOTP(secret).at(clock.now()))
    await page.click("main button.go")
    await page.wait_for_url(f"**/admin/{site.agency}/")
    return page


async def does(page: Page) -> None:
    """Press the one thing that is to be done next."""
    await page.click(".todo .go")


TAPPED = "button, summary, select, input:not([type=hidden], [type=checkbox]), label.check"
"""A box is ticked by its label, too."""


async def seen(page: Page) -> None:
    """The page is accessible, not wider than the screen, and what is tapped is large enough."""
    await assert_accessible(page)
    await assert_fits(page, TAPPED)


async def test_a_matter_goes_from_receipt_to_the_end_through_three_signatures(
    visit, site, people, tmp_path: Path
):
    number = await bring(site, people)
    at = f"/admin/{site.agency}/tickets/{number}"
    evidence = tmp_path / "หน้าเว็บใหม่.jpg"
    evidence.write_bytes(picture())

    agent = await log_in(visit, site, "agent")
    await agent.get_by_role("link", name=number).first.click()
    await expect(agent.get_by_role("img")).to_have_count(0)  # the small picture has no words
    await expect(agent.locator(".files img").first).to_have_js_property("naturalWidth", 320)
    await expect(agent.get_by_role("link", name="เปิดแผนที่")).to_have_attribute(
        "href",
        "https://www.openstreetmap.org/?mlat=12.610000&mlon=102.100000#map=17/12.610000/102.100000",
    )
    await does(agent)
    await agent.get_by_label("หน่วยรับผิดชอบ").select_option(UNIT)
    await does(agent)
    await expect(agent.get_by_role("status")).to_contain_text("บันทึกแล้ว")
    await agent.get_by_label("เขียนบันทึกภายใน").fill("โทรถามกองช่างแล้ว")
    await agent.get_by_role("button", name="เก็บบันทึก").click()

    reporter = await log_in(visit, site, "reporter", screen="phone")
    await reporter.goto(at)
    await does(reporter)
    await agent.reload()
    await expect(agent.locator(".todo")).to_contain_text("สมชาย รักงาน เปิดแบบฟอร์มของเรื่องนี้อยู่")
    await reporter.get_by_label("ผล", exact=True).select_option(Ending.CORRECTED)
    await reporter.get_by_label("ข้อความเดิมบนเว็บ").fill("โทร 0 3912 3456 ในเวลาราชการ")
    await reporter.get_by_label("ข้อความที่ถูกต้อง").fill("โทร 0 3965 4321 ในเวลาราชการ")
    await reporter.get_by_label("ข้อความถึงผู้แจ้งเมื่อปิดเรื่อง").fill("แก้เบอร์แล้ว ขอบคุณที่แจ้ง")
    await reporter.get_by_label("แนบไฟล์").set_input_files(evidence)
    await does(reporter)
    await expect(reporter.locator("del")).to_contain_text("3912 3456")
    await expect(reporter.locator("ins")).to_contain_text("3965 4321")
    await expect(reporter.get_by_role("link", name="หน้าเว็บใหม่.jpg")).to_be_visible()
    assert (await look(site, number)).status is Status.PREPARED

    approver = await log_in(visit, site, "approver")
    await approver.get_by_role("link", name=number).first.click()
    await does(approver)
    webmaster = await log_in(visit, site, "webmaster")
    await webmaster.goto(at)
    await does(webmaster)
    await expect(webmaster.locator(".signatures .good")).to_have_count(3)
    await does(webmaster)
    ticket = await look(site, number)
    assert (ticket.status, ticket.ending) == (Status.CLOSED, Ending.CORRECTED)
    await expect(webmaster.locator(".chat .ours")).to_contain_text("แก้เบอร์แล้ว ขอบคุณที่แจ้ง")
    await expect(webmaster.locator(".chat")).not_to_contain_text("โทรถามกองช่างแล้ว")
    await webmaster.goto(f"/admin/{site.agency}/overview")
    await expect(webmaster.locator("[aria-labelledby=endings]")).to_contain_text("แก้ไขแล้ว")


async def test_who_prepared_it_is_told_why_they_cannot_approve_it(visit, site, people):
    number = await bring(site, people)
    page = await log_in(visit, site, "both")
    await page.goto(f"/admin/{site.agency}/tickets/{number}")
    await does(page)
    await page.get_by_label("หน่วยรับผิดชอบ").select_option(UNIT)
    await does(page)
    await does(page)
    await page.get_by_label("ข้อความถึงผู้แจ้งเมื่อปิดเรื่อง").fill("คำตอบ")
    await page.get_by_label("ผล", exact=True).select_option(Ending.ANSWERED)
    await does(page)

    await expect(page.locator(".todo")).to_contain_text("ต้องเป็นคนละคน")
    await expect(page.get_by_role("button", name="อนุมัติและลงนาม")).to_have_count(0)
    await page.get_by_role("link", name="ส่งกลับให้แก้").click()
    await page.get_by_label("เหตุผล").fill("แก้คำผิด")
    await page.locator(".todo .danger").click()
    await expect(page.locator(".signatures .void")).to_have_count(1)
    assert (await look(site, number)).status is Status.WITH_UNIT


async def test_an_urgent_matter_goes_through_the_head(visit, site, people):
    number = await bring(site, people, kind=Kind.COMPLAINT)
    agent = await log_in(visit, site, "agent")
    await agent.goto(f"/admin/{site.agency}/tickets/{number}/moves/triage")
    await agent.get_by_label("หน่วยรับผิดชอบ").select_option(UNIT)
    await agent.get_by_label("เร่งด่วน").check()
    await does(agent)
    await expect(agent.locator(".strip")).to_contain_text("ผู้บริหารพิจารณา")
    head = await log_in(visit, site, "head", screen="phone")
    await head.get_by_role("link", name=number).first.click()
    await does(head)

    assert (await look(site, number)).status is Status.WITH_UNIT


async def test_choosing_the_item_proposes_its_unit_and_class_and_both_can_be_changed(
    visit, site, people
):
    number = await bring(site, people)
    page = await log_in(visit, site, "agent", screen="phone")
    await page.goto(f"/admin/{site.agency}/tickets/{number}/moves/triage")
    item, unit = page.get_by_label("รายการข้อมูล"), page.get_by_label("หน่วยรับผิดชอบ")
    class_ = page.get_by_label("ชั้นของข้อมูล")
    await expect(item).to_have_value("history")
    await expect(page.get_by_role("button", name="ใช้หน่วยและชั้นของรายการนี้")).to_be_hidden()

    await item.select_option("sitemap")
    await expect(unit).to_have_value("sao")
    await item.select_option("alerts")
    await expect(unit).to_have_value(UNIT)
    await expect(class_).to_have_value("immediate")
    await seen(page)
    await class_.select_option("scheduled")
    await does(page)

    ticket = await look(site, number)
    assert (ticket.item, ticket.unit, ticket.class_) == ("alerts", UNIT, "scheduled")
    await page.goto(f"/admin/{site.agency}/tickets/{number}/moves/about")
    await item.select_option("sitemap")
    await expect(class_).to_have_value("on-change")
    await does(page)
    await expect(page.locator(".steps-done li").last).to_contain_text("ใหม่: ")
    assert ((await look(site, number)).item, ticket.unit) == ("sitemap", UNIT)


async def test_somebody_else_may_take_over_with_one_press(visit, site, people):
    number = await bring(site, people)
    at = f"/admin/{site.agency}/tickets/{number}"
    agent = await log_in(visit, site, "agent")
    await agent.goto(f"{at}/moves/ask")
    await agent.get_by_label("ข้อความถึงผู้แจ้ง").fill("หน้าไหน")
    head = await log_in(visit, site, "head")
    await head.goto(f"{at}/moves/reply")
    await head.get_by_role("button", name="รับช่วงต่อ").click()
    await expect(head.get_by_label("ข้อความถึงผู้แจ้ง")).to_be_visible()
    await does(agent)

    await expect(agent.get_by_role("alert")).to_contain_text("มีคนรับช่วงเรื่องนี้ไปแล้ว")
    await seen(agent)


async def test_a_counter_matter_gets_a_slip_that_prints_on_one_page(visit, site):
    page = await log_in(visit, site, "agent")
    await page.get_by_role("link", name="รับเรื่องใหม่").click()
    await page.get_by_label("ประเภท").select_option(Kind.SUGGESTION)
    await page.get_by_label("เรื่องที่แจ้ง").fill("ขอม้านั่งหน้าห้องทะเบียน " * 12)
    await page.get_by_label("ชื่อผู้แจ้ง").fill("นางบุญมี")
    await page.get_by_role("button", name="เปิดเรื่อง").click()
    await expect(page.get_by_label("อ่านให้ฟังแล้ว")).to_be_focused()
    await seen(page)
    await page.get_by_label("อ่านให้ฟังแล้ว").check()
    await page.get_by_role("button", name="เปิดเรื่อง").click()
    await page.get_by_role("link", name="ใบรับเรื่อง").click()
    await expect(page.get_by_role("button", name="พิมพ์")).to_be_visible()
    await expect(page.locator(".paper")).to_contain_text("นางบุญมี")
    await page.emulate_media(media="print")
    await expect(page.get_by_role("button", name="พิมพ์")).to_be_hidden()
    await expect(page.locator(".big")).to_be_visible()
    pdf = await page.pdf(format="A5")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1


async def everything(site, contact: Contact) -> str:
    """A matter with all that a page can show: joined, opened again, a void signature, a verdict."""
    number = await bring(site, contact)
    now = clock.now()
    async with site.program.database.session() as session:
        ticket = await tickets.ticket_of(session, site.agency, number)
        ticket.unit, ticket.reopened = UNIT, 1
        ticket.due_at = now - timedelta(days=1)
        session.add_all(
            LogLine(ticket_id=ticket.id, at=now, what=what, public=False, text="คำ " * 80, **more)
            for what, more in [
                (Line.NOTE, {"staff_id": 1}),
                (Line.ADDED, {"contact_id": contact.id, "attachments": ticket.attachments}),
                ("ask", {"staff_id": 1}),
                ("return", {"staff_id": 1, "role": "approver", "acting_for": "ปลัด"}),
                (Line.DUE, {"details": {"from": now.isoformat(), "to": now.isoformat()}}),
            ]
        )
        joined = await tickets.ticket_of(session, site.agency, await bring_joined(session, site))
        joined.joined_to, joined.status, joined.closed_at = ticket.id, Status.JOINED, now
    return number


async def bring_joined(session, site) -> str:
    agency = site.program.registry.get(site.agency).agency
    matter = Matter(Kind.WRONG_INFO, Source.PAPER, "เบอร์ผิดเหมือนกัน")
    return (await open_ticket(session, agency, matter, now=clock.now())).number


@pytest.mark.parametrize(("screen", "scheme"), SCREENS)
async def test_every_page_of_tickets_is_accessible_and_fits(visit, site, people, screen, scheme):
    number = await everything(site, people)
    at = f"/admin/{site.agency}/tickets/{number}"
    page = await log_in(visit, site, "both", screen=screen, color_scheme=scheme)
    await seen(page)
    for path in ("tickets", "tickets?kind=wrong-info&opened=2570", "tickets/new", "overview"):
        await page.goto(f"/admin/{site.agency}/{path}")
        await seen(page)
    await page.goto(f"{at}/moves/triage")
    await does(page)
    for move in ("prepare", "ask", "hand-over", "join", "return"):
        await page.goto(f"{at}/moves/{move}")
        await seen(page)
    await page.goto(f"{at}/moves/prepare")
    await page.get_by_label("ผล", exact=True).select_option(Ending.CORRECTED)
    await page.get_by_label("ข้อความถึงผู้แจ้งเมื่อปิดเรื่อง").fill("ก")
    await page.get_by_label("ข้อความที่ถูกต้อง").fill("")
    await does(page)
    await expect(page.get_by_role("alert")).to_contain_text("กรอกข้อความที่ถูกต้อง")
    await seen(page)
    await page.get_by_label("ข้อความที่ถูกต้อง").fill("ใหม่")
    await page.get_by_label("ข้อความเดิมบนเว็บ").fill("เก่า")
    await does(page)
    await seen(page)
    await page.get_by_role("button", name="English").click()
    await seen(page)
    await page.get_by_role("button", name="ไทย").click()


@pytest.mark.parametrize(("screen", "scheme"), SCREENS)
async def test_the_head_takes_back_what_an_operator_took_by_keyboard_and_it_fits(
    visit, site, screen, scheme
):
    now, agency = clock.now(), site.agency
    async with site.program.database.session() as session:
        name, email = "ผู้ดูแลระบบชื่อยาวนามสกุลก็ยาวมาก", f"it-{screen}@example.go.th"
        person = await staff.add_person(session, name=name, email=email, now=now)
        given, by = Appointment(Role.APPROVER, UNIT), f"staff:{person.id}"
        await appointments.appoint(session, person, given, agency=agency, by=by, now=now)
    page = await log_in(visit, site, "head", screen=screen, color_scheme=scheme)
    await expect(page.get_by_role("heading", name=f"{name} ให้หน้าที่แก่ตัวเอง")).to_be_visible()
    await seen(page)
    await page.get_by_role("button", name="ถอนหน้าที่นี้").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("ถอนหน้าที่แล้ว")).to_be_visible()

    await expect(page.get_by_text("ให้หน้าที่แก่ตัวเอง")).to_have_count(0)
