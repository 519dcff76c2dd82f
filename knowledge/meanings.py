"""Nearness in meaning to many phrases: roughly to all of them, closely to a few."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Encoder, Vectors
from knowledge.lexical import spans
from knowledge.signals import Floats, Ints

Bools = NDArray[np.bool_]

MANY: Final = 6_000
"""Phrases from which on a shorter vector decides which ones are looked at closely."""
AT_ONCE: Final = 50_000
BLOCK: Final = 4_000
SHORT: Final = 96
SAMPLE: Final = 4_000
NOT_HERE: Final = -9.0


def vectors_of(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """One row for each text; many are made little by little, and kept half as exact."""
    if len(texts) <= MANY:
        return encoder.encode_kept(texts)
    first = encoder.encode_kept(texts[:AT_ONCE])
    rows: Any = np.empty((len(texts), first.shape[1]), np.float16)
    rows[: len(first)] = first
    for at in range(AT_ONCE, len(texts), AT_ONCE):
        rows[at : at + AT_ONCE] = encoder.encode_kept(texts[at : at + AT_ONCE])
    made: Vectors = rows
    return made


def in_blocks(rows: Vectors) -> Iterator[Vectors]:
    """The rows as exact as they are computed with, so many at a time that they need little room."""
    for at in range(0, len(rows), BLOCK):
        yield rows[at : at + BLOCK].astype(np.float32, copy=False)


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
        is_searched: bool = True,
    ) -> None:
        """Take phrases document by document (`starts` has their bounds).

        Of the background, which several indexes may share, only what is `kept` counts here.
        What is not searched is never asked how near all phrases are roughly.
        """
        self._starts = starts
        self._background, self._ours = background, np.where(kept, 0.0, NOT_HERE)
        self._axes: Vectors | None = None
        if is_searched and len(phrases) > MANY:
            sample = phrases[:: max(1, len(phrases) // SAMPLE)].astype(np.float32)
            _, _, axes = np.linalg.svd(sample, full_matrices=False)
            self._axes = np.ascontiguousarray(axes[:SHORT].T)
            self._short = np.concatenate([block @ self._axes for block in in_blocks(phrases)])
        if len(phrases) > MANY:
            answers = answers.astype(np.float16, copy=False)
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
        self, places: Ints, asked: Vectors, roughly: Floats | None = None
    ) -> tuple[Floats, Floats, Floats, Floats, float]:
        """For some documents: the best phrase, by the best clause, the average, the answer.

        And how near the best background question is.
        """
        rows, starts = spans(self._starts, places)
        if roughly is None or self._axes is not None:
            near = self._exactly(rows, asked)
        else:
            near = roughly[:, rows]
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
