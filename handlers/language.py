"""The two languages."""

from dataclasses import replace
from datetime import datetime

from bot.messages import Choice, Reply
from handlers import menu, report
from handlers.conversation import Outcome, Turn


async def chosen(turn: Turn, language: str, now: datetime) -> Outcome:
    """Speak this language from now on; where a report is written, what is asked there in it."""
    if not language:
        return ask(turn)
    if language not in turn.agency.profile.languages:
        return menu.menu(turn)
    turn = replace(turn, language=language)
    text = turn.say("language.changed")
    if turn.is_writing:
        return replace(await report.between(turn, [Reply(text)], now), language=language)
    other = "th" if language == "en" else "en"
    offers = (turn.choice("menu.open", menu.VALUE), turn.choice("menu.language", f"lang:{other}"))
    return Outcome((Reply(text, offers),), language=language)


def ask(turn: Turn) -> Outcome:
    """Which language? A report that is written waits for it."""
    names = {"th": "ภาษาไทย", "en": "English"}
    offers = tuple(Choice(names[k], f"lang:{k}") for k in turn.agency.profile.languages)
    return Outcome((Reply(turn.say("language.ask"), offers),), draft=turn.state.draft)
