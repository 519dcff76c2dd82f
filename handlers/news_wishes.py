"""The news that somebody wants, as far as they have said so. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from admin.subscriptions import EVERYWHERE, Frequency, Subscriber, Subscription
from knowledge.bulletins import Newsroom

KEPT_FOR = timedelta(hours=24)
"""For how long what was chosen, or stopped, is remembered."""


class Step(StrEnum):
    """What is still to be chosen."""

    TOPICS = "topics"
    AREAS = "areas"
    HOW = "how"
    NOTHING = "nothing"


class Wish(Struct, frozen=True, omit_defaults=True):
    """What is being chosen, or what somebody had who stopped it."""

    touched: datetime
    topics: tuple[str, ...] = ()
    areas: tuple[str, ...] | None = None
    """None until it is chosen; empty for everywhere."""
    frequency: Frequency | None = None
    stopped: bool = False
    """Whether this is what they had, for one who thinks better of it."""

    def step(self, newsroom: Newsroom) -> Step:
        """The next question."""
        if not self.topics:
            return Step.TOPICS
        if self.areas is None and newsroom.areas:
            return Step.AREAS
        return Step.HOW if self.frequency is None else Step.NOTHING


def is_over(wish: Wish, now: datetime) -> bool:
    """Whether it has been left for so long that it is forgotten."""
    return now - wish.touched > KEPT_FOR


def wish_of(
    row: Subscriber, had: Sequence[Subscription], newsroom: Newsroom, now: datetime
) -> Wish:
    """What a subscriber gets now, of what the agency still has."""
    topics = known((one.topic for one in had), newsroom.topics)
    places = dict.fromkeys(one.area for one in had)
    areas = () if EVERYWHERE in places else known(places, newsroom.areas) or None
    return Wish(now, topics, areas, row.frequency)


def known(ids: Iterable[str], named: Mapping[str, object]) -> tuple[str, ...]:
    """Those of these that the profile has, each once, in its order."""
    wanted = set(ids)
    return tuple(key for key in named if key in wanted)


def changed(wish: Wish, newsroom: Newsroom, what: str, value: str) -> Wish | None:
    """The wish after a tap; None where the button means nothing any more."""
    topics, areas = newsroom.topics, newsroom.areas
    if what == "all":
        return replace(wish, topics=tuple(topics))
    if what == "topic" and value in topics:
        return replace(wish, topics=known((*wish.topics, value), topics))
    if what == "everywhere":
        return replace(wish, areas=())
    if what == "area" and value in areas:
        return replace(wish, areas=known((*(wish.areas or ()), value), areas))
    if what == "noarea":
        left = tuple(one for one in wish.areas or () if one != value)
        return replace(wish, areas=left or None)
    if what == "how" and value in set(Frequency):
        return replace(wish, frequency=Frequency(value))
    return None


def less(wish: Wish, topic: str) -> Wish:
    """The wish without this topic."""
    return replace(wish, topics=tuple(one for one in wish.topics if one != topic))
