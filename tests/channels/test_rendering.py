"""What is planned is within the platforms' limits and says all that the replies say."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from re import fullmatch, sub
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.line_messages import requests
from bot.channels.splitting import is_blank, units
from bot.channels.telegram_messages import calls
from bot.messages import Card, Choice, Contact, InboundMessage, Kind, Reply
from tests.platforms import line_channel

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
WORDS = st.text(alphabet="กนำ้เแไ่ะา <b>&*_\n🙏a.1", max_size=60)
LONG = st.builds(lambda word, times: word * times, WORDS, st.integers(0, 300))
TEXTS = st.one_of(WORDS, LONG)
CHOICES = st.lists(
    st.builds(Choice, label=TEXTS, value=st.text("abc:-19", min_size=1, max_size=60)), max_size=20
).map(tuple)
CARDS = st.builds(
    Card,
    entry=st.just("e"),
    question=WORDS,
    source=WORDS,
    facts=st.lists(st.tuples(WORDS, TEXTS), max_size=6).map(tuple),
    url=st.sampled_from(
        [None, "", "http://a.go.th", "https://กข.ไทย/ก ข?ค=1", "https://x", "ftp:"]
    ),
)
REPLIES = st.lists(
    st.builds(Reply, text=TEXTS, choices=CHOICES, card=st.none() | CARDS), max_size=7
)

CARD = Card(
    entry="g-hours",
    question="เปิดกี่โมง",
    source="แนวทางปฏิบัติ",
    facts=(("ที่มา", "แนวทางปฏิบัติ ข้อ ๔.๒"), ("ปรับปรุง", "21 พ.ย. 2569")),
    url="https://www.example.go.th/กฎ",
)
MENU = (Choice("เมนู", "menu"), Choice("เจ้าหน้าที่", "agent"), Choice("แจ้งว่าคำตอบนี้ไม่ถูกต้อง", "no"))
ANSWER = Reply("เปิด 8.30 น.\n\nปิด 16.30 น.", MENU, CARD)
LINE_CAUSE = InboundMessage(
    Contact("aa", "line", "U1"), "e1", Kind.TEXT, 1, text="?", handle="reply-token"
)
TAP = InboundMessage(
    Contact("aa", "telegram", "7"), "e1", Kind.CHOICE, 1, choice="menu", handle="query"
)


def strings(part: object) -> list[str]:
    """Every text that a Flex message shows."""
    if isinstance(part, list):
        return [text for one in part for text in strings(one)]
    if not isinstance(part, dict):
        return []
    own = [part["text"]] if part.get("type") == "text" else []
    return own + [text for value in part.values() for text in strings(value)]


def squeezed(text: str) -> str:
    """The text without blanks, which renderers may move."""
    return sub(r"\s+", "", text)


class TestLine:
    @given(REPLIES)
    def test_every_request_is_within_limits(self, replies: list[Reply]) -> None:
        planned = requests(replies)

        assert all(1 <= len(messages) <= 5 for messages in planned)
        for message in [message for messages in planned for message in messages]:
            self.check(message)
        lasts = [message for messages in planned for message in messages][:-1]
        assert not any("quickReply" in message for message in lasts)

    @staticmethod
    def check(message: dict[str, Any]) -> None:
        if message["type"] == "text":
            assert set(message) <= {"type", "text", "quickReply"}
            assert not is_blank(message["text"])
            assert units(message["text"]) <= 5000
        else:
            assert set(message) <= {"type", "altText", "contents", "quickReply"}
            assert 1 <= units(message["altText"]) <= 1500
            assert len(json.dumps(message["contents"]).encode()) <= 30_000
            assert all(text.strip() for text in strings(message["contents"]))
        items = message.get("quickReply", {"items": [0]})["items"]
        assert 1 <= len(items) <= 13
        for item in items if items != [0] else []:
            assert 1 <= units(item["action"]["label"]) <= 20
            assert 1 <= units(item["action"]["displayText"]) <= 300

    @given(REPLIES)
    def test_everything_said_is_sent(self, replies: list[Reply]) -> None:
        sent = [message for messages in requests(replies) for message in messages]

        said = "".join(str(message.get("text") or message["altText"]) for message in sent)
        for reply in replies:
            if not is_blank(reply.text):
                assert squeezed(reply.text.strip()) in squeezed(said)
            for _, value in reply.card.facts if reply.card else ():
                assert is_blank(value) or squeezed(value) in squeezed(said)

    def test_an_answer_is_a_bubble_with_its_facts_and_a_link(self) -> None:
        [[message]] = requests([ANSWER])

        assert message["type"] == "flex"
        assert message["altText"] == (
            "เปิด 8.30 น.\n\nปิด 16.30 น.\n\nที่มา: แนวทางปฏิบัติ ข้อ ๔.๒\nปรับปรุง: 21 พ.ย. 2569"
        )
        bubble: Any = message["contents"]
        body = bubble["body"]["contents"]
        assert [part["type"] for part in body] == ["text", "text", "separator", "box", "box"]
        assert all(part["wrap"] for part in body if part["type"] == "text")
        assert bubble["footer"]["contents"][0]["action"] == {
            "type": "uri",
            "label": "ที่มา",
            "uri": "https://www.example.go.th/%E0%B8%81%E0%B8%8E",
        }

    def test_buttons_answer_with_their_value_and_show_their_words(self) -> None:
        [[message]] = requests([ANSWER])

        quick: Any = message["quickReply"]
        actions = [item["action"] for item in quick["items"]]
        assert [action["data"] for action in actions] == ["menu", "agent", "no"]
        assert actions[2]["label"] == "แจ้งว่าคำตอบนี้ไม่…"
        assert actions[2]["displayText"] == "แจ้งว่าคำตอบนี้ไม่ถูกต้อง"

    def test_a_card_too_long_for_a_bubble_becomes_text_with_everything(self) -> None:
        [[message]] = requests([Reply("ก" * 2000, card=CARD)])

        text = str(message["text"])
        assert message["type"] == "text"
        assert text.endswith("21 พ.ย. 2569\nhttps://www.example.go.th/%E0%B8%81%E0%B8%8E")

    def test_several_replies_share_a_request_and_show_all_buttons_at_the_end(self) -> None:
        replies = [Reply("หนึ่ง", MENU[:1]), Reply(" \n"), Reply("สอง", MENU[:2])]

        [[first, second]] = requests(replies)

        assert "quickReply" not in first
        quick: Any = second["quickReply"]
        assert [item["action"]["data"] for item in quick["items"]] == ["menu", "agent"]

    def test_short_texts_are_joined_before_a_second_request_is_paid_for(self) -> None:
        [messages] = requests([Reply(f"ข้อ {at}") for at in range(7)])

        assert len(messages) == 5
        assert messages[0]["text"] == "ข้อ 0\n\nข้อ 1\n\nข้อ 2"

    def test_only_the_first_request_carries_the_token_and_its_end(self) -> None:
        channel = line_channel("http://127.0.0.1:1")

        planned = channel.plan([Reply("เก๋" * 12_000)], LINE_CAUSE, NOW)

        assert [payload.get("reply_token") for payload in planned] == ["reply-token", None]
        assert planned[0]["reply_until"] == NOW.timestamp() + 50
        assert "reply_until" not in planned[1]

    def test_without_an_event_everything_is_pushed(self) -> None:
        channel = line_channel("http://127.0.0.1:1")

        [payload] = channel.plan([Reply("ข่าว")], None, NOW)

        assert set(payload) == {"messages"}


def plain(html: str) -> str:
    """What Telegram shows of our HTML."""
    assert sub(r"</?b>|&(lt|gt|amp);", "", html).find("<") == -1
    assert html.count("<b>") == html.count("</b>")
    return unescape(html.replace("<b>", "").replace("</b>", ""))


class TestTelegram:
    @given(REPLIES)
    def test_every_call_is_within_limits(self, replies: list[Reply]) -> None:
        for payload in calls(replies, None):
            params: Any = payload["params"]
            assert payload["method"] == "send_message"
            assert params["parse_mode"] == "HTML"
            text = plain(params["text"])
            assert not is_blank(text)
            assert units(text) <= 4096
            for row in params.get("reply_markup", {}).get("inline_keyboard", ()):
                assert 1 <= len(row) <= 2
                assert all(button["text"].strip() for button in row)
                assert all(len(b.get("callback_data", "x").encode()) <= 64 for b in row)

    @given(REPLIES)
    def test_everything_said_is_sent(self, replies: list[Reply]) -> None:
        sent: list[Any] = [payload["params"] for payload in calls(replies, None)]

        said = squeezed("".join(plain(params["text"]) for params in sent))
        for reply in replies:
            assert is_blank(reply.text) or squeezed(reply.text) in said
            for _, value in reply.card.facts if reply.card else ():
                assert is_blank(value) or squeezed(value) in said

    @given(st.text(max_size=300))
    def test_no_text_can_make_html_of_its_own(self, text: str) -> None:
        for payload in calls([Reply(text)], None):
            params: Any = payload["params"]
            assert fullmatch(r"([^<>&]|&(lt|gt|amp);)*", params["text"])

    def test_an_answer_has_its_facts_below_and_buttons(self) -> None:
        [payload] = calls([ANSWER], None)

        assert payload["params"] == {
            "text": (
                "เปิด 8.30 น.\n\nปิด 16.30 น.\n\n"
                "<b>ที่มา</b> แนวทางปฏิบัติ ข้อ ๔.๒\n<b>ปรับปรุง</b> 21 พ.ย. 2569"
            ),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
            "reply_markup": {
                "inline_keyboard": [
                    [
                        {"text": "เมนู", "callback_data": "menu"},
                        {"text": "เจ้าหน้าที่", "callback_data": "agent"},
                    ],
                    [{"text": "แจ้งว่าคำตอบนี้ไม่ถูกต้อง", "callback_data": "no"}],
                    [{"text": "ที่มา", "url": "https://www.example.go.th/%E0%B8%81%E0%B8%8E"}],
                ]
            },
        }

    def test_buttons_stand_under_the_last_part(self) -> None:
        payloads = calls([Reply("เก๋" * 2000, MENU)], None)

        assert ["reply_markup" in payload["params"] for payload in payloads] == [False, True]  # type: ignore[operator]

    def test_buttons_of_a_blank_reply_go_to_the_one_before(self) -> None:
        [payload] = calls([Reply("หนึ่ง"), Reply(" ", MENU)], None)

        params: Any = payload["params"]
        assert len(params["reply_markup"]["inline_keyboard"]) == 2

    def test_a_tapped_button_stops_spinning_with_the_first_reply_and_even_without_one(self) -> None:
        answered = {
            "method": "answer_callback_query",
            "params": {"callback_query_id": "query"},
            "best_effort": True,
        }

        assert calls([], TAP) == [answered]
        replies = calls([Reply("ได้"), Reply("อีก")], TAP)
        assert [payload.get("answers") for payload in replies] == ["query", None]

    def test_a_group_sees_what_is_answered_by_each_message_in_the_topic_where_it_was_said(
        self,
    ) -> None:
        contact = Contact("aa", "telegram", "-100")
        said = InboundMessage(contact, "1", Kind.TEXT, 1, message_id="21", group=True)

        sent: list[Any] = [each["params"] for each in calls([Reply("หนึ่ง"), Reply("สอง")], said)]

        assert [params["reply_parameters"]["message_id"] for params in sent] == [21, 21]


@pytest.mark.parametrize(
    "render", [calls, lambda replies, _: requests(replies)], ids=["tg", "line"]
)
@pytest.mark.parametrize("value", ["", "ก" * 22])
def test_a_value_no_button_holds_is_a_fault_of_the_flow(
    render: Callable[..., object], value: str
) -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        render([Reply("เลือก", (Choice("ก", value),))], None)


@given(REPLIES)
def test_planned_rows_survive_the_database(replies: list[Reply]) -> None:
    channel = line_channel("http://127.0.0.1:1")

    for planned in (channel.plan(replies, LINE_CAUSE, NOW), calls(replies, TAP)):
        assert json.loads(json.dumps(planned)) == planned


@given(CHOICES)
def test_two_buttons_in_a_row_are_both_short(choices: tuple[Choice, ...]) -> None:
    for payload in calls([Reply("เลือก", choices)], None):
        params: Any = payload["params"]
        for row in params.get("reply_markup", {}).get("inline_keyboard", ()):
            visible = [sub("[ัิีึืฺุู็-๎]", "", button["text"]) for button in row]
            assert len(row) == 1 or all(len(label) <= 14 for label in visible)
