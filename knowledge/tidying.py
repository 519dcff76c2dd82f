"""What people write into rows, brought into the form in which entries are kept."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from knowledge.agency import Entry, on_one_line
from knowledge.changes import Reason
from knowledge.columns import COLUMNS, Path, put_at, value_at
from knowledge.days import day_of
from knowledge.entries import content_of
from knowledge.grids import NoResult
from knowledge.reasons import reason

_BREAK: Final = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROL: Final = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def tidied(content: dict[str, Any]) -> Iterator[tuple[Path, Reason]]:
    """Bring line breaks and days into one form; yields what cannot be."""
    for column in COLUMNS:
        value = value_at(content, column.path)
        if isinstance(value, NoResult):
            yield column.path, reason(column.path, "no_result", shown=value)
        elif column.is_date and value is not None:
            if (day := day_of(value)) is None:
                yield column.path, reason(column.path, "date")
            put_at(content, column.path, day and day.isoformat())
        elif isinstance(value, date):
            yield column.path, reason(column.path, "not_date")
        elif isinstance(value, str | list):
            clean = _tidy(value) if isinstance(value, str) else _tidy_lines(value)
            if any(isinstance(text, str) and _CONTROL.search(text) for text in clean):
                yield column.path, reason(column.path, "control")
            put_at(content, column.path, clean)


def _tidy(text: str) -> str:
    return _BREAK.sub("\n", text)


def _tidy_lines(lines: Sequence[Any]) -> list[Any]:
    """Each phrasing on one line, and once."""
    tidy = [on_one_line(_tidy(x)).strip() if isinstance(x, str) else x for x in lines]
    return [text for n, text in enumerate(tidy) if text not in tidy[:n]]


def over(there: Entry, content: dict[str, Any], places: frozenset[Path] | None) -> dict[str, Any]:
    """The row over its entry: what it has no column for, or says in other line breaks, stays."""
    was: dict[str, Any] = content_of(there)
    tidy = {k: dict(v) if isinstance(v, dict) else v for k, v in was.items()}
    list(tidied(tidy))
    for column in COLUMNS:
        value = value_at(content, column.path)
        if value is not None and value == value_at(tidy, column.path):
            put_at(content, column.path, value_at(was, column.path))
    if places is None:
        return content
    for column in COLUMNS:
        if column.path in places or column.path == ("id",):
            put_at(was, column.path, value_at(content, column.path))
    return was
