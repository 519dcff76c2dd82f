"""Changing an agency's entries: one transaction, with the person's name and the moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge.agency import Entry
from knowledge.changes import Changes, Reason
from knowledge.entries import (
    ConfirmedQuestion,
    EntryName,
    EntryRow,
    EntryVersion,
    KnowledgeVersion,
    Stored,
    What,
    content_of,
)

LONGEST_QUESTION = 500


class NotChanged(Exception):
    """A change cannot be made; `reason` says why."""

    def __init__(self, th: str, en: str) -> None:
        super().__init__(f"{th} / {en}")
        self.reason = Reason(th, en)


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes, and when."""

    name: str
    at: datetime


async def begin(connection: AsyncConnection, agency: str) -> None:
    """Let nobody else change the agency's entries until this transaction ends."""
    kind = sqlite if connection.dialect.name == "sqlite" else postgresql
    new = kind.insert(KnowledgeVersion).values(agency=agency, version=0)
    await connection.execute(new.on_conflict_do_nothing())
    await connection.execute(
        select(KnowledgeVersion).where(KnowledgeVersion.agency == agency).with_for_update()
    )


async def finish(connection: AsyncConnection, agency: str) -> None:
    """Raise the agency's version, so that everybody reads its entries anew."""
    await connection.execute(
        update(KnowledgeVersion)
        .where(KnowledgeVersion.agency == agency)
        .values(version=KnowledgeVersion.version + 1)
    )


async def apply(
    connection: AsyncConnection, agency: str, changes: Changes, seen: Stored, author: Author
) -> None:
    """Make the changes; raises NotChanged where an entry is not as it was when they were seen."""
    if changes.is_empty:
        return
    await begin(connection, agency)
    now = await _rows(connection, agency)
    _check_unmoved(changes.keys, now, seen)
    place = max((row.place for row in now.values()), default=0)
    fresh = [entry for entry in changes.added if entry.id not in now]
    again = [entry for entry in changes.added if entry.id in now]
    edits = [
        *((entry, What.RESTORED) for entry in again),
        *((change.after, What.CHANGED) for change in changes.changed),
        *((entry, What.REMOVED) for entry in changes.removed),
    ]
    await add(connection, agency, fresh, author, after=place)
    await put(connection, agency, edits, {k: row.version for k, row in now.items()}, author)
    await finish(connection, agency)


async def add(
    connection: AsyncConnection,
    agency: str,
    entries: Iterable[Entry],
    author: Author,
    *,
    after: int,
    seeds: Mapping[str, str] | None = None,
) -> None:
    """Write new entries behind the others, staff's own unless they have a seed."""
    rows = [
        {
            **_written(entry, author),
            "agency": agency,
            "key": entry.id,
            "version": 1,
            "place": place,
            "removed": False,
            "edited": seeds is None,
            "seed": seeds[entry.id] if seeds else None,
        }
        for place, entry in enumerate(entries, after + 1)
    ]
    if rows:
        await connection.execute(insert(EntryRow), rows)
        await _remember(connection, What.CREATED if seeds is None else What.SEEDED, rows)


async def put(
    connection: AsyncConnection,
    agency: str,
    edits: Iterable[tuple[Entry, What]],
    versions: Mapping[str, int],
    author: Author,
    *,
    seeds: Mapping[str, str | None] | None = None,
) -> None:
    """Write entries over what is there, each with its next version."""
    table = EntryRow
    by_what: dict[What, list[dict[str, Any]]] = {}
    for entry, what in edits:
        row = {
            **_written(entry, author),
            "agency": agency,
            "key": entry.id,
            "version": versions[entry.id] + 1,
            "removed": what == What.REMOVED,
            "edited": seeds is None,
        }
        if seeds is not None:
            row["seed"] = seeds[entry.id]
        by_what.setdefault(what, []).append(row)
    for what, rows in by_what.items():
        names = {"agency": "of_agency", "key": "of_key"}
        named = [{names.get(name, name): value for name, value in row.items()} for row in rows]
        here = (table.agency == bindparam("of_agency")) & (table.key == bindparam("of_key"))
        values: dict[str, Any] = {n: bindparam(n) for n in rows[0] if n not in names}
        await connection.execute(update(table).where(here).values(values), named)
        await _remember(connection, what, rows)


