"""One's own chat on one's own page: a code shown once, and the end of it."""

import re

from sqlalchemy import select

from admin import chat_links
from admin.chat_links import Linking, StaffChat
from admin.officers import Role
from bot.messages import Contact
from bot.tables import ContactRow
from tests.admin.conftest import AGENCY, Browser, House

MAIL = "somsri@example.go.th"


async def sends(house: House, code: str) -> Linking:
    """The person's Telegram sends the code."""
    contact = Contact(AGENCY, "telegram", "5551234")
    now = house.clock()
    async with house.database.session() as session:
        row = ContactRow.new(contact, now)
        session.add(row)
        await session.flush()
        end, _ = await chat_links.link(session, contact, code, now)
    return end


async def test_a_chat_is_linked_and_unlinked_from_ones_own_page(
    house: House, browser: Browser
) -> None:
    await house.hire(MAIL, Role.EXECUTIVE)
    await browser.log_in(MAIL)
    await browser.get("/admin/account")
    assert "ยังไม่ได้เชื่อม" in browser.text

    await browser.post(f"/admin/account/chats/{AGENCY}/code")
    [code] = re.findall(r"/link ([A-Z]{4}-[A-Z2-9]{4})", browser.text)
    assert await sends(house, code) is Linking.LINKED
    await browser.get("/admin/account")
    assert code not in browser.text
    assert "Telegram เชื่อมเมื่อ" in browser.text

    await browser.post(f"/admin/account/chats/{AGENCY}/end")
    assert "เลิกเชื่อมแชตแล้ว" in browser.text
    async with house.database.session() as session:
        assert (await session.scalars(select(StaffChat))).all() == []
    log = [row.what for row in await house.audit(AGENCY) if row.what.startswith("chat.")]
    assert log == ["chat.code", "chat.linked", "chat.unlinked"]


async def test_another_agencys_chat_is_not_to_be_had(house: House, browser: Browser) -> None:
    await house.hire(MAIL, Role.EXECUTIVE)
    await browser.log_in(MAIL)
    await browser.get("/admin/account")

    for agency in ("muang-saen-suk", "nowhere"):
        await browser.post(f"/admin/account/chats/{agency}/code")
        assert browser.status == 404
