"""Who waits for a matter: what each may read, and what becomes of them when matters part."""

import pytest

from admin import audit, followers, logbook
from admin.handling import Deed, perform_as_citizen
from admin.moves import Ending, IllegalMove, Move, Status
from admin.signing import Proposal
from admin.tickets import Ticket
from bot.messages import Contact, Reply
from knowledge.chains import Class, Kind
from tests.tickets.conftest import (
    AGENT,
    APPROVER,
    HEAD,
    REPORTER,
    SLUG,
    UNIT,
    WEBMASTER,
    Office,
    contact_row,
)

HOME = Contact(SLUG, "line", "U" + "0" * 32)
"""As the fixture has it."""
NEIGHBOUR = Contact(SLUG, "line", "U" + "1" * 32)
THIRD = Contact(SLUG, "line", "U" + "2" * 32)


async def heard(office: Office, contact: Contact) -> list[Reply]:
    """What somebody is told since the last look."""
    return await followers.take(office.session, contact.id, office.now)


async def brought(office: Office, contact: Contact, kind: Kind = Kind.WRONG_INFO) -> Ticket:
    """A matter of somebody else."""
    office.session.add(contact_row(contact))
    office.contact = contact
    ticket = await office.receives(kind)
    office.contact = HOME
    return ticket


async def waits(office: Office, ticket: Ticket, contact: Contact) -> bool:
    """Whether somebody hears of a matter."""
    return await followers.is_following(office.session, ticket, contact.id)


async def withdraws(office: Office, ticket: Ticket, contact: Contact = HOME) -> None:
    """Who brought it takes it back."""
    await perform_as_citizen(
        office.session, office.agency, ticket, Deed(Move.WITHDRAW), contact, now=office.now
    )


async def settled(office: Office, kind: Kind, ending: Ending, reason: str = "ผลคือ") -> Ticket:
    """A matter that ended without the website."""
    ticket = await office.receives(kind)
    await office.does(ticket, Move.TRIAGE, AGENT, unit=UNIT)
    await office.drafts(ticket, Proposal(ending, reason))
    await office.does(ticket, Move.PREPARE, REPORTER)
    if kind not in {Kind.QUESTION, Kind.SUGGESTION}:
        await office.does(ticket, Move.APPROVE, APPROVER)
    await office.does(ticket, Move.CLOSE, REPORTER)
    return ticket


@pytest.mark.parametrize("move", [Move.ASK, Move.REPLY])
async def test_words_to_who_brought_it_are_read_by_nobody_who_joined(
    office: Office, move: Move
) -> None:
    first = await office.receives()
    second = await brought(office, NEIGHBOUR)
    await office.does(second, Move.JOIN, AGENT, first, reason="เรื่องเดียวกัน")
    for contact in (HOME, NEIGHBOUR):
        await heard(office, contact)

    await office.does(first, move, AGENT, reason="คุณสมชาย เจอกันที่บ้านเลขที่ 9")

    [told] = await heard(office, HOME)
    assert "บ้านเลขที่ 9" in told.text
    assert [choice.value for choice in told.choices] == [f"mine:{first.number}:add"]
    assert await heard(office, NEIGHBOUR) == []


async def test_what_a_matter_ends_with_is_read_by_all_who_wait(office: Office) -> None:
    first = await office.receives(Kind.COMPLAINT)
    second = await brought(office, NEIGHBOUR, Kind.COMPLAINT)
    await office.does(second, Move.JOIN, AGENT, first, reason="เรื่องเดียวกัน")
    for contact in (HOME, NEIGHBOUR):
        await heard(office, contact)

    await office.does(first, Move.HAND_OVER, AGENT, reason="เป็นถนนของแขวง", handed_to="แขวงทางหลวง")

    for contact in (HOME, NEIGHBOUR):
        [told] = await heard(office, contact)
        assert "เป็นถนนของแขวง" in told.text


async def test_who_is_separated_hears_no_more_of_the_other(office: Office) -> None:
    first = await office.receives()
    second = await brought(office, NEIGHBOUR)
    await office.does(second, Move.JOIN, AGENT, first, reason="เรื่องเดียวกัน")
    assert await waits(office, first, NEIGHBOUR)

    await office.does(second, Move.SPLIT, AGENT, reason="คนละหน้า")

    assert (second.status, second.joined_to) == (Status.RECEIVED, None)
    assert not await waits(office, first, NEIGHBOUR)
    assert await waits(office, second, NEIGHBOUR)
    assert await waits(office, first, HOME)
    rows = await audit.rows_about(office.session, SLUG, f"ticket:{first.id}", limit=9)
    assert [row.what for row in rows][:2] == ["ticket.left", "ticket.followed"]


