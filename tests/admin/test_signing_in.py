"""Logging in: password, code, lock-out, the way on, and a form that outlives its login."""

import re
import time
from io import BytesIO
from statistics import median

import pytest
from aiohttp import FormData

from admin.officers import Role
from admin.web.cookies import KNOWN, MOST_KNOWN
from admin.web.forms import own_path
from tests.admin.conftest import PASSWORD, Browser, House, NewBrowser
from tests.fakes import AGENCY

MAIL = "somying@example.go.th"
HOME = f"/admin/{AGENCY}/"


async def test_mail_address_in_any_case_and_password_open_the_only_agency(
    house: House, browser: Browser
) -> None:
    await house.hire(MAIL, Role.REPORTER)
    await browser.get("/admin/")
    await browser.log_in(MAIL.upper())

    assert (browser.path, browser.status) == (HOME, 200)
    assert "องค์การบริหารส่วนตำบลตะปอน" in browser.text
    assert [row.what for row in await house.audit()] == ["login"]


async def test_what_is_wrong_is_not_told_apart(house: House, browser: Browser) -> None:
    await house.hire(MAIL, Role.REPORTER)
    texts = []
    for email, password in ((MAIL, "wrong password"), ("nobody@example.go.th", PASSWORD)):
        await browser.log_in(email, password)
        assert browser.status == 401
        texts.append(browser.text.replace(email, "").replace(browser.hidden["_token"], ""))

    assert texts[0] == texts[1]
    assert [(r.what, r.subject) for r in await house.audit()] == [
        ("login.failed", "staff:1"),
        ("login.failed", "staff:unknown"),
    ]


async def test_an_unknown_mail_address_takes_as_long_as_a_wrong_password(
    house: House, browser: Browser
) -> None:
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(4):
        await house.hire(f"known{number}@example.go.th", Role.REPORTER)
    for number in range(4):
        for kind, times in took.items():
            began = time.perf_counter()
            await browser.log_in(f"{kind}{number}@example.go.th", "wrong password")
            times.append(time.perf_counter() - began)
            assert browser.status == 401

    known, unknown = median(took["known"]), median(took["unknown"])
    assert 0.5 < unknown / known < 2


async def test_an_account_is_locked_alike_whether_there_is_one_or_not(
    house: House, browser: Browser
) -> None:
    await house.hire(MAIL, Role.REPORTER)
    for email in (MAIL, "nobody@example.go.th"):
        found = [(await browser.log_in(email, "wrong password")).status for _ in range(6)]
        assert found == [401] * 5 + [429]
        assert "รอ 1 นาที" in browser.text
    await browser.log_in(MAIL)
    assert browser.status == 429

    house.clock.move(seconds=31)
    await browser.log_in(MAIL)
    assert browser.path == HOME
    assert [row.what for row in await house.audit()].count("login.locked") == 2


async def test_a_stranger_who_locks_an_account_keeps_nobody_out_of_their_own_browser(
    house: House, browser: Browser, new_browser: NewBrowser
) -> None:
    await house.hire(MAIL, Role.REPORTER)
    await browser.log_in(MAIL)
    await browser.post("/admin/logout")
    stranger = await new_browser(**{"X-Forwarded-For": "203.0.113.9"})
    assert [(await stranger.log_in(MAIL, "guess")).status for _ in range(6)][-1] == 429
    for _ in range(8):  # and keeps it locked for hours
        house.clock.move(minutes=15)
        await stranger.log_in(MAIL, "guess")
    elsewhere = await new_browser()
    assert (await elsewhere.log_in(MAIL)).status == 429

    assert (await browser.log_in(MAIL)).path == HOME
    assert (await stranger.log_in(MAIL, "guess")).status == 429


