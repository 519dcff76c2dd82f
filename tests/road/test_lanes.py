"""The lanes: each contact's events in order, all or nothing, and no message stops the road."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

import bot.lanes
from bot.lanes import ATTEMPTS
from bot.messages import Contact, InboundMessage, Kind, Reply
from bot.metrics import Metrics
from bot.tables import ContactRow, EventRow, Progress, account_of
from handlers.desk import Desk
from tests.fakes import AGENCY, Echo, FakeChannel, MovingClock, said
from tests.road.conftest import ACCOUNT, Breaker, MakeRoad, Road, until

CANARY = "โทร 081-234-5678"


def crowd(people: int, each: int) -> list[InboundMessage]:
    """Some words of each of some people, one after the other."""
    return [said(f"{n}", by=f"p{who}", order=n) for n in range(each) for who in range(people)]


async def exhaust(road: Road, message: InboundMessage, clock: MovingClock, upto: int = 5) -> None:
    """Let time pass after each failure, so that the message is tried again, as often as it may."""
    for attempts in range(1, upto):
        await until(lambda attempts=attempts: was_tried(road, message, attempts))
        clock.move(seconds=30)
        road.lanes.add([message.contact.id])


async def was_tried(road: Road, message: InboundMessage, attempts: int) -> bool:
    """Whether a message has failed just so often."""
    tried = {row.event_id: row.attempts for row in await road.events()}
    return tried[message.event_id] == attempts


async def test_each_contact_is_answered_in_the_platforms_order(road: Road) -> None:
    messages = crowd(people=7, each=12)
    random.Random(7).shuffle(messages)  # noqa: S311 - any order will do
    await road.take(*messages)

    road.begin("lanes")
    await until(road.is_quiet)

    for who in range(7):
        assert await road.heard(said("", by=f"p{who}")) == [str(n) for n in range(12)]
    assert len(await road.answers()) == 7 * 12


async def test_what_arrives_while_the_lanes_run_keeps_its_order_too(road: Road) -> None:
    road.begin("lanes")

    for message in crowd(people=3, each=20):
        await road.take(message)
    await until(road.is_quiet)

    for who in range(3):
        assert await road.heard(said("", by=f"p{who}")) == [str(n) for n in range(20)]


async def test_a_talkative_contact_does_not_keep_the_others_waiting(road: Road) -> None:
    await road.take(*(said(f"พูด {n}", by="talker") for n in range(60)), said("ถาม", by="other"))

    road.begin("lanes")
    await until(road.is_quiet)

    assert (await road.answers()).index("ถาม") < 40


async def test_a_flow_that_fails_leaves_nothing_of_what_it_did(road: Road) -> None:
    road.flow.poison = {"พิษ": ValueError(CANARY)}
    message = said("พิษ")
    await road.take(message)

    road.begin("lanes")
    await until(lambda: was_tried(road, message, 1))

    [event] = await road.events()
    assert event.status == Progress.WAITING
    assert await road.heard(message) == []
    assert await road.answers() == []


async def test_a_poison_message_is_set_aside_with_an_apology_and_the_next_is_served(
    road: Road, clock: MovingClock, capsys: pytest.CaptureFixture[str]
) -> None:
    road.flow.poison = {"พิษ": ValueError(CANARY)}
    poison, following = said(f"พิษ {CANARY}"), said("ต่อ")
    await road.take(poison, following)

    road.begin("lanes")
    await exhaust(road, poison, clock)
    await until(road.is_quiet)

    first, second = await road.events()
    assert (first.status, first.fault) == (Progress.SET_ASIDE, "ValueError")
    assert second.status == Progress.DONE
    assert await road.answers() == ["sorry", "ต่อ"]
    assert await road.heard(poison) == ["ต่อ"]
    assert CANARY not in "".join(capsys.readouterr())


async def test_what_failed_is_tried_again_when_its_time_has_come_though_nobody_looks(
    road: Road, clock: MovingClock
) -> None:
    road.flow.poison = {"ขัด": ValueError()}
    message = said("ขัดข้อง")
    await road.take(message)
    road.begin("lanes")
    await until(lambda: was_tried(road, message, 1))

    road.flow.poison = {}
    clock.move(seconds=1)
    await until(road.is_quiet)

    assert await road.answers() == ["ขัดข้อง"]


async def test_the_next_message_waits_while_a_failed_one_is_to_be_tried_again(
    road: Road, clock: MovingClock
) -> None:
    road.flow.poison = {"ขัด": ValueError()}
    message = said("ขัดข้อง")
    await road.take(message, said("ตาม"))
    road.begin("lanes")
    await until(lambda: was_tried(road, message, 1))

    road.flow.poison = {}
    await exhaust(road, message, clock, upto=2)
    await until(road.is_quiet)

    assert await road.heard(message) == ["ขัดข้อง", "ตาม"]


async def test_a_poison_neighbour_in_a_batch_hurts_nobody(road: Road) -> None:
    road.flow.poison = {"พิษ": ValueError()}
    words = [f"{n}" for n in range(12)]
    messages = [said(one, by=f"p{one}") for one in words]
    await road.take(*messages[:6], said("พิษ", by="bad"), *messages[6:])

    road.begin("lanes")
    await until(lambda: all_but_one_are_done(road))

    assert sorted(await road.answers()) == sorted(words)
    assert sorted(row.attempts for row in await road.events()) == [0] * 12 + [1]


class Overreaching(Echo):
    """Asks the database what its driver refuses to send."""

    async def handle(self, session: AsyncSession, *rest: Any) -> Sequence[Reply]:
        if rest[1].text == "เกิน":
            await session.scalar(select(EventRow.id).where(EventRow.attempts == 2**80))
        return await super().handle(session, *rest)


class Careless(Echo):
    """Opens a file that is not there."""

    async def handle(self, session: AsyncSession, *rest: Any) -> Sequence[Reply]:
        if rest[1].text == "เกิน":
            raise FileNotFoundError(CANARY)
        return await super().handle(session, *rest)


@pytest.mark.parametrize("flow", [Overreaching, Careless])
async def test_a_fault_that_looks_like_the_databases_is_still_the_messages(
    road: Road, clock: MovingClock, flow: type[Echo]
) -> None:
    road.flow = flow()
    road.rebuild()
    bad = said("เกิน", by="bad")
    await road.take(bad, said("ดี", by="good"))

    road.begin("lanes")
    await exhaust(road, bad, clock)
    await until(road.is_quiet)

    assert sorted(await road.answers()) == ["sorry", "ดี"]


class Unlucky(Echo):
    """Its connection dies under it, the first time."""

    async def handle(self, session: AsyncSession, *rest: Any) -> Sequence[Reply]:
        if not self.seen:
            self.seen.append("lost")
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return await super().handle(session, *rest)


async def test_a_connection_that_breaks_is_not_the_messages_fault(
    postgresql_url: str, make_road: MakeRoad
) -> None:
    road = make_road(postgresql_url)
    road.flow = Unlucky()
    road.rebuild()
    await road.take(said("น้ำ"))

    road.begin("lanes")
    await until(road.is_quiet)

    [event] = await road.events()
    assert (event.status, event.attempts) == (Progress.DONE, 0)
    assert await road.answers() == ["น้ำ"]


async def test_the_databases_trouble_is_never_counted_against_a_message(
    road: Road, clock: MovingClock
) -> None:
    await road.take(said("น้ำ"))
    Breaker(road.database)  # lets writing again with the next transaction
    clock.move(seconds=10)
    road.rebuild()  # as after a restart: what is older is counted before it is tried
    left = ATTEMPTS + 3 if road.database.is_sqlite else 2

    class Refused(Echo):
        """The disk is full just when the flow writes, several times."""

        async def handle(self, session: AsyncSession, *rest: Any) -> Sequence[Reply]:
            nonlocal left
            left -= 1
            if left > 0:
                refuse = "PRAGMA query_only=1" if road.database.is_sqlite else READ_ONLY
                await session.execute(text(refuse))
            return await super().handle(session, *rest)

    road.flow = Refused()
    road.rebuild()
    road.begin("sweep", "lanes")
    await until(road.is_quiet)

    [event] = await road.events()
    assert event.status == Progress.DONE
    assert await road.answers() == ["น้ำ"]


READ_ONLY = "SET TRANSACTION READ ONLY"


async def test_a_database_that_refuses_for_a_while_only_delays(road: Road) -> None:
    breaker = Breaker(road.database)
    await road.take(*crowd(people=5, each=2))
    breaker.is_off = True
    road.begin("lanes")
    await until(lambda: breaker.met > 2)
    breaker.is_off = False

    await until(road.is_quiet)

    assert all(row.attempts == 0 for row in await road.events())
    assert sorted(await road.answers()) == ["0"] * 5 + ["1"] * 5


async def test_a_restart_takes_up_what_waited(
    road: Road, make_road: MakeRoad, clock: MovingClock
) -> None:
    await road.take(*crowd(people=4, each=3))
    await road.crash()
    clock.move(seconds=1)

    later = make_road(road.database)
    later.begin("sweep", "lanes")
    await until(later.is_quiet)

    assert await later.heard(said("", by="p2")) == ["0", "1", "2"]
    assert len(await later.answers()) == 12


class Trap(Echo):
    """A message that takes the process with it."""

    async def handle(self, session: AsyncSession, *rest: Any) -> Sequence[Reply]:
        if rest[1].text == "ตาย":
            self.seen.append("ตาย")
            await asyncio.Event().wait()
        return await super().handle(session, *rest)


async def test_a_message_that_ends_the_process_again_and_again_is_set_aside_alone(
    road: Road, make_road: MakeRoad, clock: MovingClock
) -> None:
    innocent = [said(f"{n}", by=f"p{n}") for n in range(8)]
    await road.take(*innocent[:4], said("ตาย", by="bad"), *innocent[4:])
    lives = 0
    while not await road.is_quiet():
        lives += 1
        assert lives < 12
        clock.move(seconds=30)
        life = make_road(road.database)
        life.flow = Trap()
        life.rebuild()
        life.begin("sweep", "lanes")
        await until(lambda life=life: is_stuck_or_quiet(life))
        await life.crash()

    statuses = {row.event_id: row.status for row in await road.events()}
    assert [statuses[message.event_id] for message in innocent] == [Progress.DONE] * 8
    assert sorted(await road.answers()) == [*(str(n) for n in range(8)), "sorry"]


async def is_stuck_or_quiet(life: Road) -> bool:
    """Whether the process is dead, or has nothing left to do."""
    return "ตาย" in life.flow.seen or await life.is_quiet()


async def test_two_replicas_answer_everything_once_and_in_order(
    postgresql_url: str, make_road: MakeRoad
) -> None:
    roads = [make_road(postgresql_url, real_time), make_road(postgresql_url, real_time)]
    for road in roads:
        road.begin("sweep", "lanes")
    messages = crowd(people=12, each=10)

    for n, message in enumerate(messages):
        await roads[n % 2].take(message)
        for road in roads:
            road.lanes.add([message.contact.id])
    await until(roads[0].is_quiet)

    for who in range(12):
        assert await roads[0].heard(said("", by=f"p{who}")) == [str(n) for n in range(10)]
    assert len(await roads[0].answers()) == len(messages)
    assert all(road.flow.seen for road in roads)


def real_time() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - two processes share nothing but the time


async def test_a_replica_that_dies_leaves_its_contacts_to_the_other(
    postgresql_url: str, make_road: MakeRoad, clock: MovingClock
) -> None:
    dying, other = make_road(postgresql_url), make_road(postgresql_url)
    dying.flow = Trap()
    dying.rebuild()
    await dying.take(said("ตาย"))
    dying.begin("lanes")
    await until(lambda: dying.flow.seen)
    other.begin("sweep", "lanes")
    clock.move(seconds=10)
    await dying.crash()

    await until(other.is_quiet)

    assert await other.answers() == ["ตาย"]


async def test_an_event_that_another_replica_has_in_hand_is_not_set_aside(
    postgresql_url: str, make_road: MakeRoad
) -> None:
    road = make_road(postgresql_url)
    message = said("น้ำ")
    await road.take(message)
    await road.do("UPDATE inbox SET attempts = 5")
    async with road.database.write() as other:
        await other.execute(select(ContactRow.id).with_for_update())
        road.begin("lanes")
        await asyncio.sleep(0.3)  # several looks
        assert not await road.is_quiet()
        assert await road.answers() == []

    await until(road.is_quiet)

    assert await road.answers() == ["sorry"]


async def test_an_event_from_before_the_start_is_counted_once_however_many_replicas_start(
    postgresql_url: str, make_road: MakeRoad, clock: MovingClock
) -> None:
    roads = [make_road(postgresql_url) for _ in range(ATTEMPTS + 1)]
    await roads[0].take(said("น้ำ"))
    clock.move(seconds=10)
    for road in roads:
        road.rebuild()
    async with roads[0].database.write() as other:
        await other.execute(select(ContactRow.id).with_for_update())
        for road in roads:
            road.begin("sweep", "lanes")
        await asyncio.sleep(0.5)  # several looks of each
        [event] = await roads[0].events()
        assert event.attempts == 1

    await until(roads[0].is_quiet)

    assert await roads[0].answers() == ["น้ำ"]


async def test_a_contacts_next_message_is_acknowledged_while_its_last_is_being_handled(
    postgresql_url: str, make_road: MakeRoad
) -> None:
    road = make_road(postgresql_url)
    road.flow = Trap()
    road.rebuild()
    await road.take(said("ตาย"))
    road.begin("lanes")
    await until(lambda: road.flow.seen)

    async with asyncio.timeout(5):
        await road.take(said("ต่อ"))

    assert len(await road.events()) == 2


async def test_a_message_for_an_agency_that_is_no_longer_served_is_set_aside_in_silence(
    road: Road, clock: MovingClock
) -> None:
    desk = Desk(lambda _: None, Metrics())
    road.flow = desk
    road.rebuild()
    message = said("มีใครอยู่ไหม")
    await road.take(message)

    road.begin("lanes")
    await exhaust(road, message, clock)
    await until(road.is_quiet)

    [event] = await road.events()
    assert (event.status, event.fault) == (Progress.SET_ASIDE, "AgencyGone")
    assert await road.answers() == []


async def test_an_event_that_a_newer_version_wrote_is_answered_as_one_of_no_known_kind(
    road: Road,
) -> None:
    await road.take(said("ก", by="odd"), said("ข", by="good"))
    kind = (
        "UPDATE inbox SET payload = json_set(payload, '$.kind', 'hologram') WHERE id = 1"
        if road.database.is_sqlite
        else "UPDATE inbox SET payload = jsonb_set(payload, '{kind}', '\"hologram\"') WHERE id = 1"
    )
    await road.do(kind)

    road.begin("lanes")
    await until(road.is_quiet)

    assert sorted(await road.answers()) == [Kind.OTHER, "ข"]


class Speechless(FakeChannel):
    """Cannot plan an apology."""

    def plan(
        self, replies: Sequence[Reply], cause: InboundMessage | None, now: datetime
    ) -> list[dict[str, object]]:
        if replies[0].text == "sorry":
            raise KeyError(CANARY)
        return super().plan(replies, cause, now)


async def test_an_apology_that_fails_does_not_hold_up_what_follows(
    road: Road, clock: MovingClock
) -> None:
    road.channels = {ACCOUNT: Speechless()}
    road.flow.poison = {"พิษ": ValueError()}
    road.rebuild()
    poison = said("พิษ")
    await road.take(poison, said("ต่อ"), said("อื่น", by="other"))
    await road.do("UPDATE inbox SET attempts = 5 WHERE id = 1")

    road.begin("lanes")
    await until(road.is_quiet)

    assert sorted(await road.answers()) == ["ต่อ", "อื่น"]


async def test_a_contact_erased_while_its_message_waits_leaves_nothing_behind(road: Road) -> None:
    await road.take(said("ลบฉัน"), said("อยู่", by="other"))
    await road.do("DELETE FROM contacts WHERE address = 'somchai'")

    road.begin("lanes")
    await until(road.is_quiet)

    assert await road.answers() == ["อยู่"]


async def test_who_blocks_us_is_marked_and_who_comes_back_is_not(road: Road) -> None:
    leaving = said("", kind=Kind.UNFOLLOW)
    road.begin("lanes")
    await road.take(leaving)
    await until(road.is_quiet)
    assert (await road.contact(leaving)).blocked

    await road.take(said("", kind=Kind.FOLLOW))
    await until(road.is_quiet)

    assert not (await road.contact(leaving)).blocked


async def test_who_waits_longer_than_a_moment_is_shown_a_sign(
    road: Road, clock: MovingClock
) -> None:
    await road.take(said("รออยู่"))
    clock.move(seconds=5)

    road.begin("sweep")
    await until(lambda: road.slow)

    assert road.slow[0].text == "รออยู่"


async def test_stopping_finishes_the_batch_in_hand_and_begins_no_other(road: Road) -> None:
    await road.take(*crowd(people=40, each=1))

    running = asyncio.create_task(road.lanes.run())
    await until(lambda: road.flow.seen)
    road.lanes.stop()
    async with asyncio.timeout(10):
        await running

    done = [row for row in await road.events() if row.status == Progress.DONE]
    assert 0 < len(done) < 40
    assert len(await road.answers()) == len(done)


async def test_what_follows_soon_after_a_batch_is_answered_together(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.lanes, "PACE", 0.4)
    commits: list[object] = []
    event.listen(road.database.engine.sync_engine, "commit", commits.append)
    road.begin("lanes")

    for who in range(4):
        await road.take(said("น้ำ", by=f"p{who}"))
        await asyncio.sleep(0.03)
    await until(road.is_quiet)

    assert len(await road.answers()) == 4
    of_the_inbox = 4 if road.database.is_sqlite else 0
    assert len(commits) - of_the_inbox == 2, "the first alone, and at once"


async def test_while_webhooks_press_answers_go_on_a_few_at_a_time(road: Road) -> None:
    await road.take(*crowd(people=3 * bot.lanes.A_FEW, each=1))
    commits: list[object] = []
    event.listen(road.database.engine.sync_engine, "commit", commits.append)
    road.is_pressed = True

    road.begin("lanes")
    await until(road.is_quiet)

    assert len(commits) == 3


async def test_however_long_a_batch_took_webhooks_do_not_go_first_for_ever(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.lanes, "GIVE_WAY", 1_000_000)
    monkeypatch.setattr(bot.lanes, "LONGEST_WAY", 0.05)
    await road.take(*crowd(people=3 * bot.lanes.A_FEW, each=1))
    road.is_pressed = True

    road.begin("lanes")

    await until(road.is_quiet, seconds=5)


async def test_what_is_just_being_kept_goes_before_more_is_thought_of(road: Road) -> None:
    await road.take(said("ถาม"))
    steps = iter(["kept"] * (bot.lanes.BREATH - 1))
    road.is_settling = lambda: next(steps, None) is not None
    left: list[int] = []

    class Thinking(Echo):
        async def prepare(self, message: InboundMessage) -> str:
            left.append(len(list(steps)))
            return await super().prepare(message)

    road.flow = Thinking()
    road.rebuild()
    road.lanes.add([said("ถาม").contact.id])
    road.begin("lanes")
    await until(road.is_quiet)

    assert left == [0]


async def test_where_something_is_always_being_kept_answers_go_on(road: Road) -> None:
    road.is_settling = lambda: True
    road.rebuild()
    await road.take(*crowd(people=3, each=2))

    road.begin("lanes")

    await until(road.is_quiet, seconds=5)


async def test_while_webhooks_press_nobody_looks_for_what_was_overlooked(
    road: Road, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.lanes, "SWEEP", 0.01)
    await road.take(said("รออยู่"))
    clock.move(seconds=5)
    road.is_pressed = True

    road.begin("sweep")
    await asyncio.sleep(0.2)
    assert not road.slow

    road.is_pressed = False
    await until(lambda: road.slow)


async def test_only_the_account_of_the_contact_gets_the_replies(road: Road) -> None:
    other = Contact("other", "fake", "somchai")
    road.channels = {ACCOUNT: FakeChannel(), account_of("other", "fake"): FakeChannel("other")}
    road.rebuild()
    await road.take(said("หนึ่ง"), said("สอง", contact=other))

    road.begin("lanes")
    await until(road.is_quiet)

    accounts = {row.payload["text"]: row.account for row in await road.requests()}
    assert accounts == {"หนึ่ง": f"{AGENCY}/fake", "สอง": "other/fake"}


async def all_but_one_are_done(road: Road) -> bool:
    """Whether a single event waits, after one failed attempt."""
    query = select(func.count(), func.sum(EventRow.attempts)).where(EventRow.done_at.is_(None))
    async with road.database.read() as connection:
        return tuple((await connection.execute(query)).one()) == (1, 1)
