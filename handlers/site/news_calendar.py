"""News that have a date, as a calendar: RFC 5545. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from admin import recurring
from admin.announcements import Content
from admin.threads import Story, is_withdrawn
from bot.clock import BANGKOK
from handlers.site.news_views import View

LONGEST = 75
"""Octets of a line, its end not counted."""
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_ZONE = (
    "BEGIN:VTIMEZONE",
    "TZID:Asia/Bangkok",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0700",
    "TZOFFSETTO:+0700",
    "TZNAME:+07",
    "END:STANDARD",
    "END:VTIMEZONE",
)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SPECIAL = re.compile(r"[\\;,]")


@dataclass(frozen=True, slots=True)
class Span:
    """When it takes place; a notice that recurs has a rule, and no length."""

    begin: datetime
    end: datetime | None = None
    rule: str = ""


def calendar(name: str, view: View, stories: Iterable[Story], base: str) -> bytes:
    """All of these that have a date."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Thamdai//News//TH",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
        "X-WR-TIMEZONE:Asia/Bangkok",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        *_ZONE,
    ]
    for story in stories:
        if found := span(story):
            lines += _event(view, story, found, base)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded(line)}\r\n" for line in lines).encode()


def span(story: Story) -> Span | None:
    """When a thread takes place as it stands now; None where it has no date."""
    content = story.standing
    over = None if story.is_withdrawn else story.first.ended_at
    if content.recurs:
        return _recurring(story, content, over)
    if content.valid_from is None:
        return None
    end = min(filter(None, (content.valid_until, over)), default=None)
    is_later = end is not None and end > content.valid_from
    return Span(content.valid_from, end if is_later else None)


def _recurring(story: Story, content: Content, over: datetime | None) -> Span | None:
    """From the first time on, until its last day or until it was ended."""
    since = content.valid_from or story.first.posted_at
    try:
        every, which, _ = recurring.parsed(content.recurs)
        begin = recurring.following(content, since - timedelta(seconds=1)) if since else None
    except recurring.BadRule:
        return None
    if begin is None:
        return None
    rule = "FREQ=WEEKLY;BYDAY=" + _DAYS[which] if every == "weekly" else ""
    rule = rule or f"FREQ=MONTHLY;BYMONTHDAY={which}"
    last = min(filter(None, (content.valid_until, over)), default=None)
    if last is not None and last <= begin:
        return Span(begin)
    if last is not None:
        rule += f";UNTIL={_utc(last)}"
    return Span(begin, rule=rule)


def _event(view: View, story: Story, when: Span, base: str) -> Sequence[str]:
    first, content = story.first, story.standing
    begun = first.posted_at or first.changed_at
    changed = story.changed(view.now)
    url = base + view.address(f"news/{first.id}")
    never = story.is_withdrawn or (first.ended_at is not None and first.ended_at <= when.begin)
    thread = (first, *story.followers)
    changes = len(story.followers) + sum(is_withdrawn(one) for one in thread)
    lines = [
        "BEGIN:VEVENT",
        f"UID:{uuid5(NAMESPACE_URL, f'thamdai:{first.agency}:news:{first.id}')}",
        f"DTSTAMP:{_utc(changed)}",
        f"CREATED:{_utc(begun)}",
        f"LAST-MODIFIED:{_utc(changed)}",
        f"SEQUENCE:{changes}",
        f"STATUS:{'CANCELLED' if never else 'CONFIRMED'}",
        f"DTSTART;TZID=Asia/Bangkok:{_local(when.begin)}",
    ]
    if when.end:
        lines.append(f"DTEND;TZID=Asia/Bangkok:{_local(when.end)}")
    if when.rule:
        lines.append(f"RRULE:{when.rule}")
    lines.append(f"SUMMARY:{_text(content.headline(view.language))}")
    words = "\n\n".join((view.body(story, story.latest), url))
    lines.append(f"DESCRIPTION:{_text(words)}")
    if content.place and not story.is_withdrawn:
        lines.append(f"LOCATION:{_text(content.place)}")
    if topic := view.topic(story):
        lines.append(f"CATEGORIES:{_text(topic)}")
    return [*lines, f"URL:{url}", "TRANSP:TRANSPARENT", "END:VEVENT"]


def folded(line: str) -> str:
    """A content line in pieces of at most 75 octets, no letter cut apart (section 3.1)."""
    pieces, piece, size = [], "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > LONGEST:
            pieces.append(piece)
            piece, size = " ", 1
        piece += letter
        size += octets
    return "\r\n".join([*pieces, piece])


def _text(words: str) -> str:
    """A value of type TEXT (section 3.3.11)."""
    plain = _UNSEEN.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))
    return _SPECIAL.sub(r"\\\g<0>", plain).replace("\n", r"\n")


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _local(at: datetime) -> str:
    return at.astimezone(BANGKOK).strftime("%Y%m%dT%H%M%S")
