"""Leaflets: the words in which announcements are told in a chat, alike on every channel. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one announcement, and the first of its thread."""

    shown: Announcement
    """Whose words: its own, or those of its last correction."""
    first: Announcement

    @property
    def is_over(self) -> bool:
        """Whether its end was told already."""
        return self.first.ended_at is not None


def replies(
    agency: Agency,
    told: Sequence[Told],
    language: str,
    address: str,
    *,
    is_digest: bool = False,
    more: int = 0,
) -> list[Reply]:
    """One message for one announcement, with its files; one for all of a digest.

    `more` is how many a digest has no room for.
    """
    [one, *others] = told
    if others or (is_digest and (one.is_over or one.shown is not one.first)):
        return [digest(agency, told, language, address, more=more)]
    return [alert(agency, one, language, address)]


def alert(agency: Agency, told: Told, language: str, address: str) -> Reply:
    """One announcement, whole, as it is beside the first of its thread."""
    one, say = told.shown, agency.wording.say
    content = one.content
    lines = [headline(agency, one, language), "", _body(one, language)]
    if told.is_over and one.relation is Relation.CORRECTION:
        lines.append(say("alert.over", language))
    elif one.relation is not Relation.ALL_CLEAR:
        lines += _validity(agency, content, language)
    lines += ["", *_dates(agency, told, language)]
    if content.source_url:
        lines.append(say("alert.source", language, url=content.source_url))
    if url := page_of(address, agency.slug, one):
        key = "alert.page_files" if content.files else "alert.page"
        lines.append(say(key, language, url=url))
    lines.append(say("alert.how_to_stop", language))
    choices = (
        Choice(say("alert.now", language), f"{ONE}:{one.first_id or one.id}"),
        Choice(say("alert.stop_topic", language), f"{STOP}:{content.topic}"),
        Choice(say("alert.settings", language), SETTINGS),
    )
    files = tuple(File(digest, name) for _, digest, name in content.files)
    return Reply("\n".join(lines).strip(), choices, files=files)


def _dates(agency: Agency, told: Told, language: str) -> Sequence[str]:
    """When it was posted and last edited, and by whom (C6)."""
    one, first, say = told.shown, told.first, agency.wording.say
    unit = agency.unit(one.content.unit)
    by = unit.name(language) if unit else agency.profile.name.of(language)
    posted = first.posted_at or one.posted_at
    edited = one.posted_at if one.relation is Relation.CORRECTION else first.edited_at
    lines = []
    if posted:
        lines.append(say("alert.posted", language, at=moment(posted, language), unit=by))
    if edited:
        lines.append(say("alert.edited", language, at=moment(edited, language)))
    return lines


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


def digest(
    agency: Agency, told: Sequence[Told], language: str, address: str, *, more: int = 0
) -> Reply:
    """Several announcements, the first words of each; one that has ended says so."""
    say = agency.wording.say
    lines = [say("alert.digest", language, number=len(told))]
    for each in told:
        one = each.shown
        body = _body(one, language)
        short = body if len(body) <= SHOWN else f"{body[:SHOWN].rstrip()}…"
        ended = f" ({say('alert.ended', language)})" if each.is_over else ""
        lines += ["", f"• {headline(agency, one, language)}{ended}", short]
        if not each.is_over:
            lines += _validity(agency, one.content, language)
        lines += _dates(agency, each, language)
        if url := page_of(address, agency.slug, one):
            lines.append(url)
    if more:
        lines += ["", say("alert.more", language, number=more)]
    lines += ["", say("alert.how_to_stop", language)]
    choices = (
        Choice(say("alert.latest", language), LATEST),
        Choice(say("alert.stop_all", language), STOP),
        Choice(say("alert.settings", language), SETTINGS),
    )
    return Reply("\n".join(lines), choices)
