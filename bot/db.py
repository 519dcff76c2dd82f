"""Engine, declarative base and transactions, alike on SQLite and PostgreSQL."""

import asyncio
import fcntl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, TextIO

import orjson
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, String, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    AsyncTransaction,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from bot.sqlite import Disk, checkpoint, emptied, is_busy

ALIVE = (
    "SELECT set_config('tcp_keepalives_idle', '5', false),"
    " set_config('tcp_keepalives_interval', '2', false),"
    " set_config('tcp_keepalives_count', '3', false),"
    " set_config('tcp_user_timeout', '10000', false)"
)
"""PostgreSQL then lets go in ten seconds, not hours, of what a machine held that fell silent."""
ConcurrentId = BigInteger().with_variant(Integer, "sqlite")
"""A growing 64-bit number; SQLite counts only INTEGER primary keys up by itself."""

PATIENCE = 5.0
"""Seconds to wait for another process that writes to the same SQLite file, or for PostgreSQL to
keep what a platform sent."""

HURRY = 1.5
"""The same while a platform waits, which can be told to come again."""

ENDLESS = 60.0
"""Seconds after which a statement on PostgreSQL is given up: the server has fallen silent."""

READ_ONLY = "25006"
"""PostgreSQL's state for a write on a server that only follows another, as after a failover."""

Document = JSON().with_variant(JSONB(), "postgresql")


class Moment(TypeDecorator[datetime]):
    """A moment with its zone; SQLite keeps no zone, so it is kept there as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Give SQLite's moments their zone back."""
        if value is None:
            return None
        moment: datetime = value
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class OneOf(TypeDecorator[Any]):
    """A word of a list, kept as text and read as a member of the list again."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum], length: int) -> None:
        super().__init__(length)
        self.words = words

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Refuse a word that is not on the list."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The member that this word is."""
        return None if value is None else self.words(value)


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Moment,
        dict[str, object]: Document,
    }


class Database:
    """Transactions on one engine. On SQLite writers queue here, not in the file's lock."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writer = self.engine.execution_options(thamdai_write=True)
        self._adder = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._has_written = False
        self._writing, self._behind = asyncio.Lock(), asyncio.Lock()

    @asynccontextmanager
    async def _turn(self, *, first: bool) -> AsyncIterator[float]:
        """On SQLite, wait to write; who goes first waits for one other at most, and not for long.

        Gives the moment until which another process that writes to the file is waited for.
        """
        hurry = time.monotonic() + HURRY
        if not self.is_sqlite:
            yield hurry
            return
        async with nullcontext() if first else self._behind:
            async with asyncio.timeout(HURRY if first else None):
                await self._writing.acquire()
            try:
                yield hurry if first else time.monotonic() + PATIENCE
            finally:
                self._writing.release()

    @asynccontextmanager
    async def write(self, *, first: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction of plain statements, committed at the end."""
        async with self._turn(first=first) as until, self._writer.connect() as connection:
            transaction = await self._begun(connection, until)
            try:
                yield connection
            except BaseException:
                if transaction.is_active:  # a session that failed has rolled back already
                    await transaction.rollback()
                raise
            await transaction.commit()
            self._has_written = True

    @asynccontextmanager
    async def adding(self) -> AsyncIterator[AsyncConnection]:
        """For insertions that may be made again, and somebody waits: they go before other writers.

        On PostgreSQL each is committed by itself: that saves the round trips of BEGIN and COMMIT,
        which is most of what a webhook waits for.
        """
        if self.is_sqlite:
            async with self.write(first=True) as connection:
                yield connection
            return
        async with asyncio.timeout(PATIENCE), self._adder.connect() as connection:
            yield connection

    async def _begun(self, connection: AsyncConnection, until: float) -> AsyncTransaction:
        """Begin; another process that writes to the same SQLite file is waited for, a while."""
        while True:
            try:
                return await connection.begin()
            except OperationalError as error:
                if not is_busy(error.orig) or time.monotonic() > until:
                    raise
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A transaction of mapped objects, committed at the end."""
        async with self.write() as connection:
            session = AsyncSession(
                connection, expire_on_commit=False, join_transaction_mode="conditional_savepoint"
            )
            async with session:
                yield session
                await session.flush()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for queries; never waits for a writer on SQLite."""
        async with self.engine.connect() as connection:
            yield connection

    async def checkpoint(self) -> None:
        """Copy what was written lately from SQLite's log into its file, beside all other work.

        Else a commit would do so now and then, and everybody wait for it.
        """
        if self.is_sqlite and self._has_written:
            self._has_written = False
            await asyncio.to_thread(checkpoint, self.engine.url.database or "")

    async def wipe(self) -> bool:
        """Empty SQLite's log of changes, which holds what was deleted since it last was.

        False where somebody reads just now, and some of it stays until the next time.
        """
        if not self.is_sqlite:
            return True
        async with self._turn(first=False):
            return await asyncio.to_thread(emptied, self.engine.url.database or "")

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()


def _engine(url: str) -> AsyncEngine:
    parsed = make_url(url)
    settings: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
        "hide_parameters": True,  # a fault's message may reach a log, and must hold no words
    }
    if parsed.get_backend_name() != "sqlite":
        settings["connect_args"] = {"command_timeout": ENDLESS, "timeout": PATIENCE}
        engine = create_async_engine(
            parsed, pool_size=10, max_overflow=10, pool_pre_ping=True, **settings
        )
        event.listen(engine.sync_engine, "connect", _keep_alive)
        return engine
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        settings["pool_use_lifo"] = True  # the connection used last has its pages in memory
    settings["connect_args"] = {"async_creator_fn": Disk().connect}
    engine = create_async_engine(parsed, **settings)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _keep_alive(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(ALIVE)
    cursor.close()
    connection.commit()


def _begin_sqlite(connection: Any) -> None:
    """Writers lock at once: a reader that becomes a writer later could only fail."""
    writes = connection.get_execution_options().get("thamdai_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_SQLITE_TROUBLE = tuple(
    f"SQLITE_{name}"
    for name in ("BUSY", "LOCKED", "FULL", "IOERR", "CANTOPEN", "READONLY", "NOMEM", "CORRUPT")
)


def is_unavailable(error: Exception) -> bool:
    """Whether the database, not the message, is what failed."""
    if isinstance(error, PoolTimeout | OSError):
        return True
    origin = error.orig if isinstance(error, DBAPIError) else error  # bare while connecting
    if name := getattr(origin, "sqlite_errorname", None):
        return str(name).startswith(_SQLITE_TROUBLE)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = str(getattr(origin, "sqlstate", None))
    return state[:2] in {"08", "40", "53", "57", "58"} or state == READ_ONLY


def is_collision(error: DBAPIError) -> bool:
    """Whether PostgreSQL ended this transaction in favour of another: it may be tried again."""
    return str(getattr(error.orig, "sqlstate", None))[:2] == "40"


class AlreadyRunning(Exception):
    """Another process serves from this data folder."""


def hold(folder: Path, name: str = "serving.lock") -> TextIO:
    """Keep a place to ourselves while the returned file is open; raises AlreadyRunning."""
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / name).open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise AlreadyRunning(str(folder)) from None
    return file
