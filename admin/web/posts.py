"""A post as it is typed into a form, and what is wrong with it."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from admin import own_posts
from admin.appointments import Appointment, appoint, faults_of
from admin.officers import Role
from admin.staff import EVERYBODYS, BadEmail, Staff, email_of
from admin.web.texts import WORDING
from admin.web.visit import Visit
from knowledge.days import day_of

Faults = dict[str, str]


def given_post(visit: Visit) -> tuple[Appointment | None, Faults]:
    """The post of the form; None and what to mend where it cannot be held like this."""
    form, faults = visit.form, Faults()
    role = form.text("role", at_most=16)
    if role not in EVERYBODYS:
        return None, {"role": visit.say("faults.role")}
    first, last = _day(visit, "valid_from", faults), _day(visit, "valid_until", faults)
    given = Appointment(
        Role(role),
        form.text("unit", at_most=40) or None,
        first,
        last,
        form.text("acting_for", at_most=120) or None,
    )
    found = faults_of(given, visit.agency)
    faults |= {name: visit.say(key) for name, key in found.items() if name not in faults}
    return (None if faults else given), faults


async def appointed(visit: Visit, session: AsyncSession, person: Staff, given: Appointment) -> bool:
    """Give a post; of one that operators give to themselves others are told at once."""

    def named(language: str) -> str:
        role, unit = given.role, visit.agency.unit(given.unit)
        name = WORDING.say(f"posts.{role}", language)
        return f"{name} · {unit.name(language)}" if unit else name

    agency, now = visit.agency, visit.now
    is_new = await appoint(session, person, given, agency=agency.slug, by=visit.actor, now=now)
    if is_new and person.id == visit.person.id:
        await own_posts.tell(session, agency, person, named, now=now)
    return is_new


def _day(visit: Visit, name: str, faults: Faults) -> date | None:
    """A date, in the era and order it was typed in."""
    text = visit.form.text(name, at_most=40)
    day = day_of(text) if text else None
    if text and day is None:
        faults[name] = visit.say("faults.day")
    return day


def person_faults(visit: Visit, name: str, email: str) -> Faults:
    """What is wrong with a name and a mail address."""
    faults = {} if name else {"name": visit.say("faults.name")}
    try:
        email_of(email)
    except BadEmail:
        faults["email"] = visit.say("faults.email")
    return faults
