"""A question that the bot could not answer is handed to staff with one tap (C2, A13)."""

from datetime import datetime
from hashlib import blake2b

from admin.opening import Matter, open_ticket
from admin.tickets import Source
from bot.messages import Choice, Reply
from handlers import menu
from handlers.conversation import Outcome, Turn
from handlers.drafts import Said
from handlers.sending import day
from knowledge.chains import Kind

VALUE = "staff"


def offer(turn: Turn, asked: Said | None) -> tuple[Choice, ...]:
    """The button; a group has none, as the answer would be read by others."""
    if turn.message.group or asked is None:
        return ()
    return (turn.choice("handover.offer", f"{VALUE}:{mark_of(asked)}"),)


async def handed(turn: Turn, rest: str, now: datetime) -> Outcome:
    """Open a ticket of the question under which the button stands; say who answers and by when."""
    asked = turn.state.question
    if asked is None or turn.message.group or rest not in {"", mark_of(asked)}:
        return gone(turn)
    contact = turn.message.contact
    matter = Matter(
        Kind.QUESTION,
        Source(contact.channel),
        asked.text,
        language=turn.language,
        said=({"part": "what", "message": asked.message, "text": asked.text},),
    )
    ticket = await open_ticket(turn.session, turn.agency, matter, now=now, contact=contact)
    unit = turn.agency.unit(ticket.unit)
    text = turn.say(
        "handover.done",
        number=ticket.number,
        question=asked.text,
        who=unit.name(turn.language) if unit else turn.name,
        due=day(ticket.due_at, turn.language),
    )
    return Outcome((Reply(text, menu.choices(turn)),), question=None, matters=True)


def gone(turn: Turn) -> Outcome:
    """The question under which the button stands is not the last one any more."""
    return Outcome((Reply(turn.say("handover.nothing"), menu.choices(turn)),))


def mark_of(asked: Said) -> str:
    """Which question a button is for, in a few letters."""
    return blake2b((asked.message or asked.text).encode(), digest_size=6).hexdigest()
