"""The two languages."""

from bot.messages import Choice, Reply
from handlers import menu
from handlers.conversation import Outcome, Turn


def switch(turn: Turn, language: str) -> Outcome:
    """Speak this language from now on."""
    if language not in turn.agency.profile.languages:
        return menu.menu(turn)
    text = turn.agency.wording.say("language.changed", language)
    other = "th" if language == "en" else "en"
    again = Choice(turn.agency.wording.say("menu.language", language), f"lang:{other}")
    opened = Choice(turn.agency.wording.say("menu.open", language), menu.VALUE)
    return Outcome((Reply(text, (opened, again)),), language=language)


def ask(turn: Turn) -> Outcome:
    """Which language?"""
    names = {"th": "ภาษาไทย", "en": "English"}
    offers = tuple(Choice(names[k], f"lang:{k}") for k in turn.agency.profile.languages)
    return Outcome((Reply(turn.say("language.ask"), offers),))
