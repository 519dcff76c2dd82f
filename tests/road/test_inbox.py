"""The inbox: acknowledged means kept, and kept once."""

import asyncio
import time
from itertools import count

import msgspec
import pytest
from sqlalchemy import event
from sqlalchemy.engine import make_url

import bot.db
import bot.inbox
from bot.channels.channel import NotAccepted
from bot.db import PATIENCE, Database
from bot.inbox import WAITING_ROOM, message_of
from bot.messages import Contact, Kind, Place
from tests.conftest import Opened, PostgreSQL
from tests.fakes import AGENCY, said
from tests.road.conftest import Between, Breaker, MakeRoad, Road, until

CANARY = "เลขบัตร 1-2345-67890-12-3"


async def test_an_event_twice_in_one_group_is_kept_once(road: Road) -> None:
    message = said("น้ำไม่ไหล")

    await road.take(message, message, said("อื่น"), message)

    assert [row.event_id for row in await road.events()].count(message.event_id) == 1


async def test_an_event_delivered_again_later_is_acknowledged_and_kept_once(road: Road) -> None:
    message = said("น้ำไม่ไหล")

    await road.take(message)
    await road.take(message)

    assert len(await road.events()) == 1


async def test_the_same_event_id_on_two_agencies_is_two_events(road: Road) -> None:
    message = said("ก", event_id="same")
    other = said("ข", event_id="same", contact=Contact("other", "fake", "somchai"))

    await road.take(message, other)

    assert len(await road.events()) == 2


async def test_requests_that_wait_together_share_a_transaction(road: Road) -> None:
    commits = count()
    event.listen(road.database.engine.sync_engine, "commit", lambda _: next(commits))

    await road.take(*(said(f"ข้อความ {n}", by=f"p{n}") for n in range(200)))

    assert len(await road.events()) == 200
    assert next(commits) < 10


