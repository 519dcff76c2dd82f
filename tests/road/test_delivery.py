"""Delivery: everything written is sent, in order, until it arrives or is recorded as failed."""

import asyncio
import time
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

import bot.delivery
from bot import outbox
from bot.accounts import AllAccounts, LockedAccounts
from bot.channels.channel import DeliveryError
from bot.delivery import AT_ONCE, ATTEMPTS
from bot.messages import Call, Contact
from bot.pacing import BulkPace, Pace
from bot.tables import Posting, account_of
from tests.conftest import Opened, PostgreSQL
from tests.fakes import FakeChannel, Fuse, MovingClock, said, text_of
from tests.road.conftest import ACCOUNT, GENEROUS, Breaker, MakeRoad, Road, until

SOMCHAI, MALEE = said("", by="somchai"), said("", by="malee")
ELSEWHERE = said("", contact=Contact("other", "fake", "somchai"))


@pytest.fixture
async def road(road: Road) -> Road:
    """A road with two accounts, where three people wrote before."""
    road.channels = {ACCOUNT: road.channel, account_of("other", "fake"): FakeChannel("other")}
    road.rebuild()
    await road.take(SOMCHAI, MALEE, ELSEWHERE)
    return road


async def statuses(road: Road) -> list[str]:
    """Where each request stands."""
    return [row.status for row in await road.requests()]


async def all_are(road: Road, *wanted: str) -> bool:
    """Whether every request stands there."""
    return list(wanted) == await statuses(road)


def refuse(*words: str, error: Exception) -> object:
    """A fault for requests with these words."""
    return lambda call: error if text_of(call) in words else None


async def test_a_contacts_replies_arrive_in_the_order_written_and_none_waits_for_a_nap(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.delivery, "NAP", 2 * GENEROUS)
    take = road.channel.send

    async def take_a_moment(call: Call) -> int:
        await asyncio.sleep(0.05)
        return await take(call)

    monkeypatch.setattr(road.channel, "send", take_a_moment)
    for n in range(30):
        await road.post(MALEE if n % 2 else SOMCHAI, str(n))

    road.begin("accounts")
    await until(lambda: len(road.accounts.held) == len(road.channels))
    road.begin("delivery")
    await until(lambda: len(road.channel.sent) == 30)

    for person, first in ((SOMCHAI, 0), (MALEE, 1)):
        texts = [text_of(c) for c in road.channel.sent if c.address == person.contact.address]
        assert texts == [str(n) for n in range(first, 30, 2)]


async def test_what_somebody_else_has_ended_does_not_wait_again(road: Road) -> None:
    await road.post(SOMCHAI, "1", "2")
    now = road.clock()
    late = {"fault": None, "due_at": now, "done_at": None, "status": Posting.PENDING}
    async with road.database.write() as connection:
        sent = {**late, "row": 1, "status": Posting.SENT, "done_at": now}
        await outbox.settle(connection, [sent])
        await outbox.settle(connection, [{**late, "row": 1}, {**late, "row": 2, "fault": "again"}])

    first, second = await road.requests()
    assert (first.status, first.done_at) == (Posting.SENT, now)
    assert (second.status, second.fault) == (Posting.PENDING, "again")


async def test_what_fails_is_tried_again_before_what_follows_and_holds_up_nobody_else(
    road: Road, clock: MovingClock
) -> None:
    trouble = DeliveryError("server", retry=True)
    road.channel.fault = lambda c: trouble if text_of(c) == "1" and not c.attempts else None
    await road.post(SOMCHAI, "1", "2", "3")
    await road.post(MALEE, "ก")

    road.begin("accounts", "delivery")
    await until(lambda: "ก" in road.channel.texts)
    assert road.channel.texts == ["ก"]
    clock.move(seconds=1)

    await until(lambda: len(road.channel.sent) == 4)
    assert road.channel.texts == ["ก", "1", "2", "3"]


async def test_a_request_that_never_succeeds_ends_as_failed_with_its_reason(
    road: Road, clock: MovingClock
) -> None:
    road.channel.fault = refuse("1", error=DeliveryError("server", retry=True))
    await road.post(SOMCHAI, "1", "2")

    road.begin("accounts", "delivery")
    for n in range(1, ATTEMPTS + 1):
        await until(lambda n=n: len(road.channel.tried) >= n)
        await until(lambda: is_settled(road))
        clock.move(minutes=6)
        road.delivery.wake()
    await until(lambda: all_are(road, Posting.FAILED, Posting.SENT))

    [first, _] = await road.requests()
    assert (first.fault, first.attempts) == ("server", ATTEMPTS)
    assert first.done_at is not None


