"""Hostile inputs through the chats: nothing fails, nothing leaks, nothing becomes of them."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from admin.persons import Person
from admin.tickets import Ticket
from bot.messages import Contact, InboundMessage
from bot.tables import EventRow, Progress
from tests.attachments.contents import jpeg
from tests.fakes import AGENCY
from tests.hostile.conftest import SECRET, Front, broken_by
from tests.hostile.inputs import INPUTS, addressed_to, cleaned, form_of, octets, quoted, sample
from tests.platforms import TELEGRAM_SECRET, line_channel, line_signature, telegram_channel

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionHeader"),  # as in service
    pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionParam"),
]

PAGE = f"/{AGENCY}/chat"
PEOPLE = 20
"""Who write at the same time."""
ALLOWED = {200, 303, 400, 413, 415, 422}
TELEGRAM_HEADERS = {"X-Telegram-Bot-Api-Secret-Token": TELEGRAM_SECRET}
_numbers = count(1)


class Visitor:
    """Somebody with a browser of their own, who tells in bytes what no browser would."""

    is_staff = False

    def __init__(self, front: Front, name: str) -> None:
        self.front = front
        self.headers = {"Cookie": f"thamdai_chat={name.ljust(43, 'x')}"}
        self.heard = ""

    async def ask(self, method: str, path: str, **how: Any) -> int:
        """One request; its status, which is no fault of ours."""
        headers = {**self.headers, **how.pop("headers", {})}
        url = self.front.url + path
        if body := how.pop("data", None):
            how["data"] = BytesIO(body)
        async with self.front.http.request(
            method, url, headers=headers, allow_redirects=False, **how
        ) as found:
            self.heard = (await found.read()).decode("utf-8", "replace")
            assert found.status < 500, (
                path[:200],
                self.front.faults()[-1:],
                headers,
                body and body[:200],
            )
            assert self.is_staff or SECRET not in self.heard
            return found.status

    async def tell(self, **said: object) -> int:
        """What the page's script sends."""
        headers = {"Content-Type": "application/json"}
        return await self.ask(
            "POST", f"{PAGE}/messages", data=json.dumps(said).encode(), headers=headers
        )

    async def post(self, **fields: str) -> int:
        """What the page sends without its script."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.ask("POST", PAGE, data=form_of(fields), headers=headers)

    async def page(self) -> str:
        """The conversation as it is shown."""
        assert await self.ask("GET", PAGE) == 200
        return self.heard


async def at_once(front: Front, work: Any, inputs: Sequence[str]) -> list[Visitor]:
    """Have some people do the work, each with a part of the inputs."""
    number = next(_numbers)
    many = min(PEOPLE, len(inputs) // 8)
    people = [Visitor(front, f"visitor-{number}-{n}-") for n in range(many)]
    parts = (inputs[n::many] for n in range(many))
    await asyncio.gather(*map(work, people, parts))
    return people


async def all_is_well(front: Front) -> None:
    """Everything was handled and answered, and the logs tell of nothing."""
    waiting = select(EventRow.id).where(EventRow.status == Progress.WAITING)
    async with asyncio.timeout(30):
        while await _any(front, waiting):  # noqa: ASYNC110 - what is handled rings no bell
            await asyncio.sleep(0.05)
    assert await front.unfinished() == []
    assert front.faults() == []
    assert front.leaks() == []


async def _any(front: Front, query: Any) -> bool:
    async with front.program.database.read() as connection:
        return await connection.scalar(query.limit(1)) is not None


async def test_the_inputs_are_many_and_none_is_there_twice() -> None:
    assert len(INPUTS) == len(set(INPUTS)) > 300


async def test_as_words_and_as_choices_they_are_answered_and_shown_as_they_are(front) -> None:
    inputs = addressed_to(front.number, front.inputs)

    async def write(visitor: Visitor, texts: Sequence[str]) -> None:
        for at, text in enumerate(texts):
            for status in (
                await visitor.tell(text=text),
                await visitor.tell(choice=text, id=text[:64] or "x"),
                await visitor.post(**{("text", "choice")[at % 2]: text}),
            ):
                assert status in ALLOWED, text[:80]
        await visitor.tell(choice="menu")

    people = await at_once(front, write, inputs)
    await all_is_well(front)
    for visitor in people:
        assert broken_by(await visitor.page()) == ()
        await visitor.ask("GET", f"{PAGE}/messages?after=0")
        assert '"replies":[{' in visitor.heard


async def test_a_whole_report_of_them_is_kept_letter_by_letter(front) -> None:
    inputs = addressed_to(front.number, [text for text in front.inputs if text.strip()])[::2]
    before = await front.count(Ticket)
    told: list[str] = []

    async def report(visitor: Visitor, texts: Sequence[str]) -> None:
        for at in range(0, len(texts), 4):
            what, right, name, phone = (*texts[at : at + 4], *"ขคง")[:4]
            await visitor.tell(choice="draft:drop")
            await visitor.tell(choice="report:wrong-info")
            await visitor.tell(text=what)
            await visitor.tell(text=right)
            for tap in ("skip:right", "skip:where", "skip:files", "privacy:named"):
                await visitor.tell(choice=f"draft:{tap}")
            await visitor.tell(text=name)
            await visitor.tell(choice="draft:skip:name")
            await visitor.tell(text=phone)
            for tap in ("skip:phone", "same:", "send"):
                await visitor.tell(choice=f"draft:{tap}")
            told.append(what)
        await visitor.tell(choice="mine")

    people = await at_once(front, report, inputs)
    await all_is_well(front)
    for visitor in people:
        assert broken_by(await visitor.page()) == ()
    assert await front.count(Ticket) > before + len(told) // 2
    kept = await _kept(front, Ticket.what)
    assert kept & {cleaned(text) for text in told}
    assert await _kept(front, Person.name) & {cleaned(text) for text in inputs}


async def _kept(front: Front, column: Any) -> set[str]:
    async with front.program.database.read() as connection:
        return set(await connection.scalars(select(column)))


def line_events(number: int, text: str) -> Iterator[dict[str, Any]]:
    """What somebody does on LINE: words, a button, a place, a file, a report; and oddities."""
    place = {"title": text, "address": text, "latitude": 12.6, "longitude": 102.1}
    for message in (
        {"type": "text", "text": text},
        {"type": "location", **place},
        {"type": "location", **place, "latitude": text, "longitude": None},
        {"type": "file", "fileName": text, "fileSize": text},
        {"type": text},
    ):
        yield {"type": "message", "message": {"id": f"{number}-{next(_numbers)}", **message}}
    yield {"type": "postback", "postback": {"data": text}}
    yield {"type": text[:100]}
    yield {"type": "unsend", "unsend": {"messageId": text[:100]}}
    for data in ("draft:drop", "report:complaint"):
        yield {"type": "postback", "postback": {"data": data}}
    for message in ({"type": "text", "text": text}, {"type": "location", **place}):
        yield {"type": "message", "message": {"id": f"{number}-{next(_numbers)}", **message}}
    for data in ("skip:topic", "skip:spot", "privacy:anonymous", "same:", "send"):
        yield {"type": "postback", "postback": {"data": f"draft:{data}"}}


def line_body(number: int, text: str) -> bytes:
    """All of that in one webhook."""
    events = [
        {
            "mode": "active",
            "timestamp": 1795231200000 + at,
            "source": {"type": "user", "userId": f"U{number:032}"},
            "webhookEventId": f"L{number}-{at}",
            "replyToken": f"r{number}-{at}",
            **event,
        }
        for at, event in enumerate(line_events(number, text[:20_000]))
    ]
    return json.dumps({"events": events}).encode()


def words_of(message: InboundMessage) -> Iterator[str]:
    """What flows look at."""
    place, file = message.place, message.attachment
    told = (message.text, message.choice, place and place.title, place and place.address)
    yield from (word for word in (*told, file and file.name) if word)


async def test_every_one_is_read_on_line_and_telegram_as_a_database_keeps_it() -> None:
    line, telegram = line_channel("http://127.0.0.1:1"), telegram_channel("http://127.0.0.1:1")
    for number, text in enumerate(INPUTS):
        body = line_body(number, text)
        found = line.receive(body, {"X-Line-Signature": line_signature(body)})
        for update in telegram_updates(number, text):
            found += telegram.receive(as_update(update), TELEGRAM_HEADERS)
        assert len(found) > 15, text[:80]
        for message in found:
            assert all(cleaned(word) == word for word in words_of(message)), text[:80]
            assert abs(message.order) < 2**63
            assert len(message.event_id) <= 128 >= len(message.contact.address)


async def test_line_delivers_them(front) -> None:
    inputs = addressed_to(front.number, sample(24))
    for number, text in enumerate(inputs):
        assert await deliver_line(front, line_body(number, text)) == 200
    await all_is_well(front)
    async with front.program.database.read() as connection:
        places = await connection.scalars(select(Ticket.place).where(Ticket.source == "line"))
        titles = {place["title"] for place in places if place}
    assert len(titles & {cleaned(text) for text in inputs}) > 10


async def deliver_line(front: Front, body: bytes) -> int:
    headers = {"X-Line-Signature": line_signature(body), "Content-Type": "application/json"}
    return await _deliver(front, "line", body, headers)


async def deliver_telegram(front: Front, body: bytes) -> int:
    return await _deliver(front, "telegram", body, TELEGRAM_HEADERS)


async def _deliver(front: Front, platform: str, body: bytes, headers: dict[str, str]) -> int:
    url = f"{front.url}/webhooks/{platform}/{AGENCY}"
    async with front.http.post(url, data=BytesIO(body), headers=headers) as found:
        assert SECRET not in await found.text()
        return found.status


def telegram_updates(number: int, text: str) -> Iterator[dict[str, Any]]:
    """What somebody does on Telegram: words, a button, a place, a file, an edited word."""
    person = {"id": 10_000 + number, "is_bot": False, "first_name": text, "language_code": text}
    chat = {"id": 10_000 + number, "type": "private", "first_name": text}
    place = {"latitude": 12.6, "longitude": 102.1}
    for said in (
        {"text": text},
        {"venue": {"location": place, "title": text, "address": text}, "location": place},
        {"document": {"file_id": text, "file_unique_id": text, "file_name": text}},
        {"caption": text, "photo": []},
        {"text": text, "date": text},
        {"text": text, "entities": [{"type": "mention", "offset": -5, "length": 10**9}]},
    ):
        yield {
            "message": {"message_id": 1, "date": 1795231200, "from": person, "chat": chat} | said
        }
    yield {
        "edited_message": {
            "message_id": 1, "date": 1795231200, "edit_date": 1795231201, "from": person,
            "chat": chat, "text": text,
        },
    }  # fmt: skip
    callback = {"id": text, "from": person, "chat_instance": text, "data": text}
    yield {"callback_query": callback}


def as_update(update: dict[str, Any]) -> bytes:
    """The body of a webhook."""
    return json.dumps({"update_id": 800_000 + next(_numbers), **update}).encode()


async def test_telegram_delivers_them(front) -> None:
    inputs = addressed_to(front.number, sample(24))

    async def deliver(_visitor: Visitor, part: Iterable[tuple[int, str]]) -> None:
        for number, text in part:
            for update in telegram_updates(number, text[:20_000]):
                assert await deliver_telegram(front, as_update(update)) == 200, text[:80]

    await at_once(front, deliver, list(enumerate(inputs)))  # type: ignore[arg-type]
    await all_is_well(front)


DEEP = 100_000
ODD_BODIES = (
    b"",
    b"\x00",
    b"\xff\xfe{}",
    b"null",
    b"[]",
    b'"text"',
    b"[" * DEEP,
    b'{"a":' * DEEP,
    b"[" * DEEP + b"]" * DEEP,
    b'{"text":"x","zqx":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    b'{"text":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    b'{"text":"x","text":"y"}',
    b'{"text":"\\u0000","id":"\\u0000"}',
    b'{"text":"\\ud800"}',
    b'{"text":"\xff"}',
    b'{"text":"x","id":"' + b"x" * 64 + b'"}',
    b'{"text":"x","id":"\\u0000"}',
    b'{"choice":"mine:\\u0000","id":"a\\u0000b"}',
    b'{"place":{"latitude":1e309,"longitude":0}}',
    b'{"place":{"latitude":NaN,"longitude":0}}',
    b'{"place":{"latitude":1e-320,"longitude":-180}}',
    b'{"text":' + b"9" * 60_000 + b"}",
    b'{"events":' + b"[" * 990 + b"]" * 990 + b"}",
    b'{"events":[1,null,"x",[],{"type":[]},{"source":{"userId":{}}}]}',
    b'{"events":[{"type":"message","timestamp":' + b"9" * 4_000 + b',"source":{"userId":"Ux"}}]}',
    b'{"events":[{"type":"message","timestamp":' + b"[" * 900 + b"]" * 900
    + b',"source":{"userId":"Uy"},"message":{"id":"1","type":"text","text":"x"}}]}',
    b'{"update_id":' + b"9" * 30 + b"}",
    b'{"update_id":-1,"message":{"message_id":[],"date":1e20,"chat":{"id":"x"}}}',
    b'{"update_id":7,"message":{"message_id":1,"date":' + b"9" * 300 + b',"text":"x",'
    b'"chat":{"id":77,"type":"private"}}}',
    b'{"update_id":8,"message":' + b'{"reply_to_message":' * 900 + b"1" + b"}" * 900 + b"}",
    b'{"update_id":9,"callback_query":{"id":"1","from":{"id":' + b"9" * 30 + b'},"data":"x"}}',
)  # fmt: skip
"""What is JSON only nearly, or too much of it."""


async def test_odd_and_deep_bodies_are_refused_or_taken_and_never_a_fault(front) -> None:
    visitor = Visitor(front, "odd")
    for body in ODD_BODIES:
        headers = {"Content-Type": "application/json"}
        status = await visitor.ask("POST", f"{PAGE}/messages", data=body, headers=headers)
        assert status in ALLOWED, body[:80]
        assert await deliver_line(front, body) in ALLOWED, body[:80]
        assert await deliver_telegram(front, body) in ALLOWED, body[:80]
    await all_is_well(front)


FORM = "application/x-www-form-urlencoded"
ODD_FORMS = (
    (b"text=\xff\xfe", FORM),
    (b"text=%00%FF%FE", FORM),
    (b"text=x", FORM + "; charset=zqx"),
    (b"text=\\ud800", FORM + "; charset=unicode_escape"),
    (b"text=+2AA-", FORM + "; charset=utf-7"),
    (b"text=x", FORM + "; charset=utf-16"),
    (b"text=x", FORM + "; charset=zlib"),
    (b"text=xn--\xff", FORM + "; charset=idna"),
    (b"&" * 50_000, FORM),
    (b"text=x&" * 5_000, FORM),
    (b"text=" + b"x" * 3_000_000, FORM),
    (b"", "multipart/form-data"),
    (b"", "multipart/form-data; boundary="),
    (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
    (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"),
    (b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\r\n--x--\r\n',
     "multipart/form-data; boundary=x"),
    (b'--x\r\nContent-Disposition: form-data; name="text"\r\nContent-Type: text/plain; '
     b'charset=zqx\r\n\r\nx\r\n--x--\r\n', "multipart/form-data; boundary=x"),
    (b'--x\r\nContent-Disposition: form-data; name="text"; filename="\xff\x00"\r\n\r\nx\r\n'
     b'--x--\r\n', "multipart/form-data; boundary=x"),
    (b'--x\r\nContent-Disposition: form-data; name="text"\r\nContent-Transfer-Encoding: zqx'
     b'\r\n\r\nx\r\n--x--\r\n', "multipart/form-data; boundary=x"),
    (b"--x\r\n" + b"A: b\r\n" * 20_000 + b"\r\nx\r\n--x--\r\n", "multipart/form-data; boundary=x"),
    (b'--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\nx\r\n--y--\r\n--x--\r\n',
     "multipart/form-data; boundary=x"),
    (b"<xml/>", "text/xml"),
    (b"x", "zqx"),
    (b"x", ";;;="),
)  # fmt: skip
"""Bodies that are not what they say they are."""


async def test_forms_that_are_none_are_refused_on_every_page_that_takes_one(front) -> None:
    visitor = Visitor(front, "forms")
    places = (PAGE, f"{PAGE}/files", f"/{AGENCY}/publication", f"/{AGENCY}/questions")
    for body, kind in ODD_FORMS:
        for place in places:
            for more in ({}, {"Content-Encoding": "gzip"}, {"Content-Encoding": "deflate"}):
                headers = {"Content-Type": kind, **more, **front.elsewhere()}
                await visitor.ask("POST", place, data=body, headers=headers)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    await visitor.ask("POST", f"{PAGE}/messages", data=b'{"text":"x"}', headers=headers)
    await all_is_well(front)


async def test_searches_find_nothing_but_answers(front) -> None:
    visitor = Visitor(front, "search")
    for at, text in enumerate(front.inputs):
        where = front.elsewhere()
        await visitor.ask(
            "POST",
            f"/{AGENCY}/questions",
            data=form_of({"q": text}),
            headers={"Content-Type": FORM, **where},
        )
        assert broken_by(visitor.heard) == (), text[:80]
        asked = quoted(text[:400])
        query = "&".join(f"{name}={asked}" for name in ("category", "page", "lang", "embed"))
        paths = (
            f"/{AGENCY}/questions?q={asked}",
            f"/{AGENCY}/questions?{query}",
            f"/{AGENCY}/questions/{asked}",
            f"/{AGENCY}/publication?number={asked}&lang={asked}",
            f"{PAGE}?lang={asked}&embed={asked}",
            f"{PAGE}/messages?after={asked}&wait=0",
            f"{PAGE}/files/{asked}",
            f"/{asked}/chat",
            f"/{asked}",
            f"/static/thamdai/{asked}",
            f"/static/admin/{asked}",
            f"/{AGENCY}/{asked}",
        )
        for path in (paths[0], paths[at % 12], paths[(at + 5) % 12]):
            await visitor.ask("GET", path, headers=where)
            assert broken_by(visitor.heard) == (), path[:80]
    await all_is_well(front)


def multipart(*parts: tuple[bytes, bytes | None, bytes]) -> tuple[bytes, dict[str, str]]:
    """A form with files, its names as raw as no browser writes them."""
    body = b""
    for name, filename, content in parts:
        body += b'--zqx\r\nContent-Disposition: form-data; name="' + name + b'"'
        if filename is not None:
            body += b'; filename="' + filename + b'"'
        body += b"\r\n\r\n" + content + b"\r\n"
    return body + b"--zqx--\r\n", {"Content-Type": "multipart/form-data; boundary=zqx"}


def header_value(text: str) -> bytes:
    """The bytes of a text as they may stand in a part's header."""
    return octets(text[:2_000]).replace(b"\r", b"%0D").replace(b"\n", b"%0A").replace(b'"', b"%22")


