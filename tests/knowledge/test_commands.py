"""`knowledge ...` as staff and operators use it: in a folder of their own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agencies.conftest import PROFILE
from tests.commands import Done, told
from tests.knowledge.made import book, rows, spoil

SLUG = "first"
WORKS = """
[[units]]
id = "works"
name_th = "กองช่าง"
name_en = "Public Works"
source = "๒"
"""
Run = Callable[..., list[Done]]


@pytest.fixture
def run(tmp_path: Path, folder: Path, add: Callable[[str], Path]) -> Run:
    """Runs commands `knowledge ...` on a small agency that stands alone, one after another."""
    for name in ("answers.yaml", "background.yaml"):
        (folder / "_default" / name).write_text("[]", "utf-8")
    (add(SLUG) / "profile.toml").write_text(PROFILE + WORKS, "utf-8")

    def run(*commands: tuple[object, ...], said: str = "") -> list[Done]:
        ours = {"SEMANTIC": "false", "DATA_DIR": tmp_path / "var", "AGENCIES_DIR": folder}
        return [told("knowledge", c[0], SLUG, *c[1:], typed=said, **ours) for c in commands]

    return run


def test_the_good_rows_of_a_sheet_with_12_faulty_ones_go_in(run: Run, tmp_path: Path) -> None:
    found = list(rows(180))
    faults = spoil(found)
    file = book(tmp_path / "สำรวจ.xlsx", found)
    done, again, exported, history = run(
        ("import", file, "--yes", "--by", "สมหญิง"),
        ("import", file, "--yes"),
        ("export", tmp_path / "out.ods"),
        ("history", found[0][0]),
    )

    assert "เพิ่ม 168 added · แก้ 0 changed · ลบ 0 removed" in done.stdout
    assert "ไม่รับ 12 rejected" in done.stdout
    for row, reason in faults.items():
        assert f"✗ แถว {row} / row {row} " in done.stdout
        assert reason in done.stdout
    assert "หมายเหตุ" in done.stdout
    assert done.returncode == 1, "something was rejected"
    assert "✓ บันทึกแล้ว / done" in done.stdout
    assert "เหมือนเดิม 170 unchanged" in again.stdout
    assert "nothing changes" in again.stdout
    assert "170 ข้อ" in exported.stdout
    assert history.stdout.endswith(f"{found[0][0]} v1 created สมหญิง\n")


def test_an_edited_export_shows_what_changes_and_replacing_removes(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    run(("export", file))
    lines = file.read_text("utf-8-sig").replace("วันเพ็ญเดือนสิบสอง", "วันแม่")
    file.write_text(lines[: lines.index("orchids")], "utf-8")
    (merged,) = run(("import", file), said="n\n")
    replaced, history = run(
        ("import", file, "--replace", "--by", "สมหญิง"), ("history", "dragon-boats"), said="y\n"
    )

    assert merged.returncode == 1
    assert "nothing was changed" in merged.stderr
    assert "~ dragon-boats" in merged.stdout
    assert "answer th: “วันเพ็ญเดือนสิบสอง ที่ท่าน้ำหน้าวัด” → “วันแม่ ที่ท่าน้ำหน้าวัด”" in merged.stdout
    assert "ลบ 0 removed" in merged.stdout
    assert "- orchids: " in replaced.stdout
    assert replaced.returncode == 0
    assert "v2 changed สมหญิง\n    คำตอบ" in history.stdout
    assert "v1 seeded answers.yaml" in history.stdout


def test_the_history_of_an_entry_has_every_word_that_was_there(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    run(("export", file))
    plain = file.read_text("utf-8-sig")
    long = "วันเพ็ญเดือนสิบสอง " + "พายได้ทุกคน " * 20 + "จบ"
    file.write_text(plain.replace("วันเพ็ญเดือนสิบสอง", long), "utf-8")
    run(("import", file, "--yes"), ("export", file))
    file.write_text(file.read_text("utf-8-sig").replace(long, "วันแม่"), "utf-8")
    _, history = run(("import", file, "--yes"), ("history", "dragon-boats"))

    assert f"“{long} ที่ท่าน้ำหน้าวัด” → “วันแม่ ที่ท่าน้ำหน้าวัด”" in history.stdout


def test_a_change_that_breaks_a_confirmed_question_needs_an_explicit_yes(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    run(("confirm", "orchids", "ชมกล้วยไม้ได้ไหม", "--by", "สมหญิง"), ("export", file))
    lines = file.read_text("utf-8-sig")
    file.write_text(lines[: lines.index("orchids")], "utf-8")
    refused, forced = run(
        ("import", file, "--replace", "--yes"),
        ("import", file, "--replace", "--yes", "--break-confirmed"),
    )

    assert refused.returncode == 1
    assert "✗ “ชมกล้วยไม้ได้ไหม”: orchids → -" in refused.stdout
    assert "--break-confirmed" in refused.stderr
    assert forced.returncode == 0
    assert "- orchids" in forced.stdout


def test_what_is_due_is_listed_by_owner_and_a_renamed_entry_keeps_its_history(run: Run) -> None:
    renamed, due, history, bad, none = run(
        ("rename", "orchids", "garden", "--by", "สมหญิง"),
        ("due", "--days", "3650"),
        ("history", "orchids"),
        ("rename", "garden", "No Good"),
        ("rename", "nothing", "else"),
    )

    assert renamed.returncode == 0
    assert due.stdout.startswith("สำนักปลัด / Office of the Clerk\n")
    assert "2027-05-21 garden: สวนกล้วยไม้เปิดให้ชมไหม" in due.stdout
    assert [line.split()[2:4] for line in history.stdout.splitlines() if line[0] != " "] == [
        ["garden", "v2"], ["orchids", "v1"],
    ]  # fmt: skip
    assert bad.returncode == none.returncode == 1
    assert "there is no entry" in none.stderr


def test_a_stale_export_says_who_changed_what_since_and_changes_the_rest(
    run: Run, tmp_path: Path
) -> None:
    old, mine = tmp_path / "old.csv", tmp_path / "mine.csv"
    run(("export", old), ("export", mine))
    mine.write_text(mine.read_text("utf-8-sig").replace("เปิดทุกวัน", "ปิดวันจันทร์"), "utf-8")
    old.write_text(old.read_text("utf-8-sig").replace("วันเพ็ญเดือนสิบสอง", "วันแม่"), "utf-8")
    first, stale, check = run(
        ("import", mine, "--yes", "--by", "สมชาย"),
        ("import", old, "--yes", "--by", "สมหญิง"),
        ("check", "--against", old),
    )

    assert first.returncode == 0
    assert stale.returncode == 1
    assert "(orchids)\n    รุ่น: สมชาย แก้หรือลบข้อนี้เมื่อ" in stale.stdout
    assert "แก้ 1 changed" in stale.stdout
    assert "✓ บันทึกแล้ว" in stale.stdout
    assert check.returncode == 0, check.stderr


def test_an_owner_that_left_the_profile_is_named_by_check(
    run: Run, tmp_path: Path, folder: Path
) -> None:
    sheet = book(tmp_path / "a.xlsx", list(rows(1, units=["works"])))
    (before,) = run(("import", sheet, "--yes"), ("check",))[1:]
    (folder / SLUG / "profile.toml").write_text(PROFILE, "utf-8")
    (after,) = run(("check",))

    said = "building-00000 belongs to works, which is no unit of profile.toml"
    assert said not in before.stdout
    assert said in after.stdout


def test_letters_that_would_steer_the_terminal_are_shown_and_not_obeyed(
    run: Run, tmp_path: Path
) -> None:
    sheet, listed = tmp_path / "a.csv", tmp_path / "a.json"
    sheet.write_text("id,answer th,x\x1b]0;pwn\x07\n\x1b[2Jgone,1,\n", "utf-8")
    listed.write_text(r'[{"id": "\ud800"}, {"id": "\u001b[31mX", "question": "\u202eX"}]', "utf-8")
    for done in run(("import", sheet, "--yes"), ("import", listed, "--yes")):
        assert done.returncode == 1
        assert not {"\x1b", "\x07", "\u202e", "\ud800"} & set(done.stdout)
        assert "\\u001b[" in done.stdout
    assert "(\\ud800)" in done.stdout


@pytest.mark.parametrize("days", ["-1", "99999999", "9" * 20, "x"])
def test_days_that_no_calendar_has_are_refused(run: Run, days: str) -> None:
    with pytest.raises(SystemExit) as refused:
        run(("due", "--days", days))
    assert refused.value.code == 2


def test_what_cannot_be_done_is_said_and_changes_nothing(
    run: Run, tmp_path: Path, folder: Path
) -> None:
    odd = tmp_path / "a.doc"
    odd.write_text("x", "utf-8")
    asked = (
        ("import", odd, "--yes"),
        ("import", tmp_path / "none.csv", "--yes"),
        ("export", tmp_path / "none" / "a.csv"),
        ("export", odd),
        ("confirm", "nothing", "ก"),
        ("history", "nothing"),
    )

    for command, done in zip(asked, run(*asked), strict=True):
        assert done.returncode == 1, command
        assert done.stderr, command
    shutil.rmtree(folder / SLUG)
    (done,) = run(("due",))
    assert "no agency first" in done.stderr
