"""A report is sent: it becomes a ticket, and the citizen gets its number."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from admin import attachments, tickets
from admin.attachments import Attachment, Status
from admin.handling import Deed, perform_as_citizen
from admin.moves import IllegalMove, Move
from admin.opening import Details, Matter, open_ticket
from admin.tickets import Privacy, Source, Ticket
from bot.clock import local_date
from bot.messages import Choice, Reply
from handlers import asking
from handlers.conversation import Outcome, Turn
from handlers.drafts import Draft, Said
from handlers.openers import openers
from knowledge.chains import Kind
from knowledge.dates import written


async def send(
    turn: Turn,
    draft: Draft,
    files: Sequence[Attachment],
    now: datetime,
    *,
    ways: tuple[Choice, ...],
) -> Outcome:
    """Open the ticket, keep its files, join it where the citizen agreed to; say the number."""
    kept = tuple(file.id for file in files if file.status in {Status.WAITING, Status.KEPT})
    contact = turn.message.contact
    ticket = await open_ticket(
        turn.session, turn.agency, _matter(turn, draft, kept), now=now, contact=contact
    )
    await attachments.hold(turn.session, kept)
    other = await _joined(turn, draft, ticket, now)
    number = ticket.number
    if other is not None:
        text = turn.say("report.sent_joined", number=number, other=other.number)
    else:
        text = turn.say(
            "report.sent",
            number=number,
            first=day(ticket.first_reply_due, turn.language),
            due=day(ticket.due_at, turn.language),
        )
    return Outcome((Reply(text, ways),), draft=None, matters=True)


def day(moment: datetime, language: str) -> str:
    """The day in Bangkok, written out."""
    return written(local_date(moment), language)


async def _joined(turn: Turn, draft: Draft, ticket: Ticket, now: datetime) -> Ticket | None:
    """The ticket that it is now one with; None where that is over by now, or nobody wished it."""
    if not draft.join:
        return None
    other = await tickets.ticket_of(turn.session, turn.agency.slug, draft.join)
    with suppress(IllegalMove):
        deed = Deed(Move.JOIN)
        contact = turn.message.contact
        await perform_as_citizen(
            turn.session, turn.agency, ticket, deed, contact, now=now, other=other
        )
        return other
    return None


def _matter(turn: Turn, draft: Draft, files: tuple[int, ...]) -> Matter:
    privacy = draft.privacy or Privacy.ANONYMOUS
    is_personal = privacy is not Privacy.ANONYMOUS
    notice = asking.consent(turn)
    return Matter(
        draft.kind or Kind.COMPLAINT,
        Source(turn.message.contact.channel),
        draft.what,
        language=turn.language,
        privacy=privacy,
        right=draft.right.text if draft.right else None,
        said=tuple(_parts(draft)),
        attachments=files,
        place=msgspec.to_builtins(draft.place) if draft.place else None,
        item=draft.item,
        entry=draft.entry,
        url=draft.url,
        topic=draft.topic,
        urgent=bool(openers(turn.agency.wording).emergencies(draft.what)),
        person=Details(
            name=draft.name.text if draft.name else None,
            phone=draft.phone.text if draft.phone else None,
        )
        if is_personal
        else None,
        consent_version=sha256(notice.encode()).hexdigest()[:16] if is_personal else None,
    )


def _parts(draft: Draft) -> Sequence[dict[str, Any]]:
    """Which message each part came in, so that what is taken back goes; texts of `what` alone."""
    parts: list[dict[str, Any]] = [
        {"part": "what", "message": said.message, "text": said.text} for said in draft.said
    ]
    single: dict[str, Said | None] = {
        "right": draft.right, "name": draft.name, "phone": draft.phone,
    }  # fmt: skip
    parts += [{"part": name, "message": said.message} for name, said in single.items() if said]
    if draft.place and draft.placed:
        parts.append({"part": "place", "message": draft.placed})
    return parts
