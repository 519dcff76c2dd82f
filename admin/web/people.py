"""An agency's staff, as the operator keeps them: who they are, and which posts they hold."""

from collections.abc import Mapping

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from admin import appointments, invitations, staff
from admin.officers import Role
from admin.staff import EVERYBODYS, LONGEST_EMAIL, LONGEST_NAME, Staff
from admin.web.access import Route
from admin.web.pages import page
from admin.web.posts import appointed, given_post, person_faults
from admin.web.visit import Visit

OPERATOR = frozenset({Role.OPERATOR})


async def people_page(visit: Visit) -> web.StreamResponse:
    """Everybody who holds or held a post here, and a form for one more."""
    return await _shown(visit)


async def _shown(visit: Visit, faults: Mapping[str, str] | None = None) -> web.StreamResponse:
    async with visit.read() as session:
        people = await staff.people(session, visit.agency.slug)
    to = visit.at("staff")
    typed = dict(visit.form.pairs()) if faults else visit.typed(to)
    return page(
        visit,
        "people_page.html",
        status=422 if faults else 200,
        people=people,
        to=to,
        typed=typed,
        faults=faults or {},
        roles=roles(visit),
        units=units(visit),
    )


def roles(visit: Visit) -> list[tuple[str, str]]:
    """The roles that can be given here, each with its name."""
    return [(role.value, visit.say(f"posts.{role}")) for role in Role if role in EVERYBODYS]


def units(visit: Visit) -> list[tuple[str, str]]:
    """The agency's units, after the choice of none."""
    named = [(unit.id, unit.name(visit.language)) for unit in visit.agency.profile.units]
    return [("", visit.say("people.every_unit")), *named]


async def add(visit: Visit) -> web.StreamResponse:
    """One more person, or one more post for somebody who has an account already."""
    given, faults = given_post(visit)
    name = visit.form.text("name", at_most=LONGEST_NAME)
    email = visit.form.text("email", at_most=LONGEST_EMAIL).lower()
    faults |= person_faults(visit, name, email)
    if given is None or faults:
        return await _shown(visit, faults)
    link = ""
    async with visit.write() as session:
        person = await staff.person_of(session, email)
        if person is None:
            person = await staff.add_person(session, name=name, email=email, now=visit.now)
        if person.password is None:
            key = visit.equipment.key
            token = await invitations.invite(session, person, key=key, now=visit.now)
            link = invitations.path_of(token, is_first=False)
        await appointed(visit, session, person, given)
        if link:
            await appointments.record(
                session, person, "staff.invited", by=visit.actor, now=visit.now
            )
    if link:
        return link_page(visit, person, link)
    raise visit.go(visit.at("staff", person.id), done="role_given")


def link_page(visit: Visit, person: Staff, link: str) -> web.Response:
    """A one-time link to hand over; it is shown this once."""
    base = visit.equipment.settings.public_url.rstrip("/") or str(visit.request.url.origin())
    return page(visit, "link_page.html", person=person, link=f"{base}{link}")


async def person_of(session: AsyncSession, visit: Visit) -> Staff:
    """The person of the path, who must have to do with this agency."""
    found = await staff.people(session, visit.agency.slug)
    number = int(visit.request.match_info["id"])
    person = next((one for one, _ in found if one.id == number), None)
    if person is None:
        raise web.HTTPNotFound
    return person


ROUTES = (
    Route("GET", "/admin/{slug}/staff", people_page, OPERATOR),
    Route("POST", "/admin/{slug}/staff", add, OPERATOR),
)
