"""Leaflets: the words in which announcements are told in a chat, alike on every channel. Pure."""

from collections.abc import Sequence
from datetime import datetime

from admin.announcements import Announcement, Content, Relation
from admin.subscriptions import STOP
from bot.clock import BANGKOK
from bot.messages import Choice, File, Reply
from knowledge.agency import Agency
from knowledge.dates import written

SETTINGS = "news"
LATEST = "news:latest"
ONE = "news:one"
"""Shows it as it stands at that moment: an old alert may have ended since."""
LONGEST_HEADLINE = 100
LONGEST_TEXT = 1_500
"""Letters that still leave room for the rest in one message of every platform."""
SHOWN = 200
"""Letters of each announcement in a digest."""
PREFIXES = {Relation.CORRECTION: "alert.correction", Relation.ALL_CLEAR: "alert.all_clear"}


def moment(at: datetime, language: str) -> str:
    """`21 พ.ย. 2569 18:00 น.` in Bangkok."""
    local = at.astimezone(BANGKOK)
    day = written(local.date(), language)
    return f"{day} {local:%H:%M} น." if language != "en" else f"{day}, {local:%H:%M}"


def page_of(address: str, slug: str, announcement: Announcement) -> str | None:
    """Where it can be read for good; None while the server has no public address."""
    first = announcement.first_id or announcement.id
    return f"{address.rstrip('/')}/{slug}/news/{first}" if address else None


def replies(
    agency: Agency, told: Sequence[Announcement], language: str, address: str
) -> list[Reply]:
    """One message for one announcement, with its files; one for all of a digest."""
    if len(told) == 1:
        return [alert(agency, told[0], language, address)]
    return [digest(agency, told, language, address)]


def alert(agency: Agency, one: Announcement, language: str, address: str) -> Reply:
    """One announcement, whole."""
    content, say = one.content, agency.wording.say
    lines = [f"{headline(agency, one, language)}", "", _body(one, language)]
    lines += _validity(agency, content, language)
    unit = agency.unit(content.unit)
    lines.append("")
    if one.posted_at:
        by = unit.name(language) if unit else agency.profile.name.of(language)
        posted = moment(one.posted_at, language)
        lines.append(say("alert.posted", language, at=posted, unit=by))
    if one.edited_at:
        lines.append(say("alert.edited", language, at=moment(one.edited_at, language)))
    if content.source_url:
        lines.append(say("alert.source", language, url=content.source_url))
    if url := page_of(address, agency.slug, one):
        key = "alert.page_files" if content.files else "alert.page"
        lines.append(say(key, language, url=url))
    choices = (
        Choice(say("alert.now", language), f"{ONE}:{one.first_id or one.id}"),
        Choice(say("alert.stop_topic", language), f"{STOP}:{content.topic}"),
        Choice(say("alert.settings", language), SETTINGS),
    )
    files = tuple(File(digest, name) for _, digest, name in content.files)
    return Reply("\n".join(lines).strip(), choices, files=files)


def headline(agency: Agency, one: Announcement, language: str) -> str:
    """The headline, with what it is to an earlier one."""
    prefix = PREFIXES.get(one.relation) if one.relation else None
    said = one.content.headline(language)
    return agency.wording.say(prefix, language, headline=said) if prefix else said


def _body(one: Announcement, language: str) -> str:
    if one.relation is Relation.ALL_CLEAR:
        return one.content.all_clear(language)
    return one.content.text(language)


def _validity(agency: Agency, content: Content, language: str) -> list[str]:
    say = agency.wording.say
    lines = []
    if content.place:
        lines.append(say("alert.place", language, place=content.place))
    if content.valid_from and content.valid_until:
        begin, end = moment(content.valid_from, language), moment(content.valid_until, language)
        lines.append(say("alert.from_until", language, begin=begin, end=end))
    elif content.valid_until:
        lines.append(say("alert.until", language, end=moment(content.valid_until, language)))
    elif content.valid_from:
        lines.append(say("alert.from", language, begin=moment(content.valid_from, language)))
    areas = [agency.newsroom.areas.get(key) for key in content.areas]
    if names := [area.name(language) for area in areas if area]:
        lines.append(say("alert.areas", language, areas=", ".join(names)))
    return lines


def digest(agency: Agency, told: Sequence[Announcement], language: str, address: str) -> Reply:
    """Several announcements, the first words of each; one that has ended says so."""
    say = agency.wording.say
    lines = [say("alert.digest", language, number=len(told))]
    for one in told:
        body = _body(one, language)
        short = body if len(body) <= SHOWN else f"{body[:SHOWN].rstrip()}…"
        ended = f" ({say('alert.ended', language)})" if one.ended_at else ""
        lines += ["", f"• {headline(agency, one, language)}{ended}", short]
        if url := page_of(address, agency.slug, one):
            lines.append(url)
    choices = (
        Choice(say("alert.latest", language), LATEST),
        Choice(say("alert.stop_all", language), STOP),
        Choice(say("alert.settings", language), SETTINGS),
    )
    return Reply("\n".join(lines), choices)
