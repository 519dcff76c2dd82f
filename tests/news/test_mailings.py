"""Announcements reach those who want them, once, and end when they end."""

import asyncio
from calendar import monthrange
from datetime import timedelta

import pytest
from sqlalchemy import event, insert, select, update

from admin import announcing, subscriptions
from admin.announcements import Announcement, Relation, State, Way, announcement_of
from admin.announcing import UNDO, Refused
from admin.followers import News, take
from admin.mailings import Fate, Mailing, Why
from admin.mailings import State as Sending
from admin.news_rounds import NewsRounds
from admin.subscriptions import Frequency, Subscriber, Subscription
from bot import outbox
from bot.channels.channel import DeliveryError
from bot.clock import BANGKOK
from bot.messages import Contact
from bot.tables import ContactRow, OutgoingRow, Posting
from knowledge.agency import Agency
from knowledge.bulletins import Rates
from tests.news.conftest import Newsroom
from tests.news.press import CUT, HEAD, SECOND, WRITER, Press, replaced
from tests.road.conftest import until

PLAIN = replaced(CUT, kind="notice", all_clear_th="")
MANY = 1_103
"""Three pages, the last of them not full."""


@pytest.fixture
def press(newsroom: Newsroom, agency: Agency) -> Press:
    """An agency with nobody who listens yet."""
    return Press(newsroom, agency)


async def crowd(press: Press, channel: str, number: int) -> None:
    """So many subscribers at once."""
    now, slug = press.clock(), press.agency.slug
    people = [Contact(slug, channel, f"{channel}{n:05}") for n in range(number)]
    async with press.database.session() as session:
        await session.execute(
            insert(ContactRow),
            [
                {
                    "id": one.id,
                    "agency": slug,
                    "channel": channel,
                    "address": one.address,
                    "state": {},
                    "blocked": False,
                    "created_at": now,
                    "seen_at": now,
                }
                for one in people
            ],
        )
        await session.execute(
            insert(Subscriber),
            [
                {
                    "contact_id": one.id,
                    "agency": slug,
                    "channel": channel,
                    "language": "th",
                    "frequency": Frequency.AT_ONCE,
                    "since": now,
                }
                for one in people
            ],
        )
        await session.execute(
            insert(Subscription),
            [{"contact_id": one.id, "topic": "services", "area": ""} for one in people],
        )


async def test_each_subscriber_is_sent_it_once_in_pages_that_line_takes(press: Press) -> None:
    await crowd(press, "line", MANY)
    await crowd(press, "telegram", 40)
    web = await press.subscribes("visitor", "web")

    await press.announces()

    assert len(press.got("line")) == MANY
    assert set(press.got("line").values()) == {1}
    pages = [len(call.payload["to"]) for call in press.newsroom.line.sent]  # type: ignore[arg-type]
    assert sorted(pages) == [103, 500, 500]
    assert len({call.key for call in press.newsroom.line.sent}) == 3
    assert set(press.got("telegram").values()) == {1}
    assert len(press.got("telegram")) == 40
    assert len(await press.mailbox(web)) == 1
    assert await press.ledger() == {
        ("line", Fate.ACCEPTED): MANY,
        ("telegram", Fate.ACCEPTED): 40,
        ("web", Fate.ACCEPTED): 1,
    }
    assert {mailing.state for mailing in await press.mailings()} == {Sending.DONE}


async def test_topic_area_language_and_frequency_say_who_is_told(press: Press) -> None:
    await press.subscribes("wants", "telegram")
    await press.subscribes("jobs", "telegram", "jobs")
    await press.subscribes("moo1", "telegram", "services", areas=["moo-1"])
    await press.subscribes("moo2", "telegram", "services", areas=["moo-2"])
    await press.subscribes("weekly", "telegram", frequency=Frequency.WEEKLY)
    await press.subscribes("english", "telegram", language="en")

    await press.announces(replaced(CUT, areas=("moo-1",), headline_en="No water"))

    assert press.got("telegram") == {"wants": 1, "moo1": 1, "english": 1}
    assert sum("No water" in words for words in press.words("telegram")) == 1


async def test_what_is_urgent_goes_at_once_to_those_who_wait_for_a_digest(press: Press) -> None:
    await press.subscribes("weekly", "telegram", frequency=Frequency.WEEKLY)

    await press.announces(replaced(CUT, kind="emergency"), by=HEAD)

    assert press.got("telegram") == {"weekly": 1}


