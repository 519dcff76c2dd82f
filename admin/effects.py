"""What each move changes in a ticket, beside its status."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from admin import dividing, joining, logbook, signing
from admin.clocks import deadlines
from admin.enclosures import Links
from admin.logbook import Line, LogLine
from admin.moves import DIVISIBLE, IllegalMove, Move, Rule, Status, may_close, may_sign
from admin.moves import Ending as End
from admin.officers import Officer, Post
from admin.subjects import FIELDS, subject_of
from admin.tickets import Ticket
from knowledge.agency import Agency
from knowledge.chains import Class, Kind


class Deed(Struct, frozen=True, omit_defaults=True):
    """What somebody wants done with a ticket."""

    move: Move
    reason: str = ""
    """Words: read by the citizen where `telling.CITIZEN_READS` says so, else by staff."""
    unit: str | None = None
    kind: Kind | None = None
    """Of the matter that is made of a part of this one; the same where none is given."""
    class_: Class | None = None
    urgent: bool | None = None
    image: bool | None = None
    about: str | None = None
    """The item or topic that it is about, as `subjects.FIELDS` has it; empty for none of them."""
    handed_to: str | None = None
    handed_number: str | None = None
    attachments: tuple[int, ...] = ()
    message_id: str | None = None


@dataclass(slots=True)
class Case:
    """A deed about to be done."""

    session: AsyncSession
    agency: Agency
    ticket: Ticket
    deed: Deed
    rule: Rule
    actor: str
    """As the audit log names them."""
    now: datetime
    officer: Officer | None = None
    post: Post | None = None
    other: Ticket | None = None
    """The ticket that this one is joined to, or that was made of a part of it."""
    links: Links | None = None
    """What makes links to files, where words for the citizen may come with some."""


Effect = Callable[[Case], Awaitable[Status | None]]
"""Changes the ticket; returns where it goes instead of where the table says, if anywhere."""


async def _sort(case: Case) -> Status | None:
    """Say whose it is, of which class, how urgent; what is urgent goes to the head first (A5)."""
    ticket, deed = case.ticket, case.deed
    unit = case.agency.unit(deed.unit or ticket.unit)
    if unit is None:
        raise IllegalMove("refused.unit_needed")
    _name_subject(case)
    ticket.unit = unit.id
    ticket.image = ticket.image if deed.image is None else deed.image
    urgent = ticket.urgent if deed.urgent is None else deed.urgent
    _set_clocks(case, deed.class_ or ticket.class_, urgent=urgent)
    is_screened = case.deed.move is Move.TRIAGE and (ticket.urgent or ticket.image)
    return Status.WITH_HEAD if is_screened else None


def _name_subject(case: Case) -> None:
    """Say what it is about: an item or a topic that the agency has, or none of them."""
    about, field = case.deed.about, FIELDS.get(case.ticket.kind)
    if about is None or field is None or about == (getattr(case.ticket, field) or ""):
        return
    if about and subject_of(case.agency, case.ticket.kind, about) is None:
        raise IllegalMove("refused.choose")
    setattr(case.ticket, field, about or None)


async def _say_about(case: Case) -> Status | None:
    """Mend what it is about, and the class that goes with it; whose it is stays."""
    ticket = case.ticket
    before = (ticket.item, ticket.topic, ticket.class_)
    _name_subject(case)
    _set_clocks(case, case.deed.class_ or ticket.class_, urgent=ticket.urgent)
    if before == (ticket.item, ticket.topic, ticket.class_):
        raise IllegalMove("refused.nothing_changed")
    return None


def _set_clocks(case: Case, class_: Class, *, urgent: bool) -> None:
    """Due dates follow class and urgency, always from receipt; a change leaves a line."""
    ticket = case.ticket
    if (class_, urgent) == (ticket.class_, ticket.urgent):
        return
    clocks = deadlines(case.agency, ticket.kind, class_, ticket.opened_at, urgent=urgent)
    case.session.add(
        LogLine(
            ticket_id=ticket.id,
            at=case.now,
            what=Line.DUE,
            public=False,
            staff_id=case.officer.id if case.officer else None,
            details={
                "from": ticket.due_at.isoformat(),
                "to": clocks.settled.isoformat(),
                "class": class_,
                "urgent": urgent,
            },
        )
    )
    ticket.class_, ticket.urgent = class_, urgent
    ticket.first_reply_due, ticket.due_at = clocks.first_reply, clocks.settled


async def _sign(case: Case) -> Status | None:
    """Sign the latest draft, if everybody before has and this is another person."""
    draft = await signing.latest_draft(case.session, case.ticket)
    if draft is None or case.officer is None or case.post is None or case.rule.signs is None:
        raise IllegalMove("refused.no_draft")
    signers = await signing.signers(case.session, case.ticket)
    chain = case.agency.chains[case.ticket.kind]
    may_sign(case.rule.signs, chain, draft.content.ending, signers, case.officer.id)
    await signing.sign(
        case.session,
        case.ticket,
        draft,
        case.rule.signs,
        officer=case.officer,
        post=case.post,
        now=case.now,
    )
    return None


async def _void(case: Case) -> Status | None:
    """What was signed is to be done anew."""
    await signing.void(case.session, case.ticket, case.now)
    return None


async def _close(case: Case) -> Status | None:
    """End it as it was signed."""
    draft = await signing.latest_draft(case.session, case.ticket)
    if draft is None:
        raise IllegalMove("refused.no_draft")
    proposal = draft.content
    signers = await signing.signers(case.session, case.ticket)
    may_close(
        case.agency.chains[case.ticket.kind], case.ticket.status, proposal.ending, set(signers)
    )
    case.ticket.ending, case.ticket.ending_reason = proposal.ending, proposal.reason
    return None


async def _hand_over(case: Case) -> Status | None:
    """It is another body's: which, and their number if they gave one."""
    if not (case.deed.handed_to or "").strip():
        raise IllegalMove("refused.body_needed")
    case.ticket.ending, case.ticket.ending_reason = End.HANDED_OVER, case.deed.reason.strip()
    case.ticket.handed_to, case.ticket.handed_number = case.deed.handed_to, case.deed.handed_number
    return None


