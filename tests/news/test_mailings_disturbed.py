"""Mailings that are stopped, resumed, overtaken, or whose sender or platform fails."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from admin import announcing, subscriptions
from admin.announcements import announcement_of
from admin.announcing import UNDO
from admin.mailings import Fate, Mailing, Why
from admin.mailings import State as Sending
from admin.news_rounds import NewsRounds
from admin.riding import tell_anew
from admin.subscriptions import Frequency, Subscriber, Subscription
from bot import outbox
from bot.channels.channel import DeliveryError
from bot.delivery import BULK_AT_ONCE
from bot.messages import Contact
from bot.tables import ContactRow, OutgoingRow, Posting
from knowledge.agency import Agency
from knowledge.bulletins import Rates
from tests.news.conftest import Newsroom
from tests.news.press import CUT, SECOND, Press, replaced
from tests.news.test_mailings import MANY, crowd, stop
from tests.road.conftest import until

LAST_TRY = update(OutgoingRow).where(OutgoingRow.done_at.is_(None)).values(attempts=13)


@pytest.fixture
def press(newsroom: Newsroom, agency: Agency) -> Press:
    """An agency with nobody who listens yet."""
    return Press(newsroom, agency)


async def begun(press: Press, channel: str, **how: object) -> Mailing:
    """A mailing of which the recipients are written down, and nothing is sent."""
    await press.signs(CUT, **how)
    press.clock.move(seconds=UNDO.total_seconds())
    await press.posting.round()
    mailing = next(one for one in await press.mailings() if one.channel == channel)
    press.begun.remove((mailing.id, 1))
    await press.mailroom.begin(mailing.id, 1)
    return mailing


async def fed(press: Press, channel: str) -> Mailing:
    """A mailing of which the first page waits in the outbox, and nobody sends."""
    mailing = await begun(press, channel)
    going = asyncio.create_task(press.mailroom.page(mailing.id, 1, 0))
    await asyncio.sleep(0.2)
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)
    return mailing


async def resume(press: Press, number: int) -> None:
    """As staff do it."""
    async with press.database.session() as session:
        mailing = await session.get_one(Mailing, number)
        mailing.state, mailing.why = Sending.SENDING, None
        mailing.beat_at = press.clock() - timedelta(days=1)
    await press.comes_back()


async def last_try(press: Press) -> None:
    """What fails now has failed for good."""
    async with press.database.write() as connection:
        await connection.execute(LAST_TRY)
    press.clock.move(minutes=6)
    press.newsroom.delivery.wake()


async def test_who_was_not_told_yet_when_it_ends_is_told_neither(press: Press) -> None:
    await crowd(press, "line", MANY)
    mailing = await begun(press, "line")
    async with press.sending():
        assert await press.mailroom.page(mailing.id, 1, 0)
        await stop(press, mailing.id)
        press.clock.move(days=1)
        await press.posting.round()
        await press.carries()
        await resume(press, mailing.id)

    assert set(press.got("line").values()) == {2}
    assert len(press.got("line")) == 500
    [first] = [one for one in await press.mailings() if one.id == mailing.id]
    assert first.why is Why.OVER or first.ended_at is not None


async def test_a_mailing_is_overtaken_in_the_midst_by_its_end(press: Press) -> None:
    await crowd(press, "line", MANY)
    mailing = await begun(press, "line", lasts=timedelta(minutes=30))
    async with press.sending():
        assert await press.mailroom.page(mailing.id, 1, 0)
        press.clock.move(minutes=30)
        await press.posting.round()
        assert not await press.mailroom.page(mailing.id, 1, 1)
        await press.carries()

    assert set(press.got("line").values()) == {2}
    assert len(press.got("line")) == 500


async def test_what_is_over_before_it_went_out_is_sent_to_nobody(press: Press) -> None:
    await press.subscribes("wants", "telegram")
    await press.signs(lasts=timedelta(minutes=30))
    press.clock.move(hours=3)
    await press.goes_out()
    press.clock.move(days=1)
    await press.goes_out()

    assert press.got("telegram") == {}


async def test_what_fails_after_a_stop_does_not_go_out_later(press: Press) -> None:
    await crowd(press, "line", 3)
    mailing = await begun(press, "line")
    press.newsroom.line.gate.clear()
    press.newsroom.line.fault = lambda _: DeliveryError("timeout", retry=True)
    async with press.sending():
        going = asyncio.create_task(press.mailroom.page(mailing.id, 1, 0))
        await until(lambda: len(press.newsroom.line.tried) == 1)
        await stop(press, mailing.id)
        press.newsroom.line.gate.set()
        assert not await asyncio.wait_for(going, 10)
        press.newsroom.line.fault = lambda _: None
        press.clock.move(minutes=1)
        press.newsroom.delivery.wake()
        await asyncio.sleep(0.3)

    assert press.got("line") == {}
    await resume(press, mailing.id)
    assert set(press.got("line").values()) == {1}


async def test_what_begins_to_go_out_just_as_it_is_stopped_is_not_tried_again(
    press: Press,
) -> None:
    await crowd(press, "telegram", 2)
    mailing = await fed(press, "telegram")
    first = (await press.newsroom.outgoing())[0].id

    async with press.database.write() as connection:
        await outbox.mark_sending(connection, [first], press.clock())
        stopping = asyncio.create_task(stop(press, mailing.id))
        await asyncio.sleep(0.2)
    await stopping
    failed = {"row": first, "status": Posting.PENDING, "fault": "rate", "done_at": None}
    async with press.database.write() as connection:
        await outbox.settle(connection, [{**failed, "due_at": press.clock()}])

    assert [row.fault for row in await press.newsroom.outgoing()] == [outbox.CANCELLED] * 2


async def test_a_key_that_line_has_forgotten_is_not_used_again(press: Press) -> None:
    await crowd(press, "line", 3)
    mailing = await begun(press, "line", lasts=timedelta(days=9))
    press.newsroom.line.fault = lambda _: DeliveryError("timeout", retry=True)
    async with press.sending():
        going = asyncio.create_task(press.mailroom.page(mailing.id, 1, 0))
        await until(lambda: len(press.newsroom.line.tried) == 1)
        await last_try(press)
        assert not await asyncio.wait_for(going, 10)
    press.newsroom.line.fault = lambda _: None
    press.clock.move(days=2)

    await resume(press, mailing.id)

    assert press.newsroom.line.sent == []
    assert await press.ledger() == {("line", Fate.UNKNOWN): 3}


async def test_a_sender_that_comes_back_after_days_uses_no_old_key(press: Press) -> None:
    await crowd(press, "line", 3)
    mailing = await begun(press, "line", lasts=timedelta(days=9))
    press.newsroom.line.gate.clear()
    async with press.sending():
        going = asyncio.create_task(press.mailroom.page(mailing.id, 1, 0))
        await until(lambda: len(press.newsroom.line.tried) == 1)
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)
    press.newsroom.line.gate.set()
    press.clock.move(days=2)
    async with press.database.write() as connection:
        account = f"{press.agency.slug}/line"
        await outbox.recover(connection, account, press.clock(), is_repeatable=True)

    await press.comes_back()

    assert len(press.newsroom.line.tried) == 1
    assert await press.ledger() == {("line", Fate.UNKNOWN): 3}


async def test_an_outage_of_telegram_stops_it_and_loses_nobody(press: Press) -> None:
    await crowd(press, "telegram", 5)
    mailing = await begun(press, "telegram")
    press.newsroom.telegram.fault = lambda _: DeliveryError("connection", retry=True)
    async with press.sending():
        going = asyncio.create_task(press.mailroom.page(mailing.id, 1, 0))
        await until(lambda: len(press.newsroom.telegram.tried) == 5)
        await asyncio.sleep(0.2)
        await last_try(press)
        assert not await asyncio.wait_for(going, 10)
    [now] = [one for one in await press.mailings() if one.id == mailing.id]
    assert (now.state, now.why) == (Sending.STOPPED, Why.FAULT)
    assert await press.ledger() == {("telegram", Fate.QUEUED): 5}

    press.newsroom.telegram.fault = lambda _: None
    await resume(press, mailing.id)
    assert set(press.got("telegram").values()) == {1}


async def test_two_at_once_do_not_book_the_same_room(press: Press) -> None:
    await crowd(press, "line", 30)
    press.newsroom.line.limit, press.rates = 70, Rates(reserve=0)
    flat = replaced(CUT, kind="notice", all_clear_th="")
    for _ in range(3):
        await press.signs(flat, lasts=None)
    press.clock.move(seconds=UNDO.total_seconds())
    await press.posting.round()
    lines = [one for one in await press.mailings() if one.channel == "line"]

    pages = await asyncio.gather(*(press.mailroom.begin(one.id, 1) for one in lines))

    assert sorted(pages) == [0, 1, 1]
    short = [one.shortfall for one in await press.mailings() if one.why is Why.QUOTA]
    assert short == [20]


async def test_a_quota_that_cannot_be_asked_sends_to_nobody(press: Press) -> None:
    await crowd(press, "line", MANY)
    press.newsroom.line.is_silent = True

    await press.announces()

    assert press.got("line") == {}
    [line] = [one for one in await press.mailings() if one.channel == "line"]
    assert (line.state, line.why) == (Sending.STOPPED, Why.QUOTA)


async def test_who_got_it_and_then_blocked_is_not_written_down_as_left_out(press: Press) -> None:
    await crowd(press, "telegram", 3)
    mailing = await begun(press, "telegram")
    going = asyncio.create_task(press.mailroom.page(mailing.id, 1, 0))
    await asyncio.sleep(0.1)
    going.cancel()  # its sender dies before it is known what became of it
    await asyncio.gather(going, return_exceptions=True)
    async with press.sending():
        await until(lambda: len(press.newsroom.telegram.sent) == 3)
    contact = Contact(press.agency.slug, "telegram", "telegram00001")
    async with press.database.session() as session:
        await subscriptions.pause(session, contact.id, press.clock())

    await press.comes_back()

    assert await press.ledger() == {("telegram", Fate.ACCEPTED): 3}


async def test_who_stopped_the_news_meanwhile_is_left_out_on_line_too(press: Press) -> None:
    await crowd(press, "line", 4)
    mailing = await begun(press, "line")
    going = asyncio.create_task(press.mailroom.page(mailing.id, 1, 0))
    await asyncio.sleep(0.2)  # fed, and nobody sends
    await stop(press, mailing.id)
    assert not await asyncio.wait_for(going, 10)
    all_of_it, just_this = (Contact(press.agency.slug, "line", f"line{n:05}") for n in (1, 2))
    async with press.database.session() as session:
        row = await session.get_one(ContactRow, just_this.id)
        await subscriptions.subscribe(
            session,
            row,
            topics=["jobs"],
            areas=[],
            frequency=Frequency.AT_ONCE,
            language="th",
            now=press.clock(),
        )
        await subscriptions.stop(session, all_of_it.id)

    await resume(press, mailing.id)

    assert press.got("line") == {"line00000": 1, "line00003": 1}
    assert (await press.ledger())["line", Fate.LEFT] == 2


async def test_who_stops_the_news_while_they_are_being_sent_is_spared_them(press: Press) -> None:
    await crowd(press, "telegram", 40)
    mailing = await begun(press, "telegram")
    telegram = press.newsroom.telegram
    telegram.gate.clear()
    async with press.sending():
        going = asyncio.create_task(press.mailroom.page(mailing.id, 1, 0))
        await until(lambda: len(telegram.tried) == BULK_AT_ONCE)
        everybody = {f"telegram{n:05}" for n in range(40)}
        stops, changes = sorted(everybody - {call.address for call in telegram.tried})[:2]
        async with press.database.session() as session:
            await subscriptions.stop(session, Contact(press.agency.slug, "telegram", stops).id)
        async with press.database.session() as session:
            other = Contact(press.agency.slug, "telegram", changes).id
            session.add(Subscription(contact_id=other, topic="jobs", area=""))
            await session.flush()
            await subscriptions.stop(session, other, "jobs")
        telegram.gate.set()
        assert await asyncio.wait_for(going, 20)

    assert press.got("telegram") == dict.fromkeys(everybody - {stops}, 1)
    assert (await press.ledger())["telegram", Fate.LEFT] == 1


async def test_nothing_goes_out_of_what_failed_before_somebody_lets_it_go_on(press: Press) -> None:
    await crowd(press, "telegram", 3)
    mailing = await fed(press, "telegram")

    await press.mailroom.fail(mailing.id, 1)
    async with press.sending():
        await asyncio.sleep(0.3)
    assert press.newsroom.telegram.tried == []
    await resume(press, mailing.id)

    assert set(press.got("telegram").values()) == {1}
    assert await press.ledger() == {("telegram", Fate.ACCEPTED): 3}


async def test_the_files_of_those_who_have_the_words_come_after_a_stop(press: Press) -> None:
    await crowd(press, "telegram", 2)
    telegram = press.newsroom.telegram
    telegram.plan = lambda replies, _cause, _now: [{"text": replies[0].text}, {"text": "file"}]  # type: ignore[method-assign]
    mailing = await begun(press, "telegram")
    telegram.fault = lambda call: (
        DeliveryError("rate", retry=True) if call.payload["text"] == "file" else None
    )
    async with press.sending():
        going = asyncio.create_task(press.mailroom.page(mailing.id, 1, 0))
        await until(lambda: len(telegram.tried) >= 4)
        await stop(press, mailing.id)
        assert not await asyncio.wait_for(going, 10)
    assert await press.ledger() == {("telegram", Fate.QUEUED): 2}

    telegram.fault = lambda _: None
    await resume(press, mailing.id)

    assert press.words("telegram").count("file") == 2
    assert len(press.words("telegram")) == 4
    assert await press.ledger() == {("telegram", Fate.ACCEPTED): 2}


async def test_what_a_stopped_digest_owed_comes_with_the_next(press: Press) -> None:
    await press.subscribes("reader", "line", frequency=Frequency.DAILY)
    await press.announces(lasts=timedelta(days=9))
    press.clock.move(hours=8)
    rounds = NewsRounds(press.database, press.newsroom.channels)
    press.newsroom.line.fault = lambda _: DeliveryError("quota", retry=False)
    await rounds.daily(press.clock(), press.clock())
    await press.goes_out()
    press.newsroom.line.fault = lambda _: None
    press.clock.move(days=1)

    await rounds.daily(press.clock(), press.clock())
    await press.goes_out()

    assert press.got("line") == {"reader": 1}


async def test_a_digest_tells_the_latest_and_how_many_more_there_are(press: Press) -> None:
    await press.subscribes("reader", "telegram", frequency=Frequency.WEEKLY)
    for n in range(22):
        notice = replaced(CUT, kind="notice", headline_th=f"ข่าวที่{n}!")
        await press.announces(notice, lasts=None)
    press.clock.move(hours=8)

    rounds = NewsRounds(press.database, press.newsroom.channels)
    await rounds.weekly(press.clock(), press.clock())
    await press.goes_out()

    words = "".join(press.words("telegram"))
    assert "ข่าวที่21!" in words
    assert "ข่าวที่1!" not in words
    assert "อีก 2 เรื่อง" in words


async def test_who_changes_to_a_digest_is_not_told_again(press: Press) -> None:
    reader = await press.subscribes("reader", "telegram")
    await press.announces(lasts=timedelta(days=9))
    async with press.database.session() as session:
        (await session.get_one(Subscriber, reader.id)).frequency = Frequency.DAILY
    press.clock.move(hours=8)

    rounds = NewsRounds(press.database, press.newsroom.channels)
    await rounds.daily(press.clock(), press.clock())
    await press.goes_out()

    assert press.got("telegram") == {"reader": 1}


@pytest.mark.parametrize("topics", [("jobs",), ("jobs", "services")])
async def test_what_is_withdrawn_while_a_digest_goes_out_is_told_to_nobody_after_that(
    press: Press, topics: tuple[str, ...]
) -> None:
    notice = replaced(CUT, kind="notice")
    for n in range(40):
        await press.subscribes(f"{n:02}", "telegram", *topics, frequency=Frequency.DAILY)
    wrong = await press.announces(replaced(notice, topic="jobs", headline_th="ผิด"), lasts=None)
    await press.announces(replaced(notice, headline_th="ถูก"), lasts=None)
    press.clock.move(hours=8)
    await NewsRounds(press.database, press.newsroom.channels).daily(press.clock(), press.clock())
    await press.posting.round()
    telegram = press.newsroom.telegram
    telegram.gate.clear()
    async with press.sending():
        going = asyncio.create_task(press.carries())
        await until(lambda: len(telegram.tried) == BULK_AT_ONCE)
        async with press.database.session() as session:
            found = await announcement_of(session, press.agency.slug, wrong)
            assert found
            await announcing.withdraw(session, found, SECOND, "วันผิด", press.clock())
            await tell_anew(session, press.agency, wrong, "", press.clock())
        telegram.gate.set()
        await asyncio.wait_for(going, 20)

    assert set(press.got("telegram").values()) == {1}
    assert sum("ผิด" in words for words in press.words("telegram")) == BULK_AT_ONCE
    right = sum(words.startswith("ถูก") for words in press.words("telegram"))
    assert right == (40 - BULK_AT_ONCE if "services" in topics else 0)
    assert Fate.QUEUED not in {fate for _, fate in await press.ledger()}


@pytest.mark.parametrize("before", [Frequency.DAILY, Frequency.WEEKLY])
async def test_who_changes_from_a_digest_misses_nothing_that_lay_between(
    press: Press, before: Frequency
) -> None:
    notice = replaced(CUT, kind="notice")
    await press.subscribes("reader", "telegram", frequency=before)
    await press.announces(replaced(notice, headline_th="ก่อน"), lasts=None)
    press.clock.move(hours=1)
    await press.subscribes("reader", "telegram")
    await press.subscribes("new", "telegram")
    await press.announces(replaced(notice, headline_th="หลัง"), lasts=None)
    assert press.got("telegram") == {"reader": 1, "new": 1}
    rounds = NewsRounds(press.database, press.newsroom.channels)
    for digest in (rounds.daily, rounds.weekly) if before is Frequency.DAILY else (rounds.weekly,):
        press.clock.move(hours=8)
        await digest(press.clock(), press.clock())
        await press.goes_out()

    assert press.got("telegram") == {"reader": 2, "new": 1}
    assert "ก่อน" in press.words("telegram")[-1]
    assert "หลัง" not in press.words("telegram")[-1]


async def test_the_addresses_of_a_page_are_not_kept_once_it_went_out(press: Press) -> None:
    await crowd(press, "line", 3)

    await press.announces()

    async with press.database.read() as connection:
        payloads = list(await connection.scalars(select(OutgoingRow.payload)))
    assert payloads == [{}]
