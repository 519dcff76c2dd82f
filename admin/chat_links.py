"""Chats of staff: a person's own LINE or Telegram account, linked by a code that works once."""

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import pbkdf2_hmac
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, String, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin import audit
from admin.officers import Officer
from admin.staff import Staff, officer
from bot.clock import local_date
from bot.db import Base
from bot.messages import Contact
from bot.tables import ContactRow

LIFE = timedelta(minutes=15)
TRIES = 5
"""Wrong codes that one chat may send within LIFE."""
ROUNDS = 10_000
"""Some milliseconds for each code sent; for who stole the table, days instead of minutes."""
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ"
_DIGITS = "23456789"
"""Nothing that is read for something else: no I, L, O, 0, 1."""
_HALF = 4
_CODE = re.compile(rf"[{_LETTERS}]{{{_HALF}}}[ -]?[{_DIGITS}{_LETTERS}]{{{_HALF}}}", re.IGNORECASE)
_COMMAND = re.compile(r"/link(?:@\w+)?(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_DIGIT = re.compile(r"\d")


class StaffChat(Base):
    """Where a member of staff is told of an agency's matters: one chat for each agency."""

    __tablename__ = "staff_chats"

    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    agency: Mapped[str] = mapped_column(String(32), primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), unique=True
    )
    linked_at: Mapped[datetime]


def is_linked() -> ColumnElement[bool]:
    """Of a contact's row: whether it is the chat of a member of staff."""
    return exists().where(StaffChat.contact_id == ContactRow.id)


class ChatCode(Base):
    """The last code that a person asked for in an agency."""

    __tablename__ = "staff_chat_codes"

    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    agency: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]


class ChatTries(Base):
    """How many wrong codes a chat has sent of late."""

    __tablename__ = "staff_chat_tries"

    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    count: Mapped[int]
    since: Mapped[datetime]


class Linking(StrEnum):
    """What became of a code that was sent."""

    LINKED = "linked"
    WRONG = "wrong"
    TOO_MANY = "too-many"


def code_in(text: str) -> str | None:
    """The code in `/link CODE`, or in words that are nothing but a code; None if there is none.

    A bare word has a digit and its hyphen or space, so that nobody's English is taken for one.
    """
    asked = _COMMAND.fullmatch(text.strip())
    words = (asked.group(1) or "").strip() if asked else text.strip()
    if asked is None and (len(words) == 2 * _HALF or not _DIGIT.search(words)):
        return None
    return _plain(words) if _CODE.fullmatch(words) else None


def is_command(text: str) -> bool:
    """Whether somebody means to link a chat, with or without a code."""
    return _COMMAND.fullmatch(text.strip()) is not None


def _plain(words: str) -> str:
    return re.sub(r"[ -]", "", words).upper()


def digest_of(agency: str, code: str) -> str:
    """What is kept of a code; slow on purpose, for a code is short."""
    salt = f"staff chat {agency}".encode()
    return pbkdf2_hmac("sha256", _plain(code).encode(), salt, ROUNDS).hex()


async def new_code(session: AsyncSession, person: Staff, agency: str, now: datetime) -> str:
    """A code as it is to be sent from the person's own chat; an earlier one is void."""
    first = "".join(secrets.choice(_LETTERS) for _ in range(_HALF))
    last = "".join(secrets.choice(_LETTERS + _DIGITS) for _ in range(_HALF - 1))
    code = f"{first}-{last}{secrets.choice(_DIGITS)}"
    await session.merge(
        ChatCode(
            staff_id=person.id,
            agency=agency,
            digest=digest_of(agency, code),
            expires_at=now + LIFE,
        )
    )
    await session.flush()
    return code


