"""What staff do on the pages of a ticket: what is offered, its names, and what is audited."""

import asyncio
import json
import re

import pytest

from admin import logbook
from admin.moves import Move, Status
from admin.officers import Role
from admin.tickets import Ticket
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


async def sent_twice(browser: Browser, path: str, **words: str) -> list[int]:
    """The statuses of the answers where the form that is open is sent twice at once."""
    data = {**browser.hidden, **words}

    async def send() -> int:
        async with browser.http.post(browser.url + path, data=data) as response:
            return response.status

    return sorted(await asyncio.gather(send(), send()))


async def done_to(house: House, ticket: Ticket, move: Move) -> int:
    async with house.database.session() as session:
        return sum(line.what == move for line in await logbook.lines(session, ticket))


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("move", "statuses"),
    [
        (Move.REPLY, [200, 200]),
        (Move.ASK, [200, 200]),
        (Move.DIVIDE, [200, 422]),
        (Move.TRIAGE, [200, 422]),
        (Move.ESCALATE, [200, 422]),
    ],
)
async def test_a_form_that_is_sent_twice_is_done_once(
    house: House, agent: Browser, move: Move, statuses: list[int]
) -> None:
    ticket = await bring(house)
    await act(agent, ticket.number, Move.REPLY, reason="รับเรื่องแล้ว")
    before = await done_to(house, ticket, move)
    path = f"{HERE}/{ticket.number}/moves/{move}"
    await agent.get(path)
    found = await sent_twice(agent, path, reason="ขอรูปเพิ่ม", kind="complaint", unit=UNIT)

    assert found == statuses
    assert await done_to(house, ticket, move) == before + 1


async def test_the_same_words_may_be_sent_again_another_day(house: House, agent: Browser) -> None:
    ticket = await bring(house)
    for _ in range(2):
        await act(agent, ticket.number, Move.ASK, reason="ขอรูปเพิ่ม")

    assert await done_to(house, ticket, Move.ASK) == 2


async def test_a_reply_that_is_sent_twice_from_the_desk_is_told_once(
    house: House, agent: Browser
) -> None:
    ticket = await bring(house, kind=Kind.QUESTION)
    page = f"/admin/{AGENCY}/questions/{ticket.number}"
    await agent.get(page)
    await agent.post(f"{page}/claim")
    for words in ("เปิด 08:30 น.", "ปิด 16:30 น."):
        await agent.get(page)
        assert await sent_twice(agent, f"{page}/answer", words=words, press="reply") == [200, 200]

    assert await done_to(house, ticket, Move.REPLY) == 2


async def test_an_answer_is_still_there_when_the_question_was_passed_on_meanwhile(
    house: House, agent: Browser, new_browser: NewBrowser
) -> None:
    other = await come(house, await new_browser(), "other@example.go.th", Role.AGENT)
    ticket = await bring(house, kind=Kind.QUESTION)
    page = f"/admin/{AGENCY}/questions/{ticket.number}"
    await agent.get(page)
    await agent.post(f"{page}/claim")
    await agent.get(page)
    await other.get(page)
    me = re.findall(r'value="(person:\d+)"', agent.text)[0]
    await other.send(f"{page}/pass", to=me, reason="เคยตอบเรื่องนี้")
    await agent.send(f"{page}/answer", words="คำตอบยาวที่พิมพ์ไว้", press="reply")

    assert agent.status == 422
    assert "คำตอบยาวที่พิมพ์ไว้" in agent.text


async def test_enter_in_the_search_of_answers_searches_and_uses_none(
    house: House, agent: Browser
) -> None:
    ticket = await bring(house, kind=Kind.QUESTION, what="เบอร์โทรของ อบต.")
    page = f"/admin/{AGENCY}/questions/{ticket.number}"
    await agent.get(page)
    await agent.post(f"{page}/claim")
    await agent.get(page)
    buttons = re.findall(r'<button[^>]* form="answer-form" name="(\w+)"', agent.text)

    assert buttons[0] == "press"  # a browser presses the first on Enter
    assert "use" in buttons


def chosen(browser: Browser, name: str) -> str:
    """What is selected in a list of the form."""
    found = re.search(rf'<select id="{name}".*?</select>', browser.text, re.DOTALL)
    assert found, name
    selected = re.search(r'value="([^"]*)"[^>]* selected', found[0])
    return selected[1] if selected else ""


