"""News that the public may read: which threads a page, a feed or a calendar shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, String, and_, cast, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from admin import announcements
from admin.announcements import Announcement
from admin.threads import Story, stories

ON_PAGE = 20
IN_FEED = 50
IN_CALENDAR = 500
A_PAGE = 100
"""Threads read at once for the whole of the open data: others are answered in between."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which news are asked for; nothing stands for all."""

    topic: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Up to a page of threads, the latest first."""

    stories: Sequence[Story]
    older: int | None
    """After which thread the next page begins; None: there is none."""
    is_newest: bool
    newer: int | None
    """After which thread the page before begins; None: with the newest."""


async def part(
    session: AsyncSession, slug: str, wanted: Wanted, *, before: int | None = None
) -> Part | None:
    """A page of the list; None where it is to begin after something that is not there.

    A page's address names the thread above it, so it shows the same whatever is posted later.
    """
    query = _listed(slug, wanted)
    if before is not None:
        above = await public(session, slug, before)
        if above is None or above.first_id is not None:
            return None
        query = query.where(_is_beyond(above, is_older=True))
    rows = (await session.scalars(_newest(query).limit(ON_PAGE + 1))).all()
    shown = rows[:ON_PAGE]
    newer: Sequence[int] = ()
    if before is not None and shown:
        beyond = _listed(slug, wanted).where(_is_beyond(shown[0], is_older=False))
        ids = beyond.with_only_columns(Announcement.id)
        oldest = ids.order_by(Announcement.posted_at, Announcement.id)
        newer = (await session.scalars(oldest.limit(ON_PAGE + 1))).all()
    return Part(
        await stories(session, shown),
        older=shown[-1].id if len(rows) > ON_PAGE else None,
        is_newest=before is None,
        newer=newer[ON_PAGE] if len(newer) > ON_PAGE else None,
    )


async def public(session: AsyncSession, slug: str, number: int) -> Announcement | None:
    """An announcement of this agency that has been posted; no draft and nothing planned."""
    found = await announcements.announcement_of(session, slug, number)
    return found if found is not None and found.posted_at is not None else None


async def told(
    session: AsyncSession, slug: str, wanted: Wanted
) -> Sequence[tuple[Announcement, Story]]:
    """The latest announcements, whatever they are to others, each with its thread."""
    query = _newest(_posted(slug).where(_is_about(Announcement, wanted)))
    rows = (await session.scalars(query.limit(IN_FEED))).all()
    ids = {row.first_id or row.id for row in rows}
    firsts = await session.scalars(_posted(slug).where(Announcement.id.in_(ids)))
    by_id = {story.first.id: story for story in await stories(session, firsts.all())}
    return [(row, by_id[row.first_id or row.id]) for row in rows]


async def everything(session: AsyncSession, slug: str, *, after: int = 0) -> Sequence[Story]:
    """A page of all threads by number, for the open data."""
    query = _listed(slug, Wanted()).where(Announcement.id > after).order_by(Announcement.id)
    return await stories(session, (await session.scalars(query.limit(A_PAGE))).all())


async def dated(session: AsyncSession, slug: str, wanted: Wanted) -> Sequence[Story]:
    """The latest threads that a calendar may show: those with a beginning, or that recur."""
    dates = [Announcement.content_[name].as_string() for name in ("valid_from", "recurs")]
    follower = aliased(Announcement)
    moved = exists().where(
        follower.first_id == Announcement.id,
        follower.posted_at.is_not(None),
        follower.content_["valid_from"].as_string().is_not(None),
    )
    has_date = or_(*(date.is_not(None) for date in dates), moved)
    rows = await session.scalars(_newest(_listed(slug, wanted).where(has_date)).limit(IN_CALENDAR))
    return await stories(session, rows.all())


Rows = Select[Announcement]


def _posted(slug: str) -> Rows:
    return select(Announcement).where(
        Announcement.agency == slug, Announcement.posted_at.is_not(None)
    )


def _listed(slug: str, wanted: Wanted) -> Rows:
    """The first ones of threads of which any part is about what is wanted."""
    follower = aliased(Announcement)
    followed = exists().where(
        follower.first_id == Announcement.id,
        follower.posted_at.is_not(None),
        _is_about(follower, wanted),
    )
    query = _posted(slug).where(Announcement.first_id.is_(None))
    if wanted == Wanted():
        return query
    return query.where(or_(_is_about(Announcement, wanted), followed))


def _newest(query: Rows) -> Rows:
    return query.order_by(Announcement.posted_at.desc(), Announcement.id.desc())


def _is_beyond(edge: Announcement, *, is_older: bool) -> ColumnElement[bool]:
    at, number = Announcement.posted_at, Announcement.id
    same = at == edge.posted_at
    if is_older:
        return or_(at < edge.posted_at, and_(same, number < edge.id))
    return or_(at > edge.posted_at, and_(same, number > edge.id))


def _is_about(table: type[Announcement], wanted: Wanted) -> ColumnElement[bool]:
    """What is for no area in particular is for every one."""
    rules: list[ColumnElement[bool]] = [table.posted_at.is_not(None)]
    if wanted.topic:
        rules.append(table.content_["topic"].as_string() == wanted.topic)
    if wanted.area:
        areas = func.coalesce(cast(table.content_["areas"], String), "null")
        is_here = areas.contains(f'"{wanted.area}"', autoescape=True)
        rules.append(or_(areas.in_(["null", "[]"]), is_here))
    return and_(*rules)
