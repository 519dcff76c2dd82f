"""The pages that answers rest on: visited politely, and told of where they changed."""

import asyncio
import gzip
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from admin import sources
from admin.audit import AuditRow
from admin.sources import SourcePage, State
from admin.watching import Watch
from bot.db import Database
from bot.settings import ROOT
from bot.visiting import Outcome, Visitor, is_public
from knowledge.agency import Agency, Flag
from knowledge.folders import load_agency, load_defaults
from knowledge.provenance import stale
from knowledge.registry import Registry

AGENCIES = ROOT / "knowledge" / "agencies"
DAY = timedelta(days=1)
WORDS = "<html><body><h1>ค่าธรรมเนียม</h1><p>ฉบับละ 20 บาท</p></body></html>"
TODAY = date(2026, 11, 21)


@dataclass
class Site:
    """A web site whose pages a test changes."""

    body: bytes = WORDS.encode()
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0
    asked: list[web.Request] = field(default_factory=list)
    url: str = ""

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Whatever the page is now."""
        self.asked.append(request)
        await asyncio.sleep(self.wait)
        if self.headers.get("ETag") and request.headers.get("If-None-Match"):
            return web.Response(status=304)
        body = self.body.replace(b"COUNT", str(len(self.asked)).encode())
        headers = {"Content-Type": self.kind, **self.headers}
        return web.Response(body=body, status=self.status, headers=headers)

    def say(self, words: str) -> None:
        """Another text on the page."""
        self.body = f"<html><body>{words}</body></html>".encode()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A real web server."""
    found = Site()
    app = web.Application()
    app.router.add_get("/{tail:.*}", found.page)
    server = TestServer(app)
    await server.start_server()
    found.url = str(server.make_url("/fees"))
    yield found
    await server.close()


def visitor(**how: Any) -> Visitor:
    """A visitor that may also visit this machine."""
    return Visitor("https://bot.example", **({"may_visit": lambda _: True} | how))


@cache
def _read() -> Agency:
    return load_agency(AGENCIES / "tapon", load_defaults(AGENCIES / "_default"))


def resting_on(*urls: str) -> Agency:
    """An agency whose first answers rest on these pages, and the others on none."""
    agency = _read()
    entries = {}
    for n, (key, entry) in enumerate(agency.entries.items()):
        url = urls[n] if n < len(urls) else None
        source = entry.source.model_copy(update={"url": url})
        entries[key] = entry.model_copy(update={"source": source, "updated": TODAY - DAY})
    return agency.model_copy(update={"slug": "nowhere", "entries": entries})