async def test_nobody_approves_what_they_wrote_and_the_head_approves_what_is_urgent(
    press: Press,
) -> None:
    with pytest.raises(Refused, match=r"announce\.own"):
        await press.signs(by=WRITER)
    with pytest.raises(Refused, match=r"announce\.not_yours"):
        await press.signs(replaced(CUT, is_urgent=True), by=SECOND)
    with pytest.raises(Refused, match=r"announce\.not_yours"):
        await press.signs(replaced(CUT, touches_image=True), by=SECOND)
    assert await press.signs(replaced(CUT, touches_image=True), by=HEAD)


async def test_for_a_minute_it_can_be_taken_back(press: Press) -> None:
    await press.subscribes("wants", "telegram")
    number = await press.signs()
    press.clock.move(seconds=UNDO.total_seconds() - 1)
    await press.goes_out()
    assert press.got("telegram") == {}

    async with press.database.session() as session:
        found = await announcement_of(session, press.agency.slug, number)
        await announcing.undo(session, found, SECOND, press.clock())
    press.clock.move(days=3)
    await press.goes_out()

    assert press.got("telegram") == {}
    async with press.database.session() as session:
        states = (await session.execute(select(Announcement.state, Announcement.relation))).all()
    assert set(states) == {(State.DRAFT, None)}, "no end is planned of what never began"


async def test_over_the_quota_less_the_reserve_not_one_message_goes_out(press: Press) -> None:
    await crowd(press, "line", 30)
    await press.subscribes("free", "telegram")
    press.newsroom.line.limit, press.rates = 40, Rates(reserve=15)

    await press.announces()

    line = next(one for one in await press.mailings() if one.channel == "line")
    assert (line.state, line.why, line.shortfall) == (Sending.STOPPED, Why.QUOTA, 5)
    assert press.got("line") == {}
    assert press.got("telegram") == {"free": 1}


async def test_only_what_is_urgent_may_use_the_reserve(press: Press) -> None:
    await crowd(press, "line", 30)
    press.newsroom.line.limit, press.rates = 40, Rates(reserve=15)

    await press.announces(replaced(CUT, kind="emergency"), by=HEAD)

    assert len(press.got("line")) == 30


async def test_what_rides_on_replies_costs_nothing_and_waits_for_the_next_words(
    press: Press,
) -> None:
    await crowd(press, "line", 3)
    press.newsroom.line.limit, press.rates = 0, Rates()

    await press.announces(replaced(CUT, way=Way.RIDE))
    await press.newsroom.messenger.round()

    assert press.newsroom.line.tried == []
    assert await press.ledger() == {("line", Fate.RIDING): 3}
    assert len(await press.newsroom.news()) == 3


async def test_what_is_stopped_in_the_midst_goes_on_where_it_was(press: Press) -> None:
    await crowd(press, "line", MANY)
    await press.signs()
    press.clock.move(seconds=UNDO.total_seconds())
    await press.posting.round()
    line = next(one for one in await press.mailings() if one.channel == "line")
    press.begun.remove((line.id, 1))
    assert await press.mailroom.begin(line.id, 1) == 3
    async with press.sending():
        assert await press.mailroom.page(line.id, 1, 0)
    await stop(press, line.id)

    assert not await press.mailroom.page(line.id, 1, 1)
    assert len(press.got("line")) == 500

    async with press.database.session() as session:
        again = update(Mailing).where(Mailing.id == line.id)
        await session.execute(again.values(state=Sending.SENDING, why=None))
    await press.comes_back()
    assert len(press.got("line")) == MANY
    assert set(press.got("line").values()) == {1}


async def stop(press: Press, number: int) -> None:
    """As staff do it."""
    async with press.database.session() as session:
        mailing = await session.get_one(Mailing, number)
        mailing.state, mailing.why = Sending.STOPPED, Why.STAFF
        await outbox.hold_back(await session.connection(), mailing.key, press.clock())


