"""The form by which another body asks the agency to publish something (A2)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from typing import IO, Any

from aiohttp import BodyPartReader, web
from sqlalchemy.ext.asyncio import AsyncSession

from admin import attachments, fetches, tickets
from admin.media import Reason, Unfit
from admin.numbers import typed_number
from admin.opening import Details, Matter, open_ticket
from admin.pictures import Fit
from admin.tickets import Privacy, Source, Ticket
from admin.unpacking import fitted
from bot.bodies import UNREADABLE
from bot.callers import caller_of
from bot.db import Database
from bot.files import FileStore
from bot.settings import Settings
from bot.tables import account_of
from handlers.sending import day
from handlers.site.limits import Allowance, Full, Places, pour
from handlers.site.pages import error_page, language_of, page, query_of
from handlers.site.sessions import Sessions
from knowledge.agency import Agency
from knowledge.chains import Kind
from knowledge.registry import Served

LONGEST: Mapping[str, int] = {
    "body": 200, "what": 4_000, "url": 2_000, "name": 200, "phone": 60, "email": 200,
}  # fmt: skip
"""Letters of each field."""
NEEDED = ("body", "what", "name")
FILES = 5
ROOM = 128 * 1024
"""Bytes of a form beside its files."""
BURST, PER_SECOND = 6.0, 1 / 300
"""Requests that one address may make at once, and from then on."""
TRIES, TRIES_PER_SECOND = 30.0, 1 / 60
"""Forms that are read of one address, also those that are no request yet."""
PATIENCE = 300.0
"""Seconds for one form on a slow line; in these one address's new tries cannot fill all places."""
AT_ONCE = 8
"""Forms that are read at once; their files lie on the disk meanwhile."""
WAIT = 10.0
"""Seconds that one more form waits for a place."""
_FAULTS = {
    Reason.TOO_BIG: "page.file_big",
    Reason.KIND: "page.file_kind",
    Reason.EMPTY: "page.file_empty",
    Reason.DAMAGED: "page.file_empty",
}
_RETRY_AFTER = {429: "60", 503: "10"}
_UNREAD = {
    429: (
        "ส่งเร็วเกินไป รอหนึ่งนาทีแล้วโหลดหน้านี้ใหม่ เบราว์เซอร์จะส่งคำขอเดิมให้อีกครั้ง",
        "That was too fast. Please wait a minute and reload this page: "
        "your browser then sends the same request again",
    ),
    503: (
        "มีผู้ส่งคำขอพร้อมกันมาก รอสักครู่แล้วโหลดหน้านี้ใหม่ เบราว์เซอร์จะส่งคำขอเดิมให้อีกครั้ง",
        "Many requests are coming in. Please wait a moment and reload this page: "
        "your browser then sends the same request again",
    ),
}


@dataclass(slots=True)
class Filled:
    """A form as it came."""

    words: dict[str, str] = field(default_factory=lambda: dict.fromkeys((*LONGEST, "agree"), ""))
    files: list[tuple[str, IO[bytes]]] = field(default_factory=list)


