"""Files that citizens and staff send: what was kept of them, and what still has to be fetched."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin.media import EXTENSIONS, PICTURES, Reason
from bot.db import Base, ConcurrentId
from bot.messages import InboundMessage
from bot.tables import account_of
from knowledge.masking import mask

PLACE_FOR = timedelta(days=2)
"""How long a picture's place is kept apart: a report left open is forgotten after a day."""
ALONE_FOR = timedelta(days=1)
"""How long a file is kept that belongs to nobody's conversation and to no ticket."""
MOST = 20
"""Files of one matter up to which who brought it may add more."""
LONGEST_NAME = 80
OWN = "web"
"""The channel whose files are kept before their message comes."""


class Status(StrEnum):
    """Where a file stands."""

    WAITING = "waiting"
    KEPT = "kept"
    REFUSED = "refused"
    FAILED = "failed"
    FORGOTTEN = "forgotten"


class Attachment(Base):
    """One file that somebody sent."""

    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    agency: Mapped[str] = mapped_column(String(32))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    """Who sent it; None where staff did, or where the conversation is forgotten by now."""
    account: Mapped[str] = mapped_column(String(52))
    """Agency and channel, as `agency/channel`."""
    platform_id: Mapped[str]
    message_id: Mapped[str | None] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str | None] = mapped_column(String(LONGEST_NAME))
    """As sent, made harmless, numbers of people masked: a citizen's word all the same."""
    status: Mapped[Status] = mapped_column(String(16), default=Status.WAITING)
    reason: Mapped[Reason | None] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    """When there is next something to do with it: fetch it, or take away what was forgotten."""
    size: Mapped[int | None]
    """Bytes, as kept."""
    media_type: Mapped[str | None] = mapped_column(String(80))
    sha256: Mapped[str | None] = mapped_column(String(64))
    """Of the content as it is kept, not as it was sent."""
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    """Where a picture was taken. For the flow to ask about; gone after PLACE_FOR."""
    held: Mapped[bool] = mapped_column(default=False)
    """Whether a ticket needs it: then it outlives its conversation."""
    received_at: Mapped[datetime]
    kept_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_attachments_due_at",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_attachments_contact_message", "contact_id", "message_id"),
        Index("ix_attachments_sha256", "sha256"),
        Index("ix_attachments_received_at", "received_at"),
    )

    @property
    def is_picture(self) -> bool:
        """Whether a page may show it: it was written anew by ourselves."""
        return self.media_type in PICTURES

    @property
    def place(self) -> tuple[float, float] | None:
        """Latitude and longitude where a picture was taken, while that is known."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude

    @property
    def download_name(self) -> str:
        """What the file is called where it is saved; it ends as its content is, not as sent."""
        ending = EXTENSIONS.get(self.media_type or "", "bin")
        stem = (self.name or "").rpartition(".")[0] or self.name or f"{self.kind}-{self.id}"
        return f"{stem}.{ending}"


_UNSAFE = re.compile(r'[<>:"/\\|?*%\s]+')


def safe_name(name: str | None) -> str | None:
    """A file's name without folders, controls and signs that turn the reading direction."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name or ""))[-1]
    shown = "".join(
        letter for letter in last if unicodedata.category(letter) not in {"Cc", "Cf", "Co", "Cs"}
    )
    stem, dot, ending = shown.rpartition(".")
    masked = mask(stem or shown) + (f"{dot}{ending}" if stem else "")
    plain = _UNSAFE.sub(" ", masked).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    if stem and len(ending) < 10:  # noqa: PLR2004 - a word after a full stop is no ending
        plain = stem[: LONGEST_NAME - 10].rstrip(" .") + dot + ending
    return plain[:LONGEST_NAME] or None


