"""The cookies of staff pages, and the marks by which a form or a browser is known to be ours."""

import hmac
import re
from datetime import timedelta
from urllib.parse import urlsplit

from aiohttp import web

from admin import sessions
from bot.callers import is_from_our_page

TOKEN = "thamdai_staff"  # noqa: S105 - a cookie's name
LANGUAGE = "thamdai_staff_language"
KNOWN = "thamdai_staff_known"
KNOWN_FOR = timedelta(days=90)
MOST_KNOWN = 8
"""Accounts of one browser that are remembered, the latest: an office may share one."""
FIELD = "_token"
_KNOWN = re.compile(r"[A-Za-z0-9_-]{40,64}(?:\.[0-9a-f]{40}){1,8}")
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

    def known_by(self, request: web.Request, email: str) -> str | None:
        """The browser's name, where this account has been logged into from it of late.

        It opens nothing: it has tries of its own, so that no stranger can use them up (OWASP,
        "Slow Down Online Guessing Attacks with Device Cookies"; ASVS 5.0, 6.1.1 and 6.3.1).
        """
        name, marks = self._known(request)
        mine = self._known_mark(name, email)
        return name if any(hmac.compare_digest(mine, mark) for mark in marks) else None

    def give_known(self, request: web.Request, response: web.StreamResponse, email: str) -> None:
        """Remember that this account was logged into from this browser."""
        name, marks = self._known(request)
        mine = self._known_mark(name, email)
        kept = [*(mark for mark in marks if mark != mine), mine][-MOST_KNOWN:]
        self._set(response, KNOWN, ".".join([name, *kept]), lasts=KNOWN_FOR)

    def _known(self, request: web.Request) -> tuple[str, list[str]]:
        """The browser's name, a new one where it has none, and the marks of accounts."""
        found = request.cookies.get(KNOWN, "")
        name, *marks = found.split(".") if _KNOWN.fullmatch(found) else [sessions.new_token()]
        return name, marks

    def _known_mark(self, name: str, email: str) -> str:
        told = f"staff browser {name} {email}".encode()
        return hmac.new(self._key, told, "sha256").hexdigest()[:40]

    def give_language(self, response: web.StreamResponse, language: str) -> None:
        """Remember the language of somebody who is not logged in."""
        self._set(response, LANGUAGE, language)

    def _set(
        self,
        response: web.StreamResponse,
        name: str,
        value: str,
        lasts: timedelta | None = None,
    ) -> None:
        response.set_cookie(
            name,
            value,
            path="/admin",
            httponly=True,
            samesite="Lax",
            secure=self._public.scheme == "https",
            max_age=int(lasts.total_seconds()) if lasts else None,
        )

    def is_ours(self, request: web.Request) -> bool:
        """Whether a form was sent by a page of this server, as far as the browser says."""
        return is_from_our_page(request, self._public.netloc)
