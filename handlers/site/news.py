"""The citizens' pages of news: the list, one permanent page for each, its files."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from admin.attachments import Attachment
from admin.downloads import file_response
from admin.threads import is_withdrawn, story_of
from bot.db import Database
from bot.files import FileStore
from bot.settings import Settings
from handlers.site import news_stories
from handlers.site.news_calendar import span
from handlers.site.news_files import kept as kept_files
from handlers.site.news_files import served as served_file
from handlers.site.news_meta import alternates, article, kept
from handlers.site.news_outlets import Outlets, title_of, wanted_of
from handlers.site.news_views import View, anchor
from handlers.site.pages import error_page, language_of, page, query_of
from knowledge.registry import Served

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


class News:
    """Serves /{slug}/news and what is below it."""

    def __init__(
        self,
        database: Database,
        served: Callable[[str], Served | None],
        files: FileStore,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._served = served
        self._files = files
        self._public_url = settings.public_url.rstrip("/")
        self._clock = clock
        self._outlets = Outlets(database, self._view, self._base)

    def add_to(self, app: web.Application) -> None:
        """Serve the pages, and the same news for other programs."""
        self._outlets.add_to(app)
        app.router.add_get("/{slug}/news", self._list)
        app.router.add_get("/{slug}/news/", self._without_slash)
        app.router.add_get("/{slug}/news/{id}", self._one)
        app.router.add_get("/{slug}/news/{id}/files/{position}", self._file)

    async def _list(self, request: web.Request) -> web.Response:
        """The latest first; `?topic=` and `?area=` some of them; `?before=` those before one."""
        view = self._view(request)
        if view is None:
            return error_page(404)
        agency, asked = view.agency, request.query
        wanted, before = wanted_of(request, agency), _number(asked.get("before", ""))
        if wanted is None or (before is None and "before" in asked):
            return self._gone(request, view)
        async with self._database.read() as connection, AsyncSession(connection) as session:
            part = await news_stories.part(session, agency.slug, wanted, before=before)
        if part is None:
            return self._gone(request, view)
        about = {"topic": wanted.topic, "area": wanted.area}
        response = self._page(
            request,
            "news_list.html",
            view,
            here={**about, "before": before},
            part_of=part,
            items=[view.item(story) for story in part.stories],
            about=about,
            title=title_of(view, wanted),
            topics=agency.newsroom.topics.values(),
            areas=agency.newsroom.areas.values(),
        )
        changed = [story.changed(view.now) for story in part.stories]
        return kept(request, response, max(changed)) if changed else response

    async def _one(self, request: web.Request) -> web.Response:
        """A thread; what followed has its place on the page of the first."""
        view = self._view(request)
        if view is None:
            return error_page(404)
        number = _number(request.match_info["id"])
        async with self._database.read() as connection, AsyncSession(connection) as session:
            one = number and await news_stories.public(session, view.agency.slug, number)
            if not one:
                return self._gone(request, view)
            story = await story_of(session, one)
            rows = await kept_files(session, (story.first, *story.followers))
        if one.id != story.first.id:
            where = view.address(f"news/{story.first.id}")
            raise web.HTTPMovedPermanently(f"{where}#{anchor(one)}")
        response = self._page(
            request,
            "news_one.html",
            view,
            path=f"news/{story.first.id}",
            title=view.heading(story),
            topic=view.topic(story),
            story=story,
            main=view.told(story, story.main, rows),
            followers=[view.told(story, each, rows) for each in story.after],
            replaced=[view.told(story, each, rows) for each in story.replaced],
            notes=view.notes(story),
            facts=view.facts(story),
            has_date=span(story) is not None,
            is_thai_only=view.language == "en" and view.tongue(story.main) != "en",
            article=article(view, story, self._base(request)),
        )
        return kept(request, response, story.changed(view.now))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """A file of what was posted and holds, by its position."""
        view = self._view(request)
        if view is None:
            return error_page(404)
        number, position = (_number(request.match_info[name]) for name in ("id", "position"))
        if not number or not position:
            return self._gone(request, view)
        async with self._database.read() as connection, AsyncSession(connection) as session:
            row = await _file(session, view.agency.slug, number, position)
        if row is None:
            return self._gone(request, view)
        return await file_response(row, self._files, download=not row.is_picture)

    async def _without_slash(self, request: web.Request) -> web.Response:
        view = self._view(request)
        if view is None:
            return error_page(404)
        raise web.HTTPMovedPermanently(view.address())

    def _gone(self, request: web.Request, view: View) -> web.Response:
        """Not there, or not for the public: nobody is told which."""
        return self._page(request, "news_gone.html", view, status=404)

    def _page(
        self,
        request: web.Request,
        template: str,
        view: View,
        *,
        status: int = 200,
        path: str = "news",
        here: dict[str, Any] | None = None,
        **values: Any,
    ) -> web.Response:
        """A template with what every page of these needs."""
        agency, language, more = view.agency, view.language, here or {}
        base, languages = self._base(request), agency.profile.languages
        other = next((each for each in languages if each != language), None)
        return page(
            template,
            language,
            status=status,
            agency=agency,
            canonical=base + view.address(path, **more),
            alternates=alternates(agency, base, path, **more),
            other=other,
            switch=other and View(agency, other, view.now).address(path, **more),
            chat=f"/{agency.slug}/chat{query_of(agency, language, embedded=False)}",
            to=view.address,
            say=view.say,
            **values,
        )

    def _view(self, request: web.Request) -> View | None:
        """The agency in the reader's language, now; None where there is no such agency."""
        served = self._served(request.match_info["slug"])
        if served is None:
            return None
        return View(served.agency, language_of(request, served.agency), self._clock())

    def _base(self, request: web.Request) -> str:
        host = request.host.encode("ascii", "replace").decode()
        return self._public_url or f"{request.scheme}://{host}"


async def _file(session: AsyncSession, slug: str, number: int, position: int) -> Attachment | None:
    """The row of a file that may be read; None where it may not."""
    one = await news_stories.public(session, slug, number)
    if one is None or is_withdrawn(one) or (await story_of(session, one)).is_withdrawn:
        return None
    files = one.content.files
    if position > len(files):
        return None
    attachment, digest, _ = files[position - 1]
    return served_file(await session.get(Attachment, attachment), slug, digest)


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None
