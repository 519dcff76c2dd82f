"""From rows that somebody wrote to changes: which can be taken, which cannot, and why."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b
from typing import Any, Final

from pydantic import ValidationError

from knowledge.addresses import NO_HOST
from knowledge.agency import Entry, Unit, on_one_line
from knowledge.changes import Changes, Note, Reason, Rejected, between
from knowledge.columns import COLUMNS, Path, named, put_at, value_at
from knowledge.days import day_of
from knowledge.entries import Stored, content_of
from knowledge.sheets import Given, Table

_BREAK: Final = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROL: Final = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MADE: Final = 10
"""Letters of the hash in a made id."""

_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("ไม่ได้กรอก", "is missing"),
    "extra_forbidden": ("ไม่รู้จักช่องนี้", "is not known"),
    "string_type": ("ต้องเป็นข้อความ", "must be text"),
    "string_too_short": ("ว่าง", "is blank"),
    "string_too_long": ("ยาวเกิน {max_length} ตัวอักษร", "is longer than {max_length} letters"),
    "too_short": ("มีน้อยกว่า {min_length} แบบ", "has fewer than {min_length}"),
    "list_type": ("ต้องเป็นรายการ", "must be a list"),
    "date": (
        "อ่านเป็นวันที่ไม่ได้ เขียนเช่น 2026-11-21 หรือ 21/11/2569",
        "is no date; write 2026-11-21 or 21/11/2569",
    ),
    "not_date": (
        "โปรแกรมตารางเปลี่ยนเป็นวันที่ ตั้งช่องเป็นข้อความแล้วพิมพ์ใหม่",
        "became a date in the sheet; make the cell text and type it anew",
    ),
    "id": ("ใช้ได้เฉพาะ a-z 0-9 - ไม่เกิน 40 ตัว", "may have a-z 0-9 - only, at most 40"),
    NO_HOST: ("ลิงก์นี้ไม่มีชื่อเว็บที่อ่านได้", "the address names no site that can be read"),
    "url": ("ต้องขึ้นต้นด้วย http:// หรือ https:// และไม่มีวรรค", "must begin with http(s)://"),
    "control": ("มีอักขระควบคุมที่มองไม่เห็น", "has control characters"),
    "clause": ("ต้องบอกข้อ มาตรา หรือหน้า", "is needed"),
    "unit": ("ไม่มีหน่วยงานย่อยนี้ใน profile.toml", "is no unit of profile.toml"),
    "twice": ("ซ้ำกับแถว {row}", "is that of row {row} too"),
    "said": ("“{words}” อยู่ในข้อ {key} แล้ว", "“{words}” stands in {key} already"),
    "other": ("ค่าไม่ถูกต้อง", "cannot be used"),
}


@dataclass(frozen=True, slots=True)
class _Read:
    """A row that is an entry by itself."""

    row: int
    entry: Entry


def plan(table: Table, old: Stored, units: Sequence[Unit], *, is_all: bool = False) -> Changes:
    """What taking the rows would do; with `is_all`, what the rows have not is removed."""
    reading = _Reading(old, units)
    for given in table.rows:
        reading.add(given)
    reading.drop_what_others_say(is_all=is_all)
    found = between(old.entries, reading.after(is_all=is_all))
    return replace(found, rejected=reading.in_order, notes=tuple(reading.notes))


class _Reading:
    """Takes rows one by one, and gathers why some cannot be taken."""

    def __init__(self, old: Stored, units: Sequence[Unit]) -> None:
        self.notes: list[Note] = []
        self._old = old
        self._asked = {entry.question.th: key for key, entry in old.entries.items()}
        self._units = {name: u.id for u in units for name in (u.name_th, u.name_en, u.id)}
        self._rows: dict[str, int] = {}
        self._good: dict[str, _Read] = {}
        self._rejected: list[Rejected] = []
        self._named: set[str] = set()
        """Keys of rows that cannot be taken: what is there for them stays."""

    @property
    def in_order(self) -> tuple[Rejected, ...]:
        """What cannot be taken, in the order of the rows."""
        return tuple(sorted(self._rejected, key=lambda one: one.row))

    def after(self, *, is_all: bool) -> dict[str, Entry]:
        """The agency's entries with the good rows in."""
        new = {key: read.entry for key, read in self._good.items()}
        named = self._named | set(new)
        kept = {
            key: new.get(key, entry)
            for key, entry in self._old.entries.items()
            if key in named or not is_all
        }
        return kept | new

    def add(self, given: Given) -> None:
        """Take one row, or say why not."""
        content = {k: dict(v) if isinstance(v, dict) else v for k, v in given.content.items()}
        spoilt = dict(_tidied(content))
        key = self._key(given.number, content)
        content = self._over_what_is_there(key, content, given)
        if (name := content.get("unit")) is not None:
            content["unit"] = self._units.get(str(name), name)
        entry, faults = _validated(content)
        reasons = [*spoilt.values(), *(why for path, why in faults if path not in spoilt)]
        reasons += self._checked(content, key, given.number)
        if reasons or entry is None:
            self._reject(given.number, key, reasons)
        else:
            self._good[entry.id] = _Read(given.number, entry)

    def drop_what_others_say(self, *, is_all: bool) -> None:
        """A phrasing may stand in one entry; rows that take another's are rejected."""
        while True:
            before = len(self._good)
            said: dict[str, str] = {}
            for key, entry in self.after(is_all=is_all).items():
                if key not in self._good:
                    said.update(dict.fromkeys(entry.phrasings, key))
            for key, read in list(self._good.items()):
                if reasons := [
                    _reason(("phrasings",), "said", words=words, key=said[words])
                    for words in dict.fromkeys(read.entry.phrasings)
                    if said.setdefault(words, key) != key
                ]:
                    del self._good[key]
                    self._reject(read.row, key, reasons)
            if len(self._good) == before:
                return

    def _reject(self, row: int, key: str | None, reasons: Sequence[Reason]) -> None:
        self._rejected.append(Rejected(row, key, tuple(dict.fromkeys(reasons))))
        if key is not None:
            self._named.add(key)

    def _key(self, row: int, content: dict[str, Any]) -> str | None:
        """The row's id: as given, as it is called now, or one made from its question."""
        key = content.get("id")
        asked = value_at(content, ("question", "th"))
        if key is None and isinstance(asked, str):
            key = content["id"] = self._asked.get(asked) or made_id(asked)
            self._note(row, f"ไม่มีรหัส ใช้ {key}", f"has no id; {key} is used")
        if not isinstance(key, str):
            return None
        now = self._old.renamed.get(key, key)
        if now != key and key not in self._old.entries:
            self._note(row, f"{key} เปลี่ยนชื่อเป็น {now} แล้ว", f"{key} is called {now} now")
            content["id"] = now
            return now
        return key

    def _note(self, row: int, th: str, en: str) -> None:
        self.notes.append(Note(row, Reason(th, en)))

    def _over_what_is_there(
        self, key: str | None, content: dict[str, Any], given: Given
    ) -> dict[str, Any]:
        """The row over its entry: what the sheet has no column for stays as it is."""
        there = self._old.entries.get(key or "")
        if given.places is None or there is None:
            return content
        merged: dict[str, Any] = content_of(there)
        for column in COLUMNS:
            if column.path in given.places or column.path == ("id",):
                put_at(merged, column.path, value_at(content, column.path))
        return merged

    def _checked(self, content: dict[str, Any], key: str | None, row: int) -> Iterator[Reason]:
        """What an entry's own form does not show."""
        if not value_at(content, ("source", "clause")):
            yield _reason(("source", "clause"), "clause")
        if self._units and content.get("unit") not in self._units.values():
            yield _reason(("unit",), "unit" if content.get("unit") else "missing")
        if key is not None and self._rows.setdefault(key, row) != row:
            yield _reason(("id",), "twice", row=self._rows[key])


