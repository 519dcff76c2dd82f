"""An agency's own entries in the database: what they are, what they were, and who changed them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import orjson
import structlog
from pydantic import ValidationError
from sqlalchemy import Index, String, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from bot.db import Base, ConcurrentId, Document
from knowledge.addresses import without_bad_links
from knowledge.agency import Entry

log = structlog.get_logger()


class What(StrEnum):
    """What was done to an entry."""

    SEEDED = "seeded"
    CREATED = "created"
    CHANGED = "changed"
    RENAMED = "renamed"
    REMOVED = "removed"
    RESTORED = "restored"


class EntryRow(Base):
    """One entry as it is now."""

    __tablename__ = "entries"

    agency: Mapped[str] = mapped_column(String(32), primary_key=True)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int]
    content: Mapped[dict[str, object]] = mapped_column(Document)
    place: Mapped[int]
    """Where it stands among the agency's entries."""
    removed: Mapped[bool] = mapped_column(default=False)
    edited: Mapped[bool] = mapped_column(default=False)
    """Whether a person has changed it since it last followed the agency's file."""
    seed: Mapped[str | None] = mapped_column(String(32))
    """The digest of the file's version it came from; none where the file never had it."""
    changed_by: Mapped[str] = mapped_column(String(100))
    changed_at: Mapped[datetime]
    verified_on: Mapped[date | None]


class EntryVersion(Base):
    """One version of an entry; rows are only ever added."""

    __tablename__ = "entry_versions"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    agency: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(100))
    what: Mapped[str] = mapped_column(String(16))
    content: Mapped[dict[str, object]] = mapped_column(Document)

    __table_args__ = (
        UniqueConstraint("agency", "key", "version"),
        Index("ix_entry_versions_agency_at", "agency", "at"),
    )


class EntryName(Base):
    """A key that an entry once had, and the one it has now."""

    __tablename__ = "entry_names"

    agency: Mapped[str] = mapped_column(String(32), primary_key=True)
    old: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(40))


class ConfirmedQuestion(Base):
    """A question of which staff have said what answers it."""

    __tablename__ = "confirmed_questions"

    agency: Mapped[str] = mapped_column(String(32), primary_key=True)
    text: Mapped[str] = mapped_column(String(500), primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    by: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]


class KnowledgeVersion(Base):
    """A number that every change of an agency's entries raises, and the lock of such a change."""

    __tablename__ = "knowledge_versions"

    agency: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int]


@dataclass(frozen=True, slots=True)
class Stored:
    """An agency's own entries as the database has them."""

    version: int = 0
    entries: Mapping[str, Entry] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    """The version of each entry, also of removed ones."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    unlinked: Mapping[str, str] = field(default_factory=dict)
    """Source links that cannot be read, by entry; these entries are without."""


@dataclass(frozen=True, slots=True)
class Touch:
    """A change of an entry: its number among all changes, who made it, and when."""

    number: int
    by: str
    at: datetime


def content_of(entry: Entry) -> dict[str, object]:
    """An entry as it is kept and exported; what it has not is left out."""
    return entry.model_dump(mode="json", exclude_none=True)


def digest(content: Mapping[str, object]) -> str:
    """What tells an entry's content from any other, whatever its id."""
    said = {name: value for name, value in content.items() if name != "id"}
    return blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


async def stored(connection: AsyncConnection, agency: str) -> Stored:
    """The agency's own entries, in their order; one that cannot be read is left out and told."""
    version = await connection.scalar(
        select(KnowledgeVersion.version).where(KnowledgeVersion.agency == agency)
    )
    rows = (
        await connection.execute(
            select(EntryRow.key, EntryRow.version, EntryRow.content, EntryRow.removed)
            .where(EntryRow.agency == agency)
            .order_by(EntryRow.place, EntryRow.key)
        )
    ).all()
    contents = {row.key: row.content for row in rows if not row.removed}
    entries = dict(readable(agency, contents.items()))
    return Stored(
        version=version or 0,
        entries=entries,
        versions={row.key: row.version for row in rows},
        renamed=await renamed(connection, agency),
        unlinked={
            key: str(link)
            for key, entry in entries.items()
            if entry.source.url is None and (link := contents[key]["source"].get("url"))
        },
    )


def readable(
    agency: str, contents: Iterable[tuple[str, Mapping[str, Any]]]
) -> Iterable[tuple[str, Entry]]:
    """Entries by their keys; one that cannot be read is left out and told.

    Where that is its source's link alone, as an earlier release took it, it is there without.
    """
    for key, content in contents:
        try:
            yield key, without_bad_links(Entry.model_validate, content)
        except ValidationError:
            log.error("entry_unreadable", agency=agency, entry=key)


async def renamed(connection: AsyncConnection, agency: str) -> dict[str, str]:
    """The keys that entries have now, by those they had before."""
    query = select(EntryName.old, EntryName.key).where(EntryName.agency == agency)
    return {row[0]: row[1] for row in await connection.execute(query)}


async def touched(connection: AsyncConnection, agency: str) -> dict[str, Touch]:
    """The last change of each entry, also of removed ones; a new key alone is none."""
    table = EntryVersion
    ours = (table.agency == agency) & (table.what != What.RENAMED)
    last = select(func.max(table.id)).where(ours).group_by(table.key)
    query = select(table.key, table.id, table.by, table.at).where(table.id.in_(last))
    names = await renamed(connection, agency)
    rows = await connection.execute(query.order_by(table.id))
    return {names.get(r.key, r.key): Touch(r.id, r.by, r.at) for r in rows}


async def versions(connection: AsyncConnection) -> dict[str, int]:
    """The knowledge version of every agency that has one."""
    query = select(KnowledgeVersion.agency, KnowledgeVersion.version)
    return {row[0]: row[1] for row in await connection.execute(query)}


async def confirmed(connection: AsyncConnection, agency: str) -> list[tuple[str, str]]:
    """Questions with the key of the entry that staff have said answers each."""
    gone = select(EntryRow.key).where(EntryRow.agency == agency, EntryRow.removed)
    query = (
        select(ConfirmedQuestion.text, ConfirmedQuestion.key)
        .where(ConfirmedQuestion.agency == agency, ConfirmedQuestion.key.not_in(gone))
        .order_by(ConfirmedQuestion.key, ConfirmedQuestion.text)
    )
    return [(row.text, row.key) for row in await connection.execute(query)]


async def history(
    connection: AsyncConnection, agency: str, *, key: str | None = None, limit: int = 200
) -> Sequence[EntryVersion]:
    """What was done to the agency's entries, or to one under all its names, latest first."""
    table = EntryVersion
    query = select(table.key, table.version, table.at, table.by, table.what, table.content)
    query = query.where(table.agency == agency).order_by(table.id.desc()).limit(limit)
    if key is not None:
        names = await renamed(connection, agency)
        now = names.get(key, key)
        query = query.where(table.key.in_([now, *(o for o, n in names.items() if n == now)]))
    rows = (await connection.execute(query)).mappings()
    return [EntryVersion(agency=agency, **row) for row in rows]
