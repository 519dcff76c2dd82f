"""What a sheet comes to: added, changed part by part, removed, and rejected with every reason."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge.agency import Entry
from knowledge.changes import Changes
from knowledge.days import day_of
from knowledge.entries import Stored, content_of
from knowledge.importing import made_id, plan
from knowledge.sheets import Table, read
from tests.knowledge.conftest import UNITS, entry
from tests.knowledge.made import book, rows, spoil

TODAY = date(2026, 11, 22)


def taken(
    file: Path, rows: list[list[Any]] | list[dict[str, Any]], *old: Entry, **more: Any
) -> Changes:
    """What these rows of a CSV, or entries of a JSON file, do to the old entries."""
    stored = Stored(entries={one.id: one for one in old}, renamed=more.pop("renamed", {}))
    if isinstance(rows[0], dict):
        target = file / "a.json"
        target.write_text(json.dumps(rows), "utf-8")
    else:
        target = file / "a.csv"
        lines = (",".join(f'"{cell}"' for cell in row) for row in rows)
        target.write_text("\n".join(lines), "utf-8")
    return plan(read(target), stored, UNITS, **more)


def test_three_hundred_rows_with_twelve_faulty_ones_are_taken_row_by_row(tmp_path: Path) -> None:
    found = list(rows(300))
    before = [entry(str(row[0]), phrasings=str(row[4]).split("\n")) for row in found[200:210]]
    faults = spoil(found)
    table = read(book(tmp_path / "สำรวจ.xlsx", found))
    changes = plan(table, Stored(entries={one.id: one for one in before}), UNITS)

    assert len(faults) == 12
    assert table.unknown == ("หมายเหตุ",)
    assert [one.row for one in changes.rejected] == sorted(faults)
    for one in changes.rejected:
        assert any(faults[one.row] in reason.th for reason in one.reasons), one
        assert all(reason.en for reason in one.reasons)
    assert len(changes.added) == 300 - 12 - 10
    assert [change.after.id for change in changes.changed] == [one.id for one in before]
    assert changes.removed == ()
    assert {one.review_by for one in changes.added} == {date(2027, 5, 21)}
    assert {one.unit for one in changes.added} == {"clerk", "works"}
    assert changes.added[0].answer.th.count("\n") == 1


def test_every_reason_against_a_row_is_told_at_once(tmp_path: Path) -> None:
    bad = {"id": "A B", "phrasings": ["ก"], "unit": "nobody", "review_by": "พรุ่งนี้", "colour": "red"}
    (rejected,) = taken(tmp_path, [bad]).rejected

    told = "\n".join(reason.th for reason in rejected.reasons)
    for name in ("รหัส", "หมวด", "คำถาม", "คำที่คนถาม", "คำตอบ", "หน่วยงานเจ้าของ", "ที่มา", "ข้อ"):
        assert f"{name}: " in told, name
    assert told.count("ทบทวนภายใน") == 1
    assert "colour: ไม่รู้จักช่องนี้" in told


@pytest.mark.parametrize("odd", ["https://[ใส่ลิงก์]/", "http://[::1", "https://x.go.th℀/"])
def test_an_address_that_names_no_site_is_a_reason(tmp_path: Path, odd: str) -> None:
    source = {"title": "ระเบียบ", "clause": "ข้อ 1", "url": odd}
    (rejected,) = taken(tmp_path, [content_of(entry("a")) | {"source": source}]).rejected

    assert [reason.th for reason in rejected.reasons] == ["ลิงก์ที่มา: ลิงก์นี้ไม่มีชื่อเว็บที่อ่านได้"]


@pytest.mark.parametrize("odd", ["กองดาวเทียม", "กองส่งเสริมการท่องเที่ยวเชิงนิเวศและวัฒนธรรม", "nobody"])
def test_a_unit_that_is_not_there_is_one_reason_whatever_its_name(tmp_path: Path, odd: str) -> None:
    (rejected,) = taken(tmp_path, [content_of(entry("a")) | {"unit": odd}]).rejected

    (reason,) = rejected.reasons
    assert reason.th == "หน่วยงานเจ้าของ: ไม่มีหน่วยงานย่อยนี้ใน profile.toml"


def test_what_a_link_must_be_is_said_in_both_languages(tmp_path: Path) -> None:
    source = {"title": "ระเบียบ", "clause": "ข้อ 1", "url": "https://x.go.th/a b.pdf"}
    (rejected,) = taken(tmp_path, [content_of(entry("a")) | {"source": source}]).rejected

    (reason,) = rejected.reasons
    assert "ไม่มีวรรค" in reason.th
    assert "no blanks" in reason.en


@pytest.mark.parametrize("odd", [[1], ["x"], [None], [[]], [{"question": "ก"}], [{"id": ["a"]}]])
def test_what_is_no_entry_at_all_is_rejected_not_stumbled_over(tmp_path: Path, odd: Any) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(odd), "utf-8")

    assert len(plan(read(file), Stored(), UNITS).rejected) == 1


def test_a_change_is_told_part_by_part(tmp_path: Path) -> None:
    old = entry()
    new = content_of(old) | {"category": "สวน", "phrasings": ["ก", "ข", "ค", "ง"]}
    (change,) = taken(tmp_path, [new], old).changed

    assert [field.column.en for field in change.fields] == ["category", "phrasings"]
    assert change.fields[0].was == "งานประเพณี"
    assert change.fields[0].becomes == "สวน"


def test_what_a_sheet_has_no_column_for_stays(tmp_path: Path) -> None:
    old = entry(phrasings_en=["when"], verified_on=date(2026, 1, 1))
    sheet = [["id", "category", "verified on"], ["dragon-boats", "สวน", ""]]
    (change,) = taken(tmp_path, sheet, old).changed

    assert change.after == old.model_copy(update={"category": "สวน", "verified_on": None})


def test_merging_removes_nothing_and_replacing_what_is_absent(tmp_path: Path) -> None:
    old = [entry("a"), entry("b"), entry("c")]
    file = [content_of(entry("a")), content_of(entry("c")) | {"phrasings": ["ก"]}]

    assert taken(tmp_path, file, *old).removed == ()
    replaced = taken(tmp_path, file, *old, is_all=True)
    assert [one.id for one in replaced.removed] == ["b"]
    assert replaced.unchanged == ("a", "c"), "a faulty row does not remove its entry"
    assert list(replaced.after({one.id: one for one in old})) == ["a", "c"]


def test_a_row_without_an_id_gets_a_stable_one_and_it_is_told(tmp_path: Path) -> None:
    new = {k: v for k, v in content_of(entry()).items() if k != "id"}
    first = taken(tmp_path, [new])
    (added,) = first.added

    assert added.id == made_id(added.question.th)
    assert added.id in first.notes[0].reason.th
    assert taken(tmp_path, [new], added).unchanged == (added.id,)
    assert taken(tmp_path, [new], entry()).unchanged == ("dragon-boats",)


def test_an_entry_is_known_by_the_id_it_had(tmp_path: Path) -> None:
    old = entry("new-name")
    written = content_of(old) | {"id": "old-name"}
    changes = taken(tmp_path, [written], old, renamed={"old-name": "new-name"})

    assert changes.unchanged == ("new-name",)
    assert "new-name" in changes.notes[0].reason.en


def test_a_phrasing_may_move_but_not_stand_in_two_entries(tmp_path: Path) -> None:
    a, b = entry("a"), entry("b")
    words = a.phrasings[0]
    takes = content_of(b) | {"phrasings": [words, *b.phrasings]}
    gives = content_of(a) | {"phrasings": [*a.phrasings[1:], "ใหม่"]}

    (rejected,) = taken(tmp_path, [takes], a, b).rejected
    assert f"“{words}” อยู่ในข้อ a แล้ว" in rejected.reasons[0].th
    assert len(taken(tmp_path, [takes, gives], a, b).changed) == 2
    broken = gives | {"unit": "nobody"}
    assert len(taken(tmp_path, [takes, broken], a, b).rejected) == 2, "what a gives up it keeps"


def test_replacing_removes_nothing_while_a_rejected_row_may_be_any_entry(tmp_path: Path) -> None:
    old = [entry("a"), entry("b"), entry("c")]
    head = ["id", "category", "question th"]
    unknown = [head, ["A", "x", "a จัดวันไหน?"], ["b", "x", "b จัดวันไหน"]]
    asked = [head, ["A", "x", "a จัดวันไหน"], ["b", "x", "b จัดวันไหน"]]

    held = taken(tmp_path, unknown, *old, is_all=True)
    assert [one.row for one in held.rejected] == [2]
    assert held.removed == ()
    assert "จึงไม่ลบข้อใดเลย" in held.notes[0].reason.th
    known = taken(tmp_path, asked, *old, is_all=True)
    assert [one.id for one in known.removed] == ["c"], "its question says that it is a"
    assert known.notes == ()


@pytest.mark.parametrize(
    ("days", "thai", "english"),
    [
        ({"updated": "22/11/2659"}, "ปรับปรุงเมื่อ: เป็นวันที่ยังมาไม่ถึง", "updated: is in the future"),
        ({"verified_on": "2026-11-23"}, "ตรวจสอบเมื่อ: เป็นวันที่ยังมาไม่ถึง", "verified on: is in"),
        ({"review_by": "20/11/2569"}, "ทบทวนภายใน: ก่อนวันที่ปรับปรุง", "review by: is before the day"),
        ({"updated": "1969-11-21"}, "ปรับปรุงเมื่อ: ก่อนปี พ.ศ. 2533", "updated: is before 1990"),
        ({"review_by": "1970-05-21"}, "ทบทวนภายใน: ก่อนปี พ.ศ. 2533", "review by: is before 1990"),
    ],
)
def test_a_day_that_cannot_be_is_rejected_where_it_is_not_there_already(
    tmp_path: Path, days: dict[str, str], thai: str, english: str
) -> None:
    row = content_of(entry()) | days
    for old in ([], [entry()]):
        (rejected,) = taken(tmp_path, [row], *old, today=TODAY).rejected
        assert rejected.reasons[0].th.startswith(thai)
        assert rejected.reasons[0].en.startswith(english)

    there = entry(**{name: day_of(day) for name, day in days.items()})
    assert taken(tmp_path, [row], there, today=TODAY).unchanged == ("dragon-boats",)
    moved = taken(tmp_path, [row | {"category": "สวน"}], there, today=TODAY)
    assert [one.after.category for one in moved.changed] == ["สวน"]


def test_an_answer_that_changes_is_of_today_unless_its_row_says_otherwise(tmp_path: Path) -> None:
    old = entry()
    said = content_of(old) | {"answer": {"th": "งดจัด", "en": "Not this year"}}
    (change,) = (found := taken(tmp_path, [said], old, today=TODAY)).changed

    assert change.after.updated == TODAY
    assert "จึงใส่วันที่ปรับปรุงเป็นวันนี้" in found.notes[0].reason.th
    for row in (said | {"updated": "2026-11-20"}, content_of(old) | {"category": "สวน"}):
        (change,) = (found := taken(tmp_path, [row], old, today=TODAY)).changed
        assert str(change.after.updated) == row["updated"]
        assert found.notes == ()


@pytest.mark.parametrize("mark", ["\x85", "\u2028", "\u2029", "\r\n", "\x0b"])
def test_a_line_break_of_another_kind_that_is_there_already_is_no_change(
    tmp_path: Path, mark: str
) -> None:
    words = [f"ไปดู{mark}เรือ", "ก", "ข", "ค"]
    old = entry(answer={"th": f"บรรทัดแรก{mark}บรรทัดสอง", "en": "one"}, phrasings=words)

    assert taken(tmp_path, [content_of(old)], old).unchanged == (old.id,)
    (new,) = taken(tmp_path, [content_of(old)]).added
    assert new.answer.th == "บรรทัดแรก\nบรรทัดสอง"


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-21", "21/11/2569", "21-11-2569", "21.11.2026", "๒๑/๑๑/๒๕๖๙", "21 พ.ย. 2569",
        "21 พฤศจิกายน พ.ศ. 2569", "วันที่ 21 พ.ย. 2569", "๒๑ พ.ย. ๒๕๖๙", "21 Nov 2026",
        "21 November 2026", "2569-11-21", date(2026, 11, 21), date(2569, 11, 21),
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(written: object) -> None:
    assert day_of(written) == date(2026, 11, 21)


@pytest.mark.parametrize(
    "written",
    ["", "พรุ่งนี้", "21/11/69", "31/2/2569", "11/21/2026", "21 xx 2569", 46347, "1/1/1", None],
)
def test_what_is_no_day_is_none(written: object) -> None:
    assert day_of(written) is None


def test_the_29th_of_february_is_reckoned_in_the_common_era() -> None:
    assert day_of("29/2/2571") == date(2028, 2, 29)


def test_an_empty_table_changes_nothing() -> None:
    assert plan(Table(()), Stored(entries={"a": entry("a")}), UNITS).is_empty
