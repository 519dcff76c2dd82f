"""A citizen says what an answer is worth: useful or not, wrong or out of date."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from admin import votes
from admin.votes import AnswerReport, AnswerVote
from bot.messages import Kind

ENTRY = "g-oia-own-data"
WRONG = "เบอร์โทรในคำตอบนี้โทรไม่ติดแล้ว"


async def kept(town, table) -> list:
    """Every row of this table."""
    async with town.database.session() as session:
        return list(await session.scalars(select(table)))


async def score(town, agency: str = "buriram") -> tuple[int, int]:
    """Useful and not."""
    async with town.database.session() as session:
        return await votes.score(session, agency, ENTRY)


async def test_an_answer_offers_both_taps_after_what_it_offered_before(talk):
    [reply] = await talk(choose=f"a:{ENTRY}")

    assert [(c.label, c.value) for c in reply.choices] == [
        ("เมนู", "menu"),
        ("มีประโยชน์", f"useful:{ENTRY}:yes"),
        ("คำตอบผิดหรือเก่า", f"wrong:{ENTRY}"),
    ]


async def test_a_group_is_not_asked_what_it_thinks(town):
    [reply] = await town.citizen(group=True)(choose=f"a:{ENTRY}")

    assert [choice.value for choice in reply.choices] == ["menu"]


@pytest.mark.parametrize("said", ["2", "มีประโยชน์", "ข้อ 2"])
async def test_useful_may_be_typed_too(town, talk, said):
    await talk(choose=f"a:{ENTRY}")
    [reply] = await talk(said)

    assert reply.text.startswith("ขอบคุณ")
    assert await score(town) == (1, 0)


async def test_each_contact_counts_once_and_the_last_word_counts(town, talk):
    for word in ("yes", "yes", "no", "yes", "no"):
        await talk(choose=f"useful:{ENTRY}:{word}")
    await town.citizen()(choose=f"useful:{ENTRY}:yes")
    await town.citizen("tapon")(choose=f"useful:{ENTRY}:yes")

    assert await score(town) == (1, 1)
    assert await score(town, "tapon") == (1, 0)


async def test_not_useful_leads_to_saying_what_is_wrong(town, talk, served):
    [reply] = await talk(choose=f"useful:{ENTRY}:no")
    [vote] = await kept(town, AnswerVote)

    assert reply.choices[0].value == f"wrong:{ENTRY}"
    assert (vote.agency, vote.entry, vote.useful) == ("buriram", ENTRY, False)
    assert vote.version == served.served["buriram"].agency.entries[ENTRY].updated


async def test_what_is_wrong_is_asked_kept_and_honestly_answered(town, talk, served):
    own = sorted(served.served["buriram"].agency.own)[0]
    [asked] = await talk(choose=f"wrong:{own}")
    [reply] = await talk(WRONG)
    [report] = await kept(town, AnswerReport)

    entry = served.served["buriram"].agency.entries[own]
    unit = served.served["buriram"].agency.unit(entry.unit)
    assert entry.question.th in asked.text
    assert "ยกเลิก" in asked.text
    assert (report.agency, report.entry, report.text) == ("buriram", own, WRONG)
    assert unit.name_th in reply.text
    assert "จะไม่มีการตอบกลับในแชตนี้" in reply.text


async def test_personal_numbers_are_masked_before_a_report_is_kept(town, talk):
    await talk(choose=f"wrong:{ENTRY}")
    await talk("ผมชื่อสมชาย โทร 081-234-5678 บอกว่าผิด")
    [report] = await kept(town, AnswerReport)

    assert "081" not in report.text
    assert report.text.endswith("บอกว่าผิด")


async def test_after_a_report_the_next_words_are_a_question_again(town, talk, served):
    await talk(choose=f"wrong:{ENTRY}")
    await talk(WRONG, "ติดต่อ")
    [reply] = await talk(WRONG)

    assert len(await kept(town, AnswerReport)) == 1
    assert not reply.text.startswith("ขอบคุณ บันทึก")


@pytest.mark.parametrize("out", ["ยกเลิก", "cancel", "เมนู", "/contact", "ขอบคุณ", "ไม่เป็นไร"])
async def test_a_report_can_be_left(town, talk, out):
    await talk(choose=f"wrong:{ENTRY}")
    await talk(out)
    await talk(WRONG)

    assert await kept(town, AnswerReport) == []


@pytest.mark.parametrize("tapped", ["menu", "a:g-oia-own-data", "top", "cat", "lang:en", "none"])
async def test_a_tapped_button_leaves_a_report(town, talk, tapped):
    await talk(choose=f"wrong:{ENTRY}")
    await talk(choose=tapped)
    await talk(WRONG)

    assert await kept(town, AnswerReport) == []


@pytest.mark.parametrize("said", ["เบอร์โทร", "ที่อยู่", "ผิด", "2569", "ไฟไหม้ต้องโทร 199"])
async def test_words_that_open_something_else_may_be_what_is_wrong(town, talk, said):
    await talk(choose=f"wrong:{ENTRY}")
    replies = await talk(said)
    [report] = await kept(town, AnswerReport)

    assert report.text == said
    assert replies[-1].text.startswith("ขอบคุณ บันทึก")
    assert ("199" in replies[0].text) == ("199" in said)


async def test_a_picture_or_no_words_do_not_end_a_report(town, talk):
    await talk(choose=f"wrong:{ENTRY}")
    await talk.do(Kind.STICKER)
    await talk("🙂")
    await talk.do(Kind.IMAGE)
    await talk(WRONG)

    [report] = await kept(town, AnswerReport)
    assert report.text == WRONG


async def test_a_report_taken_back_leaves_no_words(town, talk):
    await talk(choose=f"wrong:{ENTRY}")
    await talk.do(Kind.TEXT, text=WRONG, message_id="mine")
    await talk.do(Kind.UNSEND, message_id="mine")
    [report] = await kept(town, AnswerReport)

    assert report.text is None


async def test_the_words_of_old_reports_go_and_the_reports_stay(town, talk):
    await talk(choose=f"wrong:{ENTRY}")
    await talk(WRONG)
    for days, text in ((-1, WRONG), (1, None)):
        async with town.database.write() as connection:
            await votes.expire(connection, town.clock.now + timedelta(days=days))
        [report] = await kept(town, AnswerReport)
        assert report.text == text


async def test_staff_can_read_the_latest_reports_of_their_agency(town):
    for agency, said in (("buriram", "หนึ่ง"), ("tapon", "สอง"), ("buriram", "สาม")):
        citizen = town.citizen(agency)
        await citizen(choose=f"wrong:{ENTRY}")
        await citizen(said)
    async with town.database.session() as session:
        found = await votes.reports(session, "buriram", limit=9)

    assert [report.text for report in found] == ["สาม", "หนึ่ง"]


@pytest.mark.parametrize(
    "value",
    ["useful", "useful:", "useful::yes", f"useful:{ENTRY}", f"useful:{ENTRY}:maybe",
     "useful:gone:yes", "wrong", "wrong:", "wrong:gone", "wrong:<script>", "useful:\0:no"],
)  # fmt: skip
async def test_a_button_of_an_answer_that_is_gone_says_so_and_keeps_nothing(town, talk, value):
    [reply] = await talk(choose=value)

    assert len(reply.choices) == 4
    assert await kept(town, AnswerVote) == []
    await talk(WRONG)
    assert await kept(town, AnswerReport) == []


async def test_it_is_said_in_english_too(talk):
    [asked] = await talk("english", choose=f"wrong:{ENTRY}")
    [reply] = await talk("The phone number is old")

    assert "type: cancel" in asked.text
    assert reply.text.startswith("Thank you. It is kept for")
