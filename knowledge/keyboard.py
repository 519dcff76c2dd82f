"""Text typed with the keyboard set to the wrong language, and what was meant."""

import re
from functools import lru_cache
from typing import Final

from knowledge.words import coverage, english_words

# Kedmanee (TIS 820-2538) against US QWERTY, row by row, plain and then shifted.
LATIN: Final = (
    "1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:\"ZXCVBNM<>?"
)
THAI: Final = 'ๅ/-ภถุึคตจขชๆไำพะัีรนยบลฃฟหกดเ้่าสวงผปแอิืทมใฝ+๑๒๓๔ู฿๕๖๗๘๙๐"ฎฑธํ๊ณฯญฐ,ฅฤฆฏโฌ็๋ษศซ.()ฉฮฺ์?ฒฬฦ'
TO_THAI: Final = str.maketrans(LATIN, THAI)
TO_LATIN: Final = str.maketrans(THAI, LATIN)
MALFORMED: Final = re.compile(
    r"(?:^|[\sก-ฮ][เ-ไ]|[ะ])[ัิ-ฺ็-๎]|[เ-ไ][^ก-ฮ]|[เ-ไ]$|^[ะาำ]|[ัิ-ฺ]{2}|[่-๋]{2}|[ะาำ][ัิ-ฺ่-๋]"
)
ENOUGH: Final = 0.8
SHORTEST: Final = 3
SURE_OF_THAI: Final = 0.9


@lru_cache(maxsize=2048)
def repair_keyboard(text: str) -> str | None:
    """What was meant by a text typed on the wrong layout, or None where it is as it should be."""
    if re.search(r"[ก-๙]", text):
        return _as_latin(text)
    return _as_thai(text)


def _as_thai(text: str) -> str | None:
    words = text.split()
    if len(text) < SHORTEST or not re.search(r"[^\W\d_]|[;'\[\]]", text):
        return None
    meant = [word if _is_english(word) else word.translate(TO_THAI) for word in words]
    thai = [new for new, old in zip(meant, words, strict=True) if new != old]
    if not thai or len(thai) < len(words) / 3 or any(MALFORMED.search(word) for word in thai):
        return None  # a number or a name among English words is no Thai
    letters = "".join(thai)
    enough = max(SHORTEST - (len(thai) < len(words)), ENOUGH * len(letters))
    if sum("ก" <= char <= "๎" for char in letters) < enough:
        return None
    found = " ".join(meant)
    return found if coverage(letters) >= ENOUGH and _as_latin(found) is None else None


def _as_latin(text: str) -> str | None:
    """English typed with the Thai layout: it makes English words, and it makes no Thai ones."""
    meant = text.translate(TO_LATIN)
    words = re.findall(r"[A-Za-z]+", meant)
    known = sum(len(word) for word in words if word.lower() in english_words())
    letters = sum(not char.isspace() for char in meant)
    if known <= SHORTEST or known < ENOUGH * letters:
        return None
    return meant if MALFORMED.search(text) or coverage(text) < SURE_OF_THAI else None


def _is_english(word: str) -> bool:
    letters = word.strip(".,?!()\"':;").lower()
    if not letters or letters.isdigit() or letters in english_words():
        return True
    return all(part in english_words() for part in re.split(r"[-/'.]", letters))
