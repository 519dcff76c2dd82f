"""Openings: accounts are opened when their platform can be reached, and polled where they are."""

import asyncio
from collections.abc import Callable, Collection

import structlog

from bot.channels.channel import Accept, Channel, DeliveryError, Polled
from bot.metrics import Metrics

REOPEN = 15.0
"""Seconds between attempts to open an account whose platform could not be reached."""
LOOK = 1.0

log = structlog.get_logger()


class Openings:
    """Every account of this process; a platform that cannot be reached stops no other."""

    def __init__(
        self,
        held: Callable[[], Collection[str]],
        accept: Accept,
        metrics: Metrics,
        opened: Callable[[], None],
        *,
        polls: bool,
        is_served: Callable[[str], bool],
    ) -> None:
        """Take what accounts are ours, who takes updates, and whom to tell of one that is open."""
        self._held = held
        self._accept = accept
        self._metrics = metrics
        self._opened = opened
        self._polls = polls
        self._is_served = is_served
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Fetch no more updates."""
        self._stopping.set()

    async def keep_open(self, account: str, channel: Channel) -> None:
        """Open an account, again and again if need be; go on with polling it, where it is."""
        gauge = self._metrics.channels.labels(channel.agency, channel.name)
        gauge.set(0)
        while True:
            try:
                await channel.open()
                break
            except DeliveryError as error:
                log.warning("channel_not_open", account=account, fault=error.reason)
            await asyncio.sleep(REOPEN)
        gauge.set(1)
        self._opened()
        if isinstance(channel, Polled) and self._polls:
            await self._poll(account, channel)

    async def _poll(self, account: str, channel: Polled) -> None:
        """Fetch updates while we are the account's sender, and its agency has not been removed.

        So there is one poller for each bot, and what nobody would answer waits at the platform.
        """
        while not self._stopping.is_set():
            if self._is_ours(account):
                stop = asyncio.Event()
                polling = asyncio.create_task(channel.poll(self._accept, stop))
                while self._is_ours(account):
                    ended, _ = await asyncio.wait([polling], timeout=LOOK)
                    if ended:
                        break
                stop.set()
                for error in await asyncio.gather(polling, return_exceptions=True):
                    if error:
                        log.error("polling_ended", account=account, fault=type(error).__name__)
            await asyncio.sleep(LOOK)

    def _is_ours(self, account: str) -> bool:
        if self._stopping.is_set() or not self._is_served(account.partition("/")[0]):
            return False
        return account in self._held()
