"""The commands `staff ...`, as an operator types them: accounts, roles, links, closed doors."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest

from admin import passwords, staff
from admin.staff import Staff
from bot.__main__ import main
from bot.clock import now
from bot.db import Database
from bot.settings import ROOT
from tests.fakes import AGENCY

MAIL = "somying@example.go.th"
PASSWORD = "ปลาทูทอดกับน้ำพริก 99"
ADD = ("add", "--agency", AGENCY, "--name", "สมหญิง ใจดี", "--email", MAIL)


class Answer(NamedTuple):
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


Told = Callable[..., Answer]


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Told:
    """Runs `thamdai staff` in this process, with a data folder of its own."""
    monkeypatch.setenv("THAMDAI_DATA_DIR", str(tmp_path))

    def run(*arguments: str, typed: str = "") -> Answer:
        monkeypatch.setattr(sys, "stdin", StringIO(typed))
        code = main(["staff", *arguments])
        return Answer(code, *capsys.readouterr())

    return run


def test_an_account_is_added_just_as_it_is_documented(tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("THAMDAI_")}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "bot", "staff", *ADD, "--role", "reporter", "--password-stdin"],
        capture_output=True,
        cwd=ROOT,
        env={**kept, "THAMDAI_DATA_DIR": str(tmp_path)},
        input=PASSWORD,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"✓ {MAIL}: reporter @ {AGENCY}\n"


def kept(folder: Path) -> tuple[Staff, list[str]]:
    """The account, and the roles it holds today."""

    async def look() -> tuple[Staff, list[str]]:
        database = Database(f"sqlite+aiosqlite:///{folder / 'thamdai.db'}")
        async with database.session() as session:
            person = await staff.person_of(session, MAIL)
            assert person
            held = await staff.posts(session, person.id, now().date())
        await database.close()
        return person, [f"{agency}:{post.role}:{post.unit or ''}" for agency, post in held]

    return asyncio.run(look())


def test_an_account_is_added_and_given_further_roles(told: Told, tmp_path: Path) -> None:
    first = told(*ADD, "--role", "reporter", "--password-stdin", typed=f"{PASSWORD}\n")
    assert (first.returncode, first.stderr) == (0, "")
    other = told(*ADD, "--role", "operator", "--password-stdin", typed="another password 7\n")
    assert other.returncode == 0

    person, held = kept(tmp_path)
    assert passwords.matches(person.password, PASSWORD)
    assert held == [":operator:", f"{AGENCY}:reporter:"]
    listed = told("list").stdout.splitlines()
    assert listed == [
        f"*\toperator\t{MAIL}\tสมหญิง ใจดี",
        f"{AGENCY}\treporter\t{MAIL}\tสมหญิง ใจดี",
    ]
    assert told("list", "--agency", "nowhere").stdout == ""


@pytest.mark.parametrize(
    ("changed", "typed", "words"),
    [
        (("--agency", "nowhere"), PASSWORD, "no agency nowhere"),
        (("--unit", "nowhere"), PASSWORD, "no such unit"),
        (("--email", "nonsense"), PASSWORD, "whole e-mail address"),
        (("--name", " "), PASSWORD, "first and last name"),
        ((), "short", "at least 12 letters"),
        ((), "", "at least 12 letters"),
    ],
)
def test_what_cannot_be_added_is_said_in_both_languages(
    told: Told, changed: tuple[str, ...], typed: str, words: str
) -> None:
    done = told(*ADD, "--role", "agent", "--password-stdin", *changed, typed=typed)

    assert done.returncode == 1
    assert words in done.stderr
    assert re.search("[ก-ฮ]", done.stderr)
    assert "Traceback" not in done.stderr
    assert told("list").stdout == ""


def test_an_unknown_role_is_not_understood(told: Told) -> None:
    with pytest.raises(SystemExit) as stopped:
        told(*ADD, "--role", "king")

    assert stopped.value.code == 2


def test_without_a_password_a_link_is_printed_and_a_reset_prints_another(
    told: Told, tmp_path: Path
) -> None:
    link = re.compile(r"^/admin/invitation/[\w-]{32}$", re.MULTILINE)
    assert link.search(told(*ADD, "--role", "agent").stdout)
    assert kept(tmp_path)[0].password is None
    told("disable", "--email", MAIL.upper())
    assert kept(tmp_path)[0].disabled_at
    assert "closed" in told("list").stdout

    assert told(*ADD, "--role", "reporter").returncode == 1
    assert link.search(told("reset", "--email", MAIL).stdout)
    assert kept(tmp_path)[0].disabled_at is None


@pytest.mark.parametrize("what", ["disable", "reset"])
def test_an_account_that_is_not_there_is_named(told: Told, what: str) -> None:
    done = told(what, "--email", MAIL)

    assert done.returncode == 1
    assert f"no account {MAIL}" in done.stderr
