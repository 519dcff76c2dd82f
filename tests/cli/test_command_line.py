"""The command line as an operator uses it: what commands say, and their exit codes."""

import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.settings import ROOT
from tests.commands import Done, told
from tests.folders import copied

DATA = ROOT / "tests" / "data" / "eval"
AGENCIES = ROOT / "knowledge" / "agencies"

Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command in this process, with a data folder of its own."""

    def run(*arguments: str | Path, **settings: str | Path) -> Done:
        return told(*arguments, SEMANTIC="false", DATA_DIR=tmp_path / "var", **settings)

    return run


def started(
    *arguments: str, letters: str = "utf-8", **settings: str | Path
) -> subprocess.CompletedProcess[str]:
    """Runs `python -m bot` as an operator does, in a locale with these letters."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("THAMDAI_")}
    kept["PYTHONIOENCODING"] = letters
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "bot", *arguments],
        capture_output=True,
        cwd=ROOT,
        env={**kept, **{f"THAMDAI_{name}": str(value) for name, value in settings.items()}},
        encoding=letters,
        timeout=60,
        check=False,
    )


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """An agencies folder with one agency, which is read sooner."""
    copied(tmp_path / "agencies", "buriram")
    return tmp_path / "agencies"


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])

    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    commands = ("serve", "ask", "evaluate", "doctor", "migrate", "agencies")
    assert all(re.search(rf"^    {command}\b", shown, re.MULTILINE) for command in commands)


def test_an_unknown_command_is_told(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["dance"])

    assert stopped.value.code == 2
    assert "dance" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["serve", "demo"])
@pytest.mark.parametrize("wrong", ["99999", "-1", "eighty", "๘๐๘๐", ""])
def test_a_port_that_is_none_is_not_understood(capsys, command, wrong):
    with pytest.raises(SystemExit) as stopped:
        main([command, f"--port={wrong}"])

    assert stopped.value.code == 2
    assert f"ใช้คำสั่งไม่ถูกต้อง / argument --port: {wrong}: 0-65535" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("knowledge due buriram --days -3", "-3: 0-36500"),
        ("knowledge unanswered buriram --limit -1", "-1: 0-10000"),
        ("knowledge due buriram --days soon", "soon: 0-36500"),
        ("export tickets --agency a --format csv --since 2569-13-01", "2569-13-01: 2026-11-21"),
        ("audit verify --agency a --expect abc", "abc: DIGEST@SEQ"),
    ],
)
def test_an_argument_that_cannot_be_read_is_told_with_what_can(capsys, words, said):
    with pytest.raises(SystemExit) as stopped:
        main(words.split())

    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert "ใช้คำสั่งไม่ถูกต้อง / argument --" in told
    assert said in told


def test_a_bad_setting_is_named(monkeypatch, capsys):
    monkeypatch.setenv("THAMDAI_PORT", "abc")
    monkeypatch.setenv("THAMDAI_LOG_LEVEL", "LOUD")

    assert main(["migrate"]) == 1
    told = capsys.readouterr().err
    assert "THAMDAI_PORT" in told
    assert "THAMDAI_LOG_LEVEL" in told


def test_a_question_is_answered_with_its_source(few, tmp_path):
    """A process of its own, from the first line of the program to the last."""
    here = {"SEMANTIC": "false", "DATA_DIR": tmp_path / "var", "AGENCIES_DIR": few}
    done = started("ask", "buriram", "ขอเบอร์โทรจังหวัดบุรีรัมย์หน่อย", **here)

    assert done.returncode == 0
    assert "044 666 534" in done.stdout
    assert re.search("^ที่มา: แนวทางปฏิบัติ.* ข้อ ๓.๒", done.stdout, re.MULTILINE)
    assert "[เมนู]" in done.stdout.splitlines()


def test_a_question_is_answered_as_json(run, few):
    done = run("ask", "buriram", "ราคาทองวันนี้เท่าไหร่", "--json", AGENCIES_DIR=few)
    found = json.loads(done.stdout)

    assert done.returncode == 0
    assert found["decision"] == "refuse"
    assert "1111" in found["replies"][0]
    assert all(0 <= confidence <= 1 for _, confidence in found["ranked"])


