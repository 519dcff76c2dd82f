"""Announcements that ride on replies: taken back before they are told."""

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin.followers import News
from admin.mailings import Fate, Mailing, Recipient


async def recall(session: AsyncSession, announcements: Sequence[int]) -> list[int]:
    """What waits for people's next words is not told any more; returns the mailings concerned."""
    mailings = select(Mailing.id).where(Mailing.announcement_id.in_(announcements))
    recalled: list[int] = []
    for mailing in (await session.scalars(mailings)).all():
        untold = delete(News).where(News.mailing_id == mailing, News.told_at.is_(None))
        done = await session.execute(untold.returning(News.contact_id))
        if not done.first():
            continue
        told = select(News.id).where(
            News.mailing_id == mailing,
            News.contact_id == Recipient.contact_id,
            News.told_at.is_not(None),
        )
        left = update(Recipient).where(
            Recipient.mailing_id == mailing, Recipient.fate == Fate.RIDING, ~told.exists()
        )
        await session.execute(left.values(fate=Fate.QUEUED))
        recalled.append(mailing)
    return recalled
