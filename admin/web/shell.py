"""The door to the staff pages: tells who comes, and lets in whom the table admits."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from admin import sessions, staff
from admin.officers import Officer
from admin.passwords import TooManyAtOnce
from admin.web.access import MEBIBYTE, Anyone, Route, Stage, Verdict, stage_of, verdict
from admin.web.cookies import FIELD, LANGUAGE, TOKEN
from admin.web.forms import Form, form_kept, words_of, worth_keeping
from admin.web.landing import LAST
from admin.web.pages import HEADERS, HERE, STATIC, error_page, page
from admin.web.routes import ROUTES
from admin.web.signin import ask_to_log_in
from admin.web.texts import LANGUAGES
from admin.web.visit import Equipment, Visit, address
from bot import looks
from bot.bodies import UNREADABLE
from bot.db import is_collision, is_unavailable
from bot.logs import where

log = structlog.get_logger()

BAD = 400
"""From this status on nothing was done."""
WITH_FILES = "multipart/form-data"
FORM = ("application/x-www-form-urlencoded", WITH_FILES)
WAYS = {Verdict.GIVE_CODE: address("code"), Verdict.ENROL: address("second-factor")}


class Admin:
    """Serves every row of the table of routes."""

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment
        self._cookies = equipment.cookies

    def add_to(self, app: web.Application) -> None:
        """Serve /admin/ and its static files."""
        looks.add_to(app, HERE, STATIC, self._guarded(LAST))
        for route in ROUTES:
            add = app.router.add_get if route.method == "GET" else app.router.add_post
            add(route.path, self._guarded(route))

    def _guarded(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def guarded(request: web.Request) -> web.StreamResponse:
            visit = self._stranger(request)
            try:
                visit, officer = await self._arrived(route, visit)
                response = await self._take(route, visit, officer)
            except web.HTTPException as answer:
                response = self._told(visit, answer)
            except Exception as error:  # noqa: BLE001 - whatever fails, a person is told what to do
                response = self._failed(visit, error)
            visit.form.close()
            return self._shut(response, visit)

        return guarded

    def _stranger(self, request: web.Request) -> Visit:
        """The visit of somebody who has shown nothing yet."""
        asked = request.cookies.get(LANGUAGE, "")
        token = self._cookies.token_of(request)
        return Visit(
            request=request,
            equipment=self._equipment,
            now=self._equipment.clock(),
            language=asked if asked in LANGUAGES else LANGUAGES[0],
            token=token,
            mark=self._cookies.mark_of(token),
            form=Form(),
        )

    async def _arrived(self, route: Route, visit: Visit) -> tuple[Visit, Officer | None]:
        """The visit with its form and of whom it is; raises HTTPNotFound where no page can be."""
        if not visit.request.path.isprintable():  # a database refuses some of these
            raise web.HTTPNotFound
        if visit.request.method != "POST":
            return await self._recognised(visit)
        if not self._cookies.is_ours(visit.request):
            raise web.HTTPForbidden
        if visit.request.content_type not in FORM:
            raise web.HTTPUnsupportedMediaType
        visit, officer = await self._recognised(visit)
        return await self._with_form(route, visit), officer

    async def _take(
        self, route: Route, visit: Visit, officer: Officer | None
    ) -> web.StreamResponse:
        found = verdict(route, visit.stage, officer, visit.roles)
        if found is Verdict.LOG_IN:
            return ask_to_log_in(visit)
        if way := WAYS.get(found):
            await self._keep(visit)
            raise web.HTTPSeeOther(way)
        if found is not Verdict.ADMIT:
            return error_page(visit, 404 if found is Verdict.HIDE else 403)
        if visit.request.method == "POST" and not self._is_marked(visit):
            return await self._unmarked(route, visit)
        visit = self._placed(route, visit, officer)
        try:
            response: web.StreamResponse = await route.handler(visit)
        except web.HTTPRedirection:
            await self._sent(visit)
            raise
        if response.status < BAD:
            await self._sent(visit)
        return response

    async def _with_form(self, route: Route, visit: Visit) -> Visit:
        """The visit with what was sent; of a stranger, whose login may have ended, the words."""
        is_known = visit.login is not None
        sized = visit.request.clone(client_max_size=route.at_most if is_known else MEBIBYTE)
        is_read_by_us = not is_known and sized.content_type == WITH_FILES
        try:
            form = await words_of(sized, MEBIBYTE) if is_read_by_us else Form(await sized.post())
        except UNREADABLE:
            raise web.HTTPBadRequest from None
        return replace(visit, request=sized, form=form)

    async def _recognised(self, visit: Visit) -> tuple[Visit, Officer | None]:
        """The visit of whom the cookie's token names, and how the path's agency sees them."""
        digest = sessions.digest_of(self._equipment.key, visit.token)
        async with visit.read() as session:
            found = await sessions.found(session, digest, visit.now)
            if found is None:
                return visit, None
            login, person = found
            posts = await staff.posts(session, person.id, visit.today)
            officer = await self._officer(session, person.id, visit)
        must = staff.must_have_second_factor(post.role for _, post in posts)
        has = person.second_factor is not None
        stage = stage_of(is_whole=login.is_whole, has_second_factor=has, must_have_one=must)
        if visit.now - login.seen_at >= sessions.SEEN_EVERY:
            async with visit.write() as session:
                await sessions.touch(session, login.id, visit.now)
        language = person.language if person.language in LANGUAGES else visit.language
        known = replace(
            visit, staff=person, login=login, posts=posts, stage=stage, language=language
        )
        return known, officer

    async def _officer(self, session: AsyncSession, staff_id: int, visit: Visit) -> Officer | None:
        slug = visit.request.match_info.get("slug")
        if slug is None or self._equipment.served(slug) is None:
            return None
        return await staff.officer(session, staff_id, slug, visit.today)

    def _is_marked(self, visit: Visit) -> bool:
        return self._cookies.is_marked(visit.token, visit.form.raw(FIELD))

    async def _unmarked(self, route: Route, visit: Visit) -> web.StreamResponse:
        """A form of an earlier login: it is kept, and shown again to be sent with a new mark."""
        log.warning("staff_form_refused", path=route.path)
        if isinstance(route.roles, Anyone) and visit.stage is not Stage.WHOLE:
            return error_page(visit, 403)
        await self._keep(visit)
        return page(visit, "earlier_page.html", status=403)

    async def _keep(self, visit: Visit) -> None:
        """What was typed outlives the steps of the login that are still to come."""
        fields = worth_keeping(visit.form.pairs())
        if visit.login and fields:
            kept = form_kept(visit.request.path, visit.path, fields)
            async with visit.write() as session:
                await sessions.keep(session, visit.login.id, kept)

    def _placed(self, route: Route, visit: Visit, officer: Officer | None) -> Visit:
        if officer is None or not route.is_of_agency:
            return visit
        served = self._equipment.served(officer.agency)
        return replace(visit, place=(served.agency, officer)) if served else visit

    async def _sent(self, visit: Visit) -> None:
        """A form that was carried through a login is forgotten when it is sent anew."""
        kept: Any = visit.login.kept if visit.login else None
        is_same = kept and kept.get("to") == visit.request.path
        if is_same and visit.login and visit.request.method == "POST":
            async with visit.write() as session:
                await sessions.forget_kept(session, visit.login.id)

    def _told(self, visit: Visit, answer: web.HTTPException) -> web.StreamResponse:
        """Ways on as they are; what went wrong as a page."""
        if answer.status >= BAD:
            return error_page(visit, answer.status)
        way = {"Location": answer.headers["Location"]}
        response = web.Response(status=answer.status, headers={**HEADERS, **way})
        response.cookies.update(answer.cookies)
        return response

    def _failed(self, visit: Visit, error: Exception) -> web.StreamResponse:
        is_collided = isinstance(error, DBAPIError) and is_collision(error)
        is_busy = isinstance(error, TooManyAtOnce)
        is_passing = is_busy or is_collided or is_unavailable(error)
        log.error("staff_page_failed", fault=type(error).__name__, where=where(error))
        return error_page(visit, 503 if is_passing else 500)

    def _shut(self, response: web.StreamResponse, visit: Visit) -> web.StreamResponse:
        """The browser keeps its token, unless the page gave it another."""
        if TOKEN not in response.cookies and visit.request.cookies.get(TOKEN) != visit.token:
            self._cookies.give(response, visit.token)
        return response
