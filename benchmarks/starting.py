"""From the command to taking requests and to answering, five agencies, with what was kept before.

The baseline is a process that imports the libraries any such server needs and nothing else.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from statistics import median

from serving import Server, everything, report

TAKEN_SECONDS, READY_SECONDS, MEMORY_MB = 3.0, 5.0, 450
SETTLED = 4.0
"""Seconds after which it is at rest."""
BARE = "import aiohttp.web, sqlalchemy.ext.asyncio, alembic.command, numpy, pydantic_settings"


def bare() -> float:
    """Seconds that a process takes to import the libraries."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", BARE], check=True)
    return time.monotonic() - began


async def started(server: Server, rounds: int) -> tuple[list[float], float]:
    """Seconds to ready of each start, and megabytes after the last."""
    times: list[float] = []
    memory = 0.0
    for _ in range(rounds):
        server.start()
        if not await server.ready():
            raise SystemExit(server.logged()[-2000:])
        times.append(server.starts[-1])
        await asyncio.sleep(SETTLED)
        memory = server.memory
        server.stop()
    return times, memory


async def measure(rounds: int) -> int:
    """A first start, then warm ones: without accounts of platforms, and with ten."""
    with everything("sqlite") as ([server], _):
        secrets = [name for name in server.environment() if name.endswith(("_SECRET", "_TOKEN"))]
        server.start()
        await server.settled()
        cold = server.starts[-1]
        server.stop()
        platforms, memory = await started(server, rounds)
        taken = server.taken[1:]
        server.more = dict.fromkeys(secrets, "")
        alone, memory_alone = await started(server, rounds)
    baseline = median(bare() for _ in range(rounds))
    middle = median(platforms)
    return report(
        f"starting {rounds} times with five agencies",
        {
            "first start, ready": f"{cold:.2f} s",
            "warm, LINE and Telegram, requests taken": _told(taken),
            "warm, LINE and Telegram, ready": _told(platforms),
            "warm, web chat alone, ready": _told(alone),
            "bare libraries": f"{baseline:.2f} s",
            "ratio to bare libraries": f"{middle / baseline:.1f}",
            "memory, LINE and Telegram": f"{memory:.0f} MB",
            "memory, web chat alone": f"{memory_alone:.0f} MB",
        },
        {
            f"warm, requests taken <= {TAKEN_SECONDS:.0f} s": median(taken) <= TAKEN_SECONDS,
            f"first and warm, ready <= {READY_SECONDS:.0f} s": max(cold, middle) <= READY_SECONDS,
            f"memory <= {MEMORY_MB} MB": memory <= MEMORY_MB,
        },
    )


def _told(times: list[float]) -> str:
    return f"{median(times):.2f} s ({min(times):.2f} to {max(times):.2f})"


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    return asyncio.run(measure(parser.parse_args().rounds))


if __name__ == "__main__":
    sys.exit(main())
