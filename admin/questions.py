"""What citizens ask: how often each answer is used, and what had none."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bot.db import Base, ConcurrentId
from bot.inbox import message_of
from bot.tables import EventRow
from knowledge.masking import mask

SUGGESTED = "suggest"
TURNED_DOWN = "turned_down"
"""The decision of a question whose suggestions were all wrong, so the citizen said."""
BADLY_ANSWERED = ("refuse", TURNED_DOWN)


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
    session: AsyncSession, agency: str, *, since: datetime
) -> Sequence[tuple[str, int]]:
    """Ids of the answers given, as they were then, and how often, most asked first."""
    count = func.count()
    query = (
        select(Question.entry, count)
        .where(
            Question.agency == agency,
            Question.asked_at >= since,
            Question.decision == "answer",
            Question.entry.is_not(None),
        )
        .group_by(Question.entry)
        .order_by(count.desc(), Question.entry)
    )
    return [(entry, number) for entry, number in await session.execute(query) if entry]


async def unanswered(session: AsyncSession, agency: str, *, limit: int) -> Sequence[Question]:
    """The latest questions that found no answer, newest first."""
    query = (
        select(Question)
        .where(Question.agency == agency, Question.decision == "refuse")
        .order_by(Question.id.desc())
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def turn_down(session: AsyncSession, contact_id: UUID) -> None:
    """None of the last suggestions was meant: keep the words of that question, masked."""
    latest = select(Question).where(Question.contact_id == contact_id)
    last = await session.scalar(latest.order_by(Question.id.desc()).limit(1))
    if last is None or last.decision != SUGGESTED:
        return
    # An event and the question it was are ended in one transaction, at one moment.
    event = await session.scalar(
        select(EventRow).where(EventRow.contact_id == contact_id, EventRow.done_at == last.asked_at)
    )
    last.decision = TURNED_DOWN
    last.text = mask(message_of(event).text or "") if event else None


async def badly_answered(session: AsyncSession, agency: str, *, limit: int) -> Sequence[Question]:
    """The latest questions without an answer or with none that fitted, as far as words are kept."""
    query = (
        select(Question)
        .where(
            Question.agency == agency,
            Question.decision.in_(BADLY_ANSWERED),
            Question.text.is_not(None),
            Question.text != "",
        )
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
