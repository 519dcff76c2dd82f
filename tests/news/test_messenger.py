"""News reach their reader once: at once where that costs nothing or is worth it, else later."""

import asyncio
from collections.abc import Callable

from sqlalchemy import insert

from admin import followers, messenger
from admin.followers import press_again
from admin.quota import ASK_AGAIN
from bot import outbox
from bot.channels.channel import DeliveryError
from bot.db import Database
from bot.tables import EventRow, OutgoingRow, Posting
from tests.fakes import AGENCY, MovingClock
from tests.news.conftest import Newsroom
from tests.road.conftest import until


async def test_telegram_and_the_web_are_told_at_once_whatever_it_is(newsroom: Newsroom) -> None:
    for channel in ("telegram", "web"):
        await newsroom.hears(await newsroom.knows(channel), "ถึงกองช่างแล้ว", "แก้แล้ว")

    await newsroom.messenger.round()

    rows = await newsroom.outgoing()
    assert [(r.account, r.status) for r in rows] == [
        (f"{AGENCY}/telegram", Posting.PENDING),
        (f"{AGENCY}/telegram", Posting.PENDING),
        (f"{AGENCY}/web", Posting.SENT),
        (f"{AGENCY}/web", Posting.SENT),
    ]
    assert [r.payload["text"] for r in rows[:2]] == ["ถึงกองช่างแล้ว", "แก้แล้ว"]
    assert len(newsroom.rung) == 2


async def test_line_waits_for_the_citizens_words_unless_it_is_worth_a_push(
    newsroom: Newsroom, clock: MovingClock
) -> None:
    citizen = await newsroom.knows("line")
    await newsroom.hears(citizen, "ถึงกองช่างแล้ว")

    await newsroom.messenger.round()

    assert await newsroom.outgoing() == []
    async with newsroom.database.session() as session:
        waiting = await followers.take(session, citizen.id, clock())
    assert [reply.text for reply in waiting] == ["ถึงกองช่างแล้ว"]


async def test_a_push_takes_along_what_waited_in_one_request(newsroom: Newsroom) -> None:
    citizen = await newsroom.knows("line")
    await newsroom.hears(citizen, "ถึงกองช่างแล้ว")
    await newsroom.messenger.round()
    await newsroom.hears(citizen, "ปิดเรื่องแล้ว", presses=True)

    await newsroom.messenger.round()
    await newsroom.messenger.round()

    [row] = await newsroom.outgoing()
    assert row.payload["text"] == "ถึงกองช่างแล้ว|ปิดเรื่องแล้ว"
    assert all(news.told_at for news in await newsroom.news())


async def test_what_is_told_once_is_never_told_again(
    newsroom: Newsroom, replica: Callable[[], Database]
) -> None:
    names = [f"citizen{n}" for n in range(30)]
    for name in names:
        await newsroom.hears(await newsroom.knows("telegram", name), "หนึ่ง", "สอง")
    messengers = [newsroom.another(replica()) for _ in range(3)]

    await asyncio.gather(*(each.round() for each in messengers))
    for each in messengers:
        await each.round()

    rows = await newsroom.outgoing()
    assert len(rows) == 60
    for name in names:
        assert [r.payload["text"] for r in rows if r.address == name] == ["หนึ่ง", "สอง"]


async def test_a_crash_in_the_midst_loses_nothing_and_doubles_nothing(newsroom: Newsroom) -> None:
    await newsroom.hears(await newsroom.knows("telegram"), "แก้แล้ว")
    await newsroom.hears(await newsroom.knows("web"), "แก้แล้ว")
    plan = newsroom.web.plan

    def dies(*_: object) -> list[dict[str, object]]:
        raise asyncio.CancelledError

    newsroom.web.plan = dies  # as a process that is killed between two statements
    for _ in range(2):
        task = asyncio.create_task(newsroom.messenger.round())
        await asyncio.wait([task])
        assert task.cancelled()
    assert await newsroom.outgoing() == []
    newsroom.web.plan = plan

    await newsroom.another().round()

    assert sorted(r.account for r in await newsroom.outgoing()) == [
        f"{AGENCY}/telegram",
        f"{AGENCY}/web",
    ]


