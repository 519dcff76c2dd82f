"""The inbox: what a platform was told is kept, once only, many events in one commit."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from msgspec.structs import astuple
from sqlalchemy import bindparam, false, literal
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.bulk import insert_new
from bot.channels.channel import NotAccepted
from bot.db import Database, Document, Moment, is_collision, is_unavailable
from bot.messages import Contact, InboundMessage
from bot.metrics import Metrics
from bot.tables import ContactRow, EventRow, Progress

GROUP = 256
"""Messages in one commit, at most."""
WAITING_ROOM = 5_000
"""Messages waiting for a commit, at most; more are refused, and the platform tries again."""
KNOWN_CONTACTS = 100_000
PRESSED = 300.0
"""Requests a second from which on webhooks go before replies: a small machine answers no more."""
LATELY = 0.25
"""Seconds over which that is counted."""
PACE = 0.008
"""Seconds between the beginnings of two commits, for one costs as much for few as for many."""
ENOUGH = 4
"""Requests that are worth a commit at once."""

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
        self._rate, self._counted_at = 0.0, time.monotonic()
        self._known: set[UUID] = set()
        self._begun = 0.0
        self.is_settling = False
        """Whether a group is being kept, and who waits for it told."""
        self._add_contacts = insert_new(ContactRow, *_PERSON, is_sqlite=database.is_sqlite)
        self._add_events = insert_new(EventRow, *_EVENT, is_sqlite=database.is_sqlite)

    @property
    def is_pressed(self) -> bool:
        """Whether webhooks come faster than they can be answered, as in a burst."""
        return self._rate * math.exp((self._counted_at - time.monotonic()) / LATELY) > PRESSED

    def _count(self) -> None:
        now = time.monotonic()
        self._rate *= math.exp((self._counted_at - now) / LATELY)
        self._rate += 1 / LATELY
        self._counted_at = now

    async def accept(self, messages: Sequence[InboundMessage]) -> None:
        """Keep the messages; returns when they are durable. Raises NotAccepted."""
        if not messages:
            return
        if len(self._waiting) >= WAITING_ROOM:
            raise NotAccepted("full")
        self._count()
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
                await self._gather()
                group = self._take()
                if not group:
                    self._knock.clear()
                    continue
                self._begun = time.monotonic()
                self.is_settling = True
                await self._settle(group)
                await asyncio.sleep(0)  # who waited answers the platform now
                self.is_settling = False
        finally:
            self.is_settling = False
            self._refuse([*group, *self._waiting], "stopped")

    async def _gather(self) -> None:
        """Let more come together where a commit has only just begun.

        One alone never waits; nor do those of a burst, who come together anyway.
        """
        wait = self._begun + PACE - time.monotonic()
        if wait > 0 and len(self._waiting) < ENOUGH and not self.is_pressed:
            await asyncio.sleep(wait)

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
        kinds = Counter((message.contact.channel, message.kind) for message in messages)
        for labels, count in kinds.items():
            self._metrics.events.labels(*labels).inc(count)

    def _refuse(self, group: Iterable[Request], why: str) -> None:
        for _, kept in group:
            if not kept.done():
                kept.set_exception(NotAccepted(why))

    async def _store(self, messages: Sequence[InboundMessage]) -> None:
        now = self._clock()
        people, events = _rows(messages)
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
        self._arrived(people)

    async def _write(self, people: Mapping[UUID, Contact], events: bytes, now: datetime) -> None:
        unknown = sorted(people.keys() - self._known)  # in one order: replicas would deadlock
        async with self._database.adding() as connection:
            if unknown:
                new = msgspec.json.encode([(k.hex, *astuple(people[k])) for k in unknown])
                await connection.execute(self._add_contacts, {"rows": new.decode(), "now": now})
            await connection.execute(self._add_events, {"rows": events.decode(), "now": now})


_NOW = bindparam("now", type_=Moment)
_PERSON = (
    ("id", "agency", "channel", "address"),
    {
        "state": literal({}, Document),
        "blocked": false(),
        "created_at": _NOW,
        "seen_at": _NOW,
    },
)
_EVENT = (
    ("contact_id", "agency", "channel", "event_id", "message_id", "order_key", "payload"),
    {
        "status": literal(Progress.WAITING.value),
        "attempts": literal(0),
        "received_at": _NOW,
        "due_at": _NOW,
    },
)
_DIRT = b"\\u0000"
"""A zero byte, as JSON writes it."""


def _rows(messages: Sequence[InboundMessage]) -> tuple[dict[UUID, Contact], bytes]:
    """Who wrote, and the values of `_EVENT`."""
    try:
        people, rows = _told(messages)
        if _DIRT not in rows:
            return people, rows
    except UnicodeEncodeError:
        pass
    return _told([_cleaned(message) for message in messages])


def _told(messages: Iterable[InboundMessage]) -> tuple[dict[UUID, Contact], bytes]:
    people, rows = {}, []
    for message in messages:
        who = message.contact
        people[key := who.id] = who
        about = (message.event_id, message.message_id, message.order)
        rows.append((key.hex, who.agency, who.channel, *about, message))
    return people, msgspec.json.encode(rows)


def _cleaned(message: InboundMessage) -> InboundMessage:
    """The message without what a database refuses: zero bytes and half surrogates."""
    return msgspec.convert(_without_dirt(msgspec.to_builtins(message)), InboundMessage)


def _without_dirt(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _without_dirt(part) for key, part in value.items()}
    return value


def message_of(event: EventRow | Any) -> InboundMessage:
    """The message that a row keeps."""
    return msgspec.convert(event.payload, InboundMessage)
