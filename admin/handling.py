"""Handling a ticket: a move is checked against the table, carried out, written down and told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from admin import alerts, attachments, audit, joining, signing, telling
from admin.effects import EFFECTS, Case, Deed
from admin.enclosures import Links
from admin.logbook import LogLine
from admin.moves import OPEN, IllegalMove, Move, Status, post_for, rule_of
from admin.officers import Officer
from admin.opening import actor_of
from admin.tickets import Ticket
from bot.messages import Contact
from knowledge.agency import Agency

__all__ = ["Deed", "perform", "perform_as_citizen"]

CHANGES = ("item", "topic", "unit", "urgent", "image")
"""What the line of a move tells the change of, from what to what."""


async def perform(
    session: AsyncSession,
    agency: Agency,
    ticket: Ticket,
    deed: Deed,
    officer: Officer,
    *,
    now: datetime,
    other: Ticket | None = None,
    links: Links | None = None,
) -> LogLine:
    """A member of staff does something with a ticket; raises IllegalMove and changes nothing."""
    rule = rule_of(deed.move, ticket.status, by_citizen=False, kind=ticket.kind)
    post = post_for(rule, officer, ticket.unit)
    if rule.reason and not deed.reason.strip():
        raise IllegalMove("refused.reason_needed")
    actor = actor_of(officer)
    case = Case(session, agency, ticket, deed, rule, actor, now, officer, post, other, links)
    return await _do(case, contact=None)


async def perform_as_citizen(
    session: AsyncSession,
    agency: Agency,
    ticket: Ticket,
    deed: Deed,
    contact: Contact,
    *,
    now: datetime,
    other: Ticket | None = None,
) -> LogLine:
    """The citizen takes a matter back, joins it, or opens it once more; raises IllegalMove."""
    rule = rule_of(deed.move, ticket.status, by_citizen=True, kind=ticket.kind)
    actor = actor_of(None, contact)
    case = Case(session, agency, ticket, deed, rule, actor, now, other=other)
    return await _do(case, contact=contact)


async def _do(case: Case, *, contact: Contact | None) -> LogLine:
    ticket, deed, start = case.ticket, case.deed, case.ticket.status
    details: dict[str, Any] = {}
    due = ticket.due_at
    was = {name: getattr(ticket, name) for name in CHANGES}
    effect = EFFECTS.get(deed.move)
    changed = await effect(case) if effect else None
    if ticket.due_at != due:
        details["due"] = ticket.due_at.isoformat()
    details |= _changes(case, was)
    end = changed or case.rule.end or start
    if end is not start or case.rule.end is start:
        ticket.status, ticket.since = end, case.now
    if end not in OPEN:
        ticket.closed_at = case.now
    flag_modified(ticket, "status")  # words alone are a new version, too: no form is taken twice
    is_public = telling.is_heard(deed.move, details)
    if is_public and case.officer and ticket.first_reply_at is None:
        ticket.first_reply_at = case.now
    if case.rule.signs:
        draft = await signing.latest_draft(case.session, ticket)
        details |= {"digest": draft.digest if draft else None, "step": case.rule.signs}
    line = _line(case, start, end, contact, details, public=is_public)
    line.attachments = await _enclosed(case)
    case.session.add(line)
    await case.session.flush()
    if deed.move is Move.WITHDRAW:
        await _set_free(case)
    await telling.tell(case.session, case.agency, ticket, line, now=case.now, links=case.links)
    await alerts.alert(case.session, case.agency, ticket, line, now=case.now)
    await audit.record(
        case.session,
        agency=ticket.agency,
        actor=case.actor,
        what=f"ticket.{deed.move}",
        subject=f"ticket:{ticket.id}",
        details={"from": start, "to": end, **details, **_ids(ticket, line)},
        now=case.now,
    )
    return line


def _changes(case: Case, was: Mapping[str, Any]) -> dict[str, Any]:
    """What is other than it was, and the matter that was made of a part of this one."""
    changes: dict[str, Any] = {
        name: {"from": before, "to": after}
        for name, before in was.items()
        if (after := getattr(case.ticket, name)) != before
    }
    if case.deed.move is Move.DIVIDE and case.other is not None:
        changes["other"] = case.other.number
    return changes


def _ids(ticket: Ticket, line: LogLine) -> dict[str, Any]:
    """What a row of the audit log names beside the statuses."""
    joined = {} if ticket.joined_to is None else {"joined_to": ticket.joined_to}
    return {"files": line.attachments, **joined} if line.attachments else joined


def _line(
    case: Case,
    start: Status,
    end: Status,
    contact: Contact | None,
    details: dict[str, Any],
    *,
    public: bool,
) -> LogLine:
    post = case.post
    return LogLine(
        ticket_id=case.ticket.id,
        at=case.now,
        what=case.deed.move,
        public=public,
        start=start,
        end=end,
        staff_id=case.officer.id if case.officer else None,
        role=post.role if post else None,
        acting_for=post.acting_for if post else None,
        contact_id=contact.id if contact else None,
        message_id=case.deed.message_id,
        text=case.deed.reason.strip() or None,
        details=details,
    )


async def _enclosed(case: Case) -> list[int]:
    """The files that go with the words of this line: those of a draft when it is told."""
    if case.deed.move is Move.CLOSE:
        draft = await signing.latest_draft(case.session, case.ticket)
        return list(draft.content.enclosed) if draft else []
    await attachments.hold(case.session, case.deed.attachments)
    return list(case.deed.attachments)


async def _set_free(case: Case) -> None:
    """What was joined to a matter that is taken back goes on by itself; nobody is dropped."""
    for ticket in await joining.joined_to(case.session, case.ticket):
        start = ticket.status
        await joining.part(case.session, ticket, case.ticket, actor=case.actor, now=case.now)
        ticket.status, ticket.since = Status.RECEIVED, case.now
        ticket.closed_at = ticket.joined_to = None
        line = LogLine(
            ticket_id=ticket.id,
            at=case.now,
            what=Move.SPLIT,
            public=True,
            start=start,
            end=Status.RECEIVED,
        )
        case.session.add(line)
        await case.session.flush()
        await telling.tell(case.session, case.agency, ticket, line, now=case.now)
        await audit.record(
            case.session,
            agency=ticket.agency,
            actor=case.actor,
            what=f"ticket.{Move.SPLIT}",
            subject=f"ticket:{ticket.id}",
            details={"from": start, "to": Status.RECEIVED, "withdrawn": case.ticket.id},
            now=case.now,
        )
