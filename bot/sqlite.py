"""SQLite's connections: what is quick runs here, what is long goes to a thread.

Handing every statement to aiosqlite's thread costs about 0.1 ms each way, twenty times in a
transaction, and far more while the event loop is busy; the statements themselves take 0.01-0.1 ms,
and so does a commit on a good disk.
"""

import sqlite3
import time
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
    "wal_autocheckpoint=40000",
    "journal_size_limit=67108864",
)
"""Each commit is durable (sqlite.org/pragma.html#pragma_synchronous); deleted words are wiped."""


PATIENCE = 0.5
"""Seconds that emptying the log waits for who reads; who writes waits with it."""
LONG = 50_000
"""Letters of one bound value."""
QUICK = 0.004
"""Seconds: where no commit lately took longer, the event loop waits for the next one itself."""
FORGETS = 0.9
"""What part of the longest commit is still held against the disk after one more."""


class Disk:
    """Opens connections to one database, and knows how long their commits take."""

    def __init__(self) -> None:
        self._took = 0.0

    def connect(self, database: str, **options: Any) -> "Connection":
        """A connection as SQLAlchemy's aiosqlite dialect wants it (its `async_creator_fn`)."""
        options["check_same_thread"] = False  # one at a time, though not always the same thread
        connection = Connection(partial(_open, database, options), iter_chunk_size=64)
        connection.disk = self
        connection._thread.daemon = True
        return connection

    @property
    def is_quick(self) -> bool:
        """Whether waiting for a commit takes less than handing it to a thread."""
        return self._took < QUICK

    def commit(self, commit: Callable[[], None]) -> None:
        """Make it durable, and remember how long that took."""
        begun = time.perf_counter()
        try:
            commit()
        finally:
            self._took = max(time.perf_counter() - begun, self._took * FORGETS)


class Connection(aiosqlite.Connection):
    """aiosqlite's connection with its one funnel narrowed."""

    disk: Disk

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self._running or self._connection is None:
            raise ValueError("Connection closed")
        is_slow = fn == self._connection.close or _is_long(args)
        if fn == self._connection.commit:
            fn, is_slow = partial(self.disk.commit, fn), not self.disk.is_quick
        if is_slow:
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return fn(*args, **kwargs)


def _is_long(args: tuple[Any, ...]) -> bool:
    """Whether a statement has so much to take in that webhooks had better be read meanwhile."""
    values = args[1] if len(args) > 1 and isinstance(args[1], tuple | list) else ()
    return any(isinstance(value, str) and len(value) > LONG for value in values)


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


def checkpoint(database: str) -> None:
    """Copy what the log has into the file, as far as nobody is in the way; nobody waits for it."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").close()


def is_busy(error: BaseException | None) -> bool:
    """Whether another process holds the write lock just now."""
    name: str = getattr(error, "sqlite_errorname", "")
    return name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
