"""Which bot accounts this process sends for: all on SQLite, those it has locked on PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from hashlib import blake2b
from typing import Any, Protocol

import asyncpg
import structlog
from sqlalchemy.engine import make_url

from bot import outbox
from bot.db import ALIVE

CHECK = 2.0
"""Seconds between attempts to take over accounts whose sender is gone."""

PATIENCE = 5.0
"""Seconds for the lock's connection to answer; then it is lost, and so are the accounts."""

log = structlog.get_logger()

Taken = Callable[[str], Awaitable[None]]
"""Called when an account becomes ours, before anything is sent for it."""


class Accounts(Protocol):
    """Knows which accounts are ours to send for."""

    @property
    def held(self) -> frozenset[str]:
        """The accounts this process sends for."""

    def add(self, accounts: Iterable[str]) -> None:
        """These are to be sent for, too."""

    async def run(self) -> None:
        """Take accounts, and keep them, until cancelled."""


class AllAccounts:
    """One process on SQLite: everything is ours."""

    def __init__(self, accounts: Iterable[str] = (), *, taken: Taken) -> None:
        self._accounts = frozenset(accounts)
        self._taken = taken
        self.held: frozenset[str] = frozenset()

    def add(self, accounts: Iterable[str]) -> None:
        """These are to be sent for, too."""
        self._accounts |= set(accounts)

    async def run(self) -> None:
        """Take all at once; while the database does not let us, try again."""
        while True:
            try:
                for account in self._accounts - self.held:
                    await self._taken(account)
                    self.held |= {account}
            except Exception as error:  # noqa: BLE001 - without its accounts nothing is sent
                log.error("accounts_not_taken", fault=type(error).__name__)
            await asyncio.sleep(CHECK)


class LockedAccounts:
    """Several replicas on PostgreSQL: an advisory lock for each account, held by a connection."""

    def __init__(
        self, url: str, accounts: Iterable[str] = (), *, taken: Taken, notified: Callable[[], None]
    ) -> None:
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._accounts = frozenset(accounts)
        self._taken = taken
        self._notified = notified
        self.held: frozenset[str] = frozenset()

    def add(self, accounts: Iterable[str]) -> None:
        """These are to be sent for, too."""
        self._accounts |= set(accounts)

    async def run(self) -> None:
        """Connect, listen, take what is free; when the connection breaks, begin anew."""
        while True:
            try:
                await self._hold()
            except Exception as error:  # noqa: BLE001 - without its accounts nothing is sent
                log.warning("accounts_connection_lost", fault=type(error).__name__)
            finally:
                self.held = frozenset()
            await asyncio.sleep(CHECK)

    async def _hold(self) -> None:
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute(ALIVE)
            await connection.add_listener(outbox.CHANNEL, self._listen)
            while True:
                for account in sorted(self._accounts - self.held):
                    if await self._lock(connection, account):
                        await self._taken(account)
                        self.held |= {account}
                        self._notified()
                await asyncio.sleep(CHECK)
                await connection.execute("SELECT 1", timeout=PATIENCE)
        finally:
            self.held = frozenset()
            await connection.close(timeout=2)

    def _listen(self, _connection: Any, _pid: int, _channel: str, account: str) -> None:
        if account in self.held:
            self._notified()

    async def _lock(self, connection: Any, account: str) -> bool:
        number = int.from_bytes(blake2b(account.encode(), digest_size=8).digest(), signed=True)
        query = "SELECT pg_try_advisory_lock($1)"
        return bool(await connection.fetchval(query, number, timeout=PATIENCE))