async def test_one_that_cannot_be_told_keeps_nobody_else_waiting(newsroom: Newsroom) -> None:
    await newsroom.hears(await newsroom.knows("web"), "แก้แล้ว")
    await newsroom.hears(await newsroom.knows("telegram"), "แก้แล้ว")

    def fails(*_: object) -> list[dict[str, object]]:
        raise ValueError("odd")

    newsroom.web.plan = fails
    await newsroom.messenger.round()

    assert [r.account for r in await newsroom.outgoing()] == [f"{AGENCY}/telegram"]


async def test_who_blocked_us_is_told_nothing_until_they_come_back(
    newsroom: Newsroom, clock: MovingClock
) -> None:
    gone = await newsroom.knows("telegram", blocked=True)
    await newsroom.hears(gone, "แก้แล้ว", presses=True)

    await newsroom.messenger.round()

    [news] = await newsroom.news()
    assert await newsroom.outgoing() == []
    assert news.waits_since == clock()


async def test_news_come_after_what_was_said_before(newsroom: Newsroom, clock: MovingClock) -> None:
    citizen = await newsroom.knows("telegram")
    earlier = outbox.requests(citizen, [{"text": "รับเรื่องแล้ว"}], now=clock())
    async with newsroom.database.write() as connection:
        await connection.execute(insert(OutgoingRow), earlier)
    refusals = [DeliveryError("server error", retry=True)]
    newsroom.telegram.fault = lambda _: refusals.pop() if refusals else None
    await newsroom.hears(citizen, "แก้แล้ว")
    await newsroom.messenger.round()

    sending = asyncio.create_task(newsroom.delivery.run())
    await until(lambda: newsroom.telegram.tried)
    clock.move(seconds=5)
    newsroom.delivery.wake()
    await until(lambda: len(newsroom.telegram.sent) == 2)
    await newsroom.delivery.stop(1)
    await asyncio.wait([sending])

    assert newsroom.telegram.texts == ["รับเรื่องแล้ว", "แก้แล้ว"]


async def test_a_push_is_saved_where_a_reply_is_about_to_be_made(
    newsroom: Newsroom, clock: MovingClock
) -> None:
    citizen = await newsroom.knows("line")
    await newsroom.hears(citizen, "ปิดเรื่องแล้ว", presses=True)
    event = EventRow(
        contact_id=citizen.id,
        agency=AGENCY,
        channel="line",
        event_id="e",
        order_key=1,
        payload={},
        received_at=clock(),
        due_at=clock(),
    )
    async with newsroom.database.session() as session:
        session.add(event)
    await newsroom.messenger.round()
    assert await newsroom.outgoing() == []

    async with newsroom.database.session() as session:
        (await session.get_one(EventRow, event.id)).done_at = clock()
    await newsroom.messenger.round()

    assert len(await newsroom.outgoing()) == 1


async def test_no_push_is_spent_beyond_the_months_quota(newsroom: Newsroom) -> None:
    newsroom.line.limit = 2
    for n in range(5):
        citizen = await newsroom.knows("line", f"citizen{n}")
        await newsroom.hears(citizen, "ปิดเรื่องแล้ว", presses=True)

    await newsroom.messenger.round()
    await newsroom.hears(await newsroom.knows("line", "later"), "ปิดเรื่องแล้ว", presses=True)
    await newsroom.messenger.round()

    assert len(await newsroom.outgoing()) == 2
    assert len([news for news in await newsroom.news() if news.waits_since]) == 4
    assert newsroom.line.asked == 1


