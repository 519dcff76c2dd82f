"""The outbox: requests to platforms, written in the transaction that caused them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Executable, Integer, bindparam, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from bot.db import Moment
from bot.messages import Call, Contact
from bot.tables import ContactRow, OutgoingRow, Posting, account_of

CHANNEL = "thamdai_outbox"
"""PostgreSQL's notification channel."""


def requests(
    contact: Contact,
    payloads: Iterable[dict[str, object]],
    *,
    now: datetime,
    cause_id: int | None = None,
    received_at: datetime | None = None,
    mailbox: bool = False,
) -> list[dict[str, Any]]:
    """Rows for planned requests. A mailbox is read by its owner: nothing has to be sent."""
    return [
        {
            "key": uuid4(),
            "contact_id": contact.id,
            "account": account_of(contact.agency, contact.channel),
            "address": contact.address,
            "cause_id": cause_id,
            "payload": payload,
            "status": Posting.SENT if mailbox else Posting.PENDING,
            "attempts": 0,
            "received_at": received_at or now,
            "due_at": now,
            "done_at": now if mailbox else None,
        }
        for payload in payloads
    ]


async def announce(connection: AsyncConnection, accounts: Iterable[str]) -> None:
    """Tell the senders of these accounts, once this transaction is committed (PostgreSQL)."""
    for account in sorted(accounts):
        await connection.execute(select(func.pg_notify(CHANNEL, account)))


def _is_first() -> ColumnElement[bool]:
    earlier = aliased(OutgoingRow)
    return ~exists().where(
        earlier.contact_id == OutgoingRow.contact_id,
        earlier.id < OutgoingRow.id,
        earlier.done_at.is_(None),
    )


def _due_query() -> Executable:
    return (
        select(
            OutgoingRow.id,
            OutgoingRow.key,
            OutgoingRow.contact_id,
            OutgoingRow.account,
            OutgoingRow.address,
            OutgoingRow.payload,
            OutgoingRow.attempts,
            OutgoingRow.received_at,
        )
        .where(
            OutgoingRow.account.in_(bindparam("accounts", expanding=True)),
            OutgoingRow.done_at.is_(None),
            OutgoingRow.status == Posting.PENDING,
            OutgoingRow.due_at <= bindparam("now", type_=Moment()),
            _is_first(),
        )
        .order_by(OutgoingRow.id)
        .limit(bindparam("limit", type_=Integer()))
    )


_DUE = _due_query()  # building it costs more than running it
_NEXT_DUE = select(func.min(OutgoingRow.due_at)).where(
    OutgoingRow.account.in_(bindparam("accounts", expanding=True)),
    OutgoingRow.done_at.is_(None),
    OutgoingRow.status == Posting.PENDING,
    _is_first(),
)


async def due(
    connection: AsyncConnection, accounts: Sequence[str], now: datetime, limit: int
) -> list[Any]:
    """What can be sent now: of each contact only the oldest, so that order is kept."""
    values = {"accounts": list(accounts), "now": now, "limit": limit}
    return list((await connection.execute(_DUE, values)).all())


async def next_due(connection: AsyncConnection, accounts: Sequence[str]) -> datetime | None:
    """When the next request that waits for nothing but its time is due."""
    return await connection.scalar(_NEXT_DUE, {"accounts": list(accounts)})


_REQUESTS: Any = OutgoingRow.__table__
_MARK_SENDING = (
    update(_REQUESTS)
    .where(_REQUESTS.c.id.in_(bindparam("ids", expanding=True)))
    .values(status=Posting.SENDING, attempts=_REQUESTS.c.attempts + 1)
)


async def mark_sending(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """From here on a crash leaves it unknown whether these arrived."""
    await connection.execute(_MARK_SENDING, {"ids": list(ids)})


async def recover(connection: AsyncConnection, account: str) -> int:
    """Requests left unknown by a sender that is gone wait again; returns how many."""
    result = await connection.execute(
        update(OutgoingRow)
        .where(OutgoingRow.account == account, OutgoingRow.status == Posting.SENDING)
        .values(status=Posting.PENDING)
    )
    return result.rowcount


_SETTLE = (
    update(_REQUESTS)
    .where(_REQUESTS.c.id == bindparam("row"))
    .values(
        status=bindparam("status"),
        fault=bindparam("fault"),
        due_at=bindparam("due_at"),
        done_at=bindparam("done_at"),
    )
)


async def settle(connection: AsyncConnection, results: Sequence[dict[str, Any]]) -> None:
    """Write down what became of requests: row, status, fault, due_at, done_at each."""
    await connection.execute(_SETTLE, list(results))


async def block(connection: AsyncConnection, contact_ids: Sequence[UUID], now: datetime) -> None:
    """Nothing more is sent to contacts that blocked us, nor what still waits for them."""
    await connection.execute(
        update(ContactRow).where(ContactRow.id.in_(contact_ids)).values(blocked=True)
    )
    await connection.execute(
        update(OutgoingRow)
        .where(OutgoingRow.contact_id.in_(contact_ids), OutgoingRow.status == Posting.PENDING)
        .values(status=Posting.FAILED, fault="blocked", done_at=now)
    )


def call_of(row: Any) -> Call:
    """The request that a row keeps."""
    return Call(row.payload, row.key, row.attempts, row.received_at, row.address)


def backoff(attempts: int, jitter: float) -> timedelta:
    """How long to wait after so many failures: doubling from 0.5 s to 5 min, half of it jitter."""
    ceiling = min(300.0, 0.5 * 2 ** (attempts - 1))
    return timedelta(seconds=ceiling / 2 + jitter * ceiling / 2)