async def test_what_was_fed_and_held_back_is_opened_again_and_goes_out_once(press: Press) -> None:
    await crowd(press, "telegram", 7)
    await press.signs()
    press.clock.move(seconds=UNDO.total_seconds())
    await press.posting.round()
    mailing = next(one for one in await press.mailings() if one.channel == "telegram")
    await press.mailroom.begin(mailing.id, 1)
    feeding = asyncio.create_task(press.mailroom.page(mailing.id, 1, 0))
    await asyncio.sleep(0.2)  # fed, and nobody sends
    await stop(press, mailing.id)
    assert not await asyncio.wait_for(feeding, 5)
    assert await press.ledger() == {("telegram", Fate.QUEUED): 7}
    async with press.sending():
        await asyncio.sleep(0.2)
    assert press.got("telegram") == {}

    async with press.database.session() as session:
        again = update(Mailing).where(Mailing.id == mailing.id)
        await session.execute(again.values(state=Sending.SENDING, why=None))
    await press.comes_back()
    assert set(press.got("telegram").values()) == {1}
    assert len(press.got("telegram")) == 7


async def test_whoever_takes_it_up_sends_nothing_twice(press: Press) -> None:
    await crowd(press, "line", MANY)
    await crowd(press, "telegram", 9)
    await press.signs()
    press.clock.move(seconds=UNDO.total_seconds())
    await press.posting.round()
    first = list(press.begun)
    await press.posting.round()
    assert press.begun == first, "one that lives is left alone"
    async with press.sending():
        for mailing, attempt in first:
            if await press.mailroom.begin(mailing, attempt):
                await press.mailroom.page(mailing, attempt, 0)
        press.begun = []
        press.clock.move(minutes=1)
        await press.posting.round()
        assert sorted(press.begun) == [(mailing, 2) for mailing, _ in first]
        late = [press.mailroom.page(mailing, attempt, 0) for mailing, attempt in first]
        assert not any(await asyncio.gather(*late)), "who comes too late sends no more"
        await press.carries()

    assert set(press.got("line").values()) == {1}
    assert len(press.got("line")) == MANY
    assert press.got("telegram") == {f"telegram{n:05}": 1 for n in range(9)}


async def test_the_end_is_told_when_it_comes_to_just_those_who_got_the_news(press: Press) -> None:
    await press.subscribes("told", "telegram")
    await press.subscribes("blocks", "telegram")
    stopped = await press.subscribes("stops", "telegram")
    press.newsroom.telegram.fault = lambda call: (
        DeliveryError("gone", retry=False, gone=True) if call.address == "blocks" else None
    )
    number = await press.announces()
    await press.subscribes("late", "telegram")
    async with press.database.session() as session:
        await subscriptions.stop(session, stopped.id)
    assert press.got("telegram") == {"told": 1, "stops": 1}

    press.clock.move(days=1)
    await press.goes_out()

    assert press.got("telegram") == {"told": 2, "stops": 1}
    assert press.words("telegram")[-1].startswith("สิ้นสุดแล้ว: น้ำไม่ไหลวันเสาร์")
    assert "น้ำไหลตามปกติแล้ว" in press.words("telegram")[-1]
    async with press.database.session() as session:
        found = await announcement_of(session, press.agency.slug, number)
    assert found.ended_at == press.clock()


async def test_a_correction_goes_to_those_who_got_it_and_moves_the_end(press: Press) -> None:
    await press.subscribes("told", "telegram")
    number = await press.announces()
    await press.subscribes("late", "telegram")
    end = press.clock() + timedelta(days=1)

    longer = replaced(CUT, text_th="ซ่อมถึงวันอาทิตย์")
    await press.announces(
        longer, relation=Relation.CORRECTION, first=number, lasts=timedelta(days=3)
    )

    assert press.got("telegram") == {"told": 2}
    assert press.words("telegram")[-1].startswith("แก้ไขข่าว: ")
    press.clock.move(seconds=(end - press.clock()).total_seconds() + 3600)
    await press.goes_out()
    assert press.got("telegram") == {"told": 2}, "it has not ended yet"
    press.clock.move(days=3)
    await press.goes_out()
    assert press.got("telegram") == {"told": 3}


