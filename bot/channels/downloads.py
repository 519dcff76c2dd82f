"""Downloads from platforms: in pieces, no longer than allowed, and whole or not at all."""

from collections.abc import AsyncGenerator, Mapping
from http import HTTPStatus
from typing import Final

import aiohttp

from bot.channels.channel import MEND, DeliveryError

TOO_BIG: Final = "too-big"
GONE: Final = "gone"
PIECE: Final = 64 * 1024
LONGEST: Final = 100.0
"""Seconds for a whole file."""
_PLAIN: Final = {"Accept-Encoding": "identity"}
"""Packed, a little could unpack to much; pictures are packed already."""


async def pieces(
    session: aiohttp.ClientSession,
    url: str,
    *,
    most: int,
    headers: Mapping[str, str] | None = None,
    patience: float,
) -> AsyncGenerator[bytes, None]:
    """A file, piece by piece; raises DeliveryError, also for one that ends before its end.

    It is left after `patience` seconds without a byte. The address is never told to anybody:
    Telegram's holds the bot's token.
    """
    limits = aiohttp.ClientTimeout(total=LONGEST, sock_connect=patience, sock_read=patience)
    asked = {**_PLAIN, **(headers or {})}
    try:
        async with session.get(url, headers=asked, timeout=limits, allow_redirects=False) as got:
            if got.status != HTTPStatus.OK:
                raise _refused(got)
            if (got.content_length or 0) > most:
                raise DeliveryError(TOO_BIG, retry=False)
            size = 0
            async for piece in got.content.iter_chunked(PIECE):
                size += len(piece)
                if size > most:
                    raise DeliveryError(TOO_BIG, retry=False)
                yield piece
    except TimeoutError:
        raise DeliveryError("timeout", retry=True) from None
    except aiohttp.ClientPayloadError:
        raise DeliveryError("truncated", retry=True) from None
    except (aiohttp.ClientError, OSError, ValueError):
        raise DeliveryError("connection", retry=True) from None


def _refused(got: aiohttp.ClientResponse) -> DeliveryError:
    """What an answer other than 200 means.

    https://developers.line.biz/en/reference/messaging-api/#get-content
    """
    match got.status:
        case HTTPStatus.ACCEPTED:
            return DeliveryError("preparing", retry=True)
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return DeliveryError("credentials", retry=True, after=MEND)
        case HTTPStatus.TOO_MANY_REQUESTS:
            wanted = got.headers.get("Retry-After", "")
            seconds = float(wanted) if wanted.isascii() and wanted.isdigit() else None
            return DeliveryError("rate", retry=True, after=seconds)
        case status if 400 <= status < 500:  # noqa: PLR2004 - HTTP
            return DeliveryError(GONE, retry=False)
        case _:
            return DeliveryError("server error", retry=True)
