"""Fit the matcher's weights and write them to knowledge/data/weights.json.

Run as `python benchmarks/train_matching.py`.

Many small knowledge bases are drawn from the labelled sets. Questions whose entry was not drawn
have no answer there, and are the near misses from which refusing is learned.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from matching_sets import ASKED_OF, Set, load_sets, others_questions
from numpy.typing import NDArray

from knowledge.embedding import Encoder, Vectors, open_encoder
from knowledge.evaluation import Query, auroc
from knowledge.ranking import CONFIDENCE_SIGNALS, LEXICAL, SENSES, Weights, confidence, facts, order
from knowledge.signals import DOCUMENT_SIGNALS, Document, Index, Signals

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "knowledge" / "data" / "weights.json"
FOLDS = 5
AGAINST_IT = (
    "background.",
    "heaviest_left",
    "left",
    "elsewhere",
    "heaviest",
)  # never raise confidence
FOR_IT = ("margin", "probability", "stands_out.")  # never lower it
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """One question put to one drawn knowledge base, and the row that is right, if any."""

    signals: Signals
    right: int | None


class Remembering:
    """An encoder that keeps every vector in memory, as the same texts come in many draws."""

    def __init__(self, inner: Encoder) -> None:
        self.name = inner.name
        self._inner = inner
        self._known: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row for each text."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._inner.encode(new), strict=True))
        return np.asarray([self._known[text] for text in texts], np.float32)

    encode_kept = encode


def draw(
    documents: Sequence[Document],
    queries: Sequence[Query],
    encoder: Encoder | None,
    rng: np.random.Generator,
) -> list[Sample]:
    """The samples of one drawn knowledge base: some entries, some left out, some as background."""

    def some(share: float, of: Iterable[str]) -> set[str]:
        return {item for item in of if rng.random() < share}

    ids = [d.id for d in documents]
    kept = some(rng.uniform(0.5, 0.95), ids)
    listed = rng.random() < 0.8
    away = some(0.4, [i for i in ids if i not in kept]) if listed else set()
    seen = some(0.3, [q.text for q in queries if q.expected is None]) if listed else set()
    ours = some(rng.uniform(0.5, 1.0), others_questions()) if listed else set()
    ours -= {q.text for q in queries if rng.random() < 0.8}
    background = sorted(ours | seen | {d.question for d in documents if d.id in away})
    richer = 0.5 if rng.random() < 0.4 else 0.0
    extra = some(richer, [q.text for q in queries if q.expected in kept])
    more: dict[str | None, tuple[str, ...]] = {}
    for query in queries:
        if query.text in extra:
            more[query.expected] = (*more.get(query.expected, ()), query.text)
    base = [
        replace(d, phrasings=(*d.phrasings, *more.get(d.id, ()))) for d in documents if d.id in kept
    ]
    asked = [q for q in queries if q.text not in extra and q.text not in background]
    return measure(base, asked, encoder, background)


def measure(
    base: Sequence[Document],
    asked: Sequence[Query],
    encoder: Encoder | None,
    background: Sequence[str],
) -> list[Sample]:
    """The signals of each question against a knowledge base."""
    index = Index(base, encoder=encoder, background=background, abbreviations={})
    places = {d.id: n for n, d in enumerate(base)}
    return [
        Sample(index.measure(index.prepare(q.text)), places.get(q.expected or "")) for q in asked
    ]


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


def fit(samples: Sequence[Sample], *, with_meaning: bool, decay: float = 0.01) -> Weights:
    """Rank first, then confidence; thresholds are set afterwards."""
    columns = [*LEXICAL, *(SENSES if with_meaning else ())]
    rank = fit_rank(samples, columns)
    nothing = np.zeros(1, np.float32)
    start = Weights(rank, nothing, nothing, nothing, 0.5, 0.2)
    return fit_confidence(samples, start, decay)


def fit_on(sets: dict[str, Set], encoder: Encoder | None, draws: int, seed: int) -> Weights:
    """Weights from many knowledge bases drawn from each set, fewer from the agencies' own."""
    rng = np.random.default_rng(seed)
    samples: list[Sample] = []
    for name, (documents, queries) in sets.items():
        for _ in range(max(1, draws // 3) if name in ASKED_OF else draws):
            samples += draw(documents, queries, encoder, rng)
    return fit(samples, with_meaning=encoder is not None)


@dataclass(frozen=True)
class Outcome:
    """How one held-out question fared."""

    query: Query
    sure: float
    first: bool
    top3: bool


def held_out(
    documents: Sequence[Document],
    queries: Sequence[Query],
    weights: Weights,
    encoder: Encoder | None,
    background: Sequence[str] | None = None,
) -> list[Outcome]:
    """Questions put to a whole knowledge base, with weights that never saw them."""
    outcomes = []
    if background is None:
        asked = {q.text for q in queries}
        background = [text for text in others_questions() if text not in asked]
    for query, sample in zip(
        queries, measure(documents, queries, encoder, background), strict=True
    ):
        best, scores = order(sample.signals, weights)
        sure = confidence(facts(sample.signals, best, scores), weights)
        outcomes.append(Outcome(query, sure, sample.right == best[0], sample.right in best[:3]))
    return outcomes


def threshold(outcomes: Sequence[Outcome], sets: dict[str, Set], false: float) -> float:
    """The confidence that in no set more than a share `false` without an answer reach."""
    strange = [
        [o.sure for o in outcomes if o.query in queries and o.query.expected is None]
        for _, queries in sets.values()
    ]
    return max(float(np.quantile(sure, 1 - false)) for sure in strange)


def report(name: str, outcomes: Sequence[Outcome], at: float) -> None:
    """One line of figures."""
    known = [o for o in outcomes if o.query.expected is not None]
    strange = [o for o in outcomes if o.query.expected is None]
    figures = {
        "hit@1": np.mean([o.first for o in known]),
        "hit@3": np.mean([o.top3 for o in known]),
        "auroc": auroc([o.sure for o in known], [o.sure for o in strange])
        if strange
        else float("nan"),
        "right": np.mean([o.first and o.sure >= at for o in known]),
        "wrong": np.mean([not o.first and o.sure >= at for o in known]),
        "false": np.mean([o.sure >= at for o in strange]) if strange else float("nan"),
    }
    print(f"{name:<28}", " ".join(f"{k} {v:.3f}" for k, v in figures.items()), f"at {at:.3f}")


def folds_of(
    documents: Sequence[Document], queries: Sequence[Query], rng: np.random.Generator
) -> dict[str, int]:
    """Each entry and each question without an answer is in one fold."""
    names = [d.id for d in documents] + [q.text for q in queries if q.expected is None]
    return {
        name: int(fold)
        for name, fold in zip(names, rng.permutation(len(names)) % FOLDS, strict=True)
    }


def cross_validate(
    sets: dict[str, Set], encoder: Encoder | None, draws: int, seed: int
) -> list[Outcome]:
    """Outcomes of all questions, each under weights fitted without its entry."""
    outcomes: list[Outcome] = []
    plans = {n: folds_of(d, q, np.random.default_rng(seed)) for n, (d, q) in sets.items()}
    for fold in range(FOLDS):
        rest: dict[str, Set] = {}
        for name, (documents, queries) in sets.items():
            plan = plans[name]
            some = [d for d in documents if plan[d.id] != fold]
            rest[name] = (some, [q for q in queries if plan[q.expected or q.text] != fold])
        weights = fit_on(rest, encoder, draws, seed + 1 + fold)
        for name, (documents, queries) in sets.items():
            asked = [q for q in queries if plans[name][q.expected or q.text] == fold]
            outcomes += held_out(documents, asked, weights, encoder)
    return outcomes


def carry(
    sets: dict[str, Set], encoder: Encoder | None, draws: int, seed: int, false: float
) -> None:
    """Fit on all sets but one, set the threshold there too, and report on the one left out."""
    for left_out, (documents, queries) in sets.items():
        if left_out in ASKED_OF:
            continue
        rest = {name: s for name, s in sets.items() if name != left_out}
        weights = fit_on(rest, encoder, draws, seed)
        at = threshold(cross_validate(rest, encoder, draws, seed), rest, false)
        report(f"carried to {left_out}", held_out(documents, queries, weights, encoder), at)


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


def main() -> None:
    """Fit, report honestly, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=6)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--false", type=float, default=0.05)
    parser.add_argument("--cache", type=Path, default=ROOT / "var" / "embeddings")
    parser.add_argument("--carry", action="store_true", help="also leave each whole set out")
    parser.add_argument("--dry", action="store_true")
    options = parser.parse_args()
    sets = load_sets()
    inner, _ = open_encoder(options.cache)
    fitted: dict[str, object] = {}
    for key, encoder in {
        "with_meaning": inner and Remembering(inner),
        "without_meaning": None,
    }.items():
        outcomes = cross_validate(sets, encoder, options.draws, options.seed)
        at = threshold(outcomes, sets, options.false)
        report(f"{key}, held out", outcomes, at)
        for name in sets:
            texts = {q.text for q in sets[name][1]}
            report(f"  of {name}", [o for o in outcomes if o.query.text in texts], at)
        if options.carry:
            carry(sets, encoder, options.draws, options.seed, options.false)
        weights = fit_on(sets, encoder, options.draws, options.seed)
        right = [o.sure for o in outcomes if o.query.expected is not None]
        fitted[key] = stored(
            replace(weights, answer=at, suggest=min(at / 2, float(np.quantile(right, 0.06))))
        )
    if not options.dry:
        OUT.write_text(json.dumps(fitted, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