async def test_a_digest_tells_each_what_they_asked_for_once(press: Press) -> None:
    await press.subscribes("both", "telegram", "services", "jobs", frequency=Frequency.DAILY)
    await press.subscribes("one", "telegram", "jobs", frequency=Frequency.DAILY)
    await press.subscribes("now", "telegram", "jobs")
    await press.subscribes("none", "telegram", "events", frequency=Frequency.DAILY)
    await press.announces()
    jobs = replaced(CUT, kind="notice", topic="jobs", headline_th="รับสมัครพนักงาน")
    await press.announces(jobs, lasts=None)
    assert press.got("telegram") == {"now": 1}
    rounds = NewsRounds(press.database, press.newsroom.channels)
    press.clock.move(hours=8)
    due = press.clock()

    await rounds.daily(due, press.clock())
    await rounds.daily(due, press.clock())
    await press.goes_out()

    assert press.got("telegram") == {"now": 1, "both": 1, "one": 1}
    assert any("สรุปข่าว 2 เรื่อง" in words for words in press.words("telegram"))
    press.clock.move(hours=12)
    await rounds.daily(press.clock(), press.clock())
    await press.goes_out()
    assert press.got("telegram") == {"now": 1, "both": 1, "one": 1}, "nothing is told twice"
    press.clock.move(hours=12)
    await press.goes_out()
    assert press.got("telegram")["both"] == 2, "whose digest told of it is told of its end"
    assert press.got("telegram")["one"] == 1


async def test_a_digest_over_the_quota_waits_for_everybodys_next_words(press: Press) -> None:
    await press.subscribes("reader", "line", frequency=Frequency.DAILY)
    await press.announces()
    press.newsroom.line.limit = 0
    press.clock.move(hours=8)

    await NewsRounds(press.database, press.newsroom.channels).daily(press.clock(), press.clock())
    await press.goes_out()

    assert press.newsroom.line.tried == []
    async with press.database.session() as session:
        waiting = list(await session.scalars(select(News.told_at)))
    assert waiting == [None]


async def test_a_recurring_notice_is_told_again_each_week_until_it_ends(press: Press) -> None:
    await press.subscribes("wants", "telegram")
    weekly = replaced(CUT, kind="notice", recurs="weekly:0:07:00")
    number = await press.signs(weekly, lasts=timedelta(days=20))
    rounds = NewsRounds(press.database, press.newsroom.channels)

    times = []
    due = (await standing(press, number)).starts_at
    while due is not None:
        press.clock.move(seconds=(due - press.clock()).total_seconds() + 60)
        await press.goes_out()
        await rounds.recur(press.clock())
        await press.goes_out()
        times.append(due)
        due = (await standing(press, number)).next_at

    assert len(times) in {2, 3}
    assert press.got("telegram") == {"wants": len(times)}
    assert {time.astimezone(BANGKOK).strftime("%w %H:%M") for time in times} == {"1 07:00"}
    press.clock.move(days=20)
    await press.goes_out()
    assert press.got("telegram") == {"wants": len(times) + 1}, "its end is told, too"
    assert press.words("telegram")[-1].startswith("สิ้นสุดแล้ว")


async def standing(press: Press, number: int) -> Announcement:
    """An announcement as it is now."""
    async with press.database.session() as session:
        found = await announcement_of(session, press.agency.slug, number)
    assert found is not None
    return found


async def test_a_recurring_notice_takes_the_words_of_its_correction_and_is_never_late(
    press: Press,
) -> None:
    await press.subscribes("wants", "telegram")
    weekly = replaced(CUT, kind="notice", recurs="weekly:0:07:00", all_clear_th="")
    number = await press.signs(weekly, lasts=timedelta(days=60))
    rounds = NewsRounds(press.database, press.newsroom.channels)
    first = (await standing(press, number)).starts_at
    press.clock.move(seconds=(first - press.clock()).total_seconds() + 60)
    await press.goes_out()
    right = replaced(weekly, text_th="เก็บขยะวันอังคารแทน", recurs="")
    await press.announces(right, relation=Relation.CORRECTION, first=number, lasts=None)

    due = (await standing(press, number)).next_at
    press.clock.move(seconds=(due - press.clock()).total_seconds() + 60)
    await rounds.recur(press.clock())
    await press.goes_out()
    assert press.got("telegram") == {"wants": 3}
    assert "เก็บขยะวันอังคารแทน" in press.words("telegram")[-1]

    due = (await standing(press, number)).next_at
    press.clock.move(seconds=(due - press.clock()).total_seconds() + 3 * 3600)
    await rounds.recur(press.clock())
    await press.goes_out()
    assert press.got("telegram") == {"wants": 3}, "three hours late is another day's news"
    assert (await standing(press, number)).next_at > press.clock()


