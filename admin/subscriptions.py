"""Subscriptions: who wants which news of an agency, of which places, and how often."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin import followers
from bot import outbox
from bot.db import Base, OneOf
from bot.tables import ContactRow

STOP = "news:stop"
"""How the button begins that ends a subscription; `news:stop:<topic>` ends one topic."""
EVERYWHERE = ""
"""The area of a subscription to news of all areas."""


class Frequency(StrEnum):
    """When a subscriber is told; what is urgent is told at once all the same."""

    AT_ONCE = "now"
    DAILY = "daily"
    WEEKLY = "weekly"


class Subscriber(Base):
    """A contact who asked for news."""

    __tablename__ = "subscribers"

    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    agency: Mapped[str] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(2))
    """In which they are told."""
    frequency: Mapped[Frequency] = mapped_column(OneOf(Frequency, 8))
    since: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    """When they blocked the account: nothing is sent until they say that they want it again."""

    moved_at: Mapped[datetime | None]
    """When they last changed how often: what came before that is still told as it was to be."""

    __table_args__ = (Index("ix_subscribers_lot", "agency", "channel", "language", "contact_id"),)


class Subscription(Base):
    """One topic, in one area or everywhere."""

    __tablename__ = "subscriptions"

    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("subscribers.contact_id", ondelete="CASCADE"), primary_key=True
    )
    topic: Mapped[str] = mapped_column(String(40), primary_key=True)
    area: Mapped[str] = mapped_column(String(40), primary_key=True)
    """An area of the profile; empty for all of them."""


async def subscriber_of(session: AsyncSession, contact_id: UUID) -> Subscriber | None:
    """What a contact has asked for, if anything."""
    return await session.get(Subscriber, contact_id)


async def wanted(session: AsyncSession, contact_id: UUID) -> Sequence[Subscription]:
    """A contact's topics and areas, in the order of their names."""
    query = select(Subscription).where(Subscription.contact_id == contact_id)
    return (await session.scalars(query.order_by(Subscription.topic, Subscription.area))).all()


async def subscribe(
    session: AsyncSession,
    contact: ContactRow,
    *,
    topics: Sequence[str],
    areas: Sequence[str],
    frequency: Frequency,
    language: str,
    now: datetime,
) -> Subscriber:
    """Have just these topics in just these areas (none: everywhere) from now on."""
    row = await session.get(Subscriber, contact.id)
    if row is None:
        row = Subscriber(contact_id=contact.id, since=now)
        session.add(row)
    elif row.frequency is not frequency:
        row.moved_at = now
    row.agency, row.channel, row.language = contact.agency, contact.channel, language
    row.frequency, row.paused_at = frequency, None
    await session.flush()
    await session.execute(delete(Subscription).where(Subscription.contact_id == contact.id))
    places = dict.fromkeys(areas) or {EVERYWHERE: None}
    session.add_all(
        Subscription(contact_id=contact.id, topic=topic, area=area)
        for topic in dict.fromkeys(topics)
        for area in places
    )
    await session.flush()
    return row


async def stop(session: AsyncSession, contact_id: UUID, topic: str | None = None) -> bool:
    """No more of this topic, or of any; False where they had none."""
    row = await session.get(Subscriber, contact_id)
    if row is None:
        return False
    of_topic = delete(Subscription).where(Subscription.contact_id == contact_id)
    if topic is not None:
        await session.execute(of_topic.where(Subscription.topic == topic))
    if topic is None or not await wanted(session, contact_id):
        await session.delete(row)
    await session.flush()
    await followers.drop(session, contact_id, f"{STOP}:{topic}" if topic else STOP)
    await outbox.spare(await session.connection(), contact_id)  # what is still wanted goes on
    return True


async def pause(session: AsyncSession, contact_id: UUID, now: datetime) -> None:
    """The contact blocked us: keep what they wanted, and send nothing."""
    row = await session.get(Subscriber, contact_id)
    if row is not None and row.paused_at is None:
        row.paused_at = now
        await followers.drop(session, contact_id, STOP)


def is_subscribed(before: datetime) -> ColumnElement[bool]:
    """Of a contact's row: whether it is kept for its subscriptions; not if paused since then."""
    return exists().where(
        Subscriber.contact_id == ContactRow.id,
        or_(Subscriber.paused_at.is_(None), Subscriber.paused_at >= before),
    )


async def reached(
    session: AsyncSession, agency: str, who: ColumnElement[bool]
) -> Mapping[str, int]:
    """How many of these subscribers can be written to, by channel."""
    query = (
        select(Subscriber.channel, func.count())
        .join(ContactRow, ContactRow.id == Subscriber.contact_id)
        .where(Subscriber.agency == agency, reachable(), who)
        .group_by(Subscriber.channel)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


def reachable() -> ColumnElement[bool]:
    """Of a subscriber's row joined with their contact's: whether they can be written to at all."""
    return and_(Subscriber.paused_at.is_(None), ContactRow.blocked.is_(False))


def wants(topic: str, areas: Sequence[str]) -> ColumnElement[bool]:
    """Of a subscriber's row: whether news of this topic and these areas (none: all) concern it."""
    place = or_(Subscription.area == EVERYWHERE, Subscription.area.in_(areas)) if areas else true()
    return exists().where(
        Subscription.contact_id == Subscriber.contact_id, Subscription.topic == topic, place
    )
