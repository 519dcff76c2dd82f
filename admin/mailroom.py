"""The mailroom: carries a mailing out in steps that may each be begun again after a crash.

The steps run as a workflow of DBOS. What was sent to whom is known by the ledger and by the keys of
the requests in the outbox, not by the workflow: nothing goes out twice, whoever takes it up.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin import bookings, leaflets, mailing_pages, recipients, riding
from admin.announcements import Announcement, Way
from admin.mailing_plans import Plan, let_ride, planned, still_wanted, thread_mailings
from admin.mailings import Fate, Lot, Mailing, Recipient, State, Why
from admin.quota import Ledger, Quotas
from bot import counts, outbox
from bot.channels.channel import Channel
from bot.db import Database
from bot.messages import Reply
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
        await self._let_thread_end(known)
        channel, agency = self._account(known), self._agency(known.agency)
        ledger = await self._quotas.ledger(channel, but=mailing_id) if channel else None
        async with self._database.session() as session:
            mailing = await _held(session, mailing_id, attempt)
            if mailing is None:
                return 0
            if channel is None or agency is None:  # its secrets, or its folder, are gone
                mailing.state, mailing.why = State.STOPPED, Why.FAULT
                return 0
            if ledger is not None:
                ledger = await self._locked(session, agency, channel, ledger, mailing_id)
            if mailing.state is State.BEGUN:
                await self._count(session, agency, mailing, ledger)
            elif ledger is not None:
                await self._recount(session, agency, mailing, ledger)
            if mailing.state is not State.SENDING:
                return 0
            return sum(lot.pages for lot in await mailing_pages.lots(session, mailing))

    def _account(self, mailing: Mailing) -> Channel | None:
        return self._channels.get(account_of(mailing.agency, mailing.channel))

    async def _locked(
        self, session: AsyncSession, agency: Agency, channel: Channel, ledger: Ledger, but: int
    ) -> Ledger:
        """The ledger as it is now that nobody else can book from it."""
        connection = await session.connection()
        await counts.lock(connection, account_of(channel.agency, channel.name))
        now = self._clock()
        return ledger.holding(await bookings.by_now(session, agency, channel, now, but=but))

    async def _let_thread_end(self, mailing: Mailing) -> None:
        """What follows another waits until it is known who got that: it is for just them."""
        while True:
            async with self._database.session() as session:
                found = await session.get(Announcement, mailing.announcement_id or 0)
                if found is None or found.first_id is None:
                    return
                before = await thread_mailings(session, found, mailing.channel)
                connection = await session.connection()
                if not await outbox.is_open(connection, [one.key for one in before]):
                    if channel := self._account(mailing):
                        for one in before:
                            await self._settle_rest(session, channel, one)
                    return
                mine = await _held(session, mailing.id, mailing.attempt)
                if mine is None:
                    return
                mine.beat_at = self._clock()
            await asyncio.sleep(PAUSES[-1])

    async def _settle_rest(self, session: AsyncSession, channel: Channel, mailing: Mailing) -> None:
        """Write down what became of pages that nobody looked at any more."""
        connection = await session.connection()
        for lot in await mailing_pages.lots(session, mailing):
            parts = len(channel.plan(lot.words, None, self._clock()))
            for number in range(lot.pages):
                page = mailing_pages.Page(lot.number, number)
                await mailing_pages.settle(connection, channel, mailing, page, parts)

    async def _count(
        self, session: AsyncSession, agency: Agency, mailing: Mailing, ledger: Ledger | None
    ) -> None:
        """Write the recipients down; stop where the quota lacks even one message (L12)."""
        is_counted, is_digest = ledger is not None, mailing.announcement_id is None
        plan = await planned(session, agency, mailing, is_counted=is_counted)
        audience = plan.audience
        if plan.way is Way.PAGE or (is_counted and plan.way in {Way.DIGEST, Way.FREE}):
            audience = recipients.Audience()
        if plan.follows:
            await riding.tell_anew(session, agency, plan.follows, self._address, self._clock())
        rides = is_counted and plan.way is Way.RIDE

        def words(told: Sequence[leaflets.Told], language: str) -> Sequence[Reply]:
            more = audience.more(told)
            return leaflets.replies(
                agency, told, language, self._address, is_digest=is_digest, more=more
            )

        fate = Fate.RIDING if rides else Fate.QUEUED
        found = await recipients.write_down(session, agency, mailing, audience, words, fate=fate)
        now = self._clock()
        mailing.state, mailing.started_at, mailing.beat_at = State.SENDING, now, now
        if ledger is not None and not rides and not _has_room(ledger, found, plan):
            rides = is_digest or plan.follows is not None  # better late than never
            if rides:
                whose = update(Recipient).where(Recipient.mailing_id == mailing.id)
                await session.execute(whose.values(fate=Fate.RIDING))
            else:
                _stop_short(mailing, ledger, found, plan)
        if rides:
            await let_ride(session, mailing, now)
        await session.flush()

    async def _recount(
        self, session: AsyncSession, agency: Agency, mailing: Mailing, ledger: Ledger
    ) -> None:
        """Taken up again: it goes on only if the quota holds for everybody who is left."""
        left = select(func.count()).where(
            Recipient.mailing_id == mailing.id, Recipient.fate == Fate.QUEUED
        )
        people = await session.scalar(left) or 0
        plan = await planned(session, agency, mailing, is_counted=True)
        if mailing.state is State.SENDING and not _has_room(ledger, people, plan):
            _stop_short(mailing, ledger, people, plan)

    async def page(self, mailing_id: int, attempt: int, number: int) -> bool:
        """Send one page and wait until it is known what became of it; False: send no more."""
        if not await self._feed(mailing_id, attempt, number):
            return False
        turn = 0
        while True:
            await asyncio.sleep(PAUSES[min(turn, len(PAUSES) - 1)])
            turn += 1
            async with self._database.session() as session:
                mailing = await _held(session, mailing_id, attempt)
                if mailing is None:
                    return False
                standing = await self._settled(session, mailing, number)
                is_going = mailing.state is State.SENDING
            if not standing.is_over:
                continue
            if not (is_going and standing.left):
                return is_going
            if not await self._feed(mailing_id, attempt, number):  # called back, and resumed
                return False

    async def _feed(self, mailing_id: int, attempt: int, number: int) -> bool:
        async with self._database.session() as session:
            mailing = await _held(session, mailing_id, attempt)
            if mailing is None or mailing.state is not State.SENDING:
                return False
            channel = self._account(mailing)
            if channel is None:
                mailing.state, mailing.why = State.STOPPED, Why.FAULT
                return False
            mailing.beat_at = self._clock()
            page, lot = await _place(session, mailing, number)
            connection = await session.connection()
            await mailing_pages.feed(
                connection,
                channel,
                mailing,
                page,
                words=lot.words,
                wish=await still_wanted(session, mailing, page.lot),
                now=self._clock(),
            )
            if not self._database.is_sqlite:
                await outbox.announce(connection, [account_of(mailing.agency, mailing.channel)])
        self._committed(())
        return True

    async def _settled(
        self, session: AsyncSession, mailing: Mailing, number: int
    ) -> mailing_pages.Standing:
        channel = self._account(mailing)
        if channel is None:
            return mailing_pages.Standing(is_over=True, left=0, why=Why.FAULT)
        page, lot = await _place(session, mailing, number)
        parts = len(channel.plan(lot.words, None, self._clock()))
        mailing.beat_at = self._clock()
        connection = await session.connection()
        found = await mailing_pages.settle(connection, channel, mailing, page, parts)
        if found.why and mailing.state is State.SENDING:
            mailing.state, mailing.why = State.STOPPED, found.why
            if found.why is Why.QUOTA:
                mailing.shortfall = found.left
                self._quotas.exhaust(account_of(mailing.agency, mailing.channel))
        if mailing.state is State.STOPPED:  # what failed meanwhile may have been set back
            await outbox.hold_back(connection, mailing.key, self._clock())
        return found

    async def end(self, mailing_id: int, attempt: int) -> None:
        """Everything was sent: say so."""
        async with self._database.session() as session:
            mailing = await _held(session, mailing_id, attempt)
            if mailing is None or mailing.state is not State.SENDING:
                return
            left = select(Recipient.contact_id).where(
                Recipient.mailing_id == mailing_id, Recipient.fate == Fate.QUEUED
            )
            if await session.scalar(left.limit(1)) is not None:
                mailing.let_be_taken_up(self._clock())  # somebody has to go over it again
                return
            mailing.state, mailing.ended_at = State.DONE, self._clock()

    async def fail(self, mailing_id: int, attempt: int) -> None:
        """It cannot go on by itself: staff may let it try again."""
        async with self._database.session() as session:
            mailing = await _held(session, mailing_id, attempt)
            if mailing is not None and mailing.state in {State.BEGUN, State.SENDING}:
                mailing.state, mailing.why = State.STOPPED, Why.FAULT
                await outbox.hold_back(await session.connection(), mailing.key, self._clock())


def _has_room(ledger: Ledger, people: int, plan: Plan) -> bool:
    """Never a part of them: all, or nobody until there is room, or until it can be asked."""
    return not people or (ledger.is_known and not ledger.shortfall(people, urgent=plan.is_urgent))


def _stop_short(mailing: Mailing, ledger: Ledger, people: int, plan: Plan) -> None:
    mailing.state, mailing.why = State.STOPPED, Why.QUOTA
    mailing.shortfall = ledger.shortfall(people, urgent=plan.is_urgent)


async def _place(
    session: AsyncSession, mailing: Mailing, number: int
) -> tuple[mailing_pages.Page, Lot]:
    page = mailing_pages.page_at(await mailing_pages.lots(session, mailing), number)
    return page, await session.get_one(Lot, (mailing.id, page.lot))


async def _held(session: AsyncSession, mailing_id: int, attempt: int) -> Mailing | None:
    """The mailing, ours until the transaction ends; None where another took it up."""
    query = select(Mailing).where(Mailing.id == mailing_id, Mailing.attempt == attempt)
    found: Mailing | None = await session.scalar(query.with_for_update())
    return found
