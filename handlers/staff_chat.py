"""Staff in chat: linking one's own chat by a code, and the head's three buttons (A5)."""

from datetime import datetime

from admin import chat_links
from admin.alerts import DEEDS
from admin.chat_links import Linking
from admin.handling import Deed, perform
from admin.moves import IllegalMove, Move, post_for, rule_of
from admin.officers import Officer
from admin.tickets import Ticket, ticket_of
from bot.channels.webchat import NAME as WEB
from bot.messages import Choice, Reply
from handlers import menu
from handlers.conversation import Outcome, Turn
from handlers.openers import openers

READ_AT_MOST = 2_000
"""Characters of a reason or a question that are kept."""
WITH_WORDS = {Move.DECLINE: "act.decline_why", Move.ASK: "act.ask_what"}
"""Deeds that need words, and how they are asked for."""
LEAVING = frozenset({"menu", "cancel"})
"""Words that end the asking."""
REFUSALS = {"refused.not_now": "act.not_now", "refused.not_yours": "act.not_yours"}


async def say(turn: Turn, text: str, now: datetime) -> Outcome | None:
    """A code, or the words of a deed; None where the text is neither."""
    code = chat_links.code_in(text)
    if code is not None or chat_links.is_command(text):
        return await _link(turn, code, now, is_command=chat_links.is_command(text))
    is_leaving = openers(turn.agency.wording).flow(text) in LEAVING
    if turn.state.staff and text.strip() and not is_leaving:
        return await _worded(turn, turn.state.staff, text.strip()[:READ_AT_MOST], now)
    return None


async def _link(turn: Turn, code: str | None, now: datetime, *, is_command: bool) -> Outcome | None:
    """Link this chat; bare words that are no code of ours are somebody's question."""
    contact = turn.message.contact
    if turn.message.group or contact.channel == WEB:
        key = "pairing.group" if turn.message.group else "pairing.not_here"
        spoilt = code is not None and await chat_links.spoil(turn.session, contact.agency, code)
        return _said(turn, turn.say(key)) if spoilt or is_command else None
    if code is None:
        return _said(turn, turn.say("pairing.how"))
    end, officer = await chat_links.link(turn.session, contact, code, now)
    if officer is not None:
        return _said(turn, turn.say("pairing.linked", name=officer.name, agency=turn.name))
    if not is_command:
        return None
    wrong = end is Linking.WRONG
    return _said(turn, turn.say("pairing.wrong") if wrong else turn.say("pairing.too_many"))


async def act(turn: Turn, rest: str, now: datetime) -> Outcome:
    """`<number>:accept`, `<number>:decline` or `<number>:ask`: one of the head's buttons."""
    number, _, word = rest.rpartition(":")
    move = DEEDS.get(word)
    if move is None:
        return menu.old_button(turn)
    found = await _case(turn, number, now)
    if isinstance(found, Outcome):
        return found
    officer, ticket = found
    try:
        post_for(
            rule_of(move, ticket.status, kind=ticket.kind, by_citizen=False), officer, ticket.unit
        )
    except IllegalMove as error:
        return _refused(turn, ticket, error)
    if move in WITH_WORDS:
        cancel = Choice(turn.say("cancel.name"), "cancel")
        return Outcome(
            (Reply(turn.say(WITH_WORDS[move], number=ticket.number), (cancel,)),),
            misses=turn.state.misses,
            staff=rest,
        )
    return await _done(turn, officer, ticket, Deed(move), now)


async def _worded(turn: Turn, awaited: str, words: str, now: datetime) -> Outcome:
    """The words that a deed waited for."""
    number, _, word = awaited.rpartition(":")
    found = await _case(turn, number, now)
    if isinstance(found, Outcome):
        return found
    deed = Deed(DEEDS[word], reason=words, message_id=turn.message.message_id)
    return await _done(turn, *found, deed, now)


async def _case(turn: Turn, number: str, now: datetime) -> tuple[Officer, Ticket] | Outcome:
    """Who taps, and on which ticket: looked up anew each time, for posts end and chats part."""
    contact = turn.message.contact
    officer = await chat_links.officer_of(turn.session, contact.id, contact.agency, now)
    if officer is None or turn.message.group:
        return _said(turn, turn.say("act.not_linked"))
    ticket = await ticket_of(turn.session, contact.agency, number)
    if ticket is None:
        return _said(turn, turn.say("act.unknown"))
    return officer, ticket


async def _done(turn: Turn, officer: Officer, ticket: Ticket, deed: Deed, now: datetime) -> Outcome:
    try:
        await perform(turn.session, turn.agency, ticket, deed, officer, now=now)
    except IllegalMove as error:
        return _refused(turn, ticket, error)
    return _said(turn, turn.say(DONE[deed.move], number=ticket.number))


DONE = {Move.ACCEPT: "act.accepted", Move.DECLINE: "act.declined", Move.ASK: "act.asked"}


def _refused(turn: Turn, ticket: Ticket, error: IllegalMove) -> Outcome:
    return _said(turn, turn.say(REFUSALS.get(error.key, "act.refused"), number=ticket.number))


def _said(turn: Turn, text: str) -> Outcome:
    return Outcome((Reply(text),), misses=turn.state.misses)
