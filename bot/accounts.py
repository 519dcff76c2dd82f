"""Which bot accounts this process sends for: all on SQLite, those it has locked on PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from hashlib import blake2b
from typing import Any, Protocol

import asyncpg
import structlog
from sqlalchemy.engine import make_url

from bot import outbox
from bot.db import ALIVE, is_unavailable

CHECK = 2.0
"""Seconds between attempts to take over accounts whose sender is gone."""

PATIENCE = 5.0
"""Seconds for the lock's connection to answer; then it is lost, and so are the accounts."""

SHARES = 256
"""PostgreSQL has room for some thousands of locks, all told: a lock for each account of thousands
of agencies would not fit."""

LOCK = "SELECT pg_try_advisory_lock(8, $1)"
"""The first number sets these locks apart from the others that are taken here."""

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


class _Taking:
    """Takes accounts over, one after the other."""

    def __init__(self, accounts: Iterable[str] = (), *, taken: Taken) -> None:
        self._accounts = frozenset(accounts)
        self._taken = taken
        self.held: frozenset[str] = frozenset()

    def add(self, accounts: Iterable[str]) -> None:
        """These are to be sent for, too."""
        self._accounts |= set(accounts)

    async def _take(self, accounts: Iterable[str]) -> None:
        """Take these; one that fails holds up the others only where the database is what fails."""
        for account in sorted(accounts):
            try:
                await self._taken(account)
            except Exception as error:
                if is_unavailable(error):
                    raise
                log.error("account_not_taken", account=account, fault=type(error).__name__)
            else:
                self.held |= {account}


class AllAccounts(_Taking):
    """One process on SQLite: everything is ours."""

    async def run(self) -> None:
        """Take all at once; while the database does not let us, try again."""
        while True:
            try:
                await self._take(self._accounts - self.held)
            except Exception as error:  # noqa: BLE001 - without its accounts nothing is sent
                log.error("accounts_not_taken", fault=type(error).__name__)
            await asyncio.sleep(CHECK)


class LockedAccounts(_Taking):
    """Several replicas on PostgreSQL: an advisory lock for each share of the accounts.

    One connection holds the locks. An account is always in the same share, wherever it is served.
    """

    def __init__(
        self, url: str, accounts: Iterable[str] = (), *, taken: Taken, notified: Callable[[], None]
    ) -> None:
        super().__init__(accounts, taken=taken)
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._notified = notified

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
        connection = await asyncpg.connect(self._dsn, timeout=PATIENCE)
        try:
            await connection.execute(ALIVE, timeout=PATIENCE)
            await connection.add_listener(outbox.CHANNEL, self._listen)
            ours: set[int] = set()
            while True:
                shares: dict[int, list[str]] = {}
                for account in self._accounts - self.held:
                    shares.setdefault(share_of(account), []).append(account)
                for share, accounts in shares.items():
                    if share in ours or await connection.fetchval(LOCK, share, timeout=PATIENCE):
                        ours.add(share)
                        await self._take(accounts)
                        self._notified()
                await asyncio.sleep(CHECK)
                await connection.execute("SELECT 1", timeout=PATIENCE)
        finally:
            self.held = frozenset()
            await connection.close(timeout=2)

    def _listen(self, _connection: Any, _pid: int, _channel: str, account: str) -> None:
        if account in self.held:
            self._notified()


def share_of(account: str) -> int:
    """The share that an account is in."""
    return int.from_bytes(blake2b(account.encode(), digest_size=8).digest()) % SHARES
