"""The labelled questions that matching is fitted on: the test sets, and the agencies themselves."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from knowledge.evaluation import Query, read_documents, read_queries
from knowledge.matching import Document

ROOT = Path(__file__).resolve().parents[1]
SETS = ROOT / "tests" / "data"
AGENCIES = ROOT / "knowledge" / "agencies"
ASKED_OF = ("tapon", "mof-ops")  # agencies whose own phrasings serve as questions
STRANGERS = 120
SEED = 11

Set = tuple[list[Document], list[Query]]


@cache
def others_questions() -> tuple[str, ...]:
    """The questions of other bodies that the software ships with."""
    groups = _yaml(AGENCIES / "_default" / "background.yaml")
    return tuple(example for group in groups for example in group["examples"])


def load_sets() -> dict[str, Set]:
    """Every labelled set of the repository, by name."""
    sets: dict[str, Set] = {}
    for folder in sorted(path.parent for path in SETS.glob("*/kb.jsonl")):
        documents = read_documents(folder / "kb.jsonl")
        ids = frozenset(d.id for d in documents)
        sets[folder.name] = (documents, read_queries(folder / "queries.jsonl", ids))
    sets.update({slug: _agency(slug) for slug in ASKED_OF if (AGENCIES / slug).is_dir()})
    return sets


def _agency(slug: str) -> Set:
    """An agency's entries without one Thai and one English phrasing, which become questions."""
    rng = np.random.default_rng(SEED)
    documents, queries = [], []
    rows = [
        *_yaml(AGENCIES / slug / "answers.yaml"),
        *_yaml(AGENCIES / "_default" / "answers.yaml"),
    ]
    for row in {row["id"]: row for row in reversed(rows)}.values():
        thai = [str(text) for text in rng.permutation(row["phrasings"])]
        english = [str(text) for text in rng.permutation(row.get("phrasings_en") or [])]
        kept = int(rng.integers(1, len(thai)))
        documents.append(
            Document(
                row["id"], row["question"]["th"], tuple(thai[1 : 1 + kept]), row["answer"]["th"],
                row["category"], (row["question"]["en"], *english[1:]),
            )
        )  # fmt: skip
        queries.append(Query(thai[0], "phrasing", row["id"]))
        queries += [Query(text, "english", row["id"]) for text in english[:1]]
    strangers = rng.choice(others_questions(), STRANGERS, replace=False)
    return documents, queries + [Query(str(text), "background", None) for text in strangers]


def _yaml(file: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = yaml.safe_load(file.read_text("utf-8"))
    return rows
