"""What is exported comes back as it was, in every format and whatever the words."""

import csv
import io
import json
import re
import tempfile
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl import Workbook, load_workbook

from knowledge.agency import Entry
from knowledge.columns import COLUMNS
from knowledge.entries import Stored
from knowledge.files import Source
from knowledge.importing import plan
from knowledge.preview import preview
from knowledge.sheets import BadSheet, read, write
from tests.knowledge.conftest import UNITS, entry

FORMATS = ("csv", "tsv", "xlsx", "ods", "json", "yaml")
AWKWARD = [
    "=1+1", "+66 44 666 534", "-", "- ก\n- ข", "@ใคร", "'=ก", "''+", "ก,ข;ค\tง",
    'เขาว่า "ได้"', "ก    ข", "ก\n\nข", "<b>&amp;", "_x0041_", "_x005F_x0041_x0042_",
    "x005F_", "นํ้า", "😀", "0123", "3.10", "TRUE", "2026-11-21", "null", "~", "#N/A",
    "ก: ข # ค", "a  \n  b", "\ufeffก", "*ก", "&ก", "ก\u00a0ข", "＝ก",
]  # fmt: skip

letters = st.characters(
    exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cn"], exclude_characters="\ufffe\uffff"
)
words = (
    st.one_of(
        st.text(letters, max_size=20),
        st.sampled_from(AWKWARD),
        st.lists(st.sampled_from([*AWKWARD, "\n", " "]), min_size=2, max_size=4).map("".join),
    )
    .map(str.strip)
    .filter(bool)
)
lines = words.map(lambda text: " ".join(text.split("\n")))
days = st.dates(date(1950, 1, 1), date(2150, 12, 31))
keys = st.from_regex(r"[a-z0-9][a-z0-9-]{0,12}", fullmatch=True)


@st.composite
def entries(draw: Any) -> list[Entry]:
    """Some entries with what no check would refuse, no phrasing in two of them."""
    found = []
    free = draw(st.lists(lines, min_size=20, max_size=30, unique=True))
    for key in draw(st.lists(keys, min_size=1, max_size=3, unique=True)):
        said, free = free[:5], free[5:]
        source = {"title": draw(words), "clause": draw(words)}
        if draw(st.booleans()):
            source["url"] = "https://example.go.th/?a=1&b=<2>"
        found.append(
            entry(
                key,
                category=draw(words),
                question={"th": draw(words), "en": draw(words)},
                answer={"th": draw(words), "en": draw(words)},
                phrasings=said,
                phrasings_en=draw(st.lists(lines, max_size=2, unique=True)),
                unit=draw(st.sampled_from(["clerk", "works"])),
                source=source,
                updated=draw(days),
                review_by=draw(days),
                verified_on=draw(st.none() | days),
            )
        )
    return found


