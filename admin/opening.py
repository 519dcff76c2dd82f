"""A new ticket: what is brought, by whom if they say so, and who is to be told of it."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from admin import alerts, audit, followers, tickets
from admin.clocks import deadlines
from admin.logbook import Line, LogLine
from admin.moves import Status
from admin.officers import Officer
from admin.persons import Person
from admin.tickets import Privacy, Source, Ticket
from bot.messages import Contact
from knowledge.agency import Agency
from knowledge.chains import Class, Kind


class Details(Struct, frozen=True, omit_defaults=True):
    """What somebody says of themselves."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None


class Matter(Struct, frozen=True, omit_defaults=True):
    """Everything that is known when a ticket is opened."""

    kind: Kind
    source: Source
    what: str
    language: str = "th"
    privacy: Privacy = Privacy.ANONYMOUS
    right: str | None = None
    said: tuple[dict[str, Any], ...] = ()
    attachments: tuple[int, ...] = ()
    place: dict[str, Any] | None = None
    item: str | None = None
    entry: str | None = None
    url: str | None = None
    topic: str | None = None
    unit: str | None = None
    urgent: bool = False
    image: bool = False
    person: Details | None = None
    consent_version: str | None = None


def proposed_unit(agency: Agency, matter: Matter) -> str | None:
    """The unit that owns what the matter is about; who sorts matters may choose another."""
    item = agency.item(matter.item) if matter.item else None
    entry = agency.entry(matter.entry) if matter.entry else None
    topic = agency.topics.get(matter.topic or "")
    named = agency.unit(matter.unit or (topic.unit if topic else None))
    if named:
        return named.id
    return item.owner if item else entry.unit if entry else None


def proposed_class(agency: Agency, matter: Matter) -> Class:
    """The class of the item; what is on no list changes as things change."""
    item = agency.item(matter.item) if matter.item else None
    return Class(item.class_) if item else Class.ON_CHANGE


async def open_ticket(
    session: AsyncSession,
    agency: Agency,
    matter: Matter,
    *,
    now: datetime,
    contact: Contact | None = None,
    officer: Officer | None = None,
    received: datetime | None = None,
    sent_as: str | None = None,
) -> Ticket:
    """Give it a number, its clocks, and its first line; a contact who brings it follows it.

    Where it was `received` earlier, as part of another matter, its clocks run from then. The first
    line keeps what the form of staff was `sent_as`.
    """
    class_ = proposed_class(agency, matter)
    opened = received or now
    clocks = deadlines(agency, matter.kind, class_, opened, urgent=matter.urgent)
    ticket = Ticket(
        agency=agency.slug,
        number=await tickets.next_number(session, agency.slug, now),
        kind=matter.kind,
        source=matter.source,
        contact_id=contact.id if contact else None,
        language=matter.language,
        privacy=matter.privacy,
        what=matter.what,
        right=matter.right,
        said=list(matter.said),
        attachments=list(matter.attachments),
        place=matter.place,
        item=matter.item,
        entry=matter.entry,
        url=matter.url,
        topic=matter.topic,
        unit=proposed_unit(agency, matter),
        class_=class_,
        urgent=matter.urgent,
        image=matter.image,
        status=Status.RECEIVED,
        since=now,
        opened_at=opened,
        first_reply_due=clocks.first_reply,
        due_at=clocks.settled,
    )
    session.add(ticket)
    await session.flush()
    if contact is not None:
        await followers.follow(session, ticket, contact.id, now)
    if matter.person is not None and matter.privacy is not Privacy.ANONYMOUS:
        session.add(_person(ticket, matter, matter.person, now))
    line = LogLine(
        ticket_id=ticket.id,
        at=now,
        what=Line.OPENED,
        public=True,
        end=Status.RECEIVED,
        staff_id=officer.id if officer else None,
        contact_id=contact.id if contact else None,
        message_id=sent_as,
    )
    session.add(line)
    await session.flush()
    await alerts.alert(session, agency, ticket, line, now=now)
    await audit.record(
        session,
        agency=agency.slug,
        actor=actor_of(officer, contact),
        what="ticket.opened",
        subject=f"ticket:{ticket.id}",
        details={"number": ticket.number, "kind": ticket.kind, "source": ticket.source},
        now=now,
    )
    return ticket


def actor_of(officer: Officer | None, contact: Contact | None = None) -> str:
    """Who did it, as the audit log names them."""
    if officer is not None:
        return f"staff:{officer.id}"
    return audit.CONTACT if contact is not None else "system"


def _person(ticket: Ticket, matter: Matter, details: Details, now: datetime) -> Person:
    return Person(
        ticket_id=ticket.id,
        name=details.name,
        phone=details.phone,
        email=details.email,
        address=details.address,
        consent_version=matter.consent_version,
        consent_at=now if matter.consent_version else None,
    )