async def test_what_the_database_refuses_is_not_acknowledged_and_can_be_sent_again(
    road: Road, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    breaker = Breaker(road.database)
    breaker.is_off = True
    message = said(CANARY)
    with pytest.raises(NotAccepted):
        await road.take(message)
    breaker.is_off = False

    await road.take(message)

    written = caplog.text + "".join(capsys.readouterr())
    assert [row.event_id for row in await road.events()] == [message.event_id]
    assert "inbox_refused" in written
    assert CANARY not in written


async def test_a_full_disk_refuses_and_takes_again_once_there_is_room(
    sqlite_url: str, make_road: MakeRoad
) -> None:
    road = make_road(sqlite_url)
    limit = [60]

    def limited(connection: object) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={limit[0]}")  # type: ignore[attr-defined]

    event.listen(road.database.engine.sync_engine, "begin", limited)
    with pytest.raises(NotAccepted):
        await road.take(said("ยาว" * 200_000))
    limit[0] = 1_000_000
    await road.take(said("สั้น"))

    assert [message_of(row).text for row in await road.events()] == ["สั้น"]


async def test_a_file_locked_by_another_program_is_waited_for_and_then_refused(
    sqlite_url: str, make_road: MakeRoad, opened: Opened
) -> None:
    road = make_road(sqlite_url)
    message = said("รอหน่อย")
    async with opened(sqlite_url).write():
        with pytest.raises(NotAccepted):
            await road.take(message)

    await road.take(message)

    assert len(await road.events()) == 1


async def test_a_platform_hears_soon_of_a_locked_file_though_others_wait_longer(
    sqlite_url: str, make_road: MakeRoad, opened: Opened
) -> None:
    road = make_road(sqlite_url)

    async def writes() -> None:
        async with road.database.write():
            pass

    async with opened(sqlite_url).write():
        other = asyncio.create_task(writes())
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        with pytest.raises(NotAccepted):
            await road.take(said("รอหน่อย"))
        assert time.monotonic() - begun < PATIENCE / 2
        assert not other.done()

    await other


async def test_a_server_that_is_away_refuses(make_road: MakeRoad) -> None:
    road = make_road("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")

    with pytest.raises(NotAccepted):
        await road.take(said("ฮัลโหล"))


async def test_a_platform_hears_soon_of_a_server_that_has_fallen_silent(
    postgresql_url: str, make_road: MakeRoad, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.db, "PATIENCE", 1.0)
    between = Between(str(make_url(postgresql_url).query["host"]))
    road = make_road(await between.opened(postgresql_url))
    await road.take(said("ฮัลโหล"))

    between.talks.clear()
    begun = time.monotonic()
    for _ in range(2):  # with the connection that it has, and with a new one
        with pytest.raises(NotAccepted):
            await road.take(said("ยังอยู่ไหม"))
    assert time.monotonic() - begun < 8  # and a moment to leave each connection

    between.talks.set()
    await road.take(said("กลับมาแล้ว"))
    assert "กลับมาแล้ว" in [message_of(row).text for row in await road.events()]
    await road.database.close()
    await between.close()


async def test_a_server_that_takes_no_more_connections_refuses_until_it_does(
    postgresql: PostgreSQL, postgresql_url: str, make_road: MakeRoad
) -> None:
    name = str(make_url(postgresql_url).database)
    await postgresql.do(f"CREATE ROLE {name} LOGIN SUPERUSER CONNECTION LIMIT 0")
    await postgresql.do(f"ALTER ROLE {name} NOSUPERUSER")
    road = make_road(postgresql.url(name, user=name))
    try:
        with pytest.raises(NotAccepted):
            await road.take(said("ฮัลโหล"))
    finally:
        await postgresql.do(f"DROP ROLE {name}")


async def test_letters_that_no_database_keeps_are_kept_without_them(road: Road) -> None:
    await road.take(
        said("ก\0ข", event_id="nul\0id", message_id="m\0", handle="h\0"),
        said("half \ud83d surrogate", by="so\ud800mchai"),
        said("", kind=Kind.CHOICE, choice="menu\0"),
        said("", kind=Kind.LOCATION, place=Place(1.0, 2.0, "ท่า\0น้ำ\udfff")),
    )

    messages = [message_of(row) for row in await road.events()]
    assert messages[0].text == "ก\ufffdข"
    assert messages[1].text == "half ? surrogate"
    assert messages[2].choice == "menu\ufffd"
    assert messages[3].place == Place(1.0, 2.0, "ท่า\ufffdน้ำ?")


async def test_a_message_that_cannot_be_kept_does_not_cost_those_beside_it(road: Road) -> None:
    road.begin("inbox")
    good = [said(f"ดี {n}") for n in range(5)]
    nameless = msgspec.structs.replace(good[0], event_id=None)
    requests = [*good[:3], nameless, *good[3:]]

    results = await asyncio.gather(
        *(road.inbox.accept([message]) for message in requests), return_exceptions=True
    )

    assert [type(result) for result in results].count(NotAccepted) == 1
    assert [message_of(row) for row in await road.events()] == good


async def test_a_contact_erased_meanwhile_is_made_anew(road: Road) -> None:
    await road.take(said("ก่อน"))
    await road.do("DELETE FROM contacts")

    await road.take(said("หลัง"))

    assert [message_of(row).text for row in await road.events()] == ["หลัง"]


async def test_a_full_waiting_room_and_a_stop_refuse_rather_than_keep_waiting(road: Road) -> None:
    waiting = [asyncio.create_task(road.inbox.accept([said("รอ")])) for _ in range(WAITING_ROOM)]
    await asyncio.sleep(0)
    with pytest.raises(NotAccepted):
        await road.inbox.accept([said("เกิน")])

    road.begin("inbox")
    await asyncio.sleep(0)
    await road.crash()
    results = await asyncio.gather(*waiting, return_exceptions=True)

    kept = len(await road.events())
    assert sum(result is None for result in results) <= kept
    assert all(result is None or isinstance(result, NotAccepted) for result in results)


async def test_somebody_who_hangs_up_while_waiting_costs_nobody_else(road: Road) -> None:
    gone = asyncio.create_task(road.inbox.accept([said("ไปแล้ว")]))
    other = asyncio.create_task(road.inbox.accept([said("ยังอยู่")]))
    await asyncio.sleep(0)
    gone.cancel()

    road.begin("inbox")
    await other

    assert len(await road.events()) == 2


async def test_replicas_that_meet_the_same_people_in_opposite_order_refuse_nobody(
    postgresql_url: str, make_road: MakeRoad
) -> None:
    roads = [make_road(postgresql_url), make_road(postgresql_url)]
    for turn in range(10):
        people = [said("สวัสดี", by=f"p{turn}-{n}") for n in range(100)]
        roads[0].begin("inbox")
        roads[1].begin("inbox")
        await asyncio.gather(
            roads[0].inbox.accept(people), roads[1].inbox.accept(list(reversed(people)))
        )

    assert len(await roads[0].events()) == 1_000


async def test_an_empty_delivery_touches_no_database(opened: Opened, make_road: MakeRoad) -> None:
    road = make_road(Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing"))

    await road.inbox.accept([])


async def test_the_agency_of_an_event_is_found_without_reading_its_payload(road: Road) -> None:
    await road.take(said("น้ำ"))

    [row] = await road.events()
    assert (row.agency, row.channel, row.contact_id) == (AGENCY, "fake", said("").contact.id)


async def test_a_burst_of_webhooks_presses_and_a_steady_stream_does_not(road: Road) -> None:
    road.begin("inbox")
    for number in range(20):
        await road.inbox.accept([said("น้ำ", by=f"a{number}")])
        await asyncio.sleep(0.01)
    assert not road.inbox.is_pressed

    await asyncio.gather(*(road.inbox.accept([said("น้ำ", by=f"b{n}")]) for n in range(200)))
    assert road.inbox.is_pressed

    await until(lambda: not road.inbox.is_pressed)


async def test_until_who_waits_is_told_the_inbox_is_said_to_be_settling(road: Road) -> None:
    road.begin("inbox")
    told: list[bool] = []

    async def brought() -> None:
        await road.inbox.accept([said("น้ำ")])
        told.append(road.inbox.is_settling)

    assert not road.inbox.is_settling
    await brought()

    assert told == [True]
    await until(lambda: not road.inbox.is_settling)


async def test_what_follows_soon_after_a_commit_is_kept_together(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.inbox, "PACE", 0.3)
    road.begin("inbox")
    await road.inbox.accept([said("ก", by="a")])
    statements: list[str] = []
    engine = road.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))

    async def later(number: int) -> None:
        await asyncio.sleep(number / 100)
        await road.inbox.accept([said("ข", by=f"b{number}")])

    await asyncio.gather(*(later(number) for number in range(bot.inbox.ENOUGH - 1)))

    assert len(await road.events()) == bot.inbox.ENOUGH
    assert len([words for words in statements if words.startswith("INSERT INTO inbox")]) == 1
