"""The staff pages on loopback, on both databases, with people of every role and a browser."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pyotp
import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer
from sqlalchemy import select
from yarl import URL

from admin import passwords, second_factor, staff
from admin.audit import AuditRow
from admin.officers import Role
from admin.quota import Quotas
from admin.staff import Staff
from admin.web.cookies import TOKEN
from admin.web.shell import Admin
from admin.web.visit import Equipment
from bot.db import Database
from bot.settings import Settings
from knowledge.registry import Registry
from tests.databases import one_for_each
from tests.fakes import AGENCY, MovingClock
from tests.folders import copied
from tests.logins import logged_in

OTHER = "buriram"
KEY = b"k" * 32
PASSWORD = "ปลาทูทอดกับน้ำพริก 99"
DIGEST = passwords.digest(PASSWORD)
SEED = "0" * 64


ON_BOTH = frozenset({
    "test_announcement_pages", "test_appointments", "test_conversations", "test_login_tries",
    "test_one_time_links", "test_overview", "test_own_posts", "test_second_factors",
    "test_ticket_deeds",
})  # fmt: skip
"""Files that look at what is stored and counted: there the databases can differ.

A test of many cases has each of them on one: what they have in common, other tests ask of both.
"""


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Pages are the same on either database: one of them serves each test, by the test's name."""
    module = metafunc.module.__name__.rpartition(".")[2]
    has_cases = any(metafunc.definition.iter_markers("parametrize"))
    if module not in ON_BOTH or has_cases:
        one_for_each(metafunc)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Two real agencies, words alone."""
    folder = tmp_path_factory.mktemp("agencies")
    copied(folder, AGENCY, OTHER)
    registry = Registry(folder, folder.parent / "kept")
    registry.refresh()
    return registry


@dataclass
class House:
    """The pages, those who work there, and the clock on the wall."""

    url: str
    database: Database
    clock: MovingClock
    equipment: Equipment
    people: dict[str, Staff] = field(default_factory=dict)

    async def hire(
        self,
        email: str,
        *roles: Role,
        agency: str = AGENCY,
        is_enrolled: bool = False,
        unit: str | None = None,
    ) -> Staff:
        """Somebody with PASSWORD, these roles, and the authenticator app if told so."""
        async with self.database.session() as session:
            person = await staff.add_person(
                session, name=f"คุณ{email.partition('@')[0]}", email=email, now=self.clock()
            )
            person.password = DIGEST
            person.second_factor = SEED if is_enrolled else None
            for role in roles:
                place = staff.place_of(agency, role)
                await staff.give_role(session, person, agency=place, role=role, unit=unit)
        return person

    async def open_for(self, person: Staff, browser: "Browser") -> None:
        """What comes of a right password and a right code; how that is shown, other tests ask."""
        async with self.database.session() as session:
            token = await logged_in(session, person, KEY, self.clock())
        browser.http.cookie_jar.update_cookies({TOKEN: token}, URL(f"{self.url}/admin/"))

    def code(self) -> str:
        """What the app shows now."""
        return pyotp.TOTP(second_factor.secret_of(KEY, SEED)).at(self.clock())

    async def audit(self, agency: str = "") -> list[AuditRow]:
        """One chain of the audit log."""
        async with self.database.session() as session:
            rows = select(AuditRow).where(AuditRow.agency == agency).order_by(AuditRow.seq)
            return list(await session.scalars(rows))


class Browser:
    """A browser without scripts, that does as its user says."""

    def __init__(self, url: str, http: ClientSession) -> None:
        self.url, self.http = url, http
        self.text = ""
        self.status = 0
        self.path = "/"
        self.headers: Any = {}

    async def _read(self, response: ClientResponse) -> "Browser":
        self.text, self.status = await response.text(), response.status
        self.path, self.headers = response.url.path_qs, response.headers
        return self

    async def get(self, path: str, **how: Any) -> "Browser":
        """Open a page."""
        async with self.http.get(self.url + path, **how) as response:
            return await self._read(response)

    async def post(self, path: str, fields: Any = None, **how: Any) -> "Browser":
        """Send a form with the hidden fields of the page that is open, unless told otherwise."""
        hidden = {k: v for k, v in self.hidden.items() if k.startswith("_t") or k == "_page"}
        data = [*hidden.items(), *dict(fields or {}).items()]
        async with self.http.post(self.url + path, data=dict(data), **how) as response:
            return await self._read(response)

    async def send(self, path: str, **fields: str) -> "Browser":
        """Send the form that is on the page, every hidden field with it."""
        async with self.http.post(self.url + path, data={**self.hidden, **fields}) as response:
            return await self._read(response)

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page."""
        found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', self.text)
        return {unescape(name): unescape(value) for name, value in found}

    @property
    def title(self) -> str:
        """The page's heading."""
        found = re.search(r"<h1>(.*?)</h1>", self.text, re.DOTALL)
        return unescape(found[1]).strip() if found else ""

    async def log_in(self, email: str, password: str = PASSWORD) -> "Browser":
        """Give mail address and password."""
        if 'action="/admin/login"' not in self.text:
            await self.get("/admin/login")
        return await self.send("/admin/login", email=email, password=password)


@pytest.fixture
async def house(
    database: Database, registry: Registry, clock: MovingClock, tmp_path: Path
) -> AsyncIterator[House]:
    """The pages, served."""
    settings = Settings(data_dir=tmp_path, agencies_dir=tmp_path, semantic=False)
    equipment = Equipment(
        database=database,
        served=registry.get,
        slugs=lambda: list(registry.served),
        settings=settings,
        key=KEY,
        clock=clock,
        channels={},
        quotas=Quotas(database, lambda slug: registry.served[slug].agency, clock),
    )
    app = web.Application()
    Admin(equipment).add_to(app)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.1)
    yield House(str(server.make_url("")).rstrip("/"), database, clock, equipment)
    await server.close()


NewBrowser = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def new_browser(house: House) -> AsyncIterator[NewBrowser]:
    """Opens browsers; each has cookies of its own."""
    async with AsyncExitStack() as stack:

        async def open_one(**headers: str) -> Browser:
            jar = CookieJar(unsafe=True)
            http = await stack.enter_async_context(ClientSession(cookie_jar=jar, headers=headers))
            return Browser(house.url, http)

        yield open_one


@pytest.fixture
async def browser(new_browser: NewBrowser) -> Browser:
    """One browser."""
    return await new_browser()


@pytest.fixture
async def operator(house: House, new_browser: NewBrowser) -> Browser:
    """The operator's browser, logged in."""
    person = await house.hire("op@example.go.th", Role.OPERATOR, is_enrolled=True)
    browser = await new_browser()
    await house.open_for(person, browser)
    await browser.get("/admin/")
    assert browser.path == "/admin/"
    return browser
