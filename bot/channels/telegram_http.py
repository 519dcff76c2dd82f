"""Telegram's requests over aiohttp: a quarter of the time that the library's own client takes."""

import logging
from collections.abc import AsyncGenerator

import aiohttp
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.channels.channel import DeliveryError
from bot.channels.downloads import pieces

UNREACHED = "no answer"
"""How an error begins when nobody was there; the address, and so the token, is left out of it."""
BROKEN = "broken off"
"""How it begins when the request may have arrived."""


class AiohttpRequest(BaseRequest):
    """One pool of connections; no proxies from the environment; tokens never reach a log."""

    def __init__(self, *, connections: int, timeout: float) -> None:
        self._connections = connections
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """Seconds, where a call says nothing else."""
        return self._timeout

    async def initialize(self) -> None:
        """Open the pool."""
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=self._connections)
            self._session = aiohttp.ClientSession(connector=connector)

    async def shutdown(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()

    def download(self, url: str, most: int) -> AsyncGenerator[bytes, None]:
        """A file, piece by piece; raises DeliveryError."""
        if self._session is None or self._session.closed:
            raise DeliveryError("not open", retry=True)
        return pieces(self._session, url, most=most, patience=self._timeout)

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One request; raises TimedOut or NetworkError."""
        if self._session is None:
            raise NetworkError(f"{UNREACHED}: not open")
        seconds = read_timeout if isinstance(read_timeout, int | float) else self._timeout
        try:
            async with self._session.request(
                method,
                url,
                data=_body(request_data),
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as answer:
                return answer.status, await answer.read()
        except TimeoutError:
            raise TimedOut from None
        except aiohttp.ClientConnectorError as error:
            raise NetworkError(f"{UNREACHED}: {type(error).__name__}") from None
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"{BROKEN}: {type(error).__name__}") from None


def _body(data: RequestData | None) -> aiohttp.FormData | dict[str, str] | None:
    """The parameters as a form; files, where there are some, as parts of it."""
    if data is None:
        return None
    parameters = data.json_parameters
    if not data.multipart_data:
        return parameters
    form = aiohttp.FormData(parameters, quote_fields=False)  # Telegram shows names as they come
    for name, (filename, content, kind) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form


def hush() -> None:
    """Keep the libraries' own logs quiet: they hold the token (in addresses) and whole messages."""
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("telegram.request", "telegram.Bot"):  # these quote what they cannot read
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