async def test_a_known_browser_has_few_tries_too_and_is_known_for_its_own_accounts_alone(
    house: House, browser: Browser, new_browser: NewBrowser
) -> None:
    for email in (MAIL, "other@example.go.th"):
        await house.hire(email, Role.REPORTER)
    await browser.log_in(MAIL)
    await browser.post("/admin/logout")
    for email in (MAIL, "other@example.go.th"):
        assert [(await browser.log_in(email, "x")).status for _ in range(6)] == [401] * 5 + [429]
    stranger = await new_browser()
    assert (await stranger.log_in(MAIL)).path == HOME
    assert (await (await new_browser()).log_in("other@example.go.th")).status == 429


async def test_a_browser_that_many_share_is_known_for_the_latest_of_them(
    house: House, browser: Browser, new_browser: NewBrowser
) -> None:
    mails = [f"n{number}@example.go.th" for number in range(MOST_KNOWN + 1)]
    for email in mails:
        await house.hire(email, Role.REPORTER)
        await browser.log_in(email)
        await browser.post("/admin/logout")
    [cookie] = [one for one in browser.http.cookie_jar if one.key == KNOWN]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"]) == ("Lax", "/admin")
    assert cookie.value.count(".") == MOST_KNOWN
    assert "example" not in cookie.value
    stranger = await new_browser(**{"X-Forwarded-For": "203.0.113.9"})
    for email in (mails[0], mails[-1]):
        for _ in range(6):
            await stranger.log_in(email, "guess")

    assert (await browser.log_in(mails[0])).status == 429
    assert (await browser.log_in(mails[-1])).path == HOME


async def test_one_address_that_tries_many_accounts_is_locked_for_all(
    house: House, browser: Browser, new_browser: NewBrowser
) -> None:
    await house.hire(MAIL, Role.REPORTER)
    for number in range(31):
        assert (await browser.log_in(f"n{number}@example.go.th", "wrong")).status == 401

    assert (await browser.log_in(MAIL)).status == 429
    elsewhere = await new_browser(**{"X-Forwarded-For": "203.0.113.9"})
    assert (await elsewhere.log_in(MAIL)).path == HOME


async def test_a_disabled_account_opens_nothing_and_ends_at_once(
    house: House, browser: Browser
) -> None:
    person = await house.hire(MAIL, Role.REPORTER)
    await browser.log_in(MAIL)
    async with house.database.session() as session:
        (await session.get_one(type(person), person.id)).disabled_at = house.clock()

    assert (await browser.get(HOME)).path.startswith("/admin/login")
    assert (await browser.log_in(MAIL)).status == 401


async def test_the_second_step_takes_a_code_once(
    house: House, browser: Browser, new_browser: NewBrowser
) -> None:
    await house.hire(MAIL, Role.APPROVER, is_enrolled=True)
    await browser.log_in(MAIL)
    assert browser.title == "ยืนยันตัวตนขั้นที่สอง"
    assert (await browser.send("/admin/code", code="000000")).status == 401
    code = house.code()
    assert (await browser.send("/admin/code", code=code)).path == HOME

    second = await new_browser()
    await second.log_in(MAIL)
    assert (await second.send("/admin/code", code=code)).status == 401
    house.clock.move(seconds=30)
    assert (await second.send("/admin/code", code=house.code())).path == HOME
    assert [row.what for row in await house.audit()] == [
        "login.failed",
        "login",
        "login.failed",
        "login",
    ]


async def test_codes_are_locked_too(house: House, browser: Browser) -> None:
    await house.hire(MAIL, Role.APPROVER, is_enrolled=True)
    await browser.log_in(MAIL)

    found = [(await browser.send("/admin/code", code="000000")).status for _ in range(6)]
    assert found == [401] * 5 + [429]
    assert (await browser.send("/admin/code", code=house.code())).status == 429


async def test_who_takes_too_long_for_the_code_begins_anew(house: House, browser: Browser) -> None:
    await house.hire(MAIL, Role.APPROVER, is_enrolled=True)
    await browser.log_in(MAIL)
    house.clock.move(minutes=16)

    await browser.send("/admin/code", code=house.code())
    assert browser.status == 401
    assert browser.title == "เข้าระบบเจ้าหน้าที่"