@dataclass
class Noon:
    """A clock that begins at noon of a certain day."""

    moment: datetime = datetime(2026, 11, 21, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@dataclass
class Watched:
    """One page under watch, a day at a time."""

    database: Database
    clock: Noon
    site: Site

    async def next_day(self, *, days: float = 1, agency: Agency | None = None) -> int:
        """A round on a later day; returns how many are newly flagged."""
        self.clock.moment += timedelta(days=days)
        watch = Watch(self.database, visitor(seconds=1), clock=self.clock, pause=0)
        return await watch.round([agency or resting_on(self.site.url)], self.clock())

    async def page(self) -> SourcePage:
        """The page as it is kept."""
        async with self.database.session() as session:
            [page] = (await session.scalars(select(SourcePage))).all()
            return page


@pytest.fixture
def watched(database: Database, site: Site) -> Watched:
    """A page that was looked at never yet."""
    return Watched(database, Noon(), site)


async def test_a_page_that_stays_as_it_is_is_never_flagged(watched: Watched) -> None:
    assert [await watched.next_day() for _ in range(3)] == [0, 0, 0]

    page = await watched.page()
    assert page.state == State.OK
    assert page.looked_at == watched.clock()
    assert page.checked == page.seen


async def test_a_changed_page_is_flagged_once_until_staff_accept_it(watched: Watched) -> None:
    await watched.next_day()
    watched.site.say("ฉบับละ 30 บาท")

    assert [await watched.next_day(), await watched.next_day()] == [1, 0]
    page = await watched.page()
    assert page.state == State.CHANGED
    async with watched.database.read() as connection:
        since = (watched.clock() - DAY).astimezone(UTC).date()
        flag = Flag(state="changed", since=since)
        assert await sources.flags(connection) == {"nowhere": {watched.site.url: flag}}

    async with watched.database.session() as session:
        how = {"actor": "staff:12", "now": watched.clock()}
        assert await sources.accept(session, "nowhere", watched.site.url, **how)
        assert not await sources.accept(session, "nowhere", "https://other.example", **how)
        row = (await session.scalars(select(AuditRow))).one()
    assert (row.what, row.actor) == ("source.accept", "staff:12")
    assert watched.site.url not in row.subject + row.details
    assert await watched.next_day() == 0
    assert (await watched.page()).state == State.OK


async def test_a_page_that_is_as_it_was_again_is_no_longer_flagged(watched: Watched) -> None:
    before = watched.site.body
    await watched.next_day()
    watched.site.say("ปิดปรับปรุง")
    await watched.next_day()
    watched.site.body = before

    await watched.next_day()

    assert (await watched.page()).state == State.OK


@pytest.mark.parametrize("status", [404, 410])
async def test_a_page_is_dead_when_it_was_not_there_on_two_days(
    watched: Watched, status: int
) -> None:
    await watched.next_day()
    watched.site.status = status

    assert await watched.next_day() == 0
    assert await watched.next_day(days=0.01) == 0
    assert (await watched.page()).state == State.OK
    assert await watched.next_day() == 1
    assert (await watched.page()).state == State.DEAD
    assert await watched.next_day() == 0

    watched.site.status = 200
    await watched.next_day()
    assert (await watched.page()).state == State.OK


@pytest.mark.parametrize("status", [403, 429, 500, 503])
async def test_a_server_in_trouble_is_no_fault_of_the_page_for_three_days(
    watched: Watched, status: int
) -> None:
    await watched.next_day()
    watched.site.status = status

    states = []
    for _ in range(5):
        assert await watched.next_day() == 0
        states.append((await watched.page()).state)
    assert states == ["ok", "ok", "ok", "unreachable", "unreachable"]
    async with watched.database.read() as connection:
        assert await sources.flags(connection) == {}
    async with watched.database.session() as session:
        [page] = await sources.not_as_checked(session, "nowhere")
        assert (page.reason, page.failures) == (str(status), 5)

    watched.site.status = 200
    await watched.next_day()
    assert (await watched.page()).state == State.OK


async def test_what_differs_at_each_load_is_no_change(watched: Watched) -> None:
    watched.site.say("<p>ฉบับละ 20 บาท</p><p>ผู้เข้าชม COUNT</p><script>var t=COUNT</script>")
    for _ in range(3):
        assert await watched.next_day() == 0

    watched.site.say("<p>ฉบับละ 25 บาท</p><p>ผู้เข้าชม COUNT</p>")
    assert await watched.next_day() == 1


async def test_a_page_that_says_which_day_it_is_has_not_changed_for_that(watched: Watched) -> None:
    for day in ("22 พฤศจิกายน 2569", "23 พ.ย. 2569", "24/11/2569", "2026-11-25"):
        watched.site.say(f"<p>วันนี้ {day} เวลา 12:00</p><p>ฉบับละ 20 บาท</p>")
        assert await watched.next_day() == 0

    watched.site.say("<p>ปรับปรุงเมื่อ 20 พฤศจิกายน 2569</p><p>ฉบับละ 20 บาท</p>")
    assert await watched.next_day() == 1


async def test_a_page_that_says_when_it_was_changed_is_not_flagged_the_day_after(
    watched: Watched,
) -> None:
    watched.site.say("<p>ฉบับละ 20 บาท</p><p>ปรับปรุงเมื่อ 22/11/2569</p><p>ปิด 24/11/2569</p>")

    assert [await watched.next_day() for _ in range(4)] == [0, 0, 0, 0]
    assert (await watched.page()).state == State.OK
    watched.site.say("<p>ฉบับละ 20 บาท</p><p>ปรับปรุงเมื่อ 26/11/2569</p>")
    assert [await watched.next_day(), await watched.next_day()] == [1, 0]


@pytest.mark.parametrize("day", ["23 พ.ย. 2569", "23/11/2026"])
async def test_a_change_in_the_line_of_the_day_is_told_though_the_page_then_stays_as_it_is(
    watched: Watched, day: str
) -> None:
    await watched.next_day()
    watched.site.headers["ETag"] = '"two"'
    watched.site.say(f"<h1>ค่าธรรมเนียม</h1><p>ฉบับละ 20 บาท</p><p>ตั้งแต่ {day} 30 บาท</p>")

    assert [await watched.next_day() for _ in range(3)] == [0, 1, 0]


async def test_a_page_checked_before_all_of_its_words_counted_is_still_checked(
    watched: Watched,
) -> None:
    await watched.next_day()
    async with watched.database.session() as session:
        page = (await session.scalars(select(SourcePage))).one()
        page.checked = page.seen = sha256("ค่าธรรมเนียม\nฉบับละ 20 บาท".encode()).hexdigest()

    assert await watched.next_day() == 0


async def test_a_second_change_is_told_though_nobody_accepted_the_first(watched: Watched) -> None:
    await watched.next_day()
    watched.site.say("ฉบับละ 30 บาท")
    assert await watched.next_day() == 1
    checked = watched.clock().date() + DAY
    assert await watched.next_day(days=20) == 0
    watched.site.say("ฉบับละ 500 บาท")

    assert [await watched.next_day(), await watched.next_day()] == [1, 0]
    async with watched.database.read() as connection:
        flagged = (await sources.flags(connection))["nowhere"]
    agency = resting_on(watched.site.url).model_copy(update={"flagged": flagged})
    entry = next(iter(agency.entries.values())).model_copy(update={"verified_on": checked})
    assert stale(agency, "th", entry, checked) is not None


@pytest.mark.parametrize("odd", ["https://[ใส่ลิงก์]/", "http://[::1", "https://x.go.th℀/"])
async def test_an_address_that_nobody_can_read_costs_no_other_its_look(
    watched: Watched, odd: str
) -> None:
    agency = resting_on(odd, watched.site.url)
    for _ in range(4):
        await watched.next_day(agency=agency)

    async with watched.database.session() as session:
        kept = {page.url: page.state for page in await session.scalars(select(SourcePage))}
    assert kept == {odd: State.UNREACHABLE, watched.site.url: State.OK}


@pytest.mark.parametrize(
    "hostile", ["<a ", "<!--", "<tr><td>1</td><td>ประกาศ 21 พ.ย. 2569</td></tr>"]
)
async def test_no_page_holds_up_the_loop(watched: Watched, hostile: str) -> None:
    watched.site.body = (hostile * 1_300_000).encode()[:4_000_000]
    longest = 0.0

    async def listen() -> None:
        nonlocal longest
        while True:
            begun = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - begun)

    listening = asyncio.create_task(listen())
    await watched.next_day()
    listening.cancel()

    assert (await watched.page()).seen is not None
    assert longest < 1


