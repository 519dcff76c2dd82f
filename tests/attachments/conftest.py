"""A database, a store of files, and platforms on loopback that hold what citizens sent."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select

from admin import attachments, fetches
from admin.attachments import Attachment
from admin.fetching import Fetching
from bot import messages
from bot.channels.channel import Channel
from bot.db import Database
from bot.files import FileStore
from bot.messages import Contact, InboundMessage, Kind
from bot.settings import Settings
from bot.tables import ContactRow
from tests.conftest import Opened
from tests.fakes import MovingClock
from tests.platforms import (
    LINE_TOKEN,
    TELEGRAM_TOKEN,
    FakeLine,
    FakeTelegram,
    line_channel,
    telegram_channel,
)

MOST = 1024 * 1024
WHO = Contact("aa", "line", "U1")


@dataclass
class Download:
    """How a platform gives a file: at once, late, broken off, or never ending."""

    content: bytes = b""
    before: list[int] = field(default_factory=list)
    """Answers other than 200 that come first."""
    cut: bool = False
    """Break off in the middle, though the whole length was announced."""
    endless: bool = False
    """Go on sending without saying how much; counted in `sent`."""
    gate: asyncio.Event | None = None
    """Wait for this in the middle of the file."""
    sent: int = 0
    asked: int = 0


async def give(request: web.Request, found: Download | None) -> web.StreamResponse:
    """Answer a request for a file."""
    if found is None:
        return web.json_response({"message": "Not found"}, status=404)
    found.asked += 1
    if found.before:
        return web.json_response({}, status=found.before.pop(0))
    response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
    if not found.endless:
        response.content_length = len(found.content)
    await response.prepare(request)
    half = len(found.content) // 2
    await response.write(found.content[:half])
    if found.gate:
        await found.gate.wait()
    if found.cut:
        assert request.transport
        request.transport.close()
        return response
    await response.write(found.content[half:])
    while found.endless:
        await response.write(bytes(65536))
        found.sent += 65536
    return response


class LineWithFiles(FakeLine):
    """LINE's content host."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, Download] = {}

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if not request.path.endswith("/content"):
            return await super()._handle(request)
        if request.headers.get("Authorization") != f"Bearer {LINE_TOKEN}":
            return web.json_response({}, status=401)
        return await give(request, self.files.get(request.path.split("/")[-2]))


class TelegramWithFiles(FakeTelegram):
    """The Bot API with its files."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, Download] = {}

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith(f"/file/bot{TELEGRAM_TOKEN}/"):
            return await give(request, self.files.get(request.path.rsplit("/", 1)[-1]))
        if not request.path.endswith("/getFile"):
            return await super()._handle(request)
        number = (await request.post())["file_id"]
        if number == "large":
            said = "Bad Request: file is too big"
            return web.json_response(
                {"ok": False, "error_code": 400, "description": said}, status=400
            )
        file = {"file_id": number, "file_unique_id": number, "file_path": f"photos/{number}"}
        return web.json_response({"ok": True, "result": file})


@pytest.fixture
async def line() -> AsyncIterator[LineWithFiles]:
    """LINE."""
    platform = LineWithFiles()
    await platform.start()
    yield platform
    await platform.stop()


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramWithFiles]:
    """Telegram."""
    platform = TelegramWithFiles()
    await platform.start()
    yield platform
    await platform.stop()


@pytest.fixture
async def channels(
    line: LineWithFiles, telegram: TelegramWithFiles
) -> AsyncIterator[dict[str, Channel]]:
    """One account on each platform, open."""
    found: dict[str, Channel] = {
        "aa/line": line_channel(line.url, timeout=2.0),
        "aa/telegram": telegram_channel(telegram.url, timeout=2.0),
    }
    for channel in found.values():
        await channel.open()
    yield found
    for channel in found.values():
        await channel.close()


@dataclass
class Fetched:
    """One replica: its job, and what can be seen of its work."""

    database: Database
    store: FileStore
    clock: MovingClock
    channels: dict[str, Channel]
    folder: Path
    _jobs: list[asyncio.Task[Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fetching = Fetching(
            self.database,
            self.channels,
            self.store,
            settings=Settings(max_file_mb=1, keep_days=90),
            clock=self.clock,
        )

    def begin(self) -> None:
        """Start the job."""
        self._jobs.append(asyncio.create_task(self.fetching.run()))

    async def crash(self) -> None:
        """End it where it stands."""
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        self._jobs.clear()

    async def send(self, number: str, name: str | None = None, **more: Any) -> int:
        """A citizen's file, as a flow takes note of it; its id."""
        contact: Contact = more.pop("contact", WHO)
        message = InboundMessage(
            contact=contact,
            event_id=number,
            kind=more.pop("kind", Kind.IMAGE),
            order=1,
            message_id=more.pop("message_id", number),
            attachment=messages.Attachment(number, name),
        )
        account = f"{contact.agency}/{contact.channel}"
        now = self.clock()
        async with self.database.session() as session:
            if await session.get(ContactRow, contact.id) is None:
                session.add(ContactRow.new(contact, now))
                await session.flush()
            found = await attachments.expect(session, message, account, now)
        self.fetching.wake()
        return found.id

    async def row(self, number: int) -> Any:
        """A row as it is kept."""
        query = select(Attachment.__table__).where(Attachment.id == number)
        async with self.database.read() as connection:
            return (await connection.execute(query)).one()

    async def settled(self, number: int) -> Any:
        """A row once there is nothing left to do with it."""

        async def is_so() -> bool:
            return (await self.row(number)).due_at is None

        await until(is_so)
        return await self.row(number)

    async def tried(self, number: int, times: int) -> Any:
        """A row once it waits again after so many tries."""

        async def is_so() -> bool:
            row = await self.row(number)
            taken = self.clock() + fetches.LEASE  # it is due then while it is being tried
            return row.attempts == times and row.due_at not in {None, taken}

        await until(is_so)
        return await self.row(number)

    async def do(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        """Something in a transaction, after which the job looks."""
        async with self.database.session() as session:
            found = await work(session)
        self.fetching.wake()
        return found

    @property
    def contents(self) -> list[Path]:
        """Every file in the store."""
        return [path for path in self.folder.rglob("*") if path.is_file()]


async def until(claim: Callable[[], Awaitable[object]], seconds: float = 20) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while True:
            if await claim():
                return
            await asyncio.sleep(0.03)


Replica = Callable[[], Fetched]


@pytest.fixture
async def replica(
    database_url: str,
    opened: Opened,
    clock: MovingClock,
    channels: dict[str, Channel],
    tmp_path: Path,
) -> AsyncIterator[Replica]:
    """Makes replicas on one database and one folder; all are ended with the test."""
    made: list[Fetched] = []
    folder = tmp_path / "files"

    def make() -> Fetched:
        database = opened(database_url)
        made.append(Fetched(database, FileStore(folder), clock, channels, folder))
        return made[-1]

    yield make
    for one in made:
        await one.crash()


@pytest.fixture
async def fetched(replica: Replica) -> Fetched:
    """One replica, its job running."""
    one = replica()
    one.begin()
    return one
