"""People do not answer as forms expect: short words, questions and thanks in the midst of it."""

from datetime import timedelta

import pytest

from admin import logbook
from admin.persons import Person
from admin.tickets import Privacy, Ticket
from bot.messages import Attachment, Kind, Place
from handlers.desk import get_ready
from handlers.openers import openers
from handlers.signs import signs
from knowledge.chains import Kind as Matter
from tests.dialogues.test_mine import AGENT, Move, does
from tests.dialogues.test_reports import ROAD, road, rows, state_of, tap, values


async def at(citizen, *taps: str):
    """A complaint, as far as these taps lead."""
    await citizen(ROAD)
    return await tap(citizen, "draft:topic:roads", *taps)


@pytest.mark.parametrize(
    "said", ["ไม่ยินยอม", "ไม่ให้ครับ", "ข้าม", "I do not agree", "ชื่อไว้ทีหลังนะ", "นิรนาม"]
)
async def test_who_does_not_agree_has_given_no_name(town, talk, said):
    await at(talk, "draft:skip:files", "draft:privacy:hidden")
    await talk(said)
    if said == "ชื่อไว้ทีหลังนะ":  # words that nobody foresaw are a name: it is seen and changed
        await tap(talk, "draft:change:privacy")
    await tap(talk, "draft:privacy:anonymous", "draft:send")
    [ticket] = await rows(town, Ticket)

    assert ticket.privacy is Privacy.ANONYMOUS
    assert await rows(town, Person) == []


@pytest.mark.parametrize("level", [(), ("draft:privacy:hidden",)])
@pytest.mark.parametrize(
    "said",
    ["ไม่บอก กลัวโดนเก็บ", "ไม่บอกค่ะ กลัว", "ไม่กล้าบอกชื่อค่ะ", "ไม่บอกชื่อดีกว่าครับ เดี๋ยวโดนแกล้ง", "กลัวโดนเก็บ",
     "ไม่อยากบอก เพราะกลัวผู้ใหญ่บ้านรู้", "I'd rather not say, I'm afraid of them"],
)  # fmt: skip
async def test_who_is_afraid_to_tell_a_name_tells_none(town, talk, said, level):
    await at(talk, "draft:skip:files", *level)
    [preview] = await talk(said)
    draft = (await state_of(town, talk))["draft"]

    assert values(preview)[0] == "draft:send"
    assert (draft["privacy"], "name" in draft) == ("anonymous", False)
    assert [one["text"] for one in draft["said"]] == [ROAD]


@pytest.mark.parametrize(
    "said",
    ["กลัวเด็กตกลงไป", "ไม่กลัวหรอก", "ไม่บอกชื่อนะ แต่ไฟหน้าบ้านก็ดับ กลัวคนล้ม",
     "ไม่บอก กลัวคนบ้านเลขที่ 12 ที่ทำถนนพัง", "ไม่มีไฟทางด้วย กลัวรถชน"],
)  # fmt: skip
async def test_a_fear_that_is_of_the_matter_is_kept(town, talk, said):
    await at(talk, "draft:skip:files")
    await talk(said)
    draft = (await state_of(town, talk))["draft"]

    assert [one["text"] for one in draft["said"]] == [ROAD, said]
    assert "privacy" not in draft


@pytest.mark.parametrize("said", ["Wrong!", "it is wrong", "not correct", "change"])
async def test_who_says_that_it_is_wrong_before_sending_is_asked_what_to_change(town, talk, said):
    await at(talk, "draft:skip:files", "draft:privacy:anonymous")
    [asked] = await talk(said)

    assert "draft:change:what" in values(asked)
    assert len((await state_of(town, talk))["draft"]["said"]) == 1


@pytest.mark.parametrize("said", ["ไม่ได้แจ้ง เพราะกลัวโดนทำร้าย", "ไม่ต้องแจ้ง เดี๋ยวโดนไล่ออก"])
async def test_what_was_not_done_for_fear_is_told_and_ends_no_report(town, talk, said):
    await at(talk)
    await talk(said)

    told = (await state_of(town, talk))["draft"]["said"]
    assert [one["text"] for one in told] == [ROAD, said]


@pytest.mark.parametrize("level", [[], ["draft:privacy:hidden"], ["draft:privacy:anonymous"]])
async def test_who_is_afraid_to_report_ends_it_where_a_name_or_a_yes_is_asked_for(
    town, talk, level
):
    await at(talk, "draft:skip:files", *level)
    await talk("ไม่แจ้งแล้ว กลัวเดือดร้อน")

    assert "draft" not in await state_of(town, talk)


