"""Mailings: one act of sending to many, and what became of it for each of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin.subscriptions import Frequency
from bot.db import Base, ConcurrentId, Document, OneOf
from bot.messages import Reply
from bot.tables import ContactRow

PAGE = 500
"""Recipients of one step: LINE takes so many in one request (L9)."""


class State(StrEnum):
    """Where a mailing stands; `stopped` by staff, by a used up quota, or by faults."""

    BEGUN = "begun"
    """Its recipients are being written down."""
    SENDING = "sending"
    STOPPED = "stopped"
    """What is queued may be sent after all."""
    DONE = "done"


class Why(StrEnum):
    """Why a mailing is stopped."""

    STAFF = "staff"
    QUOTA = "quota"
    FAULT = "fault"
    OVER = "over"
    """What follows it was posted: nobody is to be told the old words any more."""


class Fate(StrEnum):
    """What became of a mailing for one recipient; `accepted` is not "delivered" (L5)."""

    QUEUED = "queued"
    RIDING = "riding"
    """It waits for their next words, and goes with the reply."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    BLOCKED = "blocked"
    LEFT = "left"
    """They stopped the news before it came to them, or all of it was withdrawn."""
    UNKNOWN = "unknown"
    """It may have arrived, and is not sent again."""


class Mailing(Base):
    """One act of sending over one account: of an announcement, or of a digest."""

    __tablename__ = "mailings"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    key: Mapped[UUID] = mapped_column(unique=True)
    """What the keys of its requests are made of."""
    agency: Mapped[str] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(16))
    announcement_id: Mapped[int | None] = mapped_column(
        ForeignKey("announcements.id", ondelete="CASCADE")
    )
    """None for a digest."""
    frequency: Mapped[Frequency | None] = mapped_column(OneOf(Frequency, 8))
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    """Of a digest: what was posted after `since`, and not after `until`."""
    state: Mapped[State] = mapped_column(OneOf(State, 8))
    why: Mapped[Why | None] = mapped_column(OneOf(Why, 8))
    shortfall: Mapped[int]
    """Messages that the quota lacked, where that stopped it."""
    attempt: Mapped[int]
    """Counts who took it up; an earlier one that still runs then ends."""
    created_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    """When whoever sends it was last seen to live."""
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_mailings_digest", "agency", "channel", "frequency", "until"),
        Index("ix_mailings_announcement", "announcement_id"),
        Index("ix_mailings_agency", "agency", "id"),
        Index(
            "ix_mailings_unended",
            "id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    def let_be_taken_up(self, now: datetime) -> None:
        """Nobody sends it just now: the next round of `admin.posting` gives it to a workflow."""
        self.beat_at = now - timedelta(days=1)


class Lot(Base):
    """The recipients of one mailing who get the same words."""

    __tablename__ = "mailing_lots"

    mailing_id: Mapped[int] = mapped_column(
        ForeignKey("mailings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    language: Mapped[str] = mapped_column(String(2))
    replies: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    recipients: Mapped[int]

    @property
    def words(self) -> list[Reply]:
        """What they are sent."""
        return [msgspec.convert(reply, Reply) for reply in self.replies]

    @property
    def pages(self) -> int:
        """How many steps it takes."""
        return -(-self.recipients // PAGE)


class Carried(Base):
    """An announcement that a lot tells of."""

    __tablename__ = "mailing_contents"

    mailing_id: Mapped[int] = mapped_column(
        ForeignKey("mailings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    lot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("announcements.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )

    __table_args__ = (Index("ix_mailing_contents_announcement", "announcement_id"),)


class Recipient(Base):
    """One contact of a mailing: the ledger."""

    __tablename__ = "mailing_recipients"

    mailing_id: Mapped[int] = mapped_column(
        ForeignKey("mailings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    lot: Mapped[int]
    page: Mapped[int]
    fate: Mapped[Fate] = mapped_column(OneOf(Fate, 8))

    __table_args__ = (
        Index("ix_mailing_recipients_page", "mailing_id", "lot", "page"),
        Index("ix_mailing_recipients_contact", "contact_id"),
        Index(
            "ix_mailing_recipients_riding",
            "mailing_id",
            sqlite_where=text("fate = 'riding'"),
            postgresql_where=text("fate = 'riding'"),
        ),
    )


def page_key(mailing: UUID, lot: int, page: int) -> UUID:
    """The retry key of the one request that carries a page (L13)."""
    return uuid5(mailing, f"{lot}/{page}")


def contact_key(mailing: UUID, contact: UUID, part: int) -> UUID:
    """The key of one request to one recipient, where each is written to alone."""
    return uuid5(mailing, f"{contact}/{part}")


async def figures(
    connection: AsyncConnection, mailings: Sequence[int]
) -> Mapping[int, Mapping[Fate, int]]:
    """How many recipients of each mailing met which fate."""
    query = (
        select(Recipient.mailing_id, Recipient.fate, func.count())
        .where(Recipient.mailing_id.in_(mailings))
        .group_by(Recipient.mailing_id, Recipient.fate)
    )
    found: dict[int, dict[Fate, int]] = {mailing: {} for mailing in mailings}
    for mailing, fate, number in await connection.execute(query):
        found[mailing][fate] = number
    return found


async def digested(
    connection: AsyncConnection, announcement: int
) -> Mapping[str, Mapping[Fate, int]]:
    """Whom digests told of it, by channel: how many met which fate."""
    query = (
        select(Mailing.channel, Recipient.fate, func.count())
        .join(Carried, Carried.mailing_id == Mailing.id)
        .join(
            Recipient,
            and_(Recipient.mailing_id == Mailing.id, Recipient.lot == Carried.lot),
        )
        .where(Mailing.announcement_id.is_(None), Carried.announcement_id == announcement)
        .group_by(Mailing.channel, Recipient.fate)
        .order_by(Mailing.channel)
    )
    found: dict[str, dict[Fate, int]] = {}
    for channel, fate, number in await connection.execute(query):
        found.setdefault(channel, {})[fate] = number
    return found


@dataclass(frozen=True, slots=True)
class SeenRecipient:
    """One recipient as staff see them: nothing that says who it is."""

    channel: str
    contact_id: UUID
    fate: Fate
    at: datetime
    is_digest: bool

    @property
    def code(self) -> str:
        """Tells recipients apart, and nothing else."""
        return sha256(self.contact_id.bytes).hexdigest()[:8]


async def told_of(
    session: AsyncSession, announcement: int, *, fate: Fate | None, skip: int, limit: int
) -> Sequence[SeenRecipient]:
    """Recipients of an announcement, of its own mailings and of digests, in a lasting order."""
    carried = select(Carried.mailing_id).where(Carried.announcement_id == announcement)
    is_of_it = carried.where(Carried.lot == Recipient.lot, Carried.mailing_id == Mailing.id)
    is_own = Mailing.announcement_id == announcement
    query = (
        select(Mailing, Recipient.contact_id, Recipient.fate)
        .join(Recipient, Recipient.mailing_id == Mailing.id)
        .where(
            or_(is_own, Mailing.id.in_(carried)),
            or_(is_own, is_of_it.exists()),
            *([Recipient.fate == fate] if fate else []),
        )
        .order_by(Recipient.mailing_id, Recipient.lot, Recipient.page, Recipient.contact_id)
        .offset(skip)
        .limit(limit)
    )
    return [
        SeenRecipient(
            mailing.channel,
            contact,
            met,
            mailing.started_at or mailing.created_at,
            mailing.announcement_id is None,
        )
        for mailing, contact, met in await session.execute(query)
    ]


async def of_announcement(session: AsyncSession, announcement: int) -> Sequence[Mailing]:
    """Every act of sending it, the first one first."""
    query = select(Mailing).where(Mailing.announcement_id == announcement).order_by(Mailing.id)
    return (await session.scalars(query)).all()


def got(
    announcements: Sequence[int], *, also: Iterable[Fate] = (), since: datetime | None = None
) -> ColumnElement[bool]:
    """Of a contact's row: whether any of these was sent to them, as far as anybody knows.

    With `also`, whom it met otherwise, too; with `since`, only by what told it from then on.
    """
    then = func.coalesce(Mailing.until, Mailing.created_at)
    return exists().where(
        *([Recipient.mailing_id == Mailing.id, then >= since] if since else []),
        Recipient.contact_id == ContactRow.id,
        Recipient.fate.in_([Fate.ACCEPTED, Fate.UNKNOWN, Fate.RIDING, *also]),
        Carried.mailing_id == Recipient.mailing_id,
        Carried.lot == Recipient.lot,
        Carried.announcement_id.in_(announcements),
    )
