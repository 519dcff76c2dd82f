"""The web chat: a page that works without scripts, and the JSON that its script uses."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4

import msgspec
from aiohttp import web

from bot import mailbox
from bot.bodies import UNREADABLE
from bot.channels.channel import Accept, NotAccepted
from bot.db import Database
from bot.lanes import Lanes
from bot.mailbox import Bells, Letter, is_rung
from bot.messages import InboundMessage, Kind, Place, Reply
from bot.settings import Settings
from handlers.site.limits import Allowance
from handlers.site.pages import chat_page, error_page, language_of, query_of
from handlers.site.sessions import Session, Sessions
from knowledge.registry import Served

MAX_MESSAGE = 64 * 1024
"""Bytes of one message's JSON."""
ANSWER_WITHIN = 20.0
SOON, LOOK_AGAIN = 0.2, 2.0
"""Seconds until we look by ourselves: another process may have written, or a bell been missed."""
SHOWN = 40


class Spot(msgspec.Struct, frozen=True):
    """Where the browser says that it is, WGS 84 degrees."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]


class Said(msgspec.Struct, frozen=True):
    """What the page sends: words, a choice or a place; its own id lets it send twice safely."""

    text: str | None = None
    choice: str | None = None
    place: Spot | None = None
    id: str | None = None


class BadMessage(Exception):
    """The request is not a message; the text says why."""


class TooFast(NotAccepted):
    """A conversation speaks faster than any person."""


class Chat:
    """Serves /{slug}/chat and its messages."""

    def __init__(
        self,
        database: Database,
        served: Callable[[str], Served | None],
        accept: Accept,
        lanes: Lanes,
        bells: Bells,
        *,
        key: bytes,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self.served = served
        self._accept = accept
        self._lanes = lanes
        self._bells = bells
        self._settings = settings
        self._clock = clock
        self.sessions = Sessions(key, settings.public_url)
        self._allowance = Allowance()

    def add_to(self, app: web.Application) -> None:
        """Serve the page and its messages."""
        app.router.add_get("/{slug}/chat", self._page)
        app.router.add_post("/{slug}/chat", self._form)
        app.router.add_post("/{slug}/chat/messages", self._post)
        app.router.add_get("/{slug}/chat/messages", self._news)

    async def _page(self, request: web.Request) -> web.Response:
        served = self.served(request.match_info["slug"])
        if served is None:
            return error_page(404)
        session = self.sessions.of(request)
        response = await self.shown(request, served, session)
        self.sessions.remember(response, session)
        return response

    async def shown(
        self, request: web.Request, served: Served, session: Session, **fault: Any
    ) -> web.Response:
        """The page with what was said so far."""
        letters: Sequence[Letter] = ()
        chosen = None
        if not session.is_new:
            async with self._database.read() as connection:
                letters = await mailbox.transcript(connection, session.contact.id, limit=SHOWN)
                chosen = await mailbox.language_of(connection, session.contact.id)
        return chat_page(
            served.agency,
            language_of(request, served.agency),
            letters,
            chosen=chosen,
            keep_days=self._settings.keep_days,
            max_file_mb=self._settings.max_file_mb,
            embedded="embed" in request.query,
            **fault,
        )

    async def _form(self, request: web.Request) -> web.Response:
        """A message from a browser without scripts: kept, answered, and shown by the page."""
        served = self.served(request.match_info["slug"])
        if served is None:
            return error_page(404)
        if not self.sessions.is_ours(request):
            return error_page(403)
        try:
            form = await request.post()
        except UNREADABLE:
            raise web.HTTPBadRequest from None
        said = Said(text=_field(form, "text"), choice=_field(form, "choice"))
        language = language_of(request, served.agency)
        session = self.sessions.of(request)
        if (said.text and said.text.strip()) or said.choice:
            try:
                await self._answer(said, session, language)
            except NotAccepted as error:
                status, key = refusal(error)
                text = served.agency.wording.say(key, language)
                return await self.shown(
                    request, served, session, draft=said.text or "", fault=text, status=status
                )
        chosen = (said.choice or "").removeprefix("lang:")
        if chosen in served.agency.profile.languages:
            language = chosen
        query = query_of(served.agency, language, embedded="embed" in request.query)
        response = web.HTTPSeeOther(f"/{served.agency.slug}/chat{query}#end")
        self.sessions.remember(response, session)
        raise response

    async def _post(self, request: web.Request) -> web.Response:
        served = self.served(request.match_info["slug"])
        if served is None:
            return web.json_response({"error": "no such agency"}, status=404)
        session = self.sessions.of(request)
        language = language_of(request, served.agency)
        wording = served.agency.wording
        try:
            said = await _said(request)
            replies = await self._answer(said, session, language)
        except BadMessage as error:
            return web.json_response({"error": str(error)}, status=400)
        except web.HTTPRequestEntityTooLarge:
            text = wording.say("page.too_long", language, limit=MAX_MESSAGE // 4)
            return web.json_response({"error": text}, status=413)
        except NotAccepted as error:
            status, key = refusal(error)
            text = wording.say(key, language)
            return web.json_response({"error": text}, status=status, headers={"Retry-After": "5"})
        response = as_response(replies)
        self.sessions.remember(response, session)
        return response

    async def _news(self, request: web.Request) -> web.Response:
        """Replies after a number; waits for some up to `wait` seconds."""
        served = self.served(request.match_info["slug"])
        session = self.sessions.of(request)
        if served is None or session.is_new:
            return web.json_response({"error": "no such conversation"}, status=404)
        after, wait = _number(request, "after"), min(_number(request, "wait"), 50)
        ends = time.monotonic() + wait
        with self._bells.listening(session.contact.id) as bell:
            while True:
                async with self._database.read() as connection:
                    letters = await mailbox.since(connection, session.contact.id, after)
                left = ends - time.monotonic()
                if letters or left <= 0 or self._bells.is_over:
                    return as_response(letters)
                await is_rung(bell, min(left, LOOK_AGAIN))

    async def _answer(self, said: Said, session: Session, language: str) -> Sequence[Letter]:
        if not self._allowance.take(session.contact.address):
            raise TooFast
        place = Place(said.place.latitude, said.place.longitude) if said.place else None
        kind = Kind.LOCATION if place else Kind.CHOICE if said.choice else Kind.TEXT
        message = InboundMessage(
            contact=session.contact,
            event_id=event_id(session, said.id),
            kind=kind,
            order=time.time_ns(),
            text=said.text,
            choice=said.choice,
            place=place,
            language=language,
        )
        return await self.answered(message)

    async def answered(self, message: InboundMessage) -> Sequence[Letter]:
        """Keep the message, wait until it is handled, and read what was replied."""
        handled = self._lanes.watch(message)
        try:
            await self._accept([message])
            event = await self._handled(message, handled)
        finally:
            self._lanes.unwatch(message)
        if event is None:
            return ()  # it will come with the next letters
        async with self._database.read() as connection:
            return await mailbox.replies_to(connection, event, message.contact.id)

    async def _handled(self, message: InboundMessage, handled: Any) -> int | None:
        ends = time.monotonic() + ANSWER_WITHIN
        look = SOON
        while time.monotonic() < ends:
            if not await is_rung(handled, look):
                look = LOOK_AGAIN  # another process may have handled it, or we did before: look
            async with self._database.read() as connection:
                if (event := await mailbox.is_handled(connection, message)) is not None:
                    return event
        return None


async def _said(request: web.Request) -> Said:
    if request.content_type != "application/json":
        raise BadMessage('send application/json: {"text": ...} or {"choice": ...}')
    if (request.content_length or 0) > MAX_MESSAGE:
        raise web.HTTPRequestEntityTooLarge(MAX_MESSAGE, request.content_length or 0)
    try:
        body = await request.read()
        if len(body) > MAX_MESSAGE:
            raise web.HTTPRequestEntityTooLarge(MAX_MESSAGE, len(body))
        said = msgspec.json.decode(body, type=Said)
    except UNREADABLE:
        raise BadMessage('not JSON of the form {"text": ...} or {"choice": ...}') from None
    if [said.text, said.choice, said.place].count(None) != 2:  # noqa: PLR2004 - all but one
        raise BadMessage('give one of "text", "choice" and "place"')
    if said.id is not None and not 1 <= len(said.id) <= 64:  # noqa: PLR2004
        raise BadMessage('"id" has 1 to 64 letters')
    return said


def event_id(session: Session, given: str | None) -> str:
    """The name of one message: the page's own, so that the same one sent again is known."""
    is_name = given is not None and given.isprintable()  # else no database would find it again
    return f"{session.contact.address}:{given if is_name else uuid4().hex}"


