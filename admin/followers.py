"""Who waits for news of a ticket, and the news that each of them is still to be told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    bindparam,
    delete,
    event,
    exists,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, object_session

from admin.tickets import Ticket
from bot.db import Base, ConcurrentId, Document
from bot.messages import Reply
from bot.tables import ContactRow

LOOKED_AT = 10
_UNTOLD = text("told_at IS NULL")
_FRESH = text("told_at IS NULL AND waits_since IS NULL")
_ON_ITS_WAY = text("outgoing IS NOT NULL")
_RIDES = text("mailing_id IS NOT NULL")


class Follower(Base):
    """A contact who brought a matter, or has the same one."""

    __tablename__ = "ticket_followers"

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    since: Mapped[datetime]

    __table_args__ = (Index("ix_ticket_followers_contact", "contact_id"),)


class News(Base):
    """One message that a contact is to get of their own accord: with the next reply, or at once."""

    __tablename__ = "news"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    reply: Mapped[dict[str, Any]] = mapped_column(Document)
    presses: Mapped[bool]
    """Whether a message that costs the agency something is justified (L3: a push is counted)."""
    at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    waits_since: Mapped[datetime | None]
    """Since when it waits for the contact's next words, as `admin.messenger` decided."""
    outgoing: Mapped[UUID | None]
    """The key of the counted request that carries it, until it is known what became of it."""
    mailing_id: Mapped[int | None] = mapped_column(ConcurrentId)
    """The mailing that it is part of, where an announcement rides on a reply."""

    __table_args__ = (
        Index("ix_news_untold", "contact_id", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
        Index("ix_news_contact", "contact_id"),
        Index(
            "ix_news_mailing",
            "mailing_id",
            "contact_id",
            sqlite_where=_RIDES,
            postgresql_where=_RIDES,
        ),
        Index("ix_news_fresh", "id", sqlite_where=_FRESH, postgresql_where=_FRESH),
        Index(
            "ix_news_on_its_way",
            "outgoing",
            sqlite_where=_ON_ITS_WAY,
            postgresql_where=_ON_ITS_WAY,
        ),
    )


async def follow(session: AsyncSession, ticket: Ticket, contact_id: UUID, now: datetime) -> bool:
    """Let a contact hear of this ticket; False where they do already."""
    if await session.get(Follower, (ticket.id, contact_id)) is not None:
        return False
    session.add(Follower(ticket_id=ticket.id, contact_id=contact_id, since=now))
    await session.flush()
    return True


async def leave(session: AsyncSession, ticket: Ticket, contact_id: UUID) -> None:
    """A contact wants to hear no more of it."""
    await session.execute(
        delete(Follower).where(Follower.ticket_id == ticket.id, Follower.contact_id == contact_id)
    )


async def is_following(session: AsyncSession, ticket: Ticket, contact_id: UUID) -> bool:
    """Whether a contact hears of this ticket."""
    return await session.get(Follower, (ticket.id, contact_id)) is not None


async def followers(session: AsyncSession, ticket: Ticket) -> Sequence[ContactRow]:
    """Everybody who is to be told, the first to come first."""
    query = (
        select(ContactRow)
        .join(Follower, Follower.contact_id == ContactRow.id)
        .where(Follower.ticket_id == ticket.id)
        .order_by(Follower.since, ContactRow.id)
    )
    return (await session.scalars(query)).all()


async def last_asked(session: AsyncSession, contact_id: UUID, *, since: datetime) -> str | None:
    """The number of the matter in which staff wrote to a contact last, if they did since then."""
    query = select(News.reply).where(News.contact_id == contact_id, News.told_at >= since)
    for reply in await session.scalars(query.order_by(News.id.desc()).limit(LOOKED_AT)):
        for choice in reply.get("choices", ()):
            name, _, rest = choice["value"].partition(":")
            if name == "mine" and rest.endswith(":add"):
                return str(rest.removesuffix(":add"))
    return None


def awaits_news(before: datetime) -> ColumnElement[bool]:
    """Of a contact's row: whether a matter that they follow is open, or ended since then."""
    return exists().where(
        Follower.contact_id == ContactRow.id,
        Follower.ticket_id == Ticket.id,
        or_(Ticket.closed_at.is_(None), Ticket.closed_at >= before),
    )


def told(contact_id: UUID, reply: Reply, *, presses: bool, now: datetime) -> News:
    """A message for a contact, to be added to the session that causes it."""
    return News(contact_id=contact_id, reply=msgspec.to_builtins(reply), presses=presses, at=now)


async def press_again(connection: AsyncConnection) -> None:
    """A new month has begun, and with it a quota: what presses waits for nobody's words now."""
    waiting = update(News).where(
        News.told_at.is_(None), News.presses.is_(True), News.waits_since.is_not(None)
    )
    await connection.execute(waiting.values(waits_since=None))


async def drop(session: AsyncSession, contact_id: UUID, prefix: str) -> None:
    """What a contact was still to be told is not told: messages with a button that says so.

    Or that says so and more, after a colon.
    """
    query = select(News).where(News.contact_id == contact_id, News.told_at.is_(None))
    for news in await session.scalars(query):
        values = [choice["value"] for choice in news.reply.get("choices", ())]
        if any(f"{value}:".startswith(f"{prefix}:") for value in values):
            await session.delete(news)
    await session.flush()


_WAITING = select(News.contact_id).where(
    News.contact_id.in_(bindparam("contacts", expanding=True)), News.told_at.is_(None)
)
"""Asked past the session, which would write down what it holds before it asks."""
_ASKED = "followers.asked"
"""Where a session keeps which of its contacts have news."""
_TAKE = (
    update(News)
    .where(News.told_at.is_(None))
    .returning(News.id, News.reply)
    .execution_options(synchronize_session=False)
)


async def take(session: AsyncSession, contact_id: UUID, now: datetime) -> list[Reply]:
    """The news a contact has not been told yet, oldest first; they count as told from now on."""
    if not await _has_news(session, contact_id):
        return []
    query = _TAKE.where(News.contact_id == contact_id).values(told_at=now)
    rows = sorted((await session.execute(query)).all())
    return [msgspec.convert(row.reply, Reply) for row in rows]


async def _has_news(session: AsyncSession, contact_id: UUID) -> bool:
    """Asked for all of a session's contacts at the first one: most messages find no news."""
    if any(isinstance(row, News) for row in session.new):
        await session.flush()
    asked: dict[UUID, bool] = session.info.get(_ASKED, {})
    if contact_id not in asked:
        held = session.sync_session.identity_map.values()
        people = {contact_id, *(row.id for row in held if isinstance(row, ContactRow))}
        connection = await session.connection()
        told = set(await connection.scalars(_WAITING, {"contacts": list(people)}))
        session.info[_ASKED] = asked = {person: person in told for person in people}
    return asked[contact_id]


@event.listens_for(News, "after_insert")
def _ask_again(_mapper: object, _connection: object, news: News) -> None:
    if session := object_session(news):
        session.info.pop(_ASKED, None)
