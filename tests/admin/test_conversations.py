"""The conversation around a question: what was asked and answered, and nothing of other matters."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from admin import conversation
from admin.conversation import Spoken
from admin.logbook import Line, LogLine
from admin.opening import Matter, open_ticket
from admin.questions import Question
from admin.tickets import Privacy, Source, Ticket
from bot.db import Database
from bot.messages import Contact, InboundMessage, Kind
from bot.settings import ROOT
from bot.tables import ContactRow, EventRow, OutgoingRow, Progress
from knowledge.agency import Agency
from knowledge.chains import Kind as Matters
from knowledge.folders import load_agency, load_defaults
from tests.fakes import AGENCY, MovingClock

AGENCIES = ROOT / "knowledge" / "agencies"
CITIZEN = Contact(AGENCY, "line", "U" + "5" * 32)
SECRET = "ผู้ใหญ่บ้านเรียกเงินผม ผมชื่อสมชาย โทร 081-234-5678"
ASKED = "ลู่วิ่งยาวกี่เมตร"


@dataclass
class Chat:
    """One citizen's chat, each message a minute after the one before."""

    database: Database
    agency: Agency
    clock: MovingClock
    count: int = 0

    async def says(
        self,
        text: str | None,
        *answers: str,
        is_question: bool = False,
        message: str | None = None,
        **more: Any,
    ) -> datetime:
        """A message, and what the bot answers; when it was handled."""
        self.clock.move(seconds=60)
        self.count += 1
        now = self.clock()
        said = {"kind": Kind.TEXT, "text": text, "message_id": message, **more}
        inbound = InboundMessage(CITIZEN, f"e{self.count}", order=self.count, **said)
        async with self.database.session() as session:
            event = EventRow(
                contact_id=CITIZEN.id,
                agency=AGENCY,
                channel=CITIZEN.channel,
                event_id=inbound.event_id,
                message_id=message,
                order_key=self.count,
                payload=msgspec.to_builtins(inbound),
                status=Progress.DONE,
                received_at=now,
                due_at=now,
                done_at=now,
            )
            session.add(event)
            await session.flush()
            for answer in answers:
                session.add(self._letter(answer, event.id))
            if is_question:
                session.add(
                    Question(
                        agency=AGENCY,
                        contact_id=CITIZEN.id,
                        message_id=message,
                        asked_at=now,
                        decision="refuse",
                    )
                )
        return now

    def _letter(self, text: str, cause: int | None) -> OutgoingRow:
        return OutgoingRow(
            key=uuid4(),
            contact_id=CITIZEN.id,
            account=f"{AGENCY}/line",
            address=CITIZEN.address,
            cause_id=cause,
            payload={"messages": [{"type": "text", "text": text}]},
            received_at=self.clock(),
            due_at=self.clock(),
            done_at=self.clock(),
        )

    async def is_pushed(self, text: str) -> None:
        """News come of their own accord."""
        self.clock.move(seconds=60)
        async with self.database.session() as session:
            session.add(self._letter(text, None))

    async def brings(self, kind: Matters, what: str, **more: Any) -> Ticket:
        """A matter, opened by this chat."""
        matter = Matter(kind, Source.LINE, what, **more)
        async with self.database.session() as session:
            return await open_ticket(
                session, self.agency, matter, now=self.clock(), contact=CITIZEN
            )

    async def around(self, ticket: Ticket) -> list[Spoken]:
        """What whoever handles it reads."""
        async with self.database.session() as session:
            found = await session.get_one(Ticket, ticket.id)
            return await conversation.around(session, found)


@pytest.fixture
async def chat(database: Database, clock: MovingClock) -> Chat:
    """A citizen who has written before."""
    async with database.session() as session:
        session.add(ContactRow.new(CITIZEN, clock()))
    agency = load_agency(AGENCIES / AGENCY, load_defaults(AGENCIES / "_default"))
    return Chat(database, agency, clock)


async def passes_on(chat: Chat, message: str | None = "q1") -> Ticket:
    """The question, and the tap that hands it to staff."""
    await chat.says(ASKED, "ยังไม่มีคำตอบ", is_question=True, message=message)
    await chat.says(None, kind=Kind.CHOICE, choice="staff")
    said = ({"part": "what", "message": message, "text": ASKED},)
    return await chat.brings(Matters.QUESTION, ASKED, said=said)


def read(spoken: list[Spoken]) -> str:
    """All of it."""
    return "\n".join(line.text for line in spoken)