async def test_what_may_have_arrived_on_telegram_is_never_sent_again(press: Press) -> None:
    await crowd(press, "telegram", 5)
    doubt = DeliveryError("timeout", retry=True, unsure=True)
    press.newsroom.telegram.fault = lambda call: doubt if call.address.endswith("3") else None

    await press.announces()
    press.newsroom.telegram.fault = lambda _: None
    await press.comes_back()

    assert len(press.newsroom.telegram.tried) == 5
    assert (await press.ledger())["telegram", Fate.UNKNOWN] == 1


async def test_a_sender_that_died_leaves_what_it_was_sending_unknown(press: Press) -> None:
    await crowd(press, "telegram", 2)
    await press.signs()
    press.clock.move(seconds=UNDO.total_seconds())
    await press.posting.round()
    press.newsroom.telegram.gate.clear()
    async with press.sending():
        going = asyncio.create_task(press.carries())
        await until(lambda: len(press.newsroom.telegram.tried) == 2)
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)

    async with press.database.write() as connection:
        account = f"{press.agency.slug}/telegram"
        again = await outbox.recover(connection, account, press.clock(), is_repeatable=False)
    press.newsroom.telegram.gate.set()
    await press.comes_back()

    assert again == 0
    assert len(press.newsroom.telegram.tried) == 2
    assert await press.ledger() == {("telegram", Fate.UNKNOWN): 2}


async def test_an_answer_goes_before_what_goes_to_many(press: Press) -> None:
    await crowd(press, "telegram", 60)
    asking = Contact(press.agency.slug, "telegram", "telegram00059")
    await press.signs()
    press.clock.move(seconds=UNDO.total_seconds())
    await press.posting.round()
    mailing = next(one for one in await press.mailings() if one.channel == "telegram")
    await press.mailroom.begin(mailing.id, 1)
    feeding = asyncio.create_task(press.mailroom.page(mailing.id, 1, 0))
    await asyncio.sleep(0.2)
    answer = outbox.requests(asking, [{"text": "คำตอบ"}], now=press.clock())
    async with press.database.write() as connection:
        await connection.execute(insert(OutgoingRow), answer)

    async with press.sending():
        await feeding

    assert press.words("telegram")[0] == "คำตอบ"
    assert len(press.words("telegram")) == 61


async def test_news_of_ones_own_matter_leaves_the_reserve_alone(press: Press) -> None:
    contact = await press.newsroom.knows("line")
    press.newsroom.line.limit = 10
    press.rates = Rates(reserve=10)
    press.newsroom.messenger._quotas = press.quotas

    await press.newsroom.hears(contact, "เรื่องของคุณเสร็จแล้ว", presses=True)
    await press.newsroom.messenger.round()

    assert await press.newsroom.outgoing() == []


async def test_a_page_that_the_quota_stops_is_sent_when_there_is_more(press: Press) -> None:
    await crowd(press, "line", 3)
    press.newsroom.line.fault = lambda _: DeliveryError("quota", retry=False)
    await press.announces()
    line = next(one for one in await press.mailings() if one.channel == "line")
    assert (line.state, line.why) == (Sending.STOPPED, Why.QUOTA)
    assert await press.ledger() == {("line", Fate.QUEUED): 3}

    press.newsroom.line.fault = lambda _: None
    press.clock.move(minutes=11)
    async with press.database.session() as session:
        await session.execute(update(Mailing).values(state=Sending.SENDING, why=None))
    await press.comes_back()

    assert await press.ledger() == {("line", Fate.ACCEPTED): 3}
    async with press.database.read() as connection:
        rows = (await connection.execute(select(OutgoingRow.status))).all()
    assert [row.status for row in rows] == [Posting.SENT]


async def test_who_blocked_the_account_meanwhile_is_left_out_and_said_so(press: Press) -> None:
    await crowd(press, "line", 3)
    await press.signs()
    press.clock.move(seconds=UNDO.total_seconds())
    await press.posting.round()
    mailing = next(one for one in await press.mailings() if one.channel == "line")
    await press.mailroom.begin(mailing.id, 1)
    async with press.database.session() as session:
        blocks = update(ContactRow).where(ContactRow.address == "line00001")
        await session.execute(blocks.values(blocked=True))
    async with press.sending():
        await press.mailroom.page(mailing.id, 1, 0)

    assert press.got("line") == {"line00000": 1, "line00002": 1}
    assert (await press.ledger())["line", Fate.BLOCKED] == 1