async def test_who_has_two_matters_joined_to_one_still_hears_of_it_when_one_is_separated(
    office: Office,
) -> None:
    first = await office.receives()
    second = await brought(office, NEIGHBOUR)
    office.contact = NEIGHBOUR
    third = await office.receives()
    for ticket in (second, third):
        await office.does(ticket, Move.JOIN, AGENT, first, reason="เรื่องเดียวกัน")

    await office.does(second, Move.SPLIT, AGENT, reason="คนละหน้า")

    assert await waits(office, first, NEIGHBOUR)


async def test_who_waited_for_the_other_before_still_does(office: Office) -> None:
    first = await office.receives()
    second = await office.receives()  # the same person brought both
    await office.does(second, Move.JOIN, AGENT, first, reason="เรื่องเดียวกัน")

    await office.does(second, Move.SPLIT, AGENT, reason="คนละหน้า")

    assert await waits(office, first, HOME)


async def test_what_was_joined_to_a_matter_taken_back_goes_on_by_itself(office: Office) -> None:
    first = await office.receives()
    second, third = await brought(office, NEIGHBOUR), await brought(office, THIRD)
    due = second.due_at
    for ticket in (second, third):
        await office.does(ticket, Move.JOIN, AGENT, first, reason="เรื่องเดียวกัน")
    await heard(office, NEIGHBOUR)
    await heard(office, THIRD)

    await withdraws(office, first)

    assert first.status is Status.WITHDRAWN
    for ticket, contact in ((second, NEIGHBOUR), (third, THIRD)):
        await office.session.refresh(ticket)
        assert (ticket.status, ticket.joined_to, ticket.closed_at) == (Status.RECEIVED, None, None)
        [told] = await heard(office, contact)
        assert ticket.number in told.text
        assert "ทำต่อเป็นเรื่องของตัวเอง" in told.text
        assert first.number not in told.text
        assert not await waits(office, first, contact)
        lines = await logbook.lines(office.session, ticket, public=True)
        assert (lines[-1].what, lines[-1].end) == (Move.SPLIT, Status.RECEIVED)
        rows = await audit.rows_about(office.session, SLUG, f"ticket:{ticket.id}", limit=1)
        assert (rows[0].what, rows[0].actor) == ("ticket.split", "contact")
    assert second.due_at == due
    await office.does(second, Move.TRIAGE, AGENT)
    assert len(await heard(office, NEIGHBOUR)) == 1


async def test_nothing_is_joined_to_what_was_taken_back_meanwhile(office: Office) -> None:
    first = await office.receives()
    second = await brought(office, NEIGHBOUR)
    await withdraws(office, first)

    with pytest.raises(IllegalMove, match="other_is_over"):
        await office.does(second, Move.JOIN, AGENT, first, reason="เรื่องเดียวกัน")

    assert second.status is Status.RECEIVED


@pytest.mark.parametrize(
    ("kind", "ending", "question", "labels"),
    [
        (Kind.COMPLAINT, Ending.CORRECTED, "แก้แล้วจริงไหม", "แก้แล้วจริง"),
        (Kind.COMPLAINT, Ending.ANSWERED, "เรื่องนี้เรียบร้อยไหม", "เรียบร้อย"),
        (Kind.QUESTION, Ending.ANSWERED, "ได้คำตอบที่ต้องการไหม", "ได้คำตอบแล้ว"),
        (Kind.WRONG_INFO, Ending.NO_ERROR, "เห็นด้วยกับผลนี้ไหม", "เห็นด้วย"),
        (Kind.QUESTION, Ending.CANNOT, "เห็นด้วยกับผลนี้ไหม", "เห็นด้วย"),
    ],
)
async def test_each_ending_is_judged_in_words_that_fit_it(
    office: Office, kind: Kind, ending: Ending, question: str, labels: str
) -> None:
    ticket = await settled(office, kind, ending)

    told = (await heard(office, HOME))[-1]

    assert told.text.endswith(question)
    assert "ผลคือ" in told.text
    assert told.choices[0].label == labels
    assert [one.value.rpartition(":")[2] for one in told.choices] == ["yes", "partly", "no"]
    assert all(ticket.number in one.value for one in told.choices)


async def test_what_was_wished_and_done_is_not_called_corrected(office: Office) -> None:
    await settled(office, Kind.SUGGESTION, Ending.CORRECTED, "ทาสีม้านั่งแล้ว")

    told = (await heard(office, HOME))[-1]

    assert "ทำให้แล้ว" in told.text
    assert "แก้ไขข้อมูล" not in told.text


async def test_a_matter_handed_over_is_judged_too_and_no_opens_it_again(office: Office) -> None:
    ticket = await office.receives(Kind.COMPLAINT)
    await office.does(ticket, Move.HAND_OVER, AGENT, reason="ของแขวง", handed_to="แขวง")

    [told] = await heard(office, HOME)
    assert told.choices[-1].value == f"fixed:{ticket.number}:no"
    await perform_as_citizen(
        office.session, office.agency, ticket, Deed(Move.REOPEN), HOME, now=office.now
    )

    assert (ticket.status, ticket.handed_to, ticket.ending) == (Status.RECEIVED, None, None)


