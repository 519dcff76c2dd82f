"""Announcements read in the chat, as they stand now: the latest, and any one by its number."""

from collections.abc import Sequence
from datetime import datetime

from admin import subscriptions
from admin.announcements import Announcement, State, announcement_of, posted, thread
from admin.announcements import Relation as Is
from admin.leaflets import alert, headline, moment
from bot.messages import Choice, Kind, Reply
from handlers import answering, menu
from handlers.conversation import Outcome, Turn, numbered

SHOWN = 5
FOLLOWING = 3
"""How many of those that followed are shown with the first."""
LONGEST_NUMBER = 15


async def read(turn: Turn, what: str, value: str, now: datetime) -> Outcome:
    """`latest`, or `one:<number>`."""
    if what == "latest":
        return await latest(turn, now)
    is_number = value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER
    found = await announcement_of(turn.session, turn.agency.slug, int(value)) if is_number else None
    if found is not None and found.first_id is not None:
        found = await announcement_of(turn.session, turn.agency.slug, found.first_id)
    if found is None or found.posted_at is None:
        return Outcome((Reply(turn.say("subscribe.no_such"), _others(turn)),))
    return await _one(turn, found, now)


async def latest(turn: Turn, now: datetime) -> Outcome:
    """The last few, each with a tap; where there are none, what the knowledge base says."""
    found = await posted(turn.session, turn.agency.slug, limit=SHOWN)
    if not found and turn.message.kind is Kind.TEXT and turn.is_answered:
        return answering.question(turn)
    if not found:
        return Outcome((Reply(turn.say("subscribe.none_yet"), _others(turn)[1:]),))
    offers = tuple(Choice(_line(turn, one, now), f"news:one:{one.id}") for one in found)
    text = numbered(turn.say("subscribe.latest_title"), offers)
    return Outcome((Reply(text, (*offers, *_others(turn)[1:])),))


def _line(turn: Turn, one: Announcement, now: datetime) -> str:
    said = headline(turn.agency, one, turn.language)
    mark = _mark(one, one, now)
    return f"{said} ({turn.say(mark)})" if mark else said


def _mark(first: Announcement, last: Announcement, now: datetime) -> str | None:
    """Whether it holds no more; `last` is its latest wording."""
    end = last.content.valid_until
    if first.state is State.CANCELLED:
        return "subscribe.is_withdrawn"
    return "subscribe.is_over" if first.ended_at or (end and end <= now) else None


async def _one(turn: Turn, first: Announcement, now: datetime) -> Outcome:
    """It and what followed it, with its present standing before everything else."""
    followed = [
        one for one in await thread(turn.session, first) if one.state is not State.CANCELLED
    ]
    standing = _standing(turn, first, followed, now)
    replies = [
        alert(turn.agency, one, turn.language, turn.address)
        for one in (first, *followed[-FOLLOWING:])
    ]
    texts = [reply.text for reply in replies]
    if standing:
        texts[0] = f"{standing}\n\n{texts[0]}"
    said = [Reply(text, files=reply.files) for text, reply in zip(texts, replies, strict=True)]
    *others, last = said
    ways = await _ways(turn, first)
    return Outcome((*others, Reply(last.text, ways, files=last.files)))


def _standing(
    turn: Turn, first: Announcement, followed: Sequence[Announcement], now: datetime
) -> str:
    corrections = [one for one in followed if one.relation is Is.CORRECTION]
    last = corrections[-1] if corrections else first
    mark = _mark(first, last, now)
    end = first.ended_at or last.content.valid_until
    lines = []
    if mark and end:
        at = moment(end, turn.language)
        key = "subscribe.withdrawn" if first.state is State.CANCELLED else "subscribe.over"
        lines.append(turn.say(key, at=at))
        if first.state is State.CANCELLED and first.reason:
            lines.append(first.reason)
    if corrections and last.posted_at:
        lines.append(turn.say("subscribe.corrected", at=moment(last.posted_at, turn.language)))
    return "\n".join(lines)


async def _ways(turn: Turn, one: Announcement) -> tuple[Choice, ...]:
    """On from here: this topic from now on, or no more of it."""
    if turn.message.group:
        return _others(turn)
    topic = one.content.topic
    had = await subscriptions.wanted(turn.session, turn.message.contact.id)
    if any(each.topic == topic for each in had):
        return (turn.choice("alert.stop_topic", f"news:stop:{topic}"), *_others(turn))
    if topic in turn.agency.newsroom.topics:
        return (turn.choice("subscribe.this_topic", f"news:topic:{topic}"), *_others(turn))
    return _others(turn)


def _others(turn: Turn) -> tuple[Choice, ...]:
    choices = (
        turn.choice("subscribe.latest", "news:latest"),
        turn.choice("subscribe.name", "news"),
        turn.choice("menu.open", menu.VALUE),
    )
    return tuple(one for one in choices if not (turn.message.group and one.value == "news"))
