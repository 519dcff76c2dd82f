"""What is urgent is told to the head in chat at once, and the head decides from there."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from admin import alerts, chat_links
from admin.chat_links import StaffChat
from admin.followers import News
from admin.logbook import LogLine
from admin.moves import Move, Status
from admin.officers import Role
from admin.opening import Matter, open_ticket
from admin.staff import Membership, Staff
from admin.tickets import Source, Ticket
from bot.clock import BANGKOK
from bot.messages import Choice, Contact, InboundMessage, Kind, Reply
from handlers import staff_chat
from handlers.conversation import Outcome, State, Turn
from knowledge.chains import Kind as Matters
from tests.news.office import UNIT, Office


class Head:
    """The head's chat: taps and types, and remembers what the bot remembers."""

    def __init__(self, office: Office, person: Staff, contact: Contact) -> None:
        self.office, self.person, self.contact = office, person, contact
        self.state = State()

    async def _turn(self, session: Any, **said: Any) -> Turn:
        message = InboundMessage(self.contact, event_id="e", order=1, **said)
        today = self.office.now.astimezone(BANGKOK).date()
        return Turn(message, self.office.agency, self.state, "th", today, session)

    def _after(self, outcome: Outcome) -> str:
        self.state = State(staff=outcome.staff)
        return outcome.replies[0].text

    async def taps(self, choice: Choice, **more: Any) -> str:
        """A button; what the bot says."""
        async with self.office.database.session() as session:
            turn = await self._turn(session, kind=Kind.CHOICE, choice=choice.value, **more)
            name, _, rest = choice.value.partition(":")
            assert name == "act"
            return self._after(await staff_chat.act(turn, rest, self.office.now))

    async def types(self, text: str, **more: Any) -> str | None:
        """Words; what the bot says, None where they are no business of the staff."""
        async with self.office.database.session() as session:
            turn = await self._turn(session, kind=Kind.TEXT, text=text, **more)
            outcome = await staff_chat.say(turn, text, self.office.now)
            return self._after(outcome) if outcome else None


@pytest.fixture
async def head(office: Office) -> Head:
    """The head, with a linked chat."""
    person = await office.hires("head", Role.EXECUTIVE)
    return Head(office, person, await office.links(person))


async def heard(office: Office, contact: Contact) -> list[tuple[Reply, bool]]:
    """What waits for a contact, and whether it presses."""
    async with office.database.session() as session:
        query = select(News).where(News.contact_id == contact.id).order_by(News.id)
        rows = (await session.scalars(query)).all()
        return [(msgspec.convert(row.reply, Reply), row.presses) for row in rows]


async def urgent(office: Office, **what: Any) -> Ticket:
    """A matter that triage sends to the head."""
    agent = await office.hires("agent", Role.AGENT)
    citizen = await office.knows("citizen")
    ticket = await office.receives(citizen, **what)
    await office.does(ticket, Move.TRIAGE, agent, unit=UNIT, urgent=True)
    return await office.ticket(ticket)


async def test_the_head_hears_at_once_and_nothing_of_the_citizen(
    office: Office, head: Head
) -> None:
    ticket = await urgent(office, what="โทร 081-234-5678 นายสมชาย", image=True)

    [(reply, presses)] = await heard(office, head.contact)
    assert ticket.status is Status.WITH_HEAD
    assert presses
    assert ticket.number in reply.text
    assert "ด่วน · กระทบภาพลักษณ์" in reply.text
    assert office.agency.unit(UNIT).name_th in reply.text
    assert "081" not in reply.text
    assert "สมชาย" not in reply.text
    assert [c.label for c in reply.choices] == ["รับเรื่อง", "ส่งคืน", "ขอข้อมูลเพิ่ม"]
    assert all(len(c.value.encode()) <= 60 and c.value.isascii() for c in reply.choices)


async def test_what_is_not_urgent_troubles_nobody(office: Office, head: Head) -> None:
    agent = await office.hires("agent", Role.AGENT)
    ticket = await office.receives()
    await office.does(ticket, Move.TRIAGE, agent, unit=UNIT)

    assert await heard(office, head.contact) == []


