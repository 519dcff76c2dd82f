"""Pages of staff over many tickets, beside the same pages over a hundred, through real HTTP.

Tickets are put in by the bulk, in five agencies; then the program is started and one member of
staff, logged in, asks for each page again and again, one request at a time. `mine` is asked in the
web chat by a citizen who brought ten matters. Everything is done first with 100 tickets and then
with 100,000 in a database of its own.
"""

import argparse
import asyncio
import gc
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import sending
import uvloop
from sending import Client
from serving import Server, everything, quantile, report

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import delete, insert, select, text, update

from admin import sessions
from admin.followers import Follower
from admin.logbook import Line, LogLine
from admin.moves import Ending, Move, Status
from admin.numbers import fiscal_year, tracking_number
from admin.officers import Role
from admin.sessions import StaffSession
from admin.staff import Membership, Staff
from admin.tickets import Privacy, Source, Ticket
from bot import clock, migration
from bot.db import Database
from bot.demo.stories import read
from bot.messages import Contact
from bot.secrets import secret_key
from bot.tables import ContactRow
from handlers.mine import SHOWN
from knowledge.agency import Agency
from knowledge.chains import Class, Kind
from knowledge.folders import load_agency, load_defaults

SLUG = "tapon"
FEW = 100
P99_MS = 150
OPEN_SHARE = 0.1
LINES = 30
"""Of the log of the ticket whose page is asked for."""
USUAL_LINES = 3
BROUGHT = 10
AT_ONCE = 2_000
DAYS = 730
RARE = "จระเข้"
"""A word of three tickets in the whole database."""
COMMON = "ถนน"
WARM_UP = 30
OVER = (Status.CLOSED,) * 18 + (Status.WITHDRAWN, Status.JOINED)
WAITS = (
    *(Status.WITH_UNIT,) * 8, *(Status.RECEIVED,) * 5, *(Status.PREPARED,) * 4,
    *(Status.APPROVED,) * 2, Status.PUBLISHED, Status.WITH_HEAD,
)  # fmt: skip


def agencies() -> list[Agency]:
    """Those that the repository ships."""
    defaults = load_defaults(sending.AGENCIES / "_default")
    return [load_agency(sending.AGENCIES / slug, defaults) for slug in sending.slugs()]


