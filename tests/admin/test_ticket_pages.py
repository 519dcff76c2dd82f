"""The pages of tickets over HTTP: who sees what, what is refused and why, what is kept."""

import asyncio
import re
from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from aiohttp import FormData
from PIL import Image
from sqlalchemy import select

from admin import attachments, signing, tickets
from admin.attachments import Attachment
from admin.moves import Status
from admin.officers import Role
from admin.opening import Details, Matter, open_ticket
from admin.persons import Person
from admin.tickets import Privacy, Source, Ticket
from knowledge.chains import Kind
from knowledge.dates import written
from tests.admin.conftest import Browser, House, NewBrowser
from tests.fakes import AGENCY

HERE = f"/admin/{AGENCY}/tickets"
UNIT = "sections"


def picture(colour: str = "red") -> bytes:
    out = BytesIO()
    Image.new("RGB", (800, 600), colour).save(out, "JPEG")
    return out.getvalue()


async def bring(house: House, **more: Any) -> Ticket:
    """A matter that came by the web chat."""
    given = {"kind": Kind.WRONG_INFO, "source": Source.WEB, "what": "เบอร์โทรผิด", "unit": UNIT}
    agency = house.equipment.served(AGENCY)
    assert agency
    async with house.database.session() as session:
        return await open_ticket(
            session, agency.agency, Matter(**{**given, **more}), now=house.clock()
        )


async def look(house: House, number: str) -> Ticket:
    async with house.database.session() as session:
        found = await tickets.ticket_of(session, AGENCY, number)
        assert found
        return found


@pytest.fixture
async def agent(house: House, new_browser: NewBrowser) -> Browser:
    """Who sorts matters, logged in."""
    return await come(house, await new_browser(), "agent@example.go.th", Role.AGENT)


@pytest.fixture
async def reporter(house: House, new_browser: NewBrowser) -> Browser:
    """Who prepares for one unit, logged in."""
    return await come(house, await new_browser(), "reporter@example.go.th", Role.REPORTER, UNIT)


async def come(
    house: House, browser: Browser, email: str, *roles: Any, unit: str | None = None
) -> Browser:
    """Hired and logged in; a unit may stand among the roles."""
    unit = next((one for one in roles if not isinstance(one, Role)), unit)
    held = [one for one in roles if isinstance(one, Role)]
    is_enrolled = bool({Role.APPROVER, Role.WEBMASTER} & set(held))
    person = await house.hire(email, *held, unit=unit, is_enrolled=is_enrolled)
    if is_enrolled:
        house.clock.move(seconds=60)
    await house.open_for(person, browser)
    await browser.get(f"/admin/{AGENCY}/")
    assert browser.status == 200
    return browser


def version(browser: Browser, words: dict[str, str]) -> dict[str, str]:
    """What a form of moves carries, unless it is told."""
    return {"version": words.get("version") or browser.hidden["version"]}


async def act(browser: Browser, number: str, move: str, **words: str) -> Browser:
    """Open a ticket and make a move."""
    await browser.get(f"{HERE}/{number}/moves/{move}")
    now = browser.hidden.get("version", "1")
    return await browser.post(f"{HERE}/{number}/moves/{move}", {"version": now, **words})


async def prepare(browser: Browser, number: str, *files: tuple[str, bytes], **words: str) -> None:
    """Send the reporter's form, with files."""
    await browser.get(f"{HERE}/{number}/moves/prepare")
    form = FormData()
    kept = {k: v for k, v in browser.hidden.items() if k.startswith("_")}
    given = {"ending": "corrected", "before": "1", "after": "2", "reason": "แก้แล้ว"}
    for name, value in {**kept, **given, **words, **version(browser, words)}.items():
        form.add_field(name, value)
    for name, content in files:
        form.add_field("files", content, filename=name, content_type="image/jpeg")
    async with browser.http.post(
        f"{browser.url}{HERE}/{number}/moves/prepare", data=form
    ) as response:
        await browser._read(response)


