"""What citizens say after a matter was brought, change and take back; each change is audited."""

import json

import pytest

from admin import adding, audit, locks, logbook, persons, signing
from admin.logbook import Line
from admin.moves import Ending, Move
from admin.opening import Details
from admin.signing import Proposal
from admin.tickets import Privacy, Ticket
from bot.messages import Contact, InboundMessage, Kind
from tests.tickets.conftest import AGENT, HEAD, REPORTER, SLUG, Office

SAID = (
    {"part": "what", "message": "m1", "text": "เบอร์ผิด"},
    {"part": "what", "message": "m2", "text": "โทรไม่ติด"},
    {"part": "right", "message": "m3"},
    {"part": "name", "message": "m4"},
)


async def audited(office: Office, ticket: Ticket) -> list[tuple[str, str, dict[str, object]]]:
    """Actor, what and details of each row about a ticket after the first."""
    rows = await audit.rows_about(office.session, SLUG, f"ticket:{ticket.id}", limit=30)
    return [(row.actor, row.what, json.loads(row.details)) for row in reversed(rows)][1:]


async def report(office: Office) -> Ticket:
    """A report in several messages."""
    return await office.receives(
        what="เบอร์ผิด\nโทรไม่ติด",
        right="02 111 1111",
        said=SAID,
        privacy=Privacy.NAMED,
        person=Details(name="สมชาย"),
    )


async def edits(office: Office, message: str, text: str, by: Contact | None = None) -> bool:
    """The citizen changes a message."""
    told = InboundMessage(by or office.contact, "e1", Kind.TEXT, 1, text, message_id=message)
    return await logbook.replaced(office.session, told, text, now=office.now)


async def test_the_new_words_of_a_message_stand_where_the_old_ones_were(office: Office) -> None:
    ticket = await report(office)

    assert await edits(office, "m2", "โทรติดแต่ไม่รับ")
    assert await edits(office, "m3", "02 222 2222")
    assert await edits(office, "m4", "สมหญิง")

    assert ticket.what == "เบอร์ผิด\nโทรติดแต่ไม่รับ"
    assert [part.get("text") for part in ticket.said] == ["เบอร์ผิด", "โทรติดแต่ไม่รับ", None, None]
    assert ticket.right == "02 222 2222"
    person = await office.session.get_one(persons.Person, ticket.id)
    await office.session.refresh(person)
    assert person.name == "สมหญิง"
    lines = await logbook.lines(office.session, ticket)
    edited = [line for line in lines if line.what == Line.EDITED]
    assert [(line.public, line.text) for line in edited] == [(False, None)] * 3
    actor = "contact"
    assert await audited(office, ticket) == [
        (actor, "ticket.edited", {"parts": [part]}) for part in ("what", "right", "name")
    ]


async def test_an_edit_of_what_is_in_no_ticket_changes_nothing(office: Office) -> None:
    ticket = await report(office)

    assert not await edits(office, "m9", "อะไรใหม่")

    assert ticket.what == "เบอร์ผิด\nโทรไม่ติด"
    assert await audited(office, ticket) == []


async def test_a_stranger_with_the_same_number_of_a_message_changes_nothing(
    office: Office,
) -> None:
    ticket = await report(office)

    assert not await edits(office, "m1", "ข้อความปลอม", Contact(SLUG, "telegram", "9"))

    assert ticket.what == "เบอร์ผิด\nโทรไม่ติด"


async def test_what_was_added_is_replaced_and_taken_back_too(office: Office) -> None:
    ticket = await report(office)
    await adding.add(
        office.session, ticket, office.contact, message_id="a1", text="เพิ่ม", now=office.now
    )

    assert await edits(office, "a1", "เพิ่มใหม่")
    lines = await logbook.lines(office.session, ticket)
    assert [line.text for line in lines if line.what == Line.ADDED] == ["เพิ่มใหม่"]
    await logbook.forget(office.session, office.contact.id, "a1", now=office.now)

    lines = await logbook.lines(office.session, ticket)
    assert [line.text for line in lines if line.what == Line.ADDED] == [None]
    actor = "contact"
    assert await audited(office, ticket) == [
        (actor, "ticket.added", {"words": True, "files": []}),
        (actor, "ticket.edited", {"parts": ["added"]}),
        (actor, "ticket.taken_back", {"parts": ["added"]}),
    ]


async def test_a_part_taken_back_is_a_row_without_its_words(office: Office) -> None:
    ticket = await report(office)

    await logbook.forget(office.session, office.contact.id, "m1", now=office.now)

    assert ticket.what == "โทรไม่ติด"
    [(_, what, details)] = await audited(office, ticket)
    assert (what, details) == ("ticket.taken_back", {"parts": ["what"]})


async def test_each_word_on_the_end_is_a_row(office: Office) -> None:
    ticket = await report(office)
    for details, text in (({"verdict": "partly"}, None), ({"stars": 3}, None), ({}, "ยังขาด")):
        await adding.judge(
            office.session,
            ticket,
            office.contact,
            message_id="v",
            text=text,
            details=details,
            now=office.now,
        )

    rows = await audited(office, ticket)
    assert [(what, details) for _, what, details in rows] == [
        ("ticket.verdict", {"verdict": "partly", "words": False}),
        ("ticket.verdict", {"stars": 3, "words": False}),
        ("ticket.verdict", {"words": True}),
    ]
    lines = await logbook.lines(office.session, ticket, public=True)
    assert [line.text for line in lines if line.what == Line.VERDICT] == [None, None, "ยังขาด"]


async def test_a_draft_is_a_row_with_its_digest_and_the_same_one_again_is_none(
    office: Office,
) -> None:
    ticket = await report(office)
    await office.does(ticket, Move.TRIAGE, AGENT)
    proposal = Proposal(Ending.NO_ERROR, "ถูกอยู่แล้ว", files=((7, "f" * 64),))
    for _ in range(2):
        await signing.save_draft(office.session, ticket, proposal, REPORTER, office.now)

    draft = await signing.latest_draft(office.session, ticket)
    assert draft is not None
    assert (await audited(office, ticket))[1:] == [
        (
            f"staff:{REPORTER.id}",
            "ticket.draft",
            {"version": 1, "digest": draft.digest, "files": [7]},
        )
    ]


@pytest.mark.parametrize(("who", "rows"), [(HEAD, 1), (AGENT, 0)])
async def test_turning_out_who_edits_is_a_row(office: Office, who: object, rows: int) -> None:
    ticket = await report(office)
    assert await locks.take(office.session, ticket, AGENT, office.now)

    await locks.take_over(office.session, ticket, who, office.now)

    found = await audited(office, ticket)
    assert [what for _, what, _ in found] == ["ticket.taken_over"] * rows
    assert all(details == {"from": AGENT.id} for _, _, details in found)
