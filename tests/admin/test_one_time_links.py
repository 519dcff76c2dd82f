"""One-time links: the first account, and a password for whom has none; once, and not for long."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import select, update

from admin import invitations, staff
from admin.invitations import Invitation
from admin.logins import LoginTries
from admin.officers import Role
from admin.sessions import StaffSession
from admin.staff import Staff
from bot import staff_pages
from bot.db import Database
from bot.settings import Settings
from tests.admin.conftest import KEY, PASSWORD, Browser, House, NewBrowser
from tests.fakes import AGENCY, MovingClock

ME = {
    "name": "สมชาย ดูแลดี",
    "email": "Op@Example.go.th",
    "new_password": PASSWORD,
    "again_password": PASSWORD,
}


async def link(house: House, person: Staff | None = None) -> str:
    async with house.database.session() as session:
        token = await invitations.invite(session, person, key=KEY, now=house.clock())
    return invitations.path_of(token, is_first=person is None)


async def newcomer(house: House) -> Staff:
    async with house.database.session() as session:
        person = await staff.add_person(
            session, name="สมหญิง", email="new@example.go.th", now=house.clock()
        )
        await staff.give_role(session, person, agency=AGENCY, role=Role.AGENT)
    return person


async def test_the_first_link_makes_an_operator_who_then_sets_up_a_second_factor(
    house: House, browser: Browser, new_browser: NewBrowser
) -> None:
    path = await link(house)
    await browser.get(path)
    assert browser.title == "สร้างบัญชีแรก"
    await browser.post(path, ME | {"name": " ", "email": "nonsense"})
    assert browser.status == 422
    assert 'value="nonsense"' in browser.text
    await browser.post(path, ME)
    assert browser.title == "ตั้งค่าการยืนยันขั้นที่สอง"
    secret = re.search(r'class="secret"[^>]*>([A-Z2-7 ]+)<', browser.text)
    assert secret
    code = pyotp.TOTP(secret[1].replace(" ", "")).at(house.clock())
    await browser.send("/admin/second-factor", code=code)
    await browser.get("/admin/")
    assert browser.title == "หน่วยงานของฉัน"
    assert browser.text.count(f'href="/admin/{AGENCY}/"') == 1

    for late in (browser, await new_browser()):
        assert (await late.get(path)).status == 410
    assert "role.given" in [row.what for row in await house.audit()]
    assert "staff.first" in [row.what for row in await house.audit()]


async def test_the_program_offers_the_first_account_while_there_is_none(
    database: Database, tmp_path: Path, clock: MovingClock
) -> None:
    settings = Settings(data_dir=tmp_path)
    path = await staff_pages.first_link(database, settings)
    assert path
    assert re.fullmatch(r"/admin/first/[\w-]{32}", path)

    async with database.session() as session:
        await staff.add_person(session, name="ก", email="a@b.go.th", now=clock())
    assert await staff_pages.first_link(database, settings) is None


async def test_what_is_over_is_deleted_and_what_is_not_stays(
    house: House, browser: Browser
) -> None:
    person = await newcomer(house)
    path = await link(house, person)
    await house.hire("a@example.go.th", Role.REPORTER)
    await browser.log_in("a@example.go.th", "wrong password")
    await browser.log_in("a@example.go.th")
    await staff_pages.expire(house.database)
    assert (await browser.get("/admin/account")).status == 200
    assert (await browser.get(path)).status == 200

    async with house.database.session() as session:
        for table in (StaffSession, Invitation, LoginTries):
            await session.execute(update(table).values(_ago(table, house.clock())))
    await staff_pages.expire(house.database)
    async with house.database.session() as session:
        for table in (StaffSession, Invitation, LoginTries):
            assert (await session.scalars(select(table))).all() == [], table


def _ago(table: type, now: datetime) -> dict[str, datetime]:
    """The column that says when a row was over, set to long ago."""
    column = "last_at" if table is LoginTries else "expires_at"
    return {column: now - timedelta(days=2)}


async def test_a_first_link_is_dead_once_there_is_somebody(house: House, browser: Browser) -> None:
    path = await link(house)
    await browser.get(path)
    await newcomer(house)
    await browser.post(path, ME)

    assert browser.status == 410
    assert "ขอลิงก์ใหม่" in browser.title


async def test_a_newer_link_ends_the_one_before(house: House, browser: Browser) -> None:
    first, second = await link(house), await link(house)

    assert (await browser.get(first)).status == 410
    assert (await browser.get(second)).status == 200


@pytest.mark.parametrize(("hours", "status"), [(23.9, 200), (24.1, 410)])
async def test_a_link_lives_for_a_day(
    house: House, browser: Browser, hours: float, status: int
) -> None:
    paths = [await link(house)]
    house.clock.move(hours=hours)

    assert (await browser.get(paths[0])).status == status


async def test_an_invited_person_chooses_a_password_and_is_in(
    house: House, browser: Browser, new_browser: NewBrowser
) -> None:
    person = await newcomer(house)
    path = await link(house, person)
    assert (await browser.get(path)).title == "ตั้งรหัสผ่าน"
    assert person.email in browser.text
    assert (await browser.post(path, {"new_password": "x", "again_password": "x"})).status == 422
    await browser.post(path, {"new_password": PASSWORD, "again_password": PASSWORD})
    assert browser.path == f"/admin/{AGENCY}/"

    assert (await browser.get(path)).status == 410
    again = await new_browser()
    assert (await again.log_in(person.email)).path == f"/admin/{AGENCY}/"


async def test_links_of_one_kind_do_not_open_the_other(house: House, browser: Browser) -> None:
    first = await link(house)
    assert (await browser.get(first.replace("/first/", "/invitation/"))).status == 410
    invited = await link(house, await newcomer(house))

    assert (await browser.get(invited.replace("/invitation/", "/first/"))).status == 410
    assert (await browser.get("/admin/invitation/" + "x" * 500)).status == 410


async def test_the_link_of_a_closed_account_is_dead(house: House, browser: Browser) -> None:
    person = await newcomer(house)
    path = await link(house, person)
    async with house.database.session() as session:
        (await session.get_one(Staff, person.id)).disabled_at = house.clock()

    assert (await browser.get(path)).status == 410


async def test_a_reset_takes_everything_that_opened_the_account(
    house: House, browser: Browser
) -> None:
    person = await house.hire("a@example.go.th", Role.REPORTER, is_enrolled=True)
    await browser.log_in("a@example.go.th")
    await browser.send("/admin/code", code=house.code())
    async with house.database.session() as session:
        found = await session.get_one(Staff, person.id)
        token = await invitations.reset(session, found, key=KEY, now=house.clock())

    assert (await browser.get("/admin/account")).path.startswith("/admin/login")
    assert (await browser.log_in("a@example.go.th")).status == 401
    path = invitations.path_of(token, is_first=False)
    await browser.get(path)
    await browser.post(path, {"new_password": PASSWORD, "again_password": PASSWORD})
    assert browser.path == f"/admin/{AGENCY}/"
