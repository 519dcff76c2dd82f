"""What the faces of the program share: how templates are read, static files, and the colours."""

from collections.abc import Awaitable, Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SHARED = "/static/shared/"
NO_NAME = "{name:(?s:.{60,})}"
"""Too long for a file's name, which a file system would call a fault."""
_FOLDER = Path(__file__).parent / "static"
HEADERS = {
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""Headers of every page; each face adds its own policy of content."""


def policy(ancestors: str) -> str:
    """A policy of content that lets nothing foreign in; `ancestors` may show the page in a frame.

    https://www.w3.org/TR/CSP3/
    """
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors {ancestors}"
    )


def templates(folder: Path, address: str) -> Environment:
    """The templates of a face, which know the addresses of its static files."""
    found = Environment(
        loader=FileSystemLoader(folder / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["static"] = lambda name: addressed(folder / "static", address, name)
    found.globals["shared"] = lambda name: addressed(_FOLDER, SHARED, name)
    return found


@cache
def addressed(folder: Path, address: str, name: str) -> str:
    """A static file's address, which changes with its content so that no old one is kept."""
    mark = blake2b((folder / name).read_bytes(), digest_size=5).hexdigest()
    return f"{address}{name}?v={mark}"


def add_to(app: web.Application, folder: Path, address: str, nowhere: Handler) -> None:
    """Serve a face's static files, and once for all faces what they share."""
    served = {address: folder / "static"}
    if "shared" not in app.router:
        served[SHARED] = _FOLDER
    for where, files in served.items():
        app.router.add_get(f"{where}{NO_NAME}", nowhere)
        app.router.add_static(where, files, name="shared" if where == SHARED else None)
