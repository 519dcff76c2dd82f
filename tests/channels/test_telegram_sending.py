"""Telegram is registered with and sent to; its refusals are understood."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from bot.channels.channel import DeliveryError
from bot.channels.telegram import TelegramChannel
from bot.messages import Call
from tests.platforms import (
    TELEGRAM_SECRET,
    FakeTelegram,
    Fault,
    telegram_body,
    telegram_channel,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TEXT = {
    "method": "send_message",
    "params": {"text": "ก", "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}},
}
ANSWERED = {
    "method": "answer_callback_query",
    "params": {"callback_query_id": "77"},
    "best_effort": True,
}


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    telegram = FakeTelegram()
    await telegram.start()
    yield telegram
    await telegram.stop()


@pytest.fixture
async def channel(telegram: FakeTelegram) -> AsyncIterator[TelegramChannel]:
    channel = telegram_channel(telegram.url + "/", timeout=0.5)
    await channel.open()
    telegram.asked.clear()
    yield channel
    await channel.close()


def call(payload: dict[str, Any], address: str = "5551234") -> Call:
    return Call(payload, uuid4(), 0, NOW, address)


def refusal(status: int, description: str, **parameters: Any) -> Fault:
    return Fault(status, telegram_body(status, description, **parameters))


REFUSALS: dict[str, tuple[Fault, DeliveryError]] = {
    "flood": (
        refusal(429, "Too Many Requests: retry after 3", retry_after=3),
        DeliveryError("rate", retry=True, after=3),
    ),
    "blocked": (
        refusal(403, "Forbidden: bot was blocked by the user"),
        DeliveryError("gone", retry=False, gone=True),
    ),
    "no chat": (
        refusal(400, "Bad Request: chat not found"),
        DeliveryError("gone", retry=False, gone=True),
    ),
    "bad text": (
        refusal(400, "Bad Request: can't parse entities"),
        DeliveryError("refused", retry=False),
    ),
    "bad token": (
        refusal(401, "Unauthorized"),
        DeliveryError("credentials", retry=True, after=60.0),
    ),
    "no such bot": (
        refusal(404, "Not Found"),
        DeliveryError("credentials", retry=True, after=60.0),
    ),
    "conflict": (refusal(409, "Conflict"), DeliveryError("conflict", retry=True)),
    "server error": (
        refusal(500, "Internal"),
        DeliveryError("server error", retry=True, unsure=True),
    ),
    "bad gateway": (Fault(502, "<html>"), DeliveryError("server error", retry=True, unsure=True)),
    "hang": (Fault(hang=True), DeliveryError("timeout", retry=True, unsure=True)),
    "reset": (Fault(reset=True), DeliveryError("connection", retry=True, unsure=True)),
    "odd answer": (Fault(200, "<html>"), DeliveryError("odd answer", retry=True, unsure=True)),
    "no result": (Fault(200, {"ok": True}), DeliveryError("odd answer", retry=True, unsure=True)),
    "odd result": (
        Fault(200, {"ok": True, "result": {"date": "x"}}),
        DeliveryError("odd answer", retry=True, unsure=True),
    ),
}


async def refused(
    channel: TelegramChannel, telegram: FakeTelegram, fault: Fault, payload: dict[str, object]
) -> DeliveryError:
    """What sending this comes to where Telegram answers so."""
    telegram.fail("sendMessage", fault)
    with pytest.raises(DeliveryError) as caught:
        await channel.send(call(payload))
    return caught.value


@pytest.mark.parametrize("name", REFUSALS)
async def test_what_an_answer_means(
    channel: TelegramChannel, telegram: FakeTelegram, name: str
) -> None:
    fault, meaning = REFUSALS[name]

    assert await refused(channel, telegram, fault, TEXT) == meaning
    assert len(telegram.asked) == 1


async def test_a_message_that_is_as_wanted_already_is_a_success(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    telegram.fail("sendMessage", refusal(400, "Bad Request: message is not modified: same"))

    await channel.send(call(TEXT))


async def test_a_button_that_waits_no_longer_is_a_success(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    telegram.fail("answerCallbackQuery", refusal(400, "Bad Request: query is too old"))

    await channel.send(call(ANSWERED))

    assert telegram.asked[0].params["callback_query_id"] == "77"


async def test_a_tapped_button_spins_until_its_reply_is_there(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    await channel.send(call({**TEXT, "answers": "77"}))

    assert [asked.method for asked in telegram.asked] == ["sendMessage", "answerCallbackQuery"]
    assert telegram.asked[1].params["callback_query_id"] == "77"


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_tapped_button_stops_spinning_also_where_its_reply_fails(
    channel: TelegramChannel, telegram: FakeTelegram, name: str
) -> None:
    fault, meaning = REFUSALS[name]

    assert await refused(channel, telegram, fault, {**TEXT, "answers": "77"}) == meaning
    assert len(telegram.of("answerCallbackQuery")) == (meaning.after is None)


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_reply_has_arrived_though_its_button_cannot_be_stopped(
    channel: TelegramChannel, telegram: FakeTelegram, name: str
) -> None:
    telegram.fail("answerCallbackQuery", REFUSALS[name][0])

    await channel.send(call({**TEXT, "answers": "77"}))

    assert [asked.method for asked in telegram.asked] == ["sendMessage", "answerCallbackQuery"]


async def test_a_group_that_moved_gets_the_message_at_its_new_place(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    telegram.fail("sendMessage", refusal(400, "upgraded", migrate_to_chat_id=-100777))

    await channel.send(call(TEXT, "-4455"))

    assert [asked.params["chat_id"] for asked in telegram.asked] == ["-4455", "-100777"]


async def test_a_group_that_moved_and_threw_us_out_is_gone(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    moved = refusal(400, "upgraded", migrate_to_chat_id=-100777)
    telegram.fail("sendMessage", moved, refusal(403, "Forbidden: bot was kicked"))

    with pytest.raises(DeliveryError) as caught:
        await channel.send(call(TEXT, "-4455"))

    assert caught.value.gone


async def test_buttons_and_quotes_arrive(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    buttons = [[{"text": "เมนู", "callback_data": "menu"}], [{"text": "ที่มา", "url": "https://a.th"}]]
    quoted = {"message_id": 21, "allow_sending_without_reply": True}
    extra = {"reply_markup": {"inline_keyboard": buttons}, "reply_parameters": quoted}

    await channel.send(call({**TEXT, "params": {**TEXT["params"], **extra}}))  # type: ignore[dict-item]

    params = telegram.asked[0].params
    assert json.loads(params["reply_markup"]) == {"inline_keyboard": buttons}
    assert json.loads(params["reply_parameters"]) == quoted
    assert json.loads(params["link_preview_options"]) == {"is_disabled": True}
    assert params["parse_mode"] == "HTML"


async def test_an_unknown_method_is_refused(channel: TelegramChannel) -> None:
    with pytest.raises(DeliveryError) as caught:
        await channel.send(call({"method": "delete_everything", "params": {}}))

    assert caught.value == DeliveryError("refused", retry=False)


async def opened(telegram: FakeTelegram, **options: Any) -> TelegramChannel:
    channel = telegram_channel(telegram.url, **options)
    await channel.open()
    await channel.close()
    return channel


async def test_opening_registers_webhook_and_commands(telegram: FakeTelegram) -> None:
    await opened(telegram, webhook_url="https://a.go.th/webhooks/telegram/aa")

    [webhook] = telegram.of("setWebhook")
    assert webhook.params["url"] == "https://a.go.th/webhooks/telegram/aa"
    assert webhook.params["secret_token"] == TELEGRAM_SECRET
    assert webhook.params["max_connections"] == "40"
    assert "my_chat_member" in json.loads(webhook.params["allowed_updates"])
    assert "drop_pending_updates" not in webhook.params
    languages = [asked.params.get("language_code") for asked in telegram.of("setMyCommands")]
    assert languages == [None, "th", "en"]


async def test_without_an_address_the_webhook_is_left_alone(telegram: FakeTelegram) -> None:
    await opened(telegram)

    assert not telegram.of("setWebhook", "deleteWebhook")


async def test_a_webhook_without_a_secret_is_not_registered(telegram: FakeTelegram) -> None:
    await opened(telegram, webhook_url="https://a.go.th/hook", secret=None)

    assert not telegram.of("setWebhook")


async def test_polling_takes_the_webhook_away_and_keeps_what_waits(telegram: FakeTelegram) -> None:
    await opened(telegram, mode="polling", webhook_url="https://a.go.th/hook")

    [deleted] = telegram.of("deleteWebhook")
    assert deleted.params == {}
    assert not telegram.of("setWebhook")


async def test_refused_commands_do_not_keep_us_away(telegram: FakeTelegram) -> None:
    telegram.fail("setMyCommands", refusal(400, "Bad Request: BOT_COMMAND_INVALID"))

    await opened(telegram)


async def test_opening_can_be_tried_again(telegram: FakeTelegram) -> None:
    telegram.fail("getMe", refusal(500, "Internal"))
    channel = telegram_channel(telegram.url, webhook_url="https://a.go.th/hook")

    with pytest.raises(DeliveryError) as caught:
        await channel.open()
    await channel.send(call(TEXT))
    await channel.open()
    await channel.close()

    assert caught.value.retry
    assert telegram.of("sendMessage")
    assert telegram.of("setWebhook")


async def test_a_wrong_token_is_said_without_quoting_it(telegram: FakeTelegram) -> None:
    telegram.fail("getMe", refusal(401, "Unauthorized"))
    channel = telegram_channel(telegram.url)

    with pytest.raises(DeliveryError) as caught:
        await channel.open()
    await channel.close()

    assert caught.value == DeliveryError("credentials", retry=True, after=60.0)
    assert caught.value.__suppress_context__
