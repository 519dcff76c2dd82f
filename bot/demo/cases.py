"""One matter of the demonstration on its way: who has to do with it, and how it was brought."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from admin import attachments, fetches
from admin.attachments import Attachment
from admin.handling import Deed, perform
from admin.officers import Officer
from admin.opening import open_ticket
from admin.pictures import fit
from admin.tickets import Ticket
from bot.demo import citizens
from bot.demo.paintings import painted
from bot.demo.people import Office
from bot.demo.stories import Plan, matter_of
from bot.files import FileStore
from bot.messages import Contact

MIDDLE = (13.7563, 100.5018)
"""Where the places of complaints lie around; no matter is really there."""
NOTICE = "demo"


@dataclass(slots=True)
class Case:
    """One matter on its way."""

    session: AsyncSession
    store: FileStore
    office: Office
    plan: Plan
    contact: Contact | None
    twin: "Case | None"
    opened: Ticket | None = None
    proof: tuple[tuple[int, str], ...] = ()
    """Pictures of how it is now, put under the draft."""
    said: int = 0

    @property
    def ticket(self) -> Ticket:
        """The ticket; raises LookupError before it is opened."""
        if self.opened is None:
            raise LookupError("not opened yet")
        return self.opened

    @property
    def reporter(self) -> Officer:
        """Who reports for the unit that has it."""
        return self.office.reporters[self.ticket.unit or self.unit]

    @property
    def unit(self) -> str:
        """The unit that it is sent to."""
        units = self.plan.agency.profile.units
        owner = self.opened.unit if self.opened else None
        return owner or units[self.plan.number % len(units)].id


Doing = Callable[[Case, datetime], Awaitable[object]]


async def opened(case: Case, now: datetime) -> None:
    """Somebody brings it, in a chat or to staff."""
    plan, session, contact = case.plan, case.session, case.contact
    told = await citizens.arrive(session, plan, contact, now) if contact else None
    files = [await picture(case, plan.story.picture, now, told)] if plan.story.picture else []
    matter = msgspec.structs.replace(
        matter_of(plan.story, plan.agency),
        said=({"part": "what", "message": told, "text": plan.story.what},) if told else (),
        attachments=tuple(file.id for file in files),
        place=_place(plan) if plan.story.placed else None,
        person=citizens.details_of(plan),
        consent_version=NOTICE,
    )
    officer = None if contact else case.office.agent
    case.opened = await open_ticket(
        session, plan.agency, matter, now=now, contact=contact, officer=officer
    )
    await attachments.hold(session, matter.attachments)


def _place(plan: Plan) -> dict[str, object]:
    latitude, longitude = MIDDLE
    step = plan.number % 17 / 500
    return {
        "latitude": round(latitude + step, 6),
        "longitude": round(longitude - step, 6),
        "title": "จุดตัวอย่าง (สมมติ)",
    }


async def picture(
    case: Case, scene: str, now: datetime, message_id: str | None = None
) -> Attachment:
    """A picture that came with a message; without one, from staff."""
    contact = case.contact if message_id else None
    slug = case.plan.agency.slug
    account = f"{slug}/{contact.channel if contact else 'staff'}"
    return await fetches.add(
        case.session,
        case.store,
        fit(painted(scene, case.plan.number)),
        account=account,
        kind="image",
        name=f"sample-{case.plan.number}.jpg",
        now=now,
        contact_id=contact.id if contact else None,
        message_id=message_id,
    )


async def do(
    case: Case, who: Officer, deed: Deed, now: datetime, other: Ticket | None = None
) -> None:
    """A member of staff makes a move."""
    await case.session.refresh(case.ticket)  # as whoever opens its page has it
    await perform(case.session, case.plan.agency, case.ticket, deed, who, now=now, other=other)
