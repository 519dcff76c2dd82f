"""One turn: an event's flow, its new state, its replies and its end, in one transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bot import outbox
from bot.channels.channel import Channel
from bot.db import Database, Moment
from bot.heads import Head, heads_of
from bot.messages import InboundMessage, Kind, Reply
from bot.tables import ContactRow, EventRow, OutgoingRow, Progress, account_of

Handle = Callable[
    [AsyncSession, ContactRow, InboundMessage, Any, datetime], Awaitable[Sequence[Reply]]
]
"""Runs the flow: changes the contact's state, and says what to reply."""
Apologise = Callable[[InboundMessage], Sequence[Reply]]

_EVENTS: Any = EventRow.__table__
_END = (
    update(_EVENTS)
    .where(_EVENTS.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        status=bindparam("new_status"),
        fault=bindparam("new_fault"),
        done_at=bindparam("now", type_=Moment()),
    )
)
_COUNT = (
    update(_EVENTS)
    .where(
        _EVENTS.c.id.in_(bindparam("ids", expanding=True)),
        _EVENTS.c.due_at < bindparam("before", type_=Moment()),
    )
    .values(attempts=_EVENTS.c.attempts + 1, due_at=bindparam("now", type_=Moment()))
)
_CONTACTS = select(ContactRow).where(ContactRow.id.in_(bindparam("ids", expanding=True)))
_LOCKED_CONTACTS = _CONTACTS.with_for_update(skip_locked=True, key_share=True)
"""Until the end nobody else gets these contacts; new events for them can still be kept."""
_OUTGOING = insert(OutgoingRow.__table__)  # type: ignore[arg-type]


class FlowFault(Exception):
    """A flow met a fault of a file or a socket of its own: not the database's."""


class Turns:
    """Commits what flows decide."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        *,
        handle: Handle,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._channels = channels
        self._handle = handle
        self._clock = clock

    async def commit(self, heads: Sequence[Head], prepared: Mapping[int, Any]) -> list[Head]:
        """Run the flows of these heads; returns those that were still ours to do."""
        now = self._clock()
        done: list[Head] = []
        requests: list[dict[str, Any]] = []
        async with self._database.session() as session:
            rows = await self._locked(session, [head.contact_id for head in heads])
            current = await self._current(session, heads, rows)
            for head in heads:
                if head.id in current:
                    contact = rows[head.contact_id]
                    replies = await self._run(session, contact, head, prepared[head.id], now)
                    requests += self._requests(contact, head, replies, now)
                    done.append(current[head.id])
            await session.flush()
            await self._finish(await session.connection(), done, requests, now=now)
        return done

    async def _current(
        self, session: AsyncSession, heads: Sequence[Head], rows: Mapping[UUID, ContactRow]
    ) -> dict[int, Head]:
        """What still waits, now that nobody else can touch it; on SQLite nobody else could."""
        if self._database.is_sqlite:
            return {head.id: head for head in heads if head.contact_id in rows}
        found = await heads_of(await session.connection(), list(rows))
        return {head.id: head for head in found}

    async def _locked(
        self, session: AsyncSession, contacts: Sequence[UUID]
    ) -> dict[UUID, ContactRow]:
        query = _CONTACTS if self._database.is_sqlite else _LOCKED_CONTACTS
        return {row.id: row for row in await session.scalars(query, {"ids": list(contacts)})}

    async def _run(
        self, session: AsyncSession, contact: ContactRow, head: Head, prepared: Any, now: datetime
    ) -> Sequence[Reply]:
        try:
            if isinstance(prepared, Exception):
                raise prepared
            replies = await self._handle(session, contact, head.message, prepared, now)
        except OSError as error:  # the database's connection is open by now
            raise FlowFault(type(error).__name__) from error
        contact.seen_at = now
        if head.message.kind not in (Kind.LEAVE, Kind.UNSEND):  # who writes has come back
            contact.blocked = head.message.kind is Kind.UNFOLLOW
        return replies

    def _requests(
        self, contact: ContactRow, head: Head, replies: Sequence[Reply], now: datetime
    ) -> list[dict[str, Any]]:
        channel = self._channels.get(account_of(contact.agency, contact.channel))
        if channel is None or not (replies or head.message.handle):
            return []
        return outbox.requests(
            contact.contact,
            channel.plan(replies, head.message, head.received_at),
            cause_id=head.id,
            received_at=head.received_at,
            now=now,
            mailbox=channel.is_mailbox,
        )

    async def _finish(
        self,
        connection: AsyncConnection,
        done: Sequence[Head],
        requests: list[dict[str, Any]],
        *,
        now: datetime,
        status: Progress = Progress.DONE,
        fault: str | None = None,
    ) -> None:
        if requests:
            await connection.execute(_OUTGOING, requests)
        if done:
            ids = [head.id for head in done]
            values = {"ids": ids, "new_status": status, "new_fault": fault, "now": now}
            await connection.execute(_END, values)
        if not self._database.is_sqlite:  # the account's sender may be another replica
            await outbox.announce(connection, {request["account"] for request in requests})

    async def count(self, events: Sequence[int], before: datetime) -> None:
        """Count one more attempt at those of these that nobody has counted or tried since then."""
        async with self._database.write() as connection:
            values = {"ids": list(events), "before": before, "now": self._clock()}
            await connection.execute(_COUNT, values)

    async def postpone(self, head: Head, attempts: int, fault: str, pause: timedelta) -> None:
        """Try this one again later; its contact waits."""
        async with self._database.write() as connection:
            await connection.execute(
                update(EventRow)
                .where(EventRow.id == head.id)
                .values(attempts=attempts, fault=fault, due_at=self._clock() + pause)
            )

    async def set_aside(self, head: Head, fault: str, apologise: Apologise) -> list[Head]:
        """End an event that cannot be handled, with an apology; empty if it was not ours to end."""
        now = self._clock()
        async with self._database.session() as session:
            rows = await self._locked(session, [head.contact_id])
            current = await self._current(session, [head], rows)
            done = [current[head.id]] if head.id in current else []
            requests: list[dict[str, Any]] = []
            if done:
                replies = apologise(head.message)
                requests = self._requests(rows[head.contact_id], head, replies, now)
            connection = await session.connection()
            aside = Progress.SET_ASIDE
            await self._finish(connection, done, requests, now=now, status=aside, fault=fault)
        return done
