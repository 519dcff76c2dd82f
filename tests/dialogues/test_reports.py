"""A citizen reports something: in any order, by taps or by words, and sees it before it is sent."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from admin.attachments import Attachment as File
from admin.attachments import Status as FileStatus
from admin.followers import Follower
from admin.moves import Status
from admin.persons import Person
from admin.tickets import Privacy, Source, Ticket
from bot.messages import Attachment, Kind, Place
from knowledge.chains import Kind as Matter

ROAD = "ถนนพังเป็นหลุมใหญ่หน้าตลาดสด รถล้มเมื่อคืน"
MARKET = Place(14.99, 103.1, "ตลาดสด")


async def rows(town, table) -> list:
    """Every row of this table."""
    async with town.database.session() as session:
        return list(await session.scalars(select(table).order_by(*table.__mapper__.primary_key)))


def values(reply) -> list[str]:
    """What the buttons of a reply stand for."""
    return [choice.value for choice in reply.choices]


async def tap(citizen, *taps: str):
    """Tap these, one after the other; the last reply."""
    for value in taps:
        [*_, reply] = await citizen(choose=value)
    return reply


async def road(citizen, words: str = ROAD) -> str:
    """A whole complaint, without a name; its tracking number."""
    await citizen(words)
    reply = await tap(
        citizen, "draft:topic:roads", "draft:skip:files", "draft:privacy:anonymous", "draft:send"
    )
    return reply.text.split()[2]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (ROAD, Matter.COMPLAINT),
        ("ไฟทางดับทั้งซอยมาสามวันแล้ว", Matter.COMPLAINT),
        ("เจ้าหน้าที่พูดจาไม่ดีมาก", Matter.COMPLAINT),
        ("the street light is broken", Matter.COMPLAINT),
        ("เบอร์ในเว็บผิด", Matter.WRONG_INFO),
        ("หน้าเว็บเปิดไม่ได้", Matter.WRONG_INFO),
        ("อยากให้จัดตลาดนัดวันอาทิตย์", Matter.SUGGESTION),
        ("ขอสำเนาเอกสารสัญญาจ้างปีที่แล้ว", Matter.INFO_REQUEST),
    ],
)
async def test_saying_it_opens_it_and_what_was_said_is_not_asked_again(town, talk, said, kind):
    [reply] = await talk(said)
    state = await state_of(town, talk)

    assert values(reply)[-1] != "draft:send"
    assert (state["draft"]["kind"], state["draft"]["said"][0]["text"]) == (kind, said)


async def state_of(town, citizen) -> dict:
    """What is remembered of a conversation."""
    from bot.tables import ContactRow  # noqa: PLC0415

    async with town.database.session() as session:
        row = await session.get(ContactRow, citizen.contact.id)
        return dict(row.state)


@pytest.mark.parametrize("said", ["ถนนพังต้องแจ้งที่ไหน", "ข้อมูลบนเว็บผิดแจ้งใคร"])
async def test_who_asks_is_answered_and_may_report(town, talk, said):
    replies = await talk(said)

    assert values(replies[-1])[0].startswith("report:")
    assert "draft" not in await state_of(town, talk)


async def test_a_complaint_with_a_place_and_a_hidden_name_is_kept_as_it_was_shown(town, talk):
    await talk(ROAD)
    await talk("1")
    await talk.do(Kind.LOCATION, place=MARKET)
    await talk("ปิดชื่อ")
    await talk("สมหญิง ใจดี")
    [preview] = await talk("081 234 5678")
    [sent] = await talk("ส่งเรื่อง")
    [ticket], [person] = await rows(town, Ticket), await rows(town, Person)

    for shown in (ROAD, "ถนน ทางเท้า สะพาน", "ตลาดสด", "สมหญิง ใจดี", "081 234 5678"):
        assert shown in preview.text
    assert "หน่วยที่ทำเรื่องไม่เห็น" in preview.text
    assert (ticket.what, ticket.topic, ticket.privacy) == (ROAD, "roads", Privacy.HIDDEN)
    assert (ticket.source, ticket.kind, ticket.status) == (
        Source.WEB, Matter.COMPLAINT, Status.RECEIVED,
    )  # fmt: skip
    assert (ticket.place["latitude"], ticket.place["title"]) == (14.99, "ตลาดสด")
    assert (person.name, person.phone) == ("สมหญิง ใจดี", "081 234 5678")
    assert person.consent_version
    assert ticket.number in sent.text


async def test_wrong_information_asks_what_would_be_right_and_where_it_stands(town, talk):
    await talk("เบอร์ในหน้าผู้บริหารผิด")
    await talk("0 4461 1111")
    [where] = await talk("ดูที่ https://www.example.go.th/contact ได้เลย")
    reply = await tap(talk, "draft:skip:files", "draft:privacy:anonymous", "draft:send")
    [ticket] = await rows(town, Ticket)

    assert "draft:skip:files" in values(where)
    assert (ticket.right, ticket.url) == ("0 4461 1111", "https://www.example.go.th/contact")
    assert ticket.what.startswith("เบอร์ในหน้าผู้บริหารผิด")
    assert await rows(town, Person) == []
    assert ticket.number in reply.text


async def test_the_nearest_items_of_the_catalogue_are_offered_and_one_names_the_unit(
    town, talk, served
):
    await talk("ข้อมูลประวัติความเป็นมาไม่ถูกต้อง")
    [where] = await talk("ข้าม")
    first = values(where)[0]
    await tap(talk, first, "draft:skip:files", "draft:privacy:anonymous", "draft:send")
    [ticket] = await rows(town, Ticket)
    item = served.served["buriram"].agency.item(first.removeprefix("draft:item:"))

    assert values(where)[-3] == "draft:skip:where"
    assert (ticket.item, ticket.unit, ticket.class_) == (item.id, item.owner, item.class_)


async def test_a_wish_that_has_an_answer_is_answered_and_may_be_told(town, talk):
    [answer] = await talk("อยากให้หน้าเว็บจังหวัดมีลิ้งค์มาหาเรา")
    state = await state_of(town, talk)
    [told] = await talk(
        choose=next(v for v in values(answer) if v.startswith("report:suggestion:"))
    )

    assert "draft" not in state
    assert "ลิงก์" in answer.text
    assert told.text.startswith("แจ้งเรื่อง: ข้อเสนอแนะ")


@pytest.mark.parametrize(
    "said",
    ["หน้าที่ผู้รับผิดชอบให้ข้อมูล", "ติดตามเรื่องร้องเรียน", "ตัวอย่างหนังสือร้องเรียนเจ้าหน้าที่",
     "ฉีดวัคซีนหมาบ้าวันใหนคับ", "ถนนหน้าวัดพัง ซ่อมหรือยัง"],
)  # fmt: skip
async def test_words_that_only_hold_a_sign_open_no_report(town, talk, said):
    await talk(said)

    assert "draft" not in await state_of(town, talk)


async def test_a_burst_of_photos_is_one_report_and_is_answered_once(town, talk):
    await talk(ROAD)
    first = await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    others = [await talk.do(Kind.IMAGE, attachment=Attachment(f"f{n}")) for n in range(2, 5)]
    reply = await tap(talk, "draft:topic:roads", "draft:privacy:anonymous", "draft:send")
    [ticket], files = await rows(town, Ticket), await rows(town, File)

    assert len(first) == 1
    assert others == [[], [], []]
    assert ticket.attachments == [file.id for file in files]
    assert len(files) == 4
    assert all(file.held for file in files)
    assert "4 ไฟล์" not in reply.text


async def test_a_photo_that_answers_a_question_is_answered_however_soon_it_comes(talk):
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await tap(talk, f"report:{Matter.WRONG_INFO}")
    [reply] = await talk.do(Kind.IMAGE, attachment=Attachment("f2"))

    assert reply.text.startswith("ได้รับไฟล์แล้ว")
    assert await talk.do(Kind.IMAGE, attachment=Attachment("f3")) == []


async def test_more_files_than_are_taken_are_refused_in_words(town, talk):
    await talk(ROAD)
    for number in range(10):
        await talk.do(Kind.IMAGE, attachment=Attachment(f"f{number}"))
    [reply] = await talk.do(Kind.IMAGE, attachment=Attachment("f11"))

    assert "10" in reply.text
    assert len(await rows(town, File)) == 10


async def test_a_photo_begins_a_report_and_words_say_what_it_is(town, talk):
    [asked] = await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    [reply] = await talk(ROAD)
    state = await state_of(town, talk)

    assert "report:complaint" in values(asked)
    assert "draft:topic:roads" in values(reply)
    assert (state["draft"]["kind"], len(state["draft"]["files"])) == ("complaint", 1)


@pytest.mark.parametrize("before", [(), (None,)])
async def test_a_caption_says_what_its_photo_and_those_before_are_of(town, talk, before):
    for words in (*before, ROAD):
        town.clock.now += timedelta(minutes=1)
        [reply] = await talk.do(Kind.IMAGE, attachment=Attachment("f"), text=words)
    draft = (await state_of(town, talk))["draft"]

    assert reply.text.startswith("แจ้งเรื่อง: ร้องเรียน")
    assert "draft:topic:roads" in values(reply)
    assert [one["text"] for one in draft["said"]] == [ROAD]
    assert len(draft["files"]) == len(before) + 1


async def test_one_photo_too_many_is_told_of_whatever_stands_below_it(town, talk):
    for _ in range(10):
        await talk.do(Kind.IMAGE, attachment=Attachment("f"))
    [reply] = await talk.do(Kind.IMAGE, attachment=Attachment("f"), text=ROAD)
    draft = (await state_of(town, talk))["draft"]

    assert reply.text.startswith("รับได้ไม่เกิน 10 ไฟล์")
    assert ([one["text"] for one in draft["said"]], len(draft["files"])) == ([ROAD], 10)


async def test_photos_too_many_that_follow_each_other_closely_are_told_of_once(town, talk):
    for _ in range(10):
        await talk.do(Kind.IMAGE, attachment=Attachment("f"))
    first = await talk.do(Kind.IMAGE, attachment=Attachment("f"))
    others = [await talk.do(Kind.IMAGE, attachment=Attachment("f")) for _ in range(3)]
    town.clock.now += timedelta(minutes=1)
    later = await talk.do(Kind.IMAGE, attachment=Attachment("f"))

    assert others == [[], [], []]
    assert all(reply.text.startswith("รับได้ไม่เกิน 10 ไฟล์") for reply in (*first, *later))
    assert (len(first), len(later)) == (1, 1)


async def test_after_a_photo_a_question_is_still_answered(talk):
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    replies = await talk("ขอเบอร์โทรหน่อย")

    assert "draft:topic:roads" not in values(replies[-1])
    assert replies[-1].card is not None
    assert values((await talk("เมนู"))[0])[0] == "draft:resume"


async def test_going_back_asks_the_last_question_again(talk):
    await talk(ROAD)
    await talk("1")
    await talk("ไม่มี")
    [files] = await talk("ย้อนกลับ")
    [topic] = await talk("ย้อนกลับ")
    [what] = await talk("ย้อนกลับ")
    [topic_again] = await talk("ไฟทางดับหน้าวัด")

    assert "draft:skip:files" in values(files)
    assert "draft:topic:roads" in values(topic)
    assert what.text.startswith("เล่ามาได้เลย")
    assert "draft:topic:lights" in values(topic_again)


async def test_each_part_can_be_changed_before_it_is_sent(town, talk):
    await talk(ROAD)
    await tap(talk, "draft:topic:roads", "draft:skip:files", "draft:privacy:named")
    await talk("สมชาย", "ข้าม")
    [which] = await talk("แก้ไข")
    await tap(talk, "draft:change:what")
    [preview] = await talk("ท่อระบายน้ำตันหน้าโรงเรียน")
    await tap(talk, "draft:change:privacy", "draft:privacy:anonymous", "draft:send")
    [ticket] = await rows(town, Ticket)

    assert "draft:change:privacy" in values(which)
    assert "ท่อระบายน้ำตันหน้าโรงเรียน" in preview.text
    assert ROAD not in preview.text
    assert (ticket.what, ticket.privacy) == ("ท่อระบายน้ำตันหน้าโรงเรียน", Privacy.ANONYMOUS)
    assert await rows(town, Person) == []


async def test_words_that_were_not_asked_for_are_added(town, talk):
    await talk(ROAD)
    await tap(talk, "draft:topic:roads", "draft:skip:files")
    [reply] = await talk("ลืมบอกว่าอยู่ฝั่งขวา")
    await tap(talk, "draft:privacy:anonymous", "draft:send")
    [ticket] = await rows(town, Ticket)

    assert "draft:privacy:named" in values(reply)
    assert ticket.what == f"{ROAD}\nลืมบอกว่าอยู่ฝั่งขวา"


async def test_cancelling_keeps_nothing(town, talk):
    await talk(ROAD)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    [reply] = await talk("ยกเลิก")
    state = await state_of(town, talk)
    [file] = await rows(town, File)

    assert reply.text.startswith("ยกเลิกแล้ว")
    assert "draft" not in state
    assert file.status == "forgotten"
    assert (await talk(choose="draft:send"))[0].text.startswith("เรื่องนี้ส่งไปแล้ว")


async def test_who_leaves_can_come_back_within_a_day(town, talk):
    await talk(ROAD)
    await talk("เมนู")
    town.clock.now += timedelta(hours=23)
    [menu] = await talk("เมนู")
    [reply] = await talk("แจ้งเรื่องเดิมต่อ")

    assert values(menu)[0] == "draft:resume"
    assert "draft:topic:roads" in values(reply)


@pytest.mark.parametrize("again", ["ยกเลิก", None])
async def test_cancelling_says_of_a_report_that_was_left_that_it_is_still_there(town, talk, again):
    await talk(ROAD)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await talk("เมนู")
    [told] = await talk("ยกเลิก")
    kept = (await state_of(town, talk))["draft"]
    [ended] = await talk(again) if again else await talk(choose=values(told)[1])
    [file] = await rows(town, File)

    assert told.text.startswith("เรื่องที่แจ้งค้างไว้ยังอยู่")
    assert values(told)[:2] == ["draft:resume", "draft:drop"]
    assert (kept["said"][0]["text"], len(kept["files"])) == (ROAD, 1)
    assert ended.text.startswith("ยกเลิกแล้ว ไม่ได้ส่งเรื่องนี้")
    assert "draft" not in await state_of(town, talk)
    assert file.status == "forgotten"


async def test_a_report_that_was_left_goes_on_after_cancelling_something_else(town):
    resident = town.citizen("tapon")
    number = await road(resident)
    await resident("ไฟทางดับทั้งซอยมาสามวันแล้ว")
    await tap(resident, f"mine:{number}:add")
    [told] = await resident("ยกเลิก")
    [asked] = await resident("แจ้งเรื่องเดิมต่อ")

    assert told.text.startswith("เรื่องที่แจ้งค้างไว้ยังอยู่")
    assert "draft:drop" in values(asked)
    assert "awaits" not in await state_of(town, resident)


async def test_after_a_day_it_is_gone(town, talk):
    await talk(ROAD)
    town.clock.now += timedelta(hours=25)
    [menu] = await talk("เมนู")

    assert "draft:resume" not in values(menu)
    assert "draft" not in await state_of(town, talk)


async def test_what_is_taken_back_while_writing_is_not_sent(town, talk):
    await talk.do(Kind.TEXT, text=ROAD, message_id="first")
    await talk.do(Kind.TEXT, text="เบอร์ผม 081 234 5678", message_id="second")
    await talk.do(Kind.UNSEND, message_id="second")
    await tap(talk, "draft:topic:roads", "draft:skip:files", "draft:privacy:anonymous")
    [sent] = await talk(choose="draft:send")
    [ticket] = await rows(town, Ticket)

    assert ticket.number in sent.text
    assert ticket.what == ROAD


async def test_what_is_taken_back_later_goes_from_the_matter_and_the_person(town, talk):
    await talk.do(Kind.TEXT, text=ROAD, message_id="words")
    await tap(talk, "draft:topic:roads", "draft:skip:files", "draft:privacy:named")
    await talk.do(Kind.TEXT, text="สมหญิง", message_id="name")
    await talk("ข้าม", choose="draft:send")
    for message in ("words", "name"):
        await talk.do(Kind.UNSEND, message_id=message)
    [ticket], [person] = await rows(town, Ticket), await rows(town, Person)

    assert ticket.what == ""
    assert person.name is None
    assert ROAD not in str(ticket.said)


async def test_a_like_report_is_offered_to_join_and_both_hear_of_it(town):
    first, second = town.citizen(), town.citizen()
    number = await road(first)
    await second("ถนนพังเป็นหลุมหน้าตลาดสด อันตรายมาก")
    offer = await tap(second, "draft:topic:roads", "draft:skip:files", "draft:privacy:anonymous")
    await tap(second, values(offer)[0])
    [sent] = await second(choose="draft:send")
    one, other = await rows(town, Ticket)
    following = [row for row in await rows(town, Follower) if row.ticket_id == one.id]

    assert "ถนน ทางเท้า สะพาน" in offer.text
    assert "รถล้มเมื่อคืน" not in offer.text
    assert (other.status, other.joined_to) == (Status.JOINED, one.id)
    assert {row.contact_id for row in following} == {first.contact.id, second.contact.id}
    assert number in sent.text


async def test_a_like_report_may_be_kept_apart(town):
    await road(town.citizen())
    second = town.citizen()
    await road(second)  # sending is asked before the question is answered: it is asked again
    await tap(second, "draft:same:", "draft:send")
    one, other = await rows(town, Ticket)

    assert (one.status, other.status) == (Status.RECEIVED, Status.RECEIVED)


async def test_in_a_group_nothing_is_reported(town):
    member = town.citizen(group=True)
    [asked] = await member(choose="report:complaint")
    await member(ROAD)

    assert "แชตส่วนตัว" in asked.text
    assert "draft" not in await state_of(town, member)


async def test_tapping_send_twice_sends_once(town, talk):
    await road(talk)
    [again] = await talk(choose="draft:send")

    assert len(await rows(town, Ticket)) == 1
    assert "mine" in values(again)


def lines(reply) -> dict[str, str]:
    """The numbered lines of a reply, by what typing each number stands for."""
    found = [line.split(". ", 1) for line in reply.text.splitlines() if ". " in line[:4]]
    return {reply.choices[int(number) - 1].value: said for number, said in found}


async def test_a_whole_report_can_be_made_without_seeing_a_button(town, talk):
    [kind] = await talk("แจ้งเรื่อง")
    await talk("1")
    [topic] = await talk(ROAD)
    await talk("1")
    [level] = await talk("ไม่มี")
    [preview] = await talk("1")
    [which] = await talk("2")
    await talk("2")  # what it is about: now none of the topics
    [again] = await talk(str(len(lines(topic))))
    [sent] = await talk("1")
    [ticket] = await rows(town, Ticket)

    assert lines(kind)["report:wrong-info"] == "ข้อมูลผิดหรือเก่า"
    assert lines(level) == {
        "draft:privacy:anonymous": "ไม่บอกชื่อ: ไม่ถามและไม่เก็บชื่อ",
        "draft:privacy:hidden": ("ปิดชื่อ: หน่วยที่ทำเรื่องไม่เห็นชื่อ เห็นเฉพาะผู้รับเรื่องและผู้บริหาร"),
        "draft:privacy:named": "บอกชื่อ: ทุกคนที่ทำเรื่องนี้เห็นชื่อ",
    }
    assert preview.text.splitlines()[-4:] == ["─" * 12, "1. ส่งเรื่อง", "2. แก้ไข", "3. ยกเลิก"]
    assert lines(which)["draft:change:topic"] == "เกี่ยวกับ"
    assert lines(topic)["draft:skip:topic"] == "ไม่แน่ใจ ให้เจ้าหน้าที่เลือก"
    assert "ถนน ทางเท้า สะพาน" not in again.text
    assert (ticket.what, ticket.topic, ticket.privacy) == (ROAD, None, Privacy.ANONYMOUS)
    assert ticket.number in sent.text


async def test_a_like_report_and_a_report_begun_before_are_chosen_by_number(town):
    await road(town.citizen())
    second = town.citizen()
    await second(ROAD)
    [which] = await second(choose="report")
    await second("1")
    offer = await tap(second, "draft:topic:roads", "draft:skip:files", "draft:privacy:anonymous")
    await second("2", "1")
    _, other = await rows(town, Ticket)

    assert lines(which)["draft:resume"] == "แจ้งเรื่องเดิมต่อ"
    assert lines(offer)["draft:same:"] == "ไม่ใช่ เรื่องใหม่"
    assert (other.status, other.joined_to) == (Status.RECEIVED, None)


async def test_who_needs_help_at_once_is_told_whom_to_call_and_the_matter_is_urgent(town, talk):
    replies = await talk("เสาไฟล้มทับบ้าน ไฟไหม้แล้ว")
    [asked] = [reply for reply in replies if "draft:drop" in values(reply)]
    await tap(talk, "draft:skip:topic", "draft:skip:files", "draft:privacy:anonymous", "draft:send")
    [ticket] = await rows(town, Ticket)

    assert "199" in replies[0].text
    assert asked is replies[-1]
    assert ticket.urgent


@pytest.mark.parametrize(
    "value",
    ["draft", "draft:", "draft:item:gone", "draft:topic:<script>", "draft:privacy:all",
     "draft:skip:nothing", "draft:change:\0", "draft:nothing", "report:bribe", "mine:x", "mine::",
     "mine:70-00001-4:add", "fixed:70-00001-4:no", "fixed::", "stars:70-00001-4:9", "staff"],
)  # fmt: skip
async def test_a_button_that_means_nothing_changes_nothing(town, talk, value):
    await talk(ROAD)
    before = (await state_of(town, talk))["draft"]
    replies = await talk(choose=value)
    after = (await state_of(town, talk))["draft"]

    assert len(replies) == 1
    assert after["said"] == before["said"]
    assert await rows(town, Ticket) == []


async def test_it_is_all_said_in_english_too(town, talk):
    await talk("english")
    [asked] = await talk("The street light near the temple is broken")
    await tap(talk, "draft:topic:lights", "draft:skip:files", "draft:privacy:anonymous")
    [sent] = await talk("send")
    [ticket] = await rows(town, Ticket)

    assert asked.text.startswith("You are reporting: Complaint")
    assert sent.text.startswith(f"Sent. Your tracking number: {ticket.number}")
    assert ticket.language == "en"


async def test_a_photo_belongs_to_the_report_that_was_left(town, talk):
    await talk(ROAD)
    await talk("เมนู")
    [reply] = await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await tap(talk, "draft:topic:roads", "draft:privacy:anonymous", "draft:send")
    [ticket] = await rows(town, Ticket)

    assert "draft:topic:roads" in values(reply)
    assert (ticket.what, len(ticket.attachments)) == (ROAD, 1)


async def test_a_second_tap_on_a_kind_keeps_words_and_files(town, talk):
    await talk(choose="report:complaint")
    await talk(ROAD)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await tap(talk, "report:complaint")
    same = (await state_of(town, talk))["draft"]
    await tap(talk, "report:suggestion")
    other = (await state_of(town, talk))["draft"]
    [file] = await rows(town, File)

    assert (same["kind"], other["kind"]) == ("complaint", "suggestion")
    assert same["said"] == other["said"]
    assert same["files"] == other["files"] == [file.id]
    assert file.status == "waiting"


async def test_going_back_from_what_a_report_was_turned_into_leads_to_where_it_was_turned(
    town, talk
):
    await talk("อยากให้มีถนนคนเดินวันอาทิตย์")
    await tap(talk, "draft:privacy:hidden")
    [preview] = await talk("สมหญิง ใจดี", "0812345678")
    asked = await tap(talk, "report:complaint")
    await talk("หน้าวัดศรีสุข")  # none of the topics: it is asked once more
    [back] = await talk("ย้อนกลับ")
    await tap(talk, "report:complaint", "draft:topic:roads")
    [again] = await talk("ย้อนกลับ")
    [last] = await talk("ย้อนกลับ")

    assert "draft:topic:roads" in values(asked)
    assert values(again) == values(asked)
    assert values(back) == values(last) == values(preview)
    for part in ("ข้อเสนอแนะ", "สมหญิง ใจดี", "0812345678"):
        assert part in back.text
        assert part in last.text


async def test_a_second_tap_on_report_this_keeps_the_files(town, talk):
    replies = await talk("เมื่อไหร่จะมาเก็บขยะคะ ไม่มาเก็บสองอาทิตย์แล้ว")
    button = values(replies[-1])[0]
    await talk(choose=button)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await talk(choose=button)
    draft = (await state_of(town, talk))["draft"]

    assert (len(draft["said"]), len(draft["files"])) == (1, 1)


LAMPS = "ไฟทางดับทั้งซอยมาสามวันแล้ว"


async def test_words_of_another_report_end_none_that_waits_without_a_yes(town, talk):
    await talk(ROAD)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await talk("เมนู")
    [asked] = await talk(LAMPS)
    [file] = await rows(town, File)
    draft = (await state_of(town, talk))["draft"]
    [resumed] = await talk("1")

    assert lines(asked)["draft:resume"] == "แจ้งเรื่องเดิมต่อ"
    assert file.status == "waiting"
    assert [said["text"] for said in draft["said"]] == [ROAD]
    assert "draft:topic:roads" in values(resumed)


async def test_a_new_report_says_that_the_one_before_is_not_kept(town, talk):
    await talk(ROAD)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await talk("เมนู")
    await talk(LAMPS)
    [reply] = await talk("2")
    [file] = await rows(town, File)
    draft = (await state_of(town, talk))["draft"]

    assert reply.text.startswith("เรื่องก่อนหน้าที่ยังไม่ได้ส่งถูกยกเลิกแล้ว")
    assert file.status == "forgotten"
    assert [said["text"] for said in draft["said"]] == [LAMPS]


async def test_words_say_what_the_photos_that_were_left_are_of(town, talk):
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await talk("เมนู")
    [reply] = await talk(ROAD)
    draft = (await state_of(town, talk))["draft"]

    assert reply.text.startswith("แจ้งเรื่อง")
    assert (draft["kind"], len(draft["files"])) == ("complaint", 1)


async def to_phone(citizen, level: str) -> None:
    """A complaint, up to the question for a telephone number."""
    await citizen(ROAD)
    await tap(citizen, "draft:topic:roads", "draft:skip:files", f"draft:privacy:{level}")
    await citizen("สมหญิง ใจดี")


@pytest.mark.parametrize("number", [(), ("081 234 5678",)])
async def test_a_name_is_taken_out_again_by_words(town, talk, number):
    await to_phone(talk, "named")
    await talk(*number, "เอาชื่อออก")
    await tap(talk, "draft:send")
    [ticket] = await rows(town, Ticket)

    assert (ticket.what, ticket.privacy) == (ROAD, Privacy.ANONYMOUS)
    assert await rows(town, Person) == []


async def test_willing_to_tell_opens_a_hidden_name_to_nobody(town, talk):
    await to_phone(talk, "hidden")
    [asked] = await talk("บอกได้")
    draft = (await state_of(town, talk))["draft"]
    [preview] = await talk("๐๘๑ ๒๓๔ ๕๖๗๘")

    assert asked.text.startswith("เบอร์ติดต่อกลับ")
    assert (draft["privacy"], "phone" in draft) == ("hidden", False)
    assert "๐๘๑ ๒๓๔ ๕๖๗๘" in preview.text


async def test_words_without_a_number_are_no_telephone(town, talk):
    await to_phone(talk, "named")
    [asked] = await talk("เดี๋ยวบอกทีหลัง 12")

    assert asked.text.startswith("เบอร์ติดต่อกลับ")
    assert "phone" not in (await state_of(town, talk))["draft"]


@pytest.mark.parametrize("said", ["ย้อนกลับ", "แก้ไข", "แก้", "ขอแก้รายละเอียดครับ", "แก้เบอร์", "back"])
async def test_wanting_to_change_is_no_part_of_the_report(town, talk, said):
    await talk(ROAD)
    await tap(talk, "draft:topic:roads", "draft:skip:files", "draft:privacy:anonymous")
    [which] = await talk(said)

    assert "draft:change:what" in values(which)
    assert len((await state_of(town, talk))["draft"]["said"]) == 1


async def test_at_the_preview_other_words_are_more_of_the_report(talk):
    await talk(ROAD)
    await tap(talk, "draft:topic:roads", "draft:skip:files", "draft:privacy:anonymous")
    [preview] = await talk("แก้มลิงข้างทางก็พังด้วย")

    assert "แก้มลิงข้างทางก็พังด้วย" in preview.text


async def test_name_and_telephone_can_be_changed_and_taken_out(town, talk):
    await to_phone(talk, "named")
    await talk("081 234 5678")
    [which] = await talk("แก้ไข")
    await tap(talk, "draft:change:name")
    [preview] = await talk("สมศรี ใจงาม")
    await tap(talk, "draft:change:phone")
    [without] = await talk("ข้าม")
    await tap(talk, "draft:privacy:anonymous")
    [nameless] = await talk("แก้ไข")

    assert {"draft:change:name", "draft:change:phone"} <= set(values(which))
    assert "สมศรี ใจงาม" in preview.text
    assert "081 234 5678" in preview.text
    assert "081 234 5678" not in without.text
    assert "draft:change:name" not in values(nameless)


async def test_going_back_forgets_the_place_of_a_photo(town, talk):
    await talk(ROAD)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    async with town.database.write() as connection:
        await connection.execute(update(File).values(latitude=14.99, longitude=103.1))
    await tap(talk, "draft:topic:roads", "draft:spot:yes")
    kept = (await state_of(town, talk))["draft"]
    [asked] = await talk("ย้อนกลับ")

    assert "place" in kept
    assert "draft:spot:yes" in values(asked)
    assert "place" not in (await state_of(town, talk))["draft"]


async def test_a_place_that_is_not_wanted_any_more_leaves_the_report_too(town, talk):
    await talk(ROAD)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    async with town.database.write() as connection:
        await connection.execute(update(File).values(latitude=14.99, longitude=103.1))
    await tap(talk, "draft:topic:roads", "draft:spot:yes", "draft:spot:no")
    photo = (await state_of(town, talk))["draft"]
    own = Place(14.99, 103.1)
    await talk.do(Kind.LOCATION, place=own, message_id="here")
    await tap(talk, "draft:spot:no")

    assert "place" not in photo
    assert (await state_of(town, talk))["draft"]["placed"] == "here"
    assert "place" in (await state_of(town, talk))["draft"]


async def test_files_that_going_back_leaves_out_are_not_kept(town, talk):
    await talk(ROAD)
    await tap(talk, "draft:topic:roads")
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await tap(talk, "draft:skip:files")
    await talk("ย้อนกลับ")
    [file] = await rows(town, File)

    assert "files" not in (await state_of(town, talk))["draft"]
    assert file.status == FileStatus.FORGOTTEN


async def test_enough_ends_no_report_where_a_place_or_a_like_matter_is_asked_about(town, talk):
    await road(town.citizen())
    await talk(ROAD)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    async with town.database.write() as connection:
        await connection.execute(update(File).values(latitude=14.99, longitude=103.1))
    await tap(talk, "draft:topic:roads")
    [privacy] = await talk("พอแล้ว")
    alike = await tap(talk, "draft:privacy:anonymous")
    [again] = await talk("พอแล้ว")

    assert "draft:privacy:anonymous" in values(privacy)
    assert "draft:same:" in values(alike)
    assert values(again) == values(alike)


async def test_a_place_that_is_not_wanted_leaves_every_photo_at_once(town, talk):
    await talk(ROAD)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    async with town.database.write() as connection:
        await connection.execute(update(File).values(latitude=14.99, longitude=103.1))
    reply = await tap(talk, "draft:topic:roads", "draft:spot:no")
    [file] = await rows(town, File)

    assert file.place is None
    assert "draft:privacy:anonymous" in values(reply)


async def test_who_speaks_is_told_that_nobody_listens(talk):
    [reply] = await talk.do(Kind.AUDIO, attachment=Attachment("v1"))

    assert reply.text.startswith("ได้รับเสียงแล้ว แต่ยังฟังเสียงไม่ได้")
    assert "report:complaint" in values(reply)


@pytest.mark.parametrize(
    "name",
    ["ไหม ใจดี", "สายไหม วงศ์ดี", "นางสาวไหมทอง กี่เพชร", "สมไหม", "สมหญิง ใจไหม", "Pat Howe"],
)
async def test_a_name_may_hold_a_question_word(town, talk, name):
    await talk(ROAD)
    await tap(talk, "draft:topic:roads", "draft:skip:files", "draft:privacy:named")
    [phone] = await talk(name)

    assert phone.text.startswith("เบอร์ติดต่อกลับ")
    assert (await state_of(town, talk))["draft"]["name"]["text"] == name


@pytest.mark.parametrize(
    ("said", "number"),
    [("สมศรี ใจดี 0812345678", "0812345678"), ("สมศรี ใจดี โทร. 081-234-5678", "081-234-5678"),
     ("สมศรี ใจดี, ๐๘๑ ๒๓๔ ๕๖๗๘", "๐๘๑ ๒๓๔ ๕๖๗๘"), ("สมศรี ใจดี 1 2345 67890 12 3", None)],
)  # fmt: skip
async def test_name_and_telephone_may_come_at_once(town, talk, said, number):
    await talk(ROAD)
    await tap(talk, "draft:topic:roads", "draft:skip:files", "draft:privacy:named")
    await talk(said)
    draft = (await state_of(town, talk))["draft"]

    assert draft.get("phone", {}).get("text") == number
    assert draft.get("name", {}).get("text") == ("สมศรี ใจดี" if number else None)


async def like_one(town, words: str) -> str:
    """How somebody is told of the like matter that another has brought in these words."""
    await road(town.citizen(), words)
    neighbour = town.citizen()
    await neighbour(ROAD)
    asked = await tap(neighbour, "draft:topic:roads", "draft:skip:files", "draft:privacy:anonymous")
    assert "draft:same:" in values(asked)
    return asked.text


async def test_nobody_is_shown_the_address_that_another_wrote(town):
    told = await like_one(town, f"{ROAD} www.fb.co/ying")

    assert "ying" not in told
    assert "ถนน ทางเท้า" in told