async def test_names_and_contents_of_files_do_nothing(front) -> None:
    picture = jpeg()

    async def send(visitor: Visitor, texts: Sequence[str]) -> None:
        for text in texts:
            where = front.elsewhere()
            for content in (picture, octets(text)):
                body, headers = multipart((b"file", header_value(text), content))
                headers |= {**where, "Accept": "application/json"}
                await visitor.ask("POST", f"{PAGE}/files", data=body, headers=headers)
        page = await visitor.page()
        assert broken_by(page) == ()

    people = await at_once(front, send, front.inputs[::2])
    await all_is_well(front)
    assert any(["/chat/files/" in await visitor.page() for visitor in people])


async def test_another_bodys_form_takes_them_as_words(front) -> None:
    visitor = Visitor(front, "body")
    before = await front.count(Ticket)
    inputs = [text for text in front.inputs if text.strip()]
    names = (b"body", b"what", b"url", b"name", b"phone", b"email")
    for at in range(0, len(inputs), 3):
        words = (inputs[at : at + 3] * 6)[:6]
        parts = [(name, None, octets(text)) for name, text in zip(names, words, strict=True)]
        file = (b"file", header_value(words[0]), b"zqx")
        agreed = (b"agree", None, b"yes")
        for given in ([*parts, agreed], [*parts, agreed, file], parts):
            body, headers = multipart(*given)
            headers |= front.elsewhere()
            await visitor.ask("POST", f"/{AGENCY}/publication", data=body, headers=headers)
            assert broken_by(visitor.heard) == (), words[0][:80]
    await all_is_well(front)
    assert await front.count(Ticket) > before + 5


