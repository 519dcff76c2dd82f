"""The page of the chat menu in a real browser: its pictures are there, and it fits."""

import pytest
import pytest_asyncio
from playwright.async_api import expect

from admin import passwords, staff
from admin.officers import Role
from bot import clock
from tests.web.test_admin_login import PASSWORD, SCREENS, assert_fits
from tests.web.test_chat_looks import assert_accessible

pytestmark = pytest.mark.asyncio(loop_scope="module")
HEAD = "head@example.go.th"


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def head(site) -> None:
    """The head of the agency, who may look after the menu too."""
    async with site.program.database.session() as session:
        person = await staff.add_person(session, name="นายก สมมติ", email=HEAD, now=clock.now())
        person.password = passwords.digest(PASSWORD)
        await staff.give_role(session, person, agency=site.agency, role=Role.EXECUTIVE, unit=None)


@pytest.mark.parametrize(("screen", "scheme"), SCREENS)
async def test_the_menu_is_shown_as_people_see_it(visit, site, screen, scheme):
    page = await visit("/admin/login", screen=screen, color_scheme=scheme)
    await page.fill("[name=email]", HEAD)
    await page.fill("[name=password]", PASSWORD)
    await page.click("main button.go")
    await page.get_by_role("link", name="เมนูในแชต").click()

    pictures = page.locator("img.picture")
    await expect(pictures).to_have_count(2)
    for number in range(2):
        await pictures.nth(number).scroll_into_view_if_needed()
        assert (
            await pictures.nth(number).evaluate("one => one.decode().then(() => one.naturalWidth)")
            == 2500
        )
    await assert_fits(page)
    await assert_accessible(page)
    await expect(page.get_by_role("button", name="ส่งขึ้นใหม่")).to_have_count(0)  # no account
