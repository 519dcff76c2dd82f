"""One ticket: what it says, where it stands, and the one thing that is to be done next."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from admin import locks, persons, signing
from admin.differences import differences
from admin.dossiers import Dossier, dossier
from admin.enclosures import MOST, VALID_FOR, reaches
from admin.logbook import Line, LogLine
from admin.moves import (
    DIVISIBLE,
    MOVES,
    Ending,
    IllegalMove,
    Move,
    Status,
    may_close,
    may_sign,
    post_for,
    rule_of,
)
from admin.subjects import FIELDS, subject_of
from admin.telling import CITIZEN_READS
from admin.tickets import Source, Ticket
from admin.web.access import TICKET_STAFF, Route
from admin.web.pages import page
from admin.web.subjects import about, changes_of, offered_subjects
from admin.web.tickets import found
from admin.web.visit import Visit
from knowledge.chains import Class, Kind

NEXT: Mapping[Status, tuple[Move, ...]] = {
    Status.RECEIVED: (Move.TRIAGE,),
    Status.WITH_HEAD: (Move.ACCEPT,),
    Status.WITH_UNIT: (Move.PREPARE,),
    Status.PREPARED: (Move.APPROVE, Move.CLOSE),
    Status.APPROVED: (Move.PUBLISH, Move.CLOSE),
    Status.PUBLISHED: (Move.CLOSE,),
    Status.JOINED: (Move.SPLIT,),
}
"""What brings a ticket on from each status: the first that may be done."""
AT_ONCE = frozenset({Move.ACCEPT, Move.APPROVE, Move.PUBLISH, Move.CLOSE})
"""Moves of one press, without words."""
TALK = (Move.ASK, Move.REPLY)
BY_HAND = frozenset({Source.PHONE, Source.COUNTER, Source.PAPER})


class Offer(Struct, frozen=True):
    """A move that the visitor's posts allow now."""

    move: Move
    hindrance: str = ""
    """The text that says why it cannot be done all the same."""


async def one(visit: Visit) -> web.StreamResponse:
    """One ticket."""
    async with visit.read() as session:
        return await shown(visit, session, await found(visit, session))


async def shown(
    visit: Visit,
    session: AsyncSession,
    ticket: Ticket,
    *,
    status: int = 200,
    form: Move | None = None,
    **more: Any,
) -> web.StreamResponse:
    """The ticket's page, with the form of one move open if one is given."""
    story = await dossier(session, ticket)
    offers = await offered(visit, session, ticket, story)
    context: dict[str, Any] = {"fault": "", "words": {}, "uploads": (), "someone": None, **more}
    draft = story.draft.content if story.draft else None
    return page(
        visit,
        "ticket_page.html",
        status=status,
        ticket=ticket,
        story=story,
        item=visit.agency.item(ticket.item) if ticket.item else None,
        entry=visit.agency.entry(ticket.entry) if ticket.entry else None,
        changes=differences(draft.before, draft.after) if draft else [],
        signatures=[
            (one, story.draft is not None and signing.is_genuine(one, story.draft, ticket))
            for one in story.signatures
        ],
        first=next_of(ticket, offers),
        others=[offer for offer in offers if offer.move not in (*NEXT.get(ticket.status, ()),)],
        at_once=AT_ONCE,
        talk=TALK,
        form=form,
        most=MOST,
        days=VALID_FOR.days,
        can_send=await reaches(session, ticket, visit.equipment.links),
        editor=_editor(visit, ticket, story),
        is_internal=is_internal,
        moment_of=datetime.fromisoformat,
        may_know=persons.may_know(visit.officer, ticket),
        endings=[ending for ending in Ending if ending is not Ending.HANDED_OVER],
        classes=list(Class),
        kinds=[kind for kind in Kind if kind in DIVISIBLE],
        subjects=offered_subjects(visit, ticket),
        subject_field=FIELDS.get(ticket.kind),
        subject=subject_of(visit.agency, ticket.kind, about(ticket)),
        about_now=about(ticket),
        changes_of=lambda line: list(changes_of(visit, ticket, line)),
        has_slip=ticket.source in BY_HAND,
        **context,
    )


def _editor(visit: Visit, ticket: Ticket, story: Dossier) -> str | None:
    """The name of whoever else is editing it."""
    if not locks.is_anothers(ticket, visit.officer, visit.now):
        return None
    return story.names.get(locks.editor(ticket, visit.now) or 0, "-")


def is_internal(line: LogLine) -> bool:
    """Whether a line's words are for staff alone; the step itself the citizen may know of."""
    if line.what in {Line.NOTE, Line.DUE}:
        return True
    return bool(line.text) and not (line.contact_id or line.what in CITIZEN_READS)


def next_of(ticket: Ticket, offers: Sequence[Offer]) -> Offer | None:
    """The one thing that is to be done next by the visitor."""
    able = {offer.move: offer for offer in offers}
    wanted = [able[move] for move in NEXT.get(ticket.status, ()) if move in able]
    free = (offer for offer in wanted if not offer.hindrance)
    return next(free, wanted[0] if wanted else None)


async def offered(
    visit: Visit, session: AsyncSession, ticket: Ticket, story: Dossier
) -> list[Offer]:
    """The moves that the table and the visitor's posts allow now."""
    signers = await signing.signers(session, ticket)
    offers = []
    for move in MOVES:
        try:
            rule = rule_of(move, ticket.status, by_citizen=False, kind=ticket.kind)
            post_for(rule, visit.officer, ticket.unit)
        except IllegalMove:
            continue
        hindrance = _hindrance(visit, ticket, story, move, signers)
        if hindrance not in {"refused.not_in_chain", "refused.not_all_signed"}:
            offers.append(Offer(move, hindrance))
    return offers


def _hindrance(
    visit: Visit, ticket: Ticket, story: Dossier, move: Move, signers: Mapping[Any, int]
) -> str:
    """Why a signature or the closing would be refused, as the key of its text."""
    if move not in {Move.APPROVE, Move.PUBLISH, Move.CLOSE}:
        return ""
    if story.draft is None:
        return "refused.no_draft"
    chain, ending = visit.agency.chains[ticket.kind], story.draft.content.ending
    step = MOVES[move][0].signs
    try:
        if step is None:
            may_close(chain, ticket.status, ending, set(signers))
        else:
            may_sign(step, chain, ending, signers, visit.officer.id)
    except IllegalMove as error:
        return error.key
    return ""


async def person(visit: Visit) -> web.StreamResponse:
    """Who brought it; the look is a row of the audit log."""
    async with visit.write() as session:
        ticket = await found(visit, session)
        someone = await persons.person_of(session, ticket, visit.officer, visit.now)
        return await shown(visit, session, ticket, someone=someone or False)


ROUTES = (
    Route("GET", "/admin/{slug}/tickets/{number}", one, TICKET_STAFF),
    Route("POST", "/admin/{slug}/tickets/{number}/person", person, TICKET_STAFF),
)
