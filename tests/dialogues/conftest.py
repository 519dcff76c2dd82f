"""A citizen who talks to the real desk: real agencies, real lanes, a real database file."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from itertools import count

import pytest

from bot import mailbox
from bot.channels.webchat import WebChannel
from bot.db import Database
from bot.inbox import Inbox
from bot.lanes import Lanes
from bot.messages import Contact, InboundMessage, Kind, Reply
from bot.metrics import Metrics
from bot.settings import ROOT
from bot.tables import account_of
from handlers.desk import Desk
from knowledge.matching import Decision
from knowledge.registry import Registry

AGENCIES = ("buriram", "mof-ops", "phetchaburi", "singburi", "tapon")
VAGUE = ("งบประมาณ", "แผน", "ข้อมูล", "เว็บไซต์", "ข่าว")
STRANGE = ("แมวเป็นหวัดกินยาอะไร", "ราคาทองวันนี้เท่าไหร่", "ทำกับข้าวอะไรดี", "หนังเรื่องไหนสนุก")


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Town:
    """One running service, on a database of its own."""

    def __init__(self, database: Database, registry: Registry, clock: Clock) -> None:
        metrics = Metrics()
        desk = Desk(registry.get, metrics)
        self.database, self.registry, self.clock = database, registry, clock
        self.lanes = Lanes(
            database,
            {account_of(slug, "web"): WebChannel(slug) for slug in registry.served},
            prepare=desk.prepare,
            handle=desk.handle,
            apologise=desk.apologise,
            committed=lambda _: None,
            busy=lambda _: None,
            clock=clock,
            metrics=metrics,
        )
        self.inbox = Inbox(database, arrived=self.lanes.add, clock=clock, metrics=metrics)
        self.numbers = count(1)

    def citizen(self, agency: str = "buriram", **habits: object) -> "Citizen":
        """Somebody who never wrote before."""
        return Citizen(self, Contact(agency, "web", f"citizen-{next(self.numbers)}"), habits)

    async def tell(self, message: InboundMessage) -> list[Reply]:
        """What is replied to this message."""
        handled = self.lanes.watch(message)
        await self.inbox.accept([message])
        await asyncio.wait_for(handled.wait(), 20)
        async with self.database.read() as connection:
            event = await mailbox.is_handled(connection, message)
            assert event is not None
            letters = await mailbox.replies_to(connection, event, message.contact.id)
        return [letter.reply for letter in letters if letter.reply]


class Citizen:
    """One conversation, as the citizen leads it."""

    def __init__(self, town: Town, contact: Contact, habits: dict[str, object]) -> None:
        self.town, self.contact, self.habits = town, contact, habits

    async def __call__(self, *texts: str, choose: str | None = None) -> list[Reply]:
        """Write these, one after the other, then tap; what came back to the last of it."""
        replies: list[Reply] = []
        for text in texts:
            replies = await self.do(Kind.TEXT, text=text)
        return replies if choose is None else await self.do(Kind.CHOICE, choice=choose)

    async def do(self, kind: Kind, **what: object) -> list[Reply]:
        """Do anything that a citizen can do."""
        return await self.town.tell(self.message(kind, **what))

    def message(self, kind: Kind, **what: object) -> InboundMessage:
        """What a channel would make of it."""
        number = next(self.town.numbers)
        fields = {"message_id": f"m{number}", **self.habits, **what}
        return InboundMessage(
            contact=self.contact, event_id=f"e{number}", kind=kind, order=number, **fields
        )


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """The agencies of the repository, matched by words alone."""
    kept = tmp_path_factory.mktemp("kept")
    registry = Registry(ROOT / "knowledge" / "agencies", kept)
    registry.refresh()
    assert set(registry.served) == set(AGENCIES)
    return registry


@pytest.fixture
def clock() -> Clock:
    """First of December 2026, ten in the morning in Bangkok."""
    return Clock()


@pytest.fixture
async def town(sqlite_url: str, served: Registry, clock: Clock) -> AsyncIterator[Town]:
    """The service, running."""
    database = Database(sqlite_url)
    town = Town(database, served, clock)
    tasks = [asyncio.create_task(job) for job in (town.inbox.run(), town.lanes.run())]
    yield town
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await database.close()


@pytest.fixture
def talk(town: Town) -> Citizen:
    """A citizen of Buriram."""
    return town.citizen()


def _of_kind(registry: Registry, texts: tuple[str, ...], decision: Decision) -> Iterator[str]:
    matcher = registry.served["buriram"].matcher
    return (text for text in texts if matcher.match(text).decision is decision)


@pytest.fixture(scope="session")
def vague(served: Registry) -> str:
    """A question that several answers of Buriram fit, so that it asks back."""
    return next(_of_kind(served, VAGUE, Decision.SUGGEST))


@pytest.fixture(scope="session")
def strange(served: Registry) -> list[str]:
    """Three questions that Buriram has no answer to."""
    found = list(_of_kind(served, STRANGE, Decision.REFUSE))
    assert len(found) >= 3
    return found[:3]
