"""Menu and cancel work in every state, however they are spelt; nothing a citizen does is lost."""

import pytest
from sqlalchemy import update

from bot.messages import SILENT, Kind
from bot.tables import ContactRow
from tests.dialogues.test_reports import ROAD, road, state_of, values

MENU = "เลือกเรื่องที่ต้องการ หรือพิมพ์คำถามได้เลย"
CANCELLED = "ยกเลิกแล้ว ถามเรื่องใหม่ได้เลย"
MAIN = ["top", "cat", "report", "mine", "contact", "news", "lang:en"]

MENUS = [
    "เมนู", "เมนูครับ", "เมนู ค่ะ", "เมนูคับ", "เ ม นู", "  เมนู  ", "เมนู!", "\u200bเมนู\u200b",
    "g,o^", "เมนูหลัก", "กลับเมนูหลัก", "ขอเมนูหน่อยค่ะ", "หน้าแรก", "menu", "MENU", "Menu please",
    "main menu", "how to use", "/menu", "/MENU", "/menu@thamdai_bot", "/menu now", "/start",
    "/help",
]  # fmt: skip
CANCELS = [
    "ยกเลิก", "ยกเลิกครับ", "ยกเลิก ค่ะ", "ยกเลิกนะคะ", "ยก เลิก", "ยกเลิกกกก", "ขอยกเลิก",
    "ไม่เอาแล้วค่ะ", "cancel", "CANCEL", "Cancel.", "please cancel", "never mind", "/cancel",
]  # fmt: skip
STATES = {
    "new": (),
    "asked back": ("งบประมาณ",),
    "refused twice": ("ราคาทองวันนี้เท่าไหร่", "แมวเป็นหวัดกินยาอะไร"),
    "browsing": ("ข้อมูลที่เปิดเผย", "1"),
    "most asked": ("คำถามที่ถามบ่อย",),
    "language": ("เปลี่ยนภาษา",),
    "wrong number": ("งบประมาณ", "77"),
    "contact": ("ติดต่อ",),
}
GARBAGE = [
    "a:gone", "a:", "a", "a:a:a", "cat:x:p99", "cat:p99", "cat:p", "cat:p²", "cat:p๑", "cat::p1",
    "cat:gone", "cat:p-1", "item", "item:", "item:gone", "lang:fr", "lang:", "none", "none:1", "",
    "🙂", ":", "::", "x" * 300, "top:1", "menu:x", "<script>", "' or 1=1 --", "a:\0", "\u202e",
    "ก" * 300, "contact:9", "cancel:",
]  # fmt: skip
ODD = [
    "", " ", "\n\t", "🙂", "👍🏽👍🏽", "👩\u200d👩\u200d👧", "...", "?", "!!!",
    "\u200b\u200c\u200d\ufeff", "่่่", "ฯ", "ๆ", "_", "1", "๑", "1234567890123", "555", "55555",
    "0", "-1", "3.14", "½", "ข้อ", "no.", "שלום עולם", "مرحبا بالعالم", "\u202eดำกลับหลัง\u202c",
    "中文", "⠓⠑⠇⠇⠕", "ᎣᏏᏲ", "a", "ก", "a\0b", "\ud83d", "<b>ตัวหนา</b>", "{agency}", "%s", "{0}",
    "/", "//", "/unknown", "/start ref_1", "http://example.com", "a@b.co",
    "a" * 40, "ฟ" * 60, "กขคงจฉช" * 30,
    "ก" * 10_000, "ถาม " * 2_500, "\n" * 10_000, "🙂" * 5_000, "a" * 10_000, "๑" * 10_000,
    "่" * 10_000, "กขคง" * 2_500, "\u200b" * 9_999 + "เมนู",
]  # fmt: skip


