# ruff: noqa: S608 - statements of our own that do what nobody should
"""The audit log held against itself: whatever was done to it behind our back is found and named."""

import asyncio
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from admin.audit import BEGINNING, COVERED, digest_of, record, written
from admin.chains import Broken, Fault, Walk, walk
from bot.__main__ import main, parser
from bot.audit_commands import run
from bot.db import Database
from bot.settings import Settings
from tests.fakes import AGENCY

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ROWS = 5
NUMBERS = {"id", "seq"}


@pytest.fixture
async def filled(database: Database) -> Database:
    """A log with three chains, interleaved."""
    async with database.session() as session:
        for number in range(ROWS):
            for agency in ("one", "two", ""):
                await record(
                    session,
                    agency=agency,
                    actor="staff:12",
                    what="ticket.sign",
                    subject=f"ticket:{number}",
                    details={"count": number},
                    now=NOW,
                )
    return database


async def tamper(database: Database, *statements: str, **values: Any) -> None:
    """What somebody with the database's password could do."""
    async with database.write() as connection:
        if database.is_sqlite:
            for what in ("update", "delete"):
                await connection.execute(text(f"DROP TRIGGER audit_log_no_{what}"))
        else:
            await connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER ALL"))
        for statement in statements:
            await connection.execute(text(statement), values)
        if not database.is_sqlite:
            await connection.execute(text("ALTER TABLE audit_log ENABLE TRIGGER ALL"))


async def id_of(database: Database, agency: str, seq: int) -> int:
    """The id of one row."""
    async with database.read() as connection:
        query = text("SELECT id FROM audit_log WHERE agency = :agency AND seq = :seq")
        return int((await connection.execute(query, {"agency": agency, "seq": seq})).scalar_one())


async def found(database: Database, agency: str | None = None) -> Walk:
    """The whole log, walked."""
    async with database.read() as connection:
        return await walk(connection, agency)


async def test_a_log_that_nobody_touched_is_whole(filled: Database) -> None:
    counted: list[tuple[int, int]] = []
    async with filled.read() as connection:
        told = await walk(connection, progress=lambda done, whole: counted.append((done, whole)))

    assert told.broken == {}
    assert {agency: seq for agency, (seq, _) in told.ends.items()} == {"one": 5, "two": 5, "": 5}
    assert counted[-1] == (15, 15)


@pytest.mark.parametrize("seq", [1, 3, ROWS])
@pytest.mark.parametrize("column", [*COVERED, "digest"])
async def test_one_changed_letter_in_any_column_is_found_and_named(
    filled: Database, column: str, seq: int
) -> None:
    row = await id_of(filled, "one", seq)
    if column in NUMBERS:
        change = f"{column} = {column} + 64"
    else:
        change = f"{column} = substr({column}, 1, length({column}) - 1) || '~'"
    await tamper(filled, f"UPDATE audit_log SET {change} WHERE id = {row}")

    told = await found(filled)
    if column == "agency":
        assert told.broken["on~"] == Broken("on~", seq, row, Fault.CHANGED)
        fault = Fault.CUT_OFF if seq == ROWS else Fault.MISSING
        assert told.broken["one"] == Broken("one", seq, None, fault)
        assert set(told.broken) == {"one", "on~"}
        return
    named = seq + 64 if column == "seq" else seq
    id_ = row + 64 if column == "id" else row
    assert told.broken == {"one": Broken("one", named, id_, Fault.CHANGED)}
    assert (await found(filled, "one")).broken == told.broken
    assert (await found(filled, "two")).broken == {}


@pytest.mark.parametrize("seq", [1, 3])
async def test_a_row_taken_out_is_missed(filled: Database, seq: int) -> None:
    await tamper(filled, f"DELETE FROM audit_log WHERE agency = 'two' AND seq = {seq}")

    assert (await found(filled)).broken == {"two": Broken("two", seq, None, Fault.MISSING)}


@pytest.mark.parametrize("left", [0, 3])
async def test_rows_cut_off_at_the_end_are_missed(filled: Database, left: int) -> None:
    await tamper(filled, f"DELETE FROM audit_log WHERE agency = 'two' AND seq > {left}")

    broken = (await found(filled)).broken
    assert broken == {"two": Broken("two", left + 1, None, Fault.CUT_OFF)}


async def test_two_rows_that_changed_places_are_found(filled: Database) -> None:
    await tamper(
        filled,
        "UPDATE audit_log SET seq = 99 WHERE agency = '' AND seq = 2",
        "UPDATE audit_log SET seq = 2 WHERE agency = '' AND seq = 4",
        "UPDATE audit_log SET seq = 4 WHERE agency = '' AND seq = 99",
    )

    broken = (await found(filled)).broken
    assert broken[""].fault is Fault.CHANGED
    assert broken[""].seq in {2, 4}
    assert set(broken) == {""}