async def test_what_cannot_be_read_was_not_reached(watched: Watched) -> None:
    watched.site.say("&#" + "1" * 5000)
    await watched.next_day()

    page = await watched.page()
    assert (page.seen, page.reason) == (None, "unreadable")


async def test_a_document_is_known_by_its_bytes(watched: Watched) -> None:
    watched.site.kind, watched.site.body = "application/pdf", b"%PDF-1.7 one"
    assert [await watched.next_day(), await watched.next_day()] == [0, 0]

    watched.site.body = b"%PDF-1.7 two"
    assert await watched.next_day() == 1


async def test_marks_of_an_earlier_visit_save_the_next_one(watched: Watched) -> None:
    watched.site.headers["ETag"] = '"one"'
    await watched.next_day()
    asked = len(watched.site.asked)

    assert await watched.next_day() == 0
    assert len(watched.site.asked) == asked + 1
    assert (await watched.page()).looked_at == watched.clock()


async def test_a_round_begun_again_visits_only_what_is_left(watched: Watched) -> None:
    due = watched.clock()
    agency = resting_on(watched.site.url, f"{watched.site.url}/2")
    watch = Watch(watched.database, visitor(), clock=watched.clock, pause=0)
    await watch.round([agency], due)
    asked = len(watched.site.asked)

    await watch.round([agency], due)

    assert len(watched.site.asked) == asked == 4


async def test_a_page_of_two_agencies_is_visited_once_and_kept_for_both(watched: Watched) -> None:
    one = resting_on(watched.site.url)
    two = one.model_copy(update={"slug": "elsewhere"})
    watch = Watch(watched.database, visitor(), clock=watched.clock, pause=0)

    await watch.round([one, two], watched.clock())

    assert len(watched.site.asked) == 2
    async with watched.database.session() as session:
        kept = await session.scalars(select(SourcePage.agency).order_by(SourcePage.agency))
        assert kept.all() == ["elsewhere", "nowhere"]


async def test_a_page_that_no_answer_rests_on_any_more_is_forgotten(watched: Watched) -> None:
    await watched.next_day()

    await watched.next_day(agency=resting_on())

    async with watched.database.session() as session:
        assert (await session.scalars(select(SourcePage))).all() == []


async def test_hosts_are_visited_one_request_at_a_time(site: Site) -> None:
    site.wait = 0.2
    async with visitor() as polite:
        begun = time.monotonic()
        await asyncio.gather(*(polite.visit(site.url) for _ in range(3)))

    assert time.monotonic() - begun > 0.55
    agents = {request.headers["User-Agent"] for request in site.asked}
    assert agents == {"Thamdai/0.1 (+https://bot.example)"}
    assert not any("Cookie" in request.headers for request in site.asked)


