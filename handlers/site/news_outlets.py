"""News for other programs: feeds, calendars and open data, at their own addresses."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from admin.announcements import Announcement
from admin.attachments import Attachment
from admin.downloads import disposition
from admin.threads import Story, is_withdrawn, story_of
from bot.db import Database
from handlers.site import news_feeds, news_records, news_stories
from handlers.site.news_calendar import calendar, span
from handlers.site.news_feeds import Entry, Feed
from handlers.site.news_files import files_of
from handlers.site.news_files import kept as kept_files
from handlers.site.news_meta import kept
from handlers.site.news_records import Row
from handlers.site.news_stories import Wanted
from handlers.site.news_views import View, anchor
from handlers.site.pages import error_page
from knowledge import opendocument
from knowledge.agency import Agency

FEEDS: Mapping[str, tuple[str, Callable[[Feed], bytes]]] = {
    "rss": (news_feeds.RSS, news_feeds.rss),
    "atom": (news_feeds.ATOM, news_feeds.atom),
    "json": (news_feeds.JSON, news_feeds.json),
}
NEWS = "news."
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when a feed without an entry reads as it does."""
READ_FOR = 60.0
"""Seconds for which the open data are not put together again; caches keep them as long."""
MOST_READ = 16
_RECORDS = {
    "csv": ("text/csv", news_records.as_csv),
    "json": ("application/json", news_records.as_json),
    "ods": (opendocument.MIME, news_records.as_ods),
    "xml": ("application/xml", news_records.as_xml),
}
HEADERS = {"X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "*"}
"""Public data: pages of other sites may read it, too."""


class Outlets:
    """Serves /{slug}/news.rss and its like, and /{slug}/opendata/news.*"""

    def __init__(
        self,
        database: Database,
        view: Callable[[web.Request], View | None],
        base: Callable[[web.Request], str],
    ) -> None:
        self._database = database
        self._view = view
        self._base = base
        self._reading = asyncio.Lock()
        self._read: dict[tuple[str, ...], tuple[float, bytes, datetime]] = {}

    def add_to(self, app: web.Application) -> None:
        """Serve them; before the pages, whose addresses would fit some of these."""
        app.router.add_get("/{slug}/news.{form:rss|atom|json}", self._feed)
        app.router.add_get("/{slug}/news.ics", self._calendar)
        app.router.add_get("/{slug}/news/{id:[1-9][0-9]{0,17}}.ics", self._date)
        app.router.add_get("/{slug}/opendata/news.{form:csv|json|ods|xml}", self._records)

    async def _feed(self, request: web.Request) -> web.Response:
        view = self._view(request)
        wanted = wanted_of(request, view.agency) if view else None
        if view is None or wanted is None:
            return error_page(404)
        async with self._database.read() as connection, AsyncSession(connection) as session:
            told = await news_stories.told(session, view.agency.slug, wanted)
            files = await kept_files(session, (one for one, _ in told))
        kind, written = FEEDS[request.match_info["form"]]
        changed = max((story.changed(view.now) for _, story in told), default=LONG_AGO)
        base, about = self._base(request), {"topic": wanted.topic, "area": wanted.area}
        feed = Feed(
            title=title_of(view, wanted),
            about=view.say("newspage.intro"),
            home=base + view.address(**about),
            itself=base + view.address(NEWS + request.match_info["form"], **about),
            base=base,
            language=view.language,
            agency=view.agency.profile.name.of(view.language),
            changed=changed,
            entries=[_entry(view, one, story, files, base) for one, story in told],
        )
        return _answer(request, written(feed), kind, changed)

    async def _calendar(self, request: web.Request) -> web.Response:
        """Everything that has a date."""
        view = self._view(request)
        wanted = wanted_of(request, view.agency) if view else None
        if view is None or wanted is None:
            return error_page(404)
        async with self._database.read() as connection, AsyncSession(connection) as session:
            stories = await news_stories.dated(session, view.agency.slug, wanted)
        return self._dates(request, view, wanted, stories, NEWS + "ics")

    async def _date(self, request: web.Request) -> web.Response:
        """One thread that has a date."""
        view, story = self._view(request), None
        if view is None:
            return error_page(404)
        number = int(request.match_info["id"])
        async with self._database.read() as connection, AsyncSession(connection) as session:
            one = await news_stories.public(session, view.agency.slug, number)
            if one is not None and one.first_id is None:
                story = await story_of(session, one)
        if story is None or span(story) is None:
            return error_page(404)
        return self._dates(request, view, Wanted(), [story], f"news-{number}.ics")

    def _dates(
        self,
        request: web.Request,
        view: View,
        wanted: Wanted,
        stories: Sequence[Story],
        name: str,
    ) -> web.Response:
        found = calendar(title_of(view, wanted), view, stories, self._base(request))
        changed = max((story.changed(view.now) for story in stories), default=LONG_AGO)
        return _answer(request, found, "text/calendar", changed, name)

    async def _records(self, request: web.Request) -> web.Response:
        """All threads, the oldest first, with nothing left out but the words."""
        view = self._view(request)
        if view is None:
            return error_page(404)
        base, form = self._base(request), request.match_info["form"]
        kind, written = _RECORDS[form]
        key = (view.agency.slug, view.language, base, form)
        async with self._reading:  # whoever else asks meanwhile gets what the first one made
            until, body, changed = self._read.get(key, (0.0, b"", LONG_AGO))
            if time.monotonic() >= until:
                rows, changed = await self._everything(view, base)
                body = written(rows)
                if len(self._read) >= MOST_READ:
                    self._read.clear()
                self._read[key] = (time.monotonic() + READ_FOR, body, changed)
        return _answer(request, body, kind, changed, NEWS + form)

    async def _everything(self, view: View, base: str) -> tuple[Sequence[Row], datetime]:
        """Every row, and when the last of them changed."""
        rows: list[Row] = []
        after, changed = 0, LONG_AGO
        while True:
            async with self._database.read() as connection, AsyncSession(connection) as session:
                stories = await news_stories.everything(session, view.agency.slug, after=after)
                rows += news_records.rows(view, stories, base)
            changed = max((changed, *(story.changed(view.now) for story in stories)))
            if len(stories) < news_stories.A_PAGE:
                return rows, changed
            after = stories[-1].first.id


def title_of(view: View, wanted: Wanted) -> str:
    """What a list of these is called."""
    agency = view.agency.profile.name.of(view.language)
    topic = view.agency.newsroom.topics.get(wanted.topic)
    if topic is None:
        return view.say("newspage.of", agency=agency)
    return view.say("newspage.about", topic=topic.name(view.language), agency=agency)


def wanted_of(request: web.Request, agency: Agency) -> Wanted | None:
    """What the address asks for; None where the agency has no such topic or area."""
    topic, area = request.query.get("topic", ""), request.query.get("area", "")
    is_known = topic in {"", *agency.newsroom.topics} and area in {"", *agency.newsroom.areas}
    return Wanted(topic, area) if is_known else None


def _entry(
    view: View,
    one: Announcement,
    story: Story,
    files: Mapping[int, Attachment],
    base: str,
) -> Entry:
    posted = one.posted_at or one.changed_at
    is_first = one.id == story.first.id
    is_gone = story.is_withdrawn or is_withdrawn(one)
    notes = [note.words for note in view.notes(story)] if is_first and not is_gone else []
    own = one.changed_at if is_withdrawn(one) else posted
    return Entry(
        url=base + view.address(f"news/{story.first.id}") + ("" if is_first else f"#{anchor(one)}"),
        title=view.title(story, one),
        text="\n\n".join([*notes, view.body(story, one)]),
        posted=posted,
        changed=story.changed(view.now) if is_first or story.is_withdrawn else own,
        topic=view.topic(story),
        unit=view.unit(story),
        tongue=view.language if is_gone else view.tongue(one),
        files=[] if is_gone else files_of(one, files),
    )


def _answer(
    request: web.Request, body: bytes, kind: str, changed: datetime, name: str = ""
) -> web.Response:
    headers = dict(HEADERS)
    if name:
        headers["Content-Disposition"] = disposition(name, is_shown=False)
    response = web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)
    return kept(request, response, changed)
