"""What every channel owes the rest of the program, whatever its platform is like."""

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import structlog

from bot.channels.channel import BadSignature, Channel, DeliveryError, Malformed
from bot.messages import Call, Card, Choice, InboundMessage, Kind, Reply
from tests.platforms import (
    LINE_TOKEN,
    TELEGRAM_SECRET,
    TELEGRAM_TOKEN,
    FakeLine,
    FakeTelegram,
    Fault,
    Platform,
    line_channel,
    line_signature,
    telegram_body,
    telegram_channel,
)

PAYLOADS = Path(__file__).parents[1] / "payloads"
NOW = datetime.now(UTC)  # noqa: TID251 - reply tokens are fresh by the real clock
SAID = "บ้านเลขที่ ๙๙ น้ำไม่ไหล"
REPLY = Reply(
    f"รับเรื่อง: {SAID}",
    (Choice("เมนู", "menu"),),
    Card("g-1", "?", "ระเบียบ", facts=(("ที่มา", "ระเบียบ ข้อ ๑"),), url="https://a.go.th"),
)


@dataclass(frozen=True)
class Side:
    """A channel and its platform, and what differs between platforms in these tests."""

    name: str
    platform: Callable[[], Platform]
    channel: Callable[..., Channel]
    headers: Callable[[bytes], dict[str, str]]
    address: str
    sends: tuple[str, ...]
    """Methods that carry a message."""
    failing: Callable[[int], Fault]
    """An answer with this status, as the platform words it."""
    secrets: tuple[str, ...]


def _line_fault(status: int) -> Fault:
    return Fault(status, {"message": "no"})


def _telegram_fault(status: int) -> Fault:
    wait = {"retry_after": 3} if status == 429 else {}
    return Fault(status, telegram_body(status, "no", **wait))


LINE = Side(
    name="line",
    platform=FakeLine,
    channel=line_channel,
    headers=lambda body: {"x-line-signature": line_signature(body)},
    address="U8189cf6745fc0d808977bdb0b9f22995",
    sends=("reply", "push"),
    failing=_line_fault,
    secrets=(LINE_TOKEN,),
)
TELEGRAM = Side(
    name="telegram",
    platform=FakeTelegram,
    channel=telegram_channel,
    headers=lambda _: {"x-telegram-bot-api-secret-token": TELEGRAM_SECRET},
    address="5551234",
    sends=("sendMessage",),
    failing=_telegram_fault,
    secrets=(TELEGRAM_TOKEN, TELEGRAM_SECRET),
)
SIDES = [LINE, TELEGRAM]


def calls(channel: Channel, cause: InboundMessage | None, side: Side) -> list[Call]:
    """What is sent for a reply, as it comes back from the outbox."""
    planned = json.loads(json.dumps(channel.plan([REPLY], cause, NOW)))
    return [Call(payload, uuid4(), 0, NOW, side.address) for payload in planned]


@pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)
class TestEveryChannel:
    @pytest.fixture
    async def platform(self, side: Side) -> AsyncIterator[Platform]:
        platform = side.platform()
        await platform.start()
        yield platform
        await platform.stop()

    @pytest.fixture
    async def channel(self, side: Side, platform: Platform) -> AsyncIterator[Channel]:
        channel = side.channel(platform.url, timeout=1.5)
        await channel.open()
        platform.asked.clear()
        yield channel
        await channel.close()

    def test_knows_its_name_and_agency(self, side: Side) -> None:
        channel = side.channel("http://127.0.0.1:1")

        assert (channel.name, channel.agency, channel.is_mailbox) == (side.name, "aa", False)

    async def test_is_open_from_its_opening_to_its_closing(
        self, side: Side, channel: Channel
    ) -> None:
        was_open = channel.is_open
        await channel.close()

        assert side.channel("http://127.0.0.1:1").is_open is False
        assert (was_open, channel.is_open) == (True, False)

    def test_reads_a_text(self, side: Side) -> None:
        body = (PAYLOADS / side.name / "text.json").read_bytes()
        channel = side.channel("http://127.0.0.1:1")

        [message] = channel.receive(body, side.headers(body))

        assert message.kind is Kind.TEXT
        assert message.text
        assert (message.contact.agency, message.contact.channel) == ("aa", side.name)
        assert channel.receive(body, side.headers(body)) == [message]

    def test_trusts_nothing_unsigned(self, side: Side) -> None:
        channel = side.channel("http://127.0.0.1:1")

        with pytest.raises(BadSignature):
            channel.receive(b"not even JSON", {})

    def test_calls_signed_garbage_malformed(self, side: Side) -> None:
        channel = side.channel("http://127.0.0.1:1")

        with pytest.raises(Malformed):
            channel.receive(b"garbage", side.headers(b"garbage"))

    def test_header_names_may_be_in_any_case(self, side: Side) -> None:
        body = (PAYLOADS / side.name / "text.json").read_bytes()
        headers = {name.upper(): value for name, value in side.headers(body).items()}

        assert side.channel("http://127.0.0.1:1").receive(body, headers)

    def test_plans_nothing_for_nothing(self, side: Side) -> None:
        channel = side.channel("http://127.0.0.1:1")

        assert channel.plan([], None, NOW) == []
        assert channel.plan([Reply(" \n")], None, NOW) == []

    async def test_sends_what_it_planned(
        self, side: Side, channel: Channel, platform: Platform
    ) -> None:
        for call in calls(channel, None, side):
            await channel.send(call)

        [asked] = platform.of(*side.sends)
        assert SAID in json.dumps(asked.params, ensure_ascii=False)

    @pytest.mark.parametrize(
        ("status", "meaning"),
        [
            (400, ("refused", False)),
            (401, ("credentials", True)),
            (429, ("rate", True)),
            (500, ("server error", True)),
            (503, ("server error", True)),
        ],
    )
    async def test_says_what_a_refusal_means(
        self,
        side: Side,
        channel: Channel,
        platform: Platform,
        status: int,
        meaning: tuple[str, bool],
    ) -> None:
        platform.fail("*", side.failing(status))
        [call] = calls(channel, None, side)

        with pytest.raises(DeliveryError) as caught:
            await channel.send(call)

        assert (caught.value.reason, caught.value.retry) == meaning

    @pytest.mark.parametrize("fault", [Fault(hang=True), Fault(reset=True), Fault(body="<html>")])
    async def test_tries_again_when_nobody_knows_what_became_of_it(
        self, side: Side, channel: Channel, platform: Platform, fault: Fault
    ) -> None:
        platform.fail("*", fault)
        [call] = calls(channel, None, side)

        with pytest.raises(DeliveryError) as caught:
            await channel.send(call)
        await channel.send(call)

        assert caught.value.retry
        assert len(platform.of(*side.sends)) == 2

    async def test_sends_nothing_before_it_is_open(self, side: Side, platform: Platform) -> None:
        channel = side.channel(platform.url)
        [call] = calls(channel, None, side)

        with pytest.raises(DeliveryError) as caught:
            await channel.send(call)

        assert caught.value.retry

    async def test_being_busy_is_shown_and_never_fails(
        self, side: Side, channel: Channel, platform: Platform
    ) -> None:
        await channel.show_busy(side.address)
        platform.fail("*", side.failing(400), Fault(reset=True), Fault(body="odd"))
        for _ in range(4):
            await channel.show_busy(side.address)
        await channel.close()
        await channel.show_busy(side.address)

        assert len(platform.of("start", "sendChatAction")) == 5

    async def test_closes_twice_and_opens_again(
        self, side: Side, channel: Channel, platform: Platform
    ) -> None:
        await channel.close()
        await channel.close()
        await channel.open()
        for call in calls(channel, None, side):
            await channel.send(call)

        assert platform.of(*side.sends)

    async def test_takes_no_proxy_from_the_environment(
        self, side: Side, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        channel = side.channel(platform.url)
        await channel.open()
        for call in calls(channel, None, side):
            await channel.send(call)
        await channel.close()

        assert platform.of(*side.sends)

    async def test_holds_many_connections_at_once(self, side: Side, platform: Platform) -> None:
        channel = side.channel(platform.url, timeout=10)
        await channel.open()
        [call] = calls(channel, None, side)

        await asyncio.gather(*(channel.send(call) for _ in range(60)))

        await channel.close()
        assert len(platform.of(*side.sends)) == 60

    async def test_writes_neither_tokens_nor_words_into_the_log(
        self, side: Side, platform: Platform, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        channel = side.channel(platform.url, timeout=0.2)
        with structlog.testing.capture_logs() as entries:
            await channel.open()
            platform.fail("*", *(side.failing(s) for s in (400, 401, 409, 429, 500)))
            echo = json.dumps({"ok": True, "result": {"text": SAID}})
            platform.fail("*", Fault(body=f"{SAID}<html>"), Fault(body=echo), Fault(hang=True))
            failures = [await self.tried(channel, side) for _ in range(9)]
            await channel.close()

        said = caplog.text + repr(entries) + "".join(failures)
        assert not [secret for secret in (*side.secrets, SAID) if secret in said]

    @staticmethod
    async def tried(channel: Channel, side: Side) -> str:
        """Send, and give back how a failure looks in a log."""
        [call] = calls(channel, None, side)
        try:
            await channel.send(call)
        except DeliveryError as error:
            return "".join(traceback.format_exception(error)) + repr(error)
        return ""

    async def test_says_when_the_platform_cannot_be_reached(self, side: Side) -> None:
        channel = side.channel("http://127.0.0.1:1", timeout=0.5)
        [call] = calls(channel, None, side)
        with suppress(DeliveryError):
            await channel.open()

        with pytest.raises(DeliveryError) as caught:
            await channel.send(call)
        await channel.close()

        assert caught.value.retry
