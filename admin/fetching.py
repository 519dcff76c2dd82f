"""Fetching: what citizens send is taken from its platform at once, before that deletes it."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from datetime import datetime, timedelta

import structlog
from msgspec import Struct

from admin import attachments, fetches
from admin.attachments import Attachment, Status
from admin.media import Reason, Unfit
from admin.pictures import Fit
from admin.unpacking import fitted
from bot import messages
from bot.channels.channel import Channel, DeliveryError
from bot.channels.downloads import TOO_BIG
from bot.db import Database
from bot.files import FileStore
from bot.logs import where
from bot.settings import Settings

ATTEMPTS = 24
"""Tries of one file; with the waits of `pause` the last is about four hours after the first."""
DOUBTS = 3
"""Tries of a file that came empty or broken: it may have been the way."""
ALL_AT_ONCE = 8
OF_AN_ACCOUNT = 4
"""A platform that hangs holds up no other."""
GATHER = 0.1
"""Seconds after a knock, so that what comes together is taken together: each message knocks."""
NAP = 3.0
"""Seconds between looks when nobody knocks: another replica may have stopped in the middle."""
UNSERVED = 60.0
SETTLED = timedelta(days=1)
"""How old a content must be before it is held to belong to nobody."""
CHUNK = 500

log = structlog.get_logger()


class Setback(Struct, frozen=True):
    """What stood against keeping a file."""

    fault: str
    """For the log: short and static."""
    reason: Reason
    status: Status
    is_passing: bool
    after: float = 0


class Fetching:
    """Takes what is due, fetches it, keeps what may be kept, and takes away what is forgotten."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        store: FileStore,
        *,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._channels = channels
        self._store = store
        self._clock = clock
        self._most = settings.max_file
        self._keep_for = timedelta(days=settings.keep_days)
        self._in_hand: dict[asyncio.Task[None], str] = {}
        self._knock = asyncio.Event()

    @property
    def in_hand(self) -> int:
        """How many files are under way."""
        return len(self._in_hand)

    def wake(self) -> None:
        """There may be something new to fetch."""
        self._knock.set()

    async def run(self) -> None:
        """Fetch until cancelled; a database that fails is waited for."""
        is_resumed = not self._database.is_sqlite
        try:
            while True:
                try:
                    if not is_resumed:
                        await self._resume()
                        is_resumed = True
                    await self._round()
                except Exception as error:  # noqa: BLE001 - the job must outlive a database's fault
                    log.error("fetching_round_failed", fault=type(error).__name__)
                    await asyncio.sleep(NAP)
        finally:
            for task in self._in_hand:
                task.cancel()
            await asyncio.gather(*self._in_hand, return_exceptions=True)

    async def _resume(self) -> None:
        async with self._database.write() as connection:
            await fetches.resume(connection, self._clock())

    async def _round(self) -> None:
        self._knock.clear()
        now = self._clock()
        async with self._database.read() as connection:
            due = await fetches.next_due(connection)
        if due is None or due > now or not await self._begin(now):
            await self._sleep((due - now).total_seconds() if due and due > now else NAP)

    async def _begin(self, now: datetime) -> bool:
        """Begin with what is due, as far as there is room; whether there was any."""
        room = ALL_AT_ONCE - len(self._in_hand)
        if room <= 0:
            return False
        counts = Counter(self._in_hand.values())
        full = [account for account, count in counts.items() if count >= OF_AN_ACCOUNT]
        most = OF_AN_ACCOUNT - max((c for c in counts.values() if c < OF_AN_ACCOUNT), default=0)
        async with self._database.session() as session:
            taken = await fetches.claim(session, now, full=full, limit=min(room, most))
        for row in taken:
            task = asyncio.create_task(self._do(row))
            self._in_hand[task] = row.account
            task.add_done_callback(self._end)
        return bool(taken)

    def _end(self, task: asyncio.Task[None]) -> None:
        del self._in_hand[task]
        self.wake()

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, NAP)):
                await self._knock.wait()
            await asyncio.sleep(GATHER)

    async def _do(self, row: Attachment) -> None:
        """One file, whatever comes of it."""
        try:
            setback = await self._tried(row)
            if setback:
                await self._set_back(row, setback)
        except Exception as error:  # noqa: BLE001 - when the lease is over it is tried again
            log.error("attachment_not_settled", attachment=row.id, fault=type(error).__name__)

    async def _tried(self, row: Attachment) -> Setback | None:
        """Do what is to be done; what stood against it, if anything did."""
        try:
            if row.status == Status.FORGOTTEN:
                await self._take_away(row)
            else:
                await self._keep(row, await self._fetched(row))
        except Unfit as unfit:
            doubtful = unfit.reason in {Reason.DAMAGED, Reason.EMPTY}
            is_passing = doubtful and row.attempts < DOUBTS
            return Setback(unfit.reason, unfit.reason, Status.REFUSED, is_passing)
        except DeliveryError as error:
            return _setback(error)
        except Exception as error:  # noqa: BLE001 - one odd file must not stop the others
            fault = type(error).__name__
            log.error("attachment_failed", attachment=row.id, fault=fault, where=where(error))
            return Setback(fault, Reason.UNREACHED, Status.FAILED, True)
        return None

    async def _fetched(self, row: Attachment) -> Fit:
        """The file as it may be kept; raises Unfit and DeliveryError."""
        channel = self._channels.get(row.account)
        if channel is None:
            raise DeliveryError("not served", retry=True, after=UNSERVED)
        with self._store.scratch() as file:
            pieces = channel.fetch(messages.Attachment(row.platform_id), self._most)
            async with aclosing(pieces):
                async for piece in pieces:
                    file.write(piece)
            return await fitted(file, row.name or "")

    async def _keep(self, row: Attachment, found: Fit) -> None:
        digest = await self._store.put(found.content)
        async with self._database.session() as session:
            await fetches.lock(session, digest)
            now = self._clock()
            is_ours = await fetches.settle(session, row, **fetches.kept(found, digest, now))
            if is_ours and not await self._store.has(digest):  # taken away a moment ago
                await self._store.put(found.content)
        if not is_ours:
            await self._drop(digest)

    async def _take_away(self, row: Attachment) -> None:
        """A forgotten file's content goes, unless somebody else sent the same."""
        async with self._database.session() as session:
            if row.sha256:
                await fetches.lock(session, row.sha256)
            is_ours = await fetches.settle(session, row, sha256=None, due_at=None)
            if is_ours and row.sha256 and not await fetches.is_used(session, row.sha256):
                await self._store.remove(row.sha256)

    async def _drop(self, digest: str) -> None:
        """A content goes that belongs to nobody."""
        async with self._database.session() as session:
            await fetches.lock(session, digest)
            if not await fetches.is_used(session, digest):
                await self._store.remove(digest)

    async def _set_back(self, row: Attachment, setback: Setback) -> None:
        """Try again later, or write down why not."""
        now = self._clock()
        about = {"attachment": row.id, "account": row.account, "fault": setback.fault}
        if setback.is_passing and row.attempts < ATTEMPTS:
            log.info("attachment_retry", **about)
            wait = max(pause(row.attempts, random.random()), setback.after)  # noqa: S311 - no secret
            values: dict[str, object] = {"due_at": now + timedelta(seconds=wait)}
        else:
            log.warning("attachment_gave_up", **about)
            values = {"status": setback.status, "reason": setback.reason, "due_at": None}
        async with self._database.session() as session:
            await fetches.settle(session, row, **values)

    async def tidy(self) -> None:
        """Once an hour forget what nobody needs any more, once a day look for lost contents."""
        hours = 0
        while True:
            try:
                await self._expire()
                if hours % 24 == 0:
                    await self.sweep()
                hours += 1
            except Exception as error:  # noqa: BLE001 - tried again in an hour
                log.error("tidying_failed", fault=type(error).__name__)
            await asyncio.sleep(timedelta(hours=1).total_seconds())

    async def _expire(self) -> None:
        now = self._clock()
        async with self._database.session() as session:
            gone = await attachments.expire(session, now - self._keep_for, now)
        if gone:
            self.wake()

    async def sweep(self) -> None:
        """Contents without a row, as a crash may leave them."""
        found = await self._store.older(self._clock() - SETTLED)
        for at in range(0, len(found), CHUNK):
            some = found[at : at + CHUNK]
            async with self._database.read() as connection:
                known = await fetches.known(connection, some)
            for digest in set(some) - known:
                await self._drop(digest)


def pause(attempts: int, jitter: float) -> float:
    """Seconds to wait after so many tries: doubling from 1 s to 15 min, a quarter of it jitter."""
    ceiling = min(900.0, 2.0 ** (attempts - 1))
    return ceiling * (0.75 + jitter / 4)


def _setback(error: DeliveryError) -> Setback:
    """What a channel's fault means for a file."""
    if error.reason == TOO_BIG:
        return Setback(error.reason, Reason.TOO_BIG, Status.REFUSED, False)
    reason = Reason.UNREACHED if error.retry else Reason.GONE
    return Setback(error.reason, reason, Status.FAILED, error.retry, error.after or 0)
