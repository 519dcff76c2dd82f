"""Taps while a report is written: each says all, whatever step is asked just now."""

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec.structs import replace

from admin import attachments
from admin.tickets import Privacy
from bot.messages import Place, Reply
from handlers import asking, menu, report, sending
from handlers.conversation import Outcome, Turn
from handlers.drafts import PERSONAL, Draft, Step, again, answer, back
from knowledge.agency import Agency

Change = Callable[[Agency, Draft, str], Draft | None]
"""The draft after a tap; None where the button means nothing any more."""


async def chosen(turn: Turn, rest: str, now: datetime) -> Outcome:
    """`draft:<what>:<value>`."""
    draft = turn.state.draft
    if draft is None:
        return Outcome((Reply(turn.say("report.is_gone"), report.ways_on(turn)),))
    name, _, value = rest.partition(":")
    if name == "drop":
        return await report.dropped(turn)
    if name == "send":
        return await _sent(turn, draft, now)
    if name == "change" and not value:
        return Outcome((asking.change(turn, draft),), draft=replace(draft, paused=False))
    change = CHANGES.get(name)
    changed = change(turn.agency, draft, value) if change else None
    if changed is None or not await _may_join(turn, draft, changed.join, now):
        return menu.old_button(turn)
    await attachments.let_go(turn.session, set(draft.files) - set(changed.files))
    if name == "spot":
        changed = await _placed(turn, changed, is_used=value == "yes")
    return await report.going_on(turn, changed, now)


UNSURE: Mapping[Step, Mapping[str, None]] = {
    Step.WHERE: {"item": None},
    Step.TOPIC: {"topic": None},
}
"""What was chosen of a list before is not meant any more by who lets the staff choose."""


def _skip(_agency: Agency, draft: Draft, value: str) -> Draft | None:
    step = Step(value) if value in set(Step) else None
    return answer(draft, step, **UNSURE.get(step, {})) if step else None


def _again(_agency: Agency, draft: Draft, value: str) -> Draft | None:
    return again(draft, Step(value)) if value in set(Step) else None


def _item(agency: Agency, draft: Draft, value: str) -> Draft | None:
    return answer(draft, Step.WHERE, item=value) if agency.item(value) else None


def _topic(agency: Agency, draft: Draft, value: str) -> Draft | None:
    return answer(draft, Step.TOPIC, topic=value) if value in agency.topics else None


def _privacy(_agency: Agency, draft: Draft, value: str) -> Draft | None:
    if value not in asking.LEVELS:
        return None
    if value == Privacy.ANONYMOUS:
        done = tuple(one for one in draft.done if one not in PERSONAL)
        draft = replace(draft, name=None, phone=None, done=done)
    return answer(draft, Step.PRIVACY, privacy=Privacy(value))


ANSWERS: Mapping[str, Change] = {
    "skip": _skip,
    "item": _item,
    "topic": _topic,
    "privacy": _privacy,
    "nofiles": lambda _agency, draft, _value: answer(
        draft, Step.FILES, files=(), place=None, placed=None
    ),
    "spot": lambda _agency, draft, _value: answer(draft, Step.SPOT),
    "same": lambda _agency, draft, value: answer(draft, Step.SAME, join=value or None),
}
CHANGES: Mapping[str, Change] = {
    "resume": lambda _agency, draft, _value: draft,
    "back": lambda _agency, draft, _value: back(draft),
    "change": _again,
    **ANSWERS,
}


def answered(draft: Draft, value: str) -> Step | None:
    """The step that this choice has just answered in the draft, if any."""
    name, _, rest = value.partition(":")
    if name == "report":
        return Step.KIND
    return draft.done[-1] if name == "draft" and rest.partition(":")[0] in ANSWERS else None


async def _may_join(turn: Turn, draft: Draft, number: str | None, now: datetime) -> bool:
    """Whether this is the matter that was offered: any other is somebody else's."""
    if number in {None, draft.join}:
        return True
    same = await report.same_matter(turn, draft, now)
    return same is not None and same.number == number


async def _placed(turn: Turn, draft: Draft, *, is_used: bool) -> Draft:
    """The place of the first photo that tells of one; unwanted, nothing tells of it any more."""
    files = await attachments.of(turn.session, draft.files)
    if not is_used:
        for file in files:
            file.latitude = file.longitude = None
        return draft if draft.placed else replace(draft, place=None)
    place = next((file.place for file in files if file.place), None)
    return replace(draft, place=Place(*place)) if place else draft


async def _sent(turn: Turn, draft: Draft, now: datetime) -> Outcome:
    """Send it, if nothing is missing any more."""
    step, facts = await report.next_step(turn, draft, now)
    if step is not Step.PREVIEW:
        return await report.going_on(turn, draft, now)
    return await sending.send(turn, draft, facts.files, now, ways=report.ways_on(turn))
