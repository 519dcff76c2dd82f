"""Sheets of other programs: what odfpy writes is read, and it reads what is written here."""

from pathlib import Path
from typing import Any

import pytest
from odf import teletype
from odf.opendocument import OpenDocumentSpreadsheet, load
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import LineBreak, P, S, Span, Tab

from knowledge.grids import NoResult
from knowledge.opendocument import write
from knowledge.sheets import BadSheet, read


def cell(*parts: Any, **more: Any) -> TableCell:
    """A cell with one paragraph of words and elements."""
    made = TableCell(valuetype="string", **more)
    paragraph = P()
    for part in parts:
        if isinstance(part, str):
            paragraph.addText(part)
        else:
            paragraph.addElement(part)
    made.addElement(paragraph)
    return made


@pytest.fixture
def sheet() -> Table:
    """A sheet with headings."""
    made = Table(name="Sheet1")
    heading = TableRow()
    for name in ("รหัส", "คำถาม", "คำที่คนถาม", "ปรับปรุงเมื่อ", "ข้อ"):
        heading.addElement(cell(name))
    made.addElement(heading)
    return made


def saved(file: Path, *sheets: Table) -> Path:
    """A document of these sheets."""
    document = OpenDocumentSpreadsheet()
    for one in sheets:
        document.spreadsheet.addElement(one)
    document.save(file)
    return file


def test_what_another_program_writes_is_read(tmp_path: Path, sheet: Table) -> None:
    blank = TableRow(numberrowsrepeated=5)
    blank.addElement(TableCell(numbercolumnsrepeated=1000))
    sheet.addElement(blank)
    row = TableRow()
    row.addElement(cell("a"))
    row.addElement(cell("ก", S(c=3), "ข", Tab(), Span(text="ค"), LineBreak(), "ง"))
    row.addElement(CoveredTableCell())
    row.addElement(TableCell(valuetype="date", datevalue="2026-11-21T00:00:00"))
    row.addElement(TableCell(valuetype="float", value="3"))
    sheet.addElement(row)
    other = Table(name="Notes")
    other.addElement(TableRow())
    (found,) = read(saved(tmp_path / "a.ods", other, sheet)).rows

    assert found.number == 7
    assert found.content["question"] == {"th": "ก   ข\tค\nง"}
    assert str(found.content["updated"]) == "2026-11-21"
    assert found.content["source"] == {"clause": "3"}


def test_a_row_repeated_a_million_times_is_refused(tmp_path: Path, sheet: Table) -> None:
    row = TableRow(numberrowsrepeated=1_000_000)
    row.addElement(cell("a", numbercolumnsrepeated=1000))
    sheet.addElement(row)

    with pytest.raises(BadSheet, match="แถว"):
        read(saved(tmp_path / "a.ods", sheet))


def test_a_cell_that_libreoffice_could_not_work_out_is_no_words(
    tmp_path: Path, sheet: Table
) -> None:
    row = TableRow()
    row.addElement(cell("a"))
    row.addElement(cell("#REF!", formula="of:=[.#REF!]"))
    row.addElement(TableCell(formula="of:=[.A1]"))
    row.addElement(TableCell())
    row.addElement(cell("Err:502", formula="of:=SUM(1;)"))
    sheet.addElement(row)
    good = TableRow()
    for one in (cell("b", formula='of:="b"'), cell("#REF!"), cell("", formula='of:=""')):
        good.addElement(one)
    sheet.addElement(good)
    spoilt, fine = read(saved(tmp_path / "a.ods", sheet)).rows

    assert spoilt.content["question"]["th"] == NoResult("#REF!")
    assert spoilt.content["phrasings"] == NoResult("of:=[.A1]")
    assert spoilt.content["source"]["clause"] == NoResult("Err:502")
    assert fine.content == {"id": "b", "question": {"th": "#REF!"}}


def test_another_program_reads_what_is_written(tmp_path: Path) -> None:
    file = tmp_path / "a.ods"
    write(file, ["id", "answer"], [["a", "ก   ข\n\n=1+1 <b>\tค"]])
    document = load(file)
    rows = document.spreadsheet.getElementsByType(TableRow)
    texts = [
        [
            "\n".join(teletype.extractText(p) for p in one.getElementsByType(P))
            for one in row.getElementsByType(TableCell)
        ]
        for row in rows
    ]

    assert texts == [["id", "answer"], ["a", "ก   ข\n\n=1+1 <b>\tค"]]
    assert document.mimetype == "application/vnd.oasis.opendocument.spreadsheet"
