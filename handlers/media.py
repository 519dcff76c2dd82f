"""Everything that is not text: a fitting word for each kind."""

from bot.messages import Reply
from handlers import menu
from handlers.conversation import Outcome, Turn


def media(turn: Turn) -> Outcome:
    """Say what became of it and what to do instead; choices offered before still count."""
    text = turn.say(f"media.{turn.message.kind}")
    return Outcome((Reply(text, menu.choices(turn)),)).as_before(turn.state)
