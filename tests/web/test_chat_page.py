"""The web chat as a citizen uses it: by finger, by keyboard, without scripts, on a bad line."""

import asyncio
import json
import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Request, Route, expect

from bot.messages import Reply

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUESTION = "ประวัติตำบลตะปอน"
HAS_LINK = "พรบข้อมูลข่าวสารคืออะไร"
MESSAGES = re.compile(r"/chat/messages")


async def ask(page: Page, text: str) -> Locator:
    """Type, send, and wait for the reply."""
    before = await page.locator("#log .bot").count()
    await page.fill("#text", text)
    await page.press("#text", "Enter")
    return await reply(page, before)


async def tap(page: Page, value: str) -> Locator:
    """Tap the last such button, and wait for the reply."""
    before = await page.locator("#log .bot").count()
    await page.locator(f"button[value='{value}']").last.click()
    return await reply(page, before)


async def reply(page: Page, before: int) -> Locator:
    found = page.locator("#log .bot").nth(before)
    await found.wait_for()
    await expect(page.locator(".send[aria-disabled]")).to_have_count(0)
    return found


async def posts(page: Page) -> list[dict[str, Any]]:
    """What the page sends from now on."""
    sent: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.method == "POST" and MESSAGES.search(request.url):
            sent.append(json.loads(request.post_data or "{}"))

    page.on("request", note)
    return sent


@pytest.mark.parametrize("screen", ["phone", "desktop"])
async def test_a_typed_question_is_answered_with_where_the_answer_comes_from(visit, screen):
    page = await visit(screen=screen)
    await page.evaluate("window.stays = true")

    answer = await ask(page, QUESTION)

    await expect(answer.locator("h2")).to_contain_text("ประวัติ")
    await expect(answer.locator("dt")).to_have_text(["ที่มา", "หน่วยงานที่ดูแล", "ปรับปรุงล่าสุด"])
    await expect(answer.locator(".words a")).to_have_attribute("href", "http://www.abt-tapon.net")
    await expect(page.locator("#log .you")).to_have_text([re.compile(f"คุณ: *{QUESTION}")])
    await expect(page.locator("#text")).to_be_focused()
    await expect(page.locator("#text")).to_have_value("")
    await expect(page.locator("#log .you").last).to_be_in_viewport()
    assert await page.evaluate("window.stays")


async def test_an_answer_with_a_document_links_to_it(visit):
    page = await visit()
    answer = await ask(page, HAS_LINK)
    link = answer.locator("dd a")
    await expect(link).to_have_attribute("href", re.compile("^http://www.doh.go.th/"))
    await expect(link).to_contain_text("(เปิดในแท็บใหม่)")


async def test_a_tapped_choice_is_sent_said_and_marked(visit):
    page = await visit()
    offered = await tap(page, "top")
    await expect(page.locator("#log .you .words")).to_have_text(["คำถามที่ถามบ่อย"])
    await expect(page.locator("button.used")).to_have_text([re.compile("คำถามที่ถามบ่อย *.เลือกแล้ว.")])
    numbers = offered.locator("ol .number")
    assert await numbers.all_inner_texts() == [str(n) for n in range(1, 9)]
    assert "1." not in await offered.locator(".words").inner_text()

    question = await offered.locator("ol .label").nth(1).inner_text()
    await offered.locator("ol button").nth(1).click()
    await expect(page.locator("#log .answer h2")).to_have_text(question)


async def test_everything_can_be_done_by_keyboard(visit):
    page = await visit(screen="desktop")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await expect(page.locator(".skip")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("#text")).to_be_focused()
    await page.keyboard.type("ประวัติ")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("ตำบล")
    await expect(page.locator("#text")).to_have_value("ประวัติ\nตำบล")
    await page.keyboard.press("Enter")
    await reply(page, 1)
    await expect(page.locator("#text")).to_be_focused()

    await page.keyboard.press("Shift+Tab")
    assert await page.evaluate("document.activeElement.name") == "choice"
    value = await page.evaluate("document.activeElement.value")
    await page.keyboard.press("Enter")
    await reply(page, 2)
    assert await page.evaluate("document.activeElement.value") == value


async def test_it_works_without_scripts(visit):
    page = await visit(java_script_enabled=False)
    await page.fill("#text", QUESTION)
    await page.click(".send")
    await expect(page.locator("#log .answer h2")).to_contain_text("ประวัติ")
    await expect(page.locator("#log .you .words")).to_have_text([QUESTION])

    await page.click("#log button[value=menu]")
    await expect(page.locator("#log .bot")).to_have_count(2)
    await expect(page.locator("button.used")).to_have_count(1)

    await page.click("#log button[value='lang:en']")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator(".send")).to_have_text("Send")


@pytest.mark.parametrize("scripts", [True, False])
async def test_what_could_not_be_sent_stays_in_the_box(visit, site, scripts):
    page = await visit(base=site.refusing, java_script_enabled=scripts)
    await page.fill("#text", QUESTION)
    await page.click(".send")
    await expect(page.get_by_role("alert")).to_contain_text("ส่งไม่สำเร็จ")
    await expect(page.locator("#text")).to_have_value(QUESTION)
    await expect(page.locator("#log .you")).to_have_count(0)


