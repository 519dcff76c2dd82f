"""What a mailing is to be: whom it concerns, how it goes, and what it follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, insert, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import recipients
from admin.announcements import Announcement, Relation, State, Way, is_urgent, way_of
from admin.followers import News
from admin.mailings import Carried, Lot, Mailing, Recipient
from admin.subscriptions import wants
from admin.threads import others
from knowledge.agency import Agency


@dataclass(frozen=True, slots=True)
class Plan:
    """What a mailing is to be."""

    audience: recipients.Audience
    way: Way
    is_urgent: bool
    follows: int | None = None
    """What it corrects or ends: who got that must not be left with it."""


async def planned(
    session: AsyncSession, agency: Agency, mailing: Mailing, *, is_counted: bool
) -> Plan:
    """Whom a mailing concerns and how it goes, as things are now."""
    if mailing.announcement_id is None:
        audience = await recipients.digest(session, agency, mailing, is_counted=is_counted)
        return Plan(audience, Way.PUSH, is_urgent=False)
    found = await session.get_one(Announcement, mailing.announcement_id)
    audience = await recipients.alert(session, agency, found)
    urgent = is_urgent(agency, found.content) or found.relation is Relation.ALL_CLEAR
    return Plan(audience, way_of(found), urgent, follows=found.first_id)


async def thread_mailings(
    session: AsyncSession, found: Announcement, channel: str
) -> Sequence[Mailing]:
    """The mailings over one channel of what an announcement follows."""
    thread = select(Announcement.id).where(others(found))
    query = select(Mailing).where(Mailing.announcement_id.in_(thread), Mailing.channel == channel)
    return (await session.scalars(query.order_by(Mailing.id))).all()


async def still_wanted(session: AsyncSession, mailing: Mailing, lot: int) -> ColumnElement[bool]:
    """Of a subscriber's row: whether they still want what it tells of, if a digest still does.

    A correction may move the news elsewhere: who got the first is to hear of that, too.
    """
    found = await session.get(Announcement, mailing.announcement_id or 0)
    if found is None:
        return exists().where(
            Carried.mailing_id == mailing.id,
            Carried.lot == lot,
            Announcement.id == Carried.announcement_id,
            Announcement.state == State.POSTED,
        )
    first = await session.get_one(Announcement, found.first_id or found.id)
    return or_(*(wants(one.content.topic, one.content.areas) for one in (first, found)))


async def let_ride(session: AsyncSession, mailing: Mailing, now: datetime) -> None:
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
