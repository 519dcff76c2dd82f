"""The second factor's rules: which codes count, for how long, and how often."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from admin import second_factor, staff
from admin.staff import Staff
from bot.db import Database
from tests.fakes import MovingClock

KEY, NOW = b"k" * 32, datetime(2026, 11, 21, 5, 0, 10, tzinfo=UTC)
SECRET = second_factor.secret_of(KEY, "seed")


@pytest.fixture
async def person(database: Database, clock: MovingClock) -> Staff:
    """Somebody with the app."""
    async with database.session() as session:
        person = await staff.add_person(session, name="ก", email="a@b.go.th", now=clock())
        person.second_factor = "seed"
    return person


@pytest.mark.parametrize(
    ("astray", "counts"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)]
)
def test_a_code_counts_while_it_is_near(astray: int, counts: bool) -> None:
    code = pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=astray))

    assert (second_factor.step_of(SECRET, code, NOW) is not None) is counts


@pytest.mark.parametrize("written", ["{}", " {} ", "{0[0]}{0[1]}{0[2]} {0[3]}{0[4]}{0[5]}"])
def test_blanks_in_a_code_do_not_matter(written: str) -> None:
    code = pyotp.TOTP(SECRET).at(NOW)

    assert second_factor.step_of(SECRET, written.format(code), NOW) == int(NOW.timestamp()) // 30


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "๑๒๓๔๕๖", "1234567"])
def test_what_is_no_code_never_counts(code: str) -> None:
    assert second_factor.step_of(SECRET, code, NOW) is None


def test_the_secret_needs_both_the_seed_and_the_key() -> None:
    assert second_factor.secret_of(b"x" * 32, "seed") != SECRET
    assert second_factor.secret_of(KEY, "other") != SECRET
    assert len(SECRET) == 32


def test_recovery_codes_are_ten_all_different_and_read_without_doubt() -> None:
    codes = second_factor.new_recovery_codes()

    assert len(set(codes)) == 10
    assert not set("".join(codes)) & set("0o1il")


@pytest.mark.parametrize("written", ["ABCDE FGHJK", "abcdefghjk", " abcde-fghjk"])
def test_a_recovery_code_may_be_typed_as_one_likes(written: str) -> None:
    kept = second_factor.recovery_digest(KEY, "abcde-fghjk")

    assert second_factor.recovery_digest(KEY, written) == kept


async def test_a_code_works_once_and_so_does_any_before_it(
    database: Database, person: Staff
) -> None:
    totp, spent = pyotp.TOTP(SECRET), []
    for astray in (0, 0, -30, 30):
        async with database.session() as session:
            code = totp.at(NOW + timedelta(seconds=astray))
            spent.append(await second_factor.spend_code(session, person, code, key=KEY, now=NOW))

    assert spent == [True, False, False, True]


async def test_a_recovery_code_works_once_and_only_for_its_owner(
    database: Database, person: Staff, clock: MovingClock
) -> None:
    async with database.session() as session:
        other = await staff.add_person(session, name="ข", email="c@b.go.th", now=clock())
        codes = await second_factor.renew_recovery_codes(session, person, key=KEY)

    async def spend(who: Staff, code: str) -> bool:
        async with database.session() as session:
            return await second_factor.spend_recovery_code(session, who, code, key=KEY, now=NOW)

    assert not await spend(other, codes[0])
    assert await spend(person, codes[0])
    assert not await spend(person, codes[0])
    async with database.session() as session:
        assert await second_factor.recovery_codes_left(session, person) == 9
        fresh = await second_factor.renew_recovery_codes(session, person, key=KEY)
    assert not await spend(person, codes[1])
    assert await spend(person, fresh[1])
