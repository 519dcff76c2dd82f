"""What staff do on the pages of a ticket: what is offered, its names, and what is audited."""

import json

from admin.moves import Status
from admin.officers import Role
from knowledge.chains import Kind
from tests.admin.conftest import Browser, House, NewBrowser
from tests.admin.test_ticket_pages import (
    HERE,
    UNIT,
    act,
    agent,
    bring,
    come,
    look,
    picture,
    prepare,
    reporter,
    with_unit,
)
from tests.fakes import AGENCY

__all__ = ["agent", "reporter"]


async def audited(house: House, what: str) -> list[tuple[str, str, dict[str, object]]]:
    """Actor, subject and details of the rows of one kind."""
    rows = await house.audit(AGENCY)
    return [(row.actor, row.subject, json.loads(row.details)) for row in rows if row.what == what]


async def test_a_note_is_a_row_without_its_words(house: House, agent: Browser) -> None:
    ticket = await bring(house)
    await agent.get(f"{HERE}/{ticket.number}")

    await agent.post(f"{HERE}/{ticket.number}/note", {"note": "โทรหาผู้ใหญ่บ้านแล้ว"})
    await agent.post(f"{HERE}/{ticket.number}/note", {"note": "  "})

    [(actor, subject, details)] = await audited(house, "ticket.note")
    assert actor.startswith("staff:")
    assert (subject, details) == (f"ticket:{ticket.id}", {})


async def test_a_file_added_by_staff_is_a_row(
    house: House, agent: Browser, reporter: Browser
) -> None:
    number = await with_unit(house, agent)

    await prepare(reporter, number, ("after.jpg", picture()))

    [(_, subject, details)] = await audited(house, "attachment.added")
    [(_, drafted, draft)] = await audited(house, "ticket.draft")
    assert subject == drafted == f"ticket:{(await look(house, number)).id}"
    assert draft["files"] == [details["attachment"]]


async def test_who_takes_a_form_over_is_a_row(
    house: House, agent: Browser, new_browser: NewBrowser
) -> None:
    ticket = await bring(house)
    other = await come(house, await new_browser(), "other@example.go.th", Role.AGENT)
    await agent.get(f"{HERE}/{ticket.number}/moves/triage")
    await other.get(f"{HERE}/{ticket.number}/moves/triage")

    await other.send(f"{HERE}/{ticket.number}/lock", move="triage")

    [(actor, _, details)] = await audited(house, "ticket.taken_over")
    assert actor != f"staff:{details['from']}"


async def test_what_changes_no_page_needs_no_words_for_one_and_is_called_done(
    house: House, agent: Browser, reporter: Browser
) -> None:
    number = await with_unit(house, agent, kind=Kind.COMPLAINT)
    await reporter.get(f"{HERE}/{number}/moves/prepare")
    assert "ทำให้แล้ว" in reporter.text
    assert "แก้ไขแล้ว" not in reporter.text

    await prepare(reporter, number, before="", after="", reason="ซ่อมไฟแล้ว")

    assert (await look(house, number)).status is Status.PREPARED
    await reporter.get(f"{HERE}/{number}")
    assert "<h3>ทำให้แล้ว</h3>" in reporter.text


async def test_what_changes_a_page_needs_the_words_for_it(
    house: House, agent: Browser, reporter: Browser
) -> None:
    number = await with_unit(house, agent)

    await prepare(reporter, number, after="")

    assert reporter.status == 422
    assert "แก้ไขแล้ว" in reporter.text
    assert (await look(house, number)).status is Status.WITH_UNIT


async def test_the_head_is_offered_the_units_where_a_matter_has_none(
    house: House, agent: Browser, new_browser: NewBrowser
) -> None:
    ticket = await bring(house, unit=None)
    head = await come(house, await new_browser(), "head@example.go.th", Role.EXECUTIVE)
    await act(agent, ticket.number, "escalate", reason="ใหญ่เกินไป")
    page = f"{HERE}/{ticket.number}"
    await head.get(page)
    assert f'<option value="{UNIT}"' in head.text

    await head.send(f"{page}/moves/accept")
    assert head.status == 422
    assert "เลือกหน่วยรับผิดชอบก่อน" in head.text
    await head.get(page)
    await head.send(f"{page}/moves/accept", unit=UNIT)

    found = await look(house, ticket.number)
    assert (found.status, found.unit) == (Status.WITH_UNIT, UNIT)


async def test_who_hands_over_what_ends_on_the_website_is_not_the_agent(
    house: House, agent: Browser, new_browser: NewBrowser
) -> None:
    ticket = await bring(house)
    approver = await come(house, await new_browser(), "approver@example.go.th", Role.APPROVER)
    offer = f'href="{HERE}/{ticket.number}/moves/hand-over"'
    await agent.get(f"{HERE}/{ticket.number}")
    await approver.get(f"{HERE}/{ticket.number}")

    assert offer not in agent.text
    assert offer in approver.text
    complaint = await bring(house, kind=Kind.COMPLAINT)
    await agent.get(f"{HERE}/{complaint.number}")
    assert f'href="{HERE}/{complaint.number}/moves/hand-over"' in agent.text


async def test_a_matter_taken_down_as_urgent_is_urgent(house: House, agent: Browser) -> None:
    words = {
        "source": "phone",
        "kind": "complaint",
        "what": "เสาไฟล้มขวางถนน",
        "privacy": "anonymous",
    }
    await agent.get(f"{HERE}/new")

    await agent.post(f"{HERE}/new", {**words, "urgent": "1"})

    number = agent.path.split("?")[0].rsplit("/", 1)[-1]
    assert (await look(house, number)).urgent
