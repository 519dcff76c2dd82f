"""The pages of news as a citizen uses them: finger, keyboard, no scripts, paper; their looks."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from admin import announcements
from admin.announcements import Announcement, Content, Relation, State
from admin.attachments import Attachment, Status
from admin.leaflets import moment
from admin.officers import Post, Role
from bot import clock
from tests.web.test_chat_looks import KILOBYTE, assert_accessible
from tests.web.windows import too_small

pytestmark = pytest.mark.asyncio(loop_scope="module")

AREAS = """
[[news.areas]]
id = "moo-1"
th = "หมู่ 1"
en = "Village 1"

[[news.areas]]
id = "moo-2"
th = "หมู่ 2"
en = "Village 2"
"""
LONG = "https://www.example.go.th/" + "a" * 250
WATER = Content(
    "interruption",
    "services",
    "sao",
    headline_th="น้ำประปาหยุดไหล วันเสาร์ 08.00-16.00 น.",
    text_th=f"การประปาซ่อมท่อเมนหน้าตลาด โปรดสำรองน้ำไว้ใช้\nรายละเอียด {LONG}\nสอบถาม 0 2000 0000",
    headline_en="No tap water on Saturday, 08:00-16:00",
    text_en="The main pipe in front of the market is being repaired. Please store water.",
    areas=("moo-1", "moo-2"),
    place="ตลาดเทศบาล",
    source_url=LONG,
    all_clear_th="น้ำประปากลับมาไหลตามปกติแล้ว",
    all_clear_en="Tap water is back to normal.",
)


@dataclass(frozen=True)
class Told:
    """What stands on the pages."""

    going: int
    ended: int
    corrected: int
    correction: int
    withdrawn: int
    thai: int


def changed(content: Content, **fields: object) -> Content:
    """The same, but for these."""
    return Content(**{name: getattr(content, name) for name in content.__struct_fields__} | fields)


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def told(site) -> Told:
    """Villages in the profile, and one announcement in every state that the public may see."""
    profile = site.program.settings.agencies_dir / site.agency / "profile.toml"
    profile.write_text(profile.read_text("utf-8") + AREAS, "utf-8")
    await site.program.library.refresh()
    now = clock.now()
    day, hour = timedelta(days=1), timedelta(hours=1)
    digest = await site.program.files.put(b"%PDF-1.4 map")
    async with site.program.database.session() as session:

        async def post(content: Content, at: datetime, **columns: object) -> int:
            given = {"state": State.POSTED, "relation": None, "first_id": None, "cleared": []}
            row = Announcement(
                agency=site.agency,
                made_by=1,
                made_at=at,
                changed_at=at,
                posted_at=at,
                signatures_=[],
                **{**given, **columns},
            )
            row.content = content
            post = Post(Role.EXECUTIVE)
            announcements.sign(row, "approve", staff_id=9, name="มานี มีนา", post=post, now=at)
            session.add(row)
            await session.flush()
            return row.id

        file = Attachment(
            agency=site.agency,
            account=f"{site.agency}/staff",
            platform_id="",
            kind="file",
            name="ผังท่อ.pdf",
            status=Status.KEPT,
            size=1_300_000,
            media_type="application/pdf",
            sha256=digest,
            held=True,
            received_at=now,
        )
        session.add(file)
        await session.flush()
        for n in range(21):
            old = changed(WATER, headline_th=f"รับสมัครงาน ครั้งที่ {n}", topic="jobs", areas=())
            await post(old, now - 90 * day + n * hour)
        thai = await post(changed(WATER, headline_en="", text_en=""), now - 9 * day)
        ended = await post(
            changed(WATER, valid_from=now - 5 * day, valid_until=now - 4 * day),
            now - 6 * day,
            ended_at=now - 4 * day,
        )
        await post(WATER, now - 4 * day, relation=Relation.ALL_CLEAR, first_id=ended)
        withdrawn = await post(
            changed(WATER, headline_th="งดเก็บขยะวันจันทร์", headline_en="No waste collection"),
            now - 3 * day,
            state=State.CANCELLED,
            reason="เลื่อนวันเก็บขยะ",
            ended_at=now - 2 * day,
        )
        corrected = await post(WATER, now - 2 * day, edited_at=now - day)
        fixed = changed(WATER, headline_th="น้ำประปาหยุดไหล วันอาทิตย์", valid_until=now + 9 * day)
        correction = await post(fixed, now - day, relation=Relation.CORRECTION, first_id=corrected)
        going = await post(
            changed(
                WATER,
                valid_from=now + day,
                valid_until=now + 2 * day,
                files=((file.id, digest, "ผังท่อ.pdf"),),
            ),
            now - hour,
        )
    return Told(going, ended, corrected, correction, withdrawn, thai)


def addresses(site, told: Told) -> list[str]:
    """Every kind of page there is."""
    home = f"/{site.agency}/news"
    return [
        home,
        f"{home}?lang=en&topic=services&area=moo-1",
        f"{home}?topic=events",
        *(f"{home}/{n}" for n in (told.going, told.ended, told.corrected, told.withdrawn)),
        f"{home}/{told.thai}?lang=en",
        f"{home}/999999",
    ]


@pytest.mark.parametrize(
    ("screen", "scheme"),
    [("phone", "light"), ("phone", "dark"), ("desktop", "light"), ("desktop", "dark")],
)
async def test_the_list_and_a_thread_are_accessible(visit, site, told, screen, scheme):
    page = await visit("/", screen=screen, color_scheme=scheme)
    every = addresses(site, told)
    looked_at = every if (screen, scheme) == ("phone", "dark") else (every[0], every[5])
    for address in looked_at:
        await page.goto(address)
        await assert_accessible(page)


@pytest.mark.parametrize("width", [320, 1280])
async def test_nothing_is_wider_than_the_screen_or_too_small_to_tap(visit, site, told, width):
    page = await visit("/", width=width)
    for address in addresses(site, told):
        await page.goto(address)
        assert await page.evaluate("document.documentElement.scrollWidth") == width, address
        taps = "main button, select, .story h2 a, .ways a, .files a, .date a, .back a, .pills a"
        assert await too_small(page, taps) == [], address


async def test_the_list_says_in_words_what_is_over_corrected_or_withdrawn(visit, site, told):
    page = await visit(f"/{site.agency}/news")
    marks = {
        told.going: [],
        told.corrected: ["แก้ไขแล้ว"],
        told.withdrawn: ["ถอนแล้ว"],
        told.ended: ["สิ้นสุดแล้ว"],
    }
    links = page.locator(".story h2 a")
    found = [int(str(await one.get_attribute("href")).split("/")[-1]) for one in await links.all()]
    assert found[:5] == [told.going, told.corrected, told.withdrawn, told.ended, told.thai]
    assert len(found) == 20
    for number, words in marks.items():
        story = page.locator(".story", has=page.locator(f'a[href$="/news/{number}"]'))
        await expect(story.locator(".mark")).to_have_text(words)
    await expect(page.locator(".story").nth(1).locator("h2")).to_have_text("น้ำประปาหยุดไหล วันอาทิตย์")
    await expect(page.locator(".story").nth(0)).to_contain_text("มีผลถึง")
    await expect(page.locator(".story").nth(2)).not_to_contain_text("ซ่อมท่อ")
    await expect(page.locator(".story").nth(2)).to_contain_text("เหตุผล: เลื่อนวันเก็บขยะ")


@pytest.mark.parametrize("scripts", [True, False])
async def test_news_are_sifted_by_topic_and_area_and_leafed_through(visit, site, told, scripts):
    page = await visit(f"/{site.agency}/news", java_script_enabled=scripts)
    await page.get_by_label("เรื่อง", exact=True).select_option("รับสมัครงาน")
    await page.get_by_role("button", name="แสดง").click()
    await expect(page).to_have_url(re.compile(r"\?topic=jobs&area=$"))
    await expect(page.locator(".story h2")).to_have_count(20)
    await expect(page.locator(".story h2").first).to_have_text("รับสมัครงาน ครั้งที่ 20")
    await expect(page.locator("#topic")).to_have_value("jobs")

    await page.get_by_role("link", name="ข่าวก่อนหน้านี้").click()
    await expect(page.locator(".story h2")).to_have_text(["รับสมัครงาน ครั้งที่ 0"])
    await page.get_by_role("link", name="ข่าวใหม่กว่านี้").click()
    await expect(page).to_have_url(re.compile(r"/news\?topic=jobs$"))
    await page.get_by_label("พื้นที่").select_option("หมู่ 2")
    await page.get_by_label("เรื่อง", exact=True).select_option("กิจกรรมและปฏิทิน")
    await page.get_by_role("button", name="แสดง").click()
    await expect(page.locator(".none")).to_have_text("ยังไม่มีข่าวในรายการนี้")


async def test_a_page_says_everything_that_is_asked_of_it(visit, site, told):
    page = await visit(f"/{site.agency}/news/{told.going}")
    async with site.program.database.session() as session:
        row = await session.get_one(Announcement, told.going)
    facts = dict(
        zip(
            await page.locator(".news dt").all_text_contents(),
            await page.locator(".news dd").all_text_contents(),
            strict=True,
        )
    )

    assert row.posted_at
    assert row.content.valid_until
    assert facts["ประกาศเมื่อ"] == moment(row.posted_at, "th")
    assert re.search(r"25\d\d \d\d:\d\d น\.$", facts["ประกาศเมื่อ"])
    assert facts["มีผลถึง"] == moment(row.content.valid_until, "th")
    assert facts["พื้นที่"] == "หมู่ 1, หมู่ 2"
    assert facts["สถานที่"] == "ตลาดเทศบาล"
    assert facts["หน่วยงานที่ดูแล"] == "องค์การบริหารส่วนตำบลตะปอน"
    assert facts["อนุมัติโดย"] == "ผู้บริหารของหน่วยงาน"
    assert "มานี" not in await page.content()
    assert facts["ที่มา"].startswith(LONG)
    await expect(page.locator("h1")).to_have_text(WATER.headline_th)
    async with page.expect_download() as caught:
        await page.get_by_role("link", name="ผังท่อ.pdf (PDF, 1.2 MB)").click()
    assert (await caught.value).suggested_filename == "ผังท่อ.pdf"
    async with page.expect_download() as caught:
        await page.get_by_role("link", name="เพิ่มลงปฏิทิน").click()
    assert (await caught.value).suggested_filename == f"news-{told.going}.ics"


async def test_what_is_over_says_so_before_anything_else_and_stays(visit, site, told):
    page = await visit(f"/{site.agency}/news/{told.ended}")
    assert (await page.title()).startswith(f"สิ้นสุดแล้ว: {WATER.headline_th}")
    await expect(page.locator("main article > *").first).to_contain_text("ข่าวนี้สิ้นสุดแล้วเมื่อ")
    await expect(page.locator(".news .words")).to_contain_text("โปรดสำรองน้ำ")
    await expect(page.locator(".thread h3")).to_have_text([f"สิ้นสุดแล้ว: {WATER.headline_th}"])
    await expect(page.locator(".thread .words")).to_have_text("น้ำประปากลับมาไหลตามปกติแล้ว")
    await expect(page.locator(".thread time")).to_have_count(1)


async def test_what_was_corrected_is_read_as_it_is_now_and_the_old_words_are_below(
    visit, site, told
):
    page = await visit(f"/{site.agency}/news/{told.corrected}")
    assert (await page.title()).startswith("น้ำประปาหยุดไหล วันอาทิตย์ - ")
    await expect(page.locator("h1")).to_have_text("น้ำประปาหยุดไหล วันอาทิตย์")
    await expect(page.locator(".news dl")).to_contain_text("แก้ไขล่าสุด")
    await expect(page.locator(".thread h2")).to_have_text(["ข้อความเดิม"])
    await expect(page.locator(".thread h3")).to_have_text([WATER.headline_th])
    data = json.loads(str(await page.locator('script[type="application/ld+json"]').text_content()))
    assert data["headline"] == "น้ำประปาหยุดไหล วันอาทิตย์"

    await page.locator(".note").get_by_role("link", name="ข้อความเดิม").click()
    await expect(page).to_have_url(re.compile(f"/news/{told.corrected}#n{told.corrected}$"))
    await expect(page.locator("article:target h3")).to_have_text(WATER.headline_th)
    await expect(page.locator("article:target")).to_be_in_viewport()

    await page.goto(f"/{site.agency}/news/{told.correction}")
    await expect(page).to_have_url(re.compile(f"/news/{told.corrected}#n{told.correction}$"))
    await expect(page.locator("article:target h1")).to_have_text("น้ำประปาหยุดไหล วันอาทิตย์")
    await expect(page.locator("article:target h1")).to_be_in_viewport()


async def test_machines_read_what_people_read(visit, site, told):
    page = await visit(f"/{site.agency}/news/{told.corrected}?lang=en")
    data = json.loads(str(await page.locator('script[type="application/ld+json"]').text_content()))
    here = f"{site.url}/{site.agency}/news/{told.corrected}"

    assert (data["@type"], data["headline"]) == ("NewsArticle", WATER.headline_en)
    assert data["url"] == data["mainEntityOfPage"] == here + "?lang=en"
    assert data["correction"][0]["url"].endswith(f"#n{told.correction}")
    assert data["datePublished"] < data["dateModified"] < data["expires"]
    head = page.locator("head")
    await expect(head.locator("link[rel=canonical]")).to_have_attribute("href", here + "?lang=en")
    await expect(head.locator('link[hreflang="th"]')).to_have_attribute("href", here)

    await page.goto(f"/{site.agency}/news?topic=services")
    kinds = {"rss+xml": "rss", "atom+xml": "atom", "feed+json": "json", "calendar": "ics"}
    for kind, ending in kinds.items():
        link = page.locator(f'head link[rel=alternate][type$="{kind}"]')
        address = f"/{site.agency}/news.{ending}?topic=services"
        await expect(link).to_have_attribute("href", address)
        assert (await page.request.get(address)).status == 200


async def test_english_is_one_click_away_and_what_is_thai_says_so(visit, site, told):
    page = await visit(f"/{site.agency}/news/{told.going}")
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator("h1")).to_have_text(str(WATER.headline_en))
    await page.goto(f"/{site.agency}/news/{told.thai}?lang=en")
    await expect(page.locator(".only")).to_have_text("This announcement is in Thai only.")
    await expect(page.locator("h1")).to_have_attribute("lang", "th")
    await page.get_by_role("link", name="See all news").click()
    await expect(page).to_have_url(re.compile(r"/news\?lang=en$"))
    await expect(page.locator("#topic option").nth(2)).to_have_text("Water, power, waste, roads")


async def test_everything_can_be_done_by_keyboard(visit, site, told):
    page = await visit(f"/{site.agency}/news", screen="desktop")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.locator("#topic")).to_be_focused()
    for _ in range(3):
        await page.keyboard.press("Tab")
    await expect(page.locator(".story h2 a").first).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text(WATER.headline_th)


@pytest.mark.parametrize(
    ("language", "button", "said"),
    [
        ("th", "รับข่าวในเว็บแชต", ("รับข่าว", "เรื่องอะไร")),
        ("en", "Get news in the web chat", ("news alerts", "Which news")),
    ],
)
async def test_the_page_leads_to_the_news_of_the_chat(visit, site, language, button, said):
    page = await visit(f"/{site.agency}/news?lang={language}", java_script_enabled=False)
    await page.get_by_role("button", name=button).click()
    await expect(page).to_have_url(re.compile(r"/chat(\?lang=en)?#end$"))
    await expect(page.locator("#log .you .words")).to_have_text([said[0]])
    await expect(page.locator("#log .bot .words").last).to_contain_text(said[1])


async def test_paper_gets_the_words_the_dates_and_the_address(visit, site, told):
    page = await visit(f"/{site.agency}/news/{told.corrected}", color_scheme="dark")
    await page.emulate_media(media="print")
    for shown in ("h1", ".note", ".news .facts", ".thread article", ".printed"):
        await expect(page.locator(shown)).to_be_visible()
    for hidden in (".subscribe", ".back", ".ways"):
        await expect(page.locator(hidden)).to_be_hidden()
    await expect(page.locator(".printed")).to_contain_text(page.url)
    script = "one => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]"
    assert await page.locator("body").evaluate(script) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]


async def test_no_page_is_heavy(visit, site, told):
    page: Page = await visit("/")
    sheet = await page.request.get("/static/thamdai/news.css")
    assert len(await sheet.body()) < 6 * KILOBYTE
    for address in addresses(site, told):
        assert len(await (await page.request.get(address)).body()) < 60 * KILOBYTE, address
