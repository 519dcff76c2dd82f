"""The files that staff sent to a citizen, each opened by the link in the citizen's chat."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from admin import attachments
from admin.attachments import Attachment
from admin.downloads import file_response
from admin.enclosures import Links
from bot.clock import local_date
from bot.db import Database
from bot.files import FileStore
from bot.settings import Settings
from handlers.site.pages import error_page, page
from knowledge.agency import Agency
from knowledge.registry import Served

PRIVATE = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
"""Whoever has the address may open the file: nobody else is to learn of it."""


class Enclosures:
    """Serves /{slug}/files/{token}."""

    def __init__(
        self,
        database: Database,
        served: Callable[[str], Served | None],
        files: FileStore,
        settings: Settings,
        *,
        key: bytes,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._served = served
        self._files = files
        self._links = Links(key, settings.public_url)
        self._clock = clock

    def add_to(self, app: web.Application) -> None:
        """Serve the links."""
        app.router.add_get("/{slug}/files/{token}", self._file)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """The file; a page that says what to do where the link is false, over, or the file gone."""
        served = self._served(request.match_info["slug"])
        if served is None:
            return error_page(404)
        row = await self._row(served.agency, request.match_info["token"])
        if row is None:
            return _gone(served.agency)
        try:
            response = await file_response(row, self._files, download=not row.is_picture)
        except web.HTTPNotFound:
            return _gone(served.agency)
        response.headers.update(PRIVATE)
        return response

    async def _row(self, agency: Agency, token: str) -> Attachment | None:
        today = local_date(self._clock())
        number = self._links.read(agency.slug, token, today)
        if number is None:
            return None
        async with self._database.read() as connection, AsyncSession(connection) as session:
            rows = await attachments.of(session, [number])
        return rows[0] if rows and rows[0].agency == agency.slug else None


def _gone(agency: Agency) -> web.Response:
    response = page("file_gone.html", "th", status=404, agency=agency)
    response.headers.update(PRIVATE)
    return response
