"""What is said of a request that fails, and of what fails in a library."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
import structlog
from aiohttp import ClientSession, web

from bot.logs import FailedRequests

SECRET = "1103700000000"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server with one page that always fails, and the filter on its logger."""

    async def fail(request: web.Request) -> web.Response:
        raise ValueError(await request.text())

    app = web.Application()
    app.router.add_post("/fail", fail)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    watch, logger = FailedRequests(), logging.getLogger("aiohttp.server")
    logger.addFilter(watch)
    yield runner.addresses[0][1]
    logger.removeFilter(watch)
    await runner.cleanup()


async def test_a_failing_page_is_told_by_kind_and_place_and_without_words(port, caplog) -> None:
    with structlog.testing.capture_logs() as lines:
        async with (
            ClientSession() as client,
            client.post(f"http://127.0.0.1:{port}/fail", data=SECRET) as response,
        ):
            assert response.status == 500

    [line] = [line for line in lines if line["event"] == "request_failed"]
    assert line["fault"] == "ValueError"
    assert line["where"].startswith("test_failed_requests.py:")
    assert SECRET not in f"{lines}{caplog.text}"


async def test_a_request_that_cannot_be_read_is_not_quoted(port, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{SECRET} {SECRET}\r\n\r\n".encode())
        answer = await reader.read(100)
        writer.close()

    assert b"400" in answer
    assert SECRET not in f"{lines}{caplog.text}"


LEFT_ALONE = f"""
import asyncio, gc, logging
from bot import logs

async def fail():
    raise ValueError("{SECRET}")

async def begin():
    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    del task
    gc.collect()

logs.set_up("INFO")
asyncio.run(begin())
logging.getLogger("sqlalchemy.pool").warning("it goes on")
"""


def test_what_fails_in_a_library_is_told_by_kind_and_place_and_without_words() -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", LEFT_ALONE], capture_output=True, text=True, check=True
    )

    assert '"library": "asyncio", "fault": "ValueError"' in done.stderr
    assert "WARNING sqlalchemy.pool it goes on" in done.stderr
    assert SECRET not in done.stderr
