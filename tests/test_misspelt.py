"""Misspelt words are put right where it is plain what was meant, and nothing else is touched."""

import pytest

from knowledge.lexical import concepts
from knowledge.matching import Decision, Matcher
from knowledge.misspelt import put_right, sounds_of
from knowledge.signals import Document
from knowledge.thai import normalise


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ทีดินตองจายเทาไหร", "ที่ดินต้องจ่าย"),
        ("ใบขับขีหายแจงความ", "ใบขับขี่หายแจ้งความ"),
        ("เปลียนชือตัวเองได้ที่ไหน", "เปลี่ยนชื่อตัวเองได้ที่ไหน"),
    ],
)
def test_lost_tone_marks_come_back(typed, meant):
    assert put_right(typed, {}).startswith(meant)


@pytest.mark.parametrize(
    "text", ["ที่ตา", "ตาบอดขอบัตรได้ที่ไหน", "ข้าวขาวกับข้าวเหนียว", "ขายของหน้าโรงเรียนได้ไหม", "แล"]
)
def test_words_that_are_right_stay_as_they_are(text):
    assert put_right(text, {}) == text


def test_what_is_no_word_is_the_word_of_the_documents_that_sounds_the_same():
    sounds = sounds_of(["ส้วม", "เขต", "มูลนิธิ", "ta"])

    assert put_right("ดูดส่วมบ้านผมกี่บาท", sounds) == "ดูดส้วมบ้านผมกี่บาท"
    assert put_right("สำนักงานเขดเปิดกี่โมง", sounds) == "สำนักงานเขตเปิดกี่โมง"
    assert put_right("สำนักงานเขดเปิดกี่โมง", {}) == "สำนักงานเขดเปิดกี่โมง"


@pytest.mark.parametrize("typed", ["น้ำจะท่วมแลว", "น้ำจะท่วมแลว้"])
def test_already_without_its_tone_mark_is_not_the_south_s_word_for_look(typed):
    assert "ดู" not in concepts(normalise(typed))


def test_a_misspelt_question_is_answered():
    held = [
        Document("septic", "ดูดส้วมคิดค่าบริการเท่าไร"),
        Document("drain", "ท่อระบายน้ำอุดตันแจ้งใคร"),
        Document("rubbish", "ค่าเก็บขยะเดือนละเท่าไร"),
    ]

    found = Matcher(held).match("ส่วมเต็มแล้วเท่าไร")
    assert (found.decision, found.ranked[0][0]) == (Decision.ANSWER, "septic")
