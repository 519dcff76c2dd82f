"""LINE's webhook bodies, as captured, become our messages."""

import base64
import hmac
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.channel import BadSignature, Malformed
from bot.channels.line import LineChannel
from bot.channels.line_events import read_event
from bot.messages import Attachment, Contact, InboundMessage, Kind, Place
from tests.platforms import LINE_SECRET, LINE_TOKEN, line_signature

PAYLOADS = Path(__file__).parents[1] / "payloads" / "line"
PERSON = "U8189cf6745fc0d808977bdb0b9f22995"
GROUP = "Ca56f94637cc4347f90a25382909b24b9"
ROOM = "Ra8dbf4673c4c812cd491258042226c99"

# File -> what its events are, and what is left out. Every file of the folder is in here.
EXPECTED: dict[str, tuple[list[Kind], list[str]]] = {
    "text": ([Kind.TEXT], []),
    "text-emoji-quote": ([Kind.TEXT], []),
    "image": ([Kind.IMAGE], []),
    "image-set": ([Kind.IMAGE, Kind.IMAGE], []),
    "image-external": ([Kind.IMAGE], []),
    "video": ([Kind.VIDEO], []),
    "audio": ([Kind.AUDIO], []),
    "file": ([Kind.FILE], []),
    "location": ([Kind.LOCATION], []),
    "location-odd": ([Kind.OTHER], []),
    "sticker": ([Kind.STICKER], []),
    "postback": ([Kind.CHOICE], []),
    "postback-dates": ([Kind.CHOICE], []),
    "postback-group": ([Kind.CHOICE], []),
    "follow": ([Kind.FOLLOW], []),
    "follow-unblocked": ([Kind.FOLLOW], []),
    "unfollow": ([Kind.UNFOLLOW], []),
    "unsend": ([Kind.UNSEND], []),
    "join": ([Kind.JOIN], []),
    "join-room": ([Kind.JOIN], []),
    "leave": ([Kind.LEAVE], []),
    "group-text": ([], ["group"]),
    "group-image": ([], ["group"]),
    "group-mention": ([Kind.TEXT], []),
    "group-mention-twice": ([Kind.TEXT], []),
    "group-mention-other": ([], ["group"]),
    "group-mention-all": ([], ["group"]),
    "group-no-user": ([Kind.TEXT], []),
    "group-unsend": ([Kind.UNSEND], []),
    "room-mention": ([Kind.TEXT], []),
    "member-joined": ([], ["memberJoined"]),
    "standby": ([], ["standby"]),
    "redelivery": ([Kind.TEXT], []),
    "several": (
        [Kind.TEXT, Kind.STICKER, Kind.IMAGE, Kind.CHOICE, Kind.TEXT],
        ["holographicGreeting", "standby"],
    ),
    "empty": ([], []),
    "message-new-kind": ([Kind.OTHER], []),
    "unknown-event": ([], ["videoPlayComplete", "beacon", "accountLink", "module"]),
    "no-event-id": ([Kind.TEXT], []),
    "odd-values": (
        [Kind.TEXT, Kind.OTHER, Kind.TEXT, Kind.TEXT, Kind.OTHER, Kind.TEXT],
        ["nobody", "unreadable", "unreadable", "unreadable", "group", "nobody"],
    ),
}


def signed(body: bytes) -> dict[str, str]:
    """The headers LINE sends with a body."""
    return {"X-Line-Signature": line_signature(body)}


class Reader:
    """A channel, and what it left out."""

    def __init__(self) -> None:
        self.skipped: list[str] = []
        self.channel = LineChannel("aa", LINE_SECRET, LINE_TOKEN, skipped=self.skipped.append)

    def read(self, name: str) -> list[InboundMessage]:
        body = (PAYLOADS / f"{name}.json").read_bytes()
        return self.channel.receive(body, signed(body))

    def one(self, name: str) -> InboundMessage:
        [message] = self.read(name)
        return message


@pytest.fixture
def reader() -> Reader:
    return Reader()


def test_every_captured_payload_has_its_expectation() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_event_is_read_or_counted(reader: Reader, name: str) -> None:
    kinds, skipped = EXPECTED[name]

    assert [message.kind for message in reader.read(name)] == kinds
    assert reader.skipped == skipped


def test_a_text_tells_who_said_what_and_how_to_answer(reader: Reader) -> None:
    body = orjson.loads((PAYLOADS / "text.json").read_bytes())["events"][0]

    assert reader.one("text") == InboundMessage(
        contact=Contact("aa", "line", PERSON),
        event_id=body["webhookEventId"],
        kind=Kind.TEXT,
        order=body["timestamp"],
        text="ขอเลขที่คำร้อง 66/๒๕๖๙ ครับ 🙏",
        message_id=body["message"]["id"],
        handle=body["replyToken"],
    )