@pytest.mark.parametrize(
    ("words", "decision"),
    [
        ("ขอบคุณมากนะคะ", None),
        ("เมนู", None),
        ("ถนนพังมาก ช่วยมาซ่อมด้วย", None),
        ("ขอเบอร์โทรจังหวัดบุรีรัมย์หน่อย", "answer"),
    ],
)
def test_only_a_question_has_a_decision(run, few, words, decision):
    done = run("ask", "buriram", words, "--json", AGENCIES_DIR=few)
    found = json.loads(done.stdout)

    assert found["decision"] == decision
    assert found["replies"]


def test_asking_an_agency_that_is_none_names_those_that_are(run, few):
    done = run("ask", "nowhere", "สวัสดี", AGENCIES_DIR=few)

    assert done.returncode == 1
    assert done.stdout == ""
    assert "no agency nowhere (there are: buriram)" in done.stderr


def test_good_agencies_are_counted(run):
    done = run("agencies", "check")

    assert done.returncode == 0
    assert (
        len(re.findall(r"^✓ [a-z-]+: \d+ \+ \d+ answers, \d+ disclosures$", done.stdout, re.M)) == 5
    )
    assert done.stderr == ""


def test_bad_agencies_are_told_by_file_line_and_reason(run, few):
    shutil.copytree(AGENCIES / "tapon", few / "tapon")
    shutil.copytree(AGENCIES / "tapon", few / "Ta_Pon")
    answers = few / "buriram" / "answers.yaml"
    lines = answers.read_text("utf-8").splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("  unit: "))
    lines[at] = "  unit: nobody"
    answers.write_text("\n".join(lines), "utf-8")
    done = run("agencies", "check", few)

    assert done.returncode == 1
    assert "✓ tapon" in done.stdout
    assert "✗ buriram" in done.stdout
    assert f"buriram/answers.yaml:{at + 1}: 0.unit: ไม่มีหน่วยงานย่อยนี้ใน profile.toml / " in done.stderr
    assert "Ta_Pon/profile.toml:1: ชื่อโฟลเดอร์" in done.stderr


def test_the_answers_are_measured(run, tmp_path):
    queries = tmp_path / "queries.jsonl"
    some = (DATA / "queries.jsonl").read_text("utf-8").splitlines()[::8]
    queries.write_text("\n".join(some), "utf-8")
    done = run("evaluate", "--kb", DATA / "kb.jsonl", "--queries", queries, "--json")
    found = json.loads(done.stdout)

    assert done.returncode == 0
    assert [result["text"] for result in found["results"]] == [json.loads(s)["text"] for s in some]
    assert {result["decision"] for result in found["results"]} <= {"answer", "suggest", "refuse"}
    assert all(len(result["ranked"]) >= 3 for result in found["results"])
    for name in ("hit@1", "hit@3", "auroc", "answered_right", "answered_wrong", "false_answers"):
        assert 0 <= found["summary"][name] <= 1
    assert found["summary"]["p99_ms"] >= found["summary"]["p50_ms"] > 0
    assert found["summary"]["hit@1"] > 0.5


def test_a_broken_test_set_is_told_by_its_line(run, tmp_path):
    kb = tmp_path / "kb.jsonl"
    lines = (DATA / "kb.jsonl").read_text("utf-8").splitlines()
    kb.write_text("\n".join([*lines[:2], lines[2][:-5], *lines[3:]]), "utf-8")
    done = run("evaluate", "--kb", kb, "--queries", DATA / "queries.jsonl")

    assert done.returncode == 1
    assert f"{kb}:3: " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_finds_what_is_off_and_what_is_bad(run, few):
    here = {"LINE_API_URL": "http://127.0.0.1:9", "AGENCIES_DIR": few}
    before = run("doctor", **here)
    migrated = run("migrate")
    after = run("doctor", **here, BURIRAM_LINE_CHANNEL_SECRET="half")

    assert before.returncode == 0, before.stdout
    assert "– buriram LINE:" in before.stdout
    assert "– buriram Telegram:" in before.stdout
    assert "! database:" in before.stdout
    assert re.match(r"- -> \d{4}", migrated.stdout)
    assert migrated.returncode == 0
    assert after.returncode == 1
    assert "✗ buriram LINE:" in after.stdout
    assert "✓ database:" in after.stdout
    assert "half" not in after.stdout


