"""What becomes of a post that an operator gave to themselves: another agrees, or takes it back."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from admin import appointments, own_posts
from admin.own_posts import CONCERNED
from admin.staff import Membership, Staff
from admin.web.access import Route
from admin.web.visit import Visit

_POST = "/admin/{slug}/own-posts/{post:[0-9]{1,18}}"


async def _found(visit: Visit, session: AsyncSession) -> tuple[Staff, Membership]:
    """The post of the path and who holds it; raises HTTPNotFound, also for one's own."""
    number = int(visit.request.match_info["post"])
    for person, post in await own_posts.unagreed(session, visit.officer, visit.today):
        if post.id == number:
            return person, post
    raise web.HTTPNotFound


async def agree(visit: Visit) -> web.StreamResponse:
    """They may keep it."""
    async with visit.write() as session:
        _, post = await _found(visit, session)
        await appointments.agree(session, post, by=visit.actor, now=visit.now)
    raise visit.go(visit.at(""), done="role_agreed")


async def take(visit: Visit) -> web.StreamResponse:
    """A post less; it counts from the next click on."""
    agency = visit.agency.slug
    async with visit.write() as session:
        person, post = await _found(visit, session)
        await appointments.dismiss(
            session, person, post.id, agency=agency, by=visit.actor, now=visit.now
        )
    raise visit.go(visit.at(""), done="role_taken")


ROUTES = (
    Route("POST", f"{_POST}/agree", agree, CONCERNED),
    Route("POST", f"{_POST}/take", take, CONCERNED),
)
