"""The desk of questions in a real browser: from a citizen's question to an answer of the bot."""

import asyncio
import re

import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from sqlalchemy import select

from admin import proposals, second_factor, staff
from admin.audit import AuditRow
from admin.followers import News
from admin.officers import Officer, Role
from admin.opening import Matter, open_ticket
from admin.questions import Question
from admin.tickets import Source, Ticket
from bot import clock
from bot.app import RELOAD
from bot.messages import Contact, InboundMessage, Kind
from bot.secrets import secret_key
from knowledge.chains import Kind as Matters
from knowledge.matching import Decision
from tests.web.test_admin_login import DIGEST, PASSWORD, SEED, assert_fits
from tests.web.test_chat_looks import assert_accessible

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASKED = "ลู่วิ่งยางพาราในสวนสุขภาพยาวกี่เมตร"
AGENT, COLLEAGUE = "agent@example.go.th", "colleague@example.go.th"
APPROVERS = ["first@example.go.th", "second@example.go.th"]
CITIZEN = Contact("tapon", "web", "c" * 32)


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def people(site) -> None:
    """Two who answer, two who approve, and a citizen with a conversation."""
    await site.program.inbox.accept([InboundMessage(CITIZEN, "e1", Kind.TEXT, order=1, text=ASKED)])
    await site.all_answered()
    async with site.program.database.session() as session:
        now = clock.now()
        for email, roles in [
            (AGENT, (Role.AGENT, Role.REPORTER)),
            (COLLEAGUE, (Role.AGENT,)),
            (APPROVERS[0], (Role.APPROVER, Role.REPORTER)),
            (APPROVERS[1], (Role.APPROVER,)),
        ]:
            name = f"คุณ{email.partition('@')[0]}"
            person = await staff.add_person(session, name=name, email=email, now=now)
            person.password = DIGEST
            person.second_factor = SEED if Role.APPROVER in roles else None
            for role in roles:
                await staff.give_role(session, person, agency=site.agency, role=role)
        for words in ("ลู่วิ่งยาวกี่เมตร", "ลู่วิ่งยาวเท่าไร", "ขอซื้อถังขยะได้ที่ไหน"):
            session.add(
                Question(
                    agency=site.agency,
                    contact_id=CITIZEN.id,
                    asked_at=now,
                    decision="refuse",
                    text=words,
                )
            )


async def ask_staff(site, what: str = ASKED) -> Ticket:
    """The citizen passes a question on."""
    agency = site.program.registry.get(site.agency).agency
    matter = Matter(Matters.QUESTION, Source.WEB, what, unit=agency.profile.units[0].id)
    async with site.program.database.session() as session:
        return await open_ticket(session, agency, matter, now=clock.now(), contact=CITIZEN)


async def log_in(page: Page, site, email: str) -> None:
    """Both steps, where there are two; a code works once, so it is forgotten that one was used."""
    async with site.program.database.session() as session:
        person = await staff.person_of(session, email)
        person.last_step = None
    await page.goto("/admin/login")
    await page.locator("[name=email]").fill(email)
    await page.locator("[name=password]").fill(PASSWORD)
    await page.locator("main button.go").click()
    if person.second_factor:
        secret = second_factor.secret_of(secret_key(site.program.settings.data_dir), SEED)
        await page.locator("#code").fill(pyotp.TOTP(secret).at(clock.now()))
        await page.locator("main button.go").click()
    await page.wait_for_url(f"**/admin/{site.agency}/")


async def looked_at(page: Page) -> None:
    """The page is accessible, and fits."""
    await assert_accessible(page)
    await assert_fits(page)


async def seen_by(site, number: str) -> list[str]:
    """Who read the conversation around a question."""
    async with site.program.database.session() as session:
        ticket = await session.scalar(select(Ticket).where(Ticket.number == number))
        rows = select(AuditRow.actor).where(
            AuditRow.what == "conversation.seen", AuditRow.subject == f"ticket:{ticket.id}"
        )
        return list(await session.scalars(rows))


