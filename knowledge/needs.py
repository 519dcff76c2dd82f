"""What people need of public bodies, in many words: a bridge from a citizen's to an agency's.

Where a message shares no word with an entry, both may still be near the same need of the library.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from knowledge import shipped
from knowledge.embedding import Encoder, Vectors, shared
from knowledge.signals import Floats, Ints
from knowledge.thai import normalise
from knowledge.words import DATA

HEADING: Final = re.compile(r"## ([a-z0-9-]+) \| (.+) \| (.+)")
OTHERS: Final = "other-"
SHARP: Final = 0.05
"""The smaller, the more the nearest need alone counts."""
AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class KnownNeeds:
    """Every phrasing in its normal form, and where those of each need begin."""

    texts: tuple[str, ...]
    starts: tuple[int, ...]
    of_others: tuple[bool, ...]
    as_written: tuple[str, ...]


@cache
def known_needs() -> KnownNeeds:
    """The needs that the software ships with."""
    texts: list[str] = []
    starts: list[int] = []
    of_others: list[bool] = []
    for file in sorted((DATA / "services").iterdir(), key=lambda file: file.name):
        for line in file.read_text("utf-8").splitlines():
            if found := HEADING.fullmatch(line.strip()):
                starts.append(len(texts))
                of_others.append(found[1].startswith(OTHERS))
                texts += [found[2], found[3]]
            elif line.strip():
                texts.append(line.strip())
    forms = shipped.forms(texts) or [normalise(text) for text in texts]
    return KnownNeeds(tuple(forms), tuple(starts), tuple(of_others), tuple(texts))


class Needs:
    """How near each document is to each need."""

    def __init__(self, vectors: Vectors, phrases: Vectors, starts: Ints) -> None:
        """Take the library's vectors and those of documents."""
        self._vectors = vectors
        self._starts = np.asarray(known_needs().starts)
        self._of_others = np.asarray(known_needs().of_others)
        self._near = np.concatenate(
            [
                np.maximum.reduceat(
                    self._to(phrases[starts[at] : starts[min(at + AT_ONCE, len(starts) - 1)]]),
                    starts[at : min(at + AT_ONCE, len(starts) - 1)] - starts[at],
                    axis=0,
                ).astype(np.float16)
                for at in range(0, len(starts) - 1, AT_ONCE)
            ]
        )
        self._ours = self._near.max(axis=0).astype(np.float32)

    @classmethod
    def of(cls, encoder: Encoder, phrases: Vectors, starts: Ints) -> "Needs | None":
        """For documents with these phrases; None where there is no library."""
        if not known_needs().texts:
            return None
        return cls(shared(encoder, known_needs().texts), phrases, starts)

    def _to(self, vectors: Vectors) -> Floats:
        """The nearness of each vector to each need."""
        near: Floats = np.maximum.reduceat(vectors @ self._vectors.T, self._starts, axis=1)
        return near

    def alike(self) -> Floats:
        """How far each two of the documents are about the same needs, 0 to 1."""
        roots = np.sqrt(_shares(self._near.astype(np.float32)))
        together: Floats = roots @ roots.T
        return together

    def between(self, places: Ints, asked: Vectors) -> tuple[Floats, Floats, Floats, float, float]:
        """For some documents: nearness by the best need, by all, and by how much it is not theirs.

        And how much of what is asked for is others' business, and how much is no document's here.
        """
        (asked_of,) = self._to(asked[None])
        theirs = self._near[places].astype(np.float32)
        one = (asked_of * theirs).max(axis=1)
        wanted, offered = _shares(asked_of), _shares(theirs)
        several = np.sqrt(wanted * offered).sum(axis=1)
        not_its = 1.0 - theirs @ wanted
        not_ours = 1.0 - float(self._ours @ wanted)
        return one, several, not_its, float(wanted @ self._of_others), not_ours


def _shares(near: Floats) -> Floats:
    powers = np.exp((near - near.max(axis=-1, keepdims=True)) / SHARP)
    shares: Floats = (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
    return shares