def made_id(question: str) -> str:
    """A stable id for an entry that was given none."""
    digest = blake2b(question.strip().encode("utf-8", "replace")).hexdigest()
    return f"q-{digest[:_MADE]}"


def _tidied(content: dict[str, Any]) -> Iterator[tuple[Path, Reason]]:
    """Bring line breaks and days into one form; yields what cannot be."""
    for column in COLUMNS:
        value = value_at(content, column.path)
        if column.is_date and value is not None:
            if (day := day_of(value)) is None:
                yield column.path, _reason(column.path, "date")
            put_at(content, column.path, day and day.isoformat())
        elif isinstance(value, date):
            yield column.path, _reason(column.path, "not_date")
        elif isinstance(value, str | list):
            clean = _tidy(value) if isinstance(value, str) else _tidy_lines(value)
            if any(isinstance(text, str) and _CONTROL.search(text) for text in clean):
                yield column.path, _reason(column.path, "control")
            put_at(content, column.path, clean)


def _tidy(text: str) -> str:
    return _BREAK.sub("\n", text)


def _tidy_lines(lines: Sequence[Any]) -> list[Any]:
    """Each phrasing on one line, and once."""
    tidy = [on_one_line(_tidy(x)).strip() if isinstance(x, str) else x for x in lines]
    return [text for n, text in enumerate(tidy) if text not in tidy[:n]]


def _validated(content: Mapping[str, Any]) -> tuple[Entry | None, list[tuple[Path, Reason]]]:
    try:
        return Entry.model_validate(content), []
    except ValidationError as error:
        found = error.errors(include_url=False)
    return None, [(_place(e), _reason(e["loc"], _kind(e), **e.get("ctx", {}))) for e in found]


def _place(fault: Any) -> Path:
    return tuple(part for part in fault["loc"] if isinstance(part, str))


def _kind(fault: Any) -> str:
    kind = str(fault["type"])
    if kind == "string_pattern_mismatch":
        return "url" if fault["loc"][-1] == "url" else "id"
    return kind if kind in _REASONS else "other"


def _reason(path: Sequence[str | int], kind: str, **facts: Any) -> Reason:
    th, en = named(path)
    why_th, why_en = _REASONS[kind]
    return Reason(f"{th}: {why_th.format(**facts)}", f"{en}: {why_en.format(**facts)}")
