"""Word by word: how near in meaning each word of a question is to the words of each document."""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from knowledge.embedding import Encoder, Vectors
from knowledge.lexical import spans
from knowledge.signals import Floats, Ints

SOME: Final = 4  # where one word in so many is compared, all are: picking them takes longer
UNRELATED: Final = 0.35  # two words that have nothing to do with each other are this near


class Glossary:
    """The vectors of the documents' words, and which documents have which words."""

    def __init__(self, encoder: Encoder, views: Sequence[Sequence[Collection[str]]]) -> None:
        terms = sorted({term for bags in views for bag in bags for term in bag})
        self._places = {term: place for place, term in enumerate(terms)}
        self._vectors = encoder.encode_kept(terms)
        self._views = [_flat([[self._places[t] for t in bag] for bag in bags]) for bags in views]

    def unknown(self, terms: Sequence[str]) -> list[str]:
        """Those words that no document has."""
        return [term for term in terms if term not in self._places]

    def vectors(self, terms: Sequence[str], unknown: Vectors) -> Vectors | None:
        """A row for each word, of which those of the unknown are given; None for no words."""
        others = iter(unknown)
        rows = [
            self._vectors[self._places[term]] if term in self._places else next(others)
            for term in terms
        ]
        return np.asarray(rows, np.float32) if rows else None

    def covered(self, words: Vectors, weights: Floats, places: Ints) -> list[Floats]:
        """For each view, the share of the words' weight that each document's words come near."""
        total = float(weights.sum()) or 1.0
        views = [(members, *spans(bounds, places)) for members, bounds in self._views]
        held = np.zeros(len(self._vectors), bool)
        for members, rows, _ in views:
            held[members[rows]] = True
        are_many = SOME * np.count_nonzero(held) > len(held)
        near = (self._vectors if are_many else self._vectors[held]) @ words.T
        near = np.maximum(0.0, (near - UNRELATED) / (1.0 - UNRELATED))
        place = np.arange(len(held)) if are_many else np.cumsum(held) - 1
        return [
            np.maximum.reduceat(near[place[members[rows]]], starts, axis=0) @ weights / total
            for members, rows, starts in views
        ]


def _flat(bags: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """Bags one after another, and their bounds; no bag may be empty."""
    members = np.asarray([place for bag in bags for place in (bag or [0])], np.int64)
    bounds = np.cumsum([0, *(max(1, len(bag)) for bag in bags)])
    return members, bounds
