"""What staff do with a ticket: each move with its form, notes among staff, and who is editing."""

from collections.abc import Sequence

from aiohttp import web
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from admin import locks, sessions, signing
from admin.attachments import Attachment
from admin.enclosures import MOST, reaches
from admin.handling import Deed, perform
from admin.logbook import Line, LogLine, just_said
from admin.moves import Ending, IllegalMove, Move, post_for, rule_of
from admin.signing import Proposal
from admin.tickets import Ticket
from admin.web import evidence
from admin.web.access import MEBIBYTE, TICKET_STAFF, Route
from admin.web.evidence import Unkept
from admin.web.forms import form_kept, worth_keeping
from admin.web.subjects import proposed
from admin.web.ticket import AT_ONCE, TALK, shown
from admin.web.tickets import found, member, seen
from admin.web.visit import Visit
from knowledge.chains import Class, Kind, Step

LOCKED = "refused.locked"
LONGEST = 4_000
"""Letters of one field of words."""
FIELDS = (
    "reason", "kind", "about", "unit", "class", "urgent", "image", "handed_to", "handed_number",
    "other", "ending", "before", "after", "url", "version",
)  # fmt: skip


def _move(visit: Visit) -> Move:
    """The move of the path; raises HTTPNotFound."""
    move = member(Move, visit.request.match_info["move"])
    if move is None:
        raise web.HTTPNotFound
    return Move(move)


async def open_form(visit: Visit) -> web.StreamResponse:
    """The form of a move; whoever opens it is known to be editing."""
    move = _move(visit)
    async with visit.write() as session:
        ticket = await found(visit, session)
        try:
            rule = rule_of(move, ticket.status, by_citizen=False, kind=ticket.kind)
            post_for(rule, visit.officer, ticket.unit)
        except IllegalMove as error:
            return await shown(visit, session, ticket, status=422, fault=visit.say(error.key))
        is_mine = await locks.take(session, ticket, visit.officer, visit.now)
        form = move if is_mine and move not in AT_ONCE else None
        path = visit.at("tickets", ticket.number, "moves", move)
        files = await evidence.carried(visit, session, ticket, path)
        return await shown(visit, session, ticket, form=form, meant=move, uploads=files)


async def take_over(visit: Visit) -> web.StreamResponse:
    """Edit instead of whoever is editing."""
    move = member(Move, visit.form.text("move"))
    async with visit.write() as session:
        ticket = await found(visit, session)
        await locks.take_over(session, ticket, visit.officer, visit.now)
    here = visit.at("tickets", ticket.number)
    raise visit.go(f"{here}/moves/{move}" if move and move not in AT_ONCE else here)


async def leave(visit: Visit) -> web.StreamResponse:
    """Do not edit after all."""
    async with visit.write() as session:
        ticket = await found(visit, session)
        await locks.release(session, ticket, visit.officer)
    raise visit.go(visit.at("tickets", ticket.number))


async def act(visit: Visit) -> web.StreamResponse:
    """Make one move; where it may not be made, the page says why and keeps what was typed."""
    move = _move(visit)
    words = {name: visit.form.text(name, at_most=LONGEST) for name in FIELDS}
    if visit.form.text("propose"):
        return await _proposing(visit, move, words)
    files: Sequence[Attachment] = ()
    fault, is_seen = "", True
    try:
        if move in evidence.TAKEN:
            files = await _files(visit, move)
        async with visit.write() as session:
            is_seen = await _done(visit, session, move, words, files)
    except Unkept as error:
        files, fault = error.kept, visit.say(error.key, **error.values)
    except IllegalMove as error:
        fault = visit.say(error.key)
        if error.key == LOCKED:
            await _keep(visit, files)
    if not fault:
        number = visit.request.match_info["number"]
        raise visit.go(visit.at("tickets", number) if is_seen else visit.at(""), done="moved")
    async with visit.read() as session:
        ticket = await found(visit, session)
        form = None if move in AT_ONCE else move
        typed = {"words": words, "uploads": files, "meant": move}
        return await shown(visit, session, ticket, status=422, form=form, fault=fault, **typed)


async def _keep(visit: Visit, files: Sequence[Attachment]) -> None:
    """What was typed waits in the form until its writer has taken over again."""
    fields = [*worth_keeping(visit.form.pairs()), *(("keep", str(file.id)) for file in files)]
    kept = form_kept(visit.request.path, "", fields)
    async with visit.write() as session:
        await sessions.keep(session, visit.begun.id, kept)


