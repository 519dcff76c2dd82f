"""The page of questions as a citizen uses it: finger, keyboard, no scripts, paper; its looks."""

import re

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from admin.tickets import Ticket
from admin.votes import AnswerVote
from tests.web.test_chat_looks import KILOBYTE, assert_accessible
from tests.web.windows import too_small

pytestmark = pytest.mark.asyncio(loop_scope="module")

ENTRY = "history-vision"
QUESTION = "ประวัติตำบลตะปอน"
STRANGE = "แมวเป็นหวัดกินยาอะไร"
LONG = "https://www.example.go.th/" + "a" * 250
FIRST = "/{}/questions"
ONE = "/{}/questions/" + ENTRY
PAGES = (
    FIRST,
    FIRST + "?lang=en",
    FIRST + "?category=ข้อมูล อบต.",
    ONE,
    ONE + "?lang=en",
    FIRST + "/nothing",
    FIRST + "?q=แผน",
    FIRST + "?q=" + QUESTION,
    FIRST + "?q=" + STRANGE,
    FIRST + "?q=ไฟไหม้บ้าน " + LONG,
)


async def open_all(page: Page) -> None:
    """Everything that can be unfolded."""
    await page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")


@pytest.mark.parametrize(("screen", "scheme"), [("phone", "dark"), ("desktop", "light")])
async def test_every_page_is_accessible(visit, site, screen, scheme):
    page = await visit("/", screen=screen, color_scheme=scheme)
    for address in PAGES:
        await page.goto(address.format(site.agency))
        await assert_accessible(page)
    await page.goto(FIRST.format(site.agency))
    await open_all(page)
    await assert_accessible(page)


@pytest.mark.parametrize("width", [320, 360, 1280])
async def test_nothing_is_wider_than_the_screen(visit, site, width):
    page = await visit("/", width=width)
    for address in PAGES:
        await page.goto(address.format(site.agency))
        await open_all(page)
        assert await page.evaluate("document.documentElement.scrollWidth") == width, address


async def test_what_can_be_tapped_is_large_enough(visit, site):
    page = await visit("/")
    for address in PAGES:
        await page.goto(address.format(site.agency))
        await open_all(page)
        assert await too_small(page, "button, summary, .links a, .ways a, input") == [], address


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("screen", ["phone", "desktop"])
async def test_a_search_finds_and_its_answer_has_an_address(visit, site, screen, scripts):
    page = await visit(FIRST.format(site.agency), screen=screen, java_script_enabled=scripts)
    await page.get_by_role("searchbox", name="ค้นหาคำตอบ").fill(QUESTION)
    await page.get_by_role("button", name="ค้นหา").click()
    await expect(page.locator("h1")).to_have_text(f"ผลการค้นหา “{QUESTION}”")
    assert QUESTION not in page.url
    await expect(page.get_by_role("searchbox")).to_have_value(QUESTION)

    await page.locator("article h2 a").click()
    await expect(page).to_have_url(re.compile(ENTRY + "$"))
    await expect(page.locator("dt")).to_have_text(["ที่มา", "หน่วยงานที่ดูแล", "ปรับปรุงล่าสุด"])
    await expect(page.locator("h1")).to_contain_text("ประวัติ")


async def test_everything_can_be_done_by_keyboard(visit, site):
    page = await visit(FIRST.format(site.agency), screen="desktop")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await expect(page.locator(".skip")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.locator("#q")).to_be_focused()
    await page.keyboard.type("แผน")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="หมายถึงเรื่องไหน")).to_be_visible()

    await page.goto(FIRST.format(site.agency))
    topic = page.locator("summary").first
    await topic.focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.closest('details').open")
    await page.keyboard.press("Enter")
    await expect(page.locator("article h1")).to_be_visible()


async def test_the_other_language_is_the_same_page(visit, site):
    page = await visit(ONE.format(site.agency))
    await page.get_by_role("link", name="English").click()
    await expect(page).to_have_url(re.compile(ENTRY + r"\?lang=en$"))
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.get_by_role("button", name="Wrong or outdated")).to_be_visible()
    await page.get_by_role("link", name="Questions and answers").click()
    await expect(page.locator("h1")).to_have_text("Questions and answers")


