"""Jobs as they are due: once over all replicas, past crashes, and without a word in the log."""

import asyncio
import json
import os
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.clock import BANGKOK
from bot.db import Database
from bot.job_records import jobs_url, last_outcomes
from bot.jobs import JobFailed, Jobs, Scheduled
from bot.metrics import Metrics
from bot.settings import ROOT, Settings

SECRET = "เลขบัตรของฉัน 1234"
Process = asyncio.subprocess.Process
Begin = Callable[..., Any]


async def until(done: Callable[[], object], seconds: float = 30) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(seconds):
        while not done():  # noqa: ASYNC110 - some of it is in other processes
            await asyncio.sleep(0.05)


class Running:
    """Jobs in this process."""

    def __init__(self, url: str, folder: Path) -> None:
        self.metrics = Metrics()
        self._settings = Settings(database_url=url, data_dir=folder)
        self._jobs: Jobs | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, *scheduled: Scheduled) -> None:
        self._jobs = Jobs(
            self._settings, scheduled=scheduled, metrics=self.metrics, attempts_after=(0.1, 0.1)
        )
        self._task = asyncio.create_task(self._jobs.run())

    async def stop(self) -> float:
        """Stop; returns how long it took, in seconds."""
        begun = time.monotonic()
        if self._jobs and self._task:
            await self._jobs.stop()
            self._task.cancel()
        self._jobs = None
        return time.monotonic() - begun

    @property
    def is_launched(self) -> bool:
        return self._jobs is not None and self._jobs.is_launched

    def counted(self, job: str, outcome: str) -> float:
        return self.metrics.jobs.labels(job, outcome)._value.get()


@pytest.fixture
async def running(empty_url: str, tmp_path: Path) -> AsyncIterator[Running]:
    """Jobs on a database of each kind, stopped when the test ends."""
    found = Running(empty_url, tmp_path)
    yield found
    await found.stop()


@pytest.fixture
async def replica(empty_url: str, tmp_path: Path) -> AsyncIterator[Begin]:
    """Starts processes of their own; those still alive are killed when the test ends."""
    begun: list[Process] = []

    async def begin(name: str, url: str = empty_url) -> Process:
        script = Path(__file__).with_name("replica.py")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", str(script)),
            *(url, str(tmp_path / name), str(tmp_path / "out"), name),
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=asyncio.subprocess.PIPE,
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def lines(folder: Path, what: str) -> list[list[str]]:
    """What the replicas wrote down: name and due time."""
    file = folder / "out"
    told = file.read_text("utf-8").splitlines() if file.exists() else []
    return [line.split()[1:] for line in told if line.startswith(f"{what} ")]


async def test_a_job_is_run_when_it_is_due_in_the_loop_that_serves(running: Running) -> None:
    ran: list[tuple[datetime, object]] = []

    async def work(due: datetime) -> None:
        ran.append((due, asyncio.get_running_loop()))

    running.begin(Scheduled("* * * * * *", "each-second", work))
    await until(lambda: len(ran) >= 3)

    assert {loop for _, loop in ran} == {asyncio.get_running_loop()}
    dues = [due for due, _ in ran]
    assert len(set(dues)) == len(dues)
    assert all(due.utcoffset() == timedelta(hours=7) and due.microsecond == 0 for due in dues)
    assert abs(datetime.now(UTC) - dues[-1]) < timedelta(seconds=15)  # noqa: TID251
    await until(lambda: running.counted("each-second", "done") >= 3)


async def test_it_stops_at_once_and_leaves_what_is_in_hand_to_the_next_start(
    running: Running,
) -> None:
    begun: list[datetime] = []
    ended: list[datetime] = []

    async def work(due: datetime) -> None:
        begun.append(due)
        if len(begun) == 1:
            await asyncio.sleep(60)
        ended.append(due)

    job = Scheduled("* * * * * *", "slow", work)
    running.begin(job)
    await until(lambda: begun)
    assert await running.stop() < 5
    assert ended == []

    running.begin(job)
    await until(lambda: begun[0] in ended)


async def test_a_job_that_fails_is_tried_again_and_then_ends_visibly(
    running: Running, empty_url: str, opened: Callable[[str], Database]
) -> None:
    tried: Counter[datetime] = Counter()

    async def fail(due: datetime) -> None:
        tried[due] += 1
        raise ValueError(SECRET)

    with capture_logs() as told:
        running.begin(Scheduled("* * * * * *", "bad", fail))
        await until(lambda: running.counted("bad", "failed") > 1)
        await running.stop()

    assert tried[min(tried)] == 3
    assert SECRET not in str(told)
    failed = next(line for line in told if line["event"] == "job_failed")
    assert failed == {
        "event": "job_failed",
        "job": "bad",
        "fault": "ValueError",
        "log_level": "error",
    }
    async with opened(str(jobs_url(Settings(database_url=empty_url)))).read() as connection:
        assert await last_outcomes(connection) == {"bad": False}


