"""Who sends a request, as far as the network and the browser tell."""

from ipaddress import ip_address

from aiohttp import web


def caller_of(request: web.Request) -> str:
    """The address that calls; a proxy beside us names it, as the last in its header."""
    remote = request.remote or ""
    hops = request.headers.getall("X-Forwarded-For", [])
    if hops and _is_near(remote):
        return hops[-1].rpartition(",")[2].strip()[:64]
    return remote


def is_from_our_page(request: web.Request, public_host: str) -> bool:
    """Whether a form was sent by a page of this server, as far as the browser says."""
    origin = request.headers.get("Origin")
    if origin is None or origin == "null":
        return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    ours = {request.host, public_host} - {""}
    return origin.partition("://")[2] in ours


def _is_near(remote: str) -> bool:
    try:
        return ip_address(remote).is_private
    except ValueError:
        return False
