"""The outbox: requests to platforms, written in the transaction that caused them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    Integer,
    Subquery,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from bot.db import Moment
from bot.messages import Call, Contact
from bot.tables import ContactRow, OutgoingRow, Posting, account_of

CHANNEL = "thamdai_outbox"
"""PostgreSQL's notification channel."""
UNKNOWN = "unknown"
"""The fault of a request that may have arrived, and is not made again."""
CANCELLED = "cancelled"
"""The fault of a request that was called back before it went out."""
KEY_LIVES = timedelta(hours=23)
"""LINE knows a retry key for a day (L13); a request tried before that is not made again."""


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


def request_to_many(
    account: str,
    payload: dict[str, object],
    addresses: Sequence[str],
    *,
    key: UUID,
    bulk: UUID,
    now: datetime,
) -> dict[str, Any]:
    """The row of one request that goes to many at once."""
    return {
        "key": key,
        "contact_id": None,
        "account": account,
        "address": "",
        "bulk": bulk,
        "payload": {**payload, "to": list(addresses)},
        "status": Posting.PENDING,
        "attempts": 0,
        "received_at": now,
        "due_at": now,
    }


async def announce(connection: AsyncConnection, accounts: Iterable[str]) -> None:
    """Tell the senders of these accounts, once this transaction is committed (PostgreSQL)."""
    for account in sorted(accounts):
        await connection.execute(select(func.pg_notify(CHANNEL, account)))


def _is_first() -> ColumnElement[bool]:
    """Nothing older waits for this contact; an answer does not wait for what goes to many."""
    earlier = aliased(OutgoingRow)
    return ~exists().where(
        earlier.contact_id == OutgoingRow.contact_id,
        earlier.id < OutgoingRow.id,
        earlier.done_at.is_(None),
        or_(earlier.bulk.is_(None), OutgoingRow.bulk.is_not(None)),
    )


def _waiting(*, many: bool) -> Subquery:
    """What is due of one kind, the longest due first: read off that kind's own index."""
    query = (
        select(
            OutgoingRow.id,
            OutgoingRow.key,
            OutgoingRow.contact_id,
            OutgoingRow.account,
            OutgoingRow.address,
            OutgoingRow.bulk,
            OutgoingRow.payload,
            OutgoingRow.attempts,
            OutgoingRow.received_at,
        )
        .where(
            OutgoingRow.account.in_(bindparam("many" if many else "accounts", expanding=True)),
            OutgoingRow.done_at.is_(None),
            OutgoingRow.bulk.is_not(None) if many else OutgoingRow.bulk.is_(None),
            OutgoingRow.status == Posting.PENDING,
            OutgoingRow.due_at <= bindparam("now", type_=Moment()),
            _is_first(),
        )
        .order_by(OutgoingRow.due_at, OutgoingRow.id)
        .limit(bindparam("limit", type_=Integer()))
    )
    return query.subquery()


_DUE = union_all(select(_waiting(many=False)), select(_waiting(many=True)))
"""Building it costs more than running it."""


async def due(
    connection: AsyncConnection,
    accounts: Sequence[str],
    now: datetime,
    limit: int,
    *,
    bulk: Sequence[str] = (),
) -> list[Any]:
    """What can be sent now: of each contact only the oldest, so that order is kept.

    Answers first; what goes to many only from the accounts in `bulk`.
    """
    values = {"accounts": list(accounts), "many": list(bulk), "now": now, "limit": limit}
    rows = (await connection.execute(_DUE, values)).all()
    return sorted(rows, key=lambda row: row.bulk is not None)[:limit]


_REQUESTS: Any = OutgoingRow.__table__
_MARK_SENDING = (
    update(_REQUESTS)
    .where(
        _REQUESTS.c.id.in_(bindparam("ids", expanding=True)),
        _REQUESTS.c.status == Posting.PENDING,
    )
    .values(
        status=Posting.SENDING,
        attempts=_REQUESTS.c.attempts + 1,
        tried_at=func.coalesce(_REQUESTS.c.tried_at, bindparam("now", type_=Moment())),
    )
    .returning(_REQUESTS.c.id)
)


