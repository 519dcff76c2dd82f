"""Nearness in meaning to many phrases: roughly to all of them, closely to a few."""

from typing import Final

import numpy as np

from knowledge.embedding import Vectors
from knowledge.signals import Floats, Ints

MANY: Final = 6_000
"""Phrases from which on a shorter vector decides which ones are looked at closely."""
SHORT: Final = 96
SAMPLE: Final = 4_000


class Meanings:
    """The vectors of documents' phrases, of their answers, and of background questions."""

    def __init__(self, phrases: Vectors, answers: Vectors, starts: Ints) -> None:
        """Take phrases document by document (`starts` has their bounds), then the background."""
        self._own = int(starts[-1])
        self._starts = starts
        self._background = phrases[self._own :]
        self._rest = len(phrases) - self._own
        own = phrases[: self._own]
        self._axes: Vectors | None = None
        if len(own) > MANY:
            sample = own[:: max(1, len(own) // SAMPLE)]
            _, _, axes = np.linalg.svd(sample, full_matrices=False)
            self._axes = np.ascontiguousarray(axes[:SHORT].T)
            self._short = own @ self._axes
            own, answers = own.astype(np.float16), answers.astype(np.float16)
        self._phrases, self._answers = own, answers

    def roughly(self, asked: Vectors) -> Floats:
        """For each phrase, and nothing for the background, how near the best clause is."""
        rows, axes = (self._phrases, None) if self._axes is None else (self._short, self._axes)
        shorter = asked if axes is None else asked @ axes
        near = (rows @ shorter.T).max(axis=1)
        return np.concatenate([near, np.zeros(self._rest, np.float32)])

    def nearest_of_background(self, other: "Meanings") -> float:
        """How near one of these phrases comes to a background question of others."""
        return float((self._phrases @ other._background.T).max(initial=0.0))

    def closely(self, places: Ints, asked: Vectors) -> tuple[Floats, Floats, Floats, Floats, float]:
        """For some documents: the best phrase, by the best clause, the average, the answer.

        And how near the best background question is.
        """
        rows, starts = spans(self._starts, places)
        near = self._phrases[rows].astype(np.float32, copy=False) @ asked.T
        whole = near[:, 0]
        best = np.maximum.reduceat(whole, starts)
        clause = np.maximum.reduceat(near.max(axis=1), starts)
        counts = np.diff([*starts, len(rows)])
        average = np.add.reduceat(whole, starts) / counts
        answer = self._answers[places].astype(np.float32, copy=False) @ asked[0]
        others = float((self._background @ asked[0]).max(initial=0.0))
        return best, clause, average.astype(np.float32), answer, others


def spans(bounds: Ints, places: Ints) -> tuple[Ints, Ints]:
    """The rows of these documents one after another, and where each one's begin."""
    counts = bounds[places + 1] - bounds[places]
    starts = np.cumsum(counts) - counts
    rows = np.repeat(bounds[places] - starts, counts) + np.arange(counts.sum())
    return rows, starts
