"""From rows that somebody wrote to changes: which can be taken, which cannot, and why."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b
from typing import Any, Final

from pydantic import ValidationError

from bot.clock import BANGKOK
from knowledge.agency import Entry, Unit
from knowledge.changes import Changes, Note, Reason, Rejected, between
from knowledge.columns import VERSION, Path, value_at
from knowledge.dates import written
from knowledge.days import BUDDHIST_ERA
from knowledge.entries import Stored, Touch, content_of
from knowledge.grids import BadSheet
from knowledge.reasons import REASONS, reason
from knowledge.sheets import Given, Table
from knowledge.tidying import over, tidied

_NUMBER: Final = re.compile(r"\d{1,18}")
EARLIEST: Final = date(1990, 1, 1)
"""No answer is older; a sheet makes of a year of two digits one of the last century."""
_MADE: Final = 10
"""Letters of the hash in a made id."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A row that is an entry by itself."""

    row: int
    entry: Entry


def plan(
    table: Table,
    old: Stored,
    units: Sequence[Unit],
    *,
    today: date | None = None,
    touched: Mapping[str, Touch] | None = None,
    is_all: bool = False,
) -> Changes:
    """What taking the rows would do; with `is_all`, what the rows have not is removed.

    Without `today` no day is judged. `touched` says of each entry when it was changed last: rows
    that were exported before do not undo that. Raises BadSheet where `is_all` would remove what
    stands in sheets that were not read.
    """
    if is_all and table.unread:
        sheets = ", ".join(table.unread)
        raise BadSheet(
            f"มีแผ่นงานอื่นที่ไม่ได้อ่าน ({sheets}) รวมเป็นแผ่นเดียวก่อนใช้ --replace",
            f"other sheets were not read ({sheets}); make them one sheet before --replace",
        )
    reading = _Reading(old, units, today, touched or {}, is_all=is_all)
    for given in table.rows:
        reading.add(given)
    reading.keep_what_came_later(table.rows)
    reading.drop_what_others_say()
    found = between(old.entries, reading.after())
    return replace(found, rejected=reading.in_order, notes=tuple(reading.notes))


