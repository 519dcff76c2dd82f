"""Photos, files and places in the web chat, as a citizen sends them from a telephone."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.attachments.contents import HTML, PDF, jpeg
from tests.web.axe import EVERY, violations
from tests.web.windows import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")


def file(name: str, content: bytes) -> dict[str, object]:
    """A file as it is chosen."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


async def assert_accessible(page: Page) -> None:
    """WCAG as far as axe can see."""
    assert await violations(page, EVERY) == []


@pytest.mark.parametrize("screen", ["phone", "desktop"])
async def test_photos_and_files_stand_in_the_conversation_and_still_do_later(visit, screen):
    page = await visit(screen=screen)

    await page.get_by_label("แนบรูปหรือไฟล์").set_input_files(
        [file("หน้าบ้าน.jpg", jpeg()), file("คำร้อง.pdf", PDF)]
    )

    await expect(page.locator("#log .you")).to_have_count(2)
    await expect(page.locator("#log .bot")).to_have_count(2)
    for _ in range(2):
        photo = page.get_by_alt_text("หน้าบ้าน.jpg")
        await expect(photo).to_be_visible()
        assert await photo.evaluate("async (one) => (await one.decode(), one.naturalWidth)") == 640
        await expect(page.get_by_role("link", name="คำร้อง.pdf")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await assert_accessible(page)
        await page.reload()


async def test_a_file_that_is_not_taken_is_explained_and_leaves_no_line(visit, tmp_path):
    page = await visit()
    fault = page.get_by_role("alert")

    await page.set_input_files("#file", file("photo.jpg", HTML))
    await expect(fault).to_contain_text("รับไฟล์แบบนี้ไม่ได้")
    await expect(page.locator("#log .you")).to_have_count(0)

    large = tmp_path / "scan.pdf"
    large.write_bytes(PDF + bytes(21 * 1024 * 1024))
    await page.set_input_files("#file", large)
    await expect(fault).to_contain_text("ไม่เกิน 20 เมกะไบต์")
    await expect(page.locator("#log .you")).to_have_count(0)


async def test_a_line_that_breaks_says_so_and_the_file_can_be_sent_again(visit):
    page = await visit()
    await page.route("**/chat/files*", lambda route: route.abort())
    await page.set_input_files("#file", file("a.jpg", jpeg()))
    await expect(page.get_by_role("alert")).to_contain_text("ส่งไฟล์ไม่สำเร็จ")

    await page.unroute("**/chat/files*")
    await page.set_input_files("#file", file("a.jpg", jpeg()))

    await expect(page.get_by_alt_text("a.jpg")).to_be_visible()
    await expect(page.get_by_role("alert")).to_be_empty()


async def test_a_place_is_sent_with_one_tap_or_its_refusal_explained(visit):
    allowed = {"geolocation": {"latitude": 12.45834, "longitude": 102.12941}}
    page = await visit(permissions=["geolocation"], **allowed)
    await page.get_by_role("button", name="ส่งตำแหน่ง").click()
    await expect(page.locator("#log .you .words")).to_have_text("ตำแหน่ง 12.45834, 102.12941")
    await expect(page.locator("#log .bot")).to_have_count(2)

    page = await visit()
    await page.get_by_role("button", name="ส่งตำแหน่ง").click()
    await expect(page.get_by_role("alert")).to_contain_text("พิมพ์บอกที่ตั้งแทน")


async def test_the_keyboard_comes_to_the_file_button_and_sees_it(visit):
    page = await visit(screen="desktop")
    chosen = asyncio.get_running_loop().create_future()
    page.once("filechooser", lambda one: chosen.set_result(one))  # noqa: PLW0108 - Playwright marks it
    await page.focus(".send")
    await page.keyboard.press("Tab")

    await expect(page.get_by_label("แนบรูปหรือไฟล์")).to_be_focused()
    width = "getComputedStyle(document.querySelector('.clip')).outlineWidth"
    assert await page.evaluate(width) == "3px"
    await page.keyboard.press("Enter")
    chooser = await asyncio.wait_for(chosen, PATIENCE / 1000)
    await chooser.set_files(file("a.jpg", jpeg()))
    await expect(page.get_by_alt_text("a.jpg")).to_be_visible()


async def test_without_a_script_files_are_sent_too(visit):
    page = await visit(java_script_enabled=False)

    await page.set_input_files("#file", [file("a.jpg", jpeg()), file("b.pdf", PDF)])
    await page.get_by_role("button", name="ส่งไฟล์").click()

    await expect(page.get_by_alt_text("a.jpg")).to_be_visible()
    await expect(page.get_by_role("link", name="b.pdf")).to_be_visible()
    await expect(page.locator("#locate")).to_be_hidden()

    await page.set_input_files("#file", file("a.jpg", HTML))
    await page.get_by_role("button", name="ส่งไฟล์").click()
    await expect(page.get_by_role("alert")).to_contain_text("รับไฟล์แบบนี้ไม่ได้")
