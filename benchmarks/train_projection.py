"""Fit a projection of sentence vectors under which a question is near the entry that answers it.

Softmax over all phrasings of a knowledge base, with the mass on the right entry's as the goal;
Adam from the identity, held near it, with parts of the vectors left out at random. Of what is
found the axes along which texts differ most are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Encoder
from knowledge.evaluation import Query
from knowledge.needs import known_needs
from knowledge.signals import Document, prepare
from knowledge.thai import normalise

Rows = NDArray[np.float32]

STEPS = 1_500
BATCH = 64
RATE = 1e-3
SHARP = 0.06
NEAR_IDENTITY = 3e-3
LEFT_OUT = 0.1
FORMAL = 5
"""A need's titles and its first phrasings, which are said as agencies say them."""
NEEDS_AT_ONCE = 90
KEPT = 128
"""Axes under the projection: with all 512 no more is answered right, at four times the work."""


@dataclass(frozen=True)
class Lesson:
    """One knowledge base: vectors of its phrasings, of questions, and which belong together."""

    phrases: Rows
    owners: NDArray[np.int64]
    questions: Rows
    right: NDArray[np.int64]


def lesson(documents: Sequence[Document], queries: Sequence[Query], encoder: Encoder) -> Lesson:
    """What a labelled set teaches; `encoder` gives vectors as the model makes them."""
    texts, owners = [], []
    for n, one in enumerate(documents):
        own = [one.question, *one.phrasings, *one.english, f"{one.question} {one.answer}"]
        texts += [normalise(text) for text in own]
        owners += [n] * len(own)
    places = {one.id: n for n, one in enumerate(documents)}
    known = [query for query in queries if query.expected in places]
    return Lesson(
        encoder.encode_kept(texts),
        np.asarray(owners),
        encoder.encode_kept([prepare(query.text, {}).text for query in known]),
        np.asarray([places[query.expected or ""] for query in known]),
    )


def lessons_of_needs(encoder: Encoder) -> list[Lesson]:
    """What the library of needs teaches."""
    held = known_needs()
    bounds = [*held.starts, len(held.texts)]
    found = []
    for first in range(0, len(held.starts), NEEDS_AT_ONCE):
        needs = range(first, min(first + NEEDS_AT_ONCE, len(held.starts)))
        formal = [(n, t) for n in needs for t in held.texts[bounds[n] :][:FORMAL]]
        told = [(n, t) for n in needs for t in held.texts[bounds[n] + FORMAL : bounds[n + 1]]]
        found.append(
            Lesson(
                encoder.encode_kept([text for _, text in formal]),
                np.asarray([n - first for n, _ in formal]),
                encoder.encode_kept([text for _, text in told]),
                np.asarray([n - first for n, _ in told]),
            )
        )
    return found


def fit_projection(lessons: Mapping[str, Lesson], *, seed: int, steps: int = STEPS) -> Rows:
    """The projection, (width, KEPT)."""
    rng = np.random.default_rng(seed)
    names = sorted(lessons)
    width = lessons[names[0]].phrases.shape[1]
    start = np.eye(width, dtype=np.float32)
    found, first, second = start.copy(), np.zeros_like(start), np.zeros_like(start)
    for step in range(1, steps + 1):
        one = lessons[names[rng.integers(len(names))]]
        some = rng.choice(len(one.right), min(BATCH, len(one.right)), replace=False)
        mask = ((rng.random(width) > LEFT_OUT) / (1 - LEFT_OUT)).astype(np.float32)
        slope = _slope(found, one, some, mask) + NEAR_IDENTITY * (found - start)
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope**2
        found = found - RATE * (first / (1 - 0.9**step)) / (
            np.sqrt(second / (1 - 0.99**step)) + 1e-8
        )
    return found @ _axes(np.vstack([_unit(one.phrases @ found)[0] for one in lessons.values()]))


def _axes(vectors: Rows) -> Rows:
    """The axes along which these differ most, (width, KEPT)."""
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    most: Rows = np.ascontiguousarray(axes[:, ::-1][:, :KEPT])
    return most


def _slope(found: Rows, one: Lesson, some: NDArray[np.int64], mask: Rows) -> Rows:
    phrases, questions = one.phrases * mask, one.questions[some] * mask
    p, p_length = _unit(phrases @ found)
    q, q_length = _unit(questions @ found)
    likely = q @ p.T / SHARP
    likely = np.exp(likely - likely.max(axis=1, keepdims=True))
    is_right = one.owners[None, :] == one.right[some][:, None]
    wanted = likely * is_right
    wanted /= np.maximum(wanted.sum(axis=1, keepdims=True), 1e-12)
    likely /= likely.sum(axis=1, keepdims=True)
    pull = (likely - wanted) / SHARP / len(some)
    to_q, to_p = pull @ p, pull.T @ q
    to_q = (to_q - q * (to_q * q).sum(axis=1, keepdims=True)) / q_length
    to_p = (to_p - p * (to_p * p).sum(axis=1, keepdims=True)) / p_length
    slope: Rows = questions.T @ to_q + phrases.T @ to_p
    return slope


def _unit(rows: Rows) -> tuple[Rows, Rows]:
    length = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return rows / length, length
