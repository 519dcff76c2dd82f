"""Logging in and out: a mail address with its password, then a code."""

from aiohttp import web

from admin import logins, second_factor, sessions, staff
from admin.logins import ACCOUNT, ADDRESS, Try
from admin.passwords import TooManyAtOnce, is_outdated
from admin.staff import LONGEST_EMAIL, Staff
from admin.web.access import KNOWN, PUBLIC, Route, Stage
from admin.web.entering import going_with, let_in, make_whole, write_down
from admin.web.forms import CARRIED, CARRIED_FROM, KEPT, carried, own_path, worth_keeping
from admin.web.pages import page
from admin.web.texts import LANGUAGES
from admin.web.visit import Visit, address
from bot.callers import caller_of

_DIGITS = 6


def ask_to_log_in(visit: Visit) -> web.StreamResponse:
    """The login instead of a page; a form that was sent is carried along, and lost in no case."""
    if visit.request.method != "POST":
        raise web.HTTPSeeOther(address("login", next=visit.path))
    fields = worth_keeping(visit.form.pairs())
    to = visit.request.path
    return _login(visit, to=visit.path, hidden=_hidden(to, visit.path, fields), status=401)


async def login_page(visit: Visit) -> web.StreamResponse:
    """The login, or the way on for whom is logged in."""
    to = own_path(visit.request.query.get("next", ""))
    if visit.stage is Stage.WHOLE:
        raise visit.go(to)
    return _login(visit, to=to)


async def log_in(visit: Visit) -> web.StreamResponse:
    """Check mail address and password; what is wrong of the two is not said."""
    email = visit.form.text("email", at_most=LONGEST_EMAIL).lower()
    known = visit.equipment.cookies.known_by(visit.request, email)
    keys = _keys(visit, "browser", f"{known} {email}") if known else _keys(visit, "account", email)
    async with visit.write() as session:
        attempt = await logins.begin(session, keys, visit.now)
    if attempt.locked_for:
        return _again(visit, 429, "signin.locked", minutes=attempt.minutes)
    async with visit.read() as session:
        person = await staff.person_of(session, email)
    try:
        is_right = await _is_right(visit, person)
    except TooManyAtOnce:
        return _again(visit, 503, "signin.busy")
    if person is None or not is_right:
        await _write_failure(visit, attempt, person)
        return _again(visit, 401, "signin.wrong")
    return await _take_in(visit, person, *keys)


async def _is_right(visit: Visit, person: Staff | None) -> bool:
    """Whether this is the password; takes as long for an account that does not exist."""
    kept = person.password if person and person.disabled_at is None else None
    return await visit.equipment.passwords.matches(kept, visit.form.raw("password"))


async def _take_in(visit: Visit, person: Staff, account: str, caller: str) -> web.StreamResponse:
    fresh = None
    if person.password and is_outdated(person.password):
        fresh = await visit.equipment.passwords.digest(visit.form.raw("password"))
    to = own_path(visit.form.text("next"))
    async with visit.write() as session:
        await logins.succeed(session, account, caller)
        if fresh:
            await staff.set_password(session, person.id, fresh)
        token, way = await let_in(session, visit, person, to=to, kept=carried(visit.form))
    raise going_with(visit, token, way, person)


async def _write_failure(visit: Visit, attempt: Try, person: Staff | None) -> None:
    what = "login.locked" if attempt.locks else "login.failed"
    async with visit.write() as session:
        await write_down(session, visit, what, person.id if person else None, step="password")


def _again(visit: Visit, status: int, key: str, **values: object) -> web.StreamResponse:
    """The login once more, with everything that was typed but the password."""
    kept = carried(visit.form)
    hidden = _hidden(kept["to"], kept["page"], kept["fields"]) if kept else []
    return _login(
        visit,
        to=own_path(visit.form.text("next")),
        hidden=hidden,
        email=visit.form.text("email", at_most=LONGEST_EMAIL),
        fault=visit.say(key, **values),
        status=status,
    )


