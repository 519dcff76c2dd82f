"""Walks the audit log from its first row to its last and says where a chain is broken."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.audit import BEGINNING, COVERED, AuditHead, AuditRow, digest_of

PAGE = 2_000
"""Rows read at a time."""
ONLY_ID = 1
"""Columns of a row of which no more than the id can be read."""


class Fault(StrEnum):
    """What can be wrong with a row, or with the end of a chain."""

    CHANGED = "changed"
    UNCHAINED = "unchained"
    MISSING = "missing"
    CUT_OFF = "cut off"
    HEAD = "head wrong"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Broken:
    """The first broken place of one chain."""

    agency: str | None
    """None where the row does not let itself be read."""
    seq: int | None
    id: int | None
    """None where there is no such row."""
    fault: Fault


@dataclass(slots=True)
class Walk:
    """Where each chain has got to, and where it broke."""

    ends: dict[str, tuple[int, str]] = field(default_factory=dict)
    broken: dict[str | None, Broken] = field(default_factory=dict)

    def step(self, row: Sequence[Any]) -> tuple[str, int] | None:
        """Take the next row: its columns as in COVERED, then its digest.

        Returns agency and number of a row that should have come first, where one is passed over.
        """
        *values, digest = row
        id_, agency, seq, previous = values[0], str(values[1]), values[2], values[-1]
        if agency in self.broken:
            return None
        so_far, last = self.ends.get(agency, (0, BEGINNING))
        if digest_of(values) != digest:
            self.fail(Broken(agency, seq, id_, Fault.CHANGED))
        elif seq > so_far + 1:
            return agency, so_far + 1
        elif seq != so_far + 1 or previous != last:
            self.fail(Broken(agency, seq, id_, Fault.UNCHAINED))
        else:
            self.ends[agency] = (seq, digest)
        return None

    def end(self, heads: dict[str, tuple[int, str]]) -> None:
        """Hold the ends reached against those noted."""
        for agency in sorted({*self.ends, *heads} - {a for a in self.broken if a is not None}):
            reached = self.ends.get(agency, (0, BEGINNING))
            noted = heads.get(agency, (0, BEGINNING))
            if noted[0] > reached[0]:
                self.fail(Broken(agency, reached[0] + 1, None, Fault.CUT_OFF))
            elif noted != reached:
                self.fail(Broken(agency, noted[0], None, Fault.HEAD))

    def fail(self, broken: Broken) -> None:
        """Note the first fault of a chain."""
        self.broken.setdefault(broken.agency, broken)


async def walk(
    connection: AsyncConnection,
    agency: str | None = None,
    *,
    progress: Callable[[int, int], None] = lambda _done, _whole: None,
) -> Walk:
    """Go through the whole log as it is at this moment, or through one agency's chain.

    Rows are read in the order of their ids from the table alone: an index may still say what the
    table no longer does.
    """
    if connection.dialect.name != "sqlite":
        await connection.execution_options(isolation_level="REPEATABLE READ")
    heads = {
        row.agency: (row.seq, row.digest)
        for row in await connection.execute(
            select(AuditHead.agency, AuditHead.seq, AuditHead.digest)
        )
        if agency in {None, row.agency}
    }
    whole = await connection.scalar(select(func.count()).select_from(AuditRow)) or 0
    found, done = Walk(), 0
    async for rows in _pages(connection):
        for row in rows:
            await _take(connection, found, row, agency)
        progress(done := done + len(rows), whole)
    found.end(heads)
    return found


async def _take(
    connection: AsyncConnection, found: Walk, row: Sequence[Any], only: str | None
) -> None:
    if len(row) == ONLY_ID:
        found.fail(Broken(None, None, row[0], Fault.UNREADABLE))
    elif only in {None, row[1]} and (passed := found.step(row)):
        agency, seq = passed
        here = AuditRow.agency == agency, AuditRow.seq == seq
        elsewhere = await connection.scalar(select(AuditRow.id).where(*here))
        fault = Fault.MISSING if elsewhere is None else Fault.CHANGED
        found.fail(Broken(agency, seq, elsewhere, fault))


async def _pages(connection: AsyncConnection) -> AsyncIterator[Sequence[Row[Any]]]:
    """Every row by its id; one that cannot be read has its id alone."""
    columns = [getattr(AuditRow, name) for name in (*COVERED, "digest")]
    after = -(2**63)
    while True:
        page = select(*columns).where(AuditRow.id > after).order_by(AuditRow.id).limit(PAGE)
        rows = await _read(connection, page)
        if rows is None:
            only_ids = select(AuditRow.id).where(AuditRow.id > after).order_by(AuditRow.id)
            rows = [
                (await _read(connection, select(*columns).where(AuditRow.id == one.id)) or [one])[0]
                for one in (await connection.execute(only_ids.limit(PAGE))).all()
            ]
        if not rows:
            return
        yield rows
        after = rows[-1][0]


async def _read(connection: AsyncConnection, query: Select[Any]) -> Sequence[Row[Any]] | None:
    """The rows, or None where something in them does not let itself be read."""
    try:
        async with connection.begin_nested():
            rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
            return rows
    except (DBAPIError, ValueError):
        return None


async def digest_at(connection: AsyncConnection, agency: str, seq: int) -> str | None:
    """The digest of one row of a chain."""
    here = AuditRow.agency == agency, AuditRow.seq == seq
    found: str | None = await connection.scalar(select(AuditRow.digest).where(*here))
    return found