class Publication:
    """Serves /{slug}/publication."""

    def __init__(
        self,
        database: Database,
        served: Callable[[str], Served | None],
        store: FileStore,
        settings: Settings,
        *,
        sessions: Sessions,
        clock: Callable[[], datetime],
        wait: float = WAIT,
    ) -> None:
        self._database = database
        self._served = served
        self._store = store
        self._most = settings.max_file
        self._most_mb = settings.max_file_mb
        self._sessions = sessions
        self._clock = clock
        self._allowance = Allowance(BURST, PER_SECOND)
        self._tries = Allowance(TRIES, TRIES_PER_SECOND)
        self._places = Places(AT_ONCE, wait)
        self._keeping = asyncio.Lock()
        """One form at a time has the contents of its files in memory."""

    def add_to(self, app: web.Application) -> None:
        """Serve the form."""
        app.router.add_get("/{slug}/publication", self._form)
        app.router.add_post("/{slug}/publication", self._post)

    async def _form(self, request: web.Request) -> web.Response:
        """The empty form; `?number=` also where a request stands."""
        served = self._served(request.match_info["slug"])
        if served is None:
            return error_page(404)
        asked = request.query.get("number", "")[:40]
        found = await self._found(served.agency, asked)
        return self._page(request, served.agency, asked=asked, found=found)

    async def _found(self, agency: Agency, asked: str) -> Ticket | None:
        number = typed_number(asked)
        if number is None:
            return None
        async with self._database.read() as connection, AsyncSession(connection) as session:
            found = await tickets.ticket_of(session, agency.slug, number)
        return found if found is not None and found.kind is Kind.PUBLICATION else None

    async def _post(self, request: web.Request) -> web.Response:
        served = self._served(request.match_info["slug"])
        if served is None:
            return error_page(404)
        if not self._sessions.is_ours(request):
            return error_page(403)
        if not self._tries.take(caller_of(request)):
            return _unread(429)
        try:
            async with self._places.one():
                return await self._answered(request, served.agency)
        except Full:
            return _unread(503)

    async def _answered(self, request: web.Request, agency: Agency) -> web.Response:
        """Read a form and open its request; the form again where it cannot be."""
        filled, language = Filled(), language_of(request, agency)

        def again(status: int, key: str, **values: object) -> web.Response:
            fault = agency.wording.say(key, language, **values)
            return self._page(request, agency, filled=filled, fault=fault, status=status)

        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._read(request, filled, held)
                await held.enter_async_context(self._keeping)
                fits = [(name, await fitted(file, name)) for name, file in filled.files]
            except Unfit as error:
                most = {"most": self._most_mb} if error.reason is Reason.TOO_BIG else {}
                return again(422, _FAULTS.get(error.reason, "page.file_empty"), **most)
            except (*UNREADABLE, TimeoutError):
                return again(400, "publication.failed")
            if not _is_complete(filled.words):
                return again(422, "publication.missing")
            if not self._allowance.take(caller_of(request)):
                return again(429, "page.too_fast")
            ticket = await self._opened(agency, filled.words, fits, language)
        query = query_of(agency, language, embedded=False)
        where = f"/{agency.slug}/publication{query}{'&' if query else '?'}number={ticket.number}"
        raise web.HTTPSeeOther(where)

    async def _read(self, request: web.Request, filled: Filled, held: AsyncExitStack) -> None:
        """Every part of the form; raises Unfit and ValueError."""
        if request.content_type != "multipart/form-data":
            raise ValueError
        is_too_big = (request.content_length or 0) > FILES * self._most + ROOM
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise ValueError  # noqa: TRY004 - what came is no form of ours
            if part.name in filled.words:
                most = LONGEST.get(part.name, 10)
                content = BytesIO()
                await pour(part, content, 4 * most + 64)
                text = content.getvalue().decode("utf-8", "replace")
                filled.words[part.name] = text.replace("\0", "").strip()[:most]
            elif is_too_big:  # what was typed above the files is back in the form
                raise Unfit(Reason.TOO_BIG)
            elif part.name == "file" and part.filename and len(filled.files) < FILES:
                file = held.enter_context(self._store.scratch())
                await pour(part, file, self._most)
                filled.files.append((part.filename, file))

    async def _opened(
        self,
        agency: Agency,
        words: Mapping[str, str],
        fits: Sequence[tuple[str, Fit]],
        language: str,
    ) -> Ticket:
        now = self._clock()
        notice = agency.wording.say(
            "publication.agree", language, agency=agency.profile.name.of(language)
        )
        for _, found in fits:
            await self._store.put(found.content)
        async with self._database.session() as session:
            files = [
                await fetches.add(
                    session,
                    self._store,
                    found,
                    account=account_of(agency.slug, "form"),
                    kind="file",
                    name=name,
                    now=now,
                )
                for name, found in fits
            ]
            await attachments.hold(session, [file.id for file in files])
            matter = Matter(
                Kind.PUBLICATION,
                Source.FORM,
                f"{words['body']}\n{words['what']}",
                language=language,
                privacy=Privacy.NAMED,
                url=words["url"] or None,
                attachments=tuple(file.id for file in files),
                person=Details(
                    name=words["name"],
                    phone=words["phone"] or None,
                    email=words["email"] or None,
                ),
                consent_version=sha256(notice.encode()).hexdigest()[:16],
            )
            return await open_ticket(session, agency, matter, now=now)

    def _page(
        self,
        request: web.Request,
        agency: Agency,
        *,
        filled: Filled | None = None,
        fault: str = "",
        asked: str = "",
        found: Ticket | None = None,
        status: int = 200,
    ) -> web.Response:
        language = language_of(request, agency)
        query = query_of(agency, language, embedded=False)
        other = next((one for one in agency.profile.languages if one != language), None)
        here: dict[str, Any] = {
            "agency": agency,
            "words": (filled or Filled()).words,
            "fault": fault,
            "asked": asked,
            "found": found,
            "due": day(found.due_at, language) if found else "",
            "longest": LONGEST,
            "most": self._most_mb,
            "files": FILES,
            "query": query,
            "other": other,
            "switch": f"/{agency.slug}/publication?lang={other}",
            "chat": f"/{agency.slug}/chat{query}",
            "to": lambda: f"/{agency.slug}/questions{query}",
            "say": lambda key, **values: agency.wording.say(key, language, **values),
        }
        return page("publication.html", language, status=status, **here)


def _is_complete(words: Mapping[str, str]) -> bool:
    """Whether all that is needed is there, and somebody can be told what became of it."""
    is_reachable = bool(words["phone"] or "@" in words["email"])
    return is_reachable and all(words[name] for name in (*NEEDED, "agree"))


def _unread(status: int) -> web.Response:
    """A plain page for a form that was not read: the browser still has what was typed."""
    thai, english = _UNREAD[status]
    response = page("error.html", "th", status=status, thai=thai, english=english)
    response.headers["Retry-After"] = _RETRY_AFTER[status]
    return response
