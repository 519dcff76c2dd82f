"""A free question: answered from the knowledge base, narrowed down, or honestly refused."""

from dataclasses import replace

from admin import questions
from bot.messages import Choice, Reply
from handlers import contact, handover, menu, verdicts
from handlers.conversation import Asked, Outcome, Turn, numbered
from handlers.drafts import Said
from knowledge.agency import Entry
from knowledge.matching import Decision, Match
from knowledge.provenance import card, stale

SUGGESTIONS = 3
PERSON_AFTER = 3
"""The miss in a row at which a person is offered first (C2)."""
RIVAL = 0.5
READ_AT_MOST = 2_000
"""Characters of a message that are looked at."""


def question(turn: Turn) -> Outcome:
    """Answer, ask which is meant, or refuse; never make anything up."""
    match = turn.match
    if match is None:
        return empty(turn)
    best = [key for key, _ in match.ranked if key in turn.agency.entries]
    if match.decision is Decision.ANSWER and _is_rivalled(turn, match):
        outcome = suggest(turn, match)
    elif match.decision is Decision.ANSWER and best:
        outcome = answer(turn, turn.agency.entries[best[0]])
    elif match.decision is Decision.SUGGEST and best:
        outcome = suggest(turn, match)
    else:
        outcome = refuse(turn)
    outcome = replace(outcome, question=_asked(turn))
    if len(turn.message.text or "") > READ_AT_MOST:
        return outcome.after([Reply(turn.say("media.long", limit=READ_AT_MOST))])
    return outcome


def _is_rivalled(turn: Turn, match: Match) -> bool:
    """Whether an answer of the agency's own is nearly as likely as the general one found."""
    (first, sure), *rest = match.ranked
    own = turn.agency.own
    return first not in own and any(key in own and it >= RIVAL * sure for key, it in rest)


def empty(turn: Turn) -> Outcome:
    """Emoji, signs or spaces only."""
    return Outcome((Reply(turn.say("media.empty"), menu.choices(turn)),)).as_before(turn.state)


def answer(turn: Turn, entry: Entry) -> Outcome:
    """The signed answer with its source, unit and date (๑.๑(๔), ๑.๔(๑))."""
    text = entry.answer.of(turn.language)
    if note := stale(turn.agency, turn.language, entry, turn.today):
        text = f"{text}\n\n{note}"
    choices = (turn.choice("menu.open", menu.VALUE), *verdicts.choices(turn, entry.id))
    reply = Reply(text, choices, card(turn.agency, turn.language, entry))
    return Outcome((reply,), asked=Asked(Decision.ANSWER, entry.id))


def suggest(turn: Turn, match: Match) -> Outcome:
    """Up to three questions to tap, and a way to say that none of them is it (C2)."""
    keys = [key for key, _ in match.ranked if key in turn.agency.entries][:SUGGESTIONS]
    offers = tuple(
        Choice(turn.agency.entries[key].question.of(turn.language), f"a:{key}") for key in keys
    )
    text = numbered(turn.say("suggest.title"), offers)
    none = turn.choice("suggest.none", "none")
    return Outcome(
        (Reply(text, (*offers, none)),),
        misses=turn.state.misses,
        asked=Asked(Decision.SUGGEST, keys[0]),
    )


def _asked(turn: Turn) -> Said | None:
    """The question that staff may be given: these words, or those before a tap."""
    if turn.message.choice or not turn.message.text:
        return turn.state.question
    return Said(turn.message.text[:READ_AT_MOST], turn.message.message_id)


def refuse(turn: Turn) -> Outcome:
    """Say so plainly, and what can be done next; the third time in a row, whom to call."""
    misses = turn.state.misses + 1
    asked = Asked(Decision.REFUSE)
    if misses >= PERSON_AFTER:
        text = f"{turn.say('refuse.person')}\n\n{contact.text(turn)}"
        choices = (*handover.offer(turn, _asked(turn)), *menu.choices(turn))
        return Outcome((Reply(text, choices),), misses=misses, asked=asked)
    first = turn.say("refuse.first" if misses == 1 else "refuse.again")
    text = f"{first}\n{turn.say('refuse.line_1111')}"
    choices = (*handover.offer(turn, _asked(turn)), *menu.choices(turn))
    return Outcome((Reply(text, choices),), misses=misses, asked=asked)


async def none_of_these(turn: Turn) -> Outcome:
    """The suggestions missed; staff are to read what was asked."""
    await questions.turn_down(turn.session, turn.message.contact.id)
    misses = turn.state.misses + 1
    if misses >= PERSON_AFTER:
        return refuse(turn)
    choices = (*handover.offer(turn, _asked(turn)), *menu.choices(turn))
    return Outcome((Reply(turn.say("refuse.none"), choices),), misses=misses)


def chosen(turn: Turn, entry_id: str) -> Outcome:
    """A suggestion or a most-asked question was tapped; the others of the list still count."""
    entry = turn.agency.entry(entry_id)
    if entry is None:
        return Outcome((Reply(turn.say("answer.gone"), menu.choices(turn)),))
    return replace(answer(turn, entry), keep_offer=True)
