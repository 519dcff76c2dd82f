"""Comparing a question with many phrases by letters and by words, in arrays."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.words import CODE, groups, rarity, segment, stopwords

Floats = NDArray[np.float32]

STOP_WEIGHT: Final = 0.12
PLURAL: Final = 4


def grams(text: str, sizes: Sequence[int]) -> Counter[str]:
    """The runs of letters of the given sizes, the ends of the text marked."""
    marked = f"^{text.replace(' ', '')}$"
    return Counter(
        marked[start : start + size]
        for size in sizes
        for start in range(max(0, len(marked) - size + 1))
    )


@lru_cache(maxsize=8192)
def concepts(text: str) -> tuple[str, ...]:
    """The words of a normalised text, each as the first term of the group it belongs to."""
    words = [word.text for word in segment(text)]
    found: list[str] = []
    skip = False
    for word, following in zip(words, [*words, ""][1:], strict=True):
        if skip:
            skip = False
            continue
        pair = f"{word} {following}"
        skip = pair in groups()
        found.append(groups()[pair] if skip else concept(word))
    return tuple(found)


def concept(word: str) -> str:
    """A word as the first term of its group, an English plural as its singular."""
    table = groups()
    if word not in table and len(word) > PLURAL and word.isascii() and word.endswith("s"):
        word = word[:-1]
    return table.get(word, word)


def is_code(word: str) -> bool:
    """Whether a word is the code of a form or section, such as ป.4."""
    return CODE.fullmatch(word) is not None


class Postings:
    """Which rows hold which terms and how much, as flat arrays (dicts of lists cost gigabytes)."""

    def __init__(self, rows: Sequence[dict[str, float]]) -> None:
        self.ids: dict[str, int] = {}
        terms = [self.ids.setdefault(term, len(self.ids)) for row in rows for term in row]
        owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        weights = np.fromiter((w for row in rows for w in row.values()), np.float32, len(terms))
        order = np.argsort(terms, kind="stable")
        self.rows = owner[order].astype(np.int32)
        self.weights = weights[order]
        counts = np.bincount(np.asarray(terms, np.int64), minlength=len(self.ids))
        self.starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        self.size = len(rows)

    def score(self, query: Iterable[tuple[str, float]]) -> Floats:
        """The dot product of a query with each row."""
        rows, parts = [], []
        for term, weight in query:
            if (number := self.ids.get(term)) is not None:
                where = slice(self.starts[number], self.starts[number + 1])
                rows.append(self.rows[where])
                parts.append(self.weights[where] * weight)
        if not rows:
            return np.zeros(self.size, np.float32)
        total = np.bincount(np.concatenate(rows), np.concatenate(parts), minlength=self.size)
        return total.astype(np.float32)


class LetterIndex:
    """Phrases by their runs of letters, weighed by how few phrases have them."""

    def __init__(self, texts: Sequence[str], sizes: Sequence[int]) -> None:
        self._sizes = tuple(sizes)
        counted = [grams(text, sizes) for text in texts]
        common = Counter(gram for row in counted for gram in row)
        self._rarest = math.log(len(texts) + 1.0) + 1.0
        self._idf = {g: self._rarest - math.log(n) for g, n in common.items()}
        self._postings = Postings([self._unit(row) for row in counted])

    def cosine(self, text: str) -> Floats:
        """How alike the text is to each phrase, 0 to 1."""
        return self._postings.score(self._unit(grams(text, self._sizes)).items())

    def __len__(self) -> int:
        return self._postings.size

    def _unit(self, counted: Counter[str]) -> dict[str, float]:
        row = {
            gram: (1.0 + math.log(n)) * self._idf.get(gram, self._rarest)
            for gram, n in counted.items()
        }
        norm = math.sqrt(sum(weight * weight for weight in row.values())) or 1.0
        return {gram: weight / norm for gram, weight in row.items()}


class WordIndex:
    """Phrases by the concepts of their words, and how much of a question each one covers."""

    def __init__(self, bags: Sequence[Iterable[str]], seen: Counter[str], total: int) -> None:
        self._seen, self._total = seen, max(1, total)
        rows = [{term: self.weight(term) for term in bag} for bag in bags]
        self._sums = np.asarray([sum(row.values()) or 1.0 for row in rows], np.float32)
        self._postings = Postings(rows)

    def weight(self, term: str) -> float:
        """What a word counts for: rare in Thai and rare among the entries is much."""
        if term in stopwords():
            return STOP_WEIGHT
        if is_code(term):
            return 1.5
        scarce = math.log((self._total + 1) / (self._seen[term] + 0.5)) / math.log(self._total + 2)
        return 0.15 + 0.5 * rarity(term) + 0.5 * scarce

    def covered(self, terms: Iterable[str]) -> tuple[Floats, Floats]:
        """The share of the question's weight in each phrase, and of each phrase's in it."""
        bag = set(terms)
        shared = self._postings.score((term, 1.0) for term in bag)
        return shared / (sum(map(self.weight, bag)) or 1.0), shared / self._sums

    def missing(self, terms: Iterable[str]) -> tuple[float, float]:
        """The weight of the question's words that no phrase has: the sum, and the largest."""
        heavy = [self.weight(t) for t in set(terms) if t not in self._postings.ids]
        return sum(heavy), max(heavy, default=0.0)
