"""An edited message: the new words stand in the report, before it is sent and after."""

import pytest
from sqlalchemy import select

from admin import attachments
from admin.attachments import Attachment as File
from admin.attachments import Status
from admin.audit import AuditRow
from admin.logbook import Line, LogLine
from admin.tickets import Ticket
from bot.messages import Attachment, Kind
from bot.tables import OutgoingRow
from tests.dialogues.test_reports import ROAD, rows, state_of, tap, values


async def test_the_new_words_of_a_sent_report_replace_the_old_ones(town):
    resident = town.citizen("tapon")
    await resident.do(Kind.TEXT, text="ถนนพังหน้าวัดบางกะจะ", message_id="first")
    for value in ("draft:skip:topic", "draft:skip:files", "draft:privacy:anonymous", "draft:send"):
        await resident(choose=value)
    [before] = await rows(town, Ticket)

    [reply] = await resident.do(
        Kind.TEXT, text="ถนนพังหน้าวัดตะปอนใหญ่", message_id="first", edited=True
    )

    [after] = await rows(town, Ticket)
    assert "ข้อความใหม่" in reply.text
    assert "draft" not in await state_of(town, resident)
    assert before.what == "ถนนพังหน้าวัดบางกะจะ"
    assert after.what == "ถนนพังหน้าวัดตะปอนใหญ่"
    assert [line.what for line in await rows(town, LogLine)][-1] == Line.EDITED
    await resident.do(Kind.UNSEND, message_id="first")
    [gone] = await rows(town, Ticket)
    assert gone.what == ""


async def personal(citizen) -> None:
    """A complaint with a name and a number, each in a message of its own, up to the preview."""
    await citizen.do(Kind.TEXT, text=ROAD, message_id="what")
    await tap(citizen, "draft:topic:roads", "draft:skip:files", "draft:privacy:named")
    await citizen.do(Kind.TEXT, text="สมหญิง ใจดี", message_id="name")
    await citizen.do(Kind.TEXT, text="081 234 5678", message_id="phone")


async def edit(citizen, message: str, text: str):
    """The last reply to these new words."""
    [*_, reply] = await citizen.do(Kind.TEXT, text=text, message_id=message, edited=True)
    return reply


async def test_new_words_stand_where_the_earlier_ones_stood(town, talk):
    await talk.do(Kind.TEXT, text=ROAD, message_id="what")
    await tap(talk, "draft:topic:roads")
    await talk.do(Kind.TEXT, text="อยู่ฝั่งขวา", message_id="more")
    await tap(talk, "draft:skip:files", "draft:privacy:named")
    asked = await edit(talk, "what", "ถนนทรุดหน้าวัด")
    draft = (await state_of(town, talk))["draft"]

    assert asked.text.startswith("ขอชื่อผู้แจ้ง")
    assert "name" not in draft
    assert [said["text"] for said in draft["said"]] == ["ถนนทรุดหน้าวัด", "อยู่ฝั่งขวา"]


async def test_an_edited_name_or_number_is_shown_as_it_is_now(town, talk):
    await personal(talk)
    await edit(talk, "name", "สมศรี ใจงาม")
    preview = await edit(talk, "phone", "089 999 9999")

    assert values(preview)[0] == "draft:send"
    for shown in (ROAD, "สมศรี ใจงาม", "089 999 9999"):
        assert shown in preview.text
    assert "สมหญิง" not in preview.text
    assert len((await state_of(town, talk))["draft"]["said"]) == 1


async def test_a_number_edited_into_other_words_is_asked_again(town, talk):
    await personal(talk)
    asked = await edit(talk, "phone", "เดี๋ยวบอก")

    assert asked.text.startswith("เบอร์ติดต่อกลับ")
    assert "phone" not in (await state_of(town, talk))["draft"]


async def replied(town) -> list[str]:
    """Every reply that is kept."""
    return [str(row.payload) for row in await rows(town, OutgoingRow)]