def test_files_and_places_are_told(reader: Reader) -> None:
    file, place = reader.one("file"), reader.one("location")

    assert file.attachment == Attachment(str(file.message_id), "สำเนาบัตร.pdf", 2138)
    assert place.place == Place(15.2993, 100.3447, "วัดหน้าพระธาตุ", "ต.จักรสีห์ อ.เมือง สิงห์บุรี")


def test_a_picture_kept_elsewhere_cannot_be_fetched_from_line(reader: Reader) -> None:
    assert reader.one("image-external").attachment is None


def test_a_choice_carries_its_value(reader: Reader) -> None:
    assert reader.one("postback").choice == "answer:g-hours"


def test_an_unsent_message_is_named(reader: Reader) -> None:
    assert reader.one("unsend").message_id == "325708"


@pytest.mark.parametrize(
    ("name", "address", "text"),
    [
        ("group-mention", GROUP, "🙏 น้ำไม่ไหล แจ้งที่ไหน"),
        ("group-mention-twice", GROUP, "ช่วย @สมชาย หน่อย"),
        ("group-no-user", GROUP, "เวลาทำการ"),
        ("room-mention", ROOM, "เวลาทำการ"),
    ],
)
def test_a_group_is_heard_when_it_names_us_and_the_name_is_taken_out(
    reader: Reader, name: str, address: str, text: str
) -> None:
    message = reader.one(name)

    assert (message.contact.address, message.group, message.text) == (address, True, text)


def test_a_redelivered_event_is_the_same_event(reader: Reader) -> None:
    first, again = reader.one("redelivery"), reader.one("redelivery")

    assert first == again
    assert first.event_id == "01M0DF0K0000000000000000AB"


def test_an_event_without_an_id_gets_the_same_one_each_time(reader: Reader) -> None:
    first, again = reader.one("no-event-id"), reader.one("no-event-id")

    assert first.event_id == again.event_id
    assert first.event_id.startswith("made-up-")


def test_a_time_in_words_is_no_reason_to_lose_the_event(reader: Reader) -> None:
    orders = [message.order for message in reader.read("odd-values")]

    assert orders[0] > 1_700_000_000_000
    assert orders[3] == 0


SIGNATURES: dict[str, Callable[[bytes], dict[str, str]]] = {
    "missing": lambda _: {},
    "empty": lambda _: {"x-line-signature": ""},
    "garbled": lambda _: {"x-line-signature": "!!not base64!!"},
    "in Thai": lambda _: {"x-line-signature": "ลายเซ็น"},
    "of another body": lambda body: signed(body + b" "),
    "in hex": lambda b: {"x-line-signature": hmac.digest(LINE_SECRET.encode(), b, sha256).hex()},
}


@pytest.mark.parametrize("fault", SIGNATURES)
def test_a_wrong_signature_is_refused_before_anything_is_read(reader: Reader, fault: str) -> None:
    for body in (b'{"events":[]}', b"not json"):
        with pytest.raises(BadSignature):
            reader.channel.receive(body, SIGNATURES[fault](body))


def test_no_secret_means_that_nobody_is_trusted() -> None:
    channel = LineChannel("aa", "", LINE_TOKEN, skipped=print)
    empty = base64.b64encode(hmac.digest(b"", b"{}", sha256)).decode()

    with pytest.raises(BadSignature):
        channel.receive(b"{}", {"x-line-signature": empty})


BODIES = [b"", b"nothing", b"[]", b"{}", b'{"events":{}}', b"\xff\xfe", b"[" * 100_000]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_body_that_is_not_lines_is_malformed(reader: Reader, body: bytes) -> None:
    with pytest.raises(Malformed):
        reader.channel.receive(body, signed(body))


def test_half_surrogates_and_zero_bytes_never_reach_the_database(reader: Reader) -> None:
    event = r'{"type":"message","timestamp":1,"source":{"userId":"U1"},"message":{"type":"text"'
    body = f'{{"events":[{event},"text":"a\\ud83d\\u0000b"}}}}]}}'.encode()

    [message] = reader.channel.receive(body, signed(body))

    assert message.text == "a?\ufffdb"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KEYS = [
    "type",
    "mode",
    "timestamp",
    "source",
    "webhookEventId",
    "message",
    "postback",
    "replyToken",
]
NESTED = ["type", "id", "text", "userId", "groupId", "mention", "data", "latitude", "mentionees"]
TYPES = st.sampled_from(["message", "postback", "unsend", "text", "location", "file"])
ODD = st.dictionaries(st.sampled_from(NESTED), JSON | TYPES, max_size=6)


@given(st.dictionaries(st.sampled_from(KEYS), JSON | TYPES | ODD))
def test_no_event_is_odd_enough_to_raise(event: dict[str, Any]) -> None:
    skipped: list[str] = []

    message = read_event(event, "aa", skipped.append)

    assert (message is None) == bool(skipped)
