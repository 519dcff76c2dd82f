"""Files in the web chat: a citizen's photo on its way in, and their own file back again."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from aiohttp import BodyPartReader, web
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from admin import fetches
from admin.attachments import Attachment
from admin.downloads import file_response
from admin.media import Reason, Unfit
from admin.pictures import Fit
from admin.unpacking import fitted
from bot import messages
from bot.bodies import UNREADABLE
from bot.callers import caller_of
from bot.channels.channel import NotAccepted
from bot.db import Database
from bot.files import FileStore
from bot.mailbox import Letter
from bot.messages import InboundMessage, Kind
from bot.settings import Settings
from bot.tables import ContactRow, account_of
from handlers.site.chat import Chat, TooFast, as_response, event_id, refusal
from handlers.site.limits import PIECE, Allowance, pour
from handlers.site.lines import file_path
from handlers.site.pages import error_page, language_of, query_of
from handlers.site.sessions import Session
from knowledge.registry import Served

ROOM = 64 * 1024
"""Bytes of a form beside its files."""
FILES = 10
"""Files of one form; a browser with scripts sends each by itself."""
AT_ONCE = 32
PATIENCE = 300.0
"""Seconds for one form on a slow line."""
BURST = 40.0
PER_SECOND = 0.2
"""How many files somebody may send at once, and from then on: disks are small."""
MANY = 10
"""As many people may sit behind one address, as in an office."""

log = structlog.get_logger()

_TEXTS = {
    Reason.TOO_BIG: (413, "page.file_big"),
    Reason.KIND: (415, "page.file_kind"),
    Reason.EMPTY: (422, "page.file_empty"),
    Reason.DAMAGED: (422, "page.file_empty"),
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it stands in the conversation now."""

    row: Attachment
    replies: Sequence[Letter]