async def with_unit(house: House, agent: Browser, **more: Any) -> str:
    """A matter that was sent to its unit."""
    ticket = await bring(house, **more)
    await act(agent, ticket.number, "triage", unit=UNIT, **{"class": "on-change"})
    assert (await look(house, ticket.number)).status is Status.WITH_UNIT
    return ticket.number


async def test_a_reporter_sees_nothing_of_other_units(house: House, reporter: Browser) -> None:
    theirs = await bring(house, what="เรื่องของหน่วยอื่น", unit="sao")
    for path in ("", "/slip", "/moves/ask", "/files/1"):
        assert (await reporter.get(f"{HERE}/{theirs.number}{path}")).status == 404
    for path in ("/note", "/person", "/lock", "/leave", "/moves/ask"):
        assert (await reporter.post(f"{HERE}/{theirs.number}{path}", {"note": "x"})).status == 404
        await reporter.get(HERE)
    for query in ("", "?state=all", f"?q={theirs.number}", "?unit=sao", "?q=เรื่อง"):
        await reporter.get(HERE + query)
        assert "เรื่องของหน่วยอื่น" not in reporter.text, query


async def test_the_day_begins_with_what_waits_for_oneself(
    house: House, agent: Browser, new_browser: NewBrowser
) -> None:
    number = await with_unit(house, agent)
    new = await bring(house, what="เรื่องใหม่รอคัดแยก")
    await agent.get(f"/admin/{AGENCY}/")
    assert new.number in agent.text
    assert number not in agent.text
    reporter = await come(house, await new_browser(), "r2@example.go.th", Role.REPORTER, UNIT)
    assert number in reporter.text
    await prepare(reporter, number)
    approver = await come(house, await new_browser(), "p@example.go.th", Role.APPROVER)
    assert number in approver.text
    assert "รอฉันลงนาม" in approver.text
    house.clock.move(days=30)
    await agent.get("/admin/login")
    await agent.log_in("agent@example.go.th")
    await agent.get(f"{HERE}?clock=late")
    assert number in agent.text


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("kind=wrong-info", True),
        ("kind=complaint", False),
        (f"unit={UNIT}", True),
        ("unit=-", False),
        ("class=on-change", True),
        ("class=immediate", False),
        ("status=received", True),
        ("status=prepared", False),
        ("source=web", True),
        ("source=line", False),
        ("clock=late", False),
        ("state=over", False),
        ("state=all", True),
        ("q=เบอร์โทร", True),
        ("q=100%25", False),
        ("kind=nonsense&page=x&again=2&state='", True),
        ("page=99999999999", True),
    ],
)
async def test_a_list_is_what_its_address_says(
    house: House, agent: Browser, query: str, is_there: bool
) -> None:
    ticket = await bring(house)
    await agent.get(f"{HERE}?{query}")

    assert agent.status == 200
    assert (f"/tickets/{ticket.number}" in agent.text) is is_there


async def test_a_number_is_found_however_it_is_written(house: House, agent: Browser) -> None:
    ticket = await bring(house)
    thai = ticket.number.replace("-", " ").translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))
    await agent.get(f"{HERE}?state=over&kind=complaint&q={thai}")

    assert f"/tickets/{ticket.number}" in agent.text


async def test_pages_and_their_addresses_keep_the_filters(house: House, agent: Browser) -> None:
    for n in range(51):
        await bring(house, what=f"เรื่องที่ {n}")
    await agent.get(f"{HERE}?kind=wrong-info&q=เรื่อง")
    assert "51 เรื่อง" in agent.text
    found = re.search(r'href="([^"]+)" rel="next"', agent.text)
    assert found
    await agent.get(unescape(found[1]))

    assert "หน้า 2 จาก 2" in agent.text
    assert len(re.findall(r'<a class="number"', agent.text)) == 1


