"""LINE's SDK as it has to be used: a client with a session of our own, and its answers read."""

from collections.abc import Awaitable
from copy import copy
from typing import Any

import aiohttp
from linebot.v3.messaging import ApiException, AsyncApiClient, Configuration

from bot.channels.channel import DeliveryError
from bot.channels.line_refusals import Refused

POOL = 50
_ODD = (AttributeError, LookupError, TypeError, ValueError)
"""What the SDK raises on values it does not expect; its ValidationError is a ValueError."""


_pattern: AsyncApiClient | None = None


async def client_of(token: str, url: str | None) -> AsyncApiClient:
    """A client with a session of our own: that of the SDK takes proxies from the environment.

    A copy of one: each that the SDK makes reads all certificates of the system anew, 30 ms.
    """
    global _pattern  # noqa: PLW0603 - what it has is the same for all accounts
    if _pattern is None:
        _pattern = AsyncApiClient(Configuration(access_token=""))
        await _pattern.rest_client.pool_manager.close()
    client = copy(_pattern)
    client.configuration = Configuration(host=url.rstrip("/") if url else None, access_token=token)
    client.default_headers = {**client.default_headers, "Authorization": f"Bearer {token}"}
    client.rest_client = copy(client.rest_client)
    client.rest_client.pool_manager = session()
    return client


def session() -> aiohttp.ClientSession:
    """A session that takes no proxies from the environment."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=POOL), trust_env=False)


async def answer_of(request: Awaitable[Any]) -> Any:
    """LINE's answer; raises DeliveryError."""
    try:
        return await answered(request)
    except Refused as refused:
        raise refused.translated() from None


async def answered(request: Awaitable[Any]) -> Any:
    """LINE's answer; raises Refused, or DeliveryError when there is none that can be read.

    Nothing is chained: the SDK's exceptions quote the messages.
    """
    try:
        return await request
    except ApiException as error:
        raise Refused(error.status or 0, str(error.body), error.headers or {}) from None
    except TimeoutError:
        raise DeliveryError("timeout", retry=True) from None
    except (aiohttp.ClientError, OSError):
        raise DeliveryError("connection", retry=True) from None
    except _ODD:  # a 200 that the SDK cannot read, or a body in no known encoding
        raise DeliveryError("odd answer", retry=True) from None
