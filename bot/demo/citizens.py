"""The citizens of the demonstration: who they are, what they said in the chat, what they tap."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from admin.opening import Details
from admin.questions import Question
from admin.tickets import Privacy
from bot.clock import local_date
from bot.demo.people import word
from bot.demo.stories import IN_CHAT, Plan
from bot.messages import Contact, InboundMessage, Kind
from bot.tables import ContactRow, EventRow, Progress
from handlers.conversation import State, Turn
from knowledge.chains import Kind as Matter


def contact_of(plan: Plan) -> Contact | None:
    """The chat it was written in; none where staff took it down."""
    if plan.story.source not in IN_CHAT:
        return None
    return Contact(plan.agency.slug, plan.story.source, f"demo-{plan.number:03}")


def details_of(plan: Plan) -> Details | None:
    """A name and a number that nobody has."""
    if plan.story.privacy is Privacy.ANONYMOUS:
        return None
    number = plan.number + 1
    return Details(
        name=f"คุณผู้แจ้งตัวอย่าง {word(number % 100) or 'หนึ่งร้อย'}",
        phone=f"000-000-{number:04}",
        address="99/99 หมู่ 99 (ที่อยู่สมมติ)" if number % 4 == 0 else None,
    )


def message(plan: Plan, contact: Contact, at: int, now: datetime, **said: Any) -> InboundMessage:
    """The at-th thing that the citizen of this matter does."""
    number = f"demo-{plan.number}-{at}"
    order = int(now.timestamp() * 1000)
    given = {"kind": Kind.TEXT, **said}
    return InboundMessage(contact, number, order=order, message_id=number, **given)


async def arrive(session: AsyncSession, plan: Plan, contact: Contact, now: datetime) -> str | None:
    """Keep who writes, and the first words as the inbox would; returns the message's id."""
    session.add(ContactRow.new(contact, now, language=plan.story.language))
    first = message(plan, contact, 0, now, text=plan.story.what)
    await session.flush()
    session.add(
        EventRow(
            contact_id=contact.id,
            agency=contact.agency,
            channel=contact.channel,
            event_id=first.event_id,
            message_id=first.message_id,
            order_key=first.order,
            payload=msgspec.to_builtins(first),
            status=Progress.DONE,
            received_at=now,
            due_at=now,
            done_at=now,
        )
    )
    if plan.story.kind is Matter.QUESTION:
        session.add(
            Question(
                agency=contact.agency,
                contact_id=contact.id,
                message_id=first.message_id,
                asked_at=now,
                decision="refuse",
                text=plan.story.what,
            )
        )
    await session.flush()
    return first.message_id


def turn(session: AsyncSession, plan: Plan, said: InboundMessage, now: datetime) -> Turn:
    """One turn of the conversation, as the flows are given it."""
    today = local_date(now)
    return Turn(said, plan.agency, State(), plan.story.language, today, session)
