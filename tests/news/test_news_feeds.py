"""News for other programs over real HTTP: feeds, calendars, open data, files; what stays inside."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from admin.announcements import Announcement, Content, Relation, State
from admin.attachments import Attachment, Status
from bot.db import Database
from bot.files import FileStore
from bot.settings import Settings
from handlers.site.news import News
from handlers.site.news_calendar import LONGEST, folded
from handlers.site.news_stories import ON_PAGE
from handlers.site.news_views import beginning
from knowledge import opendocument
from knowledge.agency import Agency
from knowledge.bulletins import Area

PUBLIC = "https://thamdai.example"
NOON = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
"""Noon of a Saturday in Bangkok."""
HOUR = timedelta(hours=1)
ATOM = {"a": "http://www.w3.org/2005/Atom"}
WATER = Content(
    "interruption",
    "services",
    "sao",
    headline_th="น้ำไม่ไหลวันเสาร์ <ทั้งตำบล> & ใกล้เคียง",
    text_th="ซ่อมท่อ, โปรดสำรองน้ำ; ขอบคุณ\nโทร 0 2000 0000",
    all_clear_th="น้ำไหลแล้ว",
)


@dataclass
class Paper:
    """Announcements of an agency with two villages, and a reader of what is published."""

    database: Database
    agency: Agency
    store: FileStore
    http: aiohttp.ClientSession
    now: datetime = NOON

    async def posts(self, content: Content = WATER, **columns: Any) -> int:
        """One on the page, unless its columns say otherwise; each an hour after the one before."""
        self.now += HOUR
        given = {"state": State.POSTED, "posted_at": self.now, "relation": None, "first_id": None}
        row = Announcement(
            **{
                "agency": self.agency.slug,
                "signatures_": [],
                "cleared": [],
                "made_by": 1,
                "made_at": self.now,
                "changed_at": self.now,
                **given,
                **columns,
            }
        )
        row.content = content
        async with self.database.session() as session:
            session.add(row)
        return row.id

    async def changes(self, number: int, **columns: Any) -> None:
        """Something happens to one."""
        async with self.database.session() as session:
            row = await session.get_one(Announcement, number)
            for name, value in columns.items():
                setattr(row, name, value)

    async def keeps(self, content: bytes, **columns: Any) -> tuple[int, str, str]:
        """A file as announcements name it."""
        digest = await self.store.put(content)
        given: dict[str, Any] = {
            "agency": self.agency.slug,
            "account": f"{self.agency.slug}/staff",
            "platform_id": "",
            "kind": "file",
            "name": "ผังน้ำ.pdf",
            "status": Status.KEPT,
            "size": len(content),
            "media_type": "application/pdf",
            "sha256": digest,
            "held": True,
            "received_at": self.now,
        }
        async with self.database.session() as session:
            row = Attachment(**{**given, **columns})
            session.add(row)
        return row.id, digest, "ผังน้ำ.pdf"

    async def get(self, path: str, **headers: str) -> tuple[int, Mapping[str, str], str]:
        """Status, headers and body of a page below the agency's."""
        async with self.http.get(
            f"/{self.agency.slug}/{path}", headers=headers, allow_redirects=False
        ) as found:
            return found.status, found.headers, await found.text()

    async def xml(self, path: str) -> ET.Element:
        """A feed."""
        status, _, body = await self.get(path)
        assert status == 200
        return ET.fromstring(body)  # noqa: S314 - our own

    async def lines(self, path: str) -> list[str]:
        """A calendar's content lines, unfolded; each checked as it came."""
        status, headers, body = await self.get(path)
        assert status == 200
        assert headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert body.endswith("\r\n")
        assert "\n" not in body.replace("\r\n", "")
        for line in body.split("\r\n"):
            assert len(line.encode()) <= LONGEST
        return body.replace("\r\n ", "").split("\r\n")[:-1]


