"""The cookies of staff pages, and the marks by which a form is known to be ours."""

import hmac
import re
from urllib.parse import urlsplit

from aiohttp import web

from admin import sessions
from bot.callers import is_from_our_page

TOKEN = "thamdai_staff"  # noqa: S105 - a cookie's name
LANGUAGE = "thamdai_staff_language"
FIELD = "_token"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{40,64}")


class Cookies:
    """Reads and writes one browser's token; before a login it only ties forms to the browser."""

    def __init__(self, key: bytes, public_url: str) -> None:
        self._key = key
        self._public = urlsplit(public_url)

    def token_of(self, request: web.Request) -> str:
        """The browser's token, a new one where it has none."""
        token = request.cookies.get(TOKEN, "")
        return token if _TOKEN.fullmatch(token) else sessions.new_token()

    def mark_of(self, token: str) -> str:
        """What every form of this browser carries."""
        return hmac.new(self._key, f"staff form {token}".encode(), "sha256").hexdigest()[:40]

    def is_marked(self, token: str, mark: str) -> bool:
        """Whether a form carries the browser's own mark."""
        return hmac.compare_digest(self.mark_of(token).encode(), mark.encode())

    def give(self, response: web.StreamResponse, token: str) -> None:
        """Give the browser its token; it goes when the browser is closed."""
        self._set(response, TOKEN, token)

    def give_language(self, response: web.StreamResponse, language: str) -> None:
        """Remember the language of somebody who is not logged in."""
        self._set(response, LANGUAGE, language)

    def _set(self, response: web.StreamResponse, name: str, value: str) -> None:
        is_secure = self._public.scheme == "https"
        response.set_cookie(
            name, value, path="/admin", httponly=True, samesite="Lax", secure=is_secure
        )

    def is_ours(self, request: web.Request) -> bool:
        """Whether a form was sent by a page of this server, as far as the browser says."""
        return is_from_our_page(request, self._public.netloc)
