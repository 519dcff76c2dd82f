"""Whether this process lives, is ready, and how it does."""

import asyncio
import shutil
from typing import Protocol

from aiohttp import web

from bot import migration
from bot.accounts import Accounts
from bot.db import Database
from bot.metrics import Metrics
from bot.settings import Settings

FULL = 20 * 1024 * 1024
"""Bytes left at which no more work should be sent here."""
NEWER = "newer"
"""A replica of the next release has migrated it, under which this one serves on until it goes."""


class Running(Protocol):
    """What there is to ask about."""

    database: Database
    answers: asyncio.Event
    accounts: Accounts
    metrics: Metrics
    settings: Settings

    @property
    def failed_jobs(self) -> list[str]:
        """Jobs that ended though they never should."""


class Health:
    """GET /healthz, /readyz, /metrics."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def add_to(self, app: web.Application) -> None:
        """Serve the three addresses."""
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _readyz(self, _request: web.Request) -> web.Response:
        found = {
            "database": await self._database(),
            "disk": self._disk(),
            "answers": "ok" if self._running.answers.is_set() else "starting",
            "senders": ", ".join(self._running.failed_jobs) or "ok",
        }
        is_ready = all(value in {"ok", NEWER} for value in found.values())
        return web.json_response(found, status=200 if is_ready else 503)

    def _disk(self) -> str:
        free = shutil.disk_usage(self._running.settings.data_dir).free
        return "ok" if free > FULL else "full"

    async def _database(self) -> str:
        try:
            revision = await migration.revision(self._running.database)
        except Exception as error:  # noqa: BLE001 - whatever it is, the balancer must know
            return type(error).__name__
        if revision == migration.newest():
            return "ok"
        return "migrations missing" if migration.is_known(revision) else NEWER

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(
            body=self._running.metrics.exposition(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )
