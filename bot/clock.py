"""The only reader of the clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """This moment in UTC, with its zone."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place