async def _accept(case: Case) -> Status | None:
    """The head takes it on for a unit."""
    unit = case.agency.unit(case.deed.unit or case.ticket.unit)
    if unit is None:
        raise IllegalMove("refused.unit_needed")
    case.ticket.unit = unit.id
    return None


async def _join(case: Case) -> Status | None:
    """Everybody who waits for this one waits for the other from now on."""
    other = case.other
    if other is None or other.id == case.ticket.id or other.agency != case.ticket.agency:
        raise IllegalMove("refused.other_needed")
    if not await joining.is_open(case.session, other):
        raise IllegalMove("refused.other_is_over")
    case.ticket.joined_to = other.id
    await joining.follow(case.session, case.ticket, other, actor=case.actor, now=case.now)
    return None


async def _divide(case: Case) -> Status | None:
    """Part of it is another matter from now on."""
    kind = case.deed.kind or case.ticket.kind
    if kind not in DIVISIBLE or case.officer is None:
        raise IllegalMove("refused.choose")
    case.other = await dividing.divide(
        case.session,
        case.agency,
        case.ticket,
        kind,
        officer=case.officer,
        reason=case.deed.reason.strip(),
        now=case.now,
    )
    return None


async def _split(case: Case) -> Status | None:
    """Who came to the other by the join waits for their own again."""
    if case.ticket.joined_to is not None:
        other = await case.session.get_one(Ticket, case.ticket.joined_to)
        await joining.part(case.session, case.ticket, other, actor=case.actor, now=case.now)
    case.ticket.closed_at = case.ticket.joined_to = None
    return None


async def _open_again(case: Case) -> Status | None:
    """On the same clock; the ending that did not hold, and what was said of it, stay in the log."""
    ticket = case.ticket
    if case.officer is None and await logbook.was_reopened_by_citizen(case.session, ticket):
        raise IllegalMove("refused.reopened_before")
    ticket.reopened += 1
    ticket.closed_at = ticket.ending = ticket.ending_reason = None
    ticket.handed_to = ticket.handed_number = None
    ticket.verdict = ticket.stars = ticket.verdict_words = None
    await signing.void(case.session, ticket, case.now)
    return None


EFFECTS: Mapping[Move, Effect] = {
    Move.TRIAGE: _sort,
    Move.ACCEPT: _accept,
    Move.REASSIGN: _sort,
    Move.ABOUT: _say_about,
    Move.PREPARE: _sign,
    Move.APPROVE: _sign,
    Move.PUBLISH: _sign,
    Move.RETURN: _void,
    Move.CLOSE: _close,
    Move.HAND_OVER: _hand_over,
    Move.JOIN: _join,
    Move.DIVIDE: _divide,
    Move.SPLIT: _split,
    Move.REOPEN: _open_again,
}