async def test_what_is_urgent_as_it_comes_in_is_told_before_anybody_has_sorted_it(
    office: Office, head: Head
) -> None:
    sorter = await office.hires("sorter", Role.AGENT)
    webmaster = await office.hires("webmaster", Role.WEBMASTER)
    chats = [await office.links(person) for person in (sorter, webmaster)]

    ticket = await office.receives(await office.knows("citizen"), urgent=True, what="ไฟไหม้บ้านลุงดำ")

    assert ticket.status is Status.RECEIVED
    for contact in (head.contact, chats[0]):
        [(reply, presses)] = await heard(office, contact)
        assert presses
        assert reply.text.startswith(f"เรื่องด่วน {ticket.number}")
        assert "ลุงดำ" not in reply.text
        assert [c.label for c in reply.choices] == (
            ["รับเรื่อง", "ขอข้อมูลเพิ่ม"] if contact is head.contact else []
        )
    assert await heard(office, chats[1]) == []


@pytest.mark.parametrize(
    ("deed", "count"),
    [({}, 1), ({"about": "vision"}, 1), ({"unit": "sao"}, 2), ({"image": True}, 2)],
)
async def test_the_head_hears_of_an_urgent_matter_once_unless_sorting_changes_whose_or_how(
    office: Office, head: Head, deed: dict[str, Any], count: int
) -> None:
    agent = await office.hires("agent", Role.AGENT)
    ticket = await office.receives(urgent=True)
    other = await office.links(await office.hires("later", Role.EXECUTIVE))

    await office.does(ticket, Move.TRIAGE, agent, **deed)

    assert (await office.ticket(ticket)).status is Status.WITH_HEAD
    assert len(await heard(office, head.contact)) == count
    assert len(await heard(office, other)) == 1  # who linked a chat since then


async def test_a_matter_that_is_sorted_again_comes_to_the_head_again(
    office: Office, head: Head
) -> None:
    agent = await office.hires("agent", Role.AGENT)
    ticket = await office.receives(urgent=True)
    await office.does(ticket, Move.TRIAGE, agent)
    await office.does(ticket, Move.DECLINE, head.person, reason="ไม่ด่วน")

    await office.does(ticket, Move.TRIAGE, agent)

    assert len(await heard(office, head.contact)) == 2


async def test_the_head_accepts_an_urgent_matter_before_anybody_has_sorted_it(
    office: Office, head: Head
) -> None:
    ticket = await office.receives(urgent=True)
    nobodys = await office.receives(urgent=True, item=None)
    (first, _), (second, _) = await heard(office, head.contact)

    said = await head.taps(first.choices[0])

    assert said.startswith(f"รับเรื่อง {ticket.number} แล้ว")
    found = await office.ticket(ticket)
    assert (found.status, found.unit) == (Status.WITH_UNIT, UNIT)
    assert nobodys.number in second.text
    assert [c.label for c in second.choices] == ["ขอข้อมูลเพิ่ม"]  # it has no unit yet


async def test_who_enters_an_urgent_matter_is_not_told_of_it(office: Office, head: Head) -> None:
    matter = Matter(Matters.COMPLAINT, Source.PHONE, "เสาไฟล้มขวางถนน", urgent=True)
    other = await office.hires("other", Role.EXECUTIVE)
    chat = await office.links(other)
    who = await office.officer(head.person)

    async with office.database.session() as session:
        await open_ticket(session, office.agency, matter, now=office.now, officer=who)

    assert await heard(office, head.contact) == []
    assert len(await heard(office, chat)) == 1


async def test_the_head_accepts_and_a_second_tap_does_no_harm(office: Office, head: Head) -> None:
    ticket = await urgent(office)
    [(reply, _)] = await heard(office, head.contact)

    first, second = [await head.taps(reply.choices[0]) for _ in range(2)]

    assert first.startswith(f"รับเรื่อง {ticket.number} แล้ว")
    assert "มีคนดำเนินการไปแล้ว" in second
    assert (await office.ticket(ticket)).status is Status.WITH_UNIT


async def test_the_head_returns_with_a_reason(office: Office, head: Head) -> None:
    ticket = await urgent(office)
    [(reply, _)] = await heard(office, head.contact)

    asked = await head.taps(reply.choices[1])
    before = (await office.ticket(ticket)).status
    done = await head.types("ไม่ใช่อำนาจของเรา")

    assert "เพราะอะไร" in asked
    assert before is Status.WITH_HEAD
    assert done == f"ส่งคืนเรื่อง {ticket.number} แล้ว"
    assert (await office.ticket(ticket)).status is Status.RECEIVED
    async with office.database.session() as session:
        line = await session.scalar(select(LogLine).where(LogLine.what == Move.DECLINE))
    assert (line.text, line.public, line.staff_id) == ("ไม่ใช่อำนาจของเรา", False, head.person.id)