def changed(content: Content, **fields: Any) -> Content:
    """The same, but for these."""
    return Content(**{name: getattr(content, name) for name in content.__struct_fields__} | fields)


@pytest.fixture
async def paper(
    database: Database, agency: Agency, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Paper]:
    """The pages on a database of each kind, served at a public address."""
    areas = {key: Area(id=key, th=f"หมู่ {key}", en=key) for key in ("moo-1", "moo-11")}
    local = agency.model_copy(
        update={"newsroom": agency.newsroom.model_copy(update={"areas": areas})}
    )
    store = FileStore(tmp_path_factory.mktemp("files"))
    served = {agency.slug: SimpleNamespace(agency=local)}
    settings = Settings(public_url=PUBLIC + "/")
    app = web.Application()
    holder: list[Paper] = []
    News(database, served.get, store, settings, lambda: holder[0].now).add_to(app)
    async with TestServer(app) as server, aiohttp.ClientSession(str(server.make_url(""))) as http:
        holder.append(Paper(database, local, store, http))
        yield holder[0]


async def test_rss_tells_the_first_its_correction_and_its_end_the_latest_first(paper):
    file = await paper.keeps(b"%PDF-1.4 map")
    first = await paper.posts(changed(WATER, files=(file,)))
    more = {"first_id": first}
    fixed = await paper.posts(relation=Relation.CORRECTION, **more)
    over = await paper.posts(relation=Relation.ALL_CLEAR, **more)
    await paper.changes(first, ended_at=paper.now)

    root = await paper.xml("news.rss")
    items = root.findall("channel/item")
    home = f"{PUBLIC}/{paper.agency.slug}/news/{first}"

    assert [item.findtext("link") for item in items] == [
        f"{home}#n{over}",
        f"{home}#n{fixed}",
        home,
    ]
    assert len({item.findtext("guid") for item in items}) == 3
    assert [item.findtext("title") for item in items] == [
        f"สิ้นสุดแล้ว: {WATER.headline_th}",
        f"แก้ไขข่าว: {WATER.headline_th}",
        f"สิ้นสุดแล้ว: {WATER.headline_th}",
    ]
    assert items[0].findtext("description") == "น้ำไหลแล้ว"
    assert "สำรองน้ำ; ขอบคุณ<br>\nโทร" in items[2].findtext("description")
    assert items[2].findtext("description").startswith("ข่าวนี้สิ้นสุดแล้วเมื่อ 21 พ.ย. 2569 15:00 น.")
    assert items[2].findtext("pubDate") == "Sat, 21 Nov 2026 06:00:00 GMT"
    assert items[2].find("enclosure").attrib == {
        "url": f"{home}/files/1",
        "type": "application/pdf",
        "length": "12",
    }
    assert root.find("channel/a:link", ATOM).get("href").endswith("/news.rss")


async def test_atom_says_when_each_was_posted_and_when_it_last_changed(paper):
    first = await paper.posts()
    await paper.posts(relation=Relation.CORRECTION, first_id=first)
    await paper.changes(first, edited_at=paper.now)

    root = await paper.xml("news.atom?lang=en")
    entry = root.findall("a:entry", ATOM)[1]

    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    assert root.findtext("a:id", namespaces=ATOM).endswith("/news.atom?lang=en")
    assert entry.findtext("a:published", namespaces=ATOM) == "2026-11-21T06:00:00Z"
    assert entry.findtext("a:updated", namespaces=ATOM) == "2026-11-21T07:00:00Z"
    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") == "th"
    assert root.findtext("a:updated", namespaces=ATOM) == "2026-11-21T07:00:00Z"


