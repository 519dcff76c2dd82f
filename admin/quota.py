"""The quota ledger: how many counted messages an account may still send this month.

LINE counts every recipient of a push (L3, L4), sends nothing over the quota (L6), and lets itself
be asked 60 times an hour. In between our own counts go on from what it said last.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from admin import bookings
from admin.bookings import Bookings
from bot import counts
from bot.channels.channel import Channel, DeliveryError, Metered
from bot.counts import month_of
from bot.db import Database
from bot.tables import account_of
from knowledge.agency import Agency
from knowledge.bulletins import Rates

ASK_AGAIN = timedelta(minutes=10)
SOONEST = timedelta(minutes=1)
"""So often at most, where somebody waits for an answer: 60 times an hour are allowed (L6)."""
A_FIFTH = 5
"""Of the month's quota is kept for emergencies where the profile says nothing else."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ledger:
    """One account this month, in counted messages."""

    limit: int | None
    """None: any number, as the platform says."""
    used: int
    booked: int
    """Of mailings that are on their way, of planned ends and of planned news."""
    reserve: int
    """Only for urgent alerts."""
    baht: float | None
    """The price of one, where the profile names it."""
    is_known: bool = True
    """False where the platform could not be asked: then nobody knows what is left."""
    news: int = 0
    """Of those booked for news that is not posted yet: what is urgent does not wait for it."""

    def holding(self, found: Bookings) -> "Ledger":
        """The same with just this booked."""
        booked = found.news + found.ends + found.sending
        return replace(self, booked=booked, news=found.news)

    def room(self, *, urgent: bool) -> int | None:
        """How many may still be sent; None: any number."""
        if self.limit is None:
            return None
        kept = -self.news if urgent else self.reserve
        return max(0, self.limit - self.used - self.booked - kept)

    def shortfall(self, messages: int, *, urgent: bool) -> int:
        """How many are missing for so many messages."""
        room = self.room(urgent=urgent)
        return 0 if room is None else max(0, messages - room)

    def cost(self, messages: int) -> float | None:
        """In baht, where the price is known."""
        return None if self.baht is None else self.baht * messages


@dataclass(frozen=True, slots=True)
class _Told:
    """What the platform said, and how many we had counted ourselves by then."""

    at: datetime
    limit: int | None
    used: int
    ours: int
    spent: int = 0
    """Of what is on its way since then."""
    is_known: bool = True


class Quotas:
    """The ledgers of all accounts whose messages are counted."""

    def __init__(
        self,
        database: Database,
        agency: Callable[[str], Agency | None],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._agency = agency
        self._clock = clock
        self._known: dict[str, _Told] = {}

    async def ledger(
        self, channel: Channel, *, but: int | None = None, fresh: bool = False
    ) -> Ledger | None:
        """An account's ledger, as the mailing `but` finds it; None where nothing is counted.

        `fresh`: asks the platform anew, but for what it said within the last minute.
        """
        if not isinstance(channel, Metered):
            return None
        account = account_of(channel.agency, channel.name)
        told = await self._told(account, channel, SOONEST if fresh else ASK_AGAIN)
        async with self._database.read() as connection:
            ours = await counts.counted(connection, account, self._clock())
            async with AsyncSession(connection) as session:
                agency = self._agency(channel.agency)
                rates = agency.newsroom.rates if agency else Rates()
                used = told.used + max(0, ours - told.ours, told.spent)
                reserve = (told.limit or 0) // A_FIFTH if rates.reserve is None else rates.reserve
                price = rates.baht_per_message
                ledger = Ledger(told.limit, used, 0, reserve, price, is_known=told.is_known)
                found = await bookings.by_now(session, agency, channel, self._clock(), but=but)
                return ledger.holding(found)

    async def left(self, channel: Channel) -> int | None:
        """How many requests of everyday news may still be sent; None where nobody knows or cares.

        What is sent although nothing was left is refused by the platform, and comes back.
        """
        ledger = await self.ledger(channel)
        return ledger.room(urgent=False) if ledger and ledger.is_known else None

    async def _told(self, account: str, channel: Metered, good_for: timedelta) -> _Told:
        now, known = self._clock(), self._known.get(account)
        is_same_month = known is not None and month_of(known.at) == month_of(now)
        if known is not None and is_same_month and known.at > now - good_for:
            return known
        async with self._database.read() as connection:
            ours = await counts.counted(connection, account, now)
        try:
            quota = await channel.quota()
        except DeliveryError as error:
            log.warning("quota_not_told", account=account, fault=error.reason)
            fresh = _Told(now, known.limit if known else None, ours, ours, is_known=False)
        else:
            fresh = _Told(now, quota.limit, max(quota.used, ours), ours)
        self._known[account] = fresh
        return fresh

    def spend(self, account: str, requests: int) -> None:
        """So many are on their way."""
        if known := self._known.get(account):
            self._known[account] = replace(known, spent=known.spent + requests)

    def exhaust(self, account: str) -> None:
        """The platform said that this month's are used up."""
        known = self._known.get(account)
        limit = known.limit if known and known.limit is not None else 0
        self._known[account] = _Told(self._clock(), limit, limit, known.ours if known else 0)
