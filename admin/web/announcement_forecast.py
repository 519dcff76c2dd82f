"""What sending an announcement would come to: people on each channel, counted messages, baht."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import recipients
from admin.announcement_checks import first_time
from admin.announcements import Announcement, Content, Relation, Way, is_urgent
from admin.quota import Ledger
from admin.subscriptions import Subscriber
from admin.web.visit import Visit
from bot.channels.channel import Channel
from bot.outbox import month_of
from bot.tables import ContactRow


@dataclass(frozen=True, slots=True)
class Sum:
    """One account: how many people there, and what that costs where messages are counted."""

    channel: str
    people: int
    ledger: Ledger | None = None
    """None where nothing is counted."""
    messages: int = 0
    """Counted messages of this sending."""
    shortfall: int = 0
    later: int = 0
    """Counted messages of the end, when that is told."""
    is_next_month: bool = False
    """Whether it goes out of another month's quota, of which nothing is used yet."""

    @property
    def is_unknown(self) -> bool:
        """Whether a push would be a guess: the platform could not be asked."""
        return bool(self.ledger and not self.ledger.is_known and self.messages)

    @property
    def left(self) -> int | None:
        """What remains of the quota afterwards, with the reserve; None: any number."""
        room = self.ledger.room(urgent=True) if self.ledger else None
        return None if room is None else max(0, room - self.messages)

    @property
    def baht(self) -> float | None:
        """The price of this sending, where it is known."""
        return self.ledger.cost(self.messages) if self.ledger else None


@dataclass(frozen=True, slots=True)
class Forecast:
    """All accounts of the agency."""

    sums: Sequence[Sum]
    is_urgent: bool

    @property
    def people(self) -> int:
        """Everybody who is told."""
        return sum(one.people for one in self.sums)

    @property
    def obstacle(self) -> Sum | None:
        """The account whose quota does not allow it, or cannot be asked."""
        return next((one for one in self.sums if one.shortfall or one.is_unknown), None)


async def forecast(visit: Visit, one: Announcement) -> Forecast:
    """What it comes to if it goes out as it is now; asks the platform where that is needed."""
    content = one.content
    urgent = is_urgent(visit.agency, content)
    async with visit.read() as session:
        people = await _people(visit, session, one)
    sums = [
        await _sum(visit, channel, content, people.get(channel.name, 0))
        for channel in sorted(visit.equipment.channels.values(), key=lambda one: one.name)
        if channel.agency == visit.agency.slug
    ]
    return Forecast(sums, urgent)


async def _sum(visit: Visit, channel: Channel, content: Content, people: int) -> Sum:
    ledger = await visit.equipment.quotas.ledger(channel)
    if content.way is Way.PAGE:
        people = 0
    if ledger is None:
        return Sum(channel.name, people)
    is_next = month_of(first_time(content, visit.now)) != month_of(visit.now)
    if is_next:
        ledger = replace(ledger, used=0, booked=0)
    messages = people if content.way is Way.PUSH else 0
    urgent = is_urgent(visit.agency, content)
    short = ledger.shortfall(messages, urgent=urgent) if ledger.is_known else 0
    has_end = bool(content.valid_until and content.all_clear_th and not content.recurs)
    return Sum(
        channel.name,
        people if content.way in {Way.PUSH, Way.RIDE} else 0,
        ledger,
        messages,
        short,
        messages if has_end else 0,
        is_next,
    )


async def _people(visit: Visit, session: AsyncSession, one: Announcement) -> Mapping[str, int]:
    """Who is to be told now, by channel."""
    before = [one.first_id] if one.relation is Relation.CORRECTION and one.first_id else []
    group = recipients.alert(visit.agency, one, before)[0]  # the others are of other languages
    query = (
        select(Subscriber.channel, func.count())
        .join(ContactRow, ContactRow.id == Subscriber.contact_id)
        .where(
            Subscriber.agency == visit.agency.slug,
            Subscriber.paused_at.is_(None),
            ContactRow.blocked.is_(False),
            group.who,
        )
        .group_by(Subscriber.channel)
    )
    return {row[0]: row[1] for row in await session.execute(query)}
