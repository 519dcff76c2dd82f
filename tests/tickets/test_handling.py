"""A matter's way through the agency: who may do what, what is kept, and what the citizen hears."""

import json
from datetime import datetime, timedelta

import msgspec
import pytest
from sqlalchemy import func, select, update

from admin import audit, followers, logbook, persons, signing
from admin.handling import Deed, perform_as_citizen
from admin.logbook import Line
from admin.moves import Ending, IllegalMove, Move, Status
from admin.officers import Officer, Post, Role
from admin.opening import Details
from admin.signing import Draft, Proposal
from admin.tickets import Privacy, Ticket, ticket_of
from bot import forgetting
from bot.messages import Contact
from bot.tables import ContactRow
from knowledge.chains import Class, Kind, Step
from tests.tickets.conftest import (
    AGENT,
    APPROVER,
    HEAD,
    PHONE,
    REPORTER,
    SLUG,
    UNIT,
    WEBMASTER,
    Office,
    contact_row,
    officer,
)


async def told(office: Office) -> list[str]:
    """What the citizen is told since the last look."""
    replies = await followers.take(office.session, office.contact.id, office.now)
    return [reply.text for reply in replies]


async def test_a_wrong_number_is_corrected_by_three_persons_and_the_citizen_hears_of_each_step(
    office: Office,
) -> None:
    ticket = await office.receives()
    number = ticket.number

    await office.publishes(ticket)
    await office.does(ticket, Move.CLOSE, WEBMASTER)

    assert (ticket.status, ticket.ending) == (Status.CLOSED, Ending.CORRECTED)
    assert await signing.signers(office.session, ticket) == {
        Step.PREPARE: REPORTER.id,
        Step.APPROVE: APPROVER.id,
        Step.PUBLISH: WEBMASTER.id,
    }
    news = await followers.take(office.session, office.contact.id, office.now)
    assert len(news) == 5
    assert all(number in one.text for one in news)
    assert "ทุกส่วนในองค์การบริหารส่วนตำบลตะปอน" in news[0].text
    assert "แก้เบอร์โทรแล้ว" in news[-1].text
    assert [choice.value for choice in news[-1].choices] == [
        f"fixed:{number}:yes",
        f"fixed:{number}:partly",
        f"fixed:{number}:no",
    ]
    assert await told(office) == []


async def test_numbers_follow_one_another_and_find_their_ticket(office: Office) -> None:
    tickets = [await office.receives() for _ in range(3)]

    assert [ticket.number[:8] for ticket in tickets] == ["70-00001", "70-00002", "70-00003"]
    assert await ticket_of(office.session, SLUG, tickets[1].number) is tickets[1]
    assert await ticket_of(office.session, "elsewhere", tickets[1].number) is None


async def test_what_is_urgent_goes_to_the_head_first_and_its_clock_is_shorter(
    office: Office,
) -> None:
    ticket = await office.receives()
    calm = ticket.due_at

    await office.does(ticket, Move.TRIAGE, AGENT, urgent=True)

    assert ticket.status is Status.WITH_HEAD
    assert ticket.due_at < calm
    lines = await logbook.lines(office.session, ticket)
    [due] = [line for line in lines if line.what == Line.DUE]
    assert due.details["from"] == calm.isoformat()
    assert due.details["to"] == ticket.due_at.isoformat()
    with pytest.raises(IllegalMove, match="not_yours"):
        await office.does(ticket, Move.ACCEPT, APPROVER)
    await office.does(ticket, Move.ACCEPT, HEAD)
    assert ticket.status is Status.WITH_UNIT
    assert "ผู้บริหาร" in (await told(office))[0]


async def test_the_head_sends_back_with_a_reason_that_only_staff_read(office: Office) -> None:
    ticket = await office.receives()
    await office.does(ticket, Move.TRIAGE, AGENT, image=True)
    with pytest.raises(IllegalMove, match="reason_needed"):
        await office.does(ticket, Move.DECLINE, HEAD, reason="  ")

    await office.does(ticket, Move.DECLINE, HEAD, reason="ไม่เร่งด่วนจริง")

    assert ticket.status is Status.RECEIVED
    public = await logbook.lines(office.session, ticket, public=True)
    assert "ไม่เร่งด่วนจริง" not in [line.text for line in public]
    assert not any("ไม่เร่งด่วนจริง" in text for text in await told(office))


