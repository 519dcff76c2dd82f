"""Server-rendered pages: each agency's chat, and the list of agencies."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from bot import looks
from bot.mailbox import Letter
from bot.settings import Settings
from handlers.site.lines import BLANK, LINKS, language_of_text, lines_of, linked
from knowledge.agency import Agency
from knowledge.registry import Registry

HERE = Path(__file__).parent
STATIC = "/static/thamdai/"

_ERRORS = {
    403: ("ไม่รับคำขอนี้", "This request was not accepted"),
    404: ("ไม่พบหน่วยงานหรือหน้านี้", "There is no such agency or page"),
    503: (
        "ระบบยังบันทึกข้อความไม่ได้ ลองอีกครั้งในอีกสักครู่",
        "The message could not be kept. Please try again in a moment",
    ),
}


class Pages:
    """The list of agencies, the way to each, and static files."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._registry = registry
        self._settings = settings

    def add_to(self, app: web.Application) -> None:
        """Serve /, /robots.txt, /{slug}/ and /static/."""
        app.router.add_get("/", self._index)
        app.router.add_get("/robots.txt", self._robots)
        app.router.add_get("/{slug}", self._agency)
        app.router.add_get("/{slug}/", self._agency)
        looks.add_to(app, HERE, STATIC, _nowhere)

    async def _index(self, request: web.Request) -> web.Response:
        served = (one.agency for one in self._registry.served.values())
        agencies = sorted(served, key=lambda agency: thai_order(agency.profile.name.th))
        return page("index.html", "th", agencies=agencies)

    async def _robots(self, request: web.Request) -> web.Response:
        """Everything public may be found (RFC 9309); staff pages and conversations are not."""
        base = self._settings.public_url.rstrip("/") or str(request.url.origin())
        lines = ["User-agent: *", "Disallow: /admin/", "Disallow: /webhooks/"]
        for slug in self._registry.served:
            lines += [f"Disallow: /{slug}/chat/", f"Sitemap: {base}/{slug}/sitemap.xml"]
        return web.Response(text="\n".join(lines) + "\n", headers=looks.HEADERS)

    async def _agency(self, request: web.Request) -> web.Response:
        served = self._registry.get(request.match_info["slug"])
        if served is None:
            return error_page(404)
        raise web.HTTPFound(f"/{served.agency.slug}/chat")


async def _nowhere(request: web.Request) -> web.Response:
    return error_page(404)


def thai_order(name: str) -> str:
    """A key that sorts as a Thai dictionary does: a leading vowel counts after its consonant."""
    return re.sub("([เ-ไ])(.)", r"\2\1", name)


def language_of(request: web.Request, agency: Agency) -> str:
    """The page's language: the one asked for in the address, else the agency's first."""
    asked = request.query.get("lang", "")
    languages = agency.profile.languages
    return asked if asked in languages else languages[0]


def chat_page(
    agency: Agency,
    language: str,
    letters: Sequence[Letter],
    *,
    keep_days: int,
    max_file_mb: int,
    embedded: bool,
    chosen: str | None = None,
    draft: str = "",
    fault: str = "",
    status: int = 200,
) -> web.Response:
    """The chat of one agency, with what was said so far; a draft is what could not be sent.

    A language that was chosen in the conversation is the page's, and is changed there, too.
    """
    is_chosen = chosen in agency.profile.languages
    language = chosen if chosen and is_chosen else language
    website = urlsplit(agency.profile.contact.website or "")
    ancestors = "'self'" + (f" {website.scheme}://{website.netloc}" if website.netloc else "")
    return page(
        "chat.html",
        language,
        status=status,
        ancestors=ancestors,
        agency=agency,
        lines=lines_of(agency, language, letters),
        blank=BLANK,
        links=LINKS,
        last=max((letter.id for letter in letters), default=0),
        is_empty=not letters,
        keep_days=keep_days,
        max_file_mb=max_file_mb,
        embedded=embedded,
        is_chosen=is_chosen,
        query=query_of(agency, language, embedded=embedded),
        other=next((each for each in agency.profile.languages if each != language), None),
        draft=draft,
        fault=fault,
        say=lambda key, **values: agency.wording.say(key, language, **values),
    )


def query_of(agency: Agency, language: str, *, embedded: bool) -> str:
    """What the chat's address needs to stay in this language and frame."""
    wanted = {"lang": language} if language != agency.profile.languages[0] else {}
    if embedded:
        wanted["embed"] = "1"
    return f"?{urlencode(wanted)}" if wanted else ""


def error_page(status: int) -> web.Response:
    """A plain page for what went wrong, in both languages."""
    thai, english = _ERRORS[status]
    return page("error.html", "th", status=status, thai=thai, english=english)


def page(
    template: str, language: str, *, status: int = 200, ancestors: str = "'self'", **values: Any
) -> web.Response:
    """A template as a response that lets nothing foreign in."""
    headers = {"Content-Security-Policy": looks.policy(ancestors), **looks.HEADERS}
    html = _templates.get_template(template).render(language=language, status=status, **values)
    return web.Response(text=html, content_type="text/html", status=status, headers=headers)


_templates = looks.templates(HERE, STATIC)
_templates.filters["linked"] = linked
_templates.filters["tongue"] = language_of_text
_templates.globals["query_of"] = query_of
