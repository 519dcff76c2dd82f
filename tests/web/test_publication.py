"""Another body asks the agency to publish something, in a form that needs no scripts (A2)."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import expect
from sqlalchemy import select

from admin.attachments import Attachment
from admin.persons import Person
from admin.tickets import Privacy, Source, Ticket
from bot import clock
from handlers.site import publication
from handlers.site.pages import Pages
from handlers.site.publication import Publication
from handlers.site.sessions import Sessions
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


@dataclass
class Hasty:
    """The same form on a server of its own, where nobody waits long for a place."""

    url: str
    agency: str
    lines: list[asyncio.StreamWriter] = field(default_factory=list)

    async def fill_places(self) -> None:
        """Begin as many forms as are read at once, and end none of them."""
        port = int(self.url.rpartition(":")[2])
        for _ in range(publication.AT_ONCE):
            _, line = await asyncio.open_connection("127.0.0.1", port)
            line.write(
                f"POST {PAGE.format(self.agency)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000\r\n\r\n"
                '--x\r\nContent-Disposition: form-data; name="what"\r\n\r\n'.encode()
            )
            await line.drain()
            self.lines.append(line)

    async def free_places(self) -> None:
        """Go away in the middle of them all."""
        while self.lines:
            line = self.lines.pop()
            line.close()
            await line.wait_closed()


@pytest_asyncio.fixture(loop_scope="module")
async def hasty(site) -> AsyncIterator[Hasty]:
    """The form with its own limits, before the database and the files of the site."""
    program, app = site.program, web.Application()
    Publication(
        program.database,
        program.registry.get,
        program.files,
        program.settings,
        sessions=Sessions(b"key", ""),
        clock=clock.now,
        wait=0.2,
    ).add_to(app)
    Pages(program.registry, program.settings).add_to(app)
    async with AsyncExitStack() as stack:
        server = TestServer(app)
        await server.start_server(shutdown_timeout=0.1)
        stack.push_async_callback(server.close)
        found = Hasty(str(server.make_url("")).rstrip("/"), site.agency)
        stack.push_async_callback(found.free_places)
        yield found


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


async def test_a_form_that_finds_no_place_is_sent_again_by_reloading(visit, site, hasty, tmp_path):
    page = await visit(PAGE.format(site.agency), base=hasty.url)
    for name in ("body", "what", "name", "phone"):
        await page.fill(f"#{name}", GIVEN[name])
    (tmp_path / "ประกาศ.jpg").write_bytes(jpeg())
    await page.set_input_files("#file", tmp_path / "ประกาศ.jpg")
    await page.check("#agree")
    before = len(await kept(site, Ticket))
    await hasty.fill_places()

    await page.get_by_role("button", name="ส่งคำขอ").click()

    await expect(page.get_by_role("heading")).to_contain_text("โหลดหน้านี้ใหม่")
    await expect(page.locator(".english").first).to_contain_text("reload this page")
    await assert_accessible(page)
    assert len(await kept(site, Ticket)) == before

    await hasty.free_places()
    await page.reload()

    ticket = (await kept(site, Ticket))[-1]
    await expect(page.get_by_role("status")).to_contain_text(ticket.number)
    assert ticket.what == f"{GIVEN['body']}\n{GIVEN['what']}"
    assert len(ticket.attachments) == 1


async def test_a_form_without_a_place_is_not_read_and_told_when_to_come_again(hasty):
    await hasty.fill_places()
    async with aiohttp.ClientSession() as http:
        for _ in range(2):
            async with http.post(hasty.url + PAGE.format(hasty.agency)) as found:
                assert (found.status, found.headers["Retry-After"]) == (503, "10")


async def test_more_forms_at_once_than_there_are_places_all_arrive(site):
    before = len(await kept(site, Ticket))
    found = await asyncio.gather(
        *(
            post(site, files=5, what=f"ประกาศ {at}", headers={"X-Forwarded-For": f"192.0.2.{at}"})
            for at in range(2 * publication.AT_ONCE)
        )
    )

    assert {status for status, _ in found} == {200}
    tickets = (await kept(site, Ticket))[before:]
    assert len(tickets) == 2 * publication.AT_ONCE
    assert {len(ticket.attachments) for ticket in tickets} == {5}


async def test_one_address_that_tries_without_end_is_not_read_any_more(hasty):
    async with aiohttp.ClientSession() as http:
        where = hasty.url + PAGE.format(hasty.agency)
        for _ in range(int(publication.TRIES)):
            async with http.post(where, data="x") as found:
                assert found.status == 400
        async with http.post(where, data="x") as found:
            assert (found.status, found.headers["Retry-After"]) == (429, "60")
            text = await found.text()
        assert "โหลดหน้านี้ใหม่" in text
        assert "reload this page" in text
        async with http.post(where, data="x", headers={"X-Forwarded-For": "192.0.2.99"}) as found:
            assert found.status == 400


async def test_a_form_that_is_too_long_is_refused_before_its_files_came(site):
    """The rest never comes, and yet the answer does, with what was typed above the files."""
    port = int(site.url.rpartition(":")[2])
    reader, line = await asyncio.open_connection("127.0.0.1", port)
    length = publication.FILES * site.program.settings.max_file + publication.ROOM + 1
    line.write(
        f"POST {PAGE.format(site.agency)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "X-Forwarded-For: 192.0.2.100\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="what"\r\n\r\nแจ้งดับไฟ\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'.encode()
        + bytes(publication.ROOM)
    )
    async with asyncio.timeout(5):
        answer = await reader.readuntil(b"</form>")
    line.close()
    await line.wait_closed()

    assert answer.startswith(b"HTTP/1.1 422 ")
    assert "ไฟล์ใหญ่เกินไป" in answer.decode()
    assert "แจ้งดับไฟ</textarea>" in answer.decode()


async def test_a_number_of_something_else_or_of_nobody_tells_nothing(visit, site):
    for number in ("70-99999-9", "<script>", "1"):
        page = await visit(PAGE.format(site.agency) + f"?number={number}")
        await expect(page.get_by_role("alert")).to_contain_text("ไม่พบเรื่อง")


@pytest.mark.parametrize("screen", ["phone", "desktop"])
async def test_the_form_is_accessible(visit, site, screen):
    page = await visit(PAGE.format(site.agency) + "?number=1", screen=screen)

    await assert_accessible(page)