async def test_a_change_after_signing_voids_every_signature(office: Office) -> None:
    ticket = await office.receives()
    await office.does(ticket, Move.TRIAGE, AGENT)
    await office.drafts(ticket)
    await office.does(ticket, Move.PREPARE, REPORTER)
    await office.does(ticket, Move.APPROVE, APPROVER)

    other = msgspec.structs.replace(PHONE, after="โทร 0 3900 0000")
    with pytest.raises(IllegalMove, match="not_now"):
        await office.drafts(ticket, other)
    await office.does(ticket, Move.RETURN, APPROVER, reason="เบอร์ยังไม่ถูก")
    await office.drafts(ticket, other)

    assert await signing.signers(office.session, ticket) == {}
    for move, who in ((Move.APPROVE, APPROVER), (Move.PUBLISH, WEBMASTER)):
        with pytest.raises(IllegalMove, match="not_now"):
            await office.does(ticket, move, who)
    kept = await signing.signatures(office.session, ticket)
    assert [one.voided_at is not None for one in kept] == [True, True]


async def test_saving_the_same_words_again_voids_nothing(office: Office) -> None:
    ticket = await office.receives()
    await office.does(ticket, Move.TRIAGE, AGENT)
    await office.drafts(ticket)
    await office.does(ticket, Move.PREPARE, REPORTER)

    await office.drafts(ticket)

    assert set(await signing.signers(office.session, ticket)) == {Step.PREPARE}


async def test_a_draft_changed_behind_the_programs_back_has_no_signature_any_more(
    office: Office,
) -> None:
    ticket = await office.receives()
    await office.does(ticket, Move.TRIAGE, AGENT)
    await office.drafts(ticket)
    await office.does(ticket, Move.PREPARE, REPORTER)
    await office.does(ticket, Move.APPROVE, APPROVER)
    changed = msgspec.to_builtins(msgspec.structs.replace(PHONE, after="โทรหาฉันแทน"))
    await office.session.execute(update(Draft).values(proposal=changed))
    office.session.expire_all()
    ticket = await office.session.scalar(select(Ticket))

    with pytest.raises(IllegalMove, match="not_signed_before"):
        await office.does(ticket, Move.PUBLISH, WEBMASTER)


@pytest.mark.parametrize("shortcut", [Move.PUBLISH, Move.CLOSE, Move.APPROVE])
async def test_there_is_no_short_cut_to_the_website(office: Office, shortcut: Move) -> None:
    ticket = await office.receives()
    everybody = Officer(9, ticket.agency, "ทุกอย่าง", tuple(Post(role) for role in Role))
    await office.does(ticket, Move.TRIAGE, everybody)
    await office.drafts(ticket)
    with pytest.raises(IllegalMove):
        await office.does(ticket, shortcut, everybody)
    await office.does(ticket, Move.PREPARE, everybody)

    with pytest.raises(IllegalMove):
        await office.does(ticket, shortcut, everybody)


async def test_a_returned_matter_is_signed_anew_by_everybody(office: Office) -> None:
    ticket = await office.receives()
    await office.publishes(ticket)

    await office.does(ticket, Move.RETURN, WEBMASTER, reason="พิมพ์ตกไปหนึ่งหลัก")

    assert ticket.status is Status.WITH_UNIT
    assert await signing.signers(office.session, ticket) == {}
    await office.drafts(ticket, msgspec.structs.replace(PHONE, after="โทร 0 3965 43210"))
    with pytest.raises(IllegalMove, match="not_now"):
        await office.does(ticket, Move.APPROVE, APPROVER)


async def test_who_says_it_is_not_fixed_opens_it_once_on_the_same_clock(office: Office) -> None:
    ticket = await office.receives()
    due = ticket.due_at
    await office.publishes(ticket)
    await office.does(ticket, Move.CLOSE, WEBMASTER)

    async def says_no() -> None:
        await perform_as_citizen(
            office.session,
            office.agency,
            ticket,
            Deed(Move.REOPEN),
            office.contact,
            now=office.now,
        )

    await says_no()

    assert (ticket.status, ticket.due_at, ticket.reopened) == (Status.RECEIVED, due, 1)
    assert (ticket.closed_at, ticket.ending) == (None, None)
    await office.publishes(ticket)
    await office.does(ticket, Move.CLOSE, WEBMASTER)
    with pytest.raises(IllegalMove, match="reopened_before"):
        await says_no()
    assert ticket.status is Status.CLOSED


