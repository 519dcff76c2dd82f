"""News on their way to fake platforms, one of which counts what is sent unasked."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from admin.followers import News, told
from admin.messenger import Messenger
from admin.quota import Quotas
from bot.accounts import AllAccounts
from bot.channels.channel import DeliveryError, Quota
from bot.db import Database
from bot.delivery import Delivery
from bot.messages import Contact, InboundMessage, Reply
from bot.metrics import Metrics
from bot.settings import ROOT
from bot.tables import ContactRow, OutgoingRow, account_of
from knowledge.agency import Agency
from knowledge.folders import load_agency, load_defaults
from tests.conftest import Opened
from tests.fakes import AGENCY, FakeChannel, MovingClock
from tests.news.office import Office


class MeteredChannel(FakeChannel):
    """A platform that counts requests of our own accord, five messages in each."""

    def __init__(self) -> None:
        super().__init__(name="line")
        self.limit: int | None = None
        self.asked = 0
        self.is_silent = False

    async def quota(self) -> Quota:
        """What is left, as the test says."""
        self.asked += 1
        if self.is_silent:
            raise DeliveryError("timeout", retry=True)
        return Quota(self.limit, 0)

    def plan(
        self, replies: Sequence[Reply], cause: InboundMessage | None, now: datetime
    ) -> list[dict[str, object]]:
        """Up to five in one request."""
        texts = [reply.text for reply in replies]
        return [{"text": "|".join(texts[at : at + 5])} for at in range(0, len(texts), 5)]


class Newsroom:
    """One messenger and one sender, and citizens on three channels."""

    def __init__(self, database: Database, clock: MovingClock) -> None:
        self.database, self.clock = database, clock
        self.line = MeteredChannel()
        self.telegram = FakeChannel(name="telegram")
        self.web = FakeChannel(name="web", is_mailbox=True)
        channels = (self.line, self.telegram, self.web)
        self.channels = {account_of(c.agency, c.name): c for c in channels}
        self.rung: list[UUID] = []
        self.metrics = Metrics()
        self.messenger = self.another()
        self.delivery = self.sender()

    def another(self, database: Database | None = None) -> Messenger:
        """One more messenger, as another replica has it."""
        return Messenger(
            database or self.database,
            self.channels,
            self.rung.extend,
            clock=self.clock,
            metrics=self.metrics,
            quotas=Quotas(self.database, lambda _: None, self.clock),
        )

    def sender(self) -> Delivery:
        async def taken(_account: str) -> None:
            """Nothing was left half sent."""

        accounts = AllAccounts(taken=taken)
        accounts.held = frozenset({account_of(AGENCY, "line"), account_of(AGENCY, "telegram")})
        return Delivery(
            self.database, self.channels, accounts, clock=self.clock, metrics=self.metrics
        )

    async def knows(self, channel: str, name: str = "somchai", **more: object) -> Contact:
        """A citizen who has written before."""
        contact = Contact(AGENCY, channel, name)
        now = self.clock()
        row = ContactRow.new(contact, now, **more)
        async with self.database.session() as session:
            session.add(row)
        return contact

    async def hears(self, contact: Contact, *texts: str, presses: bool = False) -> None:
        """There is news for somebody."""
        async with self.database.session() as session:
            for text in texts:
                session.add(told(contact.id, Reply(text), presses=presses, now=self.clock()))
                await session.flush()

    async def outgoing(self) -> list[OutgoingRow]:
        """Everything that was written to the outbox, in that order."""
        async with self.database.read() as connection:
            found = await connection.execute(select(OutgoingRow.__table__).order_by("id"))
        return list(found.all())

    async def news(self) -> list[News]:
        """Every piece of news, oldest first."""
        async with self.database.read() as connection:
            found = await connection.execute(select(News.__table__).order_by("id"))
        return list(found.all())


@pytest.fixture
def newsroom(database: Database, clock: MovingClock) -> Newsroom:
    """News on a database of each kind."""
    return Newsroom(database, clock)


@pytest.fixture
def replica(database_url: str, opened: Opened) -> Callable[[], Database]:
    """Another process' connection to the same database."""
    return lambda: opened(database_url)


@pytest.fixture(scope="session")
def agency() -> Agency:
    """A sub-district as its folder has it."""
    folder = ROOT / "knowledge" / "agencies"
    return load_agency(folder / AGENCY, load_defaults(folder / "_default"))


@pytest.fixture
def office(database: Database, agency: Agency) -> Office:
    """The agency with nobody in it yet."""
    return Office(database, agency)
