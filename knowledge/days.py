"""Days as people write them in a sheet: ISO, day/month/year, months by name, B.E. or C.E."""

import re
from datetime import date, datetime
from typing import Final

BUDDHIST_ERA: Final = 543
FIRST, LAST = 1900, 2200
"""Years of the common era that a date of an answer may have; B.E. years lie above them."""

_DIGITS: Final = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_MONTHS: Final = (
    ("มกราคม", "มค", "january", "jan"),
    ("กุมภาพันธ์", "กพ", "february", "feb"),
    ("มีนาคม", "มีค", "march", "mar"),
    ("เมษายน", "เมย", "april", "apr"),
    ("พฤษภาคม", "พค", "may"),
    ("มิถุนายน", "มิย", "june", "jun"),
    ("กรกฎาคม", "กค", "july", "jul"),
    ("สิงหาคม", "สค", "august", "aug"),
    ("กันยายน", "กย", "september", "sep", "sept"),
    ("ตุลาคม", "ตค", "october", "oct"),
    ("พฤศจิกายน", "พย", "november", "nov"),
    ("ธันวาคม", "ธค", "december", "dec"),
)
_MONTH: Final = {name: n for n, names in enumerate(_MONTHS, 1) for name in names}
_YEAR_FIRST: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]00:00(?::00)?)?")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_NAMED: Final = re.compile(
    r"(?:วันที่\s*)?(\d{1,2})[-\s]*([^\W\d_]\D*?)[-\s]*(?:พ\.?ศ\.?|ค\.?ศ\.?)?\s*(\d{4})"
)


def day_of(value: object) -> date | None:
    """The day that a cell says, or None where it says none."""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return _day(value.year, value.month, value.day)
    text = str(value).translate(_DIGITS).strip()
    if found := _YEAR_FIRST.fullmatch(text):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := _DAY_FIRST.fullmatch(text):
        return _day(int(found[3]), int(found[2]), int(found[1]))
    if found := _NAMED.fullmatch(text):
        month = _MONTH.get(re.sub(r"[\s.]", "", found[2]).casefold(), 0)
        return _day(int(found[3]), month, int(found[1]))
    return None


def _day(year: int, month: int, day: int) -> date | None:
    """A day of the common era; a year that can only be of the Buddhist era is one."""
    if year > LAST:
        year -= BUDDHIST_ERA
    if not FIRST <= year <= LAST:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
