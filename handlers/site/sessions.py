"""Who chats on the web: a random token in a cookie, and the contact it stands for."""

import hmac
import re
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from bot.callers import is_from_our_page
from bot.channels.webchat import NAME
from bot.messages import Contact

COOKIE = "thamdai_chat"
MAX_AGE = 30 * 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{40,64}")


@dataclass(frozen=True, slots=True)
class Session:
    """One browser's conversation with one agency."""

    token: str
    contact: Contact
    is_new: bool


class Sessions:
    """Reads and writes the cookie. The database never holds the token, only its keyed digest."""

    def __init__(self, key: bytes, public_url: str) -> None:
        self._key = key
        self._public = urlsplit(public_url)

    def of(self, request: web.Request) -> Session:
        """The session of this request, a new one where it has none."""
        token = request.cookies.get(COOKIE, "")
        is_new = not _TOKEN.fullmatch(token)
        if is_new:
            token = secrets.token_urlsafe(32)
        address = hmac.new(self._key, token.encode(), "sha256").hexdigest()[:40]
        return Session(token, Contact(request.match_info["slug"], NAME, address), is_new)

    def remember(self, response: web.StreamResponse, session: Session) -> None:
        """Give the token back; inside another site's page it must say that it may go there."""
        is_secure = self._public.scheme == "https"
        where = "SameSite=None; Secure; Partitioned" if is_secure else "SameSite=Lax"
        path = f"/{session.contact.agency}/chat"
        response.headers["Set-Cookie"] = (
            f"{COOKIE}={session.token}; Path={path}; Max-Age={MAX_AGE}; HttpOnly; {where}"
        )

    def is_ours(self, request: web.Request) -> bool:
        """A form is taken from our own page only."""
        return is_from_our_page(request, self._public.netloc)
