"""A report that is two matters: the second has the same words and files, and its own number."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from admin.logbook import Line, LogLine
from admin.officers import Officer
from admin.opening import Matter, open_ticket
from admin.persons import Person
from admin.tickets import Ticket
from bot.messages import Contact
from bot.tables import ContactRow
from knowledge.agency import Agency
from knowledge.chains import Kind


async def divide(
    session: AsyncSession,
    agency: Agency,
    ticket: Ticket,
    kind: Kind,
    *,
    officer: Officer,
    reason: str,
    now: datetime,
) -> Ticket:
    """Open the second one; it is still to be sorted, and its clocks run from the same receipt."""
    matter = Matter(
        kind,
        ticket.source,
        ticket.what,
        language=ticket.language,
        privacy=ticket.privacy,
        right=ticket.right,
        said=tuple(part for part in ticket.said if part["part"] != "verdict"),
        attachments=tuple(ticket.attachments),
        place=ticket.place,
        url=ticket.url,
        urgent=ticket.urgent,
        image=ticket.image,
    )
    row = await session.get(ContactRow, ticket.contact_id) if ticket.contact_id else None
    contact = Contact(row.agency, row.channel, row.address) if row else None
    other = await open_ticket(
        session,
        agency,
        matter,
        now=now,
        contact=contact,
        officer=officer,
        received=ticket.opened_at,
    )
    await _copy_person(session, ticket, other)
    session.add(
        LogLine(
            ticket_id=other.id,
            at=now,
            what=Line.DIVIDED,
            public=False,
            staff_id=officer.id,
            text=reason,
            details={"other": ticket.number},
        )
    )
    await session.flush()
    return other


async def _copy_person(session: AsyncSession, ticket: Ticket, other: Ticket) -> None:
    """Who brought the one brought the other, with the notice they agreed to then."""
    person = await session.get(Person, ticket.id)
    if person is not None:
        session.add(
            Person(
                ticket_id=other.id,
                name=person.name,
                phone=person.phone,
                email=person.email,
                address=person.address,
                consent_version=person.consent_version,
                consent_at=person.consent_at,
            )
        )
