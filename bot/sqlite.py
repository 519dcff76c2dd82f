"""SQLite's connections: quick statements run here, long ones and commits go to a thread.

Handing every statement to aiosqlite's thread costs about 0.1 ms each way, twenty times in a
transaction; the statements themselves take 0.01-0.1 ms. Commits (fsync) stay in the thread.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any

import aiosqlite

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=50",
    "foreign_keys=ON",
    "secure_delete=ON",
    "wal_autocheckpoint=4000",
    "journal_size_limit=67108864",
)
"""Each commit is durable (sqlite.org/pragma.html#pragma_synchronous); deleted words are wiped."""


PATIENCE = 0.5
"""Seconds that emptying the log waits for who reads; who writes waits with it."""
LONG = 1_500
"""Letters of one bound value."""


class Connection(aiosqlite.Connection):
    """aiosqlite's connection with its one funnel narrowed."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self._running or self._connection is None:
            raise ValueError("Connection closed")
        if fn in (self._connection.commit, self._connection.close) or _is_long(args):
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return fn(*args, **kwargs)


def _is_long(args: tuple[Any, ...]) -> bool:
    """Whether a statement has so much to take in that webhooks had better be read meanwhile."""
    values = args[1] if len(args) > 1 and isinstance(args[1], tuple | list) else ()
    return any(isinstance(value, str) and len(value) > LONG for value in values)


def connect(database: str, **options: Any) -> Connection:
    """A connection as SQLAlchemy's aiosqlite dialect wants it (its `async_creator_fn`)."""
    options["check_same_thread"] = False  # one at a time, though not always the same thread
    connection = Connection(partial(_open, database, options), iter_chunk_size=64)
    connection._thread.daemon = True
    return connection


def _open(database: str, options: dict[str, Any]) -> sqlite3.Connection:
    connection: sqlite3.Connection = sqlite3.connect(database, **options)
    connection.isolation_level = None  # SQLAlchemy says BEGIN itself, see bot.db
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


def emptied(database: str) -> bool:
    """Whether all of the log of changes could be written into the file, and be cut to nothing."""
    with closing(sqlite3.connect(database, timeout=PATIENCE)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def is_busy(error: BaseException | None) -> bool:
    """Whether another process holds the write lock just now."""
    name: str = getattr(error, "sqlite_errorname", "")
    return name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
