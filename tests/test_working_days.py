"""Working days and office hours against the calendar of 2569 (2026) and against themselves."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.clock import BANGKOK
from knowledge.working_days import (
    USUAL,
    Calendar,
    OwnDay,
    add_working_days,
    holiday,
    is_open,
    is_settled,
    is_working_day,
    next_opening,
    received_on,
    working_days_between,
)

MOMENTS = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001 - the zone is drawn
    datetime(2028, 12, 31),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, BANGKOK]),
)
DAYS = st.integers(0, 60)


def own(day: date) -> OwnDay:
    """A day of an agency's own."""
    return OwnDay(date=day, th="วันของหน่วยงาน", en="The agency's day")


FAIR = Calendar(
    opens=time(9),
    closes=time(15),
    closed=(own(date(2026, 11, 25)),),
    worked=(own(date(2026, 11, 28)),),
)
DAY = {"date": "2026-11-25", "th": "ก", "en": "a"}
CALENDARS = st.sampled_from([USUAL, FAIR])


def here(*moment: int) -> datetime:
    """A moment in Bangkok."""
    return datetime(*moment, tzinfo=BANGKOK)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 1, 1), "วันขึ้นปีใหม่"),
        (date(2026, 1, 2), "วันหยุดพิเศษ (เพิ่มเติม)"),
        (date(2026, 3, 3), "วันมาฆบูชา"),
        (date(2026, 4, 13), "วันสงกรานต์"),
        (date(2026, 4, 14), "วันสงกรานต์"),
        (date(2026, 4, 15), "วันสงกรานต์"),
        (date(2026, 5, 4), "วันฉัตรมงคล"),
        (date(2026, 5, 13), "วันพืชมงคล"),
        (date(2026, 6, 1), "ชดเชยวันวิสาขบูชา"),
        (date(2026, 7, 29), "วันอาสาฬหบูชา"),
        (date(2026, 7, 30), "วันเข้าพรรษา"),
        (date(2026, 10, 13), "วันนวมินทรมหาราช"),
        (date(2026, 10, 23), "วันปิยมหาราช"),
        (date(2026, 12, 10), "วันรัฐธรรมนูญ"),
        (date(2026, 12, 31), "วันสิ้นปี"),
    ],
)
def test_the_holidays_of_2569_are_days_off(day: date, name: str) -> None:
    assert day.weekday() < 5
    assert not is_working_day(day)
    assert holiday(day) == name


@pytest.mark.parametrize(
    "day", [date(2026, 4, 10), date(2026, 4, 16), date(2026, 11, 20), date(2026, 2, 17)]
)
def test_other_weekdays_are_worked(day: date) -> None:
    assert is_working_day(day)
    assert holiday(day) is None


@pytest.mark.parametrize("day", [date(2026, 5, 1), date(2027, 5, 3)])
def test_labour_day_and_its_substitute_are_for_companies_not_for_offices(day: date) -> None:
    assert is_working_day(day)
    assert holiday(day, language="en") is None


def test_a_holiday_on_a_weekend_is_made_up_for() -> None:
    assert date(2026, 12, 5).weekday() == 5
    assert not is_working_day(date(2026, 12, 7))
    assert "in lieu" in str(holiday(date(2026, 12, 7), language="en"))


def test_songkran_on_a_weekend_takes_the_next_day_too() -> None:
    days = [date(2025, 4, day) for day in (14, 15, 16, 17)]

    assert [is_working_day(day) for day in days] == [False, False, False, True]


def test_the_list_of_a_year_to_come_is_not_settled_before_the_cabinet_has_spoken() -> None:
    assert [is_settled(year) for year in (2025, 2026, 2040)] == [True, True, False]


def test_an_agencys_own_days_come_before_all_others() -> None:
    assert not is_working_day(date(2026, 11, 25), FAIR)
    assert is_working_day(date(2026, 11, 28), FAIR)
    assert holiday(date(2026, 11, 25), FAIR) == "วันของหน่วยงาน"
    assert holiday(date(2026, 11, 25), FAIR, "en") == "The agency's day"
    worked = Calendar(worked=(own(date(2026, 4, 14)),))
    assert is_working_day(date(2026, 4, 14), worked)
    assert holiday(date(2026, 4, 14), worked) is None


