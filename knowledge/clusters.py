"""Questions put together by likeness, so that staff read each matter once."""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Encoder
from knowledge.lexical import concepts
from knowledge.needs import Needs
from knowledge.thai import normalise
from knowledge.words import stopwords

Floats = NDArray[np.float32]

TOGETHER: Final = 0.28
"""Likeness, on average between their questions, from which two groups are one matter.

Chosen on the nine sets of `benchmarks/clusters.py`: three of four in a group belong together, and
half of what belongs together is found.
"""
IN_WRITING: Final = 0.14
"""The same where only what is written is compared."""
RUNS: Final = (3, 4)
"""Letters in a row that are compared."""
WIDTH: Final = 2048
ENCODED: Final = 600
"""Texts whose meaning is looked at, for it takes some milliseconds each."""
FAR: Final = np.float32(9.0)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Questions about one matter."""

    members: tuple[int, ...]
    """Places in the given texts, in their order."""
    count: int
    example: str
    """The text that is most like all the others."""


def cluster(texts: Sequence[str], encoder: Encoder | None = None) -> list[Cluster]:
    """The texts in groups of like ones, the largest first; the same texts give the same groups.

    Texts that are one when written properly count as one, then average linkage joins what is
    alike in letters, in words, in meaning and in what is needed.
    """
    same: dict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        same[normalise(text)].append(place)
    plain = list(same)
    weights = np.asarray([len(same[text]) for text in plain], np.float32)
    likeness = _likeness(plain, weights, encoder)
    enough = IN_WRITING if encoder is None else TOGETHER
    groups = join(np.float32(1.0) - likeness, weights, 1.0 - enough)
    found = []
    for group in groups:
        members = tuple(sorted(place for i in group for place in same[plain[i]]))
        middle = group[int(np.argmax(likeness[np.ix_(group, group)] @ weights[group]))]
        found.append(Cluster(members, len(members), texts[same[plain[middle]][0]]))
    return sorted(found, key=lambda one: (-one.count, one.members))


def _likeness(plain: Sequence[str], weights: Floats, encoder: Encoder | None) -> Floats:
    """How alike each two are, 0 to 1: what is written, and what it means where that is told."""
    letters, words = _rows(map(_runs, plain)), _rows(map(_words, plain))
    likeness: Floats = letters @ letters.T
    likeness += words @ words.T
    likeness /= np.float32(2.0)
    if encoder is None:
        return likeness
    company = likeness @ weights
    chosen = np.sort(np.argsort(-company, kind="stable")[:ENCODED])
    meant = _meant(encoder, [plain[i] for i in chosen])
    some = np.ix_(chosen, chosen)
    both = (likeness[some] + meant) / np.float32(2.0)
    likeness *= np.float32(TOGETHER / IN_WRITING)
    likeness[some] = both
    return likeness


def _meant(encoder: Encoder, plain: Sequence[str]) -> Floats:
    """How alike each two are in meaning, and in what is needed."""
    vectors = encoder.encode(plain)
    near: Floats = np.clip(vectors @ vectors.T, 0.0, 1.0)
    needs = Needs.of(encoder, vectors, np.arange(len(plain) + 1)) if plain else None
    return near if needs is None else (near + needs.alike()) / np.float32(2.0)


def _runs(plain: str) -> list[bytes]:
    marked = f"^{plain.replace(' ', '')}$".encode("utf-32-le", "replace")
    return [
        marked[at : at + 4 * size]
        for size in RUNS
        for at in range(0, len(marked) - 4 * size + 1, 4)
    ]


def _words(plain: str) -> list[bytes]:
    return [word.encode("utf-8", "replace") for word in {*concepts(plain)} - stopwords()]


def _rows(texts: Iterable[Sequence[bytes]]) -> Floats:
    """A row of length one for each text by the pieces that it has, the rare ones heavier."""
    held = list(texts)
    rows = np.zeros((len(held), WIDTH), np.float32)
    for row, pieces in zip(rows, held, strict=True):
        for piece in pieces:
            row[zlib.crc32(piece) % WIDTH] += 1.0
    seen = (rows > 0).sum(axis=0)
    rows = np.log1p(rows) * np.log((len(held) + 1) / (seen + 0.5)).astype(np.float32)
    scaled: Floats = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + np.float32(1e-9))
    return scaled


def join(distance: Floats, weights: Floats, limit: float) -> list[list[int]]:
    """Average linkage: groups no two of which are, on average, nearer than `limit`.

    Follows nearest neighbours until two are each other's, so that it takes n squared steps
    (Murtagh, 1983); the matrix is used up.
    """
    size = len(distance)
    groups: dict[int, list[int]] = {i: [i] for i in range(size)}
    heavy = weights.copy()
    np.fill_diagonal(distance, FAR)
    done: list[list[int]] = []
    chain: list[int] = []
    while groups:
        if not chain:
            chain.append(next(iter(groups)))
        top = chain[-1]
        near = int(np.argmin(distance[top]))
        if len(chain) > 1 and distance[top, chain[-2]] <= distance[top, near]:
            near = chain[-2]
        if distance[top, near] > limit:  # and nothing that is joined later comes nearer
            done.append(sorted(groups.pop(top)))
            distance[top, :] = distance[:, top] = FAR
            chain.pop()
        elif len(chain) > 1 and near == chain[-2]:
            chain = chain[:-2]
            keep, lose = min(top, near), max(top, near)
            share = heavy[keep] / (heavy[keep] + heavy[lose])
            row = share * distance[keep] + (1 - share) * distance[lose]
            row[distance[keep] == FAR] = row[keep] = FAR
            distance[keep] = distance[:, keep] = row
            distance[lose] = distance[:, lose] = FAR
            heavy[keep] += heavy[lose]
            groups[keep] += groups.pop(lose)
        else:
            chain.append(near)
    return sorted(done)
