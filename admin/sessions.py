"""Who is logged in: one row for each browser, so that any of them can be shown the door."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin.staff import Staff
from bot.db import Base, ConcurrentId, Document

IDLE = timedelta(hours=1)
LIFE = timedelta(hours=12)
"""A working day; after it the password is asked again."""
HALF_LIFE = timedelta(minutes=15)
"""How long the second factor may take."""
SEEN_EVERY = timedelta(minutes=1)
"""How often it is written down that a session is in use."""


class StaffSession(Base):
    """One browser's login; the browser holds a random token, this row its keyed digest."""

    __tablename__ = "staff_sessions"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    agent: Mapped[str] = mapped_column(String(60))
    """The browser and its system, in a few words."""
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    is_whole: Mapped[bool] = mapped_column(default=False)
    """Whether all that this person must show has been shown."""
    kept: Mapped[dict[str, object] | None] = mapped_column(Document)
    """A form that was sent when no login stood behind it, until it is shown and sent again."""

    def is_live(self, now: datetime) -> bool:
        """Whether it still opens the door."""
        return now < self.expires_at and now < self.seen_at + IDLE


def new_token() -> str:
    """What a browser is given."""
    return secrets.token_urlsafe(32)


def digest_of(key: bytes, token: str) -> str:
    """What is kept of it."""
    return hmac.new(key, f"staff session {token}".encode(), "sha256").hexdigest()


async def open_session(
    session: AsyncSession,
    person: Staff,
    *,
    digest: str,
    agent: str,
    is_whole: bool,
    kept: dict[str, object] | None,
    now: datetime,
) -> StaffSession:
    """A new login; a half one ends soon unless it is made whole."""
    row = StaffSession(
        digest=digest,
        staff_id=person.id,
        agent=agent,
        created_at=now,
        seen_at=now,
        expires_at=now + (LIFE if is_whole else HALF_LIFE),
        is_whole=is_whole,
        kept=kept,
    )
    session.add(row)
    await session.flush()
    return row


async def found(
    session: AsyncSession, digest: str, now: datetime
) -> tuple[StaffSession, Staff] | None:
    """The login with this digest and whose it is, while it lives."""
    query = (
        select(StaffSession, Staff)
        .join(Staff, Staff.id == StaffSession.staff_id)
        .where(StaffSession.digest == digest, Staff.disabled_at.is_(None))
    )
    row = (await session.execute(query)).one_or_none()
    if row is None or not row[0].is_live(now):
        return None
    return row[0], row[1]


async def make_whole(session: AsyncSession, row_id: int, digest: str, now: datetime) -> None:
    """All was shown: the login gets a new token and its full life."""
    whole = {"digest": digest, "is_whole": True, "seen_at": now, "expires_at": now + LIFE}
    await session.execute(update(StaffSession).where(StaffSession.id == row_id).values(**whole))


async def end(session: AsyncSession, digest: str) -> None:
    """End the login that a browser has, if it has one."""
    await session.execute(delete(StaffSession).where(StaffSession.digest == digest))


async def keep(session: AsyncSession, row_id: int, kept: dict[str, object]) -> None:
    """Keep a form until it is shown and sent again."""
    await session.execute(update(StaffSession).where(StaffSession.id == row_id).values(kept=kept))


async def touch(session: AsyncSession, row_id: int, now: datetime) -> None:
    """The session is in use."""
    await session.execute(update(StaffSession).where(StaffSession.id == row_id).values(seen_at=now))


async def forget_kept(session: AsyncSession, row_id: int) -> None:
    """The form that was kept has been sent again."""
    await session.execute(update(StaffSession).where(StaffSession.id == row_id).values(kept=None))


async def of_person(session: AsyncSession, staff_id: int, now: datetime) -> Sequence[StaffSession]:
    """Every live login of a person, the one used last first."""
    query = (
        select(StaffSession)
        .where(
            StaffSession.staff_id == staff_id,
            StaffSession.expires_at > now,
            StaffSession.seen_at > now - IDLE,
        )
        .order_by(StaffSession.seen_at.desc(), StaffSession.id.desc())
    )
    return (await session.scalars(query)).all()


async def revoke(
    session: AsyncSession, staff_id: int, *, only: int | None = None, but: int | None = None
) -> int:
    """End a person's logins: all, one, or all but one; returns how many."""
    query = delete(StaffSession).where(StaffSession.staff_id == staff_id)
    if only is not None:
        query = query.where(StaffSession.id == only)
    if but is not None:
        query = query.where(StaffSession.id != but)
    result = await session.execute(query)
    return int(result.rowcount)  # type: ignore[attr-defined]


async def expire(session: AsyncSession, now: datetime) -> None:
    """Delete what opens no door any more."""
    is_over = or_(StaffSession.expires_at <= now, StaffSession.seen_at <= now - IDLE)
    await session.execute(delete(StaffSession).where(is_over))
