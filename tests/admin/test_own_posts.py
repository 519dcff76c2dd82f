"""A post that an operator gives to themselves: others hear of it, and agree or take it back."""

import re

from sqlalchemy import select

from admin import chat_links, staff
from admin.followers import News
from admin.officers import Role
from admin.staff import INSTALLATION, Staff
from bot.messages import Contact
from bot.tables import ContactRow
from tests.admin.conftest import Browser, House, NewBrowser
from tests.admin.test_access import come_in
from tests.fakes import AGENCY

HOME = f"/admin/{AGENCY}/"
STAFF = f"/admin/{AGENCY}/staff"
TOLD = "คุณop ให้หน้าที่แก่ตัวเอง"
FORM = {"name": "x", "email": "op@example.go.th", "unit": ""}


async def link(house: House, person: Staff) -> None:
    """A chat of theirs with the agency."""
    contact = Contact(AGENCY, "line", f"U{person.id:032}")
    async with house.database.session() as session:
        session.add(ContactRow.new(contact, house.clock()))
        await session.flush()
        code = await chat_links.new_code(session, person, AGENCY, house.clock())
        await chat_links.link(session, contact, code, house.clock())


async def news(house: House) -> dict[str, str]:
    """The words that wait for each chat, by its address."""
    async with house.database.session() as session:
        query = select(ContactRow.address, News.reply).join(News, News.contact_id == ContactRow.id)
        return {row.address: row.reply["text"] for row in await session.execute(query)}


async def takes(operator: Browser, *roles: str, **more: str) -> None:
    """The operator gives posts to themselves."""
    for role in roles:
        await operator.get(STAFF)
        await operator.post(STAFF, FORM | {"role": role} | more)
        assert operator.path.endswith("done=role_given")


async def press(browser: Browser, what: str) -> Browser:
    """Press the first button of this kind on the page."""
    found = re.search(rf'action="([^"]*/own-posts/\d+/{what})"', browser.text)
    assert found
    return await browser.post(found[1])


async def test_the_head_and_other_operators_see_it_at_once_and_nobody_else_does(
    house: House, operator: Browser, new_browser: NewBrowser
) -> None:
    head = await house.hire("head@example.go.th", Role.EXECUTIVE)
    other = await house.hire("two@example.go.th", Role.OPERATOR, is_enrolled=True)
    agent = await house.hire("agent@example.go.th", Role.AGENT)
    for person in (head, other, agent):
        await link(house, person)
    await takes(operator, "approver")

    words = await news(house)
    assert words.keys() == {f"U{one.id:032}" for one in (head, other)}
    assert all("คุณop" in text and "ผู้อนุมัติ" in text for text in words.values())
    heads, others, agents = [await new_browser() for _ in range(3)]
    await heads.log_in("head@example.go.th")
    assert TOLD in heads.text
    assert "ผู้อนุมัติ" in heads.text
    await come_in(house, others, "two@example.go.th")
    assert "มีผู้ดูแลระบบให้หน้าที่แก่ตัวเอง" in others.text
    assert TOLD in (await others.get(HOME)).text
    assert TOLD not in (await agents.log_in("agent@example.go.th")).text
    assert TOLD not in (await operator.get(HOME)).text
    await others.post("/admin/language", {"to": "en"})
    assert "คุณop took a post for themselves" in (await others.get(HOME)).text


async def test_the_head_takes_it_back_or_agrees(
    house: House, operator: Browser, new_browser: NewBrowser
) -> None:
    await house.hire("head@example.go.th", Role.EXECUTIVE)
    head = await new_browser()
    await takes(operator, "approver", "agent")
    await head.log_in("head@example.go.th")
    assert (await press(head, "take")).path == f"{HOME}?done=role_taken"
    assert (await press(head, "agree")).path == f"{HOME}?done=role_agreed"
    assert TOLD not in head.text

    async with house.database.session() as session:
        me = await staff.person_of(session, "op@example.go.th")
        assert me
        held = await staff.posts(session, me.id, house.clock().date())
    assert [(at, post.role) for at, post in held] == [
        (INSTALLATION, Role.OPERATOR),
        (AGENCY, Role.AGENT),
    ]
    rows = [(row.what, row.actor == row.subject) for row in await house.audit(AGENCY)]
    assert rows == [
        ("role.given", True),
        ("role.given", True),
        ("role.taken", False),
        ("role.agreed", False),
    ]


async def test_nobody_agrees_to_their_own_nor_takes_any_other_post(
    house: House, operator: Browser, new_browser: NewBrowser
) -> None:
    given = await house.hire("head@example.go.th", Role.EXECUTIVE)
    await takes(operator, "executive")
    head = await new_browser()
    await head.log_in("head@example.go.th")
    found = re.search(r'action="([^"]*/own-posts/)(\d+)/agree"', head.text)
    assert found
    here, number = found.groups()
    for what in ("agree", "take"):
        assert (await operator.post(f"{here}{number}/{what}")).status == 404
        await operator.get(HOME)
        for other in {str(n) for n in range(20)} - {number}:
            assert (await head.post(f"{here}{other}/{what}")).status == 404
            await head.get(HOME)

    async with house.database.session() as session:
        assert await staff.posts(session, given.id, house.clock().date())


async def test_what_is_given_to_others_or_is_over_is_no_news(
    house: House, operator: Browser, new_browser: NewBrowser
) -> None:
    head = await house.hire("head@example.go.th", Role.EXECUTIVE)
    await link(house, head)
    await operator.get(STAFF)
    await operator.post(STAFF, FORM | {"role": "agent", "email": "head@example.go.th"})
    assert await news(house) == {}
    await takes(operator, "reporter", valid_until="25/11/2569", unit="sections")
    [words] = (await news(house)).values()
    assert "“ผู้รายงาน · " in words
    browser = await new_browser()
    await browser.log_in("head@example.go.th")
    assert TOLD in browser.text
    house.clock.move(hours=24 * 7)
    await browser.log_in("head@example.go.th")

    assert TOLD not in browser.text
