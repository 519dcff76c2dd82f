"""How to reach the agency (C9); what it has not filled in is said, never made up."""

from bot.messages import Reply
from handlers import handover, menu
from handlers.conversation import Outcome, Turn

VALUE = "contact"


def contact(turn: Turn) -> Outcome:
    """Address, telephone, e-mail, hours."""
    choices = (*handover.offer(turn, turn.state.question), *menu.choices(turn))
    return Outcome((Reply(text(turn), choices),))


def text(turn: Turn) -> str:
    """The contact details as lines; where no telephone is among them, the hotline of all."""
    details = turn.agency.profile.contact
    english = turn.language == "en"
    unit = turn.agency.unit(details.unit)
    known = [
        ("unit", unit.name(turn.language) if unit else None),
        ("address", details.address_en if english else details.address_th),
        ("phone", ", ".join(details.phones) or None),
        ("fax", details.fax),
        ("email", details.email),
        ("website", details.website),
        ("hours", details.hours_en if english else details.hours_th),
    ]
    title = turn.say("contact.title", agency=turn.name)
    if not any(value for key, value in known if key != "unit"):
        return f"{title}\n{turn.say('contact.nothing')}"
    lines = [f"{turn.say(f'contact.{key}')}: {value}" for key, value in known if value]
    if details.source:
        rule = turn.agency.profile.document
        document = rule.title_en if english else rule.title_th
        source = turn.say("answer.clause", title=document, clause=details.source)
        lines.append(f"{turn.say('answer.source')}: {source}")
    missing = ", ".join(turn.say(f"contact.{key}") for key, value in known if not value)
    if missing:
        lines.append(turn.say("contact.missing", what=missing))
    if not details.phones:
        lines.append(turn.say("refuse.line_1111"))
    return "\n".join([title, *lines])