async def test_the_json_feed_has_every_field_its_version_asks_for(paper):
    file = await paper.keeps(b"%PDF-1.4 map")
    first = await paper.posts(
        changed(WATER, files=(file,), headline_en="No water", text_en="Pipes are mended.")
    )

    _, headers, body = await paper.get("news.json?lang=en")
    feed = json.loads(body)

    assert headers["Content-Type"].startswith("application/feed+json")
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == f"{PUBLIC}/{paper.agency.slug}/news.json?lang=en"
    [item] = feed["items"]
    assert item["id"] == f"{PUBLIC}/{paper.agency.slug}/news/{first}?lang=en"
    assert (item["title"], item["content_text"]) == ("No water", "Pipes are mended.")
    assert (item["language"], item["date_published"]) == ("en", "2026-11-21T06:00:00Z")
    assert item["attachments"][0]["size_in_bytes"] == 12


async def test_feeds_hold_a_topic_or_an_area_and_what_is_for_everybody(paper):
    everywhere = await paper.posts()
    eleven = await paper.posts(changed(WATER, areas=("moo-11",)))
    one = await paper.posts(changed(WATER, areas=("moo-11", "moo-1")))
    job = await paper.posts(changed(WATER, topic="jobs"))

    async def found(query: str) -> list[int]:
        _, _, body = await paper.get(f"news.json?{query}")
        ids = [int(re.findall(r"/news/(\d+)", item["id"])[0]) for item in json.loads(body)["items"]]
        _, _, page = await paper.get(f"news?{query}")
        listed = [int(n) for n in re.findall(r'<h2[^>]*><a href="/\w+/news/(\d+)', page)]
        assert listed == ids
        return ids

    assert await found("topic=services") == [one, eleven, everywhere]
    assert await found("topic=jobs&area=") == [job]
    assert await found("area=moo-1") == [job, one, everywhere]
    assert await found("topic=services&area=moo-11") == [one, eleven, everywhere]
    assert (await paper.get("news.rss?topic=nothing"))[0] == 404
    assert (await paper.get("news?area=moo-1%25"))[0] == 404


async def test_nothing_is_seen_that_was_not_posted_or_is_anothers(paper):
    hidden = [
        await paper.posts(state=state, posted_at=None)
        for state in (State.DRAFT, State.WAITING, State.APPROVED, State.CANCELLED)
    ]
    hidden.append(await paper.posts(agency="another"))
    first = await paper.posts()
    hidden.append(
        await paper.posts(
            relation=Relation.ALL_CLEAR, first_id=first, state=State.APPROVED, posted_at=None
        )
    )

    for number in (*hidden, first + 99, 10**18):
        for tail in (f"news/{number}", f"news/{number}.ics", f"news/{number}/files/1"):
            assert (await paper.get(tail))[0] == 404, tail
    assert (await paper.get(f"news?before={hidden[0]}"))[0] == 404
    assert len((await paper.xml("news.rss")).findall("channel/item")) == 1
    assert "น้ำไหลแล้ว" not in (await paper.get(f"news/{first}"))[2]
    assert len(json.loads((await paper.get("opendata/news.json"))[2])) == 1


async def test_what_is_withdrawn_says_why_and_no_longer_what_it_said(paper):
    file = await paper.keeps(b"%PDF-1.4 map")
    first = await paper.posts(changed(WATER, files=(file,), valid_from=NOON + 9 * HOUR))
    assert (await paper.get(f"news/{first}/files/1"))[0] == 200
    why = {"state": State.CANCELLED, "reason": "เลื่อนงาน", "changed_at": paper.now + HOUR}
    await paper.changes(first, **why, ended_at=paper.now + HOUR)
    paper.now += 2 * HOUR

    seen = "ถอนข่าวนี้เมื่อ 21 พ.ย. 2569 14:00 น. เหตุผล: เลื่อนงาน"
    for path in ("news", f"news/{first}", "news.rss", "news.atom", "news.json"):
        _, _, body = await paper.get(path)
        assert seen in body, path
        assert "สำรองน้ำ" not in body, path
    assert (await paper.get(f"news/{first}/files/1"))[0] == 404
    lines = await paper.lines("news.ics")
    assert "STATUS:CANCELLED" in lines
    assert f"DESCRIPTION:หน่วยงาน{seen}\\n\\n{PUBLIC}/{paper.agency.slug}/news/{first}" in lines