async def test_no_error_found_is_signed_by_two_and_needs_no_website(office: Office) -> None:
    ticket = await office.receives()
    await office.does(ticket, Move.TRIAGE, AGENT)
    await office.drafts(ticket, Proposal(Ending.NO_ERROR, "ตรวจแล้วเบอร์ถูกต้อง โทรติดเมื่อเช้านี้"))
    await office.does(ticket, Move.PREPARE, REPORTER)
    with pytest.raises(IllegalMove, match="not_all_signed"):
        await office.does(ticket, Move.CLOSE, AGENT)
    await office.does(ticket, Move.APPROVE, APPROVER)

    await office.does(ticket, Move.CLOSE, AGENT)

    assert (ticket.status, ticket.ending) == (Status.CLOSED, Ending.NO_ERROR)


async def test_what_is_anothers_is_handed_over_with_their_name_and_number(office: Office) -> None:
    ticket = await office.receives(Kind.COMPLAINT, item=None)
    with pytest.raises(IllegalMove, match="body_needed"):
        await office.does(ticket, Move.HAND_OVER, AGENT, reason="ถนนของกรมทางหลวงชนบท")

    await office.does(
        ticket,
        Move.HAND_OVER,
        AGENT,
        reason="ถนนของกรมทางหลวงชนบท",
        handed_to="แขวงทางหลวงชนบท",
        handed_number="ทช-12/69",
    )

    assert ticket.ending is Ending.HANDED_OVER
    [news] = await told(office)
    assert "แขวงทางหลวงชนบท" in news
    assert "ทช-12/69" in news


async def test_who_brought_the_same_matter_hears_of_the_one_it_was_joined_to(
    office: Office,
) -> None:
    first = await office.receives()
    neighbour = Contact(first.agency, "line", "U" + "1" * 32)
    office.session.add(contact_row(neighbour))
    home, office.contact = office.contact, neighbour
    second = await office.receives()

    await office.does(second, Move.JOIN, AGENT, first, reason="เรื่องเดียวกัน")
    await office.does(first, Move.TRIAGE, AGENT)

    assert (second.status, second.joined_to) == (Status.JOINED, first.id)
    assert [first.number in text for text in await told(office)] == [False, True]
    office.contact = home
    assert [first.number in text for text in await told(office)] == [True]
    with pytest.raises(IllegalMove, match=r"not_now|other_is_over"):
        await office.does(first, Move.JOIN, AGENT, second, reason="วน")


async def second_of(office: Office, ticket: Ticket) -> Ticket:
    """The matter that was made of a part of this one."""
    lines = await logbook.lines(office.session, ticket)
    [number] = [line.details["other"] for line in lines if line.what == Move.DIVIDE]
    second = await ticket_of(office.session, SLUG, number)
    assert second
    return second