async def test_who_is_afraid_of_calls_keeps_the_name_that_was_told(town, talk):
    await at(talk, "draft:skip:files", "draft:privacy:hidden")
    [preview] = await talk("สมหญิง ใจดี", "ไม่บอก กลัวโดนโทรกวน")

    assert values(preview)[0] == "draft:send"
    assert "สมหญิง ใจดี" in preview.text


@pytest.mark.parametrize(
    "said",
    ["ไม่ต้องบอก", "ไม่บอกหรอกค่ะ", "ไม่ต้องบอก กลัวโดนโทรกวน", "ไม่มีโทรศัพท์จ้ะ", "ไม่ให้เบอร์",
     "prefer not to say"],
)  # fmt: skip
async def test_who_tells_no_telephone_number_keeps_the_name_that_was_told(town, talk, said):
    await at(talk, "draft:skip:files", "draft:privacy:hidden")
    [preview] = await talk("สมหญิง ใจดี", said)
    [again] = await talk("ไม่ต้องบอก")
    draft = (await state_of(town, talk))["draft"]

    assert values(preview)[0] == values(again)[0] == "draft:send"
    assert (draft["privacy"], draft["name"]["text"]) == ("hidden", "สมหญิง ใจดี")
    assert "phone" not in draft


@pytest.mark.parametrize("said", ["ไม่มีเบอร์ค่ะ", "ไม่ต้องโทรมา", "ไม่ให้เบอร์ กลัวโดนโทรกวน", "no phone"])
@pytest.mark.parametrize("level", [(), ("draft:privacy:hidden",)])
async def test_who_has_no_telephone_is_not_named_so_and_not_asked_for_it_again(
    town, talk, said, level
):
    asked = await at(talk, "draft:skip:files", *level)
    [again] = await talk(said)
    if not level:
        await tap(talk, "draft:privacy:hidden")
    [preview] = await talk("สมหญิง ใจดี")
    draft = (await state_of(town, talk))["draft"]

    assert values(again) == values(asked)
    assert values(preview)[0] == "draft:send"
    assert (draft["name"]["text"], "phone" in draft) == ("สมหญิง ใจดี", False)
    assert [one["text"] for one in draft["said"]] == [ROAD]


@pytest.mark.parametrize("said", ["ไม่ระบุตัวตน", "ไม่เปิดเผยชื่อ", "กลัวเดือดร้อน"])
@pytest.mark.parametrize("number", [(), ("081 234 5678",)])
async def test_who_wants_to_stay_unknown_after_all_takes_the_name_out(town, talk, said, number):
    await at(talk, "draft:skip:files", "draft:privacy:hidden")
    await talk("สมหญิง ใจดี", *number, said)
    draft = (await state_of(town, talk))["draft"]

    assert (draft["privacy"], "name" in draft, "phone" in draft) == ("anonymous", False, False)


async def test_a_telephone_number_is_taken_out_again_by_words(town, talk):
    await at(talk, "draft:skip:files", "draft:privacy:hidden")
    [preview] = await talk("สมหญิง ใจดี", "081 234 5678", "เอาเบอร์ออก")

    assert "สมหญิง ใจดี" in preview.text
    assert "081 234 5678" not in preview.text
    assert [one["text"] for one in (await state_of(town, talk))["draft"]["said"]] == [ROAD]


@pytest.mark.parametrize(
    "said",
    ["081-234-5678", "ใครจะเห็นชื่อบ้าง", "ต้องบอกชื่อจริงไหมคะ", "จำเป็นไหม", "ไม่บอกได้ไหม", "สมไหม?"],
)
async def test_a_number_or_a_question_is_no_name(town, talk, said):
    await at(talk, "draft:skip:files", "draft:privacy:named")
    [asked] = await talk(said)

    assert asked.text.startswith("ขอชื่อผู้แจ้ง")
    assert "name" not in (await state_of(town, talk))["draft"]


@pytest.mark.parametrize("said", ["โอเค", "ใช่", "ตกลงค่ะ", "yes", "ส่งเลย", "ยืนยัน"])
async def test_yes_sends_what_was_shown(town, talk, said):
    await at(talk, "draft:skip:files", "draft:privacy:anonymous")
    [sent] = await talk(said)
    [ticket] = await rows(town, Ticket)

    assert ticket.number in sent.text
    assert ticket.what == ROAD


@pytest.mark.parametrize(
    "said", ["ไม่มี", "ไม่มีรูปครับ", "บ่มีรูป", "no photo", "ข้าม", "ครบแล้ว", "ไม่มีหลักฐาน"]
)
async def test_having_nothing_to_add_goes_on(town, talk, said):
    await at(talk)
    [asked] = await talk(said)

    assert "draft:privacy:anonymous" in values(asked)
    assert (await state_of(town, talk))["draft"]["said"] == [
        {"text": ROAD, "message": (await state_of(town, talk))["draft"]["said"][0]["message"]}
    ]


