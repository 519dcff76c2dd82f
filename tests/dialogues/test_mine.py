"""What becomes of a matter: news, its page in the chat, the verdict; a question to staff."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from admin import attachments, logbook, signing
from admin.attachments import Attachment as File
from admin.handling import Deed, perform
from admin.moves import Ending, Move, Status
from admin.officers import Officer, Post, Role
from admin.signing import Proposal
from admin.tickets import Ticket
from bot.messages import Attachment, Kind
from knowledge.chains import Kind as Matter
from tests.dialogues.test_reports import ROAD, road, rows, state_of, tap, values

SLUG, UNIT = "tapon", "sections"


def officer(number: int, role: Role, unit: str | None = None) -> Officer:
    """Somebody of the agency."""
    return Officer(number, SLUG, f"เจ้าหน้าที่ {number}", (Post(role, unit),))


AGENT, REPORTER = officer(1, Role.AGENT), officer(2, Role.REPORTER, UNIT)
APPROVER = officer(3, Role.APPROVER)


async def does(town, number: str, move: Move, who: Officer, **deed: object) -> None:
    """One move of one officer."""
    town.clock.now += timedelta(hours=1)
    async with town.database.session() as session:
        ticket = await session.scalar(select(Ticket).where(Ticket.number == number))
        if move is Move.PREPARE:
            proposal = Proposal(Ending.ANSWERED, "ซ่อมถนนแล้ว")
            await signing.save_draft(session, ticket, proposal, who, town.clock.now)
        agency = town.registry.served[SLUG].agency
        await perform(session, agency, ticket, Deed(move, **deed), who, now=town.clock.now)


async def settled(town, number: str) -> None:
    """All the way to the end."""
    await does(town, number, Move.TRIAGE, AGENT, unit=UNIT)
    await does(town, number, Move.PREPARE, REPORTER)
    await does(town, number, Move.APPROVE, APPROVER)
    await does(town, number, Move.CLOSE, AGENT)


@pytest.fixture
def resident(town):
    """A citizen of a sub-district."""
    return town.citizen(SLUG)


async def test_without_a_matter_the_list_says_so(resident):
    [reply] = await resident("เรื่องของฉัน")

    assert reply.text.startswith("ยังไม่มีเรื่อง")


async def test_the_list_leads_to_where_a_matter_stands(town, resident):
    number = await road(resident)
    [listed] = await resident("ติดตามเรื่อง")
    [shown] = await resident("1")

    assert values(listed)[0] == f"mine:{number}"
    assert number in shown.text
    assert "ขณะนี้: รับเรื่องแล้ว" in shown.text
    assert "กำหนดเสร็จ" in shown.text


@pytest.mark.parametrize("said", ["{0}", "เรื่อง {0} ถึงไหนแล้ว", "{1}"])
async def test_a_typed_number_finds_the_matter_however_it_is_written(resident, said):
    number = await road(resident)
    [reply] = await resident(said.format(number, number.replace("-", " ")))

    assert reply.text.startswith(f"เรื่อง {number}")


async def test_the_history_has_the_words_of_staff_to_the_citizen_and_no_other_reason(
    town, resident
):
    number = await road(resident)
    await does(town, number, Move.TRIAGE, AGENT, unit=UNIT)
    await does(town, number, Move.REASSIGN, AGENT, unit="sao", reason="หน่วยนี้ไม่ว่าง")
    await does(town, number, Move.REPLY, AGENT, reason="กำลังไปดู")
    [*_, shown] = await resident(choose=f"mine:{number}")

    assert "กำลังไปดู" in shown.text
    assert "หน่วยนี้ไม่ว่าง" not in shown.text


async def test_who_did_not_bring_it_is_told_no_more_than_where_it_stands(town, resident):
    number = await road(resident)
    await does(town, number, Move.REPLY, AGENT, reason="คุณสมหญิงโทรกลับด้วย")
    stranger = town.citizen(SLUG)
    [by_number] = await stranger(number)
    [by_tap] = await stranger(choose=f"mine:{number}")
    [adding] = await stranger(choose=f"mine:{number}:add")
    [judging] = await stranger(choose=f"fixed:{number}:no")

    assert "รับเรื่องแล้ว" in by_number.text
    for reply in (by_number, by_tap, adding, judging):
        assert "สมหญิง" not in reply.text
        assert ROAD not in reply.text
    assert by_tap.text.startswith("ไม่พบเรื่อง")


async def test_another_agencys_bot_does_not_know_the_number(town, resident):
    number = await road(resident)
    [reply] = await town.citizen("buriram")(number)

    assert reply.text.startswith("ไม่พบเรื่อง")


async def test_news_ride_on_the_next_reply_once_and_before_it(town, resident):
    number = await road(resident)
    await does(town, number, Move.TRIAGE, AGENT, unit=UNIT)
    news, answer = await resident("เมนู")
    again = await resident("เมนู")

    assert number in news.text
    assert answer.text.startswith("เลือกเรื่อง")
    assert len(again) == 1


async def test_what_staff_ask_can_be_answered_with_words_and_files(town, resident):
    number = await road(resident)
    await does(town, number, Move.ASK, AGENT, reason="หลุมอยู่ฝั่งไหน")
    asked, _ = await resident("เมนู")
    await resident(choose=values(asked)[0])
    await resident("ฝั่งซ้าย หน้าร้านทอง")
    await resident.do(Kind.IMAGE, attachment=Attachment("f1"))
    [ticket], [file] = await rows(town, Ticket), await rows(town, File)
    async with town.database.session() as session:
        lines = await logbook.lines(session, await session.get(Ticket, ticket.id))

    assert "หลุมอยู่ฝั่งไหน" in asked.text
    assert [line.text for line in lines if line.what == "added"] == ["ฝั่งซ้าย หน้าร้านทอง", None]
    assert ticket.attachments == [file.id]
    assert file.held


async def test_after_adding_other_ways_are_open_again(town, resident):
    number = await road(resident)
    await resident(choose=f"mine:{number}:add")
    [menu] = await resident("เมนู")
    await resident("ขอเบอร์โทรหน่อย")
    async with town.database.session() as session:
        [ticket] = await session.scalars(select(Ticket))
        lines = await logbook.lines(session, ticket)

    assert menu.text.startswith("เลือกเรื่อง")
    assert [line for line in lines if line.what == "added"] == []


async def test_a_matter_is_withdrawn_only_after_a_second_yes(town, resident):
    number = await road(resident)
    [asked] = await resident(choose=f"mine:{number}:withdraw")
    [before] = await rows(town, Ticket)
    [done] = await resident("1")
    [after] = await rows(town, Ticket)
    [late] = await resident(choose=f"mine:{number}:withdraw-yes")

    assert values(asked)[0] == f"mine:{number}:withdraw-yes"
    assert (before.status, after.status) == (Status.RECEIVED, Status.WITHDRAWN)
    assert "ถอนเรื่อง" in done.text
    assert "ไม่ได้แล้ว" in late.text


async def test_no_opens_it_again_on_the_same_clock_and_asks_what_is_wrong(town, resident):
    number = await road(resident)
    await settled(town, number)
    [due] = [ticket.due_at for ticket in await rows(town, Ticket)]
    *_, closed, _ = await resident("เมนู")
    [reply] = await resident(choose=values(closed)[2])
    await resident("ซ่อมแล้วแต่พังอีก")
    [ticket] = await rows(town, Ticket)
    async with town.database.session() as session:
        lines = await logbook.lines(session, await session.get(Ticket, ticket.id))

    assert closed.text.endswith("ไหม")
    assert values(closed) == [f"fixed:{number}:{word}" for word in ("yes", "partly", "no")]
    assert (ticket.status, ticket.due_at, ticket.reopened) == (Status.RECEIVED, due, 1)
    assert {"verdict": "no"} in [line.details for line in lines]
    assert "เปิดเรื่อง" in reply.text
    assert lines[-1].text == "ซ่อมแล้วแต่พังอีก"


async def test_it_opens_again_once(town, resident):
    number = await road(resident)
    for _ in range(2):
        await settled(town, number)
        [reply] = (await resident(choose=f"fixed:{number}:no"))[-1:]
    [ticket] = await rows(town, Ticket)

    assert ticket.status is Status.CLOSED
    assert (ticket.reopened, ticket.verdict) == (1, "no")
    assert "ครั้งเดียว" in reply.text


async def test_yes_is_followed_by_stars_and_words(town, resident):
    number = await road(resident)
    await settled(town, number)
    *_, stars = await resident(choose=f"fixed:{number}:yes")
    [starred] = await resident(choose=values(stars)[3])
    await resident.do(Kind.TEXT, text="เร็วดี ขอบคุณมาก", message_id="praise")
    [ticket] = await rows(town, Ticket)
    await resident.do(Kind.UNSEND, message_id="praise")
    [later] = await rows(town, Ticket)

    assert values(stars) == [f"stars:{number}:{count}" for count in (1, 2, 3, 4, 5)]
    assert (ticket.verdict, ticket.stars) == ("yes", 4)
    assert (ticket.verdict_words, later.verdict_words) == ("เร็วดี ขอบคุณมาก", None)
    assert ticket.status is Status.CLOSED
    assert starred.text.startswith("ขอบคุณ")


async def test_partly_asks_what_is_missing_and_leaves_it_closed(town, resident):
    number = await road(resident)
    await settled(town, number)
    *_, reply = await resident(choose=f"fixed:{number}:partly")
    await resident("ยังมีหลุมเล็ก ๆ")
    [ticket] = await rows(town, Ticket)

    assert values(reply)[-1] == f"fixed:{number}:no"
    assert (ticket.verdict, ticket.verdict_words) == ("partly", "ยังมีหลุมเล็ก ๆ")
    assert ticket.status is Status.CLOSED


async def test_a_question_without_an_answer_is_handed_to_staff_with_one_tap(town, strange):
    citizen = town.citizen()
    [refused] = await citizen(strange[0])
    [handed] = await citizen(choose="staff")
    [again] = await citizen(choose="staff")
    [answered] = await citizen("ขอเบอร์โทรหน่อย")
    [ticket] = await rows(town, Ticket)

    assert values(refused)[0].startswith("staff:")
    assert (ticket.kind, ticket.what) == (Matter.QUESTION, strange[0])
    assert ticket.number in handed.text
    assert "เวลาราชการ" in handed.text
    assert again.text.startswith("คำถามนั้นไม่อยู่")
    assert answered.card is not None


async def test_staffs_answer_comes_back_in_the_same_chat_and_more_can_be_asked(town):
    citizen = town.citizen(SLUG)
    await citizen("แมวเป็นหวัดกินยาอะไร", choose="staff")
    [ticket] = await rows(town, Ticket)
    await does(town, ticket.number, Move.REPLY, AGENT, reason="โทรหาปศุสัตว์อำเภอ")
    answer, _ = await citizen("เมนู")
    await tap(citizen, values(answer)[0])
    await citizen("เปิดวันเสาร์ไหม")
    async with town.database.session() as session:
        lines = await logbook.lines(session, await session.get(Ticket, ticket.id))

    assert "โทรหาปศุสัตว์อำเภอ" in answer.text
    assert lines[-1].text == "เปิดวันเสาร์ไหม"


async def test_words_of_a_question_taken_back_are_not_handed_over(town, strange):
    citizen = town.citizen()
    await citizen.do(Kind.TEXT, text=strange[0], message_id="mine")
    await citizen.do(Kind.UNSEND, message_id="mine")
    [reply] = await citizen(choose="staff")

    assert reply.text.startswith("คำถามนั้นไม่อยู่")
    assert await rows(town, Ticket) == []
    assert "question" not in await state_of(town, citizen)


async def test_every_button_of_a_question_that_is_gone_says_so(resident):
    number = await road(resident)
    told = {
        (await resident(choose=value))[-1].text
        for value in ("staff:0badc0ffee00", f"mine:{number}:this-0badc0ffee00",
                      "report:this-0badc0ffee00")
    }  # fmt: skip

    assert [text.partition(" ")[0] for text in told] == ["คำถามนั้นไม่อยู่แล้ว"]


async def test_holidays_and_weekends_do_not_count_towards_the_promised_day(town, strange):
    town.clock.now = datetime.fromisoformat("2026-12-04T16:00:00+07:00")  # a Friday; 5-7 are off
    citizen = town.citizen()
    await citizen(strange[0], choose="staff")
    [ticket] = await rows(town, Ticket)

    assert ticket.first_reply_due.date().isoformat() >= "2026-12-08"


async def added_to(town) -> list[tuple[str, str | None, int]]:
    """What citizens added: the matter's number, the words, how many files."""
    async with town.database.session() as session:
        return [
            (ticket.number, line.text, len(line.attachments))
            for ticket in await session.scalars(select(Ticket).order_by(Ticket.id))
            for line in await logbook.lines(session, ticket)
            if line.what == "added"
        ]