class _Reading:
    """Takes rows one by one, and gathers why some cannot be taken."""

    def __init__(
        self,
        old: Stored,
        units: Sequence[Unit],
        today: date | None,
        touched: Mapping[str, Touch],
        *,
        is_all: bool,
    ) -> None:
        self.notes: list[Note] = []
        self._old = old
        self._today = today
        self._touched = touched
        self._is_all = is_all
        self._asked = {entry.question.th: key for key, entry in old.entries.items()}
        self._units = {name: u.id for u in units for name in (u.name_th, u.name_en, u.id)}
        self._rows: dict[str, int] = {}
        self._good: dict[str, _Read] = {}
        self._rejected: list[Rejected] = []
        self._staying: set[str] = set()
        """Keys of entries that are not removed though no good row has them."""

    @property
    def in_order(self) -> tuple[Rejected, ...]:
        """What cannot be taken, in the order of the rows."""
        return tuple(sorted(self._rejected, key=lambda one: one.row))

    def after(self) -> dict[str, Entry]:
        """The agency's entries with the good rows in."""
        new = {key: read.entry for key, read in self._good.items()}
        kept = {
            key: new.get(key, entry)
            for key, entry in self._old.entries.items()
            if key in new or key in self._staying or not self._is_all
        }
        return kept | new

    def add(self, given: Given) -> None:
        """Take one row, or say why not."""
        content = {k: dict(v) if isinstance(v, dict) else v for k, v in given.content.items()}
        spoilt = dict(tidied(content))
        key = self._key(given.number, content)
        there = self._old.entries.get(key or "")
        if there is not None:
            content = over(there, content, given.places)
        if (name := content.get("unit")) is not None:
            content["unit"] = self._units.get(str(name), name)
        entry, faults = _validated(content)
        reasons = [*spoilt.values(), *(why for path, why in faults if path not in spoilt)]
        reasons += self._checked(content, key, given)
        if entry is None or entry != there:
            reasons += self._outdated(key, given)
            reasons += self._misdated(content, there)
        if reasons or entry is None:
            self._reject(given.number, key, value_at(content, ("question", "th")), reasons)
        else:
            self._good[entry.id] = _Read(given.number, self._dated(given.number, there, entry))

    def keep_what_came_later(self, rows: Sequence[Given]) -> None:
        """What was made or changed after the rows were exported is not removed."""
        exported = [number for given in rows if (number := _number(given)) is not None]
        if not (self._is_all and exported):
            return
        for key in self._old.entries:
            last = self._touched.get(key)
            is_absent = key not in self._good and key not in self._staying
            if is_absent and last is not None and last.number > min(exported):
                self._staying.add(key)
                th, en = _when(last)
                self._note(
                    None,
                    f"ไม่ลบ {key}: {last.by} เพิ่มหรือแก้เมื่อ {th} หลังส่งออกแฟ้มนี้",
                    f"{key} stays: {last.by} made or changed it on {en}, after this export",
                )

    def drop_what_others_say(self) -> None:
        """A phrasing may stand in one entry; rows that take another's are rejected."""
        while True:
            before = len(self._good)
            said: dict[str, str] = {}
            for key, entry in self.after().items():
                if key not in self._good:
                    said.update(dict.fromkeys(entry.phrasings, key))
            for key, read in list(self._good.items()):
                if reasons := [
                    reason(("phrasings",), "said", words=words, key=said[words])
                    for words in dict.fromkeys(read.entry.phrasings)
                    if said.setdefault(words, key) != key
                ]:
                    del self._good[key]
                    self._reject(read.row, key, read.entry.question.th, reasons)
            if len(self._good) == before:
                return

    def _reject(self, row: int, key: str | None, asked: Any, reasons: Sequence[Reason]) -> None:
        """What is there for the row stays; where that is not known, everything does."""
        self._rejected.append(Rejected(row, key, tuple(dict.fromkeys(reasons))))
        is_known = key in self._old.entries or key in self._old.versions  # those of removed ones
        known = key if is_known else self._asked.get(str(asked))
        if known is not None:
            self._staying.add(known)
        elif self._is_all and not self._staying >= self._old.entries.keys():
            self._staying.update(self._old.entries)
            self._note(
                row,
                "ไม่รู้ว่าแถวที่ไม่รับนี้เป็นข้อใด จึงไม่ลบข้อใดเลย",
                "is rejected and may be any entry, so none is removed",
            )

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

    def _note(self, row: int | None, th: str, en: str) -> None:
        self.notes.append(Note(row, Reason(th, en)))

    def _checked(self, content: dict[str, Any], key: str | None, given: Given) -> Iterator[Reason]:
        """What an entry's own form does not show."""
        if not value_at(content, ("source", "clause")):
            yield reason(("source", "clause"), "clause")
        if self._units and content.get("unit") not in self._units.values():
            yield reason(("unit",), "unit" if content.get("unit") else "missing")
        if key is not None and self._rows.setdefault(key, given.number) != given.number:
            yield reason(("id",), "twice", row=self._rows[key])
        if given.loose:
            yield Reason(
                f"“{given.loose[0]}” ไม่มีหัวตาราง ข้อความที่มีเครื่องหมายคั่นต้องอยู่ในเครื่องหมายคำพูด",
                f"“{given.loose[0]}” has no heading; text with a separator must be in quotes",
            )

    def _outdated(self, key: str | None, given: Given) -> Iterator[Reason]:
        """A row from before somebody else's change of its entry."""
        exported, last = _number(given), self._touched.get(key or "")
        if exported is None and given.version not in (None, ""):
            yield reason(VERSION.path, "version")
        elif exported is not None and last is not None and last.number > exported:
            th, en = _when(last)
            yield reason(VERSION.path, "stale", by=last.by, th=th, en=en)

    def _misdated(self, content: Mapping[str, Any], there: Entry | None) -> Iterator[Reason]:
        """Days that cannot be, of those that are not there already."""
        if self._today is None:
            return
        was = content_of(there) if there else {}
        for name in ("verified_on", "updated", "review_by"):
            day = content.get(name)
            if day is None or day == was.get(name):
                continue
            if day < EARLIEST.isoformat():
                year = EARLIEST.year
                yield reason((name,), "long_ago", year=year, buddhist=year + BUDDHIST_ERA)
            elif day > self._today.isoformat() and name != "review_by":
                yield reason((name,), "future")
        updated, review = content.get("updated"), content.get("review_by")
        is_new = (updated, review) != (was.get("updated"), was.get("review_by"))
        if is_new and updated and review and review < updated:
            yield reason(("review_by",), "before_updated")

    def _dated(self, row: int, there: Entry | None, entry: Entry) -> Entry:
        """An answer that changes is of today, where its row does not say otherwise."""
        if there is None or self._today is None or entry.answer == there.answer:
            return entry
        if entry.updated != there.updated or entry.updated >= self._today:
            return entry
        self._note(
            row,
            f"คำตอบของ {entry.id} เปลี่ยน จึงใส่วันที่ปรับปรุงเป็นวันนี้",
            f"the answer of {entry.id} changes, so its day of update becomes today",
        )
        return entry.model_copy(update={"updated": self._today})


def _number(given: Given) -> int | None:
    """The last change that the row's export knew of, if it says one."""
    text = str(given.version).strip()
    return int(text) if _NUMBER.fullmatch(text) else None


def _when(last: Touch) -> tuple[str, str]:
    at = last.at.astimezone(BANGKOK)
    return f"{written(at.date(), 'th')} {at:%H:%M} น.", f"{written(at.date(), 'en')} {at:%H:%M}"


def made_id(question: str) -> str:
    """A stable id for an entry that was given none."""
    digest = blake2b(question.strip().encode("utf-8", "replace")).hexdigest()
    return f"q-{digest[:_MADE]}"


def _validated(content: Mapping[str, Any]) -> tuple[Entry | None, list[tuple[Path, Reason]]]:
    try:
        return Entry.model_validate(content), []
    except ValidationError as error:
        found = error.errors(include_url=False)
    return None, [(_place(e), reason(e["loc"], _kind(e), **e.get("ctx", {}))) for e in found]


def _place(fault: Any) -> Path:
    return tuple(part for part in fault["loc"] if isinstance(part, str))


def _kind(fault: Any) -> str:
    kind, name = str(fault["type"]), fault["loc"][-1] if fault["loc"] else ""
    if name == "unit" and kind in {"string_pattern_mismatch", "string_too_long"}:
        return "unit"  # people write its name, and what that is like is no rule of ids
    if kind == "string_pattern_mismatch":
        return "url" if name == "url" else "id"
    return kind if kind in REASONS else "other"
