"""The first page: the agencies one works for."""

from collections.abc import Sequence
from functools import partial

from aiohttp import web

from admin import own_posts, resets
from admin.lists import PAGE
from admin.officers import Role
from admin.resets import Reset
from admin.staff import INSTALLATION
from admin.web.access import ANY_STAFF, PUBLIC, Route
from admin.web.forms import page_of
from admin.web.pages import page
from admin.web.visit import Visit, address
from knowledge.agency import Agency
from knowledge.thai import clean, normalise

LONGEST = 200
"""Letters of words that are looked for."""


async def start(visit: Visit) -> web.StreamResponse:
    """The visitor's agencies, or at once the only one; many of them page by page, and by name."""
    slugs = _slugs(visit)
    if len(slugs) == 1 and Role.OPERATOR not in visit.roles:
        raise visit.go(address(slugs[0], ""))
    served = [served.agency for slug in slugs if (served := visit.equipment.served(slug))]
    odd: set[str] = set()
    anew: Sequence[Reset] = ()
    if Role.OPERATOR in visit.roles:
        async with visit.read() as session:
            odd = await own_posts.agencies(session, visit.person, visit.today)
            anew = await resets.of_all(session, visit.person, visit.now)
    words = visit.request.query.get("q", "")[:LONGEST]
    agencies = sorted(_named(served, words), key=lambda agency: agency.profile.name.th)
    pages = max(1, -(-len(agencies) // PAGE))
    number = page_of(visit.request.query, pages)
    return page(
        visit,
        "landing_page.html",
        anew=anew,
        odd=[agency for agency in served if agency.slug in odd],
        agencies=agencies[PAGE * (number - 1) : PAGE * number],
        is_long=len(served) > PAGE,
        words=words,
        number=number,
        pages=pages,
        at=partial(address, "", q=words),
    )


def _named(agencies: Sequence[Agency], words: str) -> list[Agency]:
    """Those whose names have all of these words in them, as typed or as properly written."""
    ways = (clean(words).split(), normalise(words).split())
    return [one for one in agencies if any(_has(_names(one), wanted) for wanted in ways)]


def _has(names: str, wanted: Sequence[str]) -> bool:
    return all(word in names for word in wanted)


def _names(agency: Agency) -> str:
    name = agency.profile.name
    return f"{agency.slug} {name.th} {name.short_th} {name.en} {name.short_en}".casefold()


def _slugs(visit: Visit) -> list[str]:
    """The agencies of the visitor that are served; all of them for an operator."""
    served = visit.equipment.slugs()
    held = {agency for agency, _ in visit.posts}
    return [slug for slug in served if INSTALLATION in held or slug in held]


async def with_slash(visit: Visit) -> web.StreamResponse:
    """The same with a slash."""
    raise visit.go("/admin/")


async def nowhere(visit: Visit) -> web.StreamResponse:
    """An address that nothing stands behind."""
    raise web.HTTPNotFound


ROUTES = (
    Route("GET", "/admin", with_slash, PUBLIC),
    Route("GET", "/admin/", start, ANY_STAFF),
)
LAST = Route("GET", "/admin/{rest:.*}", nowhere, PUBLIC)
