"""Posting: what is approved goes onto the page at its time, and its mailings begin and go on."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin import announcing, riding
from admin.announcements import Announcement, State
from admin.mailings import Mailing, Why
from admin.mailings import State as Sending
from admin.subscriptions import Frequency
from admin.threads import Story, follow, others, story_of
from bot import outbox
from bot.channels.channel import Channel, accounts_of
from bot.db import Database
from bot.sweeps import Sweep

SWEEP = 1.0
"""Seconds between looks at what is due."""
LEASE = timedelta(seconds=15)
"""A mailing whose sender was not seen for so long is taken up by another."""

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
        if not self._is_ready():  # errands can be begun some seconds after the start
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
            if not await put_up(session, found, now):
                return
            accounts = accounts_of(self._channels, found.agency)
            session.add_all(begun(one, now, announcement=found.id) for one in accounts)
        log.info("announcement_posted", agency=found.agency, announcement=number)

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
    mailing = Mailing(
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
    )
    mailing.let_be_taken_up(now)
    return mailing


async def put_up(session: AsyncSession, found: Announcement, now: datetime) -> bool:
    """Onto the page, with all that this means for what it follows; False: nobody is sent it."""
    found.state, found.posted_at = State.POSTED, now
    if _is_too_late(found, now):
        found.ended_at = now
        return False
    story = await story_of(session, found)
    if found.first_id is not None:
        thread = await session.scalars(select(Announcement.id).where(others(found)))
        await overtake(session, thread.all(), now)
        follow(story, found, now)
    await plan(session, story, now)
    return True


async def plan(session: AsyncSession, story: Story, now: datetime) -> None:
    """When it is told again, and its end, as the thread stands now."""
    story.first.next_at = story.again(now)
    if story.first.ended_at is None:
        await announcing.plan_end(session, story.latest, now)


def _is_too_late(found: Announcement, now: datetime) -> bool:
    """Whether it is over before it went out: it stands on the page, and nobody is sent it."""
    until = found.content.valid_until
    return found.first_id is None and until is not None and until <= now


async def overtake(session: AsyncSession, before: Sequence[int], now: datetime) -> None:
    """Whatever of these is still going out, or rides, is not sent any more."""
    query = select(Mailing).where(Mailing.announcement_id.in_(before), Mailing.ended_at.is_(None))
    for mailing in (await session.scalars(query.with_for_update())).all():
        mailing.state, mailing.why, mailing.ended_at = Sending.STOPPED, Why.OVER, now
        await outbox.hold_back(await session.connection(), mailing.key, now)
    await riding.recall(session, before)
