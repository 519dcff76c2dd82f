"""Hostile inputs through every form and address of the staff pages, and what is shown of them."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count, cycle, islice
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright
from sqlalchemy import select

from admin import exports, staff
from admin.moves import Move
from admin.officers import Role
from admin.opening import Matter, open_ticket
from admin.tickets import Source, Ticket
from admin.web.access import Route
from admin.web.cookies import FIELD, TOKEN, Cookies
from admin.web.routes import ROUTES
from bot import clock, export_commands
from bot.secrets import secret_key
from bot.settings import ROOT
from knowledge.chains import Kind
from tests.attachments.contents import jpeg
from tests.fakes import AGENCY
from tests.hostile.conftest import SECRET, Front, broken_by
from tests.hostile.inputs import (
    LONGEST_ADDRESS,
    NASTY,
    addressed_to,
    cleaned,
    form_of,
    octets,
    quoted,
)
from tests.hostile.test_hostile_chat import (
    PEOPLE,
    Visitor,
    all_is_well,
    at_once,
    header_value,
    multipart,
)
from tests.logins import logged_in
from tests.web.windows import CHROMIUM, FLAGS, MISSING

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionHeader"),  # as in service
    pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionParam"),
    # what aiohttp had read of a form that it then refuses is left to the collector
    pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.Spooled:ResourceWarning"),
]

FORM = "application/x-www-form-urlencoded"
PARAMETER = re.compile(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})*)?\}")
FOLDER = ROOT / "admin" / "web"
_numbers = count(1)


def _names(pattern: str, *globs: str) -> list[str]:
    """What the pages call their fields, found in their sources."""
    texts = [file.read_text("utf-8") for one in globs for file in sorted(FOLDER.glob(one))]
    return list(dict.fromkeys(name for text in texts for name in re.findall(pattern, text)))


FIELDS = _names(
    r'(?:name="|f\.\w+\("|(?:text|raw|texts|files)\("|kept:)(\w+)"', "*.py", "**/*.html"
)
FIELDS = [name for name in FIELDS if name not in {FIELD, "_page"}]
QUERY = [*_names(r'query(?:\.get\(|\[)"(\w+)"', "*.py"), "state", "clock", "kind", "status",
         "class", "source", "ending", "unit", "verdict", "opened", "closed", "done"]  # fmt: skip


PLACES = {
    "year": ("overview",),
    "opened": ("tickets",),
    "closed": ("tickets",),
    "ticket": ("proposals/new",),
    "from": ("proposals/new",),
    "questions": ("proposals/new",),
}
"""Where these are read."""


@dataclass
class Desk(Visitor):
    """Somebody of the staff with every role there is, and what is theirs to work on."""

    is_staff = True

    front: Front
    person: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    heard: str = ""
    number: str = ""
    question: str = ""
    other: int = 0

    @property
    def cookies(self) -> Cookies:
        return Cookies(secret_key(self.front.program.settings.data_dir), "")

    async def come_in(self) -> None:
        """A new login, both steps shown."""
        key = secret_key(self.front.program.settings.data_dir)
        async with self.front.program.database.session() as session:
            person = await session.get_one(staff.Staff, self.person)
            person.disabled_at = None
            token = await logged_in(session, person, key, clock.now(), agent="zqx")
        self.headers = {"Cookie": f"{TOKEN}={token}"}
        self.mark = self.cookies.mark_of(token)

    async def see(self, path: str) -> int:
        """Open a page, which is whole."""
        status = await self.ask("GET", path, headers=self.front.elsewhere())
        odd = [one for one in broken_by(self.heard) if SECRET not in one]
        assert odd == [], path[:200]
        return status

    async def send(self, path: str, fields: Mapping[str, str], *files: tuple[str, bytes]) -> int:
        """Send a form of ours, with the browser's own mark."""
        given = {FIELD: self.mark, "_page": "/admin/", **fields}
        if files:
            parts = [(octets(name), None, octets(text)) for name, text in given.items()]
            parts += [(b"files", header_value(name), content) for name, content in files]
            body, headers = multipart(*parts)
        else:
            body, headers = form_of(given), {"Content-Type": FORM}
        headers |= self.front.elsewhere()
        status = await self.ask("POST", path, data=body, headers=headers)
        odd = [one for one in broken_by(self.heard) if SECRET not in one]
        assert odd == [], (path[:200], list(fields.values())[:3])
        return status

    async def move(self, number: str, move: str, *files: tuple[str, bytes], **fields: str) -> int:
        """Do something with a ticket as it is now."""
        async with self.front.program.database.session() as session:
            ticket = await session.scalar(select(Ticket).where(Ticket.number == number))
        given = {"version": str(ticket.version), **fields}
        path = f"/admin/{AGENCY}/tickets/{number}/moves/{move}"
        return await self.send(path, given, *files)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(front: Front) -> Desk:
    """The person, somebody else, a ticket and a question."""
    found = Desk(front)
    served = front.program.registry.get(AGENCY)
    assert served
    now = clock.now()
    async with front.program.database.session() as session:
        for name in ("other", "person"):
            person = await staff.add_person(
                session, name=f"คุณ {name}", email=f"{name}@example.go.th", now=now
            )
            person.password, person.second_factor = "x", "0" * 64
            for role in Role:
                place = staff.place_of(AGENCY, role)
                await staff.give_role(session, person, agency=place, role=role)
            setattr(found, name, person.id)
        for name, kind in (("number", Kind.WRONG_INFO), ("question", Kind.QUESTION)):
            matter = Matter(kind, Source.WEB, cleaned("zqx " + " ".join(front.inputs[:9])))
            ticket = await open_ticket(
                session, served.agency, matter, now=now, contact=front.stranger
            )
            setattr(found, name, ticket.number)
    await found.come_in()
    return found


