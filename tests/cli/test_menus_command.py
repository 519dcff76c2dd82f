"""`menus sync`, in a process of its own, against both platforms."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bot.settings import ROOT
from tests.fakes import AGENCY
from tests.folders import copied
from tests.platforms import (
    LINE_TOKEN,
    TELEGRAM_TOKEN,
    FakeLine,
    FakeTelegram,
    Fault,
    listening,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One agency."""
    copied(tmp_path / "agencies", AGENCY)
    return tmp_path


async def sync(folder: Path, line: FakeLine, telegram: FakeTelegram) -> tuple[int, str]:
    """Run the command; its exit code and all that it says."""
    prefix = f"THAMDAI_{AGENCY.upper()}"
    environment = {
        "PATH": os.environ["PATH"],
        "THAMDAI_DATA_DIR": str(folder / "var"),
        "THAMDAI_AGENCIES_DIR": str(folder / "agencies"),
        "THAMDAI_LINE_API_URL": line.url,
        "THAMDAI_LINE_DATA_URL": line.url,
        "THAMDAI_TELEGRAM_API_URL": telegram.url,
        f"{prefix}_LINE_CHANNEL_SECRET": "secret",
        f"{prefix}_LINE_ACCESS_TOKEN": LINE_TOKEN,
        f"{prefix}_TELEGRAM_TOKEN": TELEGRAM_TOKEN,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "menus", "sync"),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_one_command_brings_every_account_into_step(folder: Path) -> None:
    async with listening(line := FakeLine(), telegram := FakeTelegram()):
        line.fail("content", Fault(503))
        code, said = await sync(folder, line, telegram)
        assert code == 1
        assert f"✗ {AGENCY}/line: ส่งขึ้นไม่สำเร็จ / not taken: server error" in said
        assert f"✓ {AGENCY}/telegram: ส่งขึ้นใหม่แล้ว" in said

        code, said = await sync(folder, line, telegram)

    assert (code, said.splitlines()) == (
        0,
        [
            f"✓ {AGENCY}/line: ส่งขึ้นใหม่แล้ว / renewed",
            f"✓ {AGENCY}/telegram: ตรงอยู่แล้ว / in step already",
        ],
    )
    assert set(line.rich.menus) == set(line.rich.aliases.values())
    assert telegram.of("setWebhook", "deleteWebhook") == []  # a running server is not disturbed
