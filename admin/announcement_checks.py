"""What keeps an announcement from going out, and what to do about it. Pure."""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

from msgspec import Struct

from admin import recurring
from admin.announcements import MOST_FILES, Content, Way, is_urgent, kind_of
from admin.leaflets import LONGEST_HEADLINE, LONGEST_TEXT
from admin.recurring import BadRule
from bot.counts import month_of
from knowledge import redaction
from knowledge.agency import Agency
from knowledge.redaction import Finding

GAP = re.compile("[«»]")
"""Marks of a template's words that somebody still has to replace."""
WORDS = (
    "headline_th",
    "text_th",
    "headline_en",
    "text_en",
    "place",
    "all_clear_th",
    "all_clear_en",
)
"""The fields whose words reach the public."""
PUBLISHED = (*WORDS, "source_url")
"""All that is looked through for personal data."""
LONGEST = {
    "headline_th": LONGEST_HEADLINE,
    "headline_en": LONGEST_HEADLINE,
    "text_th": LONGEST_TEXT,
    "text_en": LONGEST_TEXT,
    "all_clear_th": LONGEST_TEXT,
    "all_clear_en": LONGEST_TEXT,
    "place": 200,
}
"""Letters of each of them."""
LONGEST_URL = 1_000
MUST = {"headline_th": "announce.no_headline", "text_th": "announce.no_text"}


class Fault(Struct, frozen=True):
    """Why it cannot go out as it is; the text says what to do."""

    key: str
    field: str = ""
    """Of the form; empty where it is of the whole."""
    most: int = 0
    """Letters, where it is too long."""
    over: int = 0
    """Letters above that."""


class Found(Struct, frozen=True):
    """Personal data in one field, and what it is known by once it was looked at."""

    field: str
    finding: Finding

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over its kind and words: what `Announcement.cleared` holds."""
        return sha256(f"{self.finding.kind}\0{self.finding.words}".encode()).hexdigest()


def faults(agency: Agency, content: Content, now: datetime) -> Sequence[Fault]:
    """Everything that has to be mended before it can be signed."""
    return [
        *_unknown(agency, content),
        *_words(content),
        *_of_kind(agency, content),
        *_times(content, now),
        *_rest(agency, content, now),
    ]


def _unknown(agency: Agency, content: Content) -> Iterator[Fault]:
    """What the profile does not have, or not any more."""
    room = agency.newsroom
    if content.kind not in room.kinds:
        yield Fault("announce.kind_unknown", "kind")
    if content.topic not in room.topics:
        yield Fault("announce.topic_unknown", "topic")
    if set(content.areas) - set(room.areas):
        yield Fault("announce.area_unknown", "areas")
    if agency.unit(content.unit) is None:
        yield Fault("announce.unit_unknown", "unit")


def _words(content: Content) -> Iterator[Fault]:
    for field, key in MUST.items():
        if not getattr(content, field).strip():
            yield Fault(key, field)
    for field in WORDS:
        words, most = getattr(content, field), LONGEST[field]
        if len(words) > most:
            yield Fault("announce.too_long", field, most, len(words) - most)
        if GAP.search(words):
            yield Fault("announce.gap_left", field)
    if bool(content.headline_en.strip()) != bool(content.text_en.strip()):
        yield Fault("announce.en_half", "text_en" if content.headline_en.strip() else "headline_en")
    if "\n" in content.headline_th or "\n" in content.headline_en:
        yield Fault("announce.headline_lines", "headline_th")


def _of_kind(agency: Agency, content: Content) -> Iterator[Fault]:
    kind = kind_of(agency, content)
    if kind is None:
        return
    if kind.has_date and content.valid_from is None:
        yield Fault("announce.no_begin", "valid_from")
    if kind.is_time_bound and content.valid_until is None:
        yield Fault("announce.no_end", "valid_until")
    if kind.is_time_bound and not content.all_clear_th.strip():
        yield Fault("announce.no_all_clear", "all_clear_th")


def _times(content: Content, now: datetime) -> Iterator[Fault]:
    begin, end, send = content.valid_from, content.valid_until, content.send_at
    if end is not None and end <= now:
        yield Fault("announce.end_past", "valid_until")
    if begin is not None and end is not None and end <= begin:
        yield Fault("announce.end_before_begin", "valid_until")
    if send is not None and send <= now:
        yield Fault("announce.send_past", "send_at")
    if send is not None and end is not None and send >= end:
        yield Fault("announce.send_after_end", "send_at")


def _rest(agency: Agency, content: Content, now: datetime) -> Iterator[Fault]:
    if content.way is Way.DIGEST and is_urgent(agency, content):
        yield Fault("announce.urgent_digest", "way")
    if content.source_url and not is_link(content.source_url):
        yield Fault("announce.bad_link", "source_url")
    if len(content.files) > MOST_FILES:
        yield Fault("announce.many_files", "files")
    try:
        if content.recurs and recurring.following(content, now) is None:
            yield Fault("announce.recurs_never", "recurs")
    except BadRule:
        yield Fault("announce.bad_rule", "recurs")


def first_time(content: Content, now: datetime) -> datetime:
    """When it goes out if it is approved now, but for the seconds in which it can be undone."""
    try:
        following = recurring.following(content, now)
    except BadRule:
        following = None
    return max(now, content.send_at or following or now)


def times(content: Content, now: datetime) -> int:
    """How often it goes out in the month of its first time."""
    first = first_time(content, now)
    try:
        return recurring.times_in(content, first, month_of(first))
    except BadRule:
        return 1


def is_link(text: str) -> bool:
    """Whether it is an address of a page that a browser opens."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    is_plain = text.isprintable() and not re.search(r'[\s<>"\\]', text)
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and parts.username is None
        and is_plain
        and len(text) <= LONGEST_URL
    )


def found(agency: Agency, content: Content) -> Sequence[Found]:
    """Personal data in what is to go out, but for what the agency itself publishes (A4)."""
    own = published(agency)
    return [
        Found(field, finding)
        for field in PUBLISHED
        for finding in redaction.found(getattr(content, field), own)
    ]


def file_digests(content: Content) -> set[str]:
    """By what the approver lets each file pass: the SHA-256 of what it holds."""
    return {digest for _, digest, _ in content.files}


def uncleared(found: Sequence[Found], cleared: Collection[str]) -> Sequence[Found]:
    """What nobody has let pass."""
    return [one for one in found if one.digest not in cleared]


def published(agency: Agency) -> Collection[str]:
    """Telephone numbers and mail addresses that are in the profile for everybody to read."""
    contact = agency.profile.contact
    return {*contact.phones, *(one for one in (contact.fax, contact.email) if one)}
