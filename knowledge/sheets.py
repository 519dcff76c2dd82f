"""Files of entries: what is read from each format as rows, and entries written to it."""

import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import yaml

from knowledge import delimited, opendocument
from knowledge.agency import Entry
from knowledge.columns import COLUMNS, VERSION, Column, cells_of, column_of, put_at
from knowledge.columns import Path as Place
from knowledge.entries import content_of
from knowledge.files import BadFiles, Source
from knowledge.grids import (
    MOST_ROWS,
    BadSheet,
    Cell,
    Grid,
    Row,
    Sheet,
    TooManyRows,
    check_letters,
)

MOST_BYTES: Final = 20 * 1024 * 1024
MOST_UNPACKED: Final = 200 * 1024 * 1024
"""Bytes that a spreadsheet, which is a zip file, may unpack to."""
MOST_PARTS: Final = 2_000
HEADING_WITHIN: Final = 15
"""Rows among which the headings must be: sheets often begin with a title."""
FEWEST_COLUMNS: Final = 2

MACROS: Final = ".xlsm"
FORMATS: Final = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    MACROS: "xlsx",
    ".ods": "ods",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
}


@dataclass(frozen=True, slots=True)
class Given:
    """One entry as somebody wrote it, not checked yet."""

    number: int
    """The row of the sheet, or the place in the list."""
    content: dict[str, Any]
    places: frozenset[Place] | None = None
    """What the sheet has columns for; None where the whole entry is given."""
    version: object = None
    """The number of the agency's last change when the row was exported, if it says so."""
    loose: tuple[str, ...] = ()
    """What stands under no heading."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a file says."""

    rows: tuple[Given, ...]
    unknown: tuple[str, ...] = ()
    """Headings of columns that are no part of an entry."""
    unread: tuple[str, ...] = ()
    """Further sheets that have the headings of entries."""


def read(file: Path) -> Table:
    """The entries of a file as they are written there; raises BadSheet."""
    kind = _kind(file)
    try:
        if file.stat().st_size > MOST_BYTES:
            raise BadSheet(f"แฟ้มใหญ่เกิน {MOST_BYTES >> 20} MB", f"larger than {MOST_BYTES >> 20} MB")
        if kind in {"xlsx", "ods"}:
            _check_packed(file)
        if kind in {"json", "yaml"}:
            return _listed(_json(file) if kind == "json" else _yaml(file))
        return _first_table(_sheets(kind, file))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadSheet("เปิดแฟ้มไม่ได้", f"cannot be opened: {reason}") from None


def write(file: Path, entries: Sequence[Entry], *, version: int | None = None) -> None:
    """Write entries to a file whose ending says the format; raises BadSheet.

    `version` is the number of the agency's last change that they have in them.
    """
    kind = _kind(file)
    more = {} if version is None else {"version": version}
    if file.suffix.lower() == MACROS:
        raise BadSheet(f"{MACROS} อ่านได้อย่างเดียว ใช้ .xlsx", f"{MACROS} is only read; use .xlsx")
    if kind == "json":
        contents = [content_of(entry) | more for entry in entries]
        data = json.dumps(contents, ensure_ascii=False, indent=2)
        file.write_text(data + "\n", encoding="utf-8")
    elif kind == "yaml":
        contents = [entry.model_dump(exclude_none=True) | more for entry in entries]
        file.write_text(_dumped(contents), encoding="utf-8")
    else:
        heading = [column.th for column in (*COLUMNS, VERSION)]
        from knowledge import spreadsheet  # noqa: PLC0415 - openpyxl: 0.1 s and 8 MB

        writers = {"csv": delimited, "xlsx": spreadsheet, "ods": opendocument}
        rows = [[*cells_of(entry), str(version or "")] for entry in entries]
        check_letters(rows)
        writers[kind].write(file, heading, rows)


def _kind(file: Path) -> str:
    if kind := FORMATS.get(file.suffix.lower()):
        return kind
    known = ", ".join(FORMATS)
    raise BadSheet(f"ไม่รู้จักแฟ้มชนิดนี้ (ใช้ได้: {known})", f"unknown kind of file (known: {known})")


def _check_packed(file: Path) -> None:
    """Refuse what would unpack to far more than it looks like, before anything is unpacked."""
    try:
        with zipfile.ZipFile(file) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise BadSheet("แฟ้มเสียหรือมีรหัสผ่าน", "the file is damaged or has a password") from None
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise BadSheet("แฟ้มคลายออกแล้วใหญ่เกินไป", "the file unpacks to far too much")