async def test_the_head_asks_the_citizen_for_more(office: Office, head: Head) -> None:
    ticket = await urgent(office)
    [(reply, _)] = await heard(office, head.contact)

    await head.taps(reply.choices[2])
    await head.types("เกิดขึ้นที่ไหน")

    told = await heard(office, Contact(office.agency.slug, "telegram", "citizen"))
    assert "เกิดขึ้นที่ไหน" in told[-1][0].text
    assert (await office.ticket(ticket)).status is Status.WITH_HEAD


async def test_a_reason_may_be_left_unsaid(office: Office, head: Head) -> None:
    await urgent(office)
    [(reply, _)] = await heard(office, head.contact)
    await head.taps(reply.choices[1])

    assert await head.types("ยกเลิก") is None


async def test_who_is_no_head_any_more_is_refused(office: Office, head: Head) -> None:
    ticket = await urgent(office)
    [(reply, _)] = await heard(office, head.contact)
    await head.taps(reply.choices[1])
    async with office.database.session() as session:
        post = await session.scalar(select(Membership).filter_by(staff_id=head.person.id))
        post.role = Role.REPORTER

    assert "ไม่มีหน้าที่" in (await head.types("ไม่รับ") or "")
    assert (await office.ticket(ticket)).status is Status.WITH_HEAD


async def test_a_parted_chat_and_a_strangers_button_do_nothing(office: Office, head: Head) -> None:
    ticket = await urgent(office)
    [(reply, _)] = await heard(office, head.contact)
    stranger = Head(office, head.person, await office.knows("stranger"))
    refusals = [await stranger.taps(reply.choices[0])]
    refusals.append(await head.taps(reply.choices[0], group=True))
    async with office.database.session() as session:
        await session.delete(await session.get_one(StaffChat, (head.person.id, ticket.agency)))
    refusals.append(await head.taps(reply.choices[0]))

    assert all("เชื่อมแชตนี้ไว้" in said for said in refusals)
    assert (await office.ticket(ticket)).status is Status.WITH_HEAD


async def test_a_ticket_of_another_agency_is_not_there(office: Office, head: Head) -> None:
    ticket = await urgent(office)
    [(reply, _)] = await heard(office, head.contact)
    async with office.database.session() as session:
        (await session.get_one(Ticket, ticket.id)).agency = "elsewhere"

    assert await head.taps(reply.choices[0]) == "ไม่พบเรื่องนี้แล้ว"


async def test_the_head_hears_when_a_citizen_says_it_is_not_settled(
    office: Office, head: Head
) -> None:
    line = LogLine(
        ticket_id=0, at=office.now, what=Move.REOPEN, public=True, contact_id=head.contact.id
    )
    ticket = await office.receives()
    async with office.database.session() as session:
        await alerts.alert(session, office.agency, ticket, line, now=office.now)

    [(reply, _)] = await heard(office, head.contact)
    assert "ยังไม่แก้" in reply.text
    assert reply.choices == ()


async def test_a_chat_is_linked_by_typing_the_code(office: Office) -> None:
    person = await office.hires("malee", Role.AGENT)
    chat = Head(office, person, await office.knows("mine"))
    async with office.database.session() as session:
        code = await chat_links.new_code(session, person, office.agency.slug, office.now)

    said = [await chat.types(f"/link {wrong}") for wrong in ("", "AAAA-AAA2")]
    said.append(await chat.types(code.lower()))

    assert said[0].startswith("พิมพ์ /link")
    assert said[1].startswith("รหัสไม่ถูก")
    assert said[2].startswith("เชื่อมแชตนี้กับบัญชีเจ้าหน้าที่ของ malee")
    assert await chat.types("ABCD 1234") is None  # somebody's own words, not a code of ours


@pytest.mark.parametrize(("channel", "group"), [("telegram", True), ("web", False)])
async def test_a_code_sent_where_others_read_it_is_void(
    office: Office, channel: str, group: bool
) -> None:
    person = await office.hires("malee", Role.AGENT)
    there = Head(office, person, await office.knows("there", channel))
    mine = Head(office, person, await office.knows("mine"))
    async with office.database.session() as session:
        code = await chat_links.new_code(session, person, office.agency.slug, office.now)

    assert "ขอรหัสใหม่" in (await there.types(code, group=group) or "")
    assert (await mine.types(f"/link {code}") or "").startswith("รหัสไม่ถูก")
