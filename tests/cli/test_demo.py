"""The command `demo`: it is filled by the program's own rules, and leaves real data alone."""

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pyotp
import pytest
from sqlalchemy import func, insert, select, text

from admin.announcements import Announcement, Relation, State
from admin.attachments import Attachment
from admin.audit import AuditRow
from admin.chains import walk
from admin.mailings import Fate, Recipient
from admin.moves import Ending, Status
from admin.officers import Role
from admin.persons import Person
from admin.signing import Draft, Signature, is_genuine
from admin.staff import Membership, Staff
from admin.tickets import Privacy, Source, Ticket
from bot.__main__ import main
from bot.clock import now
from bot.db import Database
from bot.demo.stories import IN_CHAT, plans, read
from bot.files import FileStore
from bot.messages import Contact
from bot.settings import ROOT
from bot.tables import ContactRow
from knowledge.agency import Agency
from knowledge.chains import Kind, Step
from knowledge.folders import load_agency, load_defaults
from knowledge.registry import agency_folders
from tests.commands import Done, told

AGENCIES = ROOT / "knowledge" / "agencies"


def demo(*arguments: object) -> Done:
    """Runs `thamdai demo --no-serve` as whoever has it installed does."""
    return told("demo", "--no-serve", *arguments)


class Made(NamedTuple):
    """A demonstration, and what was printed when it was made."""

    folder: Path
    printed: str

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"sqlite+aiosqlite:///{self.folder / 'thamdai.db'}"

    def rows(self, query: Any) -> list[Any]:
        """What the database says."""

        async def look() -> list[Any]:
            database = Database(self.url)
            try:
                async with database.session() as session:
                    return list((await session.execute(query)).all())
            finally:
                await database.close()

        return asyncio.run(look())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Built once; nothing here changes it."""
    folder = tmp_path_factory.mktemp("demo")
    done = demo("--folder", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    return Made(folder, done.stdout)


def test_every_kind_status_ending_way_and_verdict_is_there(made: Made) -> None:
    tickets = [row[0] for row in made.rows(select(Ticket))]

    def seen(name: str) -> set[Any]:
        return {getattr(one, name) for one in tickets}

    assert len(tickets) >= 100
    assert seen("kind") == set(Kind)
    assert seen("status") == set(Status)
    assert seen("ending") == {*Ending, None}
    assert seen("source") == set(Source)
    assert seen("privacy") == set(Privacy)
    assert seen("verdict") == {"yes", "partly", "no", None}
    assert {2, 3, 4, 5} <= seen("stars")
    assert seen("language") == {"th", "en"}
    assert any(one.urgent and one.status is Status.WITH_HEAD for one in tickets)
    assert any(one.reopened and one.is_open for one in tickets)
    assert any(one.reopened and not one.is_open for one in tickets)
    assert any(one.place and one.attachments for one in tickets)


def test_there_is_news_in_every_state_signed_by_two_persons(made: Made) -> None:
    told = [row[0] for row in made.rows(select(Announcement))]
    fates = {row.fate for row in made.rows(select(Recipient.fate))}

    assert {one.agency for one in told} == {folder.name for folder in agency_folders(AGENCIES)}
    assert {(one.state, one.relation) for one in told} >= {
        *((state, None) for state in State),
        (State.POSTED, Relation.CORRECTION),
        (State.POSTED, Relation.ALL_CLEAR),
        (State.APPROVED, Relation.ALL_CLEAR),
    }
    assert any(one.next_at for one in told)
    posted = [one for one in told if one.posted_at]
    assert all(len({name.staff_id for name in one.signatures}) == 2 for one in posted)
    assert fates == {Fate.ACCEPTED}


def test_each_agency_has_its_share_and_something_late_and_something_due_soon(made: Made) -> None:
    moment = datetime.now(UTC)  # noqa: TID251 - a test's own
    of_each = Counter(row.agency for row in made.rows(select(Ticket.agency)))
    late = made.rows(
        select(Ticket.agency).where(Ticket.closed_at.is_(None), Ticket.due_at < moment)
    )
    soon = made.rows(
        select(Ticket.agency).where(
            Ticket.closed_at.is_(None),
            Ticket.due_at.between(moment, moment + timedelta(days=12)),
        )
    )

    assert len(of_each) == 5
    assert min(of_each.values()) >= 20
    assert {row.agency for row in late} == set(of_each)
    assert {row.agency for row in soon} == set(of_each)


def test_the_audit_log_is_whole_and_runs_forward_in_time(made: Made) -> None:
    async def walked() -> Any:
        database = Database(made.url)
        try:
            async with database.read() as connection:
                return await walk(connection)
        finally:
            await database.close()

    found = asyncio.run(walked())
    times = [row.at for row in made.rows(select(AuditRow.at).order_by(AuditRow.id))]

    assert found.broken == {}
    assert len(found.ends) == 6
    assert times == sorted(times)


def test_what_is_on_the_website_was_signed_by_three_persons(made: Made) -> None:
    tickets = {row[0].id: row[0] for row in made.rows(select(Ticket))}
    drafts = {row[0].id: row[0] for row in made.rows(select(Draft))}
    signed: dict[int, dict[Step, int]] = {}
    for row in made.rows(select(Signature)):
        one = row[0]
        draft, ticket = drafts[one.draft_id], tickets[one.ticket_id]
        if is_genuine(one, draft, ticket):
            signed.setdefault(ticket.id, {})[one.step] = one.staff_id

    corrected = [
        one.id
        for one in tickets.values()
        if one.kind is Kind.WRONG_INFO and one.ending is Ending.CORRECTED
    ]
    assert corrected
    assert all(set(signed[number]) == set(Step) for number in corrected)
    assert all(len(set(signed[number].values())) == 3 for number in corrected)
    assert made.rows(select(Signature.id).where(Signature.acting_for.is_not(None)))


def test_pictures_are_kept_as_they_are_named(made: Made) -> None:
    rows = [row[0] for row in made.rows(select(Attachment))]
    store = FileStore(made.folder / "files")

    assert len({row.sha256 for row in rows}) > 20
    for row in rows:
        assert store.path(row.sha256).stat().st_size == row.size
        assert row.held


def test_nobody_is_real(made: Made) -> None:
    people = made.rows(select(Staff.name, Staff.email))
    phones = made.rows(select(Person.name, Person.phone))

    assert all(re.fullmatch("คุณตัวอย่าง .+", row.name) for row in people)
    assert all(row.email.endswith("@example.go.th") for row in people)
    assert len({row.name for row in people}) == len(people)
    assert all(row.name.startswith("คุณผู้แจ้งตัวอย่าง") for row in phones)
    assert all(row.phone.startswith("000-000-") for row in phones)


def test_every_post_is_filled_and_every_login_is_printed(made: Made) -> None:
    held = made.rows(
        select(Staff.email, Membership.agency, Membership.role, Membership.unit).join(
            Membership, Membership.staff_id == Staff.id
        )
    )

    defaults = load_defaults(AGENCIES / "_default")
    for folder in agency_folders(AGENCIES):
        agency = load_agency(folder, defaults)
        ours = {(row.role, row.unit) for row in held if row.agency == agency.slug}
        assert {role for role, _ in ours} == set(Role) - {Role.OPERATOR}
        assert {unit for role, unit in ours if role == Role.REPORTER} == {
            unit.id for unit in agency.profile.units
        }
        assert agency.profile.name.th in made.printed
        assert f"/admin/{agency.slug}/overview" in made.printed
    assert all(row.email in made.printed for row in held)


def test_asked_again_it_says_that_it_is_there_and_changes_nothing(made: Made) -> None:
    before = (made.folder / "thamdai.db").read_bytes()

    again = demo("--folder", str(made.folder))

    assert "matters made" in made.printed
    assert again.returncode == 0
    assert "it is there already" in again.stdout
    assert "มีระบบตัวอย่างอยู่แล้ว" in again.stdout
    assert again.stdout.splitlines()[1:] == made.printed.splitlines()[1:]
    assert (made.folder / "thamdai.db").read_bytes() == before


def contact(moment: datetime) -> dict[str, Any]:
    """Somebody who wrote."""
    one = Contact("nowhere", "line", "U" + "1" * 32)
    return {
        "id": one.id,
        "agency": one.agency,
        "channel": one.channel,
        "address": one.address,
        "state": {},
        "created_at": moment,
        "seen_at": moment,
    }


def member_of_staff(moment: datetime) -> dict[str, Any]:
    """Somebody who works there."""
    return {"name": "สมหญิง", "email": "s@go.th", "created_at": moment}


Anybody = tuple[Any, Callable[[datetime], dict[str, Any]]]


@pytest.mark.parametrize(
    "anybody", [(ContactRow, contact), (Staff, member_of_staff)], ids=["contact", "staff"]
)
async def test_a_database_with_anybody_in_it_is_left_alone(
    database: Database,
    database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    anybody: Anybody,
) -> None:
    table, row = anybody
    async with database.write() as connection:
        await connection.execute(insert(table).values(**row(now())))

    code = await asyncio.to_thread(
        main, ["demo", "--no-serve", "--folder", str(tmp_path / "demo"), "--database", database_url]
    )

    printed = capsys.readouterr()
    assert code == 1
    assert "left alone" in printed.err
    assert "ไม่แตะต้อง" in printed.err
    async with database.read() as connection:
        for kind in (Ticket, AuditRow):
            assert await connection.scalar(select(func.count()).select_from(kind)) == 0
        assert await connection.scalar(select(func.count()).select_from(table)) == 1
    assert not (tmp_path / "demo" / "secret.key").exists()


def test_a_real_data_folder_is_left_as_it_is(tmp_path: Path) -> None:
    async def real() -> None:
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'thamdai.db'}")
        async with database.write() as connection:
            await connection.execute(text("CREATE TABLE tickets (id INTEGER)"))
            await connection.execute(text("INSERT INTO tickets VALUES (1)"))
        await database.close()

    asyncio.run(real())

    done = demo("--folder", str(tmp_path))

    assert done.returncode == 1
    assert "left alone" in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "secret.key").exists()


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
async def test_it_is_built_on_postgresql_too(empty_url: str, tmp_path: Path) -> None:
    done = await asyncio.to_thread(demo, "--folder", str(tmp_path), "--database", empty_url)
    again = await asyncio.to_thread(demo, "--folder", str(tmp_path), "--database", empty_url)

    assert (done.returncode, done.stderr) == (0, "")
    assert "matters made" in done.stdout
    assert "it is there already" in again.stdout


def test_stories_are_dealt_alike_and_never_end_in_the_future() -> None:
    defaults = load_defaults(AGENCIES / "_default")
    agencies: list[Agency] = [load_agency(one, defaults) for one in agency_folders(AGENCIES)]
    book = read()
    for moment in (
        datetime(2026, 11, 21, 15, 0, tzinfo=UTC),  # a Saturday
        datetime(2027, 4, 14, 2, 0, tzinfo=UTC),  # Songkran
        datetime(2027, 1, 4, 0, 0, tzinfo=UTC),  # after the New Year's holidays
    ):
        found = plans(book, agencies, moment)
        again = plans(book, agencies, moment)

        assert found == again
        assert len(found) == len(book.stories)
        for plan in found:
            times = [when for when, _ in plan.steps]
            assert times == sorted(times)
            assert times[-1] <= moment
            assert times[0] >= moment - timedelta(days=90)
        assert {story.life for story in book.stories} == set(book.lives)
    assert {story.source for story in book.stories} > IN_CHAT


@pytest.fixture
def served(made: Made) -> Iterator[str]:
    """The demonstration as it is served; where it is."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("THAMDAI_")}
    command = [sys.executable, "-m", "bot", "demo", "--folder", str(made.folder), "--port", "0"]
    server = subprocess.Popen(  # noqa: S603 - our own program
        command,
        cwd=ROOT,
        env={**kept, "THAMDAI_SEMANTIC": "false", "THAMDAI_PUBLIC_URL": "https://real.example"},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    watch = threading.Timer(90, server.kill)
    watch.start()
    try:
        assert server.stdout
        lines = iter(server.stdout.readline, "")
        found = [re.search(r"(http://127\.0\.0\.1:(?!0)\d+)/", line) for line in _until(lines)]
        yield next(one[1] for one in found if one)
    finally:
        server.terminate()
        server.communicate()
        watch.cancel()


def _until(lines: Iterator[str]) -> Iterator[str]:
    """Lines up to the first one after the server is ready."""
    for line in lines:
        yield line
        if re.search(r"http://127\.0\.0\.1:(?!0)\d+/", line):
            return


async def test_whoever_was_printed_gets_in_with_password_and_code(made: Made, served: str) -> None:
    password = re.search(r"everybody's password: (\S+)", made.printed)[1]
    secret = re.search(r"for an app: (\S+)", made.printed)[1]
    mail = re.search(r"(\S+-approver@example.go.th)", made.printed)[1]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:

        async def sends(page: str, path: str, **fields: str) -> tuple[str, str]:
            mark = re.search(r'name="_token" value="([^"]+)"', page)[1]
            form = {"_token": mark, **fields}
            async with browser.post(f"{served}{path}", data=form) as answer:
                return str(answer.url), await answer.text()

        async with browser.get(f"{served}/admin/") as answer:
            page, where = await answer.text(), answer.url.path
        at, page = await sends(page, where, email=mail, password=password)
        path = at.removeprefix(served).partition("?")[0]
        at, page = await sends(page, path, code=pyotp.TOTP(secret).now())
        slug = mail.removesuffix("-approver@example.go.th")

        assert at.startswith(f"{served}/admin/{slug}/")
        async with browser.get(f"{served}/admin/{slug}/tickets?state=all") as answer:
            assert answer.status == 200
            assert len(set(re.findall(r"/tickets/(\d\d-\d{5}-\d)", await answer.text()))) >= 20
