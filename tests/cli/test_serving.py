"""The server as a process: it starts from nothing, answers, keeps quiet, and stops when told."""

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

import aiohttp

from bot.settings import ROOT
from tests.folders import copied

CANARY = "ความลับของนกขมิ้นเหลืองอ่อน"
SERVE = """
import atexit, gc, runpy, sys
atexit.register(lambda: print("INTERPRETER", sys.getswitchinterval(), *gc.get_threshold()))
sys.argv = ["bot", "serve"]
runpy.run_module("bot", run_name="__main__")
"""
"""`python -m bot serve`, which says at its end how the interpreter was set."""


async def test_a_served_conversation_is_answered_and_leaves_no_word_in_the_log(tmp_path: Path):
    copied(tmp_path / "agencies", "buriram")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("THAMDAI_")}
    ours = {
        "THAMDAI_SEMANTIC": "false",
        "THAMDAI_DATA_DIR": str(tmp_path / "var"),
        "THAMDAI_AGENCIES_DIR": str(tmp_path / "agencies"),
        "THAMDAI_PORT": "0",
        "THAMDAI_LOG_LEVEL": "DEBUG",
        "THAMDAI_KEEPDAYS": "30",
    }
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE,
        cwd=ROOT, env={**kept, **ours}, stdout=pipe, stderr=pipe,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            address = await _address(server)
            replies = [
                await _said(address, {"text": CANARY}),
                await _said(address, {"text": "ขอเบอร์โทรจังหวัดบุรีรัมย์หน่อย"}),
                await _said(address, {"choice": CANARY}),
                await _said(address, {"text": CANARY * 100}),
            ]
            server.send_signal(signal.SIGTERM)
            output, log = await server.communicate()
    finally:
        if server.returncode is None:
            server.kill()
            await server.communicate()

    assert server.returncode == 0
    said = output.decode().split("INTERPRETER ")[1].split()
    assert said == ["0.0005", "20000", "20", "20"], "threads give way soon, and the heap is let be"
    assert all(replies)
    assert "044 666 534" in replies[1][0]["text"]
    assert replies[1][0]["entry"]
    assert CANARY not in log.decode() + output.decode()
    assert json.dumps(CANARY)[1:-1] not in log.decode() + output.decode()
    events = [json.loads(line) for line in log.decode().splitlines()]
    assert events[-1]["event"] == "stopped"
    assert [e["variable"] for e in events if e["event"] == "setting_unknown"] == [
        "THAMDAI_KEEPDAYS"
    ]


async def _address(server: asyncio.subprocess.Process) -> str:
    """Where the chat of the first agency is, as it was announced."""
    while line := (await server.stdout.readline()).decode():
        if found := re.search(r"http://\S+/buriram/chat", line):
            return found[0]
    raise AssertionError((await server.stderr.read()).decode())


async def _said(address: str, message: dict[str, str]) -> list[dict[str, object]]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{address}/messages", json=message) as response,
    ):
        assert response.status == 200
        return (await response.json())["replies"]
