"""One request to a staff page: who asks, for which agency, and what the page may use."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from admin import audit
from admin.enclosures import Links
from admin.officers import Officer, Post, Role
from admin.passwords import Passwords
from admin.quota import Quotas
from admin.sessions import StaffSession
from admin.sight import who_see
from admin.staff import Staff
from admin.tickets import Ticket
from admin.web.access import Stage
from admin.web.cookies import Cookies
from admin.web.forms import HERE, Form, own_path, typed
from admin.web.texts import WORDING
from bot.channels.channel import Channel
from bot.clock import local_date
from bot.db import Database
from bot.files import FileStore
from bot.settings import Settings
from knowledge.agency import Agency
from knowledge.registry import Served


@dataclass(frozen=True, slots=True)
class Equipment:
    """What the pages work with, put together once by the roof."""

    database: Database
    served: Callable[[str], Served | None]
    slugs: Callable[[], Sequence[str]]
    """The agencies that are served now."""
    settings: Settings
    key: bytes
    clock: Callable[[], datetime]
    channels: Mapping[str, Channel]
    """Every account, as `agency/channel`."""
    quotas: Quotas
    passwords: Passwords = field(default_factory=Passwords)
    changed: Callable[[], None] = lambda: None
    """Called after each transaction: there may be news to tell."""

    @property
    def cookies(self) -> Cookies:
        """What reads and writes the browser's token."""
        return Cookies(self.key, self.settings.public_url)

    @property
    def links(self) -> Links:
        """What makes the links to files for citizens."""
        return Links(self.key, self.settings.public_url)

    @property
    def files(self) -> FileStore:
        """Where the content of files is kept."""
        return FileStore(self.settings.files)


class NotThere(Exception):
    """A page asked for an agency or an account that its route does not promise."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Everything a page needs to know."""

    request: web.Request
    equipment: Equipment
    now: datetime
    language: str
    token: str
    mark: str
    """What a form must carry to be taken (`{{ form_mark(visit) }}`)."""
    form: Form
    stage: Stage = Stage.NOBODY
    staff: Staff | None = None
    login: StaffSession | None = None
    posts: Sequence[tuple[str, Post]] = ()
    """Every post held today, with its agency; an operator's has none."""
    place: tuple[Agency, Officer] | None = None

    @property
    def agency(self) -> Agency:
        """The agency of the path; raises NotThere."""
        if self.place is None:
            raise NotThere
        return self.place[0]

    @property
    def officer(self) -> Officer:
        """The visitor as this agency sees them; raises NotThere."""
        if self.place is None:
            raise NotThere
        return self.place[1]

    async def sees(self, session: AsyncSession, ticket: Ticket) -> bool:
        """Whether a ticket concerns the visitor."""
        return bool(await who_see(session, ticket, [self.officer], self.agency.chains))

    @property
    def person(self) -> Staff:
        """The visitor's account; raises NotThere where nobody is logged in."""
        if self.staff is None:
            raise NotThere
        return self.staff

    @property
    def begun(self) -> StaffSession:
        """The visitor's login, whole or half; raises NotThere where there is none."""
        if self.login is None:
            raise NotThere
        return self.login

    @property
    def actor(self) -> str:
        """The visitor as the audit log names them."""
        return f"staff:{self.staff.id}" if self.staff else "system"

    async def record(
        self,
        session: AsyncSession,
        what: str,
        subject: str,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """A row of the agency's audit log: the visitor did this, now."""
        await audit.record(
            session,
            agency=self.agency.slug,
            actor=self.actor,
            what=what,
            subject=subject,
            details=details,
            now=self.now,
        )

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held in any agency."""
        return frozenset(post.role for _, post in self.posts)

    @property
    def today(self) -> date:
        """The day in Bangkok."""
        return local_date(self.now)

    @property
    def path(self) -> str:
        """The address of this page, or of the page whose form was sent; for coming back to it."""
        if self.request.method == "POST":
            return own_path(self.form.text(HERE))
        return own_path(str(self.request.rel_url.without_query_params("done")))

    def say(self, key: str, **values: object) -> str:
        """A text of the staff pages in the visitor's language."""
        return WORDING.say(key, self.language, **values)

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session for queries; never waits for a writer."""
        return _reading(self.equipment.database)

    def write(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A transaction, committed at the end; keep it short, nothing slow inside."""
        return _writing(self.equipment)

    def at(self, *parts: object, **query: object) -> str:
        """An address below this agency's pages: `visit.at("tickets", 42)`."""
        return address(self.agency.slug, *parts, **query)

    def typed(self, path: str) -> Mapping[str, str]:
        """What stood in the form to this path when the login ended; for the fields' values."""
        return typed(self.login.kept if self.login else None, path)

    def go(self, path: str, *, done: str | None = None) -> web.HTTPSeeOther:
        """To be raised: leave for another page, which says what was done (`[done]` in texts)."""
        mark = "&" if "?" in path else "?"
        return web.HTTPSeeOther(f"{path}{mark}done={done}" if done else path)


def address(*parts: object, **query: object) -> str:
    """An address under /admin/."""
    path = "/admin/" + "/".join(quote(str(part), safe="") for part in parts)
    wanted: dict[str, Any] = {k: v for k, v in query.items() if v not in (None, "")}
    return f"{path}?{urlencode(wanted)}" if wanted else path


@asynccontextmanager
async def _reading(database: Database) -> AsyncIterator[AsyncSession]:
    async with (
        database.read() as connection,
        AsyncSession(connection, expire_on_commit=False) as session,
    ):
        yield session


@asynccontextmanager
async def _writing(equipment: Equipment) -> AsyncIterator[AsyncSession]:
    async with equipment.database.session() as session:
        yield session
    equipment.changed()
