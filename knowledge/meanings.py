"""Nearness in meaning to all phrases, and what it says of the documents that have them."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Encoder, Vectors
from knowledge.lexical import spans
from knowledge.signals import Floats, Ints

Bools = NDArray[np.bool_]

AT_ONCE: Final = 50_000
NOT_HERE: Final = -9.0


def vectors_of(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """One row for each text; many are made little by little."""
    starts = range(0, max(1, len(texts)), AT_ONCE)
    parts = [encoder.encode_kept(texts[at : at + AT_ONCE]) for at in starts]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


class Meanings:
    """The vectors of documents' phrases, of their answers, and of background questions."""

    def __init__(
        self,
        phrases: Vectors,
        answers: Vectors,
        starts: Ints,
        *,
        background: Vectors,
        kept: Bools,
    ) -> None:
        """Take phrases document by document (`starts` has their bounds).

        Of the background, which several indexes may share, only what is `kept` counts here.
        """
        self._phrases, self._answers, self._starts = phrases, answers, starts
        self._background, self._ours = background, np.where(kept, 0.0, NOT_HERE)

    def nearness(self, asked: Vectors) -> Floats:
        """How near each phrase is to a question."""
        near: Floats = self._phrases @ asked
        return near

    def nearest_of_background(self, other: "Meanings") -> float:
        """How near one of these phrases comes to a background question of others."""
        near = self._phrases @ other._background.T + other._ours
        return float(near.max(initial=0.0))

    def closely(
        self, places: Ints, asked: Vectors, near: Floats
    ) -> tuple[Floats, Floats, Floats, float]:
        """For some documents: how near the best phrase is, the average, the answer.

        And how near the best background question is. `near` is what `nearness` said.
        """
        rows, starts = spans(self._starts, places)
        near = near[rows]
        best = np.maximum.reduceat(near, starts)
        counts = np.diff([*starts, len(rows)])
        average = np.add.reduceat(near, starts) / counts
        answer = self._answers[places] @ asked
        others = float((self._background @ asked + self._ours).max(initial=0.0))
        return best, average.astype(np.float32), answer, others