async def test_the_desk_leads_to_the_newest_question_behind_any_number_of_older_ones(
    house: House, agent: Browser
) -> None:
    for n in range(51):
        await bring(house, what=f"คำถามที่ {n}", kind=Kind.QUESTION)
    await agent.get(f"/admin/{AGENCY}/questions")
    assert 'ยังไม่มีใครรับ <span class="soft number">51</span>' in agent.text
    assert "คำถามที่ 50" not in agent.text
    found = re.search(r'href="([^"]+)" rel="next"', agent.text)
    assert found
    await agent.get(unescape(found[1]))
    assert "คำถามที่ 50" in agent.text
    assert "หน้า 2 จาก 2" in agent.text
    for odd in ("0", "-1", "x", "99", "9" * 30):
        assert (await agent.get(f"/admin/{AGENCY}/questions?page={odd}")).status == 200, odd


async def test_whoever_opens_a_form_is_seen_and_may_be_relieved(
    house: House, agent: Browser, reporter: Browser
) -> None:
    number = await with_unit(house, agent)
    await reporter.get(f"{HERE}/{number}/moves/prepare")
    assert 'name="after"' in reporter.text
    old = reporter.hidden["version"]

    await agent.get(f"{HERE}/{number}/moves/ask")
    assert "คุณreporter เปิดแบบฟอร์มของเรื่องนี้อยู่" in agent.text
    assert 'name="reason"' not in agent.text
    await agent.send(f"{HERE}/{number}/lock")
    assert agent.path.endswith("/moves/ask")
    assert 'name="reason"' in agent.text

    words = {"version": old, "ending": "answered", "reason": "คำตอบที่พิมพ์ไว้"}
    await reporter.post(f"{HERE}/{number}/moves/prepare", words)
    assert reporter.status == 422
    assert "มีคนรับช่วงเรื่องนี้ไปแล้ว" in reporter.text
    assert (await look(house, number)).status is Status.WITH_UNIT

    await reporter.send(f"{HERE}/{number}/lock")
    assert reporter.path.endswith("/moves/prepare")
    assert "คำตอบที่พิมพ์ไว้" in reporter.text
    assert "การเข้าระบบหมดอายุ" not in reporter.text
    await agent.post(f"{HERE}/{number}/leave")
    await reporter.get(f"{HERE}/{number}/moves/prepare")
    assert 'name="after"' in reporter.text


async def test_evidence_beyond_the_limit_is_said_also_where_a_colleague_added_the_rest(
    house: House, agent: Browser, reporter: Browser, new_browser: NewBrowser
) -> None:
    number = await with_unit(house, agent)
    await prepare(reporter, number, *((f"{n}.jpg", picture()) for n in range(10)))
    await act(reporter, number, "return", reason="ขาดหนึ่งภาพ")
    colleague = await come(house, await new_browser(), "c@example.go.th", Role.REPORTER, UNIT)
    await colleague.get(f"{HERE}/{number}/moves/prepare")
    form = FormData({**colleague.hidden, "ending": "corrected", "after": "2", "reason": "แก้แล้ว"})
    for kept in re.findall(r'name="keep" value="(\d+)"', colleague.text):
        form.add_field("keep", kept)
    form.add_field("files", picture("blue"), filename="11.jpg", content_type="image/jpeg")
    path = f"{colleague.url}{HERE}/{number}/moves/prepare"
    async with colleague.http.post(path, data=form) as response:
        await colleague._read(response)

    assert colleague.status == 422
    assert "แนบได้ครั้งละไม่เกิน 10 ไฟล์" in colleague.text


async def test_nobody_holds_a_ticket_for_longer_than_ten_minutes(
    house: House, agent: Browser, reporter: Browser
) -> None:
    number = await with_unit(house, agent)
    await reporter.get(f"{HERE}/{number}/moves/prepare")
    house.clock.move(minutes=9)
    await agent.get(f"{HERE}/{number}")
    assert "คุณreporter" in agent.text
    house.clock.move(minutes=2)
    await agent.get(f"{HERE}/{number}/moves/ask")

    assert 'name="reason"' in agent.text