@pytest.mark.parametrize(
    ("said", "level"),
    [("anonymous", "anonymous"), ("ไม่อยากบอกชื่อค่ะ", "anonymous"), ("ไม่ต้องบอกหรอก", "anonymous"),
     ("ปิด", "hidden"), ("บอกชื่อก็ได้", "named")],
)  # fmt: skip
async def test_the_level_may_be_said(town, talk, said, level):
    await at(talk, "draft:skip:files")
    await talk(said)

    assert (await state_of(town, talk))["draft"]["privacy"] == level


@pytest.mark.parametrize("said", ["ไม่ได้จะแจ้ง", "ถามเฉยๆ", "เปลี่ยนใจแล้ว", "just asking"])
async def test_who_did_not_mean_to_gets_out(town, talk, said):
    await talk(ROAD)
    await talk(said)

    assert "draft" not in await state_of(town, talk)


@pytest.mark.parametrize("said", ["ขอบคุณค่ะ", "ขอเบอร์โทรหน่อย เบอร์อะไร"])
async def test_thanks_and_questions_are_answered_and_it_goes_on(town, talk, said):
    await at(talk)
    replies = await talk(said)

    assert "draft:skip:files" in values(replies[-1])
    assert len(replies) == 2
    assert len((await state_of(town, talk))["draft"]["said"]) == 1


@pytest.mark.parametrize("said", ["เรื่องของฉัน", "/mine", "/lang"])
async def test_promised_words_always_work(talk, said):
    await talk(ROAD)
    [reply] = await talk(said)

    assert "draft:topic:roads" not in values(reply)


async def test_numbers_count_again_when_a_report_is_left(talk):
    await at(talk, "draft:skip:files", "draft:privacy:named")
    await talk("เมนู")
    [reply] = await talk("3")

    assert "a:" in values(reply)[0] or "cat:" in values(reply)[0]


async def test_changing_the_words_and_thinking_better_of_it_loses_nothing(town, talk):
    await at(talk, "draft:skip:files", "draft:privacy:anonymous")
    await tap(talk, "draft:change:what")
    [preview] = await talk("ย้อนกลับ")

    assert ROAD in preview.text
    assert values(preview)[0] == "draft:send"


async def test_a_file_more_keeps_those_before(town, talk):
    await talk(ROAD)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await tap(talk, "draft:topic:roads", "draft:privacy:anonymous", "draft:change:files")
    town.clock.now += timedelta(minutes=1)
    await talk.do(Kind.IMAGE, attachment=Attachment("f2"))
    await tap(talk, "draft:send")
    [ticket] = await rows(town, Ticket)

    assert len(ticket.attachments) == 2


async def test_files_can_be_taken_away_again(town, talk):
    await talk(ROAD)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await tap(talk, "draft:topic:roads", "draft:privacy:anonymous", "draft:change:files")
    await tap(talk, "draft:nofiles", "draft:send")
    [ticket] = await rows(town, Ticket)

    assert ticket.attachments == []


async def test_reporting_what_was_asked_does_not_ask_for_it_again(town, talk):
    asked = "เมื่อไหร่จะมาเก็บขยะคะ ไม่มาเก็บสองอาทิตย์แล้ว"
    replies = await talk(asked)
    [begun] = await talk(choose=values(replies[-1])[0])

    assert "เล่ามาได้เลย" not in begun.text
    assert (await state_of(town, talk))["draft"]["said"][0]["text"] == asked


BINS = "เมื่อไหร่จะมาเก็บขยะคะ ไม่มาเก็บสองอาทิตย์แล้ว"


async def test_report_this_below_an_older_question_takes_no_other(town, talk, strange):
    old = values((await talk(BINS))[-1])[0]
    [refused] = await talk(strange[0])
    [reply] = await talk(choose=old)
    state = await state_of(town, talk)
    await talk(choose=next(one for one in values(refused) if one.startswith("report:this-")))

    assert old.startswith("report:complaint:this-")
    assert reply.text.startswith("คำถามนั้นไม่อยู่แล้ว")
    assert "draft" not in state
    assert (await state_of(town, talk))["draft"]["said"][0]["text"] == strange[0]


async def test_report_this_goes_on_with_its_report_whatever_was_asked_meanwhile(
    town, talk, strange
):
    button = values((await talk(BINS))[-1])[0]
    await talk(choose=button)
    await talk("เมนู", strange[0])
    [reply] = await talk(choose=button)

    assert "draft:drop" in values(reply)
    assert [said["text"] for said in (await state_of(town, talk))["draft"]["said"]] == [BINS]


