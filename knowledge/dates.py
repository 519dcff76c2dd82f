"""Dates as Thai people write them."""

from datetime import date

_THAI = (
    "ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.",
    "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค.",
)  # fmt: skip
_ENGLISH = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
BUDDHIST_ERA = 543


def written(day: date, language: str) -> str:
    """`21 พ.ย. 2569` in the Buddhist era, or `21 Nov 2026`."""
    if language == "en":
        return f"{day.day} {_ENGLISH[day.month - 1]} {day.year}"
    return f"{day.day} {_THAI[day.month - 1]} {day.year + BUDDHIST_ERA}"


def month_written(day: date, language: str) -> str:
    """`พ.ย. 69` in the Buddhist era, or `Nov 26`."""
    if language == "en":
        return f"{_ENGLISH[day.month - 1]} {day.year % 100:02}"
    return f"{_THAI[day.month - 1]} {(day.year + BUDDHIST_ERA) % 100:02}"
