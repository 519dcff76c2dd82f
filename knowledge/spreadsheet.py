"""XLSX, through openpyxl; with defusedxml installed it refuses entities."""

import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from knowledge.delimited import FORMULA
from knowledge.grids import MOST_COLUMNS, BadSheet, Cell, NoResult, Sheet, grid_of

TITLE: Final = "คำถามคำตอบ"
AS_TEXT: Final = "@"
_WIDTH: Final = 28
_TOP: Final = Alignment(wrap_text=True, vertical="top")
_BOLD: Final = Font(bold=True)
_LETTER: Final = "x[0-9A-Fa-f]{4}_"
_LOOKS_ESCAPED: Final = re.compile(f"_(?={_LETTER})")
"""Excel reads `_x0041_` as the letter A (ECMA-376-1, 22.9.2.19)."""
_RETURN: Final = "_x000D_"
_ESCAPED: Final = re.compile(f"_x005F_(?={_LETTER})|{_RETURN}")


def read(file: Path) -> Iterator[Sheet]:
    """The rows of each sheet; raises BadSheet."""
    with warnings.catch_warnings():  # of decorations that openpyxl does not know
        warnings.simplefilter("ignore")
        try:
            with closing(_book(file, data_only=True)) as values, closing(_book(file)) as formulas:
                pairs = zip(values.worksheets, formulas.worksheets, strict=True)
                yield from [_sheet(*pair) for pair in pairs]
        except (BadSheet, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - openpyxl meets damage in any way it likes
            kind = type(error).__name__
            raise BadSheet("อ่านแฟ้ม Excel ไม่ได้", f"the Excel file cannot be read ({kind})") from None


def write(file: Path, heading: list[str], rows: Iterable[list[str]]) -> None:
    """Write one sheet in which every cell is text, whatever it begins with."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(TITLE)
    sheet.freeze_panes = "B2"
    for number in range(1, len(heading) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTH
    sheet.append([_cell(sheet, name, is_heading=True) for name in heading])
    for row in rows:
        sheet.append([_cell(sheet, text) for text in row])
    book.save(file)


def _book(file: Path, *, data_only: bool = False) -> Any:
    return load_workbook(file, read_only=True, data_only=data_only, keep_links=False)


def _sheet(values: Any, formulas: Any) -> Sheet:
    """A sheet's results; its formulas tell which of the cells should have one."""
    for sheet in (values, formulas):
        sheet.reset_dimensions()  # what the file says of its own size is often wrong
    both = (sheet.iter_rows(max_col=MOST_COLUMNS) for sheet in (values, formulas))
    rows = enumerate(zip(*both, strict=True), 1)
    return values.title, grid_of((n, list(map(_result, *row))) for n, row in rows)


def _result(cell: Any, formula: Any) -> Cell:
    if cell.data_type == "e":
        return NoResult(str(cell.value))
    if cell.value is None and formula.data_type == "f" and cell.data_type != "str":
        return NoResult(str(formula.value))
    return _text(cell.value)


def _text(value: Any) -> Cell:
    if value is None or isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _ESCAPED.sub(lambda found: "" if found[0] == _RETURN else "_", str(value))


def _cell(sheet: Any, text: str, *, is_heading: bool = False) -> Any:
    cell = WriteOnlyCell(sheet, value=_LOOKS_ESCAPED.sub("_x005F_", text) or None)
    if text:
        cell.data_type = "s"
    cell.alignment = _TOP
    cell.number_format = AS_TEXT
    if is_heading:
        cell.font = _BOLD
    elif FORMULA.match(text):
        cell.quotePrefix = True
    return cell
