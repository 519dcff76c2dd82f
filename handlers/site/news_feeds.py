"""News for feed readers: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any
from xml.etree import ElementTree as ET

import orjson

from handlers.site.news_files import FileShown

RSS = "application/rss+xml"
ATOM = "application/atom+xml"
JSON = "application/feed+json"
_ATOM = "http://www.w3.org/2005/Atom"
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Letters that XML 1.0 cannot hold at all: https://www.w3.org/TR/xml/#charsets"""
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Entry:
    """One announcement: also a correction and an all-clear are told to whoever reads a feed."""

    url: str
    title: str
    text: str
    posted: datetime
    changed: datetime
    topic: str
    unit: str
    tongue: str
    files: Sequence[FileShown] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """A list of news as its page has it."""

    title: str
    about: str
    home: str
    """Of the page; `itself` is the address of this very feed."""
    itself: str
    base: str
    """What the addresses of files begin with."""
    language: str
    agency: str
    changed: datetime
    entries: Sequence[Entry]


def rss(feed: Feed) -> bytes:
    """https://www.rssboard.org/rss-specification"""
    root = ET.Element("rss", {"version": "2.0", "xmlns:atom": _ATOM})
    channel = ET.SubElement(root, "channel")
    _put(channel, "title", feed.title)
    _put(channel, "link", feed.home)
    _put(channel, "description", feed.about)
    _put(channel, "language", feed.language)
    _put(channel, "lastBuildDate", _mail_date(feed.changed))
    ET.SubElement(channel, "atom:link", {"rel": "self", "type": RSS, "href": feed.itself})
    for entry in feed.entries:
        item = ET.SubElement(channel, "item")
        _put(item, "title", entry.title)
        _put(item, "link", entry.url)
        _put(item, "guid", entry.url)
        _put(item, "pubDate", _mail_date(entry.posted))
        if entry.topic:
            _put(item, "category", entry.topic)
        _put(item, "description", _html(entry.text))
        for file in _kept(entry)[:1]:  # readers know one at most
            ET.SubElement(item, "enclosure", _enclosure(feed, file, "url"))
    return _written(root)


def atom(feed: Feed) -> bytes:
    """https://www.rfc-editor.org/rfc/rfc4287"""
    root = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": feed.language})
    _put(root, "id", feed.itself)
    _put(root, "title", feed.title)
    _put(root, "subtitle", feed.about)
    _put(root, "updated", _plain_date(feed.changed))
    ET.SubElement(root, "link", {"rel": "self", "type": ATOM, "href": feed.itself})
    ET.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": feed.home})
    _put(ET.SubElement(root, "author"), "name", feed.agency)
    for entry in feed.entries:
        item = ET.SubElement(root, "entry", {"xml:lang": entry.tongue})
        _put(item, "id", entry.url)
        _put(item, "title", entry.title)
        _put(item, "published", _plain_date(entry.posted))
        _put(item, "updated", _plain_date(entry.changed))
        ET.SubElement(item, "link", {"rel": "alternate", "type": "text/html", "href": entry.url})
        _put(ET.SubElement(item, "author"), "name", entry.unit)
        if entry.topic:
            ET.SubElement(item, "category", {"term": _clean(entry.topic)})
        _put(item, "content", entry.text, type="text")
        for file in _kept(entry):
            ET.SubElement(item, "link", {"rel": "enclosure", **_enclosure(feed, file, "href")})
    return _written(root)


def json(feed: Feed) -> bytes:
    """https://www.jsonfeed.org/version/1.1/"""
    return orjson.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": feed.title,
            "description": feed.about,
            "home_page_url": feed.home,
            "feed_url": feed.itself,
            "language": feed.language,
            "authors": [{"name": feed.agency}],
            "items": [_item(feed, entry) for entry in feed.entries],
        }
    )


def _item(feed: Feed, entry: Entry) -> dict[str, Any]:
    files = [
        {
            "url": feed.base + file.href,
            "mime_type": file.media_type,
            "title": file.name,
            "size_in_bytes": file.size,
        }
        for file in _kept(entry)
    ]
    found = {
        "id": entry.url,
        "url": entry.url,
        "title": entry.title,
        "content_text": entry.text,
        "date_published": _plain_date(entry.posted),
        "date_modified": _plain_date(entry.changed),
        "authors": [{"name": entry.unit}],
        "language": entry.tongue,
        "tags": [entry.topic] if entry.topic else [],
        "attachments": files,
    }
    return {name: value for name, value in found.items() if value != []}


def _kept(entry: Entry) -> list[FileShown]:
    return [file for file in entry.files if file.href]


def _enclosure(feed: Feed, file: FileShown, where: str) -> dict[str, str]:
    href = feed.base + file.href
    return {where: href, "type": file.media_type, "length": str(file.size)}


def _put(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = _clean(text)


def _clean(text: str) -> str:
    return _NO_XML.sub("", text)


def _html(text: str) -> str:
    """Plain words as the HTML that RSS takes a description for."""
    return escape(text, quote=False).replace("\n", "<br>\n")


def _written(root: ET.Element) -> bytes:
    return (_HEAD + ET.tostring(root, "unicode") + "\n").encode()


def _mail_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _plain_date(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