@given(found=entries())
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("ending", FORMATS)
def test_what_is_exported_comes_back_without_a_change(ending: str, found: list[Entry]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"entries.{ending}"
        write(file, found)
        changes = plan(
            read(file), Stored(entries={one.id: one for one in found}), UNITS, is_all=True
        )

        assert changes.rejected == ()
        assert changes.is_empty
        assert len(changes.unchanged) == len(found)
        fresh = plan(read(file), Stored(), UNITS)
        assert list(fresh.added) == found


def test_an_exported_yaml_is_an_answers_file(tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    write(file, [entry(answer={"th": "บรรทัดแรก\nบรรทัดสอง", "en": "one\ntwo"})])

    assert Entry.model_validate(Source(file).data[0]) == entry(
        answer={"th": "บรรทัดแรก\nบรรทัดสอง", "en": "one\ntwo"}
    )
    assert "th: |-\n      บรรทัดแรก\n      บรรทัดสอง\n" in file.read_text("utf-8")
    assert "updated: 2026-11-21\n" in file.read_text("utf-8")


def test_no_exported_cell_is_a_formula(tmp_path: Path) -> None:
    said = [entry(answer={"th": "=HYPERLINK(1)", "en": "+1"}, category="@ก", phrasings=AWKWARD[:5])]
    for ending in ("csv", "xlsx", "ods"):
        write(tmp_path / f"a.{ending}", said)

    rows = list(csv.reader(io.StringIO((tmp_path / "a.csv").read_text("utf-8-sig"))))
    assert [cell for cell in rows[1] if cell[0:1] in "=+-@" and cell] == []
    sheet = load_workbook(tmp_path / "a.xlsx").active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}
    with zipfile.ZipFile(tmp_path / "a.ods") as packed:
        content = packed.read("content.xml").decode()
    assert "table:formula" not in content
    assert set(_values_types(content)) == {"string"}


def _values_types(content: str) -> list[str]:
    return [part.split('"')[0] for part in content.split('office:value-type="')[1:]]


def rows_of(file: Path) -> list[dict[str, Any]]:
    """The rows as they are read."""
    return [given.content for given in read(file).rows]


THAI = "รหัส;หมวด;คำถาม\nก-1;ติดต่อ;เบอร์อะไร\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp874", "tis-620", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_csv_is_read_in_the_encodings_and_with_the_separators_of_thai_offices(
    tmp_path: Path, encoding: str, mark: str
) -> None:
    file = tmp_path / "ก.csv"
    file.write_bytes(THAI.replace(";", mark).replace("\n", "\r\n").encode(encoding))

    assert rows_of(file) == [
        {"id": "ก-1", "category": "ติดต่อ", "question": {"th": "เบอร์อะไร"}},
    ]


def test_headings_are_found_under_a_title_in_thai_or_english_and_strange_ones_named(
    tmp_path: Path,
) -> None:
    book = Workbook()
    book.active.append(["แบบสำรวจ"])
    sheet = book.create_sheet("ข้อมูล")
    for row in (["คำถามคำตอบ ปี 2569"], [], ["ID", "Question (TH)", "ลำดับ", "Review_By"]):
        sheet.append(row)
    sheet.append(["a", "ก", 7, date(2027, 5, 21)])
    sheet.append([])
    sheet.append(["b", 12, 3.0, "๒๑ พ.ค. ๒๕๗๐"])
    book.save(tmp_path / "a.xlsx")
    table = read(tmp_path / "a.xlsx")

    assert table.unknown == ("ลำดับ",)
    assert [row.number for row in table.rows] == [4, 6]
    assert [row.content for row in table.rows] == [
        {"id": "a", "question": {"th": "ก"}, "review_by": date(2027, 5, 21)},
        {"id": "b", "question": {"th": "12"}, "review_by": "๒๑ พ.ค. ๒๕๗๐"},
    ]


def test_every_column_is_known_by_each_of_its_names(tmp_path: Path) -> None:
    for names in (
        [c.th for c in COLUMNS],
        [c.en for c in COLUMNS],
        [c.en.upper() for c in COLUMNS],
    ):
        file = tmp_path / "a.csv"
        file.write_text(",".join(names) + "\n" + ",".join("1" * len(names)), "utf-8")
        assert read(file).unknown == ()
        assert read(file).rows[0].places == {column.path for column in COLUMNS}


def packed(file: Path, parts: dict[str, bytes]) -> Path:
    """A zip file."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in parts.items():
            out.writestr(name, content)
    return file


ENTITIES = (
    b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'
    b'<office:document-content xmlns:office="x">&c;</office:document-content>'
)


def bombs(folder: Path) -> list[Path]:
    """Files that are made to harm, or are just broken."""
    zeros = bytes(210 * 1024 * 1024)
    anchors = "- &a [x, x]\n" + "".join(f"- &{c} [*{p}, *{p}]\n" for p, c in ("ab", "bc", "cd"))
    write(folder / "good.xlsx", [entry()])
    with zipfile.ZipFile(folder / "good.xlsx") as good:
        parts = {name: good.read(name) for name in good.namelist()}
    sheet = next(name for name in parts if "sheet1" in name)
    written = {
        "anchors.yaml": anchors,
        "deep.json": "[" * 100_000,
        "deep.yaml": "[" * 5_000,
        "twice.json": '[{"id": "a", "id": "b"}]',
        "not.json": "{",
        "none.csv": "a,b\n1,2\n",
        "twice.csv": "id,question,question th\n",
        "plain.xlsx": "no zip",
        "old.xls": "old",
        "many.csv": "id,question\n" + "a,b\n" * 20_100,
        "many.json": json.dumps([{}] * 20_001),
    }
    for name, text in written.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "large.csv").write_bytes(bytes(20 * 1024 * 1024 + 1))
    (folder / "binary.csv").write_bytes(b"\xff\x81\x9d" * 9)
    return [
        *(folder / name for name in written),
        folder / "large.csv",
        folder / "binary.csv",
        folder / "missing.csv",
        packed(folder / "bomb.xlsx", {"xl/workbook.xml": zeros}),
        packed(folder / "bomb.ods", {"content.xml": zeros}),
        packed(folder / "parts.ods", {str(n): b"" for n in range(2_001)}),
        packed(folder / "entities.ods", {"content.xml": ENTITIES}),
        packed(folder / "entities.xlsx", parts | {sheet: ENTITIES}),
        packed(folder / "empty.xlsx", {}),
        packed(folder / "empty.ods", {}),
        packed(folder / "odd.ods", {"content.xml": b"<a>"}),
    ]


def test_files_that_would_do_harm_or_are_broken_are_refused_in_words(tmp_path: Path) -> None:
    for file in bombs(tmp_path):
        with pytest.raises(BadSheet) as refused:
            read(file)
        assert refused.value.reason.th, file
        assert refused.value.reason.en, file


def reasons(file: Path) -> dict[int, str]:
    """Why rows cannot be taken."""
    rejected = plan(read(file), Stored(entries={"a": entry("a")}), UNITS).rejected
    return {one.row: "\n".join(map(str, one.reasons)) for one in rejected}


def test_what_an_unquoted_comma_cuts_off_is_rejected_not_dropped(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("id,answer th\na,ค่าธรรมเนียม 1,000 บาท\na2,\n", "utf-8")
    assert "“000 บาท” ไม่มีหัวตาราง" in reasons(file)[2]
    file.write_text("id,,answer th\na,จดไว้,ก\n", "utf-8")
    assert "“จดไว้” has no heading" in reasons(file)[2]
    file.write_text("id,answer th,,\na,ก,,\n", "utf-8")
    assert reasons(file) == {}


@pytest.mark.parametrize("odd", ['"ไม่ปิด\nb,ข้อสอง\n', '"ไม่ปิด\nb,ข้อ "สอง"\n', '"ได้" ครับ\n'])
def test_a_stray_quote_swallows_no_rows(tmp_path: Path, odd: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"id,answer th\na0,ก\na,{odd}", "utf-8")

    with pytest.raises(BadSheet, match="row 3: not CSV"):
        read(file)


def test_a_cell_that_excel_could_not_work_out_is_rejected(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["id", "answer th", "source url", "category"])
    book.active.append(["a", "#N/A", '="https://"&D2', "ก"])
    book.active["B2"].data_type = "e"
    book.active.append(["a3", "#N/A", None, "ก"])
    book.active["B3"].data_type = "s"
    book.save(tmp_path / "a.xlsx")
    found = reasons(tmp_path / "a.xlsx")

    assert "คำตอบ: “#N/A” เป็นข้อผิดพลาดหรือสูตรที่ไม่มีผล" in found[2]
    assert 'source url: “="https://"&D2” is an error or a formula without a result' in found[2]
    assert "#N/A" not in found[3], "that is what somebody typed"


def test_what_a_formula_came_to_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", [entry("a")])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        parts = {name: book.read(name) for name in book.namelist()}
    (sheet,) = (name for name in parts if "sheet1" in name)
    filled = b'<c r="B2" t="str"><f>"x"</f><v>\xe0\xb8\x81</v></c>'
    blank = b'<c r="L2" t="str"><f>""</f><v></v></c>'
    for place, cell in ((b"B2", filled), (b"L2", blank)):
        parts[sheet], count = re.subn(
            b'<c r="' + place + b'"[^>]*?(/>|>.*?</c>)', cell, parts[sheet]
        )
        assert count == 1
    (row,) = read(packed(tmp_path / "b.xlsx", parts)).rows

    assert row.content["category"] == "ก"
    assert "url" not in row.content["source"]


@pytest.mark.parametrize("ending", ["xlsx", "ods"])
def test_further_sheets_of_entries_are_named_and_not_replaced(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"a.{ending}"
    if ending == "xlsx":
        book = Workbook()
        for name, sheet in (("หนึ่ง", book.active), ("สอง", book.create_sheet("สอง"))):
            sheet.append(["id", "category"])
            sheet.append([name, "ก"])
        book.create_sheet("โน้ต").append(["จดไว้"])
        book.save(file)
    else:
        document = OpenDocumentSpreadsheet()
        for name in ("หนึ่ง", "สอง", "โน้ต"):
            table = Table(name=name)
            for cells in (["id", "category"], [name, "ก"]) if name != "โน้ต" else (["จดไว้"],):
                row = TableRow()
                for words in cells:
                    row.addElement(cell := TableCell(valuetype="string"))
                    cell.addElement(P(text=words))
                table.addElement(row)
            document.spreadsheet.addElement(table)
        document.save(file)
    found = read(file)

    assert found.unread == ("สอง",)
    told = "\n".join(preview(plan(found, Stored(), UNITS), found.unknown, found.unread))
    assert "! ไม่ได้อ่านแผ่นงาน / sheets not read: สอง" in told
    with pytest.raises(BadSheet, match="สอง"):
        plan(found, Stored(), UNITS, is_all=True)


@pytest.mark.parametrize("words", ["ดู _x000D_ ที่", "_x005F_x000D_", "_x000A_", "_x005F__x000D_"])
def test_words_that_look_like_excels_escapes_come_back(tmp_path: Path, words: str) -> None:
    write(tmp_path / "a.xlsx", [entry("a", answer={"th": words, "en": "x"})])

    assert rows_of(tmp_path / "a.xlsx")[0]["answer"]["th"] == words


def test_a_workbook_with_macros_is_read_but_not_written(tmp_path: Path) -> None:
    with pytest.raises(BadSheet, match=r"use \.xlsx"):
        write(tmp_path / "a.xlsm", [entry("a")])
    write(tmp_path / "a.xlsx", [entry("a")])
    (tmp_path / "a.xlsx").rename(tmp_path / "a.xlsm")

    assert rows_of(tmp_path / "a.xlsm")[0]["id"] == "a"


def test_a_cell_longer_than_a_sheet_can_hold_is_not_cut_off(tmp_path: Path) -> None:
    long = entry(phrasings=["ก" * 40_000, "ข", "ค", "ง"])

    for ending in ("csv", "tsv", "xlsx", "ods"):
        with pytest.raises(BadSheet, match="dragon-boats"):
            write(tmp_path / f"a.{ending}", [long])
    write(tmp_path / "a.json", [long])
