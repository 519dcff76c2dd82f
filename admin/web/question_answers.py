"""Answering a question: freely or from an entry, with files, looked at first or sent."""

from collections.abc import Sequence

from aiohttp import web
from msgspec import structs

from admin import desk
from admin.attachments import Attachment
from admin.desk import Answer
from admin.enclosures import MOST, reaches
from admin.logbook import just_said
from admin.moves import HANDLERS, IllegalMove, Move
from admin.tickets import Ticket
from admin.web import evidence
from admin.web.access import MEBIBYTE, Route
from admin.web.evidence import Unkept
from admin.web.questions import LONGEST, found, shown, unchanged
from admin.web.visit import Visit


async def answer(visit: Visit) -> web.StreamResponse:
    """Put an entry's answer into the box, show what the citizen will get, or send it."""
    press = visit.form.text("press")
    async with visit.read() as session:
        ticket = await found(visit, session)
        can_send = await reaches(session, ticket, visit.equipment.links)
    given = _given(visit, ticket, press)
    files: Sequence[Attachment] = ()
    try:
        files = await _files(visit, ticket, can_send=can_send)
        given = structs.replace(given, files=tuple(file.id for file in files[:MOST]))
        if press not in {"reply", "end"}:
            return await _looked_at(visit, ticket, given, press, files)
        is_told = await _sent(visit, given)
    except Unkept as error:
        fault = visit.say(error.key, **error.values)
        return await _refused(visit, fault, given, error.kept)
    except IllegalMove as error:
        return await _refused(visit, visit.say(error.key), given, files)
    where = visit.at("questions", ticket.number)
    raise visit.go(where, done="answered") if is_told else visit.go(where, done="answer_prepared")


async def _looked_at(
    visit: Visit, ticket: Ticket, given: Answer, press: str, files: Sequence[Attachment]
) -> web.StreamResponse:
    """The form again; what the citizen will read where that was asked for."""
    reply = desk.letter(visit.agency, ticket, given, ticket.language)
    is_asked = press == "preview" and given.words
    return await shown(visit, given=given, preview=reply if is_asked else None, uploads=files)


async def _refused(
    visit: Visit, fault: str, given: Answer, files: Sequence[Attachment]
) -> web.StreamResponse:
    return await shown(visit, status=422, fault=fault, failed="answer", given=given, uploads=files)


async def _files(visit: Visit, ticket: Ticket, *, can_send: bool) -> Sequence[Attachment]:
    """The files that go with the answer; raises IllegalMove where nobody would get them."""
    if visit.form.files("files"):
        desk.must_be_free(ticket, visit.officer)
        if not can_send:
            raise IllegalMove("refused.no_address")
    return await evidence.taken(visit, ticket, Move.REPLY)


async def _sent(visit: Visit, given: Answer) -> bool:
    """Whether the citizen is told by it; raises IllegalMove and then nothing holds."""
    async with visit.write() as session:
        ticket = await found(visit, session, locks=True)
        is_fresh = visit.form.text("version") == str(ticket.version)
        said = (Move.REPLY, visit.officer, given.words)
        if not (is_fresh or given.ends) and await just_said(session, ticket, *said):
            return True
        ticket = await unchanged(visit, session)
        return await desk.answer(
            session,
            visit.agency,
            ticket,
            given,
            officer=visit.officer,
            now=visit.now,
            links=visit.equipment.links,
        )


def _given(visit: Visit, ticket: Ticket, press: str) -> Answer:
    """What stands in the form, with the answer of an entry behind it if one was asked for."""
    words = visit.form.text("words", at_most=LONGEST)
    key = visit.form.text("use", at_most=40)
    entry = visit.agency.entry(key or visit.form.text("entry", at_most=40))
    if key and entry:
        answered = entry.answer.of(ticket.language)
        words = words if answered in words else "\n\n".join(filter(None, [words, answered]))
    may_end = desk.may_end(visit.agency, ticket, visit.officer)
    return Answer(words, entry, ends=press == "end" or (press == "preview" and may_end))


HERE = "/admin/{slug}/questions/{number}/answer"
ROUTES = (Route("POST", HERE, answer, HANDLERS, at_most=50 * MEBIBYTE),)
