"""The database's shape: from nothing to the newest and back, alike on both databases."""

import asyncio

import pytest
from alembic import command
from sqlalchemy import Connection, inspect

from bot import migration
from bot.db import Database
from tests.conftest import Opened

TABLES = {"contacts", "inbox", "outbox", "questions"}


def tables(connection: Connection) -> set[str]:
    """The names of all tables but Alembic's own."""
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


@pytest.fixture
def database(empty_url: str, opened: Opened) -> Database:
    """A database without a table."""
    return opened(empty_url)


async def run(database: Database, what: str, *arguments: str) -> None:
    """One of Alembic's commands on this database."""

    def work(connection: Connection) -> None:
        config = migration.config()
        config.attributes["connection"] = connection
        getattr(command, what)(config, *arguments)

    async with database.write() as connection:
        await connection.run_sync(work)


async def test_an_empty_database_becomes_the_newest_at_once(database: Database) -> None:
    assert await migration.revision(database) is None

    assert await migration.upgrade(database) == (None, migration.newest())
    assert await migration.upgrade(database) == (migration.newest(), migration.newest())

    async with database.read() as connection:
        assert tables_of(await connection.run_sync(tables))


def tables_of(found: set[str]) -> bool:
    """Whether every table of the road is there."""
    return found >= TABLES


async def test_the_migrations_make_just_what_the_models_say(database: Database) -> None:
    await migration.upgrade(database)

    await run(database, "check")


async def test_the_way_back_leaves_nothing_and_can_be_gone_again(database: Database) -> None:
    await migration.upgrade(database)

    await run(database, "downgrade", "base")
    async with database.read() as connection:
        assert await connection.run_sync(tables) == set()
    await migration.upgrade(database)

    assert await migration.revision(database) == migration.newest()


async def test_two_processes_that_start_at_once_upgrade_once(
    empty_url: str, opened: Opened
) -> None:
    results = await asyncio.gather(*(migration.upgrade(opened(empty_url)) for _ in range(2)))

    assert sorted(results, key=str) == [
        (migration.newest(), migration.newest()),
        (None, migration.newest()),
    ]


async def test_there_is_one_newest_revision() -> None:
    assert migration.newest() is not None
