"""`knowledge check` and `knowledge unanswered`, as staff use them."""

import asyncio
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from admin.questions import Question
from bot.__main__ import main
from bot.db import Database
from bot.messages import Contact
from bot.settings import ROOT
from bot.tables import ContactRow
from tests.folders import copied

AGENCIES = ROOT / "knowledge" / "agencies"


@pytest.fixture
def answers(tmp_path, monkeypatch, sqlite_url) -> Path:
    """The answers of one small agency, which is served alone."""
    folder = tmp_path / "agencies"
    copied(folder, "tapon")
    file = folder / "tapon" / "answers.yaml"
    entries = yaml.safe_load(file.read_text("utf-8"))
    keep(file, entries[:6])
    keep(folder / "_default" / "answers.yaml", [])
    monkeypatch.setenv("THAMDAI_AGENCIES_DIR", str(folder))
    monkeypatch.setenv("THAMDAI_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("THAMDAI_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("THAMDAI_SEMANTIC", "false")
    return file


def keep(file: Path, entries: list) -> None:
    file.write_text(yaml.safe_dump(entries, allow_unicode=True, sort_keys=False), "utf-8")


def told(capsys, *arguments: str | Path) -> tuple[int, str]:
    code = main(["knowledge", *map(str, arguments)])
    return code, capsys.readouterr().out


def test_a_planted_double_is_told_in_both_languages_and_fails(answers, capsys):
    entries = yaml.safe_load(answers.read_text("utf-8"))
    entries[1]["phrasings"].append(entries[0]["phrasings"][0] + "!")
    keep(answers, entries)

    code, out = told(capsys, "check", "tapon")

    assert code == 1
    assert "✗ ถ้อยคำเดียวกันอยู่ในสองข้อ / The same words in two entries (1)" in out
    assert f"stands in {entries[0]['id']} and in {entries[1]['id']}" in out


def test_an_edit_that_breaks_a_confirmed_question_is_told_against_what_was(
    answers, capsys, tmp_path
):
    entries = yaml.safe_load(answers.read_text("utf-8"))
    question = entries[0]["phrasings"][2]
    before = shutil.copy(answers, tmp_path / "before.yaml")
    assert told(capsys, "confirm", "tapon", entries[0]["id"], question)[0] == 0
    good, out = told(capsys, "check", "tapon", "--json")
    assert json.loads(out)["blocks"] is bool(good)

    entries[0]["phrasings"].remove(question)
    entries[1]["phrasings"].append(question)
    keep(answers, entries)
    code, out = told(capsys, "check", "tapon", "--against", before)

    assert code == 1
    assert "คำถามที่ยืนยันแล้วได้คำตอบต่างไป / confirmed questions that break (1)" in out
    assert f"“{question}”: {entries[0]['id']} → {entries[1]['id']}" in out


def test_the_findings_can_be_read_by_a_program(answers, capsys):
    entries = yaml.safe_load(answers.read_text("utf-8"))
    before = answers.with_name("before.json")
    before.write_text(json.dumps(entries, default=str), "utf-8")
    entries[0]["review_by"] = "2020-01-01"
    entries[1]["phrasings"].append("แจกเหยื่อไล่หนูวันไหน")
    keep(answers, entries)

    _, out = told(capsys, "check", "tapon", "--against", before, "--json")

    found = json.loads(out)
    past = [p["entries"] for p in found["problems"] if p["kind"] == "past-review"]
    assert past == [[entries[0]["id"]]]
    assert found["asked"] == found["known"] > 0


def test_an_agency_that_is_none_is_told(answers, capsys):
    assert told(capsys, "check", "nowhere")[0] == 1


async def ask(url: str, *questions: tuple[str, str]) -> None:
    database = Database(url)
    now = datetime(2026, 11, 20, 20, tzinfo=UTC)
    contact = Contact("tapon", "web", "somebody")
    async with database.session() as session:
        session.add(ContactRow.new(contact, now))
        await session.flush()
        for decision, text in questions:
            session.add(
                Question(
                    agency="tapon",
                    contact_id=contact.id,
                    asked_at=now,
                    decision=decision,
                    text=text,
                )
            )
    await database.close()


def test_what_had_no_answer_is_told_by_likeness(answers, capsys, sqlite_url):
    asyncio.run(
        ask(
            sqlite_url,
            ("refuse", "ขอถังขยะใบใหม่"),
            ("refuse", "ขอถังขยะใบใหม่หน่อย"),
            ("turned_down", "เช่าเต็นท์งานแต่ง"),
            ("refuse", ""),
            ("answer", "ไม่ควรเห็น"),
        )
    )

    code, out = told(capsys, "unanswered", "tapon")
    as_json = json.loads(told(capsys, "unanswered", "tapon", "--json", "--limit", "1")[1])

    assert code == 0
    assert "3 คำถาม / questions" in out
    assert "2 × “ขอถังขยะใบใหม่" in out
    assert "1 × “เช่าเต็นท์งานแต่ง” (2026-11-21)" in out  # by the clocks of Bangkok
    assert "ไม่ควรเห็น" not in out
    [first] = as_json
    assert first["count"] == 2
    assert len(first["nearest"]) == 3


def test_nothing_unanswered_is_no_fault(answers, capsys):
    assert told(capsys, "unanswered", "tapon") == (0, "0 คำถาม / questions\n")


def test_an_evaluation_is_written_as_a_page(answers, capsys, tmp_path):
    data = ROOT / "tests" / "data" / "municipality"
    sets = ["--kb", data / "kb.jsonl", "--queries", data / "queries.jsonl"]
    page = tmp_path / "report.html"

    assert main(["evaluate", *map(str, sets), "--html", str(page)]) == 0
    assert "<h1>ผลการวัดคำตอบ" in page.read_text("utf-8")
    assert main(["evaluate", *map(str, sets), "--html", str(tmp_path / "no" / "x.html")]) == 1
    assert "cannot write the file" in capsys.readouterr().err
