"""The citizens' page of questions: to browse, to search, one permanent address for each entry."""

import re
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.bodies import UNREADABLE
from bot.callers import caller_of
from bot.clock import local_date
from bot.db import Database
from bot.settings import Settings
from handlers.most_asked import asked_lately, filled
from handlers.site.pages import error_page, language_of, page, query_of
from handlers.site.questions_meta import FRESH, alternates, faq, keepable, sitemap
from handlers.site.questions_search import (
    READ_AT_MOST,
    Found,
    Search,
    TooManySearches,
    cleaned,
    words_of,
)
from handlers.site.questions_views import (
    address,
    categories,
    changed_on,
    others,
    part,
    sections,
    shown,
)
from knowledge.agency import Agency, Entry
from knowledge.registry import Served

MAX_SEARCH = 16 * 1024
"""Bytes of a search's form."""
COUNTED_FOR = 60.0
"""Seconds for which the most asked are not counted again."""
_PAGE = re.compile(r"[1-9][0-9]{0,3}")


class Questions:
    """Serves /{slug}/questions and what is below it, and /{slug}/sitemap.xml."""

    def __init__(
        self,
        database: Database,
        served: Callable[[str], Served | None],
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._served = served
        self._public_url = settings.public_url.rstrip("/")
        self._clock = clock
        self._search = Search()
        self._asked: dict[str, tuple[float, Sequence[str]]] = {}

    def add_to(self, app: web.Application) -> None:
        """Serve the pages."""
        app.router.add_get("/{slug}/questions", self._first)
        app.router.add_post("/{slug}/questions", self._posted)
        app.router.add_get("/{slug}/questions/", self._without_slash)
        app.router.add_get("/{slug}/questions/{id}", self._one)
        app.router.add_get("/{slug}/sitemap.xml", self._sitemap)

    async def _first(self, request: web.Request) -> web.Response:
        """Everything by topic; `?category=` one topic with its answers; `?q=` a search."""
        served = self._served(request.match_info["slug"])
        if served is None:
            return error_page(404)
        if "category" in request.query:
            return self._topic(request, served.agency)
        if words := cleaned(request.query.get("q", "")):
            return await self._results(request, served, words)
        return await self._index(request, served.agency)

    async def _posted(self, request: web.Request) -> web.Response:
        """A search; as a form its words stay out of addresses, and so out of proxies' logs."""
        served = self._served(request.match_info["slug"])
        if served is None:
            return error_page(404)
        try:
            body = await request.read()
        except UNREADABLE:
            raise web.HTTPBadRequest from None
        return await self._results(request, served, cleaned(words_of(body[:MAX_SEARCH])))

    async def _index(self, request: web.Request, agency: Agency) -> web.Response:
        language = language_of(request, agency)
        asked = filled(agency, await self._asked_lately(agency))
        response = self._page(
            request,
            "questions_first.html",
            agency,
            language,
            most_asked=[agency.entries[key] for key in asked],
            sections=sections(agency),
            fault="",
        )
        return keepable(request, response, changed_on(agency.entries.values(), self._today()))

    def _topic(self, request: web.Request, agency: Agency) -> web.Response:
        language = language_of(request, agency)
        category = request.query["category"]
        number = request.query.get("page", "1")
        about = categories(agency).get(category, [])
        found = part(about, int(number)) if _PAGE.fullmatch(number) else None
        if found is None:
            return self._gone(request, agency)
        seen = [shown(agency, language, entry, self._today()) for entry in found.entries]
        here = {"category": category, "page": found.number if found.number > 1 else None}
        response = self._page(
            request,
            "questions_topic.html",
            agency,
            language,
            here=here,
            category=category,
            part=found,
            shown=seen,
            faq=faq(seen, agency, language, self._base(request)),
        )
        return keepable(request, response, changed_on(found.entries, self._today()))

    async def _one(self, request: web.Request) -> web.Response:
        """One entry; under an earlier name the way to its present one."""
        served = self._served(request.match_info["slug"])
        if served is None:
            return error_page(404)
        agency, entry_id = served.agency, request.match_info["id"]
        entry = agency.entry(entry_id)
        if entry is None:
            return self._gone(request, agency)
        if entry.id != entry_id:
            language = language_of(request, agency)
            raise _moved(address(agency, language, entry.id))
        return self._entry(request, agency, entry)

    def _entry(self, request: web.Request, agency: Agency, entry: Entry) -> web.Response:
        language = language_of(request, agency)
        seen = shown(agency, language, entry, self._today())
        response = self._page(
            request,
            "question.html",
            agency,
            language,
            entry_id=entry.id,
            one=seen,
            others=others(agency, entry),
            faq=faq([seen], agency, language, self._base(request)),
        )
        return keepable(request, response, changed_on([entry], self._today()))

    async def _results(self, request: web.Request, served: Served, words: str) -> web.Response:
        agency, language = served.agency, language_of(request, served.agency)
        try:
            found = await self._search.find(served, words, caller_of(request))
        except TooManySearches:
            return self._not_searched(request, agency, words, "page.too_fast", 429)
        if found is None:
            return self._not_searched(request, agency, words, "media.empty", 200)
        return self._page(
            request,
            "questions_found.html",
            agency,
            language,
            words=words,
            found=found,
            one=self._shown(found, agency, language),
        )

    def _shown(self, found: Found, agency: Agency, language: str) -> Any:
        return found.answer and shown(agency, language, found.answer, self._today())

    def _not_searched(
        self, request: web.Request, agency: Agency, words: str, key: str, status: int
    ) -> web.Response:
        """The first page with the words still in the box, and why nothing was looked for."""
        language = language_of(request, agency)
        response = self._page(
            request,
            "questions_first.html",
            agency,
            language,
            status=status,
            words=words,
            most_asked=[agency.entries[key] for key in filled(agency, ())],
            sections=sections(agency),
            fault=agency.wording.say(key, language),
        )
        if status != 200:  # noqa: PLR2004 - HTTP's own number
            response.headers["Retry-After"] = "5"
        return response

    def _gone(self, request: web.Request, agency: Agency) -> web.Response:
        language = language_of(request, agency)
        return self._page(request, "question_gone.html", agency, language, status=404)

    async def _without_slash(self, request: web.Request) -> web.Response:
        served = self._served(request.match_info["slug"])
        if served is None:
            return error_page(404)
        language = language_of(request, served.agency)
        raise _moved(address(served.agency, language))

    async def _sitemap(self, request: web.Request) -> web.Response:
        served = self._served(request.match_info["slug"])
        if served is None:
            return error_page(404)
        text = sitemap(served.agency, self._base(request))
        headers = {"X-Content-Type-Options": "nosniff"}
        response = web.Response(text=text, content_type="application/xml", headers=headers)
        changed = changed_on(served.agency.entries.values(), self._today())
        return keepable(request, response, changed)

    def _page(
        self,
        request: web.Request,
        template: str,
        agency: Agency,
        language: str,
        *,
        status: int = 200,
        entry_id: str = "",
        here: dict[str, Any] | None = None,
        words: str = "",
        **values: Any,
    ) -> web.Response:
        """A template with what every page of these needs."""
        base, more = self._base(request), here or {}
        languages = agency.profile.languages
        other = next((each for each in languages if each != language), None)
        return page(
            template,
            language,
            status=status,
            agency=agency,
            words=words,
            longest=READ_AT_MOST,
            canonical=base + address(agency, language, entry_id, **more),
            alternates=alternates(agency, base, entry_id, **more),
            other=other,
            switch=other and address(agency, other, entry_id, **more),
            chat=f"/{agency.slug}/chat{query_of(agency, language, embedded=False)}",
            to=lambda entry_id="", **more: address(agency, language, entry_id, **more),
            say=lambda key, **filling: agency.wording.say(key, language, **filling),
            **values,
        )

    async def _asked_lately(self, agency: Agency) -> Sequence[str]:
        """The most asked, counted once a minute; what was counted before if that fails."""
        until, asked = self._asked.get(agency.slug, (0.0, ()))
        if time.monotonic() < until:
            return asked
        try:
            async with self._database.read() as connection, AsyncSession(connection) as session:
                asked = await asked_lately(session, agency, self._clock())
        except (SQLAlchemyError, OSError):
            pass  # the answers are in memory: nobody shall miss them for want of an order
        self._asked[agency.slug] = (time.monotonic() + COUNTED_FOR, asked)
        return asked

    def _base(self, request: web.Request) -> str:
        host = request.host.encode("ascii", "replace").decode()
        return self._public_url or f"{request.scheme}://{host}"

    def _today(self) -> date:
        return local_date(self._clock())


def _moved(to: str) -> web.HTTPMovedPermanently:
    """The way to another address; kept for ever by browsers, a name that came back would circle."""
    return web.HTTPMovedPermanently(to, headers={"Cache-Control": FRESH})
