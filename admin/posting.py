"""Posting: what is approved goes onto the page at its time, and its mailings begin and go on."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin import announcing, recurring, riding
from admin.announcements import Announcement, Relation, State
from admin.mailings import Mailing, Why
from admin.mailings import State as Sending
from admin.subscriptions import Frequency
from bot import outbox
from bot.channels.channel import Channel
from bot.db import Database
from bot.sweeps import Sweep

SWEEP = 1.0
"""Seconds between looks at what is due."""
LEASE = timedelta(seconds=15)
"""A mailing whose sender was not seen for so long is taken up by another."""
LONG_AGO = timedelta(days=1)

log = structlog.get_logger()


class Posting:
    """Looks once a second; any number of replicas may."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        begin: Callable[[int, int], Awaitable[None]],
        *,
        is_ready: Callable[[], bool],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._channels = channels
        self._begin = begin
        self._is_ready = is_ready
        self._clock = clock
        self.sweep = Sweep(self.round, every=SWEEP, name="posting")

    async def round(self) -> None:
        """Everything that is due now."""
        for number in await self._due():
            await self.post(number)
        if not self._is_ready():  # errands can be begun a second after the start
            return
        for mailing, attempt in await self._left_alone():
            await self._begin(mailing, attempt)

    async def _due(self) -> list[int]:
        query = select(Announcement.id).where(
            Announcement.state == State.APPROVED, Announcement.starts_at <= self._clock()
        )
        async with self._database.read() as connection:
            return list(await connection.scalars(query.order_by(Announcement.starts_at)))

    async def post(self, number: int) -> None:
        """Put one onto the page and begin its mailings; once, whoever else tries."""
        now = self._clock()
        async with self._database.session() as session:
            query = select(Announcement).where(
                Announcement.id == number,
                Announcement.state == State.APPROVED,
                Announcement.starts_at <= now,
            )
            found = await session.scalar(query.with_for_update(skip_locked=True))
            if found is None:
                return
            found.state, found.posted_at = State.POSTED, now
            if _is_too_late(found, now):
                found.ended_at = now
                return
            found.next_at = recurring.following(found.content, now)
            if found.first_id is not None:
                await _overtake(session, found, now)
                await _follow(session, found, now)
            first = await session.get(Announcement, found.first_id or found.id)
            if first is not None and first.ended_at is None:
                await announcing.plan_end(session, found, now)
            session.add_all(_mailings(self._accounts(found.agency), found, now))
        log.info("announcement_posted", agency=found.agency, announcement=number)

    def _accounts(self, agency: str) -> list[Channel]:
        return [channel for channel in self._channels.values() if channel.agency == agency]

    async def _left_alone(self) -> list[tuple[int, int]]:
        """Mailings that nobody sends: ours from now on."""
        now = self._clock()
        lonely = select(Mailing.id).where(
            Mailing.ended_at.is_(None),
            Mailing.state.in_([Sending.BEGUN, Sending.SENDING]),
            Mailing.beat_at < now - LEASE,
        )
        alone = (
            update(Mailing)
            .where(Mailing.id.in_(lonely.with_for_update(skip_locked=True)))
            .values(attempt=Mailing.attempt + 1, beat_at=now)
            .returning(Mailing.id, Mailing.attempt)
        )
        async with self._database.read() as connection:
            if (await connection.execute(lonely.limit(1))).first() is None:
                return []
        async with self._database.write() as connection:
            return [(row.id, row.attempt) for row in await connection.execute(alone)]


def _mailings(accounts: Iterable[Channel], found: Announcement, now: datetime) -> Iterable[Mailing]:
    return [begun(channel, now, announcement=found.id) for channel in accounts]


def begun(
    channel: Channel,
    now: datetime,
    *,
    announcement: int | None = None,
    frequency: Frequency | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Mailing:
    """A new act of sending over one account; the next round takes it up."""
    return Mailing(
        key=uuid4(),
        agency=channel.agency,
        channel=channel.name,
        announcement_id=announcement,
        frequency=frequency,
        since=since,
        until=until,
        state=Sending.BEGUN,
        shortfall=0,
        attempt=0,
        created_at=now,
        beat_at=now - LONG_AGO,
    )


def _is_too_late(found: Announcement, now: datetime) -> bool:
    """Whether it is over before it went out: it stands on the page, and nobody is sent it."""
    until = found.content.valid_until
    return found.first_id is None and until is not None and until <= now


async def _overtake(session: AsyncSession, found: Announcement, now: datetime) -> None:
    """Whatever is still going out of what this follows is not sent any more."""
    thread = select(Announcement.id).where(
        or_(Announcement.id == found.first_id, Announcement.first_id == found.first_id),
        Announcement.id != found.id,
    )
    query = select(Mailing).where(Mailing.announcement_id.in_(thread), Mailing.ended_at.is_(None))
    for mailing in (await session.scalars(query.with_for_update())).all():
        mailing.state, mailing.why, mailing.ended_at = Sending.STOPPED, Why.OVER, now
        await outbox.hold_back(await session.connection(), mailing.key, now)


async def _follow(session: AsyncSession, found: Announcement, now: datetime) -> None:
    """What it is to the first of its thread shows there, too."""
    first = await session.get_one(Announcement, found.first_id)
    if found.relation is Relation.CORRECTION:
        first.edited_at = now
        told = await _told_until(session, first, found)
        until = found.content.valid_until
        if until is not None and until > now and until != told:
            first.ended_at = None  # it holds longer than was told
    elif found.relation is Relation.ALL_CLEAR:
        first.ended_at = now
        await riding.recall(session, first.id)


async def _told_until(
    session: AsyncSession, first: Announcement, found: Announcement
) -> datetime | None:
    """Until when it held by what was told before this correction."""
    query = select(Announcement).where(
        Announcement.first_id == first.id,
        Announcement.relation == Relation.CORRECTION,
        Announcement.posted_at.is_not(None),
        Announcement.id != found.id,
    )
    last = await session.scalar(query.order_by(Announcement.posted_at.desc()).limit(1))
    return (last or first).content.valid_until