async def press(page: Page, name: str) -> None:
    """A button, by the keyboard."""
    await page.get_by_role("button", name=name).first.focus()
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def test_a_question_is_answered_kept_and_then_answered_by_the_bot(visit, site):
    ticket = await ask_staff(site)
    page = await visit("/admin/login")
    await log_in(page, site, AGENT)
    await page.goto(f"/admin/{site.agency}/questions")
    await looked_at(page)

    await claim(page, site, ticket)
    await answer(page, site, ticket)
    where = await propose(page)
    await approve(await visit("/admin/login", "desktop"), site, where)

    async with asyncio.timeout(10 * RELOAD):
        while decision_on(site, ASKED) is not Decision.ANSWER:  # noqa: ASYNC110 - it reads anew by itself
            await asyncio.sleep(RELOAD / 10)
    chat = await visit()
    await chat.locator("#text").fill(ASKED)
    await chat.keyboard.press("Enter")
    await expect(chat.get_by_text("รอบละ 400 เมตร").first).to_be_visible()


def decision_on(site, words: str) -> Decision:
    """What the bot would do about these words."""
    return site.program.registry.get(site.agency).matcher.match(words).decision


async def claim(page: Page, site, ticket: Ticket) -> None:
    """Take it on: only then the conversation is shown, and that is recorded."""
    await page.get_by_role("link", name=ASKED).first.click()
    await expect(page.locator(".talk")).to_have_count(0)
    assert await seen_by(site, ticket.number) == []
    await looked_at(page)
    await press(page, "รับคำถามนี้")
    await expect(page.locator(".talk .theirs").first).to_contain_text(ASKED)
    assert len(await seen_by(site, ticket.number)) == 1
    await looked_at(page)


async def answer(page: Page, site, ticket: Ticket) -> None:
    """From an entry, then in one's own words; what is shown is what is sent."""
    await press(page, "ตอบด้วยข้อนี้")
    box = page.locator("#words")
    taken = await box.input_value()
    assert taken
    await press(page, "ดูตัวอย่างก่อนส่ง")
    await expect(page.locator(".preview")).to_contain_text(taken.split("\n")[0])
    await expect(page.locator(".preview dt").first).to_be_visible()  # where the entry has it from
    await box.fill("รอบละ 400 เมตร\nที่มา: ป้ายหน้าสวน")
    await press(page, "ดูตัวอย่างก่อนส่ง")
    await expect(page.locator(".preview dt")).to_have_count(0)
    await looked_at(page)
    shown = await page.locator(".preview .words").inner_text()
    await press(page, "ลงนาม ส่งคำตอบ และปิดคำถาม")
    await expect(page.locator(".done")).to_contain_text("ส่งคำตอบแล้ว")
    async with site.program.database.session() as session:
        told = await session.scalars(select(News).where(News.contact_id == CITIZEN.id))
        assert [news.reply["text"] for news in told if ticket.number in news.reply["text"]] == [
            shown
        ]


async def propose(page: Page) -> str:
    """Fill in what is missing, after being told of it; where the proposal stands."""
    await page.get_by_role("link", name="เสนอเป็นคำตอบใหม่").click()
    assert await page.locator("[name=question_th]").input_value() == ASKED
    assert "400 เมตร" in await page.locator("[name=answer_th]").input_value()
    await looked_at(page)
    for name, words in {
        "question_en": "How long is the running track?",
        "answer_en": "400 metres a round.",
        "category": "ข้อมูล อบต.",
        "source_title": "ป้ายหน้าสวน",
        "source_clause": "ป้ายที่ 1",
    }.items():
        await page.locator(f"[name={name}]").fill(words)
    await press(page, "ส่งให้ผู้อนุมัติ")
    fault = page.get_by_role("alert")
    await expect(fault).to_contain_text("มีน้อยกว่า 4 แบบ")
    assert await page.locator("[name=source_clause]").input_value() == "ป้ายที่ 1"
    await looked_at(page)
    await page.locator("[name=phrasings]").fill(
        f"{ASKED}\nลู่วิ่งยาวเท่าไร\nวิ่งรอบสวนสุขภาพกี่เมตร\nระยะลู่วิ่งในสวน"
    )
    await press(page, "ส่งให้ผู้อนุมัติ")
    await expect(page.locator(".done")).to_contain_text("ส่งให้ผู้อนุมัติแล้ว")
    where = page.url.partition("?")[0]
    await looked_at(page)

    return where


async def approve(page: Page, site, where: str) -> None:
    """Another person looks at it and agrees."""
    await log_in(page, site, APPROVERS[1])
    await page.goto(f"/admin/{site.agency}/proposals")
    await looked_at(page)
    await page.goto(where)
    await looked_at(page)
    await press(page, "อนุมัติให้ใช้ตอบ")
    await expect(page.locator(".done")).to_contain_text("เก็บเป็นคำตอบแล้ว")


