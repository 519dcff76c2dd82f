"""Sheets as an office might send them: many rows that look real, of an agency that is nobody's.

`python -m tests.knowledge.made FILE ROWS` writes one.
"""

import random
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from openpyxl import Workbook

MATTERS = [
    ("ใบอนุญาตก่อสร้างอาคาร", "building permit"), ("ภาษีป้าย", "signboard tax"),
    ("ภาษีที่ดินและสิ่งปลูกสร้าง", "land and building tax"), ("ทะเบียนพาณิชย์", "commercial registration"),
    ("เบี้ยยังชีพผู้สูงอายุ", "old-age allowance"), ("เบี้ยความพิการ", "disability allowance"),
    ("เงินอุดหนุนเด็กแรกเกิด", "newborn child grant"), ("ใบอนุญาตขายอาหาร", "food selling licence"),
    ("การเก็บขยะ", "rubbish collection"), ("ท่อระบายน้ำอุดตัน", "blocked drain"),
    ("ไฟถนนดับ", "street light out"), ("วัคซีนพิษสุนัขบ้า", "rabies vaccination"),
    ("ศูนย์พัฒนาเด็กเล็ก", "child development centre"), ("การขุดดินถมดิน", "excavation and land filling"),
    ("การตัดต้นไม้สาธารณะ", "felling of public trees"), ("การพ่นหมอกควัน", "mosquito fogging"),
    ("น้ำประปาหมู่บ้าน", "village water supply"), ("ตลาดนัด", "weekly market"),
    ("การขอใช้เครื่องเสียง", "use of loudspeakers"), ("การรื้อถอนอาคาร", "demolition of a building"),
]  # fmt: skip
SIDES = [
    (
        "ต้องใช้เอกสารอะไร",
        "Which documents are needed for {}?",
        ("เตรียมอะไรไป", "ใช้บัตรอะไรบ้าง", "เอกสารมีไร"),
    ),
    ("ค่าธรรมเนียมเท่าไร", "What does {} cost?", ("เสียตังกี่บาท", "แพงไหม", "จ่ายเท่าไหร่")),
    ("ยื่นเรื่องที่ไหน", "Where do I apply for {}?", ("ไปแผนกไหน", "ทำที่ไหน", "อยู่ห้องไหน")),
    ("ใช้เวลากี่วัน", "How long does {} take?", ("นานไหม", "กี่วันเสร็จ", "รอนานปะ")),
    ("ติดต่อใคร", "Whom do I ask about {}?", ("โทรหาใคร", "คุยกับใครดี", "ใครดูแล")),
]
HEADING = [
    "รหัส", "หมวด", "คำถาม", "คำถาม (อังกฤษ)", "คำที่คนถาม", "คำที่คนถาม (อังกฤษ)",
    "คำตอบ", "คำตอบ (อังกฤษ)", "หน่วยงานเจ้าของ", "ที่มา", "ข้อ", "ลิงก์ที่มา",
    "ตรวจสอบเมื่อ", "ปรับปรุงเมื่อ", "ทบทวนภายใน", "หมายเหตุ",
]  # fmt: skip
REVIEWS = ("21/5/2570", "21 พ.ค. 2570", "2027-05-21")


def rows(number: int, *, units: Sequence[str] = ("สำนักปลัด", "works")) -> Iterator[list[Any]]:
    """So many rows without a fault, the same ones each time."""
    chance = random.Random(7)  # noqa: S311 - the same sheet each time
    for n in range(number):
        (thai, english), (asked, asked_en, short) = MATTERS[n % 20], SIDES[n // 20 % 5]
        place = f"หมู่ {n // 100 + 1}" if n >= 100 else "ในตำบล"
        place_en = f"in village {n // 100 + 1}" if n >= 100 else "here"
        said = [f"{thai} {place} {words}" for words in short]
        said.append(f"{chance.choice(['ขอถาม', 'สอบถาม', 'อยากรู้'])} {thai} {place} {asked}")
        yield [
            f"{english.split()[0]}-{n:05}", "บริการประชาชน", f"{thai} {place} {asked}",
            asked_en.format(f"{english} {place_en}"), "\n".join(said), f"{english} {place_en} {n}",
            f"เรื่อง{thai} {place} ถามได้ที่หน่วยงานเจ้าของเรื่อง\nในวันและเวลาทำการ",
            f"Ask the unit in charge about {english} {place_en}.",
            chance.choice(units), "คู่มือสำหรับประชาชน เทศบาลตำบลตัวอย่าง", f"หน้า {n % 90 + 1}", None,
            None, date(2024, 11, 21), chance.choice(REVIEWS), "",
        ]  # fmt: skip


def spoil(found: list[list[Any]]) -> dict[int, str]:
    """Spoil twelve rows of a sheet; by the row's number in it, a piece of the reason."""
    column = {name: n for n, name in enumerate(HEADING)}
    spoilt = {
        10: ("คำตอบ", None, "คำตอบ: ไม่ได้กรอก"),
        25: ("คำตอบ", "ยาว" * 401, "ยาวเกิน 1200 ตัวอักษร"),
        40: ("คำที่คนถาม", "แบบเดียว", "คำที่คนถาม: มีน้อยกว่า 4 แบบ"),
        55: ("หน่วยงานเจ้าของ", "กองดาวเทียม", "หน่วยงานเจ้าของ: ไม่มีหน่วยงานย่อยนี้"),
        70: ("ทบทวนภายใน", "31/2/2570", "ทบทวนภายใน: อ่านเป็นวันที่ไม่ได้"),
        85: ("ข้อ", None, "ข้อ: ต้องบอกข้อ มาตรา หรือหน้า"),
        100: ("ข้อ", date(2026, 3, 1), "ข้อ: โปรแกรมตารางเปลี่ยนเป็นวันที่"),
        115: ("ลิงก์ที่มา", "www.example.go.th", "ลิงก์ที่มา: ต้องขึ้นต้นด้วย http"),
        130: ("รหัส", "ขยะ 1", "รหัส: ใช้ได้เฉพาะ a-z 0-9 -"),
        145: ("รหัส", found[0][0], "รหัส: ซ้ำกับแถว 4"),
        160: ("คำที่คนถาม", found[0][4], f"อยู่ในข้อ {found[0][0]} แล้ว"),
        175: ("คำถาม", "ถาม\x9dอะไร", "คำถาม: มีอักขระควบคุม"),
    }
    for row, (name, value, _) in spoilt.items():
        found[row - 4][column[name]] = value
    return {row: reason for row, (_, _, reason) in spoilt.items()}


def book(file: Path, found: Sequence[Sequence[Any]]) -> Path:
    """A workbook with a title, a blank row, headings, and these rows from row 4 on."""
    made = Workbook()
    sheet = made.active
    sheet.append(["คลังคำถามคำตอบ เทศบาลตำบลตัวอย่าง ปีงบประมาณ 2570"])
    sheet.append([])
    sheet.append(HEADING)
    for row in found:
        sheet.append(
            [v.replace("\x02", "\x85\u200e\x9d") if isinstance(v, str) else v for v in row]
        )
    made.save(file)
    return file


if __name__ == "__main__":
    book(Path(sys.argv[1]), list(rows(int(sys.argv[2]), units=sys.argv[3:] or ("clerk",))))
