"""The commands and the menu button of Telegram are what the profile says."""

from collections.abc import AsyncIterator

import pytest

from bot.channels.channel import DeliveryError, Menued
from bot.channels.telegram import TelegramChannel
from bot.chat_menu import ChatMenu
from tests.platforms import FakeTelegram, Fault, telegram_channel

THAI = ChatMenu("th", "อบต.", "เมนู", (), (("menu", "เมนู"), ("news", "ข่าวสาร")))
ENGLISH = ChatMenu("en", "SAO", "Menu", (), (("menu", "Menu"), ("news", "News")))


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    telegram = FakeTelegram()
    await telegram.start()
    yield telegram
    await telegram.stop()


@pytest.fixture
async def channel(telegram: FakeTelegram) -> AsyncIterator[TelegramChannel]:
    channel = telegram_channel(telegram.url, timeout=2)
    yield channel
    await channel.close()


async def test_commands_are_listed_in_each_language_and_the_button_opens_them(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    assert isinstance(channel, Menued)
    assert not await channel.shows_menu([THAI, ENGLISH])

    assert await channel.set_menu([THAI, ENGLISH])

    listed = {lang: [c["description"] for c in told] for lang, told in telegram.commands.items()}
    assert listed == {"": ["เมนู", "ข่าวสาร"], "th": ["เมนู", "ข่าวสาร"], "en": ["Menu", "News"]}
    assert telegram.button == {"type": "commands"}
    assert await channel.shows_menu([THAI, ENGLISH])


async def test_only_what_is_out_of_step_is_sent(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    await channel.set_menu([THAI, ENGLISH])
    telegram.asked.clear()

    assert not await channel.set_menu([THAI, ENGLISH])
    assert telegram.of("setMyCommands", "setChatMenuButton") == []
    telegram.commands["en"] = [{"command": "menu", "description": "Old"}]
    assert not await channel.shows_menu([THAI, ENGLISH])
    assert await channel.set_menu([THAI, ENGLISH])

    assert [one.params["language_code"] for one in telegram.of("setMyCommands")] == ["en"]
    assert telegram.of("setWebhook", "deleteWebhook") == []


async def test_what_telegram_refuses_is_told(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    telegram.fail("getMyCommands", Fault(502, "oops"))

    with pytest.raises(DeliveryError) as refused:
        await channel.set_menu([THAI])

    assert refused.value.retry
