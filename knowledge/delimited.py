"""CSV in the encodings and with the separators that Thai offices' programs write."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from knowledge.columns import column_of
from knowledge.grids import BadSheet, Row, Sheet, grid_of

SEPARATORS: Final = (",", ";", "\t")
FORMULA: Final = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
"""How a cell begins that a spreadsheet would take for a formula (owasp.org, CSV injection)."""
_ESCAPED: Final = re.compile(r"'+[=+\-@\t\r＝＋－＠]")


def read(file: Path) -> Iterator[Sheet]:
    """The file's rows; raises BadSheet."""
    text = _decoded(file.read_bytes())
    separator = max(SEPARATORS, key=lambda mark: _known_columns(text, mark))
    yield file.stem, grid_of(_rows(text, separator))


def write(file: Path, heading: list[str], rows: Iterable[list[str]]) -> None:
    """Write UTF-8 that Excel knows as such, with no cell that it would take for a formula."""
    mark = "\t" if file.suffix.lower() == ".tsv" else ","
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, delimiter=mark)
        writer.writerow(heading)
        writer.writerows([_escaped(cell) for cell in row] for row in rows)


def _decoded(data: bytes) -> str:
    """UTF-8, UTF-16 where it says so, or else Windows-874, of which TIS-620 is a part."""
    encodings = ("utf-16",) if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "cp874")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadSheet("แฟ้มไม่ใช่ UTF-8 หรือ Windows-874", "neither UTF-8 nor Windows-874")


def _known_columns(text: str, mark: str) -> int:
    """How many headings there are if this is what separates them."""
    heads = (line for line, _ in zip(io.StringIO(text, newline=""), range(15), strict=False))
    return max(
        (sum(column_of(c.strip('" \r\n')) is not None for c in h.split(mark)) for h in heads),
        default=0,
    )


def _rows(text: str, mark: str) -> Iterator[tuple[int, Row]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            yield number, [cell[1:] if _ESCAPED.match(cell) else cell for cell in cells]
    except csv.Error as error:  # a stray quote would make one cell of many rows
        row = number + 1
        raise BadSheet(
            f"แถว {row}: เขียน CSV ไม่ถูกต้อง หรือเครื่องหมายคำพูดไม่ครบคู่", f"row {row}: not CSV ({error})"
        ) from None


def _escaped(cell: str) -> str:
    return f"'{cell}" if FORMULA.match(cell) else cell