async def test_report_this_ends_no_other_report_without_a_yes(town, talk):
    button = values((await talk(BINS))[-1])[0]
    await at(talk)
    [asked] = await talk(choose=button)
    before = (await state_of(town, talk))["draft"]
    await talk("2")
    after = (await state_of(town, talk))["draft"]

    assert values(asked) == ["draft:resume", f"instead:{button}"]
    assert [said["text"] for said in before["said"]] == [ROAD]
    assert [said["text"] for said in after["said"]] == [BINS]


@pytest.mark.parametrize("value", ["report:this", "report:complaint:this"])
async def test_report_this_without_a_mark_takes_no_question(town, talk, value):
    await talk(BINS)
    [reply] = await talk(choose=value)

    assert reply.text.startswith("ปุ่มนี้ใช้ไม่ได้แล้ว")
    assert "draft" not in await state_of(town, talk)


async def test_the_button_below_an_older_question_hands_over_no_other(town, talk, strange):
    [first] = await talk(strange[0])
    await talk(strange[1])
    [reply] = await talk(choose=values(first)[0])

    assert reply.text.startswith("คำถามนั้นไม่อยู่แล้ว")
    assert await rows(town, Ticket) == []


async def test_what_was_handed_over_is_said_again(town, talk, strange):
    [refused] = await talk(strange[0])
    [handed] = await talk(choose=values(refused)[0])

    assert strange[0] in handed.text


async def test_an_address_without_its_beginning_says_where(town, talk):
    await talk("เบอร์ในเว็บผิด", "0 4461 1111")
    await talk("www.example.go.th/contact")
    state = await state_of(town, talk)

    assert state["draft"]["url"] == "https://www.example.go.th/contact"


async def test_this_answer_is_wrong_knows_which_answer(town, talk):
    await talk(choose="a:g-oia-own-data")
    [asked] = await talk("คำตอบนี้ผิด ข้อมูลไม่ถูก")

    assert (await state_of(town, talk))["draft"]["entry"] == "g-oia-own-data"
    assert "draft:skip:right" in values(asked)


async def test_an_item_of_the_catalogue_leads_to_its_report(town, talk, served):
    item = served.served["buriram"].agency.catalogue[0]
    [shown] = await talk(choose=f"item:{item.id}")
    await tap(talk, f"outdated:{item.id}")
    await talk("ข้อมูลเก่า", "ข้าม")
    await tap(talk, "draft:skip:files", "draft:privacy:anonymous", "draft:send")
    [ticket] = await rows(town, Ticket)

    assert f"outdated:{item.id}" in values(shown)
    assert (ticket.kind, ticket.item, ticket.unit) == (Matter.WRONG_INFO, item.id, item.owner)


@pytest.mark.parametrize("said", ["70-00001-5", "70–00001–5"])
async def test_a_slip_in_a_number_is_told(talk, said):
    await road(talk)
    [reply] = await talk(said)

    assert reply.text.startswith("ไม่พบเรื่องเลขนี้")


@pytest.mark.parametrize("said", ["70–00001–4", "7 0 0 0 0 0 1 4", "เลข ๗๐-๐๐๐๐๑-๔ ค่ะ"])
async def test_a_number_may_be_written_as_it_was_heard(talk, said):
    number = await road(talk)
    [reply] = await talk(said)

    assert reply.text.startswith(f"เรื่อง {number}")


async def test_the_same_trouble_in_another_soi_is_another_matter(town):
    await road(town.citizen(), "ถนนพังซอย 5 เป็นหลุม")
    second = town.citizen()
    await second("ถนนพังซอย 9 เป็นหลุม")
    reply = await tap(second, "draft:topic:roads", "draft:skip:files", "draft:privacy:anonymous")

    assert values(reply)[0] == "draft:send"


async def test_the_same_words_far_away_are_another_matter(town):
    for number, place in enumerate((Place(14.99, 103.1), Place(15.02, 103.1))):
        citizen = town.citizen()
        await citizen(ROAD)
        await citizen.do(Kind.LOCATION, place=place)
        reply = await tap(citizen, "draft:topic:roads", "draft:privacy:anonymous")
        assert values(reply)[0] == "draft:send", number
        await tap(citizen, "draft:send")


