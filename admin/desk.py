"""The desk of questions that were passed to staff: who has taken which, and answering them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from sqlalchemy import Update, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin import attachments, audit, enclosures, followers, signing, telling
from admin.enclosures import Links
from admin.followers import News
from admin.handling import Deed, perform
from admin.logbook import Line, LogLine
from admin.moves import Ending, IllegalMove, Move, Status, post_for, rule_of, steps_for
from admin.numbers import typed_number
from admin.officers import Officer, Role
from admin.sight import who_see
from admin.signing import Proposal
from admin.tickets import Ticket
from bot.messages import Reply
from knowledge.agency import Agency, Entry
from knowledge.chains import Kind, Step
from knowledge.provenance import card

ANSWERERS = frozenset({Role.AGENT, Role.REPORTER})
"""Whom a question may be passed on to by name."""
WITHOUT_ANSWER = (Ending.CANNOT, Ending.NO_ERROR)
"""How a question may end that gets no answer here; HANDED_OVER is a move of its own."""


class Answer(Struct, frozen=True):
    """What the citizen is to read, and the entry that it was taken from."""

    words: str
    entry: Entry | None = None
    ends: bool = True
    """Whether the question is settled by it; else the citizen may ask on and it stays open."""
    ending: Ending = Ending.ANSWERED
    files: tuple[int, ...] = ()
    """The attachments that go with it."""


async def question_of(
    session: AsyncSession, agency: Agency, officer: Officer, number: str, *, locks: bool = False
) -> Ticket | None:
    """A question that concerns this officer; with `locks` nobody else changes it meanwhile."""
    typed = typed_number(number)
    if typed is None:
        return None
    query = select(Ticket).where(
        Ticket.agency == officer.agency, Ticket.number == typed, Ticket.kind == Kind.QUESTION
    )
    ticket: Ticket | None = await session.scalar(query.with_for_update() if locks else query)
    is_seen = ticket and await who_see(session, ticket, [officer], agency.chains)
    return ticket if is_seen else None


async def receivers(
    session: AsyncSession, agency: Agency, ticket: Ticket, people: Sequence[Officer]
) -> list[Officer]:
    """To whom of these a question may be passed on by name."""
    fit = [one for one in people if one.roles & ANSWERERS]
    return await who_see(session, ticket, fit, agency.chains)


async def claim(session: AsyncSession, ticket: Ticket, officer: Officer, now: datetime) -> bool:
    """Take a question on; False where somebody else has, however close behind."""
    free = Ticket.holder.is_(None) & Ticket.closed_at.is_(None)
    change = update(Ticket).where(free).values(holder=officer.id)
    return await _done(session, ticket, change, "ticket.claimed", by=officer, now=now)


async def give_back(session: AsyncSession, ticket: Ticket, officer: Officer, now: datetime) -> bool:
    """Let others take it; False where it was not this officer's."""
    change = update(Ticket).where(Ticket.holder == officer.id).values(holder=None)
    return await _done(session, ticket, change, "ticket.given_back", by=officer, now=now)


async def _done(
    session: AsyncSession,
    ticket: Ticket,
    change: Update,
    what: str,
    *,
    by: Officer,
    now: datetime,
) -> bool:
    """Change who has it, in one statement: of two at once the second finds it changed."""
    change = change.where(Ticket.id == ticket.id).values(version=Ticket.version + 1)
    options = {"synchronize_session": False}
    changed = await session.execute(change.returning(Ticket.id).execution_options(**options))
    is_done = changed.first() is not None
    await session.refresh(ticket)
    if is_done:
        await audit.record(
            session,
            agency=ticket.agency,
            actor=f"staff:{by.id}",
            what=what,
            subject=f"ticket:{ticket.id}",
            now=now,
        )
    return is_done


def must_be_free(ticket: Ticket, officer: Officer) -> None:
    """Raises IllegalMove where somebody else has taken it on, or where it is over."""
    if not ticket.is_open:
        raise IllegalMove("refused.not_now")
    if ticket.holder not in {None, officer.id}:
        raise IllegalMove("desk.taken_by_other")


async def pass_on(
    session: AsyncSession,
    agency: Agency,
    ticket: Ticket,
    officer: Officer,
    *,
    reason: str,
    unit: str | None = None,
    to: Officer | None = None,
    now: datetime,
) -> None:
    """Hand a question to another unit, or to somebody by name, and say why; raises IllegalMove.

    Also who has not taken it on may do so: whoever has may be away.
    """
    if not ticket.is_open:
        raise IllegalMove("refused.not_now")
    if not reason.strip():
        raise IllegalMove("refused.reason_needed")
    if unit is not None:
        move = Move.TRIAGE if ticket.status is Status.RECEIVED else Move.REASSIGN
        ticket.holder = None
        deed = Deed(move, reason=reason, unit=unit)
        await perform(session, agency, ticket, deed, officer, now=now)
        return
    if to is None or to not in await receivers(session, agency, ticket, [to]):
        raise IllegalMove("desk.nobody_chosen")
    ticket.holder = to.id
    session.add(
        LogLine(
            ticket_id=ticket.id,
            at=now,
            what=Line.NOTE,
            public=False,
            staff_id=officer.id,
            text=reason.strip(),
            details={"passed_to": to.id},
        )
    )
    await session.flush()
    await audit.record(
        session,
        agency=ticket.agency,
        actor=f"staff:{officer.id}",
        what="ticket.passed_on",
        subject=f"ticket:{ticket.id}",
        details={"to": to.id},
        now=now,
    )


