"""From a right password to an open door: the login, its steps, and where it leads."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from admin import audit, sessions, staff
from admin.staff import INSTALLATION, Staff
from admin.web.access import Stage, stage_of
from admin.web.browsers import browser_of
from admin.web.forms import own_path
from admin.web.visit import Visit, address

NEXT_STEP = {Stage.CODE: "code", Stage.ENROL: "second-factor"}


async def let_in(
    session: AsyncSession,
    visit: Visit,
    person: Staff,
    *,
    to: str,
    kept: dict[str, Any] | None = None,
) -> tuple[str, str]:
    """Begin a login for whom the password is right; returns the browser's new token and the way."""
    posts = await staff.posts(session, person.id, visit.today)
    stage = stage_of(
        is_whole=person.second_factor is None,
        has_second_factor=person.second_factor is not None,
        must_have_one=staff.must_have_second_factor(post.role for _, post in posts),
    )
    token, key = sessions.new_token(), visit.equipment.key
    await sessions.end(session, sessions.digest_of(key, visit.token))
    login = await sessions.open_session(
        session,
        person,
        digest=sessions.digest_of(key, token),
        agent=browser_of(visit.request.headers.get("User-Agent", "")),
        is_whole=stage is Stage.WHOLE,
        kept=kept,
        now=visit.now,
    )
    if stage is Stage.WHOLE:
        await write_down(session, visit, "login", person.id, login=login.id)
        return token, way_on(kept, to)
    return token, address(NEXT_STEP[stage], next=to)


async def make_whole(session: AsyncSession, visit: Visit, *, to: str) -> tuple[str, str]:
    """All was shown: the login counts; returns the browser's new token and the way."""
    login, token = visit.begun, sessions.new_token()
    digest = sessions.digest_of(visit.equipment.key, token)
    await sessions.make_whole(session, login.id, digest, visit.now)
    await write_down(session, visit, "login", login.staff_id, login=login.id)
    return token, way_on(login.kept, to)


def way_on(kept: Mapping[str, Any] | None, to: str) -> str:
    """Where a login leads: to the form that it interrupted, or to what was asked for."""
    return own_path(str(kept["page"]) if kept else to)


def going_with(visit: Visit, token: str, way: str, person: Staff | None = None) -> web.HTTPSeeOther:
    """The way on with a new token: one that was known before the login opens nothing.

    The browser of a `person` who has just shown the password is known from then on.
    """
    response = web.HTTPSeeOther(way)
    visit.equipment.cookies.give(response, token)
    if person is not None:
        visit.equipment.cookies.give_known(visit.request, response, person.email)
    return response


async def write_down(
    session: AsyncSession, visit: Visit, what: str, staff_id: int | None, **details: Any
) -> None:
    """One row of the installation's audit log about an account; the last word of a transaction."""
    subject = f"staff:{staff_id}" if staff_id is not None else "staff:unknown"
    actor = f"staff:{visit.staff.id}" if visit.staff else "system"
    await audit.record(
        session,
        agency=INSTALLATION,
        actor=actor,
        what=what,
        subject=subject,
        details=details,
        now=visit.now,
    )
