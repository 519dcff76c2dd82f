"""What changed between two texts, word by word, as Thai is cut into words. Pure."""

import re
from difflib import SequenceMatcher
from enum import StrEnum

from msgspec import Struct

from knowledge.thai import segment
from knowledge.words import CLUSTER

LONGEST = 4_000
"""Letters of a text that are compared; more of it is shown as replaced."""
_PART = re.compile(r"\s|[ก-๙]+|[^\sก-๙]+")


class Change(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


class Piece(Struct, frozen=True):
    """A run of text with one fate."""

    change: Change
    text: str


def differences(before: str, after: str) -> list[Piece]:
    """Both texts in one: what stays, what goes, what comes, in the order of reading."""
    old, new = cut(before), cut(after)
    found: list[Piece] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            found.append(Piece(Change.SAME, "".join(old[i:j])))
            continue
        found.append(Piece(Change.GONE, "".join(old[i:j])))
        found.append(Piece(Change.NEW, "".join(new[k:m])))
    return _joined([piece for piece in found if piece.text])


def cut(text: str) -> list[str]:
    """A text in words and blanks, of which it can be put together again to the letter."""
    head, rest = text[:LONGEST], text[LONGEST:]
    parts: list[str] = []
    for run in _PART.findall(head):
        parts += _words(run) if "ก" <= run[0] <= "๙" else [run]
    return [*parts, rest] if rest else parts


def _words(run: str) -> list[str]:
    """Thai words; letter by letter where cutting them would change what is written."""
    words = [word.text for word in segment(run)]
    return words if "".join(words) == run else CLUSTER.findall(run)


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbours that are separated by nothing but a blank are one change."""
    found: list[Piece] = []
    gone = new = ""
    for at, piece in enumerate(pieces):
        is_between = bool(gone or new) and at + 1 < len(pieces)
        if piece.change is Change.SAME and not (is_between and piece.text.isspace()):
            found += _changed(gone, new)
            gone = new = ""
            found.append(piece)
            continue
        gone += piece.text if piece.change is not Change.NEW else ""
        new += piece.text if piece.change is not Change.GONE else ""
    return found + _changed(gone, new)


def _changed(gone: str, new: str) -> list[Piece]:
    both = (Piece(Change.GONE, gone), Piece(Change.NEW, new))
    return [piece for piece in both if piece.text]