async def expect(
    session: AsyncSession, message: InboundMessage, account: str, now: datetime
) -> Attachment:
    """The file of a message, to be fetched as soon as this transaction is committed.

    A file of the web chat is kept already. Raises ValueError for a message without a file.
    """
    told = message.attachment
    if told is None:
        raise ValueError("a message without a file")
    if message.contact.channel == OWN and (kept := await _own(session, message)):
        return kept
    row = Attachment(
        agency=message.contact.agency,
        contact_id=message.contact.id,
        account=account,
        platform_id=told.id,
        message_id=message.message_id,
        kind=message.kind,
        name=safe_name(told.name),
        due_at=now,
        received_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def _own(session: AsyncSession, message: InboundMessage) -> Attachment | None:
    """The row that the web chat wrote before it told of the file."""
    number = message.attachment.id if message.attachment else ""
    row = await session.get(Attachment, int(number)) if number.isdecimal() else None
    return row if row is not None and row.contact_id == message.contact.id else None


async def exchanged(
    session: AsyncSession, message: InboundMessage, now: datetime
) -> Attachment | None:
    """The other file that an edited message came with: it is fetched, the earlier one forgotten.

    None where it is the same, or none, or where that message's file is forgotten by now.
    """
    contact, number = message.contact, message.message_id
    if message.attachment is None or number is None:
        return None
    query = select(Attachment.platform_id).where(
        Attachment.contact_id == contact.id, Attachment.message_id == number
    )
    earlier = set(await session.scalars(query))
    if message.attachment.id in earlier or earlier == {""}:
        return None
    await forget(session, contact.id, number)
    new = await expect(session, message, account_of(contact.agency, contact.channel), now)
    await hold(session, [new.id])
    return new


async def of(session: AsyncSession, ids: Sequence[int]) -> Sequence[Attachment]:
    """The files with these ids, in this order; those that are not there are left out."""
    if not ids:
        return []
    query = select(Attachment).where(Attachment.id.in_(ids))
    found = {row.id: row for row in await session.scalars(query)}
    return [found[number] for number in ids if number in found]


async def hold(session: AsyncSession, ids: Collection[int]) -> None:
    """A ticket needs these: they stay as long as it does, until `let_go`."""
    await _change(session, ids, held=True)


async def let_go(session: AsyncSession, ids: Collection[int]) -> None:
    """Nobody needs these any more, as when a report is dropped before it is sent: forget them."""
    if ids:
        await _forget(session, Attachment.id.in_(ids))


async def _change(session: AsyncSession, ids: Collection[int], **values: object) -> None:
    if ids:
        change = update(Attachment).where(Attachment.id.in_(ids)).values(**values)
        await session.execute(change)


async def forget(session: AsyncSession, contact_id: UUID, message_id: str) -> None:
    """The citizen took a message back: its file goes, also out of a ticket; a row says so."""
    whose = and_(Attachment.contact_id == contact_id, Attachment.message_id == message_id)
    await _forget(session, whose)


async def _forget(session: AsyncSession, which: ColumnElement[bool]) -> int:
    """Blank these, and let the job take their contents away: at once, for they are long due."""
    blank = update(Attachment).where(which, Attachment.status != Status.FORGOTTEN)
    result = await session.execute(
        blank.values(
            status=Status.FORGOTTEN,
            reason=None,
            name=None,
            size=None,
            media_type=None,
            latitude=None,
            longitude=None,
            held=False,
            platform_id="",
            due_at=Attachment.received_at,
        )
    )
    return int(getattr(result, "rowcount", 0))


async def expire(session: AsyncSession, before: datetime, now: datetime) -> int:
    """Forget what came before then and no ticket needs, and all places that nobody asked for."""
    placed = update(Attachment).where(
        Attachment.latitude.is_not(None), Attachment.received_at < now - PLACE_FOR
    )
    await session.execute(placed.values(latitude=None, longitude=None))
    alone = and_(Attachment.contact_id.is_(None), Attachment.received_at < now - ALONE_FOR)
    old = or_(Attachment.received_at < before, alone)
    return await _forget(session, and_(Attachment.held.is_(False), old))
