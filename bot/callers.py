"""Who sends a request, as far as the network and the browser tell."""

from ipaddress import ip_address

from aiohttp import web

PROXIES = web.AppKey("proxies", int)
"""How many proxies stand in a row before the application; one where nobody has said."""


def caller_of(request: web.Request) -> str:
    """The address that calls; the proxies before us name it, each what it sees, the nearest last.

    What stands before their names in the header anybody may have written.
    """
    remote = request.remote or ""
    hops = request.headers.getall("X-Forwarded-For", [])
    proxies = request.config_dict.get(PROXIES, 1)
    if proxies and hops and _is_near(remote):
        return ",".join(hops).rsplit(",", proxies)[-proxies:][0].strip()[:64]
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
