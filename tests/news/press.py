"""A press: subscribers on three channels, two people who announce, and the sending of it all."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from admin import announcing, subscriptions
from admin.announcements import Announcement, Content, Relation, announcement_of
from admin.mailings import Fate, Mailing, Recipient
from admin.mailroom import Mailroom
from admin.officers import Officer, Post, Role
from admin.posting import LEASE, Posting
from admin.quota import Quotas
from admin.subscriptions import Frequency
from bot.channels.channel import Bulk
from bot.messages import Contact
from bot.tables import ContactRow, OutgoingRow
from knowledge.agency import Agency
from knowledge.bulletins import Rates
from tests.fakes import text_of
from tests.news.conftest import Newsroom

WRITER = Officer(1, "tapon", "ผู้เขียน", (Post(Role.REPORTER), Post(Role.APPROVER)))
SECOND = Officer(2, "tapon", "ผู้อนุมัติ", (Post(Role.APPROVER),))
HEAD = Officer(3, "tapon", "นายก", (Post(Role.EXECUTIVE),))
CUT = Content(
    "interruption",
    "services",
    "sao",
    headline_th="น้ำไม่ไหลวันเสาร์",
    text_th="ซ่อมท่อ โปรดสำรองน้ำ",
    all_clear_th="น้ำไหลตามปกติแล้ว",
)


class Press:
    """Everything between a signature and a delivery, with platforms that are ours."""

    def __init__(self, newsroom: Newsroom, agency: Agency) -> None:
        self.newsroom, self.agency = newsroom, agency
        self.database, self.clock = newsroom.database, newsroom.clock
        newsroom.line.bulk = Bulk(many=500)
        newsroom.telegram.bulk = Bulk(is_repeatable=False)
        self.rates = Rates(reserve=0)
        self.quotas = Quotas(self.database, lambda _: self._priced(), self.clock)
        self.begun: list[tuple[int, int]] = []
        self.mailroom = Mailroom(
            self.database,
            lambda _: agency,
            newsroom.channels,
            self.quotas,
            address="https://thamdai.example",
            committed=lambda _: newsroom.delivery.wake(),
            clock=self.clock,
        )
        self.posting = Posting(
            self.database,
            newsroom.channels,
            self._begin,
            is_ready=lambda: True,
            clock=self.clock,
        )

    def _priced(self) -> Agency:
        newsroom = self.agency.newsroom.model_copy(update={"rates": self.rates})
        return self.agency.model_copy(update={"newsroom": newsroom})

    async def _begin(self, mailing: int, attempt: int) -> None:
        self.begun.append((mailing, attempt))

    async def subscribes(
        self,
        name: str,
        channel: str = "line",
        *topics: str,
        areas: Sequence[str] = (),
        frequency: Frequency = Frequency.AT_ONCE,
        language: str = "th",
    ) -> Contact:
        """Somebody who wants news; of services, unless said otherwise."""
        contact = Contact(self.agency.slug, channel, name)
        async with self.database.session() as session:
            row = await session.get(ContactRow, contact.id)
            if row is None:
                row = ContactRow.new(contact, self.clock())
                session.add(row)
                await session.flush()
            await subscriptions.subscribe(
                session,
                row,
                topics=topics or ("services",),
                areas=areas,
                frequency=frequency,
                language=language,
                now=self.clock(),
            )
        return contact

    async def signs(
        self,
        content: Content = CUT,
        *,
        by: Officer = SECOND,
        relation: Relation | None = None,
        first: int | None = None,
        lasts: timedelta | None = timedelta(days=1),
    ) -> int:
        """One announcement, prepared and approved; it can still be taken back."""
        now = self.clock()
        if lasts is not None:
            content = replaced(content, valid_until=now + lasts)
        async with self.database.session() as session:
            before = await self._found(session, first) if first else None
            made = await announcing.draft(
                session, self.agency, content, WRITER, now, relation=relation, first=before
            )
            await announcing.submit(session, self.agency, made, WRITER, now)
            await announcing.approve(session, self.agency, made, by, now)
        return made.id

    async def _found(self, session: Any, number: int) -> Announcement:
        found = await announcement_of(session, self.agency.slug, number)
        assert found is not None
        return found

    async def announces(self, content: Content = CUT, **how: Any) -> int:
        """One announcement, signed, past its minute of grace, on the page and sent."""
        number = await self.signs(content, **how)
        self.clock.move(seconds=announcing.UNDO.total_seconds())
        await self.goes_out()
        return number

    async def goes_out(self) -> None:
        """Everything that is due is posted and sent."""
        await self.posting.round()
        async with self.sending():
            await self.carries()

    async def carries(self) -> None:
        """The errands that were begun, one beside the other, as DBOS has it."""
        begun, self.begun = self.begun, []
        await asyncio.gather(*(self._carry(*one) for one in begun))

    async def _carry(self, mailing: int, attempt: int) -> None:
        for number in range(await self.mailroom.begin(mailing, attempt)):
            if not await self.mailroom.page(mailing, attempt, number):
                return
        await self.mailroom.end(mailing, attempt)

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Meanwhile the sender runs."""
        delivery = self.newsroom.delivery
        running = asyncio.create_task(delivery.run())
        yield
        await delivery.stop(1)
        await asyncio.gather(running, return_exceptions=True)
        self.newsroom.delivery = self.newsroom.sender()

    async def comes_back(self) -> None:
        """Whoever was sending is gone for so long that somebody else takes it up."""
        self.clock.move(seconds=LEASE.total_seconds() + 1)
        await self.goes_out()

    def got(self, channel: str) -> Counter[str]:
        """How often each was sent something, by address."""
        fake = self.newsroom.line if channel == "line" else self.newsroom.telegram
        many = [call.payload.get("to") or [call.address] for call in fake.sent]
        return Counter(str(address) for addresses in many for address in addresses)  # type: ignore[attr-defined]

    def words(self, channel: str) -> list[str]:
        """What was sent, in that order."""
        fake = self.newsroom.line if channel == "line" else self.newsroom.telegram
        return [text_of(call) for call in fake.sent]

    async def mailings(self) -> list[Mailing]:
        """Every act of sending, the first one first."""
        async with self.database.session() as session:
            return list(await session.scalars(select(Mailing).order_by(Mailing.id)))

    async def ledger(self) -> Counter[tuple[str, Fate]]:
        """How many met which fate, by channel."""
        query = select(Mailing.channel, Recipient.fate).join(
            Mailing, Mailing.id == Recipient.mailing_id
        )
        async with self.database.session() as session:
            return Counter((row.channel, row.fate) for row in await session.execute(query))

    async def mailbox(self, contact: Contact) -> list[str]:
        """What somebody on the web finds."""
        query = select(OutgoingRow.payload).where(OutgoingRow.contact_id == contact.id)
        async with self.database.read() as connection:
            rows = await connection.scalars(query.order_by(OutgoingRow.id))
            return [row["reply"]["text"] for row in rows]


def replaced(content: Content, **values: object) -> Content:
    """The same, but for these."""
    import msgspec  # noqa: PLC0415

    return msgspec.structs.replace(content, **values)


def ids(contacts: Sequence[Contact]) -> list[UUID]:
    """What rows know them by."""
    return [contact.id for contact in contacts]


def later(moment: datetime, **step: float) -> datetime:
    """So much after it."""
    return moment + timedelta(**step)
