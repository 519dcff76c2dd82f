"""The form by which another body asks the agency to publish something (A2)."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from aiohttp import BodyPartReader, web
from sqlalchemy.ext.asyncio import AsyncSession

from admin import attachments, fetches, tickets
from admin.media import Reason, Unfit
from admin.numbers import typed_number
from admin.opening import Details, Matter, open_ticket
from admin.pictures import Fit, fit
from admin.tickets import Privacy, Source, Ticket
from bot.bodies import UNREADABLE
from bot.callers import caller_of
from bot.db import Database
from bot.files import FileStore
from bot.settings import Settings
from bot.tables import account_of
from handlers.sending import day
from handlers.site.limits import Allowance
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
BURST, PER_SECOND = 6.0, 1 / 300
"""Requests that one address may make at once, and from then on."""
PATIENCE = 300.0
_FAULTS = {
    Reason.TOO_BIG: "page.file_big",
    Reason.KIND: "page.file_kind",
    Reason.EMPTY: "page.file_empty",
    Reason.DAMAGED: "page.file_empty",
}


@dataclass(slots=True)
class Filled:
    """A form as it came."""

    words: dict[str, str] = field(default_factory=lambda: dict.fromkeys((*LONGEST, "agree"), ""))
    files: list[tuple[str, Fit]] = field(default_factory=list)


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
    ) -> None:
        self._database = database
        self._served = served
        self._store = store
        self._most = settings.max_file
        self._most_mb = settings.max_file_mb
        self._sessions = sessions
        self._clock = clock
        self._allowance = Allowance(BURST, PER_SECOND)

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
        agency, filled = served.agency, Filled()
        say = agency.wording.say
        language = language_of(request, agency)
        try:
            async with asyncio.timeout(PATIENCE):
                await self._read(request, filled)
        except Unfit as error:
            most = {"most": self._most_mb} if error.reason is Reason.TOO_BIG else {}
            fault = say(_FAULTS.get(error.reason, "page.file_empty"), language, **most)
            return self._page(request, agency, filled=filled, fault=fault, status=422)
        except (*UNREADABLE, TimeoutError):
            fault = say("publication.failed", language)
            return self._page(request, agency, filled=filled, fault=fault, status=400)
        missing = [name for name in NEEDED if not filled.words[name]]
        if missing or not filled.words["agree"] or not _is_reachable(filled):
            fault = say("publication.missing", language)
            return self._page(request, agency, filled=filled, fault=fault, status=422)
        if not self._allowance.take(caller_of(request)):
            fault = say("page.too_fast", language)
            return self._page(request, agency, filled=filled, fault=fault, status=429)
        ticket = await self._opened(agency, filled, language)
        query = query_of(agency, language, embedded=False)
        where = f"/{agency.slug}/publication{query}{'&' if query else '?'}number={ticket.number}"
        raise web.HTTPSeeOther(where)

    async def _read(self, request: web.Request, filled: Filled) -> None:
        """Every part of the form; raises Unfit and ValueError."""
        if request.content_type != "multipart/form-data":
            raise ValueError
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise ValueError  # noqa: TRY004 - what came is no form of ours
            if part.name == "file" and part.filename and len(filled.files) < FILES:
                content = await _limited(part, self._most)
                found = await asyncio.to_thread(fit, content, part.filename)
                filled.files.append((part.filename, found))
            elif part.name in filled.words:
                most = LONGEST.get(part.name, 10)
                text = (await _limited(part, 4 * most + 64)).decode("utf-8", "replace")
                filled.words[part.name] = text.replace("\0", "").strip()[:most]

    async def _opened(self, agency: Agency, filled: Filled, language: str) -> Ticket:
        words, now = filled.words, self._clock()
        notice = agency.wording.say(
            "publication.agree", language, agency=agency.profile.name.of(language)
        )
        for _, found in filled.files:
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
                for name, found in filled.files
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


def _is_reachable(filled: Filled) -> bool:
    """Somebody has to be told what became of it."""
    return bool(filled.words["phone"] or "@" in filled.words["email"])


async def _limited(part: BodyPartReader, most: int) -> bytes:
    """A part's content; raises Unfit where it is more than that."""
    pieces, size = [], 0
    while piece := await part.read_chunk(64 * 1024):
        size += len(piece)
        if size > most:
            raise Unfit(Reason.TOO_BIG)
        pieces.append(piece)
    return b"".join(pieces)
