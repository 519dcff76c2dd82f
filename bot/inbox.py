"""The inbox: what a platform was told is kept, once only, many events in one commit."""

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.channels.channel import NotAccepted
from bot.db import Database, is_collision, is_unavailable
from bot.messages import InboundMessage
from bot.metrics import Metrics
from bot.tables import ContactRow, EventRow, Progress

GROUP = 256
"""Messages in one commit, at most."""
WAITING_ROOM = 5_000
"""Messages waiting for a commit, at most; more are refused, and the platform tries again."""
KNOWN_CONTACTS = 100_000
PRESSED = 0.1
"""Seconds of one commit after another, without a pause, after which webhooks go before replies."""

log = structlog.get_logger()

Request = tuple[Sequence[InboundMessage], asyncio.Future[None]]
"""Messages that came together, and who waits to hear that they are kept."""


class Inbox:
    """Group commit: all requests waiting at one moment share one transaction."""

    def __init__(
        self,
        database: Database,
        *,
        arrived: Callable[[Iterable[UUID]], None],
        clock: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._arrived = arrived
        self._clock = clock
        self._metrics = metrics
        self._waiting: list[Request] = []
        self._knock = asyncio.Event()
        self._paused_at = math.inf
        self._known: set[UUID] = set()
        dialect = sqlite if database.is_sqlite else postgresql
        self._add_contacts = dialect.insert(ContactRow).on_conflict_do_nothing()
        self._add_events = dialect.insert(EventRow).on_conflict_do_nothing()

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits for an acknowledgement."""
        return bool(self._waiting)

    @property
    def is_pressed(self) -> bool:
        """Whether there has been no pause between commits for a while."""
        return time.monotonic() - self._paused_at > PRESSED

    async def accept(self, messages: Sequence[InboundMessage]) -> None:
        """Keep the messages; returns when they are durable. Raises NotAccepted."""
        if not messages:
            return
        if len(self._waiting) >= WAITING_ROOM:
            raise NotAccepted("full")
        kept = asyncio.get_running_loop().create_future()
        self._waiting.append((messages, kept))
        self._knock.set()
        await kept

    async def run(self) -> None:
        """Commit what waits, until cancelled."""
        group: list[Request] = []
        try:
            while True:
                await self._knock.wait()
                self._paused_at = min(self._paused_at, time.monotonic())
                group = self._take()
                if not group:
                    self._knock.clear()
                    self._paused_at = math.inf
                    continue
                await self._settle(group)
        finally:
            self._refuse([*group, *self._waiting], "stopped")

    def _take(self) -> list[Request]:
        size = 0
        for count, (messages, _) in enumerate(self._waiting):
            size += len(messages)
            if size > GROUP and count:
                group, self._waiting = self._waiting[:count], self._waiting[count:]
                return group
        group, self._waiting = self._waiting, []
        return group

    async def _settle(self, group: list[Request]) -> None:
        messages = [message for some, _ in group for message in some]
        try:
            await self._store(messages)
        except Exception as error:  # noqa: BLE001 - whatever it was, the platform must hear of it
            if len(group) > 1 and not is_unavailable(error):  # one is bad: the others are not
                for request in group:
                    await self._settle([request])
                return
            log.error("inbox_refused", fault=type(error).__name__, events=len(messages))
            self._metrics.refused.inc(len(messages))
            self._refuse(group, type(error).__name__)
            return
        for _, kept in group:
            if not kept.done():
                kept.set_result(None)
        for message in messages:
            self._metrics.events.labels(message.contact.channel, message.kind).inc()
        self._arrived(message.contact.id for message in messages)

    def _refuse(self, group: Iterable[Request], why: str) -> None:
        for _, kept in group:
            if not kept.done():
                kept.set_exception(NotAccepted(why))

    async def _store(self, messages: Sequence[InboundMessage]) -> None:
        now = self._clock()
        messages = [_cleaned(message) for message in messages]
        events = [_event(message, now) for message in messages]
        people = {e["contact_id"]: m for e, m in zip(events, messages, strict=True)}
        try:
            await self._write(people, events, now)
        except DBAPIError as error:
            if not (isinstance(error, IntegrityError) or is_collision(error)):
                raise
            self._known.clear()  # a known contact was erased meanwhile
            await self._write(people, events, now)
        if len(self._known) > KNOWN_CONTACTS:
            self._known.clear()
        self._known.update(people)

    async def _write(
        self, people: dict[UUID, InboundMessage], events: list[dict[str, Any]], now: datetime
    ) -> None:
        unknown = sorted(people.keys() - self._known)  # in one order: replicas would deadlock
        new = [_person(key, people[key], now) for key in unknown]
        async with self._database.write() as connection:
            if new:
                await connection.execute(self._add_contacts, new)
            await connection.execute(self._add_events, events)


def _person(key: UUID, message: InboundMessage, now: datetime) -> dict[str, Any]:
    contact = message.contact
    return {
        "id": key,
        "agency": contact.agency,
        "channel": contact.channel,
        "address": contact.address,
        "state": {},
        "blocked": False,
        "created_at": now,
        "seen_at": now,
    }


def _cleaned(message: InboundMessage) -> InboundMessage:
    """The message without what a database refuses: zero bytes and half surrogates."""
    try:
        if b"\\u0000" not in msgspec.json.encode(message):
            return message
    except UnicodeEncodeError:
        pass
    plain = _without_dirt(msgspec.to_builtins(message))
    return msgspec.convert(plain, InboundMessage)


def _without_dirt(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _without_dirt(part) for key, part in value.items()}
    return value


def _event(message: InboundMessage, now: datetime) -> dict[str, Any]:
    contact = message.contact
    return {
        "contact_id": contact.id,
        "agency": contact.agency,
        "channel": contact.channel,
        "event_id": message.event_id,
        "message_id": message.message_id,
        "order_key": message.order,
        "payload": msgspec.to_builtins(message),
        "status": Progress.WAITING,
        "attempts": 0,
        "received_at": now,
        "due_at": now,
    }


def message_of(event: EventRow | Any) -> InboundMessage:
    """The message that a row keeps."""
    return msgspec.convert(event.payload, InboundMessage)
