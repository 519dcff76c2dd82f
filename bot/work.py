"""Work: what runs behind the requests for as long as the program does."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import structlog

from bot.logs import where

PASSING = ("meaning", "open ")
"""How the names of those jobs begin that may end before the program does."""

log = structlog.get_logger()


class Work:
    """The jobs that were begun, each by a name."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[Any]] = []

    def begin(self, jobs: Mapping[str, Coroutine[Any, Any, object]]) -> None:
        """Begin these."""
        for name, job in jobs.items():
            task = asyncio.create_task(job, name=name)
            task.add_done_callback(_tell)
            self._tasks.append(task)

    def named(self, name: str) -> Sequence[asyncio.Task[Any]]:
        """Those with this name."""
        return [task for task in self._tasks if task.get_name() == name]

    @property
    def failed(self) -> list[str]:
        """Names of those that ended though they never should."""
        ended = [task for task in self._tasks if task.done()]
        return [
            task.get_name()
            for task in ended
            if not task.get_name().startswith(PASSING) or task.cancelled() or task.exception()
        ]

    async def end(self) -> None:
        """Cancel them all, and wait until they are gone."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _tell(task: asyncio.Task[Any]) -> None:
    """Say in the log what ended a job: nobody waits for it."""
    error = None if task.cancelled() else task.exception()
    if error:
        fault = type(error).__name__
        log.error("work_ended", work=task.get_name(), fault=fault, where=where(error))