async def test_of_two_things_told_at_once_the_second_gets_a_number_of_its_own(
    office: Office,
) -> None:
    ticket = await office.receives(
        Kind.COMPLAINT,
        item=None,
        topic="roads",
        what="ถนนพังและไฟดับ",
        said=({"part": "what", "message": "m1", "text": "ถนนพังและไฟดับ"},),
        attachments=(7, 8),
        privacy=Privacy.HIDDEN,
        person=Details(name="สมหญิง", phone="081"),
        consent_version="v1",
    )
    neighbour = contact_row(Contact(SLUG, "line", "U" + "2" * 32))
    office.session.add(neighbour)
    await office.session.flush()
    await followers.follow(office.session, ticket, neighbour.id, office.now)
    with pytest.raises(IllegalMove, match="reason_needed"):
        await office.does(ticket, Move.DIVIDE, AGENT)
    with pytest.raises(IllegalMove, match="choose"):
        await office.does(ticket, Move.DIVIDE, AGENT, reason="ไฟดับ", kind=Kind.QUESTION)

    await office.does(ticket, Move.DIVIDE, AGENT, reason="ไฟดับ")

    second = await second_of(office, ticket)
    same = ("kind", "what", "said", "attachments", "privacy", "contact_id", "opened_at", "source")
    assert [getattr(second, name) for name in same] == [getattr(ticket, name) for name in same]
    assert (second.status, second.topic, second.unit) == (Status.RECEIVED, None, None)
    assert (ticket.status, ticket.topic) == (Status.RECEIVED, "roads")
    assert second.due_at == ticket.due_at
    person = await persons.person_of(office.session, second, HEAD, office.now)
    assert person
    assert (person.name, person.phone, person.consent_version) == ("สมหญิง", "081", "v1")
    [*_, line] = await logbook.lines(office.session, second)
    assert (line.what, line.details["other"]) == (Line.DIVIDED, ticket.number)
    [news] = await told(office)
    assert news.startswith(f"เรื่อง {ticket.number} มีมากกว่าหนึ่งเรื่อง")
    assert second.number in news
    assert "ไฟดับ" not in news
    assert await followers.take(office.session, neighbour.id, office.now) == []
    await logbook.forget(office.session, office.contact.id, "m1", now=office.now)
    assert (ticket.what, second.what) == ("", "")


async def test_the_second_matter_may_be_of_another_kind_and_what_is_signed_is_not_divided(
    office: Office,
) -> None:
    ticket = await office.receives()
    await office.does(ticket, Move.TRIAGE, AGENT)
    await office.does(ticket, Move.DIVIDE, REPORTER, reason="ขอให้มีแผนที่", kind=Kind.SUGGESTION)
    await office.drafts(ticket)
    await office.does(ticket, Move.PREPARE, REPORTER)

    with pytest.raises(IllegalMove, match="not_now"):
        await office.does(ticket, Move.DIVIDE, REPORTER, reason="อีกเรื่อง")

    second = await second_of(office, ticket)
    assert (second.kind, second.item) == (Kind.SUGGESTION, None)


async def test_who_takes_a_matter_back_ends_it_and_hears_no_more(office: Office) -> None:
    ticket = await office.receives()

    await perform_as_citizen(
        office.session, office.agency, ticket, Deed(Move.WITHDRAW), office.contact, now=office.now
    )

    assert ticket.status is Status.WITHDRAWN
    assert await told(office) == []
    with pytest.raises(IllegalMove, match="not_now"):
        await office.does(ticket, Move.TRIAGE, AGENT)


async def test_a_question_of_staff_presses_and_a_routine_step_does_not(office: Office) -> None:
    ticket = await office.receives()
    await office.does(ticket, Move.TRIAGE, AGENT)
    await office.does(ticket, Move.ASK, REPORTER, reason="หน้าไหนของเว็บ")

    rows = (await office.session.scalars(select(followers.News).order_by(followers.News.id))).all()

    assert [row.presses for row in rows] == [False, True]
    assert "หน้าไหนของเว็บ" in rows[1].reply["text"]


async def test_a_unit_that_does_not_exist_gets_nothing(office: Office) -> None:
    ticket = await office.receives(Kind.COMPLAINT, item=None)
    with pytest.raises(IllegalMove, match="unit_needed"):
        await office.does(ticket, Move.TRIAGE, AGENT, unit="nowhere")

    assert (ticket.status, ticket.unit) == (Status.RECEIVED, None)


async def test_a_reporter_of_another_unit_can_do_nothing(office: Office) -> None:
    ticket = await office.receives()
    await office.does(ticket, Move.TRIAGE, AGENT, unit=UNIT)
    await office.drafts(ticket)

    with pytest.raises(IllegalMove, match="not_yours"):
        await office.does(ticket, Move.PREPARE, officer(8, Role.REPORTER, "sao"))


async def test_a_class_chosen_in_sorting_sets_the_clock_from_receipt(office: Office) -> None:
    ticket = await office.receives()
    before = ticket.due_at

    await office.does(ticket, Move.TRIAGE, AGENT, class_=Class.IMMEDIATE)

    assert ticket.class_ is Class.IMMEDIATE
    assert ticket.opened_at < ticket.due_at < before


