"""The measuring of answers says what the bot would do, and where an input file is at fault."""

import json
from pathlib import Path

import pytest

from knowledge.evaluation import EvaluationError, auroc, evaluate, read_documents
from knowledge.folders import load_defaults

DATA = Path(__file__).parent / "data"
AGENCIES = Path(__file__).parents[1] / "knowledge" / "agencies"
ENTRY = {"id": "a", "category": "c", "question": "ขอใบอนุญาตก่อสร้าง", "alternates": [], "answer": "x"}


def write(path: Path, *rows: object) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.fixture(scope="module")
def evaluation():
    folder = DATA / "municipality"
    groups = load_defaults(AGENCIES / "_default").background
    background = [example for group in groups for example in group.examples]
    return evaluate(
        folder / "kb.jsonl", folder / "queries.jsonl", encoder=None, background=background
    )


def test_results_have_the_agreed_form(evaluation):
    printed = json.loads(json.dumps(evaluation.as_json()))

    first = printed["results"][0]
    assert set(first) == {"text", "expected", "decision", "ranked"}
    assert first["decision"] in {"answer", "suggest", "refuse"}
    assert len(first["ranked"]) >= 3
    wanted = {"hit@1", "hit@3", "auroc", "answered_right", "answered_wrong", "false_answers"}
    assert wanted | {"p50_ms", "p99_ms"} <= set(printed["summary"])


def test_words_alone_reach_the_floor_we_promise(evaluation):
    assert evaluation.summary["hit@1"] >= 0.65
    assert evaluation.summary["false_answers"] <= 0.20


def test_the_table_has_every_kind_and_the_worst_misses(evaluation):
    table = evaluation.as_table()

    for kind in ("all", "dialect", "near-miss"):
        assert kind in table
    assert "Worst misses" in table


def test_progress_is_told_to_the_end(tmp_path):
    kb = write(tmp_path / "kb.jsonl", ENTRY)
    queries = write(
        tmp_path / "q.jsonl", {"text": "ก", "kind": "k", "expected": "a"}, {"text": "ข"}
    )
    told = []

    evaluate(kb, queries, encoder=None, progress=lambda done, of: told.append((done, of)))

    assert told == [(1, 2), (2, 2)]


def test_empty_files_give_an_empty_summary(tmp_path):
    kb, queries = write(tmp_path / "kb.jsonl"), write(tmp_path / "q.jsonl")

    result = evaluate(kb, queries, encoder=None)

    assert result.as_json()["results"] == []
    assert "all" in result.as_table()


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("{not json", 2),
        ("[1]", 2),
        ({"id": "b"}, 2),
        ({**ENTRY, "id": ""}, 2),
        ({**ENTRY}, 2),
        ({**ENTRY, "id": "b", "alternates": "x"}, 2),
    ],
)
def test_a_fault_in_the_entries_names_file_and_line(tmp_path, row, line):
    kb = write(tmp_path / "kb.jsonl", ENTRY, row)

    with pytest.raises(EvaluationError, match=r"kb\.jsonl:2: .+ / .+") as caught:
        read_documents(kb)
    assert caught.value.line == line


def test_a_query_for_an_unknown_entry_is_a_fault(tmp_path):
    kb = write(tmp_path / "kb.jsonl", ENTRY)
    queries = write(tmp_path / "q.jsonl", {"text": "ก", "kind": "k", "expected": "nowhere"})

    with pytest.raises(EvaluationError, match="no entry has this id"):
        evaluate(kb, queries, encoder=None)


def test_a_missing_file_is_a_fault_and_not_a_crash(tmp_path):
    with pytest.raises(EvaluationError, match="อ่านแฟ้มไม่ได้"):
        read_documents(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("known", "strange", "area"),
    [([0.9, 0.8], [0.1], 1.0), ([0.5], [0.5], 0.5), ([0.1], [0.9], 0.0)],
)
def test_auroc_is_the_chance_of_the_right_order(known, strange, area):
    assert auroc(known, strange) == area