async def link(
    session: AsyncSession, contact: Contact, code: str, now: datetime
) -> tuple[Linking, Officer | None]:
    """Link a chat to whom the code was given; a wrong one is counted against the chat."""
    tries = await session.get(ChatTries, contact.id)
    if tries is not None and tries.since <= now - LIFE:
        tries.count, tries.since = 0, now
    if tries is not None and tries.count >= TRIES:
        return Linking.TOO_MANY, None
    found = await _found(session, contact.agency, code, now)
    today = local_date(now)
    who = await officer(session, found.staff_id, contact.agency, today) if found else None
    if found is None or who is None:
        if tries is None:
            tries = ChatTries(contact_id=contact.id, count=0, since=now)
            session.add(tries)
        tries.count += 1
        return Linking.WRONG, None
    await session.delete(found)
    await _part(session, contact, found, now)
    session.add(
        StaffChat(staff_id=who.id, agency=contact.agency, contact_id=contact.id, linked_at=now)
    )
    await session.flush()
    await _record(session, contact.agency, who.id, "chat.linked", by=audit.CONTACT, now=now)
    return Linking.LINKED, who


async def spoil(session: AsyncSession, agency: str, code: str) -> bool:
    """A code that others have read is void; False where it was none of ours."""
    gone = delete(ChatCode).where(ChatCode.digest == digest_of(agency, code))
    return bool((await session.scalars(gone.returning(ChatCode.staff_id))).all())


async def _found(session: AsyncSession, agency: str, code: str, now: datetime) -> ChatCode | None:
    query = select(ChatCode).where(
        ChatCode.agency == agency,
        ChatCode.digest == digest_of(agency, code),
        ChatCode.expires_at > now,
    )
    return (await session.scalars(query.with_for_update())).one_or_none()


async def _part(session: AsyncSession, contact: Contact, found: ChatCode, now: datetime) -> None:
    """The person's earlier chat of this agency goes, and whoever had this chat before."""
    query = select(StaffChat).where(
        (StaffChat.contact_id == contact.id)
        | ((StaffChat.staff_id == found.staff_id) & (StaffChat.agency == found.agency))
    )
    for old in (await session.scalars(query)).all():
        await session.delete(old)
        if old.staff_id != found.staff_id:
            by = audit.CONTACT
            await _record(session, old.agency, old.staff_id, "chat.unlinked", by=by, now=now)
    await session.flush()


async def unlink(
    session: AsyncSession, staff_id: int, agency: str, *, by: str, now: datetime
) -> bool:
    """Tell this person nothing in chat any more; False where no chat was linked."""
    chat = await session.get(StaffChat, (staff_id, agency))
    if chat is None:
        return False
    await session.delete(chat)
    await session.flush()
    await _record(session, agency, staff_id, "chat.unlinked", by=by, now=now)
    return True


async def _record(
    session: AsyncSession, agency: str, staff_id: int, what: str, *, by: str, now: datetime
) -> None:
    await audit.record(
        session, agency=agency, actor=by, what=what, subject=f"staff:{staff_id}", now=now
    )


async def officer_of(
    session: AsyncSession, contact_id: UUID, agency: str, now: datetime
) -> Officer | None:
    """The member of staff behind a chat as the agency sees them now; None where there is none."""
    query = select(StaffChat.staff_id).where(
        StaffChat.contact_id == contact_id, StaffChat.agency == agency
    )
    staff_id = await session.scalar(query)
    if staff_id is None:
        return None
    return await officer(session, staff_id, agency, local_date(now))


async def chats(session: AsyncSession, agency: str) -> Mapping[int, ContactRow]:
    """The chat of each member of staff who has linked one, but those that blocked us."""
    query = (
        select(StaffChat.staff_id, ContactRow)
        .join(ContactRow, ContactRow.id == StaffChat.contact_id)
        .where(StaffChat.agency == agency, ContactRow.blocked.is_(False))
    )
    found = (await session.execute(query)).all()
    return {row[0]: row[1] for row in found}


async def of_person(session: AsyncSession, staff_id: int) -> Sequence[tuple[StaffChat, ContactRow]]:
    """The chats that one person has linked, with what they are."""
    query = (
        select(StaffChat, ContactRow)
        .join(ContactRow, ContactRow.id == StaffChat.contact_id)
        .where(StaffChat.staff_id == staff_id)
        .order_by(StaffChat.agency)
    )
    return [(chat, contact) for chat, contact in (await session.execute(query)).all()]


async def expire(session: AsyncSession, now: datetime) -> None:
    """Delete codes and counts that are too old."""
    await session.execute(delete(ChatCode).where(ChatCode.expires_at <= now))
    await session.execute(delete(ChatTries).where(ChatTries.since <= now - LIFE))
