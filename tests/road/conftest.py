"""The road of a message on a real database, with an echo for a flow and a fake platform."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.engine import make_url

from bot import outbox
from bot.accounts import AllAccounts
from bot.db import Database
from bot.delivery import Delivery
from bot.inbox import Inbox
from bot.lanes import Lanes
from bot.messages import InboundMessage
from bot.metrics import Metrics
from bot.tables import ContactRow, EventRow, OutgoingRow, Progress, account_of
from tests.conftest import Opened
from tests.fakes import AGENCY, Echo, FakeChannel, MovingClock

ACCOUNT = account_of(AGENCY, "fake")
GENEROUS = 20.0


async def until(claim: Callable[[], object], seconds: float = GENEROUS) -> None:
    """Wait until something is so; it may have to be asked of the database."""
    async with asyncio.timeout(seconds):
        while True:
            found = claim()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.005)


class Breaker:
    """Lets the database refuse every write, as a full disk or a failed-over server does."""

    def __init__(self, database: Database) -> None:
        self.is_off = False
        self.met = 0
        """How many transactions began while it was off."""
        self._order = (
            "PRAGMA query_only={}" if database.is_sqlite else "SET default_transaction_read_only={}"
        )
        event.listen(database.engine.sync_engine, "checkout", self._check_out)

    def _check_out(self, connection: Any, *_: object) -> None:
        self.met += self.is_off
        cursor = connection.cursor()
        cursor.execute(self._order.format(int(self.is_off)))
        cursor.close()
        connection.commit()


class Between:
    """Stands between us and PostgreSQL, and can let both wait as a network that is down does."""

    def __init__(self, folder: str) -> None:
        self.talks = asyncio.Event()
        """Cleared, nothing comes through."""
        self.talks.set()
        self._theirs = f"{folder}/.s.PGSQL.5432"
        self._folder = tempfile.mkdtemp(prefix="between")
        self._jobs = set[asyncio.Task[Any]]()

    async def opened(self, url: str) -> str:
        """The address of the same database by way of us."""
        path = f"{self._folder}/.s.PGSQL.5432"
        self._server = await asyncio.start_unix_server(self._meet, path)
        return url.replace(str(make_url(url).query["host"]), self._folder)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        their_reader, their_writer = await asyncio.open_unix_connection(self._theirs)
        for source, target in ((reader, their_writer), (their_reader, writer)):
            self._jobs.add(asyncio.create_task(self._carry(source, target)))

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65_536):
                await self.talks.wait()
                target.write(data)
                await target.drain()
        target.close()

    async def close(self) -> None:
        """End what is still open."""
        self._server.close()
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        shutil.rmtree(self._folder)


class Road:
    """Inbox, lanes and delivery, each begun only when the test says so."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.database = database
        self.clock = clock
        self.metrics = Metrics()
        self.channel = FakeChannel()
        self.channels = {ACCOUNT: self.channel}
        self.flow: Any = Echo()
        self.slow: list[InboundMessage] = []
        self.is_pressed = False
        self.is_settling: Callable[[], bool] = lambda: self.inbox.is_settling
        self._jobs: list[asyncio.Task[Any]] = []
        self.rebuild()

    def rebuild(self) -> None:
        """Make the parts, with the channels and the flow as they are now."""
        accounts = AllAccounts(self.channels, taken=self._take_over)
        self.accounts = accounts
        self.delivery = Delivery(
            self.database, self.channels, accounts, clock=self.clock, metrics=self.metrics
        )
        self.lanes = Lanes(
            self.database,
            self.channels,
            prepare=self.flow.prepare,
            handle=self.flow.handle,
            apologise=self.flow.apologise,
            committed=self._committed,
            busy=self.slow.extend,
            clock=self.clock,
            metrics=self.metrics,
            is_pressed=lambda: self.is_pressed,
            is_settling=self.is_settling,
        )
        self.inbox = Inbox(
            self.database, arrived=self.lanes.add, clock=self.clock, metrics=self.metrics
        )

    def _committed(self, _: Iterable[UUID]) -> None:
        self.delivery.wake()

    async def _take_over(self, account: str) -> None:
        async with self.database.write() as connection:
            is_repeatable = self.channels[account].bulk.is_repeatable
            await outbox.recover(connection, account, self.clock(), is_repeatable=is_repeatable)

    def begin(self, *names: str) -> None:
        """Start some of inbox, lanes, sweep, accounts and delivery."""
        jobs = {
            "inbox": self.inbox.run,
            "lanes": self.lanes.run,
            "sweep": self.lanes.sweep,
            "accounts": self.accounts.run,
            "delivery": self._deliver,
        }
        self._jobs += [asyncio.create_task(jobs[name](), name=name) for name in names]

    async def _deliver(self) -> None:
        """Begin once there are accounts: without any, delivery would sleep for a second first."""
        await until(lambda: self.accounts.held)
        await self.delivery.run()

    async def end(self) -> None:
        """Leave nothing running."""
        with suppress(Exception):  # a test may have broken the database
            await self.delivery.stop(0)
        await self.crash()

    async def crash(self) -> None:
        """End everything where it stands; what is under way there is never heard of again."""
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        self._jobs.clear()

    async def take(self, *messages: InboundMessage) -> None:
        """Keep these messages, each a request of its own, in this order."""
        if not any(job.get_name() == "inbox" for job in self._jobs):
            self.begin("inbox")
        await asyncio.gather(*(self.inbox.accept([message]) for message in messages))

    async def post(self, message: InboundMessage, *texts: str) -> None:
        """Put requests for a contact straight into the outbox."""
        payloads: list[dict[str, object]] = [{"text": words} for words in texts]
        rows = outbox.requests(message.contact, payloads, now=self.clock())
        async with self.database.session() as session:
            session.add_all(OutgoingRow(**row) for row in rows)
        self.delivery.wake()

    async def events(self) -> Sequence[Any]:
        """Every event, as it is kept."""
        async with self.database.read() as connection:
            return (
                await connection.execute(select(EventRow.__table__).order_by(EventRow.id))
            ).all()

    async def requests(self) -> Sequence[Any]:
        """Every request of the outbox."""
        query = select(OutgoingRow.__table__).order_by(OutgoingRow.id)
        async with self.database.read() as connection:
            return (await connection.execute(query)).all()

    async def contact(self, message: InboundMessage) -> Any:
        """A contact's row."""
        query = select(ContactRow.__table__).where(ContactRow.id == message.contact.id)
        async with self.database.read() as connection:
            return (await connection.execute(query)).one()

    async def answers(self) -> list[str]:
        """The words of every reply, in the order written."""
        return [row.payload["text"] for row in await self.requests()]

    async def heard(self, message: InboundMessage) -> object:
        """What the flow remembers of a contact."""
        return (await self.contact(message)).state.get("said", [])

    async def is_quiet(self) -> bool:
        """Whether nothing waits in the inbox."""
        return all(row.status != Progress.WAITING for row in await self.events())

    async def do(self, statement: str, **values: object) -> None:
        """One statement in a transaction of its own."""
        async with self.database.write() as connection:
            await connection.execute(text(statement), values)


MakeRoad = Callable[..., Road]


@pytest.fixture
async def make_road(opened: Opened, clock: MovingClock) -> AsyncIterator[MakeRoad]:
    """Makes roads on databases; all are ended with the test."""
    found: list[Road] = []

    def make(database: Database | str, clock: Callable[[], datetime] = clock) -> Road:
        found.append(Road(opened(database) if isinstance(database, str) else database, clock))
        return found[-1]

    yield make
    for road in found:
        await road.end()


@pytest.fixture
async def road(make_road: MakeRoad, database: Database) -> AsyncIterator[Road]:
    """One road on a database of each kind."""
    made = make_road(database)
    yield made
    await made.end()