async def test_the_page_begins_with_the_last_correction_and_ends_with_what_it_replaced(paper):
    first = await paper.posts(changed(WATER, headline_th="วันจันทร์", text_th="ความที่หนึ่ง"))
    for day, text in (("วันอังคาร", "ความที่สอง"), ("วันพุธ", "ความที่สาม")):
        words = changed(WATER, headline_th=day, text_th=text)
        last = await paper.posts(words, relation=Relation.CORRECTION, first_id=first)
    await paper.posts(WATER, relation=Relation.ALL_CLEAR, first_id=first)
    await paper.changes(first, ended_at=paper.now)

    _, _, page = await paper.get(f"news/{first}")
    body = page[page.index("<main") :]
    told = [
        "ความที่สาม",
        "ความคืบหน้าของข่าวนี้",
        WATER.all_clear_th,
        "ข้อความเดิม</h2>",
        "ความที่หนึ่ง",
        "ความที่สอง",
    ]
    assert [body.count(words) for words in told] == [1] * len(told)
    assert sorted(told, key=body.index) == told
    assert "<title>สิ้นสุดแล้ว: วันพุธ" in page
    assert f'id="n{last}"' in body[: body.index("ความที่สาม")]


async def test_a_withdrawn_correction_leaves_the_first_standing(paper):
    first = await paper.posts()
    wrong = await paper.posts(
        changed(WATER, headline_th="น้ำไม่ไหลวันอาทิตย์", text_th="วันอาทิตย์ทั้งวัน"),
        relation=Relation.CORRECTION,
        first_id=first,
    )
    assert "วันอาทิตย์ทั้งวัน" in (await paper.get("news"))[2]
    await paper.changes(wrong, state=State.CANCELLED, reason="พิมพ์ผิด")

    _, _, page = await paper.get(f"news/{first}")
    assert "วันอาทิตย์ทั้งวัน" not in page
    assert "เหตุผล: พิมพ์ผิด" in page
    assert "สำรองน้ำ" in page
    assert "แก้ไขแล้ว" not in (await paper.get("news"))[2]


async def test_an_event_of_the_calendar_line_by_line(paper):
    begin = datetime(2026, 12, 5, 2, 0, tzinfo=UTC)
    first = await paper.posts(
        changed(
            WATER,
            headline_th="งาน; ประจำปี, \\ตำบล",
            place="ลานหน้าที่ทำการ",
            valid_from=begin,
            valid_until=begin + 8 * HOUR,
        )
    )
    await paper.posts()

    for path in ("news.ics", f"news/{first}.ics"):
        lines = await paper.lines(path)
        assert lines[0] == "BEGIN:VCALENDAR"
        assert lines[-1] == "END:VCALENDAR"
        at = lines.index("BEGIN:VEVENT")
        event = lines[at + 1 : lines.index("END:VEVENT")]
        assert lines.count("BEGIN:VEVENT") == 1
        assert re.fullmatch(r"UID:[0-9a-f-]{36}", event[0])
        assert event[1:] == [
            "DTSTAMP:20261121T060000Z",
            "CREATED:20261121T060000Z",
            "LAST-MODIFIED:20261121T060000Z",
            "SEQUENCE:0",
            "STATUS:CONFIRMED",
            "DTSTART;TZID=Asia/Bangkok:20261205T090000",
            "DTEND;TZID=Asia/Bangkok:20261205T170000",
            r"SUMMARY:งาน\; ประจำปี\, \\ตำบล",
            r"DESCRIPTION:ซ่อมท่อ\, โปรดสำรองน้ำ\; ขอบคุณ\nโทร 0 2000 0000\n\n"
            f"{PUBLIC}/{paper.agency.slug}/news/{first}",
            "LOCATION:ลานหน้าที่ทำการ",
            "CATEGORIES:น้ำ ไฟ ขยะ ถนน",
            f"URL:{PUBLIC}/{paper.agency.slug}/news/{first}",
            "TRANSP:TRANSPARENT",
        ]
    assert (await paper.get(f"news/{first + 1}.ics"))[0] == 404