RAW_HEADERS = (
    b"Origin: http://[zqx",
    b"Origin: \xff\xfe",
    b"Host: zqx.example\"><zqx-element>",
    b"Host: \xff",
    b"Host: [::1",
    b"Host: a:99999999",
    b"X-Forwarded-For: \xff\xfe, \x01",
    b"X-Forwarded-For: " + b"1," * 3_000,
    b"Cookie: thamdai_chat=\xff; thamdai_staff=\xff; thamdai_staff_language=\xff",
    b"Cookie: thamdai_staff_known=\xff",
    b"Cookie: " + b"a=b; " * 1_500,
    b'Cookie: thamdai_chat="\\000"; =; ;;;',
    b"Accept: \xff",
    b"Accept-Language: \xff",
    b"User-Agent: \xff<zqx-element>",
    b"Range: bytes=9-1,-0,zqx",
    b"If-None-Match: \xff",
    b"If-None-Match: W/zqx",
    b"If-Modified-Since: 99 Zqx 99999",
    b"Expect: zqx",
    b"Content-Length: -1",
    b"Transfer-Encoding: zqx",
    b"Sec-Fetch-Site: \xff",
    b"Upgrade: websocket\r\nConnection: Upgrade",
    b"Referer: javascript:alert(1)",
)  # fmt: skip
LINES = (
    b"GET /tapon/chat%00 HTTP/1.1",
    b"GET /%00 HTTP/1.1",
    b"GET /%ff%fe/chat HTTP/1.1",
    b"GET /%ed%a0%80 HTTP/1.1",
    b"GET //zqx.example/chat HTTP/1.1",
    b"GET http://[/tapon/chat HTTP/1.1",
    b"GET http://zqx.example/tapon/chat HTTP/1.1",
    b"GET /tapon/../../etc/passwd HTTP/1.1",
    b"GET /static/thamdai/..%2f..%2fpages.py HTTP/1.1",
    b"GET /static/admin/%2e%2e/%2e%2e/shell.py HTTP/1.1",
    b"GET /tapon/chat?lang=\xff HTTP/1.1",
    b"GET /tapon/questions?q=%ed%a0%80%00 HTTP/1.1",
    b"POST /admin/login HTTP/1.1",
    b"ZQX /tapon/chat HTTP/1.1",
    b"PUT /admin/login HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
    b"TRACE /tapon/chat HTTP/1.1",
    b"GET /tapon/chat HTTP/9.9",
    b"GET " + b"/a" * 20_000 + b" HTTP/1.1",
)  # fmt: skip
PAGES = (
    b"GET /tapon/chat",
    b"GET /tapon/questions",
    b"GET /tapon/sitemap.xml",
    b"GET /admin/login",
    b"GET /static/thamdai/chat.js",
    b"POST /tapon/chat",
    b"POST /tapon/chat/files",
    b"POST /tapon/publication",
    b"POST /tapon/questions",
    b"POST /admin/login",
)


