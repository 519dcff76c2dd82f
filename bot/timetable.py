"""Every timed job of the program, and when it is due."""

from datetime import datetime, timedelta

from admin import questions, votes
from bot import clock, forgetting
from bot.db import Database
from bot.jobs import Scheduled
from bot.settings import Settings


def timetable(database: Database, settings: Settings) -> tuple[Scheduled, ...]:
    """All jobs, in the order of the day; each may be run again after a crash in its midst."""

    async def forget(_due: datetime) -> None:
        """Delete what may no longer be kept, little by little."""
        before = clock.now() - timedelta(days=settings.keep_days)
        gone = 1
        while gone:
            async with database.write() as connection:
                gone = await forgetting.expire(connection, before)
                await questions.expire(connection, before)
                await votes.expire(connection, before)

    return (Scheduled("17 * * * *", "forget", forget),)
