"""Measuring the matcher against questions whose answers are known."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from knowledge.embedding import Encoder
from knowledge.matching import Decision, Document, Match, Matcher
from knowledge.small_talk import SmallTalk

Progress = Callable[[int, int], None]

WORST: Final = 15
FEW: Final = 3  # suggestions a citizen is shown
ALL: Final = "all"


class EvaluationError(Exception):
    """A file of questions or entries that cannot be read, with the line and the reason."""

    def __init__(self, file: Path, line: int, thai: str, english: str) -> None:
        place = f"{file}:{line}" if line else f"{file}"
        super().__init__(f"{place}: {thai} / {english}")
        self.file, self.line, self.thai, self.english = file, line, thai, english


@dataclass(frozen=True, slots=True)
class Query:
    """A citizen's message and the entry that answers it, or None where none does."""

    text: str
    kind: str
    expected: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """What the matcher made of one message."""

    query: Query
    match: Match
    milliseconds: float

    @property
    def rank(self) -> int | None:
        """The place of the right entry, the first being 1."""
        ids = [entry for entry, _ in self.match.ranked]
        return ids.index(self.query.expected) + 1 if self.query.expected in ids else None

    @property
    def confidence(self) -> float:
        """That of the first entry."""
        return self.match.sureness

    @property
    def answered(self) -> bool:
        """Whether the bot would have answered outright."""
        return self.match.decision is Decision.ANSWER


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The results for all messages, and what they come to."""

    results: tuple[Result, ...]

    @property
    def summary(self) -> dict[str, float]:
        """The figures over all messages."""
        return summarise(self.results)

    def as_json(self) -> dict[str, Any]:
        """The form that `python -m bot evaluate --json` prints."""
        return {
            "results": [_result_as_json(result) for result in self.results],
            "summary": self.summary,
            "kinds": {kind: summarise(rows) for kind, rows in self._kinds().items()},
        }

    def as_table(self) -> str:
        """A table for people: all messages, each kind, and the worst misses."""
        kinds = {ALL: self.results, **self._kinds()}
        rows = [_row(kind, summarise(results)) for kind, results in kinds.items()]
        misses = [_miss(result) for result in worst(self.results)]
        return "\n".join([HEADING, *rows, "", "Worst misses:", *(misses or ["none"])])

    def _kinds(self) -> dict[str, Sequence[Result]]:
        kinds: dict[str, list[Result]] = defaultdict(list)
        for result in self.results:
            kinds[result.query.kind].append(result)
        return dict(sorted(kinds.items()))


def evaluate(
    kb: Path,
    queries: Path,
    *,
    encoder: Encoder | None,
    background: Sequence[str] = (),
    small_talk: SmallTalk | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Match every message of `queries` against the entries of `kb`, as the bot would."""
    documents = read_documents(kb)
    asked = read_queries(queries, frozenset(document.id for document in documents))
    matcher = Matcher(documents, encoder=encoder, background=background)
    if documents:
        matcher.match(documents[0].question)
    results = []
    for number, query in enumerate(asked, 1):
        started = time.perf_counter()
        match = matcher.match(query.text)
        if small_talk is not None and small_talk.kind(query.text, match.sureness):
            match = Match(Decision.REFUSE, tuple((key, 0.0) for key, _ in match.ranked))
        results.append(Result(query, match, (time.perf_counter() - started) * 1000))
        if progress is not None:
            progress(number, len(asked))
    return Evaluation(tuple(results))


def summarise(results: Sequence[Result]) -> dict[str, float]:
    """Shares of right and wrong over some messages; a share of nothing is left out."""
    known = [r for r in results if r.query.expected is not None]
    strange = [r for r in results if r.query.expected is None]
    figures: dict[str, float] = {"messages": len(results)}
    if known:
        figures["hit@1"] = _share([r.rank == 1 for r in known])
        figures["hit@3"] = _share([r.rank is not None and r.rank <= FEW for r in known])
    if known and strange:
        figures["auroc"] = auroc([r.confidence for r in known], [r.confidence for r in strange])
    if known:
        figures["answered_right"] = _share([r.answered and r.rank == 1 for r in known])
        figures["answered_wrong"] = _share([r.answered and r.rank != 1 for r in known])
        figures["refused"] = _share([r.match.decision is Decision.REFUSE for r in known])
    if strange:
        figures["false_answers"] = _share([r.answered for r in strange])
        figures["false_suggestions"] = _share(
            [r.match.decision is Decision.SUGGEST for r in strange]
        )
    if results:
        times = [r.milliseconds for r in results]
        figures["p50_ms"] = round(float(np.percentile(times, 50)), 2)
        figures["p99_ms"] = round(float(np.percentile(times, 99)), 2)
    return figures