async def test_words_after_staff_asked_can_be_added_with_one_tap(town):
    resident = town.citizen("tapon")
    number = await road(resident)
    await does(town, number, Move.ASK, AGENT, reason="หลุมอยู่ฝั่งไหน")
    await resident("เมนู")
    replies = await resident("ฝั่งซ้ายติดศาลาหน้าร้านป้าแดง")
    [added] = [value for value in values(replies[-1]) if value.startswith(f"mine:{number}:this")]
    await resident("หมอโรคซึมเศร้าอยู่ที่ไหน")
    await resident(choose=added)  # the button is for the words that it stood under
    await resident("ฝั่งซ้ายติดศาลาหน้าร้านป้าแดง")
    [*_, last] = await resident("ฝั่งซ้ายติดศาลาหน้าร้านป้าแดง")
    [added] = [value for value in values(last) if value.startswith(f"mine:{number}:this")]
    await resident(choose=added)
    [ticket] = await rows(town, Ticket)
    async with town.database.session() as session:
        lines = await logbook.lines(session, await session.get(Ticket, ticket.id))

    assert lines[-1].text == "ฝั่งซ้ายติดศาลาหน้าร้านป้าแดง"
    assert "หมอโรคซึมเศร้าอยู่ที่ไหน" not in [line.text for line in lines]


@pytest.mark.parametrize("words", ["ใช่", "ไม่มี", "3", "ได้ค่ะ", "👍"])
async def test_whatever_answers_staff_reaches_them(town, words):
    resident = town.citizen("tapon")
    number = await road(resident)
    await does(town, number, Move.ASK, AGENT, reason="ดับกี่ต้น ยังดับอยู่ใช่ไหม")
    await resident(choose=f"mine:{number}:add")
    await resident(words)
    [ticket] = await rows(town, Ticket)
    async with town.database.session() as session:
        lines = await logbook.lines(session, await session.get(Ticket, ticket.id))

    assert lines[-1].text == words


@pytest.mark.parametrize(("words", "flow"), [("แจ้งเรื่อง", "report:complaint"), ("ติดต่อ", "contact")])
async def test_after_something_was_added_the_ways_to_other_flows_are_open(town, words, flow):
    resident = town.citizen("tapon")
    number = await road(resident)
    await resident(choose=f"mine:{number}:add")
    await resident("เพิ่มอีกนิด")
    [*_, reply] = await resident(words)

    assert flow in values(reply)


@pytest.mark.parametrize("taps", [(), ("draft:skip:files",)])
async def test_a_number_that_was_not_shown_cancels_nothing(town, talk, taps):
    await at(talk, *taps)
    await talk("5" if taps else "3")
    draft = (await state_of(town, talk))["draft"]

    assert draft["said"]
    assert draft["done"] == ["topic", "files"][: 1 + len(taps)]


async def test_a_report_is_joined_to_no_matter_but_the_one_that_was_offered(town):
    first, stranger = town.citizen("tapon"), town.citizen("tapon")
    number = await road(first)
    await stranger("ขยะล้นถังหน้าตลาดสด")
    await tap(stranger, "draft:skip:topic", "draft:skip:files", "draft:privacy:anonymous")
    await tap(stranger, f"draft:same:{number}", "draft:send")
    *_, other = await rows(town, Ticket)
    [shown] = await stranger(choose=f"mine:{number}")

    assert other.joined_to is None
    assert "ถนน" not in shown.text


async def test_what_is_said_long_after_adding_is_not_swallowed(town):
    resident = town.citizen("tapon")
    number = await road(resident)
    await resident(choose=f"mine:{number}:add")
    town.clock.now += timedelta(hours=2)
    [reply] = await resident("น้ำไม่ไหลทั้งหมู่บ้านเลย")

    assert "draft:drop" in values(reply)


@pytest.mark.parametrize(
    "said",
    ["ถ้าน้ำประปาไม่ไหลโทรเบอร์ไหน", "ถนนที่เสียแล้วซ่อมแล้ว ขอบคุณครับ", "ข้อมูลไม่ผิดครับ",
     "ซอยบ้านผมเสียภาษี"],
)  # fmt: skip
async def test_what_is_no_report_opens_none(town, talk, said):
    await talk(said)

    assert "draft" not in await state_of(town, talk)


@pytest.mark.parametrize(
    "said",
    ["น้ำมันไม่ไหลมาสองวันแล้วนะลูก",
     "รบกวนแจ้งไฟดับหน้าซอย 5", "หมาบ้าวิ่งไล่กัดเด็ก", "เจ้าหน้าที่ด่าชาวบ้าน", "น้ำบ่ไหล",
     "ขยะไม่มีคนเก็บ", "potholes everywhere",
     "garbage truck not come 1 week in my soi, very smell, please"],
)  # fmt: skip
async def test_people_say_it_in_many_ways(town, talk, said):
    await talk(said)

    assert (await state_of(town, talk))["draft"]["kind"] == Matter.COMPLAINT


@pytest.mark.parametrize(
    ("agency", "asked", "entry", "kind"),
    [
        ("phetchaburi", "ข้อมูลเปลี่ยนแล้วต้องอัพเดททันทีหรือรอรอบ", "class-on-change", "wrong-info"),
        ("tapon", "ราชการบันทึกข้อมูลเราไม่ตรง", "g-oia-own-fix", "wrong-info"),
        ("tapon", "แจ้งทุจริตภาครัฐ ปปท", "g-line-1206", "complaint"),
        ("singburi", "Official Information Act", "inspection", "info-request"),
    ],
)
async def test_the_very_words_of_an_entry_are_answered_and_may_be_reported(
    town, agency, asked, entry, kind
):
    citizen = town.citizen(agency)
    [*_, reply] = await citizen(asked)
    state = await state_of(town, citizen)
    report = values(reply)[0]
    await citizen(choose=report)

    assert (state["entry"], "draft" in state) == (entry, False)
    assert report.startswith(f"report:{kind}:this-")
    assert (await state_of(town, citizen))["draft"]["said"][0]["text"] == asked


@pytest.mark.parametrize(
    ("agency", "told"),
    [
        ("singburi", "ข้อมูลในเว็บผิด"), ("mof-ops", "ลิงก์เสียกดไม่ได้"), ("tapon", "ไฟทางดับมาหลายคืน"),
        ("mof-ops", "อยากร้องเรียนเจ้าหน้าที่ของสำนักงาน"),
    ],
)  # fmt: skip
async def test_the_words_of_an_entry_on_such_reports_open_one(town, agency, told):
    citizen = town.citizen(agency)
    await citizen(told)

    assert (await state_of(town, citizen))["draft"]["said"][0]["text"] == told


async def test_a_number_chooses_the_topic_though_a_name_is_still_to_come(town, talk):
    await talk(choose="report:wrong-info")
    await talk(ROAD)
    await tap(talk, "draft:skip:right", "draft:skip:where", "draft:skip:files")
    await tap(talk, "draft:privacy:named")
    asked = await tap(talk, "report:complaint")
    await talk("1")
    draft = (await state_of(town, talk))["draft"]

    assert values(asked)[0] == f"draft:topic:{draft['topic']}"
    assert [said["text"] for said in draft["said"]] == [ROAD]


@pytest.mark.parametrize(
    "step", [(), ("draft:skip:files",), ("draft:skip:files", "draft:privacy:named")]
)
async def test_a_mere_yes_is_neither_a_part_of_the_report_nor_a_name(town, talk, step):
    await at(talk, *step)
    before = (await state_of(town, talk))["draft"]
    [asked] = await talk("ได้ค่ะ")
    after = (await state_of(town, talk))["draft"]

    assert "draft:back" in values(asked)
    assert (after["said"], after.get("name")) == (before["said"], None)


@pytest.mark.parametrize("what", [{"kind": Kind.STICKER}, {"kind": Kind.TEXT, "text": "😀"}])
async def test_a_sticker_in_the_midst_leaves_the_question_with_its_buttons(talk, what):
    asked = await at(talk)
    [word, again] = await talk.do(**what)

    assert word.choices == ()
    assert again == asked


async def test_what_was_told_of_a_photo_is_not_asked_for_again(talk):
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    [asked] = await talk("ฝากดูหน่อยครับ ตรงหน้าวัด")

    assert asked.text.startswith("ได้รับแล้ว เป็นเรื่องแบบไหน")


async def test_where_is_asked_without_a_list_that_has_nothing_in_it(talk):
    await talk(choose="report:wrong-info")
    [asked] = await talk("เบอร์เก่าค่ะ", "ไม่รู้")

    assert values(asked) == ["draft:skip:where", "draft:back", "draft:drop"]
    assert "เลือกข้อ" not in asked.text


async def test_who_changed_their_mind_about_a_report_that_was_left_is_understood(town, talk):
    await at(talk)
    [kept] = await talk("เมนู", "เปลี่ยนใจแล้ว")
    await talk("เปลี่ยนใจแล้ว")

    assert values(kept)[:2] == ["draft:resume", "draft:drop"]
    assert "draft" not in await state_of(town, talk)


async def test_wanting_to_be_called_is_no_suggestion(town, talk):
    await talk("อยากให้โทรกลับค่ะ")

    assert "draft" not in await state_of(town, talk)


async def test_a_word_of_assent_is_not_answered_with_an_offer_to_ask_other_things(talk):
    asked = await at(talk)

    assert await talk("จ้ะ") == [asked]


async def test_another_number_alone_is_the_one_to_call_and_no_detail(town, talk):
    await at(talk, "draft:skip:files", "draft:privacy:hidden")
    [preview] = await talk("สมหญิง ใจดี 0812345678", "แก้เบอร์", "089-999-9999")
    draft = (await state_of(town, talk))["draft"]

    assert "เบอร์ติดต่อ: 089-999-9999" in preview.text
    assert [said["text"] for said in draft["said"]] == [ROAD]


