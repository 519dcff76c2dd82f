"""What every kind of sheet is read as: numbered rows of cells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from knowledge.changes import Reason

MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 64
MOST_LETTERS: Final = 32_767
"""Letters of one cell (support.microsoft.com, "Excel specifications and limits")."""


@dataclass(frozen=True, slots=True)
class NoResult:
    """A cell that its program could not work out: an error, or a formula without a result."""

    shown: str

    def __str__(self) -> str:
        return self.shown


Cell = str | date | NoResult | None
Row = Sequence[Cell]
Grid = Sequence[tuple[int, Row]]
"""Rows that are not blank, each with its number in the sheet."""
Sheet = tuple[str, Grid]
"""One sheet of a file, by its name."""

ABOVE: Final = 20
"""Rows of title and headings that do not count."""


class BadSheet(Exception):
    """A file cannot be read or written as entries; `reason` says why."""

    def __init__(self, th: str, en: str) -> None:
        super().__init__(f"{th} / {en}")
        self.reason = Reason(th, en)


class TooManyRows(BadSheet):
    """More rows than one import takes."""

    def __init__(self) -> None:
        super().__init__(f"เกิน {MOST_ROWS:,} แถว", f"more than {MOST_ROWS:,} rows")


def grid_of(rows: Iterable[tuple[int, Row]]) -> Grid:
    """The rows that are not blank; raises TooManyRows."""
    found: list[tuple[int, Row]] = []
    for number, cells in rows:
        if any(cell not in {None, ""} for cell in cells):
            found.append((number, cells[:MOST_COLUMNS]))
            if len(found) > MOST_ROWS + ABOVE:
                raise TooManyRows
    return found


def check_letters(rows: Iterable[Sequence[str]]) -> None:
    """Refuse what a spreadsheet would cut off; raises BadSheet."""
    for name, *cells in rows:
        if any(len(cell) > MOST_LETTERS for cell in cells):
            raise BadSheet(
                f"{name}: ข้อความยาวเกินช่องของตาราง ใช้ .json หรือ .yaml แทน",
                f"{name}: longer than a cell can be, use .json or .yaml",
            )