async def test_who_signs_next_is_said_only_where_somebody_does(office: Office) -> None:
    await settled(office, Kind.SUGGESTION, Ending.ANSWERED)
    alone = (await heard(office, HOME))[1].text
    await settled(office, Kind.COMPLAINT, Ending.ANSWERED)
    _, prepared, approved, _ = await heard(office, HOME)

    assert "ผู้อนุมัติ" not in alone
    assert "รอผู้อนุมัติตรวจ" in prepared.text
    assert "ผู้อนุมัติตรวจและลงนามแล้ว" in approved.text
    assert "หัวหน้า" not in alone + prepared.text + approved.text


async def test_a_new_due_date_is_told_when_the_matter_moves_and_the_old_one_is_not(
    office: Office,
) -> None:
    ticket = await office.receives()
    await office.does(ticket, Move.TRIAGE, AGENT)
    await office.does(ticket, Move.REASSIGN, AGENT, unit="sao", reason="ของ อบต.")
    await office.does(ticket, Move.REASSIGN, AGENT, unit=UNIT, reason="เร่ง", class_=Class.IMMEDIATE)

    _, same, sooner = await heard(office, HOME)

    assert "กำหนดเสร็จใหม่" not in same.text
    assert "กำหนดเสร็จใหม่: 26 พ.ย. 2569" in sooner.text


async def test_staff_who_open_a_matter_again_leave_the_citizen_their_own_chance(
    office: Office,
) -> None:
    ticket = await settled(office, Kind.SUGGESTION, Ending.ANSWERED)
    ticket.verdict, ticket.stars, ticket.verdict_words = "yes", 5, "ดีมาก"
    await office.session.flush()

    await office.does(ticket, Move.REOPEN, HEAD, reason="ลืมม้านั่งตัวที่สอง")

    assert (ticket.verdict, ticket.stars, ticket.verdict_words) == (None, None, None)
    await office.drafts(ticket, Proposal(Ending.ANSWERED, "ครบแล้ว"))
    await office.does(ticket, Move.TRIAGE, AGENT, unit=UNIT)
    await office.does(ticket, Move.PREPARE, REPORTER)
    await office.does(ticket, Move.CLOSE, REPORTER)

    async def says_no() -> None:
        await perform_as_citizen(
            office.session, office.agency, ticket, Deed(Move.REOPEN), HOME, now=office.now
        )

    await says_no()
    assert (ticket.status, ticket.reopened) == (Status.RECEIVED, 2)
    await office.does(ticket, Move.TRIAGE, AGENT, unit=UNIT)
    await office.drafts(ticket, Proposal(Ending.ANSWERED, "ครบแล้วจริง"))
    await office.does(ticket, Move.PREPARE, REPORTER)
    await office.does(ticket, Move.CLOSE, REPORTER)
    with pytest.raises(IllegalMove, match="reopened_before"):
        await says_no()


async def test_nobody_signs_alone_by_handing_over_what_ends_on_the_website(
    office: Office,
) -> None:
    ticket = await office.receives()
    deed = {"reason": "ของกรม", "handed_to": "กรม"}
    for who in (AGENT, REPORTER, WEBMASTER):
        with pytest.raises(IllegalMove, match="not_yours"):
            await office.does(ticket, Move.HAND_OVER, who, **deed)

    await office.does(ticket, Move.HAND_OVER, APPROVER, **deed)

    assert ticket.ending is Ending.HANDED_OVER


async def test_the_head_accepts_a_matter_only_for_a_unit(office: Office) -> None:
    ticket = await office.receives(Kind.COMPLAINT, item=None)
    await office.does(ticket, Move.ESCALATE, AGENT, reason="เรื่องใหญ่")
    assert ticket.unit is None
    with pytest.raises(IllegalMove, match="unit_needed"):
        await office.does(ticket, Move.ACCEPT, HEAD)
    assert ticket.status is Status.WITH_HEAD

    await office.does(ticket, Move.ACCEPT, HEAD, unit=UNIT)

    assert (ticket.status, ticket.unit) == (Status.WITH_UNIT, UNIT)


async def test_news_made_after_all_were_asked_for_is_told_all_the_same(office: Office) -> None:
    neighbour = contact_row(NEIGHBOUR)
    office.session.add(neighbour)
    ticket = await office.receives()
    await office.session.flush()
    assert await heard(office, NEIGHBOUR) == []
    before = await heard(office, HOME)

    await office.does(ticket, Move.TRIAGE, AGENT, unit=UNIT)
    await office.session.flush()

    assert len(await heard(office, HOME)) == 1, before
    assert await heard(office, NEIGHBOUR) == []
