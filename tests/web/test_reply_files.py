"""Staff send files from their pages; citizens open them from the chat, and nobody else does."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientResponse, ClientSession
from PIL import Image
from playwright.async_api import Page, expect
from sqlalchemy import delete, select

from admin import attachments, fetches, logbook, staff, tickets
from admin.attachments import Attachment
from admin.audit import AuditRow
from admin.enclosures import Links
from admin.followers import News
from admin.officers import Role
from admin.opening import Matter, open_ticket
from admin.pictures import fit
from admin.sessions import StaffSession
from admin.tickets import Source
from bot import clock
from bot.clock import BANGKOK
from bot.messages import Contact
from bot.secrets import secret_key
from bot.tables import ContactRow
from knowledge.chains import Kind
from tests.attachments.contents import SECRET, jpeg
from tests.web.test_admin_login import DIGEST, PASSWORD, assert_fits
from tests.web.test_chat_looks import assert_accessible
from tests.web.test_staff_tickets import TAPPED

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNIT, OTHER = "sections", "sao"
PDF = b"%PDF-1.4\n%%EOF"


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def people(site) -> None:
    """Who answers, and two who report, each for one unit."""
    now = clock.now()
    async with site.program.database.session() as session:
        for key, role, unit in [
            ("agent", Role.AGENT, None),
            ("reporter", Role.REPORTER, UNIT),
            ("stranger", Role.REPORTER, OTHER),
        ]:
            person = await staff.add_person(
                session, name=f"คุณ{key}", email=f"{key}@example.go.th", now=now
            )
            person.password = DIGEST
            await staff.give_role(session, person, agency=site.agency, role=role, unit=unit)


@pytest.fixture
def papers(tmp_path: Path) -> list[Path]:
    """A photo that knows where it was taken, a form, and a program."""
    made = []
    for name, content in [("แผนที่.jpg", jpeg()), ("แบบคำร้อง.pdf", PDF), ("x.exe", b"MZ\x90\0")]:
        path = tmp_path / name
        path.write_bytes(content)
        made.append(path)
    return made


async def knows(site, channel: str, address: str) -> Contact:
    """A citizen who has written before."""
    contact = Contact(site.agency, channel, address)
    async with site.program.database.session() as session:
        if await session.get(ContactRow, contact.id) is None:
            session.add(ContactRow.new(contact, clock.now()))
    return contact


async def bring(site, contact: Contact, kind: Kind = Kind.COMPLAINT) -> str:
    """A matter of a unit; its number."""
    agency = site.program.registry.get(site.agency).agency
    matter = Matter(kind, Source.WEB, "ขอแบบคำร้องได้ที่ไหน", unit=UNIT)
    async with site.program.database.session() as session:
        return (await open_ticket(session, agency, matter, now=clock.now(), contact=contact)).number


async def log_in(visit, site, who: str, screen: str = "phone") -> Page:
    page = await visit("/admin/login", screen=screen)
    await type_in(page, who)
    await page.wait_for_url(f"**/admin/{site.agency}/")
    return page


async def type_in(page: Page, who: str) -> None:
    await page.fill("[name=email]", f"{who}@example.go.th")
    await page.fill("[name=password]", PASSWORD)
    await page.click("main button.go")


async def news_of(site, contact: Contact) -> list[dict]:
    """What a contact is or was told, oldest first."""
    async with site.program.database.session() as session:
        query = select(News.reply).where(News.contact_id == contact.id).order_by(News.id)
        return list(await session.scalars(query))


async def sent_with(site, number: str) -> list[Attachment]:
    """The files of the last public line of a matter."""
    async with site.program.database.session() as session:
        ticket = await tickets.ticket_of(session, site.agency, number)
        lines = await logbook.lines(session, ticket, public=True)
        return list(await attachments.of(session, lines[-1].attachments))


async def seen(page: Page) -> None:
    await assert_accessible(page)
    await assert_fits(page, TAPPED)


async def test_a_citizen_on_the_web_gets_links_that_open_and_finds_them_again(visit, site, papers):
    chat = await visit()
    await chat.fill("#text", "สวัสดี")
    await chat.keyboard.press("Enter")
    await expect(chat.locator(".line.bot").last).to_contain_text("ถามได้")
    async with site.program.database.session() as session:
        newest = select(ContactRow).where(ContactRow.channel == "web")
        row = await session.scalar(newest.order_by(ContactRow.seen_at.desc()).limit(1))
    number = await bring(site, Contact(row.agency, row.channel, row.address))
    agent = await log_in(visit, site, "agent")
    await agent.goto(f"/admin/{site.agency}/tickets/{number}/moves/reply")
    await agent.get_by_label("ข้อความถึงผู้แจ้ง").fill("กรอกแบบนี้ แล้วมาที่จุดในแผนที่")
    await agent.get_by_label("แนบไฟล์").set_input_files(papers[:2])
    await seen(agent)
    await agent.click(".todo .go")
    await expect(agent.locator(".chat .ours .file")).to_have_count(2)
    await expect(agent.locator(".steps-done")).to_contain_text("แบบคำร้อง.pdf")
    await seen(agent)

    links = chat.locator(".line.bot .words a")
    await expect(links).to_have_count(2)
    await assert_accessible(chat)
    picture, paper = [await one.get_attribute("href") for one in await links.all()]
    async with ClientSession(site.url) as http, http.get(picture) as shown, http.get(paper) as got:
        assert shown.headers["Content-Disposition"].startswith("inline")
        assert_private(shown)
        content = await shown.read()
        assert got.headers["Content-Disposition"].startswith("attachment")
        assert_private(got)
        assert await got.read() == PDF
    assert SECRET.encode() not in content
    assert not Image.open(BytesIO(content)).getexif()

    await chat.reload()
    await expect(links).to_have_count(2)
    await chat.fill("#text", number)
    await chat.keyboard.press("Enter")
    await expect(chat.locator(".line.bot").last).to_contain_text("ไฟล์: แบบคำร้อง.pdf")
    await expect(chat.locator(".line.bot").last.locator(".words a")).to_have_count(2)


def assert_private(response: ClientResponse) -> None:
    """Nobody keeps it, finds it, or is told its address."""
    assert response.status == 200
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Robots-Tag"] == "noindex"


async def kept(site, name: str = "แบบ.pdf") -> Attachment:
    """A file that is there."""
    content = fit(PDF + name.encode(), name)
    async with site.program.database.session() as session:
        return await fetches.add(
            session,
            site.program.files,
            content,
            account=f"{site.agency}/staff",
            kind="file",
            name=name,
            now=clock.now(),
        )


async def test_a_link_that_is_over_false_or_of_a_forgotten_file_says_what_to_do(visit, site):
    links = Links(secret_key(site.program.settings.data_dir), "")
    today = clock.now().astimezone(BANGKOK).date()
    row, gone, lost = await kept(site), await kept(site, "ลบ.pdf"), await kept(site, "หาย.pdf")
    async with site.program.database.session() as session:
        await attachments.let_go(session, [gone.id])
    site.program.files.path(lost.sha256).unlink()
    good = links.token(site.agency, row.id, today)
    async with ClientSession(site.url) as http:
        async with http.get(f"/{site.agency}/files/{good}") as response:
            assert_private(response)
        for token in (
            links.token(site.agency, row.id, today - timedelta(days=1)),
            links.token("elsewhere", row.id, today),
            links.token(site.agency, gone.id, today),
            links.token(site.agency, lost.id, today),
            links.token(site.agency, 10**9, today),
            good[:-1] + "g",
            "%00",
            "x" * 3000,
        ):
            async with http.get(f"/{site.agency}/files/{token}") as response:
                assert response.status == 404, token
                assert response.headers["X-Robots-Tag"] == "noindex"
                assert response.headers["Cache-Control"] == "private, no-store"
                text = await response.text()
                assert "เปิดไฟล์นี้ไม่ได้แล้ว" in text
                assert "ask our staff there" in text
        async with http.get(f"/nowhere/files/{good}") as response:
            assert response.status == 404
    page = await visit(f"/{site.agency}/files/0-0-0")
    await seen(page)
    await page.get_by_role("link", name="ถามในแชต").click()
    await page.wait_for_url(f"**/{site.agency}/chat")


async def test_files_are_kept_though_another_one_or_the_rest_of_the_form_was_wrong(
    visit, site, papers
):
    contact = await knows(site, "telegram", "771")
    number = await bring(site, contact)
    page = await log_in(visit, site, "agent")
    where = f"/admin/{site.agency}/tickets/{number}"
    await page.goto(f"{where}/moves/ask")
    await page.get_by_label("ข้อความถึงผู้แจ้ง").fill("ใช่ที่นี่ไหม")
    await page.get_by_label("แนบไฟล์").set_input_files([papers[0], papers[2]])
    await page.click(".todo .go")
    await expect(page.get_by_role("alert")).to_contain_text("ไม่รับไฟล์ชนิดของ x.exe")
    await expect(page.get_by_label("แผนที่.jpg")).to_be_checked()
    await seen(page)

    await page.get_by_label("แนบไฟล์").set_input_files(papers[1])
    async with site.program.database.session() as session:
        ticket = await tickets.ticket_of(session, site.agency, number)
        ticket.right = "มีคนแก้ระหว่างนั้น"
    await page.click(".todo .go")
    await expect(page.get_by_role("alert")).to_contain_text("มีคนแก้เรื่องนี้")
    for name in ("แผนที่.jpg", "แบบคำร้อง.pdf"):
        await expect(page.get_by_label(name)).to_be_checked()
    await expect(page.get_by_label("ข้อความถึงผู้แจ้ง")).to_have_value("ใช่ที่นี่ไหม")
    await page.get_by_label("แผนที่.jpg").uncheck()
    await page.click(".todo .go")

    await expect(page.locator(".chat .ours .file")).to_have_count(1)
    assert [row.name for row in await sent_with(site, number)] == ["แบบคำร้อง.pdf"]
    [reply] = await news_of(site, contact)
    assert [one["name"] for one in reply["files"]] == ["แบบคำร้อง.pdf"]
    async with site.program.database.session() as session:
        added = select(AuditRow).where(
            AuditRow.what == "attachment.added", AuditRow.subject == f"ticket:{ticket.id}"
        )
        assert len((await session.scalars(added)).all()) == 2


async def test_more_than_five_files_are_not_sent_unsaid(visit, site, tmp_path):
    number = await bring(site, await knows(site, "telegram", "772"))
    many = []
    for n in range(6):
        many.append(tmp_path / f"หน้า-{n}.pdf")
        many[-1].write_bytes(PDF + bytes([n]))
    page = await log_in(visit, site, "agent")
    await page.goto(f"/admin/{site.agency}/tickets/{number}/moves/reply")
    await page.get_by_label("ข้อความถึงผู้แจ้ง").fill("ทั้งหมด")
    await page.get_by_label("แนบไฟล์").set_input_files(many)
    await page.click(".todo .go")

    await expect(page.get_by_role("alert")).to_contain_text("ไม่เกิน 5 ไฟล์")
    await expect(page.get_by_role("checkbox")).to_have_count(5)
    await page.click(".todo .go")
    await expect(page.locator(".chat .ours .file")).to_have_count(5)


async def test_what_was_added_outlives_the_end_of_a_login(visit, site, papers):
    number = await bring(site, await knows(site, "telegram", "773"))
    page = await log_in(visit, site, "agent")
    await page.goto(f"/admin/{site.agency}/tickets/{number}/moves/reply")
    await page.get_by_label("ข้อความถึงผู้แจ้ง").fill("ตามนี้")
    await page.get_by_label("แนบไฟล์").set_input_files(papers)
    await page.click(".todo .go")
    await expect(page.get_by_role("checkbox")).to_have_count(2)
    async with site.program.database.session() as session:
        await session.execute(delete(StaffSession))
    await page.click(".todo .go")
    await type_in(page, "agent")

    await expect(page.get_by_label("ข้อความถึงผู้แจ้ง")).to_have_value("ตามนี้")
    for name in ("แผนที่.jpg", "แบบคำร้อง.pdf"):
        await expect(page.get_by_label(name)).to_be_checked()
    await page.click(".todo .go")
    await expect(page.locator(".chat .ours .file")).to_have_count(2)


async def test_where_line_could_open_no_link_the_form_says_so_and_takes_none(visit, site):
    contact = await knows(site, "line", "U" + "4" * 32)
    number, asked = await bring(site, contact), await bring(site, contact, Kind.QUESTION)
    page = await log_in(visit, site, "agent")
    await page.goto(f"/admin/{site.agency}/questions/{asked}")
    await page.get_by_role("button", name="รับคำถามนี้").click()
    for path, area in (
        (f"tickets/{number}/moves/reply", "reason"),
        (f"questions/{asked}", "words"),
    ):
        await page.goto(f"/admin/{site.agency}/{path}")
        await expect(page.locator("input[type=file]")).to_have_count(0)
        await expect(page.get_by_text("ให้ผู้ดูแลระบบตั้ง THAMDAI_PUBLIC_URL")).to_be_visible()
        await page.fill(f"[name={area}]", "ตามนี้")
        await page.evaluate(
            """(name) => {
                const form = document.querySelector(`[name=${name}]`).form;
                const input = document.createElement("input");
                Object.assign(input, {type: "file", name: "files"});
                const files = new DataTransfer();
                files.items.add(new File(["%PDF-1.4"], "a.pdf"));
                input.files = files.files;
                form.append(input);
            }""",
            area,
        )
        await page.locator("button.go").last.click()
        await expect(page.get_by_role("alert")).to_contain_text("ส่งไฟล์ทาง LINE ยังไม่ได้")
    assert await news_of(site, contact) == []


async def test_a_question_is_answered_with_a_file_that_was_looked_at_first(visit, site, papers):
    contact = await knows(site, "telegram", "774")
    number = await bring(site, contact, Kind.QUESTION)
    page = await log_in(visit, site, "reporter")
    await page.goto(f"/admin/{site.agency}/questions/{number}")
    await page.get_by_role("button", name="รับคำถามนี้").click()
    await page.get_by_label("คำตอบถึงผู้ถาม").fill("ตามแบบที่แนบ")
    await page.get_by_label("แนบไฟล์").set_input_files(papers[1])
    await page.get_by_role("button", name="ดูตัวอย่างก่อนส่ง").click()
    await expect(page.locator(".preview")).to_contain_text("แบบคำร้อง.pdf")
    await seen(page)
    await page.locator("#answer button.go").click()

    await expect(page.get_by_role("status")).to_be_visible()
    reply = (await news_of(site, contact))[-1]
    assert "ตามแบบที่แนบ" in reply["text"]
    assert [one["name"] for one in reply["files"]] == ["แบบคำร้อง.pdf"]
    await page.goto(f"/admin/{site.agency}/tickets/{number}")
    await expect(page.locator(".chat .ours .file")).to_contain_text("แบบคำร้อง.pdf")
    await seen(page)


async def test_only_who_may_see_the_matter_may_see_its_files(visit, site, papers):
    number = await bring(site, await knows(site, "telegram", "775"))
    reporter = await log_in(visit, site, "reporter", "desktop")
    await reporter.goto(f"/admin/{site.agency}/tickets/{number}/moves/reply")
    await reporter.get_by_label("ข้อความถึงผู้แจ้ง").fill("ตามนี้")
    await reporter.get_by_label("แนบไฟล์").set_input_files(papers[0])
    await reporter.click(".todo .go")
    where = await reporter.locator(".chat .ours a.file").get_attribute("href")
    assert (await reporter.request.get(where)).status == 200
    await seen(reporter)
    stranger = await log_in(visit, site, "stranger")

    assert (await stranger.request.get(where)).status == 404
    mine = await bring(site, await knows(site, "telegram", "776"))
    assert (await reporter.request.get(where.replace(number, mine))).status == 404
