"""Timed work: each job once for each time it is due, over all replicas and past crashes (DBOS)."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog

from bot import clock
from bot.errands import Errand, workflow_of
from bot.job_records import records_url
from bot.logs import where
from bot.metrics import Metrics
from bot.settings import Settings

log = structlog.get_logger()

VERSION = "1"
"""DBOS resumes only work of its own version: ours stays the same, as jobs may be run anew."""
ZONE = str(clock.BANGKOK)
ATTEMPTS_AFTER = (5.0, 30.0)
"""Seconds before a failed job is tried again; the last failure ends it, visibly."""
RECOVERIES = 5
"""How often a job is begun anew after the process died of it."""
RELAUNCH = 15.0
KEPT = timedelta(days=90)
"""How long it is known what became of a job."""
_ONE = threading.Lock()
"""DBOS is one for the whole process."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A job and when it is due: five fields of cron in Bangkok time (six: seconds first)."""

    cron: str
    name: str
    work: Callable[[datetime], Awaitable[object]]
    """Is given the time at which it was due; may be run again after a crash in its midst."""


class JobFailed(Exception):
    """A job failed at every attempt; says its name and the kind of fault, no more."""


class Stopped(BaseException):
    """The program stops: DBOS is to leave the job open, and to begin it anew after the start."""


class _Told(logging.Handler):
    """DBOS' own log: where it spoke, not what it said, which may quote what a job was given."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell an operator that there was something."""
        log.warning("dbos_spoke", level=record.levelname, where=f"{record.module}:{record.lineno}")