async def changes(office: Office, ticket: Ticket) -> dict[str, object]:
    """What the last line of the log says was changed; the audit log says the same."""
    line = (await logbook.lines(office.session, ticket))[-1]
    [row, *_] = await audit.rows_about(
        office.session, ticket.agency, f"ticket:{ticket.id}", limit=1
    )
    told = {name: line.details[name] for name in ("item", "topic", "unit") if name in line.details}
    assert told.items() <= json.loads(row.details).items()
    return told


async def test_what_a_matter_is_about_is_mended_at_sorting_with_a_line_of_before_and_after(
    office: Office,
) -> None:
    ticket = await office.receives()

    await office.does(
        ticket, Move.TRIAGE, AGENT, about="alerts", class_=Class.IMMEDIATE, unit="sao"
    )

    assert (ticket.item, ticket.class_, ticket.unit) == ("alerts", Class.IMMEDIATE, "sao")
    assert await changes(office, ticket) == {
        "item": {"from": "history", "to": "alerts"},
        "unit": {"from": UNIT, "to": "sao"},
    }


async def test_a_complaint_is_about_a_topic_and_may_be_about_none(office: Office) -> None:
    ticket = await office.receives(Kind.COMPLAINT, item=None, topic="roads")
    with pytest.raises(IllegalMove, match="choose"):
        await office.does(ticket, Move.TRIAGE, AGENT, about="history", unit=UNIT)
    assert (ticket.topic, ticket.unit) == ("roads", None)

    await office.does(ticket, Move.TRIAGE, AGENT, about="lights", unit=UNIT)
    assert ticket.topic == "lights"
    await office.does(ticket, Move.ABOUT, AGENT, about="")

    assert (ticket.topic, ticket.item) == (None, None)
    assert await changes(office, ticket) == {"topic": {"from": "lights", "to": None}}


async def test_later_the_item_is_mended_until_something_is_signed(office: Office) -> None:
    ticket = await office.receives()
    with pytest.raises(IllegalMove, match="not_now"):  # sorting does
        await office.does(ticket, Move.ABOUT, AGENT, about="vision")
    await office.does(ticket, Move.TRIAGE, AGENT)
    await told(office)
    due = ticket.due_at

    await office.does(ticket, Move.ABOUT, REPORTER, about="vision")

    assert (ticket.item, ticket.unit, ticket.due_at) == ("vision", UNIT, due)
    assert await told(office) == []
    with pytest.raises(IllegalMove, match="nothing_changed"):
        await office.does(ticket, Move.ABOUT, REPORTER, about="vision", class_=ticket.class_)
    with pytest.raises(IllegalMove, match="not_yours"):
        await office.does(ticket, Move.ABOUT, officer(8, Role.REPORTER, "sao"), about="laws")
    await office.drafts(ticket)
    await office.does(ticket, Move.PREPARE, REPORTER)
    with pytest.raises(IllegalMove, match="not_now"):
        await office.does(ticket, Move.ABOUT, REPORTER, about="laws")


async def test_a_due_date_that_moves_with_the_class_leaves_a_line_and_is_told(
    office: Office,
) -> None:
    ticket = await office.receives()
    await office.does(ticket, Move.TRIAGE, AGENT)
    await told(office)
    before = ticket.due_at

    await office.does(ticket, Move.ABOUT, AGENT, about="alerts", class_=Class.IMMEDIATE)

    lines = await logbook.lines(office.session, ticket)
    [due] = [line for line in lines if line.what == Line.DUE]
    assert (due.details["from"], due.details["to"]) == (
        before.isoformat(),
        ticket.due_at.isoformat(),
    )
    assert ticket.opened_at < ticket.due_at < before
    [news] = await told(office)
    assert news == f"เรื่อง {ticket.number} เปลี่ยนกำหนด จะเสร็จภายใน 26 พ.ย. 2569"


def and_publishes(one: Officer) -> Officer:
    """The same person, webmaster as well."""
    return msgspec.structs.replace(one, posts=(*one.posts, *WEBMASTER.posts))