async def test_a_correction_moves_the_event_and_counts_as_a_later_one(paper):
    begin = NOON + timedelta(days=9)
    first = await paper.posts(changed(WATER, valid_from=begin, valid_until=begin + HOUR))
    before = await paper.lines("news.ics")
    moved = changed(WATER, valid_from=begin + HOUR, valid_until=begin + 3 * HOUR)
    await paper.posts(moved, relation=Relation.CORRECTION, first_id=first)
    await paper.changes(first, edited_at=paper.now)
    after = await paper.lines("news.ics")

    assert "SEQUENCE:0" in before
    assert "SEQUENCE:1" in after
    assert "DTSTART;TZID=Asia/Bangkok:20261130T130000" in after
    assert [x for x in before if x[:4] == "UID:"] == [x for x in after if x[:4] == "UID:"]


async def test_what_ends_early_ends_early_in_the_calendar_and_what_never_began_is_off(paper):
    begin = NOON + timedelta(days=1)
    first = await paper.posts(changed(WATER, valid_from=begin, valid_until=begin + 4 * HOUR))
    await paper.changes(first, ended_at=begin + HOUR)
    early = await paper.lines("news.ics")
    await paper.changes(first, ended_at=begin - HOUR)
    never = await paper.lines("news.ics")

    assert "DTEND;TZID=Asia/Bangkok:20261122T130000" in early
    assert "STATUS:CONFIRMED" in early
    assert "STATUS:CANCELLED" in never


@pytest.mark.parametrize(
    ("rule", "begin", "said"),
    [
        ("weekly:0:05:00", "20261123T050000", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20271231T170000Z"),
        ("monthly:1:07:00", "20261201T070000", "FREQ=MONTHLY;BYMONTHDAY=1;UNTIL=20271231T170000Z"),
    ],
)
async def test_what_recurs_does_so_in_the_calendar_on_bangkoks_days(paper, rule, begin, said):
    await paper.posts(
        changed(WATER, recurs=rule, valid_until=datetime(2027, 12, 31, 17, tzinfo=UTC))
    )
    lines = await paper.lines("news.ics")

    assert f"DTSTART;TZID=Asia/Bangkok:{begin}" in lines
    assert f"RRULE:{said}" in lines
    assert "TZOFFSETTO:+0700" in lines
    assert not [line for line in lines if line.startswith("DTEND")]


async def test_what_recurs_stays_in_the_calendar_when_it_is_corrected(paper):
    until = datetime(2027, 12, 31, 17, tzinfo=UTC)
    first = await paper.posts(changed(WATER, recurs="weekly:0:05:00", valid_until=until))
    sooner = changed(WATER, headline_th="แก้แล้ว", valid_until=until - timedelta(days=31))
    await paper.posts(sooner, relation=Relation.CORRECTION, first_id=first)
    lines = await paper.lines("news.ics")

    assert "SUMMARY:แก้แล้ว" in lines
    assert "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20271130T170000Z" in lines


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=400))
def test_a_folded_line_is_short_and_comes_back_whole(text):
    pieces = folded("SUMMARY:" + text).split("\r\n")

    assert all(len(piece.encode()) <= LONGEST for piece in pieces)
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == "SUMMARY:" + text
    assert all(piece[0] == " " for piece in pieces[1:])


