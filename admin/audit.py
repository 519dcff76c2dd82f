"""The audit log: rows are only ever added, and each is chained to the one before it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import (
    Index,
    String,
    UniqueConstraint,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bot.db import Base, ConcurrentId

BEGINNING = "0" * 64
"""What the first row of a chain has in the place of the digest before it."""

CONTACT = "contact"
"""Who did it, where a citizen did: which one the matter's history says, and may forget."""
IS_RESET = text("what = 'staff.reset'")
"""SQLite uses a partial index only where the query says just this, without parameters."""


class AuditRow(Base):
    """Who did or saw what; the columns hold just the text that the digest was made of."""

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    agency: Mapped[str] = mapped_column(String(32))
    """Whose chain this is; the installation's own is named with no letter."""
    seq: Mapped[int] = mapped_column(ConcurrentId)
    at: Mapped[str] = mapped_column(String(27))
    actor: Mapped[str]
    what: Mapped[str]
    subject: Mapped[str]
    details: Mapped[str]
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        UniqueConstraint("agency", "seq"),
        Index("ix_audit_log_agency_subject", "agency", "subject"),
        Index(
            "ix_audit_log_resets", "agency", "at", sqlite_where=IS_RESET, postgresql_where=IS_RESET
        ),
    )


class AuditHead(Base):
    """The end of one chain, so that rows cut off there are missed; on PostgreSQL also its lock."""

    __tablename__ = "audit_heads"

    agency: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(ConcurrentId)
    digest: Mapped[str] = mapped_column(String(64))


COVERED = ("id", "agency", "seq", "at", "actor", "what", "subject", "details", "previous")
"""The columns that a digest is made of, in this order: all but the digest itself."""

_THIS = AuditHead.agency == bindparam("this")
_HEAD = select(
    AuditHead.seq,
    AuditHead.digest,
    select(func.coalesce(func.max(AuditRow.id), 0) + 1).scalar_subquery().label("id"),
).where(_THIS)
_locked = select(AuditHead.seq, AuditHead.digest).where(_THIS).with_for_update().cte("head")
_HEAD_LOCKED = select(  # the id is taken when the lock is held, so that ids follow the chain
    _locked.c.seq,
    _locked.c.digest,
    func.nextval(func.pg_get_serial_sequence(AuditRow.__tablename__, "id")).label("id"),
)
_GROW = update(AuditHead).where(_THIS)


def encoded(values: Sequence[Any]) -> bytes:
    """Values with their kind and length before each, so that no two rows are written alike."""
    parts = []
    for value in values:
        content = str(value).encode()
        parts.append(b"%b%d:%b," % (type(value).__name__.encode(), len(content), content))
    return b"".join(parts)


def digest_of(values: Sequence[Any]) -> str:
    """The digest of one row's values in the order of COVERED: SHA-256, in hexadecimal."""
    return sha256(encoded(values)).hexdigest()


def written(moment: datetime) -> str:
    """A moment as the log has it: UTC, to the microsecond, always as long."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


async def record(
    session: AsyncSession,
    *,
    agency: str,
    actor: str,
    what: str,
    subject: str,
    details: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Add one row to the agency's chain, in the transaction of what it tells of.

    On PostgreSQL the chain is locked until that transaction ends: call this last in it, and for the
    installation's chain ("") after the agency's.
    """
    connection = await session.connection()
    head = await _head(connection, agency)
    row = {
        "id": head.id,
        "agency": agency,
        "seq": head.seq + 1,
        "at": written(now),
        "actor": actor,
        "what": what,
        "subject": subject,
        "details": orjson.dumps(details or {}, option=orjson.OPT_SORT_KEYS).decode(),
        "previous": head.digest,
    }
    row["digest"] = digest_of([row[name] for name in COVERED])
    await connection.execute(insert(AuditRow), row)
    await connection.execute(_GROW.values(seq=row["seq"], digest=row["digest"]), {"this": agency})


async def _head(connection: AsyncConnection, agency: str) -> Any:
    """The end of the chain and the next row's id; on PostgreSQL it is ours from now on."""
    is_sqlite = connection.dialect.name == "sqlite"
    query = _HEAD if is_sqlite else _HEAD_LOCKED
    found = (await connection.execute(query, {"this": agency})).one_or_none()
    if found is not None:
        return found
    kind = sqlite if is_sqlite else postgresql
    first = kind.insert(AuditHead).values(agency=agency, seq=0, digest=BEGINNING)
    await connection.execute(first.on_conflict_do_nothing())
    return (await connection.execute(query, {"this": agency})).one()


async def rows_about(
    session: AsyncSession, agency: str, subject: str, *, limit: int
) -> Sequence[AuditRow]:
    """What the log says of one subject, latest first."""
    query = (
        select(AuditRow)
        .where(AuditRow.agency == agency, AuditRow.subject == subject)
        .order_by(AuditRow.seq.desc())
        .limit(limit)
    )
    return (await session.scalars(query)).all()
