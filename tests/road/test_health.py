"""Health: a balancer and an operator are told the truth, and never a citizen's words."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import text

from bot import migration
from bot.accounts import AllAccounts
from bot.db import Database
from bot.health import Health
from bot.metrics import Metrics
from bot.settings import Settings
from tests.conftest import Opened
from tests.fakes import Fuse

Client = TestClient[web.Request, web.Application]


@dataclass
class Running:
    """A program, as far as its health is concerned."""

    database: Database
    settings: Settings
    metrics: Metrics = field(default_factory=Metrics)
    accounts: AllAccounts = field(default_factory=lambda: AllAccounts(taken=Fuse()))
    failed_jobs: list[str] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    channels: dict[str, object] = field(default_factory=dict)
    registry: object = field(default_factory=lambda: SimpleNamespace(faults={}, served={}))

    def __post_init__(self) -> None:
        self.answers.set()


@pytest.fixture
def running(empty_url: str, opened: Opened, tmp_path: Path) -> Running:
    """A program whose database has no table yet."""
    return Running(opened(empty_url), Settings(data_dir=tmp_path))


@pytest.fixture
async def client(running: Running) -> AsyncIterator[Client]:
    """Somebody who asks how it does."""
    app = web.Application()
    Health(running).add_to(app)
    async with TestClient(TestServer(app)) as found:
        yield found


async def test_a_process_that_lives_says_so_whatever_its_database_does(client: Client) -> None:
    answer = await client.get("/healthz")

    assert (answer.status, await answer.json()) == (200, {"status": "ok"})


async def test_a_program_is_ready_when_its_database_is_the_newest(
    running: Running, client: Client
) -> None:
    missing = await client.get("/readyz")
    await migration.upgrade(running.database)
    there = await client.get("/readyz")

    assert (missing.status, (await missing.json())["database"]) == (503, "migrations missing")
    assert (there.status, (await there.json())["database"]) == (200, "ok")


async def test_a_program_serves_on_when_one_of_the_next_release_has_migrated_its_database(
    running: Running, client: Client
) -> None:
    await migration.upgrade(running.database)
    async with running.database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    newer = await client.get("/readyz")
    async with running.database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    older = await client.get("/readyz")

    assert (newer.status, (await newer.json())["database"]) == (200, "newer")
    assert (older.status, (await older.json())["database"]) == (503, "migrations missing")


async def test_a_job_that_ended_makes_the_program_not_ready(
    running: Running, client: Client
) -> None:
    await migration.upgrade(running.database)
    running.failed_jobs.append("delivery")

    answer = await client.get("/readyz")

    assert answer.status == 503
    assert "delivery" in (await answer.json())["senders"]


async def test_a_database_that_is_away_makes_the_program_not_ready(
    opened: Opened, tmp_path: Path
) -> None:
    away = opened("postgresql+asyncpg://nobody:hidden@127.0.0.1:1/nothing")
    app = web.Application()
    Health(Running(away, Settings(data_dir=tmp_path))).add_to(app)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/readyz")

        assert answer.status == 503
        assert "hidden" not in await answer.text()


async def test_the_metrics_are_in_prometheus_form(running: Running, client: Client) -> None:
    running.metrics.sent.labels("line").inc()

    answer = await client.get("/metrics")

    assert answer.content_type == "text/plain"
    assert 'thamdai_sent_total{channel="line"} 1.0' in await answer.text()