async def test_a_report_of_which_nothing_was_said_is_none_that_was_left(town, talk):
    await talk("แจ้งเรื่อง")
    [menu] = await talk("เมนู")
    [cancelled] = await talk("ยกเลิก")

    assert "draft:resume" not in values(menu)
    assert cancelled.text.startswith("ยกเลิกแล้ว ถามเรื่องใหม่")
    assert "draft" not in await state_of(town, talk)


def test_what_every_message_is_looked_through_for_is_made_before_the_first(served):
    agency = served.get("tapon").agency
    openers.cache_clear()
    signs.cache_clear()

    get_ready(agency)
    openers(agency.wording)
    signs(agency.wording)

    assert [cached.cache_info().hits for cached in (openers, signs)] == [1, 1]


LAMPS = "ไฟทางดับมาสามวันแล้ว"


@pytest.mark.parametrize("said", ["หน้าวัดศรีสุข", "ซอย 5", "เรื่องขยะ", "ก็บอกไปแล้ว"])
async def test_what_was_not_offered_settles_no_topic_before_it_is_asked_once_more(town, talk, said):
    await talk(LAMPS)
    [again] = await talk(said)
    asked = (await state_of(town, talk))["draft"]
    await talk("แถวตลาด")
    settled = (await state_of(town, talk))["draft"]

    assert again.text.startswith("เพิ่มข้อความแล้ว\n\nเป็นเรื่องเกี่ยวกับอะไร")
    assert "draft:topic:lights" in values(again)
    assert "topic" not in {**asked, **settled}
    assert settled["done"] == ["topic"]
    assert [one["text"] for one in settled["said"]] == [LAMPS, said, "แถวตลาด"]


@pytest.mark.parametrize("place", ["ซอย 5 ข้างวัดหนองแสง", "ปากซอยตรงข้ามตลาดสดเทศบาล"])
async def test_a_place_that_has_the_word_of_a_topic_offered_is_not_that_topic(town, talk, place):
    [asked] = await talk("แจ้งไฟถนนเสีย ซอยข้างวัด มืดมาก")
    [again] = await talk(place)
    draft = (await state_of(town, talk))["draft"]
    [told] = await talk("ถนนครับ")

    for reply in (asked, again):
        assert {"draft:topic:lights", "draft:topic:roads"} < set(values(reply))
    assert "topic" not in draft
    assert told.text.startswith("เกี่ยวกับ: ถนน")


async def test_a_topic_told_in_words_is_said_and_may_be_another_than_was_offered(town, talk):
    await talk(LAMPS)
    [again] = await talk("เรื่องขยะมากกว่า")
    [told] = await talk("ขยะ")

    assert {"draft:topic:lights", "draft:topic:waste"} < set(values(again))
    assert told.text.startswith("เกี่ยวกับ: ขยะ ความสะอาด\n\n")
    assert (await state_of(town, talk))["draft"]["topic"] == "waste"


@pytest.mark.parametrize(
    "said", ["อื่น ๆ", "เรื่องอื่นครับ", "ไม่มีข้อที่ตรง", "ให้เจ้าหน้าที่เลือก", "none of these"]
)
async def test_none_of_the_topics_is_left_to_staff_and_is_no_part_of_the_report(town, talk, said):
    await talk(LAMPS)
    [asked] = await talk(said)
    draft = (await state_of(town, talk))["draft"]

    assert "draft:skip:files" in values(asked)
    assert "topic" not in draft
    assert [one["text"] for one in draft["said"]] == [LAMPS]


async def test_a_topic_that_is_changed_in_words_that_fit_none_is_asked_once_more(town, talk):
    await talk(LAMPS)
    await tap(talk, "draft:topic:lights", "draft:skip:files", "draft:privacy:anonymous")
    await tap(talk, "draft:change:topic")
    [again] = await talk("หน้าวัดศรีสุข")
    [preview] = await talk("1")

    assert "draft:topic:lights" in values(again)
    assert values(preview)[0] == "draft:send"


async def test_going_back_from_a_topic_that_is_asked_twice_asks_what_came_before(talk):
    await talk(LAMPS, "หน้าวัดศรีสุข")
    [reply] = await talk("ย้อนกลับ")

    assert reply.text.startswith("เล่ามาได้เลย")


