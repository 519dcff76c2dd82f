"""Recurring notices: when a waste day or a water cut is told again. Pure."""

from datetime import datetime, time, timedelta

from admin.announcements import Content
from bot.clock import BANGKOK
from bot.counts import month_of

WEEKDAYS = 7
LAST_SAFE_DAY = 28
"""Every month has it."""


class BadRule(ValueError):
    """It does not say when."""


def following(content: Content, now: datetime) -> datetime | None:
    """When it goes out next after `now`; None where it does not recur, or no more.

    Raises BadRule.
    """
    if not content.recurs:
        return None
    every, which, at = parsed(content.recurs)
    local = now.astimezone(BANGKOK)
    day = local.date()
    while True:
        is_day = day.weekday() == which if every == "weekly" else day.day == which
        found = datetime.combine(day, at, BANGKOK)
        if is_day and found > local:
            break
        day += timedelta(days=1)
    is_over = content.valid_until is not None and found > content.valid_until
    return None if is_over else found


def times_in(content: Content, first: datetime | None, month: str) -> int:
    """How often it goes out in a month (`2026-11`) if its next time is `first`; raises BadRule."""
    times, at = 0, first
    while at is not None and month_of(at) <= month:
        times += month_of(at) == month
        at = following(content, at)
    return times


def parsed(rule: str) -> tuple[str, int, time]:
    """`weekly:0:07:00` is Monday at seven, `monthly:1:07:00` the first; raises BadRule."""
    every, _, rest = rule.partition(":")
    which, _, at = rest.partition(":")
    try:
        number, moment = int(which), time.fromisoformat(at)
    except ValueError:
        raise BadRule(rule) from None
    fits = {"weekly": range(WEEKDAYS), "monthly": range(1, LAST_SAFE_DAY + 1)}
    if number not in fits.get(every, ()) or moment.tzinfo:
        raise BadRule(rule)
    return every, number, moment
