"""Telegram's updates, as captured, become our messages."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.channel import BadSignature, Malformed
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_updates import Me, read_update
from bot.messages import Attachment, Contact, InboundMessage, Kind, Place
from tests.platforms import BOT_NAME, TELEGRAM_TOKEN

PAYLOADS = Path(__file__).parents[1] / "payloads" / "telegram"
PERSON = "5551234"
GROUP = "-1001234567890"
SECRET = "s3cret"
ME = Me(123456789, BOT_NAME, frozenset({"start", "menu", "help"}))

# File -> what its update is, or why it is left out. Every file of the folder is in here.
EXPECTED: dict[str, Kind | str] = {
    "text": Kind.TEXT,
    "text-quoting-odd": Kind.TEXT,
    "start": Kind.FOLLOW,
    "start-payload": Kind.TEXT,
    "command": Kind.TEXT,
    "command-at-bot": Kind.TEXT,
    "edited": Kind.TEXT,
    "edited-caption": Kind.IMAGE,
    "edited-no-caption": Kind.IMAGE,
    "edited-location": "edited",
    "sticker": Kind.STICKER,
    "animation": Kind.STICKER,
    "photo": Kind.IMAGE,
    "video": Kind.VIDEO,
    "video-note": Kind.VIDEO,
    "voice": Kind.AUDIO,
    "audio": Kind.AUDIO,
    "document": Kind.FILE,
    "location": Kind.LOCATION,
    "venue": Kind.LOCATION,
    "contact": Kind.CONTACT_CARD,
    "poll": Kind.OTHER,
    "dice": Kind.OTHER,
    "message-new-kind": Kind.OTHER,
    "message-odd": Kind.OTHER,
    "message-not-object": "unreadable",
    "service-pinned": "service",
    "callback": Kind.CHOICE,
    "callback-odd": Kind.CHOICE,
    "callback-old-message": Kind.CHOICE,
    "callback-no-message": Kind.CHOICE,
    "callback-game": Kind.OTHER,
    "callback-group": Kind.CHOICE,
    "blocked": Kind.UNFOLLOW,
    "unblocked": Kind.FOLLOW,
    "group-added": Kind.JOIN,
    "group-removed": Kind.LEAVE,
    "group-promoted": "my_chat_member",
    "channel-added": "channel",
    "group-text": "group",
    "group-photo": "group",
    "group-command": Kind.TEXT,
    "group-command-ours": Kind.TEXT,
    "group-command-other": "group",
    "group-command-unknown": "group",
    "group-mention": Kind.TEXT,
    "group-mention-other": "group",
    "group-text-mention": Kind.TEXT,
    "group-reply-to-us": Kind.TEXT,
    "group-reply-to-other": "group",
    "group-photo-to-us": Kind.IMAGE,
    "group-members-joined": "service",
    "group-migrated": "service",
    "inline-query": "inline_query",
    "channel-post": "channel_post",
    "business-message": "business_message",
    "update-new-kind": "hologram_pulse",
}


class Reader:
    """A reader of updates, and what it left out."""

    def __init__(self) -> None:
        self.skipped: list[str] = []
        self.channel = TelegramChannel(
            "aa", TELEGRAM_TOKEN, secret=SECRET, commands={}, skipped=self.skipped.append
        )

    def read(self, name: str) -> InboundMessage | None:
        return read_update(load(name), "aa", ME, self.skipped.append)

    def one(self, name: str) -> InboundMessage:
        message = self.read(name)
        assert message
        return message


def load(name: str) -> dict[str, Any]:
    """An update as it came."""
    update: dict[str, Any] = orjson.loads((PAYLOADS / f"{name}.json").read_bytes())
    return update


@pytest.fixture
def reader() -> Reader:
    return Reader()


def test_every_captured_payload_has_its_expectation() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_update_is_read_or_counted(reader: Reader, name: str) -> None:
    message = reader.read(name)

    told = message.kind if message else None
    assert [told or reason for reason in reader.skipped or [""]] == [EXPECTED[name]]


def test_a_text_tells_who_said_what(reader: Reader) -> None:
    update_id = load("text")["update_id"]

    assert reader.one("text") == InboundMessage(
        contact=Contact("aa", "telegram", PERSON),
        event_id=str(update_id),
        kind=Kind.TEXT,
        order=update_id,
        text="น้ำไม่ไหล แจ้งที่ไหน 🙏",
        message_id="11",
        language="th",
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("start-payload", "/start q-hours_2"),
        ("command", "/menu"),
        ("command-at-bot", "/help ทำไง"),
        ("group-command", "/menu"),
        ("group-command-ours", "/help"),
        ("group-mention", "🙏 น้ำไม่ไหล"),
        ("group-text-mention", "เวลาทำการ"),
        ("group-reply-to-us", "แล้ววันเสาร์ล่ะ"),
        ("photo", "ไฟดับหน้าตลาด"),
        ("text-quoting-odd", "หมายถึงอันนี้"),
    ],
)
def test_what_is_said_less_our_name(reader: Reader, name: str, text: str) -> None:
    assert reader.one(name).text == text


def test_a_group_is_one_contact(reader: Reader) -> None:
    message = reader.one("group-mention")

    assert (message.contact.address, message.group) == (GROUP, True)


def test_an_edit_says_so(reader: Reader) -> None:
    message = reader.one("edited")

    assert (message.edited, message.message_id) == (True, "11")


def test_an_edited_caption_comes_with_its_file(reader: Reader) -> None:
    edited, bare = reader.one("edited-caption"), reader.one("edited-no-caption")

    assert edited.edited
    assert bare.edited
    assert (edited.message_id, edited.text, bare.text) == ("11", "ไฟดับหน้าวัด", None)
    assert edited.attachment == reader.one("photo").attachment


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("callback", PERSON),
        ("callback-old-message", PERSON),
        ("callback-no-message", PERSON),
        ("callback-odd", PERSON),
        ("callback-game", PERSON),
        ("callback-group", GROUP),
    ],
)
def test_every_tapped_button_can_be_answered(reader: Reader, name: str, address: str) -> None:
    message = reader.one(name)

    assert message.handle == load(name)["callback_query"]["id"]
    assert message.contact.address == address


def test_files_and_places_are_told(reader: Reader) -> None:
    photo, file, venue = reader.one("photo"), reader.one("document"), reader.one("venue")

    assert photo.attachment == Attachment("PHOTO-LARGE", size=90000)
    assert file.attachment == Attachment("DOC", "คำร้อง.docx", 777)
    assert venue.place == Place(15.2993, 100.3447, "วัดหน้าพระธาตุ", "อ.เมือง สิงห์บุรี")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Telegram-Bot-Api-Secret-Token": ""},
        {"X-Telegram-Bot-Api-Secret-Token": SECRET + "x"},
        {"X-Telegram-Bot-Api-Secret-Token": "ความลับ"},
    ],
)
def test_a_wrong_secret_is_refused_before_anything_is_read(
    reader: Reader, headers: dict[str, str]
) -> None:
    for body in (b"not json", b'{"update_id":1}'):
        with pytest.raises(BadSignature):
            reader.channel.receive(body, headers)


@pytest.mark.parametrize("secret", [None, ""])
def test_no_secret_means_that_nobody_is_trusted(secret: str | None) -> None:
    channel = TelegramChannel("aa", TELEGRAM_TOKEN, secret=secret, commands={}, skipped=print)

    with pytest.raises(BadSignature):
        channel.receive(b'{"update_id":1}', {"x-telegram-bot-api-secret-token": ""})


@pytest.mark.parametrize("body", [b"", b"nothing", b"[]", b"{}", b'{"update_id":"x"}', b"\xff"])
def test_a_body_that_is_not_telegrams_is_malformed(reader: Reader, body: bytes) -> None:
    with pytest.raises(Malformed):
        reader.channel.receive(body, {"x-telegram-bot-api-secret-token": SECRET})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
PARTS = ["message", "edited_message", "callback_query", "my_chat_member"]
FIELDS = ["chat", "from", "text", "entities", "date", "photo", "location", "message", "id", "data"]
CHATS = st.fixed_dictionaries({"id": st.integers(), "type": st.sampled_from(["private", "group"])})
ODD = st.dictionaries(st.sampled_from(FIELDS), JSON | CHATS, max_size=6)
UPDATES = st.dictionaries(st.sampled_from(PARTS), ODD | JSON, max_size=2)


@given(UPDATES, JSON | st.integers())
def test_no_update_is_odd_enough_to_raise(update: dict[str, Any], update_id: object) -> None:
    skipped: list[str] = []

    message = read_update({"update_id": update_id, **update}, "aa", ME, skipped.append)

    assert (message is None) == bool(skipped)


@given(st.sampled_from(sorted(EXPECTED)), st.data())
def test_no_field_gone_wrong_makes_an_update_raise(name: str, data: st.DataObject) -> None:
    update = load(name)
    whole = update[next(key for key in update if key != "update_id")]
    if isinstance(whole, dict):
        whole[data.draw(st.sampled_from(sorted(whole)))] = data.draw(JSON)

    read_update(update, "aa", ME, lambda _: None)
