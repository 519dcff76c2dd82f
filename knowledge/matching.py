"""The answer index: which of an agency's entries a question asks for, and how surely."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.embedding import Encoder
from knowledge.ranking import Decision, confidence, decide, facts, load_weights, order
from knowledge.signals import Document, Index
from knowledge.thai import plain_for_keyboard, repair_keyboard

__all__ = ["Decision", "Document", "Encoder", "Match", "Matcher"]

REMEMBERED: Final = 2048
SHOWN: Final = 10


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
        self._ids = tuple(document.id for document in documents)
        self._index = Index(
            documents, encoder=encoder, background=background, abbreviations=abbreviations
        )
        self._weights = load_weights(with_meaning=encoder is not None)
        self._remembered: OrderedDict[str, Match] = OrderedDict()
        self._lock = threading.Lock()

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
        if not self._ids:
            return Match(Decision.REFUSE, (), repaired)
        signals = self._index.measure(self._index.prepare(text))
        best, scores = order(signals, self._weights)
        sure = confidence(facts(signals, best, scores), self._weights)
        falling = [sure * float(_share(scores[i] - scores[best[0]])) for i in best[:SHOWN]]
        rival = falling[1] if len(falling) > 1 else 0.0
        decision = decide(sure, rival, signals, signals.documents[best[0]], self._weights)
        ranked = tuple((self._ids[i], c) for i, c in zip(best[:SHOWN], falling, strict=True))
        return Match(decision, ranked, repaired)


def _share(behind: float) -> float:
    """What part of the best document's confidence one has whose score lies behind it."""
    return float(2.0 ** float(behind))