def auroc(known: Sequence[float], strange: Sequence[float]) -> float:
    """How often a message with an answer has more confidence than one without; a tie is half."""
    above = np.asarray(known)[:, None] - np.asarray(strange)[None, :]
    return round(float(np.mean((above > 0) + 0.5 * (above == 0))), 4)


def worst(results: Sequence[Result], limit: int = WORST) -> list[Result]:
    """The misses made with most confidence."""
    wrong = [r for r in results if (r.rank != 1 if r.query.expected else r.answered)]
    return sorted(wrong, key=lambda r: (-r.answered, -r.confidence))[:limit]


def read_documents(file: Path) -> list[Document]:
    """The entries of a kb.jsonl; raises EvaluationError with the line at fault."""
    documents: dict[str, Document] = {}
    for line, row in _rows(file):
        document = Document(
            id=_text(file, line, row, "id"),
            question=_text(file, line, row, "question"),
            phrasings=_texts(file, line, row, "alternates"),
            answer=_text(file, line, row, "answer", required=False),
            category=_text(file, line, row, "category", required=False),
            english=_texts(file, line, row, "english"),
        )
        if document.id in documents:
            raise EvaluationError(file, line, f"id ซ้ำ: {document.id}", "the id is used twice")
        documents[document.id] = document
    return list(documents.values())


def read_queries(file: Path, ids: frozenset[str]) -> list[Query]:
    """The messages of a queries.jsonl; raises EvaluationError with the line at fault."""
    queries = []
    for line, row in _rows(file):
        expected = row.get("expected")
        if expected is not None and expected not in ids:
            raise EvaluationError(file, line, "expected ไม่มีในฐานความรู้", "no entry has this id")
        kind = _text(file, line, row, "kind", required=False) or "-"
        if not isinstance(row.get("text"), str):
            raise EvaluationError(file, line, "ต้องมี text เป็นข้อความ", "text must be a string")
        queries.append(Query(row["text"], kind, expected))
    return queries


def _rows(file: Path) -> list[tuple[int, Mapping[str, Any]]]:
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise EvaluationError(file, 0, "อ่านแฟ้มไม่ได้", "the file cannot be read") from error
    except UnicodeDecodeError as error:
        raise EvaluationError(file, 0, "แฟ้มไม่ใช่ UTF-8", "the file is not UTF-8") from error
    return [(n, _row_of(file, n, raw)) for n, raw in enumerate(text.split("\n"), 1) if raw.strip()]


def _row_of(file: Path, line: int, raw: str) -> Mapping[str, Any]:
    try:
        row = json.loads(raw)
    except ValueError as error:
        raise EvaluationError(file, line, "ไม่ใช่ JSON", "this is not JSON") from error
    if not isinstance(row, dict):
        raise EvaluationError(file, line, "ต้องเป็น JSON object", "this must be a JSON object")
    return row


def _text(file: Path, line: int, row: Mapping[str, Any], key: str, *, required: bool = True) -> str:
    value = row.get(key)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value.strip()):
        raise EvaluationError(file, line, f"ต้องมี {key} เป็นข้อความ", f"{key} must be a string")
    return value


def _texts(file: Path, line: int, row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = row.get(key) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise EvaluationError(
            file, line, f"{key} ต้องเป็นรายการข้อความ", f"{key} must be a list of strings"
        )
    return tuple(value for value in values if value.strip())


def _share(held: Sequence[bool]) -> float:
    return round(sum(held) / len(held), 4)


def _result_as_json(result: Result) -> dict[str, Any]:
    return {
        "text": result.query.text,
        "expected": result.query.expected,
        "decision": result.match.decision.value,
        "ranked": [[entry, round(sure, 4)] for entry, sure in result.match.ranked],
    }


COLUMNS: Final = (
    "hit@1", "hit@3", "auroc", "answered_right", "answered_wrong", "false_answers", "p50_ms",
    "p99_ms",
)  # fmt: skip
HEADING: Final = f"{'kind':<16}{'messages':>9}" + "".join(f"{name:>15}" for name in COLUMNS)


def _row(kind: str, figures: Mapping[str, float]) -> str:
    cells = (f"{figures[name]:>15.3f}" if name in figures else f"{'-':>15}" for name in COLUMNS)
    return f"{kind:<16}{figures['messages']:>9}" + "".join(cells)


def _miss(result: Result) -> str:
    found = ", ".join(f"{entry} {sure:.2f}" for entry, sure in result.match.ranked[:3])
    wanted = result.query.expected or "(none)"
    return f"  {result.match.decision.value:<8} {result.query.text}  -> {found}; wanted {wanted}"
