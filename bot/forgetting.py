"""Forgetting: a message taken back leaves nothing but the fact that there was one."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from html import unescape
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bot.db import Base
from bot.inbox import message_of
from bot.messages import InboundMessage, Kind
from bot.tables import ContactRow, EventRow, OutgoingRow

_AT_ONCE = 2_000
A_PIECE = 4
"""Letters from which on what stands between two spaces is looked for; less is in every reply.

A message without any such piece is looked for as a whole: as a line, a quotation, a row's value.
"""
AN_END = 20
"""Letters of a long one that are looked for, at either end: a reply may be cut in two."""
TEXTS = frozenset({"text", "altText"})
"""Where the words of a request stand, on every platform."""
GONE = "…"
"""What stands there afterwards: no platform takes an empty text."""
Parting = Callable[[AsyncConnection, Sequence[UUID]], Awaitable[None]]


async def forget(
    session: AsyncSession, contact_id: UUID, message_id: str, *, but: str | None = None
) -> None:
    """Blank what was kept of a message, except the event named in `but` (an edit's own).

    So are replies that repeat it, as the preview of a report does.
    """
    query = select(EventRow).where(
        EventRow.contact_id == contact_id, EventRow.message_id == message_id
    )
    events = (await session.scalars(query.order_by(EventRow.id))).all()
    stays = [message_of(event).text or "" for event in events if event.event_id == but]
    gone = [event for event in events if event.event_id != but]
    pieces = {piece for event in gone for piece in _pieces(message_of(event))}
    if said := {piece for piece in pieces if not any(piece in text for text in stays)}:
        await _forget_replies(session, contact_id, gone[0].id, said)
    for event in gone:
        event.payload = _blank(message_of(event))


def _pieces(message: InboundMessage) -> Iterator[str]:
    """What a reply repeats of a message: a name without its number, a long text's beginning."""
    place = message.place
    named = (place.title, place.address, f"{place.latitude:.5f}") if place else ()
    for words in filter(None, (message.text, *named)):
        pieces = [piece for piece in words.split() if len(piece) >= A_PIECE]
        for piece in pieces:
            yield from (piece[:AN_END], piece[-AN_END:])
        if not pieces and (whole := words.strip()):
            yield from (f"\n{whole}\n", f"“{whole}”", f": {whole}\n")


async def _forget_replies(
    session: AsyncSession, contact_id: UUID, since: int, pieces: Collection[str]
) -> None:
    """Blank what was replied to that event and later ones, and has one of these in it."""
    query = select(OutgoingRow.id, OutgoingRow.payload).where(
        OutgoingRow.contact_id == contact_id, OutgoingRow.cause_id >= since
    )
    for row in (await session.execute(query)).all():
        left = _without(row.payload, pieces)
        if left != row.payload:
            change = update(OutgoingRow).where(OutgoingRow.id == row.id)
            await session.execute(change.values(payload=left))


def _without(payload: Any, pieces: Collection[str]) -> Any:
    """The same request without any text that has one of these in it, as it is sent or read."""
    if isinstance(payload, list):
        return [_without(each, pieces) for each in payload]
    if isinstance(payload, dict):
        return {
            key: GONE if key in TEXTS and _has(value, pieces) else _without(value, pieces)
            for key, value in payload.items()
        }
    return payload


def _has(text: Any, pieces: Collection[str]) -> bool:
    return isinstance(text, str) and any(piece in f"\n{unescape(text)}\n" for piece in pieces)


def _blank(message: InboundMessage) -> dict[str, object]:
    contact = message.contact
    return {
        "contact": {
            "agency": contact.agency,
            "channel": contact.channel,
            "address": contact.address,
        },
        "event_id": message.event_id,
        "kind": Kind.UNSEND,
        "order": message.order,
    }


async def expire(
    connection: AsyncConnection,
    before: datetime,
    *,
    needed: Iterable[ColumnElement[bool]] = (),
    parting: Parting | None = None,
) -> int:
    """Delete some of what was handled before then, and contacts not seen since; counts rows.

    With a contact goes all that is left of it; what stays is parted from it by `parting`. `needed`
    says of contacts why they stay all the same, as while somebody waits for an answer.
    """
    unfinished = exists().where(
        OutgoingRow.contact_id == ContactRow.id, OutgoingRow.done_at.is_(None)
    )
    waiting = exists().where(EventRow.contact_id == ContactRow.id, EventRow.done_at.is_(None))
    stay = [~condition for condition in needed]
    old: tuple[tuple[type[Base], ColumnElement[bool]], ...] = (
        (OutgoingRow, OutgoingRow.done_at < before),
        (EventRow, EventRow.done_at < before),
        (ContactRow, and_(ContactRow.seen_at < before, ~unfinished, ~waiting, *stay)),
    )
    gone = 0
    for table, condition in old:
        key = table.__table__.c.id
        some = select(key).where(condition).limit(_AT_ONCE).with_for_update(skip_locked=True)
        found = (await connection.scalars(some)).all()
        if table is ContactRow and parting:
            await parting(connection, found)
        gone += (await connection.execute(delete(table).where(key.in_(found)))).rowcount
    return gone
