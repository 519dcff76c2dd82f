"""The form of an announcement: what stands in its fields, and the content that they come to."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any, Final

import msgspec

from admin.announcement_checks import GAP
from admin.announcements import Announcement, Content, Way
from admin.announcing import WRITERS
from admin.recurring import BadRule, parsed
from admin.web.visit import Visit
from bot.clock import BANGKOK
from knowledge.bulletins import NewsKind
from knowledge.days import day_of

MOMENTS: Final = ("valid_from", "valid_until", "send_at")
PLAIN: Final = (
    *("kind", "topic", "unit", "headline_th", "text_th", "headline_en", "text_en"),
    *("place", "source_url", "all_clear_th", "all_clear_en"),
)
MOST_TYPED: Final = 8_000
"""Letters of one field that are kept, though no more than its limit can be sent."""
ENDS: Final = {"valid_until": time(23, 59), "valid_from": time()}
"""What a day without a time means; a moment of sending has to have one."""
_DIGITS: Final = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_MOMENT: Final = re.compile(
    r"(?P<day>.+?)(?:(?:\s*T|[\s,]+(?:เวลา\s*)?)(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?::\d{2})?\s*(?:น\.?)?)?"
)

Typed = dict[str, Any]


def typed_of(content: Content) -> Typed:
    """What the fields begin with."""
    found: Typed = {name: getattr(content, name) for name in PLAIN}
    for name in MOMENTS:
        at = getattr(content, name)
        found[name] = f"{at.astimezone(BANGKOK):%Y-%m-%dT%H:%M}" if at else ""
    found |= {"areas": list(content.areas), "way": content.way.value}
    found |= {"is_urgent": content.is_urgent, "touches_image": content.touches_image}
    found["when"] = "later" if content.send_at else "now"
    return found | _recurrence(content.recurs)


def _recurrence(rule: str) -> Typed:
    found = {"every": "", "weekday": "0", "monthday": "1", "at": "07:00"}
    try:
        every, which, at = parsed(rule)
    except BadRule:
        return found
    which_one = "weekday" if every == "weekly" else "monthday"
    return found | {"every": every, which_one: str(which), "at": f"{at:%H:%M}"}


def typed_in(visit: Visit) -> Typed:
    """What was sent, as it was typed."""
    form = visit.form
    found: Typed = {name: form.text(name, at_most=MOST_TYPED) for name in (*PLAIN, *MOMENTS)}
    found["areas"] = form.texts("areas")
    found["way"] = form.text("way", at_most=10)
    for name in ("is_urgent", "touches_image"):
        found[name] = bool(form.text(name))
    for name in ("when", "every", "weekday", "monthday", "at"):
        found[name] = form.text(name, at_most=40)
    return found


def content_of(
    visit: Visit, typed: Typed, files: Sequence[tuple[int, str, str]]
) -> tuple[Content, Mapping[str, str]]:
    """The content, and the fields that cannot be kept as they are, each with the text that says so.

    What does not fit yet, such as an empty headline, is kept all the same: only going out is
    checked strictly (`admin.announcement_checks`).
    """
    faults: dict[str, str] = {}
    moments: dict[str, datetime | None] = {}
    for name in MOMENTS:
        is_meant = name != "send_at" or typed["when"] == "later"
        moments[name] = moment_of(typed[name], name) if is_meant else None
        if is_meant and moments[name] is None and (typed[name] or name == "send_at"):
            faults[name] = "announce.bad_moment"
    kind = visit.agency.newsroom.kinds.get(typed["kind"])
    words: dict[str, Any] = {name: typed[name] for name in PLAIN} | _english(typed, kind)
    content = Content(
        **words,
        valid_from=moments["valid_from"],
        valid_until=moments["valid_until"],
        send_at=moments["send_at"],
        areas=tuple(dict.fromkeys(one for one in typed["areas"] if one)),
        files=tuple(files),
        is_urgent=typed["is_urgent"],
        touches_image=typed["touches_image"],
        way=_way(typed["way"]),
        recurs=_rule(typed),
    )
    if content.unit not in {key for key, _ in units(visit)}:
        faults["unit"] = "announce.not_your_unit"
    return content, faults


def _english(typed: Typed, kind: NewsKind | None) -> dict[str, str]:
    """The English template that nobody has touched is no English text."""
    if kind is None:
        return {}
    names = ("headline_en", "text_en")
    is_untouched = all(typed[name] == getattr(kind, name) or not typed[name] for name in names)
    has_gaps = any(GAP.search(getattr(kind, name)) for name in names)
    return dict.fromkeys(names, "") if is_untouched and has_gaps else {}


def _way(text: str) -> Way:
    return Way(text) if text in set(Way) else Way.PUSH


def _rule(typed: Typed) -> str:
    which = {"weekly": typed["weekday"], "monthly": typed["monthday"]}.get(typed["every"])
    return "" if which is None else f"{typed['every']}:{which}:{typed['at'].translate(_DIGITS)}"


def moment_of(text: str, name: str) -> datetime | None:
    """A moment in Bangkok: `2026-11-21T18:00`, or as people type it, `21/11/2569 18.00 น.`."""
    match = _MOMENT.fullmatch(text.translate(_DIGITS).strip())
    day = day_of(match["day"]) if match else None
    if match is None or day is None:
        return None
    if match["hour"] is None:
        at = ENDS.get(name)
        return datetime.combine(day, at, BANGKOK) if at is not None else None
    try:
        return datetime.combine(day, time(int(match["hour"]), int(match["minute"])), BANGKOK)
    except ValueError:
        return None


def units(visit: Visit) -> list[tuple[str, str]]:
    """The units for which this visitor may write, with their names."""
    return [
        (unit.id, unit.name(visit.language))
        for unit in visit.agency.profile.units
        if may_write(visit, unit.id)
    ]


def may_write(visit: Visit, unit: str) -> bool:
    """Whether the visitor prepares announcements of this unit."""
    return any(visit.officer.post(role, unit) for role in WRITERS)


def template(kind: NewsKind, topic: str, unit: str) -> Content:
    """What an announcement of a kind begins with."""
    return Content(
        kind.id,
        topic,
        unit,
        headline_th=kind.headline_th,
        text_th=kind.text_th,
        headline_en="" if GAP.search(kind.headline_en + kind.text_en) else kind.headline_en,
        text_en="" if GAP.search(kind.headline_en + kind.text_en) else kind.text_en,
        all_clear_th=kind.all_clear_th,
        all_clear_en=kind.all_clear_en,
        is_urgent=kind.is_urgent,
    )


def again(content: Content) -> Content:
    """The same for another time: its dates have to be set anew."""
    return msgspec.structs.replace(
        content, send_at=None, valid_from=None, valid_until=None, recurs=""
    )


def seen_at(found: Announcement) -> str:
    """What a form carries to tell whether somebody else changed the announcement meanwhile."""
    return found.changed_at.isoformat()
