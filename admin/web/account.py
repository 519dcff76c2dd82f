"""One's own account: password, second factor, and where one is logged in."""

from collections.abc import Mapping

from aiohttp import web

from admin import resets, second_factor, sessions, staff
from admin.staff import Staff
from admin.web import chats
from admin.web.access import ANY_STAFF, Route
from admin.web.enrolment import codes_page
from admin.web.entering import write_down
from admin.web.pages import page
from admin.web.passing import chosen, fault_of_own
from admin.web.visit import Visit, address

HERE = address("account")


async def account_page(visit: Visit) -> web.StreamResponse:
    """Everything that belongs to the account."""
    return await _shown(visit)


async def _shown(visit: Visit, faults: Mapping[str, str] | None = None) -> web.StreamResponse:
    async with visit.read() as session:
        logins = await sessions.of_person(session, visit.person.id, visit.now)
        left = await second_factor.recovery_codes_left(session, visit.person)
        linked = await chats.chats_of(visit, session)
        anew = await resets.of_account(session, visit.person.id)
    return page(
        visit,
        "account_page.html",
        status=422 if faults else 200,
        faults=faults or {},
        logins=logins,
        left=left,
        chats=linked,
        anew=anew,
        must=staff.must_have_second_factor(visit.roles),
        agency_name=lambda slug: _agency_name(visit, slug),
    )


def _agency_name(visit: Visit, slug: str) -> str:
    served = visit.equipment.served(slug)
    if served is None:
        return slug or visit.say("account.installation")
    return served.agency.profile.name.of(visit.language)


async def change_password(visit: Visit) -> web.StreamResponse:
    """Another password; every other browser is logged out."""
    password, faults = chosen(visit, visit.person.email.partition("@")[0])
    if not faults and (fault := await fault_of_own(visit)):
        faults = {"password": fault}
    if faults:
        return await _shown(visit, faults)
    digest = await visit.equipment.passwords.digest(password)
    async with visit.write() as session:
        await staff.set_password(session, visit.person.id, digest)
        ended = await sessions.revoke(session, visit.person.id, but=visit.begun.id)
        await write_down(session, visit, "password.changed", visit.person.id, sessions=ended)
    raise visit.go(HERE, done="password_changed")


async def end_login(visit: Visit) -> web.StreamResponse:
    """Log another browser out."""
    number = visit.request.match_info["id"]
    async with visit.write() as session:
        ended = await sessions.revoke(session, visit.person.id, only=int(number))
        if ended:
            await write_down(session, visit, "session.revoked", visit.person.id, login=int(number))
    raise visit.go(HERE, done="login_ended")


async def end_others(visit: Visit) -> web.StreamResponse:
    """Log every browser out but this one."""
    async with visit.write() as session:
        ended = await sessions.revoke(session, visit.person.id, but=visit.begun.id)
        if ended:
            await write_down(session, visit, "session.revoked", visit.person.id, sessions=ended)
    raise visit.go(HERE, done="logins_ended")


async def renew_codes(visit: Visit) -> web.StreamResponse:
    """New recovery codes, for whom shows the password once more."""
    if visit.person.second_factor is None:
        raise web.HTTPForbidden
    if fault := await fault_of_own(visit):
        return await _shown(visit, {"renew": fault})
    async with visit.write() as session:
        person = await session.get_one(Staff, visit.person.id)
        codes = await second_factor.renew_recovery_codes(session, person, key=visit.equipment.key)
        await write_down(session, visit, "recovery.renewed", person.id)
    return codes_page(visit, codes, HERE)


async def remove_second_factor(visit: Visit) -> web.StreamResponse:
    """Go back to the password alone, where no role forbids it."""
    if staff.must_have_second_factor(visit.roles):
        raise web.HTTPForbidden
    if fault := await fault_of_own(visit):
        return await _shown(visit, {"remove": fault})
    async with visit.write() as session:
        person = await session.get_one(Staff, visit.person.id)
        await second_factor.take_away(session, person)
        await write_down(session, visit, "factor.removed", person.id)
    raise visit.go(HERE, done="factor_removed")


ROUTES = (
    Route("GET", "/admin/account", account_page, ANY_STAFF),
    Route("POST", "/admin/account/password", change_password, ANY_STAFF),
    Route("POST", "/admin/account/logins/{id:[0-9]{1,18}}/end", end_login, ANY_STAFF),
    Route("POST", "/admin/account/logins/end", end_others, ANY_STAFF),
    Route("POST", "/admin/account/recovery-codes", renew_codes, ANY_STAFF),
    Route("POST", "/admin/account/second-factor/remove", remove_second_factor, ANY_STAFF),
    *chats.ROUTES,
)
