"""A free question: answered from the knowledge base, narrowed down, or honestly refused."""

from dataclasses import replace

from bot.messages import Card, Choice, Reply
from handlers import contact, menu
from handlers.conversation import Asked, Outcome, Turn, numbered
from handlers.dates import written
from knowledge.agency import Entry
from knowledge.matching import Decision, Match

SUGGESTIONS = 3
PERSON_AFTER = 3
"""The miss in a row at which a person is offered first (C2)."""
READ_AT_MOST = 2_000
"""Characters of a message that are looked at."""


def question(turn: Turn) -> Outcome:
    """Answer, ask which is meant, or refuse; never make anything up."""
    match = turn.match
    if match is None:
        return empty(turn)
    best = [key for key, _ in match.ranked if key in turn.agency.entries]
    if match.decision is Decision.ANSWER and best:
        outcome = answer(turn, turn.agency.entries[best[0]])
    elif match.decision is Decision.SUGGEST and best:
        outcome = suggest(turn, match)
    else:
        outcome = refuse(turn)
    if len(turn.message.text or "") > READ_AT_MOST:
        return outcome.after([Reply(turn.say("media.long", limit=READ_AT_MOST))])
    return outcome


def empty(turn: Turn) -> Outcome:
    """Emoji, signs or spaces only."""
    return Outcome(
        (Reply(turn.say("media.empty"), menu.choices(turn)),),
        misses=turn.state.misses,
        keep_offer=True,
    )


def answer(turn: Turn, entry: Entry) -> Outcome:
    """The signed answer with its source, unit and date (๑.๑(๔), ๑.๔(๑))."""
    text = entry.answer.of(turn.language)
    if turn.today > entry.review_by:
        date = written(entry.review_by, turn.language)
        text = f"{text}\n\n{turn.say('answer.stale', date=date)}"
    reply = Reply(text, (turn.choice("menu.open", menu.VALUE),), card(turn, entry))
    return Outcome((reply,), asked=Asked(Decision.ANSWER, entry.id))


def card(turn: Turn, entry: Entry) -> Card:
    """Where the answer comes from."""
    unit = turn.agency.unit(entry.unit)
    source = entry.source.title
    if entry.source.clause:
        key = "answer.clause" if entry.id in turn.agency.own else "answer.law"
        source = turn.say(key, title=source, clause=entry.source.clause)
    updated = written(entry.updated, turn.language)
    facts = [(turn.say("answer.source"), source)]
    if unit:
        facts.append((turn.say("answer.unit"), unit.name(turn.language)))
    facts.append((turn.say("answer.updated"), updated))
    return Card(
        entry=entry.id,
        question=entry.question.of(turn.language),
        source=source,
        unit=unit.name(turn.language) if unit else None,
        updated=updated,
        facts=tuple(facts),
        url=entry.source.url,
    )


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


def refuse(turn: Turn) -> Outcome:
    """Say so plainly, and what can be done next; the third time in a row, whom to call."""
    misses = turn.state.misses + 1
    asked = Asked(Decision.REFUSE)
    if misses >= PERSON_AFTER:
        text = f"{turn.say('refuse.person')}\n\n{contact.text(turn)}"
        return Outcome((Reply(text, menu.choices(turn)),), misses=misses, asked=asked)
    first = turn.say("refuse.first" if misses == 1 else "refuse.again")
    text = f"{first}\n{turn.say('refuse.line_1111')}"
    return Outcome((Reply(text, menu.choices(turn)),), misses=misses, asked=asked)


def none_of_these(turn: Turn) -> Outcome:
    """The suggestions missed."""
    misses = turn.state.misses + 1
    if misses >= PERSON_AFTER:
        return refuse(turn)
    return Outcome((Reply(turn.say("refuse.none"), menu.choices(turn)),), misses=misses)


def chosen(turn: Turn, entry_id: str) -> Outcome:
    """A suggestion or a most-asked question was tapped; the others of the list still count."""
    entry = turn.agency.entries.get(entry_id)
    if entry is None:
        return Outcome((Reply(turn.say("answer.gone"), menu.choices(turn)),))
    return replace(answer(turn, entry), keep_offer=True)
