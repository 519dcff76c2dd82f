"""News as open data: one row for each thread, as it stands (A12). Pure."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from xml.etree import ElementTree

import orjson

from admin.threads import Story
from bot.clock import BANGKOK
from handlers.site.news_views import View
from knowledge import opendocument
from knowledge.delimited import FORMULA

HEADERS: Mapping[str, str] = {
    "id": "เลขที่ข่าว",
    "headline": "หัวข้อ",
    "headline_en": "หัวข้อภาษาอังกฤษ",
    "topic": "รหัสเรื่อง",
    "topic_name": "เรื่อง",
    "areas": "รหัสพื้นที่",
    "area_names": "พื้นที่",
    "unit": "หน่วยงานที่ดูแล",
    "posted": "ประกาศเมื่อ",
    "edited": "แก้ไขล่าสุด",
    "valid_from": "มีผลตั้งแต่",
    "valid_until": "มีผลถึง",
    "ended": "สิ้นสุดเมื่อ",
    "withdrawn": "ถอนแล้ว",
    "url": "ที่อยู่หน้าเว็บ",
}
"""The columns, and how Thai spreadsheets head them."""
Row = Mapping[str, object]


def rows(view: View, stories: Iterable[Story], base: str) -> list[Row]:
    """The threads in the order given."""
    return [_row(view, story, base) for story in stories]


def _row(view: View, story: Story, base: str) -> Row:
    first, content = story.first, story.standing
    return {
        "id": first.id,
        "headline": content.headline_th,
        "headline_en": content.headline_en or None,
        "topic": content.topic,
        "topic_name": view.topic(story) or None,
        "areas": list(content.areas),
        "area_names": view.areas(content.areas),
        "unit": view.unit(story),
        "posted": _at(first.posted_at),
        "edited": _at(first.edited_at),
        "valid_from": _at(content.valid_from),
        "valid_until": _at(content.valid_until),
        "ended": _at(story.ended(view.now)),
        "withdrawn": story.is_withdrawn,
        "url": base + view.address(f"news/{first.id}"),
    }


def as_json(found: Sequence[Row]) -> bytes:
    """One array, a row on each line."""
    lines = b",\n".join(orjson.dumps(row) for row in found)
    return b"[\n" + lines + b"\n]\n" if found else b"[]\n"


def as_csv(found: Sequence[Row]) -> bytes:
    """As Excel in Thailand opens it: UTF-8 with its mark, Thai headings."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADERS.values())
    writer.writerows([_cell(row[name]) for name in HEADERS] for row in found)
    return text.getvalue().encode("utf-8-sig")


def as_ods(found: Sequence[Row]) -> bytes:
    """A sheet of texts, Thai headings."""
    file = io.BytesIO()
    rows = ([str(_plain(row[name]) or "") for name in HEADERS] for row in found)
    opendocument.write(file, list(HEADERS.values()), rows, title="ข่าว")
    return file.getvalue()


def as_xml(found: Sequence[Row]) -> bytes:
    """One element for each row, and in it one for each column that says something."""
    root = ElementTree.Element("news")
    for row in found:
        item = ElementTree.SubElement(root, "item")
        for name in HEADERS:
            value = row[name]
            for each in value if isinstance(value, list) else [value]:
                if each is not None:
                    said = str(each).lower() if isinstance(each, bool) else str(each)
                    ElementTree.SubElement(item, name).text = opendocument.NO_XML.sub("", said)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _plain(value: object) -> object:
    """A value as people read it."""
    if isinstance(value, bool):
        return "ใช่" if value else ""
    return ", ".join(value) if isinstance(value, list) else value


def _cell(value: object) -> object:
    """The same, and as no spreadsheet runs it."""
    value = _plain(value)
    if not isinstance(value, str):
        return value
    return f"'{value}" if FORMULA.match(value.lstrip()) else value


def _at(moment: datetime | None) -> str | None:
    """ISO 8601 in Bangkok."""
    return moment.astimezone(BANGKOK).isoformat(timespec="seconds") if moment else None
