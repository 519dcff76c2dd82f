"""Thai working days and office hours: when an agency is open, and by when something is due. Pure.

The days off are those of the government: weekends, the holidays that `holidays` knows with their
substitutes and the cabinet's extra days, and an agency's own. Labour Day is no holiday of
government offices. What the cabinet decides later is known once `holidays` is upgraded or the
agency has written it into its profile; `is_settled` says whether a year's list is complete.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Final, Self

from holidays.countries.thailand import Thailand
from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from bot.clock import BANGKOK, local_date

OPENS, CLOSES = time(8, 30), time(16, 30)
"""The usual hours of government offices, where a profile gives none."""
LABOUR_DAY: Final = {"th": "วันแรงงานแห่งชาติ", "en": "National Labor Day"}
_LANGUAGES: Final = {"th": "th", "en": "en_US"}
_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)

Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class OwnDay(BaseModel):
    """A day that is unlike other agencies' days, and what it is called."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    date: dt.date
    th: Words
    en: Words


class Calendar(BaseModel):
    """An agency's hours, and the days on which it differs from the government's calendar."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    opens: time = OPENS
    closes: time = CLOSES
    closed: tuple[OwnDay, ...] = ()
    worked: tuple[OwnDay, ...] = ()
    """Weekends and holidays on which it is open all the same."""

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.opens.tzinfo or self.closes.tzinfo or self.opens >= self.closes:
            raise ValueError("opens must be before closes")
        if both := {d.date for d in self.closed} & {d.date for d in self.worked}:
            raise ValueError(f"closed and worked at once: {min(both)}")
        return self


USUAL: Final = Calendar()
"""The calendar of government offices that have no days of their own."""


def is_working_day(day: date, own: Calendar = USUAL) -> bool:
    """Whether the agency works on this day."""
    if day in _days(own.worked):
        return True
    is_off = day.weekday() >= _SATURDAY or day in _government(day.year, "th")
    return not is_off and day not in _days(own.closed)


def holiday(day: date, own: Calendar = USUAL, language: str = "th") -> str | None:
    """What the holiday is called on which the agency is closed; a bare weekend has no name."""
    if day in _days(own.worked):
        return None
    if found := _days(own.closed).get(day):
        return found.en if language == "en" else found.th
    return _government(day.year, language).get(day)


def is_settled(year: int) -> bool:
    """Whether the cabinet's list for this year is known; else one or two days may still be added.

    The Royal Ploughing Ceremony tells: its day in May is set anew with each year's list.
    """
    return bool(_known(year, "government"))


def is_open(moment: datetime, calendar: Calendar = USUAL) -> bool:
    """Whether somebody is in the office; it is closed again at the very minute it closes."""
    here = moment.astimezone(BANGKOK)
    return calendar.opens <= here.time() < calendar.closes and is_working_day(here.date(), calendar)


def next_opening(moment: datetime, calendar: Calendar = USUAL) -> datetime:
    """The moment itself while it is open, else when it opens next; in Bangkok time."""
    here = moment.astimezone(BANGKOK)
    if is_open(here, calendar):
        return here
    later = here.date() if here.time() < calendar.opens else here.date() + _DAY
    return _at(next(_working_days(later, calendar)), calendar.opens)


def add_working_days(moment: datetime, days: int, calendar: Calendar = USUAL) -> datetime:
    """By when what came in at this moment is due: closing time of the last of so many working days.

    The day of receipt is not counted (Administrative Procedure Act B.E. 2539, section 64), and what
    comes after hours or on a day off is received on the next working day.
    """
    if days < 0:
        raise ValueError("days count forward")
    counted = _working_days(received_on(moment, calendar), calendar)
    for _ in range(days):
        next(counted)
    return _at(next(counted), calendar.closes)


def received_on(moment: datetime, calendar: Calendar = USUAL) -> date:
    """The working day on which what comes in at this moment counts as received."""
    here = moment.astimezone(BANGKOK)
    late = here.time() > calendar.closes
    return next(_working_days(here.date() + _DAY if late else here.date(), calendar))


def working_days_between(a: datetime, b: datetime, calendar: Calendar = USUAL) -> int:
    """Working days from one moment's day to another's, counted as `add_working_days` counts them.

    Days left from now until it is due, or days late; negative where the second comes first.
    """
    if b < a:
        return -working_days_between(b, a, calendar)
    day, last, count = received_on(a, calendar), local_date(b), 0
    while day < last:
        day += _DAY
        count += is_working_day(day, calendar)
    return count


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, BANGKOK)


def _working_days(day: date, calendar: Calendar) -> Iterator[date]:
    """Working days from this day on."""
    while True:
        if is_working_day(day, calendar):
            yield day
        day += _DAY


@lru_cache(maxsize=512)
def _days(days: tuple[OwnDay, ...]) -> Mapping[date, OwnDay]:
    return {day.date: day for day in days}


@lru_cache(maxsize=64)
def _government(year: int, language: str) -> Mapping[date, str]:
    """The government's holidays of one year, by name."""
    known = _known(year, "public", "government", language=_LANGUAGES.get(language, "th"))
    labour = LABOUR_DAY.get(language, LABOUR_DAY["th"])
    found = {}
    for day in sorted(known):
        names = [name for name in known.get_list(day) if labour not in name]
        if names:
            found[day] = "; ".join(names)
    return MappingProxyType(found)


def _known(year: int, *categories: str, language: str = "th") -> Thailand:
    return Thailand(years=year, categories=categories, language=language)  # type: ignore[no-untyped-call]
