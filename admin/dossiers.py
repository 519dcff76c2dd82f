"""Everything about one ticket that whoever handles it has to see, read at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import attachments, logbook, signing
from admin.attachments import Attachment
from admin.followers import Follower
from admin.logbook import Line, LogLine
from admin.moves import Move
from admin.signing import Draft, Signature
from admin.staff import Staff
from admin.telling import CITIZEN_READS
from admin.tickets import Ticket


class Said(Struct, frozen=True):
    """Words that citizen and staff have both read."""

    at: datetime
    what: str
    text: str
    staff_id: int | None = None
    """Who of the staff wrote it; None where the citizen did."""
    attachments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Dossier:
    """A ticket with all that belongs to it."""

    ticket: Ticket
    lines: Sequence[LogLine]
    drafts: Sequence[Draft]
    """Newest first."""
    signatures: Sequence[Signature]
    files: Mapping[int, Attachment]
    names: Mapping[int, str]
    """Of everybody of the staff who had to do with it."""
    joined: Sequence[Ticket]
    """The tickets that were joined to this one."""
    joined_to: Ticket | None
    followers: int
    """How many are told of it in their chat."""

    @property
    def draft(self) -> Draft | None:
        """The draft that counts."""
        return self.drafts[0] if self.drafts else None

    @property
    def conversation(self) -> list[Said]:
        """The words of both sides after the first, oldest first."""
        return [said for line in self.lines if (said := self._said(line))]

    def _said(self, line: LogLine) -> Said | None:
        text = line.text or ""
        if line.what == Move.CLOSE:
            text = self._closing_words(line)
        elif not (line.contact_id or line.what in CITIZEN_READS):
            return None
        if line.what == Line.OPENED or not (text or line.attachments):
            return None
        by = None if line.contact_id else line.staff_id
        return Said(line.at, line.what, text, by, tuple(line.attachments))

    def _closing_words(self, line: LogLine) -> str:
        """What the draft said that was in force when it was closed."""
        found = (draft.content.reason for draft in self.drafts if draft.at <= line.at)
        return next(found, "")


async def dossier(session: AsyncSession, ticket: Ticket) -> Dossier:
    """Read a ticket's whole story."""
    lines = await logbook.lines(session, ticket)
    drafts = await _drafts(session, ticket)
    signatures = await signing.signatures(session, ticket)
    files = await attachments.of(session, sorted(set(_files(ticket, lines, drafts))))
    people = {line.staff_id for line in lines} | {draft.staff_id for draft in drafts}
    joined = select(Ticket).where(Ticket.joined_to == ticket.id).order_by(Ticket.id).limit(100)
    told = select(func.count()).select_from(Follower).where(Follower.ticket_id == ticket.id)
    return Dossier(
        ticket=ticket,
        lines=lines,
        drafts=drafts,
        signatures=signatures,
        files={file.id: file for file in files},
        names=await _names(session, people | {ticket.locked_by}),
        joined=(await session.scalars(joined)).all(),
        joined_to=await session.get(Ticket, ticket.joined_to) if ticket.joined_to else None,
        followers=await session.scalar(told) or 0,
    )


async def files_of(session: AsyncSession, ticket: Ticket) -> set[int]:
    """The files that belong to a ticket: the citizen's, and those of every draft."""
    lines = await logbook.lines(session, ticket)
    return set(_files(ticket, lines, await _drafts(session, ticket)))


def _files(ticket: Ticket, lines: Sequence[LogLine], drafts: Sequence[Draft]) -> Iterator[int]:
    yield from ticket.attachments
    for line in lines:
        yield from line.attachments
    for draft in drafts:
        yield from (file for file, _ in draft.content.files)


async def _drafts(session: AsyncSession, ticket: Ticket) -> Sequence[Draft]:
    query = select(Draft).where(Draft.ticket_id == ticket.id)
    return (await session.scalars(query.order_by(Draft.version.desc()))).all()


async def _names(session: AsyncSession, people: set[int | None]) -> Mapping[int, str]:
    query = select(Staff.id, Staff.name).where(Staff.id.in_(people - {None}))
    return {row.id: row.name for row in await session.execute(query)}
