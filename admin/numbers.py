"""Tracking numbers: `69-00042-5`, easy to say on the telephone, with a check digit."""

import re
from collections.abc import Iterator
from datetime import date

_TABLE = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
"""Damm's quasigroup of order ten: it finds every wrong digit and every swap of neighbours."""
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_TYPED = re.compile(r"(?<!\d)(\d{2})[\s./–—-]{0,3}(\d{5,7})[\s./–—-]{0,3}(\d)(?!\d)")
_DICTATED = re.compile(r"(?<=\d) (?=\d)")
_OCTOBER = 10
_BUDDHIST = 543


def fiscal_year(day: date) -> int:
    """The Thai government's year, B.E.: October 2026 begins 2570."""
    return day.year + _BUDDHIST + (day.month >= _OCTOBER)


def tracking_number(year: int, count: int) -> str:
    """The number of the count-th matter of a fiscal year (B.E.)."""
    start, middle = f"{year % 100:02}", f"{count:05}"
    return f"{start}-{middle}-{_check_digit(start + middle)}"


def typed_number(text: str) -> str | None:
    """The tracking number in somebody's words, however they wrote it; None if there is none."""
    return next(_typed(text), None)


def numbers_in(text: str) -> set[str]:
    """Every tracking number in a text."""
    return set(_typed(text))


def _typed(text: str) -> Iterator[str]:
    written = text.translate(_THAI_DIGITS)
    for form in (written, _DICTATED.sub("", written)):
        for found in _TYPED.finditer(form):
            start, middle, check = found.groups()
            if _check_digit(start + middle) == check:
                yield f"{start}-{middle}-{check}"


def _check_digit(digits: str) -> str:
    state = "0"
    for digit in digits:
        state = _TABLE[int(state)][int(digit)]
    return state
