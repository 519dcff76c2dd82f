"""One-time links: the very first account, and a password for whom has none."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from admin import appointments, invitations, staff
from admin.appointments import Appointment
from admin.invitations import Invitation
from admin.officers import Role
from admin.staff import INSTALLATION, LONGEST_EMAIL, LONGEST_NAME, Staff
from admin.web.access import PUBLIC, Route
from admin.web.entering import going_with, let_in
from admin.web.pages import page
from admin.web.passing import Faults, chosen
from admin.web.posts import person_faults
from admin.web.visit import Visit


async def first_page(visit: Visit) -> web.StreamResponse:
    """Asks for name, mail address and password of the first account."""
    await _link(visit, is_first=True)
    return _asked(visit, "first_page.html", {})


async def make_first(visit: Visit) -> web.StreamResponse:
    """The first account: it looks after the installation, and needs a second factor next."""
    await _link(visit, is_first=True)
    name = visit.form.text("name", at_most=LONGEST_NAME)
    typed_email = visit.form.text("email", at_most=LONGEST_EMAIL)
    password, faults = chosen(visit, typed_email.partition("@")[0])
    faults |= person_faults(visit, name, typed_email)
    if faults:
        return _asked(visit, "first_page.html", faults)
    digest = await visit.equipment.passwords.digest(password)
    async with visit.write() as session:
        link = await _found(visit, session, is_first=True)
        if link is None or not await invitations.spend(session, link):
            raise web.HTTPGone
        person = await staff.add_person(session, name=name, email=typed_email, now=visit.now)
        person.password, person.language = digest, visit.language
        given = Appointment(Role.OPERATOR)
        by = f"staff:{person.id}"
        await appointments.appoint(
            session, person, given, agency=INSTALLATION, by=by, now=visit.now
        )
        await appointments.record(session, person, "staff.first", by=by, now=visit.now)
        token, way = await let_in(session, visit, person, to="/admin/")
    raise going_with(visit, token, way, person)


async def invitation_page(visit: Visit) -> web.StreamResponse:
    """Asks somebody who has an account for a password."""
    person = await _invited(visit)
    return _asked(visit, "invitation_page.html", {}, person)


async def accept(visit: Visit) -> web.StreamResponse:
    """The password is chosen: the link is used up and its owner logged in."""
    person = await _invited(visit)
    password, faults = chosen(visit, person.email.partition("@")[0])
    if faults:
        return _asked(visit, "invitation_page.html", faults, person)
    digest = await visit.equipment.passwords.digest(password)
    async with visit.write() as session:
        link = await _found(visit, session, is_first=False)
        if link is None or not await invitations.spend(session, link):
            raise web.HTTPGone
        await staff.set_password(session, person.id, digest)
        by = f"staff:{person.id}"
        token, way = await let_in(session, visit, person, to="/admin/")
        await appointments.record(session, person, "password.chosen", by=by, now=visit.now)
    raise going_with(visit, token, way, person)


async def _link(visit: Visit, *, is_first: bool) -> Invitation:
    """The link of the path; one that is used, too old or unknown is gone."""
    async with visit.read() as session:
        link = await _found(visit, session, is_first=is_first)
    if link is None:
        raise web.HTTPGone
    return link


async def _found(visit: Visit, session: AsyncSession, *, is_first: bool) -> Invitation | None:
    """The link, where it is of this kind and there is still something to begin."""
    token, key = visit.request.match_info["token"], visit.equipment.key
    link = await invitations.found(session, token, key=key, now=visit.now)
    if link is None or (link.staff_id is None) is not is_first:
        return None
    return None if is_first and not await staff.is_empty(session) else link


async def _invited(visit: Visit) -> Staff:
    """Whose link the path is."""
    link = await _link(visit, is_first=False)
    async with visit.read() as session:
        person = await session.get(Staff, link.staff_id)
    if person is None or person.disabled_at is not None:
        raise web.HTTPGone
    return person


def _asked(
    visit: Visit, template: str, faults: Faults, person: Staff | None = None
) -> web.Response:
    """The form; its answers are kept but the password."""
    return page(
        visit,
        template,
        status=422 if faults else 200,
        faults=faults,
        person=person,
        name=visit.form.text("name", at_most=LONGEST_NAME),
        email=visit.form.text("email", at_most=LONGEST_EMAIL),
        to=visit.request.path,
    )


ROUTES = (
    Route("GET", "/admin/first/{token}", first_page, PUBLIC),
    Route("POST", "/admin/first/{token}", make_first, PUBLIC),
    Route("GET", "/admin/invitation/{token}", invitation_page, PUBLIC),
    Route("POST", "/admin/invitation/{token}", accept, PUBLIC),
)