def may_end(agency: Agency, ticket: Ticket, officer: Officer) -> bool:
    """Whether this officer may settle it in one press."""
    try:
        _ways_to_sign(agency, ticket, officer)
    except IllegalMove:
        return False
    return True


def _ways_to_sign(agency: Agency, ticket: Ticket, officer: Officer) -> tuple[Deed, ...]:
    """The moves that lead to a signed answer; raises IllegalMove where this officer may not."""
    before: tuple[Deed, ...] = ()
    status, unit = ticket.status, ticket.unit
    if status is Status.RECEIVED:
        post_for(rule_of(Move.TRIAGE, status, by_citizen=False, kind=ticket.kind), officer, unit)
        own = (post.unit for post in officer.posts if post.role is Role.REPORTER and post.unit)
        unit = unit or next(own, None) or agency.profile.contact.unit or agency.profile.units[0].id
        before, status = (Deed(Move.TRIAGE, unit=unit),), Status.WITH_UNIT
    post_for(rule_of(Move.PREPARE, status, by_citizen=False, kind=ticket.kind), officer, unit)
    return (*before, Deed(Move.PREPARE))


async def answer(
    session: AsyncSession,
    agency: Agency,
    ticket: Ticket,
    given: Answer,
    *,
    officer: Officer,
    now: datetime,
    links: Links | None = None,
) -> bool:
    """Give the citizen an answer, as one message; raises IllegalMove and then nothing holds.

    False where the agency's chain wants another signature before the citizen is told.
    """
    must_be_free(ticket, officer)
    if not given.words.strip():
        raise IllegalMove("refused.reason_needed")
    ticket.holder = officer.id
    if not given.ends:
        deed = Deed(Move.REPLY, reason=given.words, attachments=given.files)
        line = await perform(session, agency, ticket, deed, officer, now=now, links=links)
        await _one_letter(session, agency, ticket, given, line, links=links)
        return True
    deeds = _ways_to_sign(agency, ticket, officer)
    for deed in deeds[:-1]:
        await perform(session, agency, ticket, deed, officer, now=now)
    url = given.entry.source.url if given.entry else None
    rows = await attachments.of(session, given.files)
    await attachments.hold(session, given.files)
    files = tuple((row.id, row.sha256 or "") for row in rows)
    words = given.words.strip()
    draft = Proposal(given.ending, words, url=url or "", files=files, enclosed=given.files)
    await signing.save_draft(session, ticket, draft, officer, now)
    await perform(session, agency, ticket, deeds[-1], officer, now=now)
    if steps_for(agency.chains[ticket.kind], given.ending)[-1] is not Step.PREPARE:
        return False
    line = await perform(session, agency, ticket, Deed(Move.CLOSE), officer, now=now, links=links)
    await _one_letter(session, agency, ticket, given, line, links=links)
    return True


async def hand_over(
    session: AsyncSession,
    agency: Agency,
    ticket: Ticket,
    officer: Officer,
    *,
    body: str,
    number: str,
    words: str,
    now: datetime,
) -> None:
    """It is another body's question: the citizen is told whose; raises IllegalMove."""
    must_be_free(ticket, officer)
    deed = Deed(
        Move.HAND_OVER, reason=words, handed_to=body[:200] or None, handed_number=number or None
    )
    await perform(session, agency, ticket, deed, officer, now=now)


def letter(agency: Agency, ticket: Ticket, given: Answer, language: str, listed: str = "") -> Reply:
    """The message just as the citizen gets it; of an answer taken from an entry with its source."""
    sketch = Ticket(
        number=ticket.number,
        kind=ticket.kind,
        unit=ticket.unit,
        due_at=ticket.due_at,
        status=Status.CLOSED if given.ends else ticket.status,
        ending=given.ending if given.ends else None,
        ending_reason=given.words.strip(),
    )
    line = LogLine(what=Move.CLOSE if given.ends else Move.REPLY, text=given.words.strip())
    reply = telling.news(agency, sketch, line, language, listed)
    entry = given.entry
    if entry is None or entry.answer.of(language) not in given.words:
        return reply  # what staff have written anew rests on nothing but their word
    return msgspec.structs.replace(reply, card=card(agency, language, entry))


async def _one_letter(
    session: AsyncSession,
    agency: Agency,
    ticket: Ticket,
    given: Answer,
    line: LogLine,
    *,
    links: Links | None,
) -> None:
    """Of the news that the moves of one press left, each who waits gets the answer alone."""
    sent = await enclosures.sent(session, agency, line, links)
    for contact in await followers.followers(session, ticket):
        if not given.ends and contact.id != ticket.contact_id:
            continue  # words to who asked, which nobody else was told
        query = select(News).where(
            News.contact_id == contact.id, News.told_at.is_(None), News.at == line.at
        )
        found = (await session.scalars(query.order_by(News.id))).all()
        for news in found[:-1]:
            await session.delete(news)
        for news in found[-1:]:
            language = contact.language or ticket.language
            reply = letter(agency, ticket, given, language, sent.listed(contact.channel, language))
            news.reply = msgspec.to_builtins(msgspec.structs.replace(reply, files=sent.files))
    await session.flush()
