"""A file that was exported knows of which change: what came later is neither undone nor removed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.db import Database
from knowledge import editing
from knowledge.agency import Entry
from knowledge.changes import Changes
from knowledge.editing import Author
from knowledge.entries import Stored, content_of, touched
from knowledge.folders import load_agency, load_defaults
from knowledge.importing import plan
from knowledge.sheets import read, write
from tests.agencies.conftest import REAL
from tests.knowledge.conftest import AGENCY, UNITS, entry
from tests.knowledge.test_formats import FORMATS
from tests.knowledge.test_storing import change, now, of, seed

COLLEAGUE = Author("สมชาย", datetime(2026, 11, 22, 2, 30, tzinfo=UTC))


async def exported(database: Database, file: Path, *changes: Entry) -> Path:
    """The agency's entries as they are now, with these changed in the file by its keeper."""
    async with database.read() as connection:
        last = await touched(connection, AGENCY)
    entries = (await now(database)).entries | of(*changes)
    write(file, list(entries.values()), version=max(one.number for one in last.values()))
    return file


async def planned(database: Database, file: Path, *, is_all: bool = False) -> Changes:
    """What importing the file would do."""
    async with database.read() as connection:
        last = await touched(connection, AGENCY)
    return plan(read(file), await now(database), UNITS, touched=last, is_all=is_all)


def keys(changes: Changes) -> tuple[list[str], list[str], list[str | None]]:
    """What is changed, removed and rejected."""
    return (
        [one.after.id for one in changes.changed],
        [one.id for one in changes.removed],
        [one.key for one in changes.rejected],
    )


@pytest.mark.parametrize("ending", FORMATS)
async def test_a_stale_row_does_not_undo_what_a_colleague_changed_since(
    database: Database, tmp_path: Path, ending: str
) -> None:
    await seed(database, entry("a"), entry("b"), entry("c"), entry("d"))
    mine = entry("a", category="สวน")
    file = await exported(database, tmp_path / f"a.{ending}", mine)
    theirs = await now(database)
    wanted = {key: one for key, one in theirs.entries.items() if key != "c"}
    await change(database, wanted | of(entry("b", category="ตลาด")), COLLEAGUE)

    found = await planned(database, file)

    assert keys(found) == (["a"], [], ["b", "c"])
    for rejected in found.rejected:
        assert "สมชาย แก้หรือลบข้อนี้เมื่อ 22 พ.ย. 2569 09:30 น." in rejected.reasons[0].th
        assert "สมชาย changed or removed it on 22 Nov 2026 09:30" in rejected.reasons[0].en
    assert found.unchanged == ("b", "d")
    replaced = await planned(database, file, is_all=True)
    assert keys(replaced) == keys(found)
    assert replaced.notes == (), "what each row is, is known"


async def test_replacing_leaves_what_came_to_be_after_the_export(
    database: Database, tmp_path: Path
) -> None:
    await seed(database, entry("a"), entry("b"), entry("c"))
    file = await exported(database, tmp_path / "a.csv")
    lines = file.read_text("utf-8-sig")
    file.write_text(lines[: lines.index("b,งาน")], "utf-8")
    theirs = (await now(database)).entries | of(entry("b", category="ตลาด"), entry("new"))
    await change(database, theirs, COLLEAGUE)

    found = await planned(database, file, is_all=True)

    assert keys(found) == ([], ["c"], [])
    assert {note.row for note in found.notes} == {None}
    for key, note in zip(("b", "new"), found.notes, strict=True):
        assert f"ไม่ลบ {key}: สมชาย" in note.reason.th
        assert f"{key} stays: สมชาย" in note.reason.en


async def test_a_file_that_was_imported_may_be_imported_again(
    database: Database, tmp_path: Path, author: Author
) -> None:
    await seed(database, entry("a"), entry("b"))
    file = await exported(database, tmp_path / "a.csv", entry("a", category="สวน"), entry("new"))
    first, before = await planned(database, file, is_all=True), await now(database)
    async with database.write() as connection:
        await editing.apply(connection, AGENCY, first, before, author)

    again = await planned(database, file, is_all=True)
    assert again.is_empty
    assert again.rejected == ()


async def test_another_id_is_no_later_change(
    database: Database, tmp_path: Path, author: Author
) -> None:
    await seed(database, entry("a"), entry("b"))
    file = await exported(database, tmp_path / "a.csv", entry("a", category="สวน"))
    async with database.write() as connection:
        await editing.rename(connection, AGENCY, "a", "z", author)

    assert keys(await planned(database, file, is_all=True)) == (["z"], [], [])
    await change(database, (await now(database)).entries | of(entry("z", category="ก")), COLLEAGUE)
    assert keys(await planned(database, file)) == ([], [], ["z"])


def test_a_version_of_any_kind_is_looked_at_and_not_stumbled_over(tmp_path: Path) -> None:
    for odd in ("[1]", "{}", "true", "1.5", '"x"', "9" * 40):
        (tmp_path / "a.json").write_text(f'[{{"id": "a", "version": {odd}}}]', "utf-8")
        (rejected,) = plan(read(tmp_path / "a.json"), Stored(), UNITS).rejected
        assert "รุ่น: ต้องเป็นเลขตามที่ส่งออก" in "\n".join(why.th for why in rejected.reasons), odd


async def test_rows_without_a_version_are_taken_and_one_that_is_none_is_not(
    database: Database, tmp_path: Path
) -> None:
    await seed(database, entry("a"), entry("b"))
    await change(database, of(entry("a"), entry("b"), entry("c")), COLLEAGUE)
    for version, expected in {
        "": (["a"], ["c"], []),
        "๙๙๙": (["a"], ["c"], []),
        "รุ่นแรก": ([], ["c"], ["a"]),
        "0": ([], [], ["a"]),
    }.items():
        file = tmp_path / "a.csv"
        file.write_text(f"รหัส,หมวด,รุ่น\na,สวน,{version}\nb,งานประเพณี,{version}\n", "utf-8")
        assert keys(await planned(database, file, is_all=True)) == expected, version


def test_an_export_in_place_of_answers_yaml_has_no_fault(tmp_path: Path, add) -> None:
    folder = add("example")
    defaults = load_defaults(REAL / "_default")
    before = load_agency(folder, defaults)
    own = [one for key, one in before.entries.items() if key in before.own]
    write(folder / "answers.yaml", own, version=7)

    assert "version: 7" in (folder / "answers.yaml").read_text("utf-8")
    after = load_agency(folder, defaults)
    assert [content_of(after.entries[one.id]) for one in own] == [content_of(one) for one in own]
