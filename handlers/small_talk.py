"""Greetings, thanks, idle words and abuse, all answered calmly; emergencies before everything."""

from bot.messages import Reply
from handlers import menu
from handlers.conversation import Outcome, Turn


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
        return Outcome((Reply(first), *answered), asked=outcome.asked)
    text = f"{first}\n{turn.say('emergency.note')}"
    return Outcome((Reply(text, menu.choices(turn)),), asked=outcome.asked)
