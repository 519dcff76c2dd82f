"""A complaint, a suggestion, wrong information, a request: told in a chat, step by step."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET
from msgspec.structs import replace

from admin import attachments, duplicates
from admin.tickets import Ticket
from bot.messages import Choice, Reply
from bot.messages import Kind as Event
from bot.tables import account_of
from handlers import asking, handover, menu
from handlers.asking import Facts
from handlers.conversation import BURST, Outcome, Turn, listed, numbered
from handlers.draft_messages import holds
from handlers.draft_words import ANSWERS, more
from handlers.drafts import (
    MOST_FILES,
    WORDS,
    Draft,
    Said,
    Step,
    add,
    answer,
    as_kind,
)
from knowledge.chains import Kind
from knowledge.matching import Decision

THIS = "this-"
"""Before the mark of the question that a button stands under."""
INSTEAD = "instead:"
"""Before what was tapped, where the report that is not sent may go for it."""


async def opened(
    turn: Turn,
    kind: Kind | None,
    now: datetime,
    *,
    text: str = "",
    message: str | None = None,
    entry: str | None = None,
    item: str | None = None,
) -> Outcome:
    """Begin; what was said already is not asked again."""
    if turn.message.group:
        return Outcome((Reply(turn.say("report.group")),))
    old, draft = turn.state.draft, Draft(touched=now)
    leads = []
    if old is not None and old.kind is None:
        draft = old  # photos came first: now it is said what they are of
    elif old is not None and old.is_told:
        if not turn.chosen.startswith(INSTEAD):
            return _unsent(turn, kind, Said(text, message or turn.message.message_id, entry))
        await attachments.let_go(turn.session, old.files)
        leads.append(turn.say("report.put_away"))
    draft = replace(draft, kind=kind, entry=entry, item=item)
    told = Said(text, message or turn.message.message_id)
    if text and not holds(draft, told.message):
        draft = add(draft, told)
    if text and kind:
        leads.append(turn.say("report.begun", kind=turn.say(f"report.{kind}")))
    outcome = await going_on(turn, draft, now, "\n\n".join(leads))
    match = turn.match
    if text and match and match.decision is Decision.ANSWER and match.ranked:
        *others, last = outcome.replies
        see = turn.choice("report.see_answer", f"a:{match.ranked[0][0]}")
        return outcome.showing(*others, Reply(last.text, (*last.choices, see)))
    return outcome


def _unsent(turn: Turn, kind: Kind | None, told: Said) -> Outcome:
    """Neither a tap nor words end the report that is not sent yet: which of the two is wanted?"""
    chosen = turn.chosen or f"report:{kind}:{THIS}{handover.mark_of(told)}"
    instead = turn.choice("report.instead", f"{INSTEAD}{chosen}")
    offers = (turn.choice("report.resume", "draft:resume"), instead)
    reply = Reply(numbered(turn.say("report.unsent"), offers), offers)
    return Outcome((reply,), question=UNSET if turn.chosen else told)


async def of_item(turn: Turn, item_id: str, now: datetime) -> Outcome:
    """What the agency discloses under this item is wrong or outdated."""
    item = turn.agency.item(item_id)
    if item is None:
        return menu.old_button(turn)
    return await opened(turn, Kind.WRONG_INFO, now, item=item.id)


async def before(turn: Turn, draft: Draft, now: datetime) -> Turn:
    """The turn as if the step that this draft asks for had just been asked."""
    reply = asking.ask(turn, draft, *await next_step(turn, draft, now))
    state = replace(
        turn.state, draft=replace(draft, paused=False), offered=reply.choices, listed=listed(reply)
    )
    return dataclasses.replace(turn, state=state)


async def between(turn: Turn, replies: Sequence[Reply], now: datetime) -> Outcome:
    """Something else was said or asked: that first, then what is asked here once more."""
    if turn.state.draft is None:
        return Outcome(tuple(replies))
    return (await going_on(turn, turn.state.draft, now)).after(replies)


async def said(turn: Turn, text: str, now: datetime) -> Outcome:
    """Words while a report is open: the answer to what was asked, else more of what it is about."""
    draft = turn.state.draft
    if draft is None:
        return menu.old_button(turn)
    part = Said(text, turn.message.message_id)
    step, _ = await next_step(turn, draft, now)
    take = ANSWERS.get(step, more)
    changed = take(turn.agency, draft, part)
    return await going_on(
        turn, changed, now, _heard(turn, draft, changed, is_asked=take is not more)
    )


def _heard(turn: Turn, draft: Draft, changed: Draft, *, is_asked: bool) -> str | None:
    """What is said of words before the next question: what they chose, or that they were added."""
    topic = turn.agency.topics.get(changed.topic or "")
    if topic and changed.topic != draft.topic:
        return f"{turn.say('report.row_where')}: {topic.name(turn.language)}"
    is_more = changed.said != draft.said and (not is_asked or changed.asked is Step.TOPIC)
    return turn.say("report.added") if is_more else None


async def took(turn: Turn, now: datetime) -> Outcome:
    """A file or a place, also for a report that was left; where there is none, it begins one."""
    message = turn.message
    draft = turn.state.draft
    if message.group:
        return Outcome((Reply(turn.say("report.group")),))
    if draft is None:
        draft = Draft(touched=now)
    if draft.asked is Step.FILES:
        draft = answer(draft, Step.FILES)
    if message.text and not holds(draft, message.message_id):
        draft = add(draft, Said(message.text, message.message_id))
    if message.kind is Event.LOCATION:
        draft = replace(draft, place=message.place, placed=message.message_id)
        return await going_on(turn, draft, now, turn.say("report.place_kept"))
    is_full = len(draft.files) >= MOST_FILES
    is_burst = turn.is_writing and draft.filed is not None and now - draft.filed < BURST
    is_answered = is_burst and draft.full == is_full and not message.text
    draft = replace(draft, filed=now, full=is_full, touched=now)
    if not is_full:
        account = account_of(message.contact.agency, message.contact.channel)
        file = await attachments.expect(turn.session, message, account, now)
        draft = replace(draft, files=(*draft.files, file.id))
    if is_answered:
        return Outcome(draft=draft, keep_offer=True)
    too_many = turn.say("report.too_many", most=MOST_FILES)
    return await going_on(turn, draft, now, too_many if is_full else _received(turn, draft))


def _received(turn: Turn, draft: Draft) -> str | None:
    """What is said of a file before the next question; who speaks hears that nobody listens."""
    if turn.message.kind is Event.AUDIO:
        return turn.say("media.audio")
    is_first = draft.kind is None and len(draft.files) == 1
    return None if is_first else turn.say("report.file_kept")


async def kind_chosen(turn: Turn, rest: str, now: datetime) -> Outcome:
    """`report`, `report:<kind>`; with `this-<mark>` at its end the question so marked is told."""
    value, this, mark = rest.partition(THIS)
    name = value.rstrip(":")
    kind = Kind(name) if name in set(asking.KINDS) else None
    if name and kind is None:
        return menu.old_button(turn)
    if this:
        return await _asked(turn, kind, mark, now)
    draft = turn.state.draft
    if draft is None or turn.message.group:
        return await opened(turn, kind, now)
    if kind is None:
        offers = (turn.choice("report.resume", "draft:resume"), *asking.kinds(turn))
        return Outcome((Reply(numbered(turn.say("report.ask_kind"), offers), offers),))
    if draft.kind is None or turn.is_writing:
        return await going_on(turn, as_kind(draft, kind), now)
    return await opened(turn, kind, now)


async def _asked(turn: Turn, kind: Kind | None, mark: str, now: datetime) -> Outcome:
    """What was asked under this mark is told; a second tap goes on with it."""
    draft, asked = turn.state.draft, turn.state.question
    if draft is not None and any(handover.mark_of(part) == mark for part in draft.said):
        return await going_on(turn, as_kind(draft, kind), now)
    if asked is None or handover.mark_of(asked) != mark:
        return handover.gone(turn)
    return await opened(turn, kind, now, text=asked.text, message=asked.message, entry=asked.entry)


async def dropped(turn: Turn) -> Outcome:
    """Nothing of it is kept."""
    if turn.state.draft is not None:
        await attachments.let_go(turn.session, turn.state.draft.files)
    return Outcome((Reply(turn.say("report.dropped"), ways_on(turn)),), draft=None)


def ways_on(turn: Turn) -> tuple[Choice, ...]:
    """What there is after a report has ended."""
    return (
        turn.choice("mine.name", "mine"),
        turn.choice("menu.report", "report"),
        turn.choice("menu.open", menu.VALUE),
    )


async def going_on(turn: Turn, draft: Draft, now: datetime, lead: str | None = None) -> Outcome:
    """Ask what is still missing, or show all of it before it is sent."""
    filed = draft.filed if turn.message.attachment else None
    draft = replace(draft, touched=now, paused=False, filed=filed)
    reply = asking.ask(turn, draft, *await next_step(turn, draft, now))
    if lead:
        reply = Reply(f"{lead}\n\n{reply.text}", reply.choices)
    return Outcome((reply,), draft=draft)


def is_worded(turn: Turn) -> bool:
    """Whether what was asked last is to be answered in words: a number is no choice then."""
    draft = turn.state.draft if turn.is_writing and not turn.state.listed else None
    return draft is not None and draft.step({Step.TOPIC, Step.SPOT, Step.SAME}) in WORDS


async def next_step(turn: Turn, draft: Draft, now: datetime) -> tuple[Step, Facts]:
    """What is to be asked now, with what the database knows of it, asked only where it matters."""
    facts = Facts(await attachments.of(turn.session, draft.files) if draft.files else ())
    moot: set[Step] = set()
    while (step := draft.step(moot)) not in moot:
        if step is Step.SAME:
            facts = Facts(facts.files, await same_matter(turn, draft, now))
        if asking.arises(step, turn.agency, draft, facts):
            break
        moot.add(step)
    return step, facts


async def same_matter(turn: Turn, draft: Draft, now: datetime) -> Ticket | None:
    """The matter that it is likely the same as, unless that was settled."""
    if draft.kind is None or not draft.said or Step.SAME in draft.done:
        return None
    return await duplicates.likely_same(
        turn.session,
        turn.agency.slug,
        draft.kind,
        draft.what,
        now=now,
        item=draft.item,
        entry=draft.entry,
        url=draft.url,
        topic=draft.topic,
        place=(draft.place.latitude, draft.place.longitude) if draft.place else None,
    )
