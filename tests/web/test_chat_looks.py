"""The pages as they look: accessible, light, never wider than the screen, on other sites too."""

import pytest
from playwright.async_api import Page, expect

from tests.web.axe import violations
from tests.web.windows import too_small

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = "https://www.example.go.th/" + "a" * 300
KILOBYTE = 1024


async def fill(page: Page) -> None:
    """A conversation with everything in it: answer, suggestions, a long word, a failure."""
    for text in ["พรบข้อมูลข่าวสารคืออะไร", "เปิดเผย", "what is the history of Tapon?", LONG, "เมนู"]:
        before = await page.locator("#log .bot").count()
        await page.fill("#text", text)
        await page.press("#text", "Enter")
        await page.locator("#log .bot").nth(before).wait_for()
        await expect(page.locator(".send[aria-disabled]")).to_have_count(0)
    await page.locator("button[value=top]").last.click()
    await page.locator("button.used").last.wait_for()
    await page.route("**/messages*", lambda route: route.abort())
    await page.fill("#text", "ถนนพัง\nแจ้งที่ไหน")
    await page.press("#text", "Enter")
    await expect(page.get_by_role("alert")).not_to_be_empty()


async def assert_accessible(page: Page) -> None:
    """WCAG 2.1 AA, as far as a machine can tell, and one heading of the first rank."""
    assert await violations(page) == []
    assert await page.locator("h1").count() == 1


@pytest.mark.parametrize(("screen", "scheme"), [("phone", "light"), ("desktop", "dark")])
async def test_the_chat_is_accessible(visit, screen, scheme):
    page = await visit(screen=screen, color_scheme=scheme)
    await assert_accessible(page)
    await fill(page)
    await assert_accessible(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", ["/", "/nowhere/chat", "/{}/chat?lang=en&embed=1"])
async def test_the_other_pages_are_accessible(visit, site, address, scheme):
    await assert_accessible(await visit(address.format(site.agency), color_scheme=scheme))


@pytest.mark.parametrize("width", [320, 360, 1280])
async def test_nothing_is_wider_than_the_screen_and_the_box_stays_on_it(visit, site, width):
    page = await visit(f"/{site.agency}/chat?lang=en", width=width)
    await fill(page)
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    await page.evaluate("window.scrollTo(0, 0)")
    await expect(page.locator("#text")).to_be_in_viewport(ratio=1)
    await page.set_viewport_size({"width": width, "height": 360})  # as with a keyboard on screen
    await expect(page.locator("#text")).to_be_in_viewport(ratio=1)
    for address in ("/", "/nowhere/chat"):
        await page.goto(address)
        assert await page.evaluate("document.documentElement.scrollWidth") == width


async def test_what_can_be_tapped_is_large_enough(visit):
    page = await visit()
    await fill(page)
    assert await too_small(page, "button, .switch") == []


async def test_a_reader_is_told_who_speaks_and_only_what_is_new(visit):
    page = await visit()
    log = page.get_by_role("log", name="บทสนทนา")
    await expect(log).to_have_attribute("aria-live", "polite")
    await expect(log).to_contain_text("ถามได้:")
    await expect(page.get_by_role("textbox", name="พิมพ์คำถาม")).to_be_visible()
    await expect(page.get_by_role("list", name="ตัวเลือก").get_by_role("button")).to_have_count(6)


async def test_the_whole_page_is_light(visit):
    page = await visit()
    total = len(await page.content())
    for name in ("chat.css", "chat.js", "icon.svg"):
        response = await page.request.get(f"/static/thamdai/{name}")
        total += len(await response.body())
    assert total < 40 * KILOBYTE
    script = await page.request.get("/static/thamdai/embed.js")
    assert len(await script.body()) < 6 * KILOBYTE


@pytest.mark.parametrize("screen", ["phone", "desktop"])
async def test_an_agencys_own_site_can_hold_the_chat(visit, site, screen):
    page = await visit(site.foreign, screen=screen)
    opener = page.get_by_role("button", name="ถามได้")
    await expect(opener).to_have_attribute("aria-expanded", "false")
    await assert_accessible(page)

    await opener.focus()
    await page.keyboard.press("Enter")
    frame = page.frame_locator("iframe")
    await frame.locator("#text").fill("ประวัติตำบลตะปอน")
    await frame.locator("#text").press("Enter")
    await expect(frame.locator(".answer h2")).to_contain_text("ประวัติ")
    dialog = page.get_by_role("dialog", name="ถามได้")
    await expect(dialog).to_be_visible()
    await assert_accessible(page)

    await frame.locator("#text").press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(opener).to_be_focused()

    await opener.click()
    await expect(frame.locator(".answer h2")).to_be_visible()
    await page.get_by_role("button", name="ปิดแชต").click()
    await expect(dialog).to_be_hidden()


async def test_no_other_site_can_hold_the_chat(visit, site):
    page = await visit()
    headers = (await page.request.get(f"/{site.agency}/chat")).headers
    policy = headers["content-security-policy"]
    assert f"frame-ancestors 'self' {site.foreign};" in f"{policy};"
    assert "script-src 'self';" in policy