async def test_a_message_sent_again_is_kept_once_and_answered_at_once(visit, monkeypatch):
    monkeypatch.setattr("handlers.site.chat.LOOK_AGAIN", 3600.0)
    page = await visit()
    sent = await posts(page)

    async def lose_the_answer(route: Route) -> None:
        if route.request.method == "POST":
            await route.fetch()
        await route.abort()

    await page.route(MESSAGES, lose_the_answer, times=1)
    await page.fill("#text", QUESTION)
    await page.press("#text", "Enter")
    await expect(page.get_by_role("alert")).to_contain_text("ส่งไม่สำเร็จ")
    await page.press("#text", "Enter")
    await reply(page, 1)

    assert sent[0] == sent[1]
    assert sent[0]["id"]
    await page.reload()
    await expect(page.locator("#log .you")).to_have_count(1)
    await expect(page.locator("#log .bot")).to_have_count(1)


async def test_nothing_is_sent_twice_while_an_answer_is_awaited(visit):
    page = await visit()
    sent = await posts(page)
    go_on = asyncio.Event()

    async def hold(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.route(MESSAGES, hold, times=1)
    await page.fill("#text", QUESTION)
    await page.press("#text", "Enter")
    await expect(page.get_by_role("status")).to_contain_text("กำลังหาคำตอบ")
    await page.fill("#text", "ข้อถัดไป")
    await page.press("#text", "Enter")
    await page.click("button[value=top]")
    go_on.set()
    await reply(page, 1)

    assert len(sent) == 1
    await expect(page.locator("#text")).to_have_value("ข้อถัดไป")
    await expect(page.get_by_role("status")).to_have_text("")


async def test_what_staff_write_while_a_message_is_on_its_way_is_shown_too(visit, site):
    page = await visit()
    await ask(page, QUESTION)

    async def meanwhile(route: Route) -> None:
        if route.request.method == "POST":
            await site.write_to_everybody(Reply("เจ้าหน้าที่ขอรูปเพิ่ม"))
        await route.continue_()

    await page.route(MESSAGES, meanwhile, times=1)
    await page.fill("#text", QUESTION)
    await page.press("#text", "Enter")

    await expect(page.locator("#log .bot", has_text="เจ้าหน้าที่ขอรูปเพิ่ม")).to_have_count(1)


async def test_what_staff_write_later_appears_by_itself_and_once(visit, site):
    page = await visit()
    await ask(page, QUESTION)
    await page.wait_for_timeout(300)
    await site.write_to_everybody(Reply("เจ้าหน้าที่ตอบ: โทร 1111 หรือ 044 666 534"))
    written = page.locator("#log .bot", has_text="เจ้าหน้าที่ตอบ")
    await expect(written).to_have_count(1)
    numbers = [await a.get_attribute("href") for a in await written.locator("a").all()]
    assert numbers == ["tel:1111", "tel:044666534"]
    await page.wait_for_timeout(600)
    await expect(written).to_have_count(1)


async def test_a_hidden_tab_does_not_ask_for_news(visit):
    page = await visit()
    await ask(page, QUESTION)
    await page.wait_for_timeout(600)  # the first look brings what was shown already
    async with page.expect_event("requestfailed"):
        await page.evaluate(
            "Object.defineProperty(document, 'hidden', { value: true });"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )


async def test_the_script_shows_a_conversation_just_as_the_server_does(visit):
    page = await visit()
    await ask(page, HAS_LINK)
    await tap(page, "menu")
    await tap(page, "contact")
    await tap(page, "cat")
    await ask(page, "what is the history of Tapon?")
    await ask(page, "<b>ไฟไหม้</b> & \"อื่น\" 'ๆ'")
    live = await _lines(page)
    await page.reload()
    assert live[1:] == await _lines(page)  # the welcome goes once there is a conversation


async def _lines(page: Page) -> list[str]:
    found = await page.locator("#log .line").all()
    lines = [await one.evaluate("one => one.outerHTML") for one in found]
    return [re.sub(r"\s+", "", line.replace(" fresh", "")) for line in lines]


async def test_a_language_chosen_in_the_conversation_is_the_pages_too(visit):
    page = await visit()
    await page.click("button[value='lang:en']")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator("#log .bot .words").last).to_contain_text("in English")
    await page.goto(page.url.split("?")[0])
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.click("text=ภาษาไทย >> nth=0")
    await expect(page.locator("html")).to_have_attribute("lang", "th")
    menu = await tap(page, "menu")
    await expect(menu.locator(".words")).to_contain_text("เลือกเรื่อง")


@pytest.mark.parametrize("scripts", [True, False])
async def test_the_link_to_the_other_language_is_followed_by_the_replies_to_taps(visit, scripts):
    page = await visit(java_script_enabled=scripts)
    await page.locator("button[value=contact]").last.click()
    await expect(page.locator("#log .you")).to_have_count(1)
    for link, language, says in (("English", "en", "Contact"), ("ภาษาไทย", "th", "ติดต่อ")):
        await page.click(f".switch >> text={link}")
        await expect(page.locator("html")).to_have_attribute("lang", language)
        before = await page.locator("#log .bot").count()
        await page.locator("button[value=contact]").last.click()
        await expect(page.locator("#log .bot").nth(before).locator(".words")).to_contain_text(says)
