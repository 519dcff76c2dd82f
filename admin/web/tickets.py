"""The pages of tickets: lists, one ticket with everything that may be done with it, a new one."""

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from admin import lists, logbook, persons, signing, tickets
from admin.handling import Deed, perform
from admin.lists import PAGE, State, Wanted, may_see
from admin.logbook import Line, LogLine
from admin.moves import MOVES, Ending, IllegalMove, Move, post_for, rule_of
from admin.officers import Role
from admin.opening import Details, Matter, open_ticket
from admin.signing import Proposal
from admin.tickets import Privacy, Source, Ticket
from admin.web.access import TICKET_STAFF, Route
from admin.web.pages import page
from admin.web.visit import Visit
from knowledge.chains import Class, Kind

TAKERS = frozenset({Role.AGENT, Role.REPORTER, Role.APPROVER})
BY_HAND = (Source.PHONE, Source.COUNTER, Source.PAPER)
"""How matters come that staff write down themselves."""
LONGEST = 4_000
"""Letters of one field of words."""


async def listing(visit: Visit) -> web.StreamResponse:
    """What waits for the visitor, what is late, what is open, what is over."""
    wanted = _wanted(visit)
    async with visit.read() as session:
        found = await lists.listed(session, visit.officer, wanted, visit.now)
        counts = await lists.counts(session, visit.officer, visit.now)
    return page(
        visit,
        "ticket_list.html",
        wanted=wanted,
        tickets=found[:PAGE],
        has_more=len(found) > PAGE,
        counts=counts,
        states=list(State),
        kinds=list(Kind),
    )


def _wanted(visit: Visit) -> Wanted:
    query = visit.request.query
    number = query.get("page", "1")
    return Wanted(
        state=_one(State, query.get("state")) or State.TODAY,
        kind=_one(Kind, query.get("kind")),
        unit=query.get("unit") or None,
        words=query.get("q", "")[:200].replace("\0", "").strip(),
        page=int(number) if number.isascii() and number.isdigit() and 0 < len(number) < 5 else 1,  # noqa: PLR2004 - pages
    )


def _one(words: Any, value: str | None) -> Any:
    """A member of a list, None for anything else."""
    return words(value) if value in set(words) else None


async def _found(visit: Visit, session: AsyncSession) -> Ticket:
    """The ticket of the path; raises HTTPNotFound where there is none for this visitor."""
    number = visit.request.match_info["number"]
    ticket = await tickets.ticket_of(session, visit.agency.slug, number)
    if ticket is None or not may_see(visit.officer, ticket):
        raise web.HTTPNotFound
    return ticket


async def one(visit: Visit) -> web.StreamResponse:
    """One ticket."""
    async with visit.read() as session:
        ticket = await _found(visit, session)
        return await _shown(visit, session, ticket)


async def _shown(
    visit: Visit, session: AsyncSession, ticket: Ticket, *, status: int = 200, **more: Any
) -> web.StreamResponse:
    draft = await signing.latest_draft(session, ticket)
    signatures = await signing.signatures(session, ticket)
    context: dict[str, Any] = {"fault": "", "failed": "", "words": {}, "someone": None, **more}
    return page(
        visit,
        "ticket_page.html",
        status=status,
        ticket=ticket,
        item=visit.agency.item(ticket.item) if ticket.item else None,
        lines=await logbook.lines(session, ticket),
        draft=draft,
        signatures=[
            (one, draft is not None and signing.is_genuine(one, draft, ticket))
            for one in signatures
        ],
        moves=offered(visit, ticket),
        may_know=persons.may_know(visit.officer, ticket),
        endings=[ending for ending in Ending if ending is not Ending.HANDED_OVER],
        classes=list(Class),
        **context,
    )


def offered(visit: Visit, ticket: Ticket) -> list[Move]:
    """The moves that the table and the visitor's posts allow now."""
    found = []
    for move in MOVES:
        try:
            rule = rule_of(move, ticket.status, by_citizen=False)
            post_for(rule, visit.officer, ticket.unit)
        except IllegalMove:
            continue
        found.append(move)
    return found


async def act(visit: Visit) -> web.StreamResponse:
    """Make one move; where it may not be made, the page says why and keeps what was typed."""
    move = _one(Move, visit.request.match_info["move"])
    if move is None:
        raise web.HTTPNotFound
    words = {name: visit.form.text(name, at_most=LONGEST) for name in FIELDS}
    try:
        async with visit.write() as session:
            ticket = await _found(visit, session)
            await _move(visit, session, ticket, move, words)
    except IllegalMove as error:
        async with visit.read() as session:
            ticket = await _found(visit, session)
            fault = visit.say(error.key)
            return await _shown(
                visit, session, ticket, status=422, fault=fault, failed=move, words=words
            )
    raise visit.go(visit.at("tickets", ticket.number), done="moved")


FIELDS = (
    "reason", "unit", "class", "urgent", "image", "handed_to", "handed_number", "other",
    "ending", "before", "after", "url", "version",
)  # fmt: skip


