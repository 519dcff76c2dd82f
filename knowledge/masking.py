"""Personal numbers in a citizen's words, taken out before the words are kept."""

import re
from collections.abc import Callable, Iterator
from typing import Final

IDENTITY: Final = "[เลขบัตรประชาชน]"
TELEPHONE: Final = "[เบอร์โทร]"
ACCOUNT: Final = "[เลขบัญชี]"
EMAIL: Final = "[อีเมล]"
LINE: Final = "[ไลน์]"

_GAP: Final = r"[ \t\u00a0.()\u2010-\u2015\u2212\u200b-\u200d\u2060\ufeff-]{0,3}"
"""What people put between the digits of one number; never a comma or a slash."""
_ZERO: Final = "[0๐]"
_NEARBY: Final = 40
"""How many letters before a number may say what it is."""

_EMAIL: Final = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
)
_LINE_NAMED: Final = re.compile(
    r"((?:(?<![a-z])line|ไลน์?)[\s.\-]*(?:id(?![a-z])|ไอดี)|(?<![a-z])id[\s.\-]*line(?![a-z])|ไอดี\s*ไลน์?)"
    r"((?:\s*(?:ของ)?(?:ผม|หนู|ฉัน|ครับ|ค่ะ|คะ))?(?:\s*(?:[:=]|คือ|ชื่อ|(?<![a-z])is(?![a-z])))?\s*)"
    r"(?!(?:is|of|for|or|and|the|please|official|account|number|to|in|at|on|do|you)(?![a-z0-9]))"
    r"(@?[a-z0-9][a-z0-9._-]{1,29})",
    re.IGNORECASE,
)
_LINE_LOOSE: Final = re.compile(
    r"((?:(?<![a-z])line|ไลน์?)\s*(?::|=|คือ)?\s*)"
    r"(@[a-z0-9][a-z0-9._-]{1,29}|(?=[a-z._-]*[0-9_])(?=[0-9._-]*[a-z])[a-z0-9][a-z0-9._-]{3,29})",
    re.IGNORECASE,
)

_IS_MONEY: Final = re.compile(
    r"[1-9๑-๙]\d{0,11}(?:\.\d+)?(?=\s*(?:บาท|฿|baht(?![a-z])|thb(?![a-z])))", re.I
)
_KEPT: Final = (
    re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)"),  # 1,250,000.50
    _IS_MONEY,
    re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:19|20|24|25|26|๒๔|๒๕|๒๖)\d\d(?!\d)"),  # a date
    re.compile(r"\d+\.\d{1,2}(?![.\d])"),  # an amount, a time of day
)
_CALLED_IDENTITY: Final = re.compile(r"บัตร|ปชช|เลขประจำตัว|citizen|\bid\b", re.IGNORECASE)
_CALLED_ACCOUNT: Final = re.compile(
    r"เลข(?:ที่)?\s*บัญชี|เลข\s*บช|พร้อมเพย์|prompt\s*pay|account (?:no|number)", re.IGNORECASE
)
_THIRTEEN: Final = re.compile(rf"\d(?:{_GAP}\d){{12}}(?!\d)")
_NINE_TO_SIXTEEN: Final = re.compile(rf"\d(?:{_GAP}\d){{8,15}}(?!\d)")

Rule = tuple[re.Pattern[str], str, Callable[[str, str], bool]]


def _always(number: str, before: str) -> bool:
    return True


def _is_identity(number: str, before: str) -> bool:
    """Thirteen digits in any grouping: where they are called so, or dashed and self-proving."""
    return bool(_CALLED_IDENTITY.search(before)) or (" " not in number and _proves_itself(number))


def _is_account(number: str, before: str) -> bool:
    return bool(_CALLED_ACCOUNT.search(before))


def _proves_itself(number: str) -> bool:
    """Whether the last of thirteen digits is the check digit of a Thai identity number."""
    digits = [int(char) for char in number if char.isdigit()]
    total = sum(digit * (13 - place) for place, digit in enumerate(digits[:12]))
    return (11 - total % 11) % 10 == digits[12]


_RULES: Final[tuple[Rule, ...]] = (
    (re.compile(r"\d{13}(?!\d)"), IDENTITY, _always),
    (
        re.compile(rf"\d[ .-]{_GAP}\d{{4}}{_GAP}\d{{5}}{_GAP}\d\d{_GAP}\d(?!\d)"),
        IDENTITY,
        _always,
    ),
    (re.compile(r"\d([ .-]{1,3})\d(?:\1\d){11,14}(?!\d)"), IDENTITY, _always),
    (_THIRTEEN, IDENTITY, _is_identity),
    (_NINE_TO_SIXTEEN, ACCOUNT, _is_account),
    (re.compile(rf"{_ZERO}(?:{_GAP}\d){{8,9}}(?!\d)"), TELEPHONE, _always),
    (re.compile(rf"\+66{_GAP}0?{_GAP}[1-9](?:{_GAP}\d){{7,8}}(?!\d)"), TELEPHONE, _always),
    (re.compile(rf"\+\d(?:{_GAP}\d){{7,14}}(?!\d)"), TELEPHONE, _always),
    (re.compile(r"(?:66|๖๖)[1-9๑-๙]\d{7,8}(?!\d)"), TELEPHONE, _always),
    (re.compile(r"\d{3}[ -]\d[ -]\d{5}[ -]\d(?!\d)"), ACCOUNT, _always),
    (re.compile(r"\d{4}-\d{4}-\d{4}(?:-\d{4})?(?!\d)"), ACCOUNT, _always),
    (re.compile(r"\d{10,}"), ACCOUNT, _always),
)
"""Tried in this order where a number begins."""
_DIGITS: Final = re.compile(r"\+?\d+")
_BEGIN: Final = re.compile(r"\+?(?<!\d)\d")


def mask(text: str) -> str:
    """The text without identity, telephone and account numbers, e-mail addresses and LINE ids.

    Hotlines, years, prices, dates, house numbers and codes of forms stay as they are.
    """
    text = _EMAIL.sub(EMAIL, text)
    text = _LINE_NAMED.sub(rf"\1\2{LINE}", text)
    text = _LINE_LOOSE.sub(rf"\1{LINE}", text)
    return "".join(_without_numbers(text))


def _without_numbers(text: str) -> Iterator[str]:
    done = 0
    while found := _BEGIN.search(text, done):
        start = found.start()
        yield text[done:start]
        length, label = _number(text, start)
        yield label or text[start : start + length]
        done = start + length
    yield text[done:]


def _number(text: str, start: int) -> tuple[int, str | None]:
    """How far the number goes that begins here, and what to write in its place, if anything."""
    before = text[max(0, start - _NEARBY) : start]
    called = _CALLED_IDENTITY.search(before)
    for pattern in () if called else _KEPT:
        if kept := pattern.match(text, start):
            return kept.end() - start, None
    for pattern, label, applies in _RULES:
        if (found := pattern.match(text, start)) and applies(found[0], before):
            return found.end() - start, label
    plain = _DIGITS.match(text, start)
    return (plain.end() if plain else start + 1) - start, None
