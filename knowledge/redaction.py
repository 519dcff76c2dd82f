"""What must be cleared before words go out to everybody (A4): what leads to one person."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from knowledge.personal import (
    BANK_GROUPS,
    CALLED_IDENTITY,
    EMAILS,
    HARMLESS,
    LINE_LOOSE,
    LINE_NAMED,
    NINE_TO_SIXTEEN,
    TELEPHONE,
    TELEPHONE_ABROAD,
    TELEPHONE_SLASHED,
    THAI_TELEPHONE,
    THIRTEEN,
    Rule,
    always,
    folded,
    numbers,
    passports,
    proves_itself,
)
from knowledge.plates import plates

REDACTED: Final = "▮▮▮"


class Personal(StrEnum):
    """What leads to one person."""

    IDENTITY = "identity"
    TELEPHONE = "telephone"
    ACCOUNT = "account"
    EMAIL = "email"
    PASSPORT = "passport"
    PLATE = "plate"
    LINE_ID = "line_id"


@dataclass(frozen=True, slots=True)
class Finding:
    """One place in a text, counted in characters, that somebody has to clear or redact."""

    kind: Personal
    start: int
    end: int
    words: str


_NAMES: Final = re.compile(
    r"(?P<tax>ผู้เสียภาษี|นิติบุคคล|ทะเบียนการค้า|\btax\b)"
    r"|(?P<file>เลขที่(?:โครงการ|หนังสือ|คำสั่ง|สัญญา)|e-?gp)"
    r"|(?P<telephone>โทร|มือถือ|เบอร์|แฟกซ์|\btel\b|phone|mobile|fax|call)"
    r"|(?P<account>บัญชี|บช\.|ธนาคาร|ธ\.ก\.ส|พร้อมเพย์|prompt\s*pay|account|\bbank\b)"
    rf"|(?P<identity>{CALLED_IDENTITY.pattern})",
    re.IGNORECASE,
)
_EXTENSION: Final = re.compile(
    r"(?:-\d{1,2}(?!\d))?(?:\s{0,3}(?:ต่อ|ext\.?|#|x)\s{0,3}\d{1,5}(?!\d))?", re.IGNORECASE
)
"""`02-141-7000-9 ต่อ 12`: to the last of a row of numbers, and on inside the house."""
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)[\w\-.~:/?#\[\]@!$&'()*+,;=%]+", re.I | re.ASCII)
_EVEN_THERE: Final = frozenset({Personal.IDENTITY, Personal.TELEPHONE, Personal.EMAIL})
"""What leads to one person also where it is part of an address of the web."""
_PLACE: Final = re.compile(
    r"[1-9]\d?\.\d{3,}\s?°?\s?[NEน]?[,\s]{1,3}(?:9[6-9]|10[0-6])\.\d{3,}\s?°?"
)
"""A latitude and a longitude of Thailand."""
_DATE: Final = re.compile(r"(?:19|20|24|25|26)\d\d-\d\d-\d\d(?:[T ]\d\d[:.]\d\d)?")
_YEAR: Final = re.compile(r"(?:19|20|24|25|26)\d\d")


def _called(before: str) -> str | None:
    """What a number is called by the word nearest before it."""
    names = [name.lastgroup for name in _NAMES.finditer(before)]
    return names[-1] if names else None


def _is_identity(number: str, before: str) -> bool:
    """Thirteen digits that are called so or prove themselves; not those of a company."""
    match _called(before):
        case "identity":
            return True
        case "tax":
            return not number.startswith("0") and proves_itself(number)
        case _:
            return proves_itself(number) and not _is_row(number)


def _is_row(number: str) -> bool:
    """`2567 2568 2569 2`: years that stand in a row."""
    groups = re.findall(r"\d+", number)
    return len(groups) > 1 and bool(_YEAR.fullmatch(groups[0]))


def _is_account(number: str, before: str) -> bool:
    return _called(before) == "account"


def _is_telephone(number: str, before: str) -> bool:
    return _called(before) == "telephone"


_RULES: Final[tuple[Rule[Personal], ...]] = (
    *((pattern, Personal.IDENTITY, _is_identity) for pattern in THIRTEEN),
    (NINE_TO_SIXTEEN, Personal.ACCOUNT, _is_account),
    *((pattern, Personal.ACCOUNT, always) for pattern in BANK_GROUPS),
    (re.compile(r"\d{3}[ -]\d[ -]\d{6,7}[ -]\d(?!\d)"), Personal.ACCOUNT, always),
    (re.compile(r"\d{3}[ -]\d{6}[ -]\d(?!\d)"), Personal.ACCOUNT, always),
    (THAI_TELEPHONE, Personal.TELEPHONE, always),
    (TELEPHONE_SLASHED, Personal.TELEPHONE, always),
    (TELEPHONE, Personal.TELEPHONE, _is_telephone),
    *((pattern, Personal.TELEPHONE, always) for pattern in TELEPHONE_ABROAD),
)
_HARMLESS: Final = (_PLACE, _DATE, *HARMLESS)


def found(text: str, own: Collection[str] = ()) -> Sequence[Finding]:
    """What has to be cleared, in the order of the text, never two for one place.

    `own` are telephone numbers and addresses that the agency publishes itself: no findings.
    """
    addresses = [one.span() for one in _ADDRESS.finditer(text)]
    published = {_plain(known) for one in own for known in (one, *(f.words for f in found(one)))}
    taken: list[Finding] = []
    for one in _all(text):
        is_hidden = one.kind not in _EVEN_THERE and _is_within(one, addresses)
        if _plain(one.words) in published or is_hidden:
            continue
        if all(one.end <= other.start or other.end <= one.start for other in taken):
            taken.append(one)
    return sorted(taken, key=lambda one: one.start)


def redacted(text: str, finding: Finding) -> str:
    """The text without what was found."""
    return text[: finding.start] + REDACTED + text[finding.end :]


def _all(text: str) -> Iterator[Finding]:
    """Everything that looks so; of two for one place the earlier kind is the surer one."""
    for mail in (one for pattern in EMAILS for one in pattern.finditer(folded(text))):
        yield _finding(Personal.EMAIL, text, *mail.span())
    for pattern in (LINE_NAMED, LINE_LOOSE):
        for name in pattern.finditer(text):
            yield _finding(Personal.LINE_ID, text, *name.span(pattern.groups))
    for place in passports(text):
        yield _finding(Personal.PASSPORT, text, *place)
    for start, end, kind in numbers(text, _RULES, _HARMLESS):
        yield _finding(kind, text, start, _with_extension(kind, text, end))
    for start, end in plates(text):
        yield _finding(Personal.PLATE, text, start, end)


def _with_extension(kind: Personal, text: str, end: int) -> int:
    more = _EXTENSION.match(text, end)
    return more.end() if more and kind is Personal.TELEPHONE else end


def _finding(kind: Personal, text: str, start: int, end: int) -> Finding:
    return Finding(kind, start, end, text[start:end])


def _is_within(one: Finding, addresses: Sequence[tuple[int, int]]) -> bool:
    return any(start <= one.start < end for start, end in addresses)


def _plain(words: str) -> str:
    """For comparing: a telephone number by its digits without the extension, else the words."""
    for pattern in (THAI_TELEPHONE, *TELEPHONE_ABROAD):
        if number := pattern.match(folded(words)):
            digits = "".join(filter(str.isdigit, number[0]))
            return re.sub(r"^660?(?=\d{8,9}$)", "0", digits)
    return words.strip().casefold()
