"""The only reader of the clock, and the zone that agencies live in."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

BANGKOK = ZoneInfo("Asia/Bangkok")


def now() -> datetime:
    """This moment in UTC, with its zone."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


def local_date(moment: datetime) -> date:
    """The day that a moment falls on in Bangkok."""
    return moment.astimezone(BANGKOK).date()
