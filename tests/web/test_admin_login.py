"""The staff pages in a real browser: login, second factor, account, staff; their looks."""

import re

import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from admin import invitations, passwords, second_factor, staff
from admin.officers import Role
from bot import clock
from bot.secrets import secret_key
from tests.web.test_chat_looks import assert_accessible

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "ปลาทูทอดกับน้ำพริก 99"
DIGEST = passwords.digest(PASSWORD)
SEED = "0" * 64
OPERATOR = "operator@example.go.th"
SCREENS = [("phone", "light"), ("desktop", "dark")]
"""Size and colours are chosen apart from each other: each of them once is all of them."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def people(site) -> None:
    """An operator with the app, and people who have still to set theirs up."""
    async with site.program.database.session() as session:
        now = clock.now()
        for email, name, role, seed in [
            (OPERATOR, "วิชัย ดูแลระบบ", Role.OPERATOR, SEED),
            ("plain@example.go.th", "สมหญิง ใจดีมีสุขสวัสดิ์พิพัฒนมงคล", Role.REPORTER, None),
            *[
                (f"{screen}-{scheme}@example.go.th", "สมชาย อนุมัติ", Role.APPROVER, None)
                for screen, scheme in SCREENS
            ],
        ]:
            person = await staff.add_person(session, name=name, email=email, now=now)
            person.password, person.second_factor = DIGEST, seed
            place = staff.place_of(site.agency, role)
            await staff.give_role(session, person, agency=place, role=role)


async def log_in(page: Page, email: str) -> None:
    """Type mail address and password."""
    await page.goto("/admin/login")
    await page.get_by_label(re.compile("อีเมล|E-mail")).fill(email)
    await page.get_by_label(re.compile("รหัสผ่าน|Password")).fill(PASSWORD)
    await page.get_by_role("button", name=re.compile("เข้าระบบ|Log in")).click()


async def log_in_as_operator(page: Page, site) -> None:
    """Both steps; a code works once, so it is forgotten that one was used."""
    async with site.program.database.session() as session:
        person = await staff.person_of(session, OPERATOR)
        person.last_step = None
    await log_in(page, OPERATOR)
    secret = second_factor.secret_of(secret_key(site.program.settings.data_dir), SEED)
    await page.locator("#code").fill(pyotp.TOTP(secret).at(clock.now()))
    await page.locator("button.go").click()
    await page.wait_for_url("**/admin/")


TOO_LOW = """(what) => [...document.querySelectorAll(what)].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && box.height < 32
        && one.checkVisibility({ visibilityProperty: true });
}).map((one) => one.outerHTML)"""


async def assert_fits(
    page: Page, tapped: str = "button, summary, input:not([type=hidden]), select"
) -> None:
    """Nothing is wider than the screen, and what is tapped is large enough."""
    inner = await page.evaluate("innerWidth")
    assert await page.evaluate("document.documentElement.scrollWidth") <= inner
    assert await page.evaluate(TOO_LOW, tapped) == []


async def seen(page: Page) -> None:
    """The page is accessible and fits."""
    await assert_accessible(page)
    await assert_fits(page)


@pytest.mark.parametrize(("screen", "scheme"), SCREENS)
async def test_the_second_factor_is_set_up_at_the_first_login(visit, screen, scheme):
    page = await visit("/admin/", screen=screen, color_scheme=scheme)
    await seen(page)
    await log_in(page, f"{screen}-{scheme}@example.go.th")
    await expect(page.locator("h1")).to_have_text("ตั้งค่าการยืนยันขั้นที่สอง")
    await expect(page.get_by_role("img", name="คิวอาร์โค้ด")).to_be_visible()
    await seen(page)
    secret = (await page.locator(".secret").inner_text()).replace(" ", "")
    await page.locator("#code").fill("000000")
    await page.keyboard.press("Enter")
    await expect(page.locator("#code")).to_be_focused()
    await expect(page.locator("#code")).to_have_attribute("aria-describedby", "code-fault")
    await seen(page)
    await page.locator("#code").fill(pyotp.TOTP(secret).at(clock.now()))
    await page.keyboard.press("Enter")
    await expect(page.locator(".codes li")).to_have_count(10)
    await seen(page)
    await page.get_by_role("link", name="ไปต่อ").click()
    await seen(page)


@pytest.mark.parametrize(("screen", "scheme"), SCREENS)
async def test_account_and_staff_pages_are_accessible(visit, site, screen, scheme):
    page = await visit("/admin/", screen=screen, color_scheme=scheme)
    await log_in(page, OPERATOR)
    await seen(page)
    await log_in_as_operator(page, site)
    here = f"/admin/{site.agency}/staff"
    for path in ("/admin/", "/admin/account", here, "/admin/nowhere", "/admin/second-factor"):
        await page.goto(path)
        await seen(page)
    await page.goto(here)
    await page.get_by_role("link", name="สมหญิง").click()
    await seen(page)
    await page.goto("/admin/account")
    await page.locator("summary").first.click()
    await page.get_by_text("ขอรหัสกู้คืนชุดใหม่").first.click()
    await seen(page)
    await page.locator("#new_password").fill("สั้น")
    await page.locator("#again_password").fill("สั้น")
    await page.locator("#password").fill("x")
    await page.get_by_role("button", name="เปลี่ยนรหัสผ่าน").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await seen(page)


async def test_the_operator_adds_an_acting_officer_by_keyboard_alone(visit, site):
    page = await visit("/admin/", screen="desktop")
    await log_in_as_operator(page, site)
    await page.goto(f"/admin/{site.agency}/staff")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.locator("#name").focus()
    for words in ("มานะ รักงาน", "mana@example.go.th", "", "", "1/12/2569", "", "นายก"):
        await page.keyboard.type(words)
        await page.keyboard.press("Tab")
        if "@" in words:
            await page.keyboard.press("ArrowDown")  # the second role
    await page.keyboard.press("Enter")
    await expect(page.locator("#valid_until")).to_be_focused()
    await expect(page.locator("#name")).to_have_value("มานะ รักงาน")
    await expect(page.locator("#role")).to_have_value("approver")
    await page.keyboard.type("31/12/2569")
    await page.keyboard.press("Enter")
    await expect(page.locator(".link")).to_contain_text("/admin/invitation/")
    await seen(page)
    link = await page.locator(".link").inner_text()

    theirs = await visit(link, screen="phone")
    await seen(theirs)
    for name in ("#new_password", "#again_password"):
        await theirs.locator(name).fill(PASSWORD)
    await theirs.keyboard.press("Enter")
    await expect(theirs.locator("h1")).to_contain_text("หน่วยงาน")


async def test_the_language_is_one_click_away_and_the_menu_closes_by_escape(visit, site):
    page = await visit("/admin/")
    await log_in(page, "plain@example.go.th")
    await page.goto("/admin/account")
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("h1")).to_have_text("My account")
    menu = page.locator(".me")
    await menu.locator("summary").click()
    await expect(page.get_by_role("button", name="Log out", exact=True)).to_be_visible()
    await seen(page)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Log out", exact=True)).to_be_hidden()
    await menu.locator("summary").click()
    await page.get_by_role("button", name="Log out", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("logged out")


@pytest.mark.parametrize("screen", ["phone", "desktop"])
async def test_the_first_account_page_is_accessible_and_works_without_scripts(visit, site, screen):
    page = await visit("/admin/first/nothing", screen=screen)
    await seen(page)
    async with site.program.database.session() as session:
        key = secret_key(site.program.settings.data_dir)
        person = await staff.person_of(session, "plain@example.go.th")
        token = await invitations.invite(session, person, key=key, now=clock.now())
    plain = await visit(f"/admin/invitation/{token}", screen=screen, java_script_enabled=False)
    for name in ("#new_password", "#again_password"):
        await plain.locator(name).fill(PASSWORD)
    await plain.locator("button.go").click()
    await expect(plain.locator("h1")).to_contain_text(re.compile("วันนี้|Today"))