class Jobs:
    """All jobs of this process; they run in the event loop that started them."""

    def __init__(
        self,
        settings: Settings,
        *,
        scheduled: Iterable[Scheduled],
        errands: Iterable[Errand] = (),
        metrics: Metrics,
        attempts_after: Sequence[float] = ATTEMPTS_AFTER,
    ) -> None:
        self._settings = settings
        self._scheduled = tuple(scheduled)
        self._errands = tuple(errands)
        self._begun: dict[str, Any] = {}
        """DBOS' workflow of each errand."""
        self._metrics = metrics
        self._attempts_after = tuple(attempts_after)
        self._turns = {job.name: asyncio.Lock() for job in self._scheduled}
        self._stopping = threading.Event()
        self._in_hand: set[Future[object]] = set()
        self._launching = threading.Lock()
        self._launched = False
        self.is_launched = False
        """Whether jobs are run when they are due."""

    async def run(self, *, after: float = 0.0) -> None:
        """Launch, again and again if the database cannot be reached, and go on until cancelled.

        Not before so many seconds are over: a launch takes a second of a processor.
        """
        self._loop = asyncio.get_running_loop()
        await asyncio.sleep(after)
        while True:
            try:
                await asyncio.to_thread(self._launch_unless_stopping)
                break
            except Exception as error:  # noqa: BLE001 - tried again
                log.error("jobs_not_launched", fault=type(error).__name__, where=where(error))
                await asyncio.to_thread(self._destroy)
            await asyncio.sleep(RELAUNCH)
        self.is_launched = self._launched
        if self.is_launched:
            log.info("jobs_launched", jobs=len(self._scheduled))
        await asyncio.Event().wait()

    def _launch_unless_stopping(self) -> None:
        with self._launching:
            if not self._stopping.is_set():
                self._launch()

    async def stop(self) -> None:
        """Leave what is in hand open, to be begun anew after the next start."""
        self._stopping.set()
        for future in list(self._in_hand):
            future.cancel()
        await asyncio.to_thread(self._destroy)

    def _launch(self) -> None:
        """In a thread of its own: importing and launching takes a second."""
        from dbos import DBOS  # noqa: PLC0415 - a second that the start need not wait for

        if not _ONE.acquire(blocking=False):
            raise RuntimeError("one DBOS in a process")
        self._launched = True
        _quieten()
        DBOS(config=self._config())
        jobs = {job.name: job for job in self._scheduled}
        workflows = {name: self._workflow(job) for name, job in jobs.items()}
        for errand in self._errands:
            work = DBOS.workflow(name=errand.name, max_recovery_attempts=RECOVERIES)
            self._begun[errand.name] = work(workflow_of(errand, self._do))
        DBOS.launch()
        DBOS.apply_schedules(
            [
                {
                    "schedule_name": job.name,
                    "workflow_fn": workflows[job.name],
                    "schedule": job.cron,
                    "cron_timezone": ZONE,
                }
                for job in self._scheduled
            ]
        )
        for found in DBOS.list_schedules():
            job = jobs.get(found["schedule_name"])
            if job is None:
                DBOS.delete_schedule(found["schedule_name"])
            elif found["last_fired_at"]:
                self._catch_up(job, datetime.fromisoformat(found["last_fired_at"]))
        self._forget()

    def _config(self) -> Any:
        return {
            "name": "thamdai",
            "application_version": VERSION,
            "executor_id": _replica(self._settings.data_dir),
            "system_database_url": records_url(self._settings).render_as_string(
                hide_password=False
            ),
            "sys_db_pool_size": 4,
            "use_listen_notify": False,
            "log_level": "WARNING",
            "enable_otlp": False,
        }

    def _workflow(self, job: Scheduled) -> Any:
        from dbos import DBOS  # noqa: PLC0415

        async def alone(due: datetime) -> None:
            async with self._turns[job.name]:  # a job that takes long never runs beside itself
                await job.work(due)

        def work(due: datetime, _context: object) -> None:
            self._do(job.name, lambda: alone(due))

        work.__qualname__ = work.__name__ = job.name
        return DBOS.workflow(name=job.name, max_recovery_attempts=RECOVERIES)(work)

    def _catch_up(self, job: Scheduled, last: datetime) -> None:
        """Of the times missed while nothing ran, the latest is made up for, once."""
        from croniter import croniter  # noqa: PLC0415
        from dbos import DBOS  # noqa: PLC0415

        now = clock.now().astimezone(clock.BANGKOK)
        due = croniter(job.cron, now, second_at_beginning=True).get_prev(datetime)
        if last < due:
            DBOS.backfill_schedule(job.name, due - timedelta(seconds=1), now)

    def _forget(self) -> None:
        from dbos import DBOS  # noqa: PLC0415

        before = (clock.now() - KEPT).isoformat()
        old = DBOS.list_workflows(
            end_time=before, status=["SUCCESS", "ERROR"], load_input=False, load_output=False
        )
        if old:
            DBOS.delete_workflows([found.workflow_id for found in old])

    async def begin(self, errand: str, subject: str, key: str) -> None:
        """Begin an errand, once for each key; nothing happens where it is under way or over.

        Raises JobFailed while jobs are not launched.
        """
        if not self.is_launched:
            raise JobFailed(f"{errand}: not launched")
        await asyncio.to_thread(self._start, errand, subject, key)

    def _start(self, errand: str, subject: str, key: str) -> None:
        from dbos import DBOS, SetWorkflowID  # noqa: PLC0415

        with SetWorkflowID(f"{errand}-{key}"):
            DBOS.start_workflow(self._begun[errand], subject)

    def _do(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """In a thread of DBOS: have it done in our loop, and wait for it."""
        fault = ""
        for pause in (0.0, *self._attempts_after):
            if self._stopping.wait(pause):
                raise Stopped
            try:
                found = self._attempt(work)
            except Exception as error:  # noqa: BLE001 - tried again
                fault = type(error).__name__
                log.warning("job_attempt_failed", job=name, fault=fault, where=where(error))
            else:
                self._metrics.jobs.labels(name, "done").inc()
                return found
        self._metrics.jobs.labels(name, "failed").inc()
        log.error("job_failed", job=name, fault=fault)
        raise JobFailed(f"{name}: {fault}")

    def _attempt(self, work: Callable[[], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            return await work()

        future = asyncio.run_coroutine_threadsafe(run(), self._loop)
        self._in_hand.add(future)
        try:
            return future.result()
        except CancelledError:
            raise Stopped from None
        finally:
            self._in_hand.discard(future)

    def _destroy(self) -> None:
        with self._launching:
            if not self._launched:
                return
            from dbos import DBOS  # noqa: PLC0415

            DBOS.destroy(destroy_registry=True)
            self._launched = False
            _ONE.release()


def _quieten() -> None:
    """DBOS writes to standard error by itself, unless its logger has a handler already."""
    theirs = logging.getLogger("dbos")
    theirs.propagate = False
    if not theirs.handlers:
        theirs.addHandler(_Told())


def _replica(folder: Path) -> str:
    """Who this replica is, also after a restart: DBOS gives it back what it left open."""
    file = folder / "replica.id"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(str(uuid4()), "ascii")
    return file.read_text("ascii").strip()
