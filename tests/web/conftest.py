"""A real server on loopback and a real browser to look at its pages."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy import insert, select

from bot import clock, outbox
from bot.app import Program
from bot.channels.channel import NotAccepted
from bot.messages import Contact, InboundMessage, Reply
from bot.secrets import secret_key
from bot.settings import Settings
from bot.tables import ContactRow, EventRow, OutgoingRow, Progress, account_of
from handlers.site.chat import Chat
from handlers.site.pages import Pages
from tests.folders import copied
from tests.web.windows import CHROMIUM, FLAGS, MISSING, Windows

AGENCY = "tapon"
Visit = Callable[..., Awaitable[Page]]


@dataclass(frozen=True)
class Site:
    """One running program, a twin that keeps nothing, and an agency's own site."""

    program: Program
    url: str
    refusing: str
    foreign: str
    agency: str = AGENCY

    async def all_answered(self) -> None:
        """Wait until nothing that came in is left to be answered."""
        waiting = select(EventRow.id).where(EventRow.status == Progress.WAITING).limit(1)
        async with asyncio.timeout(30):
            while True:
                async with self.program.database.read() as connection:
                    if await connection.scalar(waiting) is None:
                        return
                await asyncio.sleep(0.05)

    async def write_to_everybody(self, reply: Reply) -> None:
        """What staff would write into each conversation there is."""
        async with self.program.database.write() as connection:
            for row in (await connection.execute(select(ContactRow))).all():
                contact = Contact(row.agency, row.channel, row.address)
                channel = self.program.channels[account_of(row.agency, row.channel)]
                payloads = channel.plan([reply], None, clock.now())
                rows = outbox.requests(contact, payloads, now=clock.now(), mailbox=True)
                await connection.execute(insert(OutgoingRow), rows)
                self.program.bells.ring([contact.id])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Nobody shall overlook that the page was not looked at."""
    if CHROMIUM is None:
        terminalreporter.write_line(MISSING, red=True, bold=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The program as it is served, one agency's website set to our own foreign page."""
    folder = tmp_path_factory.mktemp("site")
    async with AsyncExitStack() as stack:
        foreign, server = await _foreign(stack)
        settings = Settings(
            data_dir=folder / "var",
            database_url="",
            agencies_dir=_agencies(folder / "agencies", website=foreign),
            public_url="",
            semantic=False,
        )
        program = Program(settings)
        app = await program.start()
        stack.push_async_callback(program.stop)
        program.run()
        url = await _serve(stack, app)
        server.append(url)
        yield Site(program, url, await _refusing(stack, program), foreign)


def _agencies(folder: Path, *, website: str) -> Path:
    """Copies of real agencies."""
    copied(folder, AGENCY)
    profile = folder / AGENCY / "profile.toml"
    text = re.sub(r'(?m)^website = ".*"$', f'website = "{website}"', profile.read_text("utf-8"))
    profile.write_text(text, "utf-8")
    return folder


async def _serve(stack: AsyncExitStack, app: web.Application) -> str:
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.1)
    stack.push_async_callback(server.close)
    return str(server.make_url("")).rstrip("/")


async def _refusing(stack: AsyncExitStack, program: Program) -> str:
    """The same pages before an inbox that can keep nothing."""

    async def refuse(messages: Sequence[InboundMessage]) -> None:
        raise NotAccepted("full")

    app = web.Application()
    chat = Chat(
        program.database,
        program.registry.get,
        refuse,
        program.lanes,
        program.bells,
        key=secret_key(program.settings.data_dir),
        settings=program.settings,
        clock=clock.now,
    )
    chat.add_to(app)
    Pages(program.registry, program.settings).add_to(app)
    return await _serve(stack, app)


async def _foreign(stack: AsyncExitStack) -> tuple[str, list[str]]:
    """An agency's own site, with a strict policy and one script tag of ours."""
    ours: list[str] = []

    async def page(request: web.Request) -> web.Response:
        html = (
            '<!doctype html><html lang="th"><meta charset="utf-8"><title>อบต.</title>'
            '<meta name="viewport" content="width=device-width">'
            "<main><h1>เว็บไซต์ของหน่วยงาน</h1><p>ข่าวประชาสัมพันธ์</p></main>"
            f'<script src="{ours[0]}/static/thamdai/embed.js" data-agency="{AGENCY}"></script>'
        )
        policy = f"default-src 'none'; style-src 'self'; script-src {ours[0]}; frame-src {ours[0]}"
        return web.Response(
            text=html, content_type="text/html", headers={"Content-Security-Policy": policy}
        )

    app = web.Application()
    app.router.add_get("/", page)
    return await _serve(stack, app), ours


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def windows() -> AsyncIterator[Windows]:
    """Windows of Debian's Chromium."""
    if CHROMIUM is None:
        pytest.skip(MISSING)
    async with async_playwright() as playwright:

        async def launch() -> Browser:
            return await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        windows = Windows(launch)
        yield windows
        await windows.close()


@pytest_asyncio.fixture(loop_scope="module")
async def visit(site: Site, windows: Windows) -> AsyncIterator[Visit]:
    """Opens a page in a window of its own; a script's error fails the test."""

    async def visit(path: str = "/" + AGENCY + "/chat", screen: str = "phone", **how: Any) -> Page:
        return await windows.open(path, screen, **{"base": site.url, **how})

    yield visit
    assert await windows.take_back() == []
