"""From signals to an order, a confidence and a decision, by weights fitted beforehand."""

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knowledge.signals import BACKGROUND_SIGNALS, DOCUMENT_SIGNALS, NEED_SIGNALS, Signals
from knowledge.words import DATA

Floats = NDArray[np.float32]

SENSES: Final = tuple(i for i, name in enumerate(DOCUMENT_SIGNALS) if name.startswith("meaning"))
SECOND: Final = tuple(i for i, name in enumerate(DOCUMENT_SIGNALS) if name.startswith("second"))
LEXICAL: Final = tuple(i for i in range(len(DOCUMENT_SIGNALS)) if i not in (*SENSES, *SECOND))
TIERS: Final = ("without_meaning", "with_meaning", "with_two_meanings")
"""The sets of weights, by how many encoders there are."""
AGAINST: Final = tuple(DOCUMENT_SIGNALS.index(name) for name in BACKGROUND_SIGNALS)
RIVAL: Final = 0.05  # a second entry this probable makes a single word ambiguous
NEVER: Final = 2.0  # no confidence is so high
NEARLY: Final = 0.1  # a background question this little behind the top document speaks against it
FACTS: Final = (
    "margin", "probability", "missing", "heaviest", "left", "heaviest_left", "elsewhere", "content",
    "one_word", "latin",
)  # fmt: skip
CONFIDENCE_SIGNALS: Final = (
    *(f"top.{name}" for name in DOCUMENT_SIGNALS),
    *(f"stands_out.{name}" for name in BACKGROUND_SIGNALS),
    *(f"background.{name}" for name in BACKGROUND_SIGNALS),
    *(f"need.{name}" for name in NEED_SIGNALS),
    *FACTS,
)


class Decision(StrEnum):
    """What the bot does with a question."""

    ANSWER = "answer"
    SUGGEST = "suggest"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Weights:
    """A fitted linear ranking and a fitted logistic confidence, with two thresholds."""

    rank: Floats
    confidence: Floats  # the last one is the constant
    mean: Floats
    scale: Floats
    answer: float
    suggest: float


@cache
def load_weights(encoders: int) -> Weights:
    """The weights shipped with the software, for use with none, one or two encoders."""
    stored = json.loads((DATA / "weights.json").read_text("utf-8"))
    return read_weights(stored[TIERS[encoders]])


def read_weights(stored: dict[str, Any]) -> Weights:
    """Weights from their stored form, in which each has its name."""
    named = stored["confidence"]
    return Weights(
        rank=_row([stored["rank"].get(name, 0.0) for name in DOCUMENT_SIGNALS]),
        confidence=_row(
            [*(named.get(name, 0.0) for name in CONFIDENCE_SIGNALS), named["constant"]]
        ),
        mean=_row([stored["mean"].get(name, 0.0) for name in CONFIDENCE_SIGNALS]),
        scale=_row([stored["scale"].get(name, 1.0) for name in CONFIDENCE_SIGNALS]),
        answer=stored["answer"],
        suggest=stored["suggest"],
    )


def order(signals: Signals, weights: Weights) -> tuple[NDArray[np.int64], Floats]:
    """Documents best first, and the score of each document."""
    scores = signals.documents @ weights.rank
    return np.argsort(-scores, kind="stable"), scores


def facts(signals: Signals, best: NDArray[np.int64], scores: Floats) -> Floats:
    """What the confidence is judged by: the top document, the next, the background."""
    top = signals.documents[best[0]]
    spread = signals.documents - signals.documents.mean(axis=0)
    stands_out = spread[best[0]][list(AGAINST)]
    chances = np.exp(scores - scores[best[0]])
    margin = scores[best[0]] - scores[best[1]] if len(best) > 1 else np.float32(0.5)
    return np.concatenate(
        [
            top,
            stands_out,
            np.maximum(0.0, signals.background - top[list(AGAINST)] + NEARLY),
            [signals.of_others, signals.not_ours, signals.not_its[best[0]]],
            [min(float(margin), 5.0), 1.0 / float(chances.sum())],
            [min(signals.missing, 4.0), min(signals.heaviest_missing, 1.5)],
            np.minimum(signals.uncovered[best[0]], [6.0, 1.5, 2.0]),
            [np.log1p(signals.content), float(signals.content <= 1), float(signals.latin)],
        ]
    ).astype(np.float32)


def confidence(judged: Floats, weights: Weights) -> float:
    """How sure it is that the top document answers the question, 0 to 1."""
    standard = (judged - weights.mean) / weights.scale
    score = float(standard @ weights.confidence[:-1] + weights.confidence[-1])
    return float(1.0 / (1.0 + np.exp(-np.clip(score, -30.0, 30.0))))


def decide(sure: float, rival: float, signals: Signals, top: Floats, weights: Weights) -> Decision:
    """Answer when sure; a single word must be what an entry is called, or leave little doubt."""
    if signals.content == 0:  # a hotline's bare number is what its entry is called
        return Decision.ANSWER if _is_named(top) else Decision.REFUSE
    enough = weights.answer
    if signals.content == 1 and not _is_named(top):
        enough = (1.0 + weights.answer) / 2 if rival < RIVAL else NEVER
    if sure >= enough:
        return Decision.ANSWER
    return Decision.SUGGEST if sure >= weights.suggest else Decision.REFUSE


def _is_named(top: Floats) -> bool:
    """Whether the question is what the entry is called, or the code of its form."""
    return bool(max(top[DOCUMENT_SIGNALS.index(name)] for name in ("equal", "codes")) > 0)


def _row(values: list[float]) -> Floats:
    return np.asarray(values, np.float32)
