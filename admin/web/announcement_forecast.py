"""What sending an announcement would come to: people on each channel, counted messages, baht."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, and_

from admin import bookings, recipients
from admin.announcement_checks import first_time, times
from admin.announcements import Announcement, Content, Way, ending, is_urgent, way_of
from admin.quota import Ledger
from admin.subscriptions import Frequency, Subscriber, reached, wants
from admin.web.visit import Visit
from bot.channels.channel import Channel, accounts_of
from bot.counts import month_of


@dataclass(frozen=True, slots=True)
class Sum:
    """One account: how many people there, and what that costs where messages are counted."""

    channel: str
    people: int
    ledger: Ledger | None = None
    """None where nothing is counted."""
    messages: int = 0
    """Counted messages of this month's sendings; of a digest, at most."""
    shortfall: int = 0
    later: int = 0
    """Counted messages of the end, when that is told."""
    is_next_month: bool = False
    """Whether it goes out of another month's quota: of that only what is planned is booked."""
    is_urgent: bool = False
    times: int = 1
    """How often it goes out in the month of its first time."""
    is_in_digest: bool = False
    """One message tells of other news, too; where the quota lacks it, it rides on replies."""

    @property
    def is_unknown(self) -> bool:
        """Whether a push would be a guess: the platform could not be asked."""
        is_pushed = self.messages and not self.is_in_digest
        return bool(self.ledger and not self.ledger.is_known and is_pushed)

    @property
    def left(self) -> int | None:
        """What remains afterwards, with the reserve for what is urgent; None: any number."""
        room = self.ledger.room(urgent=self.is_urgent) if self.ledger else None
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
    way: Way
    is_followup: bool = False
    """A correction: only who got the first one gets it, and in just two ways."""

    @property
    def ways(self) -> Sequence[Way]:
        """Those that use less of the quota; what is urgent waits for no digest."""
        if self.is_followup:
            return (Way.RIDE,)
        digest = () if self.is_urgent else (Way.DIGEST,)
        return (Way.RIDE, *digest, Way.FREE, Way.PAGE)

    @property
    def told(self) -> str:
        """The text that says who these people are."""
        if self.is_followup:
            return "announce.forecast_got"
        if self.is_urgent:
            return "announce.forecast_all"
        is_digested = self.way is Way.DIGEST
        return "announce.forecast_digest" if is_digested else "announce.forecast_people"

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
    way = way_of(one)
    is_digested = way is Way.DIGEST and not urgent
    async with visit.read() as session:
        audience = await recipients.alert(session, visit.agency, one)
        slug = visit.agency.slug
        people = await reached(session, slug, audience.who)
        readers = await reached(session, slug, _readers(content)) if is_digested else {}
    sums = []
    accounts = accounts_of(visit.equipment.channels, visit.agency.slug)
    for channel in sorted(accounts, key=lambda one: one.name):
        here, digested = people.get(channel.name, 0), readers.get(channel.name, 0)
        people_here = _Here(here, digested, way)
        sum_ = await _sum(visit, channel, one, people_here)
        if sum_.shortfall or sum_.is_unknown:  # the quota may have been raised just now
            sum_ = await _sum(visit, channel, one, people_here, fresh=True)
        sums.append(sum_)
    return Forecast(sums, urgent, way, one.first_id is not None)


@dataclass(frozen=True, slots=True)
class _Here:
    """Whom it concerns on one channel: at once, and with the daily digest."""

    people: int
    readers: int
    way: Way


async def _sum(
    visit: Visit, channel: Channel, one: Announcement, here: _Here, *, fresh: bool = False
) -> Sum:
    ledger = await visit.equipment.quotas.ledger(channel, fresh=fresh)
    way, people = here.way, here.people
    if way is Way.PAGE:
        people = 0
    if ledger is None:
        return Sum(channel.name, people)
    content = one.content
    urgent = is_urgent(visit.agency, content)
    has_end = ending(one, None, visit.now) is not None
    if way is Way.DIGEST:
        people, later = here.readers, here.readers if has_end else 0
        return Sum(channel.name, people, ledger, people, later=later, is_in_digest=True)
    at = first_time(content, visit.now)
    is_next = month_of(at) != month_of(visit.now)
    if is_next:
        async with visit.read() as session:
            planned = await bookings.in_month(session, visit.agency, channel, at)
            ledger = replace(ledger, used=0).holding(planned)
    each, often = people if way is Way.PUSH else 0, times(content, visit.now)
    messages = each * often
    short = ledger.shortfall(messages, urgent=urgent) if ledger.is_known else 0
    return Sum(
        channel.name,
        people if way in {Way.PUSH, Way.RIDE} else 0,
        ledger,
        messages,
        short,
        each if has_end else 0,
        is_next,
        urgent,
        times=often,
    )


def _readers(content: Content) -> ColumnElement[bool]:
    """Who is told of it by the daily digest, where messages are counted."""
    often = Subscriber.frequency.in_([Frequency.AT_ONCE, Frequency.DAILY])
    return and_(wants(content.topic, content.areas), often)
