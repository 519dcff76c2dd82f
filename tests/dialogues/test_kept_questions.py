"""What is kept of a question that had no answer, or none that fitted."""

import pytest
from sqlalchemy import select

from admin.questions import Question, badly_answered
from bot.messages import Kind


async def kept(town) -> list[tuple[str, str | None]]:
    async with town.database.session() as session:
        rows = await session.scalars(select(Question).order_by(Question.id))
        return [(row.decision, row.text) for row in rows]


async def test_a_refused_question_is_kept_without_personal_numbers(town, talk, strange):
    await talk(f"{strange[0]} โทรกลับ 081-234-5678 เลขบัตร 1-1037-02123-45-6")

    assert await kept(town) == [("refuse", f"{strange[0]} โทรกลับ [เบอร์โทร] เลขบัตร [เลขบัตรประชาชน]")]


async def test_words_are_kept_once_all_suggestions_were_wrong(town, talk, vague):
    await talk(vague)
    assert await kept(town) == [("suggest", None)]

    await talk.do(Kind.CHOICE, choice="none")

    assert await kept(town) == [("turned_down", vague)]


@pytest.mark.parametrize("said", ["ไม่มีข้อที่ตรง", "4"])
async def test_turning_down_in_words_keeps_the_question_and_not_those_words(
    town, talk, vague, said
):
    await talk(vague, said)

    assert await kept(town) == [("turned_down", vague)]


async def test_turning_down_something_answered_since_keeps_nothing(town, talk, vague):
    await talk(vague, "ขอเบอร์โทรจังหวัดบุรีรัมย์หน่อย")
    await talk.do(Kind.CHOICE, choice="none")

    assert [text for _, text in await kept(town)] == [None, None]


async def test_staff_read_what_was_badly_answered_newest_first(town, talk, vague, strange):
    await talk(vague, choose="none")
    await talk(strange[0])
    await talk("ขอเบอร์โทรจังหวัดบุรีรัมย์หน่อย")

    async with town.database.session() as session:
        found = await badly_answered(session, "buriram", limit=10)
        assert [question.text for question in found] == [strange[0], vague]
        assert await badly_answered(session, "tapon", limit=10) == []


async def test_the_welcome_says_that_questions_are_kept(town, talk):
    [thai] = await talk.do(Kind.FOLLOW)
    [english] = await town.citizen(language="en").do(Kind.FOLLOW)

    assert "เก็บไว้ให้เจ้าหน้าที่อ่าน" in thai.text
    assert "kept for staff to read" in english.text