async def test_the_quota_is_asked_for_anew_after_a_while(
    newsroom: Newsroom, clock: MovingClock
) -> None:
    newsroom.line.limit = 0
    citizen = await newsroom.knows("line")
    await newsroom.hears(citizen, "หนึ่ง", presses=True)
    await newsroom.messenger.round()
    newsroom.line.limit = 300
    clock.move(seconds=ASK_AGAIN.total_seconds())
    await newsroom.hears(citizen, "สอง", presses=True)

    await newsroom.messenger.round()

    [row] = await newsroom.outgoing()
    assert row.payload["text"] == "หนึ่ง|สอง"


async def test_a_new_month_lets_out_what_waited_for_its_quota(
    newsroom: Newsroom, clock: MovingClock
) -> None:
    newsroom.line.limit = 0
    citizen = await newsroom.knows("line")
    await newsroom.hears(citizen, "ปิดเรื่องแล้ว", presses=True)
    await newsroom.hears(await newsroom.knows("line", "step"), "รับเรื่องแล้ว")
    await newsroom.messenger.round()
    newsroom.line.limit = 300
    clock.move(days=31)

    async with newsroom.database.write() as connection:
        await press_again(connection)
    await newsroom.messenger.round()

    assert [row.payload["text"] for row in await newsroom.outgoing()] == ["ปิดเรื่องแล้ว"]


async def test_what_the_platform_refuses_for_its_quota_waits_for_the_next_reply(
    newsroom: Newsroom, clock: MovingClock
) -> None:
    newsroom.line.is_silent = True
    newsroom.line.fault = lambda _: DeliveryError("quota", retry=False)
    citizen = await newsroom.knows("line")
    await newsroom.hears(citizen, "ปิดเรื่องแล้ว", presses=True)
    await newsroom.messenger.round()

    sending = asyncio.create_task(newsroom.delivery.run())
    await until(lambda: newsroom.line.tried)
    await newsroom.delivery.stop(1)
    await asyncio.wait([sending])
    await newsroom.messenger.round()

    async with newsroom.database.session() as session:
        waiting = await followers.take(session, citizen.id, clock())
    assert [reply.text for reply in waiting] == ["ปิดเรื่องแล้ว"]
    assert len(await newsroom.outgoing()) == 1


async def test_what_arrived_is_not_brought_back(newsroom: Newsroom) -> None:
    await newsroom.hears(await newsroom.knows("line"), "ปิดเรื่องแล้ว", presses=True)
    await newsroom.messenger.round()
    sending = asyncio.create_task(newsroom.delivery.run())
    await until(lambda: newsroom.line.sent)
    await newsroom.delivery.stop(1)
    await asyncio.wait([sending])

    await newsroom.messenger.round()

    [news] = await newsroom.news()
    assert news.told_at
    assert news.outgoing is None


async def test_news_of_an_agency_that_is_not_served_now_are_left_alone(newsroom: Newsroom) -> None:
    await newsroom.hears(await newsroom.knows("elsewhere"), "แก้แล้ว")

    await newsroom.messenger.round()

    [news] = await newsroom.news()
    assert (news.told_at, news.waits_since) == (None, None)


async def test_a_woken_messenger_tells_within_a_moment(newsroom: Newsroom) -> None:
    running = asyncio.create_task(newsroom.messenger.sweep.run())
    await asyncio.sleep(0.2)
    await newsroom.hears(await newsroom.knows("web"), "แก้แล้ว")
    newsroom.messenger.sweep.wake()

    await until(lambda: newsroom.rung, seconds=messenger.SWEEP - 1)
    running.cancel()
    await asyncio.wait([running])

    assert len(await newsroom.outgoing()) == 1


async def test_old_news_go(newsroom: Newsroom, clock: MovingClock) -> None:
    citizen = await newsroom.knows("telegram")
    await newsroom.hears(citizen, "แก้แล้ว")
    await newsroom.messenger.round()
    await newsroom.hears(citizen, "ใหม่")
    clock.move(days=1)

    async with newsroom.database.write() as connection:
        await messenger.expire(connection, clock())

    assert [news.reply["text"] for news in await newsroom.news()] == ["ใหม่"]
