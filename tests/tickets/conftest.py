"""An agency with its staff and one citizen, on a database of each kind."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from admin import signing
from admin.handling import Deed, perform
from admin.moves import Ending, Move
from admin.officers import Officer, Post, Role
from admin.opening import Matter, open_ticket
from admin.signing import Proposal
from admin.tickets import Source, Ticket
from bot.db import Database
from bot.messages import Contact
from bot.settings import ROOT
from bot.tables import ContactRow
from knowledge.agency import Agency
from knowledge.chains import Kind
from knowledge.folders import load_agency, load_defaults

AGENCIES = ROOT / "knowledge" / "agencies"
SLUG = "tapon"
UNIT = "sections"
MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""A Monday, nine in the morning in Bangkok."""


def officer(number: int, role: Role, unit: str | None = None, *, slug: str = SLUG) -> Officer:
    """Somebody with one post."""
    return Officer(number, slug, f"เจ้าหน้าที่ {number}", (Post(role, unit),))


AGENT = officer(1, Role.AGENT)
REPORTER = officer(2, Role.REPORTER, UNIT)
APPROVER = officer(3, Role.APPROVER)
WEBMASTER = officer(4, Role.WEBMASTER)
HEAD = officer(5, Role.EXECUTIVE)

PHONE = Proposal(
    Ending.CORRECTED,
    "แก้เบอร์โทรแล้ว",
    before="โทร 0 3912 3456",
    after="โทร 0 3965 4321",
    url="https://example.go.th/contact",
)


class Office:
    """The agency at work; each step an hour after the one before."""

    def __init__(self, session: AsyncSession, agency: Agency, contact: Contact) -> None:
        self.session, self.agency, self.contact, self.now = session, agency, contact, MORNING

    async def receives(self, kind: Kind = Kind.WRONG_INFO, **what: Any) -> Ticket:
        """A matter that the citizen brings."""
        matter = Matter(kind, Source.LINE, **{"what": "เบอร์ในเว็บผิด", "item": "history", **what})
        return await open_ticket(
            self.session, self.agency, matter, now=self.now, contact=self.contact
        )

    async def does(
        self, ticket: Ticket, move: Move, who: Officer, other: Ticket | None = None, **deed: Any
    ) -> None:
        """One move of one officer."""
        self.now += timedelta(hours=1)
        await self.session.refresh(ticket)  # as whoever opens its page has it
        await perform(
            self.session,
            self.agency,
            ticket,
            Deed(move, **deed),
            who,
            now=self.now,
            other=other,
        )

    async def drafts(self, ticket: Ticket, proposal: Proposal = PHONE) -> None:
        """The reporter prepares it."""
        self.now += timedelta(hours=1)
        await signing.save_draft(self.session, ticket, proposal, REPORTER, self.now)

    async def publishes(self, ticket: Ticket) -> None:
        """The whole way from receipt to the website."""
        await self.does(ticket, Move.TRIAGE, AGENT)
        await self.drafts(ticket)
        await self.does(ticket, Move.PREPARE, REPORTER)
        await self.does(ticket, Move.APPROVE, APPROVER)
        await self.does(ticket, Move.PUBLISH, WEBMASTER)


@pytest.fixture(scope="session")
def agency() -> Agency:
    """A sub-district as its folder has it."""
    return load_agency(AGENCIES / SLUG, load_defaults(AGENCIES / "_default"))


@pytest.fixture
async def office(database: Database, agency: Agency, tmp_path: Path) -> AsyncIterator[Office]:
    """The agency on an open session, with one citizen on LINE."""
    contact = Contact(SLUG, "line", "U" + "0" * 32)
    async with database.session() as session:
        session.add(contact_row(contact))
        await session.flush()
        yield Office(session, agency, contact)


def contact_row(contact: Contact) -> ContactRow:
    """A citizen who has written before."""
    return ContactRow.new(contact, MORNING)
