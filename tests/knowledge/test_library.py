"""What is served comes from the database, whoever changed it, and the files go on seeding it."""

from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from bot.db import Database
from knowledge import editing
from knowledge.changes import between
from knowledge.editing import Author
from knowledge.entries import EntryRow, stored
from knowledge.library import Library
from knowledge.registry import Registry
from tests.agencies.test_registry import UNHEARD_OF, edit
from tests.conftest import Opened
from tests.fakes import MovingClock
from tests.knowledge.conftest import entry

SLUG = "first"
QUESTION = "งานแข่งเรือพญานาคจัดวันไหน"


@pytest.fixture
def registry(folder: Path, tmp_path: Path, add) -> Registry:
    """The folder of one small agency, not read yet."""
    add(SLUG)
    return Registry(folder, tmp_path / "kept")


@pytest.fixture
async def library(database: Database, registry: Registry, clock: MovingClock) -> Library:
    """Serves that agency."""
    made = Library(database, registry, clock)
    assert await made.refresh() == [SLUG]
    return made


def answers(registry: Registry) -> dict[str, str]:
    """The agency's own answers as they are served."""
    agency = registry.get(SLUG).agency
    return {key: one.answer.th for key, one in agency.entries.items() if key in agency.own}


async def change(database: Database, author: Author, *gone: str, **answers: str) -> None:
    """Somebody changes some answers, and removes some entries."""
    async with database.write() as connection:
        before = await stored(connection, SLUG)
        after = {key: one for key, one in before.entries.items() if key not in gone}
        for key, words in answers.items():
            old = after.get(key) or entry(key)
            said = old.answer.model_copy(update={"th": words})
            after[key] = old.model_copy(update={"answer": said})
        changes = between(before.entries, after)
        await editing.apply(connection, SLUG, changes, before, author)


async def test_the_files_entries_are_stored_once_and_served(
    library: Library, registry: Registry, database: Database, clock: MovingClock
) -> None:
    assert list(answers(registry)) == ["dragon-boats", "orchids"]
    assert "g-ita-what" in registry.get(SLUG).agency.entries
    assert await library.refresh() == []
    assert await Library(database, registry, clock).refresh() == [SLUG]
    async with database.read() as connection:
        found = await stored(connection, SLUG)
    assert found.version == 1
    assert set(found.entries) == {"dragon-boats", "orchids"}, "those of all agencies stay files"


async def test_what_another_replica_changes_is_served_at_the_next_look(
    library: Library, registry: Registry, database_url: str, opened: Opened, author: Author
) -> None:
    await change(opened(database_url), author, "orchids", parking="จอดฟรี")

    assert await library.refresh() == [SLUG]
    assert set(answers(registry)) == {"dragon-boats", "parking"}
    assert registry.get(SLUG).matcher.match("parking วันไหน").ranked[0][0] == "parking"
    assert await library.refresh() == []


async def test_a_changed_file_is_followed_but_not_over_what_staff_changed(
    library: Library,
    registry: Registry,
    database: Database,
    folder: Path,
    author: Author,
) -> None:
    await change(database, author, orchids="ปิดปรับปรุง")
    edit(folder / SLUG / "answers.yaml", "วันเพ็ญเดือนสิบสอง", "วันแม่")
    edit(folder / SLUG / "answers.yaml", "เปิดทุกวัน", "เปิดวันหยุด")

    assert await library.refresh() == [SLUG]
    assert answers(registry) == {
        "dragon-boats": "วันแม่ ที่ท่าน้ำหน้าวัด",
        "orchids": "ปิดปรับปรุง",
    }


async def test_an_entry_of_all_agencies_comes_back_where_its_own_is_removed(
    library: Library, registry: Registry, database: Database, author: Author
) -> None:
    general = registry.get(SLUG).agency.entries["g-ita-what"]
    await change(database, author, **{"g-ita-what": "ของเรา"})
    await library.refresh()
    assert registry.get(SLUG).agency.entries["g-ita-what"].answer.th == "ของเรา"

    await change(database, author, "g-ita-what")
    await library.refresh()
    assert registry.get(SLUG).agency.entries["g-ita-what"] == general


