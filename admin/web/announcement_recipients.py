"""What became of an announcement for each recipient, without a word of who they are."""

from typing import Final

from aiohttp import web

from admin import mailings
from admin.announcing import DECIDERS
from admin.mailings import Fate
from admin.web.access import Route
from admin.web.announcement_progress import FATES
from admin.web.announcements import HERE, PART, found, may_decide
from admin.web.forms import page_of
from admin.web.pages import page
from admin.web.visit import Visit

ROWS: Final = 100
"""Recipients of one page."""


async def listed(visit: Visit) -> web.StreamResponse:
    """A hundred recipients, of one fate or of any."""
    chosen = visit.request.query.get("fate", "")
    fate = Fate(chosen) if chosen in set(Fate) else None
    at = page_of(visit.request.query)
    skip = ROWS * (at - 1)
    async with visit.read() as session:
        it = await found(visit, session)
        if not may_decide(visit, it):
            raise web.HTTPForbidden
        rows = await mailings.told_of(session, it.id, fate=fate, skip=skip, limit=ROWS + 1)
    return page(
        visit,
        "announcement_recipients.html",
        it=it,
        here=visit.at(PART, it.id),
        fate=fate,
        fates=FATES,
        rows=rows[:ROWS],
        skip=skip,
        at=at,
        has_more=len(rows) > ROWS,
    )


ROUTES = (Route("GET", f"{HERE}/recipients", listed, DECIDERS),)
