"""Threads: a first announcement and what followed it, read as one, as it stands."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import recurring
from admin.announcements import Announcement, Content, Relation, State


@dataclass(frozen=True, slots=True)
class Story:
    """One thread, as it stands."""

    first: Announcement
    followers: Sequence[Announcement] = ()
    """In the order they were posted."""

    @property
    def is_withdrawn(self) -> bool:
        """Whether the whole of it was taken back."""
        return is_withdrawn(self.first)

    @property
    def corrections(self) -> Sequence[Announcement]:
        """Those that hold."""
        held = (one for one in self.followers if one.relation is Relation.CORRECTION)
        return [one for one in held if not is_withdrawn(one)]

    @property
    def latest(self) -> Announcement:
        """What it says now: the last correction, else the first."""
        return (self.first, *self.corrections)[-1]

    @property
    def main(self) -> Announcement:
        """What its page begins with: what it says now, or what was withdrawn."""
        return self.first if self.is_withdrawn else self.latest

    @property
    def replaced(self) -> Sequence[Announcement]:
        """What it said before, in the order it was posted."""
        return () if self.is_withdrawn else (self.first, *self.corrections)[:-1]

    @property
    def after(self) -> Sequence[Announcement]:
        """What followed, but for the words as they are and were."""
        shown = {one.id for one in (self.main, *self.replaced)}
        return [one for one in self.followers if one.id not in shown]

    @property
    def standing(self) -> Content:
        """The content that holds now; it recurs as the first does, however it was corrected."""
        return msgspec.structs.replace(self.latest.content, recurs=self.first.content.recurs)

    def ended(self, now: datetime) -> datetime | None:
        """When it ended; None while it holds, or where it has no end."""
        until = self.standing.valid_until
        ends = [self.first.ended_at, until if until and until <= now else None]
        return min(filter(None, ends), default=None)

    def again(self, now: datetime) -> datetime | None:
        """When it is told again; None where it does not recur, or no more."""
        return None if self.first.ended_at else recurring.following(self.standing, now)

    def changed(self, now: datetime) -> datetime:
        """Since when it reads as it does."""
        found = [self.first.edited_at, self.ended(now)]
        for one in (self.first, *self.followers):
            found += [one.posted_at, one.changed_at if is_withdrawn(one) else None]
        return min(now, max(filter(None, found)))


def is_withdrawn(one: Announcement) -> bool:
    """Whether it was on the page and holds no more."""
    return one.state is State.CANCELLED


def others(found: Announcement) -> ColumnElement[bool]:
    """Of an announcement's row: whether it is of the same thread, and another one."""
    first = found.first_id or found.id
    is_of_it = or_(Announcement.id == first, Announcement.first_id == first)
    return is_of_it & (Announcement.id != found.id)


async def story_of(session: AsyncSession, one: Announcement) -> Story:
    """The thread that an announcement belongs to."""
    first = one if one.first_id is None else await session.get_one(Announcement, one.first_id)
    [story] = await stories(session, [first])
    return story


async def stories(session: AsyncSession, firsts: Collection[Announcement]) -> Sequence[Story]:
    """These with what followed each of them."""
    query = select(Announcement).where(
        Announcement.first_id.in_([first.id for first in firsts]),
        Announcement.posted_at.is_not(None),
    )
    after: dict[int | None, list[Announcement]] = {}
    ordered = query.order_by(Announcement.posted_at, Announcement.id)
    for one in await session.scalars(ordered) if firsts else ():
        after.setdefault(one.first_id, []).append(one)
    return [Story(first, after.get(first.id, ())) for first in firsts]


def follow(story: Story, found: Announcement, now: datetime) -> None:
    """Mark the first with what this is to it, as it is posted."""
    first = story.first
    if found.relation is Relation.CORRECTION:
        earlier = [one for one in story.followers if one.relation is Relation.CORRECTION]
        told = [first, *(one for one in earlier if one.id != found.id)][-1].content.valid_until
        until = found.content.valid_until
        first.edited_at = now
        if until is not None and until > now and until != told:
            first.ended_at = None  # it holds longer than was told
    elif found.relation is Relation.ALL_CLEAR:
        first.ended_at = now
