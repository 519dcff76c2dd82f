"""Logging in: how often it may be tried, and what becomes of a try."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import String, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bot.db import Base

FORGOTTEN = timedelta(hours=24)
"""After so long without a try, counting begins anew."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Patience:
    """How many failures are free, and how long each further one makes the next wait."""

    free: int
    waits: Sequence[timedelta]
    forgives: timedelta
    """How long it takes until one failure no longer counts."""

    def after(self, failures: int) -> timedelta | None:
        """The wait after so many failures in a row; None while they are free."""
        if failures <= self.free:
            return None
        return self.waits[min(failures - self.free, len(self.waits)) - 1]

    def left(self, failures: int, since: datetime, now: datetime) -> tuple[int, datetime]:
        """The failures that still count, and since when the next of them is being forgotten."""
        gone = max(0, (now - since) // self.forgives)
        return (failures - gone, since + gone * self.forgives) if gone < failures else (0, now)


ACCOUNT = Patience(4, (_MINUTE / 2, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 15 * _MINUTE), 60 * _MINUTE)
ADDRESS = Patience(30, (_MINUTE, 5 * _MINUTE, 15 * _MINUTE), 5 * _MINUTE)
"""Behind one address there may be a whole town hall, with its slips of every day."""


class LoginTries(Base):
    """Failures of late of one account or one address; only a keyed digest of it is kept."""

    __tablename__ = "staff_login_tries"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    """When one of them was forgotten last, else when the first was counted."""
    locked_until: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Try:
    """What is known of a try before anything is checked."""

    locked_for: timedelta | None = None
    """How long nothing is checked; the try was not counted."""
    locks: bool = False
    """Whether this try, should it fail, locks the account or the address."""

    @property
    def minutes(self) -> int:
        """The wait in whole minutes."""
        return ceil((self.locked_for or timedelta()) / _MINUTE)


def key_of(key: bytes, kind: str, what: str) -> str:
    """The name under which tries are counted, whether such an account exists or not."""
    return hmac.new(key, f"login {kind} {what}".encode("utf-8", "replace"), "sha256").hexdigest()


async def begin(session: AsyncSession, patience: Mapping[str, Patience], now: datetime) -> Try:
    """Count a try as failed beforehand, so that many at once cannot slip past the count."""
    rows = [await _locked_row(session, key, now) for key in sorted(patience)]
    waits = [row.locked_until - now for row in rows if row.locked_until and row.locked_until > now]
    if waits:
        return Try(locked_for=max(waits))
    locks = False
    for row in rows:
        still, row.last_at = patience[row.key].left(row.failures, row.last_at, now)
        row.failures = still + 1
        wait = patience[row.key].after(row.failures)
        row.locked_until = now + wait if wait else None
        locks = locks or wait is not None
    await session.flush()
    return Try(locks=locks)


async def _locked_row(session: AsyncSession, key: str, now: datetime) -> LoginTries:
    """The row of this name, ours until the transaction ends."""
    kind = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    first = kind.insert(LoginTries).values(key=key, failures=0, last_at=now, locked_until=None)
    await session.execute(first.on_conflict_do_nothing())
    query = select(LoginTries).where(LoginTries.key == key).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


async def succeed(session: AsyncSession, account: str, address: str | None = None) -> None:
    """The try was right: the account is free of failures, the address has one less."""
    await session.execute(delete(LoginTries).where(LoginTries.key == account))
    one_less = {"failures": LoginTries.failures - 1, "locked_until": None}
    if address is not None:
        await session.execute(
            update(LoginTries)
            .where(LoginTries.key == address, LoginTries.failures > 0)
            .values(one_less)
        )


async def expire(session: AsyncSession, now: datetime) -> None:
    """Delete counts that are forgotten."""
    await session.execute(delete(LoginTries).where(LoginTries.last_at < now - FORGOTTEN))
