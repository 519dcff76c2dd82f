"""Bodies of requests that are not what they say they are."""

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

MISPACKED = (BadHttpMessage, web.RequestPayloadError)
"""What reading one raises that is not packed as its header says."""
UNREADABLE = (*MISPACKED, ValueError, LookupError, RuntimeError)
"""The same, and for wrong letters, an unknown character set, and JSON that is too deep."""
