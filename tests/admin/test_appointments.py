"""Posts: who holds which on which day, acting officers, and the operator's pages for them."""

from datetime import date

import pytest

from admin import staff
from admin.appointments import Appointment, faults_of
from admin.officers import Post, Role
from admin.staff import BadEmail, Staff, email_of
from bot.db import Database
from knowledge.registry import Registry
from tests.admin.conftest import OTHER, Browser, House, NewBrowser
from tests.fakes import AGENCY, MovingClock

DAY = date(2026, 11, 21)
STAFF = f"/admin/{AGENCY}/staff"


@pytest.mark.parametrize(
    ("text", "email"),
    [(" Somchai@Example.GO.TH ", "somchai@example.go.th"), ("a.b+c@d-e.th", "a.b+c@d-e.th")],
)
def test_mail_addresses_are_kept_in_small_letters(text: str, email: str) -> None:
    assert email_of(text) == email


@pytest.mark.parametrize(
    "text", ["", "a", "a@b", "a b@c.th", "a@b@c.th", "a@c.th,b@c.th", "<a@c.th>"]
)
def test_what_is_no_mail_address_is_refused(text: str) -> None:
    with pytest.raises(BadEmail):
        email_of(text)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (Appointment(Role.AGENT), set()),
        (Appointment(Role.REPORTER, "nothing-like-it"), {"unit"}),
        (Appointment(Role.APPROVER, None, DAY, date(2026, 11, 20)), {"valid_until"}),
        (Appointment(Role.APPROVER, None, DAY, DAY, "นายก"), set()),
        (Appointment(Role.APPROVER, acting_for="นายก"), {"valid_until"}),
    ],
)
def test_a_post_must_make_sense(registry: Registry, given: Appointment, fields: set[str]) -> None:
    served = registry.get(AGENCY)
    assert served

    assert set(faults_of(given, served.agency)) == fields


async def test_an_acting_officer_holds_the_post_on_its_days_and_after_their_own(
    database: Database, clock: MovingClock
) -> None:
    first, last = date(2026, 12, 1), date(2026, 12, 31)
    async with database.session() as session:
        person = await staff.add_person(session, name="ก", email="a@b.go.th", now=clock())
        acting = {"valid_from": first, "valid_until": last, "acting_for": "นายก"}
        await staff.give_role(session, person, agency=AGENCY, role=Role.APPROVER, **acting)
        await staff.give_role(session, person, agency=AGENCY, role=Role.REPORTER, unit="clerk")
        await staff.give_role(session, person, agency=OTHER, role=Role.AGENT)
        found = {
            day: await staff.officer(session, person.id, AGENCY, day)
            for day in (date(2026, 11, 30), first, last, date(2027, 1, 1))
        }
        listed = await staff.officers(session, AGENCY, first)
        assert await staff.officer(session, person.id, "nowhere", first) is None
        assert await staff.officer(session, 999, AGENCY, first) is None

    own, acted = Post(Role.REPORTER, "clerk"), Post(Role.APPROVER, None, "นายก")
    assert [one and set(one.posts) for one in found.values()] == [
        {own},
        {own, acted},
        {own, acted},
        {own},
    ]
    assert [(one.id, set(one.posts)) for one in listed] == [(person.id, {own, acted})]


async def test_an_operator_belongs_to_every_agency_and_is_listed_in_none(
    database: Database, clock: MovingClock
) -> None:
    async with database.session() as session:
        person = await staff.add_person(session, name="ก", email="a@b.go.th", now=clock())
        place = staff.place_of(AGENCY, Role.OPERATOR)
        await staff.give_role(session, person, agency=place, role=Role.OPERATOR)
        seen = await staff.officer(session, person.id, OTHER, DAY)
        listed = await staff.officers(session, OTHER, DAY)

    assert seen is not None
    assert seen.roles == {Role.OPERATOR}
    assert listed == []


async def test_the_same_post_is_given_once(database: Database, clock: MovingClock) -> None:
    async with database.session() as session:
        person = await staff.add_person(session, name="ก", email="a@b.go.th", now=clock())
        given = [
            await staff.give_role(session, person, agency=AGENCY, role=Role.AGENT, unit=unit)
            for unit in (None, None, "clerk")
        ]

    assert [one is not None for one in given] == [True, False, True]


NEW = {"name": "สมหญิง ใจดี", "email": "New@example.go.th", "role": "reporter", "unit": ""}