@pytest.mark.parametrize("between", [[], ["ขอบคุณค่ะ"]])
async def test_a_photo_that_follows_a_report_at_once_is_added_to_it(town, resident, between):
    number = await road(resident)
    await resident(*between)
    town.clock.now += timedelta(minutes=2)
    [reply] = await resident.do(Kind.IMAGE, attachment=Attachment("f1"), text="ตรงนี้ค่ะ")
    [ticket], [file] = await rows(town, Ticket), await rows(town, File)

    assert reply.text.startswith(f"เพิ่มในเรื่อง {number} แล้ว")
    assert "report" in values(reply)
    assert await added_to(town) == [(number, "ตรงนี้ค่ะ", 1)]
    assert (ticket.attachments, file.held) == ([file.id], True)
    assert "draft" not in await state_of(town, resident)


async def test_photos_that_follow_each_other_closely_are_answered_once(town, resident):
    number = await road(resident)
    first = await resident.do(Kind.IMAGE, attachment=Attachment("f1"))
    town.clock.now += timedelta(seconds=2)
    second = await resident.do(Kind.IMAGE, attachment=Attachment("f2"))
    town.clock.now += timedelta(minutes=1)
    third = await resident.do(Kind.IMAGE, attachment=Attachment("f3"))

    assert [len(replies) for replies in (first, second, third)] == [1, 0, 1]
    assert await added_to(town) == [(number, None, 1)] * 3