async def test_a_list_says_the_day_in_bangkok_on_which_a_matter_ended(
    house: House, agent: Browser
) -> None:
    ticket = await bring(house, kind=Kind.COMPLAINT)
    hours = (18 - house.clock().hour) % 24  # in Bangkok it is past one, the next day
    house.clock.move(hours=hours)
    await agent.get("/admin/login")
    await agent.log_in("agent@example.go.th")
    await act(agent, ticket.number, "hand-over", reason="ของเทศบาล", handed_to="เทศบาล")
    await agent.get(f"{HERE}?state=over")

    night = house.clock().date() + timedelta(days=1)
    assert f"เสร็จ {written(night, 'th')}" in agent.text


async def test_a_matter_is_joined_by_a_number_typed_anyhow_but_to_none_that_is_not_seen(
    house: House, agent: Browser, reporter: Browser
) -> None:
    number = await with_unit(house, agent)
    theirs, ours = await bring(house, unit="sao"), await bring(house)
    await act(reporter, number, "join", reason="เรื่องเดียวกัน", other=theirs.number)
    assert reporter.status == 422
    assert "ไม่พบเรื่องตามเลขนี้" in reporter.text
    thai = ours.number.replace("-", " ").translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))
    await act(reporter, number, "join", reason="เรื่องเดียวกัน", other=thai)

    assert (await look(house, number)).joined_to == ours.id


async def test_a_matter_of_yesterday_is_found_alike_behind_any_number_of_older_ones(
    house: House, agent: Browser
) -> None:
    agency = house.equipment.served(AGENCY)
    assert agency
    async with house.database.session() as session:
        for words in (*(f"เรื่องที่ {n}" for n in range(200)), TAKEN["what"]):
            matter = Matter(Kind.COMPLAINT, Source.WEB, words)
            ticket = await open_ticket(session, agency.agency, matter, now=house.clock())
    await agent.get(f"{HERE}/new")
    await agent.post(f"{HERE}/new", TAKEN)

    assert agent.status == 422
    assert ticket.number in agent.text


async def test_what_was_typed_stays_when_somebody_else_was_quicker(
    house: House, agent: Browser, reporter: Browser
) -> None:
    number = await with_unit(house, agent)
    await reporter.get(f"{HERE}/{number}/moves/escalate")
    old = {"version": reporter.hidden["version"], "reason": "เรื่องใหญ่มาก"}
    await reporter.post(f"{HERE}/{number}/leave")
    house.clock.move(seconds=1)
    await act(agent, number, "reassign", unit=UNIT, reason="ยังเป็นของหน่วยนี้")
    await reporter.post(f"{HERE}/{number}/moves/escalate", old)

    assert reporter.status == 422
    assert "มีคนแก้เรื่องนี้ระหว่างที่เปิดหน้าอยู่" in reporter.text
    assert "เรื่องใหญ่มาก" in reporter.text


async def test_evidence_is_signed_with_its_digest_and_every_look_is_recorded(
    house: House, agent: Browser, reporter: Browser
) -> None:
    number = await with_unit(house, agent)
    await prepare(reporter, number, ("หลักฐาน.jpg", picture()))
    assert reporter.status == 200, reporter.text
    async with house.database.session() as session:
        ticket = await tickets.ticket_of(session, AGENCY, number)
        assert ticket
        draft = await signing.latest_draft(session, ticket)
        assert draft
        [(file, digest)] = draft.content.files
        [row] = await attachments.of(session, [file])
    assert row.held
    assert row.sha256 == digest
    assert row.latitude is None

    async with reporter.http.get(f"{house.url}{HERE}/{number}/files/{file}") as response:
        assert response.status == 200
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Disposition"].startswith("inline")
        assert "sandbox" in response.headers["Content-Security-Policy"]
    before = len(await house.audit(AGENCY))
    async with reporter.http.get(f"{house.url}{HERE}/{number}/files/{file}?small=1") as response:
        small = await response.read()
        assert Image.open(BytesIO(small)).size == (320, 240)
    rows = await house.audit(AGENCY)
    assert len(rows) == before
    assert rows[-1].what == "attachment.seen"
    other = await bring(house)
    assert (await reporter.get(f"{HERE}/{other.number}/files/{file}")).status == 404