@pytest.mark.parametrize("state", STATES)
async def test_menu_always_works(town, state):
    for text in MENUS if state in {"new", "asked back"} else MENUS[:3]:
        [reply] = await town.citizen()(*STATES[state], text)
        assert reply.text == MENU or reply.text.startswith("Choose a topic"), text
        assert len(reply.choices) == len(MAIN)


@pytest.mark.parametrize("state", STATES)
async def test_cancel_always_works(town, state):
    for text in CANCELS if state in {"new", "asked back"} else CANCELS[:3]:
        [reply] = await town.citizen()(*STATES[state], text)
        assert reply.text == CANCELLED or reply.text.startswith("Cancelled."), text
        assert len(reply.choices) == len(MAIN)


@pytest.mark.parametrize("said", ["back", "Go back please", "ย้อนกลับ", "กลับค่ะ"])
async def test_going_back_where_nothing_is_told_leads_to_the_menu(talk, said):
    [reply] = await talk("งบประมาณ", said)

    assert reply.text == MENU or reply.text.startswith("Choose a topic")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("i want to report something", "What would you like to report?"),
        ("I want report something", "What would you like to report?"),
        ("i want to complain", "Please tell what happened"),
        ("complaint or problem", "Please tell what happened"),
        ("request for information", "Which information or document"),
        ("my news", "Which news would you like?"),
        ("telephone number please", "Contact "),
        ("check status", "Nothing was reported in this chat yet."),
        ("Status of my report?", "Nothing was reported in this chat yet."),
        ("where is my report?", "Nothing was reported in this chat yet."),
        ("follow up my report", "Nothing was reported in this chat yet."),
        ("cancel news", "This chat gets no news"),
    ],
)
async def test_plain_english_opens_what_the_buttons_name(town, said, shown):
    for slug in ("buriram", "tapon"):
        [reply] = await town.citizen(slug)(said)
        assert reply.text.startswith(shown)


async def test_after_cancelling_a_number_means_the_menu_that_is_shown(talk):
    [reply] = await talk("งบประมาณ", "ยกเลิก", "5")

    assert reply.text.startswith("ติดต่อ จังหวัดบุรีรัมย์")


async def test_the_menu_buttons_all_lead_somewhere(talk):
    for value in MAIN:
        [reply] = await talk(choose=value)
        assert reply.text
        assert reply.choices


@pytest.mark.parametrize("kind", Kind)
async def test_everything_a_citizen_can_send_gets_a_fitting_reply_or_is_silent_by_rule(town, kind):
    replies = await town.citizen().do(kind, text="เมนู", choice="menu")

    assert [len(replies), kind in SILENT] in ([0, True], [1, False])
    for reply in replies:
        assert reply.text.strip()
        assert reply.choices


async def test_every_kind_of_media_has_words_of_its_own(talk):
    kinds = [k for k in Kind if k not in SILENT | {Kind.TEXT, Kind.CHOICE, Kind.FOLLOW, Kind.JOIN}]
    said = {reply.text for kind in kinds for reply in await talk.do(kind)}

    assert len(said) == len(kinds)


@pytest.mark.parametrize("agency", ["buriram", "phetchaburi"])
async def test_garbage_in_a_button_is_answered(town, agency):
    for value in GARBAGE:
        replies = await town.citizen(agency)(choose=value)
        assert replies, value
        assert all(reply.text.strip() for reply in replies), value
        assert replies[-1].choices, value


async def test_a_button_whose_meaning_is_lost_says_so(talk):
    [unknown] = await talk(choose="v0.1-old")
    [gone] = await talk(choose="a:gone")

    assert unknown.text.startswith("ปุ่มนี้ใช้ไม่ได้แล้ว")
    assert gone.text.startswith("คำตอบนี้ถูกถอนหรือเปลี่ยนไปแล้ว")
    assert [choice.value for choice in gone.choices] == MAIN


