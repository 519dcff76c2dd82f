"""The mailbox: what a web chat's owner reads is what was said and replied, in that order."""

import asyncio

import pytest

from bot import mailbox
from bot.mailbox import Bells, is_rung
from bot.messages import InboundMessage
from tests.fakes import FakeChannel, MovingClock, said
from tests.road.conftest import ACCOUNT, Road, until


@pytest.fixture
async def road(road: Road) -> Road:
    """A road whose channel is read by its owner."""
    road.channels = {ACCOUNT: FakeChannel(is_mailbox=True)}
    road.rebuild()
    road.begin("lanes")
    return road


async def talk(road: Road, clock: MovingClock, *words: str) -> list[InboundMessage]:
    """Say these, one after the other, and wait for each answer."""
    messages = [said(one) for one in words]
    for message in messages:
        await road.take(message)
        await until(road.is_quiet)
        clock.move(seconds=2)
    return messages


async def test_a_transcript_has_both_sides_in_the_order_spoken(
    road: Road, clock: MovingClock
) -> None:
    messages = await talk(road, clock, "หนึ่ง", "สอง", "สาม")

    async with road.database.read() as connection:
        letters = await mailbox.transcript(connection, messages[0].contact.id, limit=20)

    spoken = [letter.said.text if letter.said else letter.reply.text for letter in letters]
    assert spoken == ["หนึ่ง", "หนึ่ง", "สอง", "สอง", "สาม", "สาม"]
    assert [letter.reply is None for letter in letters] == [True, False] * 3


async def test_a_transcript_is_cut_at_its_old_end(road: Road, clock: MovingClock) -> None:
    messages = await talk(road, clock, "หนึ่ง", "สอง", "สาม")

    async with road.database.read() as connection:
        letters = await mailbox.transcript(connection, messages[0].contact.id, limit=1)

    assert [letter.said.text for letter in letters if letter.said] == ["สาม"]


async def test_nobody_reads_another_contacts_letters(road: Road, clock: MovingClock) -> None:
    [mine] = await talk(road, clock, "ความลับ")
    theirs = said("", by="malee").contact.id

    async with road.database.read() as connection:
        assert await mailbox.transcript(connection, theirs, limit=20) == []
        assert await mailbox.since(connection, theirs, 0) == []
        event = await mailbox.is_handled(connection, mine)
        assert event is not None
        assert await mailbox.replies_to(connection, event, theirs) == []


async def test_replies_after_a_number_are_the_newer_ones(road: Road, clock: MovingClock) -> None:
    messages = await talk(road, clock, "หนึ่ง", "สอง", "สาม")
    contact = messages[0].contact.id

    async with road.database.read() as connection:
        first, *later = await mailbox.since(connection, contact, 0)
        assert [x.id for x in await mailbox.since(connection, contact, first.id)] == [
            x.id for x in later
        ]
        assert await mailbox.since(connection, contact, later[-1].id) == []


async def test_the_replies_to_one_message_are_its_own(road: Road, clock: MovingClock) -> None:
    _, second = await talk(road, clock, "หนึ่ง", "สอง")

    async with road.database.read() as connection:
        event = await mailbox.is_handled(connection, second)
        assert event is not None
        [letter] = await mailbox.replies_to(connection, event, second.contact.id)

    assert letter.reply is not None
    assert letter.reply.text == "สอง"


async def test_a_message_that_still_waits_is_not_handled(road: Road, clock: MovingClock) -> None:
    road.flow.poison = {"พิษ": ValueError()}
    message = said("พิษ")
    await road.take(message)

    async with road.database.read() as connection:
        assert await mailbox.is_handled(connection, message) is None


async def test_who_waits_for_a_message_hears_when_it_is_handled(road: Road) -> None:
    message = said("รอคำตอบ")
    handled = road.lanes.watch(message)

    await road.take(message)

    async with asyncio.timeout(10):
        await handled.wait()


async def test_a_bell_wakes_all_who_listen_for_that_contact_and_no_other() -> None:
    bells = Bells()
    mine, theirs = said("").contact.id, said("", by="malee").contact.id
    with bells.listening(mine) as one, bells.listening(mine) as two, bells.listening(theirs) as no:
        bells.ring([mine, said("", by="nobody").contact.id])  # though nobody waits yet

        assert [await is_rung(bell, 0.01) for bell in (one, two, no)] == [True, True, False]
        assert not await is_rung(one, 0.01), "and once only"


async def test_who_waits_is_woken() -> None:
    bells, mine = Bells(), said("").contact.id
    with bells.listening(mine) as bell:
        waiting = asyncio.create_task(is_rung(bell, 30))
        await asyncio.sleep(0)
        bells.ring([mine])

        async with asyncio.timeout(10):
            assert await waiting
