"""What a citizen thinks of an answer: useful or not, wrong or out of date."""

from datetime import datetime

from admin import votes
from bot.messages import Choice, Reply
from handlers import menu
from handlers.conversation import Outcome, Turn
from handlers.openers import Openers
from knowledge.agency import Agency, Entry
from knowledge.masking import mask

USEFUL = "useful"
WRONG = "wrong"
LEAVING = frozenset({"menu", "cancel"})
"""Flows that end a report; the words of others (`เบอร์โทร`) may be what is wrong."""
READ_AT_MOST = 2_000
"""Characters of a report that are kept."""


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


def wrong(turn: Turn, entry_id: str) -> Outcome:
    """Ask what is wrong; the next words are the report."""
    entry = turn.agency.entry(entry_id)
    if entry is None:
        return _gone(turn)
    text = turn.say("verdict.what", question=entry.question.of(turn.language))
    cancel = turn.choice("cancel.name", "cancel")
    return Outcome((Reply(text, (cancel,)),), misses=turn.state.misses, reporting=entry.id)


def is_told(text: str, known: Openers) -> bool:
    """Whether these words are a report, not a way out of it."""
    is_command = text.lstrip().startswith("/")
    return not (is_command or known.flow(text) in LEAVING or known.small_talk(text))


async def report(turn: Turn, text: str, now: datetime) -> Outcome:
    """Keep what the citizen says is wrong, and say honestly what becomes of it."""
    entry = turn.agency.entry(turn.state.reporting or "")
    if entry is None:
        return _gone(turn)
    turn.session.add(
        votes.AnswerReport(
            agency=turn.agency.slug,
            entry=entry.id,
            contact_id=turn.message.contact.id,
            message_id=turn.message.message_id,
            text=mask(text[:READ_AT_MOST]),
            at=now,
        )
    )
    unit = turn.agency.unit(entry.unit)
    who = unit.name(turn.language) if unit else turn.name
    return _said(turn, turn.say("verdict.kept", who=who))


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
