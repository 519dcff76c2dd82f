"""The first page: the agencies one works for."""

from aiohttp import web

from admin.officers import Role
from admin.staff import INSTALLATION
from admin.web.access import ANY_STAFF, PUBLIC, Route
from admin.web.pages import page
from admin.web.visit import Visit, address


async def start(visit: Visit) -> web.StreamResponse:
    """The visitor's agencies, or at once the only one."""
    slugs = _slugs(visit)
    if len(slugs) == 1 and Role.OPERATOR not in visit.roles:
        raise visit.go(address(slugs[0], ""))
    served = [served.agency for slug in slugs if (served := visit.equipment.served(slug))]
    agencies = sorted(served, key=lambda agency: agency.profile.name.th)
    return page(visit, "landing_page.html", agencies=agencies)


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
