"""What is held of one person: found, shown and erased (PDPA B.E. 2562, sections 30 and 33)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct
from sqlalchemy import ColumnElement, delete, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from admin import attachments, audit
from admin.attachments import Attachment
from admin.followers import Follower, News
from admin.logbook import LogLine
from admin.mailings import Recipient
from admin.persons import Person
from admin.questions import Question
from admin.signing import Draft
from admin.subscriptions import Subscriber, Subscription
from admin.tickets import Ticket, ticket_of
from admin.votes import AnswerVote
from bot.db import Base
from bot.tables import ContactRow, EventRow, OutgoingRow

OF_CONTACT = (
    EventRow,
    OutgoingRow,
    Question,
    AnswerVote,
    Subscriber,
    Subscription,
    News,
    Follower,
    Recipient,
)
OF_MATTER = (Person, Draft)


class Holding(Struct, frozen=True):
    """One person's conversation and matters at an agency."""

    agency: str
    contacts: Sequence[UUID]
    """One; none where a matter came by a form or over the counter, or its conversation is gone."""
    matters: Sequence[Ticket]
    files: frozenset[int]

    def but(self, numbers: Collection[str]) -> Sequence[Ticket]:
        """The matters without those of these numbers."""
        return [ticket for ticket in self.matters if ticket.number not in numbers]


async def of_matter(session: AsyncSession, agency: str, number: str) -> Holding | None:
    """What is held of who brought a matter."""
    ticket = await ticket_of(session, agency, number)
    if ticket is None:
        return None
    if ticket.contact_id is None:
        return Holding(agency, [], [ticket], frozenset(ticket.attachments))
    return await of_contact(session, agency, ticket.contact_id)


async def of_contact(session: AsyncSession, agency: str, contact: UUID) -> Holding:
    """What is held of one conversation; until the transaction ends nobody else changes it."""
    await session.execute(select(ContactRow.id).where(ContactRow.id == contact).with_for_update())
    brought = select(Ticket).where(Ticket.contact_id == contact).order_by(Ticket.id)
    matters = (await session.scalars(brought)).all()
    sent = await session.scalars(select(Attachment.id).where(Attachment.contact_id == contact))
    theirs = (number for ticket in matters for number in ticket.attachments)
    return Holding(agency, [contact], matters, frozenset({*sent, *theirs}))


async def who_said(connection: AsyncConnection, agency: str, words: str) -> Sequence[UUID]:
    """The contacts of an agency with a message that has these words in it, in whatever case."""
    text = EventRow.payload["text"].as_string()
    query = select(EventRow.contact_id).where(
        EventRow.agency == agency, text.icontains(words, autoescape=True)
    )
    return (await connection.scalars(query.distinct())).all()


async def show(
    session: AsyncSession, held: Holding, *, by: str, now: datetime
) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Every row, by its table."""
    ids = [ticket.id for ticket in held.matters]
    wanted: list[tuple[type[Base], ColumnElement[bool]]] = [
        (ContactRow, ContactRow.id.in_(held.contacts)),
        *((kind, kind.contact_id.in_(held.contacts)) for kind in OF_CONTACT),
        (Attachment, Attachment.id.in_(held.files)),
        (Ticket, Ticket.id.in_(ids)),
        *((kind, kind.ticket_id.in_(ids)) for kind in OF_MATTER),
        (LogLine, or_(LogLine.ticket_id.in_(ids), LogLine.contact_id.in_(held.contacts))),
    ]
    found = {
        kind.__tablename__: [
            {str(name): value for name, value in row.items()}
            for row in (await session.execute(select(kind.__table__).where(whose))).mappings()
        ]
        for kind, whose in wanted
    }
    await _note(session, held, "person.shown", ids, by=by, now=now)
    return found


async def erase(
    session: AsyncSession, held: Holding, *, but: Collection[str] = (), by: str, now: datetime
) -> None:
    """Take away what the person left, except in the matters of these numbers.

    What staff wrote stays, and of each matter that it was there, and what became of it.
    """
    erased = held.but(but)
    ids = [ticket.id for ticket in erased]
    kept = [ticket for ticket in held.matters if ticket not in erased]
    blank = update(Ticket).where(Ticket.id.in_(ids))
    await session.execute(
        blank.values(
            what="",
            right=None,
            said=[],
            place=null(),
            url=None,
            verdict_words=None,
            version=Ticket.version + 1,
        )
    )
    said = update(LogLine).where(LogLine.staff_id.is_(None), LogLine.ticket_id.in_(ids))
    await session.execute(said.values(text=None))
    theirs = update(LogLine).where(
        LogLine.contact_id.in_(held.contacts),
        LogLine.ticket_id.not_in([ticket.id for ticket in kept]),
    )
    await session.execute(theirs.values(contact_id=uuid4(), message_id=None, text=None))
    await session.execute(delete(Person).where(Person.ticket_id.in_(ids)))
    await attachments.let_go(session, held.files - await _files_of(session, kept))
    await session.execute(delete(ContactRow).where(ContactRow.id.in_(held.contacts)))
    await _note(session, held, "person.erased", ids, by=by, now=now)


async def _files_of(session: AsyncSession, matters: Sequence[Ticket]) -> set[int]:
    """The files that these matters need, as brought or added later."""
    added = select(LogLine.attachments).where(LogLine.ticket_id.in_([one.id for one in matters]))
    lines = [*(one.attachments for one in matters), *await session.scalars(added)]
    return {number for line in lines for number in line}


async def _note(
    session: AsyncSession,
    held: Holding,
    what: str,
    matters: Sequence[int],
    *,
    by: str,
    now: datetime,
) -> None:
    """Into the audit log, which is never erased: no name of the conversation stands there."""
    await audit.record(
        session,
        agency=held.agency,
        actor=by,
        what=what,
        subject=f"agency:{held.agency}",
        details={"tickets": matters},
        now=now,
    )
