"""Bodies of requests that are not what they say they are."""

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

UNREADABLE = (ValueError, LookupError, RuntimeError, BadHttpMessage, web.RequestPayloadError)
"""What reading one raises: wrong letters, an unknown packing or character set, JSON too deep."""
