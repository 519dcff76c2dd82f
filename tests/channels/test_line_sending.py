"""Replies are used while they are free, pushes carry a key, and refusals are understood."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.channels.channel import DeliveryError, Metered, Quota
from bot.channels.line import LineChannel
from bot.channels.line_account import BotInfo, WebhookEndpoint
from bot.messages import Attachment, Call
from tests.platforms import LINE_TOKEN, FakeLine, Fault, line_channel

RECEIVED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
KEY = UUID("123e4567-e89b-12d3-a456-426614174000")
PERSON = "U8189cf6745fc0d808977bdb0b9f22995"
MESSAGES = [{"type": "text", "text": "สวัสดี"}]
INVALID_TOKEN = Fault(400, {"message": "Invalid reply token"})


class Watch:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = RECEIVED + timedelta(seconds=1)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def line() -> AsyncIterator[FakeLine]:
    line = FakeLine()
    await line.start()
    yield line
    await line.stop()


@pytest.fixture
async def channel(line: FakeLine, watch: Watch) -> AsyncIterator[LineChannel]:
    channel = line_channel(line.url + "/", now=watch, timeout=2)
    await channel.open()
    yield channel
    await channel.close()


def answer(*, attempts: int = 0, **changes: Any) -> Call:
    """A call that may reply."""
    until = int(RECEIVED.timestamp()) + 50
    payload = {"messages": MESSAGES, "reply_token": "token", "reply_until": until, **changes}
    return Call(payload, KEY, attempts, RECEIVED, PERSON)


def news(attempts: int = 0) -> Call:
    """A call that can only push."""
    return Call({"messages": MESSAGES}, KEY, attempts, RECEIVED, PERSON)


async def failure(channel: LineChannel, call: Call) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await channel.send(call)
    return caught.value


async def test_accounts_send_each_with_its_own_token_and_connections(
    channel: LineChannel, line: FakeLine
) -> None:
    other = LineChannel(
        "bb", "s", "another", api_url=line.url, data_url=line.url, skipped=lambda _: None
    )
    await other.open()
    await channel.send(answer())
    assert (await failure(other, news())).reason == "credentials"
    await other.close()
    await channel.send(answer())

    tokens = [asked.headers["Authorization"] for asked in line.asked]
    assert tokens == [f"Bearer {token}" for token in (LINE_TOKEN, "another", LINE_TOKEN)]


async def test_a_fresh_token_replies_without_a_key(channel: LineChannel, line: FakeLine) -> None:
    await channel.send(answer())

    [asked] = line.asked
    assert asked.path == "/v2/bot/message/reply"
    assert asked.headers["Authorization"] == f"Bearer {LINE_TOKEN}"
    assert "X-Line-Retry-Key" not in asked.headers
    assert asked.params["replyToken"] == "token"
    assert asked.params["messages"] == MESSAGES


async def test_without_a_token_it_pushes_with_the_key(channel: LineChannel, line: FakeLine) -> None:
    await channel.send(news())

    [asked] = line.asked
    assert asked.path == "/v2/bot/message/push"
    assert asked.headers["X-Line-Retry-Key"] == str(KEY)
    assert (asked.params["to"], asked.params["messages"]) == (PERSON, MESSAGES)


@pytest.mark.parametrize("seconds", [51, 3600])
async def test_a_stale_token_is_not_tried(
    channel: LineChannel, line: FakeLine, watch: Watch, seconds: int
) -> None:
    watch.now = RECEIVED + timedelta(seconds=seconds)

    await channel.send(answer())

    assert [asked.method for asked in line.asked] == ["push"]


async def test_a_plan_made_late_does_not_make_the_token_younger(
    channel: LineChannel, line: FakeLine, watch: Watch
) -> None:
    watch.now = RECEIVED + timedelta(seconds=70)

    await channel.send(answer(reply_until=int(watch.now.timestamp()) + 50))

    assert [asked.method for asked in line.asked] == ["push"]


async def test_a_token_refused_at_first_leads_to_a_push(
    channel: LineChannel, line: FakeLine
) -> None:
    line.fail("reply", INVALID_TOKEN)

    await channel.send(answer())

    assert [asked.method for asked in line.asked] == ["reply", "push"]


async def test_a_token_used_by_an_earlier_try_means_that_it_arrived(
    channel: LineChannel, line: FakeLine
) -> None:
    line.fail("reply", Fault(hang=True), INVALID_TOKEN)

    assert (await failure(channel, answer())).retry
    await channel.send(answer(attempts=1))

    assert [asked.method for asked in line.asked] == ["reply", "reply"]


async def test_a_push_after_a_refused_token_is_tried_again_as_a_push(
    channel: LineChannel, line: FakeLine
) -> None:
    """Else the refusal would look like an earlier success, and nothing would ever arrive."""
    line.fail("reply", INVALID_TOKEN, INVALID_TOKEN)
    line.fail("push", Fault(503))

    assert (await failure(channel, answer())).retry
    await channel.send(answer(attempts=1))

    assert [asked.method for asked in line.asked] == ["reply", "push", "push"]


async def test_a_push_accepted_before_is_a_success(channel: LineChannel, line: FakeLine) -> None:
    line.fail("push", Fault(409, {"message": "The retry key is already accepted"}))

    await channel.send(news(attempts=1))


REFUSALS: dict[str, tuple[Fault, DeliveryError]] = {
    "monthly limit": (
        Fault(429, {"message": "You have reached your monthly limit."}),
        DeliveryError("quota", retry=False),
    ),
    "rate limit": (
        Fault(429, {"message": "The API rate limit has been exceeded. Try again later."}),
        DeliveryError("rate", retry=True),
    ),
    "rate limit with a time": (
        Fault(429, {"message": "Too Many"}, {"Retry-After": "7"}),
        DeliveryError("rate", retry=True, after=7),
    ),
    "rate limit with a date": (
        Fault(429, {"message": "Too Many"}, {"Retry-After": "Sat, 21 Nov 2026 03:00:00 GMT"}),
        DeliveryError("rate", retry=True),
    ),
    "bad token": (
        Fault(401, {"message": "-"}),
        DeliveryError("credentials", retry=True, after=60.0),
    ),
    "not allowed": (
        Fault(403, {"message": "-"}),
        DeliveryError("credentials", retry=True, after=60.0),
    ),
    "bad request": (Fault(400, {"message": "-"}), DeliveryError("refused", retry=False)),
    "too large": (Fault(413, "too large"), DeliveryError("refused", retry=False)),
    "server error": (Fault(500, "oops"), DeliveryError("server error", retry=True)),
    "bad gateway": (Fault(502, "<html>"), DeliveryError("server error", retry=True)),
    "hang": (Fault(hang=True), DeliveryError("timeout", retry=True)),
    "reset": (Fault(reset=True), DeliveryError("connection", retry=True)),
    "odd answer": (Fault(200, "<html>"), DeliveryError("odd answer", retry=True)),
    "odd object": (Fault(200, {"sentMessages": 7}), DeliveryError("odd answer", retry=True)),
}


@pytest.mark.parametrize("method", ["reply", "push"])
@pytest.mark.parametrize("name", REFUSALS)
async def test_what_an_answer_means(
    channel: LineChannel, line: FakeLine, name: str, method: str
) -> None:
    fault, meaning = REFUSALS[name]
    line.fail(method, fault)

    error = await failure(channel, answer() if method == "reply" else news())

    assert error == meaning
    assert len(line.asked) == 1


async def test_nothing_planned_is_lost_in_the_sdk(channel: LineChannel, line: FakeLine) -> None:
    """The SDK silently drops what it does not know; so what arrives is compared."""
    text = {"type": "text", "text": "ก", "wrap": True, "scaling": True, "size": "sm", "flex": 2}
    body = {"type": "box", "layout": "baseline", "contents": [text], "spacing": "sm"}
    link = {"type": "uri", "label": "ที่มา", "uri": "https://a.go.th"}
    foot = {"type": "button", "style": "link", "height": "sm", "action": link}
    bubble = {
        "type": "bubble",
        "size": "mega",
        "body": {"type": "box", "layout": "vertical", "contents": [body], "spacing": "md"},
        "footer": {"type": "box", "layout": "vertical", "contents": [foot]},
    }
    tap = {"type": "postback", "label": "เมนู", "data": "menu", "displayText": "เมนู"}
    quick = {"items": [{"type": "action", "action": tap}]}
    flex = {"type": "flex", "altText": "ก", "contents": bubble, "quickReply": quick}

    await channel.send(Call({"messages": [flex]}, KEY, 0, RECEIVED, PERSON))

    assert line.asked[0].params["messages"] == [flex]


async def test_being_busy_is_shown_to_persons_only(channel: LineChannel, line: FakeLine) -> None:
    await channel.show_busy("Ca56f94637cc4347f90a25382909b24b9")
    await channel.show_busy(PERSON)

    [asked] = line.asked
    assert asked.path == "/v2/bot/chat/loading/start"
    assert asked.params == {"chatId": PERSON, "loadingSeconds": 20}


async def test_the_account_and_its_webhook_can_be_looked_at(
    channel: LineChannel, line: FakeLine
) -> None:
    assert await channel.bot_info() == BotInfo("Bot", "@bot", "bot")
    assert await channel.webhook_endpoint() == WebhookEndpoint("https://a.go.th/hook", active=True)

    line.fail("endpoint", Fault(404, {"message": "Not found"}))
    assert await channel.webhook_endpoint() is None

    line.fail("info", Fault(401, {"message": "-"}))
    with pytest.raises(DeliveryError):
        await channel.bot_info()


async def test_files_are_fetched_from_the_other_host() -> None:
    api, data = FakeLine(), FakeLine()
    await api.start()
    await data.start()
    channel = LineChannel(
        "aa", "s", LINE_TOKEN, api_url=api.url, data_url=data.url + "/", skipped=print
    )
    await channel.open()

    fetched = [piece async for piece in channel.fetch(Attachment("325708"), 1000)]

    assert fetched == [b"\xff\xd8picture"]

    assert [asked.path for asked in data.asked] == ["/v2/bot/message/325708/content"]
    assert not api.asked
    await channel.close()
    await api.stop()
    await data.stop()


async def test_says_what_is_left_of_the_months_quota(channel: LineChannel, line: FakeLine) -> None:
    line.answer("quota", {"type": "limited", "value": 300}, {"type": "limited", "value": 300})
    line.answer("consumption", {"totalUsage": 299}, {"totalUsage": 305})

    assert await channel.quota() == Quota(300, 299)
    assert await channel.quota() == Quota(300, 305)
    assert (await channel.quota()).limit is None


@pytest.mark.parametrize("fault", [Fault(429, {"message": "no"}), Fault(body="<html>"), Fault(500)])
async def test_says_when_it_cannot_be_told_what_is_left(
    channel: LineChannel, line: FakeLine, fault: Fault
) -> None:
    line.fail("quota", fault)

    with pytest.raises(DeliveryError):
        await channel.quota()


def test_is_a_channel_whose_pushes_are_counted() -> None:
    assert isinstance(line_channel("http://127.0.0.1:1"), Metered)