async def test_a_file_too_many_is_said_to_be_so_and_the_words_with_it_are_added(town, resident):
    number = await road(resident)
    async with town.database.session() as session:
        [ticket] = await session.scalars(select(Ticket))
        ticket.attachments = list(range(1, attachments.MOST + 1))
    [alone] = await resident.do(Kind.IMAGE, attachment=Attachment("f1"))
    assert await resident.do(Kind.IMAGE, attachment=Attachment("f3")) == []
    [told] = await resident.do(Kind.IMAGE, attachment=Attachment("f2"), text="ฝั่งซ้าย")

    assert alone.text == told.text == "รับได้ไม่เกิน 20 ไฟล์ต่อเรื่อง ไฟล์นี้จึงไม่ได้แนบ"
    assert await added_to(town) == [(number, "ฝั่งซ้าย", 0)]


async def test_a_photo_that_follows_a_report_joined_to_another_is_added_to_that(town, resident):
    first = await road(town.citizen(SLUG))
    await resident(ROAD)
    await tap(
        resident, "draft:topic:roads", "draft:skip:files", "draft:privacy:anonymous",
        f"draft:same:{first}", "draft:send",
    )  # fmt: skip
    await resident.do(Kind.IMAGE, attachment=Attachment("f1"))

    assert await added_to(town) == [(first, None, 1)]


