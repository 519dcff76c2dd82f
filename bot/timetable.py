"""Every timed job of the program, and when it is due."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from admin import chat_links, followers, logbook, messenger, questions, subscriptions
from admin.mailroom import Mailroom
from admin.news_rounds import NewsRounds
from admin.rounds import Rounds
from admin.watching import Watch
from bot import clock, forgetting, staff_pages
from bot.channels.channel import Channel
from bot.db import Database
from bot.errands import Errand
from bot.jobs import Scheduled
from bot.settings import Settings
from bot.visiting import Visitor
from handlers import abandoned
from knowledge.registry import Registry

log = structlog.get_logger()


MAILING = "mailing"


def mailing_errand(mailroom: Mailroom) -> Errand:
    """The sending of one mailing; its subject is `<mailing>:<attempt>`."""

    def taken(subject: str) -> tuple[int, int]:
        mailing, _, attempt = subject.partition(":")
        return int(mailing), int(attempt)

    return Errand(
        MAILING,
        begin=lambda subject: mailroom.begin(*taken(subject)),
        step=lambda subject, number: mailroom.page(*taken(subject), number),
        end=lambda subject: mailroom.end(*taken(subject)),
        fail=lambda subject: mailroom.fail(*taken(subject)),
    )


def timetable(
    database: Database,
    registry: Registry,
    settings: Settings,
    channels: Mapping[str, Channel],
) -> tuple[Scheduled, ...]:
    """All jobs, in the order of the day; each may be run again after a crash in its midst."""

    async def forget(_due: datetime) -> None:
        """Delete what may no longer be kept, little by little."""
        before = clock.now() - timedelta(days=settings.keep_days)
        needed = (
            followers.awaits_news(before),
            chat_links.is_linked(),
            subscriptions.is_subscribed(before),
        )
        gone = 1
        while gone:
            async with database.session() as session:
                connection = await session.connection()
                gone = await forgetting.expire(
                    connection, before, needed=needed, parting=logbook.part
                )
                gone += await abandoned.forget(session, clock.now(), before)
                await questions.expire(connection, before)
                await messenger.expire(connection, before)
        await staff_pages.expire(database)
        await database.wipe()

    async def watch(due: datetime) -> None:
        """Look at every page that an answer rests on."""
        agencies = [served.agency for served in registry.served.values()]
        found = await Watch(database, Visitor(settings.public_url), clock=clock.now).round(
            agencies, due
        )
        log.info("sources_looked_at", flagged=found)

    rounds = Rounds(
        database,
        lambda: [served.agency for served in registry.served.values()],
        address=settings.public_url,
        clock=clock.now,
    )
    news = NewsRounds(database, channels)

    async def recur(_due: datetime) -> None:
        """Tell again what recurs, and see what rode on replies."""
        await news.recur(clock.now())
        await news.arrive()

    async def daily(due: datetime) -> None:
        """Yesterday's news."""
        await news.daily(due, clock.now())

    async def weekly(due: datetime) -> None:
        """The week's news, on Monday."""
        await news.weekly(due, clock.now())

    async def press_again(_due: datetime) -> None:
        """What waited for the month's quota goes out."""
        async with database.write() as connection:
            await followers.press_again(connection)

    return (
        Scheduled("15 0 1 * *", "new-month", press_again),
        Scheduled("0 7 * * *", "news-daily", daily),
        Scheduled("0 7 * * 1", "news-weekly", weekly),
        Scheduled("*/5 * * * *", "news-recurring", recur),
        Scheduled("30 3 * * *", "watch-sources", watch),
        Scheduled("30 8 * * *", "digest", rounds.digest),
        Scheduled("10 8-18 * * *", "nudge", rounds.nudge),
        Scheduled("17 * * * *", "forget", forget),
    )