async def test_who_comes_second_is_told_and_sees_no_conversation(visit, site):
    ticket = await ask_staff(site)
    path = f"/admin/{site.agency}/questions/{ticket.number}"
    pages = []
    for email in (AGENT, COLLEAGUE):
        page = await visit("/admin/login", "desktop")
        await log_in(page, site, email)
        await page.goto(path)
        pages.append(page)

    for page in pages:
        await press(page, "รับคำถามนี้")

    await expect(pages[0].locator(".done")).to_contain_text("รับคำถามนี้แล้ว")
    await expect(pages[1].get_by_role("alert")).to_contain_text("มีคนอื่นรับคำถามนี้ไปก่อนแล้ว")
    await expect(pages[1].locator(".talk, #answer")).to_have_count(0)
    await expect(pages[1].locator(".kept")).to_contain_text("คุณagent")
    await looked_at(pages[1])
    assert len(await seen_by(site, ticket.number)) == 1


async def test_who_proposes_is_offered_no_approval_and_refused_one(visit, site):
    page = await visit("/admin/login")
    await log_in(page, site, APPROVERS[0])
    await page.goto(f"/admin/{site.agency}/questions/unanswered")
    await looked_at(page)
    await page.get_by_role("link", name=re.compile("อีกแบบ.*")).first.click()
    await looked_at(page)
    await press(page, "ส่งให้ผู้อนุมัติ")
    await expect(page.locator("main")).to_contain_text("คุณเป็นผู้เสนอ")
    await expect(page.get_by_role("button", name="อนุมัติให้ใช้ตอบ")).to_have_count(0)

    async with page.expect_navigation():
        await page.evaluate(
            """() => { const form = document.createElement("form"); form.method = "post";
            form.action = location.pathname + "/approve";
            for (const one of document.querySelectorAll("header input[type=hidden]"))
                form.append(one.cloneNode());
            document.body.append(form); setTimeout(() => form.submit()); }"""
        )
    await expect(page.get_by_role("alert")).to_contain_text("ผู้เสนออนุมัติข้อของตัวเองไม่ได้")
    await looked_at(page)


async def test_what_is_returned_is_mended_and_proposed_again(visit, site):
    page, other = await visit("/admin/login"), await visit("/admin/login", "desktop")
    await log_in(page, site, COLLEAGUE)
    await log_in(other, site, APPROVERS[1])
    entry = next(iter(sorted(site.program.registry.get(site.agency).agency.own)))
    ticket = await ask_staff(site)
    await page.goto(f"/admin/{site.agency}/proposals/new?entry={entry}&ticket={ticket.number}")
    await page.locator("[name=phrasings]").fill("ถามแบบใหม่ที่ยังสั้นไป")
    await press(page, "ส่งให้ผู้อนุมัติ")
    await expect(page.locator(".done")).to_contain_text("ส่งให้ผู้อนุมัติแล้ว")
    where = page.url.partition("?")[0]

    await other.goto(where)
    await other.locator("[name=reason]").fill("เขียนให้ครบกว่านี้")
    await press(other, "ส่งกลับผู้เสนอ")
    await expect(other.locator(".done")).to_contain_text("ส่งกลับแล้ว")
    await page.goto(where)
    await expect(page.locator(".kept")).to_have_text("เขียนให้ครบกว่านี้")
    await looked_at(page)
    await page.get_by_role("link", name="แก้แล้วเสนอใหม่").click()

    box = page.locator("[name=phrasings]")
    assert await box.input_value() == "ถามแบบใหม่ที่ยังสั้นไป"
    assert await page.locator("[name=ticket]").input_value() == ticket.number
    await box.fill("ถามแบบใหม่ที่เขียนครบแล้ว")
    await press(page, "ส่งให้ผู้อนุมัติ")
    await expect(page.locator(".done")).to_contain_text("ส่งให้ผู้อนุมัติแล้ว")
    assert page.url.partition("?")[0] != where


