"""SQLite's connections: who waits for the disk, and what becomes of the log of changes."""

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

from bot.sqlite import QUICK, Disk
from tests.fakes import said
from tests.road.conftest import MakeRoad


def test_a_commit_that_took_long_is_held_against_the_disk_for_some_commits() -> None:
    disk = Disk()
    assert disk.is_quick

    disk.commit(lambda: time.sleep(2 * QUICK))
    assert not disk.is_quick
    for _ in range(20):
        disk.commit(lambda: None)

    assert disk.is_quick


async def test_where_the_disk_is_slow_a_thread_waits_for_it_and_where_it_is_quick_none_does(
    tmp_path: Path,
) -> None:
    disk = Disk()
    where: list[bool] = []

    class Watched(sqlite3.Connection):
        def commit(self) -> None:
            where.append(threading.current_thread() is threading.main_thread())
            super().commit()

    connection = disk.connect(str(tmp_path / "a.db"), factory=Watched)
    async with connection:
        await connection.execute("CREATE TABLE one (two)")
        await connection.commit()
        disk.commit(lambda: time.sleep(2 * QUICK))
        await connection.commit()

    assert where == [True, False]


async def test_what_was_written_is_copied_into_the_file_while_others_work(
    sqlite_url: str, tmp_path: Path, make_road: MakeRoad
) -> None:
    road = make_road(sqlite_url)
    await road.take(said("น้ำไม่ไหล"))
    assert events_without_the_log(tmp_path) == 0

    async with road.database.write():  # somebody writes just now
        await road.database.checkpoint()

    assert events_without_the_log(tmp_path) == 1


def events_without_the_log(folder: Path) -> int:
    """How many events there are for who has the file alone."""
    [file] = folder.glob("*.db")
    alone = folder / "alone"
    alone.write_bytes(file.read_bytes())
    with closing(sqlite3.connect(f"file:{alone}?immutable=1", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
        if ("inbox",) not in tables:
            return 0
        return int(connection.execute("SELECT count(*) FROM inbox").fetchone()[0])
