"""One's own account: the second factor set up, the password changed, other browsers shown out."""

import re

import pyotp
import pytest

from admin import staff
from admin.officers import Role
from admin.staff import NEEDS_SECOND_FACTOR
from tests.admin.conftest import PASSWORD, Browser, House, NewBrowser
from tests.fakes import AGENCY

MAIL, HOME = "somying@example.go.th", f"/admin/{AGENCY}/"
NEW = "แกงส้มชะอมกุ้ง 12 ชาม"


def offered(browser: Browser) -> pyotp.TOTP:
    """What the app makes of the key on the page."""
    found = re.search(r'class="secret"[^>]*>([A-Z2-7 ]+)<', browser.text)
    assert found
    return pyotp.TOTP(found[1].replace(" ", ""))


def codes(browser: Browser) -> list[str]:
    return re.findall(r"<li>([a-z0-9]{5}-[a-z0-9]{5})</li>", browser.text)


@pytest.mark.parametrize("role", sorted(NEEDS_SECOND_FACTOR))
async def test_who_must_have_a_second_factor_sets_it_up_before_anything_else(
    house: House, browser: Browser, role: Role
) -> None:
    await house.hire(MAIL, role)
    await browser.get("/admin/account")
    await browser.log_in(MAIL)
    assert browser.title == "ตั้งค่าการยืนยันขั้นที่สอง"
    assert "<svg" in browser.text
    assert (await browser.get(HOME)).path == "/admin/second-factor"
    await browser.get("/admin/second-factor?next=/admin/account")

    await browser.send("/admin/second-factor", code="000000")
    assert browser.status == 422
    await browser.send("/admin/second-factor", code=offered(browser).at(house.clock()))
    assert len(codes(browser)) == 10
    assert 'href="/admin/account"' in browser.text
    assert (await browser.get(HOME)).path == HOME
    assert [row.what for row in await house.audit()] == ["login", "factor.set"]


async def test_a_role_that_asks_for_it_asks_whoever_is_logged_in_already(
    house: House, browser: Browser
) -> None:
    person = await house.hire(MAIL, Role.REPORTER)
    await browser.log_in(MAIL)
    assert browser.path == HOME
    async with house.database.session() as session:
        await staff.give_role(session, person, agency=AGENCY, role=Role.APPROVER)

    assert (await browser.get(HOME)).path == "/admin/second-factor"


async def test_a_password_alone_cannot_put_another_app_in_place(
    house: House, browser: Browser
) -> None:
    await house.hire(MAIL, Role.APPROVER, is_enrolled=True)
    await browser.log_in(MAIL)

    assert (await browser.get("/admin/second-factor")).path == "/admin/code"
    assert (await browser.post("/admin/second-factor", {"code": "123456"})).status == 403


async def test_changing_the_app_asks_for_the_password_and_ends_the_old_codes(
    house: House, browser: Browser
) -> None:
    await house.hire(MAIL, Role.APPROVER, is_enrolled=True)
    await browser.log_in(MAIL)
    await browser.send("/admin/code", code=house.code())
    old = house.code()
    await browser.get("/admin/second-factor?next=/admin/account")
    app = offered(browser)
    assert app.at(house.clock()) != old
    for password, status in (("wrong password", 422), (PASSWORD, 200)):
        code = app.at(house.clock())
        await browser.send("/admin/second-factor", code=code, password=password)
        assert browser.status == status
    kept = codes(browser)

    house.clock.move(minutes=1)
    await browser.send("/admin/logout")
    await browser.log_in(MAIL)
    assert (await browser.send("/admin/code", code=house.code())).status == 401
    assert (await browser.send("/admin/code", code=kept[0].upper())).path == "/admin/tapon/"
    await browser.get("/admin/account")
    assert "เหลือรหัสกู้คืน 9 รหัส" in browser.text


async def test_who_logged_in_without_the_app_is_out_once_there_is_one(
    house: House, browser: Browser, new_browser: NewBrowser
) -> None:
    person, thief = await house.hire(MAIL, Role.AGENT), await new_browser()
    await thief.log_in(MAIL)
    await browser.log_in(MAIL)
    async with house.database.session() as session:
        await staff.give_role(session, person, agency=AGENCY, role=Role.APPROVER)
    await browser.get("/admin/second-factor")
    await browser.send("/admin/second-factor", code=offered(browser).at(house.clock()))
    assert len(codes(browser)) == 10

    assert (await browser.get("/admin/account")).path == "/admin/account"
    assert (await thief.get("/admin/account")).path.startswith("/admin/login")


