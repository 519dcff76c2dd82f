"""Announcements read in the chat, as they stand now: the latest, and any one by its number."""

from collections.abc import Sequence
from datetime import datetime

from admin import subscriptions
from admin.announcements import Announcement, State, announcement_of, posted, thread
from admin.announcements import Relation as Is
from admin.leaflets import alert, headline, moment
from bot.messages import Choice, Kind, Reply
from handlers import answering, menu, news_steps
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
    offers = tuple([Choice(await _line(turn, one, now), f"news:one:{one.id}") for one in found])
    text = numbered(turn.say("subscribe.latest_title"), offers)
    if await _is_paused(turn):
        asked = news_steps.question(turn)
        return Outcome((Reply(f"{text}\n\n{asked.text}", (*offers, *asked.choices)),))
    return Outcome((Reply(text, (*offers, *_others(turn)[1:])),))


async def _is_paused(turn: Turn) -> bool:
    row = await subscriptions.subscriber_of(turn.session, turn.message.contact.id)
    return row is not None and row.paused_at is not None


async def _line(turn: Turn, first: Announcement, now: datetime) -> str:
    """The headline as it is now: a correction may have moved the end, too."""
    last = _corrections(await thread(turn.session, first), first)[-1]
    said = last.content.headline(turn.language)
    mark = _mark(first, last, now)
    return f"{said} ({turn.say(mark)})" if mark else said


def _corrections(followed: Sequence[Announcement], first: Announcement) -> list[Announcement]:
    """The first and the corrections of it that hold."""
    held = (one for one in followed if one.relation is Is.CORRECTION)
    if first.state is State.CANCELLED:
        return [first]
    return [first, *(one for one in held if one.state is not State.CANCELLED)]


def _mark(first: Announcement, last: Announcement, now: datetime) -> str | None:
    """Whether it holds no more; `last` is its latest wording."""
    end = last.content.valid_until
    if first.state is State.CANCELLED:
        return "subscribe.is_withdrawn"
    return "subscribe.is_over" if first.ended_at or (end and end <= now) else None


async def _one(turn: Turn, first: Announcement, now: datetime) -> Outcome:
    """It and what followed it, with its present standing before everything else.

    Of what was withdrawn only that, and why: it may have said what nobody is to read.
    """
    ways = await _ways(turn, first)
    if first.state is State.CANCELLED:
        return Outcome((Reply(_withdrawn(turn, first), ways),))
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
    return Outcome((*others, Reply(last.text, ways, files=last.files)))


def _withdrawn(turn: Turn, first: Announcement) -> str:
    said = headline(turn.agency, first, turn.language)
    at = moment(first.changed_at, turn.language)
    lines = [turn.say("newspage.withdrawn_of", headline=said), ""]
    lines.append(turn.say("subscribe.withdrawn", at=at))
    if first.reason:
        lines.append(turn.say("subscribe.why", reason=first.reason))
    return "\n".join(lines)


def _standing(
    turn: Turn, first: Announcement, followed: Sequence[Announcement], now: datetime
) -> str:
    *earlier, last = _corrections(followed, first)
    end = first.ended_at or last.content.valid_until
    lines = []
    if _mark(first, last, now) and end:
        lines.append(turn.say("subscribe.over", at=moment(end, turn.language)))
    if earlier and last.posted_at:
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
