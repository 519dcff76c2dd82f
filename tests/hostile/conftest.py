"""The whole program with one agency, somebody else's matter in it, and an ear on its logs."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog
from aiohttp import ClientSession, DummyCookieJar, TCPConnector
from aiohttp.test_utils import TestServer
from sqlalchemy import func, select

from admin.opening import Details, Matter, open_ticket
from admin.tickets import Privacy, Source
from bot import clock
from bot.app import Program
from bot.logs import FailedRequests
from bot.messages import Contact
from bot.settings import ROOT, Settings
from bot.tables import ContactRow, EventRow, Progress
from knowledge.chains import Kind
from tests.fakes import AGENCY
from tests.folders import copied
from tests.hostile.inputs import INPUTS, MARK, PRODUCT, sample
from tests.platforms import (
    LINE_SECRET,
    LINE_TOKEN,
    TELEGRAM_SECRET,
    TELEGRAM_TOKEN,
    FakeLine,
    FakeTelegram,
)

SECRET = "ความลับของนกขมิ้นเหลืองอ่อน"
"""Words and name of somebody else's matter: they come back to nobody."""
FAULTS = {
    "request_failed", "staff_page_failed", "flow_failed", "event_set_aside", "inbox_refused",
    "lanes_paused", "apology_failed", "upload_failed",
}  # fmt: skip
TEMPLATES = (ROOT / "handlers/site/templates", ROOT / "admin/web/templates")


@dataclass
class Front:
    """One running program as the world sees it."""

    program: Program
    url: str
    http: ClientSession
    line: FakeLine
    telegram: FakeTelegram
    inputs: list[str]
    logged: list[Any]
    heard: "Ear"
    stranger: Contact
    number: str = ""
    """Of somebody else's matter."""
    addresses: Iterator[int] = field(default_factory=lambda: iter(range(1, 60_000)))

    def elsewhere(self) -> dict[str, str]:
        """A header that says that another visitor asks."""
        number = next(self.addresses)
        return {"X-Forwarded-For": f"10.1.{number // 250}.{number % 250 + 1}"}

    def faults(self) -> list[Any]:
        """What the logs say went wrong."""
        return [line for line in self.logged if line["event"] in FAULTS]

    def leaks(self) -> list[str]:
        """Inputs that stand in a line of a log."""
        lines = f"{self.logged}{self.heard.lines}"
        known = [text for text in INPUTS if MARK in text or len(text) > 30]
        return [one[:80] for one in known if one in lines or repr(one)[1:-1] in lines]

    async def unfinished(self) -> list[Any]:
        """Events that were set aside, or that nobody has handled."""
        async with self.program.database.read() as connection:
            bad = (EventRow.status != Progress.DONE) | EventRow.fault.is_not(None)
            query = select(EventRow.id, EventRow.status, EventRow.fault).where(bad)
            return list(await connection.execute(query))

    async def count(self, table: Any) -> int:
        """How many rows there are."""
        async with self.program.database.read() as connection:
            return await connection.scalar(select(func.count()).select_from(table)) or 0


class Ear(logging.Handler):
    """Keeps every line that a library logs."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it as it would be written."""
        self.lines.append(self.format(record))


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["sqlite", "postgresql"])
async def front(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Front]:
    """The program on each database; on PostgreSQL a sample of the inputs."""
    folder = tmp_path_factory.mktemp("front")
    is_sqlite = request.param == "sqlite"
    async with AsyncExitStack() as stack:
        url = ""
        if not is_sqlite:
            server = request.getfixturevalue("postgresql")
            name = await server.take()
            stack.push_async_callback(server.give_back, name)
            url = server.url(name)
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        inputs = sample(130 if is_sqlite else 40)
        yield await _running(stack, environment, folder, url, inputs)


async def _running(
    stack: AsyncExitStack,
    environment: pytest.MonkeyPatch,
    folder: Path,
    database: str,
    inputs: list[str],
) -> Front:
    line, telegram = FakeLine(), FakeTelegram()
    for platform in (line, telegram):
        await platform.start()
        stack.push_async_callback(platform.stop)
    for name, value in {
        "LINE_CHANNEL_SECRET": LINE_SECRET,
        "LINE_ACCESS_TOKEN": LINE_TOKEN,
        "TELEGRAM_TOKEN": TELEGRAM_TOKEN,
        "TELEGRAM_SECRET": TELEGRAM_SECRET,
    }.items():
        environment.setenv(f"THAMDAI_{AGENCY.upper()}_{name}", value)
    heard = _listen(stack)
    logged = stack.enter_context(structlog.testing.capture_logs())
    program = Program(
        Settings(
            data_dir=folder,
            agencies_dir=_agency(folder / "agencies"),
            database_url=database,
            semantic=False,
            max_file_mb=1,
            line_api_url=line.url,
            line_data_url=line.url,
            telegram_api_url=telegram.url,
        )
    )
    app = await program.start()
    stack.push_async_callback(program.stop)
    program.run()
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.1)
    stack.push_async_callback(server.close)
    http = await stack.enter_async_context(
        ClientSession(cookie_jar=DummyCookieJar(), connector=TCPConnector(force_close=True))
    )
    url = str(server.make_url("")).rstrip("/")
    stranger = Contact(AGENCY, "web", "somebody-else")
    front = Front(program, url, http, line, telegram, inputs, logged, heard, stranger)
    front.number = await _anothers_matter(front)
    return front