async def is_settled(road: Road) -> bool:
    """Whether nothing is under way."""
    return Posting.SENDING not in await statuses(road)


async def test_a_request_that_cannot_succeed_is_not_tried_again(road: Road) -> None:
    road.channel.fault = refuse("1", error=DeliveryError("invalid", retry=False))
    await road.post(SOMCHAI, "1", "2")

    road.begin("accounts", "delivery")
    await until(lambda: all_are(road, Posting.FAILED, Posting.SENT))

    assert [text_of(call) for call in road.channel.tried] == ["1", "2"]


async def test_a_surprise_of_an_sdk_is_tried_again_and_stops_nobody(
    road: Road, clock: MovingClock
) -> None:
    road.channel.fault = lambda call: None if call.attempts else KeyError("surprise")
    await road.post(SOMCHAI, "1")

    road.begin("accounts", "delivery")
    await until(lambda: road.channel.tried)
    await until(lambda: all_are(road, Posting.PENDING))
    clock.move(seconds=1)

    await until(lambda: road.channel.texts == ["1"])


async def test_too_many_requests_hold_the_whole_account_and_no_other(road: Road) -> None:
    slow = DeliveryError("too_many", retry=True, after=3600)
    road.channel.fault = lambda _: slow
    other = road.channels[account_of("other", "fake")]
    await road.post(SOMCHAI, "1")
    road.begin("accounts", "delivery")
    await until(lambda: road.channel.tried)
    await until(lambda: all_are(road, Posting.PENDING))

    await road.post(MALEE, "2")
    await road.post(ELSEWHERE, "3")
    await until(lambda: other.texts == ["3"])

    assert [text_of(call) for call in road.channel.tried] == ["1"]


def test_after_a_refusal_an_account_goes_on_slower_and_grows_with_success() -> None:
    pace = Pace()
    pace.hold(0.0)
    taken = sum(pace.take() for _ in range(50))
    assert taken <= 2
    assert pace.opens_in > 0

    for _ in range(500):
        pace.went_well()
    assert all(pace.take() for _ in range(50))


def test_a_burst_of_answers_holds_up_what_goes_to_many_for_a_second_at_most() -> None:
    pace = BulkPace(20.0)
    for _ in range(1_000):
        pace.spend()

    assert 0 < pace.opens_in < 1.1


def test_while_the_platform_asks_for_a_pause_the_account_is_closed() -> None:
    pace = Pace()
    pace.hold(60.0)

    assert not pace.is_open
    assert 59 < pace.opens_in <= 60


async def test_a_slow_account_with_much_to_send_does_not_starve_the_others(road: Road) -> None:
    people = [said("", by=f"p{n}") for n in range(120)]
    await road.take(*people)
    for person in people:
        await road.post(person, "ประกาศ")
    await road.post(ELSEWHERE, "ด่วน")
    faults = [DeliveryError("too_many", retry=True, after=0.01)]
    road.channel.fault = lambda _: faults.pop() if faults else None

    road.begin("accounts", "delivery")
    other = road.channels[account_of("other", "fake")]
    await until(lambda: other.texts == ["ด่วน"])

    assert len(road.channel.sent) < 100


async def test_a_platform_that_hangs_holds_up_no_other(road: Road) -> None:
    people = [said("", by=f"p{n}") for n in range(80)]
    await road.take(*people)
    for person in people:
        await road.post(person, "ค้าง")
    road.channel.gate.clear()
    road.begin("accounts", "delivery")
    await until(lambda: len(road.channel.tried) >= AT_ONCE)

    await road.post(ELSEWHERE, "ด่วน")
    other = road.channels[account_of("other", "fake")]
    await until(lambda: other.texts == ["ด่วน"])

    assert len(road.channel.tried) == AT_ONCE
    assert road.channel.sent == []