@pytest.mark.parametrize("formula", ['=HYPERLINK("x")', '＝HYPERLINK("x")'])
async def test_open_data_opens_in_a_spreadsheet_and_runs_nothing(paper, formula):
    first = await paper.posts(changed(WATER, headline_th=formula, areas=("moo-1", "moo-11")))
    _, headers, _ = await paper.get("opendata/news.csv")
    async with paper.http.get(f"/{paper.agency.slug}/opendata/news.csv") as found:
        raw = await found.read()
    [row] = csv.DictReader(io.StringIO(raw.decode("utf-8-sig")))

    assert raw.startswith(b"\xef\xbb\xbf")
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["Content-Disposition"].startswith("attachment")
    assert row["หัวข้อ"] == f"'{formula}"
    assert row["พื้นที่"] == "หมู่ moo-1, หมู่ moo-11"
    assert row["ประกาศเมื่อ"] == "2026-11-21T13:00:00+07:00"
    assert row["ที่อยู่หน้าเว็บ"] == f"{PUBLIC}/{paper.agency.slug}/news/{first}"

    [same] = json.loads((await paper.get("opendata/news.json"))[2])
    assert same["headline"] == formula
    assert same["areas"] == ["moo-1", "moo-11"]
    assert (same["edited"], same["ended"], same["withdrawn"]) == (None, None, False)


async def test_open_data_come_as_a_sheet_and_as_xml_too(paper, tmp_path):
    first = await paper.posts(changed(WATER, headline_th="น้ำ <ไม่ไหล>\x0b", areas=("a", "b")))
    async with paper.http.get(f"/{paper.agency.slug}/opendata/news.ods") as found:
        (tmp_path / "news.ods").write_bytes(await found.read())
    async with paper.http.get(f"/{paper.agency.slug}/opendata/news.xml") as found:
        kind, root = found.headers["Content-Type"], ET.fromstring(await found.read())  # noqa: S314

    [(_, sheet)] = opendocument.read(tmp_path / "news.ods")
    (_, heading), (_, row) = sheet
    assert list(heading)[:2] == ["เลขที่ข่าว", "หัวข้อ"]
    assert row[0] == str(first)
    assert kind.startswith("application/xml")
    [item] = root.findall("item")
    assert item.findtext("headline") == "น้ำ <ไม่ไหล>"
    assert [area.text for area in item.findall("areas")] == ["a", "b"]
    assert item.findtext("withdrawn") == "false"


async def test_open_data_are_put_together_once_for_all_who_ask_within_a_minute(paper):
    for _ in range(101):
        await paper.posts()
    _, headers, body = await paper.get("opendata/news.json")
    await paper.posts()
    _, later, again = await paper.get("opendata/news.json")

    assert len({row["id"] for row in json.loads(body)}) == 101
    assert (again, later["ETag"]) == (body, headers["ETag"])
    assert "max-age=60" in later["Cache-Control"]
    _, _, english = await paper.get("opendata/news.json?lang=en")
    assert len(json.loads(english)) == 102


@pytest.mark.parametrize("path", ["news.rss", "news.atom", "news.json", "news.ics", "news", "one"])
async def test_who_has_it_already_is_told_so_until_it_changes(paper, path):
    until = NOON + 9 * HOUR
    first = await paper.posts(changed(WATER, valid_from=NOON + 3 * HOUR, valid_until=until))
    path = f"news/{first}" if path == "one" else path
    _, headers, _ = await paper.get(path)
    mark, day = headers["ETag"], headers["Last-Modified"]
    assert day == "Sat, 21 Nov 2026 06:00:00 GMT"

    for known in ({"If-None-Match": mark}, {"If-Modified-Since": day}):
        status, again, body = await paper.get(path, **known)
        assert (status, body, again["ETag"], again["Last-Modified"]) == (304, "", mark, day)
    paper.now = until + HOUR  # it is over, though nobody has touched it
    for known in ({"If-None-Match": mark}, {"If-Modified-Since": day}):
        status, again, _ = await paper.get(path, **known)
        assert (status, again["Last-Modified"]) == (200, "Sat, 21 Nov 2026 14:00:00 GMT")


