"""Matters that come by telephone, over the counter or on paper, with a slip to print."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import persons, tickets
from admin.handling import Deed, perform
from admin.logbook import Line, LogLine
from admin.moves import IllegalMove, Move
from admin.opening import Details, Matter, open_ticket
from admin.sight import seen_by
from admin.staff import Staff
from admin.tickets import Privacy, Source, Ticket
from admin.web.access import TICKET_STAFF, TICKET_TAKERS, Route
from admin.web.pages import page
from admin.web.tickets import member, seen
from admin.web.visit import Visit
from knowledge.chains import Kind
from knowledge.likeness import SAME, alike

BY_HAND = (Source.COUNTER, Source.PHONE, Source.PAPER)
"""How matters come that staff write down themselves."""
NOTICE = "reception-1"
"""The version of `reception.notice`, which is read out before anything personal is kept."""
LONGEST = 4_000
MOST_ALIKE = 5
FIELDS = (
    "kind", "source", "privacy", "what", "right", "item", "url", "name", "phone", "address",
    "told", "sure", "join", "urgent", "once",
)  # fmt: skip
ANSWERS = ("sure", "join")
"""What the second look at a form adds to it: with either it is the same form still."""
PERSONAL = ("name", "phone", "address")


async def blank(visit: Visit) -> web.StreamResponse:
    """The form for a matter that somebody brings."""
    return _form(visit, dict(visit.typed(visit.at("tickets", "new"))))


def _form(
    visit: Visit,
    typed: Mapping[str, str],
    *,
    faults: Mapping[str, str] | None = None,
    alike: Sequence[Ticket] = (),
) -> web.StreamResponse:
    return page(
        visit,
        "ticket_entry.html",
        status=422 if faults or alike else 200,
        typed=typed,
        once=typed.get("once") or secrets.token_urlsafe(16),
        faults=faults or {},
        alike=alike,
        sources=BY_HAND,
        kinds=[kind for kind in Kind if kind is not Kind.QUESTION],
        levels=list(Privacy),
    )


def _faults(visit: Visit, typed: Mapping[str, str]) -> dict[str, str]:
    """What has to be mended before it can be opened, by field."""
    found = {}
    if not typed["what"]:
        found["what"] = visit.say("refused.what_needed")
    for name, words in {"kind": Kind, "source": Source, "privacy": Privacy}.items():
        if member(words, typed[name]) is None:
            found[name] = visit.say("refused.choose")
    if typed["source"] not in BY_HAND:
        found["source"] = visit.say("refused.choose")
    if any(typed[name] for name in PERSONAL):
        if typed["privacy"] == Privacy.ANONYMOUS:
            found["privacy"] = visit.say("refused.anonymous_with_name")
        elif not typed["told"]:
            found["told"] = visit.say("refused.notice_needed")
    return found


async def enter(visit: Visit) -> web.StreamResponse:
    """Open a ticket for somebody who did not write themselves."""
    typed = {name: visit.form.text(name, at_most=LONGEST) for name in FIELDS}
    if faults := _faults(visit, typed):
        return _form(visit, typed, faults=faults)
    matter = _matter(visit, typed)
    mark = _mark(typed)
    async with visit.read() as session:
        is_looked_at = typed["sure"] or typed["join"] or await _opened_by(session, visit, mark)
    if not is_looked_at and (same := await _alike(visit, matter)):
        return _form(visit, typed, alike=same)
    try:
        async with visit.write() as session:
            ticket = await _opened(session, visit, matter, mark, join=typed["join"])
            is_seen = await visit.sees(session, ticket)
    except IllegalMove as error:
        return _form(visit, typed, faults={"": visit.say(error.key)})
    here = visit.at("tickets", ticket.number)
    raise visit.go(here if is_seen else f"{here}/slip", done="opened")


def _mark(typed: Mapping[str, str]) -> str | None:
    """What a form is known by: its own random name, with all that was typed.

    Who goes back and takes down the next matter in the same form sends another one.
    """
    said = [typed[name] for name in FIELDS if name not in ANSWERS]
    return sha256(repr(said).encode()).hexdigest() if typed["once"] else None


async def _opened(
    session: AsyncSession, visit: Visit, matter: Matter, mark: str | None, *, join: str
) -> Ticket:
    """The new ticket; of a form that is sent twice, also at once, the one it has opened."""
    await session.execute(select(Staff.id).where(Staff.id == visit.officer.id).with_for_update())
    if earlier := await _opened_by(session, visit, mark):
        return earlier
    ticket = await open_ticket(
        session, visit.agency, matter, now=visit.now, officer=visit.officer, sent_as=mark
    )
    if join:
        await _join(visit, session, ticket, join)
    return ticket


async def _opened_by(session: AsyncSession, visit: Visit, mark: str | None) -> Ticket | None:
    """The ticket that this very form of the visitor has opened."""
    if mark is None:
        return None
    query = (
        select(Ticket)
        .join(LogLine, LogLine.ticket_id == Ticket.id)
        .where(
            Ticket.agency == visit.agency.slug,
            LogLine.contact_id.is_(None),
            LogLine.message_id == mark,
            LogLine.staff_id == visit.officer.id,
        )
    )
    found: Ticket | None = await session.scalar(query.limit(1))
    return found


async def _alike(visit: Visit, matter: Matter) -> Sequence[Ticket]:
    is_seen = seen_by(visit.officer, visit.agency.chains)
    async with visit.read() as session:
        among = [*await tickets.open_about(session, matter.item, is_seen)]
        if matter.item:
            among += await tickets.open_about(session, None, is_seen)
    return await asyncio.to_thread(_likeliest, matter.what, among)


def _likeliest(what: str, among: Sequence[Ticket]) -> list[Ticket]:
    scored = sorted(((-alike(what, one.what), one.id, one) for one in among), key=_by_score)
    return [one for score, _, one in scored[:MOST_ALIKE] if -score >= SAME]


def _by_score(scored: tuple[float, int, Ticket]) -> tuple[float, int]:
    return scored[:2]


async def _join(visit: Visit, session: AsyncSession, ticket: Ticket, number: str) -> None:
    other = await seen(visit, session, number)
    deed = Deed(Move.JOIN, reason=visit.say("reception.joined"))
    await perform(session, visit.agency, ticket, deed, visit.officer, now=visit.now, other=other)


def _matter(visit: Visit, typed: Mapping[str, str]) -> Matter:
    item = visit.agency.item(typed["item"])
    details = Details(
        name=typed["name"][:200] or None,
        phone=typed["phone"][:60] or None,
        address=typed["address"][:500] or None,
    )
    is_known = any(typed[name] for name in PERSONAL)
    return Matter(
        Kind(typed["kind"]),
        Source(typed["source"]),
        typed["what"],
        privacy=Privacy(typed["privacy"]),
        right=typed["right"] or None,
        item=item.id if item else None,
        url=typed["url"][:2000] or None,
        urgent=bool(typed["urgent"]),
        person=details if is_known else None,
        consent_version=NOTICE if is_known else None,
    )


async def slip(visit: Visit) -> web.StreamResponse:
    """What the person takes home: the number, what was taken down, when they will hear."""
    async with visit.write() as session:
        number = visit.request.match_info["number"]
        ticket = await tickets.ticket_of(session, visit.agency.slug, number)
        if ticket is None or ticket.source not in BY_HAND:
            raise web.HTTPNotFound
        took_down = await _took_down(session, visit, ticket)
        is_seen = await visit.sees(session, ticket)
        if not is_seen and not took_down:
            raise web.HTTPNotFound
        person = await persons.person_of(
            session, ticket, visit.officer, visit.now, took_down=took_down
        )
    return page(
        visit,
        "ticket_slip.html",
        ticket=ticket,
        name=person.name if person else None,
        contact=visit.agency.profile.contact,
        chat=_chat(visit),
        is_seen=is_seen,
    )


async def _took_down(session: AsyncSession, visit: Visit, ticket: Ticket) -> bool:
    """Whether this officer wrote it down themselves."""
    query = select(LogLine.id).where(
        LogLine.ticket_id == ticket.id,
        LogLine.what == Line.OPENED,
        LogLine.staff_id == visit.officer.id,
    )
    return await session.scalar(query.limit(1)) is not None


def _chat(visit: Visit) -> str | None:
    """The address of the agency's chat, where the installation knows its own."""
    url = visit.equipment.settings.public_url
    return f"{url.rstrip('/')}/{visit.agency.slug}/chat" if url else None


ROUTES = (
    Route("GET", "/admin/{slug}/tickets/new", blank, TICKET_TAKERS),
    Route("POST", "/admin/{slug}/tickets/new", enter, TICKET_TAKERS),
    Route("GET", "/admin/{slug}/tickets/{number}/slip", slip, TICKET_STAFF),
)
