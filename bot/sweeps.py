"""Sweeps: work that is done as soon as somebody knocks, and now and then besides."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from bot.logs import where

log = structlog.get_logger()


class Sweep:
    """One round after another, until cancelled; a round that fails is made again."""

    def __init__(self, round_: Callable[[], Awaitable[object]], *, every: float, name: str) -> None:
        self._round = round_
        self._every = every
        self._name = name
        self._knock = asyncio.Event()

    def wake(self) -> None:
        """There may be something to do."""
        self._knock.set()

    async def run(self) -> None:
        """Go on for ever."""
        while True:
            self._knock.clear()
            try:
                await self._round()
            except Exception as error:  # noqa: BLE001 - the next round tries again
                log.error(
                    "sweep_failed", sweep=self._name, fault=type(error).__name__, where=where(error)
                )
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._knock.wait()
