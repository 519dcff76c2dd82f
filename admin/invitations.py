"""One-time links: to make the first account, or to choose a password when there is none."""

import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin import second_factor, sessions
from admin.staff import Staff
from bot.db import Base, ConcurrentId

LIFE = timedelta(hours=24)


class Invitation(Base):
    """One link; whose it is, or nobody's yet: then it makes the first account."""

    __tablename__ = "staff_invitations"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[int | None] = mapped_column(
        ForeignKey("staff.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


def digest_of(key: bytes, token: str) -> str:
    """What is kept of a link's token."""
    return hmac.new(key, f"invitation {token}".encode(), "sha256").hexdigest()


def path_of(token: str, *, is_first: bool) -> str:
    """The path of a link on this server."""
    return f"/admin/{'first' if is_first else 'invitation'}/{token}"


async def invite(session: AsyncSession, person: Staff | None, *, key: bytes, now: datetime) -> str:
    """A new link's token; earlier links of the same person, or to the first account, go."""
    whose = Invitation.staff_id.is_(None) if person is None else Invitation.staff_id == person.id
    await session.execute(delete(Invitation).where(whose))
    token = secrets.token_urlsafe(24)
    session.add(
        Invitation(
            digest=digest_of(key, token),
            staff_id=person.id if person else None,
            created_at=now,
            expires_at=now + LIFE,
        )
    )
    await session.flush()
    return token


async def reset(session: AsyncSession, person: Staff, *, key: bytes, now: datetime) -> str:
    """Take away password, second factor and logins; returns the token of a link to begin anew."""
    person.password = None
    await second_factor.take_away(session, person)
    await sessions.revoke(session, person.id)
    return await invite(session, person, key=key, now=now)


async def found(
    session: AsyncSession, token: str, *, key: bytes, now: datetime
) -> Invitation | None:
    """The link with this token, while it may be used."""
    query = select(Invitation).where(
        Invitation.digest == digest_of(key, token), Invitation.expires_at > now
    )
    return (await session.scalars(query)).one_or_none()


async def spend(session: AsyncSession, invitation: Invitation) -> bool:
    """Whether the link had not been used by another meanwhile; it is used now."""
    result = await session.execute(delete(Invitation).where(Invitation.id == invitation.id))
    return bool(result.rowcount)  # type: ignore[attr-defined]


async def expire(session: AsyncSession, now: datetime) -> None:
    """Delete links that are too old."""
    await session.execute(delete(Invitation).where(Invitation.expires_at <= now))