@pytest.mark.parametrize(
    ("minutes", "says"), [(6, ()), (0, ("แจ้งเรื่อง",)), (0, ("ไฟทางดับทั้งซอยมาสามวันแล้ว",))]
)
async def test_a_photo_sent_later_or_for_a_report_that_was_begun_is_no_part_of_the_one_before(
    town, resident, minutes, says
):
    await road(resident)
    await resident(*says)
    town.clock.now += timedelta(minutes=minutes)
    await resident.do(Kind.IMAGE, attachment=Attachment("f1"))

    assert await added_to(town) == []
    assert len((await state_of(town, resident))["draft"]["files"]) == 1


LAMPS = "ไฟทางดับทั้งซอยมาสามวันแล้ว"


@pytest.mark.parametrize("before", [(), (None,), (None, None)])
@pytest.mark.parametrize("caption", [LAMPS, "เบอร์นายกในเว็บผิดค่ะ", "อยากให้จัดตลาดนัดวันอาทิตย์"])
async def test_a_photo_whose_caption_is_another_report_begins_that(town, resident, before, caption):
    await road(resident)
    for words in (*before, caption):
        town.clock.now += timedelta(minutes=1)
        [reply] = await resident.do(Kind.IMAGE, attachment=Attachment("f"), text=words)
    draft = (await state_of(town, resident))["draft"]

    assert len(await added_to(town)) == len(before)
    assert reply.text.startswith("แจ้งเรื่อง:")
    assert ([one["text"] for one in draft["said"]], len(draft["files"])) == ([caption], 1)


@pytest.mark.parametrize(
    "caption",
    ["สภาพถนนที่พังค่ะ", "อยากให้มาซ่อมถนนเร็ว ๆ", "ขอแจ้งเรื่องเพิ่มค่ะ", "ถนนพังแจ้งที่ไหน", "อยากให้มาดูหน่อยค่ะ",
     "ฝากด้วยค่ะ อยากให้รีบมา", "I suggest you fix it soon"],
)  # fmt: skip
async def test_a_photo_whose_caption_tells_of_the_same_matter_is_added_to_it(
    town, resident, caption
):
    number = await road(resident)
    for _ in range(2):
        await resident.do(Kind.IMAGE, attachment=Attachment("f1"), text=caption)

    assert await added_to(town) == [(number, caption, 1)] * 2
    assert "draft" not in await state_of(town, resident)


async def test_a_photo_after_a_matter_that_was_withdrawn_begins_a_report(town, resident):
    number = await road(resident)
    await tap(resident, f"mine:{number}:withdraw", f"mine:{number}:withdraw-yes")
    await resident.do(Kind.IMAGE, attachment=Attachment("f1"))

    assert await added_to(town) == []
    assert len((await state_of(town, resident))["draft"]["files"]) == 1
