"""Personal numbers in a citizen's words, taken out before the words are kept."""

import re
from collections.abc import Iterator
from typing import Final

from knowledge.personal import (
    BANK_GROUPS,
    CALLED_ACCOUNT,
    CALLED_IDENTITY,
    EMAIL,
    GAP,
    LINE_LOOSE,
    LINE_NAMED,
    NINE_TO_SIXTEEN,
    TELEPHONE,
    TELEPHONE_ABROAD,
    THIRTEEN,
    Rule,
    always,
    numbers,
    proves_itself,
)

_IDENTITY: Final = "[เลขบัตรประชาชน]"
_TELEPHONE: Final = "[เบอร์โทร]"
_ACCOUNT: Final = "[เลขบัญชี]"
_EMAIL: Final = "[อีเมล]"
_LINE: Final = "[ไลน์]"


def _is_identity(number: str, before: str) -> bool:
    """Thirteen digits in any grouping: where they are called so, or dashed and self-proving."""
    return bool(CALLED_IDENTITY.search(before)) or (" " not in number and proves_itself(number))


def _is_account(number: str, before: str) -> bool:
    return bool(CALLED_ACCOUNT.search(before))


_RULES: Final[tuple[Rule[str], ...]] = (
    (re.compile(r"\d{13}(?!\d)"), _IDENTITY, always),
    (
        re.compile(rf"\d[ .-]{GAP}\d{{4}}{GAP}\d{{5}}{GAP}\d\d{GAP}\d(?!\d)"),
        _IDENTITY,
        always,
    ),
    (re.compile(r"\d([ .-]{1,3})\d(?:\1\d){11,14}(?!\d)"), _IDENTITY, always),
    (THIRTEEN, _IDENTITY, _is_identity),
    (NINE_TO_SIXTEEN, _ACCOUNT, _is_account),
    (TELEPHONE, _TELEPHONE, always),
    *((pattern, _TELEPHONE, always) for pattern in TELEPHONE_ABROAD),
    (re.compile(r"(?:66|๖๖)[1-9๑-๙]\d{7,8}(?!\d)"), _TELEPHONE, always),
    *((pattern, _ACCOUNT, always) for pattern in BANK_GROUPS),
    (re.compile(r"\d{10,}"), _ACCOUNT, always),
)
"""Tried in this order where a number begins; what may be somebody's number is taken for one."""


def mask(text: str) -> str:
    """The text without identity, telephone and account numbers, e-mail addresses and LINE ids.

    Hotlines, years, prices, dates, house numbers and codes of forms stay as they are.
    """
    text = EMAIL.sub(_EMAIL, text)
    text = LINE_NAMED.sub(rf"\1\2{_LINE}", text)
    text = LINE_LOOSE.sub(rf"\1{_LINE}", text)
    return "".join(_without_numbers(text))


def _without_numbers(text: str) -> Iterator[str]:
    done = 0
    for start, end, label in numbers(text, _RULES):
        yield text[done:start]
        yield label
        done = end
    yield text[done:]