async def test_what_is_for_the_page_alone_goes_to_nobody(press: Press) -> None:
    await press.subscribes("line", "line")
    await press.subscribes("telegram", "telegram")

    await press.announces(replaced(CUT, way=Way.PAGE))
    await press.announces(replaced(CUT, way=Way.FREE))

    assert press.got("line") == {}
    assert press.got("telegram") == {"telegram": 1}


async def test_what_goes_with_the_digest_costs_each_one_message_with_all_other_news(
    press: Press,
) -> None:
    await press.subscribes("now", "line")
    await press.subscribes("daily", "line", frequency=Frequency.DAILY)
    await press.subscribes("weekly", "line", frequency=Frequency.WEEKLY)
    await press.subscribes("free", "telegram")
    await press.announces(replaced(CUT, way=Way.DIGEST))
    await press.announces(replaced(CUT, way=Way.DIGEST, headline_th="ไฟดับวันอาทิตย์"))
    assert press.got("line") == {}
    press.clock.move(hours=8)

    rounds = NewsRounds(press.database, press.newsroom.channels)
    await rounds.daily(press.clock(), press.clock())
    await press.goes_out()

    assert press.got("line") == {"now": 1, "daily": 1}
    assert press.got("telegram") == {"free": 2}


async def test_what_rode_on_a_reply_has_arrived_with_it(press: Press) -> None:
    reader = await press.subscribes("reader", "line")
    await press.subscribes("silent", "line")
    await press.announces(replaced(CUT, way=Way.RIDE))
    async with press.database.session() as session:
        await take(session, reader.id, press.clock())

    await NewsRounds(press.database, press.newsroom.channels).arrive()

    assert await press.ledger() == {("line", Fate.RIDING): 1, ("line", Fate.ACCEPTED): 1}


async def test_who_stops_the_news_is_not_told_what_was_to_ride(press: Press) -> None:
    reader = await press.subscribes("reader", "line")
    await press.announces(replaced(CUT, way=Way.RIDE))

    async with press.database.session() as session:
        await subscriptions.stop(session, reader.id)
        left = await take(session, reader.id, press.clock())

    assert left == []


async def test_a_correction_after_the_end_lets_it_hold_again(press: Press) -> None:
    await press.subscribes("told", "telegram")
    number = await press.announces()
    press.clock.move(days=1)
    await press.goes_out()
    assert press.got("telegram") == {"told": 2}

    await press.announces(
        replaced(CUT, text_th="ยังไม่เสร็จ"), relation=Relation.CORRECTION, first=number
    )
    async with press.database.session() as session:
        assert (await announcement_of(session, press.agency.slug, number)).ended_at is None
    press.clock.move(days=1)
    await press.goes_out()

    assert press.got("telegram") == {"told": 4}
    assert press.words("telegram")[-1].startswith("สิ้นสุดแล้ว")


async def test_the_end_reaches_those_whom_only_a_digest_told(press: Press) -> None:
    await press.subscribes("line", "line", frequency=Frequency.DAILY)
    await press.announces(replaced(CUT, way=Way.DIGEST))
    press.clock.move(hours=8)
    rounds = NewsRounds(press.database, press.newsroom.channels)
    await rounds.daily(press.clock(), press.clock())
    await press.goes_out()
    assert press.got("line") == {"line": 1}

    press.clock.move(days=1)
    await press.goes_out()

    assert press.got("line") == {"line": 2}


async def test_a_digest_tells_nothing_withdrawn_and_the_right_words(press: Press) -> None:
    await press.subscribes("reader", "telegram", frequency=Frequency.DAILY)
    wrong = await press.announces(replaced(CUT, headline_th="ผิด"))
    number = await press.announces(lasts=timedelta(days=9))
    right = replaced(CUT, text_th="ที่ถูกคือวันอาทิตย์")
    await press.announces(
        right, relation=Relation.CORRECTION, first=number, lasts=timedelta(days=9)
    )
    async with press.database.session() as session:
        found = await announcement_of(session, press.agency.slug, wrong)
        await announcing.withdraw(session, found, SECOND, "ประกาศผิด", press.clock())
    press.clock.move(hours=8)

    rounds = NewsRounds(press.database, press.newsroom.channels)
    await rounds.daily(press.clock(), press.clock())
    await press.goes_out()

    [words] = press.words("telegram")
    assert "ผิด" not in words
    assert "แก้ไขข่าว: น้ำไม่ไหลวันเสาร์" in words
    assert "ที่ถูกคือวันอาทิตย์" in words


