"""Comparing a question with many phrases by letters and by words, in arrays."""

import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.remembering import remembered
from knowledge.words import CODE, groups, rarity, segment, stopwords

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

STOP_WEIGHT: Final = 0.12
PLURAL: Final = 4
MIXER: Final = np.uint64(0x9E3779B97F4A7C15)
HALF: Final = np.uint64(32)
LOW: Final = np.uint64(0xFFFFFFFF)
BLOCK: Final = 20_000
"""Texts whose runs are made at once."""
PART: Final = 1 << 22
ROWS: Final = 12_000
"""Phrases from which on terms are summed up one by one."""


@remembered(8192, read=lambda terms: tuple(map(sys.intern, terms)))
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
    return tuple(map(sys.intern, found))


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

    def __init__(
        self, starts: Ints, rows: NDArray[np.int32], weights: Floats, *, size: int
    ) -> None:
        """Take entries sorted by term, and where each term's begin; `size` is how many rows."""
        self._starts, self._rows, self._weights = starts, rows, weights
        self.size = size

    def score(self, terms: Ints, weights: Floats) -> Floats:
        """The dot product of a query with each row."""
        if not len(terms):
            return np.zeros(self.size, np.float32)
        if self.size > ROWS:
            return self._term_by_term(terms, weights)
        where, _ = spans(self._starts, terms)
        counts = self._starts[terms + 1] - self._starts[terms]
        parts = self._weights[where] * np.repeat(weights, counts)
        return np.bincount(self._rows[where], parts, minlength=self.size).astype(np.float32)

    def _term_by_term(self, terms: Ints, weights: Floats) -> Floats:
        """The same with less to move about, which long lists gain by and short ones do not."""
        sums = np.zeros(self.size, np.float32)
        for term, weight in zip(terms.tolist(), weights.tolist(), strict=True):
            here = slice(self._starts[term], self._starts[term + 1])
            np.add.at(sums, self._rows[here], np.float32(weight) * self._weights[here])
        return sums


def spans(bounds: Ints, places: Ints) -> tuple[Ints, Ints]:
    """The rows of these documents one after another, and where each one's begin."""
    counts = bounds[places + 1] - bounds[places]
    starts = np.cumsum(counts) - counts
    rows = np.repeat(bounds[places] - starts, counts) + np.arange(counts.sum())
    return rows, starts


class LetterIndex:
    """Phrases by their runs of letters, weighed by how few phrases have them."""

    def __init__(
        self, texts: Sequence[str], sizes: Sequence[int], like: "LetterIndex | None" = None
    ) -> None:
        """With `like`, runs weigh what they weigh there."""
        self._sizes = tuple(sizes)
        self._known, starts, rows, weights = _runs(texts, sizes)
        shared = np.diff(starts)
        self._rarest = math.log(len(texts) + 1.0) + 1.0
        self._idf = (self._rarest - np.log(shared)).astype(np.float32)
        if like is not None and len(like._known):
            self._rarest = like._rarest
            places, found = like._places(self._known)
            self._idf = np.where(found, like._idf[places], like._rarest).astype(np.float32)
        weights *= np.repeat(self._idf, shared)
        norms = np.zeros(len(texts))
        for part in _parts(len(rows)):
            norms += np.bincount(rows[part], weights[part] ** 2, minlength=len(texts))
        np.sqrt(norms, out=norms)
        for part in _parts(len(rows)):
            weights[part] /= norms[rows[part]]
        self._postings = Postings(starts, rows, weights, size=len(texts))

    def __len__(self) -> int:
        return self._postings.size

    def cosine(self, text: str) -> Floats:
        """How alike the text is to each phrase, 0 to 1."""
        hashes, _, _, weights = _runs([text], self._sizes)
        if not len(self._known) or not len(hashes):
            return np.zeros(len(self), np.float32)
        places, found = self._places(hashes)
        weights = weights * np.where(found, self._idf[places], self._rarest)
        weights /= math.sqrt(float(weights @ weights)) or 1.0
        return self._postings.score(places[found], weights[found].astype(np.float32))

    def _places(self, hashes: NDArray[np.uint32]) -> tuple[Ints, NDArray[np.bool_]]:
        """Where each run stands among the known ones, and whether it is one."""
        places = np.minimum(np.searchsorted(self._known, hashes), len(self._known) - 1)
        return places, self._known[places] == hashes


