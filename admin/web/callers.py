"""From where somebody calls: the network's address, and what browser it is."""

from ipaddress import ip_address

from aiohttp import web

BROWSERS = (
    ("Line/", "LINE"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def caller_of(request: web.Request) -> str:
    """The address that calls; a proxy beside us names it, as the last in its header."""
    remote = request.remote or ""
    hops = request.headers.getall("X-Forwarded-For", [])
    if hops and _is_near(remote):
        return hops[-1].rpartition(",")[2].strip()[:64]
    return remote


def _is_near(remote: str) -> bool:
    try:
        return ip_address(remote).is_private
    except ValueError:
        return False


def browser_of(agent: str) -> str:
    """A browser in words a person recognises as theirs: `Chrome · Windows`."""
    names = [_first(BROWSERS, agent), _first(SYSTEMS, agent)]
    return " · ".join(name for name in names if name) or "?"


def _first(known: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for mark, name in known if mark in agent), "")
