"""The clocks of a ticket: by when somebody answers, and by when it is settled. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime

from knowledge.agency import Agency
from knowledge.chains import Class, Kind
from knowledge.working_days import add_working_days


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Both clocks of a ticket."""

    first_reply: datetime
    settled: datetime


def deadlines(
    agency: Agency, kind: Kind, class_: Class, opened_at: datetime, *, urgent: bool
) -> Deadlines:
    """By when (UTC), in working days of this agency (A3); both clocks run from receipt."""
    chain = agency.chains[kind]
    calendar = agency.profile.calendar
    first = min(chain.first_reply_days, chain.days.urgent) if urgent else chain.first_reply_days
    days = chain.settle_days(class_, urgent=urgent)
    return Deadlines(
        add_working_days(opened_at, first, calendar).astimezone(UTC),
        add_working_days(opened_at, days, calendar).astimezone(UTC),
    )
