"""The staff of the demonstration: somebody in every post of every agency, plainly made up."""

import hmac
from base64 import b32encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from admin import appointments, staff
from admin.appointments import Appointment
from admin.officers import Officer, Role
from admin.passwords import digest
from admin.staff import Staff, must_have_second_factor
from bot.clock import local_date
from knowledge.agency import Agency

BY = "system"
_DIGITS = ("", "หนึ่ง", "สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า")
ACTING = timedelta(days=30)
"""For how long before and after today somebody acts for the approver."""


@dataclass(frozen=True, slots=True)
class Office:
    """Who does what in one agency."""

    agency: Agency
    reporters: Mapping[str, Officer]
    """By unit."""
    approver: Officer
    deputy: Officer
    """Acts for the approver (ผู้รักษาราชการแทน), for some weeks."""
    deputy_from: datetime
    webmaster: Officer
    agent: Officer
    head: Officer

    def approves(self, now: datetime, number: int) -> Officer:
        """The approver, or now and then the deputy."""
        return self.deputy if now >= self.deputy_from and number % 3 == 0 else self.approver


def word(number: int) -> str:
    """A number below a hundred in Thai words."""
    tens, ones = divmod(number, 10)
    start = {0: "", 1: "สิบ", 2: "ยี่สิบ"}.get(tens, f"{_DIGITS[tens]}สิบ")
    return start + ("เอ็ด" if tens and ones == 1 else _DIGITS[ones])


def password_of(key: bytes) -> str:
    """The password of everybody here: made of the installation's own key, so that none is kept."""
    letters = b32encode(hmac.digest(key, b"demo password", "sha256")[:10]).decode().lower()
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def seed_of(key: bytes) -> str:
    """The seed of everybody's second factor, likewise."""
    return hmac.new(key, b"demo second factor", "sha256").hexdigest()


class Employer:
    """Gives accounts and posts, and counts names."""

    def __init__(self, session: AsyncSession, *, key: bytes, now: datetime) -> None:
        self._session, self._now = session, now
        self._password, self._seed = digest(password_of(key)), seed_of(key)
        self._names = (f"คุณตัวอย่าง {word(number)}" for number in range(1, 100))

    async def employ(self, mail: str, posts: Sequence[tuple[str, Appointment]]) -> Staff:
        """A person with these posts, each in an agency."""
        session, now = self._session, self._now
        name = next(self._names, "คุณตัวอย่าง ท่านหนึ่ง")
        person = await staff.add_person(session, name=name, email=f"{mail}@example.go.th", now=now)
        person.password = self._password
        if must_have_second_factor(given.role for _, given in posts):
            person.second_factor = self._seed
        await appointments.record(session, person, "staff.added", by=BY, now=now)
        for slug, given in posts:
            await appointments.appoint(session, person, given, agency=slug, by=BY, now=now)
        return person

    async def open(self, agency: Agency, today: datetime) -> Office:
        """Fill every post of one agency."""
        slug = agency.slug
        people = {
            mail: await self.employ(f"{slug}-{mail}", [(slug, given)])
            for mail, given in _posts(agency)
        }
        start = today - ACTING
        acting = Appointment(
            Role.APPROVER,
            valid_from=local_date(start),
            valid_until=local_date(today + ACTING),
            acting_for=people["approver"].name,
        )
        people["deputy"] = await self.employ(f"{slug}-deputy", [(slug, acting)])

        async def officer(mail: str) -> Officer:
            day = local_date(today)
            found = await staff.officer(self._session, people[mail].id, slug, day)
            if found is None:
                raise LookupError(mail)
            return found

        return Office(
            agency=agency,
            reporters={
                unit.id: await officer(f"reporter-{unit.id}") for unit in agency.profile.units
            },
            approver=await officer("approver"),
            deputy=await officer("deputy"),
            deputy_from=start,
            webmaster=await officer("webmaster"),
            agent=await officer("agent"),
            head=await officer("executive"),
        )


def _posts(agency: Agency) -> Iterator[tuple[str, Appointment]]:
    for unit in agency.profile.units:
        yield f"reporter-{unit.id}", Appointment(Role.REPORTER, unit.id)
    for role in (Role.APPROVER, Role.WEBMASTER, Role.AGENT, Role.EXECUTIVE, Role.OFFICER):
        yield role.value, Appointment(role)
