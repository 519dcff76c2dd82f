"""Number plates of Thai vehicles in a text."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from knowledge.personal import NEARBY
from knowledge.words import CORPUS, lines

_DIGITS: Final = r"[1-9๑-๙]\d{0,3}(?![\d/])(?!\.\d)"
_SURE: Final = re.compile(rf"(?<![\d./,-])[1-9๑-๙] ?[ก-ฮ]{{2}}[ -]?{_DIGITS}")
"""`1กก 1234`: nothing else is written so."""
_LETTERS: Final = re.compile(rf"(?<![ก-๙\d.])(?:[ก-ฮ]{{2,3}})[ -]?{_DIGITS}")
_LORRY: Final = re.compile(r"(?<![\d./,-])\d{2}-\d{4}(?![\d/-])")
_BARE: Final = re.compile(rf"(?<![\d./,-]){_DIGITS}")
_VEHICLE: Final = re.compile(r"ทะเบียนรถ|เลขทะเบียน|หมายเลขทะเบียน|ป้ายทะเบียน|ทะเบียน|plate", re.I)
_OF_OTHERS: Final = re.compile(
    r"(?:ลง|ขึ้น|จด|นาย|งาน|ฝ่าย|สำนัก|สำนักงาน)ทะเบียน|ทะเบียน(?:บ้าน|ราษฎร|สมรส|พาณิชย์|การค้า|นิติ|ผู้|เกษตร|ที่ดิน)"
)
_FILE: Final = re.compile(r"(?:ที่|หนังสือ|ด่วน(?:ที่สุด|มาก)?|ลับ)\s*$")
_MEASURED: Final = re.compile(
    r"\s{0,2}(?:บาท|฿|ราย|คน|ครัวเรือน|หลัง|แห่ง|ชิ้น|ถุง|ลิตร|ตัน|เมตร|วัน|เดือน|ปี|นาที|ชั่วโมง|"
    r"น\.|baht|%|[:.,/]\d)",
    re.IGNORECASE,
)
_YEAR: Final = re.compile(r"(?:19|20|24|25|26|๑๙|๒๐|๒๔|๒๕|๒๖)\d\d$")
_BEFORE_NUMBERS: Final = frozenset(" ".join(lines("before_numbers.txt")).split())


def plates(text: str) -> Iterator[tuple[int, int]]:
    """Where plates begin and end: `1กก 1234`, `กก 1234`, and bare numbers that are called so."""
    for one in _SURE.finditer(text):
        if not _MEASURED.match(text, one.end()):
            yield one.span()
    for one in _LETTERS.finditer(text):
        if _is_plate(text, one):
            yield one.span()
    for pattern in (_LORRY, _BARE):
        for one in pattern.finditer(text):
            if _is_of_province(text, one.end()) and _is_called(text, one.start()):
                yield one.span()


def _is_plate(text: str, one: re.Match[str]) -> bool:
    """Letters and digits that are called a plate, have a province, or look like nothing else."""
    if _is_called(text, one.start()):
        return True
    letters = "".join(char for char in one[0] if "ก" <= char <= "ฮ")
    digits = one[0][len(letters) :].strip(" -")
    if letters in _BEFORE_NUMBERS or _MEASURED.match(text, one.end()):
        return False
    if _is_of_province(text, one.end()):
        return True
    before = text[max(0, one.start() - NEARBY) : one.start()]
    is_long = len(letters) == 2 and len(digits) == 4  # noqa: PLR2004 - as most plates are
    return is_long and not _YEAR.match(digits) and not _FILE.search(before)


def _is_called(text: str, start: int) -> bool:
    before = _OF_OTHERS.sub(" ", text[max(0, start - NEARBY) : start])
    return bool(_VEHICLE.search(before))


def _is_of_province(text: str, end: int) -> bool:
    return bool(_province().match(text, end))


@cache
def _province() -> re.Pattern[str]:
    rows = (CORPUS / "thailand_provinces_th.csv").read_text("utf-8").splitlines()
    names = sorted({row.split(",")[0] for row in rows if row} | {"กรุงเทพ", "กทม"}, key=len)
    return re.compile(rf"[ \n]{{0,2}}(?:จังหวัด|จ\.)?\s?(?:{'|'.join(reversed(names))})")