async def test_who_blocked_us_is_sent_nothing_more(road: Road) -> None:
    road.channel.fault = refuse("1", error=DeliveryError("gone", retry=False, gone=True))
    await road.post(SOMCHAI, "1", "2", "3")
    await road.post(MALEE, "ก")

    road.begin("accounts", "delivery")
    await until(lambda: all_are(road, *[Posting.FAILED] * 3, Posting.SENT))

    assert [row.fault for row in await road.requests()] == ["gone", "blocked", "blocked", None]
    assert (await road.contact(SOMCHAI)).blocked
    assert not (await road.contact(MALEE)).blocked


async def test_an_account_that_is_not_open_yet_costs_its_requests_no_try(road: Road) -> None:
    road.channel.is_open = False
    await road.post(SOMCHAI, "1")
    road.begin("accounts", "delivery")
    await until(lambda: ACCOUNT in road.accounts.held)
    await asyncio.sleep(0.2)
    tried = list(road.channel.tried)

    road.channel.is_open = True
    road.delivery.wake()
    await until(lambda: road.channel.sent)

    assert tried == []
    assert [call.attempts for call in road.channel.sent] == [0]


async def test_what_was_under_way_at_a_crash_is_sent_again_and_says_so(
    road: Road, make_road: MakeRoad
) -> None:
    await road.post(SOMCHAI, "1", "2")
    road.channel.gate.clear()
    road.begin("accounts", "delivery")
    await until(lambda: road.channel.tried)
    await road.crash()

    later = make_road(road.database)
    later.begin("accounts", "delivery")
    await until(lambda: len(later.channel.sent) == 2)

    assert later.channel.texts == ["1", "2"]
    assert [call.attempts for call in later.channel.sent] == [1, 0]
    assert later.channel.sent[0].key == road.channel.tried[0].key


async def test_stopping_finishes_what_is_under_way(road: Road) -> None:
    await road.post(SOMCHAI, "1")
    await road.post(MALEE, "2")
    road.channel.gate.clear()
    road.begin("accounts", "delivery")
    await until(lambda: len(road.channel.tried) == 2)

    stopping = asyncio.create_task(road.delivery.stop(10))
    await asyncio.sleep(0)
    road.channel.gate.set()
    await stopping

    assert await all_are(road, Posting.SENT, Posting.SENT)


async def test_stopping_in_the_midst_of_work_loses_no_result(road: Road) -> None:
    people = [said("", by=f"p{n}") for n in range(60)]
    await road.take(*people)
    for person in people:
        await road.post(person, "ประกาศ")

    road.begin("accounts", "delivery")
    await until(lambda: road.channel.sent)
    await road.delivery.stop(10)

    found = await statuses(road)
    assert found.count(Posting.SENT) == len(road.channel.sent) < 60
    assert Posting.SENDING not in found


async def test_stopping_does_not_wait_longer_than_it_may(road: Road, make_road: MakeRoad) -> None:
    await road.post(SOMCHAI, "1")
    road.channel.gate.clear()
    road.begin("accounts", "delivery")
    await until(lambda: road.channel.tried)

    began = time.monotonic()
    await road.delivery.stop(0.2)

    assert time.monotonic() - began < 5
    assert await all_are(road, Posting.SENDING)
    later = make_road(road.database)
    later.begin("accounts", "delivery")
    await until(lambda: later.channel.texts == ["1"])


async def test_a_result_that_cannot_be_written_is_written_later_and_not_sent_twice(
    road: Road,
) -> None:
    breaker = Breaker(road.database)
    await road.post(SOMCHAI, "1", "2")
    road.channel.gate.clear()
    road.begin("accounts", "delivery")
    await until(lambda: road.channel.tried)
    breaker.is_off = True
    road.channel.gate.set()
    await until(lambda: road.channel.texts == ["1"] and breaker.met > 2)
    breaker.is_off = False

    await until(lambda: all_are(road, Posting.SENT, Posting.SENT))

    assert road.channel.texts == ["1", "2"]


async def test_a_database_that_refuses_the_marking_only_delays_the_sending(road: Road) -> None:
    breaker = Breaker(road.database)
    await road.post(SOMCHAI, "1")
    road.begin("accounts", "delivery")
    await until(lambda: road.channel.texts == ["1"])
    await road.post(SOMCHAI, "2")
    breaker.is_off = True
    met = breaker.met
    await until(lambda: breaker.met > met + 1)
    assert road.channel.texts == ["1"]
    breaker.is_off = False

    await until(lambda: road.channel.texts == ["1", "2"])