async def test_a_login_gets_a_new_token_so_that_none_can_be_planted(
    house: House, browser: Browser
) -> None:
    await house.hire(MAIL, Role.APPROVER, is_enrolled=True)
    seen = []
    await browser.get("/admin/login")
    for step in (browser.log_in(MAIL), browser.send("/admin/code", code=house.code())):
        seen.append(tokens(browser))
        await step
    seen.append(tokens(browser))

    assert len(set(seen)) == 3


def tokens(browser: Browser) -> str:
    [cookie] = [one for one in browser.http.cookie_jar if one.key == "thamdai_staff"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/admin"
    return cookie.value


@pytest.mark.parametrize(
    ("hours", "is_open"), [([0.9] * 3, True), ([1.1], False), ([0.9] * 14, False)]
)
async def test_a_login_ends_when_it_is_left_alone_and_after_a_working_day(
    house: House, browser: Browser, hours: list[float], is_open: bool
) -> None:
    await house.hire(MAIL, Role.REPORTER)
    await browser.log_in(MAIL)
    for pause in hours:
        house.clock.move(hours=pause)
        await browser.get(HOME)

    assert (browser.path == HOME) is is_open


async def test_logging_out_ends_the_login_on_the_server(house: House, browser: Browser) -> None:
    await house.hire(MAIL, Role.REPORTER)
    await browser.log_in(MAIL)
    old = tokens(browser)
    await browser.send("/admin/logout")
    assert "ออกจากระบบแล้ว" in browser.text

    found = await browser.http.get(house.url + HOME, headers={"Cookie": f"thamdai_staff={old}"})
    assert found.url.path == "/admin/login"
    assert [row.what for row in await house.audit()] == ["login", "logout"]


async def test_the_language_changes_on_the_same_page_and_stays(
    house: House, browser: Browser, new_browser: NewBrowser
) -> None:
    await house.hire(MAIL, Role.REPORTER)
    await browser.get("/admin/login?next=/admin/account")
    await browser.send("/admin/language", to="en")
    assert browser.title == "Staff login"
    assert browser.path == "/admin/login?next=/admin/account"
    await browser.log_in(MAIL)
    assert browser.path == "/admin/account"
    await browser.send("/admin/language", to="en")
    assert (browser.path, browser.title) == ("/admin/account", "My account")

    second = await new_browser()
    await second.log_in(MAIL)
    assert '<html lang="en">' in second.text
    await second.send("/admin/language", to="de")
    assert '<html lang="en">' in second.text


HOSTILE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "/admin//evil.example",
    "/admin/../../evil",
    "/admin/\\..\\",
    "/admin/\r\nSet-Cookie: a=b",
    "/administrator",
    "javascript:alert(1)",
    "",
)


@pytest.mark.parametrize("to", HOSTILE)
async def test_a_login_leads_nowhere_but_here(house: House, browser: Browser, to: str) -> None:
    assert own_path(to) == "/admin/"
    await house.hire(MAIL, Role.REPORTER)
    await browser.get("/admin/login", params={"next": to})
    await browser.send("/admin/login", email=MAIL, password=PASSWORD, next=to)
    assert browser.path == HOME
    await browser.send("/admin/language", to="en", _page=to)
    assert browser.path == HOME


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/x/tickets/4?state=open&q=%E0%B8%81", "/admin/a-b/c_d/~e:1@2"]
)
def test_our_own_addresses_are_taken(path: str) -> None:
    assert own_path(path) == path


