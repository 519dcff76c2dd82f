"""Entries in the database: seeded, changed with their history, and never written over unseen."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from bot.db import Database
from knowledge import editing, seeding
from knowledge.agency import Entry
from knowledge.changes import between
from knowledge.editing import Author, NotChanged
from knowledge.entries import EntryRow, Stored, confirmed, history, stored, versions
from tests.knowledge.conftest import AGENCY, entry

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def of(*entries: Entry) -> dict[str, Entry]:
    """Entries by their keys."""
    return {one.id: one for one in entries}


async def seed(database: Database, *entries: Entry) -> seeding.Seeding:
    """The agency's file says this."""
    async with database.write() as connection:
        return await seeding.seed(connection, AGENCY, of(*entries), NOW)


async def now(database: Database) -> Stored:
    """What the agency has."""
    async with database.read() as connection:
        return await stored(connection, AGENCY)


async def change(
    database: Database, after: Mapping[str, Entry], author: Author, seen: Stored | None = None
) -> None:
    """Somebody makes the entries these."""
    before = seen or await now(database)
    async with database.write() as connection:
        await editing.apply(connection, AGENCY, between(before.entries, after), before, author)


async def told(database: Database, key: str | None = None) -> list[tuple[str, int, str, str]]:
    """The history, first things first."""
    async with database.read() as connection:
        rows = await history(connection, AGENCY, key=key)
    return [(row.key, row.version, row.what, row.by) for row in reversed(rows)]


async def test_entries_nobody_changed_follow_the_file(database: Database) -> None:
    await seed(database, entry("a"), entry("b"), entry("c"))
    first = await now(database)
    again = await seed(database, entry("a"), entry("b"), entry("c"))
    assert again.is_empty
    assert (await now(database)).version == first.version

    await seed(database, entry("a"), entry("b", category="สวน"), entry("d"))
    await seed(database, entry("a"), entry("b", category="สวน"), entry("c"), entry("d"))

    found = await now(database)
    assert list(found.entries.values()) == [
        entry("a"), entry("b", category="สวน"), entry("c"), entry("d"),
    ]  # fmt: skip
    assert found.version == first.version + 2
    assert await told(database) == [
        ("a", 1, "seeded", "answers.yaml"),
        ("b", 1, "seeded", "answers.yaml"),
        ("c", 1, "seeded", "answers.yaml"),
        ("d", 1, "seeded", "answers.yaml"),
        ("b", 2, "changed", "answers.yaml"),
        ("c", 2, "removed", "answers.yaml"),
        ("c", 3, "restored", "answers.yaml"),
    ]


async def test_what_staff_changed_stays_and_is_told(database: Database, author: Author) -> None:
    await seed(database, entry("a"), entry("b"), entry("c"), entry("d"))
    mine = of(
        entry("a"), entry("b", category="ของเรา"), entry("c", category="ของเรา"), entry("new")
    )
    await change(database, mine, author)

    found = await seed(database, entry("b", category="ของแฟ้ม"), entry("d"))

    assert found.differing == ("b", "d", "c"), "changed; removed here; gone from the file"
    assert (await now(database)).entries == of(mine["b"], mine["c"], mine["new"])
    agreed = await seed(database, entry("b", category="ของเรา"), entry("c", category="ของเรา"))
    assert agreed.agreed == ("b", "c")
    assert agreed.differing == ()
    followed = await seed(database, entry("b", category="ใหม่"), entry("c", category="ของเรา"))
    assert [(one.id, what) for one, what in followed.edits] == [("b", "changed")]
    assert (await now(database)).entries["new"] == mine["new"]


async def test_a_change_has_its_author_and_one_moment_and_raises_the_version(
    database: Database, author: Author
) -> None:
    await seed(database, entry("a"), entry("b"))
    before = await now(database)
    await change(database, of(entry("a", category="สวน"), entry("c")), author)
    after = await now(database)

    assert after.version == before.version + 1
    async with database.read() as connection:
        assert await versions(connection) == {AGENCY: after.version}
        rows = (await connection.execute(select(EntryRow.__table__))).all()
    assert {row.changed_at for row in rows if row.key in {"a", "c"}} == {author.at}
    assert sorted(await told(database))[2:] == [
        ("b", 1, "seeded", "answers.yaml"),
        ("b", 2, "removed", "สมหญิง"),
        ("c", 1, "created", "สมหญิง"),
    ]
    await change(database, after.entries | of(entry("b")), author)
    assert (await told(database, "b"))[-1] == ("b", 3, "restored", "สมหญิง")


async def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused_as_a_whole(
    database: Database, author: Author
) -> None:
    await seed(database, entry("a"), entry("b"))
    seen = await now(database)
    await change(database, seen.entries | of(entry("a", category="ก")), author)

    mine = of(entry("a", category="ข"), entry("b", category="ข"))
    with pytest.raises(NotChanged, match="ข้อ a ถูกแก้โดย สมหญิง"):
        await change(database, mine, author, seen)
    more = {**seen.entries, **of(entry("c"))}
    await change(database, more, author, seen)
    with pytest.raises(NotChanged, match="ข้อ c"):
        await change(database, more, author, seen)

    assert (await now(database)).entries["b"] == entry("b")