async def rename(
    connection: AsyncConnection, agency: str, old: str, new: str, author: Author
) -> None:
    """Give an entry another key, and change nothing else; the old one goes on leading to it."""
    await begin(connection, agency)
    rows = await _rows(connection, agency)
    there = rows.get(old)
    if there is None or there.removed:
        raise NotChanged(f"ไม่มีข้อ {old}", f"there is no entry {old}")
    if new in rows:
        if rows[new].removed:
            th, en = f"รหัส {new} เป็นของข้อที่ลบไปแล้ว", f"{new} is the id of an entry that was removed"
            raise NotChanged(f"{th} ใช้รหัสอื่น", f"{en}; choose another")
        raise NotChanged(f"มีข้อ {new} อยู่แล้ว", f"there is an entry {new} already")
    here = (EntryRow.agency == agency) & (EntryRow.key == old)
    content = await connection.scalar(select(EntryRow.content).where(here)) or {}
    version = max(there.version, await _last_version(connection, agency, new)) + 1
    row = {
        **_signed(content | {"id": new}, author),
        "agency": agency,
        "key": new,
        "version": version,
    }
    await connection.execute(update(EntryRow).where(here).values(row))
    await _remember(connection, What.RENAMED, [row])
    names, asked = EntryName, ConfirmedQuestion
    stale = (names.agency == agency) & (names.old == new)
    await connection.execute(delete(names).where(stale))
    for table in (names, asked):
        points = (table.agency == agency) & (table.key == old)
        await connection.execute(update(table).where(points).values(key=new))
    await connection.execute(insert(names).values(agency=agency, old=old, key=new))
    await finish(connection, agency)


async def confirm(
    connection: AsyncConnection, agency: str, key: str, question: str, author: Author
) -> None:
    """Keep that this entry is what answers this question."""
    text = " ".join(question.split())
    if not text or len(text) > LONGEST_QUESTION:
        raise NotChanged(
            f"คำถามต้องยาว 1 ถึง {LONGEST_QUESTION} ตัวอักษร",
            f"a question has 1 to {LONGEST_QUESTION} letters",
        )
    await begin(connection, agency)
    here = (ConfirmedQuestion.agency == agency) & (ConfirmedQuestion.text == text)
    await connection.execute(delete(ConfirmedQuestion).where(here))
    row = {"agency": agency, "text": text, "key": key, "by": author.name, "at": author.at}
    await connection.execute(insert(ConfirmedQuestion).values(row))


async def _last_version(connection: AsyncConnection, agency: str, key: str) -> int:
    """The latest version of whatever had this key before."""
    table = EntryVersion
    query = select(func.max(table.version)).where(table.agency == agency, table.key == key)
    return await connection.scalar(query) or 0


async def _rows(connection: AsyncConnection, agency: str) -> Mapping[str, Any]:
    table = EntryRow
    query = select(table.key, table.version, table.place, table.removed, table.changed_by)
    rows = (await connection.execute(query.where(table.agency == agency))).all()
    return {row.key: row for row in rows}


def _check_unmoved(keys: Iterable[str], now: Mapping[str, Any], seen: Stored) -> None:
    """Refuse to write over what somebody else has written meanwhile."""
    for key in keys:
        row = now.get(key)
        if (row.version if row else None) != seen.versions.get(key):
            by = row.changed_by if row else "-"
            raise NotChanged(
                f"ข้อ {key} ถูกแก้โดย {by} ระหว่างนี้ ดูของใหม่แล้วทำอีกครั้ง ยังไม่มีอะไรเปลี่ยน",
                f"{key} was changed by {by} meanwhile; look at it again. Nothing was changed",
            )


def _written(entry: Entry, author: Author) -> dict[str, Any]:
    return {**_signed(content_of(entry), author), "verified_on": entry.verified_on}


def _signed(content: Mapping[str, object], author: Author) -> dict[str, Any]:
    return {"content": content, "changed_by": author.name[:100], "changed_at": author.at}


async def _remember(
    connection: AsyncConnection, what: What, rows: Iterable[Mapping[str, Any]]
) -> None:
    kept = [
        {
            "agency": row["agency"],
            "key": row["key"],
            "version": row["version"],
            "at": row["changed_at"],
            "by": row["changed_by"],
            "what": what,
            "content": row["content"],
        }
        for row in rows
    ]
    await connection.execute(insert(EntryVersion), kept)