async def test_a_file_that_cannot_be_kept_costs_neither_words_nor_other_files(
    house: House, agent: Browser, reporter: Browser
) -> None:
    number = await with_unit(house, agent)
    await prepare(
        reporter, number, ("ดี.jpg", picture()), ("x.exe", b"MZ\x90\0" * 50), reason="คำตอบยาว"
    )
    assert reporter.status == 422
    assert "ไม่รับไฟล์ชนิดของ x.exe" in reporter.text
    assert "คำตอบยาว" in reporter.text
    kept = re.findall(r'name="keep" value="(\d+)" checked', reporter.text)
    assert len(kept) == 1
    assert (await look(house, number)).status is Status.WITH_UNIT

    await prepare(reporter, number, keep=kept[0])
    async with house.database.session() as session:
        ticket = await tickets.ticket_of(session, AGENCY, number)
        assert ticket
        draft = await signing.latest_draft(session, ticket)
        assert draft
        assert [file for file, _ in draft.content.files] == [int(kept[0])]


async def test_who_may_not_prepare_leaves_no_file_behind(house: House, agent: Browser) -> None:
    number = await with_unit(house, agent)
    await agent.get(f"{HERE}/{number}/moves/ask")
    await prepare(agent, number, ("ก.jpg", picture()), version="1")

    assert agent.status == 422
    async with house.database.session() as session:
        assert await session.scalar(select(Attachment.id)) is None


async def test_words_outlive_a_login_that_ends_in_the_middle(
    house: House, agent: Browser, reporter: Browser
) -> None:
    number = await with_unit(house, agent)
    house.clock.move(days=30)
    words = {"ending": "answered", "reason": "คำตอบที่พิมพ์ไว้นาน", "before": "ข้อความเก่าที่พิมพ์"}
    await reporter.post(f"{HERE}/{number}/moves/prepare", words)
    assert reporter.status == 401
    await reporter.log_in("reporter@example.go.th")
    await reporter.get(f"{HERE}/{number}/moves/prepare")

    form = reporter.text.split('class="inner"')[1].split("</form>")[0]
    assert "คำตอบที่พิมพ์ไว้นาน" in form
    assert "ข้อความเก่าที่พิมพ์" in form
    assert '<option value="answered" selected>' in form


async def test_nobody_puts_anothers_file_under_a_draft(
    house: House, agent: Browser, reporter: Browser
) -> None:
    number, other = await with_unit(house, agent), await with_unit(house, agent)
    await prepare(reporter, other, ("ก.jpg", picture("blue")))
    async with house.database.session() as session:
        file = await session.scalar(select(Attachment.id))
    await prepare(reporter, number, keep=str(file))
    async with house.database.session() as session:
        ticket = await tickets.ticket_of(session, AGENCY, number)
        assert ticket
        draft = await signing.latest_draft(session, ticket)
        assert draft
        assert draft.content.files == ()


async def test_the_same_person_cannot_sign_twice_and_is_told_so(
    house: House, agent: Browser, new_browser: NewBrowser
) -> None:
    number = await with_unit(house, agent)
    both = await come(
        house, await new_browser(), "both@example.go.th", Role.REPORTER, Role.APPROVER
    )
    await prepare(both, number)
    assert (await look(house, number)).status is Status.PREPARED
    assert "ต้องเป็นคนละคน" in both.text
    assert "/moves/approve" not in both.text
    now = str((await look(house, number)).version)
    await both.post(f"{HERE}/{number}/moves/approve", {"version": now})

    assert both.status == 422
    assert "ต้องเป็นคนละคน" in both.text
    assert (await look(house, number)).status is Status.PREPARED


