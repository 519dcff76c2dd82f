"""The webhook's address: every answer to a platform is one it acts upon rightly."""

import io
import json
import logging
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.messages import InboundMessage
from bot.tables import account_of
from bot.webhooks import MAX_BODY, Webhooks
from tests.fakes import AGENCY, PASSWORD, FakeChannel, said
from tests.road.conftest import Breaker, Road

CANARY = "เลขบัตร 1-2345-67890-12-3"
PATH = f"/webhooks/line/{AGENCY}"
RIGHT = {"x-password": PASSWORD}

on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What never comes near the database is looked at on one of them."""

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(road: Road) -> AsyncIterator[Client]:
    """A platform that delivers to a real server."""
    road.channels = {
        account_of(AGENCY, "line"): FakeChannel(name="line"),
        account_of(AGENCY, "web"): FakeChannel(name="web", is_mailbox=True),
    }
    road.rebuild()
    road.begin("inbox")
    app = web.Application(client_max_size=MAX_BODY)
    Webhooks(road.channels, road.inbox.accept, road.metrics).add_to(app)
    async with TestClient(TestServer(app)) as found:
        yield found


def body(*messages: InboundMessage) -> bytes:
    """What the fake platform delivers."""
    return msgspec.json.encode(messages)


async def test_a_delivery_is_acknowledged_once_it_is_kept(road: Road, client: Client) -> None:
    answer = await client.post(PATH, data=body(said("ก"), said("ข")), headers=RIGHT)

    assert answer.status == 200
    assert len(await road.events()) == 2


async def test_a_delivery_without_events_is_acknowledged(road: Road, client: Client) -> None:
    answer = await client.post(PATH, data=b"[]", headers=RIGHT)

    assert answer.status == 200
    assert await road.events() == []


@on_one
@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/line/nowhere",
        f"/webhooks/telegram/{AGENCY}",
        f"/webhooks/web/{AGENCY}",
        f"/webhooks/fax/{AGENCY}",
        "/webhooks/line/..%2f..%2fetc",
    ],
)
async def test_an_account_that_we_do_not_have_is_not_found(client: Client, path: str) -> None:
    answer = await client.post(path, data=body(said("ก")), headers=RIGHT)

    assert answer.status == 404


@on_one
@pytest.mark.parametrize("headers", [{}, {"x-password": "wrong"}])
async def test_a_delivery_with_no_or_a_wrong_signature_is_refused_and_not_kept(
    road: Road, client: Client, headers: dict[str, str]
) -> None:
    answer = await client.post(PATH, data=body(said("ก")), headers=headers)

    assert answer.status == 401
    assert await road.events() == []


@on_one
async def test_a_rightly_signed_body_that_is_not_json_is_malformed(client: Client) -> None:
    answer = await client.post(PATH, data=b'[{"contact"', headers=RIGHT)

    assert answer.status == 400


@on_one
async def test_a_body_of_five_megabytes_is_too_large(road: Road, client: Client) -> None:
    answer = await client.post(PATH, data=io.BytesIO(b"x" * 5 * 1024 * 1024), headers=RIGHT)

    assert answer.status == 413
    assert await road.events() == []


@on_one
async def test_a_body_packed_wrongly_is_refused(client: Client) -> None:
    packed = {**RIGHT, "Content-Encoding": "gzip"}

    answer = await client.post(PATH, data=b"not gzip at all", headers=packed)

    assert 400 <= answer.status < 500


@on_one
async def test_only_post_is_a_delivery(client: Client) -> None:
    assert (await client.get(PATH)).status == 405


async def test_what_cannot_be_kept_is_to_be_delivered_again_and_is_in_no_log(
    road: Road,
    client: Client,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    breaker = Breaker(road.database)
    breaker.is_off = True
    delivery = body(said(CANARY, handle="reply-token"))
    answer = await client.post(PATH, data=delivery, headers=RIGHT)
    breaker.is_off = False
    again = await client.post(PATH, data=delivery, headers=RIGHT)

    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert CANARY not in json.dumps(await answer.json(), ensure_ascii=False)
    assert again.status == 200
    written = "".join(capsys.readouterr()) + caplog.text
    assert "webhook_refused" in written
    assert CANARY not in written
    assert "reply-token" not in written
    assert len(await road.events()) == 1


@on_one
async def test_the_metrics_count_deliveries_and_hold_no_words(road: Road, client: Client) -> None:
    await client.post(PATH, data=body(said(CANARY)), headers=RIGHT)

    exposed = road.metrics.exposition().decode()

    assert 'thamdai_webhooks_total{channel="line",status="200"} 1.0' in exposed
    assert 'thamdai_events_total{channel="fake",kind="text"} 1.0' in exposed
    assert CANARY not in exposed
