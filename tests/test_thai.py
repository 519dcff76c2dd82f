"""Thai as citizens type it is brought to one form, and never breaks anything."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from knowledge import keyboard, thai
from knowledge.misspelt import put_right, sounds_of

THAI = st.text(st.characters(min_codepoint=0x0E01, max_codepoint=0x0E5B) | st.sampled_from(" .1aๆ"))
ANY = st.text(max_size=60) | THAI


@settings(deadline=None, max_examples=150)
@given(ANY)
@example("06CL")
def test_normalising_twice_changes_nothing_more(text):
    once = thai.normalise(text)
    assert thai.normalise(once) == once


@settings(deadline=None, max_examples=150)
@given(ANY)
def test_no_text_breaks_the_keys_or_the_cutting(text):
    thai.sound(text)
    put_right(text, sounds_of([text[:9], "รถขยะ"]))
    thai.is_mostly_latin(text)
    assert isinstance(thai.segment(thai.normalise(text)), list)


@pytest.mark.parametrize(
    "text", ["", "\ud800", "\x00", "่่่", "ๆๆๆๆ", "😀😀", "ก" * 5000, "\u200b\ufeff"]
)
def test_strange_texts_are_borne(text):
    assert isinstance(thai.normalise(text), str)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("นํ้า", "น้ำ"),
        ("เเจ้ง", "แจ้ง"),
        ("มากกกกก", "มาก"),
        ("ท\u200bี่ดิน", "ที่ดิน"),
        ("ที่่ดิน", "ที่ดิน"),
        ("๑๒๓ บาท", "123 บาท"),
        ("ไปได้มั้ยคะ", "ไปได้ไหม"),
        ("ทำยังไงครับ", "ทำอย่างไร"),
        ("เท่าไหร่อ่ะ", "เท่าไร"),
        ("ติดต่ออบต.", "ติดต่อองค์การบริหารส่วนตำบล"),
        ("LINE OA", "line oa"),
        ("มาตรา ๓๙", "ม.39"),
        ("ป. ๔", "ป.4"),
    ],
)
def test_what_is_typed_becomes_what_is_written(typed, written):
    assert thai.normalise(typed) == written


def test_a_message_of_particles_alone_is_not_emptied():
    assert thai.normalise("ค่ะ") == "ค่ะ"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("9jv.[-y[-uj", "ต่อใบขับขี่"),
        ("0fmtg[upol,il", "จดทะเบียนสมรส"),
        ("-v api", "ขอ api"),
        ("ยฟหหยนพะ", "passport"),
    ],
)
def test_text_of_the_wrong_keyboard_is_repaired(typed, meant):
    assert keyboard.repair_keyboard(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "how to get API key",
        "e-QLands",
        "qwertyuiop",
        "farmbook",
        "ต่อใบขับขี่",
        "ok",
        "123",
        "ไบขับขี่",
        "IG",
        "X-Forwarded-For",
        "Where do I do my 90 day report and extend my visa?",
        "garbage truck not come 1 week in my soi, very smell",
        "90 day report",
    ],
)
def test_text_of_the_right_keyboard_is_left_alone(text):
    assert keyboard.repair_keyboard(text) is None


def test_what_could_be_read_on_either_keyboard_is_not_read_for_ever():
    assert thai.normalise("X-Forwarded-For") == "x-forwarded-for"


@pytest.mark.parametrize(
    ("left", "right"), [("ใบ", "ไบ"), ("ศาล", "สาล"), ("ที่", "ที"), ("คุณ", "คุน")]
)
def test_look_alikes_sound_the_same(left, right):
    assert thai.sound(left) == thai.sound(right)


def test_cut_words_are_the_text_again():
    text = "ขอใบอนุญาตก่อสร้างบ้านที่เทศบาล"
    assert "".join(word.text for word in thai.segment(text)) == text


def test_a_form_code_stays_in_one_piece():
    words = [word.text for word in thai.segment(thai.normalise("แบบ สปส.1-20 ยื่นที่ไหน"))]
    assert "สปส.1-20" in words


@pytest.mark.parametrize(
    ("text", "latin"), [("hello ค่ะ", True), ("ขอ api key หน่อยนะ", False), ("", False)]
)
def test_the_script_of_most_letters_is_known(text, latin):
    assert thai.is_mostly_latin(text) is latin
