"""Word by word: how near in meaning each word of a question is to the words of each document."""

from collections.abc import Sequence, Set
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Encoder, Vectors

Floats = NDArray[np.float32]

KEPT: Final = 4096  # words of questions whose vectors are kept
UNRELATED: Final = 0.35  # two words that have nothing to do with each other are this near


class Glossary:
    """The vectors of the documents' words, and which documents have which words."""

    def __init__(self, encoder: Encoder, views: Sequence[Sequence[Set[str]]]) -> None:
        terms = sorted({term for bags in views for bag in bags for term in bag})
        places = {term: place for place, term in enumerate(terms)}
        self._vectors = encoder.encode_kept(terms)
        self._of = dict(zip(terms, self._vectors, strict=True))
        self._asked: dict[str, Vectors] = {}
        self._views = [_flat([[places[term] for term in bag] for bag in bags]) for bags in views]

    def unknown(self, terms: Sequence[str]) -> list[str]:
        """The words whose vectors are not known yet."""
        return [term for term in terms if term not in self._of and term not in self._asked]

    def learn(self, terms: Sequence[str], vectors: Vectors) -> None:
        """Keep the vectors of words, up to a bound."""
        if len(self._asked) > KEPT:
            self._asked = {}
        self._asked = {**self._asked, **dict(zip(terms, vectors, strict=True))}

    def covered(self, terms: Sequence[str], weights: Floats) -> list[Floats]:
        """For each view and document, the share of the words' weight that its words come near."""
        sizes = [len(starts) for _, starts in self._views]
        known = [self._of.get(term, self._asked.get(term)) for term in terms]
        if not terms or any(vector is None for vector in known) or not len(self._vectors):
            return [np.zeros(size, np.float32) for size in sizes]
        near = self._vectors @ np.asarray(known, np.float32).T
        near = np.maximum(0.0, (near - UNRELATED) / (1.0 - UNRELATED))
        total = float(weights.sum()) or 1.0
        return [
            (np.maximum.reduceat(near[members], starts, axis=0) @ weights / total)
            for members, starts in self._views
        ]


def _flat(bags: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bags one after another, and where each begins; no bag may be empty."""
    members = np.asarray([place for bag in bags for place in (bag or [0])], np.int64)
    ends = np.cumsum([max(1, len(bag)) for bag in bags])
    return members, np.concatenate(([0], ends[:-1])).astype(np.int64) if len(bags) else ends