async def test_an_account_lost_and_taken_again_is_not_sent_twice_what_is_under_way(
    road: Road,
) -> None:
    await road.post(SOMCHAI, "1")
    road.channel.gate.clear()
    road.begin("accounts", "delivery")
    await until(lambda: road.channel.tried)

    async with road.database.write() as connection:
        assert await outbox.recover(connection, ACCOUNT, road.clock(), is_repeatable=False) == 1
    other = road.channels[account_of("other", "fake")]
    for n in range(5):
        await road.post(ELSEWHERE, str(n))
    await until(lambda: len(other.sent) == 5)
    road.channel.gate.set()
    await until(lambda: all_are(road, *[Posting.SENT] * 6))

    assert len(road.channel.tried) == 1


async def plan_of_a_look(road: Road, explain: str, *settings: str) -> list[str]:
    """How the database finds what is due, step by step."""
    asked: list[tuple[str, object]] = []

    @event.listens_for(road.database.engine.sync_engine, "before_cursor_execute")
    def note(*found: object) -> None:
        asked.append((str(found[2]), found[3]))

    async with road.database.read() as connection:
        await outbox.due(connection, [ACCOUNT], road.clock(), 12, bulk=[ACCOUNT])
        statement, values = asked[-1]
        for setting in settings:
            await connection.execute(text(setting))
        plan = await connection.exec_driver_sql(f"{explain} {statement}", values)
        return [str(row[-1]) for row in plan]


async def test_a_queue_is_read_off_its_index_however_long(
    make_road: MakeRoad, sqlite_url: str
) -> None:
    steps = await plan_of_a_look(make_road(sqlite_url), "EXPLAIN QUERY PLAN")
    between = steps.index("UNION ALL")
    of_answers, of_many = steps[:between], steps[between:]

    assert "SEARCH outbox USING INDEX ix_outbox_answers (due_at<?)" in of_answers
    assert "USE TEMP B-TREE FOR ORDER BY" not in of_answers
    assert "SEARCH outbox USING INDEX ix_outbox_many (account=? AND due_at<?)" in of_many


async def test_the_queue_of_an_account_that_waits_is_passed_over_within_the_index(
    make_road: MakeRoad, postgresql_url: str
) -> None:
    steps = await plan_of_a_look(make_road(postgresql_url), "EXPLAIN", "SET enable_sort = off")
    conditions = next(
        condition for step, condition in pairwise(steps) if "using ix_outbox_answers" in step
    )

    assert "Index Cond" in conditions
    assert "account" in conditions


async def test_a_chat_that_wants_its_time_delays_no_other(road: Road, clock: MovingClock) -> None:
    road.channel.space = (1, 30.0)
    await road.post(SOMCHAI, "1", "2")
    await road.post(MALEE, "ก")

    road.begin("accounts", "delivery")
    await until(lambda: sorted(road.channel.texts) == ["1", "ก"])
    await until(lambda: is_put_off(road, clock))

    assert await all_are(road, Posting.SENT, Posting.PENDING, Posting.SENT)


async def is_put_off(road: Road, clock: MovingClock) -> bool:
    """Whether the second request waits for its time."""
    return (await road.requests())[1].due_at > clock()


async def test_a_mailbox_needs_nobody_to_send(road: Road) -> None:
    rows = outbox.requests(SOMCHAI.contact, [{"text": "1"}], now=road.clock(), mailbox=True)

    assert [row["status"] for row in rows] == [Posting.SENT]
    assert rows[0]["done_at"] is not None


@given(st.integers(1, 40), st.floats(0, 1, exclude_max=True))
def test_waits_grow_to_five_minutes_and_are_never_nothing(attempts: int, jitter: float) -> None:
    wait = outbox.backoff(attempts, jitter).total_seconds()

    assert 0.25 <= wait <= 300
    assert wait <= 2 * outbox.backoff(attempts, 0.0).total_seconds()


async def test_accounts_that_cannot_be_taken_at_once_are_taken_later() -> None:
    fuse = Fuse(OperationalError("UPDATE", None, Exception("locked")))
    accounts = AllAccounts(["a/fake", "b/fake"], taken=fuse)
    job = asyncio.create_task(accounts.run())

    await until(lambda: accounts.held == {"a/fake", "b/fake"})

    assert not job.done()
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)