async def _proposing(visit: Visit, move: Move, words: dict[str, str]) -> web.StreamResponse:
    """The form as it was typed, with the unit and class of what it is about; nothing is done."""
    async with visit.read() as session:
        ticket = await found(visit, session)
        words = proposed(visit, ticket, words)
        return await shown(visit, session, ticket, form=move, words=words)


async def _files(visit: Visit, move: Move) -> Sequence[Attachment]:
    """The files of the form; raises IllegalMove where a citizen would not get them."""
    async with visit.read() as session:
        ticket = await found(visit, session)
        can_send = await reaches(session, ticket, visit.equipment.links)
    if move in TALK and not can_send and visit.form.files("files"):
        raise IllegalMove("refused.no_address")
    return await evidence.taken(visit, ticket, move)


async def _done(
    visit: Visit,
    session: AsyncSession,
    move: Move,
    words: dict[str, str],
    files: Sequence[Attachment],
) -> bool:
    """Make the move; whether the visitor still sees the ticket then."""
    ticket = await found(visit, session, locks=True)
    if words["version"] != str(ticket.version):
        if move in TALK and await just_said(session, ticket, move, visit.officer, words["reason"]):
            return True
        raise IllegalMove("refused.changed")
    if locks.is_anothers(ticket, visit.officer, visit.now):
        raise IllegalMove(LOCKED)
    if move is Move.PREPARE:
        await _prepare(visit, session, ticket, words, files)
    other = await seen(visit, session, words["other"]) if move is Move.JOIN else None
    deed = _deed(visit, move, words)
    if move in TALK:
        deed = structs.replace(deed, attachments=tuple(file.id for file in files[:MOST]))
    await perform(
        session,
        visit.agency,
        ticket,
        deed,
        visit.officer,
        now=visit.now,
        other=other,
        links=visit.equipment.links,
    )
    await locks.release(session, ticket, visit.officer)
    return await visit.sees(session, ticket)


def _deed(visit: Visit, move: Move, words: dict[str, str]) -> Deed:
    is_triage = move is Move.TRIAGE
    return Deed(
        move,
        reason="" if move is Move.PREPARE else words["reason"],
        about=words["about"] if visit.form.texts("about") else None,
        unit=words["unit"] or None,
        kind=member(Kind, words["kind"]),
        class_=member(Class, words["class"]),
        urgent=bool(words["urgent"]) if is_triage else None,
        image=bool(words["image"]) if is_triage else None,
        handed_to=words["handed_to"][:200] or None,
        handed_number=words["handed_number"][:80] or None,
    )


async def _prepare(
    visit: Visit,
    session: AsyncSession,
    ticket: Ticket,
    words: dict[str, str],
    files: Sequence[Attachment],
) -> None:
    """What the reporter signs is what stands in the form."""
    rule = rule_of(Move.PREPARE, ticket.status, by_citizen=False, kind=ticket.kind)
    post_for(rule, visit.officer, ticket.unit)
    ending = member(Ending, words["ending"])
    if ending is None or ending is Ending.HANDED_OVER:
        raise IllegalMove("refused.ending_needed")
    if not words["reason"]:
        raise IllegalMove("refused.reason_needed")
    is_page = Step.PUBLISH in visit.agency.chains[ticket.kind].steps
    if ending is Ending.CORRECTED and is_page and not words["after"]:
        raise IllegalMove("refused.after_needed")
    proposal = Proposal(
        ending,
        words["reason"],
        words["before"],
        words["after"],
        words["url"][:2000],
        await evidence.signed(session, ticket, visit, files),
    )
    await signing.save_draft(session, ticket, proposal, visit.officer, visit.now)


async def note(visit: Visit) -> web.StreamResponse:
    """Words among staff, which no citizen sees."""
    words = visit.form.text("note", at_most=LONGEST)
    async with visit.write() as session:
        ticket = await found(visit, session)
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
            await session.flush()
            await visit.record(session, "ticket.note", f"ticket:{ticket.id}")
    raise visit.go(visit.at("tickets", ticket.number), done="noted" if words else None)


HERE = "/admin/{slug}/tickets/{number}"
ROUTES = (
    Route("POST", f"{HERE}/note", note, TICKET_STAFF),
    Route("POST", f"{HERE}/lock", take_over, TICKET_STAFF),
    Route("POST", f"{HERE}/leave", leave, TICKET_STAFF),
    Route("GET", f"{HERE}/moves/{{move}}", open_form, TICKET_STAFF),
    Route("POST", f"{HERE}/moves/{{move}}", act, TICKET_STAFF, at_most=50 * MEBIBYTE),
)