def _sheets(kind: str, file: Path) -> Iterator[Sheet]:
    from knowledge import spreadsheet  # noqa: PLC0415 - as above

    readers = {"csv": delimited.read, "xlsx": spreadsheet.read, "ods": opendocument.read}
    return readers[kind](file)


def _first_table(sheets: Iterable[Sheet]) -> Table:
    """The entries of the first sheet that has headings we know, and the names of other such."""
    found = [(name, grid, at) for name, grid in sheets if (at := _heading(grid)) is not None]
    if not found:
        names = ", ".join(column.th for column in COLUMNS[:5])
        raise BadSheet(f"ไม่พบแถวหัวตาราง (เช่น {names})", "no row with the names of columns")
    (_, grid, at), *others = found
    return _table(grid[at][1], grid[at + 1 :], tuple(name for name, _, _ in others))


def _heading(grid: Grid) -> int | None:
    """Which row has the names of columns."""
    for at, (_, cells) in enumerate(grid[:HEADING_WITHIN]):
        found = {column.path for column in _columns(cells) if column}
        if len(found) >= FEWEST_COLUMNS and found & {("id",), ("question", "th")}:
            return at
    return None


def _columns(heading: Row) -> list[Column | None]:
    return [column_of(str(cell)) if cell else None for cell in heading]


def _table(heading: Row, grid: Grid, unread: tuple[str, ...]) -> Table:
    columns = _columns(heading)
    known = [column for column in columns if column]
    for column in known:
        if known.count(column) > 1:
            raise BadSheet(f"มีคอลัมน์ {column.th} ซ้ำ", f"two columns {column.en}")
    places = frozenset(column.path for column in known)
    rows = (
        _given(number, _content(columns, cells), places - {VERSION.path}, _loose(heading, cells))
        for number, cells in grid
    )
    unknown = (str(n) for c, n in zip(columns, heading, strict=True) if n and c is None)
    return Table(tuple(rows), tuple(unknown), unread)


def _given(
    number: int,
    content: dict[str, Any],
    places: frozenset[Place] | None = None,
    loose: tuple[str, ...] = (),
) -> Given:
    """A row whose version is told apart from what it says of the entry."""
    (name,) = VERSION.path
    said = {key: value for key, value in content.items() if key != name}
    return Given(number, said, places, content.get(name), loose)


def _loose(heading: Row, cells: Row) -> tuple[str, ...]:
    """The cells that have something in them and nothing above them."""
    pairs = zip_longest(heading, cells)
    return tuple(str(cell) for name, cell in pairs if not name and str(cell or "").strip())


def _content(columns: Sequence[Column | None], cells: Row) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=False):
        if column is not None and cell not in {None, ""}:
            put_at(content, column.path, _value(column, cell))
    return content


def _value(column: Column, cell: Cell) -> Any:
    if column.is_list and isinstance(cell, str):
        lines = cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return [line.strip() for line in lines if line.strip()]
    return cell


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text("utf-8-sig"), object_pairs_hook=_once)
    except UnicodeDecodeError:
        raise BadSheet("แฟ้มไม่ใช่ UTF-8", "the file is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise BadSheet(f"เขียน JSON ไม่ถูกต้อง ({error})", f"not JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _yaml(file: Path) -> Any:
    """The list of an answers.yaml; references are refused, they could unfold without end."""
    try:
        with file.open("rb") as stream:
            events = yaml.parse(stream, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            if any(isinstance(event, yaml.AliasEvent) for event in events):
                raise BadSheet("ใช้การอ้างอิง (*) ใน YAML ไม่ได้", "references (*) are not taken")
    except yaml.YAMLError:
        pass  # told below, with its line
    try:
        return Source(file).data
    except BadFiles as error:
        fault = error.faults[0]
        raise BadSheet(
            f"บรรทัด {fault.line}: {fault.th}", f"line {fault.line}: {fault.en}"
        ) from None


def _listed(data: Any) -> Table:
    if not isinstance(data, list):
        raise BadSheet("ต้องเป็นรายการของคำถามคำตอบ", "must be a list of entries")
    if len(data) > MOST_ROWS:
        raise TooManyRows
    rows = (item if isinstance(item, dict) else {"": item} for item in data)
    return Table(tuple(_given(number, row) for number, row in enumerate(rows, 1)))


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes texts of several lines as a person would."""


def _text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _dumped(contents: Sequence[dict[str, Any]]) -> str:
    dumped: str = yaml.dump(
        contents, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120
    )
    return dumped
