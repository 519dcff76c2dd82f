"""What citizens ask: how often each answer is used, and what had none."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bot.db import Base, ConcurrentId


class Question(Base):
    """One question as it was decided; its words are kept only where staff must read them."""

    __tablename__ = "questions"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    agency: Mapped[str] = mapped_column(String(32))
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    message_id: Mapped[str | None] = mapped_column(String(128))
    asked_at: Mapped[datetime]
    decision: Mapped[str] = mapped_column(String(16))
    entry: Mapped[str | None] = mapped_column(String(40))
    text: Mapped[str | None]

    __table_args__ = (
        Index("ix_questions_agency_asked_at", "agency", "asked_at"),
        Index("ix_questions_contact_message", "contact_id", "message_id"),
    )


async def most_asked(
    session: AsyncSession, agency: str, *, since: datetime, limit: int
) -> Sequence[str]:
    """Ids of the answers given most often, most asked first."""
    query = (
        select(Question.entry)
        .where(
            Question.agency == agency,
            Question.asked_at >= since,
            Question.decision == "answer",
            Question.entry.is_not(None),
        )
        .group_by(Question.entry)
        .order_by(func.count().desc(), Question.entry)
        .limit(limit)
    )
    return [entry for entry in await session.scalars(query) if entry]


async def unanswered(session: AsyncSession, agency: str, *, limit: int) -> Sequence[Question]:
    """The latest questions that found no answer, newest first."""
    query = (
        select(Question)
        .where(Question.agency == agency, Question.decision == "refuse")
        .order_by(Question.id.desc())
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def forget(session: AsyncSession, contact_id: UUID, message_id: str) -> None:
    """The citizen took a message back: its words go, the count stays."""
    await session.execute(
        update(Question)
        .where(Question.contact_id == contact_id, Question.message_id == message_id)
        .values(text=None)
        .execution_options(synchronize_session=False)
    )


async def expire(connection: AsyncConnection, before: datetime) -> int:
    """Words of questions asked before then go, their count stays; returns how many."""
    old = update(Question).where(Question.asked_at < before, Question.text.is_not(None))
    return (await connection.execute(old.values(text=None))).rowcount