@pytest.mark.parametrize(
    ("moment", "days", "due"),
    [
        (here(2026, 11, 16, 10, 0), 1, here(2026, 11, 17, 16, 30)),  # Monday, in hours
        (here(2026, 11, 16, 7, 0), 1, here(2026, 11, 17, 16, 30)),  # before they open
        (here(2026, 11, 16, 16, 30), 1, here(2026, 11, 17, 16, 30)),  # at the last minute
        (here(2026, 11, 16, 16, 31), 1, here(2026, 11, 18, 16, 30)),  # after hours
        (here(2026, 11, 20, 10, 0), 3, here(2026, 11, 25, 16, 30)),  # Friday
        (here(2026, 11, 21, 10, 0), 3, here(2026, 11, 26, 16, 30)),  # Saturday
        (here(2026, 4, 10, 10, 0), 1, here(2026, 4, 16, 16, 30)),  # before Songkran
        (here(2026, 4, 13, 10, 0), 1, here(2026, 4, 17, 16, 30)),  # in Songkran
        (here(2026, 12, 30, 10, 0), 1, here(2027, 1, 4, 16, 30)),  # over the new year
        (here(2026, 11, 16, 10, 0), 0, here(2026, 11, 16, 16, 30)),
        (datetime(2026, 11, 16, 17, 30, tzinfo=UTC), 1, here(2026, 11, 18, 16, 30)),  # 00:30 here
    ],
)
def test_it_is_due_when_the_office_closes_on_the_last_day(
    moment: datetime, days: int, due: datetime
) -> None:
    assert add_working_days(moment, days) == due


def test_an_agencys_days_and_hours_move_what_is_due() -> None:
    moment = here(2026, 11, 24, 10, 0)

    assert add_working_days(moment, 1, FAIR) == here(2026, 11, 26, 15, 0)
    assert add_working_days(moment, 3, FAIR) == here(2026, 11, 28, 15, 0)


def test_days_do_not_count_backwards() -> None:
    with pytest.raises(ValueError, match="forward"):
        add_working_days(here(2026, 11, 16, 10, 0), -1)


def test_days_left_and_days_late_are_counted_alike() -> None:
    due = here(2026, 11, 25, 16, 30)

    assert working_days_between(here(2026, 11, 20, 10, 0), due) == 3
    assert working_days_between(due, here(2026, 11, 25, 18, 0)) == 0
    assert working_days_between(due, here(2026, 11, 30, 9, 0)) == 3
    assert working_days_between(here(2026, 11, 30, 9, 0), due) == -3


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        (here(2026, 11, 20, 8, 29), here(2026, 11, 20, 8, 30)),
        (here(2026, 11, 20, 12, 0), here(2026, 11, 20, 12, 0)),
        (here(2026, 11, 20, 16, 30), here(2026, 11, 23, 8, 30)),
        (here(2026, 4, 10, 20, 0), here(2026, 4, 16, 8, 30)),
    ],
)
def test_the_office_opens_next(moment: datetime, opening: datetime) -> None:
    assert next_opening(moment) == opening
    assert is_open(moment) == (moment == opening)


@pytest.mark.parametrize(
    "wrong",
    [
        {"opens": "17:00"},
        {"opens": "08:30Z"},
        {"closed": [DAY], "worked": [DAY]},
        {"closed": [DAY | {"th": ""}]},
        {"closing": "16:30"},
    ],
)
def test_a_calendar_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Calendar.model_validate(wrong)


@given(MOMENTS, DAYS, CALENDARS)
def test_what_is_due_lies_in_the_right_place(moment: datetime, days: int, own: Calendar) -> None:
    due = add_working_days(moment, days, own)

    assert is_working_day(due.date(), own)
    assert due.timetz() == own.closes.replace(tzinfo=BANGKOK)
    assert due >= moment
    assert due >= add_working_days(moment, 0, own) + timedelta(days=days)


@given(MOMENTS, DAYS, CALENDARS)
def test_counting_undoes_adding(moment: datetime, days: int, own: Calendar) -> None:
    due = add_working_days(moment, days, own)

    assert working_days_between(moment, due, own) == days
    assert working_days_between(due, moment, own) == -days


@given(MOMENTS, MOMENTS, DAYS, CALENDARS)
def test_what_came_later_is_never_due_sooner(
    one: datetime, other: datetime, days: int, own: Calendar
) -> None:
    first, second = sorted([one, other])

    assert add_working_days(first, days, own) <= add_working_days(second, days, own)
    assert add_working_days(first, days, own) < add_working_days(first, days + 1, own)
    assert received_on(first, own) <= received_on(second, own)


@given(MOMENTS, CALENDARS)
def test_the_next_opening_is_open_and_nothing_opens_before_it(
    moment: datetime, own: Calendar
) -> None:
    opening = next_opening(moment, own)

    assert is_open(opening, own)
    assert opening >= moment
    assert opening == moment or not is_open(opening - timedelta(seconds=1), own)
