"""kill -9 at random moments while events arrive: nothing may be lost, doubled or out of order.

Each user's next event is sent only after the one before was acknowledged; what was not acknowledged
is sent again with the same id, as the platforms do. Every user asks a known row of questions with
answers that all differ, so the answers tell what was lost, doubled or overtaken. The one thing that
may come twice is what Telegram was just being told at a kill: it knows no key to tell by.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import sending
import uvloop
from sending import Client, Event
from serving import Server, everything, report

AGENCIES = ("buriram", "tapon")
LINE_SHARE = 0.7
TRIED = 60
"""Questions that are tried out, to find those whose answers differ."""
ALIVE = (0.05, 2.0)
"""Seconds from ready to the next kill."""
STARTING = (0.3, 2.0)
"""Seconds from a start to the next kill, where it is to hit a server that is still starting."""
STARTING_SHARE = 0.2
A_LIFE = 4.0
"""Seconds from kill to kill, about; so long the events have to last."""
AGAIN = (0.3, 0.8)
QUIET = 20.0
PATIENCE = 90.0

Question = dict[str, str]
"""`text` or `choice`."""


@dataclass
class User:
    """One person and the row of answers that is due."""

    platform: str
    agency: str
    chat: str
    row: list[Question]
    expected: list[str]
    got: list[str] = field(default_factory=list)

    def event(self, question: Question) -> Event:
        """The next thing this person does."""
        make = sending.line_event if self.platform == "line" else sending.telegram_event
        return make(self.agency, self.chat, **question)

    @property
    def places(self) -> list[int]:
        """Which of the questions each answer belongs to; -1 is an answer to none of them."""
        place = {answer: at for at, answer in enumerate(self.expected)}
        return [place.get(answer, -1) for answer in self.got]


@dataclass
class Tally:
    """What the run counted."""

    sent: int = 0
    acknowledged: int = 0
    kills: int = 0
    died_starting: int = 0
    owners: dict[str, User] = field(default_factory=dict)
    """Who a reply token, or a chat, belongs to."""


async def try_out(server: Server, standins: Client) -> dict[str, list[tuple[Question, str]]]:
    """Questions with answers that differ, for each platform and agency."""
    asked: dict[str, tuple[str, Question]] = {}
    for n, slug in enumerate(AGENCIES):
        keys = sorted(sending.entries(slug))[:TRIED]
        for at, key in enumerate(keys):
            row: Question = (
                {"choice": f"a:{key}"} if at % 2 else {"text": sending.entries(slug)[key][0]}
            )
            for platform in ("line", "telegram"):
                chat = str(1_000 * (n + 1) + at)
                chat = sending.line_user(int(chat)) if platform == "line" else chat
                user = User(platform, slug, chat, [row], [])
                event = user.event(row)
                await server.client.ask(event.raw)
                asked[event.key or chat] = (f"{platform}/{slug}", row)
    await asyncio.sleep(5)
    found: dict[str, list[tuple[Question, str]]] = defaultdict(list)
    for _, _, chat, key, texts in await standins.get("/_/deliveries?since=0"):
        account, row = asked.pop(key or chat, ("", {}))
        found[account].append((row, "\n".join(texts)))
    if asked:
        raise SystemExit(f"{len(asked)} questions were not answered before any kill")
    return {account: _different(rows) for account, rows in found.items() if account}


def _different(rows: list[tuple[Question, str]]) -> list[tuple[Question, str]]:
    often = Counter(answer for _, answer in rows)
    return [(row, answer) for row, answer in rows if often[answer] == 1]


def people(
    known: dict[str, list[tuple[Question, str]]], number: int, each: int, rng: random.Random
) -> list[User]:
    """Everybody with a row of questions of their own."""
    users = []
    for at in range(number):
        platform = "line" if at < LINE_SHARE * number else "telegram"
        slug = rng.choice(AGENCIES)
        chat = sending.line_user(10**6 + at) if platform == "line" else str(10**6 + at)
        row = rng.sample(known[f"{platform}/{slug}"], each)
        users.append(User(platform, slug, chat, [q for q, _ in row], [a for _, a in row]))
    return users


class Gate:
    """Lets events through at a steady rate, in the order asked for."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate
        self._next = time.monotonic()

    async def __call__(self) -> None:
        """Wait for one's turn."""
        self._next = max(self._next + self._gap, time.monotonic())
        await asyncio.sleep(self._next - time.monotonic())


async def live(
    user: User, servers: list[Server], gate: Gate, tally: Tally, rng: random.Random
) -> None:
    """Do one thing after another, each until it is acknowledged."""
    for question in user.row:
        await gate()
        event = user.event(question)
        tally.owners[event.key] = tally.owners[event.chat] = user
        status = 0
        while not 200 <= status < 300:
            tally.sent += 1
            server = servers[tally.sent % len(servers)]
            status, _ = await server.client.ask(event.raw, 5.0)
            if not 200 <= status < 300:
                await asyncio.sleep(rng.uniform(*AGAIN))
        tally.acknowledged += 1