async def test_a_slow_page_is_not_waited_for(site: Site) -> None:
    site.wait = 5
    async with visitor(seconds=0.3) as polite:
        visit = await polite.visit(site.url)

    assert (visit.outcome, visit.reason) == (Outcome.AWAY, "TimeoutError")


@pytest.mark.parametrize("encoding", ["", "gzip"])
async def test_of_a_huge_page_only_the_beginning_is_read(site: Site, encoding: str) -> None:
    site.body = b"a" * 3_000_000
    if encoding:
        site.body = gzip.compress(b"a" * 50_000_000)
        site.headers["Content-Encoding"] = "gzip"
    async with visitor(largest=100_000) as polite:
        visit = await polite.visit(site.url)

    assert visit.outcome is Outcome.SEEN
    assert visit.content == b"a" * 100_000
    assert visit.length == str(len(site.body))


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://127.1:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.0.0.1:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "http://",
        "http://[",
    ],
)
async def test_our_own_network_is_never_visited(site: Site, address: str) -> None:
    port = site.url.split(":")[2].split("/")[0]
    async with Visitor("", seconds=2) as guarded:
        visit = await guarded.visit(address.format(port=port))

    assert visit.outcome is Outcome.AWAY
    assert site.asked == []


async def test_a_way_that_leads_into_our_own_network_is_not_followed(site: Site) -> None:
    port = site.url.split(":")[2].split("/")[0]
    site.status, site.headers = 302, {"Location": f"http://inside.localhost:{port}/secret"}

    def may_visit(address: str) -> bool:
        return address == "127.0.0.1" and not site.asked

    async with visitor(may_visit=may_visit) as guarded:
        visit = await guarded.visit(site.url)

    assert (visit.outcome, visit.reason) == (Outcome.AWAY, "forbidden")
    assert [request.path for request in site.asked] == ["/fees"]


async def test_ways_are_followed_and_circles_are_left(site: Site) -> None:
    site.status, site.headers = 301, {"Location": "/fees"}
    async with visitor() as polite:
        visit = await polite.visit(site.url)

    assert (visit.outcome, visit.reason) == (Outcome.AWAY, "redirects")
    assert len(site.asked) == 6


async def test_a_name_that_is_no_more_is_a_page_that_is_gone() -> None:
    try:
        socket.getaddrinfo("no-such-name.invalid", 80)
    except socket.gaierror as error:
        is_known_to_be_none = error.errno == socket.EAI_NONAME
    else:
        is_known_to_be_none = False
    async with Visitor("", seconds=10) as polite:
        visit = await polite.visit("http://no-such-name.invalid/")

    assert visit.reason == "name"
    assert visit.outcome is (Outcome.GONE if is_known_to_be_none else Outcome.AWAY)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("224.0.0.251", False),
        ("0.0.0.0", False),  # noqa: S104 - not bound to
        ("fe80::1%eth0", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_addresses_are_public_or_not(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("state", "words"),
    [("changed", "หน้าเว็บต้นฉบับเปลี่ยนไป"), ("dead", "ไม่พบหน้าเว็บต้นฉบับ")],
)
def test_citizens_are_told_in_plain_words_until_the_answer_is_checked(
    state: str, words: str
) -> None:
    url = "https://www.example.go.th/fees"
    agency = resting_on(url)
    flag = Flag.model_validate({"state": state, "since": TODAY})
    flagged = agency.model_copy(update={"flagged": {url: flag}})
    first, second = list(flagged.entries.values())[:2]

    told = str(stale(flagged, "th", first, TODAY))
    assert told.startswith(words)
    assert "21 พ.ย. 2569" in told
    assert "21 Nov 2026" in str(stale(flagged, "en", first, TODAY))
    assert stale(flagged, "th", second, TODAY) is None
    assert stale(agency, "th", first, TODAY) is None
    checked = first.model_copy(update={"verified_on": TODAY + DAY})
    assert stale(flagged, "th", checked, TODAY + DAY) is None


def test_flags_are_served_at_once_and_stay_when_an_agency_is_served_anew(
    tmp_path: Any,
) -> None:
    registry = Registry(AGENCIES, tmp_path)
    registry.refresh()
    url = "https://www.example.go.th/fees"
    flags = {"tapon": {url: Flag(state="dead", since=TODAY)}}
    before = registry.served["tapon"].matcher

    registry.flag(flags)
    assert registry.served["tapon"].agency.flagged == flags["tapon"]
    assert registry.served["tapon"].matcher is before
    registry.serve("tapon")
    assert registry.served["tapon"].agency.flagged == flags["tapon"]
    registry.flag({})
    assert registry.served["tapon"].agency.flagged == {}
