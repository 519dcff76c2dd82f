"""Thai as citizens type it, made into Thai as it is written: one normal form for matching."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from knowledge.keyboard import repair_keyboard
from knowledge.remembering import remembered
from knowledge.words import (
    CODE,
    FORMS,
    MARKS,
    TONES,
    Word,
    abbreviations,
    segment,
    spellings,
)

__all__ = [
    "clean",
    "is_mostly_latin",
    "joined",
    "normalise",
    "repair_keyboard",
    "segment",
    "sound",
]

LONGEST: Final = 2000  # letters of a message that are looked at
DIGITS: Final = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
SOUNDS: Final = str.maketrans(
    "ณญรลฬฤศษสซจชฌฉดตฎฏถทธฐฑฒพภผฟฝบปคขฆฃฅกหฮใัะ",
    "นนนนนนดดดดดดดดดดดดดดดดดดบบบบบบบกกกกกกหหไาา",
    "\u0e47\u0e4e\u0e3aฯๆ" + TONES,
)
KEPT: Final = frozenset(".-/%#@:+&'")
PASSES: Final = 6

TONE_FIRST: Final = re.compile(f"([{TONES}])([\u0e31\u0e34-\u0e3a])")
TWICE: Final = re.compile(f"([{MARKS}ะาำเ-ไๅ])\\1+")
TWO_TONES: Final = re.compile(f"([{TONES}])[{TONES}]+")
STRETCHED: Final = re.compile(
    r"(?<!แ)(?<!ระ)(?!(?<![^\W\d_])(?:ททท|สสส|www)(?![^\W\d_]))([^\W\d_])\1{2,}"
    r"|(?:(?<=แ)|(?<=ระ))(?!บบบ(?=[ก-๎])(?!บบบบ))([^\W\d_])\2{2,}"
)
"""Three alike, but not where a word ends in two of them (`แบบบ้าน`, `ระบบบัญชี`) or is a name."""
LAUGHTER: Final = re.compile(r"(?<![\d.,/-])5{3,}\+*(?![\d.,/-])(?! ?(?:บาท|คน|หมู่|แห่ง|หลัง))")
LOST_SARA_AM: Final = re.compile(f"\u0e4d([{TONES}]?)\u0e32")
LATE_SARA_AM: Final = re.compile(f"\u0e33([{TONES}])")
SECTION: Final = re.compile(r"มาตรา ?(?=\d)")
SPLIT_CODE: Final = re.compile(r"(?<![ก-๙])((?:[ก-ฮ]{1,5}\.)+) (?=\d)")
HASTY_CODE: Final = re.compile(rf"(?<![ก-๙])({FORMS}) (?=\d)")
UNITS: Final = {
    "หนึ่ง": 1, "เอ็ด": 1, "สอง": 2, "ยี่": 2, "สาม": 3, "สี่": 4, "ห้า": 5, "หก": 6, "เจ็ด": 7, "แปด": 8,
    "เก้า": 9,
}  # fmt: skip
ONE: Final = "|".join(UNITS)
SPOKEN_CODE: Final = re.compile(
    rf"(?<![ก-๙])({FORMS}|มาตรา)\.? ?(?:({ONE})?(สิบ)({ONE})?|({ONE}))(?![ก-๙])"
)
SPOKEN_SLASH: Final = re.compile(r"(?<=\d) ?ทับ ?(?=\d)")
SILENT: Final = re.compile(r"[ก-ฮ][ิุ]?\u0e4c")


def clean(text: str) -> str:
    """Text with every letter in its one form and order: no invisible marks, no stretching."""
    text = text[:LONGEST].translate(DIGITS).replace("เเ", "แ")
    text = unicodedata.normalize("NFKC", "".join(filter(_is_visible, text)))
    text = unicodedata.normalize("NFKC", text.lower()).translate(DIGITS)
    text = LATE_SARA_AM.sub("\\1\u0e33", LOST_SARA_AM.sub("\\1\u0e33", text))
    text = TWO_TONES.sub(r"\1", TONE_FIRST.sub(r"\2\1", text))
    text = "".join(char if _is_kept(char) else " " for char in text)
    text = LAUGHTER.sub(" ", text.replace("ฯลฯ", " ").replace("ฯ", "").replace("ๆ", " "))
    text = TWICE.sub(r"\1", STRETCHED.sub(r"\1\2", text)).replace("เเ", "แ")
    text = SPOKEN_SLASH.sub("/", SPOKEN_CODE.sub(_in_digits, text))
    text = " ".join(SECTION.sub(" ม.", text).split()).strip(" -/:+'&")
    return HASTY_CODE.sub(r"\1.", SPLIT_CODE.sub(r"\1", text))


def _in_digits(found: re.Match[str]) -> str:
    """`ภงด เก้าสิบเอ็ด` as `ภงด 91`."""
    letters, tens, ten, rest, alone = found.groups()
    number = UNITS.get(tens or "", 1) * 10 + UNITS.get(rest or "", 0) if ten else UNITS[alone]
    return f"{letters} {number}"


def normalise(text: str) -> str:
    """The text as it would properly be written; doing it twice changes nothing."""
    return normalised(text[:LONGEST])


@remembered(16384, read=str)
def normalised(text: str) -> str:
    """The same of a text of at most LONGEST letters."""
    plain = _settle_cleaning(text)
    if (meant := repair_keyboard(plain_for_keyboard(text))) is not None:
        plain = _settle_cleaning(meant)
    current = plain
    for _ in range(PASSES):
        following = _rewrite(current)
        if following == current:
            is_odd = current != text and repair_keyboard(current) is not None
            return normalised(current) if is_odd else current  # seen by pieces, it was mistyped
        current = following
    return plain


def plain_for_keyboard(text: str) -> str:
    """The text without invisible marks, its capitals and signs kept, as the keys were pressed."""
    return " ".join("".join(filter(_is_visible, text[:LONGEST])).split())


def expand(text: str, extra: Mapping[str, str]) -> str:
    """Normalised text with an agency's own abbreviations written out."""
    for short, full in extra.items():
        text = re.sub(rf"(?<![ก-๙a-z]){re.escape(short.lower())}(?![ก-๙a-z])", full, text)
    return text


