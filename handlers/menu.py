"""The menu, the welcome, and the way out of everything."""

from collections.abc import Sequence

from admin.chat_menus import CHOICES
from bot.messages import Choice, Kind, Reply
from handlers.conversation import Outcome, Turn

VALUE = "menu"
PRIVATE = frozenset({"report", "mine", "news"})
"""What a group has no button for."""


def choices(turn: Turn) -> tuple[Choice, ...]:
    """The main choices; the other language is always one tap away."""
    other = "th" if turn.language == "en" else "en"
    buttons = [turn.choice(key, value) for value, key, _ in CHOICES]
    if turn.message.group:
        buttons = [one for one in buttons if one.value not in PRIVATE]
    elif turn.has_unsent:
        buttons.insert(0, turn.choice("report.resume", "draft:resume"))
    if other in turn.agency.profile.languages:
        buttons.append(turn.choice("menu.language", f"lang:{other}"))
    return tuple(buttons)


def menu(turn: Turn) -> Outcome:
    """Everything one can do here, and the important links."""
    text = "\n\n".join((turn.say("menu.title"), *_links(turn)))
    return Outcome((Reply(text, choices(turn)),))


def links(turn: Turn) -> Outcome:
    """The important links by themselves; where there are none, the menu."""
    lines = _links(turn)
    return Outcome((Reply("\n\n".join(lines), choices(turn)),)) if lines else menu(turn)


def _links(turn: Turn) -> Sequence[str]:
    found = turn.agency.newsroom.links
    lines = [f"{link.name(turn.language)}\n{link.url}" for link in found]
    return [turn.say("menu.links"), *lines] if lines else []


def cancel(turn: Turn) -> Outcome:
    """Leave whatever was going on; a report that waits stays, and that is said."""
    if turn.has_unsent:
        resume, *others = choices(turn)
        drop = turn.choice("cancel.name", "draft:drop")
        return Outcome((Reply(turn.say("cancel.kept"), (resume, drop, *others)),))
    return Outcome((Reply(turn.say("cancel.done"), choices(turn)),))


def welcome(turn: Turn) -> Outcome:
    """The first words to a person or a group."""
    if turn.message.kind is Kind.JOIN or turn.message.group:
        return Outcome((Reply(turn.say("welcome.group", agency=turn.name), choices(turn)),))
    return Outcome((Reply(turn.say("welcome.first", agency=turn.name), choices(turn)),))


def old_button(turn: Turn) -> Outcome:
    """A button whose meaning is lost: say so, and show the present ones."""
    return Outcome((Reply(turn.say("button.old"), choices(turn)),))