def test_the_doctor_names_a_setting_that_nothing_reads(run, few):
    here = {"LINE_API_URL": "http://127.0.0.1:9", "AGENCIES_DIR": few}
    done = run("doctor", **here, KEEPDAYS="30")

    assert "! THAMDAI_KEEPDAYS:" in done.stdout
    assert done.stdout.count("! THAMDAI_") == 2, "the other is the public address"


NOWHERE = "postgresql+asyncpg://thamdai:hidden@127.0.0.1:9/thamdai"


def test_a_database_that_cannot_be_reached_is_told_without_a_traceback(run, few):
    here = {"LINE_API_URL": "http://127.0.0.1:9", "AGENCIES_DIR": few, "DATABASE_URL": NOWHERE}
    examined = run("doctor", **here)
    migrated, listed = run("migrate", **here), run("staff", "list", **here)

    assert examined.returncode == migrated.returncode == listed.returncode == 1
    assert "✗ database: เปิดฐานข้อมูลไม่ได้ / cannot open: Connect call failed" in examined.stdout
    assert "✓ " in examined.stdout, "the rest is looked at all the same"
    for done in (migrated, listed):
        assert "อ่านหรือเขียนไม่ได้ / cannot read or write: Connect call failed" in done.stderr
        assert "hidden" not in done.stderr


def test_a_database_of_a_newer_version_is_left_alone(run, few, tmp_path):
    assert run("migrate").returncode == 0
    file = tmp_path / "var" / "thamdai.db"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    examined = run("doctor", LINE_API_URL="http://127.0.0.1:9", AGENCIES_DIR=few)

    assert "✗ database: ใหม่กว่าโปรแกรมนี้ (รุ่น 9999)" in examined.stdout
    assert examined.returncode == 1
    served = run("serve", PORT="0", AGENCIES_DIR=few)
    for done in (run("migrate"), run("staff", "list"), served):
        assert done.returncode == 1
        assert "9999" in done.stderr
        assert "newer than this program" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_data_folder_that_is_none_is_told(tmp_path):
    (tmp_path / "var").write_text("a file")
    done = told("serve", DATA_DIR=tmp_path / "var", PORT="0")

    assert done.returncode == 1
    assert f"cannot read or write: {tmp_path / 'var'}: File exists" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_cannot_start_says_why(few, tmp_path):
    done = told("serve", DATA_DIR=tmp_path, AGENCIES_DIR=few, DATABASE_URL=NOWHERE, PORT="0")
    empty = told("serve", DATA_DIR=tmp_path / "var", AGENCIES_DIR=tmp_path / "none", PORT="0")

    assert done.returncode == empty.returncode == 1
    assert "cannot start: Connection refused" in done.stderr
    assert "hidden" not in done.stderr
    assert str(tmp_path / "none") in empty.stderr
    assert "Traceback" not in done.stderr + empty.stderr


@pytest.mark.parametrize("command", ["doctor", "migrate"])
def test_what_a_command_makes_is_for_its_own_account(run, few, tmp_path, command):
    run(command, LINE_API_URL="http://127.0.0.1:9", AGENCIES_DIR=few)

    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "var" / "thamdai.db").stat().st_mode) == 0o600


@pytest.mark.parametrize("letters", ["iso-8859-11", "ascii"])
def test_a_locale_without_our_letters_hides_no_finding(few, tmp_path, letters):
    """iso-8859-11 is Thai (TIS-620), and has no tick."""
    here = {"LINE_API_URL": "http://127.0.0.1:9", "AGENCIES_DIR": few}
    done = started("doctor", DATA_DIR=tmp_path / "var", letters=letters, **here)

    assert done.returncode == 0, done.stderr
    assert "\\u2713 disk:" in done.stdout
    assert "buriram Telegram:" in done.stdout
    assert ("เหลือ" in done.stdout) is (letters != "ascii")


def test_the_doctor_finds_a_damaged_key(run, few, tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "secret.key").write_bytes(b"short")
    done = run("doctor", LINE_API_URL="http://127.0.0.1:9", AGENCIES_DIR=few)

    assert done.returncode == 1
    assert "✗ secret.key: ใช้กุญแจนี้ไม่ได้" in done.stdout