async def test_pages_of_the_list_keep_their_address_and_hold_every_one_once(paper):
    posted = [await paper.posts() for _ in range(2 * ON_PAGE + 5)]
    late = await paper.posts(posted_at=NOON)  # written last, posted first of all

    async def page(path: str) -> tuple[list[int], str, str]:
        _, _, body = await paper.get(path)
        ids = [int(n) for n in re.findall(r'<h2[^>]*><a href="/\w+/news/(\d+)', body)]
        way = dict(re.findall(r'<a rel="(prev|next)" href="/\w+/([^"]+)', body))
        return ids, way.get("next", ""), way.get("prev", "")

    one, second_at, before = await page("news")
    two, third_at, back = await page(second_at)
    three, end, middle = await page(third_at)
    assert one + two + three == [*reversed(posted), late]
    assert (before, back, end) == ("", "news", "")
    assert middle == second_at

    await paper.posts()
    assert (await page(second_at))[0] == two
    assert (await page(third_at))[0] == three


async def test_a_file_is_given_as_it_was_signed_and_nothing_else_is(paper):
    content = b"%PDF-1.4 <script>alert(1)</script>"
    file = await paper.keeps(content)
    other = await paper.keeps(b"%PDF-1.4 x", agency="another")
    gone = await paper.keeps(b"%PDF-1.4 y", status=Status.FORGOTTEN)
    swapped = (file[0], other[1], "swapped.pdf")
    first = await paper.posts(changed(WATER, files=(file, other, gone, swapped)))

    status, headers, body = await paper.get(f"news/{first}/files/1")
    assert (status, body) == (200, content.decode())
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in headers["Content-Security-Policy"]
    for position in ("2", "3", "4", "5", "0", "-1", "x", "9" * 40):
        assert (await paper.get(f"news/{first}/files/{position}"))[0] == 404, position
    _, _, page = await paper.get(f"news/{first}")
    assert page.count("ไม่มีไฟล์นี้แล้ว") == 3
    assert "(PDF, 1 KB)" in page


async def test_what_followed_has_its_place_on_the_first_ones_page(paper):
    first = await paper.posts()
    later = await paper.posts(relation=Relation.CORRECTION, first_id=first)

    status, headers, _ = await paper.get(f"news/{later}?lang=en")
    assert status == 301
    assert headers["Location"] == f"/{paper.agency.slug}/news/{first}?lang=en#n{later}"


async def test_controls_and_markup_break_no_feed(paper):
    evil = "</title><script>x</script>\x0b\x1b\ufffe]]> 🙂 &amp;"
    await paper.posts(changed(WATER, headline_th=evil, text_th=evil, place=evil, valid_from=NOON))

    for path in ("news.rss", "news.atom"):
        assert "</title><script>x</script>]]> 🙂 &amp;" in "".join(
            (await paper.xml(path)).itertext()
        )
    assert len(await paper.lines("news.ics")) > 20
    assert json.loads((await paper.get("news.json"))[2])["items"][0]["title"] == evil
    for path in ("news", "news/1"):
        assert "<script>x" not in (await paper.get(path))[2]


async def test_a_list_without_news_says_so_and_is_a_feed_all_the_same(paper):
    assert "ยังไม่มีข่าวในรายการนี้" in (await paper.get("news"))[2]
    assert (await paper.xml("news.rss")).findall("channel/item") == []
    assert (await paper.xml("news.atom")).findtext("a:updated", namespaces=ATOM)
    assert json.loads((await paper.get("opendata/news.json"))[2]) == []
    assert (await paper.lines("news.ics"))[-1] == "END:VCALENDAR"


@pytest.mark.parametrize("length", [5, 160, 161, 400])
def test_the_first_words_end_with_a_whole_letter(length):
    text = ("น้ำ" * 200)[:length]
    cut = beginning(text)

    assert text.startswith(cut.rstrip("…"))
    assert cut == text or text[len(cut) - 1] not in "้ำ"
