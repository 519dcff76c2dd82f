"""The questions most asked (๑.๑(๕))."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from admin import questions
from bot.messages import Choice, Reply
from handlers.conversation import Outcome, Turn, numbered
from knowledge.agency import Agency

VALUE = "top"
SHOWN = 8
WINDOW = timedelta(days=90)


async def most_asked(turn: Turn, now: datetime) -> Outcome:
    """The list of most asked, to tap or to choose from by number."""
    entries = turn.agency.entries
    keys = filled(turn.agency, await asked_lately(turn.session, turn.agency, now))
    offers = tuple(Choice(entries[key].question.of(turn.language), f"a:{key}") for key in keys)
    text = numbered(turn.say("top.title"), offers)
    return Outcome((Reply(text, (*offers, turn.choice("menu.open", "menu"))),))


async def asked_lately(session: AsyncSession, agency: Agency, now: datetime) -> Sequence[str]:
    """What others asked lately and is still answered, under whatever id, most asked first."""
    found = Counter[str]()
    for key, count in await questions.most_asked(session, agency.slug, since=now - WINDOW):
        if entry := agency.entry(key):
            found[entry.id] += count
    return [key for key, _ in found.most_common(SHOWN)]


def filled(agency: Agency, asked: Sequence[str]) -> list[str]:
    """Those that are still answered; while there are few, the agency's own first answers too."""
    keys = [key for key in asked if key in agency.entries]
    keys += [key for key in agency.entries if key in agency.own and key not in keys]
    return keys[:SHOWN]