async def test_nothing_typed_is_lost_when_the_login_ends_in_a_form(
    house: House, browser: Browser
) -> None:
    await house.hire("op@example.go.th", Role.OPERATOR, is_enrolled=True)
    await browser.log_in("op@example.go.th")
    await browser.send("/admin/code", code=house.code())
    await browser.get(f"{HOME}staff")
    house.clock.move(hours=2)
    words = 'บรรทัดแรก\nบรรทัดสอง "ก" <b>'
    typed = {"name": words, "email": "x@example.go.th", "role": "agent", "password": "secret"}
    await browser.post(f"{HOME}staff", typed)
    assert browser.status == 401
    assert "ไม่หาย" in browser.text
    assert "secret" not in browser.text

    await browser.log_in("op@example.go.th", "wrong password")
    assert browser.status == 401
    await browser.send("/admin/login", email="op@example.go.th", password=PASSWORD)
    await browser.send("/admin/code", code=house.code())

    assert browser.path == f"{HOME}staff"
    assert "ยังอยู่ ตรวจแล้วส่งอีกครั้ง" in browser.text
    assert 'value="x@example.go.th"' in browser.text
    assert "บรรทัดสอง &#34;ก&#34; &lt;b&gt;" in browser.text
    assert re.search(r'<option value="agent" selected>', browser.text)

    await browser.post(f"{HOME}staff", {**typed, "name": "สมชาย ใจดี"})
    assert browser.title == "ลิงก์ใช้ครั้งเดียว"
    await browser.get(f"{HOME}staff")
    assert "บรรทัดสอง" not in browser.text


async def test_a_form_from_before_a_new_login_is_kept_and_not_sent(
    house: House, operator: Browser
) -> None:
    await operator.get(f"{HOME}staff")
    old = operator.hidden
    house.clock.move(hours=2)
    await operator.log_in("op@example.go.th")
    await operator.send("/admin/code", code=house.code())

    typed = {"name": "สมชาย", "email": "x@example.go.th", "role": "agent"}
    await operator.post(f"{HOME}staff", {**typed, "_token": old["_token"]})
    assert (operator.status, operator.title) == (403, "ยังไม่ได้ส่ง")
    await operator.get(f"{HOME}staff")
    assert 'value="สมชาย"' in operator.text


@pytest.mark.parametrize("size", [70_000, 900_000])
async def test_what_is_carried_through_a_login_has_an_end(
    house: House, browser: Browser, size: int
) -> None:
    await house.hire(MAIL, Role.REPORTER)
    await browser.get("/admin/login")
    await browser.post(f"{HOME}staff", {"name": "สมชาย", "note": "ก" * 10, "long": "x" * size})

    assert browser.status == 401
    assert browser.hidden["kept:name"] == "สมชาย"
    assert "kept:long" not in browser.hidden
    body = BytesIO(b"name=" + b"x" * 1_100_000)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    found = await browser.http.post(f"{house.url}{HOME}staff", data=body, headers=kind)
    assert found.status == 413


def form_with(name: str, **more: str) -> FormData:
    """A reply to a citizen with two long parts more."""
    form = FormData({"reason": "ขอบคุณที่แจ้ง"}, default_to_multipart=True)
    for _ in range(2):
        form.add_field(name, "x" * 700_000, content_type="text/plain", **more)
    return form


async def test_a_strangers_long_form_is_not_read_to_its_end_and_their_files_are_not_kept(
    house: House, browser: Browser
) -> None:
    where = f"{house.url}{HOME}tickets/69-00001-1/moves/reply"

    async with browser.http.post(where, data=form_with("files", filename="a.txt")) as found:
        await browser._read(found)
    assert browser.status == 401
    assert browser.hidden["kept:reason"] == "ขอบคุณที่แจ้ง"
    async with browser.http.post(where, data=form_with("reason")) as found:
        assert found.status == 413


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b"--x", "multipart/form-data; boundary=y"),
        (b"--x\r\n\r\n", "multipart/form-data"),
        (b"a=%ff%fe&=&&&\0=1", "application/x-www-form-urlencoded"),
        (b"a=b", "application/x-www-form-urlencoded; charset=nonsense"),
    ],
)
async def test_an_odd_form_is_refused_with_words(
    house: House, browser: Browser, body: bytes, kind: str
) -> None:
    found = await browser.http.post(
        f"{house.url}/admin/login", data=body, headers={"Content-Type": kind}
    )

    assert 400 <= found.status < 500
    assert "<h1>" in await found.text()