@pytest.mark.parametrize(
    ("privacy", "who", "sees"),
    [
        (Privacy.NAMED, REPORTER, True),
        (Privacy.HIDDEN, REPORTER, False),
        (Privacy.HIDDEN, APPROVER, False),
        (Privacy.HIDDEN, AGENT, True),
        (Privacy.HIDDEN, HEAD, True),
        (Privacy.NAMED, APPROVER, True),
        (Privacy.NAMED, WEBMASTER, False),
        (Privacy.NAMED, and_publishes(officer(7, Role.REPORTER, "sao")), False),
        (Privacy.NAMED, and_publishes(REPORTER), True),
        (Privacy.NAMED, officer(7, Role.OPERATOR), False),
        (Privacy.ANONYMOUS, HEAD, False),
    ],
)
async def test_who_brought_it_is_seen_by_whom_it_concerns_and_each_look_is_kept(
    office: Office, privacy: Privacy, who: Officer, sees: bool
) -> None:
    details = Details(name="สมหญิง ใจดี", phone="0812345678")
    ticket = await office.receives(privacy=privacy, person=details, consent_version="1")

    person = await persons.person_of(office.session, ticket, who, office.now)

    assert (person is not None) is sees
    if person:
        assert (person.name, person.consent_version) == ("สมหญิง ใจดี", "1")
    rows = await audit.rows_about(office.session, ticket.agency, f"ticket:{ticket.id}", limit=9)
    assert ("person.seen" in [row.what for row in rows]) is sees
    assert not any("สมหญิง" in row.details or "0812345678" in row.details for row in rows)


async def test_an_anonymous_matter_keeps_nothing_of_the_person(office: Office) -> None:
    ticket = await office.receives(privacy=Privacy.ANONYMOUS, person=Details(name="สมหญิง"))

    assert await office.session.get(persons.Person, ticket.id) is None


async def test_a_message_taken_back_leaves_no_word_in_the_ticket(office: Office) -> None:
    said = (
        {"part": "what", "message": "m1", "text": "เบอร์ผิด"},
        {"part": "what", "message": "m2", "text": "เบอร์จริงคือ 1234"},
    )
    ticket = await office.receives(what="เบอร์ผิด\nเบอร์จริงคือ 1234", said=said)

    await logbook.forget(office.session, office.contact.id, "m2", now=office.now)

    assert (ticket.what, len(ticket.said)) == ("เบอร์ผิด", 1)


async def test_every_move_is_a_row_of_the_audit_log(office: Office) -> None:
    ticket = await office.receives()
    await office.publishes(ticket)

    rows = await audit.rows_about(office.session, ticket.agency, f"ticket:{ticket.id}", limit=20)

    assert [row.what for row in reversed(rows)] == [
        "ticket.opened",
        "ticket.triage",
        "ticket.draft",
        "ticket.prepare",
        "ticket.approve",
        "ticket.publish",
    ]
    draft = await signing.latest_draft(office.session, ticket)
    assert draft is not None
    assert all(draft.digest in row.details for row in rows[:4])


async def test_the_first_answer_is_the_first_thing_the_citizen_heard(office: Office) -> None:
    ticket = await office.receives()
    received = office.now

    await office.does(ticket, Move.TRIAGE, AGENT)
    await office.does(ticket, Move.ASK, REPORTER, reason="หน้าไหน")

    assert ticket.first_reply_at == received + timedelta(hours=1)


async def test_who_waits_for_a_matter_is_not_forgotten_until_long_after_its_end(
    office: Office,
) -> None:
    ticket = await office.receives(Kind.COMPLAINT)
    await office.session.commit()
    later = office.now + timedelta(days=400)

    async def contacts_left(before: datetime) -> int:
        connection = await office.session.connection()
        needed = (followers.awaits_news(before),)
        await forgetting.expire(connection, before, needed=needed)
        return await office.session.scalar(select(func.count()).select_from(ContactRow)) or 0

    assert await contacts_left(later) == 1
    await office.does(ticket, Move.HAND_OVER, AGENT, reason="ของแขวงทางหลวง", handed_to="แขวง")
    assert await contacts_left(ticket.closed_at) == 1
    assert await contacts_left(later) == 0
    await office.session.refresh(ticket)
    assert ticket.contact_id is None
    assert ticket.what == "เบอร์ในเว็บผิด"
