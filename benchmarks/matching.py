"""How long a question takes among many entries, beside RapidFuzz in the same run.

Entries are made of real phrasings with a name put in, so that they share words as real ones do.
Vectors come from the real encoder where there are 10,000 entries or fewer; of more, those of
documents are drawn (embedding them takes half an hour), while questions are still embedded.
"""

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from matching_sets import load_sets
from rapidfuzz import fuzz, process
from serving import report

from knowledge.embedding import Encoder, Vectors, open_encoder
from knowledge.lexical import concepts
from knowledge.matching import Document, Matcher
from knowledge.thai import normalise
from knowledge.words import toneless

GOALS = {10_000: (20.0, None), 100_000: (60.0, 1_500.0)}
"""Entries: milliseconds at the 99th percentile, megabytes."""
QUESTIONS = 300
REAL = 10_000
PLACES = ["บ้านโนน", "หนองแสง", "วังทอง", "ท่าช้าง", "ดอนแก้ว", "ปากน้ำ", "คลองใหม่", "เขาพระ"]


class Drawn:
    """Vectors of documents by chance, those of questions real."""

    name = "drawn"

    def __init__(self, inner: Encoder) -> None:
        self._inner = inner
        self._rng = np.random.default_rng(1)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Real ones."""
        return self._inner.encode(texts)

    def encode_kept(self, texts: Sequence[str]) -> Vectors:
        """Any, of length one."""
        width = self._inner.encode(["width"]).shape[1]
        rows = self._rng.standard_normal((len(texts), width), np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows


def documents(number: int) -> list[Document]:
    """Entries that differ in their matter, their place or their year."""
    base = [d for found, _ in load_sets().values() for d in found]
    made = []
    for n in range(number):
        one = base[n % len(base)]
        mark = f" {PLACES[n // len(base) % len(PLACES)]} {n // len(base)}"
        made.append(
            Document(
                f"{one.id}-{n}", one.question + mark, one.phrasings[:2], one.answer, one.category
            )
        )
    return made


def timed(ask: Callable[[str], object], questions: Sequence[str]) -> dict[str, float]:
    """Milliseconds of each question."""
    took = []
    for question in questions:
        begun = time.perf_counter()
        ask(question)
        took.append(1000 * (time.perf_counter() - begun))
    median, late = (round(float(np.quantile(took, share)), 2) for share in (0.5, 0.99))
    return {"p50 ms": median, "p99 ms": late}


def main() -> int:
    """Build, ask, and say whether the goals are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--cache", type=Path, default=Path("var/embeddings"))
    asked = parser.parse_args()
    encoder, _ = open_encoder(asked.cache)
    assert encoder
    held = documents(asked.entries)
    questions = [q.text for _, queries in load_sets().values() for q in queries]
    questions = [str(q) for q in np.random.default_rng(5).permutation(questions)[:QUESTIONS]]
    use = encoder if asked.entries <= REAL else Drawn(encoder)
    begun = time.perf_counter()
    matcher = Matcher(held, encoder=use)
    built = time.perf_counter() - begun
    encoder.warm()
    toneless()  # as in service, before anything is answered
    ours = timed(matcher.match, questions)
    again = timed(matcher.match, questions)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    changed = Document(held[0].id, "ถามเรื่องใหม่ที่ไม่เคยมี", ("เรื่องใหม่มาก",), "ตอบแล้ว")
    begun = time.perf_counter()
    fresh = matcher.over([changed, *held[1:]])
    visible = 1000 * (time.perf_counter() - begun)
    found = fresh.match("เรื่องใหม่มาก").ranked[0][0] == changed.id
    bags = [" ".join(concepts(normalise(d.question))) for d in held]
    plain = timed(
        lambda q: process.extract(
            " ".join(concepts(normalise(q))), bags, scorer=fuzz.token_set_ratio, limit=10
        ),
        questions[:60],
    )
    figures = {
        "entries": asked.entries,
        "build s": round(built, 1),
        **ours,
        "again p99 ms": again["p99 ms"],
        "rapidfuzz p50 ms": plain["p50 ms"],
        "ratio": round(plain["p50 ms"] / ours["p50 ms"], 2),
        "peak memory MB": round(memory),
        "change visible ms": round(visible, 1),
    }
    late, large = GOALS.get(asked.entries, (None, None))
    goals = {f"a change is visible after {visible:.0f} <= 200 ms": visible <= 200 and found}
    if late is not None:
        goals[f"p99 {ours['p99 ms']} <= {late} ms"] = ours["p99 ms"] <= late
    if large is not None:
        goals[f"{memory:.0f} <= {large} MB"] = memory <= large
    return report("matching", figures, goals)


if __name__ == "__main__":
    sys.exit(main())
