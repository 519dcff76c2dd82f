"""Allowances: how many messages of our own accord an account may still send this month."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot.channels.channel import Channel, DeliveryError, Metered
from bot.tables import account_of

ASK_AGAIN = timedelta(minutes=10)
"""LINE lets itself be asked 60 times an hour, by all replicas together (L6)."""

log = structlog.get_logger()


class Allowances:
    """Asks the platforms now and then, and counts down in between."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._known: dict[str, tuple[datetime, int | None]] = {}

    async def left(self, channel: Channel) -> int | None:
        """How many requests may still be sent; None where any number, or where nobody knows.

        What is sent although nothing was left is refused by the platform, and comes back.
        """
        if not isinstance(channel, Metered):
            return None
        account, now = account_of(channel.agency, channel.name), self._clock()
        known = self._known.get(account)
        if known is None or known[0] <= now - ASK_AGAIN:
            try:
                known = (now, await channel.left())
            except DeliveryError as error:
                log.warning("quota_not_told", account=account, fault=error.reason)
                known = (now, None)
            self._known[account] = known
        return known[1]

    def spend(self, account: str, requests: int) -> None:
        """So many are on their way."""
        asked, left = self._known.get(account, (None, None))
        if asked is not None and left is not None:
            self._known[account] = (asked, max(0, left - requests))

    def exhaust(self, account: str) -> None:
        """The platform said that this month's are used up."""
        self._known[account] = (self._clock(), 0)
