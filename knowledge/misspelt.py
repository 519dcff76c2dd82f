"""Misspelt words: typed without their tone marks, or written as they sound."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from knowledge.thai import joined, sound
from knowledge.words import TONES, Word, segment

FEWEST: Final = 6  # Thai letters without a tone mark that are no accident
WITHOUT: Final = 4.0
"""What it costs to add tone marks to a word of a text that is typed without any."""
BESIDE: Final = 8.0
"""The same where other words have theirs."""
AUDIBLE: Final = 3  # letters of a word that is known by its sound
PIECES: Final = 3  # into which a misspelt word falls at most


def sounds_of(words: Iterable[str]) -> dict[str, str]:
    """What each word sounds like, and the first of those that sound so."""
    found: dict[str, str] = {}
    for word in words:
        if len(word) >= AUDIBLE and word[0] > "\u0e00":
            found.setdefault(sound(word), word)
    return found


def put_right(text: str, sounds: Mapping[str, str]) -> str:
    """Thai with the tone marks it lacks, and what is no word as the word that sounds the same."""
    letters = re.findall(r"[ก-๎]", text)
    if len(letters) < FEWEST:
        return text
    restore = BESIDE if any(letter in TONES for letter in letters) else WITHOUT
    parts = (segment(part, restore=restore) for part in text.split())
    return " ".join(joined(_heard(words, sounds)) for words in parts)


def _heard(words: Sequence[Word], sounds: Mapping[str, str]) -> Iterator[Word]:
    """The words, of which those that are none may be misspelt."""
    at = 0
    while at < len(words):
        size, word = _first(words[at : at + PIECES], sounds)
        yield word
        at += size


def _first(words: Sequence[Word], sounds: Mapping[str, str]) -> tuple[int, Word]:
    """How many of the pieces are the first word, and which; as many as sound like one."""
    for size in range(len(words), 0, -1):
        pieces = words[:size]
        if all(piece.known for piece in pieces):
            break
        if meant := sounds.get(sound("".join(piece.text for piece in pieces))):
            return size, Word(meant, known=True)
    return 1, words[0]
