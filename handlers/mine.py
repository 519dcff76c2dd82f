""" "เรื่องของฉัน": what the citizen reported here, where it stands, and what may still be done."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from admin import adding, attachments, duplicates, enclosures, followers, logbook, tickets
from admin.followers import is_following
from admin.handling import Deed, perform_as_citizen
from admin.logbook import Line, LogLine
from admin.moves import OVER, IllegalMove, Move, Status
from admin.numbers import typed_number
from admin.telling import CITIZEN_READS, PRIVATE, ended, verdicts
from admin.tickets import Ticket
from bot.messages import Choice, Reply
from bot.messages import Kind as Event
from bot.tables import account_of
from handlers import handover, menu
from handlers.conversation import BURST, Outcome, Turn, awaiting, numbered
from handlers.drafts import Said
from handlers.sending import day
from handlers.signs import signs
from knowledge.chains import Kind

VALUE = "mine"
FILES, FULL = "files", "full"
"""What more is awaited after something was added, or was too much: files, which come in bursts."""
THIS = "this"
ASKED_WITHIN = timedelta(days=3)
FOLLOWS_WITHIN = timedelta(minutes=5)
"""How soon after a matter was brought a file is of that matter."""
SHOWN = 8
HISTORY = 8
LONGEST = 2_000
_SHAPE = re.compile(r"\d{2}[–—-]\d{5,7}[–—-]\d")
"""How a tracking number is written; with a slip in it, it is still one."""
_STEPS = {
    Line.OPENED: "mine.opened",
    Line.ADDED: "mine.added",
    Line.VERDICT: "mine.verdict",
}


async def chosen(turn: Turn, rest: str, now: datetime) -> Outcome:
    """`mine`, `mine:<number>`, `mine:<number>:add`, `:withdraw`, `:withdraw-yes`."""
    if turn.message.group:
        return Outcome((Reply(turn.say("report.group")),))
    number, _, what = rest.partition(":")
    if not number:
        return await listed(turn)
    ticket = await tickets.ticket_of(turn.session, turn.agency.slug, number)
    if ticket is None or not await is_theirs(turn, ticket):
        return _said(turn, turn.say("mine.no_such"))
    return await _done(turn, ticket, what, now)


async def _done(turn: Turn, ticket: Ticket, what: str, now: datetime) -> Outcome:
    if what == "withdraw-yes":
        return await _withdrawn(turn, ticket, now)
    if what.startswith(THIS):
        asked = turn.state.question
        if (
            asked is None or what != f"{THIS}-{handover.mark_of(asked)}"
        ):  # the words are gone, or others
            return handover.gone(turn)
        return await added(turn, ticket.number, now, said=asked)
    if what == "add":
        return _asking_more(turn, ticket, now)
    return _asking_to_withdraw(turn, ticket) if what == "withdraw" else await shown(turn, ticket)


async def listed(turn: Turn) -> Outcome:
    """What was reported in this chat, newest first."""
    found = await tickets.brought_by(turn.session, turn.message.contact.id, limit=SHOWN)
    if not found:
        return _said(turn, turn.say("mine.none"))
    offers = tuple(
        Choice(f"{one.number} {turn.say(f'standing.{one.status}')}", f"mine:{one.number}")
        for one in found
    )
    if turn.has_unsent:
        offers = (*offers, turn.choice("mine.unsent", "draft:resume"))
    text = numbered(turn.say("mine.title"), offers)
    return Outcome((Reply(text, (*offers, turn.choice("menu.open", menu.VALUE))),))


async def by_number(turn: Turn, text: str) -> Outcome | None:
    """What a typed tracking number leads to; None where the words are no such number."""
    number = typed_number(text)
    if number is None and _SHAPE.fullmatch(text.strip()) and not turn.message.group:
        return _said(turn, turn.say("mine.no_such"))
    if number is None or turn.message.group:
        return None
    ticket = await tickets.ticket_of(turn.session, turn.agency.slug, number)
    if ticket is None:
        return _said(turn, turn.say("mine.no_such")) if _SHAPE.search(text) else None
    if await is_theirs(turn, ticket):
        return await shown(turn, ticket)
    return _said(
        turn,
        turn.say(
            "mine.not_here",
            number=number,
            state=turn.say(f"standing.{ticket.status}"),
            due=day(ticket.due_at, turn.language),
        ),
    )


async def is_theirs(turn: Turn, ticket: Ticket) -> bool:
    """Whether this contact brought the matter, or waits for its end with others."""
    contact = turn.message.contact.id
    return ticket.contact_id == contact or await is_following(turn.session, ticket, contact)


async def shown(turn: Turn, ticket: Ticket) -> Outcome:
    """Where a matter stands, what happened, what may be done; words only for who brought it."""
    is_bringer = ticket.contact_id == turn.message.contact.id
    lines = await logbook.lines(turn.session, ticket, public=True)
    text = [
        turn.say("mine.head", number=ticket.number, kind=turn.say(f"report.{ticket.kind}")),
        turn.say("mine.state", state=turn.say(f"standing.{ticket.status}")),
    ]
    if ticket.is_open:
        text.append(turn.say("mine.due", due=day(ticket.due_at, turn.language)))
    if ticket.ending:
        text.append(turn.say("mine.ending", ending=ended(turn.agency, ticket, turn.language)))
        text += [ticket.ending_reason] if ticket.ending_reason else []
    last = lines[-HISTORY:]
    files = await _enclosed(turn, last, words=is_bringer)
    text += [turn.say("mine.history"), *_history(turn, last, files, words=is_bringer)]
    other = await turn.session.get(Ticket, ticket.joined_to) if ticket.joined_to else None
    choices = _choices(turn, ticket, other.number if other else None)
    return Outcome((Reply("\n".join(text), choices),))


async def _enclosed(
    turn: Turn, lines: Sequence[LogLine], *, words: bool
) -> Mapping[int, Sequence[str]]:
    """The files that staff sent with these lines, each with a new link, by the line's number.

    What was meant for who brought the matter nobody else who waits for it gets.
    """
    found: dict[int, Sequence[str]] = {}
    for line in lines:
        if words or line.what not in PRIVATE:
            sent = await enclosures.sent(turn.session, turn.agency, line, turn.links)
            urls = sent.urls(turn.message.contact.channel, turn.today)
            found[line.id] = [
                "\n".join(filter(None, [turn.say("mine.file", name=name), url]))
                for name, url in urls
            ]
    return found


def _history(
    turn: Turn, lines: Sequence[LogLine], files: Mapping[int, Sequence[str]], *, words: bool
) -> Sequence[str]:
    found = []
    for line in lines:
        key = _STEPS.get(Line(line.what)) if line.what in set(Line) else None
        what = turn.say(key) if key else turn.say(f"standing.{line.end}") if line.end else ""
        if words and line.text and line.what in CITIZEN_READS:  # other reasons are the staff's own
            what = f"{what}: {line.text}" if what else line.text
        if what:
            found.append(f"• {day(line.at, turn.language)} {what}")
            found += files.get(line.id, ())
    return found


def _choices(turn: Turn, ticket: Ticket, other: str | None) -> tuple[Choice, ...]:
    number = ticket.number
    choices: list[Choice] = []
    if ticket.is_open and ticket.contact_id == turn.message.contact.id:
        choices.append(turn.choice("mine.add", f"mine:{number}:add"))
        if ticket.status is not Status.PUBLISHED:
            choices.append(turn.choice("mine.withdraw", f"mine:{number}:withdraw"))
    elif ticket.status is Status.CLOSED:
        choices += verdicts(turn.agency, ticket, turn.language)
    if other is not None:
        choices.append(Choice(turn.say("mine.joined_to", number=other), f"mine:{other}"))
    return (*choices, turn.choice("mine.name", VALUE), turn.choice("menu.open", menu.VALUE))


def is_awaited(turn: Turn, now: datetime) -> bool:
    """Whether the next words are for a matter, whatever they are."""
    return turn.awaited(now)[0] == VALUE


async def just_brought(turn: Turn, now: datetime) -> str | None:
    """The matter that a file belongs to which follows it at once: what it was joined to, if so."""
    if turn.state.draft is not None or not turn.state.matters:
        return None
    for ticket in await tickets.brought_by(turn.session, turn.message.contact.id, limit=1):
        joined = ticket.joined_to
        whole = await turn.session.get(Ticket, joined) if joined else ticket
        if whole is not None and whole.is_open and now - ticket.opened_at <= FOLLOWS_WITHIN:
            return whole.number
    return None


async def is_another(turn: Turn, number: str, kind: Kind, text: str) -> bool:
    """Whether words that tell of this kind are of another matter than this one."""
    if signs(turn.agency.wording).is_urging(text):
        return False
    ticket = await tickets.ticket_of(turn.session, turn.agency.slug, number)
    return ticket is not None and not duplicates.is_of(turn.agency, ticket, kind, text)


def _asking_more(turn: Turn, ticket: Ticket, now: datetime) -> Outcome:
    if ticket.status in OVER:
        return _said(turn, turn.say("mine.add_closed", number=ticket.number))
    text = turn.say("mine.add_what", number=ticket.number)
    out = turn.choice("cancel.name", "cancel")
    return Outcome((Reply(text, (out,)),), awaits=awaiting(VALUE, ticket.number, now))


async def added(turn: Turn, number: str, now: datetime, *, said: Said | None = None) -> Outcome:
    """Words, a file or a place more; staff see it in the log of the matter."""
    message = turn.message
    said = said or Said(message.text or "", message.message_id)
    ticket = await tickets.ticket_of(turn.session, turn.agency.slug, number)
    if ticket is None or not await is_theirs(turn, ticket):
        return _said(turn, turn.say("mine.no_such"))
    if ticket.status in OVER:
        return _said(turn, turn.say("mine.add_closed", number=number))
    files: list[int] = []
    is_full = message.attachment is not None and len(ticket.attachments) >= attachments.MOST
    if message.attachment is not None and not is_full:
        account = account_of(message.contact.agency, message.contact.channel)
        files = [(await attachments.expect(turn.session, message, account, now)).id]
        await attachments.hold(turn.session, files)
        ticket.attachments = [*ticket.attachments, *files]
    is_bringer = ticket.contact_id == message.contact.id
    if message.kind is Event.LOCATION and message.place is not None and is_bringer:
        ticket.place = msgspec.to_builtins(message.place)
        ticket.said = [*ticket.said, {"part": "place", "message": message.message_id}]
    if said.text or not is_full:
        await adding.add(
            turn.session,
            ticket,
            message.contact,
            message_id=said.message,
            text=said.text.replace("\0", "")[:LONGEST] or None,
            files=files,
            now=now,
        )
    name = FULL if is_full else FILES
    if message.attachment and not said.text and turn.awaited(now, BURST) == (name, number):
        return Outcome(keep_offer=True, awaits=awaiting(name, number, now))
    done = turn.say("mine.add_done", number=number)
    text = turn.say("report.too_many", most=attachments.MOST) if is_full else done
    choices = (
        turn.choice("mine.more", f"mine:{number}:add"),
        Choice(number, f"mine:{number}"),
        turn.choice("menu.open", menu.VALUE),
    )
    return Outcome((Reply(text, choices),), awaits=awaiting(name, number, now))


async def offering_reply(turn: Turn, outcome: Outcome, now: datetime) -> Outcome:
    """Words without a sure answer may be the answer to what staff have asked: offer to add them."""
    number = await followers.last_asked(
        turn.session, turn.message.contact.id, since=now - ASKED_WITHIN
    )
    if number is None or turn.message.group:
        return outcome
    asked = outcome.question or turn.state.question
    if not asked:
        return outcome
    label = turn.say("mine.reply_to", number=number)
    return outcome.offering(Choice(label, f"mine:{number}:{THIS}-{handover.mark_of(asked)}"))


def _asking_to_withdraw(turn: Turn, ticket: Ticket) -> Outcome:
    text = turn.say("mine.withdraw_ask", number=ticket.number)
    yes = turn.choice("mine.withdraw_yes", f"mine:{ticket.number}:withdraw-yes")
    return Outcome((Reply(text, (yes, turn.choice("mine.withdraw_no", f"mine:{ticket.number}"))),))


async def _withdrawn(turn: Turn, ticket: Ticket, now: datetime) -> Outcome:
    if ticket.contact_id != turn.message.contact.id:
        return _said(turn, turn.say("mine.no_such"))
    deed = Deed(Move.WITHDRAW, message_id=turn.message.message_id)
    try:
        await perform_as_citizen(
            turn.session, turn.agency, ticket, deed, turn.message.contact, now=now
        )
    except IllegalMove:
        state = turn.say(f"standing.{ticket.status}")
        return _said(turn, turn.say("mine.not_now", number=ticket.number, state=state))
    return _said(turn, turn.say("mine.withdraw_done", number=ticket.number))


def _said(turn: Turn, text: str) -> Outcome:
    return Outcome((Reply(text, menu.choices(turn)),))
