"""How often a login may be tried: waits that grow, alike for accounts that do not exist."""

import asyncio
from datetime import timedelta

import pytest

from admin import logins, passwords
from admin.logins import ACCOUNT, ADDRESS, Patience
from bot.db import Database
from tests.fakes import MovingClock


@pytest.mark.parametrize(
    ("patience", "failures", "seconds"),
    [
        (ACCOUNT, 1, None),
        (ACCOUNT, 4, None),
        (ACCOUNT, 5, 30),
        (ACCOUNT, 6, 60),
        (ACCOUNT, 9, 900),
        (ACCOUNT, 500, 900),
        (ADDRESS, 30, None),
        (ADDRESS, 31, 60),
        (ADDRESS, 33, 900),
        (ADDRESS, 99, 900),
    ],
)
def test_waits_grow(patience: Patience, failures: int, seconds: int | None) -> None:
    wait = timedelta(seconds=seconds) if seconds else None

    assert patience.after(failures) == wait


async def tried(database: Database, clock: MovingClock, *keys: str) -> logins.Try:
    async with database.session() as session:
        return await logins.begin(session, dict.fromkeys(keys, ACCOUNT), clock())


async def test_the_fifth_failure_locks_and_the_lock_opens_by_itself(
    database: Database, clock: MovingClock
) -> None:
    for _ in range(4):
        assert not (await tried(database, clock, "a")).locks
    assert (await tried(database, clock, "a")).locks

    locked = await tried(database, clock, "a")
    assert locked.locked_for == timedelta(seconds=30)
    assert locked.minutes == 1
    assert (await tried(database, clock, "b")).locked_for is None

    clock.move(seconds=31)
    assert (await tried(database, clock, "a")).locked_for is None
    assert (await tried(database, clock, "a")).locked_for == timedelta(minutes=1)


async def test_a_success_sets_the_account_free_and_a_day_forgets(
    database: Database, clock: MovingClock
) -> None:
    for _ in range(4):
        await tried(database, clock, "a", "address")
    async with database.session() as session:
        await logins.succeed(session, "a", "address")
    for _ in range(4):
        assert not (await tried(database, clock, "a")).locks
    assert not (await tried(database, clock, "address")).locks
    clock.move(hours=25)
    assert not (await tried(database, clock, "a")).locks


async def test_a_town_hall_that_errs_each_day_and_gets_in_is_never_locked_out(
    database: Database, clock: MovingClock
) -> None:
    async def try_once(who: str) -> logins.Try:
        async with database.session() as session:
            return await logins.begin(session, {who: ACCOUNT, "hall": ADDRESS}, clock())

    for day in range(6):
        for one in range(16):
            for is_right in (one % 2 == 0, True):
                attempt = await try_once(f"{one}")
                assert attempt.locked_for is None, f"day {day}"
                if is_right:
                    async with database.session() as session:
                        await logins.succeed(session, f"{one}", "hall")
                clock.move(minutes=1)
        clock.move(hours=23)


async def test_guesses_from_one_address_are_locked_for_as_long_as_they_go_on(
    database: Database, clock: MovingClock
) -> None:
    checked = 0
    for guess in range(6 * 60):
        async with database.session() as session:
            found = await logins.begin(session, {f"{guess}": ACCOUNT, "thief": ADDRESS}, clock())
        checked += found.locked_for is None
        clock.move(minutes=1)

    assert checked < 30 + 6 * 60 // 4


async def test_many_at_once_do_not_slip_past_the_count(
    database: Database, clock: MovingClock
) -> None:
    found = await asyncio.gather(*(tried(database, clock, "a") for _ in range(12)))

    assert sum(one.locked_for is None for one in found) == 5
    assert sum(one.locks for one in found) == 1


async def test_old_counts_are_deleted(database: Database, clock: MovingClock) -> None:
    for _ in range(5):
        await tried(database, clock, "a")
    clock.move(hours=25)
    async with database.session() as session:
        await logins.expire(session, clock())

    assert not (await tried(database, clock, "a")).locks


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("สั้น", "faults.password_short"),
        ("elevenchars", "faults.password_short"),
        ("x" * 201, "faults.password_long"),
        ("ababababababab", "faults.password_plain"),
        ("somchai-and-more", "faults.password_own"),
        ("correct horse battery", None),
        ("ปลาทูทอดกับน้ำพริก", None),
    ],
)
def test_a_new_password_is_long_and_not_ones_own_name(password: str, fault: str | None) -> None:
    assert passwords.weakness(password, "Somchai", "ab") == fault


@pytest.mark.usefixtures("passwords_in_service")
def test_passwords_are_kept_by_argon2_and_wrong_ones_do_not_fit() -> None:
    kept = passwords.digest("correct horse battery")

    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(kept, "correct horse battery")
    assert not passwords.matches(kept, "correct horse batterY")
    assert not passwords.matches(None, "nobody has this password")
    assert not passwords.matches("not a digest", "x")
    assert not passwords.is_outdated(kept)
    assert passwords.is_outdated(kept.replace("m=19456", "m=8192"))


async def test_more_logins_than_can_be_computed_are_turned_away() -> None:
    pool = passwords.Passwords()
    kept = passwords.digest("correct horse battery")

    found = await asyncio.gather(
        *(pool.matches(kept, "wrong") for _ in range(passwords.QUEUE + 5)), return_exceptions=True
    )

    assert sum(isinstance(one, passwords.TooManyAtOnce) for one in found) == 5
    assert found.count(False) == passwords.QUEUE
    assert await pool.matches(kept, "correct horse battery")
