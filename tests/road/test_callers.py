"""Who sends a request, behind any number of proxies."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.app import Program
from bot.callers import PROXIES, caller_of
from bot.settings import Settings

US = "127.0.0.1"


async def caller(app: web.Application, *hops: str) -> str:
    """Who this says that it is asked by."""

    async def tell(request: web.Request) -> web.Response:
        return web.Response(text=caller_of(request))

    app.router.add_get("/", tell)
    async with TestClient(TestServer(app)) as client:
        found = await client.get("/", headers=[("X-Forwarded-For", hop) for hop in hops])
        return await found.text()


@pytest.mark.parametrize(
    ("proxies", "hops", "found"),
    [
        (0, ["203.0.113.9"], US),
        (1, [], US),
        (1, ["203.0.113.9"], "203.0.113.9"),
        (1, ["192.0.2.1, 203.0.113.9"], "203.0.113.9"),
        (1, ["192.0.2.1", "203.0.113.9"], "203.0.113.9"),
        (2, ["192.0.2.1, 203.0.113.9,198.51.100.7"], "203.0.113.9"),
        (2, ["192.0.2.1, 203.0.113.9", "198.51.100.7"], "203.0.113.9"),
        (2, ["198.51.100.7"], "198.51.100.7"),
        (3, ["203.0.113.9, 198.51.100.7, 10.0.0.2"], "203.0.113.9"),
    ],
)
async def test_who_calls_is_whom_the_farthest_of_our_proxies_has_seen(
    proxies: int, hops: list[str], found: str
) -> None:
    app = web.Application()
    app[PROXIES] = proxies

    assert await caller(app, *hops) == found


async def test_one_proxy_is_believed_where_nothing_is_said() -> None:
    assert await caller(web.Application(), "192.0.2.1, 203.0.113.9") == "203.0.113.9"


async def test_the_program_knows_how_many_proxies_there_are(
    postgresql_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("installation")
    (folder / "agencies").mkdir()
    settings = Settings(
        data_dir=folder,
        agencies_dir=folder / "agencies",
        database_url=postgresql_url,
        semantic=False,
        proxies=3,
    )
    program = Program(settings)
    app = await program.start()
    await program.stop()

    assert app[PROXIES] == 3
