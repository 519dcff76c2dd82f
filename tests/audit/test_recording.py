"""Rows of the audit log as they are added: in one chain for each agency, and never changed."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from admin.audit import (
    BEGINNING,
    COVERED,
    AuditRow,
    digest_of,
    encoded,
    record,
    rows_about,
    written,
)
from bot.db import Database
from tests.conftest import Opened

NOW = datetime(2026, 11, 21, 12, 0, 0, 5, tzinfo=UTC)
VALUES = st.lists(st.text() | st.integers(), max_size=5)


async def add(database: Database, agency: str = "one", number: int = 1, **more: Any) -> None:
    """One row in a transaction of its own."""
    said: dict[str, Any] = {
        "actor": "staff:12",
        "what": "ticket.sign",
        "subject": f"ticket:{number}",
        "now": NOW,
    }
    async with database.session() as session:
        await record(session, agency=agency, **(said | more))


async def rows(database: Database, agency: str = "one") -> list[AuditRow]:
    """The chain of one agency."""
    async with database.session() as session:
        query = select(AuditRow).where(AuditRow.agency == agency).order_by(AuditRow.seq)
        return list(await session.scalars(query))


async def test_each_row_is_chained_to_the_one_before_it(database: Database) -> None:
    for number in range(3):
        await add(database, number=number, details={"b": number, "a": "received"})

    chain = await rows(database)
    assert [row.seq for row in chain] == [1, 2, 3]
    assert chain[0].previous == BEGINNING
    assert all(after.previous == before.digest for before, after in pairwise(chain))
    assert chain[2].details == '{"a":"received","b":2}'
    assert chain[2].digest == digest_of([getattr(chain[2], name) for name in COVERED])


async def test_agencies_and_the_installation_have_chains_of_their_own(database: Database) -> None:
    for agency in ("one", "two", "", "one"):
        await add(database, agency)

    lengths = [len(await rows(database, agency)) for agency in ("one", "two", "")]
    assert lengths == [2, 1, 1]


async def test_a_change_that_is_rolled_back_leaves_no_row(database: Database) -> None:
    await add(database)

    async def fail_later() -> None:
        async with database.session() as session:
            await record(session, agency="one", actor="a", what="b", subject="c", now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_later()
    await add(database)

    assert [row.seq for row in await rows(database)] == [1, 2]


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET actor = 'staff:13'", "DELETE FROM audit_log"]
)
async def test_the_database_refuses_to_change_what_was_written(
    database: Database, statement: str
) -> None:
    await add(database)

    with pytest.raises(DBAPIError, match="only ever added"):
        async with database.write() as connection:
            await connection.execute(text(statement))
    assert [row.actor for row in await rows(database)] == ["staff:12"]


async def test_moments_of_every_zone_are_written_alike(database: Database) -> None:
    await add(database, now=NOW.astimezone(timezone(timedelta(hours=7))))

    [row] = await rows(database)
    assert row.at == written(NOW) == "2026-11-21T12:00:00.000005Z"


async def test_what_was_done_to_one_thing_is_found_latest_first(database: Database) -> None:
    for number, what in ((1, "ticket.open"), (2, "ticket.open"), (1, "ticket.sign")):
        await add(database, number=number, what=what)
    await add(database, agency="two", number=1)

    async with database.session() as session:
        found = await rows_about(session, "one", "ticket:1", limit=9)
    assert [row.what for row in found] == ["ticket.sign", "ticket.open"]


async def test_fifty_at_once_from_several_processes_make_one_chain(
    postgresql_url: str, opened: Opened
) -> None:
    databases = [opened(postgresql_url) for _ in range(4)]

    await asyncio.gather(*(add(databases[n % 4], number=n) for n in range(50)))

    chain = await rows(databases[0])
    assert [row.seq for row in chain] == list(range(1, 51))
    assert all(after.previous == before.digest for before, after in pairwise(chain))
    assert [row.id for row in chain] == sorted(row.id for row in chain)
    assert {row.subject for row in chain} == {f"ticket:{n}" for n in range(50)}


async def test_many_at_once_on_one_file_make_one_chain(sqlite_url: str, opened: Opened) -> None:
    databases = [opened(sqlite_url) for _ in range(2)]

    await asyncio.gather(*(add(databases[n % 2], number=n) for n in range(20)))

    chain = await rows(databases[0])
    assert [row.seq for row in chain] == list(range(1, 21))
    assert all(after.previous == before.digest for before, after in pairwise(chain))


@given(VALUES, VALUES)
def test_no_two_rows_are_written_alike(one: list[str | int], other: list[str | int]) -> None:
    assert (encoded(one) == encoded(other)) == (one == other)


@given(st.lists(st.text(max_size=4), min_size=2, max_size=4), st.data())
def test_where_a_value_ends_is_part_of_the_digest(values: list[str], data: st.DataObject) -> None:
    whole = "".join(values)
    cut = data.draw(st.integers(0, len(whole)))
    other = [whole[:cut], whole[cut:]]

    assert (digest_of(values) == digest_of(other)) == (values == other)