async def test_no_reply_goes_on_repeating_what_was_taken_back(town, talk):
    await talk("สวัสดี")
    await personal(talk)
    await tap(talk, "draft:send")
    [ticket] = await rows(town, Ticket)
    await tap(talk, f"mine:{ticket.number}")
    before = await replied(town)

    await talk.do(Kind.UNSEND, message_id="name")
    await edit(talk, "phone", "089 999 9999")
    await talk.do(Kind.UNSEND, message_id="what")
    after = await replied(town)

    for words in (ROAD, "สมหญิง", "081 234 5678"):
        assert any(words in reply for reply in before)
        assert not any(words in reply for reply in after)
    assert before[0] in after


async def test_a_corrected_slip_leaves_the_replies_that_do_not_repeat_it(town, talk):
    await talk.do(Kind.TEXT, text="ถนนพังง หน้าตลาด", message_id="what")
    before = await replied(town)
    await edit(talk, "what", "ถนนพัง หน้าตลาด")

    assert set(before) <= set(await replied(town))


async def test_an_edit_answers_nothing_that_is_asked(town, talk):
    await personal(talk)
    await tap(talk, "draft:change:phone")
    asked = await edit(talk, "what", "ไม่มี")

    assert asked.text.startswith("เบอร์ติดต่อกลับ")
    assert (await state_of(town, talk))["draft"]["phone"]["text"] == "081 234 5678"


async def test_what_would_be_right_and_its_address_are_edited(town, talk):
    await talk("เบอร์ในเว็บผิด")
    await talk.do(Kind.TEXT, text="02 111 1111 ดู www.old.go.th/a", message_id="right")
    asked = await edit(talk, "right", "02 222 2222 ดู www.new.go.th/b")
    draft = (await state_of(town, talk))["draft"]

    assert "draft:skip:files" in values(asked)
    assert draft["right"]["text"] == "02 222 2222 ดู www.new.go.th/b"
    assert draft["url"] == "https://www.new.go.th/b"


async def test_an_edit_goes_on_with_a_report_that_was_left(town, talk):
    await talk.do(Kind.TEXT, text=ROAD, message_id="what")
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"))
    await talk("เมนู")
    asked = await edit(talk, "what", "ถนนพังหน้าวัด")
    draft = (await state_of(town, talk))["draft"]

    assert "draft:skip:topic" in values(asked)
    assert [said["text"] for said in draft["said"]] == ["ถนนพังหน้าวัด"]
    assert len(draft["files"]) == 1


async def with_an_address(town, citizen) -> list[Ticket]:
    """Wrong information that was sent, with the address of a page in what would be right."""
    await citizen("เบอร์ในเว็บผิด")
    await citizen.do(
        Kind.TEXT, text="02 111 1111 ดู www.old.go.th/?name=somying", message_id="right"
    )
    await tap(citizen, "draft:skip:files", "draft:privacy:anonymous", "draft:send")
    return await rows(town, Ticket)


@pytest.mark.parametrize(
    ("new", "left"),
    [("02 222 2222", None), ("ดูที่ www.old.go.th/?name=somying", "https://www.old.go.th/?name=somying")],
)  # fmt: skip
async def test_an_address_goes_with_the_words_it_stood_in(town, talk, new, left):
    [before] = await with_an_address(town, talk)
    await edit(talk, "right", new)
    [edited] = await rows(town, Ticket)
    await talk.do(Kind.UNSEND, message_id="right")
    [after] = await rows(town, Ticket)

    assert before.url == "https://www.old.go.th/?name=somying"
    assert (edited.right, edited.url) == (new, left)
    assert (after.right, after.url) == (None, None)


async def test_an_address_in_other_words_stays(town, talk):
    await talk.do(Kind.TEXT, text="เบอร์ใน www.old.go.th/a ผิด", message_id="what")
    await talk.do(Kind.TEXT, text="02 111 1111", message_id="right")
    await tap(talk, "draft:skip:files", "draft:privacy:anonymous", "draft:send")
    await talk.do(Kind.UNSEND, message_id="right")
    [ticket] = await rows(town, Ticket)
    await talk.do(Kind.UNSEND, message_id="what")
    [gone] = await rows(town, Ticket)

    assert (ticket.url, gone.url) == ("https://www.old.go.th/a", None)


