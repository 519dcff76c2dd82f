"""Another body asks the agency to publish something, in a form that needs no scripts (A2)."""

import re
from hashlib import sha256
from html import escape

import aiohttp
import pytest
from playwright.async_api import expect
from sqlalchemy import select

from admin.attachments import Attachment
from admin.persons import Person
from admin.tickets import Privacy, Source, Ticket
from knowledge.chains import Kind
from tests.attachments.contents import jpeg
from tests.web.test_chat_looks import assert_accessible

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = "/{}/publication"
GIVEN = {
    "body": "การไฟฟ้าตัวอย่าง",
    "what": "แจ้งดับไฟวันเสาร์ <script>alert(1)</script>",
    "name": "คุณตัวอย่าง",
    "phone": "0 2000 0000",
    "agree": "yes",
}


async def kept(site, table) -> list:
    """Every row of this table."""
    async with site.program.database.session() as session:
        return list(await session.scalars(select(table).order_by(*table.__mapper__.primary_key)))


async def post(site, files: int = 0, headers: dict | None = None, query: str = "", **words: str):
    """Send the form as a browser does; status and body."""
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in {**GIVEN, **words}.items():
        form.add_field(name, value)
    for number in range(files):
        form.add_field("file", jpeg(), filename=f"{number}.jpg", content_type="image/jpeg")
    async with (
        aiohttp.ClientSession() as http,
        http.post(site.url + PAGE.format(site.agency) + query, data=form, headers=headers) as found,
    ):
        return found.status, await found.text()


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_request_is_filled_in_sent_and_followed(visit, site, scripts):
    page = await visit(PAGE.format(site.agency), java_script_enabled=scripts)
    for name in ("body", "what", "name", "phone"):
        await page.fill(f"#{name}", GIVEN[name])
    await page.set_input_files(
        "#file", {"name": "ประกาศ.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
    )
    await page.check("#agree")
    await page.get_by_role("button", name="ส่งคำขอ").click()

    ticket = (await kept(site, Ticket))[-1]
    await expect(page.get_by_role("status")).to_contain_text(ticket.number)
    await expect(page).to_have_url(re.compile(f"number={ticket.number}"))
    assert (ticket.kind, ticket.source) == (Kind.PUBLICATION, Source.FORM)
    assert ticket.what == f"{GIVEN['body']}\n{GIVEN['what']}"
    assert ticket.privacy is Privacy.NAMED
    person = (await kept(site, Person))[-1]
    assert (person.name, person.phone, person.email) == (GIVEN["name"], GIVEN["phone"], None)
    assert person.consent_version
    file = (await kept(site, Attachment))[-1]
    assert ticket.attachments == [file.id]
    assert (file.held, file.status) == (True, "kept")


@pytest.mark.parametrize(
    "change", [{"body": ""}, {"what": " "}, {"name": ""}, {"agree": ""}, {"phone": ""}]
)
async def test_what_is_missing_is_said_and_nothing_typed_is_lost(site, change):
    before = len(await kept(site, Ticket))
    status, text = await post(site, **change)

    assert status == 422
    assert "ยังส่งไม่ได้" in text
    assert "แจ้งดับไฟวันเสาร์ &lt;script&gt;" in text or "what" in change
    assert "<script>alert" not in text
    assert len(await kept(site, Ticket)) == before


async def test_the_notice_that_is_kept_is_the_one_that_was_read(site):
    agency = site.program.registry.get(site.agency).agency
    name = agency.profile.name.en
    shown = agency.wording.say("publication.agree", "en", agency=name)

    status, _ = await post(site, query="?lang=en")

    assert status == 200
    async with aiohttp.ClientSession() as http:
        found = await http.get(site.url + PAGE.format(site.agency) + "?lang=en")
        assert escape(shown) in await found.text()
    person = (await kept(site, Person))[-1]
    assert person.consent_version == sha256(shown.encode()).hexdigest()[:16]


async def test_a_form_of_another_site_is_refused(site):
    status, _ = await post(site, headers={"Origin": "https://evil.example"})

    assert status == 403


async def test_a_program_for_a_picture_is_refused_with_what_to_do(site):
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in GIVEN.items():
        form.add_field(name, value)
    form.add_field("file", b"MZ\x90\0" * 64, filename="a.jpg", content_type="image/jpeg")
    async with (
        aiohttp.ClientSession() as http,
        http.post(site.url + PAGE.format(site.agency), data=form) as found,
    ):
        assert found.status == 422
        assert "รับไฟล์แบบนี้ไม่ได้" in await found.text()


async def test_a_flood_of_requests_is_slowed_down(site):
    statuses = {(await post(site, what=f"ประกาศ {n}"))[0] for n in range(9)}

    assert statuses == {200, 429}


async def test_a_number_of_something_else_or_of_nobody_tells_nothing(visit, site):
    for number in ("70-99999-9", "<script>", "1"):
        page = await visit(PAGE.format(site.agency) + f"?number={number}")
        await expect(page.get_by_role("alert")).to_contain_text("ไม่พบเรื่อง")


@pytest.mark.parametrize("screen", ["phone", "desktop"])
async def test_the_form_is_accessible(visit, site, screen):
    page = await visit(PAGE.format(site.agency) + "?number=1", screen=screen)

    await assert_accessible(page)