def _agency(folder: Path) -> Path:
    copied(folder, AGENCY)
    return folder


def _listen(stack: AsyncExitStack) -> Ear:
    """Hear what libraries log, and have requests that fail told as they are in service."""
    ear, watch = Ear(), FailedRequests()
    root, server = logging.getLogger(), logging.getLogger("aiohttp.server")
    root.addHandler(ear)
    server.addFilter(watch)
    stack.callback(root.removeHandler, ear)
    stack.callback(server.removeFilter, watch)
    return ear


async def _anothers_matter(front: Front) -> str:
    """A report of somebody who is none of those who come here."""
    contact, now = front.stranger, clock.now()
    served = front.program.registry.get(AGENCY)
    assert served
    async with front.program.database.session() as session:
        session.add(ContactRow.new(contact, now))
        await session.flush()
        matter = Matter(
            Kind.COMPLAINT,
            Source.WEB,
            SECRET,
            privacy=Privacy.NAMED,
            person=Details(name=SECRET, phone="0 2000 0000"),
        )
        ticket = await open_ticket(session, served.agency, matter, now=now, contact=contact)
        return ticket.number


class Tags(HTMLParser):
    """The elements of a page, and what their attributes say."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.leading: list[str] = []
        self.unsourced = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the element, its attributes and where they lead."""
        self.found |= {(tag, ""), *((tag, name) for name, _ in attrs)}
        given = dict(attrs)
        is_data = given.get("type") == "application/ld+json"
        self.unsourced += tag == "script" and not is_data and "src" not in given
        self.leading += [given.get(name) or "" for name in LEADING if name in given]


LEADING = ("href", "src", "action", "formaction", "data", "srcset", "poster")
WAYS = ("/", "#", "?", "http://", "https://", "mailto:", "tel:", "data:image/", "")
"""How the values of those begin that stand on our pages; the last one: it is empty."""


LINK = {("a", ""), ("a", "href"), ("a", "target"), ("a", "rel")}
HARMLESS = {
    "autocomplete", "class", "id", "inputmode", "lang", "list", "maxlength", "min", "max", "name",
    "pattern", "placeholder", "required", "role", "rows", "step", "type", "value",
}  # fmt: skip
"""Attributes that code of ours puts on elements, and that do nothing by themselves."""


def _ours() -> set[tuple[str, str]]:
    """Every element and attribute that a template of ours has, or that code puts on a page."""
    found: set[tuple[str, str]] = set()
    for folder in TEMPLATES:
        for file in folder.glob("*.html"):
            found |= Tags(_without_jinja(file.read_text("utf-8"))).found
    return found | LINK


def _without_jinja(text: str) -> str:
    for begin, end, filling in (("{#", "#}", ""), ("{%", "%}", " "), ("{{", "}}", "x")):
        while begin in text:
            head, _, rest = text.partition(begin)
            text = head + filling + rest.partition(end)[2]
    return text


OURS = _ours()
DRAWN = {"svg", "path", "title", "g"}
"""Elements of the QR code."""


def is_harmless(attribute: str) -> bool:
    """Whether an attribute does nothing by itself."""
    return attribute in HARMLESS or attribute.startswith("aria-")


@lru_cache(maxsize=1024)
def broken_by(text: str) -> tuple[str, ...]:
    """What stands on a page that is none of ours, or leads where none of ours leads."""
    tags = Tags(text)
    odd = [
        f"{tag} {name}"
        for tag, name in tags.found - OURS
        if tag not in DRAWN and not (is_harmless(name) and (tag, "") in OURS)
    ]
    odd += ["script without source"] * tags.unsourced
    odd += [to[:60] for to in tags.leading if to and not to.startswith(WAYS[:-1])]
    odd += [word for word in (PRODUCT, SECRET) if word in text]
    return tuple(odd)
