"""Telling citizens what becomes of their matter, in plain words, as soon as it costs nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from admin import enclosures, followers
from admin.enclosures import Links
from admin.followers import told
from admin.logbook import LogLine
from admin.moves import Ending, Move, Status
from admin.tickets import Ticket
from bot.clock import local_date
from bot.messages import Choice, Reply
from knowledge.agency import Agency
from knowledge.chains import Kind, Step
from knowledge.dates import written

PUBLIC = frozenset(
    {
        Move.TRIAGE,
        Move.ESCALATE,
        Move.ACCEPT,
        Move.REASSIGN,
        Move.ASK,
        Move.REPLY,
        Move.PREPARE,
        Move.APPROVE,
        Move.PUBLISH,
        Move.CLOSE,
        Move.HAND_OVER,
        Move.JOIN,
        Move.DIVIDE,
        Move.SPLIT,
        Move.WITHDRAW,
        Move.REOPEN,
    }
)
"""Moves that the citizen hears of; what goes back and forth among staff is theirs."""
CITIZEN_READS = frozenset({Move.ASK, Move.REPLY, Move.HAND_OVER})
"""Moves whose words are meant for the citizen."""
PRIVATE = frozenset({Move.ASK, Move.REPLY, Move.DIVIDE})
"""Moves that only who brought it hears of: words of staff to them, and a second number."""
PRESSING = frozenset({Move.ASK, Move.REPLY, Move.CLOSE, Move.HAND_OVER, Move.JOIN})
"""News worth a message of its own where messages cost; the rest rides on the next reply."""
OWN = frozenset({Move.WITHDRAW, Move.REOPEN, Move.JOIN})
"""What the citizen has just done: the chat has answered it already."""


def is_heard(move: Move, details: Mapping[str, Any]) -> bool:
    """Whether the citizen hears of a move; no due date they were told is moved silently."""
    return move in PUBLIC or (move is Move.ABOUT and "due" in details)


async def tell(
    session: AsyncSession,
    agency: Agency,
    ticket: Ticket,
    line: LogLine,
    *,
    now: datetime,
    links: Links | None = None,
) -> None:
    """Leave the news of this line for everybody who waits for the ticket and may read it.

    What a matter ends with, also that it is another body's and why, is read by all who wait.
    """
    if not line.public:
        return
    move = Move(line.what)
    sent = await enclosures.sent(session, agency, line, links)
    for contact in await followers.followers(session, ticket):
        if move in OWN and line.contact_id == contact.id:
            continue
        if move in PRIVATE and contact.id != ticket.contact_id:
            continue
        language = contact.language or ticket.language
        reply = news(agency, ticket, line, language, sent.listed(contact.channel, language))
        reply = structs.replace(reply, files=sent.files)
        session.add(told(contact.id, reply, presses=move in PRESSING, now=now))


def news(agency: Agency, ticket: Ticket, line: LogLine, language: str, listed: str = "") -> Reply:
    """One step in plain words, and what they say of the files that go with them."""
    move = Move(line.what)
    unit = agency.unit(ticket.unit)
    values = {
        "number": ticket.number,
        "unit": unit.name(language) if unit else agency.profile.name.of(language),
        "due": written(local_date(ticket.due_at), language),
        "body": ticket.handed_to or "",
        "words": line.text or "",
        "other": line.details["other"] if move is Move.DIVIDE else "",
    }
    say = agency.wording.say
    if move is Move.CLOSE and ticket.ending:
        text = _ended(agency, ticket, language, listed)
        return Reply(text, verdicts(agency, ticket, language))
    key, places = _text(agency, ticket, line)
    text = say(key, language, **{place: values[place] for place in places})
    if move is Move.REASSIGN and "due" in line.details:
        text += "\n" + say("news.new_due", language, due=values["due"])
    if move is Move.HAND_OVER:
        if ticket.handed_number:
            text += "\n" + say("news.their_number", language, number=ticket.handed_number)
        text += "\n" + say(asking(ticket)[1], language)
        return Reply(text, verdicts(agency, ticket, language))
    if move is Move.DIVIDE:
        return Reply(text, (Choice(values["other"], f"mine:{values['other']}"),))
    text = "\n\n".join(filter(None, [text, listed]))
    return Reply(text, _choices(agency, ticket, move, language))


def _text(agency: Agency, ticket: Ticket, line: LogLine) -> tuple[str, tuple[str, ...]]:
    """The text of a line, and what it has room for."""
    move = Move(line.what)
    if line.end == Status.WITH_HEAD and line.start != Status.WITH_HEAD:
        move = Move.ESCALATE
    key, places = TEXTS[move]
    if move is Move.PREPARE and Step.APPROVE not in agency.chains[ticket.kind].steps:
        key = "news.prepare_alone"
    return key, places


def _ended(agency: Agency, ticket: Ticket, language: str, listed: str) -> str:
    """How it came out, and whether that is what the citizen wanted."""
    say, reason = agency.wording.say, ticket.ending_reason or ""
    flow, question = asking(ticket)
    if flow == "answered":
        text = say("news.answer", language, number=ticket.number, words=reason)
    else:
        ending = ended(agency, ticket, language)
        text = say("news.close", language, number=ticket.number, ending=ending, reason=reason)
    between = f"\n{listed}\n\n" if listed else ""
    return f"{text}\n{between}{say(question, language)}"


def ended(agency: Agency, ticket: Ticket, language: str) -> str:
    """The ending in words; where nothing stands on the website, what was wished is done."""
    is_page = Step.PUBLISH in agency.chains[ticket.kind].steps
    if ticket.ending is Ending.CORRECTED and not is_page:
        return agency.wording.say("ending.done", language)
    return agency.wording.say(f"ending.{ticket.ending}", language)


TEXTS = {
    Move.TRIAGE: ("news.triage", ("number", "unit", "due")),
    Move.ESCALATE: ("news.escalate", ("number",)),
    Move.ACCEPT: ("news.accept", ("number", "unit", "due")),
    Move.REASSIGN: ("news.reassign", ("number", "unit")),
    Move.ABOUT: ("news.about", ("number", "due")),
    Move.ASK: ("news.ask", ("number", "words")),
    Move.REPLY: ("news.reply", ("number", "words")),
    Move.PREPARE: ("news.prepare", ("number", "unit")),
    Move.APPROVE: ("news.approve", ("number",)),
    Move.PUBLISH: ("news.publish", ("number",)),
    Move.HAND_OVER: ("news.hand_over", ("number", "body", "words")),
    Move.JOIN: ("news.join", ("number",)),
    Move.DIVIDE: ("news.divide", ("number", "other")),
    Move.SPLIT: ("news.split", ("number", "due")),
    Move.WITHDRAW: ("news.withdraw", ("number",)),
    Move.REOPEN: ("news.reopen", ("number",)),
}
"""The text of each move, and what it has room for."""


def asking(ticket: Ticket) -> tuple[str, str]:
    """How an ending is judged: the flow whose words are the answers, and the question's text.

    "แก้แล้วจริงไหม" is asked only where it was said that something was mended.
    """
    if ticket.ending is Ending.CORRECTED:
        return "fixed", "news.is_fixed"
    if ticket.ending is Ending.ANSWERED:
        is_question = ticket.kind is Kind.QUESTION
        return ("answered", "news.is_answered") if is_question else ("settled", "news.is_settled")
    return "agreed", "news.is_agreed"


def verdicts(agency: Agency, ticket: Ticket, language: str) -> tuple[Choice, ...]:
    """The answers to that: the citizen has the last word."""
    return tuple(verdict(agency, ticket, word, language) for word in ("yes", "partly", "no"))


def verdict(agency: Agency, ticket: Ticket, word: str, language: str) -> Choice:
    """One of the answers, as a button."""
    flow, _ = asking(ticket)
    return Choice(agency.wording.say(f"{flow}.{word}", language), f"fixed:{ticket.number}:{word}")


def _choices(agency: Agency, ticket: Ticket, move: Move, language: str) -> tuple[Choice, ...]:
    if move in {Move.ASK, Move.REPLY} and ticket.is_open:
        label = agency.wording.say("mine.add", language)
        return (Choice(label, f"mine:{ticket.number}:add"),)
    return ()
