"""The answer index: which of an agency's entries a question asks for, and how surely."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Final

from knowledge.embedding import Encoder, second_of
from knowledge.index import Index
from knowledge.ranking import Decision, confidence, decide, facts, load_weights, order
from knowledge.signals import Document, Signals, merged
from knowledge.thai import plain_for_keyboard, repair_keyboard

__all__ = ["Decision", "Document", "Encoder", "Match", "Matcher"]

REMEMBERED: Final = 2048
SHOWN: Final = 10
FRESH: Final = 200
"""Changed documents that stand in an index of their own, until all are indexed anew."""


@dataclass(frozen=True, slots=True)
class Match:
    """What was found for a question, best first, and what to do about it."""

    decision: Decision
    ranked: tuple[tuple[str, float], ...]
    repaired: str | None = None

    @property
    def sureness(self) -> float:
        """How likely the first is the one, from 0 to 1."""
        return self.ranked[0][1] if self.ranked else 0.0


class Matcher:
    """An immutable index over documents; `match` may be called from several threads."""

    def __init__(
        self,
        documents: Sequence[Document],
        *,
        encoder: Encoder | None = None,
        background: Sequence[str] = (),
        abbreviations: Mapping[str, str] = {},
    ) -> None:
        self._encoder, self._background = encoder, background
        self._abbreviations = abbreviations
        self._documents = {document.id: document for document in documents}
        self._ids = tuple(document.id for document in documents)
        self._hidden: frozenset[str] = frozenset()
        self._index = self._indexed(documents, background=background, like=None)
        self._begin(None, ())

    def _begin(self, fresh: Index | None, fresh_ids: tuple[str, ...]) -> None:
        """Remember nothing yet, and look into the index of fresh documents, too."""
        self._fresh, self._fresh_ids = fresh, fresh_ids
        self._weights = load_weights(
            sum(one is not None for one in (self._encoder, second_of(self._encoder)))
        )
        self._remembered: OrderedDict[str, Match] = OrderedDict()
        self._lock = threading.Lock()

    def over(self, documents: Sequence[Document]) -> "Matcher":
        """A matcher over these documents; where few of them are new, the others stay indexed."""
        given = {document.id: document for document in documents}
        new = {key: d for key, d in given.items() if self._documents.get(key) != d}
        if not new and given.keys() == self._documents.keys():
            return self
        fresh = {key: given[key] for key in (*self._fresh_ids, *new) if key in given}
        hidden = frozenset(self._ids) - (given.keys() - fresh.keys())
        if len(fresh) > FRESH or len(hidden) == len(self._ids):
            return self._anew(documents)
        beside = self._indexed(list(fresh.values()), background=(), like=self._index)
        if beside.asks_what_others_are_asked(self._index):
            return self._anew(documents)
        other = copy(self)
        other._documents, other._hidden = given, hidden
        other._begin(beside if fresh else None, tuple(fresh))
        return other

    def is_like(
        self, encoder: Encoder | None, background: Sequence[str], abbreviations: Mapping[str, str]
    ) -> bool:
        """Whether this one was made with these."""
        mine = (self._encoder, list(self._background), dict(self._abbreviations))
        return mine == (encoder, list(background), dict(abbreviations))

    def _anew(self, documents: Sequence[Document]) -> "Matcher":
        return Matcher(
            documents,
            encoder=self._encoder,
            background=self._background,
            abbreviations=self._abbreviations,
        )

    def _indexed(
        self, documents: Sequence[Document], *, background: Sequence[str], like: Index | None
    ) -> Index:
        return Index(
            documents,
            encoder=self._encoder,
            background=background,
            abbreviations=self._abbreviations,
            like=like,
        )

    def match(self, text: str) -> Match:
        """The entries that a question may ask for; the same question is answered from memory."""
        with self._lock:
            if (known := self._remembered.get(text)) is not None:
                self._remembered.move_to_end(text)
                return known
        found = self._find(text)
        with self._lock:
            self._remembered[text] = found
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return found

    def _find(self, text: str) -> Match:
        repaired = repair_keyboard(plain_for_keyboard(text))
        if not self._documents:
            return Match(Decision.REFUSE, (), repaired)
        signals, ids = self._measured(text)
        if not ids:
            return Match(Decision.REFUSE, (), repaired)
        best, scores = order(signals, self._weights)
        sure = confidence(facts(signals, best, scores), self._weights)
        falling = [sure * float(_share(scores[i] - scores[best[0]])) for i in best[:SHOWN]]
        rival = falling[1] if len(falling) > 1 else 0.0
        decision = decide(sure, rival, signals, signals.documents[best[0]], self._weights)
        ranked = tuple((ids[i], c) for i, c in zip(best[:SHOWN], falling, strict=True))
        return Match(decision, ranked, repaired)

    def _measured(self, text: str) -> tuple[Signals, list[str]]:
        """The signals of all documents that may answer, and which documents these are."""
        question = self._index.prepare(text)
        signals = self._index.measure(question)
        ids = [self._ids[place] for place in signals.places]
        if not self._hidden and self._fresh is None:
            return signals, ids
        shown = [row for row, key in enumerate(ids) if key not in self._hidden]
        ids = [ids[row] for row in shown]
        if self._fresh is None:
            return signals.only(shown), ids
        fresh = self._fresh.measure(question)
        ids += [self._fresh_ids[place] for place in fresh.places]
        return merged(signals.only(shown), fresh), ids


def _share(behind: float) -> float:
    """What part of the best document's confidence one has whose score lies behind it."""
    return float(2.0 ** float(behind))
