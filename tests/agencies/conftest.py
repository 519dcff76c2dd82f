"""A folder of agencies to spoil: a small agency that has no fault, and the real `_default`."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.settings import ROOT

REAL = ROOT / "knowledge" / "agencies"

PROFILE = """\
kind = "municipality"
languages = ["th", "en"]

[name]
th = "เทศบาลตำบลตัวอย่าง"
en = "Example Municipality"
short_th = "ทต.ตัวอย่าง"
short_en = "Example"

[contact]
unit = "clerk"
phones = ["02 000 0000"]

[head]
title_th = "นายกเทศมนตรี"
title_en = "Mayor"
source = "ท้ายประกาศ"

[[units]]
id = "clerk"
name_th = "สำนักปลัด"
name_en = "Office of the Clerk"
source = "๒"

[[roles]]
role = "reporter"
title_th = "ผู้รายงาน"
title_en = "Reporter"
unit = "clerk"
source = "๓"

[[approval]]
step = "prepare"
role = "reporter"
title_th = "จัดทำ"
title_en = "Prepare"
source = "๓"

[[reports]]
id = "monthly"
period = "month"
by_th = "สำนักปลัด"
to_th = "นายก"
by_en = "Clerk"
to_en = "Mayor"
source = "๕"

[document]
title_th = "ประกาศเทศบาลตำบลตัวอย่าง"
title_en = "Notice of Example Municipality"
seed = "none.txt"
"""
ANSWERS = """\
- id: dragon-boats
  category: งานประเพณี
  question:
    th: งานแข่งเรือพญานาคจัดวันไหน
    en: When is the dragon boat race?
  phrasings:
    - แข่งเรือวันไหน
    - เรือพญานาคแข่งเมื่อไร
    - งานเรือปีนี้
    - ไปดูแข่งเรือได้วันไหน
  answer:
    th: วันเพ็ญเดือนสิบสอง ที่ท่าน้ำหน้าวัด
    en: On the full moon of the twelfth month.
  unit: clerk
  source:
    title: ประกาศเทศบาลตำบลตัวอย่าง
    clause: ๑.๑
  updated: 2026-11-21
  review_by: 2027-05-21
- id: orchids
  category: สวน
  question:
    th: สวนกล้วยไม้เปิดให้ชมไหม
    en: Is the orchid garden open to visitors?
  phrasings:
    - ชมกล้วยไม้ได้ไหม
    - กล้วยไม้อยู่สวนไหน
    - อยากดูกล้วยไม้
    - เข้าสวนเสียเงินไหม
  answer:
    th: เปิดทุกวัน ไม่เสียค่าเข้า
    en: Open every day, free of charge.
  unit: clerk
  source:
    title: ประกาศเทศบาลตำบลตัวอย่าง
    clause: ๑.๒
  updated: 2026-11-21
  review_by: 2027-05-21
"""
CATALOGUE = """\
- id: structure
  clause: ๑.๓
  group: {th: ข้อมูลพื้นฐาน, en: General information}
  title: {th: โครงสร้างหน่วยงาน, en: Organisation structure}
  owner: clerk
  class: on-change
  review_months: 6
"""
TEXTS = """\
[welcome]
first = { th = "สวัสดีจาก {agency}", en = "Hello from {agency}" }
"""
FILES = {
    "profile.toml": PROFILE,
    "answers.yaml": ANSWERS,
    "catalogue.yaml": CATALOGUE,
    "texts.toml": TEXTS,
}

Add = Callable[[str], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An agencies folder with nothing in it but the real `_default`."""
    folder = tmp_path / "agencies"
    shutil.copytree(REAL / "_default", folder / "_default")
    return folder


@pytest.fixture
def add(folder: Path) -> Add:
    """Writes the folder of a small agency that has no fault."""

    def write(slug: str) -> Path:
        agency = folder / slug
        agency.mkdir(exist_ok=True)
        for name, text in FILES.items():
            (agency / name).write_text(text, encoding="utf-8")
        return agency

    return write
