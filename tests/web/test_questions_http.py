"""The page of questions by plain HTTP: addresses, languages, caching, data, hostile input."""

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import aiohttp
import pytest
import pytest_asyncio

from handlers.site.questions_search import READ_AT_MOST, Search, cleaned, words_of
from handlers.site.questions_views import ON_PAGE, address, categories, changed_on, others, part
from handlers.spoken import has_words
from knowledge.agency import Agency, Entry
from knowledge.matching import Match, Matcher

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' OR 1=1 --",
    "{{ 1337*7331 }}",
    "{agency}",
    "%s%n",
    "../../etc/passwd",
    "\0\x01\x1b[31m",
    "\u202eกลับหลัง\u202c",
    "🙂" * 50,
    "ก" * 800,
    "่" * 200,
    "</script><!--",
    "a\r\nSet-Cookie: x=1",
]


class Text(HTMLParser):
    """What is seen of a page, and its elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.tags: list[tuple[str, Mapping[str, str | None]]] = []
        self.data: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it."""
        self._inside = tag
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Text after it is outside."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Text, or a block of data."""
        (self.data if self._inside == "script" else self.seen).append(data)

    @property
    def text(self) -> str:
        """Words with single spaces."""
        return " ".join(" ".join(self.seen).split())

    def links(self, rel: str) -> list[Mapping[str, str | None]]:
        """The head's links of this kind."""
        return [dict(a) for tag, a in self.tags if tag == "link" and a.get("rel") == rel]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(site) -> AsyncIterator[aiohttp.ClientSession]:
    """A reader without cookies, scripts or redirects."""
    async with aiohttp.ClientSession(site.url, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest_asyncio.fixture(loop_scope="module")
async def get(http):
    """Fetches a page: status, headers, body."""

    async def get(path: str, **how: Any) -> tuple[int, Mapping[str, str], str]:
        how.setdefault("allow_redirects", False)
        async with http.request(how.pop("method", "GET"), path, **how) as response:
            return response.status, response.headers, await response.text()

    return get


@pytest.fixture
def agency(site) -> Agency:
    """The agency whose pages these are."""
    return site.program.registry.get(site.agency).agency


@pytest.fixture
def entry(agency) -> Entry:
    """One of its own entries."""
    return agency.entries["history-vision"]


async def search(get, site, words: str, **more: Any) -> tuple[int, Mapping[str, str], str]:
    """As the box of the page does it."""
    return await get(f"/{site.agency}/questions", method="POST", data={"q": words}, **more)


async def test_every_entry_has_a_page_with_its_question_answer_source_and_date(get, agency):
    for one in list(agency.entries.values())[::7]:
        status, headers, html = await get(f"/{agency.slug}/questions/{one.id}")
        text = Text(html).text
        assert status == 200
        assert "script-src 'self';" in headers["Content-Security-Policy"]
        for said in (one.question.th, one.source.title, str(one.updated.year + 543)):
            assert " ".join(said.split()) in text, one.id
        assert one.answer.th.split()[0] in text


async def test_the_first_page_names_every_topic_and_leads_to_all_questions(get, agency):
    _, _, html = await get(f"/{agency.slug}/questions")
    page = Text(html)
    found = {a["href"] for tag, a in page.tags if tag == "a"}

    assert str(len(agency.entries)) in page.text
    for category, entries in categories(agency).items():
        assert category in page.text
        _, _, topic = await get(f"/{agency.slug}/questions", params={"category": category})
        there = {a["href"] for tag, a in Text(topic).tags if tag == "a"}
        assert {address(agency, "th", entry.id) for entry in entries[:ON_PAGE]} <= there
        assert address(agency, "th", category=category) in found


async def test_the_english_page_is_english_and_marks_what_is_thai(get, agency, entry):
    _, _, html = await get(f"/{agency.slug}/questions/{entry.id}?lang=en")
    page = Text(html)

    assert page.tags[0] == ("html", {"lang": "en"})
    assert entry.question.en in page.text
    assert "Last updated" in page.text
    assert f'lang="th">{entry.category}<' in html
    assert f'<span lang="th">{entry.source.title}' in html


async def test_canonical_and_languages_name_the_same_page(get, site, agency, entry):
    for path, asked in ((f"/{entry.id}", ""), (f"/{entry.id}", "?lang=en"), ("", "?lang=th&x=1")):
        _, _, html = await get(f"/{agency.slug}/questions{path}{asked}")
        page = Text(html)
        here = f"{site.url}/{agency.slug}/questions{path}"
        [canonical] = page.links("canonical")
        assert canonical["href"] == here + ("?lang=en" if "en" in asked else "")
        assert {a["hreflang"]: a["href"] for a in page.links("alternate")} == {
            "th": here,
            "en": here + "?lang=en",
            "x-default": here,
        }


async def test_structured_data_says_what_the_page_says_and_nothing_else(get, agency):
    kept = next(iter(categories(agency)))
    for path in (
        f"/{agency.slug}/questions/history-vision",
        f"/{agency.slug}/questions?category={quote(kept)}",
    ):
        for language in ("th", "en"):
            mark = "&" if "?" in path else "?"
            _, _, html = await get(f"{path}{mark}lang={language}")
            page = Text(html)
            [data] = page.data
            faq = json.loads(data)
            assert (faq["@context"], faq["@type"]) == ("https://schema.org", "FAQPage")
            assert faq["inLanguage"] == language
            for question in faq["mainEntity"]:
                assert question["name"] in page.text
                answer = "".join(question["acceptedAnswer"]["text"].split())
                assert answer in "".join(page.text.split())
                [found] = [
                    e
                    for e in agency.entries.values()
                    if question["url"].split("?")[0].endswith("/" + e.id)
                ]
                assert question["acceptedAnswer"]["dateModified"] == found.updated.isoformat()


async def test_a_page_is_kept_until_it_changes(get, agency, entry):
    path = f"/{agency.slug}/questions/{entry.id}"
    status, headers, _ = await get(path)
    mark = headers["ETag"]
    assert status == 200
    assert "public" in headers["Cache-Control"]
    assert headers["Last-Modified"].endswith("GMT")
    assert "Set-Cookie" not in headers

    for known in (mark, f"W/{mark}", f'"x", {mark}', "*"):
        status, again, body = await get(path, headers={"If-None-Match": known})
        assert (status, body, again["ETag"]) == (304, "", mark)
        assert "Content-Security-Policy" in again
    for known in ('"other"', "nonsense", ""):
        status, _, _ = await get(path, headers={"If-None-Match": known})
        assert status == 200
    _, other, _ = await get(path + "?lang=en")
    assert other["ETag"] != mark
    status, head, body = await get(path, method="HEAD")
    assert (status, body, head["ETag"]) == (200, "", mark)


async def test_the_sitemap_lists_every_question_in_both_languages(get, site, agency):
    status, headers, body = await get(f"/{agency.slug}/sitemap.xml")
    root = ET.fromstring(body)  # noqa: S314 - our own
    places = [loc.text for loc in root.findall("s:url/s:loc", NAMES)]

    assert status == 200
    assert headers["Content-Type"].startswith("application/xml")
    assert len(places) == len(set(places)) == 2 * (len(agency.entries) + 2)
    assert f"{site.url}/{agency.slug}/news" in places
    for place in places[:: len(places) // 10]:
        assert (await get(place.removeprefix(site.url)))[0] == 200
    days = {d.text for d in root.findall("s:url/s:lastmod", NAMES)}
    assert days == {e.updated.isoformat() for e in agency.entries.values()}


async def test_machines_are_told_what_they_may_read(get, site, agency):
    status, headers, body = await get("/robots.txt")
    maps = [line.removeprefix("Sitemap: ") for line in body.splitlines() if "Sitemap" in line]

    assert (status, headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert "Disallow: /admin/" in body.splitlines()
    assert f"{site.url}/{agency.slug}/sitemap.xml" in maps
    for place in maps:
        assert (await get(place.removeprefix(site.url)))[0] == 200


async def test_a_search_finds_what_the_chat_finds(get, site, agency, entry):
    _, headers, html = await search(get, site, entry.question.th)
    page = Text(html)

    assert "".join(entry.answer.th.split()) in "".join(page.text.split())
    assert ("a", {"href": address(agency, "th", entry.id)}) in page.tags
    assert headers["Cache-Control"] == "no-store"
    assert 'name="robots" content="noindex"' in html
    assert html == (await get(f"/{site.agency}/questions", params={"q": entry.question.th}))[2]


async def test_a_search_that_finds_nothing_says_so_and_what_to_do(get, site):
    _, _, html = await search(get, site, "แมวเป็นหวัดกินยาอะไร")
    page = Text(html)

    assert "จึงไม่ขอเดา" in page.text
    assert "1111" in page.text
    assert ("button", {"name": "text", "value": "แมวเป็นหวัดกินยาอะไร"}) in page.tags
    assert not [a for tag, a in page.tags if a.get("class") == "slip"]


async def test_a_vague_search_offers_up_to_three_questions(get, site):
    _, _, html = await search(get, site, "แผน")

    assert "หมายถึงเรื่องไหน" in html
    assert 1 <= len(re.findall(rf'<li><a href="/{site.agency}/questions/[a-z]', html)) <= 3


async def test_an_emergency_gets_its_number_first(get, site):
    _, _, html = await search(get, site, "ไฟไหม้บ้านช่วยด้วย")
    page = Text(html)

    assert "199" in page.text
    assert page.text.index("199") < page.text.index("ที่มา" if "ที่มา" in page.text else "จึงไม่ขอเดา")


@pytest.mark.parametrize("words", ["", "  ", "🙂", "?", "ก"])
async def test_no_words_find_the_first_page(get, site, words):
    status, _, html = await search(get, site, words)

    assert status == 200
    assert 'id="topics"' in html


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_run_nothing_and_break_nothing(get, site, words):
    for status, headers, html in (
        await search(get, site, words),
        await get(f"/{site.agency}/questions?q={quote(words[:300])}"),
        await get(
            f"/{site.agency}/questions?category={quote(words[:300])}&page={quote(words[:9])}"
        ),
        await get(f"/{site.agency}/questions/{quote(words[:200], safe='')}"),
        await get(f"/{site.agency}/questions?lang={quote(words[:99])}"),
        await get(f"/{quote(words[:99], safe='')}/questions"),
    ):
        assert status in {200, 404}
        assert "Set-Cookie" not in headers
        tags = Text(html).tags
        assert not [
            a for tag, a in tags if tag == "script" and a.get("type") != "application/ld+json"
        ]
        assert not [a for tag, a in tags if tag == "img" or any(k.startswith("on") for k in a)]
        assert "9801547" not in Text(html).text


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"q=%ff%fe", b"q=%ED%A0%BD", b"&" * 9_000, b"q", b"q=a&q=b", b"{}"]
)
async def test_a_form_that_is_no_form_is_no_fault(get, site, body):
    kinds = ("application/x-www-form-urlencoded; charset=bogus", "multipart/form-data", "text/x")
    for kind in kinds:
        headers = {"Content-Type": kind}
        path = f"/{site.agency}/questions"
        status, _, _ = await get(path, method="POST", data=body, headers=headers)
        assert status == 200


@pytest.mark.parametrize(
    "tail",
    [
        "/nothing",
        "/A",
        "/%00",
        "/..%2f..",
        "?category=x",
        "?category=ติดต่อ&page=99",
        "?category=ติดต่อ&page=-1",
    ],
)
async def test_what_is_not_there_is_said_plainly_with_a_way_on(get, site, tail):
    status, _, html = await get(f"/{site.agency}/questions{tail}")
    page = Text(html)

    assert status == 404
    assert "ไม่พบคำถามนี้" in page.text
    assert ("a", {"href": f"/{site.agency}/questions"}) in page.tags
    assert ("a", {"href": f"/{site.agency}/chat"}) in page.tags


@pytest.mark.parametrize("tail", ["questions", "questions/", "questions/x", "sitemap.xml"])
async def test_an_unknown_agency_is_said_plainly(get, tail):
    status, _, html = await get(f"/nowhere/{tail}")

    assert status == 404
    assert "ไม่พบหน่วยงาน" in html
    assert (await get("/nowhere/questions", method="POST", data={"q": "x"}))[0] == 404


async def test_a_slash_at_the_end_leads_to_the_page(get, site):
    status, headers, _ = await get(f"/{site.agency}/questions/?lang=en")

    assert status == 301
    assert headers["Location"] == f"/{site.agency}/questions?lang=en"


async def test_who_searches_too_fast_is_asked_to_wait_and_nobody_else(get, site):
    caller = {"X-Forwarded-For": "203.0.113.9"}
    path = f"/{site.agency}/questions"
    for _ in range(400):
        status, headers, html = await get(path, params={"q": "งบ"}, headers=caller)
        if status == 429:
            break
    assert status == 429
    assert headers["Retry-After"]
    assert "รอสักครู่" in html
    assert 'value="งบ"' in html
    other = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    assert (await get(path, params={"q": "งบ"}, headers=other))[0] == 200


async def test_a_search_that_takes_long_holds_up_nothing_else(agency):
    loaded = threading.Event()
    matcher = Matcher([])

    def match(words: str) -> Match:
        loaded.wait(10)
        return matcher.match(words)

    served: Any = SimpleNamespace(agency=agency, matcher=SimpleNamespace(match=match))
    search = asyncio.create_task(Search().find(served, "น้ำประปา", "somebody"))
    await asyncio.sleep(0.05)
    assert not search.done()
    loaded.set()

    found = await search
    assert found
    assert (found.words, found.answer) == ("น้ำประปา", None)


async def test_the_chat_and_the_list_of_agencies_lead_to_the_page(get, site):
    here = f'href="/{site.agency}/questions'
    assert here + '"' in (await get("/"))[2]
    assert here + '"' in (await get(f"/{site.agency}/chat"))[2]
    assert here + '?lang=en"' in (await get(f"/{site.agency}/chat?lang=en"))[2]


def entries_of(agency: Agency, count: int) -> list[Entry]:
    """As many entries of one topic, made of a real one."""
    one = agency.entries["history-vision"]
    return [one.model_copy(update={"id": f"e-{n}"}) for n in range(count)]


@pytest.mark.parametrize(("count", "last"), [(1, 1), (20, 1), (21, 2), (400, 20)])
async def test_a_long_topic_has_pages(agency, count, last):
    entries = entries_of(agency, count)
    parts = [part(entries, n) for n in range(1, last + 1)]

    assert [e.id for p in parts for e in p.entries] == [e.id for e in entries]
    assert {p.last for p in parts} == {last}
    assert part(entries, last + 1) is part(entries, 0) is None


async def test_others_of_a_topic_leave_the_entry_itself_out(agency):
    for one in agency.entries.values():
        found = others(agency, one)
        assert one not in found
        assert {e.category for e in found} <= {one.category}


async def test_a_page_changed_when_it_was_updated_or_its_review_fell_due(entry):
    overdue = entry.review_by + timedelta(days=1)

    assert changed_on([entry], entry.review_by) == entry.updated
    assert changed_on([entry], overdue) == overdue
    assert changed_on([entry], overdue + timedelta(days=9)) == overdue
    assert changed_on([entry], entry.updated - timedelta(days=1)) < entry.updated


async def test_words_are_cleaned_of_what_cannot_be_seen():
    assert cleaned(" a\0\x1b\n b\ud83d ") == "a b"
    assert len(cleaned("ก" * 999)) == READ_AT_MOST
    assert words_of(b"q=%E0%B8%81+x&z=1") == "ก x"
    assert not has_words("🙂🙂")
