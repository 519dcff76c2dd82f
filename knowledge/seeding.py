"""Entries follow the agency's file until a person changes them here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge import editing
from knowledge.agency import Entry
from knowledge.editing import Author
from knowledge.entries import EntryRow, What, content_of, digest, readable, renamed

FILE: Final = "answers.yaml"
"""Who changed an entry that follows the file."""


@dataclass(frozen=True, slots=True)
class Held:
    """What seeding needs to know of an entry in the database."""

    version: int
    content: Mapping[str, Any]
    removed: bool
    edited: bool
    seed: str | None


@dataclass(frozen=True, slots=True)
class Seeding:
    """What the file brings, and where staff have decided otherwise."""

    added: tuple[Entry, ...] = ()
    edits: tuple[tuple[Entry, What], ...] = ()
    agreed: tuple[str, ...] = ()
    """Entries that staff changed to what the file now says too: they follow it again."""
    differing: tuple[str, ...] = ()
    """Entries that staff changed, and that are otherwise in the file or not there at all."""

    @property
    def is_empty(self) -> bool:
        """Whether the entries are as they were."""
        return not (self.added or self.edits)


def plan(agency: str, held: Mapping[str, Held], file: Mapping[str, Entry]) -> Seeding:
    """What following the file means for each entry; nothing that staff changed is touched.

    What has left the file and cannot be read stays as it is: nobody is served it anyway.
    """
    both = [(entry, held[key]) for key, entry in file.items() if key in held]
    staffs = [(entry, there) for entry, there in both if there.edited]
    agreed = tuple(entry.id for entry, there in staffs if _says(there, entry))
    edits = [
        (entry, What.RESTORED if there.removed else What.CHANGED)
        for entry, there in both
        if not there.edited and not _says(there, entry)
    ]
    missing = {
        key: there
        for key, there in held.items()
        if key not in file and not there.removed and there.seed is not None
    }
    gone = ((key, there.content) for key, there in missing.items() if not there.edited)
    edits += [(entry, What.REMOVED) for _, entry in readable(agency, gone)]
    return Seeding(
        added=tuple(entry for key, entry in file.items() if key not in held),
        edits=tuple(edits),
        agreed=agreed,
        differing=(
            *(entry.id for entry, _ in staffs if entry.id not in agreed),
            *(key for key, there in missing.items() if there.edited),
        ),
    )


def _says(there: Held, entry: Entry) -> bool:
    return not there.removed and digest(there.content) == digest(content_of(entry))


async def seed(
    connection: AsyncConnection, agency: str, file: Mapping[str, Entry], now: datetime
) -> Seeding:
    """Bring the entries that nobody has changed to what the agency's file says."""
    await editing.begin(connection, agency)
    own = _as_called_now(file, await renamed(connection, agency))
    held = await _held(connection, agency)
    found = plan(agency, held, own)
    seeds = {key: digest(content_of(entry)) for key, entry in own.items()}
    author = Author(FILE, now)
    await editing.add(
        connection, agency, found.added, author, after=await _last(connection, agency), seeds=seeds
    )
    versions = {key: there.version for key, there in held.items()}
    kept = {**{key: there.seed for key, there in held.items()}, **seeds}
    await editing.put(connection, agency, found.edits, versions, author, seeds=kept)
    for key in found.agreed:
        here = (EntryRow.agency == agency) & (EntryRow.key == key)
        await connection.execute(update(EntryRow).where(here).values(edited=False, seed=seeds[key]))
    if not found.is_empty:
        await editing.finish(connection, agency)
    return found


def _as_called_now(file: Mapping[str, Entry], names: Mapping[str, str]) -> dict[str, Entry]:
    """The file's entries under the keys they have here, where one was renamed."""
    found = {key: entry for key, entry in file.items() if key not in names}
    for old, entry in file.items():
        if old in names and names[old] not in found:
            found[names[old]] = entry.model_copy(update={"id": names[old]})
    return found


async def _held(connection: AsyncConnection, agency: str) -> dict[str, Held]:
    table = EntryRow
    query = select(
        table.key, table.version, table.content, table.removed, table.edited, table.seed
    ).where(table.agency == agency)
    rows = (await connection.execute(query)).all()
    return {
        row.key: Held(row.version, row.content, row.removed, row.edited, row.seed) for row in rows
    }


async def _last(connection: AsyncConnection, agency: str) -> int:
    query = select(EntryRow.place).where(EntryRow.agency == agency)
    return await connection.scalar(query.order_by(EntryRow.place.desc()).limit(1)) or 0
