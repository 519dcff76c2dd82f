"""Files in the web chat, as a browser sends them: kept at once, shown to their owner only."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import aiohttp
import msgspec
import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace
from PIL import Image
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from admin import attachments
from admin.attachments import Attachment
from admin.downloads import disposition
from bot.app import Program
from bot.messages import InboundMessage, Kind
from bot.settings import Settings
from bot.tables import EventRow
from tests.attachments import contents
from tests.attachments.conftest import until
from tests.attachments.contents import jpeg

SCRIPT = {"Accept": "application/json"}
FILES = "/tapon/chat/files"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Where the database makes no difference."""


class Visitor:
    """One browser."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self.client = client
        self.url = url

    async def send(self, *files: tuple[str, bytes], **how: Any) -> aiohttp.ClientResponse:
        """Send files as the page's form does; with `script` as its script does."""
        form = aiohttp.FormData(quote_fields=False)
        if given := how.pop("id", None):
            form.add_field("id", given)
        for name, content in files:
            form.add_field("file", BytesIO(content), filename=name, content_type="image/jpeg")
        headers = {**(SCRIPT if how.pop("script", True) else {}), **how.pop("headers", {})}
        return await self.client.post(
            self.url + FILES, data=form, headers=headers, allow_redirects=False
        )

    async def get(self, path: str) -> aiohttp.ClientResponse:
        """Look at something."""
        return await self.client.get(self.url + path)


@pytest.fixture
async def stack(database_url: str) -> AsyncIterator[AsyncExitStack]:
    """What is to be closed before the database is."""
    async with AsyncExitStack() as found:
        yield found


@pytest.fixture
async def program(
    stack: AsyncExitStack, database_url: str, agencies: Path, tmp_path: Path
) -> Program:
    """The program as it is served, files of one megabyte at most."""
    found = Program(
        Settings(
            data_dir=tmp_path / "var",
            agencies_dir=agencies,
            database_url=database_url,
            public_url="",
            semantic=False,
            max_file_mb=1,
        )
    )
    app = await found.start()
    stack.push_async_callback(found.stop)
    found.run()
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.1)
    stack.push_async_callback(server.close)
    found.url = str(server.make_url("")).rstrip("/")  # type: ignore[attr-defined]
    return found


@pytest.fixture
async def visitor(program: Program, stack: AsyncExitStack) -> Visitor:
    """A first browser."""
    return await another(program, stack)


async def another(program: Program, stack: AsyncExitStack) -> Visitor:
    """A browser with cookies of its own."""
    jar = aiohttp.CookieJar(unsafe=True)
    client = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
    return Visitor(client, program.url)  # type: ignore[attr-defined]


async def rows(program: Program) -> list[Any]:
    """Every attachment."""
    async with program.database.read() as connection:
        return list((await connection.execute(select(Attachment.__table__))).all())


async def said(program: Program) -> list[Any]:
    """Every event, as it is kept."""
    async with program.database.read() as connection:
        return list(await connection.scalars(select(EventRow.payload).order_by(EventRow.id)))


async def test_a_photo_is_kept_answered_and_shown_to_its_owner(
    program: Program, visitor: Visitor, stack: AsyncExitStack
) -> None:
    response = await visitor.send(("บ้าน 1.jpg", jpeg()))

    assert response.status == 200
    told = await response.json()
    assert told["replies"]
    [file] = told["files"]
    assert (file["name"], file["picture"]) == ("บ้าน 1.jpg", True)
    shown = await visitor.get(file["url"])
    content = await shown.read()
    assert Image.open(BytesIO(content)).size == (640, 480)
    assert b"Exif" not in content
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    how = shown.headers["Content-Disposition"]
    assert how.startswith("inline; filename=")
    assert unquote(how).endswith("''บ้าน 1.jpg")
    saved = await visitor.get(file["url"] + "?download")
    assert saved.headers["Content-Disposition"].startswith("attachment;")

    stranger = await another(program, stack)
    await stranger.send(("b.jpg", jpeg()))
    assert (await stranger.get(file["url"])).status == 404
    assert (await (await another(program, stack)).get(file["url"])).status == 404
    assert (await visitor.get("/singburi/chat/files/1")).status == 404


async def test_the_message_is_one_that_flows_can_take_note_of(
    program: Program, visitor: Visitor
) -> None:
    await visitor.send(("a.pdf", contents.PDF), id="page-1")

    [row] = await rows(program)
    [event] = await said(program)
    assert event["kind"] == "file"
    assert event["attachment"] == {"id": str(row.id), "name": "a.pdf", "size": len(contents.PDF)}
    assert event["message_id"] == row.message_id == event["event_id"]
    assert row.account == "tapon/web"
    assert row.due_at is None

    message = msgspec.convert(event, InboundMessage)
    stranger = replace(message, contact=replace(message.contact, address="somebody-else"))
    async with program.database.session() as session:
        found = await attachments.expect(session, message, row.account, row.received_at)
        assert found.id == row.id
    with pytest.raises(IntegrityError):  # it is not the stranger's, and they are unknown
        async with program.database.session() as session:
            await attachments.expect(session, stranger, row.account, row.received_at)