async def test_a_question_is_passed_on_and_ended_without_an_answer(visit, site):
    ticket = await ask_staff(site)
    page = await visit("/admin/login")
    await log_in(page, site, AGENT)
    await page.goto(f"/admin/{site.agency}/questions/{ticket.number}")

    await page.locator("summary", has_text="ส่งต่อให้หน่วย").click()
    await page.locator("#to").select_option(label="คุณcolleague")
    await page.locator("[name=reason]").fill("  ")
    await press(page, "ส่งต่อให้หน่วยหรือคนอื่น")
    await expect(page.get_by_role("alert")).to_contain_text("เหตุผล")
    assert await page.locator("#to option:checked").inner_text() == "คุณcolleague"
    await looked_at(page)
    await page.locator("[name=reason]").fill("รู้เรื่องนี้ดี")
    await press(page, "ส่งต่อให้หน่วยหรือคนอื่น")
    await expect(page.locator(".done")).to_contain_text("ส่งต่อแล้ว")

    other = await visit("/admin/login")
    await log_in(other, site, COLLEAGUE)
    await other.goto(f"/admin/{site.agency}/questions/{ticket.number}")
    await expect(other.locator("#answer")).to_be_visible()
    await other.locator("summary", has_text="ปิดโดยไม่มีคำตอบ").click()
    await other.locator("#close-words").fill("สวนนี้เป็นของเทศบาล ถามที่เทศบาลได้เลย")
    await press(other, "ปิดโดยไม่มีคำตอบ")
    await expect(other.get_by_role("alert")).to_contain_text("หน่วยงานที่รับเรื่อง")
    assert "เทศบาล" in await other.locator("#close-words").input_value()
    await other.locator("[name=body]").fill("เทศบาล")
    await press(other, "ปิดโดยไม่มีคำตอบ")
    await expect(other.locator(".done")).to_contain_text("ปิดคำถาม")
    async with site.program.database.session() as session:
        assert (await session.get_one(Ticket, ticket.id)).handed_to == "เทศบาล"


@pytest.mark.parametrize(("screen", "scheme"), [("phone", "dark"), ("desktop", "light")])
async def test_the_desk_is_accessible_on_every_screen_and_in_english(visit, site, screen, scheme):
    ticket = await ask_staff(site, f"{ASKED} {screen}")
    page = await visit("/admin/login", screen, color_scheme=scheme)
    await log_in(page, site, COLLEAGUE)
    await page.get_by_role("button", name=re.compile("English|ไทย")).click()
    for path in ("questions", "questions/unanswered", "proposals", "proposals/new"):
        await page.goto(f"/admin/{site.agency}/{path}")
        await looked_at(page)

    await page.goto(f"/admin/{site.agency}/questions/{ticket.number}")
    await page.locator("main .go").first.click()
    for summary in await page.locator("main summary").all():
        await summary.click()
    await looked_at(page)
    assert await page.locator("#answer").is_visible()
    await page.get_by_role("button", name=re.compile("English|ไทย")).click()


async def test_what_another_entry_answers_already_is_approved_only_with_a_tick(visit, site):
    agency = site.program.registry.get(site.agency).agency
    other = agency.entries[min(agency.own)]
    content = {
        "category": other.category,
        "question": {"th": "ตำบลนี้มีหิ่งห้อยให้ดูเดือนไหน", "en": other.question.en},
        "phrasings": ["หิ่งห้อยมีเดือนไหน", "ไปดูหิ่งห้อยช่วงไหนดี", "ฤดูหิ่งห้อย", "หิ่งห้อยเห็นที่ไหน"],
        "answer": {"th": "พฤษภาคมถึงตุลาคม", "en": "May to October."},
        "unit": agency.profile.units[0].id,
        "source": {"title": "แผ่นพับ", "clause": "หน้า 2"},
        "updated": "2024-11-21",
        "review_by": "2099-05-21",
    }
    wish = proposals.Wish(proposals.What.ENTRY, content)
    someone = Officer(999, site.agency, "คุณสมศรี", ())
    async with site.program.database.session() as session:
        made = await proposals.propose(session, agency, wish, someone, clock.now())

    page = await visit("/admin/login")
    await log_in(page, site, APPROVERS[1])
    await page.goto(f"/admin/{site.agency}/proposals/{made.id}")
    await expect(page.locator(".mark.late").first).to_have_text("ต้องดู")
    await assert_accessible(page)
    await page.evaluate("document.querySelector('[name=anyway]').required = false")
    await press(page, "อนุมัติให้ใช้ตอบ")
    await expect(page.get_by_role("alert")).to_contain_text("มีข้อที่ต้องดูก่อนอนุมัติ")
    await page.locator("[name=anyway]").check()
    await press(page, "อนุมัติให้ใช้ตอบ")
    await expect(page.locator(".done")).to_contain_text("เก็บเป็นคำตอบแล้ว")