async def test_words_among_staff_never_stand_in_the_conversation(
    house: House, agent: Browser
) -> None:
    number = await with_unit(house, agent)
    await act(agent, number, "ask", reason="ถามผู้แจ้งว่าหน้าไหน")
    await agent.post(f"{HERE}/{number}/note", {"note": "ความลับภายใน"})
    await act(agent, number, "reassign", unit="sao", reason="เหตุผลเฉพาะเรา")
    await agent.get(f"{HERE}/{number}")
    conversation = agent.text.split('id="words"')[1].split("</section>")[0]
    notes = agent.text.split('id="notes"')[1].split("</section>")[0]
    log = agent.text.split('id="log"')[1].split("</section>")[0]

    assert "ถามผู้แจ้งว่าหน้าไหน" in conversation
    assert "ความลับภายใน" not in conversation + log
    assert "ความลับภายใน" in notes
    assert "เหตุผลเฉพาะเรา" not in conversation
    assert re.search(r"เฉพาะเจ้าหน้าที่</span> เหตุผลเฉพาะเรา", log)


async def test_a_name_is_shown_to_whom_it_may_be_and_the_look_is_recorded(
    house: House, agent: Browser, reporter: Browser
) -> None:
    ticket = await bring(
        house, privacy=Privacy.HIDDEN, person=Details(name="นางบุญมี", address="12 หมู่ 3")
    )
    await agent.get(f"{HERE}/{ticket.number}")
    assert "นางบุญมี" not in agent.text
    await agent.send(f"{HERE}/{ticket.number}/person")
    assert "นางบุญมี" in agent.text
    assert "12 หมู่ 3" in agent.text
    assert (await house.audit(AGENCY))[-1].what == "person.seen"
    await reporter.get(f"{HERE}/{ticket.number}")
    await reporter.send(f"{HERE}/{ticket.number}/person")

    assert "นางบุญมี" not in reporter.text


async def test_who_only_publishes_is_shown_no_name_and_no_number(
    house: House, new_browser: NewBrowser
) -> None:
    person = Details(name="นางบุญมี", phone="081 234 5678")
    ticket = await bring(house, privacy=Privacy.NAMED, person=person)
    async with house.database.session() as session:
        (await session.get_one(Ticket, ticket.id)).status = Status.APPROVED
    webmaster = await come(house, await new_browser(), "web@example.go.th", Role.WEBMASTER)
    await webmaster.get(f"{HERE}/{ticket.number}")
    assert "เบอร์โทรผิด" in webmaster.text
    assert "ดูชื่อผู้แจ้ง" not in webmaster.text
    await webmaster.send(f"{HERE}/{ticket.number}/person")

    assert "บุญมี" not in webmaster.text
    assert "081" not in webmaster.text
    assert "person.seen" not in [row.what for row in await house.audit(AGENCY)]


TAKEN = {
    "kind": "complaint",
    "source": "counter",
    "privacy": "named",
    "what": "ไฟถนนหน้าวัดดับมาสามคืนแล้ว",
}


async def test_personal_data_is_kept_only_after_the_notice_was_read_out(
    house: House, agent: Browser
) -> None:
    personal = {"name": "นายดี", "phone": "081 234 5678", "address": "1 หมู่ 2"}
    await agent.get(f"{HERE}/new")
    await agent.post(f"{HERE}/new", {**TAKEN, **personal})
    assert agent.status == 422
    assert "อ่านข้อความข้างบนให้ผู้แจ้งฟังก่อน" in agent.text
    assert 'value="นายดี"' in agent.text
    await agent.post(f"{HERE}/new", {**TAKEN, **personal, "privacy": "anonymous", "told": "1"})
    assert agent.status == 422
    assert "เลือกไม่บอกชื่อไว้" in agent.text
    await agent.post(f"{HERE}/new", {**TAKEN, **personal, "told": "1"})

    assert agent.status == 200
    async with house.database.session() as session:
        [person] = await session.scalars(select(Person))
    assert (person.name, person.address) == ("นายดี", "1 หมู่ 2")
    assert person.consent_version == "reception-1"
    await agent.get(agent.path.partition("?")[0] + "/slip")
    assert "นายดี" in agent.text
    assert "081" not in agent.text
    assert "หมู่ 2" not in agent.text
    assert re.search(r'class="big number">\d\d-\d{5}-\d<', agent.text)


