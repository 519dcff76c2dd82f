"""A change in words, for whoever decides on it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from knowledge.changes import Changed, Changes, FieldChange, Note
from knowledge.guard import Findings

MOST: Final = 200
"""Entries listed of each kind."""
AROUND: Final = 24
"""Letters shown before the first one that differs."""
SHOWN: Final = 72


def preview(
    changes: Changes, unknown: Sequence[str] = (), unread: Sequence[str] = ()
) -> Iterator[str]:
    """What the rows come to, line by line."""
    if unknown:
        yield f"! ไม่ใช้คอลัมน์ที่ไม่รู้จัก / columns not known and not used: {', '.join(unknown)}"
    if unread:
        yield f"! ไม่ได้อ่านแผ่นงาน / sheets not read: {', '.join(unread)}"
    yield from _some(map(_noted, changes.notes))
    yield from _some(f"+ {entry.id}: {_short(entry.question.th)}" for entry in changes.added)
    yield from _some("\n".join(_changed(change)) for change in changes.changed)
    yield from _some(f"- {entry.id}: {_short(entry.question.th)}" for entry in changes.removed)
    for rejected in changes.rejected:
        yield f"✗ แถว {rejected.row} / row {rejected.row} ({rejected.key or '-'})"
        yield from (f"    {reason}" for reason in rejected.reasons)
    yield _sum(changes)


def told(findings: Findings) -> Iterator[str]:
    """What the guard says of a change, line by line."""
    yield from _some(f"! {problem.th} / {problem.en}" for problem in findings.problems)
    for change in findings.changed[:MOST]:
        mark = "✗" if change.confirmed else "!"
        was, becomes = change.was or "-", change.becomes or "-"
        sure = " (ยืนยันแล้ว / confirmed)" if change.confirmed else ""
        yield f"{mark} “{_short(change.text)}”: {was} → {becomes}{sure}"
    if len(findings.changed) > MOST:
        yield _more(len(findings.changed) - MOST)


def whole(change: Changed) -> Iterator[str]:
    """What differs, with every word of it, so that it can be written back."""
    for field in change.fields:
        was, becomes = (text.replace("\n", "\n      ") for text in _both(field))
        yield f"    {field.column.th} / {field.column.en}: “{was}” → “{becomes}”"


def _noted(note: Note) -> str:
    if note.row is None:
        return f"! {note.reason}"
    return f"! แถว {note.row}: {note.reason.th} / row {note.row}: {note.reason.en}"


def _changed(change: Changed) -> Iterator[str]:
    yield f"~ {change.after.id}: {_short(change.after.question.th)}"
    for field in change.fields:
        yield f"    {field.column.th} / {field.column.en}: {_difference(field)}"


def _difference(field: FieldChange) -> str:
    if field.column.is_list:
        was, becomes = field.was.split("\n"), field.becomes.split("\n")
        gone = [f"- {_short(line)}" for line in was if line and line not in becomes]
        new = [f"+ {_short(line)}" for line in becomes if line and line not in was]
        return "; ".join([*gone, *new]) or "ลำดับใหม่ / another order"
    pairs = zip(field.was, field.becomes, strict=False)
    same = next((n for n, (a, b) in enumerate(pairs) if a != b), min(map(len, _both(field))))
    start = max(0, same - AROUND)
    return " → ".join(f"“{_short(text, start)}”" for text in _both(field))


def _both(field: FieldChange) -> tuple[str, str]:
    return field.was, field.becomes


def _short(text: str, start: int = 0) -> str:
    """A piece of a text on one line."""
    piece = text[start : start + SHOWN].replace("\n", " ")
    before = "…" if start else ""
    return before + piece + ("…" if len(text) > start + SHOWN else "")


def _some(lines: Iterable[str]) -> Iterator[str]:
    listed = list(lines)
    yield from listed[:MOST]
    if len(listed) > MOST:
        yield _more(len(listed) - MOST)


def _more(number: int) -> str:
    return f"  … และอีก {number:,} / and {number:,} more"


def _sum(changes: Changes) -> str:
    counts = [len(changes.added), len(changes.changed), len(changes.removed)]
    counts += [len(changes.unchanged), len(changes.rejected)]
    thai = ("เพิ่ม", "แก้", "ลบ", "เหมือนเดิม", "ไม่รับ")
    english = ("added", "changed", "removed", "unchanged", "rejected")
    return " · ".join(
        f"{th} {number:,} {en}" for th, number, en in zip(thai, counts, english, strict=True)
    )
