"""How people write the numbers and names that lead to one person."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from knowledge.thai import DIGITS

_FOLD: Final = DIGITS | {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: 0x20}
GAP: Final = r"[\s.()\u2010-\u2015\u2212\u200b-\u200d\u2060\ufeff-]{0,3}"
"""What people put between the digits of one number; never a comma or a slash."""
NEARBY: Final = 40
"""How many letters before a number may say what it is."""

_MAILBOX: Final = r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+"
_DOMAIN: Final = r"[A-Za-z0-9-]+(?:\s?(?:\.|[(\[]\s?(?:dot|จุด|ดอท)\s?[)\]])\s?[A-Za-z0-9-]+)+"
EMAILS: Final = (
    re.compile(rf"{_MAILBOX}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
    re.compile(rf"{_MAILBOX} ?@ (?:[A-Za-z0-9-]+\.)+[A-Za-z]{{2,}}"),
    re.compile(
        rf"{_MAILBOX}\s?[(\[]\s?(?:at|แอท|แอด)\s?[)\]]\s?{_DOMAIN}",
        re.IGNORECASE,
    ),
    re.compile(rf"(?:{_MAILBOX}|(?<![ก-๛])[ก-๛]+)@[A-Za-z0-9ก-๛-]+(?:\.[A-Za-z0-9ก-๛-]+)*?\.ไทย"),
)
"""As they are written, with blanks, as they are spelled out, and with a Thai domain."""
_PASSPORT: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Za-z]{1,3}[ -]?\d{5,9}|\d{8,9})(?![A-Za-z0-9])"
)
_CALLED_PASSPORT: Final = re.compile(r"หนังสือเดินทาง|พาสปอร์ต|passport", re.IGNORECASE)
LINE_NAMED: Final = re.compile(
    r"((?:(?<![a-z])line|ไลน์?)[\s.\-]*(?:id(?![a-z])|ไอดี)|(?<![a-z])id[\s.\-]*line(?![a-z])|ไอดี\s*ไลน์?)"
    r"((?:\s*(?:ของ)?(?:ผม|หนู|ฉัน|ครับ|ค่ะ|คะ))?(?:\s*(?:[:=]|คือ|ชื่อ|(?<![a-z])is(?![a-z])))?\s*)"
    r"(?!(?:is|of|for|or|and|the|please|official|account|number|to|in|at|on|do|you)(?![a-z0-9]))"
    r"(@?[a-z0-9][a-z0-9._-]{1,29})",
    re.IGNORECASE,
)
LINE_LOOSE: Final = re.compile(
    r"((?:(?<![a-z])line|ไลน์?)\s*(?::|=|คือ)?\s*)"
    r"(@[a-z0-9][a-z0-9._-]{1,29}|(?=[a-z._-]*[0-9_])(?=[0-9._-]*[a-z])[a-z0-9][a-z0-9._-]{3,29})",
    re.IGNORECASE,
)
"""Both end in the group that is the name itself."""

_IS_MONEY: Final = re.compile(
    r"[1-9]\d{0,11}(?:\.\d+)?(?=\s*(?:บาท|฿|baht(?![a-z])|thb(?![a-z])))", re.I
)
HARMLESS: Final = (
    re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)"),  # 1,250,000.50
    _IS_MONEY,
    re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:19|20|24|25|26)\d\d(?!\d)"),  # a date
    re.compile(r"(?!0\d{8,9}\.)\d+\.\d{1,2}(?![.\d])"),  # an amount, a time of day
)
CALLED_IDENTITY: Final = re.compile(r"บัตร|ปชช|เลขประจำตัว|citizen|\bid\b", re.IGNORECASE)
CALLED_ACCOUNT: Final = re.compile(
    r"เลข(?:ที่)?\s*บัญชี|เลข\s*บช|พร้อมเพย์|prompt\s*pay|account (?:no|number)", re.IGNORECASE
)
THIRTEEN: Final = (
    re.compile(rf"\d(?:{GAP}\d){{12}}(?!\d)"),
    re.compile(r"\d([/_,])\d{4}\1\d{5}\1\d\d\1\d(?!\d)"),
)
NINE_TO_SIXTEEN: Final = re.compile(rf"\d(?:{GAP}\d){{8,15}}(?!\d)")
TELEPHONE: Final = re.compile(rf"0(?:{GAP}\d){{8,9}}(?!\d)")
THAI_TELEPHONE: Final = re.compile(
    rf"0(?:{GAP}[2-57](?:{GAP}\d){{7}}|{GAP}[689](?:{GAP}\d){{8}})(?!\d)"
)
TELEPHONE_SLASHED: Final = re.compile(
    r"(?<![/_])(?<!\d:)0(?=(?:[/_]?\d){8,9}(?![/_]?\d))[2-9]\d?[/_]\d{3,4}[/_]?\d{3,4}"
)
"""`081/234/5678`: not the number of a house or of a letter."""
TELEPHONE_ABROAD: Final = (
    re.compile(rf"\+66{GAP}0?{GAP}[1-9](?:{GAP}\d){{7,8}}(?!\d)"),
    re.compile(rf"\+\d(?:{GAP}\d){{7,14}}(?!\d)"),
    re.compile(rf"66{GAP}0?{GAP}[689]\d{GAP}\d{{3}}{GAP}\d{{4}}(?!\d)"),
    re.compile(r"66[ -](?:2|[3-57]\d)[ -]\d{3}[ -]?\d{3,4}(?!\d)"),
)
BANK_GROUPS: Final = (
    re.compile(r"\d{3}[ -]\d[ -]\d{5}[ -]\d(?!\d)"),
    re.compile(r"\d{4}-\d{4}-\d{4}(?:-\d{4})?(?!\d)"),
)

L = TypeVar("L")
Rule = tuple[re.Pattern[str], L, Callable[[str, str], bool]]
"""How a number looks, what it then is, and whether it is so, by itself and the words before it."""
_DIGITS: Final = re.compile(r"\+?\d+")
_BEGIN: Final = re.compile(r"\+?(?<!\d)\d")


def folded(text: str) -> str:
    """The text, letter by letter, with Thai and full-width digits and signs as in ASCII."""
    return text.translate(_FOLD)


def passports(text: str) -> Iterator[tuple[int, int]]:
    """Where numbers stand that are called those of passports."""
    plain = folded(text)
    for one in _PASSPORT.finditer(plain):
        if _CALLED_PASSPORT.search(plain, max(0, one.start() - NEARBY), one.start()):
            yield one.span()


def always(number: str, before: str) -> bool:
    """For a number whose look is enough."""
    return True


def proves_itself(number: str) -> bool:
    """Whether the last of thirteen digits is the check digit of a Thai identity number."""
    digits = [int(char) for char in number if char.isdigit()]
    total = sum(digit * (13 - place) for place, digit in enumerate(digits[:12]))
    return (11 - total % 11) % 10 == digits[12]


def numbers(
    text: str, rules: Sequence[Rule[L]], harmless: Sequence[re.Pattern[str]] = HARMLESS
) -> Iterator[tuple[int, int, L]]:
    """Where each personal number begins and ends, and what it is; rules are tried in their order.

    What looks harmless is passed over, unless it is called an identity number.
    """
    text, done = folded(text), 0
    while begun := _BEGIN.search(text, done):
        start = begun.start()
        end, label = _number(text, start, rules, harmless)
        if label is not None:
            yield start, end, label
        done = end


def _number(
    text: str, start: int, rules: Sequence[Rule[L]], harmless: Sequence[re.Pattern[str]]
) -> tuple[int, L | None]:
    before = text[max(0, start - NEARBY) : start]
    called = CALLED_IDENTITY.search(before)
    for pattern in () if called else harmless:
        if kept := pattern.match(text, start):
            return kept.end(), None
    for pattern, label, applies in rules:
        if (found := pattern.match(text, start)) and applies(found[0], before):
            return found.end(), label
    plain = _DIGITS.match(text, start)
    return (plain.end() if plain else start + 1), None