async def test_a_matter_like_an_open_one_is_pointed_out_and_may_be_joined(
    house: House, agent: Browser
) -> None:
    first = await bring(
        house, kind=Kind.COMPLAINT, what="ไฟถนนหน้าวัดดับ มืดมาก ดับมาสามคืนแล้ว", unit=None
    )
    await agent.get(f"{HERE}/new")
    await agent.post(f"{HERE}/new", TAKEN)
    assert agent.status == 422
    assert f'name="join" value="{first.number}"' in agent.text
    pressed_by_enter = agent.text.index("<button hidden></button>")
    assert pressed_by_enter < agent.text.index('<button class="quiet" name="join"')
    await agent.post(f"{HERE}/new", {**TAKEN, "join": first.number})
    joined = agent.path.partition("?")[0].rpartition("/")[2]
    assert (await look(house, joined)).status is Status.JOINED
    await agent.get(f"{HERE}/{first.number}")
    assert f"/tickets/{joined}" in agent.text
    await agent.get(f"{HERE}/new")
    await agent.post(f"{HERE}/new", {**TAKEN, "sure": "1"})

    assert (await look(house, agent.path.partition("?")[0].rpartition("/")[2])).is_open


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_a_form_of_the_counter_opens_one_matter_however_often_it_is_sent(
    house: House, agent: Browser
) -> None:
    await agent.get(f"{HERE}/new")
    form = {**agent.hidden, **TAKEN, "name": "นายดี", "told": "1"}
    sent = [agent.http.post(f"{agent.url}{HERE}/new", data=form | {"sure": "1"}) for _ in range(3)]
    at = [str(response.url.path) for response in await asyncio.gather(*sent)]
    [opened] = {path.rpartition("/")[2] for path in at}
    await agent.get(f"{HERE}/new")
    await agent.post(f"{HERE}/new", form)
    assert agent.path.partition("?")[0] == f"{HERE}/{opened}"
    await agent.get(f"{HERE}/new")
    await agent.post(f"{HERE}/new", form | {"join": opened})
    assert agent.path.partition("?")[0] == f"{HERE}/{opened}"

    for changed in ({"name": "นายมี"}, {"once": "another"}, {"what": "ถนนหน้าโรงเรียนเป็นหลุม"}):
        await agent.get(f"{HERE}/new")
        await agent.post(f"{HERE}/new", form | {"sure": "1"} | changed)
        assert agent.path.partition("?")[0] != f"{HERE}/{opened}", changed

    async with house.database.session() as session:
        assert len((await session.scalars(select(Ticket))).all()) == 4


async def test_the_second_look_at_a_form_of_the_counter_is_the_same_form(
    house: House, agent: Browser
) -> None:
    await bring(house, kind=Kind.COMPLAINT, what=TAKEN["what"], unit=None)
    await agent.get(f"{HERE}/new")
    once = agent.hidden["once"]
    await agent.send(f"{HERE}/new", **TAKEN)
    assert agent.status == 422

    assert agent.hidden["once"] == once
    await agent.get(f"{HERE}/new")
    assert agent.hidden["once"] != once


async def test_who_takes_down_a_matter_of_another_unit_gets_its_slip_and_no_more(
    house: House, reporter: Browser
) -> None:
    await reporter.get(f"{HERE}/new")
    await reporter.post(f"{HERE}/new", {**TAKEN, "name": "นายดี", "told": "1"})

    assert reporter.status == 200
    assert reporter.path.partition("?")[0].endswith("/slip")
    assert "นายดี" in reporter.text
    ticket = reporter.path.partition("?")[0].removesuffix("/slip")
    assert (await reporter.get(ticket)).status == 404