class Uploads:
    """Serves /{slug}/chat/files."""

    def __init__(
        self,
        chat: Chat,
        database: Database,
        store: FileStore,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self._chat = chat
        self._database = database
        self._store = store
        self._most = settings.max_file
        self._clock = clock
        self._of_session = Allowance(BURST, PER_SECOND)
        self._of_visitor = Allowance(MANY * BURST, MANY * PER_SECOND)
        self._under_way = 0

    def add_to(self, app: web.Application) -> None:
        """Serve files in and out."""
        app.router.add_post("/{slug}/chat/files", self._post)
        app.router.add_get(r"/{slug}/chat/files/{id:\d{1,18}}", self._get)

    async def _get(self, request: web.Request) -> web.StreamResponse:
        """A citizen's own file; to everybody else it is not there."""
        session = self._chat.sessions.of(request)
        if session.is_new:
            return error_page(404)
        async with self._database.read() as connection, AsyncSession(connection) as reading:
            row = await reading.get(Attachment, int(request.match_info["id"]))
        if row is None or row.contact_id != session.contact.id:
            return error_page(404)
        try:
            return await file_response(row, self._store, download="download" in request.query)
        except web.HTTPNotFound:
            return error_page(404)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        served = self._chat.served(request.match_info["slug"])
        if served is None:
            return error_page(404)
        if not self._chat.sessions.is_ours(request):
            return error_page(403)
        session = self._chat.sessions.of(request)
        language = language_of(request, served.agency)
        try:
            sent = await self._taken(request, session, language)
        except (NotAccepted, Unfit) as error:
            response = await self._refused(request, served, session, error)
        else:
            response = _answer(request, served, sent)
        self._chat.sessions.remember(response, session)
        return response

    async def _refused(
        self, request: web.Request, served: Served, session: Session, error: NotAccepted | Unfit
    ) -> web.Response:
        """Why a file was not taken, in words that say what to do."""
        status, key = _TEXTS[error.reason] if isinstance(error, Unfit) else refusal(error)
        language = language_of(request, served.agency)
        most = {"most": self._most // 1024 // 1024} if error.args == (Reason.TOO_BIG,) else {}
        text = served.agency.wording.say(key, language, **most)
        if not _is_scripted(request):
            return await self._chat.shown(request, served, session, fault=text, status=status)
        again = {} if isinstance(error, Unfit) else {"Retry-After": "5"}
        return web.json_response({"error": text}, status=status, headers=again)

    async def _taken(self, request: web.Request, session: Session, language: str) -> Sequence[Sent]:
        """Every file of a form, each a message of its own; raises Unfit and NotAccepted."""
        if request.content_type != "multipart/form-data":
            raise Unfit(Reason.EMPTY)
        if (request.content_length or 0) > FILES * self._most + ROOM:
            raise Unfit(Reason.TOO_BIG)
        is_slow = self._of_session.take(session.contact.address)
        if not (self._of_visitor.take(caller_of(request)) and is_slow):
            raise TooFast
        if self._under_way >= AT_ONCE:
            raise NotAccepted("full")
        self._under_way += 1
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._parts(request, session, language)
        except TimeoutError:
            raise NotAccepted("slow") from None
        except UNREADABLE:
            raise Unfit(Reason.EMPTY) from None
        except (DBAPIError, OSError) as error:
            log.error("upload_failed", fault=type(error).__name__)
            raise NotAccepted("not kept") from None
        finally:
            self._under_way -= 1

    async def _parts(self, request: web.Request, session: Session, language: str) -> Sequence[Sent]:
        sent: list[Sent] = []
        given: str | None = None
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise Unfit(Reason.KIND)
            if part.name == "id":
                given = (await part.read_chunk(PIECE)).decode("ascii", "replace")[:64] or None
            elif part.name == "file" and part.filename and len(sent) < FILES:
                event = event_id(session, given)
                row = await self._kept(part, session, event)
                message = _message(row, session, event, language)
                sent.append(Sent(row, await self._chat.answered(message)))
                given = None
        if not sent:
            raise Unfit(Reason.EMPTY)
        return sent

    async def _kept(self, part: BodyPartReader, session: Session, event: str) -> Attachment:
        """One file of a form, checked and kept; the same one sent again is the one before."""
        found = await self._read(part)
        await self._store.put(found.content)
        contact, now = session.contact, self._clock()
        async with self._database.session() as writing:
            await _know(writing, session, now, is_sqlite=self._database.is_sqlite)
            earlier = select(Attachment).where(
                Attachment.contact_id == contact.id, Attachment.message_id == event
            )
            if row := await writing.scalar(earlier):
                return row
            return await fetches.add(
                writing,
                self._store,
                found,
                account=account_of(contact.agency, contact.channel),
                kind=_kind(found.media_type),
                name=part.filename,
                now=now,
                contact_id=contact.id,
                message_id=event,
            )

    async def _read(self, part: BodyPartReader) -> Fit:
        """What a part holds, as it may be kept; reading ends where the limit is."""
        with self._store.scratch() as file:
            await pour(part, file, self._most)
            return await fitted(file, part.filename or "")


async def _know(writing: AsyncSession, session: Session, now: datetime, *, is_sqlite: bool) -> None:
    """The contact of a first message is written with the file, which comes before the message."""
    contact = session.contact
    insert = (sqlite if is_sqlite else postgresql).insert(ContactRow)
    row = insert.values(
        id=contact.id,
        agency=contact.agency,
        channel=contact.channel,
        address=contact.address,
        state={},
        blocked=False,
        created_at=now,
        seen_at=now,
    )
    await writing.execute(row.on_conflict_do_nothing())


def _message(row: Attachment, session: Session, event: str, language: str) -> InboundMessage:
    """What the citizen did, as every channel tells it."""
    return InboundMessage(
        contact=session.contact,
        event_id=event,
        kind=Kind(row.kind),
        order=time.time_ns(),
        message_id=event,
        attachment=messages.Attachment(str(row.id), row.name, row.size),
        language=language,
    )


def _kind(media_type: str) -> Kind:
    kinds = {"image": Kind.IMAGE, "audio": Kind.AUDIO, "video": Kind.VIDEO}
    return kinds.get(media_type.partition("/")[0], Kind.FILE)


def _answer(request: web.Request, served: Served, sent: Sequence[Sent]) -> web.Response:
    """What was replied, for the page's script, or the way back to the page."""
    agency = served.agency
    if _is_scripted(request):
        files = [
            {
                "url": file_path(agency, one.row.id),
                "name": one.row.download_name,
                "picture": one.row.is_picture,
            }
            for one in sent
        ]
        return as_response([letter for one in sent for letter in one.replies], files=files)
    language = language_of(request, agency)
    query = query_of(agency, language, embedded="embed" in request.query)
    return web.Response(status=303, headers={"Location": f"/{agency.slug}/chat{query}#end"})


def _is_scripted(request: web.Request) -> bool:
    return "application/json" in request.headers.get("Accept", "")