async def test_lines_and_headers_that_no_browser_writes_are_no_fault(front) -> None:
    for line in LINES:
        await _written(front, line, b"Host: localhost")
    for header in RAW_HEADERS:
        for page in PAGES:
            host = b"" if header.startswith(b"Host") else b"Host: localhost\r\n"
            await _written(front, page + b" HTTP/1.1", host + header)
    await all_is_well(front)


async def _written(front: Front, line: bytes, headers: bytes) -> None:
    port = int(front.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    form = (
        b"" if b"Content-Length" in headers or b"Transfer" in headers else b"Content-Length: 6\r\n"
    )
    kind = b"Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
    body = b"text=x" if line.startswith(b"POST") else b""
    writer.write(
        line + b"\r\n" + headers + b"\r\n" + kind + (form if body else b"") + b"\r\n" + body
    )
    async with asyncio.timeout(10):
        answer = await reader.read(65536)
    writer.close()
    status = int(answer.split(b" ", 2)[1]) if answer else 400
    assert status < 500, (line[:80], headers[:80], answer[:300])
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert b"\r\nset-cookie: zqx" not in head
    assert b"<zqx-element" not in answer
    assert b"def " not in answer or b"javascript" in head


async def test_somebody_elses_matter_is_as_it_was(front) -> None:
    async with front.program.database.session() as session:
        ticket = await session.scalar(select(Ticket).where(Ticket.number == front.number))
    assert (ticket.what, ticket.status, ticket.verdict, ticket.version) == (
        SECRET, "received", None, 1,
    )  # fmt: skip
    assert ticket.contact_id == Contact(AGENCY, "web", "somebody-else").id
    everything = str([asked.params for asked in (*front.line.asked, *front.telegram.asked)])
    assert SECRET not in everything
