"""Announcements read in the chat, as they stand now: the latest, and any one by its number."""

from datetime import datetime

from admin import subscriptions
from admin.announcements import Announcement, announcement_of, posted
from admin.leaflets import Told, alert, headline, moment
from admin.threads import Story, is_withdrawn, stories, story_of
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
    story = await story_of(turn.session, found) if found is not None else None
    if story is None or story.first.posted_at is None:
        return Outcome((Reply(turn.say("subscribe.no_such"), _others(turn)),))
    return await _one(turn, story, now)


async def latest(turn: Turn, now: datetime) -> Outcome:
    """The last few, each with a tap; where there are none, what the knowledge base says."""
    found = await posted(turn.session, turn.agency.slug, limit=SHOWN)
    if not found and turn.message.kind is Kind.TEXT and turn.is_answered:
        return answering.question(turn)
    if not found:
        return Outcome((Reply(turn.say("subscribe.none_yet"), _others(turn)[1:]),))
    offers = tuple(
        Choice(_line(turn, story, now), f"news:one:{story.first.id}")
        for story in await stories(turn.session, found)
    )
    text = numbered(turn.say("subscribe.latest_title"), offers)
    if await _is_paused(turn):
        asked = news_steps.question(turn)
        return Outcome((Reply(f"{text}\n\n{asked.text}", (*offers, *asked.choices)),))
    return Outcome((Reply(text, (*offers, *_others(turn)[1:])),))


async def _is_paused(turn: Turn) -> bool:
    row = await subscriptions.subscriber_of(turn.session, turn.message.contact.id)
    return row is not None and row.paused_at is not None


def _line(turn: Turn, story: Story, now: datetime) -> str:
    """The headline as it is now: a correction may have moved the end, too."""
    said = story.main.content.headline(turn.language)
    if story.is_withdrawn:
        return f"{said} ({turn.say('subscribe.is_withdrawn')})"
    return f"{said} ({turn.say('subscribe.is_over')})" if story.ended(now) else said


async def _one(turn: Turn, story: Story, now: datetime) -> Outcome:
    """It and what followed it, with its present standing before everything else.

    Of what was withdrawn only that, and why: it may have said what nobody is to read.
    """
    ways = await _ways(turn, story.first)
    if story.is_withdrawn:
        return Outcome((Reply(_withdrawn(turn, story.first), ways),))
    followed = [one for one in story.followers if not is_withdrawn(one)]
    replies = [
        alert(turn.agency, Told(one, story.first), turn.language, turn.address)
        for one in (story.first, *followed[-FOLLOWING:])
    ]
    texts = [reply.text for reply in replies]
    if standing := _standing(turn, story, now):
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


def _standing(turn: Turn, story: Story, now: datetime) -> str:
    lines = []
    if ended := story.ended(now):
        lines.append(turn.say("subscribe.over", at=moment(ended, turn.language)))
    if story.corrections and story.latest.posted_at:
        at = moment(story.latest.posted_at, turn.language)
        lines.append(turn.say("subscribe.corrected", at=at))
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