async def test_a_slip_corrected_after_an_early_end_does_not_begin_it_again(press: Press) -> None:
    await press.subscribes("told", "telegram")
    number = await press.announces(lasts=timedelta(days=9))
    until = (await standing(press, number)).content.valid_until
    async with press.database.session() as session:
        found = await announcement_of(session, press.agency.slug, number)
        await announcing.end_now(session, press.agency, found, SECOND, press.clock())
    press.clock.move(minutes=2)
    await press.goes_out()
    assert press.got("telegram") == {"told": 2}

    slip = replaced(CUT, text_th="คำที่ถูก", valid_until=until)
    await press.announces(slip, relation=Relation.CORRECTION, first=number, lasts=None)
    assert "เรื่องนี้สิ้นสุดแล้ว" in press.words("telegram")[-1]
    assert "มีผลถึง" not in press.words("telegram")[-1]
    press.clock.move(days=10)
    await press.goes_out()

    assert press.got("telegram") == {"told": 3}
    assert (await standing(press, number)).ended_at is not None


async def test_an_early_end_can_be_undone_for_a_minute(press: Press) -> None:
    await press.subscribes("told", "telegram")
    number = await press.announces(lasts=timedelta(days=9))
    async with press.database.session() as session:
        found = await announcement_of(session, press.agency.slug, number)
        await announcing.end_now(session, press.agency, found, SECOND, press.clock())
    press.clock.move(seconds=30)
    async with press.database.session() as session:
        found = await announcement_of(session, press.agency.slug, number)
        await announcing.keep_going(session, found, SECOND, press.clock())
    press.clock.move(days=1)
    await press.goes_out()
    assert press.got("telegram") == {"told": 1}

    press.clock.move(days=9)
    await press.goes_out()
    assert press.got("telegram") == {"told": 2}


def within_a_month(press: Press) -> None:
    """Go on to the tenth, so that what follows within two weeks is of the same month."""
    while press.clock().astimezone(BANGKOK).day != 10:
        press.clock.move(days=1)


async def test_the_end_of_a_recurring_notice_is_booked_once_for_each_who_was_told(
    press: Press,
) -> None:
    within_a_month(press)
    await press.subscribes("reader", "line")
    press.newsroom.line.limit = 100
    weekly = replaced(CUT, kind="notice", recurs="weekly:0:07:00")
    number = await press.signs(weekly, lasts=timedelta(days=15))
    rounds = NewsRounds(press.database, press.newsroom.channels)
    for _ in range(2):
        found = await standing(press, number)
        due = found.next_at or found.starts_at
        assert due
        press.clock.move(seconds=(due - press.clock()).total_seconds() + 60)
        await press.goes_out()
        await rounds.recur(press.clock())
        await press.goes_out()

    ledger = await press.quotas.ledger(press.newsroom.line)
    assert press.got("line") == {"reader": 2}
    assert ledger
    assert ledger.booked == 1


async def test_news_that_is_planned_is_booked_of_its_month_until_it_is_posted(
    press: Press,
) -> None:
    within_a_month(press)
    await crowd(press, "line", 30)
    await press.subscribes("free", "telegram")
    press.newsroom.line.limit, press.rates = 100, Rates(reserve=15)
    for days, way in ((3, Way.PUSH), (3, Way.RIDE), (60, Way.PUSH)):
        later = replaced(PLAIN, send_at=press.clock() + timedelta(days=days), way=way)
        await press.signs(later, lasts=None)

    ledger = await press.quotas.ledger(press.newsroom.line)
    assert ledger
    assert (ledger.booked, ledger.room(urgent=False), ledger.room(urgent=True)) == (30, 55, 100)
    press.clock.move(days=3)
    await press.goes_out()
    assert len(press.got("line")) == 30
    ledger = await press.quotas.ledger(press.newsroom.line)
    assert ledger
    assert ledger.booked == 0


async def test_what_would_take_the_quota_of_planned_news_is_refused_unless_it_is_urgent(
    press: Press,
) -> None:
    within_a_month(press)
    await crowd(press, "line", 30)
    press.newsroom.line.limit, press.rates = 50, Rates(reserve=0)
    await press.signs(replaced(PLAIN, send_at=press.clock() + timedelta(days=3)), lasts=None)

    await press.announces(PLAIN, lasts=None)
    line = next(one for one in await press.mailings() if one.channel == "line")
    assert (line.state, line.why, line.shortfall) == (Sending.STOPPED, Why.QUOTA, 10)

    await press.announces(replaced(CUT, kind="emergency"), by=HEAD)
    assert len(press.got("line")) == 30