async def test_the_same_file_sent_again_is_one_message(program: Program, visitor: Visitor) -> None:
    first = await (await visitor.send(("a.jpg", jpeg()), id="page-1")).json()
    second = await (await visitor.send(("a.jpg", jpeg()), id="page-1")).json()

    assert first["files"] == second["files"]
    assert len(await rows(program)) == 1
    assert len(await said(program)) == 1


async def test_a_message_taken_back_takes_its_file_with_it(
    program: Program, visitor: Visitor
) -> None:
    [file] = (await (await visitor.send(("a.jpg", jpeg()))).json())["files"]
    [event] = await said(program)
    [row] = await rows(program)
    message = msgspec.convert(event, InboundMessage)
    unsent = InboundMessage(
        contact=message.contact,
        event_id="unsent",
        kind=Kind.UNSEND,
        order=message.order + 1,
        message_id=message.message_id,
    )

    await program.inbox.accept([unsent])

    async def is_gone() -> bool:
        return not await program.files.has(row.sha256)

    await until(is_gone)
    assert [one.status for one in await rows(program)] == ["forgotten"]
    assert (await visitor.get(file["url"])).status == 404


@ON_SQLITE
async def test_without_a_script_several_files_go_at_once_and_the_page_shows_them(
    program: Program, visitor: Visitor
) -> None:
    response = await visitor.send(("a.jpg", jpeg()), ("b.pdf", contents.PDF), script=False)

    assert response.status == 303
    assert response.headers["Location"] == "/tapon/chat#end"
    page = await (await visitor.get("/tapon/chat")).text()
    first, second = sorted(row.id for row in await rows(program))
    assert f'<img src="{FILES}/{first}" alt="a.jpg"' in page
    assert f'<a class="words" href="{FILES}/{second}">b.pdf</a>' in page


REFUSED = [
    (("a.jpg", contents.HTML), 415, "รับไฟล์แบบนี้ไม่ได้"),
    (("a.svg", contents.SVG), 415, "รับไฟล์แบบนี้ไม่ได้"),
    (("a.exe", contents.EXE), 415, "รับไฟล์แบบนี้ไม่ได้"),
    (("a.png", contents.bomb()), 413, "ไม่เกิน 1 เมกะไบต์"),
    (("a.pdf", contents.PDF + bytes(1024 * 1024)), 413, "ไม่เกิน 1 เมกะไบต์"),
    (("a.pdf", contents.PDF + bytes(11 * 1024 * 1024)), 413, "ไม่เกิน 1 เมกะไบต์"),
    (("a.jpg", b""), 422, "ไฟล์ว่างหรือเสียหาย"),
    (("a.jpg", jpeg()[:2000]), 422, "ไฟล์ว่างหรือเสียหาย"),
]


@ON_SQLITE
async def test_a_file_that_is_not_taken_is_explained(program: Program, visitor: Visitor) -> None:
    for file, status, words in REFUSED:
        by_script = await visitor.send(file)
        assert by_script.status == status, words
        assert words in (await by_script.json())["error"]

        by_form = await visitor.send(file, script=False)
        assert by_form.status == status, words
        assert words in await by_form.text()

    assert await rows(program) == []
    assert await said(program) == []


@ON_SQLITE
async def test_a_form_that_is_none_is_explained_too(visitor: Visitor) -> None:
    for body, kind in [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
        (b"a=b", "application/x-www-form-urlencoded"),
        (b"--x\r\n\r\n--x--", "multipart/form-data"),
    ]:
        headers = {**SCRIPT, "Content-Type": kind}
        response = await visitor.client.post(visitor.url + FILES, data=body, headers=headers)
        assert response.status == 422, kind
    assert (await visitor.send()).status == 422


@ON_SQLITE
async def test_files_come_from_our_own_page_only(program: Program, visitor: Visitor) -> None:
    response = await visitor.send(("a.jpg", jpeg()), headers={"Origin": "https://evil.example"})

    assert response.status == 403
    assert await rows(program) == []
    assert (await visitor.client.post(visitor.url + "/nobody/chat/files")).status == 404


@ON_SQLITE
async def test_nobody_fills_the_disk(visitor: Visitor) -> None:
    found = [(await visitor.send(("a.txt", b"x"))).status for _ in range(45)]

    assert found[:30] == [200] * 30
    assert found[-1] == 429


@ON_SQLITE
async def test_a_browsers_place_is_a_message(program: Program, visitor: Visitor) -> None:
    place = {"latitude": 12.4567, "longitude": 102.1234}
    url = visitor.url + "/tapon/chat/messages"

    response = await visitor.client.post(url, json={"place": place})

    assert response.status == 200
    [event] = await said(program)
    assert (event["kind"], event["place"]) == ("location", place)
    assert "ตำแหน่ง 12.45670, 102.12340" in await (await visitor.get("/tapon/chat")).text()
    for odd in (
        {"place": {"latitude": 91, "longitude": 0}},
        {"place": {"latitude": 1}},
        {"place": place, "text": "x"},
        {"place": "here"},
    ):
        assert (await visitor.client.post(url, json=odd)).status == 400


@pytest.mark.parametrize(
    ("name", "plain"),
    [("a.pdf", 'filename="a.pdf"'), ("คำร้อง.pdf", 'filename="______.pdf"')],
)
def test_a_download_has_a_name_in_every_browser(name: str, plain: str) -> None:
    found = disposition(name, is_shown=False)

    assert plain in found
    assert found.isascii()
    assert unquote(found.rpartition("''")[2]) == name
