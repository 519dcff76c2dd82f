"""Visits pages of others: politely, briefly, and never anything inside our own network."""

import ipaddress
import socket
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from msgspec import Struct
from yarl import URL

SECONDS = 20.0
LARGEST = 8 * 1024 * 1024
"""Bytes of a page that are read; of what lies behind them only the length is known."""
HOPS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = frozenset({404, 410})
UNCHANGED = 304
OK = 200
MARKUP = frozenset({"text/html", "application/xhtml+xml"})


class Outcome(StrEnum):
    """What became of a visit."""

    SEEN = "seen"
    SAME = "same"
    """The server says that nothing has changed since the visit whose marks it was shown."""
    GONE = "gone"
    AWAY = "away"
    """Nothing is known of the page: no fault of its own."""


class Visit(Struct, frozen=True):
    """One look at a page."""

    outcome: Outcome
    reason: str = ""
    content: bytes = b""
    is_markup: bool = False
    charset: str | None = None
    length: str = ""
    etag: str | None = None
    modified: str | None = None


class Forbidden(OSError):
    """The address lies inside a network that is not the public one."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public Internet, also where it is wrapped in another."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


class _Guarded(AbstractResolver):
    """Resolves names; what it has looked at is what is connected to."""

    def __init__(self, may_visit: Callable[[str], bool]) -> None:
        self._may_visit = may_visit
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name; raises Forbidden where one of them is not public."""
        found = await self._resolver.resolve(host, port, family)
        if not all(self._may_visit(one["host"]) for one in found):
            raise Forbidden
        return found

    async def close(self) -> None:
        """Nothing is held."""


class Visitor:
    """Visits pages, one at a time on each host, without cookies, and says who it is."""

    def __init__(
        self,
        public_url: str,
        *,
        may_visit: Callable[[str], bool] = is_public,
        seconds: float = SECONDS,
        largest: int = LARGEST,
    ) -> None:
        self._name = f"Thamdai/0.1 (+{public_url})" if public_url else "Thamdai/0.1"
        self._may_visit = may_visit
        self._seconds = seconds
        self._largest = largest

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=_Guarded(self._may_visit), limit_per_host=1),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._name, "Accept-Language": "th,en;q=0.5"},
            timeout=aiohttp.ClientTimeout(total=self._seconds),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def visit(
        self, address: str, *, etag: str | None = None, modified: str | None = None
    ) -> Visit:
        """Look at a page, showing the marks of an earlier visit; never raises for what it meets."""
        marks = {"If-None-Match": etag, "If-Modified-Since": modified}
        headers = {name: value for name, value in marks.items() if value}
        try:
            return await self._follow(URL(address), headers)
        except aiohttp.ClientConnectorDNSError as error:
            is_unknown = error.errno == socket.EAI_NONAME
            return Visit(Outcome.GONE if is_unknown else Outcome.AWAY, "name")
        except aiohttp.ClientConnectorCertificateError:
            return Visit(Outcome.AWAY, "certificate")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            is_forbidden = isinstance(getattr(error, "os_error", error), Forbidden)
            return Visit(Outcome.AWAY, "forbidden" if is_forbidden else type(error).__name__)

    async def _follow(self, url: URL, headers: dict[str, str]) -> Visit:
        for _ in range(HOPS + 1):
            self._check(url)
            async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                onward = answer.headers.get("Location")
                if answer.status not in REDIRECTS or onward is None:
                    return await self._read(answer)
                url = url.join(URL(onward))
        return Visit(Outcome.AWAY, "redirects")

    def _check(self, url: URL) -> None:
        """Raise Forbidden for what no resolver is asked about: other schemes, bare addresses."""
        if url.scheme not in {"http", "https"} or not url.host:
            raise Forbidden
        try:
            is_fine = self._may_visit(url.host)
        except ValueError:  # a name, which is resolved, or digits that aiohttp takes for an address
            is_fine = not url.host.replace(".", "").isdigit()
        if not is_fine:
            raise Forbidden

    async def _read(self, answer: aiohttp.ClientResponse) -> Visit:
        if answer.status in GONE:
            return Visit(Outcome.GONE, str(answer.status))
        if answer.status == UNCHANGED:
            return Visit(Outcome.SAME)
        if answer.status != OK:
            return Visit(Outcome.AWAY, str(answer.status))
        content = bytearray()
        async for chunk in answer.content.iter_chunked(64 * 1024):
            content += chunk
            if len(content) >= self._largest:
                answer.close()
                break
        return Visit(
            Outcome.SEEN,
            content=bytes(content[: self._largest]),
            is_markup=answer.content_type in MARKUP,
            charset=answer.charset,
            length=answer.headers.get("Content-Length", ""),
            etag=answer.headers.get("ETag"),
            modified=answer.headers.get("Last-Modified"),
        )
