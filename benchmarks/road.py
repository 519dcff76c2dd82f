"""The whole road, open loop: events arrive at a steady rate whatever the program does.

Every latency is counted from the moment the event was due, so a program that stops for a second
is charged for all that should have happened in it. One question in five is asked in words never
heard before, the others come again. LINE's people return; each Telegram chat speaks once, so
that every reply can be told to its event.
"""

import argparse
import asyncio
import gc
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import sending
import uvloop
from sending import Client, Event
from serving import Server, everything, quantile, report

ACK_P99_MS, REPLY_P99_MS, MEMORY_MB = 50, 500, 450
LINE_SHARE = 0.7
LINE_USERS = 4_000
OF_EACH_AGENCY = 12
SMALL_TALK_SHARE = 0.1
PATIENCE = 30.0
STEP = 1.25


@dataclass
class Passage:
    """What became of a stretch of load."""

    rate: float
    events: list[Event]
    memory: float = 0.0
    cpu: float = 0.0
    doubled: int = 0
    strays: int = 0
    late: list[float] = field(default_factory=list)
    """How late the generator itself was."""

    @property
    def acks(self) -> list[float]:
        """Seconds to each acknowledgement."""
        return [e.acknowledged - e.due for e in self.events if e.acknowledged]

    @property
    def replies(self) -> list[float]:
        """Seconds to each reply."""
        return [e.answered - e.due for e in self.events if e.answered]

    @property
    def lost(self) -> int:
        """Events without a reply."""
        return sum(not event.answered for event in self.events)

    @property
    def is_held(self) -> bool:
        """Whether the program kept up."""
        return not self.lost and quantile(self.replies, 0.99) <= REPLY_P99_MS


def events(number: int, new: float, seed: int) -> Iterator[Event]:
    """A mixture as it comes in, the same for the same seed but for the ids.

    Each is made only when it is to be sent, for LINE's reply token lives a minute from then.
    """
    rng = random.Random(seed)
    asked = {slug: sending.questions(slug, OF_EACH_AGENCY) for slug in sending.slugs()}
    chats = rng.sample(range(10**9, 2 * 10**9), number)
    for chat in chats:
        slug = rng.choice(sorted(asked))
        text = rng.choice(asked[slug])
        if rng.random() < SMALL_TALK_SHARE:
            text = rng.choice(sending.SMALL_TALK)
        elif rng.random() < new:
            text = sending.said_anew(text, rng)
        if rng.random() < LINE_SHARE:
            user = sending.line_user(rng.randrange(LINE_USERS))
            yield sending.line_event(slug, user, text)
        else:
            yield sending.telegram_event(slug, str(chat), text)


async def send(server: Server, rate: float, coming: Iterator[Event]) -> Passage:
    """Post each event when it is due; never wait for the program."""
    passage = Passage(rate, [])
    under_way: set[asyncio.Task[None]] = set()
    cpu, begun = server.cpu, time.monotonic() + 0.2
    gc.collect()
    gc.freeze()
    for at, event in enumerate(coming):
        event.due = begun + at / rate
        passage.events.append(event)
        await asyncio.sleep(event.due - time.monotonic())
        passage.late.append(time.monotonic() - event.due)
        task = asyncio.create_task(_post(server.client, event))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    passage.cpu = (server.cpu - cpu) / (time.monotonic() - begun)
    if under_way:
        await asyncio.wait(under_way)
    return passage


async def _post(client: Client, event: Event) -> None:
    status, _ = await client.ask(event.raw)
    if status == 200:
        event.acknowledged = time.monotonic()


async def collect(standins: Client, passage: Passage, since: int) -> int:
    """Tell every delivery to its event; returns how many there are now."""
    by_key = {event.key: event for event in passage.events if event.key}
    by_chat = {event.chat: event for event in passage.events if not event.key}
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        fresh = await standins.get(f"/_/deliveries?since={since}")
        since += len(fresh)
        for when, _, chat, key, texts in fresh:
            event = by_key.get(key) or by_chat.get(chat)
            if event is None:
                passage.strays += 1
                continue
            if not event.answered:
                event.answered = when
            elif tuple(texts) == event.answers:
                passage.doubled += 1
            event.answers = tuple(texts)
        if not passage.lost and not fresh:
            break
        await asyncio.sleep(0.5)
    return since


async def passage_of(
    server: Server, standins: Client, rate: float, asked: argparse.Namespace
) -> Passage:
    """One stretch at one rate, and what came of it."""
    since = (await standins.get("/_/stats"))["deliveries"]
    coming = events(int(rate * asked.seconds), asked.new, asked.seed)
    passage = await send(server, rate, coming)
    passage.memory = server.memory
    await collect(standins, passage, since)
    print(
        f"{rate:.0f}/s: reply p50 {quantile(passage.replies, 0.5)} p99"
        f" {quantile(passage.replies, 0.99)} ms, lost {passage.lost}, cpu {passage.cpu:.2f}",
        flush=True,
    )
    return passage


async def highest(
    server: Server, standins: Client, asked: argparse.Namespace
) -> tuple[float, Passage]:
    """Go up until it is too much; returns the last rate that was held."""
    asked.seconds = min(asked.seconds, 10.0)
    rate, held = asked.rate, await passage_of(server, standins, asked.rate, asked)
    while (found := await passage_of(server, standins, rate * STEP, asked)).is_held:
        rate, held = rate * STEP, found
    for between in (rate * STEP**0.67, rate * STEP**0.33):
        found = await passage_of(server, standins, between, asked)
        if found.is_held:
            return between, found
    return rate, held


async def run(asked: argparse.Namespace) -> int:
    """Warm up, measure, report."""
    with everything(asked.database) as (servers, standins):
        server = servers[0]
        server.start()
        await server.settled()
        warm = await send(server, 50, events(150, 0.5, 7))
        await collect(standins, warm, 0)
        if asked.highest:
            rate, passage = await highest(server, standins, asked)
        else:
            rate, passage = asked.rate, await passage_of(server, standins, asked.rate, asked)
    figures = {
        "events": len(passage.events),
        "rate": round(rate),
        "ack p50 ms": quantile(passage.acks, 0.5),
        "ack p99 ms": quantile(passage.acks, 0.99),
        "reply p50 ms": quantile(passage.replies, 0.5),
        "reply p99 ms": quantile(passage.replies, 0.99),
        "not acknowledged": len(passage.events) - len(passage.acks),
        "lost": passage.lost,
        "doubled": passage.doubled,
        "strays": passage.strays,
        "memory MB": round(passage.memory),
        "cpu": round(passage.cpu, 2),
        "generator late p99 ms": quantile(passage.late, 0.99),
    }
    goals = {
        f"ack p99 <= {ACK_P99_MS} ms": quantile(passage.acks, 0.99) <= ACK_P99_MS,
        f"reply p99 <= {REPLY_P99_MS} ms": quantile(passage.replies, 0.99) <= REPLY_P99_MS,
        "none lost": not passage.lost,
        "none doubled": not passage.doubled and not passage.strays,
        f"memory <= {MEMORY_MB} MB": passage.memory <= MEMORY_MB,
    }
    name = "highest rate held" if asked.highest else "road"
    return report(f"{name} on {asked.database}", figures, goals)


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rate", type=float, default=200.0, help="events a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--new", type=float, default=0.2, help="share of questions never heard")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--highest", action="store_true", help="search the highest rate held")
    asked = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run(asked))


if __name__ == "__main__":
    sys.exit(main())