@pytest.mark.parametrize(("first", "then"), [(ROAD, "ไฟดับ"), ("รูปถนน", ROAD)])
async def test_an_edited_caption_is_said_once(town, talk, first, then):
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"), text=first, message_id="photo")
    await talk.do(
        Kind.IMAGE, attachment=Attachment("f1"), text=then, message_id="photo", edited=True
    )
    draft = (await state_of(town, talk))["draft"]

    assert [said["text"] for said in draft["said"]] == [then]
    assert (draft["kind"], len(draft["files"])) == ("complaint", 1)


async def typed(citizen, *texts: str):
    """These, one after the other, in messages named after themselves; the last reply."""
    for text in texts:
        [*_, reply] = await citizen.do(Kind.TEXT, text=text, message_id=text)
    return reply


@pytest.mark.parametrize(
    ("before", "words", "field"),
    [((ROAD,), ("2", "1"), "topic"), ((ROAD, "1", "ไม่มี"), ("ปิดชื่อ", "3"), "privacy"),
     (("แจ้งเรื่อง",), ("1", "3"), "kind"), (("แจ้งเรื่อง",), ("1", "ข้อเสนอแนะ"), "kind")],
)  # fmt: skip
async def test_an_edited_choice_is_the_choice_as_if_it_had_been_made_so(town, before, words, field):
    wrote, meant = town.citizen(), town.citizen()
    await typed(wrote, *before)
    await wrote.do(Kind.TEXT, text=words[0], message_id="choice")
    first = (await state_of(town, wrote))["draft"].get(field)
    asked = await edit(wrote, "choice", words[1])
    same = await typed(meant, *before, words[1])
    after, wanted = [(await state_of(town, who))["draft"] for who in (wrote, meant)]

    assert asked == same
    assert after[field] == wanted[field] != first
    assert after.get("said") == wanted.get("said")


async def test_an_edit_of_an_earlier_choice_is_explained_and_adds_nothing(town, talk):
    await typed(talk, ROAD, "1", "ไม่มี")
    before = (await state_of(town, talk))["draft"]
    told, asked = await talk.do(Kind.TEXT, text="2", message_id="1", edited=True)
    after = (await state_of(town, talk))["draft"]

    assert told.text.startswith("ข้อความที่แก้ไม่ได้เปลี่ยนคำตอบเดิม")
    assert "draft:privacy:anonymous" in values(asked)
    assert after == before


@pytest.mark.parametrize("words", ["77", "ถนนพังมาก"])
async def test_an_edit_into_none_of_the_choices_changes_nothing(town, talk, words):
    await typed(talk, ROAD, "1")
    before = (await state_of(town, talk))["draft"]
    told, asked = await talk.do(Kind.TEXT, text=words, message_id="1", edited=True)

    assert told.text.startswith("ข้อความที่แก้ไม่ได้เปลี่ยนคำตอบเดิม")
    assert "draft:skip:files" in values(asked)
    assert (await state_of(town, talk))["draft"] == before


async def test_skipping_is_edited_into_an_answer(town, talk):
    await personal(talk)
    await tap(talk, "draft:change:phone")
    await typed(talk, "ข้าม")
    preview = await edit(talk, "ข้าม", "089 999 9999")

    assert "089 999 9999" in preview.text
    assert len((await state_of(town, talk))["draft"]["said"]) == 1


async def test_an_edit_of_what_led_elsewhere_sends_nothing(town, talk):
    await typed(talk, ROAD)
    await tap(talk, "draft:topic:roads", "draft:skip:files", "draft:privacy:anonymous")
    await typed(talk, "2")
    preview = await edit(talk, "2", "1")

    assert values(preview)[0] == "draft:send"
    assert await rows(town, Ticket) == []


async def test_a_choice_edited_into_a_cry_for_help_is_answered_with_whom_to_call(talk):
    await typed(talk, ROAD, "1")
    [help_first, *_] = await talk.do(Kind.TEXT, text="มีคนหมดสติ", message_id="1", edited=True)

    assert "1669" in help_first.text


