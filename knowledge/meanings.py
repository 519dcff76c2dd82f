"""Nearness in meaning to many phrases: roughly to all of them, closely to a few."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Vectors
from knowledge.lexical import spans
from knowledge.signals import Floats, Ints

Bools = NDArray[np.bool_]

MANY: Final = 6_000
"""Phrases from which on a shorter vector decides which ones are looked at closely."""
SHORT: Final = 96
SAMPLE: Final = 4_000
NOT_HERE: Final = -9.0


class Meanings:
    """The vectors of documents' phrases, of their answers, and of background questions."""

    def __init__(
        self, phrases: Vectors, answers: Vectors, starts: Ints, *, background: Vectors, kept: Bools
    ) -> None:
        """Take phrases document by document (`starts` has their bounds).

        Of the background, which several indexes may share, only what is `kept` counts here.
        """
        self._starts = starts
        self._background, self._ours = background, np.where(kept, 0.0, NOT_HERE)
        self._axes: Vectors | None = None
        if len(phrases) > MANY:
            sample = phrases[:: max(1, len(phrases) // SAMPLE)]
            _, _, axes = np.linalg.svd(sample, full_matrices=False)
            self._axes = np.ascontiguousarray(axes[:SHORT].T)
            self._short = phrases @ self._axes
            phrases, answers = phrases.astype(np.float16), answers.astype(np.float16)
        self._phrases, self._answers = phrases, answers

    def roughly(self, asked: Vectors) -> Floats:
        """How near each phrase is to the message and to each clause: (asked, phrases)."""
        if self._axes is None:
            return asked @ self._phrases.T
        near: Floats = asked @ self._axes @ self._short.T
        return near

    def nearest_of_background(self, other: "Meanings") -> float:
        """How near one of these phrases comes to a background question of others."""
        near = self._phrases @ other._background.T + other._ours
        return float(near.max(initial=0.0))

    def closely(
        self, places: Ints, asked: Vectors, roughly: Floats
    ) -> tuple[Floats, Floats, Floats, Floats, float]:
        """For some documents: the best phrase, by the best clause, the average, the answer.

        And how near the best background question is.
        """
        rows, starts = spans(self._starts, places)
        near = roughly[:, rows] if self._axes is None else self._exactly(rows, asked)
        whole = near[0]
        best = np.maximum.reduceat(whole, starts)
        clause = np.maximum.reduceat(near.max(axis=0), starts)
        counts = np.diff([*starts, len(rows)])
        average = np.add.reduceat(whole, starts) / counts
        answer = self._answers[places].astype(np.float32, copy=False) @ asked[0]
        others = float((self._background @ asked[0] + self._ours).max(initial=0.0))
        return best, clause, average.astype(np.float32), answer, others

    def _exactly(self, rows: Ints, asked: Vectors) -> Floats:
        near: Floats = asked @ self._phrases[rows].astype(np.float32).T
        return near
