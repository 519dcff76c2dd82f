"""What a citizen thinks of an answer: useful or not, wrong or out of date."""

from datetime import datetime

from admin import votes
from bot.messages import Choice, Reply
from handlers import menu, report
from handlers.conversation import Outcome, Turn
from knowledge.agency import Agency, Entry
from knowledge.chains import Kind

USEFUL = "useful"
WRONG = "wrong"


def choices(turn: Turn, entry_id: str) -> tuple[Choice, ...]:
    """Two taps below an answer; a group has no room for one person's report."""
    if turn.message.group:
        return ()
    return (
        turn.choice("verdict.yes", f"{USEFUL}:{entry_id}:yes"),
        turn.choice("verdict.wrong", f"{WRONG}:{entry_id}"),
    )


async def useful(turn: Turn, rest: str, now: datetime) -> Outcome:
    """`<entry>:yes` or `<entry>:no`, kept and thanked for."""
    key, _, word = rest.rpartition(":")
    entry = turn.agency.entry(key)
    if entry is None or word not in {"yes", "no"}:
        return _gone(turn) if word in {"yes", "no"} else menu.old_button(turn)
    await votes.vote(
        turn.session,
        turn.agency.slug,
        entry.id,
        entry.updated,
        contact_id=turn.message.contact.id,
        useful=word == "yes",
        now=now,
    )
    if word == "yes":
        return _said(turn, turn.say("verdict.thanks"))
    return _said(turn, turn.say("verdict.sorry"), _wrong(turn, entry))


async def wrong(turn: Turn, entry_id: str, now: datetime) -> Outcome:
    """A report begins that knows which answer it is about."""
    entry = turn.agency.entry(entry_id)
    if entry is None:
        return _gone(turn)
    return await report.opened(turn, Kind.WRONG_INFO, now, entry=entry.id)


def label(agency: Agency, language: str, value: str) -> str:
    """What a button of this value says."""
    name, _, rest = value.partition(":")
    if name == WRONG:
        return agency.wording.say("verdict.wrong", language)
    return agency.wording.say("verdict.no" if rest.endswith(":no") else "verdict.yes", language)


def _wrong(turn: Turn, entry: Entry) -> Choice:
    return turn.choice("verdict.wrong", f"{WRONG}:{entry.id}")


def _said(turn: Turn, text: str, *first: Choice) -> Outcome:
    return Outcome((Reply(text, (*first, *menu.choices(turn))),), misses=turn.state.misses)


def _gone(turn: Turn) -> Outcome:
    return Outcome((Reply(turn.say("answer.gone"), menu.choices(turn)),), misses=turn.state.misses)