async def test_an_account_that_cannot_be_taken_holds_up_no_other() -> None:
    async def take(account: str) -> None:
        if account == "a/fake":
            raise ValueError(account)

    accounts = AllAccounts(["a/fake", "b/fake"], taken=take)
    job = asyncio.create_task(accounts.run())

    await until(lambda: accounts.held == {"b/fake"})

    job.cancel()
    await asyncio.gather(job, return_exceptions=True)


async def test_thousands_of_accounts_need_few_locks(
    postgresql: PostgreSQL, postgresql_url: str
) -> None:
    many = [f"{n}/line" for n in range(4_000)]
    replica = Replica(postgresql_url, many)

    await until(lambda: len(replica.accounts.held) == len(many))

    (row,) = await postgresql.do("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
    assert 0 < row["count"] <= 256
    await replica.end()


class Replica:
    """One holder of locks, and how often it was told of something."""

    def __init__(self, url: str, accounts: Sequence[str] = ("a/fake", "b/fake")) -> None:
        self.taken: list[str] = []
        self.told = 0
        self.accounts = LockedAccounts(url, accounts, taken=self._take, notified=self._tell)
        self.job = asyncio.create_task(self.accounts.run())

    async def _take(self, account: str) -> None:
        self.taken.append(account)

    def _tell(self) -> None:
        self.told += 1

    async def end(self) -> None:
        """Go, and let the locks go."""
        self.job.cancel()
        await asyncio.gather(self.job, return_exceptions=True)


async def test_of_two_replicas_one_sends_and_the_other_takes_over_when_it_goes(
    postgresql_url: str,
) -> None:
    first = Replica(postgresql_url)
    await until(lambda: len(first.accounts.held) == 2)
    second = Replica(postgresql_url)
    await asyncio.sleep(0.5)
    assert second.accounts.held == frozenset()
    assert second.taken == []

    await first.end()
    await until(lambda: len(second.accounts.held) == 2)

    assert first.accounts.held == frozenset()
    assert sorted(second.taken) == ["a/fake", "b/fake"]
    await second.end()


async def test_a_replica_whose_connection_breaks_gives_its_accounts_up_and_takes_them_anew(
    postgresql: PostgreSQL, postgresql_url: str
) -> None:
    replica = Replica(postgresql_url)
    await until(lambda: len(replica.accounts.held) == 2)

    await postgresql.do(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    )
    await until(lambda: not replica.accounts.held)
    await until(lambda: len(replica.accounts.held) == 2)

    assert sorted(replica.taken) == ["a/fake", "a/fake", "b/fake", "b/fake"]
    await replica.end()


async def test_a_reply_written_by_one_replica_wakes_the_sender_in_another(
    postgresql_url: str, make_road: MakeRoad
) -> None:
    road = make_road(postgresql_url)
    sender = Replica(postgresql_url)
    sender.accounts.held = frozenset()
    await until(lambda: len(sender.accounts.held) == 2)
    told = sender.told

    async with road.database.write() as connection:
        await outbox.announce(connection, {"a/fake", "c/fake"})
    await until(lambda: sender.told > told)

    assert sender.told == told + 1
    await sender.end()


async def test_the_lanes_announce_what_they_wrote_to_the_accounts_sender(
    postgresql_url: str, make_road: MakeRoad
) -> None:
    road = make_road(postgresql_url)
    told = asyncio.Event()

    async def take(_: str) -> None:
        """Nothing was left."""

    listener = LockedAccounts(postgresql_url, [ACCOUNT], taken=take, notified=told.set)
    job = asyncio.create_task(listener.run())
    await until(lambda: listener.held)
    told.clear()

    road.begin("lanes")
    await road.take(said("น้ำ", channel="fake"))

    async with asyncio.timeout(20):
        await told.wait()
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)


async def test_postgresql_soon_lets_go_of_what_a_silent_machine_held(
    postgresql_url: str, opened: Opened
) -> None:
    database = opened(postgresql_url)
    query = "SELECT name, source FROM pg_settings WHERE name LIKE 'tcp\\_%'"
    async with database.read() as connection:
        told = dict((await connection.execute(text(query))).all())

    assert len(told) == 4
    assert set(told.values()) == {"session"}