def tickets(number: int, served: Sequence[Agency], now: datetime) -> Iterator[dict[str, Any]]:
    """So many, the same on every run: one in ten is open, and of these every second one late."""
    rng = random.Random(4)
    stories = [story for story in read().stories if story.language == "th"]
    counted = dict.fromkeys((agency.slug for agency in served), 0)
    for at in range(number):
        agency, story = served[at % len(served)], rng.choice(stories)
        is_open = rng.random() < OPEN_SHARE
        age = rng.random() * (20 if is_open else DAYS)
        opened = now - timedelta(days=age, seconds=rng.random() * 9_999)
        due = opened + timedelta(days=rng.choice((7, 10, 21)))
        closed = None if is_open else min(now, opened + timedelta(days=rng.random() * 30))
        replied = min(now, opened + timedelta(days=rng.random() * 3))
        status = rng.choice(WAITS if is_open else OVER)
        is_closed = status is Status.CLOSED
        counted[agency.slug] += 1
        what = " ".join([story.what, *(one.what for one in rng.sample(stories, rng.randrange(3)))])
        yield {
            "id": at + 1,
            "agency": agency.slug,
            "number": tracking_number(fiscal_year(now.date()), counted[agency.slug]),
            "version": 1,
            "kind": story.kind,
            "source": rng.choice(tuple(Source)),
            "contact_id": None,
            "language": "th",
            "privacy": rng.choice(tuple(Privacy)),
            "what": f"{what} {RARE}" if at in {number // 3, number // 2, number - 1} else what,
            "said": [],
            "attachments": [],
            "item": rng.choice(agency.catalogue).id,
            "unit": None if rng.random() < 0.05 else rng.choice(agency.profile.units).id,
            "class": rng.choice(tuple(Class)),
            "urgent": rng.random() < 0.03,
            "image": False,
            "status": status,
            "since": closed or replied,
            "opened_at": opened,
            "first_reply_due": opened + timedelta(days=1),
            "due_at": due,
            "first_reply_at": None if status is Status.RECEIVED else replied,
            "closed_at": closed,
            "reopened": int(rng.random() < 0.04),
            "ending": rng.choice(tuple(Ending)) if is_closed else None,
            "ending_reason": story.reason if is_closed else None,
            "verdict": rng.choice(("yes", "partly", "no", None)) if is_closed else None,
            "stars": rng.choice((None, 3, 4, 5)) if is_closed else None,
        }


def lines(rows: Sequence[dict[str, Any]], longest: int) -> Iterator[dict[str, Any]]:
    """What happened to each; to one of them a good deal more."""
    for row in rows:
        for at in range(LINES if row["id"] == longest else USUAL_LINES):
            what = (Line.OPENED, Move.TRIAGE, Line.NOTE, Move.REPLY)[min(at, 2 + at % 2)]
            yield {
                "ticket_id": row["id"],
                "at": row["opened_at"] + timedelta(hours=at),
                "what": what,
                "public": what != Line.NOTE,
                "start": None,
                "end": Status.RECEIVED if not at else None,
                "staff_id": 1 if at else None,
                "role": Role.AGENT if at else None,
                "text": "ขอทราบรายละเอียดเพิ่มเติม ขอบคุณที่แจ้งเข้ามา" if at > 1 else None,
                "attachments": [],
                "details": {},
            }


def contact(number: int) -> dict[str, Any]:
    """Somebody who brought some."""
    one = Contact(SLUG, "line", sending.line_user(number))
    now = clock.now()
    return {
        "id": one.id, "agency": one.agency, "channel": one.channel, "address": one.address,
        "state": {}, "blocked": False, "created_at": now, "seen_at": now,
    }  # fmt: skip


async def put(database: Database, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Many rows, some thousand in a transaction."""
    for start in range(0, len(rows), AT_ONCE):
        async with database.write() as connection:
            await connection.execute(insert(table), rows[start : start + AT_ONCE])


async def filled(database: Database, number: int, key: bytes) -> tuple[str, str]:
    """Staff, tickets, logs, who brought them; returns a login's token and the number to look at."""
    await migration.upgrade(database)
    now, token = clock.now(), sessions.new_token()
    rows = list(tickets(number, agencies(), now))
    brought = [contact(at) for at in range(max(1, number // 3))]
    for at, row in enumerate(rows):
        row["contact_id"] = brought[at // 3 % len(brought)]["id"]
    longest = next(row for row in rows if row["agency"] == SLUG and row["closed_at"] is None)
    staff = {"id": 1, "name": "คุณตัวอย่าง", "email": "a@example.go.th", "language": "th"}
    await put(database, Staff.__table__, [{**staff, "created_at": now, "second_factor": "0" * 64}])
    roles = (Role.AGENT, Role.APPROVER)
    posts = [{"staff_id": 1, "agency": SLUG, "role": role.value} for role in roles]
    await put(database, Membership.__table__, posts)
    login = {
        "digest": sessions.digest_of(key, token), "staff_id": 1, "agent": "benchmark",
        "created_at": now, "seen_at": now, "expires_at": now + sessions.LIFE, "is_whole": True,
    }  # fmt: skip
    await put(database, StaffSession.__table__, [login])
    await put(database, ContactRow.__table__, brought)
    await put(database, Ticket.__table__, rows)
    following = [
        {"ticket_id": row["id"], "contact_id": row["contact_id"], "since": now} for row in rows
    ]
    await put(database, Follower.__table__, following)
    await put(database, LogLine.__table__, list(lines(rows, longest["id"])))
    if not database.is_sqlite:  # as its own autovacuum does some minutes later
        async with database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("VACUUM ANALYZE"))
    return token, longest["number"]


def pages(number: str, unit: str) -> dict[str, str]:
    """What is measured, and where it is."""
    root = f"/admin/{SLUG}"
    return {
        "today": f"{root}/",
        "open": f"{root}/tickets?state=open",
        "mine to act on": f"{root}/tickets?state=mine",
        "late": f"{root}/tickets?clock=late",
        "over": f"{root}/tickets?state=over",
        "all": f"{root}/tickets?state=all",
        "words, open": f"{root}/tickets?state=open&q={_quoted(COMMON)}",
        "words, all": f"{root}/tickets?state=all&q={_quoted(COMMON)}",
        "rare word, all": f"{root}/tickets?state=all&q={_quoted(RARE)}",
        "no such word, all": f"{root}/tickets?state=all&q=Xyzzy",
        "kind and unit": f"{root}/tickets?state=open&kind={Kind.COMPLAINT}&unit={unit}",
        "kind and unit, over": f"{root}/tickets?state=over&kind={Kind.COMPLAINT}&unit={unit}",
        "opened again": f"{root}/tickets?state=all&again=1",
        "page 2": f"{root}/tickets?state=open&page=2",
        "page 40": f"{root}/tickets?state=open&page=40",
        "page 40, all": f"{root}/tickets?state=all&page=40",
        "ticket": f"{root}/tickets/{number}",
        "overview": f"{root}/overview",
        "questions": f"{root}/questions",
    }


def _quoted(word: str) -> str:
    return "".join(f"%{byte:02X}" for byte in word.encode())


async def timed(client: Client, raw: bytes, times: int) -> list[float]:
    """Seconds of each request, after some that do not count."""
    found: list[float] = []
    gc.collect()
    for at in range(times + WARM_UP):
        begun = time.perf_counter()
        status, body = await client.ask(raw)
        assert status == 200, (status, raw[:80], body[:200])
        if at >= WARM_UP:
            found.append(time.perf_counter() - begun)
    return found


async def citizen(database: Database, server: Server) -> bytes:
    """The request of `mine` by somebody in the web chat who brought some of the matters."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(_said("", {"text": "สวัสดี"}))
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    cookie = head.lower().partition("set-cookie: ")[2].partition(";")[0]
    cookie = head[head.lower().index(cookie) :][: len(cookie)]
    writer.close()
    async with database.write() as connection:
        row = await connection.scalar(select(ContactRow.id).where(ContactRow.channel == "web"))
        ours = select(Ticket.id).where(Ticket.agency == SLUG).order_by(Ticket.id.desc())
        ids = list(await connection.scalars(ours.limit(BROUGHT)))
        await connection.execute(update(Ticket).where(Ticket.id.in_(ids)).values(contact_id=row))
        await connection.execute(delete(Follower).where(Follower.ticket_id.in_(ids)))
    return _said(cookie, {"choice": "mine"})


def _said(cookie: str, message: dict[str, str]) -> bytes:
    body = orjson.dumps(message)
    head = f"POST /{SLUG}/chat/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n"
    kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + kind).encode() + body


async def measured(kind: str, number: int, times: int) -> dict[str, list[float]]:
    """Every page over so many tickets."""
    with everything(kind) as (servers, _), opened(servers[0]) as database:
        server, begun = servers[0], time.monotonic()
        token, ticket = await filled(database, number, secret_key(server.folder))
        print(f"{number:,} tickets put in: {time.monotonic() - begun:.0f} s", flush=True)
        server.start()
        await server.settled()
        found = {}
        unit = next(one for one in agencies() if one.slug == SLUG).profile.units[1].id
        for name, path in pages(ticket, unit).items():
            head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            raw = f"{head}Cookie: thamdai_staff={token}\r\n\r\n".encode()
            found[name] = await timed(server.client, raw, times)
            _print(name, found[name])
        mine = await citizen(database, server)
        _, shown = await server.client.ask(mine)
        assert shown.count(b'"mine:') == min(BROUGHT, SHOWN), shown[:500]
        found["mine, in the chat"] = await timed(server.client, mine, times)
        _print("mine, in the chat", found["mine, in the chat"])
        await database.close()
        return found


def _print(name: str, seconds: Sequence[float]) -> None:
    p50, p99 = quantile(seconds, 0.5), quantile(seconds, 0.99)
    print(f"  {name:<22} p50 {p50:>7} ms  p99 {p99:>7} ms", flush=True)


@contextmanager
def opened(server: Server) -> Iterator[Database]:
    """The server's database, for ourselves."""
    yield Database(server.url)


async def run(asked: argparse.Namespace) -> int:
    """Few tickets, then many; report."""
    few = await measured(asked.database, FEW, asked.times)
    many = await measured(asked.database, asked.tickets, asked.times)
    figures: dict[str, Any] = {"tickets": asked.tickets, "requests each": asked.times}
    for name, seconds in many.items():
        p50, p99 = quantile(seconds, 0.5), quantile(seconds, 0.99)
        base, base99 = quantile(few[name], 0.5), quantile(few[name], 0.99)
        ratio = round(p50 / max(base, 0.1), 1)
        figures[name] = f"p50 {p50} p99 {p99} ms; of {FEW}: {base} {base99} ms; {ratio} x"
    goals = {
        f"{name}: p99 <= {P99_MS} ms": quantile(seconds, 0.99) <= P99_MS
        for name, seconds in many.items()
    }
    return report(f"tickets on {asked.database}", figures, goals)


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=300)
    return uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
