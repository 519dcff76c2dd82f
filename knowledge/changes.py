"""What a change of an agency's entries comes to, before anything is changed."""

from collections.abc import Mapping
from dataclasses import dataclass

from knowledge.agency import Entry
from knowledge.columns import COLUMNS, Column, value_at
from knowledge.entries import content_of


@dataclass(frozen=True, slots=True)
class Reason:
    """Something to tell, in both languages."""

    th: str
    en: str

    def __str__(self) -> str:
        return f"{self.th} / {self.en}"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One part of an entry that becomes another."""

    column: Column
    was: str
    becomes: str


@dataclass(frozen=True, slots=True)
class Changed:
    """An entry that becomes another."""

    before: Entry
    after: Entry

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        """What differs, part by part."""
        before, after = content_of(self.before), content_of(self.after)
        pairs = ((c, _text(before, c), _text(after, c)) for c in COLUMNS)
        return tuple(FieldChange(c, was, becomes) for c, was, becomes in pairs if was != becomes)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be taken, and every reason."""

    row: int
    key: str | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the writer of a row, or of the whole sheet, should know."""

    row: int | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that applying would do, and what of the rows cannot be taken."""

    added: tuple[Entry, ...] = ()
    changed: tuple[Changed, ...] = ()
    removed: tuple[Entry, ...] = ()
    unchanged: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether applying would do nothing."""
        return not (self.added or self.changed or self.removed)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all entries that applying would touch."""
        written = (*self.added, *(change.after for change in self.changed), *self.removed)
        return tuple(entry.id for entry in written)

    def after(self, before: Mapping[str, Entry]) -> dict[str, Entry]:
        """The entries as they will be, in their order, the new ones last."""
        gone = {entry.id for entry in self.removed}
        new = {change.after.id: change.after for change in self.changed}
        kept = {key: new.get(key, entry) for key, entry in before.items() if key not in gone}
        return kept | {entry.id: entry for entry in self.added}


def between(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> Changes:
    """What leads from the entries before to those after."""
    both = [(before[key], entry) for key, entry in after.items() if key in before]
    return Changes(
        added=tuple(entry for key, entry in after.items() if key not in before),
        changed=tuple(Changed(old, new) for old, new in both if old != new),
        removed=tuple(entry for key, entry in before.items() if key not in after),
        unchanged=tuple(new.id for old, new in both if old == new),
    )


def _text(content: Mapping[str, object], column: Column) -> str:
    value = value_at(content, column.path)
    return "\n".join(value) if isinstance(value, list) else str(value or "")