async def test_the_unit_and_class_of_the_item_chosen_at_sorting_are_one_press_away(
    house: House, agent: Browser
) -> None:
    ticket = await bring(house, item="history")
    form = f"{HERE}/{ticket.number}/moves/triage"
    await agent.get(form)
    assert chosen(agent, "about") == "history"

    typed = {"about": "sitemap", "unit": UNIT, "class": "immediate", "urgent": "1"}
    await agent.send(form, propose="1", **typed)

    assert agent.status == 200
    assert [chosen(agent, name) for name in ("about", "unit", "class")] == [
        "sitemap",
        "sao",
        "on-change",
    ]
    assert 'name="urgent" value="1" checked' in agent.text
    assert (await look(house, ticket.number)).item == "history"  # nothing is done yet

    await agent.send(form, about="sitemap", unit="web-staff", **{"class": "scheduled"})

    found = await look(house, ticket.number)
    assert (found.item, found.unit, found.class_) == ("sitemap", "web-staff", "scheduled")
    await agent.get(f"{HERE}/{ticket.number}")
    agency = house.equipment.served(AGENCY)
    assert agency
    old, new = [agency.agency.item(one) for one in ("history", "sitemap")]
    assert f"เดิม: {old.title.th} · ใหม่: {new.title.th}" in agent.text
    [(_, _, details)] = await audited(house, "ticket.triage")
    assert details["item"] == {"from": "history", "to": "sitemap"}


async def test_a_form_without_the_field_leaves_what_it_is_about(
    house: House, agent: Browser
) -> None:
    number = await with_unit(house, agent, item="history")
    assert (await look(house, number)).item == "history"
    await agent.get(f"{HERE}/{number}/moves/about")

    await agent.send(f"{HERE}/{number}/moves/about", about="nothing-of-ours")
    assert (agent.status, (await look(house, number)).item) == (422, "history")
    await agent.send(f"{HERE}/{number}/moves/about", about="")

    assert (await look(house, number)).item is None


async def test_what_a_complaint_is_about_is_seen_and_mended_by_its_unit(
    house: House, agent: Browser, reporter: Browser
) -> None:
    number = await with_unit(house, agent, kind=Kind.COMPLAINT, topic="roads")
    await reporter.get(f"{HERE}/{number}")
    assert "<dt>เกี่ยวกับ</dt><dd>ถนน ทางเท้า สะพาน</dd>" in reporter.text

    await reporter.get(f"{HERE}/{number}/moves/about")
    assert "propose" not in reporter.text  # no topic here has a unit of its own
    await reporter.send(f"{HERE}/{number}/moves/about", about="lights")

    assert (await look(house, number)).topic == "lights"
    question = await with_unit(house, agent, kind=Kind.QUESTION)
    await agent.get(f"{HERE}/{question}")
    assert "/moves/about" not in agent.text


async def test_a_report_of_two_things_is_divided_and_each_leads_to_the_other(
    house: House, agent: Browser
) -> None:
    ticket = await bring(house, kind=Kind.COMPLAINT, what="ถนนพังและไฟดับ")
    page = f"{HERE}/{ticket.number}"
    await agent.get(page)
    assert f'href="{page}/moves/divide"' in agent.text
    await agent.get(f"{page}/moves/divide")
    assert chosen(agent, "kind") == "complaint"
    form = dict(agent.hidden)

    await agent.send(f"{page}/moves/divide", kind="wrong-info", reason="ส่วนของเว็บ")
    number = re.search(rf'class="number" href="{HERE}/([\d-]+)"', agent.text)
    assert number
    second = await look(house, number[1])
    assert (second.kind, second.what) == (Kind.WRONG_INFO, "ถนนพังและไฟดับ")
    await agent.get(f"{HERE}/{second.number}")
    assert f'href="{page}"' in agent.text
    await agent.post(f"{page}/moves/divide", {**form, "kind": "complaint", "reason": "ซ้ำ"})
    assert agent.status == 422  # sent twice, it is made once
    [(_, subject, details)] = await audited(house, "ticket.divide")
    assert (subject, details["other"]) == (f"ticket:{ticket.id}", second.number)


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
