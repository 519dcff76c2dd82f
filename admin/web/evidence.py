"""The files of a ticket: shown to who may see it, and added by who writes or prepares its end."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from aiohttp import web
from aiohttp.web import FileField
from sqlalchemy.ext.asyncio import AsyncSession

from admin import attachments, dossiers, signing
from admin.attachments import Attachment, Status
from admin.downloads import HEADERS, file_response
from admin.enclosures import MOST
from admin.media import Reason, Unfit
from admin.moves import Move, post_for, rule_of
from admin.thumbnails import thumbnail
from admin.tickets import Ticket
from admin.unpacking import unpacked
from admin.web.access import TICKET_STAFF, Route
from admin.web.forms import number_of, numbers_of, ticked
from admin.web.keeping import keep
from admin.web.tickets import found
from admin.web.visit import Visit

MOST_FILES = 10
"""Files of one draft."""
TAKEN: Final = {Move.PREPARE: MOST_FILES, Move.ASK: MOST, Move.REPLY: MOST}
"""The moves that files come with, and how many at once."""
FAULTS: Final = {Reason.TOO_BIG: "refused.file_big", Reason.KIND: "refused.file_kind"}


class Unkept(Exception):
    """A file of the form cannot be kept; `key` is the text that says why and what to do."""

    def __init__(self, key: str, kept: Sequence[Attachment], **values: object) -> None:
        super().__init__(key)
        self.key, self.kept, self.values = key, kept, values


async def taken(visit: Visit, ticket: Ticket, move: Move) -> Sequence[Attachment]:
    """The files of a form: those kept at an earlier try and still ticked, and new ones.

    New ones are kept now; each waits a day for words that need it. Raises IllegalMove for who may
    not make this move now, and Unkept, which tells of those files that were kept all the same.
    """
    fields = visit.form.files("files")
    try:
        async with visit.read() as session:
            earlier = await _own(visit, session, ticket, visit.form.texts("keep"))
        if not fields:
            return earlier
        rule = rule_of(move, ticket.status, kind=ticket.kind, by_citizen=False)
        post_for(rule, visit.officer, ticket.unit)
        return await _all_kept(visit, ticket, fields, earlier, most=TAKEN[move])
    finally:
        for field in fields:
            field.file.close()


async def _all_kept(
    visit: Visit,
    ticket: Ticket,
    fields: Sequence[FileField],
    earlier: Sequence[Attachment],
    *,
    most: int,
) -> Sequence[Attachment]:
    kept = [*earlier]
    room = max(0, most - len(numbers_of(visit.form.texts("keep"))))
    fault = Unkept("refused.many_files", kept, most=most) if len(fields) > room else None
    for field in fields[:room]:
        try:
            mark, subject = _mark(ticket, visit), f"ticket:{ticket.id}"
            kept.append(await keep(visit, field, mark=mark, subject=subject))
        except Unfit as unfit:
            key = FAULTS.get(unfit.reason, "refused.file_damaged")
            fault = Unkept(key, kept, name=field.filename[:80])
    if fault:
        raise fault
    return kept


async def carried(
    visit: Visit, session: AsyncSession, ticket: Ticket, path: str
) -> Sequence[Attachment]:
    """The files that were ticked in the form to this path when the login ended."""
    kept = visit.login.kept if visit.login else None
    return await _own(visit, session, ticket, ticked(kept, path, "keep"))


async def _own(
    visit: Visit, session: AsyncSession, ticket: Ticket, numbers: Sequence[str]
) -> Sequence[Attachment]:
    """Of these the visitor's own for this ticket, while they are kept."""
    rows = await attachments.of(session, numbers_of(numbers))
    mark = _mark(ticket, visit)
    return [row for row in rows if row.status == Status.KEPT and row.message_id == mark]


def _mark(ticket: Ticket, visit: Visit) -> str:
    """Whose file it is, and for which ticket: nobody else's can be put under a draft."""
    return f"ticket:{ticket.id}:{visit.officer.id}"


async def signed(
    session: AsyncSession, ticket: Ticket, visit: Visit, new: Sequence[Attachment]
) -> tuple[tuple[int, str], ...]:
    """The files that the reporter puts under a draft: those kept from the last, and new ones."""
    wanted = numbers_of(visit.form.texts("keep"))
    draft = await signing.latest_draft(session, ticket)
    before = {number for number, _ in draft.content.files} if draft else set()
    rows = await attachments.of(session, [*dict.fromkeys([*wanted, *(one.id for one in new)])])
    own = [
        row
        for row in rows
        if row.status == Status.KEPT
        and (row.id in before or row.message_id == _mark(ticket, visit))
    ]
    await attachments.hold(session, [row.id for row in own])
    return tuple((row.id, row.sha256 or "") for row in own[:MOST_FILES])


async def file(visit: Visit) -> web.StreamResponse:
    """A file of a ticket; a look at it, but for the small picture, is a row of the audit log."""
    number = number_of(visit.request.match_info["file"])
    is_small = visit.request.query.get("small") == "1"
    async with visit.read() as session:
        ticket = await found(visit, session)
        if number not in await dossiers.files_of(session, ticket):
            raise web.HTTPNotFound
        rows = await attachments.of(session, [number])
    row = rows[0] if rows else None
    if row is None or row.status != Status.KEPT or row.agency != visit.agency.slug:
        raise web.HTTPNotFound
    if is_small and row.is_picture:
        return await _small(visit, row)
    async with visit.write() as session:
        subject, details = f"ticket:{ticket.id}", {"attachment": row.id}
        await visit.record(session, "attachment.seen", subject, details)
    return await file_response(row, visit.equipment.files, download=not row.is_picture)


async def _small(visit: Visit, row: Attachment) -> web.StreamResponse:
    content = await visit.equipment.files.get(row.sha256 or "")
    if content is None:
        raise web.HTTPNotFound
    try:
        small = await unpacked(partial(thumbnail, content))
    except OSError:
        raise web.HTTPNotFound from None
    return web.Response(body=small, content_type="image/jpeg", headers=HEADERS)


ROUTES = (Route("GET", "/admin/{slug}/tickets/{number}/files/{file}", file, TICKET_STAFF),)
