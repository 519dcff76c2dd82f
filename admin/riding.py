"""Announcements that ride on replies, or go with a digest: taken back or mended before that."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin import leaflets
from admin.announcements import Announcement, State
from admin.followers import News
from admin.leaflets import Told
from admin.mailings import Carried, Fate, Lot, Mailing, Recipient
from admin.threads import stories
from bot import outbox
from bot.tables import ContactRow
from knowledge.agency import Agency


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


def waits(announcements: Sequence[int]) -> ColumnElement[bool]:
    """Of a contact's row: whether what is to tell them of any of these waits for their words."""
    return exists().where(
        News.contact_id == ContactRow.id,
        News.told_at.is_(None),
        Recipient.mailing_id == News.mailing_id,
        Recipient.contact_id == News.contact_id,
        Carried.mailing_id == Recipient.mailing_id,
        Carried.lot == Recipient.lot,
        Carried.announcement_id.in_(announcements),
    )


async def tell_anew(
    session: AsyncSession, agency: Agency, first: int, address: str, now: datetime
) -> None:
    """Digests that wait for people's next words, or still go out, tell a thread as it is now.

    Of what was withdrawn they tell nothing.
    """
    untold = select(News.id).where(News.mailing_id == Mailing.id, News.told_at.is_(None))
    query = (
        select(Lot, Mailing)
        .join(Mailing, Mailing.id == Lot.mailing_id)
        .join(Carried, (Carried.mailing_id == Lot.mailing_id) & (Carried.lot == Lot.number))
        .where(
            Carried.announcement_id == first,
            Mailing.announcement_id.is_(None),
            or_(Mailing.ended_at.is_(None), untold.exists()),
        )
        .order_by(Lot.mailing_id, Lot.number)
        .with_for_update(of=Mailing)
    )
    for lot, mailing in (await session.execute(query)).all():
        if mailing.ended_at is None:  # whoever sends it puts what nobody has begun in anew
            await outbox.hold_back(await session.connection(), mailing.key, now)
        whose = select(Recipient.contact_id).where(
            Recipient.mailing_id == lot.mailing_id, Recipient.lot == lot.number
        )
        waiting = (
            News.mailing_id == lot.mailing_id,
            News.told_at.is_(None),
            News.contact_id.in_(whose),
        )
        told = await _told(session, lot)
        if not told:
            await session.execute(delete(News).where(*waiting))
            continue
        [reply] = leaflets.replies(agency, told, lot.language, address, is_digest=True)
        lot.replies = [msgspec.to_builtins(reply)]
        await session.execute(update(News).where(*waiting).values(reply=lot.replies[0]))


async def _told(session: AsyncSession, lot: Lot) -> Sequence[Told]:
    """What of it holds, in the words that it has now."""
    carried = select(Carried.announcement_id).where(
        Carried.mailing_id == lot.mailing_id, Carried.lot == lot.number
    )
    query = select(Announcement).where(
        Announcement.id.in_(carried), Announcement.state == State.POSTED
    )
    firsts = (await session.scalars(query.order_by(Announcement.posted_at, Announcement.id))).all()
    return [Told(story.latest, story.first) for story in await stories(session, firsts)]