async def test_a_hidden_report_told_an_hour_before_is_not_shown(chat: Chat) -> None:
    await chat.says(SECRET, f"รับเรื่องแล้ว\nเรื่อง: {SECRET}", message="r1")
    await chat.says(None, kind=Kind.IMAGE, message="r2")
    await chat.says("สมชาย ใจดี", "ส่งไหม ชื่อ: สมชาย ใจดี", message="r3")
    await chat.says(None, f"ตรวจก่อนส่ง: {SECRET}", kind=Kind.CHOICE, choice="draft:send")
    said = (
        {"part": "what", "message": "r1", "text": SECRET},
        {"part": "name", "message": "r3"},
    )
    report = await chat.brings(Matters.COMPLAINT, SECRET, said=said, privacy=Privacy.HIDDEN)
    chat.clock.move(seconds=3600)
    ticket = await passes_on(chat)
    await chat.is_pushed(f"เรื่อง {report.number} เจ้าหน้าที่ขอถามเพิ่ม\nเขาเรียกเงินเท่าไร")
    await chat.is_pushed(f"เรื่อง {ticket.number} ข้อความจากเจ้าหน้าที่\nลู่ไหน")

    spoken = await chat.around(ticket)

    assert [(line.is_citizens, line.kind) for line in spoken] == [
        (True, Kind.TEXT),
        (False, Kind.TEXT),
        (True, Kind.CHOICE),
        (False, Kind.TEXT),
    ]
    assert spoken[0].text == ASKED
    assert "ลู่ไหน" in spoken[-1].text
    for secret in ("เรียกเงิน", "สมชาย", "081", report.number):
        assert secret not in read(spoken)


async def test_news_of_another_matter_that_rode_on_an_answer_is_left_out(chat: Chat) -> None:
    report = await chat.brings(Matters.COMPLAINT, SECRET)
    news = f"เรื่อง {report.number} ข้อความจากเจ้าหน้าที่\nนัดพบวันศุกร์"
    await chat.says("เปิดกี่โมง", news, "เปิด 08.30 น.", is_question=True, message="m1")

    spoken = await chat.around(await passes_on(chat))

    assert "เปิด 08.30 น." in read(spoken)
    assert "นัดพบ" not in read(spoken)


async def test_a_report_being_written_is_not_shown_though_it_began_as_a_question(
    chat: Chat,
) -> None:
    await chat.says(SECRET, "ไม่พบคำตอบ", is_question=True, message="d1")
    await chat.says("ชื่อ มานี", is_question=True, message="d2")
    draft = {"said": [{"text": SECRET, "message": "d1"}], "name": {"text": "", "message": "d2"}}
    async with chat.database.session() as session:
        contact = await session.get_one(ContactRow, CITIZEN.id)
        contact.state = {"draft": draft}

    spoken = await chat.around(await passes_on(chat))

    assert [line.text for line in spoken if line.is_citizens] == [ASKED, ""]


async def test_what_was_added_to_another_matter_is_not_shown_where_messages_have_no_ids(
    chat: Chat,
) -> None:
    report = await chat.brings(Matters.COMPLAINT, SECRET)
    at = await chat.says("เขามาขู่อีกแล้ว", "เพิ่มแล้ว", is_question=True)
    async with chat.database.session() as session:
        session.add(
            LogLine(
                ticket_id=report.id,
                at=at,
                what=Line.ADDED,
                public=True,
                contact_id=CITIZEN.id,
                text="เขามาขู่อีกแล้ว",
            )
        )
    chat.clock.move(seconds=60)

    spoken = await chat.around(await passes_on(chat, None))

    assert [line.text for line in spoken if line.is_citizens] == [ASKED, ""]


async def test_numbers_in_other_questions_are_masked_and_those_for_staff_are_not(
    chat: Chat,
) -> None:
    await chat.says("เบอร์ 081-234-5678 ของใคร", is_question=True, message="m1")
    ticket = await passes_on(chat)
    at = await chat.says("โทรกลับ 089-765-4321", message="m2")
    async with chat.database.session() as session:
        session.add(
            LogLine(
                ticket_id=ticket.id,
                at=at,
                what=Line.ADDED,
                public=True,
                contact_id=CITIZEN.id,
                message_id="m2",
            )
        )

    spoken = await chat.around(ticket)

    assert "081" not in read(spoken)
    assert "[เบอร์โทร]" in spoken[0].text
    assert spoken[-1].text == "โทรกลับ 089-765-4321"


async def test_the_conversation_begins_a_day_before_the_question(chat: Chat) -> None:
    await chat.says("เก่าเกินไป", is_question=True, message="m1")
    chat.clock.move(seconds=timedelta(hours=30).total_seconds())
    await chat.says("ถามต่อ", is_question=True, message="m2")
    ticket = await passes_on(chat)
    await chat.says(None, kind=Kind.UNSEND)

    assert [line.text for line in await chat.around(ticket) if line.is_citizens] == [
        "ถามต่อ",
        ASKED,
        "",
    ]
