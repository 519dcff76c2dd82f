"""A process with two jobs that write down what they do: `replica.py URL FOLDER OUT NAME`."""

import asyncio
import signal
import sys
from datetime import datetime
from pathlib import Path

from bot import logs
from bot.jobs import Jobs, Scheduled
from bot.metrics import Metrics
from bot.settings import Settings


async def main(url: str, folder: str, out: str, name: str) -> None:
    """Work until told to stop."""

    def write(*words: object) -> None:
        with Path(out).open("a", encoding="utf-8") as file:
            file.write(" ".join(map(str, words)) + "\n")

    async def short(due: datetime) -> None:
        write("short", name, due.isoformat())

    async def long(due: datetime) -> None:
        write("begun", name, due.isoformat())
        while not (Path(out).parent / "free").exists():  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.05)
        write("ended", name, due.isoformat())

    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    jobs = Jobs(
        Settings(database_url=url, data_dir=Path(folder)),
        scheduled=(Scheduled("* * * * * *", "short", short), Scheduled(LONG, "long", long)),
        metrics=Metrics(),
    )
    working = asyncio.create_task(jobs.run())
    await told.wait()
    await jobs.stop()
    working.cancel()
    write("stopped", name, "-")


LONG = "*/2 * * * * *"

if __name__ == "__main__":
    logs.set_up("INFO")
    asyncio.run(main(*sys.argv[1:]))
