"""The questions most asked (๑.๑(๕))."""

from datetime import datetime, timedelta

from admin import questions
from bot.messages import Choice, Reply
from handlers.conversation import Outcome, Turn, numbered

VALUE = "top"
SHOWN = 8
WINDOW = timedelta(days=90)


async def most_asked(turn: Turn, now: datetime) -> Outcome:
    """What others asked lately; while there is little, the agency's own first answers."""
    agency = turn.agency
    found = await questions.most_asked(turn.session, agency.slug, since=now - WINDOW, limit=SHOWN)
    keys = [key for key in found if key in agency.entries]
    keys += [key for key in agency.entries if key in agency.own and key not in keys]
    offers = tuple(
        Choice(agency.entries[key].question.of(turn.language), f"a:{key}") for key in keys[:SHOWN]
    )
    text = numbered(turn.say("top.title"), offers)
    return Outcome((Reply(text, (*offers, turn.choice("menu.open", "menu"))),))
