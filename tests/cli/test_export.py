"""The command `export tickets`, as an operator types it: whole, valid, safe to open, sparing."""

import asyncio
import csv
import json
import re
import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any, NamedTuple

import pytest
from sqlalchemy import insert, select

from admin import exports
from admin.audit import AuditRow
from admin.exports import Wanted
from admin.moves import Status
from admin.opening import Details, Matter, open_ticket
from admin.persons import Person
from admin.tickets import Privacy, Source, Ticket
from bot.__main__ import main
from bot.db import Database
from bot.export_commands import cell, header
from bot.settings import ROOT
from knowledge.agency import Agency
from knowledge.chains import Kind
from knowledge.folders import load_agency, load_defaults
from tests.fakes import AGENCY

NOVEMBER = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
PHONE = "081-234-5678"


class Answer(NamedTuple):
    """What a command came to."""

    returncode: int
    stdout: bytes
    stderr: str

    @property
    def table(self) -> list[dict[str, str]]:
        """A CSV, read as a spreadsheet does."""
        return list(csv.DictReader(StringIO(self.stdout.decode("utf-8-sig"), newline="")))


Told = Callable[..., Answer]


@pytest.fixture
def told(
    database_url: str,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> Told:
    """Runs `thamdai export tickets` in a thread of its own, on a database of each kind."""
    monkeypatch.setenv("THAMDAI_DATABASE_URL", database_url)
    monkeypatch.setenv("THAMDAI_DATA_DIR", str(tmp_path))

    def run(*arguments: str, agency: str = AGENCY) -> Answer:
        code = main(["export", "tickets", "--agency", agency, *arguments])
        out, err = capsysbinary.readouterr()
        return Answer(code, out, err.decode())

    return run


@pytest.fixture(scope="module")
def agency() -> Agency:
    """A sub-district as its folder has it."""
    folder = ROOT / "knowledge" / "agencies"
    return load_agency(folder / AGENCY, load_defaults(folder / "_default"))


@pytest.fixture
async def some(database: Database, agency: Agency) -> list[Ticket]:
    """Three matters, a day apart, by somebody who gives a name, hides it, or gives none."""
    found = []
    who = Details(name="สมชาย ใจดี", phone=PHONE)
    async with database.session() as session:
        for days, privacy in enumerate(Privacy):
            matter = Matter(
                Kind.WRONG_INFO,
                Source.LINE,
                f"=1+1 โทร {PHONE}",
                url=f"https://example.go.th/?tel={PHONE}",
                privacy=privacy,
                item="history",
                place={"latitude": 12.5, "longitude": 102.1},
                person=who,
            )
            now = NOVEMBER + timedelta(days=days)
            found.append(await open_ticket(session, agency, matter, now=now))
    return found


async def test_json_is_one_valid_array(told: Told, some: list[Ticket]) -> None:
    answer = await asyncio.to_thread(told, "--format", "json")

    rows = json.loads(answer.stdout)
    assert answer.returncode == 0
    assert [row["number"] for row in rows] == [ticket.number for ticket in some]
    assert rows[0]["opened_at"] == "2026-11-21T10:00:00+07:00"
    assert rows[0]["opened_at_be"] == "21 พ.ย. 2569 10:00"
    assert rows[0]["status"] == Status.RECEIVED


async def test_no_rows_are_a_valid_array_too(told: Told) -> None:
    answer = await asyncio.to_thread(told, "--format", "json")

    assert json.loads(answer.stdout) == []


async def test_csv_opens_in_a_thai_excel(told: Told, some: list[Ticket]) -> None:
    answer = await asyncio.to_thread(told, "--format", "csv")

    assert answer.stdout.startswith(b"\xef\xbb\xbf")
    [first, *_] = answer.table
    assert first["เลขเรื่อง"] == some[0].number
    assert first["สถานะ"] == "รอคัดแยก"
    assert first["รับเรื่อง (พ.ศ.)"] == "21 พ.ย. 2569 10:00"
    assert first["รับเรื่อง"] == "2026-11-21T10:00:00+07:00"
    assert len(answer.table) == len(some)


async def test_no_cell_is_run_as_a_formula(told: Told, some: list[Ticket]) -> None:
    answer = await asyncio.to_thread(told, "--format", "csv")

    assert [row["เรื่องที่แจ้ง"][:4] for row in answer.table] == ["'=1+"] * 3


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r", " =", "\n@", "＝"])
def test_every_beginning_of_a_formula_is_known(start: str) -> None:
    assert cell("what", f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


def test_numbers_and_plain_words_are_left_alone() -> None:
    assert [cell("stars", 5), cell("what", "ถนน=พัง"), cell("url", None)] == [5, "ถนน=พัง", None]


@pytest.mark.parametrize("form", ["json", "csv"])
async def test_nobody_is_named_unless_asked_for(told: Told, some: list[Ticket], form: str) -> None:
    answer = await asyncio.to_thread(told, "--format", form)

    said = answer.stdout.decode()
    assert "สมชาย" not in said
    assert PHONE not in said
    assert "102.1" not in said


async def test_with_persons_what_was_hidden_stays_hidden(
    told: Told, some: list[Ticket], database: Database
) -> None:
    answer = await asyncio.to_thread(told, "--format", "json", "--with-persons")

    rows = json.loads(answer.stdout)
    assert [row["name"] for row in rows] == ["สมชาย ใจดี", None, None]
    assert [row["latitude"] for row in rows] == [12.5, None, None]
    async with database.session() as session:
        assert len((await session.scalars(select(Person))).all()) == 2
        last = await session.scalar(select(AuditRow).order_by(AuditRow.seq.desc()).limit(1))
    assert (last.what, last.subject, last.actor) == ("export.tickets", f"agency:{AGENCY}", "system")
    assert json.loads(last.details)["persons"] is True


@pytest.mark.parametrize(
    ("days", "count"),
    [
        (["--since", "2026-11-22"], 2),
        (["--until", "2569-11-22"], 2),
        (["--since", "2569-11-22", "--until", "2026-11-22"], 1),
        (["--since", "2027-01-01"], 0),
    ],
)
async def test_days_are_those_of_bangkok_in_either_era(
    told: Told, some: list[Ticket], days: list[str], count: int
) -> None:
    answer = await asyncio.to_thread(told, "--format", "json", *days)

    assert len(json.loads(answer.stdout)) == count


def test_a_day_that_is_none_is_not_understood(told: Told) -> None:
    with pytest.raises(SystemExit) as ended:
        told("--format", "json", "--since", "21/11/2569")

    assert ended.value.code == 2


def test_days_the_wrong_way_round_are_told(told: Told) -> None:
    answer = told("--format", "csv", "--since", "2026-11-22", "--until", "2569-11-21")

    assert (answer.returncode, answer.stdout) == (2, b"")
    assert "--since ต้องไม่หลัง --until / --since must not be after --until" in answer.stderr


def test_an_agency_that_is_none_is_named(told: Told) -> None:
    answer = told("--format", "json", agency="nowhere")

    assert answer.returncode == 1
    assert answer.stdout == b""
    assert "nowhere" in answer.stderr
    assert AGENCY in answer.stderr


async def test_other_agencies_tickets_stay_where_they_are(
    told: Told, some: list[Ticket], database: Database
) -> None:
    async with database.session() as session:
        (await session.get_one(Ticket, some[0].id)).agency = "elsewhere"

    answer = await asyncio.to_thread(told, "--format", "json")

    assert len(json.loads(answer.stdout)) == 2


async def test_memory_does_not_grow_with_the_tickets(
    database: Database, agency: Agency, some: list[Ticket]
) -> None:
    columns = [c for c in Ticket.__table__.columns if c.name not in {"id", "number"}]
    async with database.write() as connection:
        [row] = (await connection.execute(select(*columns).where(Ticket.id == some[0].id))).all()
        same = dict(zip((c.name for c in columns), row, strict=True))
        many = [{**same, "number": f"x{n}"} for n in range(1_500)]
        await connection.execute(insert(Ticket.__table__), many)

    async def peak(wanted: Wanted) -> tuple[int, int]:
        tracemalloc.start()
        count = 0
        async for _ in exports.rows(database, agency, wanted, page=200):
            count += 1
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return count, most

    await peak(Wanted(until=date(2020, 1, 1)))
    few = await peak(Wanted(since=date(2026, 11, 22)))
    all_of_them = await peak(Wanted())

    assert (few[0], all_of_them[0]) == (2, 1_503)
    assert all_of_them[1] < 4_500_000


def test_every_column_has_a_heading() -> None:
    names = exports.columns(Wanted(persons=True))
    assert len({header(name) for name in names}) == len(names)
    assert all(re.search("[ก-๙]", header(name)) for name in names)
