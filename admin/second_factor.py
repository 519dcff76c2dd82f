"""The second factor: codes of an authenticator app, and recovery codes for a lost telephone."""

import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Sequence
from datetime import datetime

import pyotp
from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin.staff import Staff
from bot.db import Base, ConcurrentId

ISSUER = "Thamdai"
STEP = 30
"""Seconds that a code is for (RFC 6238)."""
ASTRAY = (-1, 0, 1)
"""Steps that a telephone's clock may be off."""
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Those that are not taken for another when read from paper."""
_SPACES = re.compile(r"[\s-]+")


class RecoveryCode(Base):
    """A code that stands once for the telephone; only its keyed digest is kept."""

    __tablename__ = "staff_recovery_codes"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("staff_id", "digest"),)


def secret_of(key: bytes, seed: str) -> str:
    """The secret that the app holds, in base 32.

    The database keeps the seed alone: who steals the database without the installation's key can
    make no codes.
    """
    return b32encode(hmac.digest(key, f"second factor {seed}".encode(), "sha256")[:20]).decode()


def seed_for(key: bytes, session: str) -> str:
    """The seed that is offered within one session until it is confirmed."""
    return hmac.new(key, f"second factor offered {session}".encode(), "sha256").hexdigest()


def address_of(secret: str, email: str) -> str:
    """What the QR code says to the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The half minute that this code is for, if it is near."""
    totp, given = pyotp.TOTP(secret), _SPACES.sub("", code)
    here = int(now.timestamp()) // STEP
    near = [here + astray for astray in ASTRAY]
    right = [step for step in near if hmac.compare_digest(_code(totp, step), given.encode())]
    return max(right, default=None)


def _code(totp: pyotp.TOTP, step: int) -> bytes:
    return totp.generate_otp(step).encode()


def new_recovery_codes() -> list[str]:
    """Codes to write down: about 50 bits each."""
    return ["-".join(_word() for _ in range(2)) for _ in range(RECOVERY_CODES)]


def _word() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(5))


def recovery_digest(key: bytes, code: str) -> str:
    """A recovery code as it is kept."""
    plain = _SPACES.sub("", code).lower()
    return hmac.new(key, f"recovery {plain}".encode(), "sha256").hexdigest()


async def spend_code(
    session: AsyncSession, person: Staff, code: str, *, key: bytes, now: datetime
) -> bool:
    """Whether the app's code is right and was not used before; it is used now."""
    if person.second_factor is None:
        return False
    step = step_of(secret_of(key, person.second_factor), code, now)
    if step is None:
        return False
    unused = or_(Staff.last_step.is_(None), Staff.last_step < step)
    spent = update(Staff).where(Staff.id == person.id, unused).values(last_step=step)
    return await _has_changed(session, spent)


async def spend_recovery_code(
    session: AsyncSession, person: Staff, code: str, *, key: bytes, now: datetime
) -> bool:
    """Whether this recovery code is one of theirs and was not used before; it is used now."""
    spent = (
        update(RecoveryCode)
        .where(
            RecoveryCode.staff_id == person.id,
            RecoveryCode.digest == recovery_digest(key, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return await _has_changed(session, spent)


async def _has_changed(session: AsyncSession, statement: object) -> bool:
    result = await session.execute(statement)  # type: ignore[call-overload]
    return bool(result.rowcount)


async def enrol(
    session: AsyncSession, person: Staff, *, seed: str, step: int, key: bytes
) -> Sequence[str]:
    """Keep a confirmed app in place of any before; returns new recovery codes, shown once."""
    person.second_factor, person.last_step = seed, step
    return await renew_recovery_codes(session, person, key=key)


async def renew_recovery_codes(
    session: AsyncSession, person: Staff, *, key: bytes
) -> Sequence[str]:
    """New recovery codes; the earlier ones are worth nothing."""
    codes = new_recovery_codes()
    await session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == person.id))
    session.add_all(
        RecoveryCode(staff_id=person.id, digest=recovery_digest(key, code)) for code in codes
    )
    await session.flush()
    return codes


async def recovery_codes_left(session: AsyncSession, person: Staff) -> int:
    """How many codes can still be used."""
    mine = (RecoveryCode.staff_id == person.id, RecoveryCode.used_at.is_(None))
    count = await session.scalar(select(func.count()).select_from(RecoveryCode).where(*mine))
    return count or 0


async def take_away(session: AsyncSession, person: Staff) -> None:
    """Forget the app and the recovery codes."""
    person.second_factor = person.last_step = None
    await session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == person.id))
    await session.flush()