async def ten_photos(citizen) -> None:
    """A complaint with as many photos as there may be."""
    await citizen(ROAD)
    for number in range(10):
        await citizen.do(
            Kind.IMAGE,
            attachment=Attachment(f"f{number}"),
            text="รูปถนน",
            message_id=f"photo{number}",
        )


async def test_a_photo_whose_caption_is_edited_counts_once(town, talk):
    await ten_photos(talk)
    [asked] = await talk.do(
        Kind.IMAGE, attachment=Attachment("f3"), text="หลุม", message_id="photo3", edited=True
    )
    draft = (await state_of(town, talk))["draft"]

    assert asked.text.startswith("ได้รับไฟล์แล้ว")
    assert len(draft["files"]) == 10
    assert len({said["message"] for said in draft["said"]}) == len(draft["said"]) == 11


async def sent_with_a_photo(citizen, caption: str | None) -> None:
    """A complaint that was sent, with one photo."""
    await citizen.do(Kind.TEXT, text=ROAD, message_id="what")
    await citizen.do(Kind.IMAGE, attachment=Attachment("f1"), text=caption, message_id="photo")
    await tap(citizen, "draft:topic:roads", "draft:privacy:anonymous", "draft:send")


@pytest.mark.parametrize("caption", ["หลุมลึก", None])
@pytest.mark.parametrize("new", ["หลุมตื้น", None])
async def test_an_edited_caption_leaves_its_photo_in_the_matter(town, talk, caption, new):
    await sent_with_a_photo(talk, caption)
    [reply] = await talk.do(
        Kind.IMAGE, attachment=Attachment("f1"), text=new, message_id="photo", edited=True
    )
    [ticket], [file] = await rows(town, Ticket), await rows(town, File)

    assert "ข้อความใหม่" in reply.text
    assert ticket.what == (f"{ROAD}\n{new}" if new else ROAD)
    assert "หลุมลึก" not in str(ticket.said)
    assert (ticket.attachments, file.status) == ([file.id], Status.WAITING)
    assert "draft" not in await state_of(town, talk)


async def test_an_edited_caption_of_what_was_added_stands_with_it(town, talk):
    await sent_with_a_photo(talk, None)
    [ticket] = await rows(town, Ticket)
    await tap(talk, f"mine:{ticket.number}:add")
    await talk.do(Kind.IMAGE, attachment=Attachment("f2"), message_id="more")
    await talk.do(
        Kind.IMAGE, attachment=Attachment("f2"), text="ถ่ายวันนี้", message_id="more", edited=True
    )
    [ticket], files = await rows(town, Ticket), await rows(town, File)
    [line] = [line for line in await rows(town, LogLine) if line.what == Line.ADDED]

    assert (line.text, ticket.what) == ("ถ่ายวันนี้", ROAD)
    assert ticket.attachments == [file.id for file in files if file.status == Status.WAITING]
    assert len(files) == 2


async def edit_photo(citizen, file: str, message: str) -> None:
    """The message shows this photo from now on."""
    await citizen.do(
        Kind.IMAGE, attachment=Attachment(file), text="ที่ถูก", message_id=message, edited=True
    )


async def test_another_photo_stands_in_the_report_where_the_earlier_one_stood(town, talk):
    await talk.do(Kind.TEXT, text=ROAD, message_id="what")
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"), message_id="photo")
    await edit_photo(talk, "f2", "photo")
    old, new = await rows(town, File)

    assert (await state_of(town, talk))["draft"]["files"] == [new.id]
    assert (old.status, new.status, new.platform_id) == (Status.FORGOTTEN, Status.WAITING, "f2")