async def test_an_operator_adds_a_person_who_comes_in_by_the_link(
    house: House, operator: Browser, new_browser: NewBrowser
) -> None:
    await operator.get(STAFF)
    assert operator.title == "เจ้าหน้าที่"
    await operator.post(STAFF, NEW)
    assert operator.title == "ลิงก์ใช้ครั้งเดียว"
    path = operator.text.split(house.url)[1].split("<")[0]
    newcomer = await new_browser()
    await newcomer.get(path)
    assert newcomer.status == 200
    await operator.get(STAFF)
    assert "ยังไม่ได้ตั้งรหัสผ่าน" in operator.text
    assert path not in operator.text

    assert [row.what for row in await house.audit(AGENCY)] == ["role.given"]
    assert [row.what for row in await house.audit()][-1] == "staff.invited"
    for row in [*await house.audit(), *await house.audit(AGENCY)]:
        assert "สมหญิง" not in row.details
        assert "example.go.th" not in f"{row.details}{row.subject}{row.actor}"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "พิมพ์ชื่อ"),
        ({"email": "nonsense"}, "พิมพ์อีเมลให้ครบ"),
        ({"role": "operator"}, "เลือกหน้าที่"),
        ({"role": "king"}, "เลือกหน้าที่"),
        ({"unit": "nowhere"}, "ไม่มีส่วนงานนี้"),
        ({"valid_from": "พรุ่งนี้"}, "อ่านวันที่ไม่ได้"),
        ({"acting_for": "นายก"}, "ต้องมีวันสุดท้าย"),
        ({"valid_from": "2/12/2569", "valid_until": "1/12/2569"}, "ต้องไม่มาก่อนวันแรก"),
    ],
)
async def test_what_is_wrong_with_a_new_person_is_said_and_nothing_typed_is_lost(
    house: House, operator: Browser, fields: dict[str, str], words: str
) -> None:
    await operator.get(STAFF)
    await operator.post(STAFF, NEW | {"name": "สมศรี <b>", **fields})

    assert operator.status == 422
    assert words in operator.text
    assert fields.get("name") == "" or "สมศรี &lt;b&gt;" in operator.text
    async with house.database.session() as session:
        assert await staff.person_of(session, "new@example.go.th") is None


async def test_somebody_who_has_an_account_gets_the_post_and_keeps_all_others(
    house: House, operator: Browser
) -> None:
    person = await house.hire("new@example.go.th", Role.AGENT, agency=OTHER)
    await operator.get(STAFF)
    acting = {"valid_from": "1/12/2569", "valid_until": "31 ธ.ค. 2569", "acting_for": "นายก"}
    await operator.post(STAFF, NEW | {"role": "approver", **acting})

    assert operator.path == f"{STAFF}/{person.id}?done=role_given"
    assert "ถึง 31 ธ.ค. 2569" in operator.text
    assert "คุณnew" in operator.text
    async with house.database.session() as session:
        held = await staff.posts(session, person.id, date(2026, 12, 1))
    assert {(agency, post.role) for agency, post in held} == {
        (OTHER, Role.AGENT),
        (AGENCY, Role.APPROVER),
    }


async def test_a_post_that_is_taken_back_counts_no_more_at_once(
    house: House, operator: Browser, new_browser: NewBrowser
) -> None:
    person = await house.hire("a@example.go.th", Role.REPORTER, Role.AGENT)
    theirs = await new_browser()
    await theirs.log_in("a@example.go.th")
    for number in (1, 2):
        await operator.get(f"{STAFF}/{person.id}")
        post = operator.text.split("/roles/")[1].split("/take")[0]
        await operator.post(f"{STAFF}/{person.id}/roles/{post}/take")
        assert operator.status == 200, number

    assert operator.path == f"{STAFF}?done=role_taken"
    assert (await theirs.get(f"/admin/{AGENCY}/")).status == 404
    assert (await theirs.get("/admin/")).status == 200
    assert "ยังไม่มีหน้าที่" in theirs.text
    assert [row.what for row in await house.audit(AGENCY)] == ["role.taken"] * 2


async def test_people_of_another_agency_are_not_reached_through_this_one(
    house: House, operator: Browser
) -> None:
    person = await house.hire("a@example.go.th", Role.REPORTER, agency=OTHER)
    await operator.get(STAFF)
    for what in ("", "/disable", "/reset", "/logins/end", "/enable"):
        path = f"{STAFF}/{person.id}{what}"
        found = await (operator.post(path) if what else operator.get(path))
        assert found.status == 404, what
        await operator.get(STAFF)


async def test_an_account_is_closed_opened_and_begun_anew(
    house: House, operator: Browser, new_browser: NewBrowser
) -> None:
    person = await house.hire("a@example.go.th", Role.REPORTER)
    theirs = await new_browser()
    await theirs.log_in("a@example.go.th")
    here = f"{STAFF}/{person.id}"
    await operator.get(here)
    await operator.post(f"{here}/disable")
    assert (await theirs.get("/admin/account")).path.startswith("/admin/login")
    await operator.post(f"{here}/enable")
    assert (await theirs.log_in("a@example.go.th")).status == 200
    await operator.post(f"{here}/logins/end")
    assert (await theirs.get("/admin/account")).path.startswith("/admin/login")
    await operator.post(f"{here}/reset")
    assert operator.title == "ลิงก์ใช้ครั้งเดียว"
    assert (await theirs.log_in("a@example.go.th")).status == 401

    whats = [row.what for row in await house.audit() if row.subject == f"staff:{person.id}"]
    assert whats == [
        "login",
        "staff.disabled",
        "staff.enabled",
        "login",
        "session.revoked",
        "staff.reset",
        "login.failed",
    ]


async def test_operators_do_not_shut_themselves_out(house: House, operator: Browser) -> None:
    async with house.database.session() as session:
        me = await staff.person_of(session, "op@example.go.th")
        assert isinstance(me, Staff)
        await staff.give_role(session, me, agency=AGENCY, role=Role.AGENT)
    await operator.get(f"{STAFF}/{me.id}")
    for what in ("disable", "reset"):
        assert (await operator.post(f"{STAFF}/{me.id}/{what}")).status == 403
        await operator.get(f"{STAFF}/{me.id}")
