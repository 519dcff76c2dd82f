"""Why a row of a sheet cannot be taken, said so that its writer can mend it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from knowledge.addresses import NO_HOST
from knowledge.changes import Reason
from knowledge.columns import named

REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("ไม่ได้กรอก", "is missing"),
    "extra_forbidden": ("ไม่รู้จักช่องนี้", "is not known"),
    "string_type": ("ต้องเป็นข้อความ", "must be text"),
    "string_too_short": ("ว่าง", "is blank"),
    "string_too_long": ("ยาวเกิน {max_length} ตัวอักษร", "is longer than {max_length} letters"),
    "too_short": ("มีน้อยกว่า {min_length} แบบ", "has fewer than {min_length}"),
    "list_type": ("ต้องเป็นรายการ", "must be a list"),
    "date": (
        "อ่านเป็นวันที่ไม่ได้ เขียนเช่น 2026-11-21 หรือ 21/11/2569",
        "is no date; write 2026-11-21 or 21/11/2569",
    ),
    "not_date": (
        "โปรแกรมตารางเปลี่ยนเป็นวันที่ ตั้งช่องเป็นข้อความแล้วพิมพ์ใหม่",
        "became a date in the sheet; make the cell text and type it anew",
    ),
    "no_result": (
        "“{shown}” เป็นข้อผิดพลาดหรือสูตรที่ไม่มีผล พิมพ์เป็นข้อความแทน",
        "“{shown}” is an error or a formula without a result; type text instead",
    ),
    "future": ("เป็นวันที่ยังมาไม่ถึง", "is in the future"),
    "long_ago": (
        "ก่อนปี พ.ศ. {buddhist} พิมพ์ปีให้ครบสี่หลัก",
        "is before {year}; write the year with four digits",
    ),
    "before_updated": ("ก่อนวันที่ปรับปรุง", "is before the day of the update"),
    "id": ("ใช้ได้เฉพาะ a-z 0-9 - ไม่เกิน 40 ตัว", "may have a-z 0-9 - only, at most 40"),
    NO_HOST: ("ลิงก์นี้ไม่มีชื่อเว็บที่อ่านได้", "the address names no site that can be read"),
    "url": (
        "ต้องขึ้นต้นด้วย http:// หรือ https:// และไม่มีวรรค",
        "must begin with http:// or https:// and have no blanks",
    ),
    "control": ("มีอักขระควบคุมที่มองไม่เห็น", "has control characters"),
    "clause": ("ต้องบอกข้อ มาตรา หรือหน้า", "is needed"),
    "unit": ("ไม่มีหน่วยงานย่อยนี้ใน profile.toml", "is no unit of profile.toml"),
    "twice": ("ซ้ำกับแถว {row}", "is that of row {row} too"),
    "said": ("“{words}” อยู่ในข้อ {key} แล้ว", "“{words}” stands in {key} already"),
    "version": ("ต้องเป็นเลขตามที่ส่งออก หรือว่าง", "must be the number of the export, or blank"),
    "stale": (
        "{by} แก้หรือลบข้อนี้เมื่อ {th} หลังส่งออกแฟ้มนี้ ให้ส่งออกใหม่",
        "{by} changed or removed it on {en}, after this export; export it anew",
    ),
    "other": ("ค่าไม่ถูกต้อง", "cannot be used"),
}


def reason(path: Sequence[str | int], kind: str, **facts: Any) -> Reason:
    """A reason of this kind against a part of an entry."""
    th, en = named(path)
    why_th, why_en = REASONS[kind]
    return Reason(f"{th}: {why_th.format(**facts)}", f"{en}: {why_en.format(**facts)}")
