"""What machines read of the pages of news: structured data, languages, caching."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from aiohttp import web
from markupsafe import Markup

from admin.threads import Story
from handlers.site.news_views import View, address, anchor
from handlers.site.questions_meta import keepable
from knowledge.agency import Agency

_NOT_IN_SCRIPTS = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}

_OF_BODY = {"Content-Type", "Content-Length"}


def article(view: View, story: Story, base: str) -> Markup:
    """schema.org's NewsArticle of what the page shows, with its corrections."""
    content, url = story.main.content, base + view.address(f"news/{story.first.id}")
    agency = view.agency
    publisher = {"@type": "GovernmentOrganization", "name": agency.profile.name.of(view.language)}
    if agency.profile.contact.website:
        publisher["url"] = agency.profile.contact.website
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": view.heading(story),
        "articleBody": view.body(story, story.main),
        "inLanguage": view.language if story.is_withdrawn else view.tongue(story.main),
        "datePublished": _plain(story.first.posted_at),
        "dateModified": _plain(story.changed(view.now)),
        "expires": _plain(story.ended(view.now) or story.standing.valid_until),
        "articleSection": view.topic(story) or None,
        "author": {"@type": "GovernmentOrganization", "name": view.unit(story)},
        "publisher": publisher,
        "isAccessibleForFree": True,
        "mainEntityOfPage": url,
        "url": url,
        "isBasedOn": (not story.is_withdrawn and content.source_url) or None,
        "correction": [
            {
                "@type": "CorrectionComment",
                "text": view.body(story, one),
                "datePublished": _plain(one.posted_at),
                "url": f"{url}#{anchor(one)}",
            }
            for one in story.corrections
            if not story.is_withdrawn
        ]
        or None,
    }
    said = {name: value for name, value in found.items() if value is not None}
    return Markup(orjson.dumps(said).decode().translate(_NOT_IN_SCRIPTS))  # noqa: S704 - escaped


def _plain(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else None


def alternates(
    agency: Agency, base: str, path: str = "news", **more: object
) -> Sequence[tuple[str, str]]:
    """The same page in each language, and for everybody else in the agency's first."""
    languages = agency.profile.languages
    found = [(each, base + address(agency, each, path, **more)) for each in languages]
    return [*found, ("x-default", found[0][1])]


def kept(request: web.Request, response: web.Response, changed: datetime) -> web.Response:
    """The response with its marks; who has it already, by its mark or by its date, is told so."""
    at = changed.astimezone(UTC).replace(microsecond=0)
    response = keepable(request, response, at)
    response.last_modified = at
    since = request.if_modified_since
    if request.if_none_match is None and since is not None and since >= at:
        headers = {name: value for name, value in response.headers.items() if name not in _OF_BODY}
        return web.Response(status=304, headers=headers)
    return response
