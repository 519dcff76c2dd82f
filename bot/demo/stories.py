"""The matters of the demonstration: which agency gets which, and what happens when. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from admin.clocks import deadlines
from admin.lists import SOON_DAYS
from admin.moves import Ending
from admin.opening import Matter, proposed_class
from admin.tickets import Privacy, Source
from knowledge.agency import Agency
from knowledge.chains import Kind
from knowledge.working_days import add_working_days, next_opening

BOOK = Path(__file__).with_name("stories.yaml")
FURTHEST = timedelta(days=85)
"""How far back the oldest matter was brought: chats are kept for 90 days."""
_HOUR = timedelta(hours=1)
IN_CHAT = frozenset({Source.LINE, Source.TELEGRAM, Source.WEB})


class Story(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody brings, and the words of whoever has to do with it."""

    kind: Kind
    life: str
    what: str
    bodies: tuple[str, ...] = ()
    """The kinds of agencies that it suits; empty: all."""
    source: Source = Source.LINE
    privacy: Privacy = Privacy.ANONYMOUS
    language: str = "th"
    topic: str | None = None
    items: tuple[str, ...] = ()
    """Of the catalogue; the first that the agency has."""
    url: str | None = None
    right: str | None = None
    before: str = ""
    after: str = ""
    picture: str | None = None
    placed: bool = False
    urgent: bool = False
    image: bool = False
    twin: bool = False
    """Whether somebody else brings what the last story before it brought that is no twin."""
    ending: Ending | None = None
    reason: str = ""
    """How it came out, as the citizen reads it."""
    note: str = ""
    ask: str = ""
    more: str = ""
    body: str = ""
    stars: int = 5
    verdict: str = ""
    """The citizen's words about how it came out."""
    entry: Mapping[str, Any] | None = None
    """The answer that is proposed to be kept."""


class Life(Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of a matter, step by step, and how old it is."""

    age: tuple[int, int] | str
    """Days, from and to; or `fresh`, `soon`, `late` by its due date."""
    steps: tuple[str, ...]


class Book(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is told."""

    lives: Mapping[str, Life]
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """One story in one agency, with the moment of its receipt and of each step after it."""

    number: int
    agency: Agency
    story: Story
    steps: tuple[tuple[datetime, str], ...]
    twin: int | None
    """The number of the matter that it is the same as."""


def read(path: Path = BOOK) -> Book:
    """The stories as they are written down; raises msgspec.ValidationError."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return msgspec.convert(yaml.load(path.read_text("utf-8"), loader), Book)  # noqa: S506 - a safe loader


def plans(book: Book, agencies: Sequence[Agency], now: datetime) -> list[Plan]:
    """Every story dealt out and dated; the same for the same day's beginning and agencies."""
    found: list[Plan] = []
    first: Plan | None = None
    for number, (agency, story) in enumerate(_dealt(book, agencies)):
        life = book.lives[story.life]
        opened = _opened(agency, story, life.age, number, now)
        twin = None
        if story.twin and first:
            twin, opened = first.number, max(opened, first.steps[0][0] + _HOUR)
        steps = tuple(_dated(agency, ("open", *life.steps), opened, number, now))
        found.append(Plan(number, agency, story, steps, twin))
        first = first if story.twin else found[-1]
    return found


def _dealt(book: Book, agencies: Sequence[Agency]) -> Iterator[tuple[Agency, Story]]:
    """Each agency gets as many of each life, and as many altogether, as it can."""
    lives: Counter[tuple[str, str]] = Counter()
    whole: Counter[str] = Counter()
    last: Agency | None = None
    for story in book.stories:
        suited = [one for one in agencies if _suits(story, one)] or agencies
        agency = last if story.twin and last else None
        if agency is None:
            agency = min(suited, key=lambda one: (lives[one.slug, story.life], whole[one.slug]))
        lives[agency.slug, story.life] += 1
        whole[agency.slug] += 1
        last = agency
        yield agency, story


def _suits(story: Story, agency: Agency) -> bool:
    is_meant = not story.bodies or agency.profile.kind in story.bodies
    return is_meant and (not story.items or item_of(story, agency) is not None)


def item_of(story: Story, agency: Agency) -> str | None:
    """The item of this agency's catalogue that the story is about."""
    return next((name for name in story.items if agency.item(name)), None)


def matter_of(story: Story, agency: Agency) -> Matter:
    """What is brought, as far as the clocks ask."""
    return Matter(
        story.kind,
        story.source,
        story.what,
        language=story.language,
        privacy=story.privacy,
        right=story.right,
        item=item_of(story, agency),
        url=story.url,
        topic=story.topic if story.topic in agency.topics else None,
        urgent=story.urgent,
        image=story.image,
    )


def _opened(
    agency: Agency, story: Story, age: tuple[int, int] | str, number: int, now: datetime
) -> datetime:
    """When it was brought."""
    if isinstance(age, tuple):
        first, last = age
        back = timedelta(days=first + 7 * number % (last - first + 1), hours=5 * number % 11)
        return now - min(back, FURTHEST)
    if age == "fresh":
        return now - timedelta(hours=1 + 5 * number % 19, minutes=7 * number % 60)
    calendar = agency.profile.calendar
    soon = add_working_days(now, SOON_DAYS, calendar)
    until = soon if age == "soon" else now - timedelta(days=1 + number % 6)
    class_ = proposed_class(agency, matter_of(story, agency))
    opened = now - 2 * _HOUR
    while deadlines(agency, story.kind, class_, opened, urgent=story.urgent).settled > until:
        opened -= 3 * _HOUR
    return opened


def _dated(
    agency: Agency, steps: Sequence[str], opened: datetime, number: int, now: datetime
) -> Iterator[tuple[datetime, str]]:
    """Some hours between one step and the next, in office hours; all of them over by now."""
    times, calendar = [opened], agency.profile.calendar
    for at in range(1, len(steps)):
        pause = timedelta(hours=2 + (7 * number + 11 * at) % 21, minutes=13 * number % 60)
        when = next_opening(times[-1] + pause, calendar)
        is_morning = when > times[-1] + pause  # nobody does everything as the doors open
        times.append(when + timedelta(minutes=(17 * number + 29 * at) % 200 * is_morning))
    if times[-1] > now:
        share = (now - opened) / (len(steps) + 1)
        times = [opened + at * share for at in range(len(steps))]
    yield from zip(times, steps, strict=True)
