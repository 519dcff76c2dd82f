"""How often, how many at once and how much visitors send: above any person, below a flood."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO

from aiohttp import BodyPartReader

from admin.media import Reason, Unfit

PIECE = 64 * 1024
BURST = 300.0
PER_SECOND = 20.0
REMEMBERED = 10_000


class Allowance:
    """A small bucket for each session, kept in memory."""

    def __init__(self, burst: float = BURST, per_second: float = PER_SECOND) -> None:
        self._burst, self._per_second = burst, per_second
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, who: str) -> bool:
        """Whether one more message may come now."""
        now = time.monotonic()
        left, at = self._left.get(who, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        if len(self._left) > REMEMBERED:
            self._left.clear()
        self._left[who] = (left - 1 if left >= 1 else left, now)
        return left >= 1


class Full(Exception):
    """Nobody made room within the time that somebody may wait."""


class Places:
    """Room for a few at once; the others wait a moment."""

    def __init__(self, places: int, wait: float) -> None:
        self._free = asyncio.Semaphore(places)
        self._wait = wait

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A place until the end; raises Full."""
        try:
            async with asyncio.timeout(self._wait):
                await self._free.acquire()
        except TimeoutError:
            raise Full from None
        try:
            yield
        finally:
            self._free.release()


async def pour(part: BodyPartReader, file: IO[bytes], most: int) -> None:
    """Write a part of a form into a file; reading ends with Unfit where the limit is."""
    size = 0
    while piece := await part.read_chunk(PIECE):
        size += len(piece)
        if size > most:
            raise Unfit(Reason.TOO_BIG)
        file.write(piece)
