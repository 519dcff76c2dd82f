"""News: asking for them, seeing what one gets, changing and stopping it."""

import re
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET
from sqlalchemy.ext.asyncio import AsyncSession

from admin import subscriptions
from admin.subscriptions import Frequency
from bot.messages import Choice, Kind, Reply
from bot.tables import ContactRow
from handlers import menu, mine, news_reading, news_steps, news_words, small_talk
from handlers.conversation import Outcome, Turn
from handlers.news_wishes import Step, Wish, changed, is_due, known, less, wish_of
from handlers.openers import BARE, openers
from handlers.signs import key_of

VALUE = "news"
AGAIN = "news:again"
STOP = "news:stop"
BACK = "news:back"
"""What is only ever said in words, and only while something is being chosen."""
READING = frozenset({"one", "latest"})
LISTS = {"topics": Step.TOPICS, "areas": Step.AREAS, "how": Step.HOW}
_PAGE = re.compile(r"\d{1,2}", re.ASCII)


async def chosen(turn: Turn, rest: str, now: datetime) -> Outcome:
    """`news`, `news:<what>`, `news:<what>:<value>`: each says all, whatever was asked last."""
    what, _, value = rest.partition(":")
    if what in READING:
        return await news_reading.read(turn, what, value, now)
    if turn.message.group:
        latest = turn.choice("subscribe.latest", "news:latest")
        return Outcome((Reply(turn.say("subscribe.group"), (latest,)),))
    if what == "stop":
        return await _stopped(turn, value, now)
    if what == "again":
        return await _again(turn, now)
    return await _opened(turn, now) if not what else await _tapped(turn, what, value, now)


def is_shown(turn: Turn) -> bool:
    """Whether what was asked last is which news are wanted."""
    return turn.is_wishing and any(one.value.startswith("news:") for one in turn.state.offered)


async def _tapped(turn: Turn, what: str, value: str, now: datetime) -> Outcome:
    """Something is chosen, or a list of what may be is wanted."""
    newsroom = turn.agency.newsroom
    wish = await _wish(turn, now)
    if what == "next":
        return await _going_on(turn, wish, now)
    if what == "back":
        return _asking(turn, wish, _before(turn, wish))
    step = LISTS.get(what)
    if step is Step.AREAS and not newsroom.areas:
        return await _going_on(turn, wish, now)
    if step and (step is not Step.HOW or not value):
        return _asking(turn, wish, step, int(value) if _PAGE.fullmatch(value) else 0)
    more = changed(wish, newsroom, what, value)
    if more is None:
        gone = Reply(turn.say("subscribe.gone"))
        return _asking(turn, wish, Step.AREAS if _is_of_area(turn, what) else Step.TOPICS).after(
            [gone]
        )
    return await _going_on(turn, more, now)


def _is_of_area(turn: Turn, what: str) -> bool:
    return what == "area" and bool(turn.agency.newsroom.areas)


def _before(turn: Turn, wish: Wish) -> Step:
    is_last = wish.step(turn.agency.newsroom) in {Step.HOW, Step.NOTHING}
    return Step.AREAS if is_last and turn.agency.newsroom.areas else Step.TOPICS


async def _opened(turn: Turn, now: datetime) -> Outcome:
    """What they get; or, for who gets nothing yet, what there is."""
    row = await subscriptions.subscriber_of(turn.session, turn.message.contact.id)
    if row is None:
        return _asking(turn, await _wish(turn, now), Step.TOPICS)
    if row.paused_at is not None:
        return Outcome((news_steps.question(turn),))
    wish = await _had(turn, row, now)
    if not wish.topics:
        return _asking(turn, wish, Step.TOPICS)
    return Outcome((news_steps.summary(turn, wish, turn.say("subscribe.mine")),), wish=None)


async def _wish(turn: Turn, now: datetime) -> Wish:
    """What is being chosen; else what they get already."""
    if turn.is_wishing and turn.state.wish is not None:
        return msgspec.structs.replace(turn.state.wish, touched=now)
    row = await subscriptions.subscriber_of(turn.session, turn.message.contact.id)
    return Wish(now) if row is None else await _had(turn, row, now)


