"""The clock of news: digests for those who asked for them, and notices that recur."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import exists, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.announcements import Announcement, State
from admin.followers import News
from admin.mailings import Fate, Mailing, Recipient
from admin.mailings import State as Sending
from admin.posting import begun, overtake
from admin.subscriptions import Frequency, Subscriber
from admin.threads import story_of
from bot.channels.channel import Channel, accounts_of
from bot.db import Database

WINDOWS: Mapping[Frequency, timedelta] = {
    Frequency.DAILY: timedelta(days=1),
    Frequency.WEEKLY: timedelta(days=7),
}
"""What the first digest of an account looks back on."""
STALE = timedelta(hours=12)
"""A digest that is later than this waits for its next time; nothing of it is lost."""

LATE = timedelta(hours=2)
"""A recurring notice that is later than this is left out until its next time."""

log = structlog.get_logger()


class NewsRounds:
    """Goes over every account; a round may be made again after a crash in its midst."""

    def __init__(self, database: Database, channels: Mapping[str, Channel]) -> None:
        self._database = database
        self._channels = channels

    async def daily(self, due: datetime, now: datetime) -> None:
        """Yesterday's news, for those who want them once a day."""
        await self._digests(Frequency.DAILY, due, now)

    async def weekly(self, due: datetime, now: datetime) -> None:
        """The week's news, for those who want them once a week."""
        await self._digests(Frequency.WEEKLY, due, now)

    async def _digests(self, frequency: Frequency, due: datetime, now: datetime) -> None:
        if now - due > STALE:
            return
        for channel in list(self._channels.values()):
            async with self._database.session() as session:
                since = await _since(session, channel, frequency, due)
                if since is not None and await _is_wanted(session, channel, frequency, since):
                    mailing = begun(channel, now, until=due, frequency=frequency, since=since)
                    session.add(mailing)
                    log.info("news_digest", agency=channel.agency, channel=channel.name)

    async def arrive(self) -> None:
        """What rode on replies has arrived with them: the ledger says so."""
        told = select(News.id).where(
            News.mailing_id == Recipient.mailing_id,
            News.contact_id == Recipient.contact_id,
            News.told_at.is_not(None),
        )
        rode = update(Recipient).where(text("fate = 'riding'"), told.exists())
        async with self._database.write() as connection:
            await connection.execute(rode.values(fate=Fate.ACCEPTED))

    async def recur(self, now: datetime) -> None:
        """Send again what is due to be told again."""
        query = select(Announcement.id).where(
            Announcement.state == State.POSTED, Announcement.next_at <= now
        )
        async with self._database.read() as connection:
            due = list(await connection.scalars(query))
        for number in due:
            async with self._database.session() as session:
                found = await session.scalar(
                    select(Announcement)
                    .where(Announcement.id == number, Announcement.next_at <= now)
                    .with_for_update(skip_locked=True)
                )
                if found is None:
                    continue
                story = await story_of(session, found)
                is_late = found.next_at is not None and now - found.next_at > LATE
                found.next_at = story.again(now)
                if is_late or story.ended(now):  # "tomorrow" would be another day by now
                    log.warning("notice_too_late", agency=found.agency, announcement=found.id)
                    continue
                await overtake(session, [found.id], now)  # of an earlier time, it is too late
                mine = accounts_of(self._channels, found.agency)
                session.add_all(begun(one, now, announcement=found.id) for one in mine)


async def _since(
    session: AsyncSession, channel: Channel, frequency: Frequency, due: datetime
) -> datetime | None:
    """Where the last digest ended; None where this one is under way already."""
    mine = select(func.max(Mailing.until)).where(
        Mailing.agency == channel.agency,
        Mailing.channel == channel.name,
        Mailing.frequency == frequency,
    )
    last: datetime | None = await session.scalar(mine)
    if last is not None and last >= due:
        return None
    if last is None:
        return due - WINDOWS[frequency]
    arrived: datetime | None = await session.scalar(mine.where(Mailing.state == Sending.DONE))
    floor = due - 2 * WINDOWS[frequency]  # who was told nothing for months is not told all of it
    return max(arrived, floor) if arrived else floor


async def _is_wanted(
    session: AsyncSession, channel: Channel, frequency: Frequency, since: datetime
) -> bool:
    """Whether anybody asked for it, and there is anything to tell."""
    reader = exists().where(Subscriber.agency == channel.agency, Subscriber.channel == channel.name)
    if frequency is Frequency.WEEKLY:
        is_mine = or_(Subscriber.frequency == frequency, Subscriber.moved_at > since)
        reader = reader.where(is_mine)
    news = exists().where(Announcement.agency == channel.agency, Announcement.posted_at > since)
    again = exists().where(
        Mailing.agency == channel.agency,
        Mailing.channel == channel.name,
        Mailing.announcement_id.is_not(None),
        Mailing.created_at > since,
    )
    return bool(await session.scalar(select(reader & (news | again))))