async def test_recovery_codes_work_once_and_new_ones_end_them(
    house: House, browser: Browser
) -> None:
    await house.hire(MAIL, Role.REPORTER, is_enrolled=True)
    await browser.log_in(MAIL)
    await browser.send("/admin/code", code=house.code())
    await browser.get("/admin/account")
    await browser.post("/admin/account/recovery-codes", {"password": "wrong password"})
    assert browser.status == 422
    await browser.post("/admin/account/recovery-codes", {"password": PASSWORD})
    first = codes(browser)
    assert len(first) == 10

    found = []
    for code in (first[0], first[0], first[1]):
        await browser.send("/admin/logout")
        await browser.log_in(MAIL)
        found.append((await browser.send("/admin/code", code=code)).status)
        if browser.status == 401:
            await browser.send("/admin/code", code=first[2])
    assert found == [200, 401, 200]
    await browser.get("/admin/account")
    await browser.post("/admin/account/recovery-codes", {"password": PASSWORD})
    await browser.send("/admin/logout")
    await browser.log_in(MAIL)
    assert (await browser.send("/admin/code", code=first[3])).status == 401


async def test_an_optional_second_factor_can_be_switched_off_and_a_required_one_cannot(
    house: House, browser: Browser, new_browser: NewBrowser
) -> None:
    for email, role, status in ((MAIL, Role.REPORTER, 200), ("b@c.go.th", Role.APPROVER, 403)):
        await house.hire(email, role, is_enrolled=True)
        browser = await new_browser()
        await browser.log_in(email)
        await browser.send("/admin/code", code=house.code())
        await browser.get("/admin/account")
        await browser.post("/admin/account/second-factor/remove", {"password": "wrong password"})
        assert browser.status in {422, 403}
        await browser.get("/admin/account")
        await browser.post("/admin/account/second-factor/remove", {"password": PASSWORD})
        assert browser.status == status


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"password": "wrong password"}, "รหัสผ่านปัจจุบันไม่ถูกต้อง"),
        ({"new_password": "สั้นไป"}, "สั้นเกินไป"),
        ({"again_password": "another one entirely"}, "ไม่ตรงกับช่องบน"),
        ({"new_password": "hello somying hello"}, "มีชื่ออีเมลของคุณ"),
    ],
)
async def test_a_password_is_not_changed_while_something_is_wrong(
    house: House, browser: Browser, fields: dict[str, str], words: str
) -> None:
    await house.hire(MAIL, Role.REPORTER)
    await browser.log_in(MAIL)
    await browser.get("/admin/account")
    form = {"password": PASSWORD, "new_password": NEW, "again_password": NEW}
    await browser.post("/admin/account/password", form | fields)

    assert browser.status == 422
    assert words in browser.text
    assert 'aria-invalid="true"' in browser.text
    assert "password.changed" not in [row.what for row in await house.audit()]


async def test_a_new_password_logs_every_other_browser_out(
    house: House, browser: Browser, new_browser: NewBrowser
) -> None:
    await house.hire(MAIL, Role.REPORTER)
    other = await new_browser()
    for one in (browser, other):
        await one.log_in(MAIL)
    await browser.get("/admin/account")
    form = {"password": PASSWORD, "new_password": NEW, "again_password": NEW}
    await browser.post("/admin/account/password", form)
    assert "เปลี่ยนรหัสผ่านแล้ว" in browser.text

    assert (await browser.get(HOME)).path == HOME
    assert (await other.get(HOME)).path.startswith("/admin/login")
    assert (await other.log_in(MAIL)).status == 401
    assert (await other.log_in(MAIL, NEW)).path == HOME


async def test_other_logins_are_listed_and_can_be_ended_but_nobody_elses(
    house: House, browser: Browser, new_browser: NewBrowser
) -> None:
    await house.hire(MAIL, Role.REPORTER)
    await house.hire("b@example.go.th", Role.REPORTER)
    phone = await new_browser(**{"User-Agent": "Mozilla/5.0 (Linux; Android 15) Chrome/130"})
    stranger = await new_browser()
    for one, email in ((browser, MAIL), (phone, MAIL), (stranger, "b@example.go.th")):
        await one.log_in(email)
    await browser.get("/admin/account")
    assert "Chrome · Android" in browser.text
    listed = re.findall(r"/admin/account/logins/(\d+)/end", browser.text)
    assert len(listed) == 1

    await stranger.get("/admin/account")
    await stranger.post(f"/admin/account/logins/{listed[0]}/end")
    assert (await phone.get(HOME)).path == HOME
    await browser.post(f"/admin/account/logins/{listed[0]}/end")
    assert (await phone.get(HOME)).path.startswith("/admin/login")
    await phone.log_in(MAIL)
    await browser.get("/admin/account")
    await browser.post("/admin/account/logins/end")
    assert (await phone.get(HOME)).path.startswith("/admin/login")
    assert (await browser.get(HOME)).path == HOME
    assert [row.what for row in await house.audit()].count("session.revoked") == 2


async def test_ones_own_password_cannot_be_guessed_at_an_open_desk(
    house: House, browser: Browser
) -> None:
    await house.hire(MAIL, Role.REPORTER)
    await browser.log_in(MAIL)
    await browser.get("/admin/account")
    form = {"password": "wrong password", "new_password": NEW, "again_password": NEW}
    for _ in range(5):
        await browser.post("/admin/account/password", form)
    await browser.post("/admin/account/password", form | {"password": PASSWORD})

    assert browser.status == 422
    assert "ลองผิดหลายครั้ง" in browser.text
