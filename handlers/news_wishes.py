"""The news that somebody wants, as far as they have said so. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    asks: bool = False
    """Whether who came back after a block is to be asked once more; then it says only that."""

    def step(self, newsroom: Newsroom) -> Step:
        """The next question."""
        if not self.topics:
            return Step.TOPICS
        if self.areas is None and newsroom.areas:
            return Step.AREAS
        return Step.HOW if self.frequency is None else Step.NOTHING


def is_over(wish: Wish, now: datetime) -> bool:
    """Whether it has been left for so long that it is forgotten."""
    return not wish.asks and now - wish.touched > KEPT_FOR


def is_due(wish: Wish, now: datetime) -> bool:
    """Whether the time has come to ask once more who came back."""
    return wish.asks and now - wish.touched > KEPT_FOR


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
    change = CHANGES.get(what)
    return change(wish, newsroom, value) if change else None


def _topic(wish: Wish, newsroom: Newsroom, value: str) -> Wish | None:
    topics = newsroom.topics
    more = replace(wish, topics=known((*wish.topics, value), topics))
    return more if value in topics else None


def _area(wish: Wish, newsroom: Newsroom, value: str) -> Wish | None:
    areas = newsroom.areas
    more = replace(wish, areas=known((*(wish.areas or ()), value), areas))
    return more if value in areas else None


def _not_area(wish: Wish, _newsroom: Newsroom, value: str) -> Wish:
    """Without the last of them it is asked again: nobody means everywhere by that."""
    return replace(wish, areas=tuple(one for one in wish.areas or () if one != value) or None)


def _how(wish: Wish, _newsroom: Newsroom, value: str) -> Wish | None:
    return replace(wish, frequency=Frequency(value)) if value in set(Frequency) else None


CHANGES: Mapping[str, Callable[[Wish, Newsroom, str], Wish | None]] = {
    "topic": _topic,
    "all": lambda wish, newsroom, _value: replace(wish, topics=tuple(newsroom.topics)),
    "area": _area,
    "noarea": _not_area,
    "everywhere": lambda wish, _newsroom, _value: replace(wish, areas=()),
    "how": _how,
}


def less(wish: Wish, topic: str) -> Wish:
    """The wish without this topic."""
    return replace(wish, topics=tuple(one for one in wish.topics if one != topic))