def sound(text: str) -> str:
    """A coarse key of how the text sounds: letters that are confused in spelling are one."""
    return SILENT.sub("", text).translate(SOUNDS).replace(" ", "")


def is_mostly_latin(text: str) -> bool:
    """Whether more of the text's letters are Latin than Thai."""
    latin = sum("a" <= char <= "z" for char in text.lower())
    return latin > sum("ก" <= char <= "๎" for char in text)


def _settle_cleaning(text: str) -> str:
    for _ in range(PASSES):
        following = clean(text)
        if following == text:
            break
        text = following
    return text


@cache
def _is_visible(char: str) -> bool:
    return char in "\n\t " or unicodedata.category(char) not in {"Cf", "Cc", "Cs", "Co", "Cn"}


@cache
def _is_kept(char: str) -> bool:
    return char in KEPT or unicodedata.category(char)[0] in "LMN"


def _rewrite(text: str) -> str:
    """One pass over the words of a clean text: spelling, abbreviations and particles."""
    written = " ".join(filter(None, (joined(_rewritten(part)) for part in text.split())))
    return text if written == text else _settle_cleaning(written) or text


def _rewritten(part: str) -> list[Word]:
    table, short = spellings(), abbreviations()
    cut = segment(part)
    written = [(short.get(word.text, table.get(word.text, word.text)), word.known) for word in cut]
    return [Word(text, known) for text, known in written if text]


def joined(words: Iterable[Word]) -> str:
    """Words put together again, with a blank where scripts meet."""
    parts: list[str] = []
    for word in words:
        if parts and _wants_blank(parts[-1], word.text):
            parts.append(" ")
        parts.append(word.text)
    return "".join(parts)


def _wants_blank(left: str, right: str) -> bool:
    if CODE.fullmatch(left) or CODE.fullmatch(right):
        return True
    return not (_is_thai(left[-1]) and _is_thai(right[0]))


def _is_thai(char: str) -> bool:
    return "ก" <= char <= "๎" or char == "."
