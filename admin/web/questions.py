"""The desk of questions: what waits for an answer, and one question with the means to answer it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import itemgetter

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from admin import conversation, desk, desk_lists, proposals, staff
from admin.attachments import Attachment
from admin.desk import Answer
from admin.enclosures import MOST, VALID_FOR, reaches
from admin.lists import PAGE
from admin.moves import HANDLERS, Ending, IllegalMove
from admin.officers import Officer
from admin.tickets import Ticket
from admin.web import evidence
from admin.web.access import Route
from admin.web.forms import page_of
from admin.web.pages import page
from admin.web.visit import Visit
from bot.messages import Reply
from knowledge.agency import Entry

LONGEST = 4_000
"""Letters of an answer."""
NEAREST = 5
FAR = 5
"""Hundredths of sureness below which an entry has nothing to do with a question."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def listing(visit: Visit) -> web.StreamResponse:
    """What waits for an answer: the visitor's own, what nobody has taken on, what others have."""
    async with visit.read() as session:
        counts = await desk_lists.counts(session, visit.agency, visit.officer)
        pages = -(-sum(counts.values()) // PAGE)
        number = page_of(visit.request.query, max(1, pages))
        found = await desk_lists.waiting(session, visit.agency, visit.officer, number)
        names = await _names(session, visit)
    groups = groupby(found, itemgetter(0))
    return page(
        visit,
        "question_list.html",
        groups=[(key, counts[key], [ticket for _, ticket in some]) for key, some in groups],
        number=number,
        pages=pages,
        at=partial(visit.at, "questions"),
        names=names,
        waited=lambda since: waited(visit, since),
    )


async def _names(session: AsyncSession, visit: Visit) -> dict[int, str]:
    """The names of everybody who works here today."""
    here = await staff.officers(session, visit.agency.slug, visit.today)
    return {one.id: one.name for one in here}


def waited(visit: Visit, since: datetime) -> str:
    """How long that is ago, in words."""
    ago = visit.now - since
    if ago >= DAY:
        return visit.say("desk.days", number=ago // DAY)
    if ago >= HOUR:
        return visit.say("desk.hours", number=ago // HOUR)
    return visit.say("desk.minutes", number=max(1, ago // timedelta(minutes=1)))


async def found(visit: Visit, session: AsyncSession, *, locks: bool = False) -> Ticket:
    """The question of the path; raises HTTPNotFound where there is none for this visitor."""
    number = visit.request.match_info["number"]
    ticket = await desk.question_of(session, visit.agency, visit.officer, number, locks=locks)
    if ticket is None:
        raise web.HTTPNotFound
    return ticket


async def one(visit: Visit) -> web.StreamResponse:
    """One question."""
    return await shown(visit)


async def shown(
    visit: Visit,
    *,
    status: int = 200,
    fault: str = "",
    failed: str = "",
    given: Answer | None = None,
    preview: Reply | None = None,
    uploads: Sequence[Attachment] | None = None,
) -> web.StreamResponse:
    """The question with what is near it; its conversation for who has taken it on, and recorded."""
    async with visit.read() as session:
        ticket = await found(visit, session)
        people = await staff.officers(session, visit.agency.slug, visit.today)
        fit = await desk.receivers(session, visit.agency, ticket, people)
        made = await proposals.made_from(session, ticket.id)
        if uploads is None:
            uploads = await evidence.carried(
                visit, session, ticket, path_of(visit, ticket, "answer")
            )
        can_send = await reaches(session, ticket, visit.equipment.links)
    look = visit.form.text("look", at_most=200)
    is_mine = ticket.holder == visit.officer.id
    spoken = await _conversation(visit, ticket) if is_mine and ticket.contact_id else []
    typed = (
        dict(visit.form.pairs()) if failed else dict(visit.typed(path_of(visit, ticket, "answer")))
    )
    return page(
        visit,
        "question_page.html",
        status=status,
        ticket=ticket,
        fault=fault,
        failed=failed,
        typed=typed,
        words=given.words if given else typed.get("words", ""),
        entry=given.entry.id if given and given.entry else "",
        preview=preview,
        uploads=uploads,
        most=MOST,
        days=VALID_FOR.days,
        can_send=can_send,
        is_mine=is_mine,
        holder=next((one.name for one in people if one.id == ticket.holder), ""),
        may_end=desk.may_end(visit.agency, ticket, visit.officer),
        spoken=spoken,
        near=await nearest(visit, look or ticket.what),
        look=look,
        receivers=_receivers(visit, ticket, fit),
        endings=desk.WITHOUT_ANSWER,
        made=made,
        waited=lambda since: waited(visit, since),
    )


def _receivers(visit: Visit, ticket: Ticket, fit: Sequence[Officer]) -> list[tuple[str, str]]:
    """Whom it may be passed on to: units, then persons, as choices of a form."""
    units = [(f"unit:{u.id}", u.name(visit.language)) for u in visit.agency.profile.units]
    persons = [(f"person:{one.id}", one.name) for one in fit if one.id != ticket.holder]
    return [*units, *persons]


def path_of(visit: Visit, ticket: Ticket, what: str) -> str:
    """The address of one of its forms."""
    return visit.at("questions", ticket.number, what)


async def _conversation(visit: Visit, ticket: Ticket) -> Sequence[conversation.Spoken]:
    """What was said around it; that somebody read it is a row of the audit log."""
    if ticket.contact_id is None:
        return []
    async with visit.write() as session:
        spoken = await conversation.around(session, ticket)
        subject, details = f"ticket:{ticket.id}", {"lines": len(spoken)}
        await visit.record(session, "conversation.seen", subject, details)
    return spoken


async def nearest(visit: Visit, text: str) -> list[tuple[Entry, int]]:
    """The entries nearest to a question, each with how sure the bot is of it, in hundredths."""
    served = visit.equipment.served(visit.agency.slug)
    if served is None:
        return []
    match = await asyncio.to_thread(served.matcher.match, text)
    entries = served.agency.entries
    best = match.ranked[:NEAREST]
    found = [(entries[key], round(100 * sure)) for key, sure in best if key in entries]
    return [(entry, sure) for entry, sure in found if sure >= FAR]


async def claim(visit: Visit) -> web.StreamResponse:
    """Take it on; who comes second is told."""
    async with visit.write() as session:
        ticket = await found(visit, session)
        is_mine = await desk.claim(session, ticket, visit.officer, visit.now)
    if not is_mine and ticket.holder != visit.officer.id:
        key = "desk.taken_by_other" if ticket.is_open else "refused.not_now"
        return await shown(visit, status=409, fault=visit.say(key))
    raise visit.go(visit.at("questions", ticket.number), done="claimed")


async def give_back(visit: Visit) -> web.StreamResponse:
    """Let others take it."""
    async with visit.write() as session:
        ticket = await found(visit, session)
        await desk.give_back(session, ticket, visit.officer, visit.now)
    raise visit.go(visit.at("questions"), done="given_back")


async def pass_on(visit: Visit) -> web.StreamResponse:
    """Hand it to another unit, or to somebody by name."""
    to = visit.form.text("to", at_most=80)
    unit, person = to.removeprefix("unit:"), to.removeprefix("person:")
    try:
        async with visit.write() as session:
            ticket = await unchanged(visit, session)
            people = await staff.officers(session, visit.agency.slug, visit.today)
            await desk.pass_on(
                session,
                visit.agency,
                ticket,
                visit.officer,
                reason=visit.form.text("reason", at_most=LONGEST),
                unit=unit if unit != to else None,
                to=next((one for one in people if str(one.id) == person != to), None),
                now=visit.now,
            )
    except IllegalMove as error:
        return await shown(visit, status=422, fault=visit.say(error.key), failed="pass")
    raise visit.go(visit.at("questions"), done="passed_on")


async def unchanged(visit: Visit, session: AsyncSession) -> Ticket:
    """The question, if it is as the visitor saw it; raises IllegalMove."""
    ticket = await found(visit, session, locks=True)
    if visit.form.text("version") != str(ticket.version):
        raise IllegalMove("refused.changed")
    return ticket


async def close(visit: Visit) -> web.StreamResponse:
    """End it without an answer, and say why."""
    words = visit.form.text("words", at_most=LONGEST)
    name = visit.form.text("ending")
    try:
        async with visit.write() as session:
            ticket = await unchanged(visit, session)
            await _end(visit, session, ticket, name, words)
    except IllegalMove as error:
        return await shown(visit, status=422, fault=visit.say(error.key), failed="close")
    raise visit.go(visit.at("questions"), done="ended")


async def _end(visit: Visit, session: AsyncSession, ticket: Ticket, name: str, words: str) -> None:
    if name == Ending.HANDED_OVER:
        await desk.hand_over(
            session,
            visit.agency,
            ticket,
            visit.officer,
            body=visit.form.text("body", at_most=200),
            number=visit.form.text("their_number", at_most=80),
            words=words,
            now=visit.now,
        )
        return
    ending = next((one for one in desk.WITHOUT_ANSWER if one == name), None)
    if ending is None:
        raise IllegalMove("refused.ending_needed")
    given = Answer(words, ending=ending)
    await desk.answer(session, visit.agency, ticket, given, officer=visit.officer, now=visit.now)


ROUTES = (
    Route("GET", "/admin/{slug}/questions", listing, HANDLERS),
    Route("GET", "/admin/{slug}/questions/{number}", one, HANDLERS),
    Route("POST", "/admin/{slug}/questions/{number}/claim", claim, HANDLERS),
    Route("POST", "/admin/{slug}/questions/{number}/back", give_back, HANDLERS),
    Route("POST", "/admin/{slug}/questions/{number}/pass", pass_on, HANDLERS),
    Route("POST", "/admin/{slug}/questions/{number}/close", close, HANDLERS),
)
