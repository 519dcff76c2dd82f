"""A post as it is typed into a form, and what is wrong with it."""

from datetime import date

from admin.appointments import Appointment, faults_of
from admin.officers import Role
from admin.staff import EVERYBODYS, BadEmail, email_of
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