def _runs(
    texts: Sequence[str], sizes: Sequence[int]
) -> tuple[NDArray[np.uint32], Ints, NDArray[np.int32], Floats]:
    """Every run of letters of the given sizes, in the order of their hashes.

    The hashes, where the rows that have each begin, the rows, and 1 + log of how often each has it.
    """
    keys = _keys(texts, sizes)
    is_first = np.empty(len(keys), bool)
    is_first[:1] = True
    np.not_equal(keys[1:], keys[:-1], out=is_first[1:])
    count = int(np.count_nonzero(is_first))
    hashes, rows = np.empty(count, np.uint32), np.empty(count, np.int32)
    counts = np.empty(count, np.float32)
    at = 0
    for part in _parts(len(keys)):
        where = np.flatnonzero(is_first[part])
        pairs, length = keys[part][where], part.stop - part.start
        here = slice(at, at + len(pairs))
        hashes[here], rows[here] = pairs >> HALF, pairs & LOW
        counts[here] = np.diff(where, append=length)
        if at:  # what goes on from the part before
            counts[at - 1] += where[0] if len(where) else length
        at += len(pairs)
    del keys, is_first
    np.log(counts, out=counts)
    counts += 1
    starts = np.flatnonzero(np.diff(hashes, prepend=~hashes[:1]))
    return hashes[starts], np.append(starts, count), rows, counts


def _keys(texts: Sequence[str], sizes: Sequence[int]) -> NDArray[np.uint64]:
    """All runs, sorted: in one number a hash in 32 bits, and the row that it is in.

    So many millions are sorted where they are, without a second copy.
    """
    marked = [f"^{text.replace(' ', '')}$" for text in texts]
    count = sum(max(0, len(text) - size + 1) for text in marked for size in sizes)
    found = np.empty(count, np.uint64)
    at = 0
    for begin in range(0, len(marked), BLOCK):
        for keys in _keys_of(marked[begin : begin + BLOCK], begin, sizes):
            found[at : at + len(keys)] = keys
            at += len(keys)
    found.sort()
    return found


def _keys_of(
    marked: Sequence[str], first: int, sizes: Sequence[int]
) -> Iterator[NDArray[np.uint64]]:
    letters = np.frombuffer("".join(marked).encode("utf-32-le", "replace"), np.uint32)
    lengths = np.asarray([len(text) for text in marked], np.int64)
    owner = np.repeat(np.arange(first, first + len(marked), dtype=np.uint64), lengths)
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(letters))
    mixed = np.zeros(len(letters), np.uint64)
    for step in range(max(sizes)):
        mixed = (mixed[: len(letters) - step] ^ letters[step:]) * MIXER
        mixed ^= mixed >> np.uint64(29)
        if step + 1 in sizes:
            is_whole = left[: len(mixed)] > step
            yield (mixed[is_whole] & ~LOW) | owner[: len(mixed)][is_whole]


def _parts(count: int) -> Iterator[slice]:
    """Stretches of long arrays, so that what is computed on the way stays small."""
    return (slice(at, min(at + PART, count)) for at in range(0, count, PART))


class WordIndex:
    """Phrases by the concepts of their words, and how much of a question each one covers."""

    def __init__(self, bags: Sequence[Iterable[str]], seen: Counter[str], total: int) -> None:
        self._seen, self._total = seen, max(1, total)
        self._ids: dict[str, int] = {}
        cut = [bag if isinstance(bag, tuple) else tuple(bag) for bag in bags]
        terms = [self._ids.setdefault(term, len(self._ids)) for bag in cut for term in bag]
        numbers = np.asarray(terms, np.int64)
        counts = np.asarray([len(bag) for bag in cut], np.int64)
        rows = np.repeat(np.arange(len(cut)), counts)
        self._members = numbers.astype(np.int32)
        self._bounds = np.concatenate(([0], np.cumsum(counts)))
        heavy = np.asarray([self.weight(term) for term in self._ids], np.float32)[numbers]
        sums = np.bincount(rows, heavy, minlength=len(cut))
        self._sums = np.where(sums > 0, sums, 1.0).astype(np.float32)
        order = np.argsort(numbers, kind="stable")
        starts = np.concatenate(([0], np.cumsum(np.bincount(numbers, minlength=len(self._ids)))))
        self._postings = Postings(starts, rows[order].astype(np.int32), heavy[order], size=len(cut))

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
        known = np.asarray([self._ids[term] for term in bag if term in self._ids], np.int64)
        shared = self._postings.score(known, np.ones(len(known), np.float32))
        return shared / (sum(map(self.weight, bag)) or 1.0), shared / self._sums

    def holds(self, places: Ints, terms: Sequence[str]) -> NDArray[np.bool_]:
        """Which of these rows have which terms: (places, terms)."""
        where, _ = spans(self._bounds, places)
        members = self._members[where]
        owners = np.repeat(np.arange(len(places)), self._bounds[places + 1] - self._bounds[places])
        found = np.zeros((len(places), len(terms)), bool)
        for n, term in enumerate(terms):
            if term in self._ids:
                found[owners[members == self._ids[term]], n] = True
        return found

    def missing(self, terms: Iterable[str]) -> tuple[float, float]:
        """The weight of the question's words that no phrase has: the sum, and the largest."""
        heavy = [self.weight(t) for t in set(terms) if t not in self._ids]
        return sum(heavy), max(heavy, default=0.0)
