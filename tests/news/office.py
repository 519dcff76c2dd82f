"""Staff with accounts, and tickets whose clocks run, on an agency as its folder has it."""

from datetime import UTC, datetime
from typing import Any

from admin import chat_links, staff
from admin.handling import Deed, perform
from admin.moves import Move
from admin.officers import Officer, Role
from admin.opening import Matter, open_ticket
from admin.staff import Staff
from admin.tickets import Source, Ticket
from bot.clock import BANGKOK
from bot.db import Database
from bot.messages import Contact
from bot.tables import ContactRow
from knowledge.agency import Agency
from knowledge.chains import Kind

UNIT = "sections"
MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""A Monday, nine in the morning in Bangkok."""


class Office:
    """Each deed in a transaction of its own, as pages have it."""

    def __init__(self, database: Database, agency: Agency) -> None:
        self.database, self.agency, self.now = database, agency, MORNING

    async def hires(self, name: str, *roles: Role, unit: str | None = None) -> Staff:
        """Somebody with these roles."""
        async with self.database.session() as session:
            person = await staff.add_person(
                session, name=name, email=f"{name}@example.go.th", now=self.now
            )
            for role in roles:
                await staff.give_role(
                    session, person, agency=self.agency.slug, role=role, unit=unit
                )
        return person

    async def officer(self, person: Staff) -> Officer:
        """How the agency sees somebody now."""
        async with self.database.session() as session:
            today = self.now.astimezone(BANGKOK).date()
            found = await staff.officer(session, person.id, self.agency.slug, today)
        assert found
        return found

    async def knows(self, address: str, channel: str = "telegram") -> Contact:
        """Somebody who has written before."""
        contact = Contact(self.agency.slug, channel, address)
        row = ContactRow.new(contact, self.now)
        async with self.database.session() as session:
            session.add(row)
        return contact

    async def links(self, person: Staff, channel: str = "telegram") -> Contact:
        """Somebody's own chat, linked by a code."""
        contact = await self.knows(f"chat of {person.name}", channel)
        async with self.database.session() as session:
            code = await chat_links.new_code(session, person, self.agency.slug, self.now)
            await chat_links.link(session, contact, code, self.now)
        return contact

    async def receives(self, contact: Contact | None = None, **what: Any) -> Ticket:
        """A matter."""
        kind = what.pop("kind", Kind.WRONG_INFO)
        given = {"what": "เบอร์ 081-234-5678 ผิด", "item": "history", **what}
        matter = Matter(kind, Source.LINE, **given)
        async with self.database.session() as session:
            return await open_ticket(session, self.agency, matter, now=self.now, contact=contact)

    async def does(self, ticket: Ticket, move: Move, person: Staff, **deed: Any) -> None:
        """One move of somebody."""
        who = await self.officer(person)
        async with self.database.session() as session:
            found = await session.get_one(Ticket, ticket.id)
            await perform(session, self.agency, found, Deed(move, **deed), who, now=self.now)

    async def ticket(self, ticket: Ticket) -> Ticket:
        """The ticket as it is now."""
        async with self.database.session() as session:
            return await session.get_one(Ticket, ticket.id)