@pytest.mark.parametrize(
    "change", ["seq = seq - 1", "digest = substr(digest, 1, 63) || '~'", "agency = 'three'"]
)
async def test_a_changed_head_is_found(filled: Database, change: str) -> None:
    await tamper(filled, f"UPDATE audit_heads SET {change} WHERE agency = 'one'")

    broken = (await found(filled)).broken
    assert broken["one"].fault is Fault.HEAD
    assert set(broken) <= {"one", "three"}


async def test_a_row_written_anew_with_its_digest_breaks_the_chain_behind_it(
    filled: Database,
) -> None:
    row = await id_of(filled, "one", 3)
    async with filled.read() as connection:
        query = text(f"SELECT {', '.join(COVERED)} FROM audit_log WHERE id = {row}")
        values = dict((await connection.execute(query)).one()._mapping) | {"actor": "staff:13"}
    forged = digest_of([values[name] for name in COVERED])
    await tamper(
        filled,
        f"UPDATE audit_log SET actor = 'staff:13', digest = :forged WHERE id = {row}",
        forged=forged,
    )

    behind = await id_of(filled, "one", 4)
    assert (await found(filled)).broken == {"one": Broken("one", 4, behind, Fault.UNCHAINED)}


async def test_a_flipped_bit_anywhere_in_a_rows_bytes_is_found_and_named(
    sqlite_url: str, opened: Callable[[str], Database]
) -> None:
    database = opened(sqlite_url)
    async with database.session() as session:
        for number in range(ROWS):
            said = {"actor": "staff:12", "what": "login", "subject": f"ticket:{number}"}
            details = {"count": number}
            await record(session, agency="one", **said, details=details, now=NOW)
    await database.close()
    file = Path(sqlite_url.partition("///")[2])
    whole = await asyncio.to_thread(file.read_bytes)
    middle = b'staff:12loginticket:3{"count":3}'
    at = whole.index(middle)
    before, behind = len(written(NOW)), 2 * len(BEGINNING)

    for place in range(at - before, at + len(middle) + behind, 5):
        content = bytearray(whole)
        content[place] ^= 1 << place % 8
        await asyncio.to_thread(file.write_bytes, content)
        database = opened(sqlite_url)
        broken = (await found(database)).broken.values()
        assert {b.id for b in broken} == {4}
        assert {b.fault for b in broken} <= {Fault.CHANGED, Fault.UNREADABLE}
        await database.close()


def test_what_is_read_is_put_in_order_without_a_database() -> None:
    told = Walk()
    values: list[Any] = [7, "one", 1, "at", "actor", "what", "subject", "{}", BEGINNING]

    assert told.step([*values, digest_of(values)]) is None
    told.end({"one": (1, digest_of(values))})

    assert told.broken == {}


async def verified(database: Database, url: str, *arguments: str) -> int:
    """The command on this database."""
    asked: Namespace = parser().parse_args(["audit", "verify", *arguments])
    return await run(Settings(database_url=url), asked)


async def test_the_command_prints_what_can_be_written_down_and_held_against_later(
    filled: Database, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await verified(filled, database_url) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    noted = next(line for line in lines if line.startswith("✓ one: 5")).split()[-1]

    assert await verified(filled, database_url, "--agency", "one", "--expect", noted) == 0
    assert await verified(filled, database_url, "--agency", "two", "--expect", noted) == 1
    assert "two: แถว 5" in capsys.readouterr().err


async def test_the_command_names_the_row_in_thai_and_english(
    filled: Database, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    row = await id_of(filled, "one", 4)
    await tamper(filled, f"UPDATE audit_log SET what = 'ticket.lost' WHERE id = {row}")

    assert await verified(filled, database_url) == 1
    told = capsys.readouterr()
    assert told.err == f"✗ one: แถว 4 (id {row}) ถูกแก้ไข / row 4 (id {row}) was changed\n"
    assert [line.split(":")[0] for line in told.out.splitlines()] == [
        "✓ ทั้งระบบ (installation)",
        "✓ two",
    ]


async def test_a_note_needs_to_know_whose_chain(database_url: str, database: Database) -> None:
    assert await verified(database, database_url, "--expect", f"{BEGINNING}@1") == 2


async def test_an_agency_that_never_was_is_told_and_one_that_is_served_no_more_is_verified(
    filled: Database, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await verified(filled, database_url, "--agency", "tow") == 1
    told = capsys.readouterr()
    assert (told.out, "ไม่มีหน่วยงาน tow" in told.err, "no agency tow" in told.err) == ("", True, True)

    assert await verified(filled, database_url, "--agency", "two") == 0
    assert await verified(filled, database_url, "--agency", AGENCY) == 0
    assert "no rows yet" in capsys.readouterr().out


def test_a_note_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["audit", "verify", "--expect", "yes"])

    assert stopped.value.code == 2
    assert "--expect" in capsys.readouterr().err
