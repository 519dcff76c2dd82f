"""Passwords: what a good one is, and how they are kept (Argon2id)."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")

SHORTEST, LONGEST = 12, 200
"""Letters of a password."""
FEWEST_DIFFERENT = 5
AT_ONCE = 2
"""Passwords computed together: each takes 19 MB and tens of milliseconds of a processor."""
QUEUE = 30
"""Passwords that wait for their turn, at most."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's smaller recommendation for Argon2id (cheatsheetseries.owasp.org, Password Storage)."""
_NOBODYS = _hasher.hash("nobody has this password")


class TooManyAtOnce(Exception):
    """More people log in at this moment than passwords can be computed."""


def weakness(password: str, *others: str) -> str | None:
    """What is wrong with a new password, as the key of a text; the others must not be in it."""
    if len(password) < SHORTEST:
        return "faults.password_short"
    if len(password) > LONGEST:
        return "faults.password_long"
    lowered = password.casefold()
    if len(set(lowered)) < FEWEST_DIFFERENT:
        return "faults.password_plain"
    if any(len(other) > 3 and other.casefold() in lowered for other in others):  # noqa: PLR2004 - short names are in everything
        return "faults.password_own"
    return None


def digest(password: str) -> str:
    """A password as it is kept."""
    return _hasher.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether this is the password; takes as long where none is kept."""
    try:
        _hasher.verify(kept or _NOBODYS, password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it was kept in a way that is not ours any more."""
    return _hasher.check_needs_rehash(kept)


class Passwords:
    """Computes passwords beside the event loop, a few at once."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def digest(self, password: str) -> str:
        """A password as it is kept; raises TooManyAtOnce."""
        return await self._compute(partial(digest, password))

    async def matches(self, kept: str | None, password: str) -> bool:
        """Whether this is the password; raises TooManyAtOnce."""
        return await self._compute(partial(matches, kept, password[: LONGEST + 1]))

    async def _compute(self, work: Callable[[], T]) -> T:
        if self._waiting >= QUEUE:
            raise TooManyAtOnce
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1
