"""The page of questions as time goes by: names change, review dates pass, more is asked."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import insert

from admin.questions import Question
from bot import clock
from bot.db import Database
from bot.settings import Settings
from bot.tables import ContactRow
from handlers.most_asked import SHOWN, asked_lately
from handlers.site.questions import Questions
from knowledge.dates import written
from knowledge.registry import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

ENTRY = "history-vision"


@dataclass
class Later:
    """The same agency's pages, on a day and with names that a test sets."""

    served: Served
    now: datetime
    client: TestClient | None = None

    async def get(self, path: str) -> tuple[int, str, str]:
        """Status, where it leads, and the page."""
        assert self.client
        slug = self.served.agency.slug
        async with self.client.get(f"/{slug}/questions{path}", allow_redirects=False) as found:
            return found.status, found.headers.get("Location", ""), await found.text()


def pages(database: Database, later: Later, settings: Settings) -> TestClient:
    """The pages over this database, not yet counted what is asked most."""
    app = web.Application()
    Questions(database, lambda _: later.served, settings, lambda: later.now).add_to(app)
    return TestClient(TestServer(app))


@pytest_asyncio.fixture(loop_scope="module")
async def later(site) -> AsyncIterator[Later]:
    """Pages of their own over the running program's database."""
    program = site.program
    later = Later(program.registry.get(site.agency), clock.now())
    async with pages(program.database, later, program.settings) as later.client:
        yield later


async def test_an_entry_with_a_new_name_is_found_under_its_old_one(later):
    agency = later.served.agency
    renamed = {"old-name": ENTRY, "older": "gone", "loop": "loop"}
    agency = agency.model_copy(update={"renamed": renamed})
    later.served = replace(later.served, agency=agency)

    here = f"/{agency.slug}/questions/{ENTRY}"
    assert (await later.get("/old-name"))[:2] == (301, here)
    assert (await later.get("/old-name?lang=en&x=1"))[:2] == (301, here + "?lang=en")
    assert (await later.get("/older"))[0] == 404
    assert (await later.get("/loop"))[0] == 404
    assert (await later.get(f"/{ENTRY}"))[0] == 200


async def test_the_way_to_another_name_is_not_kept_for_ever(later, site):
    agency = later.served.agency.model_copy(update={"renamed": {"old-name": ENTRY}})
    later.served = replace(later.served, agency=agency)

    for path in ("/old-name", "/"):
        here = f"/{agency.slug}/questions{path}"
        async with later.client.get(here, allow_redirects=False) as found:
            kept = found.status, found.headers.get("Cache-Control")
            assert kept == (301, "public, max-age=60")


async def test_past_its_review_date_an_answer_says_so_plainly_to_people_and_machines(later):
    entry = later.served.agency.entries[ENTRY]
    day = entry.review_by
    later.now = datetime(day.year, day.month, day.day, 16, 59, tzinfo=UTC)
    _, _, fresh = await later.get(f"/{ENTRY}")
    later.now += timedelta(minutes=1)  # midnight there
    _, _, stale = await later.get(f"/{ENTRY}")
    _, _, english = await later.get(f"/{ENTRY}?lang=en")

    assert "เลยวันทบทวน" not in fresh
    assert stale.count(f"เลยวันทบทวน ({written(day, 'th')})") == 2
    assert f"due for review on {written(day, 'en')}" in english


async def test_what_is_asked_most_comes_first(later, site):
    agency = later.served.agency
    key = list(agency.entries)[-1]
    _, _, before = await later.get("")
    contact = uuid4()
    async with site.program.database.write() as connection:
        who = {"id": contact, "agency": agency.slug, "channel": "web", "address": contact.hex}
        known = {"state": {}, "blocked": False, "created_at": later.now, "seen_at": later.now}
        await connection.execute(insert(ContactRow).values(**who, **known))
        asked = {"agency": agency.slug, "contact_id": contact, "asked_at": later.now}
        rows = [{**asked, "decision": "answer", "entry": key}] * 3
        await connection.execute(insert(Question), rows)
    _, _, soon = await later.get("")
    async with pages(site.program.database, later, site.program.settings) as client:
        found = await client.get(f"/{agency.slug}/questions")
        after = await found.text()

    assert soon == before  # counted once a minute
    question = agency.entries[key].question.th
    assert after.index(question) < before.index(question)
    assert after.index(question) < after.index(agency.entries[ENTRY].question.th)


async def test_an_entry_with_a_new_name_is_asked_as_often_as_before(later, site):
    agency = later.served.agency
    key, other = list(agency.entries)[-1], list(agency.entries)[-2]
    names = {"once": key, **{f"other-{n}": other for n in range(2)}}
    agency = agency.model_copy(update={"renamed": names})
    later.served = replace(later.served, agency=agency)
    contact = uuid4()
    async with site.program.database.write() as connection:
        who = {"id": contact, "agency": agency.slug, "channel": "web", "address": contact.hex}
        known = {"state": {}, "blocked": False, "created_at": later.now, "seen_at": later.now}
        await connection.execute(insert(ContactRow).values(**who, **known))
        counts = {"once": 30, key: 30, "other-0": 29, "other-1": 29, other: 29}
        counts |= {f"gone-{n}": 40 for n in range(SHOWN)}
        asked = {"agency": agency.slug, "contact_id": contact, "asked_at": later.now}
        rows = [
            {**asked, "decision": "answer", "entry": name}
            for name, count in counts.items()
            for _ in range(count)
        ]
        await connection.execute(insert(Question), rows)

    async with site.program.database.session() as session:
        found = await asked_lately(session, agency, later.now)
    assert list(found)[:2] == [other, key]
    assert set(found) <= set(agency.entries)


async def test_the_answers_can_be_read_while_the_database_is_away(later, site, opened, tmp_path):
    database = opened(f"sqlite+aiosqlite:///{tmp_path / 'without-a-table.db'}")
    async with pages(database, later, site.program.settings) as client:
        found = await client.get(f"/{later.served.agency.slug}/questions")
        assert found.status == 200
        assert later.served.agency.entries[ENTRY].question.th in await found.text()
