"""The answer index: which of an agency's entries a question asks for, and how surely."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Final

from knowledge.embedding import Encoder
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
        self._index = Index(
            documents, encoder=encoder, background=background, abbreviations=abbreviations
        )
        self._begin()

    def _begin(self) -> None:
        self._fresh: Index | None = None
        self._fresh_ids: tuple[str, ...] = ()
        self._weights = load_weights(with_meaning=self._encoder is not None)
        self._remembered: OrderedDict[str, Match] = OrderedDict()
        self._lock = threading.Lock()

    def over(self, documents: Sequence[Document]) -> "Matcher":
        """A matcher over these documents, which may be nearly those of this one."""
        given = {document.id: document for document in documents}
        changed = [d for key, d in given.items() if self._documents.get(key) != d]
        return self.changed(changed, self._documents.keys() - given.keys())

    def is_like(
        self, encoder: Encoder | None, background: Sequence[str], abbreviations: Mapping[str, str]
    ) -> bool:
        """Whether this one was made with these."""
        mine = (self._encoder, list(self._background), dict(self._abbreviations))
        return mine == (encoder, list(background), dict(abbreviations))

    def changed(self, documents: Iterable[Document], removed: Iterable[str]) -> "Matcher":
        """A matcher with these documents new or in the place of old ones, and without some."""
        gone = frozenset(removed)
        given = {document.id: document for document in documents}
        fresh = {i: d for i, d in {**self._fresh_documents(), **given}.items() if i not in gone}
        hidden = (self._hidden | gone | fresh.keys()) & frozenset(self._ids)
        if not gone and not given:
            return self
        if len(fresh) > FRESH or len(hidden) == len(self._ids):
            kept = {i: d for i, d in {**self._documents, **given}.items() if i not in gone}
            return Matcher(
                list(kept.values()),
                encoder=self._encoder,
                background=self._background,
                abbreviations=self._abbreviations,
            )
        return self._beside(fresh, hidden)

    def _fresh_documents(self) -> dict[str, Document]:
        return {key: self._documents[key] for key in self._fresh_ids}

    def _beside(self, fresh: Mapping[str, Document], hidden: frozenset[str]) -> "Matcher":
        """The same large index, and a small one beside it."""
        other = copy(self)
        other._hidden = hidden
        kept = {key: self._documents[key] for key in self._ids if key not in hidden}
        other._documents = {**kept, **fresh}
        other._begin()
        if fresh:
            other._fresh_ids = tuple(fresh)
            other._fresh = Index(
                list(fresh.values()),
                encoder=self._encoder,
                background=(),
                abbreviations=self._abbreviations,
                like=self._index,
            )
        return other

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