def path_of(desk: Desk, route: Route, **given: str) -> str:
    """An address of this route that leads somewhere, but for the parameters that are given."""
    number = desk.question if "/questions/" in route.path else desk.number
    known = {"slug": AGENCY, "agency": AGENCY, "number": number, "id": str(desk.other), "file": "1",
             "post": "999", "move": "prepare", "token": "zqx", "rest": "zqx"}  # fmt: skip
    return PARAMETER.sub(lambda found: given.get(found[1], known.get(found[1], "1")), route.path)


def short(texts: Sequence[str], most: int) -> list[str]:
    return [text[:most] for text in texts]


async def test_the_names_of_the_fields_were_found() -> None:
    assert {"what", "reason", "email", "password", "note", "phrasings", "words"} <= set(FIELDS)
    assert {"q", "next", "page", "year", "ticket", "questions", "small"} <= set(QUERY)
    assert len([route for route in ROUTES if route.method == "POST"]) > 30


async def test_every_form_takes_every_field_full_of_them(front, desk) -> None:
    inputs = addressed_to(desk.number, short(front.inputs, 12_000))
    supply = cycle(inputs)
    rounds = -(-len(inputs) // len(FIELDS)) + 1
    for route in ROUTES:
        if route.method != "POST":
            continue
        moves = list(Move) if "{move}" in route.path else ["prepare"]
        for turn in range(max(rounds, len(moves))):
            await desk.come_in()
            path = path_of(desk, route, move=moves[turn % len(moves)])
            fields = dict(zip(FIELDS, islice(supply, len(FIELDS)), strict=True))
            files = [(next(supply), octets(next(supply))), (next(supply), jpeg())] * (turn % 2)
            await desk.send(path, {**fields, "version": "1"}, *files)
        await desk.send(path, {"what": "ก" * 1_000_000})
    await desk.come_in()
    await all_is_well(front)


async def test_a_login_in_a_strange_character_set_is_a_wrong_one(front, desk) -> None:
    for kind in ("unicode_escape", "utf-7", "punycode", "utf-16", "zqx"):
        for text in ("\\ud800", "+2AA-", "x-\\udfff"):
            await desk.come_in()
            body = f"{FIELD}={desk.mark}&email={text}&password={text}&kept:{text}={text}".encode()
            headers = {"Content-Type": f"{FORM}; charset={kind}"}
            for path in ("/admin/login", f"/admin/{AGENCY}/tickets/new"):
                await desk.ask("POST", path, data=body, headers=headers)
    await all_is_well(front)


async def test_every_part_of_every_address_may_be_anything(front, desk) -> None:
    nasty, supply = (*NASTY[:6], *NASTY[8:]), cycle(front.inputs)
    slugs = cycle((*nasty, *front.inputs))  # one place looks at them, before any other
    for route in ROUTES:
        for name in dict.fromkeys(PARAMETER.findall(route.path)):
            texts = islice(slugs, 3) if name == "slug" else (*nasty, *islice(supply, 8))
            for text in texts:
                path = path_of(desk, route, **{name: quoted(text[:LONGEST_ADDRESS])})
                if route.method == "GET":
                    assert await desk.see(path) in {200, 303, 400, 404, 410, 422}, path[:200]
                else:
                    await desk.send(path, {"move": text[:50], "version": "1"})
    await desk.come_in()
    await all_is_well(front)


async def test_every_question_of_an_address_may_be_anything(front, desk) -> None:
    texts = [quoted(text[:300]) for text in front.inputs]
    for route in ROUTES:
        if route.method != "GET":
            continue
        for turn in range(0, len(texts), len(QUERY) - 3):
            pairs = zip(QUERY, islice(cycle(texts), turn, None), strict=False)
            query = "&".join(f"{name}={text}" for name, text in pairs)
            await desk.see(f"{path_of(desk, route)}?{query[:7_000]}")
    for at, name in enumerate(QUERY):
        for text in (NASTY[0], NASTY[6], "02569999", "-1", "9" * 19, "٣", "9999-12", "544"):
            path = ("tickets", "overview", "proposals/new")[at % 3]
            for place in {path, *PLACES.get(name, ())}:
                await desk.see(f"/admin/{AGENCY}/{place}?{name}={quoted(text[:1_000])}")
    await all_is_well(front)


def chunks(texts: Sequence[str], most: int) -> Iterator[str]:
    """The texts put together, so many letters at once."""
    held = ""
    for text in texts:
        if held and len(held) + len(text) > most:
            yield held
            held = ""
        held = f"{held}{text[:most]}\n"
    yield held


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def full(front: Front, desk: Desk) -> list[str]:
    """Pages on which every input is kept, entered through the forms that are there for it."""
    inputs = addressed_to(desk.number, short(front.inputs, 3_000))
    at = f"/admin/{AGENCY}"
    for start in range(0, len(inputs), 4):
        what, right, url, name = islice(cycle(inputs), start, start + 4)
        fields = {"kind": "wrong-info", "source": "phone", "privacy": "named", "told": "1",
                  "sure": "1", "what": f"zqx {what}", "right": right, "url": url, "name": name,
                  "phone": what, "address": right}  # fmt: skip
        assert await desk.send(f"{at}/tickets/new", fields) == 303, fields
    async with front.program.database.session() as session:
        newest = select(Ticket.number).where(Ticket.kind == Kind.WRONG_INFO)
        desk.number = await session.scalar(newest.order_by(Ticket.id.desc()).limit(1))
    for note in chunks(inputs, 3_900):
        assert await desk.send(f"{at}/tickets/{desk.number}/note", {"note": note}) == 303
    await _prepared(desk, inputs)
    await _asked(desk, inputs)
    await desk.send(f"{at}/tickets/{desk.number}/person", {})
    pages = [f"{at}/", f"{at}/tickets?state=all", f"{at}/tickets?state=all&page=2",
             f"{at}/tickets/new", f"{at}/overview", f"{at}/tickets/{desk.number}",
             f"{at}/tickets/{desk.number}/moves/ask", f"{at}/tickets/{desk.number}/moves/return",
             f"{at}/questions", f"{at}/questions/{desk.question}", f"{at}/questions/unanswered",
             f"{at}/proposals", f"{at}/proposals/new?ticket={desk.question}", f"{at}/staff",
             "/admin/account", f"/{AGENCY}/chat", f"/{AGENCY}/questions"]  # fmt: skip
    async with front.program.database.session() as session:
        numbers = list(await session.scalars(select(Ticket.number).order_by(Ticket.id.desc())))
    return [*pages, *(f"{at}/tickets/{number}" for number in numbers[:40:10])]


async def _prepared(desk: Desk, inputs: Sequence[str]) -> None:
    """A ticket with a draft that was signed, with files of odd names, and returned."""
    unit = desk.front.program.registry.get(AGENCY).agency.profile.units[0].id  # type: ignore[union-attr]
    assert await desk.move(desk.number, "triage", unit=unit, **{"class": "on-change"}) in {303, 422}
    texts = cycle(chunks([cleaned(text) for text in inputs], 3_900))
    for _ in range(3):
        names = [text for text in inputs if text.isprintable()]
        files = [(name, jpeg()) for name in names[:40:8]]
        before, after, reason = islice(texts, 3)
        fields = {"ending": "corrected", "before": before, "after": after, "reason": f"x{reason}",
                  "url": cleaned(inputs[3])}  # fmt: skip
        assert await desk.move(desk.number, "prepare", *files, **fields) == 303
        assert await desk.move(desk.number, "return", reason=reason + "x") == 303
    assert await desk.move(desk.number, "prepare", ending="corrected", after="x", reason="x") == 303


async def _asked(desk: Desk, inputs: Sequence[str]) -> None:
    """A question taken on, and an answer to it proposed."""
    at = f"/admin/{AGENCY}/questions/{desk.question}"
    assert await desk.send(f"{at}/claim", {}) == 303
    for words in islice(chunks(inputs, 3_900), 4):
        assert await desk.send(f"{at}/answer", {"words": words, "press": "preview"}) == 200
    fields = dict(zip(FIELDS, cycle(inputs), strict=False))
    for turn in range(3):
        texts = list(islice(cycle(chunks(inputs, 900)), turn * 3, turn * 3 + 4))
        fields |= {"entry": "", "ticket": desk.question, "question_th": "คำถามใหม่ zqx",
                   "answer_th": texts[0], "phrasings": texts[1], "source_title": texts[2],
                   "review_by": "1/1/2600"}  # fmt: skip
        await desk.send(f"/admin/{AGENCY}/proposals/new", fields)


async def test_pages_that_show_them_show_words_alone(front, desk, full) -> None:
    shown = ""
    for path in full:
        assert await desk.see(path) == 200, path
        shown += desk.heard
    known = {"&lt;img src=x onerror=", "{{1337*1337}}", "&#39;; DROP TABLE"}
    for text in {"&lt;script&gt;alert("} | (known if len(front.inputs) > 100 else set()):
        assert text in shown, text
    await all_is_well(front)


class Watch:
    """What a browser complains of, and whom it asks."""

    def __init__(self, home: str) -> None:
        self.home, self.seen = home, []

    def on(self, page: Any) -> None:
        """Listen to one page."""
        page.on("dialog", lambda dialog: self.seen.append(f"dialog {dialog.message}"))
        page.on("pageerror", lambda error: self.seen.append(f"error {error}"))
        page.on("console", self.console)
        page.on("request", self.request)

    def console(self, message: Any) -> None:
        """An error, as of the policy."""
        if message.type in {"error", "warning"} and "404" not in message.text:
            self.seen.append(f"console {message.text[:200]}")

    def request(self, request: Any) -> None:
        """Something is asked of another host."""
        if not request.url.startswith((self.home, "data:image/")):
            self.seen.append(f"asked {request.url[:200]}")


@pytest_asyncio.fixture(loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """A real browser."""
    if CHROMIUM is None:
        pytest.skip(MISSING)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


async def test_a_real_browser_runs_none_of_them(front, desk, full, chromium) -> None:
    if not front.program.database.is_sqlite:
        return  # what a page holds is the same
    inputs = addressed_to(desk.number, short(front.inputs, 1_500))

    async def write(visitor: Visitor, texts: Sequence[str]) -> None:
        for text in texts:
            await visitor.tell(text=text)

    people = (await at_once(front, write, inputs))[:6]
    watch = Watch(front.url)
    context = await chromium.new_context(base_url=front.url)
    context.set_default_timeout(15_000)
    page = await context.new_page()
    watch.on(page)
    await _carry(context, front, desk.headers["Cookie"], "/admin")
    for path in full:
        await page.goto(path)
        assert await page.locator("script:not([src]):not([type])").count() == 0
    for visitor in people:
        await _carry(context, front, visitor.headers["Cookie"], f"/{AGENCY}/chat")
        await page.goto(f"/{AGENCY}/chat")
        await page.fill(
            "#text", "\n".join(text for text in inputs[:60] if "\0" not in text)[:3_000]
        )
        async with page.expect_response(re.compile("/chat/messages")):
            await page.click(".send")
    last = page.locator(".line.bot").nth(len(inputs) // PEOPLE)
    await last.wait_for(state="attached")  # the script shows it a moment after it has come
    assert await page.evaluate("document.querySelectorAll('[zqx], zqx, zqx-element').length") == 0
    await context.close()
    assert watch.seen == []


async def _carry(context: Any, front: Front, cookie: str, path: str) -> None:
    name, _, value = cookie.partition("=")
    url = f"{front.url}{path}"
    await context.add_cookies([{"name": name, "value": value, "url": url}])


async def test_tables_to_take_elsewhere_run_nothing(front, desk, full) -> None:
    agency = front.program.registry.get(AGENCY).agency
    wanted = exports.Wanted(persons=True)
    out = BytesIO()
    rows = exports.rows(front.program.database, agency, wanted)
    written = await export_commands._csv(out, rows, exports.columns(wanted))
    table = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))
    assert len(table) == written + 1 > len(front.inputs) // 4
    for row in table[1:]:
        assert len(row) == len(table[0])
        bad = [cell[:40] for cell in row if cell.lstrip().startswith(("=", "+", "-", "@", "＝"))]
        assert bad == []
    out = BytesIO()
    rows = exports.rows(front.program.database, agency, wanted)
    assert await export_commands._json(out, rows, ()) == written
    assert len(json.loads(out.getvalue())) == written
