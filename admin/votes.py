"""What citizens say of answers: useful or not. What is wrong becomes a ticket."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bot.db import Base, ConcurrentId


class AnswerVote(Base):
    """One contact's word on one version of an answer."""

    __tablename__ = "answer_votes"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    agency: Mapped[str] = mapped_column(String(32))
    entry: Mapped[str] = mapped_column(String(40))
    version: Mapped[date]
    """The day on which the answer that was read had been updated last."""
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    useful: Mapped[bool]
    at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("contact_id", "entry", "version"),
        Index("ix_answer_votes_agency_entry", "agency", "entry"),
    )


async def vote(
    session: AsyncSession,
    agency: str,
    entry: str,
    version: date,
    *,
    contact_id: UUID,
    useful: bool,
    now: datetime,
) -> None:
    """Keep a contact's word; said again, the last one counts."""
    query = select(AnswerVote).where(
        AnswerVote.contact_id == contact_id,
        AnswerVote.entry == entry,
        AnswerVote.version == version,
    )
    found = await session.scalar(query)
    if found is None:
        found = AnswerVote(agency=agency, entry=entry, version=version, contact_id=contact_id)
        session.add(found)
    found.useful, found.at = useful, now


async def score(session: AsyncSession, agency: str, entry: str) -> tuple[int, int]:
    """How many found an answer useful, and how many did not."""
    query = (
        select(AnswerVote.useful, func.count())
        .where(AnswerVote.agency == agency, AnswerVote.entry == entry)
        .group_by(AnswerVote.useful)
    )
    counts = dict((await session.execute(query)).all())
    return counts.get(True, 0), counts.get(False, 0)