@pytest.mark.parametrize("message", ["photo", "what"])
async def test_another_photo_stands_in_the_matter_where_the_earlier_one_stood(town, talk, message):
    await sent_with_a_photo(talk, "หลุมลึก")
    await edit_photo(talk, "f2", message)
    await edit_photo(talk, "f3", message)
    await edit_photo(talk, "f3", message)
    [ticket], [first, *others, new] = await rows(town, Ticket), await rows(town, File)

    left = [first.id] if message == "what" else []
    assert ticket.attachments == [*left, new.id]
    assert (new.status, new.held, new.platform_id) == (Status.WAITING, True, "f3")
    assert [file.status for file in others] == [Status.FORGOTTEN]
    assert (first.status == Status.FORGOTTEN) is (message == "photo")
    noted = [row for row in await rows(town, AuditRow) if row.what == "ticket.edited"]
    assert ["files" in row.details for row in noted] == [True, True, False]
    await talk.do(Kind.UNSEND, message_id=message)
    assert {file.status for file in await rows(town, File) if file.id not in left} == {
        Status.FORGOTTEN
    }


async def test_another_photo_of_what_was_added_stands_in_its_line(town, talk):
    await sent_with_a_photo(talk, None)
    [ticket] = await rows(town, Ticket)
    await tap(talk, f"mine:{ticket.number}:add")
    await talk.do(Kind.IMAGE, attachment=Attachment("f2"), message_id="more")
    await edit_photo(talk, "f3", "more")
    [ticket], [first, _, new] = await rows(town, Ticket), await rows(town, File)
    [line] = [line for line in await rows(town, LogLine) if line.what == Line.ADDED]

    assert ticket.attachments == [first.id, new.id]
    assert (line.attachments, new.platform_id, new.held) == ([new.id], "f3", True)


async def test_no_photo_comes_into_a_matter_that_is_full_by_an_edit(town, talk):
    await sent_with_a_photo(talk, None)
    async with town.database.session() as session:
        [ticket] = await session.scalars(select(Ticket))
        ticket.attachments = ticket.attachments * attachments.MOST
    await edit_photo(talk, "f2", "what")

    [ticket] = await rows(town, Ticket)
    assert len(ticket.attachments) == attachments.MOST
    assert [file.platform_id for file in await rows(town, File)] == ["f1"]


async def test_a_photo_that_was_forgotten_does_not_come_back_with_its_caption(town, talk):
    await sent_with_a_photo(talk, None)
    [file] = await rows(town, File)
    async with town.database.session() as session:
        await attachments.let_go(session, [file.id])
    await edit_photo(talk, "f1", "photo")

    [file] = await rows(town, File)
    assert file.status == Status.FORGOTTEN


async def test_a_photo_taken_back_leaves_room_for_another(town, talk):
    await ten_photos(talk)
    await talk.do(Kind.UNSEND, message_id="photo3")
    [asked] = await talk.do(Kind.IMAGE, attachment=Attachment("other"), text="อีกรูป")
    draft = (await state_of(town, talk))["draft"]

    assert asked.text.startswith("ได้รับไฟล์แล้ว")
    assert len(draft["files"]) == 10


async def test_the_only_photo_taken_back_is_asked_for_again(town, talk):
    await talk(ROAD)
    await talk.do(Kind.IMAGE, attachment=Attachment("f1"), message_id="photo")
    await talk.do(Kind.UNSEND, message_id="photo")
    asked = await tap(talk, "draft:topic:roads")

    assert asked.text.startswith("มีรูป ไฟล์ หรือตำแหน่งไหม")
    assert "files" not in (await state_of(town, talk))["draft"]


async def test_a_name_or_number_taken_back_is_asked_again(town, talk):
    await personal(talk)
    for message, words in (("phone", "เบอร์ติดต่อกลับ"), ("name", "ขอชื่อผู้แจ้ง")):
        await talk.do(Kind.UNSEND, message_id=message)
        [asked] = await talk(choose="draft:send")
        assert asked.text.startswith(words)
        assert message not in (await state_of(town, talk))["draft"]


async def test_an_address_taken_back_is_not_kept(town, talk):
    await talk("เบอร์ในเว็บผิด", "0 4461 1111")
    await talk.do(Kind.TEXT, text="ที่ www.example.go.th/contact", message_id="where")
    await talk.do(Kind.UNSEND, message_id="where")
    asked = await tap(talk, "draft:resume")

    assert "draft:skip:where" in values(asked)
    assert "url" not in (await state_of(town, talk))["draft"]