async def _had(turn: Turn, row: subscriptions.Subscriber, now: datetime) -> Wish:
    had = await subscriptions.wanted(turn.session, row.contact_id)
    return wish_of(row, had, turn.agency.newsroom, now)


def _asking(turn: Turn, wish: Wish, step: Step, page: int = 0) -> Outcome:
    return Outcome((news_steps.ask(turn, wish, step, page),), wish=wish)


async def _going_on(turn: Turn, wish: Wish, now: datetime) -> Outcome:
    """Ask what is still missing; when nothing is, that is what they get from now on."""
    step = wish.step(turn.agency.newsroom)
    if step is not Step.NOTHING:
        return _asking(turn, wish, step)
    await _subscribe(turn, wish, now)
    return Outcome((news_steps.summary(turn, wish, turn.say("subscribe.done")),), wish=None)


async def _subscribe(turn: Turn, wish: Wish, now: datetime) -> None:
    contact = await turn.session.get_one(ContactRow, turn.message.contact.id)
    await subscriptions.subscribe(
        turn.session,
        contact,
        topics=wish.topics,
        areas=wish.areas or (),
        frequency=wish.frequency or Frequency.AT_ONCE,
        language=turn.language,
        now=now,
    )


async def _stopped(turn: Turn, topic: str, now: datetime) -> Outcome:
    """No more of this topic, or of any; one tap takes it back."""
    contact = turn.message.contact.id
    row = await subscriptions.subscriber_of(turn.session, contact)
    if row is None and topic and turn.is_wishing:
        return _asking(turn, less(await _wish(turn, now), topic), Step.TOPICS)
    if row is None:
        again = (turn.choice("subscribe.begin", VALUE), turn.choice("menu.open", menu.VALUE))
        return Outcome((Reply(turn.say("subscribe.nothing"), again),), wish=None)
    wish = await _had(turn, row, now)
    if topic and less(wish, topic).topics:
        await subscriptions.stop(turn.session, contact, topic)
        fewer = _less(turn, wish, topic)
        if row.paused_at is None:
            return fewer
        return replace(fewer.showing(*fewer.replies, news_steps.question(turn)), wish=UNSET)
    await subscriptions.stop(turn.session, contact)
    kept = msgspec.structs.replace(wish, stopped=True)
    choices = (turn.choice("subscribe.take_back", AGAIN), turn.choice("menu.open", menu.VALUE))
    text = turn.say("subscribe.stopped", agency=turn.name)
    return Outcome((Reply(text, choices),), wish=kept)


def _less(turn: Turn, wish: Wish, topic: str) -> Outcome:
    if topic not in wish.topics:
        return Outcome((news_steps.summary(turn, wish, turn.say("subscribe.not_it")),), wish=None)
    name = turn.agency.newsroom.topics[topic].name(turn.language)
    left = news_steps.names(turn, less(wish, topic))
    choices = (
        turn.choice("subscribe.take_topic_back", f"news:topic:{topic}"),
        turn.choice("subscribe.stop", "news:stop"),
        turn.choice("subscribe.mine", VALUE),
        turn.choice("menu.open", menu.VALUE),
    )
    text = turn.say("subscribe.stopped_topic", topic=name, left=left)
    return Outcome((Reply(text, choices),), wish=None)


async def _again(turn: Turn, now: datetime) -> Outcome:
    """What was stopped, or waits since the account was blocked, is wanted after all."""
    row = await subscriptions.subscriber_of(turn.session, turn.message.contact.id)
    kept = turn.state.wish if turn.state.wish and turn.state.wish.stopped else None
    if row is None and kept is not None:
        newsroom = turn.agency.newsroom
        wish = msgspec.structs.replace(
            kept, touched=now, stopped=False, topics=known(kept.topics, newsroom.topics)
        )
        return await _going_on(turn, wish, now)
    if row is None or row.paused_at is None:
        return await _standing(turn, now) or await _opened(turn, now)
    row.paused_at, row.language = None, turn.language
    return await _opened(turn, now)


