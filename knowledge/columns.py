"""The columns of a sheet of entries: their names, and the part of an entry each one holds."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from knowledge.agency import Entry
from knowledge.entries import content_of

Path = tuple[str, ...]
"""Where a value stands in an entry, as ("question", "th")."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where its value goes, how it is called, and what else it may be called."""

    path: Path
    th: str
    en: str
    aliases: tuple[str, ...] = ()
    is_list: bool = False
    is_date: bool = False


COLUMNS: Final = (
    Column(("id",), "รหัส", "id", ("key", "code", "รหัสคำถาม")),
    Column(("category",), "หมวด", "category", ("หมวดหมู่", "ประเภท")),
    Column(("question", "th"), "คำถาม", "question th", ("question", "คำถามไทย", "คำถามภาษาไทย")),
    Column(("question", "en"), "คำถาม (อังกฤษ)", "question en", ("คำถามภาษาอังกฤษ",)),
    Column(("phrasings",), "คำที่คนถาม", "phrasings", ("phrasings th", "รูปแบบคำถาม"), is_list=True),
    Column(
        ("phrasings_en",),
        "คำที่คนถาม (อังกฤษ)",
        "phrasings en",
        ("รูปแบบคำถามภาษาอังกฤษ",),
        is_list=True,
    ),
    Column(("answer", "th"), "คำตอบ", "answer th", ("answer", "คำตอบไทย", "คำตอบภาษาไทย")),
    Column(("answer", "en"), "คำตอบ (อังกฤษ)", "answer en", ("คำตอบภาษาอังกฤษ",)),
    Column(("unit",), "หน่วยงานเจ้าของ", "unit", ("owner", "owner unit", "หน่วยงาน", "เจ้าของ")),
    Column(("source", "title"), "ที่มา", "source title", ("source", "แหล่งที่มา", "เอกสารที่มา")),
    Column(("source", "clause"), "ข้อ", "source clause", ("clause", "ข้อที่", "มาตรา")),
    Column(("source", "url"), "ลิงก์ที่มา", "source url", ("url", "ลิงก์", "ลิงค์", "เว็บไซต์ที่มา")),
    Column(("verified_on",), "ตรวจสอบเมื่อ", "verified on", ("วันที่ตรวจสอบ",), is_date=True),
    Column(("updated",), "ปรับปรุงเมื่อ", "updated", ("วันที่ปรับปรุง",), is_date=True),
    Column(("review_by",), "ทบทวนภายใน", "review by", ("วันที่ต้องทบทวน", "ทบทวนก่อน"), is_date=True),
)
VERSION: Final = Column(("version",), "รุ่น", "version")
"""No part of an entry: the number of the agency's last change when its row was exported."""


def _plain(name: str) -> str:
    """A column's name without what people write differently."""
    return re.sub(r"[\s_.()\[\]/*:-]+", "", name).casefold()


_BY_NAME: Final = {
    _plain(name): column
    for column in (*COLUMNS, VERSION)
    for name in (column.th, column.en, *column.aliases)
}


def column_of(name: str) -> Column | None:
    """The column that a heading names."""
    return _BY_NAME.get(_plain(name))


def named(path: Sequence[object]) -> tuple[str, str]:
    """What a part of an entry is called, in Thai and English."""
    parts = tuple(part for part in path if isinstance(part, str))
    for column in (*COLUMNS, VERSION):
        shared = min(len(parts), len(column.path))
        if shared and parts[:shared] == column.path[:shared]:
            return column.th, column.en
    whole = ".".join(map(str, path)) or "-"
    return whole, whole


def value_at(content: Mapping[str, Any], path: Path) -> Any:
    """The value at a place of an entry; None where there is none."""
    found: Any = content
    for part in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def put_at(content: dict[str, Any], path: Path, value: Any) -> None:
    """Put a value in its place; None takes away what stands there."""
    for part in path[:-1]:
        content = content.setdefault(part, {})
    if value is None:
        content.pop(path[-1], None)
    else:
        content[path[-1]] = value


def cells_of(entry: Entry) -> Iterator[str]:
    """An entry as the cells of its row."""
    content = content_of(entry)
    for column in COLUMNS:
        value = value_at(content, column.path)
        yield "\n".join(value) if column.is_list else str(value or "")
