"""Long polling loses nothing and outlives its platform's faults."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from bot.channels.channel import NotAccepted
from bot.channels.telegram import TelegramChannel
from bot.messages import InboundMessage
from tests.platforms import FakeTelegram, Fault, telegram_body, telegram_channel

CONFLICT = Fault(409, telegram_body(409, "Conflict: terminated by other getUpdates request"))


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    telegram = FakeTelegram()
    await telegram.start()
    yield telegram
    await telegram.stop()


@pytest.fixture
async def channel(telegram: FakeTelegram) -> AsyncIterator[TelegramChannel]:
    channel = telegram_channel(telegram.url, mode="polling", timeout=0.5)
    await channel.open()
    yield channel
    await channel.close()


def update(number: int) -> dict[str, Any]:
    person = {"id": 7, "is_bot": False, "first_name": "ก"}
    chat = {"id": 7, "type": "private", "first_name": "ก"}
    message = {"message_id": number, "date": 1, "chat": chat, "from": person, "text": str(number)}
    return {"update_id": number, "message": message}


class Inbox:
    """Keeps what it is given, unless it is told to fail."""

    def __init__(self, wanted: int, failures: int = 0) -> None:
        self.kept: list[str | None] = []
        self.full = asyncio.Event()
        self._wanted = wanted
        self._failures = failures

    async def accept(self, messages: Sequence[InboundMessage]) -> None:
        if self._failures:
            self._failures -= 1
            raise NotAccepted
        self.kept += [message.text for message in messages]
        if len(self.kept) >= self._wanted:
            self.full.set()


async def polled(channel: TelegramChannel, inbox: Inbox) -> None:
    """Poll until the inbox is full."""
    stop = asyncio.Event()
    polling = asyncio.create_task(channel.poll(inbox.accept, stop))
    await asyncio.wait_for(inbox.full.wait(), 10)
    await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(polling, 2)


async def test_polling_confirms_only_what_is_kept(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    odd = {"update_id": 12, "hologram": 1}
    telegram.answer("getUpdates", [update(10)], [update(10), update(11), odd])
    inbox = Inbox(2, failures=1)

    await polled(channel, inbox)

    assert inbox.kept == ["10", "11"]
    offsets = [asked.params["offset"] for asked in telegram.of("getUpdates")]
    assert offsets[:3] == ["0", "0", "13"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(409, telegram_body(409, "Conflict: terminated")),
        Fault(reset=True),
        Fault(body="odd"),
        Fault(502),
    ],
    ids=["conflict", "reset", "odd", "gateway"],
)
async def test_polling_outlives_faults(
    channel: TelegramChannel, telegram: FakeTelegram, fault: Fault
) -> None:
    telegram.fail("getUpdates", fault)
    telegram.answer("getUpdates", [update(10)])
    inbox = Inbox(1)

    await polled(channel, inbox)

    assert inbox.kept == ["10"]


async def test_polling_stops_at_once(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    telegram.fail("getUpdates", Fault(hang=True))
    stop = asyncio.Event()
    polling = asyncio.create_task(channel.poll(Inbox(1).accept, stop))
    await asyncio.sleep(0.1)

    stop.set()

    await asyncio.wait_for(polling, 1)