@pytest.mark.parametrize("scripts", [True, False])
async def test_useful_leads_into_the_chat_and_is_kept(visit, site, scripts):
    before = len(await kept(site, AnswerVote))
    page = await visit(ONE.format(site.agency), java_script_enabled=scripts)
    await page.get_by_role("button", name="ไม่มีประโยชน์").click()

    await expect(page).to_have_url(re.compile("/chat#end$"))
    await expect(page.locator("#log .you .words")).to_have_text(["ไม่มีประโยชน์"])
    await expect(page.locator("#log .bot .words")).to_contain_text("ขอบคุณที่บอก")
    votes = await kept(site, AnswerVote)
    assert len(votes) == before + 1
    assert (votes[-1].entry, votes[-1].useful) == (ENTRY, False)


@pytest.mark.parametrize("scripts", [True, False])
async def test_what_is_wrong_is_said_in_the_chat_and_kept(visit, site, scripts):
    page = await visit(ONE.format(site.agency), java_script_enabled=scripts)
    await page.get_by_role("button", name="คำตอบผิดหรือเก่า").click()
    await expect(page.locator("#log .bot .words").last).to_contain_text("ผิดหรือเก่าตรงไหน")
    words = "เว็บนี้เปิดไม่ได้" if scripts else "ชื่อผู้ว่าในหน้านี้เป็นคนเก่า"
    await page.fill("#text", words)
    await page.click(".send")

    for button in ("ข้าม", "ไม่มี", "ไม่บอกชื่อ", "ส่งเรื่อง"):
        name = re.compile(rf"^(\d+\W*)?{button}$")  # a choice of a list has its number before it
        await page.locator("#log .bot").last.get_by_role("button", name=name).click()
    await expect(page.locator("#log .bot .words").last).to_contain_text("เลขติดตาม")
    tickets = await kept(site, Ticket)
    assert (tickets[-1].entry, tickets[-1].what) == (ENTRY, words)


async def test_what_a_search_does_not_find_can_be_asked_in_the_chat(visit, site):
    page = await visit(FIRST.format(site.agency) + "?q=" + STRANGE)
    await page.get_by_role("button", name="ถามในแชต").click()

    await expect(page.locator("#log .you .words")).to_have_text([STRANGE])
    await expect(page.locator("#log .bot .words")).to_contain_text("1111")


async def test_the_chat_leads_to_the_page_and_out_of_a_frame_into_a_tab(visit, site):
    page = await visit(f"/{site.agency}/chat?embed=1")
    link = page.get_by_role("link", name="ดูคำถามและคำตอบทั้งหมด")
    await expect(link).to_have_attribute("target", "_blank")
    await page.goto(f"/{site.agency}/chat?lang=en")
    await page.get_by_role("link", name="See all questions and answers").click()
    await expect(page.locator("h1")).to_have_text("Questions and answers")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_paper_gets_the_answer_its_source_and_its_address(visit, site, scheme):
    page = await visit(ONE.format(site.agency), color_scheme=scheme)
    await page.emulate_media(media="print")
    for shown in ("article h1", ".proof", ".printed", ".name"):
        await expect(page.locator(shown)).to_be_visible()
    for hidden in (".search", ".verdict", ".ways", ".others", ".where"):
        await expect(page.locator(hidden)).to_be_hidden()
    await expect(page.locator(".printed")).to_contain_text(page.url)
    assert await ink(page, "body") == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
    assert pages_of(await page.pdf()) == 1

    await page.goto(FIRST.format(site.agency))
    closed = page.locator("details .links a").first
    await expect(closed).to_be_visible()
    assert await closed.evaluate("one => one.getBoundingClientRect().height") > 10


async def test_no_page_is_heavy(visit, site):
    page = await visit(FIRST.format(site.agency))
    sheet = await page.request.get("/static/thamdai/questions_page.css")
    assert len(await sheet.body()) < 12 * KILOBYTE
    for address in PAGES:
        found = await page.request.get(address.format(site.agency))
        assert len(await found.body()) < 80 * KILOBYTE, address


async def ink(page: Page, where: str) -> tuple[str, str]:
    """Colours of letters and paper."""
    script = "one => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]"
    colour, paper = await page.locator(where).evaluate(script)
    return colour, paper


def pages_of(pdf: bytes) -> int:
    """How many sheets."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


async def kept(site, table) -> list:
    """Every row of this table, oldest first."""
    async with site.program.database.session() as session:
        return list(await session.scalars(select(table).order_by(table.id)))
