"""The labelled questions that matching is fitted on: invented agencies, and the real ones."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from knowledge.evaluation import Query, read_documents, read_queries
from knowledge.folders import load_defaults
from knowledge.matching import Document
from knowledge.small_talk import examples_of

ROOT = Path(__file__).resolve().parents[1]
SETS = (ROOT / "tests" / "data", ROOT / "benchmarks" / "sets")
AGENCIES = ROOT / "knowledge" / "agencies"

Set = tuple[list[Document], list[Query]]


@cache
def others_questions() -> tuple[str, ...]:
    """The questions of other bodies that the software ships with."""
    return tuple(load_defaults(AGENCIES / "_default").asked_of_others)


def idle_words() -> list[str]:
    """The examples of small talk that the software ships with."""
    wording = load_defaults(AGENCIES / "_default").wording
    return [text for said in examples_of(wording).values() for text in said]


def load_sets() -> dict[str, Set]:
    """Every labelled set of the repository, by name."""
    sets: dict[str, Set] = {}
    for folder in sorted(path.parent for where in SETS for path in where.glob("*/kb.jsonl")):
        documents = read_documents(folder / "kb.jsonl")
        ids = frozenset(d.id for d in documents)
        sets[folder.name] = (documents, read_queries(folder / "queries.jsonl", ids))
    return sets


def phrasings_of_agencies() -> dict[str, Set]:
    """Every agency's entries by their titles alone, and all its phrasings as questions."""
    sets: dict[str, Set] = {}
    for file in sorted(AGENCIES.glob("*/answers.yaml")):
        rows = _yaml(file)
        documents = [
            Document(r["id"], r["question"]["th"], (), r["answer"]["th"], r["category"],
                     (r["question"]["en"],))
            for r in rows
        ]  # fmt: skip
        queries = [
            Query(text, "phrasing", r["id"])
            for r in rows
            for text in (*r["phrasings"], *(r.get("phrasings_en") or []))
        ]
        sets[file.parent.name] = (documents, queries)
    return sets


def _yaml(file: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = yaml.safe_load(file.read_text("utf-8"))
    return rows