@pytest.mark.parametrize("state", ["new", "asked back"])
async def test_odd_texts_are_answered(town, state):
    for text in ODD:
        replies = await town.citizen()(*STATES[state], text)
        assert replies, text[:20]
        assert all(reply.text.strip() for reply in replies), text[:20]


@pytest.mark.parametrize("text", ["🙂", "   ", "...", "\u200b", "555", "?", "ๆ"])
async def test_what_holds_no_words_is_no_miss(talk, text, strange):
    await talk(*strange[:2])
    [reply] = await talk(text)
    [third] = await talk(strange[2])

    assert reply.text == "ยังอ่านไม่ออกว่าต้องการถามอะไร ช่วยพิมพ์เป็นข้อความสั้น ๆ"
    assert "044 666 534" in third.text


@pytest.mark.parametrize(
    "state",
    [
        {"offered": "x", "misses": "many", "language": 3},
        {"offered": [{"label": "เก่า"}], "misses": 1},
        {"flow": "complaint", "step": "where", "answers": {"what": "ไฟดับ"}},
        {"offered": [], "misses": 10**9, "language": "xx"},
        [],
        None,
        "text",
    ],
)
async def test_a_state_of_another_version_does_no_harm(talk, town, state):
    await talk("สวัสดี")
    async with town.database.write() as connection:
        await connection.execute(update(ContactRow).values(state=state))
    [reply] = await talk("เมนู")

    assert reply.text == MENU


async def test_following_is_welcomed_with_the_name_of_the_agency(talk):
    [reply] = await talk.do(Kind.FOLLOW)

    assert reply.text.startswith("สวัสดี ยินดีต้อนรับสู่ จังหวัดบุรีรัมย์")
    assert [choice.value for choice in reply.choices] == MAIN


async def test_a_group_is_told_when_the_bot_speaks(town):
    group = town.citizen(group=True)
    [joined] = await group.do(Kind.JOIN)
    [followed] = await group.do(Kind.FOLLOW)
    [menu] = await group("เมนู")

    assert "ตอบเฉพาะเมื่อมีคนเรียกชื่อ (@)" in joined.text
    assert followed.text == joined.text
    assert menu.text == MENU


WITHDRAWING = ["ถอนเรื่อง", "ขอถอนเรื่องครับ", "ขอยกเลิกเรื่อง", "ขอยกเลิกเรื่องที่แจ้ง", "cancel my report"]


@pytest.mark.parametrize("said", WITHDRAWING)
async def test_withdrawing_while_a_report_is_written_ends_that(town, talk, said):
    await talk(ROAD)
    [reply] = await talk(said)

    assert "draft:resume" not in values(reply)
    assert values(reply)[0] == "mine"
    assert "draft" not in await state_of(town, talk)


async def test_withdrawing_a_report_that_was_left_ends_it_when_said_once_more(town, talk):
    await talk(ROAD, "เมนู")
    [asked] = await talk("ถอนเรื่อง")
    kept = "draft" in await state_of(town, talk)
    await talk("ถอนเรื่อง")

    assert values(asked)[:2] == ["draft:resume", "draft:drop"]
    assert kept
    assert "draft" not in await state_of(town, talk)


@pytest.mark.parametrize("said", WITHDRAWING)
async def test_withdrawing_where_a_matter_was_sent_too_asks_which(town, talk, said):
    number = await road(talk)
    await talk("ไฟทางดับทั้งซอยมาสามวันแล้ว")
    [asked] = await talk(said)
    [step] = await talk("2")

    assert values(asked)[:2] == [f"mine:{number}", "draft:resume"]
    assert "2. เรื่องที่ยังไม่ส่ง" in asked.text or "2. Not sent yet" in asked.text
    assert "draft:drop" in values(step)


@pytest.mark.parametrize("said", WITHDRAWING)
async def test_withdrawing_where_nothing_is_written_shows_what_was_sent(talk, said):
    number = await road(talk)
    [reply] = await talk(said)

    assert values(reply)[0] == f"mine:{number}"