async def kill_often(servers: list[Server], number: int, tally: Tally, rng: random.Random) -> None:
    """Kill one of the servers at a random moment, and start it again at once."""
    watching = {server: asyncio.create_task(server.ready()) for server in servers}
    for _ in range(number):
        server = rng.choice(servers)
        if rng.random() < STARTING_SHARE:
            await asyncio.sleep(rng.uniform(*STARTING))
        else:
            await watching[server]
            await asyncio.sleep(rng.uniform(*ALIVE))
        tally.died_starting += not server.is_ready
        watching[server].cancel()
        server.kill()
        tally.kills += 1
        server.start()
        watching[server] = asyncio.create_task(server.ready())
    await asyncio.gather(*watching.values())


async def gather(standins: Client, tally: Tally, due: int, since: int) -> None:
    """Give every answer to its user, until all is quiet."""
    begun = last = time.monotonic()
    seen: set[tuple[str, str]] = set()
    while time.monotonic() - begun < PATIENCE and time.monotonic() - last < QUIET:
        fresh = await standins.get(f"/_/deliveries?since={since}")
        since += len(fresh)
        for _, _, chat, key, texts in fresh:
            user = tally.owners[chat or key]
            user.got.append("\n".join(texts))
            seen.add((user.chat, user.got[-1]))
        last = time.monotonic() if fresh else last
        if len(seen) >= due:
            break
        await asyncio.sleep(0.5)
    await asyncio.sleep(2)  # one more look, for what comes twice
    for _, _, chat, key, texts in await standins.get(f"/_/deliveries?since={since}"):
        tally.owners[chat or key].got.append("\n".join(texts))


def judge(users: list[User]) -> dict[str, int]:
    """What the answers tell."""
    found: Counter[str] = Counter()
    for user in users:
        places = user.places
        known = [place for place in places if place >= 0]
        found["lost"] += len(user.row) - len(set(known))
        found["doubled"] += len(known) - len(set(known))
        if user.platform == "line":
            found["doubled on LINE"] += len(known) - len(set(known))
        found["answers to nothing asked"] += len(places) - len(known)
        found["users out of order"] += known != sorted(known)
    return {name: found[name] for name in _JUDGED}


_JUDGED = ("lost", "doubled", "doubled on LINE", "answers to nothing asked", "users out of order")


async def run(asked: argparse.Namespace) -> int:
    """Try questions out, then kill while people ask."""
    rng = random.Random(asked.seed)
    tally = Tally()
    with everything(asked.database, asked.replicas) as (servers, standins):
        await _start(servers)
        users = people(
            await try_out(servers[0], standins), asked.users, asked.events // asked.users, rng
        )
        since = (await standins.get("/_/stats"))["deliveries"]
        gate = Gate(asked.events / (asked.kills * A_LIFE))
        begun = time.monotonic()
        people_live = asyncio.gather(*(live(u, servers, gate, tally, rng) for u in users))
        await kill_often(servers, asked.kills, tally, rng)
        await people_live
        await gather(standins, tally, asked.events, since)
        seconds = time.monotonic() - begun
        in_flight = sum(
            line["requests"] for s in servers for line in s.log_events("outbox_recovered")
        )
        set_aside = sum(len(s.log_events("event_set_aside")) for s in servers)
        ready = sorted(second for server in servers for second in server.starts)
    found = judge(users)
    figures = {
        "events": asked.events,
        "acknowledged": tally.acknowledged,
        "sent, with those sent again": tally.sent,
        "kills": tally.kills,
        "of these while starting": tally.died_starting,
        **found,
        "in flight at the kills": in_flight,
        "set aside": set_aside,
        "time to ready s": f"{ready[0]:.1f} to {ready[-1]:.1f}",
        "seconds": round(seconds),
    }
    goals = {
        "none lost": not found["lost"] and not found["answers to nothing asked"],
        "order kept": not found["users out of order"],
        "doubled <= in flight at the kills": found["doubled"] <= in_flight,
    }
    name = f"kills on {asked.database}, {asked.replicas} server{'s' * (asked.replicas > 1)}"
    return report(name, figures, goals)


async def _start(servers: list[Server]) -> None:
    """One after another: the first makes the database."""
    for server in servers:
        server.start()
        await server.settled()


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--replicas", type=int, default=1, help="servers; more need postgresql")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if asked.replicas > 1 and asked.database == "sqlite":
        parser.error("SQLite serves one process")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run(asked))


if __name__ == "__main__":
    sys.exit(main())
