"""How fast a signed LINE webhook is acknowledged durably, beside a server that keeps nothing.

The baseline is aiohttp on the same event loop that checks the signature and parses the JSON. Both
are asked by the same client, closed loop, in turns: baseline, the real program, baseline. While the
real program acknowledges it also answers, as it always does; nothing of it may be lost.
"""

import argparse
import asyncio
import base64
import gc
import hmac
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

import orjson
import sending
import uvloop
from aiohttp import web
from sending import Client, Event
from serving import Server, everything, helper, quantile, report

GOALS = {"sqlite": 0.50, "postgresql": 0.35}
P99_MS = 15
SLUG = "tapon"
BUILT_EVERY = 0.5
DRAIN = 240.0
PEOPLE = 5_000
ORDINARY = 20
"""Different questions, asked again and again, as citizens do."""


@dataclass
class Leg:
    """One stretch of load."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    kept: list[Event] = field(default_factory=list)
    refused: int = 0

    @property
    def rate(self) -> float:
        """Acknowledgements a second."""
        return len(self.latencies) / self.seconds


def events(number: int) -> list[Event]:
    """Signed events of people who come again."""
    texts = [*sending.questions(SLUG, ORDINARY), *sending.SMALL_TALK]
    people = [sending.line_user(user) for user in range(PEOPLE)]
    return [
        sending.line_event(SLUG, random.choice(people), texts[at % len(texts)])
        for at in range(number)
    ]


async def load(port: int, connections: int, seconds: float, prepared: list[Event]) -> Leg:
    """Every connection posts one event after another until the time is over."""
    leg = Leg()
    supply = iter(prepared)
    client = Client(port)
    gc.collect()
    gc.disable()
    begun = time.perf_counter()
    await asyncio.gather(
        *(_post_all(client, supply, leg, begun + seconds) for _ in range(connections))
    )
    leg.seconds = time.perf_counter() - begun
    gc.enable()
    return leg


async def _post_all(client: Client, supply: Iterator[Event], leg: Leg, until: float) -> None:
    wire = await client.connect()
    clock = time.perf_counter
    begun = clock()
    while begun < until and (event := next(supply, None)):
        status, _ = await wire.ask(event.raw)
        now = clock()
        if status == 200:
            leg.latencies.append(now - begun)
            leg.kept.append(event)
        else:
            leg.refused += 1
        begun = now
    wire.close()


async def answered(standins: Client, events: list[Event]) -> tuple[float, int]:
    """Seconds until all were answered, and how many never were."""
    begun = time.monotonic()
    expected = Counter(event.chat for event in events)
    by_token = {event.key: event.chat for event in events}
    since = 0
    while expected and time.monotonic() - begun < DRAIN:
        fresh = await standins.get(f"/_/deliveries?since={since}")
        since += len(fresh)
        expected -= Counter(by_token.get(key, chat) for _, _, chat, key, _ in fresh)
        await asyncio.sleep(0.2)
    return time.monotonic() - begun, expected.total()


async def measure(
    server: Server, standins: Client, bare: int, connections: int, seconds: float
) -> dict[str, object]:
    """Baseline, program, baseline."""
    enough = events(int(seconds * 20_000))
    before = await load(bare, connections, seconds / 2, enough)
    cpu = server.cpu
    real = await load(server.port, connections, seconds, enough)
    cpu = (server.cpu - cpu) / real.seconds
    drain, lost = await answered(standins, real.kept)
    after = await load(bare, connections, seconds / 2, enough)
    baseline = statistics.mean((before.rate, after.rate))
    return {
        "baseline": round(baseline),
        "kept": round(real.rate),
        "ratio": round(real.rate / baseline, 2),
        "p50 ms": quantile(real.latencies, 0.5),
        "p99 ms": quantile(real.latencies, 0.99),
        "baseline p99 ms": quantile(before.latencies + after.latencies, 0.99),
        "cpu": round(cpu, 2),
        "refused": real.refused,
        "drain s": round(drain, 1),
        "lost": lost,
    }


async def run(asked: argparse.Namespace) -> int:
    """All connection counts on one database."""
    found: dict[int, dict[str, object]] = {}
    with everything(asked.database) as (servers, standins), helper("ack.py", "--bare") as bare:
        servers[0].start()
        await servers[0].settled()
        warm = await load(servers[0].port, 8, 1.0, events(3_000))
        await answered(standins, warm.kept)
        for connections in asked.connections:
            found[connections] = await measure(
                servers[0], standins, bare, connections, asked.seconds
            )
            print(f"{connections} connections: {found[connections]}", flush=True)
    best = max(float(str(one["ratio"])) for one in found.values())
    figures = {f"{n} connections": one for n, one in found.items()}
    goals = {
        f"ratio {best} >= {GOALS[asked.database]}": best >= GOALS[asked.database],
        "nothing lost": not any(one["lost"] for one in found.values()),
    }
    if 8 in found:
        late = float(str(found[8]["p99 ms"]))
        goals[f"p99 at 8 connections {late} <= {P99_MS} ms"] = late <= P99_MS
    return report(f"ack on {asked.database}", figures, goals)


async def _bare() -> None:
    """The baseline: nothing is kept."""
    secret = sending.line_secret(SLUG).encode()

    async def post(request: web.Request) -> web.Response:
        body = await request.read()
        expected = base64.b64encode(hmac.digest(secret, body, sha256)).decode()
        if not hmac.compare_digest(expected, request.headers["X-Line-Signature"]):
            return web.Response(status=401)
        orjson.loads(body)
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_post("/webhooks/{platform}/{agency}", post)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    gc.freeze()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=GOALS, default="sqlite")
    parser.add_argument("--connections", type=int, nargs="+", default=[8, 64, 256])
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--bare", action="store_true", help="only the baseline's server")
    asked = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if asked.bare:
            runner.run(_bare())
            return 0
        return runner.run(run(asked))


if __name__ == "__main__":
    sys.exit(main())
