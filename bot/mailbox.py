"""The mailbox: what a web chat's owner wrote and was answered, read from inbox and outbox."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.inbox import message_of
from bot.messages import InboundMessage, Reply
from bot.tables import ContactRow, EventRow, OutgoingRow, Progress


class Letter(msgspec.Struct, frozen=True):
    """One line of a conversation: what the citizen did, or what was replied."""

    id: int
    """The reply's number in the outbox; 0 for what the citizen did."""
    at: datetime
    said: InboundMessage | None = None
    reply: Reply | None = None


class Bells:
    """Wakes those who wait for new letters of a contact."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, set[asyncio.Event]] = {}
        self.is_over = False

    def end(self) -> None:
        """Nobody waits any more: the program stops."""
        self.is_over = True
        self.ring(list(self._waiting))

    def ring(self, contacts: Iterable[UUID]) -> None:
        """There is something new for these."""
        for contact in contacts:
            for bell in self._waiting.get(contact, ()):
                bell.set()

    @contextmanager
    def listening(self, contact: UUID) -> Iterator[asyncio.Event]:
        """What is set when there is something new, from now on."""
        bell = asyncio.Event()
        self._waiting.setdefault(contact, set()).add(bell)
        try:
            yield bell
        finally:
            self._waiting[contact].discard(bell)
            if not self._waiting[contact]:
                del self._waiting[contact]


async def is_rung(bell: asyncio.Event, seconds: float) -> bool:
    """Whether it was rung since the last time, or is within this time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):  # wait_for of 3.11 may swallow a cancellation
            await bell.wait()
    was_rung = bell.is_set()
    bell.clear()
    return was_rung


async def is_handled(connection: AsyncConnection, message: InboundMessage) -> int | None:
    """The event's number once it was handled, else None."""
    contact = message.contact
    query = select(EventRow.id).where(
        EventRow.agency == contact.agency,
        EventRow.channel == contact.channel,
        EventRow.event_id == message.event_id,
        EventRow.status != Progress.WAITING,
    )
    return await connection.scalar(query)


async def replies_to(connection: AsyncConnection, event: int, contact: UUID) -> Sequence[Letter]:
    """What was replied to one event."""
    return await _letters(connection, contact, OutgoingRow.cause_id == event)


async def since(connection: AsyncConnection, contact: UUID, after: int) -> Sequence[Letter]:
    """Replies written after that one."""
    return await _letters(connection, contact, OutgoingRow.id > after)


async def transcript(connection: AsyncConnection, contact: UUID, *, limit: int) -> Sequence[Letter]:
    """The last lines of a conversation, oldest first."""
    newest = (
        select(EventRow.payload, EventRow.received_at)
        .where(EventRow.contact_id == contact)
        .order_by(EventRow.id.desc())
        .limit(limit)
    )
    said = [
        Letter(0, row.received_at, said=message_of(row)) for row in await connection.execute(newest)
    ]
    replies = await _letters(connection, contact, OutgoingRow.id > 0, limit=limit)
    return sorted([*said, *replies], key=lambda letter: (letter.at, letter.id))[-2 * limit :]


async def language_of(connection: AsyncConnection, contact: UUID) -> str | None:
    """The language that was chosen in the conversation, if one was."""
    return await connection.scalar(select(ContactRow.language).where(ContactRow.id == contact))


async def _letters(
    connection: AsyncConnection, contact: UUID, which: object, *, limit: int = 50
) -> list[Letter]:
    query = (
        select(OutgoingRow.id, OutgoingRow.payload, OutgoingRow.done_at, OutgoingRow.due_at)
        .where(OutgoingRow.contact_id == contact, which)  # type: ignore[arg-type]
        .order_by(OutgoingRow.id.desc())
        .limit(limit)
    )
    return [
        Letter(
            row.id, row.done_at or row.due_at, reply=msgspec.convert(row.payload["reply"], Reply)
        )
        for row in reversed((await connection.execute(query)).all())
    ]
