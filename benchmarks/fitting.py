"""Weights of the ranking and of the confidence, fitted to measured questions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from knowledge.ranking import CONFIDENCE_SIGNALS, LEXICAL, SECOND, SENSES, Weights, facts, order
from knowledge.signals import DOCUMENT_SIGNALS, Signals

AGAINST_IT = (
    "background.",
    "heaviest_left",
    "left",
    "elsewhere",
    "heaviest",
    "need.",
)  # never raise confidence
FOR_IT = ("margin", "probability", "stands_out.")  # never lower it
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """One question put to one drawn knowledge base, and the row that is right, if any."""

    signals: Signals
    right: int | None


def fit_rank(
    samples: Sequence[Sample], columns: Sequence[int], steps: int = 400
) -> NDArray[np.float32]:
    """Weights, none negative, under which the right document comes out on top (softmax, Adam)."""
    known = [s for s in samples if s.right is not None]
    width = max(len(s.signals.documents) for s in known)
    block = np.zeros((len(known), width, len(columns)), np.float32)
    mask = np.full((len(known), width), -1e9, np.float32)
    for n, sample in enumerate(known):
        rows = sample.signals.documents[:, columns]
        block[n, : len(rows)] = rows
        mask[n, : len(rows)] = 0
    right = np.asarray([s.right for s in known])
    target = block[np.arange(len(known)), right]

    def slope(weights: Array) -> Array:
        scores = block @ weights.astype(np.float32) + mask
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        expected = np.einsum("nd,ndk->nk", chances, block)
        gradient: Array = (expected - target).mean(axis=0) + 0.0005 * weights
        return gradient

    found = adam(
        slope, np.full(len(columns), 2.0), steps=steps, rate=0.1, floor=np.zeros(len(columns))
    )
    weights = np.zeros(len(DOCUMENT_SIGNALS), np.float32)
    weights[list(columns)] = found
    return weights


def adam(
    slope: Callable[[Array], Array],
    start: Array,
    *,
    steps: int,
    rate: float,
    floor: Array | None = None,
    roof: Array | None = None,
) -> Array:
    """Plain Adam, optionally with weights kept above a floor."""
    weights, first, second = start.copy(), np.zeros_like(start), np.zeros_like(start)
    for step in range(1, steps + 1):
        gradient = slope(weights)
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        weights -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        if floor is not None:
            weights = np.maximum(weights, floor)
        if roof is not None:
            weights = np.minimum(weights, roof)
    return weights


def judged(samples: Sequence[Sample], weights: Weights) -> tuple[Array, NDArray[np.bool_]]:
    """The facts that confidence goes by, and whether the first document was the right one."""
    rows, right = [], []
    for sample in samples:
        best, scores = order(sample.signals, weights)
        rows.append(facts(sample.signals, best, scores))
        right.append(sample.right is not None and int(best[0]) == sample.right)
    return np.asarray(rows, np.float64), np.asarray(right)


def fit_confidence(samples: Sequence[Sample], weights: Weights, decay: float) -> Weights:
    """A logistic regression of being right on the facts, each standardised."""
    rows, right = judged(samples, weights)
    mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-3)
    block = np.hstack([(rows - mean) / scale, np.ones((len(rows), 1))])
    # Questions without an answer weigh as much as those with one.
    heft = np.where(right, 0.5 / right.mean(), 0.5 / (1 - right.mean()))

    def slope(found: Array) -> Array:
        chance = 1 / (1 + np.exp(-np.clip(block @ found, -30, 30)))
        gradient: Array = (
            block.T @ (heft * (chance - right)) / len(block) + decay * np.r_[found[:-1], 0]
        )
        return gradient

    names = [*CONFIDENCE_SIGNALS, "constant"]
    roof = np.asarray([0.0 if n.startswith(AGAINST_IT) else np.inf for n in names])
    floor = np.asarray([0.0 if n.startswith(FOR_IT) else -np.inf for n in names])
    found = adam(slope, np.zeros(block.shape[1]), steps=600, rate=0.03, floor=floor, roof=roof)
    as_row = np.float32
    return replace(
        weights,
        confidence=found.astype(as_row),
        mean=mean.astype(as_row),
        scale=scale.astype(as_row),
    )


def fit(samples: Sequence[Sample], *, encoders: int, decay: float = 0.01) -> Weights:
    """Rank first, then confidence; thresholds are set afterwards."""
    columns = [*LEXICAL, *(SENSES if encoders else ()), *(SECOND if encoders > 1 else ())]
    rank = fit_rank(samples, columns)
    nothing = np.zeros(1, np.float32)
    start = Weights(rank, nothing, nothing, nothing, 0.5, 0.2)
    return fit_confidence(samples, start, decay)


def stored(weights: Weights) -> dict[str, object]:
    """Weights with their names, for the file."""

    def named(names: Sequence[str], row: NDArray[np.float32]) -> dict[str, float]:
        return {name: round(float(value), 5) for name, value in zip(names, row, strict=True)}

    return {
        "rank": named(DOCUMENT_SIGNALS, weights.rank),
        "confidence": named([*CONFIDENCE_SIGNALS, "constant"], weights.confidence),
        "mean": named(CONFIDENCE_SIGNALS, weights.mean),
        "scale": named(CONFIDENCE_SIGNALS, weights.scale),
        "answer": round(weights.answer, 4),
        "suggest": round(weights.suggest, 4),
    }