@pytest.mark.parametrize("before", ["draft:topic:lights", "draft:skip:topic"])
async def test_going_back_from_a_topic_that_was_to_be_changed_loses_nothing(town, talk, before):
    await talk(LAMPS)
    await tap(talk, before, "draft:skip:files", "draft:privacy:hidden")
    await talk("สมหญิง ใจดี", "0812345678")
    await tap(talk, "draft:change:topic")
    first = (await state_of(town, talk))["draft"]
    [preview] = await talk("หน้าวัดศรีสุข", "ย้อนกลับ")
    draft = (await state_of(town, talk))["draft"]

    assert values(preview)[0] == "draft:send"
    assert "asked" not in draft
    for part in ("topic", "privacy", "name", "phone"):
        assert draft.get(part) == first.get(part), part


async def test_enough_photos_end_no_report(town, talk):
    await at(talk)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await tap(talk, "draft:change:files")
    [asked] = await talk("พอแล้ว")
    draft = (await state_of(town, talk))["draft"]

    assert "draft:privacy:anonymous" in values(asked)
    assert len(draft["files"]) == 1


@pytest.mark.parametrize("said", ["พอแล้ว", "ครบแล้วค่ะ", "หมดแล้ว", "that is all"])
async def test_enough_photos_before_any_word_lose_none(town, talk, said):
    [asked] = await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    [again] = await talk(said)

    assert values(again) == values(asked)
    assert len((await state_of(town, talk))["draft"]["files"]) == 1


async def test_enough_at_the_preview_shows_it_again(talk):
    preview = await at(talk, "draft:skip:files", "draft:privacy:anonymous")
    [again] = await talk("พอแล้ว")

    assert values(again) == values(preview)


@pytest.mark.parametrize("said", ["โอเคส่งเลย", "ถูกแล้วจ้ะ", "yes send it", "ส่งโลด"])
async def test_yes_in_other_words_sends_what_was_shown(town, talk, said):
    await at(talk, "draft:skip:files", "draft:privacy:anonymous")
    await talk(said)
    [ticket] = await rows(town, Ticket)

    assert ticket.what == ROAD


@pytest.mark.parametrize("said", ["ข้าม", "ย้อนกลับ", "ไม่รู้", "แก้ไข", "ใช่ค่ะ", "ไม่ต้องบอก"])
async def test_a_word_that_tells_nothing_is_not_what_is_reported(town, talk, said):
    [asked] = await talk("ร้องเรียน")
    [again] = await talk(said)
    await talk(ROAD)

    assert again.text == asked.text
    assert [one["text"] for one in (await state_of(town, talk))["draft"]["said"]] == [ROAD]


@pytest.mark.parametrize("said", ["แก้ไข", "ย้อนกลับ", "back", "ถูกแล้ว", "ไม่ต้องบอก"])
async def test_a_word_that_tells_nothing_is_not_what_a_photo_is_of(town, talk, said):
    [asked] = await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    [again] = await talk(said)
    draft = (await state_of(town, talk))["draft"]

    assert values(again) == values(asked)
    assert ("said" in draft, draft.get("paused")) == (False, None)


@pytest.mark.parametrize("said", ["แก้ไข", "ไม่ต้องบอก"])
async def test_a_word_that_tells_nothing_is_not_what_would_be_right(town, talk, said):
    await talk("เบอร์นายกในเว็บผิดค่ะ")
    await talk(said)

    assert "right" not in (await state_of(town, talk))["draft"]


async def test_a_word_that_tells_nothing_takes_the_place_of_nothing(town, talk):
    await at(talk, "draft:skip:files", "draft:privacy:anonymous")
    asked = await tap(talk, "draft:change:what")
    [again] = await talk("ข้าม")

    assert again.text == asked.text
    assert [one["text"] for one in (await state_of(town, talk))["draft"]["said"]] == [ROAD]


@pytest.mark.parametrize(
    "taps", [[], ["draft:skip:files"], ["draft:skip:files", "draft:privacy:named"]]
)
async def test_wanting_to_change_on_the_way_is_no_part_of_the_report_and_no_name(town, talk, taps):
    asked = await at(talk, *taps)
    [which] = await talk("แก้ไข")
    await tap(talk, "draft:resume")
    [before] = await talk("กลับ")
    draft = (await state_of(town, talk))["draft"]

    assert values(which)[:2] == ["draft:change:what", "draft:change:topic"]
    assert before.text != asked.text
    assert [one["text"] for one in draft["said"]] == [ROAD]
    assert "name" not in draft


@pytest.mark.parametrize("said", ["แจ้งเรื่องเดิมต่อ", "แจ้งต่อค่ะ", "continue"])
async def test_a_report_that_was_left_is_gone_on_with_by_words(talk, strange, said):
    asked = await at(talk)
    await talk("เมนู", strange[0])
    [reply] = await talk(said)

    assert values(reply) == values(asked)
