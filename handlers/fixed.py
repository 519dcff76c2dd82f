""" "แก้แล้วจริงไหม": the citizen's verdict on an ended matter, then stars and words (N4)."""

from datetime import datetime

from admin import adding, tickets
from admin.handling import Deed, perform_as_citizen
from admin.moves import IllegalMove, Move, Status
from admin.telling import verdicts
from admin.tickets import Ticket
from bot.messages import Choice, Reply
from handlers import menu, mine
from handlers.conversation import Outcome, Turn, awaiting
from handlers.sending import day
from handlers.signs import key_of

VALUE = "fixed"
STARS = "stars"
WORDS = ("yes", "partly", "no")
MOST = 5
LONGEST = 2_000
A_WORD = 30
"""Letters that a verdict may have."""


async def judged(turn: Turn, rest: str, now: datetime) -> Outcome:
    """`fixed:<number>:yes|partly|no`."""
    number, _, word = rest.partition(":")
    ticket = await _theirs(turn, number)
    if ticket is None or word not in WORDS:
        return menu.old_button(turn)
    if ticket.status is not Status.CLOSED:
        return await mine.shown(turn, ticket)
    is_bringer = ticket.contact_id == turn.message.contact.id
    if is_bringer:
        ticket.verdict = word
    await _write(turn, ticket, now, {"verdict": word})
    if not is_bringer:  # whose matter it is has the word on whether it is opened again
        return Outcome((Reply(turn.say("fixed.worded"), menu.choices(turn)),))
    if word == "no":
        return await _reopened(turn, ticket, now)
    offers = tuple(
        Choice(turn.say("fixed.star", count=count), f"{STARS}:{number}:{count}")
        for count in range(1, MOST + 1)
    )
    if word == "partly":
        again = turn.choice("fixed.again", f"{VALUE}:{number}:no")
        text = turn.say("fixed.sorry_partly")
        return Outcome((Reply(text, (*offers, again)),), awaits=awaiting(VALUE, number, now))
    return Outcome((Reply(turn.say("fixed.thanks"), offers),))


async def by_words(turn: Turn, text: str, now: datetime) -> Outcome | None:
    """The verdict typed as its button says, on the last matter that ended and has none yet."""
    if len(text) > A_WORD:
        return None
    ticket = await tickets.last_ended(turn.session, turn.message.contact.id)
    if ticket is None or ticket.verdict is not None:
        return None
    said = key_of(text)
    for choice in verdicts(turn.agency, ticket, turn.language):
        if key_of(choice.label) == said:
            return await judged(turn, choice.value.partition(":")[2], now)
    return None


async def starred(turn: Turn, rest: str, now: datetime) -> Outcome:
    """`stars:<number>:1..5`."""
    number, _, count = rest.partition(":")
    ticket = await _theirs(turn, number)
    if ticket is None or count not in {str(n) for n in range(1, MOST + 1)}:
        return menu.old_button(turn)
    if ticket.contact_id == turn.message.contact.id:
        ticket.stars = int(count)
    await _write(turn, ticket, now, {"stars": int(count)})
    text = turn.say("fixed.starred", count=count)
    return Outcome((Reply(text, menu.choices(turn)),), awaits=awaiting(VALUE, number, now))


async def worded(turn: Turn, number: str, text: str, now: datetime) -> Outcome:
    """Why, in the citizen's own words."""
    ticket = await _theirs(turn, number)
    if ticket is None:
        return menu.old_button(turn)
    if ticket.contact_id == turn.message.contact.id:
        ticket.verdict_words = text[:LONGEST]
        ticket.said = [*ticket.said, {"part": "verdict", "message": turn.message.message_id}]
    await _write(turn, ticket, now, {}, text[:LONGEST])
    return Outcome((Reply(turn.say("fixed.worded"), menu.choices(turn)),))


async def _theirs(turn: Turn, number: str) -> Ticket | None:
    ticket = await tickets.ticket_of(turn.session, turn.agency.slug, number)
    return ticket if ticket is not None and await mine.is_theirs(turn, ticket) else None


async def _reopened(turn: Turn, ticket: Ticket, now: datetime) -> Outcome:
    deed = Deed(Move.REOPEN, message_id=turn.message.message_id)
    try:
        await perform_as_citizen(
            turn.session, turn.agency, ticket, deed, turn.message.contact, now=now
        )
    except IllegalMove:
        text = turn.say("fixed.twice", number=ticket.number)
        return Outcome(
            (Reply(text, menu.choices(turn)),), awaits=awaiting(VALUE, ticket.number, now)
        )
    due = day(ticket.due_at, turn.language)
    text = turn.say("fixed.reopened", number=ticket.number, due=due)
    out = turn.choice("menu.open", menu.VALUE)
    return Outcome((Reply(text, (out,)),), awaits=awaiting(mine.VALUE, ticket.number, now))


async def _write(
    turn: Turn, ticket: Ticket, now: datetime, details: dict[str, object], text: str | None = None
) -> None:
    await adding.judge(
        turn.session,
        ticket,
        turn.message.contact,
        message_id=turn.message.message_id,
        text=text,
        details=details,
        now=now,
    )