async def test_two_changes_at_once_are_made_one_after_the_other(
    database: Database, author: Author
) -> None:
    await seed(database, entry("a"))
    seen = await now(database)
    results = await asyncio.gather(
        *(change(database, of(entry("a", category=str(n))), author, seen) for n in range(4)),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in results) == ["NoneType"] + ["NotChanged"] * 3
    assert (await now(database)).versions == {"a": 2}


async def test_a_renamed_entry_keeps_its_history_its_questions_and_its_old_name(
    database: Database, author: Author
) -> None:
    await seed(database, entry("a"), entry("b"))
    async with database.write() as connection:
        await editing.confirm(connection, AGENCY, "a", "  ก\n ข ", author)
    for old, new in (("a", "c"), ("c", "d"), ("d", "a"), ("a", "e")):
        async with database.write() as connection:
            await editing.rename(connection, AGENCY, old, new, author)

    found = await now(database)
    assert set(found.entries) == {"b", "e"}
    assert found.renamed == {"a": "e", "c": "e", "d": "e"}
    async with database.read() as connection:
        assert await confirmed(connection, AGENCY) == [("ก ข", "e")]
    assert [row[:3] for row in await told(database, "c")] == [
        ("a", 1, "seeded"), ("c", 2, "renamed"), ("d", 3, "renamed"),
        ("a", 4, "renamed"), ("e", 5, "renamed"),
    ]  # fmt: skip
    assert (await seed(database, entry("a"), entry("b"))).is_empty, "the file knows it as a"
    await seed(database, entry("a", category="สวน"), entry("b"))
    assert (await now(database)).entries["e"].category == "สวน"
    with pytest.raises(NotChanged, match="มีข้อ b อยู่แล้ว"):
        async with database.write() as connection:
            await editing.rename(connection, AGENCY, "e", "b", author)


async def test_another_id_changes_nothing_of_what_was_written_meanwhile(
    database: Database, author: Author
) -> None:
    await seed(database, entry("a"))
    theirs = entry("a", category="ของเพื่อน", verified_on=date(2026, 11, 20))
    await change(database, of(theirs), Author("สมชาย", NOW))
    async with database.write() as connection:
        await editing.rename(connection, AGENCY, "a", "z", author)

    assert (await now(database)).entries == of(theirs.model_copy(update={"id": "z"}))
    async with database.read() as connection:
        row = (await connection.execute(select(EntryRow.__table__))).one()
    assert (row.key, row.verified_on, row.changed_by) == ("z", date(2026, 11, 20), "สมหญิง")


async def test_the_id_of_a_removed_entry_is_not_free_and_that_is_said(
    database: Database, author: Author
) -> None:
    await seed(database, entry("a"), entry("b"))
    await change(database, of(entry("b")), author)

    with pytest.raises(NotChanged, match="รหัส a เป็นของข้อที่ลบไปแล้ว"):
        async with database.write() as connection:
            await editing.rename(connection, AGENCY, "b", "a", author)


async def test_a_confirmed_question_has_one_entry_and_none_that_is_removed(
    database: Database, author: Author
) -> None:
    await seed(database, entry("a"), entry("b"))
    for key, words in (("a", "ก"), ("b", "ก"), ("a", "ข"), ("g-general", "ค")):
        async with database.write() as connection:
            await editing.confirm(connection, AGENCY, key, words, author)
    await change(database, of(entry("b")), author)

    async with database.read() as connection:
        assert await confirmed(connection, AGENCY) == [("ก", "b"), ("ค", "g-general")]
    with pytest.raises(NotChanged):
        async with database.write() as connection:
            await editing.confirm(connection, AGENCY, "a", "ก" * 501, author)


async def test_an_entry_that_cannot_be_read_is_left_out_and_the_others_served(
    database: Database,
) -> None:
    await seed(database, entry("a"), entry("b"))
    async with database.write() as connection:
        spoilt = EntryRow.__table__.update().where(EntryRow.key == "a")
        await connection.execute(spoilt.values(content={"id": "a"}))

    assert set((await now(database)).entries) == {"b"}
    followed = await seed(database, entry("b", category="สวน"))
    assert [one.id for one, _ in followed.edits] == ["b"], "what left the file, too"
    assert (await now(database)).entries["b"].category == "สวน"


async def test_one_agency_knows_nothing_of_anothers(database: Database, author: Author) -> None:
    await seed(database, entry("a"))
    async with database.write() as connection:
        await seeding.seed(connection, "elsewhere", of(entry("a", category="ที่อื่น")), NOW)
        await editing.confirm(connection, "elsewhere", "a", "ก", author)
    await change(database, {}, author)

    async with database.read() as connection:
        assert (await stored(connection, "elsewhere")).entries["a"].category == "ที่อื่น"
        assert await confirmed(connection, AGENCY) == []
        assert len(await history(connection, "elsewhere")) == 1