async def test_a_matter_that_leaves_the_unit_leads_its_reporter_home(
    house: House, agent: Browser, reporter: Browser
) -> None:
    number = await with_unit(house, agent)
    await act(reporter, number, "reassign", unit="sao", reason="ไม่ใช่ของเรา")

    assert reporter.path.startswith(f"/admin/{AGENCY}/?done=")
    assert reporter.status == 200


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% for x in y %}",
    "\r\nSet-Cookie: a=b",
    "\0\x01\x1b[31m",
    "9" * 400,
    "",
]
"""One of each kind; tests/hostile has hundreds, for every form there is."""


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: repr(words[:12]))
async def test_hostile_words_are_words(
    house: House, agent: Browser, reporter: Browser, words: str
) -> None:
    number = await with_unit(house, agent)
    fields = ("kind", "source", "privacy", "what", "right", "item", "url", "name", "phone", "join")
    await agent.get(f"{HERE}/new")
    for form in (
        dict.fromkeys(fields, words),
        {**TAKEN, "what": words or "x", "name": words, "told": words or "1", "sure": "1"},
        {**TAKEN, "join": words},
    ):
        await agent.post(f"{HERE}/new", form)
        assert agent.status < 500, form
        assert_harmless(agent)
        await agent.get(f"{HERE}/new")
    for path in (f"?q={words[:500]}", f"?state={words[:50]}&unit={words[:50]}&opened={words[:50]}"):
        await agent.get(HERE + path.replace("#", "%23").replace("%", "%25").replace("\0", "%00"))
        assert agent.status < 500
        assert_harmless(agent)
    await agent.post(f"{HERE}/{number}/note", {"note": words})
    assert_harmless(agent)
    everything = ("reason", "unit", "class", "handed_to", "other", "ending", "url", "before")
    for move in ("ask", "join", "hand-over", "reassign", "escalate"):
        await act(agent, number, move, **dict.fromkeys(everything, words))
        assert agent.status < 500, move
        assert_harmless(agent)
    other = await with_unit(house, agent)
    await prepare(reporter, other, keep=words, reason=words, after=words, before=words)
    assert reporter.status < 500
    assert_harmless(reporter)
    await reporter.get(f"{HERE}/{other}")
    assert_harmless(reporter)


def assert_harmless(browser: Browser) -> None:
    """Nothing that was typed has become a tag."""
    assert "<script>alert" not in browser.text
    assert "<img src=x" not in browser.text
    assert "49{%" not in browser.text
    assert "Set-Cookie: a" not in str(browser.headers)


async def test_a_withdrawn_or_waiting_file_says_what_became_of_it(
    house: House, agent: Browser
) -> None:
    now = house.clock() - timedelta(days=1)
    async with house.database.session() as session:
        for status, reason in (("waiting", None), ("refused", "too-big"), ("forgotten", None)):
            session.add(
                Attachment(
                    agency=AGENCY,
                    account=f"{AGENCY}/line",
                    platform_id="",
                    kind="image",
                    name="ความลับ.jpg",
                    status=status,
                    reason=reason,
                    received_at=now,
                )
            )
        await session.flush()
        ids = tuple(await session.scalars(select(Attachment.id).order_by(Attachment.id)))
    ticket = await bring(house, attachments=(*ids, 10_000))
    await agent.get(f"{HERE}/{ticket.number}")

    for words in ("กำลังรับไฟล์", "ไม่ได้เก็บไฟล์", "ใหญ่เกินไป", "ลบไฟล์แล้ว"):
        assert words in agent.text
    for file in ids:
        assert (await agent.get(f"{HERE}/{ticket.number}/files/{file}")).status == 404