async def _standing(turn: Turn, now: datetime) -> Outcome | None:
    """The question that was asked last, once more; None where it was none about news."""
    asked = news_words.shown(turn)
    return _asking(turn, await _wish(turn, now), *asked) if asked else None


async def not_chosen(turn: Turn, text: str, now: datetime) -> Outcome | None:
    """Words that choose nothing leave the question standing; None where they have an answer.

    Whoever says something else twice is not held back by it.
    """
    if turn.is_answered and not news_words.begun(turn, text):
        return None
    again = await _standing(turn, now)
    if again is None:
        return None
    if talk := openers(turn.agency.wording).small_talk(text):
        said = small_talk.small_talk(turn, talk).replies
        return again.after([Reply(one.text) for one in said])
    if turn.state.misses:
        return None
    [reply] = again.replies
    lead = turn.say("subscribe.not_one")
    asked = msgspec.structs.replace(reply, text=f"{lead}\n\n{reply.text}")
    return replace(again.showing(asked), misses=turn.state.misses + 1)


async def left(turn: Turn, now: datetime) -> Outcome:
    """The account was blocked: nothing is sent, and what they wanted is kept for a yes."""
    await subscriptions.pause(turn.session, turn.message.contact.id, now)
    has_asked = turn.state.wish is not None and turn.state.wish.asks
    return Outcome(wish=None if has_asked else UNSET).as_before(turn.state)


def is_to_be_asked(turn: Turn, outcome: Outcome, now: datetime) -> bool:
    """Whether who came back a day ago and said neither yes nor no is asked once more, now."""
    wish = turn.state.wish
    is_free = bool(outcome.replies) and not (turn.is_writing or turn.message.group)
    return is_free and wish is not None and is_due(wish, now)


async def come_back(turn: Turn, outcome: Outcome, now: datetime) -> Outcome:
    """The same outcome, and the question whether who was away wants the news again."""
    row = await subscriptions.subscriber_of(turn.session, turn.message.contact.id)
    is_asked = any(one.value == AGAIN for reply in outcome.replies for one in reply.choices)
    if row is None or row.paused_at is None:
        return outcome
    is_second = turn.state.wish is not None and is_due(turn.state.wish, now)
    outcome = replace(outcome, wish=None if is_second else Wish(now, stopped=True, asks=True))
    if is_asked:
        return outcome
    question = news_steps.question(turn)
    if turn.message.kind is Kind.FOLLOW or turn.emergencies or not outcome.replies:
        return outcome.showing(*(Reply(one.text) for one in outcome.replies), question)
    return outcome.after([question])


async def cancelled(turn: Turn, now: datetime) -> Outcome:
    """Leave whatever was going on; where nothing is, a bare "stop" of who gets news means them."""
    outcome = replace(menu.cancel(turn), wish=None if turn.is_wishing else UNSET)
    is_idle = not turn.is_writing and not mine.is_awaited(turn, now)
    if turn.message.kind is not Kind.TEXT or turn.message.group or not is_idle:
        return outcome
    is_bare = key_of(turn.message.text or "") in map(key_of, turn.agency.wording.words(BARE))
    row = await subscriptions.subscriber_of(turn.session, turn.message.contact.id)
    is_other = turn.is_wishing or turn.state.draft is not None
    if row is None or (is_other and not is_bare):
        return outcome
    if is_bare and not turn.is_wishing:
        return await _stopped(turn, "", now)
    [reply] = outcome.replies
    stop = Choice(turn.say("subscribe.stop"), "news:stop")
    text = f"{reply.text}\n{turn.say('subscribe.meant')}"
    return outcome.showing(Reply(text, (stop, *reply.choices)))


async def speaks(session: AsyncSession, contact: UUID, language: str) -> None:
    """News come in the language that was chosen."""
    row = await subscriptions.subscriber_of(session, contact)
    if row is not None:
        row.language = language