async def test_a_renamed_entry_is_found_under_both_names(
    library: Library, registry: Registry, database: Database, author: Author
) -> None:
    old = registry.get(SLUG).agency.entries["orchids"]
    async with database.write() as connection:
        await editing.rename(connection, SLUG, "orchids", "garden", author)
    await library.refresh()

    agency = registry.get(SLUG).agency
    new = old.model_copy(update={"id": "garden"})
    assert agency.entry("orchids") == agency.entry("garden") == new
    assert "orchids" not in agency.entries


async def test_a_fault_of_the_database_leaves_the_last_good_version_serving(
    library: Library,
    registry: Registry,
    database: Database,
    author: Author,
    add,
) -> None:
    before = registry.get(SLUG)
    await change(database, author, orchids="ปิดปรับปรุง")
    add("second")
    async with database.write() as connection:
        await connection.execute(text("ALTER TABLE entries RENAME TO away"))
    assert await library.refresh() == []
    assert registry.get(SLUG) is before
    async with database.write() as connection:
        await connection.execute(text("ALTER TABLE away RENAME TO entries"))

    assert await library.refresh() == [SLUG, "second"]
    assert answers(registry)["orchids"] == "ปิดปรับปรุง"


async def test_a_file_with_an_unheard_of_fault_leaves_other_agencies_seeded(
    library: Library, registry: Registry, database: Database, add, folder: Path
) -> None:
    edit(folder / SLUG / "texts.toml", "{agency}", UNHEARD_OF)
    add("abroad")
    add("second")

    assert await library.refresh() == ["abroad", "second"]
    assert answers(registry)
    async with database.read() as connection:
        for slug in ("abroad", "second"):
            assert set((await stored(connection, slug)).entries) == {"dragon-boats", "orchids"}


async def test_a_bad_file_leaves_staffs_changes_coming_through(
    library: Library,
    registry: Registry,
    database: Database,
    author: Author,
    folder: Path,
) -> None:
    edit(folder / SLUG / "answers.yaml", "unit: clerk", "unit: nobody")
    assert await library.refresh() == []
    await change(database, author, orchids="ปิดปรับปรุง")

    assert await library.refresh() == [SLUG]
    assert answers(registry)["orchids"] == "ปิดปรับปรุง"
    assert registry.get(SLUG).matcher.match(QUESTION).ranked[0][0] == "dragon-boats"


@pytest.mark.parametrize("link", ["https://[ใส่ลิงก์]/", "https:///fees", "เว็บเทศบาล", 7])
async def test_an_entry_that_an_earlier_release_kept_with_an_odd_link_is_served_without_it(
    library: Library, registry: Registry, database: Database, author: Author, link: object
) -> None:
    await change(database, author, **{"dragon-boats": "วันเพ็ญ"})
    async with database.write() as connection:
        here = (EntryRow.agency == SLUG) & (EntryRow.key == "dragon-boats")
        content = await connection.scalar(select(EntryRow.content).where(here))
        content = {**content, "source": {**content["source"], "url": link}}
        await connection.execute(update(EntryRow).where(here).values(content=content))

    assert await library.refresh() == [SLUG]
    assert set(answers(registry)) == {"dragon-boats", "orchids"}
    assert registry.get(SLUG).agency.entries["dragon-boats"].source.url is None
    async with database.read() as connection:
        assert (await stored(connection, SLUG)).unlinked == {"dragon-boats": str(link)}

    async with database.write() as connection:
        content = {**content, "source": {**content["source"], "url": "https://example.go.th/"}}
        await connection.execute(update(EntryRow).where(here).values(content=content))
    async with database.read() as connection:
        assert (await stored(connection, SLUG)).unlinked == {}


async def test_an_entry_of_which_more_cannot_be_read_stays_left_out(
    library: Library, registry: Registry, database: Database, author: Author
) -> None:
    await change(database, author, **{"dragon-boats": "วันเพ็ญ"})
    async with database.write() as connection:
        here = (EntryRow.agency == SLUG) & (EntryRow.key == "dragon-boats")
        odd = {"source": {"url": "https:///"}, "id": "dragon-boats"}
        await connection.execute(update(EntryRow).where(here).values(content=odd))

    assert await library.refresh() == [SLUG]
    assert set(answers(registry)) == {"orchids"}
