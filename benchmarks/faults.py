"""One call in ten to the platforms fails, in every way there is, and every reply still arrives.

Each kind of failure has its turn, then all together. Twice may come only what the platform gives no
key to tell by: a Telegram message that was taken though its caller never heard so. After a 429 no
call may come before the time is over, but for those already under way.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter

import sending
import uvloop
from sending import Client, Event
from serving import Server, everything, report
from standins import KINDS

AGENCIES = ("buriram", "tapon")
SHARE = 0.1
LINE_SHARE = 0.7
RATE = 60.0
PAUSE = 1
"""Seconds that a 429 asks for."""
QUIET = 6.0
"""Seconds without a call after which none is to come; the second retry is after one or two."""
PATIENCE = 80.0


def events(number: int, rng: random.Random) -> list[Event]:
    """Questions on both platforms; every chat speaks once."""
    asked = {slug: sending.questions(slug, 12) for slug in AGENCIES}
    made = []
    for chat in rng.sample(range(10**9, 2 * 10**9), number):
        slug = rng.choice(AGENCIES)
        text = rng.choice(asked[slug])
        if rng.random() < LINE_SHARE:
            made.append(sending.line_event(slug, sending.line_user(chat), text))
        else:
            made.append(sending.telegram_event(slug, str(chat), text))
    return made


async def post_all(server: Server, prepared: list[Event]) -> None:
    """Post at a steady rate; webhooks themselves do not fail here."""
    begun = time.monotonic()
    for at, event in enumerate(prepared):
        await asyncio.sleep(begun + at / RATE - time.monotonic())
        event.due = time.monotonic()
        status, _ = await server.client.ask(event.raw)
        assert status == 200, status


async def gather(standins: Client, prepared: list[Event], since: int) -> Counter[str]:
    """Give every delivery to its event; what comes twice is counted by platform."""
    owners = {event.key: event for event in prepared if event.key}
    owners |= {event.chat: event for event in prepared}
    twice: Counter[str] = Counter()
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        is_quiet = (await standins.get("/_/stats"))["quiet"] > QUIET
        fresh = await standins.get(f"/_/deliveries?since={since}")
        since += len(fresh)
        for when, _, chat, key, texts in fresh:
            event = owners[chat or key]
            twice[event.platform] += bool(event.answered)
            event.answers, event.answered = tuple(texts), when
        if is_quiet:
            break
        await asyncio.sleep(0.3)
    return twice


async def stretch(
    server: Server, standins: Client, kinds: list[str], prepared: list[Event]
) -> dict[str, int | float]:
    """One kind of failure, or several; returns what came of it."""
    before = await standins.get("/_/stats")
    await standins.post("/_/faults", {"kinds": kinds, "probability": SHARE, "pause": PAUSE})
    await post_all(server, prepared)
    twice = await gather(standins, prepared, before["deliveries"])
    await standins.post("/_/faults", {"kinds": [], "probability": 0})
    await asyncio.sleep(1)
    after = await standins.get("/_/stats")
    slowest = max((event.answered - event.due for event in prepared if event.answered), default=0)
    return {
        "events": len(prepared),
        "failures": sum(after["faults"].values()) - sum(before["faults"].values()),
        "lost": sum(not event.answered for event in prepared),
        "twice on LINE": twice["line"],
        "twice on Telegram": twice["telegram"],
        "too early": after["too_early"] - before["too_early"],
        "slowest s": round(slowest, 1),
    }


async def run(asked: argparse.Namespace) -> int:
    """Every kind in turn, then all of them."""
    rng = random.Random(asked.seed)
    figures: dict[str, dict[str, int | float]] = {}
    with everything(asked.database) as (servers, standins):
        servers[0].start()
        await servers[0].settled()
        each = asked.events // (len(asked.kinds) + 1)
        for kinds in (*([kind] for kind in asked.kinds), list(asked.kinds)):
            name = kinds[0] if len(kinds) == 1 else "all kinds"
            figures[name] = await stretch(servers[0], standins, kinds, events(each, rng))
            print(f"{name}: {figures[name]}", flush=True)
        gave_up = len(servers[0].log_events("delivery_gave_up"))
    total = Counter[str]()
    for one in figures.values():
        total.update({name: int(value) for name, value in one.items() if name != "slowest s"})
    goals = {
        "every reply arrives": not total["lost"],
        "none twice on LINE": not total["twice on LINE"],
        "twice on Telegram only where the outcome was unknown": not any(
            one["twice on Telegram"]
            for kind, one in figures.items()
            if kind in {"error", "reset", "rate"}
        ),
        "429 obeyed": not total["too early"],
    }
    told = {**figures, "all": dict(total), "given up": gave_up}
    return report(f"faults on {asked.database}", told, goals)


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--events", type=int, default=2_000)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run(asked))


if __name__ == "__main__":
    sys.exit(main())
