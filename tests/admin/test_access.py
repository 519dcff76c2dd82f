"""Who may open what: every route of the table, asked by everybody it is not for."""

import re

import pytest

from admin.officers import Officer, Post, Role
from admin.web import access
from admin.web.access import ANY_STAFF, KNOWN, PUBLIC, Anyone, Route, Stage, Verdict, verdict
from admin.web.routes import ROUTES
from tests.admin.conftest import OTHER, Browser, House
from tests.fakes import AGENCY

GUARDED = [route for route in ROUTES if route.roles is not PUBLIC]
POSTS = [route for route in ROUTES if route.method == "POST"]
OF_AGENCIES = [route for route in ROUTES if route.is_of_agency]


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def path_of(route: Route, slug: str = AGENCY) -> str:
    """A path of this route; its numbers lead nowhere."""
    path = route.path.replace("{slug}", slug)
    return re.sub(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})*)?\}", "1", path)


async def ask(browser: Browser, route: Route, path: str) -> int:
    """Try a route, without being led anywhere; a form carries the mark of the browser."""
    if route.method == "GET":
        return (await browser.get(path, allow_redirects=False)).status
    await browser.get("/admin/login" if 'name="_token"' not in browser.text else "/admin/nowhere")
    return (await browser.post(path, {"text": "x"}, allow_redirects=False)).status


async def come_in(house: House, browser: Browser, email: str) -> Browser:
    """Log in with both steps, in a half minute of its own."""
    house.clock.move(seconds=60)
    await browser.log_in(email)
    await browser.send("/admin/code", code=house.code())
    assert browser.status == 200
    return browser


async def test_the_anonymous_get_the_login_and_nothing_else(house: House, browser: Browser) -> None:
    for route in GUARDED:
        status = await ask(browser, route, path_of(route))
        if route.method == "GET":
            assert status == 303, named(route)
            assert browser.headers["Location"].startswith("/admin/login"), named(route)
        else:
            assert status == 401, named(route)
            assert "เข้าระบบ" in browser.title, named(route)


async def test_who_has_given_the_password_alone_gets_no_further(
    house: House, browser: Browser
) -> None:
    await house.hire("half@example.go.th", *Role, is_enrolled=True)
    await browser.log_in("half@example.go.th")
    assert browser.path.startswith("/admin/code")

    for route in GUARDED:
        if route.roles is KNOWN:
            continue
        assert await ask(browser, route, path_of(route)) == 303, named(route)
        assert browser.headers["Location"] == "/admin/code", named(route)


@pytest.mark.parametrize("role", list(Role))
async def test_a_wrong_role_is_refused(house: House, browser: Browser, role: Role) -> None:
    await house.hire("one@example.go.th", role, is_enrolled=True)
    await come_in(house, browser, "one@example.go.th")
    wrong = [r for r in OF_AGENCIES if isinstance(r.roles, frozenset) and role not in r.roles]
    for route in wrong:
        assert await ask(browser, route, path_of(route)) == 403, named(route)

    assert wrong or role is Role.OPERATOR


async def test_another_agencys_pages_are_as_if_they_were_not_there(
    house: House, browser: Browser
) -> None:
    await house.hire("all@example.go.th", *access.AGENCY_STAFF, is_enrolled=True)
    await come_in(house, browser, "all@example.go.th")

    for route in OF_AGENCIES:
        for slug in (OTHER, "nowhere"):
            assert await ask(browser, route, path_of(route, slug)) == 404, named(route)
            assert "บุรีรัมย์" not in browser.text
    await browser.get("/admin/")
    assert browser.path == f"/admin/{AGENCY}/"


async def test_a_form_without_the_browsers_mark_is_refused(house: House, browser: Browser) -> None:
    await house.hire("all@example.go.th", *Role, is_enrolled=True)
    await come_in(house, browser, "all@example.go.th")
    for route in POSTS:
        for mark in ("", "0" * 40):
            found = await browser.http.post(
                house.url + path_of(route), data={"_token": mark}, allow_redirects=False
            )
            assert found.status == 403, named(route)


async def test_a_form_of_another_site_is_refused_whatever_it_carries(
    house: House, operator: Browser
) -> None:
    await operator.get("/admin/account")
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        for route in POSTS:
            found = await operator.post(path_of(route), headers=headers, allow_redirects=False)
            assert found.status == 403, named(route)
            await operator.get("/admin/account")


async def test_no_page_is_served_that_is_not_in_the_table(house: House, browser: Browser) -> None:
    for path in ("/admin/x/y/z", "/admin/nowhere", f"/admin/{AGENCY}/nowhere", "/admin/.."):
        assert (await browser.get(path, allow_redirects=False)).status == 404, path


async def test_every_answer_lets_nothing_foreign_in_and_is_kept_by_nobody(
    house: House, operator: Browser
) -> None:
    for path in ("/admin/", "/admin/account", "/admin/nowhere", f"/admin/{AGENCY}/staff"):
        await operator.get(path)
        policy = operator.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" in policy
        assert operator.headers["Cache-Control"] == "no-store"
        assert operator.headers["Referrer-Policy"] == "same-origin"
        assert operator.headers["X-Content-Type-Options"] == "nosniff"
        assert not re.search(r"<script(?! src=\"/static/admin/)|style=|\son\w+=", operator.text)


ME = Officer(1, AGENCY, "ก", (Post(Role.REPORTER),))


@pytest.mark.parametrize(
    ("roles", "stage", "officer", "found"),
    [
        (PUBLIC, Stage.NOBODY, None, Verdict.ADMIT),
        (KNOWN, Stage.NOBODY, None, Verdict.LOG_IN),
        (KNOWN, Stage.ENROL, None, Verdict.ADMIT),
        (ANY_STAFF, Stage.CODE, ME, Verdict.GIVE_CODE),
        (ANY_STAFF, Stage.ENROL, ME, Verdict.ENROL),
        (ANY_STAFF, Stage.WHOLE, None, Verdict.HIDE),
        (ANY_STAFF, Stage.WHOLE, ME, Verdict.ADMIT),
        (access.AGENCY_STAFF, Stage.WHOLE, ME, Verdict.ADMIT),
        (frozenset({Role.APPROVER}), Stage.WHOLE, ME, Verdict.FORBID),
        (frozenset({Role.REPORTER}), Stage.NOBODY, None, Verdict.LOG_IN),
    ],
)
def test_one_rule_decides(
    roles: frozenset[Role] | Anyone, stage: Stage, officer: Officer | None, found: Verdict
) -> None:
    async def nothing(visit: object) -> None: ...

    route = Route("GET", "/admin/{slug}/x", nothing, roles)

    assert verdict(route, stage, officer, frozenset({Role.APPROVER})) is found


def test_an_operator_is_let_into_no_page_of_all_roles_of_an_agency() -> None:
    assert Role.OPERATOR not in access.AGENCY_STAFF
    assert set(Role) - access.AGENCY_STAFF == {Role.OPERATOR}
