"""An account that somebody else has reset: its owner, the head and other operators see it."""

from admin import appointments
from admin.officers import Role
from bot.clock import local_date
from knowledge.dates import written
from tests.admin.conftest import KEY, Browser, House, NewBrowser
from tests.admin.test_access import come_in
from tests.admin.test_own_posts import link, news
from tests.fakes import AGENCY

HOME = f"/admin/{AGENCY}/"
STAFF = f"/admin/{AGENCY}/staff"
OWN = "บัญชีของคุณถูกตั้งใหม่"
BY = "โดย คุณop"
OF_OTHER = "คุณagent: "


async def test_the_owner_the_head_and_other_operators_see_who_reset_an_account_and_when(
    house: House, operator: Browser, new_browser: NewBrowser
) -> None:
    agent = await house.hire("agent@example.go.th", Role.AGENT)
    head = await house.hire("head@example.go.th", Role.EXECUTIVE)
    other = await house.hire("two@example.go.th", Role.OPERATOR, is_enrolled=True)
    unit = await house.hire("unit@example.go.th", Role.REPORTER)
    for person in (agent, head, other, unit):
        await link(house, person)
    await operator.get(f"{STAFF}/{agent.id}")
    await operator.post(f"{STAFF}/{agent.id}/reset")

    words = await news(house)
    assert words.keys() == {f"U{one.id:032}" for one in (agent, head, other)}
    assert all("คุณagent" in text and "คุณop" in text for text in words.values())
    browsers = {one.id: await new_browser() for one in (agent, head, other, unit)}
    for person in (agent, head, other, unit):
        await house.open_for(person, browsers[person.id])
        await browsers[person.id].get(HOME)
    assert OWN in browsers[agent.id].text
    for person in (head, other):
        assert OF_OTHER in browsers[person.id].text
        assert OWN not in browsers[person.id].text
    for person in (agent, head, other):
        assert BY in browsers[person.id].text
        assert written(local_date(house.clock()), "th") in browsers[person.id].text
    assert BY not in browsers[unit.id].text
    for page in (HOME, "/admin/"):
        assert OF_OTHER not in (await operator.get(page)).text
    await browsers[head.id].post("/admin/language", {"to": "en"})
    assert "by คุณop" in (await browsers[head.id].get(HOME)).text


async def test_it_leaves_the_first_page_in_time_and_stays_with_the_account(
    house: House, operator: Browser, new_browser: NewBrowser
) -> None:
    agent = await house.hire("agent@example.go.th", Role.AGENT)
    head = await house.hire("head@example.go.th", Role.EXECUTIVE)
    await operator.get(f"{STAFF}/{agent.id}")
    await operator.post(f"{STAFF}/{agent.id}/reset")
    async with house.database.session() as session:
        await appointments.reset_account(session, head, by="system", key=KEY, now=house.clock())
    theirs, heads = await new_browser(), await new_browser()
    day = written(local_date(house.clock()), "th")

    house.clock.move(days=15)
    await house.open_for(head, heads)
    await heads.get(HOME)
    assert OF_OTHER not in heads.text
    assert f"{OWN} {day}" in heads.text
    assert "โดย ผู้ดูแลเครื่องแม่ข่าย" in heads.text
    house.clock.move(days=90)
    await house.open_for(agent, theirs)
    assert OWN not in (await theirs.get(HOME)).text
    assert BY in (await theirs.get("/admin/account")).text


async def test_a_reset_of_another_agencys_people_is_none_of_the_heads_business(
    house: House, operator: Browser, new_browser: NewBrowser
) -> None:
    away = await house.hire("agent@example.go.th", Role.AGENT, agency="buriram")
    await house.hire("head@example.go.th", Role.EXECUTIVE)
    await operator.get(f"/admin/buriram/staff/{away.id}")
    await operator.post(f"/admin/buriram/staff/{away.id}/reset")
    assert operator.status == 200
    other = await house.hire("two@example.go.th", Role.OPERATOR, is_enrolled=True)
    heads, others = await new_browser(), await new_browser()

    assert OF_OTHER not in (await heads.log_in("head@example.go.th")).text
    await come_in(house, others, other.email)
    assert OF_OTHER in (await others.get("/admin/buriram/")).text
    assert OF_OTHER not in (await others.get(HOME)).text
    assert OF_OTHER in (await others.get("/admin/")).text
    house.clock.move(days=15)
    await come_in(house, others, other.email)
    assert OF_OTHER not in (await others.get("/admin/")).text


async def test_an_operators_account_that_was_reset_is_shown_to_the_other_operators(
    house: House, operator: Browser, new_browser: NewBrowser
) -> None:
    other = await house.hire("two@example.go.th", Role.OPERATOR, is_enrolled=True)
    await house.hire("head@example.go.th", Role.EXECUTIVE)
    async with house.database.session() as session:
        await appointments.reset_account(session, other, by="system", key=KEY, now=house.clock())
    head = await (await new_browser()).log_in("head@example.go.th")

    for page in (HOME, "/admin/"):
        assert "คุณtwo: " in (await operator.get(page)).text
    assert "คุณtwo: " not in head.text
