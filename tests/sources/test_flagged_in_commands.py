"""Pages that are not as they were, in the commands of staff."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from admin import sources
from bot.__main__ import parser
from bot.db import Database
from bot.knowledge_commands import run
from bot.settings import Settings
from bot.visiting import Outcome
from knowledge.entries import EntryRow
from knowledge.folders import load_defaults
from tests.agencies.conftest import REAL, add, folder

__all__ = ["add", "folder"]

NOW = datetime(2026, 11, 21, 5, tzinfo=UTC)
SLUG = "buriram"


async def command(url: str, *arguments: str, agencies: Path = REAL) -> int:
    """`knowledge ...` on this database."""
    asked = parser().parse_args(["knowledge", *arguments])
    settings = Settings(database_url=url, semantic=False, agencies_dir=agencies)
    return await run(settings, asked)


async def test_a_changed_page_is_due_with_its_answers_until_it_is_accepted(
    database: Database, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    general = load_defaults(REAL / "_default").entries.values()
    key, page_url = next((entry.id, entry.source.url) for entry in general if entry.source.url)
    async with database.session() as session:
        page = sources.first_seen(SLUG, page_url, NOW)
        session.add(page)
        page.take(Outcome.SEEN, "a" * 64, "", NOW)
        page.take(Outcome.SEEN, "b" * 64, "", NOW + timedelta(days=1))

    assert await command(database_url, "due", SLUG, "--days", "0") == 0
    told = capsys.readouterr().out
    assert f"the source page has changed (2026-11-22): {page_url}\n" in told
    assert f"  · {key}: " in told

    assert await command(database_url, "accept", SLUG, page_url) == 0
    assert await command(database_url, "due", SLUG, "--days", "0") == 0
    assert page_url not in capsys.readouterr().out
    assert await command(database_url, "accept", SLUG, "https://other.example/") == 1
    assert "not watched" in capsys.readouterr().err


async def test_a_link_that_cannot_be_read_is_told_with_its_entry_and_owner(
    database: Database,
    database_url: str,
    folder: Path,
    add: Callable[[str], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    slug = add("first").name
    (folder / "_default" / "answers.yaml").write_text("[]", "utf-8")
    link = "https://[ใส่ลิงก์]/"
    assert await command(database_url, "due", slug, "--days", "0", agencies=folder) == 0
    async with database.write() as connection:
        here = EntryRow.agency == slug
        row = (await connection.execute(select(EntryRow.key, EntryRow.content).where(here))).first()
        content = {**row.content, "source": {**row.content["source"], "url": link}}
        one = update(EntryRow).where(here, EntryRow.key == row.key)
        await connection.execute(one.values(content=content, edited=True))
    capsys.readouterr()

    assert await command(database_url, "due", slug, "--days", "0", agencies=folder) == 0
    told = capsys.readouterr().out
    assert f"the source link cannot be read: {link}\n  · {row.key} ({content['unit']}): " in told

    await command(database_url, "check", slug, "--json", agencies=folder)
    problems = json.loads(capsys.readouterr().out)["problems"]
    [found] = [problem for problem in problems if problem["kind"] == "no-link"]
    assert (found["entries"], found["blocks"]) == ([row.key], False)
    assert all(
        link in found[language] and content["unit"] in found["en"] for language in ("th", "en")
    )
