"""Bookings: what of a month's counted messages is spoken for by what is on its way or planned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import recipients
from admin.announcements import Announcement, Relation, Way, way_of
from admin.announcements import State as Standing
from admin.mailings import Carried, Fate, Mailing, Recipient, State
from admin.recurring import times_in
from admin.subscriptions import reached
from admin.threads import stories
from bot.channels.channel import Channel
from bot.counts import month_of
from knowledge.agency import Agency

Sendings = Sequence[tuple[Announcement, int]]
"""Announcements, and how often each is to go out."""


@dataclass(frozen=True, slots=True)
class Bookings:
    """Counted messages of one account in one month that are spoken for."""

    news: int
    """Of what nobody is written down for yet: what is urgent does not wait for it."""
    ends: int
    sending: int = 0


async def by_now(
    session: AsyncSession,
    agency: Agency | None,
    channel: Channel,
    now: datetime,
    *,
    but: int | None = None,
) -> Bookings:
    """What is on its way, and planned for this month.

    The mailing `but` finds, of what nobody is written down for yet, what was approved before it:
    what was approved first has its booking first.
    """
    found = [*await _planned(session, channel, now), *await _begun(session, channel, but)]
    mailing = await session.get(Mailing, but or 0)
    asks = await session.get(Announcement, mailing.announcement_id or 0) if mailing else None
    if asks is not None:
        found = [(one, times) for one, times in found if _is_before(one, asks)]
    counted = await _counted(session, agency, channel, found)
    return replace(counted, sending=await _sending(session, channel, but))


async def in_month(
    session: AsyncSession, agency: Agency, channel: Channel, at: datetime
) -> Bookings:
    """What is planned for that month."""
    return await _counted(session, agency, channel, await _planned(session, channel, at))


def _is_before(one: Announcement, other: Announcement) -> bool:
    """Whether it is another one, which was approved before; an end is with what it ends."""
    mine, others = one.approved_at, other.approved_at
    return one.id != other.id and (mine is None or others is None or mine <= others)


async def _planned(session: AsyncSession, channel: Channel, at: datetime) -> Sendings:
    """What is approved and not posted yet, or recurs, as often as it goes out in that month."""
    query = select(Announcement).where(
        Announcement.agency == channel.agency,
        Announcement.state.in_([Standing.APPROVED, Standing.POSTED]),
        or_(Announcement.state == Standing.APPROVED, Announcement.next_at.is_not(None)),
    )
    found = (await session.scalars(query)).all()
    firsts = [one for one in found if one.state is Standing.POSTED]
    standing = {story.first.id: story.standing for story in await stories(session, firsts)}
    month = month_of(at)
    often = [
        (one, times_in(standing.get(one.id, one.content), one.next_at or one.starts_at, month))
        for one in found
    ]
    return [(one, times) for one, times in often if times]


async def _begun(session: AsyncSession, channel: Channel, but: int | None) -> Sendings:
    """What is posted, or told again, and its recipients on this account not yet written down."""
    query = (
        select(Announcement)
        .join(Mailing, Mailing.announcement_id == Announcement.id)
        .where(
            Mailing.agency == channel.agency,
            Mailing.channel == channel.name,
            Mailing.ended_at.is_(None),
            Mailing.state == State.BEGUN,
            Mailing.id != (but or 0),
        )
    )
    return [(one, 1) for one in await session.scalars(query)]


async def _sending(session: AsyncSession, channel: Channel, but: int | None) -> int:
    """Recipients of this account who are still to be sent to."""
    query = (
        select(func.count())
        .select_from(Recipient)
        .join(Mailing, Mailing.id == Recipient.mailing_id)
        .where(
            Mailing.agency == channel.agency,
            Mailing.channel == channel.name,
            Mailing.ended_at.is_(None),
            Mailing.state != State.STOPPED,
            Mailing.id != (but or 0),
            Recipient.fate == Fate.QUEUED,
        )
    )
    return int(await session.scalar(query) or 0)


async def _counted(
    session: AsyncSession, agency: Agency | None, channel: Channel, found: Sendings
) -> Bookings:
    news = ends = 0
    for one, times in found:
        if one.relation is Relation.ALL_CLEAR:
            ends += times * await _end(session, channel, one)
        elif agency:
            news += times * await _news(session, agency, channel, one)
    return Bookings(news, ends)


async def _news(session: AsyncSession, agency: Agency, channel: Channel, one: Announcement) -> int:
    """What it takes each time, with the subscribers of now."""
    if way_of(one) is not Way.PUSH:
        return 0
    audience = await recipients.alert(session, agency, one)
    people = await reached(session, agency.slug, audience.who)
    return people.get(channel.name, 0)


async def _end(session: AsyncSession, channel: Channel, end: Announcement) -> int:
    """What an end takes: it is told to whoever got the news."""
    if end.content.way is Way.RIDE:
        return 0
    told = (
        select(func.count(Recipient.contact_id.distinct()))
        .join(Mailing, Mailing.id == Recipient.mailing_id)
        .join(Carried, Carried.mailing_id == Recipient.mailing_id)
        .where(
            Carried.lot == Recipient.lot,
            Carried.announcement_id == end.first_id,
            Mailing.channel == channel.name,
            Recipient.fate.in_([Fate.ACCEPTED, Fate.UNKNOWN]),
        )
    )
    return await session.scalar(told) or 0
