"""The whole program: started, stopped, killed and started again, it loses nothing."""

import asyncio
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.app import Program
from bot.db import AlreadyRunning, Database, hold
from bot.settings import ROOT, Settings
from bot.tables import EventRow, OutgoingRow, Posting, Progress
from knowledge.agency import SLUG
from knowledge.registry import TAKEN
from tests.fakes import AGENCY
from tests.folders import copied
from tests.platforms import (
    LINE_SECRET,
    LINE_TOKEN,
    TELEGRAM_TOKEN,
    FakeLine,
    FakeTelegram,
    line_signature,
    listening,
)
from tests.road.conftest import until

PAYLOAD = json.loads((ROOT / "tests/payloads/line/text.json").read_text("utf-8"))
HOOK = f"/webhooks/line/{AGENCY}"
TEN_SECONDS = 10.0
TWO_LOOKS = 2.2
"""Seconds within which whoever polls has looked whether they still should."""


class SlowLine(FakeLine):
    """LINE, which takes nothing while its gate is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    async def _handle(self, request: Any) -> Any:
        if "/message/" in request.path:
            await self.gate.wait()
        return await super()._handle(request)

    @property
    def texts(self) -> list[str]:
        """Every first message that was taken."""
        sent = self.of("reply", "push")
        return [str(asked.params["messages"][0].get("text")) for asked in sent]


@pytest.fixture
async def line() -> AsyncIterator[SlowLine]:
    """LINE on loopback."""
    platform = SlowLine()
    async with listening(platform):
        yield platform
        platform.gate.set()


@pytest.fixture
def settings(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    agencies: Path,
    line: SlowLine,
    database_url: str,
) -> Settings:
    """An installation with one agency on LINE."""
    monkeypatch.setenv(f"THAMDAI_{AGENCY.upper()}_LINE_CHANNEL_SECRET", LINE_SECRET)
    monkeypatch.setenv(f"THAMDAI_{AGENCY.upper()}_LINE_ACCESS_TOKEN", LINE_TOKEN)
    return Settings(
        data_dir=tmp_path / "var",
        agencies_dir=agencies,
        database_url=database_url,
        semantic=False,
        line_api_url=line.url,
        line_data_url=line.url,
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[Program, Any]]:
    """A program and a client of it; stopped at the end, in time."""
    program = Program(settings)
    app = await program.start()
    program.run()
    async with TestClient(TestServer(app)) as client:
        try:
            yield program, client
        finally:
            began = time.monotonic()
            await program.stop()
            assert time.monotonic() - began < TEN_SECONDS


def delivery(*numbers: int) -> bytes:
    """A webhook body with a question of each of these people."""
    events = []
    for number in numbers:
        event = json.loads(json.dumps(PAYLOAD["events"][0]))
        event["source"]["userId"] = f"U{number:032x}"
        event["webhookEventId"] = f"01M7Y1WDQ8V3RS3DTR98H6B{number:03d}"
        event["message"] |= {"id": str(number), "text": "สวัสดีครับ"}
        event["replyToken"] = f"{number:040x}"
        event["timestamp"] = int(time.time() * 1000)
        events.append(event)
    return json.dumps(PAYLOAD | {"events": events}).encode()


async def deliver(client: Any, *numbers: int) -> int:
    """Deliver as LINE does; the status."""
    body = delivery(*numbers)
    headers = {"x-line-signature": line_signature(body)}
    return int((await client.post(HOOK, data=body, headers=headers)).status)


async def standing(settings: Settings) -> tuple[Sequence[str], Sequence[str]]:
    """Where every event and every request stands."""
    database = Database(settings.database)
    try:
        async with database.read() as connection:
            events = (await connection.scalars(select(EventRow.status))).all()
            return events, (await connection.scalars(select(OutgoingRow.status))).all()
    finally:
        await database.close()


async def test_no_agency_can_be_named_as_an_address_of_our_own_begins(settings: Settings) -> None:
    async with running(settings) as (_, client):
        paths = [resource.canonical for resource in client.app.router.resources()]

    firsts = {path.split("/")[1] for path in paths}
    assert {first for first in firsts if re.fullmatch(SLUG, first)} == TAKEN


async def test_a_question_on_line_is_answered(settings: Settings, line: SlowLine) -> None:
    async with running(settings) as (_, client):
        assert await deliver(client, 1) == 200
        await until(lambda: line.texts)
        ready = await client.get("/readyz")
        assert ready.status == 200, await ready.text()
        metrics = await (await client.get("/metrics")).text()

    assert "สวัสดีครับ" not in metrics
    assert await standing(settings) == ([Progress.DONE], [Posting.SENT])


async def test_until_what_a_question_needs_is_loaded_webhooks_are_kept_and_nothing_answered(
    settings: Settings, line: SlowLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = threading.Event()
    monkeypatch.setattr("bot.reading.toneless", loaded.wait)

    async with running(settings) as (_, client):
        try:
            assert await deliver(client, 1) == 200
            await asyncio.sleep(0.6)
            assert not line.texts
            early = await client.get("/readyz")
            assert (early.status, (await early.json())["answers"]) == (503, "starting")
        finally:
            loaded.set()
        await until(lambda: line.texts)
        assert (await client.get("/readyz")).status == 200


async def test_a_program_stopped_in_the_midst_of_work_loses_and_doubles_nothing(
    settings: Settings, line: SlowLine
) -> None:
    async with running(settings) as (_, client):
        statuses = await asyncio.gather(*(deliver(client, n) for n in range(60)))
        assert set(statuses) == {200}

    async with running(settings):
        await until(lambda: len(line.texts) >= 60)

    events, requests = await standing(settings)
    assert set(events) == {Progress.DONE}
    assert set(requests) == {Posting.SENT}
    assert len(line.texts) == len(requests) == 60


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_program_stops_in_time_while_the_platform_hangs_and_sends_later(
    settings: Settings, line: SlowLine
) -> None:
    line.gate.clear()
    async with running(settings) as (program, client):
        assert await deliver(client, 1, 2) == 200
        await until(lambda: is_under_way(settings))
        assert program.failed_jobs == []
    line.gate.set()

    async with running(settings):
        await until(lambda: has_sent(settings, 2))


async def is_under_way(settings: Settings) -> bool:
    """Whether requests are being made."""
    return list((await standing(settings))[1]) == [Posting.SENDING] * 2


async def has_sent(settings: Settings, number: int) -> bool:
    """Whether so many requests were accepted, and no other is left."""
    return list((await standing(settings))[1]) == [Posting.SENT] * number


async def test_an_open_chat_page_does_not_hold_up_a_stop(settings: Settings) -> None:
    async with running(settings) as (program, client):
        said = await client.post(f"/{AGENCY}/chat/messages", json={"text": "สวัสดี"})
        assert said.status == 200
        waiting = client.get(f"/{AGENCY}/chat/messages?after=999&wait=50")
        asking = asyncio.create_task(waiting)
        await asyncio.sleep(0.3)
        assert not asking.done()

        program.bells.end()
        async with asyncio.timeout(5):
            assert (await asking).status == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_agency_whose_folder_is_removed_is_not_served_nor_polled_until_it_is_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder, telegram = copied(tmp_path / "agencies", AGENCY), FakeTelegram()
    monkeypatch.setenv(f"THAMDAI_{AGENCY.upper()}_TELEGRAM_TOKEN", TELEGRAM_TOKEN)
    polls = {"telegram_mode": "polling", "agencies_dir": folder}
    async with listening(telegram):
        more = polls | {"telegram_api_url": telegram.url}
        async with running(settings.model_copy(update=more)) as (program, client):
            await until(lambda: telegram.of("getUpdates"))
            (folder / AGENCY).rename(tmp_path / "away")
            await until(lambda: program.registry.get(AGENCY) is None)
            await asyncio.sleep(TWO_LOOKS)
            before = len(telegram.of("getUpdates"))
            said = await client.post(f"/{AGENCY}/chat/messages", json={"text": "สวัสดี"})
            page = await client.get(f"/{AGENCY}/chat")
            assert (said.status, page.status, await deliver(client, 1)) == (404, 404, 404)
            await asyncio.sleep(TWO_LOOKS)
            assert len(telegram.of("getUpdates")) == before

            (tmp_path / "away").rename(folder / AGENCY)
            await until(lambda: len(telegram.of("getUpdates")) > before)


async def test_what_keeps_messages_from_being_answered_is_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged() -> None:
        raise OSError("words that may be private")

    monkeypatch.setattr("bot.reading.toneless", damaged)

    with capture_logs() as told:
        async with running(settings) as (program, _):
            await until(lambda: program.failed_jobs)

    [line] = [line for line in told if line["log_level"] == "error"]
    assert line.pop("where").startswith("test_program.py:")
    assert line == {
        "event": "work_ended",
        "work": "lanes",
        "fault": "OSError",
        "log_level": "error",
    }


async def test_a_dead_job_makes_the_program_not_ready(settings: Settings) -> None:
    async with running(settings) as (program, client):
        await program.answers.wait()
        assert (await client.get("/readyz")).status == 200

        [sweep] = [task for task in asyncio.all_tasks() if task.get_name() == "sweep"]
        sweep.cancel()
        await until(lambda: program.failed_jobs)
        answer = await client.get("/readyz")

        assert answer.status == 503
        assert "sweep" in await answer.text()


def environment(folder: Path, agencies: Path, **more: str) -> dict[str, str]:
    """What a process of ours is told."""
    ours = {
        "THAMDAI_DATA_DIR": str(folder),
        "THAMDAI_AGENCIES_DIR": str(agencies),
        "THAMDAI_SEMANTIC": "false",
        "PYTHONPATH": str(ROOT),
    }
    return {k: v for k, v in os.environ.items() if not k.startswith("THAMDAI_")} | ours | more


def serve(folder: Path, agencies: Path, **more: str) -> subprocess.Popen[str]:
    """A server of its own, on a free port."""
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "serve", "--port", "0"],
        env=environment(folder, agencies, **more),
        cwd=folder.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def address_of(process: subprocess.Popen[str]) -> str:
    """Where it listens, from what it says once it is ready."""
    assert process.stdout
    while line := await asyncio.to_thread(process.stdout.readline):
        if "http://" in line:
            return "http://" + line.split("http://")[1].split("/")[0]
    raise AssertionError(process.stderr.read() if process.stderr else "")


async def test_a_second_server_on_the_same_folder_is_refused_and_says_why(
    tmp_path: Path, agencies: Path
) -> None:
    with hold(tmp_path / "var"):
        with pytest.raises(AlreadyRunning):
            hold(tmp_path / "var")
        process = serve(tmp_path / "var", agencies)
        _, complaint = await asyncio.to_thread(process.communicate, timeout=60)

    assert process.returncode == 1
    assert "another server uses this data folder" in complaint


async def test_what_was_acknowledged_survives_a_kill_and_a_stop_by_signal_is_graceful(
    tmp_path: Path, agencies: Path, line: SlowLine
) -> None:
    name = f"THAMDAI_{AGENCY.upper()}_LINE"
    secrets = {
        f"{name}_CHANNEL_SECRET": LINE_SECRET,
        f"{name}_ACCESS_TOKEN": LINE_TOKEN,
        "THAMDAI_LINE_API_URL": line.url,
        "THAMDAI_LINE_DATA_URL": line.url,
    }
    line.gate.clear()
    first = serve(tmp_path / "var", agencies, **secrets)
    async with aiohttp.ClientSession(await address_of(first)) as client:
        acknowledged = [await deliver(client, n, n + 100) for n in range(20)]
    first.kill()
    await asyncio.to_thread(first.communicate)
    assert set(acknowledged) == {200}
    line.gate.set()

    second = serve(tmp_path / "var", agencies, **secrets)
    await address_of(second)
    await until(
        lambda: len({a.params.get("to") or a.params["replyToken"] for a in sent(line)}) >= 40
    )
    await until(lambda: not unfinished(tmp_path / "var" / "thamdai.db"))
    second.send_signal(signal.SIGTERM)
    began = time.monotonic()
    await asyncio.to_thread(second.communicate)

    assert second.returncode == 0
    assert time.monotonic() - began < TEN_SECONDS


def sent(line: SlowLine) -> list[Any]:
    """What LINE took."""
    return line.of("reply", "push")


def unfinished(file: Path) -> int:
    """How many events and requests are not done, as another program sees it."""
    connection = sqlite3.connect(file)
    try:
        return sum(
            connection.execute(f"SELECT count(*) FROM {table} WHERE done_at IS NULL").fetchone()[0]  # noqa: S608 - our own names
            for table in ("inbox", "outbox")
        )
    finally:
        connection.close()


def test_a_server_without_secrets_loads_no_sdk_of_a_platform(tmp_path: Path) -> None:
    code = (
        "import sys, bot.serving; from bot.channels.making import make_channels;"
        "from bot.metrics import Metrics; from bot.settings import Settings;"
        f"make_channels(Settings(data_dir={str(tmp_path)!r}), 'tapon', {{}}, Metrics());"
        "print({'linebot', 'telegram'} & set(sys.modules))"
    )
    bare = {k: v for k, v in os.environ.items() if not k.startswith("THAMDAI_")}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=bare, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603
    assert run.stdout.splitlines()[-1] == "set()"
