"""The commands `export ...`: an agency's tickets as a table or as JSON, on standard output."""

import csv
import io
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any, BinaryIO

import orjson

from admin import exports
from admin.exports import Wanted
from admin.web.texts import WORDING
from bot import clock, logs, migration
from bot.asked_agency import agency_of
from bot.db import Database
from bot.settings import Settings
from bot.terminal import complain
from knowledge.dates import BUDDHIST_ERA

BY = "system"
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_THAI_YEARS = 2400
"""A year from here on is of the Buddhist era."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula: https://owasp.org/www-community/attacks/CSV_Injection"""
SECTIONS = {
    "kind": "kinds",
    "status": "states",
    "source": "sources",
    "class": "classes",
    "ending": "endings",
}
"""Columns whose words staff know by another name, and the section of texts that has it."""
HEADERS = {
    "number": "เลขเรื่อง",
    "kind": "ประเภท",
    "status": "สถานะ",
    "source": "ช่องทาง",
    "privacy": "การเปิดเผยชื่อ",
    "class": "ชั้นข้อมูล",
    "urgent": "ด่วน",
    "image": "กระทบภาพลักษณ์",
    "unit": "รหัสหน่วย",
    "unit_name": "หน่วยรับผิดชอบ",
    "item": "รหัสรายการ",
    "item_title": "รายการข้อมูล",
    "topic": "หัวข้อ",
    "entry": "รหัสคำตอบ",
    "url": "หน้าเว็บ",
    "opened_at": "รับเรื่อง",
    "first_reply_due": "กำหนดตอบครั้งแรก",
    "first_reply_at": "ตอบครั้งแรก",
    "due_at": "กำหนดเสร็จ",
    "closed_at": "ปิดเรื่อง",
    "what": "เรื่องที่แจ้ง",
    "right": "ที่ถูกต้องคือ",
    "ending_reason": "เหตุผล",
    "verdict_words": "ความเห็นผู้แจ้ง",
    "ending": "ผล",
    "handed_to": "ส่งต่อให้",
    "handed_number": "เลขเรื่องที่หน่วยงานนั้น",
    "joined_to": "รวมกับเรื่อง",
    "reopened": "เปิดใหม่กี่ครั้ง",
    "verdict": "ผู้แจ้งบอกว่าแก้แล้ว",
    "stars": "ดาว",
    "followers": "ผู้ติดตาม",
    "name": "ชื่อ",
    "phone": "โทรศัพท์",
    "email": "อีเมล",
    "address": "ที่อยู่",
    "latitude": "ละติจูด",
    "longitude": "ลองจิจูด",
}


def add_to(sub: Any) -> None:
    """Add `export` and what it can do to the command line."""
    root: ArgumentParser = sub.add_parser("export", help="data to take elsewhere / ส่งออกข้อมูล")
    kinds = root.add_subparsers(dest="what", required=True, metavar="WHAT")
    tickets = kinds.add_parser("tickets", help="all tickets of an agency / เรื่องทั้งหมด")
    tickets.add_argument("--agency", required=True, metavar="SLUG", help="the agency's slug")
    tickets.add_argument("--format", required=True, choices=["json", "csv"])
    tickets.add_argument("--since", type=_day, metavar="DATE", help="came on this day or later")
    tickets.add_argument("--until", type=_day, metavar="DATE", help="came on this day or before")
    tickets.add_argument(
        "--with-persons",
        action="store_true",
        help="also who brought them, where the name is not hidden / รวมชื่อและที่ติดต่อ",
    )


def _day(text: str) -> date:
    """`2026-11-21` or `2569-11-21`."""
    found = _DAY.fullmatch(text.strip())
    try:
        year, month, day = map(int, found.groups() if found else ())
        return date(year - BUDDHIST_ERA if year >= _THAI_YEARS else year, month, day)
    except ValueError:
        raise ArgumentTypeError(f"{text}: 2026-11-21, 2569-11-21") from None


async def run(settings: Settings, asked: Namespace) -> int:
    """Write what is asked for; returns the exit code."""
    logs.set_up("ERROR")
    if asked.since and asked.until and asked.since > asked.until:
        complain("--since ต้องไม่หลัง --until", "--since must not be after --until")
        return 2
    agency = agency_of(settings, asked.agency)
    if agency is None:
        return 1
    wanted = Wanted(asked.since, asked.until, asked.with_persons)
    database = Database(settings.database)
    try:
        await migration.upgrade(database)
        async with database.session() as session:
            await exports.note(session, agency, wanted, by=BY, now=clock.now())
        rows = exports.rows(database, agency, wanted)
        write = _json if asked.format == "json" else _csv
        count = await write(sys.stdout.buffer, rows, exports.columns(wanted))
    finally:
        await database.close()
    complain(f"ส่งออก {count:,} เรื่อง", f"{count:,} tickets")
    return 0


Rows = AsyncIterator[Mapping[str, Any]]


async def _json(out: BinaryIO, rows: Rows, _columns: Sequence[str]) -> int:
    """One array, a row on each line."""
    count = 0
    async for row in rows:
        out.write(b",\n" if count else b"[\n")
        out.write(orjson.dumps(row))
        count += 1
    out.write(b"\n]\n" if count else b"[]\n")
    out.flush()
    return count


async def _csv(out: BinaryIO, rows: Rows, columns: Sequence[str]) -> int:
    """As Excel in Thailand opens it: UTF-8 with its mark, Thai headings."""
    out.write(_line([header(name) for name in columns], encoding="utf-8-sig"))
    count = 0
    async for row in rows:
        out.write(_line([cell(name, row[name]) for name in columns]))
        count += 1
    out.flush()
    return count


def _line(cells: Sequence[object], encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue().encode(encoding)


def header(name: str) -> str:
    """A column's heading; moments stand there twice."""
    if name.endswith("_be"):
        return f"{HEADERS[name.removesuffix('_be')]} (พ.ศ.)"
    return HEADERS[name]


def cell(name: str, value: object) -> object:
    """A value as staff read it, and as no spreadsheet runs it."""
    if isinstance(value, bool):
        return "ใช่" if value else ""
    if not isinstance(value, str):
        return value
    if section := SECTIONS.get(name):
        return WORDING.say(f"{section}.{value}", "th")
    is_formula = value.startswith(FORMULA) or value.lstrip().startswith(FORMULA)
    return f"'{value}" if is_formula else value
