"""Delivery: one sender for every bot account this process holds."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any
from uuid import UUID

import structlog

from bot import counts, outbox
from bot.accounts import Accounts
from bot.channels.channel import Channel, DeliveryError
from bot.db import Database
from bot.logs import where
from bot.metrics import Metrics
from bot.pacing import BulkPace, ChatPaces, Pace
from bot.tables import Posting

ATTEMPTS = 14
"""Tries of one request; with the waits of `outbox.backoff` the last is about half an hour later."""
AT_ONCE = 48
"""Requests of one account under way at one time: a platform that hangs holds up no other."""
ALL_AT_ONCE = 480
BULK_AT_ONCE = 24
"""Of those, how many may be of what goes to many: the rest is for answers."""
A_ROUND = 12
"""Requests begun together: starting many at once would keep webhooks waiting."""
GATHER = 0.025
"""Seconds after a knock, so that what comes together is written together."""
NAP = 1.0
"""Seconds between looks at the outbox when nobody knocks."""

log = structlog.get_logger()


class Delivery:
    """Takes what is due, marks it, sends it, and writes down what became of it."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        accounts: Accounts,
        *,
        clock: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._channels = channels
        self._accounts = accounts
        self._clock = clock
        self._metrics = metrics
        self._chats = ChatPaces()
        self._paces: defaultdict[str, Pace] = defaultdict(Pace)
        self._bulk: dict[str, BulkPace] = {}
        self._bulk_in_hand: Counter[str] = Counter()
        self._counted: Counter[str] = Counter()
        """Messages that the platforms count, until that is written down."""
        self._under_way: set[asyncio.Task[None]] = set()
        self._in_hand: dict[int, str] = {}
        """Account of each request from its marking until its result is written down."""
        self._job: asyncio.Task[Any] | None = None
        self._results: list[dict[str, Any]] = []
        self._gone: list[UUID] = []
        self._later: list[datetime] = []
        """When requests that we put off are due, as a heap."""
        self._knock = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """There is something new to send."""
        self._knock.set()

    async def run(self) -> None:
        """Send until stopped; a database that fails is waited for."""
        self._job = asyncio.current_task()
        while not self._stopping:
            try:
                await self._round()
            except Exception as error:  # noqa: BLE001 - the sender must outlive a database's fault
                log.error("delivery_round_failed", fault=_name(error))
                await asyncio.sleep(NAP)

    async def stop(self, seconds: float) -> None:
        """Finish what is under way, for so long at most."""
        self._stopping = True
        self.wake()
        ends = time.monotonic() + seconds
        if self._job:  # what it marks just now it also sends
            await asyncio.wait([self._job], timeout=seconds)
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=max(0, ends - time.monotonic()))
        late = [*self._under_way, *([self._job] if self._job else [])]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await self._write_results()

    async def _round(self) -> None:
        self._knock.clear()
        taken = await self._take()
        for row in taken:
            task = asyncio.create_task(self._send(row))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        if not taken:
            await self._sleep()

    async def _sleep(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._nap()):  # wait_for may swallow a cancellation on 3.11
                await self._knock.wait()
            await asyncio.sleep(GATHER)

    def _nap(self) -> float:
        """Until what we put off ourselves is due; what others left is found within a second."""
        waits = [pace.opens_in for pace in self._paces.values()]
        waits += [pace.opens_in for pace in self._bulk.values()]
        nap = min([NAP, *filter(None, waits)])
        now = self._clock()
        while self._later and self._later[0] <= now:
            heappop(self._later)
        if self._later:
            nap = min(nap, (self._later[0] - now).total_seconds())
        return max(0.02, nap)

    def _ready_accounts(self) -> list[str]:
        """Ours, open, and neither held back by the platform nor waiting for it."""
        held, full = self._accounts.held, Counter(self._in_hand.values())
        return [
            account
            for account in sorted(held)
            if self._channels[account].is_open
            and self._paces[account].is_open
            and full[account] < AT_ONCE
        ]

    async def _take(self) -> list[Any]:
        """What is to be sent next, marked so, and what became of the last, in one transaction."""
        room = min(A_ROUND, ALL_AT_ONCE - len(self._in_hand))
        held = self._ready_accounts() if room > 0 else []
        rows: list[Any] = []
        if held:
            async with self._database.read() as connection:
                bulk = [account for account in held if self._is_open_for_many(account)]
                rows = await outbox.due(connection, held, self._clock(), room, bulk=bulk)
            rows = [row for row in rows if self._goes(row)]
            for row in rows:
                self._bulk_of(row.account).spend()
        marked = await self._write_results([row.id for row in rows])
        rows = [row for row in rows if row.id in marked]
        self._in_hand |= {row.id: row.account for row in rows}
        self._bulk_in_hand.update(row.account for row in rows if row.bulk)
        return rows

    def _bulk_of(self, account: str) -> BulkPace:
        if account not in self._bulk:
            self._bulk[account] = BulkPace(self._channels[account].bulk.per_second)
        return self._bulk[account]

    def _is_open_for_many(self, account: str) -> bool:
        is_free = self._bulk_in_hand[account] < BULK_AT_ONCE
        return is_free and self._bulk_of(account).opens_in <= 0

    def _goes(self, row: Any) -> bool:
        """Whether it goes now; a chat is charged only for what its account may send."""
        pace = self._paces[row.account]
        return pace.is_open and self._may_go(row) and pace.take()

    def _may_go(self, row: Any) -> bool:
        """Whether its chat takes it now; otherwise it waits its time, and holds up nobody else."""
        if row.id in self._in_hand:  # we lost the account, and have taken it anew
            return False
        if row.bulk and not self._is_open_for_many(row.account):
            return False
        spacing = self._channels[row.account].spacing(row.address)
        if spacing is None or row.payload.get("best_effort"):
            return True
        wait = self._chats.wait(row.account, row.address, spacing)
        if wait:
            later = self._clock() + timedelta(seconds=wait)
            self._result(row, Posting.PENDING, later)
        return not wait

    async def _send(self, row: Any) -> None:
        channel = self._channels[row.account]
        try:
            counted = await channel.send(outbox.call_of(row))
        except DeliveryError as error:
            self._failed(row, channel, error)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - an SDK's surprise must not stop the sender
            log.error(
                "delivery_surprise", account=row.account, fault=_name(error), where=where(error)
            )
            self._failed(row, channel, DeliveryError("surprise", retry=True, unsure=True))
        else:
            self._sent(row, channel, counted)
        if row.bulk:
            self._bulk_in_hand[row.account] -= 1
        self.wake()

    def _sent(self, row: Any, channel: Channel, counted: int) -> None:
        now = self._clock()
        self._counted[row.account] += counted
        self._paces[row.account].went_well()
        self._metrics.sent.labels(channel.name).inc()
        self._metrics.delivery.observe((now - row.received_at).total_seconds())
        self._result(row, Posting.SENT, now, done_at=now)

    def _failed(self, row: Any, channel: Channel, error: DeliveryError) -> None:
        now = self._clock()
        attempts = row.attempts + 1
        is_final = not error.retry or attempts >= ATTEMPTS
        if row.payload.get("best_effort"):
            is_final = True
        if row.bulk and error.unsure and not channel.bulk.is_repeatable:
            error, is_final = replace(error, reason=outbox.UNKNOWN), True
        self._metrics.unsent.labels(channel.name, error.reason, str(is_final).lower()).inc()
        if error.gone and row.contact_id:
            self._gone.append(row.contact_id)
        if error.after is not None:
            self._paces[row.account].hold(error.after)
        if is_final:
            log.warning(
                "delivery_gave_up", account=row.account, outgoing=row.id, fault=error.reason
            )
            self._result(row, Posting.FAILED, now, fault=error.reason, done_at=now)
            return
        wait = outbox.backoff(attempts, random.random())  # noqa: S311 - jitter is no secret
        wait = max(wait, timedelta(seconds=error.after or 0))
        log.info("delivery_retry", account=row.account, outgoing=row.id, fault=error.reason)
        self._result(row, Posting.PENDING, now + wait, fault=error.reason)

    def _result(
        self,
        row: Any,
        status: Posting,
        due_at: datetime,
        *,
        fault: str | None = None,
        done_at: datetime | None = None,
    ) -> None:
        if status is Posting.PENDING:
            heappush(self._later, due_at)
        self._results.append(
            {"row": row.id, "status": status, "fault": fault, "due_at": due_at, "done_at": done_at}
        )

    async def _write_results(self, sending: Sequence[int] = ()) -> set[int]:
        """Write down what is known, and mark what is to be sent; returns what may be."""
        marked: set[int] = set()
        if not self._results and not self._gone and not sending:
            return marked
        results, self._results = self._results, []
        gone, self._gone = self._gone, []
        counted, self._counted = self._counted, Counter()
        try:
            async with self._database.write() as connection:
                if results:
                    await outbox.settle(connection, results)
                if gone:
                    await outbox.block(connection, gone, self._clock())
                if counted:
                    await counts.add(connection, +counted, self._clock())
                if sending:
                    marked = await outbox.mark_sending(connection, sending, self._clock())
        except BaseException:  # also where we are told to end in the midst of it
            self._results[:0] = results
            self._gone[:0] = gone
            self._counted.update(counted)
            self._results += [self._unsent(row) for row in sending]
            raise
        for result in results:
            self._in_hand.pop(result["row"], None)
        self.wake()  # what waited behind these is next
        return marked

    def _unsent(self, row: int) -> dict[str, Any]:
        """A request that may have been marked though we heard otherwise, and was not sent."""
        return {
            "row": row,
            "status": Posting.PENDING,
            "fault": None,
            "due_at": self._clock(),
            "done_at": None,
        }


def _name(error: Exception) -> str:
    return type(error).__name__
