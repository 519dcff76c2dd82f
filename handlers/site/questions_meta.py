"""What machines read of the page of questions: structured data, the sitemap, caching."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from hashlib import blake2b
from xml.sax.saxutils import escape

import orjson
from aiohttp import ETag, web
from markupsafe import Markup

from bot.clock import BANGKOK
from handlers.site.questions_views import Shown, address
from knowledge.agency import Agency

FRESH = "public, max-age=60"
"""A corrected answer is seen by everybody within a minute."""
MOST_ADDRESSES = 50_000
"""https://www.sitemaps.org/protocol.html"""
_NOT_IN_SCRIPTS = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def faq(shown: Iterable[Shown], agency: Agency, language: str, base: str) -> Markup:
    """schema.org's FAQPage of what the page shows, and of nothing else.

    A block of data is no script: browsers run none of it, so the strict policy stays as it is.
    """
    questions = [
        {
            "@type": "Question",
            "name": one.question,
            "url": base + address(agency, language, one.id),
            "acceptedAnswer": {
                "@type": "Answer",
                "text": "\n\n".join(filter(None, (one.answer, one.stale))),
                "dateModified": one.updated.isoformat(),
            },
        }
        for one in shown
    ]
    page = {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "inLanguage": language,
        "mainEntity": questions,
    }
    return Markup(orjson.dumps(page).decode().translate(_NOT_IN_SCRIPTS))  # noqa: S704 - escaped


def sitemap(agency: Agency, base: str) -> str:
    """Every address of the agency's questions, in each language, with its other languages."""
    pages: list[tuple[str, date | None]] = [("", None)]
    pages += [(entry.id, entry.updated) for entry in agency.entries.values()]
    languages = agency.profile.languages
    urls = [
        _url(agency, language, entry_id, changed, base)
        for entry_id, changed in pages[: MOST_ADDRESSES // len(languages)]
        for language in languages
    ]
    urls += [
        f"<url><loc>{escape(base)}/{agency.slug}/news{mark}</loc></url>\n"
        for mark in ["", *(f"?lang={language}" for language in languages[1:])]
    ]
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
    )
    return head + "".join(urls) + "</urlset>\n"


def _url(agency: Agency, language: str, entry_id: str, changed: date | None, base: str) -> str:
    here = escape(base + address(agency, language, entry_id))
    lastmod = f"<lastmod>{changed.isoformat()}</lastmod>" if changed else ""
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{mark}" href="{escape(target)}"/>'
        for mark, target in alternates(agency, base, entry_id)
    )
    return f"<url><loc>{here}</loc>{lastmod}{links}</url>\n"


def alternates(
    agency: Agency, base: str, entry_id: str = "", **more: object
) -> Sequence[tuple[str, str]]:
    """The same page in each language, and for everybody else in the agency's first."""
    languages = agency.profile.languages
    found = [(each, base + address(agency, each, entry_id, **more)) for each in languages]
    return [*found, ("x-default", found[0][1])]


def keepable(request: web.Request, response: web.Response, changed: date) -> web.Response:
    """The response with its marks; a reader who has it already is told so in a few bytes."""
    body = response.body if isinstance(response.body, bytes) else b""
    mark = blake2b(body, digest_size=12).hexdigest()
    known = request.if_none_match or ()
    if any(tag.value in {mark, "*"} for tag in known):
        kept = {name: response.headers[name] for name in response.headers if name != "Content-Type"}
        kept.pop("Content-Length", None)
        response = web.Response(status=304, headers=kept)
    response.headers["Cache-Control"] = FRESH
    response.etag = ETag(mark)
    response.last_modified = datetime.combine(changed, time(), BANGKOK).astimezone(UTC)
    return response
