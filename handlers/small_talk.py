"""Greetings, thanks, idle words and abuse, all answered calmly; emergencies before everything."""

import re
from collections.abc import Sequence

from bot.messages import Reply
from handlers import contact, handover, menu
from handlers.conversation import Outcome, Turn

OPENING = 40
"""Letters of an answer that are read first."""
WANTING = ("person", "unhappy", "abuse")
"""Who says this may want a person to answer the question before."""
_NUMBER = re.compile(r"\b\d{3,4}\b")


def small_talk(turn: Turn, kind: str) -> Outcome:
    """A short fitting word."""
    text = turn.say(f"smalltalk.{kind}", agency=turn.name)
    if kind == "person":
        text = f"{text}\n\n{contact.text(turn)}"
    offers = handover.offer(turn, turn.state.question) if kind in WANTING else ()
    return Outcome((Reply(text, (*offers, *menu.choices(turn))),))


def helped(turn: Turn, outcome: Outcome) -> Outcome:
    """The same, and before it whom to call now, where the words tell of an emergency."""
    kinds = turn.emergencies
    if not kinds:
        return outcome
    first = "\n".join(turn.say(f"emergency.{kind}") for kind in kinds)
    return outcome.after([Reply(f"{first}\n{turn.say('emergency.note')}")])


def emergency(turn: Turn, kinds: Sequence[str], outcome: Outcome) -> Outcome:
    """The right number first; an answer, where there is one, after it."""
    first = "\n".join(turn.say(f"emergency.{kind}") for kind in kinds)
    answered = [reply for reply in outcome.replies if reply.card]
    if answered:
        numbers, text = _NUMBER.findall(first), answered[0].text
        told = numbers[0] in text[:OPENING] and all(number in text for number in numbers)
        replies = answered if told else [Reply(first), *answered]
        return Outcome(tuple(replies), asked=outcome.asked)
    text = f"{first}\n{turn.say('emergency.note')}"
    return Outcome((Reply(text, menu.choices(turn)),), asked=outcome.asked)