async def test_a_job_that_fails_once_is_done_all_the_same(
    running: Running, empty_url: str, opened: Callable[[str], Database]
) -> None:
    tried: list[datetime] = []

    async def fail_first(due: datetime) -> None:
        tried.append(due)
        if len(tried) == 1:
            raise OSError

    running.begin(Scheduled("* * * * * *", "shaky", fail_first))
    await until(lambda: running.counted("shaky", "done") > 1)
    async with opened(str(jobs_url(Settings(database_url=empty_url)))).read() as connection:
        assert await last_outcomes(connection) == {"shaky": True}

    assert tried.count(tried[0]) == 2
    assert running.counted("shaky", "failed") == 0


async def test_of_the_times_missed_the_latest_is_made_up_for(
    running: Running, empty_url: str, opened: Callable[[str], Database]
) -> None:
    ran: list[datetime] = []

    async def work(due: datetime) -> None:
        ran.append(due)

    job = Scheduled("0 0 1 * *", "monthly", work)
    running.begin(job)
    await until(lambda: running.is_launched)
    await running.stop()
    assert ran == []
    schema = "" if "sqlite" in empty_url else "dbos."
    fired = f"UPDATE {schema}workflow_schedules SET last_fired_at = '2026-01-01T00:00:00+07:00'"  # noqa: S608
    async with opened(str(jobs_url(Settings(database_url=empty_url)))).write() as connection:
        await connection.execute(text(fired))
    for _ in range(2):
        running.begin(job)
        await until(lambda: ran)
        await asyncio.sleep(1.5)
        await running.stop()

    [due] = ran
    now = datetime.now(BANGKOK)  # noqa: TID251
    assert due == now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


async def test_jobs_that_were_to_begin_after_the_stop_do_not(tmp_path: Path) -> None:
    """The program begins them some seconds after its start, and may be told to stop before."""
    jobs = Jobs(Settings(data_dir=tmp_path), scheduled=[], metrics=Metrics())
    await jobs.stop()

    with suppress(TimeoutError):
        await asyncio.wait_for(jobs.run(), 0.3)
    with pytest.raises(JobFailed):
        await jobs.begin("mailing", "1", "1")


async def test_a_job_that_is_no_more_is_not_run(running: Running) -> None:
    ran: Counter[str] = Counter()

    def job(name: str) -> Scheduled:
        async def work(_: datetime) -> None:
            ran[name] += 1

        return Scheduled("* * * * * *", name, work)

    running.begin(job("old"), job("new"))
    await until(lambda: ran["old"] and ran["new"])
    await running.stop()
    before = ran["old"]
    running.begin(job("new"))
    new = ran["new"]
    await until(lambda: ran["new"] > new + 1)

    assert ran["old"] == before


async def test_two_replicas_run_each_due_time_once(replica: Begin, tmp_path: Path) -> None:
    (tmp_path / "free").touch()
    await asyncio.gather(replica("one"), replica("two"))
    await until(lambda: len(lines(tmp_path, "short")) >= 6, 60)

    dues = Counter(due for _, due in lines(tmp_path, "short"))
    assert set(dues.values()) == {1}


async def test_what_a_killed_process_had_begun_is_done_after_its_restart(
    replica: Begin, tmp_path: Path
) -> None:
    process = await replica("one")
    await until(lambda: lines(tmp_path, "begun"), 60)
    [_, due] = lines(tmp_path, "begun")[0]
    process.kill()
    await process.wait()
    assert lines(tmp_path, "ended") == []

    (tmp_path / "free").touch()
    await replica("one")
    await until(lambda: ["one", due] in lines(tmp_path, "ended"), 60)

    assert lines(tmp_path, "begun").count(["one", due]) == 2
    assert lines(tmp_path, "ended").count(["one", due]) == 1


async def test_a_process_that_is_told_stops_soon_and_says_nothing_but_its_own_lines(
    replica: Begin, tmp_path: Path
) -> None:
    process = await replica("one")
    await until(lambda: lines(tmp_path, "begun"), 60)
    begun = time.monotonic()
    process.terminate()
    _, told = await process.communicate()

    assert time.monotonic() - begun < 8
    assert process.returncode == 0
    assert lines(tmp_path, "stopped")
    assert {json.loads(line)["event"] for line in told.decode().splitlines()} == {"jobs_launched"}


async def test_a_database_that_is_away_is_waited_for(tmp_path: Path) -> None:
    running = Running("postgresql+asyncpg://nobody@/none?host=/nowhere", tmp_path)

    with capture_logs() as told:
        running.begin()
        await until(lambda: any(line["event"] == "jobs_not_launched" for line in told))
        await running.stop()

    assert {line["event"] for line in told} == {"dbos_spoke", "jobs_not_launched"}


async def test_its_own_file_is_in_wal_mode_beside_the_main_one(
    tmp_path: Path,
) -> None:
    running = Running(f"sqlite+aiosqlite:///{tmp_path / 'main.db'}", tmp_path)
    ran: list[datetime] = []

    async def work(due: datetime) -> None:
        ran.append(due)

    running.begin(Scheduled("* * * * * *", "job", work))
    await until(lambda: ran)
    await running.stop()

    connection = sqlite3.connect(tmp_path / "main-jobs.db")
    mode = connection.execute("PRAGMA journal_mode").fetchone()
    connection.close()
    assert mode == ("wal",)
