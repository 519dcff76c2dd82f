"""Rounds: what the clock does for the staff of every agency, hour by hour and in the morning."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog

from admin import digests, nudges
from bot.clock import local_date
from bot.db import Database
from knowledge.agency import Agency
from knowledge.working_days import is_open, is_working_day

STALE = timedelta(hours=3)

log = structlog.get_logger()


class Rounds:
    """Goes from agency to agency; a round may be made again after a crash in its midst."""

    def __init__(
        self,
        database: Database,
        agencies: Callable[[], Iterable[Agency]],
        *,
        address: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._agencies = agencies
        self._address = address
        self._clock = clock

    async def nudge(self, _due: datetime) -> None:
        """Write down which tickets a clock reminds of, where the office is open."""
        now = self._clock()
        for agency in self._agencies():
            if is_open(now, agency.profile.calendar):
                found = await nudges.nudge(self._database, agency, now)
                log.info("nudged", agency=agency.slug, tickets=found)

    async def digest(self, due: datetime) -> None:
        """Tell the staff of every agency that works today what waits for them.

        A morning on which the program was down is made up for before noon only.
        """
        now = self._clock()
        if now - due > STALE:
            return
        today = local_date(now)
        for agency in self._agencies():
            if is_working_day(today, agency.profile.calendar):
                await nudges.nudge(self._database, agency, now)
                told = await digests.morning(self._database, agency, now, self._address)
                log.info("digests_told", agency=agency.slug, people=told)
        await digests.expire(self._database, today)