async def begins(press: Press) -> dict[int | None, tuple[Sending, Why | None]]:
    """What is due begins, what was posted last before the others; how each stands on LINE."""
    await press.posting.round()
    numbers = {one.id: one.announcement_id for one in await press.mailings()}
    press.begun.sort(key=lambda one: -(numbers[one[0]] or 0))
    begun, press.begun = press.begun, []
    for mailing, attempt in begun:
        await press.mailroom.begin(mailing, attempt)
    mailings = [one for one in await press.mailings() if one.channel == "line"]
    return {one.announcement_id: (one.state, one.why) for one in mailings}


@pytest.mark.parametrize("before", [timedelta(days=2), timedelta()])
async def test_what_was_approved_first_is_not_stopped_by_what_was_approved_after_it(
    press: Press, before: timedelta
) -> None:
    within_a_month(press)
    await crowd(press, "line", 30)
    press.newsroom.line.limit = 100
    at = press.clock() + timedelta(days=3)
    first = await press.signs(replaced(PLAIN, send_at=at), lasts=None)
    press.clock.move(seconds=1)
    second = await press.signs(replaced(PLAIN, send_at=at + before), lasts=None)
    press.newsroom.line.limit = 50  # LINE's own tools have sent, too

    press.clock.move(days=3)
    assert (await begins(press))[first] == (Sending.SENDING, None)
    press.clock.move(days=2)
    assert (await begins(press))[second] == (Sending.STOPPED, Why.QUOTA)


async def test_every_time_of_what_recurs_is_booked_of_its_month_and_stops_none_of_its_own(
    press: Press,
) -> None:
    within_a_month(press)
    await crowd(press, "line", 30)
    press.newsroom.line.limit = 1_000
    today = press.clock().astimezone(BANGKOK)
    times = (monthrange(today.year, today.month)[1] - 10) // 7
    weekly = replaced(PLAIN, recurs=f"weekly:{today.weekday()}:00:00")
    number = await press.signs(weekly, lasts=None)
    line = press.newsroom.line

    ledger = await press.quotas.ledger(line)
    assert ledger
    assert (ledger.booked, ledger.news) == (30 * times, 30 * times)
    due = (await standing(press, number)).starts_at
    assert due
    press.clock.move(seconds=(due - press.clock()).total_seconds())
    line.limit = 40
    await press.goes_out()
    assert len(press.got("line")) == 30, "its own later times do not stop it"
    ledger = await press.quotas.ledger(line)
    assert ledger
    assert ledger.booked == 30 * (times - 1)


async def test_nobody_is_counted_for_an_end_that_is_planned_for_another_month(
    press: Press,
) -> None:
    within_a_month(press)
    await press.subscribes("reader", "line")
    press.newsroom.line.limit = 100
    await press.announces(CUT, lasts=timedelta(days=60))
    statements: list[str] = []
    engine = press.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))

    ledger = await press.quotas.ledger(press.newsroom.line)
    assert ledger
    assert ledger.booked == 0
    assert statements
    assert not [one for one in statements if "count(DISTINCT" in one]


async def test_an_end_over_the_quota_rides_rather_than_stops(press: Press) -> None:
    within_a_month(press)
    reader = await press.subscribes("reader", "line")
    press.newsroom.line.limit = 2
    await press.announces()
    ledger = await press.quotas.ledger(press.newsroom.line)
    assert ledger
    assert ledger.booked == 1, "the end is booked as soon as it is planned"
    press.quotas.exhaust(f"{press.agency.slug}/line")
    press.clock.move(days=1)
    press.newsroom.line.limit = 0
    await press.goes_out()

    assert press.got("line") == {"reader": 1}
    async with press.database.session() as session:
        [end] = await take(session, reader.id, press.clock())
    assert end.text.startswith("สิ้นสุดแล้ว")
    assert "มีผลถึง" not in end.text


async def test_what_was_still_to_ride_when_it_ended_is_not_told(press: Press) -> None:
    reader = await press.subscribes("reader", "line")
    await press.announces(replaced(CUT, way=Way.RIDE))
    press.clock.move(days=1)
    await press.goes_out()

    async with press.database.session() as session:
        assert await take(session, reader.id, press.clock()) == []
