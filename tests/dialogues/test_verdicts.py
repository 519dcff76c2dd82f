"""A citizen says what an answer is worth: useful or not, wrong or out of date."""

import pytest
from sqlalchemy import select

from admin import votes
from admin.attachments import Attachment as File
from admin.tickets import Ticket
from admin.votes import AnswerVote
from bot.messages import Attachment, Kind
from knowledge.chains import Kind as Matter
from tests.dialogues.test_reports import ROAD, state_of
from tests.dialogues.test_ways_out import MAIN

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


async def test_what_is_wrong_becomes_a_matter_of_the_unit_that_keeps_the_answer(town, talk, served):
    agency = served.served["buriram"].agency
    own = sorted(agency.own)[0]
    [asked] = await talk(choose=f"wrong:{own}")
    for value in ("skip:files", "privacy:anonymous", "send"):
        [reply] = (
            await talk(WRONG, "ข้าม", choose=f"draft:{value}")
            if "skip" in value
            else (await talk(choose=f"draft:{value}"))
        )
    [ticket] = await kept(town, Ticket)

    entry = agency.entries[own]
    assert entry.question.th in asked.text
    assert (ticket.agency, ticket.entry, ticket.what) == ("buriram", own, WRONG)
    assert (ticket.unit, ticket.kind) == (entry.unit, Matter.WRONG_INFO)
    assert ticket.number in reply.text


@pytest.mark.parametrize("out", ["ยกเลิก", "cancel", "เมนู", "/contact", "ขอบคุณ", "ไม่เป็นไร"])
async def test_a_report_can_be_left(town, talk, out):
    await talk(choose=f"wrong:{ENTRY}")
    await talk(out)
    [reply] = await talk("ติดต่อ")

    assert "draft:right" not in [choice.value for choice in reply.choices]
    assert await kept(town, Ticket) == []


@pytest.mark.parametrize("before", [(), ("เมนู",)])
async def test_saying_that_an_answer_is_wrong_ends_no_other_report_without_a_yes(
    town, talk, before, served
):
    item = served.served["buriram"].agency.catalogue[0].id
    await talk(ROAD)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await talk(*before)
    told = (await state_of(town, talk))["draft"]
    for value in (f"wrong:{ENTRY}", f"outdated:{item}"):
        [asked] = await talk(choose=value)
        still = (await state_of(town, talk))["draft"]
        assert [c.value for c in asked.choices] == ["draft:resume", f"instead:{value}"]
        assert (still["said"], still["files"]) == (told["said"], told["files"])
    [resumed] = await talk("1")
    [file] = await kept(town, File)

    assert "draft:topic:roads" in [choice.value for choice in resumed.choices]
    assert file.status == "waiting"


async def test_an_answer_may_be_called_wrong_in_the_place_of_another_report(town, talk):
    await talk(ROAD)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await talk(choose=f"wrong:{ENTRY}")
    [asked] = await talk("2")
    draft = (await state_of(town, talk))["draft"]
    [file] = await kept(town, File)

    assert asked.text.startswith("เรื่องก่อนหน้าที่ยังไม่ได้ส่งถูกยกเลิกแล้ว")
    assert (draft["entry"], "said" in draft, file.status) == (ENTRY, False, "forgotten")


@pytest.mark.parametrize("before", [(), ("เมนู",)])
async def test_an_answer_called_wrong_in_words_is_known_when_that_is_reported_instead(
    town, talk, before
):
    await talk(ROAD)
    await talk(choose=f"a:{ENTRY}")
    [asked] = await talk("คำตอบนี้ผิด ข้อมูลไม่ถูก")
    await talk(*before)
    await talk(choose=asked.choices[1].value)
    draft = (await state_of(town, talk))["draft"]

    assert (draft["entry"], draft["said"][0]["text"]) == (ENTRY, "คำตอบนี้ผิด ข้อมูลไม่ถูก")


async def test_which_answer_is_wrong_may_stand_below_a_picture_of_it(town, talk):
    await talk(choose=f"a:{ENTRY}")
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"), text="คำตอบนี้ผิด ข้อมูลไม่ถูก")
    draft = (await state_of(town, talk))["draft"]

    assert (draft["entry"], len(draft["files"])) == (ENTRY, 1)


async def test_which_answer_was_called_wrong_is_known_after_something_else(town, talk):
    await talk(choose=f"wrong:{ENTRY}")
    await talk("เมนู", "คำตอบนี้ผิด เบอร์เก่าแล้ว")

    assert (await state_of(town, talk))["draft"]["entry"] == ENTRY


@pytest.mark.parametrize("tapped", ["menu", "a:g-oia-own-data", "top", "cat", "lang:en", "none"])
async def test_a_tapped_button_leaves_a_report_for_later(talk, tapped):
    await talk(choose=f"wrong:{ENTRY}")
    await talk(choose=tapped)
    [reply] = await talk("เมนู")

    assert reply.choices[0].value == "draft:resume"


@pytest.mark.parametrize("said", ["เบอร์โทร", "ที่อยู่", "ผิด", "2569", "ไฟไหม้ต้องโทร 199"])
async def test_words_that_open_something_else_may_be_what_is_wrong(talk, said):
    await talk(choose=f"wrong:{ENTRY}")
    replies = await talk(said)

    assert "draft:skip:right" in [choice.value for choice in replies[-1].choices]
    assert ("199" in replies[0].text) == ("199" in said)


async def test_no_words_do_not_end_a_report(talk):
    await talk(choose=f"wrong:{ENTRY}")
    await talk.do(Kind.STICKER)
    await talk("🙂")
    [reply] = await talk(WRONG)

    assert "draft:skip:right" in [choice.value for choice in reply.choices]


@pytest.mark.parametrize(
    "value",
    ["useful", "useful:", "useful::yes", f"useful:{ENTRY}", f"useful:{ENTRY}:maybe",
     "useful:gone:yes", "wrong", "wrong:", "wrong:gone", "wrong:<script>", "useful:\0:no"],
)  # fmt: skip
async def test_a_button_of_an_answer_that_is_gone_says_so_and_keeps_nothing(town, talk, value):
    [reply] = await talk(choose=value)

    assert [choice.value for choice in reply.choices] == MAIN
    assert await kept(town, AnswerVote) == []


async def test_it_is_said_in_english_too(talk):
    [asked] = await talk("english", choose=f"wrong:{ENTRY}")
    [reply] = await talk("The phone number is old")

    assert asked.text.startswith("What is wrong or outdated")
    assert "type: skip" in reply.text
