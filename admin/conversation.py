"""What a citizen and the bot said to each other around a matter, for whoever handles it."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from html import unescape
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.inbox import message_of
from bot.messages import SILENT, Kind
from bot.tables import EventRow, OutgoingRow

BEFORE = timedelta(days=1)
"""How far back a conversation is shown; everything after the matter was brought is, too."""
MOST = 200
"""Lines of each side."""
_TAG: Final = re.compile(r"</?b>")
"""The only mark-up that our own messages have."""


class Spoken(msgspec.Struct, frozen=True):
    """One line of a conversation."""

    at: datetime
    is_citizens: bool
    text: str
    """Empty where it was no text: a picture, a place, a tap on a button."""
    kind: Kind = Kind.TEXT


async def around(session: AsyncSession, contact_id: UUID, moment: datetime) -> list[Spoken]:
    """The lines from a day before that moment on, oldest first; what was taken back is left out."""
    start = moment - BEFORE
    lines = [*await _said(session, contact_id, start), *await _replied(session, contact_id, start)]
    return sorted(lines, key=lambda line: line.at)


async def _said(session: AsyncSession, contact_id: UUID, start: datetime) -> list[Spoken]:
    query = (
        select(EventRow.payload, EventRow.received_at)
        .where(EventRow.contact_id == contact_id, EventRow.received_at >= start)
        .order_by(EventRow.id.desc())
        .limit(MOST)
    )
    found = [(row.received_at, message_of(row)) for row in await session.execute(query)]
    return [
        Spoken(at, True, message.text or "", message.kind)
        for at, message in reversed(found)
        if message.kind not in SILENT
    ]


async def _replied(session: AsyncSession, contact_id: UUID, start: datetime) -> list[Spoken]:
    at = func.coalesce(OutgoingRow.done_at, OutgoingRow.due_at, type_=OutgoingRow.due_at.type)
    query = (
        select(OutgoingRow.payload, at.label("at"))
        .where(OutgoingRow.contact_id == contact_id, at >= start)
        .order_by(OutgoingRow.id.desc())
        .limit(MOST)
    )
    rows = (await session.execute(query)).all()
    return [
        Spoken(row.at, False, words) for row in reversed(rows) if (words := words_of(row.payload))
    ]


def words_of(payload: Mapping[str, Any]) -> str:
    """What a request to a platform says, as it was planned for any of the channels."""
    return "\n\n".join(_pieces(payload))


def _pieces(payload: Mapping[str, Any]) -> Iterator[str]:
    match payload:
        case {"reply": {"text": str(text)}}:
            yield text
        case {"messages": list(messages)}:
            for message in messages:
                yield message.get("altText") or message.get("text") or ""
        case {"params": {"text": str(text)}}:
            yield unescape(_TAG.sub("", text))
