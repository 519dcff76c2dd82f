"""The quota page: counted messages of this month and of those before, by account."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from sqlalchemy import func, select

from admin.quota import Ledger
from admin.subscriptions import Subscriber, reachable
from admin.web.access import AGENCY_STAFF, Route
from admin.web.pages import page
from admin.web.visit import Visit
from bot.channels.channel import accounts_of
from bot.counts import month_of
from bot.tables import ContactRow, CountedMonth, account_of
from knowledge.dates import BUDDHIST_ERA

WIDTH: Final = 1_000
"""Units of a whole bar."""
MOST_MONTHS: Final = 24


@dataclass(frozen=True, slots=True)
class Account:
    """One account whose messages are counted."""

    channel: str
    ledger: Ledger
    subscribers: int
    """Whom one push to everybody would reach."""
    months: Sequence[tuple[str, int]]
    """Month and messages, the latest first, without this one."""

    @property
    def parts(self) -> Sequence[tuple[str, float, float]]:
        """The bar: used, booked, reserve; each with its place and its width."""
        ledger = self.ledger
        if not ledger.limit:
            return []
        found, x = [], 0.0
        for name, number in (
            ("used", ledger.used),
            ("booked", ledger.booked),
            ("reserve", ledger.reserve),
        ):
            width = min(WIDTH - x, WIDTH * number / ledger.limit)
            found.append((name, round(x, 2), round(width, 2)))
            x += width
        return found

    @property
    def most(self) -> int:
        """Messages of the fullest of the months before; at least one."""
        return max((number for _, number in self.months), default=1) or 1


async def quota(visit: Visit) -> web.StreamResponse:
    """Every account whose messages are counted."""
    accounts: list[Account] = []
    for channel in accounts_of(visit.equipment.channels, visit.agency.slug):
        ledger = await visit.equipment.quotas.ledger(channel)
        if ledger is not None:
            accounts.append(await _account(visit, channel.name, ledger))
    return page(visit, "announcement_quota.html", accounts=accounts)


async def _account(visit: Visit, channel: str, ledger: Ledger) -> Account:
    account, this = account_of(visit.agency.slug, channel), month_of(visit.now)
    months = (
        select(CountedMonth.month, CountedMonth.messages)
        .where(CountedMonth.account == account, CountedMonth.month != this)
        .order_by(CountedMonth.month.desc())
        .limit(MOST_MONTHS)
    )
    people = (
        select(func.count())
        .select_from(Subscriber)
        .join(ContactRow, ContactRow.id == Subscriber.contact_id)
        .where(
            Subscriber.agency == visit.agency.slug,
            Subscriber.channel == channel,
            reachable(),
        )
    )
    async with visit.read() as session:
        found = [(_named(visit, row.month), row.messages) for row in await session.execute(months)]
        return Account(channel, ledger, await session.scalar(people) or 0, found)


def _named(visit: Visit, month: str) -> str:
    """`11/2569`, or `11/2026`."""
    year, _, number = month.partition("-")
    return f"{number}/{int(year) + (0 if visit.language == 'en' else BUDDHIST_ERA)}"


ROUTES = (Route("GET", "/admin/{slug}/quota", quota, AGENCY_STAFF),)
