"""How far the sending of an announcement has come, and what became of it, channel by channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from admin import mailings
from admin.announcements import Announcement, Way
from admin.mailings import Fate, Mailing
from admin.mailings import State as Sending

FATES: Final = (
    Fate.ACCEPTED,
    Fate.RIDING,
    Fate.QUEUED,
    Fate.BLOCKED,
    Fate.LEFT,
    Fate.REFUSED,
    Fate.UNKNOWN,
)
"""In the order in which a bar shows them."""
WIDTH: Final = 1_000
"""Units of a whole bar."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar."""

    fate: Fate
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Account:
    """One act of sending, over one account."""

    mailing: Mailing
    figures: Mapping[Fate, int]
    is_digested: bool = False
    """Whether its words go with the daily digest, where messages are counted."""

    @property
    def total(self) -> int:
        """Everybody whom it is for."""
        return sum(self.figures.values())

    @property
    def done(self) -> int:
        """How many of them need nothing more."""
        return self.total - self.figures.get(Fate.QUEUED, 0)

    @property
    def is_counting(self) -> bool:
        """Whether its recipients are still being written down."""
        return self.mailing.state is Sending.BEGUN and self.mailing.started_at is None

    @property
    def is_stopped(self) -> bool:
        """Whether somebody has to let it go on."""
        return self.mailing.state is Sending.STOPPED and self.mailing.ended_at is None

    @property
    def segments(self) -> Sequence[Segment]:
        """The bar."""
        found, x = [], 0.0
        for fate in FATES:
            if number := self.figures.get(fate, 0):
                width = WIDTH * number / self.total
                found.append(Segment(fate, round(x, 2), round(width, 2)))
                x += width
        return found


@dataclass(frozen=True, slots=True)
class Sent:
    """Everything that was sent of one announcement."""

    accounts: Sequence[Account]
    digests: Mapping[str, Mapping[Fate, int]] = field(default_factory=dict)
    """Whom digests told of it, by channel."""

    @property
    def is_moving(self) -> bool:
        """Whether figures still change by themselves."""
        return any(
            one.mailing.ended_at is None and one.mailing.state in {Sending.BEGUN, Sending.SENDING}
            for one in self.accounts
        )

    @property
    def is_stopped(self) -> bool:
        """Whether any of it waits for somebody to let it go on."""
        return any(one.is_stopped for one in self.accounts)

    @property
    def total(self) -> int:
        """Everybody whom it is for."""
        return sum(one.total for one in self.accounts)

    @property
    def done(self) -> int:
        """How many of them need nothing more."""
        return sum(one.done for one in self.accounts)

    @property
    def got(self) -> int:
        """Who got it, as far as anybody knows."""
        return self.of(Fate.ACCEPTED) + self.of(Fate.UNKNOWN)

    def of(self, fate: Fate) -> int:
        """How many met this fate."""
        return sum(one.figures.get(fate, 0) for one in self.accounts)


async def of(session: AsyncSession, one: Announcement) -> Sent:
    """What was sent of an announcement until now."""
    found = sorted(await mailings.of_announcement(session, one.id), key=lambda m: m.channel)
    numbers = [mailing.id for mailing in found]
    connection = await session.connection()
    figures = await mailings.figures(connection, numbers) if numbers else {}
    digests = await mailings.digested(connection, one.id) if numbers else {}
    is_digested = one.content.way is Way.DIGEST and one.relation is None
    return Sent([Account(each, figures[each.id], is_digested) for each in found], digests)


def percent(sent: Sent) -> int:
    """Of all whom it is for, how many need nothing more."""
    return 100 * sent.done // sent.total if sent.total else 0
