"""The lanes: each contact's events in order, one at a time, each in one transaction."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import structlog

from bot.channels.channel import Channel
from bot.db import Database, is_unavailable
from bot.heads import Head, heads_of, overlooked
from bot.logs import where
from bot.messages import InboundMessage
from bot.metrics import Metrics
from bot.turns import Apologise, FlowFault, Handle, Turns

BATCH = 16
"""Contacts whose results share one commit."""
A_FEW = 2
"""The same while webhooks come faster than they can be answered."""
PACE = 0.03
"""Seconds between the beginnings of two batches, unless the next is full: few cost less."""
WORKERS = 2
"""While the results of one batch are committed, the next batch is thought of."""
GIVE_WAY = 9
"""So many times as long as a batch took, at most, do the lanes then let webhooks go first."""
LONGEST_WAY = 2.0
"""Seconds that this may be, however long the batch took: a slow disk must not silence the bot."""
LONG = 0.001
"""Seconds of thinking after which other things have their turn."""
BREATH = 12
"""Turns of the event loop that other things then have: so many a webhook takes to be kept. Those
being kept just now have as many before more is thought of; not more, for a disk may be slow."""
ATTEMPTS = 5
PAUSES = (0.2, 1.0, 5.0, 20.0)
"""Seconds after the first, second ... failure of one event."""
SWEEP = 1.0
"""Seconds between looks for events that nobody told us of: another replica's, or a crash's."""
FRESH = timedelta(seconds=50)
"""After this nobody looks at the chat any more to see a sign."""
SIGNS = 20
"""People who are shown a sign in one look, at most: where more wait, answers come first."""
A_MOMENT = 0.1
"""Seconds until we look again at a contact that another replica has in hand."""

log = structlog.get_logger()

Prepare = Callable[[InboundMessage], Awaitable[Any]]
"""The costly thinking about a message, done before any lock is taken."""


class Lanes:
    """Moves every lane forward."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        *,
        prepare: Prepare,
        handle: Handle,
        apologise: Apologise,
        committed: Callable[[Iterable[UUID]], None],
        busy: Callable[[Iterable[InboundMessage]], None],
        clock: Callable[[], datetime],
        metrics: Metrics,
        is_pressed: Callable[[], bool] = lambda: False,
        is_settling: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database = database
        self._is_pressed, self._is_settling = is_pressed, is_settling
        self._turns = Turns(database, channels, handle=handle, clock=clock)
        self._apologise = apologise
        self._prepare = prepare
        self._committed = committed
        self._busy = busy
        self._clock = clock
        self._metrics = metrics
        self._ready: dict[UUID, None] = {}
        self._in_hand: set[UUID] = set()
        self._knock = asyncio.Event()
        self._watchers: dict[tuple[str, str, str], asyncio.Event] = {}
        self._started_at = clock()
        self._counted: set[int] = set()
        self._stopping = False
        self._begun = self._gives_way_until = 0.0

    def add(self, contacts: Iterable[UUID]) -> None:
        """These contacts have something waiting."""
        for contact in contacts:
            self._ready[contact] = None
        self._knock.set()

    def watch(self, message: InboundMessage) -> asyncio.Event:
        """Is set when this process has handled the message."""
        return self._watchers.setdefault(_name(message), asyncio.Event())

    def unwatch(self, message: InboundMessage) -> None:
        """Nobody waits for this message any more."""
        self._watchers.pop(_name(message), None)

    def stop(self) -> None:
        """Finish the batch in hand, then end `run`."""
        self._stopping = True
        self._knock.set()

    async def run(self) -> None:
        """Move lanes forward until stopped."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(WORKERS):
                workers.create_task(self._work())

    async def _work(self) -> None:
        while not self._stopping:
            await self._knock.wait()
            await self._give_way()
            await self._gather()
            taken = self._take()
            if not taken:
                self._knock.clear()
                continue
            self._begun = begun = time.monotonic()
            try:
                await self._advance(taken)
            except Exception as error:  # noqa: BLE001 - the lanes must outlive a database's fault
                log.error("lanes_paused", fault=type(error).__name__)
                self.add(taken)
                await asyncio.sleep(0.5)
            finally:
                self._in_hand.difference_update(taken)
                now = time.monotonic()
                self._gives_way_until = now + min(GIVE_WAY * (now - begun), LONGEST_WAY)
                self._knock.set()

    async def _gather(self) -> None:
        """Let more come together where a batch has only just begun; one alone never waits."""
        wait = self._begun + PACE - time.monotonic()
        if wait > 0 and len(self._ready) < BATCH and not self._stopping:
            await asyncio.sleep(wait)

    def _take(self) -> list[UUID]:
        """Contacts that no worker has in hand, those that wait longest first."""
        is_pressed = self._is_pressed()
        if is_pressed and self._in_hand:
            return []
        free = (contact for contact in self._ready if contact not in self._in_hand)
        taken = list(islice(free, A_FEW if is_pressed else BATCH))
        for contact in taken:
            del self._ready[contact]
        self._in_hand.update(taken)
        return taken

    async def _give_way(self) -> None:
        """Let webhooks be acknowledged, but not only them: the platforms wait a second or two."""
        while (
            self._is_pressed() and not self._stopping and time.monotonic() < self._gives_way_until
        ):
            await asyncio.sleep(0.001)

    async def sweep(self) -> None:
        """Find waiting events that nobody told us of, at once and then every second."""
        while not self._stopping:
            try:
                if not self._is_pressed():  # it can wait, too
                    await self._sweep_once()
            except Exception as error:  # noqa: BLE001 - tried again in a second
                log.error("sweep_failed", fault=type(error).__name__)
            await asyncio.sleep(SWEEP)

    async def _sweep_once(self) -> None:
        now = self._clock()
        before = max(self._started_at, now - timedelta(seconds=2 * SWEEP))
        async with self._database.read() as connection:
            found = await overlooked(connection, now=now, before=before, limit=2_000)
        if found:
            self.add(found)
            async with self._database.read() as connection:
                heads = await heads_of(connection, found[:SIGNS])
            recent = now - FRESH
            self._busy(head.message for head in heads if head.received_at > recent)

    async def _advance(self, contacts: Sequence[UUID]) -> None:
        async with self._database.read() as connection:
            heads = await heads_of(connection, contacts)
        now = self._clock()
        heads = [head for head in heads if head.due_at <= now]
        doubtful = [head for head in heads if head.attempts]
        fresh = [head for head in heads if not head.attempts]
        if fresh:
            try:
                await self._attempt(fresh)
            except Exception as error:
                if is_unavailable(error):
                    raise
                doubtful = [*fresh, *doubtful]  # one of them is bad: find it by itself
        for head in doubtful:
            await self._attempt_alone(head)

    async def _attempt(self, heads: Sequence[Head]) -> None:
        await self._count_recovered(heads)
        prepared = {}
        for head in heads:
            await _breathe(self._is_settling)
            begun = time.monotonic()
            prepared[head.id] = await self._prepared(head)
            if time.monotonic() - begun > LONG:
                await _breathe()
        await _breathe(self._is_settling)
        await self._commit(heads, prepared)

    async def _attempt_alone(self, head: Head) -> None:
        if self._attempts(head) >= ATTEMPTS:
            await self._set_aside(head, "crash")
            return
        try:
            await self._attempt([head])
        except Exception as error:
            if is_unavailable(error):
                raise
            await self._failed(head, error)

    async def _prepared(self, head: Head) -> Any:
        try:
            return await self._prepare(head.message)
        except Exception as error:  # noqa: BLE001 - told to the flow, which then fails by itself
            return error

    async def _count_recovered(self, heads: Sequence[Head]) -> None:
        """An event from before our start may be what ended the last process: count it first.

        Of the replicas that have started since, one counts it: then it is due as of now.
        """
        if old := [head.id for head in heads if head.due_at < self._started_at]:
            await self._turns.count(old, self._started_at)
            self._counted.update(old)

    def _attempts(self, head: Head) -> int:
        """How often it failed; an attempt that the database's trouble undid is none."""
        return max(0, head.attempts - (head.id in self._counted))

    async def _commit(self, heads: Sequence[Head], prepared: Mapping[int, Any]) -> None:
        self._after(heads, await self._turns.commit(heads, prepared))

    def _after(self, heads: Sequence[Head], done: Sequence[Head]) -> None:
        now = self._clock()
        finished = {head.id for head in done}
        self.add(head.contact_id for head in done if not head.is_last)
        if elsewhere := [head.contact_id for head in heads if head.id not in finished]:
            asyncio.get_running_loop().call_later(A_MOMENT, self.add, elsewhere)
        self._counted -= finished
        for head in done:
            self._metrics.answered.observe((now - head.received_at).total_seconds())
            if watcher := self._watchers.pop(_name(head.message), None):
                watcher.set()
        self._committed([head.contact_id for head in done])

    async def _failed(self, head: Head, error: Exception) -> None:
        attempts = self._attempts(head) + 1
        cause = (error.__cause__ if isinstance(error, FlowFault) else None) or error
        name = type(cause).__name__
        self._metrics.faults.labels(name).inc()
        log.error("flow_failed", row=head.id, attempt=attempts, fault=name, where=where(cause))
        if attempts >= ATTEMPTS:
            await self._set_aside(head, name)
            return
        pause = timedelta(seconds=PAUSES[attempts - 1])
        await self._turns.postpone(head, attempts, name, pause)
        self._counted.discard(head.id)
        loop = asyncio.get_running_loop()
        loop.call_later(pause.total_seconds(), self.add, [head.contact_id])

    async def _set_aside(self, head: Head, fault: str) -> None:
        """With an apology if there can be one: what follows must be served in any case."""
        log.error("event_set_aside", row=head.id, fault=fault)
        self._metrics.set_aside.inc()
        try:
            done = await self._turns.set_aside(head, fault, self._apologise)
        except Exception as error:
            if is_unavailable(error):
                raise
            log.error("apology_failed", row=head.id, fault=type(error).__name__)
            done = await self._turns.set_aside(head, fault, lambda _: ())
        self._after([head], done)


async def _breathe(is_needed: Callable[[], bool] = lambda: True) -> None:
    for _ in range(BREATH):
        if not is_needed():
            return
        await asyncio.sleep(0)


def _name(message: InboundMessage) -> tuple[str, str, str]:
    return (message.contact.agency, message.contact.channel, message.event_id)
