"""The second factor: an authenticator app is set up by its QR code, recovery codes shown once."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO

import segno
from aiohttp import web
from markupsafe import Markup

from admin import second_factor, sessions
from admin.staff import Staff, must_have_second_factor
from admin.web.access import KNOWN, Route, Stage
from admin.web.entering import make_whole, write_down
from admin.web.forms import own_path
from admin.web.pages import page
from admin.web.passing import fault_of_own
from admin.web.visit import Visit, address


async def enrolment_page(visit: Visit) -> web.StreamResponse:
    """The QR code; who must have a second factor sees nothing else before."""
    if visit.stage is Stage.CODE:
        raise visit.go(address("code"))
    return _shown(visit, to=own_path(visit.request.query.get("next", "")))


async def enrol(visit: Visit) -> web.StreamResponse:
    """Take the app whose code is right."""
    if visit.stage is Stage.CODE:
        raise web.HTTPForbidden
    to = own_path(visit.form.text("next"))
    seed = _seed(visit)
    secret = second_factor.secret_of(visit.equipment.key, seed)
    step = second_factor.step_of(secret, visit.form.text("code", at_most=20), visit.now)
    if step is None:
        return _shown(visit, to=to, faults={"code": visit.say("enrol.wrong_code")})
    if visit.stage is Stage.WHOLE and (fault := await fault_of_own(visit)):
        return _shown(visit, to=to, faults={"password": fault})
    return await _enrolled(visit, seed, step, to)


async def _enrolled(visit: Visit, seed: str, step: int, to: str) -> web.StreamResponse:
    """Keep the app; what else is logged in has not shown its code, and is out."""
    key, token = visit.equipment.key, visit.token
    async with visit.write() as session:
        person = await session.get_one(Staff, visit.person.id)
        codes = await second_factor.enrol(session, person, seed=seed, step=step, key=key)
        if visit.stage is Stage.ENROL:
            token, to = await make_whole(session, visit, to=to)
        ended = await sessions.revoke(session, person.id, but=visit.begun.id)
        await write_down(session, visit, "factor.set", person.id, sessions=ended)
    mark = visit.equipment.cookies.mark_of(token)
    seen = replace(visit, staff=person, token=token, mark=mark, stage=Stage.WHOLE)
    response = codes_page(seen, codes, to)
    visit.equipment.cookies.give(response, token)
    return response


def codes_page(visit: Visit, codes: Sequence[str], to: str) -> web.Response:
    """The recovery codes, this once."""
    return page(visit, "recovery_page.html", codes=codes, to=to)


def _seed(visit: Visit) -> str:
    """What is offered: the same as long as the login lasts, and never the present one again."""
    present = visit.person.second_factor or ""
    return second_factor.seed_for(visit.equipment.key, f"{visit.begun.digest} {present}")


def _shown(visit: Visit, *, to: str, faults: dict[str, str] | None = None) -> web.StreamResponse:
    secret = second_factor.secret_of(visit.equipment.key, _seed(visit))
    return page(
        visit,
        "enrolment_page.html",
        status=422 if faults else 200,
        to=to,
        faults=faults or {},
        must=must_have_second_factor(visit.roles),
        qr=qr(second_factor.address_of(secret, visit.person.email), visit.say("enrol.qr")),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    )


def qr(text: str, name: str) -> Markup:
    """A QR code as a drawing that needs no style of its own."""
    drawn = BytesIO()
    segno.make(text, error="m").save(
        drawn, kind="svg", scale=4, border=2, xmldecl=False, svgns=False, title=name, omitsize=True
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704 - segno escapes the title


ROUTES = (
    Route("GET", "/admin/second-factor", enrolment_page, KNOWN),
    Route("POST", "/admin/second-factor", enrol, KNOWN),
)
