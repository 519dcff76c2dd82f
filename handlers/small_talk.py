"""Greetings, thanks, idle words and abuse, all answered calmly; emergencies before everything."""

import re

from bot.messages import Reply
from handlers import menu
from handlers.conversation import Outcome, Turn

_NUMBER = re.compile(r"\b\d{3,4}\b")


def small_talk(turn: Turn, kind: str) -> Outcome:
    """A short fitting word."""
    if kind == "who":
        text = turn.say("smalltalk.who", agency=turn.name)
    else:
        text = turn.say(f"smalltalk.{kind}")
    return Outcome((Reply(text, menu.choices(turn)),))


def emergency(turn: Turn, kind: str, outcome: Outcome) -> Outcome:
    """The right number first; an answer, where there is one, after it."""
    first = turn.say(f"emergency.{kind}")
    answered = [reply for reply in outcome.replies if reply.card]
    if answered:
        told = all(number in answered[0].text for number in _NUMBER.findall(first))
        replies = answered if told else [Reply(first), *answered]
        return Outcome(tuple(replies), asked=outcome.asked)
    text = f"{first}\n{turn.say('emergency.note')}"
    return Outcome((Reply(text, menu.choices(turn)),), asked=outcome.asked)
