"""How alike two texts are, and what of a catalogue is nearest to a citizen's words. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

from rapidfuzz import fuzz

from knowledge.agency import CatalogueItem
from knowledge.lexical import concepts
from knowledge.thai import normalise, segment

SAME = 60.0
"""Out of 100: two reports about one and the same thing."""
SAYS_LITTLE = frozenset(
    [
        *(
            "ข้อมูล",
            "เว็บ",
            "เว็บไซต์",
            "หน้า",
            "ผิด",
            "เก่า",
            "ไม่",
            "ถูก",
            "ตรง",
            "แล้ว",
            "เปิด",
            "ได้",
            "ของ",
            "ใน",
        ),
        *("the", "is", "page", "website", "wrong", "on", "of"),
    ]
)
"""Words that stand in nearly every report and in many a title."""
_SHORT = 2
_NUMBER = re.compile(r"\d+")


@lru_cache(maxsize=4096)
def words_of(text: str) -> str:
    """The words that say something, with spaces between them."""
    return " ".join(word.text for word in segment(normalise(text)) if len(word.text) >= _SHORT)


def alike(one: str, other: str) -> float:
    """From 0 to 100, whatever the order of the words and however long the longer text is.

    Soi 5 and soi 9 are not the same, however alike the rest.
    """
    numbers, others = set(_NUMBER.findall(one)), set(_NUMBER.findall(other))
    if numbers and others and not numbers & others:
        return 0.0
    return fuzz.token_set_ratio(words_of(one), words_of(other))


def nearest_items(
    items: Sequence[CatalogueItem], text: str, *, limit: int
) -> Sequence[CatalogueItem]:
    """The items of a catalogue that these words are most likely about, the likeliest first.

    What few titles share says more than what many do.
    """
    said = set(concepts(normalise(text))) - SAYS_LITTLE
    titles = [_title(item) for item in items]
    common = Counter(chain.from_iterable(titles))
    scored = [
        (sum(1 / common[word] for word in said & title) * len(said & title) / len(title), -n)
        for n, title in enumerate(titles)
        if said & title
    ]
    return [items[-n] for _, n in sorted(scored, reverse=True)[:limit]]


def _title(item: CatalogueItem) -> frozenset[str]:
    return (
        frozenset((*concepts(normalise(item.title.th)), *concepts(normalise(item.title.en))))
        - SAYS_LITTLE
    )
