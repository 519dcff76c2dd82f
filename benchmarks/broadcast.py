"""An announcement to many: once each although the sender is killed and platforms fail.

Default: 10,000 subscribers on LINE and 3,000 on Telegram, kill -9 five times in the midst, one call
in twenty failing. `--subscribers 1000000`: PostgreSQL, no faults: what
the snapshot and the paging cost, and how long the platforms' real limits would make it take.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop
from sending import Client
from serving import Server, everything, report

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import func, insert, select

from admin.announcements import Announcement, Content, State
from admin.mailings import Fate, Mailing, Recipient
from admin.subscriptions import Frequency, Subscriber, Subscription
from bot import clock
from bot.db import Database
from bot.messages import Contact
from bot.tables import ContactRow

AGENCY = "tapon"
WORDS = "น้ำไม่ไหลวันเสาร์ โปรดสำรองน้ำ"
A_SHARE = 5_000
TELEGRAM_SHARE = 0.3
A_MILLION = 1_000_000
SAMPLE = 20_000
"""Telegram messages of the million that are really made; each costs a request."""
REAL_TELEGRAM = 20.0
"""Messages a second that the program allows itself (T6 says about 30 for everything)."""
REAL_LINE = 20.0
"""Multicasts a second that it allows itself; LINE allows 200 (L9)."""
PATIENCE = 900.0
FAULTS = ["error", "reset", "reset_after", "broken"]


def people(channel: str, number: int, first: int = 0) -> list[Contact]:
    """Addresses as the platforms make them."""
    make = (lambda n: f"U{n:032x}") if channel == "line" else (lambda n: str(1_000_000 + n))
    return [Contact(AGENCY, channel, make(n)) for n in range(first, first + number)]


async def subscribe(database: Database, channel: str, number: int) -> None:
    """So many subscribers, without the conversations that made them."""
    now = clock.now()
    for first in range(0, number, A_SHARE):
        share = people(channel, min(A_SHARE, number - first), first)
        async with database.write() as connection:
            await connection.execute(insert(ContactRow), [_contact(one, now) for one in share])
            await connection.execute(
                insert(Subscriber),
                [
                    {
                        "contact_id": one.id,
                        "agency": AGENCY,
                        "channel": channel,
                        "language": "th",
                        "frequency": Frequency.AT_ONCE,
                        "since": now,
                    }
                    for one in share
                ],
            )
            await connection.execute(
                insert(Subscription),
                [{"contact_id": one.id, "topic": "services", "area": ""} for one in share],
            )


def _contact(one: Contact, now: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "agency": one.agency,
        "channel": one.channel,
        "address": one.address,
        "state": {},
        "blocked": False,
        "created_at": now,
        "seen_at": now,
    }


async def announce(database: Database) -> None:
    """One that is approved and due."""
    now = clock.now()
    async with database.session() as session:
        made = Announcement(
            agency=AGENCY,
            state=State.APPROVED,
            signatures_=[],
            cleared=[],
            made_by=1,
            made_at=now,
            changed_at=now,
            starts_at=now,
        )
        made.content = Content("notice", "services", "sao", headline_th=WORDS, text_th=WORDS)
        session.add(made)


async def ledger(database: Database) -> Counter[tuple[str, Fate]]:
    """How many met which fate."""
    query = (
        select(Mailing.channel, Recipient.fate, func.count())
        .join(Mailing, Mailing.id == Recipient.mailing_id)
        .group_by(Mailing.channel, Recipient.fate)
    )
    async with database.read() as connection:
        rows = await connection.execute(query)
        return Counter({(channel, fate): number for channel, fate, number in rows})


async def under_way(database: Database) -> bool:
    """Whether a mailing has not come to its end."""
    async with database.read() as connection:
        query = select(func.count(), func.count(Mailing.ended_at)).select_from(Mailing)
        every, ended = (await connection.execute(query)).one()
    return not every or ended < every


async def settled(database: Database, server_memory: Any) -> tuple[float, float]:
    """Wait for the end; returns the seconds it took, and the most memory on the way."""
    begun, most = time.monotonic(), 0.0
    while await under_way(database) and time.monotonic() - begun < PATIENCE:
        most = max(most, server_memory())
        await asyncio.sleep(0.2)
    return time.monotonic() - begun, most


async def killed(asked: argparse.Namespace) -> int:
    """Thousands of subscribers, kills and faults: who got what."""
    line, telegram = (
        round(asked.subscribers * (1 - TELEGRAM_SHARE)),
        round(asked.subscribers * TELEGRAM_SHARE),
    )
    with everything(asked.database, asked.replicas) as (servers, standins):
        for server in servers:
            server.more = {"THAMDAI_TELEGRAM_BULK_PER_SECOND": "300", "THAMDAI_SEMANTIC": "false"}
        await _started(servers)
        database = Database(servers[0].url)
        await subscribe(database, "line", line)
        await subscribe(database, "telegram", telegram)
        await standins.post("/_/faults", {"kinds": FAULTS, "probability": 0.05})
        begun = time.monotonic()
        await announce(database)
        for kill in range(asked.kills):
            await _until_delivered(standins, (kill + 1) * asked.subscribers / (asked.kills + 2))
            server = servers[kill % len(servers)]
            server.kill()
            if asked.replicas == 1 or kill < asked.kills - 1:  # of replicas the last stays dead
                server.start()
                await server.ready()
        await settled(database, lambda: 0.0)
        seconds = time.monotonic() - begun
        found = await ledger(database)
        got = counted(await deliveries(standins))
        await database.close()
    on_line = [got[each.address] for each in people("line", line)]
    on_telegram = [got[each.address] for each in people("telegram", telegram)]
    figures = {
        "subscribers": f"{line:,} on LINE, {telegram:,} on Telegram",
        "kills": asked.kills,
        "on LINE once / more / never": _times(on_line),
        "on Telegram once / more / never": _times(on_telegram),
        "ledger": {f"{channel} {fate}": number for (channel, fate), number in found.items()},
        "seconds": round(seconds),
    }
    missing = on_telegram.count(0)
    goals = {
        "LINE: every subscriber exactly once": set(on_line) == {1},
        "Telegram: nobody twice": max(on_telegram) <= 1,
        "Telegram: who got nothing is counted unknown": missing <= found["telegram", Fate.UNKNOWN],
        "the ledger is complete": sum(found.values()) == line + telegram
        and not found["line", Fate.QUEUED] + found["telegram", Fate.QUEUED],
    }
    replicas = f"{asked.replicas} server{'s' * (asked.replicas > 1)}"
    return report(f"broadcast on {asked.database}, {replicas}", figures, goals)


async def million(asked: argparse.Namespace) -> int:
    """A million on LINE, and a sample on Telegram: memory, pace, and hours at the real limits."""
    with everything(asked.database) as ([server], standins):
        server.more = {"THAMDAI_TELEGRAM_BULK_PER_SECOND": "1000", "THAMDAI_SEMANTIC": "false"}
        server.start()
        await server.settled()
        database = Database(server.url)
        await subscribe(database, "line", asked.subscribers)
        await subscribe(database, "telegram", SAMPLE)
        idle = server.memory
        cpu = server.cpu
        await announce(database)
        seconds, most = await settled(database, lambda: server.memory)
        cpu = server.cpu - cpu
        spans = await _spans(database)
        got = counted(await deliveries(standins))
        found = await ledger(database)
        await database.close()
    pages = -(-asked.subscribers // 500)
    snapshot, line, telegram = spans["snapshot"], spans["line"], spans["telegram"]
    figures = {
        "subscribers": f"{asked.subscribers:,} on LINE, {SAMPLE:,} on Telegram",
        "reached once": f"{sum(number == 1 for number in got.values()):,}",
        "snapshot s": round(snapshot, 1),
        "LINE pages/s": round(pages / line, 1),
        "LINE, the whole million, s": round(line),
        "Telegram messages/s here": round(SAMPLE / telegram),
        "a million on Telegram at 20/s, h": round(A_MILLION / REAL_TELEGRAM / 3600, 1),
        "a million on LINE at its limit, s": round(A_MILLION / 500 / REAL_LINE),
        "memory idle / most MB": f"{idle:.0f} / {most:.0f}",
        "processor s": round(cpu),
        "seconds": round(seconds),
    }
    goals = {
        "memory <= 300 MB above idle": most - idle <= 300,
        "everybody once": set(got.values()) == {1} and len(got) == asked.subscribers + SAMPLE,
        "the ledger is complete": sum(found.values()) == asked.subscribers + SAMPLE,
    }
    return report(f"broadcast to {asked.subscribers:,} on {asked.database}", figures, goals)


async def _spans(database: Database) -> dict[str, float]:
    async with database.read() as connection:
        rows = (await connection.execute(select(Mailing.__table__))).all()
    spans = {row.channel: (row.ended_at - row.started_at).total_seconds() for row in rows}
    line = next(row for row in rows if row.channel == "line")
    return {**spans, "snapshot": (line.started_at - line.created_at).total_seconds()}


async def _started(servers: Sequence[Server]) -> None:
    """One after another: the first makes the database."""
    for server in servers:
        server.start()
        if not await server.ready():
            raise SystemExit(server.logged()[-3000:])


async def _until_delivered(standins: Client, number: float) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if sum(counted(await deliveries(standins)).values()) >= number:
            return
        await asyncio.sleep(0.3)


async def deliveries(standins: Client) -> Sequence[Any]:
    """Everything that reached the platforms, asked for in pieces."""
    found: list[Any] = []
    while fresh := await standins.get(f"/_/deliveries?since={len(found)}"):
        found += fresh
    return found


def counted(noted: Sequence[Any]) -> Counter[str]:
    """How often each address was reached."""
    found: Counter[str] = Counter()
    for _, _, chats, _, _ in noted:
        found.update(chats if isinstance(chats, list) else [chats])
    return found


def _times(numbers: Sequence[int]) -> str:
    once, never = numbers.count(1), numbers.count(0)
    return f"{once:,} / {len(numbers) - once - never:,} / {never:,}"


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--replicas", type=int, default=1, help="servers; more need postgresql")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--subscribers", type=int, default=13_000)
    asked = parser.parse_args()
    if asked.replicas > 1 and asked.database == "sqlite":
        parser.error("SQLite serves one process")
    work = million if asked.subscribers >= A_MILLION else killed
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work(asked))


if __name__ == "__main__":
    sys.exit(main())
