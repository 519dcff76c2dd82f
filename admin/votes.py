"""What citizens say of answers: useful or not, and what is wrong or out of date."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
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


class AnswerReport(Base):
    """What a contact says is wrong with an answer."""

    __tablename__ = "answer_reports"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    agency: Mapped[str] = mapped_column(String(32))
    entry: Mapped[str] = mapped_column(String(40))
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    message_id: Mapped[str | None] = mapped_column(String(128))
    text: Mapped[str | None]
    """Masked words of the citizen; when too old or taken back they go, and the report stays."""
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_answer_reports_agency_at", "agency", "at"),
        Index("ix_answer_reports_contact_message", "contact_id", "message_id"),
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


async def reports(session: AsyncSession, agency: str, *, limit: int) -> Sequence[AnswerReport]:
    """The latest reports, newest first."""
    query = (
        select(AnswerReport)
        .where(AnswerReport.agency == agency)
        .order_by(AnswerReport.id.desc())
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def forget(session: AsyncSession, contact_id: UUID, message_id: str) -> None:
    """The citizen took a message back: its words go, the fact of a report stays."""
    await session.execute(
        update(AnswerReport)
        .where(AnswerReport.contact_id == contact_id, AnswerReport.message_id == message_id)
        .values(text=None)
        .execution_options(synchronize_session=False)
    )


async def expire(connection: AsyncConnection, before: datetime) -> int:
    """Words of reports made before then go, the reports stay; returns how many."""
    old = update(AnswerReport).where(AnswerReport.at < before, AnswerReport.text.is_not(None))
    return (await connection.execute(old.values(text=None))).rowcount