async def _move(
    visit: Visit, session: AsyncSession, ticket: Ticket, move: Move, words: dict[str, str]
) -> None:
    if words["version"] != str(ticket.version):
        raise IllegalMove("refused.changed")
    if move is Move.PREPARE:
        await _prepare(visit, session, ticket, words)
    other = None
    if move is Move.JOIN:
        other = await tickets.ticket_of(session, ticket.agency, words["other"])
    deed = Deed(
        move,
        reason=words["reason"],
        unit=words["unit"] or None,
        class_=_one(Class, words["class"]),
        urgent=bool(words["urgent"]) if move is Move.TRIAGE else None,
        image=bool(words["image"]) if move is Move.TRIAGE else None,
        handed_to=words["handed_to"][:200] or None,
        handed_number=words["handed_number"][:80] or None,
    )
    await perform(session, visit.agency, ticket, deed, visit.officer, now=visit.now, other=other)


async def _prepare(
    visit: Visit, session: AsyncSession, ticket: Ticket, words: dict[str, str]
) -> None:
    """What the reporter signs is what stands in the form."""
    rule = rule_of(Move.PREPARE, ticket.status, by_citizen=False)
    post_for(rule, visit.officer, ticket.unit)
    ending = _one(Ending, words["ending"])
    if ending is None or ending is Ending.HANDED_OVER:
        raise IllegalMove("refused.ending_needed")
    if not words["reason"]:
        raise IllegalMove("refused.reason_needed")
    if ending is Ending.CORRECTED and not words["after"]:
        raise IllegalMove("refused.after_needed")
    proposal = Proposal(
        ending, words["reason"], words["before"], words["after"], words["url"][:2000]
    )
    await signing.save_draft(session, ticket, proposal, visit.officer, visit.now)


async def note(visit: Visit) -> web.StreamResponse:
    """Words among staff, which no citizen sees."""
    words = visit.form.text("note", at_most=LONGEST)
    async with visit.write() as session:
        ticket = await _found(visit, session)
        if words:
            session.add(
                LogLine(
                    ticket_id=ticket.id,
                    at=visit.now,
                    what=Line.NOTE,
                    public=False,
                    staff_id=visit.officer.id,
                    text=words,
                )
            )
    raise visit.go(visit.at("tickets", ticket.number), done="noted")


async def person(visit: Visit) -> web.StreamResponse:
    """Who brought it; the look is a row of the audit log."""
    async with visit.write() as session:
        ticket = await _found(visit, session)
        found = await persons.person_of(session, ticket, visit.officer, visit.now)
        return await _shown(visit, session, ticket, someone=found or False)


async def blank(visit: Visit) -> web.StreamResponse:
    """The form for a matter that came by telephone, at the counter or on paper."""
    return _entry(visit)


def _entry(visit: Visit, *, status: int = 200, fault: str = "", **typed: str) -> web.StreamResponse:
    return page(
        visit,
        "ticket_entry.html",
        status=status,
        fault=fault,
        words=typed or dict(visit.typed(visit.at("tickets", "new"))),
        sources=BY_HAND,
        kinds=[kind for kind in Kind if kind is not Kind.QUESTION],
        levels=list(Privacy),
    )


async def enter(visit: Visit) -> web.StreamResponse:
    """Open a ticket for somebody who did not write themselves."""
    names = ("kind", "source", "privacy", "what", "right", "item", "url", "name", "phone")
    typed = {name: visit.form.text(name, at_most=LONGEST) for name in names}
    kind, source = _one(Kind, typed["kind"]), _one(Source, typed["source"])
    privacy = _one(Privacy, typed["privacy"])
    if not typed["what"] or kind is None or source not in BY_HAND or privacy is None:
        return _entry(visit, status=422, fault=visit.say("refused.what_needed"), **typed)
    item = visit.agency.item(typed["item"])
    details = Details(name=typed["name"][:200] or None, phone=typed["phone"][:60] or None)
    matter = Matter(
        kind,
        source,
        typed["what"],
        privacy=privacy,
        right=typed["right"] or None,
        item=item.id if item else None,
        url=typed["url"][:2000] or None,
        person=details if details.name or details.phone else None,
    )
    async with visit.write() as session:
        ticket = await open_ticket(
            session, visit.agency, matter, now=visit.now, officer=visit.officer
        )
    raise visit.go(visit.at("tickets", ticket.number), done="opened")


ROUTES = (
    Route("GET", "/admin/{slug}/tickets", listing, TICKET_STAFF),
    Route("GET", "/admin/{slug}/tickets/new", blank, TAKERS),
    Route("POST", "/admin/{slug}/tickets/new", enter, TAKERS),
    Route("GET", "/admin/{slug}/tickets/{number}", one, TICKET_STAFF),
    Route("POST", "/admin/{slug}/tickets/{number}/note", note, TICKET_STAFF),
    Route("POST", "/admin/{slug}/tickets/{number}/person", person, TICKET_STAFF),
    Route("POST", "/admin/{slug}/tickets/{number}/moves/{move}", act, TICKET_STAFF),
)
