"""ODS, the sheet of LibreOffice: the little of it that a table of texts needs.

The elements are those of OASIS OpenDocument 1.2, part 1, chapters 6 and 9.
"""

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from knowledge.grids import (
    ABOVE,
    MOST_COLUMNS,
    MOST_ROWS,
    BadSheet,
    Cell,
    NoResult,
    Sheet,
    TooManyRows,
    grid_of,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

TITLE: Final = "คำถามคำตอบ"
MIME: Final = "application/vnd.oasis.opendocument.spreadsheet"
_NS: Final = "urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE, _TABLE, _TEXT = (f"{{{_NS}{part}:1.0}}" for part in ("office", "table", "text"))
_MANIFEST: Final = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="{_NS}manifest:1.0" manifest:version="1.2">
<manifest:file-entry manifest:full-path="/" manifest:version="1.2" manifest:media-type="{MIME}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>
"""
_BEGIN: Final = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="{_NS}office:1.0" xmlns:table="{_NS}table:1.0" \
xmlns:text="{_NS}text:1.0" office:version="1.2"><office:body><office:spreadsheet>\
<table:table table:name="%s">\
"""
_END: Final = "</table:table></office:spreadsheet></office:body></office:document-content>\n"
NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Letters that XML has no place for: https://www.w3.org/TR/xml/#charsets"""
_SPACES: Final = re.compile("^ | $|  +|\t")
"""White space that a reader of XML would fold."""
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    KeyError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    EOFError,
)
_ERROR: Final = re.compile(r"#[A-Z/0]+[!?]?|Err:\d+")
"""What LibreOffice shows where a formula has no result (help.libreoffice.org, Error Codes)."""
_NOT_SAID: Final = {f"{_OFFICE}annotation", f"{_TEXT}note", f"{_TEXT}ruby-text"}


def read(file: Path) -> Iterator[Sheet]:
    """The rows of each sheet; raises BadSheet."""
    try:
        with zipfile.ZipFile(file) as packed, packed.open("content.xml") as content:
            yield from list(_sheets(iterparse(content, events=("end",), forbid_dtd=True)))
    except DefusedXmlException:
        raise BadSheet("แฟ้มมีสิ่งที่ไม่ปลอดภัย", "the file declares XML entities") from None
    except _DAMAGE as error:
        why = type(error).__name__
        raise BadSheet(
            "อ่านแฟ้ม ODS ไม่ได้ หรือมีรหัสผ่าน", f"not ODS, or with a password ({why})"
        ) from None


def write(
    file: Path | IO[bytes],
    heading: list[str],
    rows: Iterable[list[str]],
    *,
    title: str = TITLE,
) -> None:
    """Write one sheet in which every cell is text."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", MIME, zipfile.ZIP_STORED)
        packed.writestr("META-INF/manifest.xml", _MANIFEST)
        with packed.open("content.xml", "w", force_zip64=True) as content:
            content.write((_BEGIN % escape(title)).encode())
            for row in (heading, *rows):
                cells = "".join(map(_cell, row))
                content.write(f"<table:table-row>{cells}</table:table-row>".encode())
            content.write(_END.encode())


def _sheets(parts: Iterable[tuple[str, "Element"]]) -> Iterator[Sheet]:
    rows: list[tuple[int, list[Cell]]] = []
    number = 0
    for _, part in parts:
        if part.tag == f"{_TABLE}table-row":
            cells = _cells(part)
            times = _repeated(part, "rows")
            if any(cells):
                if len(rows) + times > MOST_ROWS + ABOVE:
                    raise TooManyRows
                rows += [(number + n, cells) for n in range(1, times + 1)]
            number += times
            part.clear()
        elif part.tag == f"{_TABLE}table":
            yield part.get(f"{_TABLE}name") or "-", grid_of(rows)
            rows, number = [], 0


def _repeated(part: "Element", what: str) -> int:
    return max(1, int(part.get(f"{_TABLE}number-{what}-repeated") or 1))


def _cells(row: "Element") -> list[Cell]:
    cells: list[Cell] = []
    for part in row:
        if part.tag in {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}:
            room = MOST_COLUMNS - len(cells)
            cells += [_value(part)] * min(_repeated(part, "columns"), room)
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _value(cell: "Element") -> Cell:
    kind = cell.get(f"{_OFFICE}value-type")
    said = "\n".join("".join(_said(p)) for p in cell if p.tag == f"{_TEXT}p")
    formula = cell.get(f"{_TABLE}formula")
    if formula and (_ERROR.fullmatch(said) or kind is None):
        return NoResult(said or formula)
    if kind == "date":
        return date.fromisoformat((cell.get(f"{_OFFICE}date-value") or "")[:10])
    if kind == "float":
        number = float(cell.get(f"{_OFFICE}value") or 0)
        return str(int(number)) if number.is_integer() else str(number)
    return said or None


def _said(part: "Element") -> Iterator[str]:
    """The words of a paragraph, with the white space that has elements of its own."""
    yield part.text or ""
    for child in part:
        if child.tag == f"{_TEXT}s":
            yield " " * min(int(child.get(f"{_TEXT}c") or 1), 1_000)
        elif child.tag in _WHITE:
            yield _WHITE[child.tag]
        elif child.tag not in _NOT_SAID:
            yield from _said(child)
        yield child.tail or ""


_WHITE: Final[Mapping[str, str]] = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}


def _cell(text: str) -> str:
    if not text:
        return "<table:table-cell/>"
    lines = (_SPACES.sub(_white, escape(line)) for line in NO_XML.sub("", text).split("\n"))
    said = "".join(f"<text:p>{line}</text:p>" for line in lines)
    return f'<table:table-cell office:value-type="string">{said}</table:table-cell>'


def _white(found: re.Match[str]) -> str:
    spaces = found[0]
    return "<text:tab/>" if spaces == "\t" else f'<text:s text:c="{len(spaces)}"/>'
