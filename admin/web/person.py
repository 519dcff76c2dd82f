"""One member of staff, as the operator keeps them: posts, logins, account."""

from collections.abc import Mapping

from aiohttp import web

from admin import appointments, resets, sessions, staff
from admin.staff import Staff
from admin.web.access import Route
from admin.web.pages import page
from admin.web.people import OPERATOR, link_page, person_of, roles, units
from admin.web.posts import appointed, given_post
from admin.web.visit import Visit

_PERSON = "/admin/{slug}/staff/{id:[0-9]{1,18}}"


async def person_page(visit: Visit) -> web.StreamResponse:
    """Their posts here, and what can be done with the account."""
    return await _shown(visit)


async def _shown(visit: Visit, faults: Mapping[str, str] | None = None) -> web.StreamResponse:
    async with visit.read() as session:
        person = await person_of(session, visit)
        found = await staff.people(session, visit.agency.slug)
        logins = await sessions.of_person(session, person.id, visit.now)
    held = next(posts for one, posts in found if one.id == person.id)
    here = visit.at("staff", person.id)
    return page(
        visit,
        "person_page.html",
        status=422 if faults else 200,
        person=person,
        held=held,
        logins=len(logins),
        here=here,
        typed=dict(visit.form.pairs()) if faults else visit.typed(f"{here}/roles"),
        faults=faults or {},
        roles=roles(visit),
        units=units(visit),
    )


async def give_role(visit: Visit) -> web.StreamResponse:
    """One more post, perhaps for some days only."""
    given, faults = given_post(visit)
    if given is None:
        return await _shown(visit, faults)
    async with visit.write() as session:
        person = await person_of(session, visit)
        is_new = await appointed(visit, session, person, given)
    if not is_new:
        return await _shown(visit, {"role": visit.say("faults.role_held")})
    raise visit.go(_here(visit, person), done="role_given")


async def take_role(visit: Visit) -> web.StreamResponse:
    """A post less; it counts from the next click on."""
    number, agency = int(visit.request.match_info["post"]), visit.agency.slug
    async with visit.write() as session:
        person = await person_of(session, visit)
        is_gone = await appointments.dismiss(
            session, person, number, agency=agency, by=visit.actor, now=visit.now
        )
        has_more = any(one.id == person.id for one, _ in await staff.people(session, agency))
    if not is_gone:
        raise web.HTTPNotFound
    where = _here(visit, person) if has_more else visit.at("staff")
    raise visit.go(where, done="role_taken")


async def end_logins(visit: Visit) -> web.StreamResponse:
    """Log them out everywhere."""
    async with visit.write() as session:
        person = await person_of(session, visit)
        ended = await sessions.revoke(session, person.id)
        await appointments.record(
            session, person, "session.revoked", by=visit.actor, now=visit.now, sessions=ended
        )
    raise visit.go(_here(visit, person), done="logins_ended")


async def disable(visit: Visit) -> web.StreamResponse:
    """Close the account; one's own stays open, or nobody could open it again."""
    async with visit.write() as session:
        person = await person_of(session, visit)
        if person.id == visit.person.id:
            raise web.HTTPForbidden
        await appointments.close_account(session, person, by=visit.actor, now=visit.now)
    raise visit.go(_here(visit, person), done="account_closed")


async def enable(visit: Visit) -> web.StreamResponse:
    """Open the account again."""
    async with visit.write() as session:
        person = await person_of(session, visit)
        await appointments.open_account(session, person, by=visit.actor, now=visit.now)
    raise visit.go(_here(visit, person), done="account_opened")


async def reset(visit: Visit) -> web.StreamResponse:
    """A new link for whom has lost password or telephone; what they had works no more."""
    async with visit.write() as session:
        person = await person_of(session, visit)
        if person.id == visit.person.id:
            raise web.HTTPForbidden
        await resets.tell(session, visit.agency, person, visit.person, now=visit.now)
        link = await appointments.reset_account(
            session, person, by=visit.actor, key=visit.equipment.key, now=visit.now
        )
    return link_page(visit, person, link)


def _here(visit: Visit, person: Staff) -> str:
    return visit.at("staff", person.id)


ROUTES = (
    Route("GET", _PERSON, person_page, OPERATOR),
    Route("POST", f"{_PERSON}/roles", give_role, OPERATOR),
    Route("POST", _PERSON + "/roles/{post:[0-9]{1,18}}/take", take_role, OPERATOR),
    Route("POST", f"{_PERSON}/logins/end", end_logins, OPERATOR),
    Route("POST", f"{_PERSON}/disable", disable, OPERATOR),
    Route("POST", f"{_PERSON}/enable", enable, OPERATOR),
    Route("POST", f"{_PERSON}/reset", reset, OPERATOR),
)
