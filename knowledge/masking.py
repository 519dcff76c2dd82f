"""Personal numbers in a citizen's words, taken out before the words are kept."""

import re
from collections.abc import Iterable
from typing import Final

from knowledge.personal import (
    BANK_GROUPS,
    CALLED_ACCOUNT,
    CALLED_IDENTITY,
    EMAILS,
    GAP,
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

_IDENTITY: Final = "[เลขบัตรประชาชน]"
_TELEPHONE: Final = "[เบอร์โทร]"
_ACCOUNT: Final = "[เลขบัญชี]"
_EMAIL: Final = "[อีเมล]"
_LINE: Final = "[ไลน์]"
_PASSPORT: Final = "[เลขหนังสือเดินทาง]"
_SPACED: Final = re.compile(r"(?!(?:19|2[0456])\d\d\s)[1-8]\d*\s((?:\d+\s)?\d{5,})")
"""Two or three groups, the first no year, the last neither that nor a hotline."""


def _is_identity(number: str, before: str) -> bool:
    """Thirteen digits in any grouping: where they are called so, or are one that proves itself."""
    return bool(CALLED_IDENTITY.search(before)) or (_is_one(number) and proves_itself(number))


def _is_one(number: str) -> bool:
    """Not `191 199 191 1111`, `2567 021234567`: numbers that stand beside each other."""
    if not any(map(str.isspace, number)):
        return True
    spaced = _SPACED.fullmatch(number)
    return spaced is not None and not THAI_TELEPHONE.fullmatch(spaced[1])


def _is_account(number: str, before: str) -> bool:
    return bool(CALLED_ACCOUNT.search(before))


_RULES: Final[tuple[Rule[str], ...]] = (
    (re.compile(r"\d{13}(?!\d)"), _IDENTITY, always),
    (
        re.compile(rf"\d(?!\d){GAP}\d{{4}}{GAP}\d{{5}}{GAP}\d\d{GAP}\d(?!\d)"),
        _IDENTITY,
        always,
    ),
    (re.compile(r"\d([ .-]{1,3})\d(?:\1\d){11,14}(?!\d)"), _IDENTITY, always),
    *((pattern, _IDENTITY, _is_identity) for pattern in THIRTEEN),
    (NINE_TO_SIXTEEN, _ACCOUNT, _is_account),
    (TELEPHONE, _TELEPHONE, always),
    (TELEPHONE_SLASHED, _TELEPHONE, always),
    *((pattern, _TELEPHONE, always) for pattern in TELEPHONE_ABROAD),
    (re.compile(r"66[1-9]\d{7,8}(?!\d)"), _TELEPHONE, always),
    *((pattern, _ACCOUNT, always) for pattern in BANK_GROUPS),
    (re.compile(r"\d{10,}"), _ACCOUNT, always),
)
"""Tried in this order where a number begins; what may be somebody's number is taken for one."""


def mask(text: str) -> str:
    """The text without identity, telephone, account and passport numbers, e-mail and LINE ids.

    Hotlines, years, prices, dates, house numbers and codes of forms stay as they are.
    """
    for pattern in EMAILS:
        text = _masked(text, ((*one.span(), _EMAIL) for one in pattern.finditer(folded(text))))
    text = LINE_NAMED.sub(rf"\1\2{_LINE}", text)
    text = LINE_LOOSE.sub(rf"\1{_LINE}", text)
    text = _masked(text, numbers(text, _RULES))
    return _masked(text, ((*one, _PASSPORT) for one in passports(text)))


def _masked(text: str, places: Iterable[tuple[int, int, str]]) -> str:
    done, kept = 0, []
    for start, end, label in places:
        kept += [text[done:start], label]
        done = end
    return "".join([*kept, text[done:]])
