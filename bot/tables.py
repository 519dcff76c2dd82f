"""The tables that carry a message from its arrival to its answer."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db import Base, ConcurrentId, Document
from bot.messages import Contact


class Progress(StrEnum):
    """Where an event of the inbox stands."""

    WAITING = "waiting"
    DONE = "done"
    SET_ASIDE = "set_aside"


class Posting(StrEnum):
    """Where a request of the outbox stands."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


_UNFINISHED = text("done_at IS NULL")
"""SQLite uses a partial index only where the query says just this, without parameters."""
_BULK = text("bulk IS NOT NULL")
_ANSWERS = text("done_at IS NULL AND bulk IS NULL")
_MANY = text("done_at IS NULL AND bulk IS NOT NULL")
_DONE = text("done_at IS NOT NULL")


class ContactRow(Base):
    """One conversation, and the lock that keeps its events in order on PostgreSQL."""

    __tablename__ = "contacts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(128))
    language: Mapped[str | None] = mapped_column(String(2))
    state: Mapped[dict[str, object]] = mapped_column(Document, default=dict)
    blocked: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("agency", "channel", "address"),)

    @classmethod
    def new(cls, contact: Contact, now: datetime, **more: Any) -> Self:
        """Somebody who is seen for the first time."""
        return cls(
            id=contact.id,
            agency=contact.agency,
            channel=contact.channel,
            address=contact.address,
            state={},
            created_at=now,
            seen_at=now,
            **more,
        )

    @property
    def contact(self) -> Contact:
        """The value this row stands for."""
        return Contact(self.agency, self.channel, self.address)


class EventRow(Base):
    """One event as it was acknowledged to the platform."""

    __tablename__ = "inbox"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    agency: Mapped[str] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(16))
    event_id: Mapped[str] = mapped_column(String(128))
    message_id: Mapped[str | None] = mapped_column(String(128))
    order_key: Mapped[int] = mapped_column(ConcurrentId)
    payload: Mapped[dict[str, object]] = mapped_column(Document)
    status: Mapped[str] = mapped_column(String(16), default=Progress.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str | None] = mapped_column(String(200))
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("agency", "channel", "event_id"),
        Index("ix_inbox_lane", "contact_id", "done_at", "order_key", "id"),
        Index(
            "ix_inbox_set_aside",
            "agency",
            sqlite_where=text("fault IS NOT NULL"),
            postgresql_where=text("fault IS NOT NULL"),
        ),
        Index("ix_inbox_done_at", "done_at"),
    )


class OutgoingRow(Base):
    """One request to a platform, written in the transaction that caused it."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    key: Mapped[UUID] = mapped_column(unique=True)
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    """Whom it is for; None where one request goes to many."""
    account: Mapped[str] = mapped_column(String(52))
    """Agency and channel, as `agency/channel`: one sender each."""
    address: Mapped[str] = mapped_column(String(128))
    bulk: Mapped[UUID | None]
    """The mailing it is part of: it goes after everything that answers somebody."""
    held: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it was called back; what is just being sent is then not tried again."""
    tried_at: Mapped[datetime | None]
    """When it was first sent, of what goes to many: a platform forgets keys (L13)."""
    cause_id: Mapped[int | None] = mapped_column(ConcurrentId)
    payload: Mapped[dict[str, object]] = mapped_column(Document)
    status: Mapped[str] = mapped_column(String(16), default=Posting.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str | None] = mapped_column(String(200))
    received_at: Mapped[datetime]
    """When the event that this answers was received, or when this was written."""
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_outbox_open",
            "contact_id",
            "id",
            sqlite_where=_UNFINISHED,
            postgresql_where=_UNFINISHED,
        ),
        Index(
            "ix_outbox_answers",
            "due_at",
            "id",
            "account",  # so that the queue of one that waits costs the others little
            sqlite_where=_ANSWERS,
            postgresql_where=_ANSWERS,
        ),
        Index("ix_outbox_many", "account", "due_at", sqlite_where=_MANY, postgresql_where=_MANY),
        Index("ix_outbox_contact", "contact_id", "id"),
        Index("ix_outbox_bulk", "bulk", sqlite_where=_BULK, postgresql_where=_BULK),
        Index("ix_outbox_done_at", "done_at", sqlite_where=_DONE, postgresql_where=_DONE),
    )


class CountedMonth(Base):
    """How many messages of our own accord an account has sent in one month (L3)."""

    __tablename__ = "counted_months"

    account: Mapped[str] = mapped_column(String(52), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    """`2026-11`, in Bangkok."""
    messages: Mapped[int]


def account_of(agency: str, channel: str) -> str:
    """The name of one bot account."""
    return f"{agency}/{channel}"