async def mark_sending(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> set[int]:
    """From here on a crash leaves it unknown whether these arrived; returns which may go.

    One that was held back meanwhile may not.
    """
    return set(await connection.scalars(_MARK_SENDING, {"ids": list(ids), "now": now}))


async def recover(
    connection: AsyncConnection, account: str, now: datetime, *, is_repeatable: bool
) -> int:
    """Requests left unknown by a sender that is gone wait again; returns how many.

    Where it cannot be repeated without arriving twice, what goes to many stays unknown; so does
    what was tried so long ago that the platform knows its key no more.
    """
    mine = and_(_REQUESTS.c.account == account, _REQUESTS.c.done_at.is_(None))
    left = update(_REQUESTS).where(mine, _REQUESTS.c.status == Posting.SENDING)
    ended = {"status": Posting.FAILED, "done_at": now}
    many = _REQUESTS.c.bulk.is_not(None)
    if is_repeatable:
        tried = update(_REQUESTS).where(mine, many, _REQUESTS.c.tried_at < now - KEY_LIVES)
        await connection.execute(tried.values(fault=UNKNOWN, **ended))
        held = left.where(_REQUESTS.c.held.is_(True))
        await connection.execute(held.values(fault=CANCELLED, **ended))
    else:
        await connection.execute(left.where(many).values(fault=UNKNOWN, **ended))
    result = await connection.execute(left.values(status=Posting.PENDING))
    return result.rowcount


_SETTLE = (
    update(_REQUESTS)
    .where(
        _REQUESTS.c.id == bindparam("row"),
        or_(_REQUESTS.c.done_at.is_(None), bindparam("status") != Posting.PENDING),
    )
    .values(
        status=bindparam("status"),
        fault=bindparam("fault"),
        due_at=bindparam("due_at"),
        done_at=bindparam("done_at"),
    )
)


async def settle(connection: AsyncConnection, results: Sequence[dict[str, Any]]) -> None:
    """Write down what became of requests: row, status, fault, due_at, done_at each.

    What somebody else has ended meanwhile does not wait again.
    """
    await connection.execute(_SETTLE, list(results))
    if again := [each["row"] for each in results if each["status"] == Posting.PENDING]:
        held = update(_REQUESTS).where(
            _REQUESTS.c.id.in_(again),
            _REQUESTS.c.held.is_(True),
            _REQUESTS.c.status == Posting.PENDING,
        )
        ended = {"fault": CANCELLED, "done_at": _REQUESTS.c.due_at}
        await connection.execute(held.values(status=Posting.FAILED, **ended))


async def hold_back(connection: AsyncConnection, bulk: UUID, now: datetime) -> None:
    """What has not gone out of this does not go out; what is being sent is not tried again."""
    left = update(_REQUESTS).where(_REQUESTS.c.bulk == bulk, _REQUESTS.c.done_at.is_(None))
    waits = _REQUESTS.c.status == Posting.PENDING
    ended = {"status": Posting.FAILED, "fault": CANCELLED, "done_at": now}
    each = {name: case((waits, value), else_=_REQUESTS.c[name]) for name, value in ended.items()}
    await connection.execute(left.values(held=True, **each))  # in one: a sender may begin meanwhile


async def spare(connection: AsyncConnection, contact_id: UUID) -> None:
    """What goes to many, and was never tried for this contact, waits for no sender any more."""
    mine = update(_REQUESTS).where(
        _REQUESTS.c.contact_id == contact_id,
        _REQUESTS.c.bulk.is_not(None),
        _REQUESTS.c.status == Posting.PENDING,
        _REQUESTS.c.tried_at.is_(None),
    )
    ended = {"fault": CANCELLED, "done_at": _REQUESTS.c.due_at}
    await connection.execute(mine.values(status=Posting.FAILED, **ended))


async def is_open(connection: AsyncConnection, bulks: Sequence[UUID]) -> bool:
    """Whether anything of these is still to be sent, or being sent."""
    query = select(OutgoingRow.id).where(OutgoingRow.bulk.in_(bulks), OutgoingRow.done_at.is_(None))
    return (await connection.execute(query.limit(1))).first() is not None


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
