"""The staff page of the chat menu: how it looks, which platforms show it, and the button."""

import io
from collections.abc import AsyncIterator

import orjson
import pytest
from PIL import Image

from admin.officers import Role
from bot.tables import account_of
from tests.admin.conftest import Browser, House
from tests.fakes import AGENCY
from tests.platforms import FakeLine, FakeTelegram, Fault, line_channel, listening, telegram_channel

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HERE = f"/admin/{AGENCY}/menus"


@pytest.fixture
async def platforms(house: House) -> AsyncIterator[tuple[FakeLine, FakeTelegram]]:
    """Both platforms, each with an account of the agency."""
    line, telegram = FakeLine(), FakeTelegram()
    async with listening(line, telegram):
        channels = {"line": line_channel(line.url), "telegram": telegram_channel(telegram.url)}
        named = {account_of(AGENCY, name): channel for name, channel in channels.items()}
        house.equipment.channels.update(named)  # type: ignore[attr-defined]
        yield line, telegram
        for channel in channels.values():
            await channel.close()


@pytest.fixture
async def webmaster(house: House, browser: Browser) -> Browser:
    """Who keeps the menu, logged in."""
    await house.hire("web@example.go.th", Role.WEBMASTER, is_enrolled=True)
    await browser.log_in("web@example.go.th")
    return await browser.send("/admin/code", code=house.code())


async def test_the_page_tells_how_each_platform_stands_and_the_button_mends_it(
    house: House, webmaster: Browser, platforms: tuple[FakeLine, FakeTelegram]
) -> None:
    line, telegram = platforms
    await webmaster.get(HERE)
    assert webmaster.title == "เมนูในแชต"
    assert webmaster.text.count("ยังไม่ตรง ต้องส่งขึ้นใหม่") == 2

    await webmaster.send(HERE)

    assert (webmaster.status, webmaster.path) == (200, f"{HERE}?done=menus_renewed")
    assert webmaster.text.count(">ตรงกับโปรไฟล์<") == 2
    assert set(line.rich.aliases) == {"menu-th", "menu-en"}
    assert telegram.button == {"type": "commands"}
    [row] = [row for row in await house.audit(AGENCY) if row.what == "menus.sync"]
    assert orjson.loads(row.details) == {"line": "renewed", "telegram": "renewed"}


async def test_pressed_again_nothing_is_sent(
    house: House, webmaster: Browser, platforms: tuple[FakeLine, FakeTelegram]
) -> None:
    await webmaster.get(HERE)
    await webmaster.send(HERE)
    line, telegram = platforms
    line.asked.clear()
    telegram.asked.clear()

    await webmaster.send(HERE)

    assert {one.verb for one in line.asked} == {"GET"}
    assert telegram.of("setMyCommands", "setChatMenuButton") == []
    rows = [row for row in await house.audit(AGENCY) if row.what == "menus.sync"]
    assert orjson.loads(rows[-1].details) == {"line": "same", "telegram": "same"}


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault(401), "แจ้งผู้ดูแลระบบให้ตรวจ token"),
        (Fault(429), "รอหนึ่งชั่วโมงแล้วลองใหม่"),
        (Fault(500), "รอสักครู่แล้วลองใหม่"),
    ],
)
async def test_what_failed_is_told_with_what_to_do_and_the_other_platform_is_done(
    webmaster: Browser, platforms: tuple[FakeLine, FakeTelegram], fault: Fault, told: str
) -> None:
    line, telegram = platforms
    await webmaster.get(HERE)
    line.fail("content", fault)

    await webmaster.send(HERE)

    assert webmaster.status == 502
    assert told in webmaster.text
    assert telegram.button == {"type": "commands"}
    await webmaster.send(HERE)
    assert webmaster.status == 200


async def test_an_agency_without_accounts_sees_its_menu_all_the_same(webmaster: Browser) -> None:
    await webmaster.get(HERE)

    assert webmaster.text.count("ยังไม่มีบัญชี") == 2
    assert "คำถามที่ถามบ่อย" in webmaster.text
    assert "[[news.links]]" in webmaster.text
    async with webmaster.http.get(f"{webmaster.url}{HERE}/en") as response:
        assert response.content_type == "image/png"
        assert Image.open(io.BytesIO(await response.read())).size == (2500, 1686)
    await webmaster.get(f"{HERE}/fr")
    assert webmaster.status == 404
