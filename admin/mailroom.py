"""The mailroom: carries a mailing out in steps that may each be begun again after a crash.

The steps run as a workflow of DBOS. What was sent to whom is known by the ledger and by the keys of
the requests in the outbox, not by the workflow: nothing goes out twice, whoever takes it up.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin import leaflets, mailing_pages, recipients
from admin.announcements import Announcement, Way, is_urgent
from admin.followers import News
from admin.mailings import Fate, Lot, Mailing, Recipient, State, Why
from admin.quota import Ledger, Quotas
from bot import outbox
from bot.channels.channel import Channel
from bot.db import Database
from bot.tables import account_of
from knowledge.agency import Agency

PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between looks at a page that is under way."""


class Mailroom:
    """Everything that a mailing's workflow does; `attempt` says who does it."""

    def __init__(
        self,
        database: Database,
        agency: Callable[[str], Agency | None],
        channels: Mapping[str, Channel],
        quotas: Quotas,
        *,
        address: str,
        committed: Callable[[Sequence[UUID]], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._agency = agency
        self._channels = channels
        self._quotas = quotas
        self._address = address.rstrip("/")
        self._committed = committed
        self._clock = clock

    async def begin(self, mailing_id: int, attempt: int) -> int:
        """Write the recipients down, unless that was done; returns how many pages there are."""
        async with self._database.session() as session:
            known = await _held(session, mailing_id, attempt)
        if known is None:
            return 0
        channel = self._channels.get(account_of(known.agency, known.channel))
        ledger = await self._quotas.ledger(channel, but=mailing_id) if channel else None
        async with self._database.session() as session:
            mailing = await _held(session, mailing_id, attempt)
            agency = self._agency(known.agency)
            if mailing is None or agency is None:
                return 0
            if mailing.state is State.BEGUN:
                await self._count(session, agency, mailing, ledger)
            elif ledger is not None:
                await self._recount(session, agency, mailing, ledger)
            is_going = mailing.state is State.SENDING
            lots = await mailing_pages.lots(session, mailing)
            return sum(lot.pages for lot in lots) if is_going else 0

    async def _count(
        self, session: AsyncSession, agency: Agency, mailing: Mailing, ledger: Ledger | None
    ) -> None:
        """Write the recipients down; stop where the quota lacks even one message (L12)."""
        is_counted, is_digest = ledger is not None, mailing.announcement_id is None
        groups, way, urgent = await _groups(session, agency, mailing, is_counted=is_counted)
        if way is Way.PAGE or (ledger is not None and way in {Way.DIGEST, Way.FREE}):
            groups = []
        rides = ledger is not None and way is Way.RIDE
        words = [
            leaflets.replies(agency, group.told, group.language, self._address) for group in groups
        ]
        fate = Fate.RIDING if rides else Fate.QUEUED
        found = await recipients.write_down(session, agency, mailing, groups, words, fate=fate)
        now = self._clock()
        mailing.state, mailing.started_at, mailing.beat_at = State.SENDING, now, now
        short = 0 if rides or ledger is None else ledger.shortfall(found, urgent=urgent)
        if short and (is_digest or await _follows(session, mailing)):  # better late than never
            whose = update(Recipient).where(Recipient.mailing_id == mailing.id)
            await session.execute(whose.values(fate=Fate.RIDING))
            rides = True
        elif short:
            mailing.state, mailing.why, mailing.shortfall = State.STOPPED, Why.QUOTA, short
        if rides:
            await _let_ride(session, mailing, now)
        await session.flush()

    async def _recount(
        self, session: AsyncSession, agency: Agency, mailing: Mailing, ledger: Ledger
    ) -> None:
        """Taken up again: it goes on only if the quota holds for everybody who is left."""
        left = select(func.count()).where(
            Recipient.mailing_id == mailing.id, Recipient.fate == Fate.QUEUED
        )
        _, _, urgent = await _groups(session, agency, mailing, is_counted=True)
        short = ledger.shortfall(await session.scalar(left) or 0, urgent=urgent)
        if short and mailing.state is State.SENDING:
            mailing.state, mailing.why, mailing.shortfall = State.STOPPED, Why.QUOTA, short

    async def page(self, mailing_id: int, attempt: int, number: int) -> bool:
        """Send one page and wait until it is known what became of it; False: send no more."""
        if not await self._feed(mailing_id, attempt, number):
            return False
        self._committed(())
        for turn in range(1_000_000):
            await asyncio.sleep(PAUSES[min(turn, len(PAUSES) - 1)])
            async with self._database.session() as session:
                mailing = await _held(session, mailing_id, attempt)
                if mailing is None:
                    return False
                if await self._is_settled(session, mailing, number):
                    return mailing.state is State.SENDING
        return False

    async def _feed(self, mailing_id: int, attempt: int, number: int) -> bool:
        async with self._database.session() as session:
            mailing = await _held(session, mailing_id, attempt)
            if mailing is None or mailing.state is not State.SENDING:
                return False
            account = account_of(mailing.agency, mailing.channel)
            channel, page = self._channels.get(account), (await _page(session, mailing, number))
            if channel is None:  # its secrets were taken away
                mailing.state, mailing.why = State.STOPPED, Why.FAULT
                return False
            mailing.beat_at = self._clock()
            lot = await session.get_one(Lot, (mailing_id, page.lot))
            connection = await session.connection()
            await mailing_pages.feed(
                connection, channel, mailing, page, words=lot.words, now=self._clock()
            )
            if not self._database.is_sqlite:
                await outbox.announce(connection, [account])
        return True

    async def _is_settled(self, session: AsyncSession, mailing: Mailing, number: int) -> bool:
        channel = self._channels[account_of(mailing.agency, mailing.channel)]
        page, connection = await _page(session, mailing, number), await session.connection()
        mailing.beat_at = self._clock()
        is_over, why = await mailing_pages.settle(connection, channel, mailing, page)
        if why and mailing.state is State.SENDING:
            mailing.state, mailing.why = State.STOPPED, why
        return is_over

    async def end(self, mailing_id: int, attempt: int) -> None:
        """Everything was sent: say so."""
        async with self._database.session() as session:
            mailing = await _held(session, mailing_id, attempt)
            if mailing is not None and mailing.state is State.SENDING:
                mailing.state, mailing.ended_at = State.DONE, self._clock()

    async def fail(self, mailing_id: int, attempt: int) -> None:
        """It cannot go on by itself: staff may let it try again."""
        async with self._database.session() as session:
            mailing = await _held(session, mailing_id, attempt)
            if mailing is not None and mailing.state in {State.BEGUN, State.SENDING}:
                mailing.state, mailing.why = State.STOPPED, Why.FAULT


async def _groups(
    session: AsyncSession, agency: Agency, mailing: Mailing, *, is_counted: bool
) -> tuple[Sequence[recipients.Group], Way, bool]:
    """Whom it concerns, how it goes where messages are counted, and whether it is urgent."""
    if mailing.announcement_id is None:
        groups = await recipients.digest(session, agency, mailing, is_counted=is_counted)
        return groups, Way.PUSH, False
    found = await session.get_one(Announcement, mailing.announcement_id)
    content = found.content
    way = content.way
    if found.relation and way is not Way.RIDE:  # it goes to just those who got what it follows
        way = Way.PUSH
    return await recipients.alert(session, agency, found), way, is_urgent(agency, content)


async def _follows(session: AsyncSession, mailing: Mailing) -> bool:
    """Whether it is a correction or an end: who got the news must not be left with it."""
    found = await session.get(Announcement, mailing.announcement_id)
    return found is not None and found.first_id is not None


async def _held(session: AsyncSession, mailing_id: int, attempt: int) -> Mailing | None:
    """The mailing, ours until the transaction ends; None where another took it up."""
    query = select(Mailing).where(Mailing.id == mailing_id, Mailing.attempt == attempt)
    found: Mailing | None = await session.scalar(query.with_for_update())
    return found


async def _page(session: AsyncSession, mailing: Mailing, number: int) -> mailing_pages.Page:
    return mailing_pages.page_at(await mailing_pages.lots(session, mailing), number)


async def _let_ride(session: AsyncSession, mailing: Mailing, now: datetime) -> None:
    """Lay the words beside what each contact is to hear with the next reply."""
    for lot in await session.scalars(select(Lot).where(Lot.mailing_id == mailing.id)):
        for reply in lot.replies:
            whom = select(
                Recipient.contact_id,
                literal(reply, News.reply.type),
                literal(False),
                literal(now, News.at.type),
                literal(now, News.at.type),
                literal(mailing.id),
            ).where(Recipient.mailing_id == mailing.id, Recipient.lot == lot.number)
            columns = ["contact_id", "reply", "presses", "at", "waits_since", "mailing_id"]
            await session.execute(insert(News).from_select(columns, whom))