def _login(
    visit: Visit,
    *,
    to: str,
    hidden: list[tuple[str, str]] | None = None,
    email: str = "",
    fault: str = "",
    status: int = 200,
) -> web.StreamResponse:
    return page(
        visit,
        "login_page.html",
        status=status,
        to=to,
        hidden=hidden or [],
        email=email,
        fault=fault,
    )


def _hidden(to: str, page_path: str, fields: object) -> list[tuple[str, str]]:
    """A form as the hidden fields of another."""
    pairs = [(f"{KEPT}{name}", value) for name, value in fields]  # type: ignore[attr-defined]
    return [(CARRIED, to), (CARRIED_FROM, page_path), *pairs] if pairs else []


def _keys(visit: Visit, kind: str, what: str) -> dict[str, logins.Patience]:
    key = visit.equipment.key
    return {
        logins.key_of(key, kind, what): ACCOUNT,
        logins.key_of(key, "address", caller_of(visit.request)): ADDRESS,
    }


async def code_page(visit: Visit) -> web.StreamResponse:
    """The second step: a code of the app, or one from the paper."""
    if visit.stage is not Stage.CODE:
        raise visit.go(own_path(visit.request.query.get("next", "")))
    return _code(visit, to=own_path(visit.request.query.get("next", "")))


async def give_code(visit: Visit) -> web.StreamResponse:
    """Check the code; a right one is used up."""
    to = own_path(visit.form.text("next"))
    if visit.stage is not Stage.CODE:
        raise visit.go(to)
    keys = _keys(visit, "code", str(visit.person.id))
    code = visit.form.text("code", at_most=40)
    spend = second_factor.spend_code
    if sum(letter.isdigit() for letter in code) != _DIGITS or len(code) > _DIGITS + 2:
        spend = second_factor.spend_recovery_code
    key, now = visit.equipment.key, visit.now
    token = way = ""
    async with visit.write() as session:
        attempt = await logins.begin(session, keys, now)
        if not attempt.locked_for:
            if await spend(session, visit.person, code, key=key, now=now):
                await logins.succeed(session, *keys)
                token, way = await make_whole(session, visit, to=to)
            else:
                what = "login.locked" if attempt.locks else "login.failed"
                await write_down(session, visit, what, visit.person.id, step="code")
    if way:
        raise going_with(visit, token, way)
    if attempt.locked_for:
        fault = visit.say("signin.locked", minutes=attempt.minutes)
        return _code(visit, to=to, fault=fault, status=429)
    return _code(visit, to=to, fault=visit.say("signin.wrong_code"), status=401)


def _code(visit: Visit, *, to: str, fault: str = "", status: int = 200) -> web.StreamResponse:
    return page(visit, "code_page.html", status=status, to=to, fault=fault)


async def log_out(visit: Visit) -> web.StreamResponse:
    """End this browser's login."""
    async with visit.write() as session:
        await sessions.revoke(session, visit.person.id, only=visit.begun.id)
        await write_down(session, visit, "logout", visit.person.id, login=visit.begun.id)
    raise going_with(visit, sessions.new_token(), address("login", done="logged_out"))


async def change_language(visit: Visit) -> web.StreamResponse:
    """Thai or English from now on, on the same page."""
    chosen = visit.form.text("to")
    if chosen in LANGUAGES and visit.staff:
        async with visit.write() as session:
            await staff.set_language(session, visit.staff.id, chosen)
    response = web.HTTPSeeOther(visit.path)
    if chosen in LANGUAGES:
        visit.equipment.cookies.give_language(response, chosen)
    raise response


ROUTES = (
    Route("GET", "/admin/login", login_page, PUBLIC),
    Route("POST", "/admin/login", log_in, PUBLIC),
    Route("GET", "/admin/code", code_page, KNOWN),
    Route("POST", "/admin/code", give_code, KNOWN),
    Route("POST", "/admin/logout", log_out, KNOWN),
    Route("POST", "/admin/language", change_language, PUBLIC),
)