def refusal(error: NotAccepted) -> tuple[int, str]:
    """Status and text for a message that was not taken."""
    return (429, "page.too_fast") if isinstance(error, TooFast) else (503, "page.failed")


def as_response(letters: Sequence[Letter], **more: Any) -> web.Response:
    """Replies as the page's script reads them."""
    replies = [as_json(letter.id, letter.reply) for letter in letters if letter.reply]
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return web.json_response({"replies": replies, **more}, dumps=_dumps, headers=headers)


def as_json(number: int, reply: Reply) -> dict[str, Any]:
    """A reply as the page reads it; `entry` and `source` exactly where it is an answer."""
    found: dict[str, Any] = {
        "id": number,
        "text": reply.text,
        "choices": [{"label": c.label, "value": c.value} for c in reply.choices],
    }
    if card := reply.card:
        found |= {
            "entry": card.entry,
            "source": card.source,
            "unit": card.unit,
            "updated": card.updated,
            "question": card.question,
            "facts": [list(fact) for fact in card.facts],
            "url": card.url,
        }
    return found


def _dumps(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _field(form: Any, name: str) -> str | None:
    value = form.get(name)
    return value[:MAX_MESSAGE] if isinstance(value, str) and value else None


def _number(request: web.Request, name: str) -> int:
    value = request.query.get(name, "0")
    return int(value) if value.isdecimal() and len(value) < 19 else 0  # noqa: PLR2004 - 64 bits
