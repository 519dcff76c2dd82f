"""The queue of files to fetch: who takes what, and what became of it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from admin.attachments import Attachment, Status, safe_name
from admin.pictures import Fit
from bot.files import FileStore

LEASE = timedelta(minutes=3)
"""How long a fetch may take; then another process may begin it anew."""


async def claim(
    session: AsyncSession, now: datetime, *, full: Collection[str], limit: int
) -> Sequence[Attachment]:
    """Take what is due, except of accounts that have no room, for as long as the lease lasts."""
    query = (
        select(Attachment)
        .where(Attachment.due_at <= now, Attachment.account.not_in(full))
        .order_by(Attachment.due_at, Attachment.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (await session.scalars(query)).all()
    for row in taken:
        row.due_at = now + LEASE
        row.attempts += 1
    return taken


async def resume(connection: AsyncConnection, now: datetime) -> None:
    """After the end of the only process there is, what it had taken is due."""
    unfinished = Attachment.due_at > now
    await connection.execute(update(Attachment).where(unfinished).values(due_at=now))


async def next_due(connection: AsyncConnection) -> datetime | None:
    """When there is next something to do."""
    return await connection.scalar(
        select(func.min(Attachment.due_at)).where(Attachment.due_at.is_not(None))
    )


async def settle(session: AsyncSession, taken: Attachment, **values: object) -> bool:
    """Write down what became of a fetch, unless it is not ours any more or was forgotten."""
    result = await session.execute(
        update(Attachment)
        .where(
            Attachment.id == taken.id,
            Attachment.attempts == taken.attempts,
            Attachment.status == taken.status,
        )
        .values(**values)
    )
    return bool(getattr(result, "rowcount", 0))


def kept(found: Fit, digest: str, now: datetime) -> dict[str, Any]:
    """What to write down of a file that is kept."""
    latitude, longitude = found.place or (None, None)
    return {
        "status": Status.KEPT,
        "due_at": None,
        "size": len(found.content),
        "media_type": found.media_type,
        "sha256": digest,
        "latitude": latitude,
        "longitude": longitude,
        "kept_at": now,
    }


async def add(
    session: AsyncSession,
    store: FileStore,
    found: Fit,
    *,
    account: str,
    kind: str,
    name: str | None,
    now: datetime,
    contact_id: UUID | None = None,
    message_id: str | None = None,
) -> Attachment:
    """A file that is here already, as from the web chat or from staff.

    Put its content before the transaction begins: then nobody waits for the disk in it.
    """
    digest = sha256(found.content).hexdigest()
    await lock(session, digest)
    if not await store.has(digest):
        await store.put(found.content)
    row = Attachment(
        agency=account.partition("/")[0],
        contact_id=contact_id,
        account=account,
        platform_id="",
        message_id=message_id,
        kind=kind,
        name=safe_name(name),
        received_at=now,
        **kept(found, digest, now),
    )
    session.add(row)
    await session.flush()
    return row


async def lock(session: AsyncSession, digest: str) -> None:
    """Until the end nobody else adds or takes away this content; on SQLite nobody could anyway."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(int(digest[:15], 16))))


async def is_used(session: AsyncSession, digest: str) -> bool:
    """Whether a file with this content is kept."""
    query = select(Attachment.id).where(
        Attachment.sha256 == digest, Attachment.status == Status.KEPT
    )
    return await session.scalar(query.limit(1)) is not None


async def known(connection: AsyncConnection, digests: Sequence[str]) -> set[str]:
    """Which of these contents belong to a row."""
    query = select(Attachment.sha256).where(Attachment.sha256.in_(digests))
    return {digest for digest in await connection.scalars(query) if digest}
