"""What follows an announcement reaches just whom it concerns, and nothing outlives its end."""

from datetime import timedelta

import pytest

from admin import announcing
from admin.announcements import Announcement, Content, Relation, State, Way, announcement_of
from admin.announcing import UNDO, Refused
from admin.followers import take
from admin.news_rounds import NewsRounds
from admin.riding import tell_anew
from admin.subscriptions import Frequency, stop
from bot.messages import Contact
from knowledge.agency import Agency
from tests.databases import one_for_each
from tests.news.conftest import Newsroom
from tests.news.press import CUT, HEAD, SECOND, Press, replaced
from tests.news.test_mailings import standing, within_a_month

ADDRESS = "https://thamdai.example"
WEEKLY = replaced(CUT, kind="notice", recurs="weekly:0:07:00")


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Mailings themselves are tried on both; what follows what is decided alike on either."""
    one_for_each(metafunc)


@pytest.fixture
def press(newsroom: Newsroom, agency: Agency) -> Press:
    """An agency with nobody who listens yet."""
    return Press(newsroom, agency)


async def corrects(press: Press, first: int, content: Content, **how: object) -> int:
    """A correction, signed, on the page and sent."""
    return await press.announces(content, relation=Relation.CORRECTION, first=first, **how)


async def withdraws(press: Press, number: int) -> None:
    """Somebody who may takes it back."""
    async with press.database.session() as session:
        found = await announcement_of(session, press.agency.slug, number)
        assert found
        await announcing.withdraw(session, found, SECOND, "วันผิด", press.clock())


async def recurs(press: Press, number: int) -> Announcement:
    """It is told for the first time; then as it is."""
    due = (await standing(press, number)).starts_at
    assert due
    press.clock.move(seconds=(due - press.clock()).total_seconds() + 60)
    await press.goes_out()
    return await standing(press, number)


async def passes(press: Press, weeks: int) -> None:
    """Monday mornings come and go."""
    rounds = NewsRounds(press.database, press.newsroom.channels)
    for _ in range(weeks):
        press.clock.move(days=7)
        await press.goes_out()
        await rounds.recur(press.clock())
        await press.goes_out()


async def read(press: Press, who: Contact) -> list[str]:
    """What comes with the next reply, by its first line."""
    async with press.database.session() as session:
        return [one.text.partition("\n")[0] for one in await take(session, who.id, press.clock())]


async def test_a_correction_that_names_another_place_reaches_who_got_the_first(
    press: Press,
) -> None:
    await press.subscribes("moo1", "telegram", "services", areas=["moo-1"])
    await press.subscribes("moo2", "telegram", "services", areas=["moo-2"])
    stopped = await press.subscribes("stopped", "telegram", "services", "jobs", areas=["moo-1"])
    number = await press.announces(replaced(CUT, areas=("moo-1",)))
    async with press.database.session() as session:
        await stop(session, stopped.id, "services")

    await corrects(press, number, replaced(CUT, areas=("moo-2",)))
    assert press.got("telegram") == {"moo1": 2, "stopped": 1}
    press.clock.move(days=2)
    await press.goes_out()
    assert press.got("telegram") == {"moo1": 3, "stopped": 1}, "and they are told of its end"


async def test_what_recurs_and_is_ended_early_is_not_told_again_nor_is_its_end(
    press: Press,
) -> None:
    await press.subscribes("wants", "telegram")
    number = await press.signs(WEEKLY, lasts=timedelta(days=60))
    assert (await recurs(press, number)).next_at
    await ends(press, number)
    press.clock.move(seconds=UNDO.total_seconds())
    await press.goes_out()
    assert press.got("telegram") == {"wants": 2}

    await passes(press, weeks=3)

    assert press.got("telegram") == {"wants": 2}
    assert (await standing(press, number)).next_at is None


async def test_what_recurs_does_so_until_the_day_that_its_correction_names(press: Press) -> None:
    await press.subscribes("wants", "telegram")
    number = await press.signs(replaced(WEEKLY, all_clear_th=""), lasts=timedelta(days=9))
    await recurs(press, number)
    plain = replaced(WEEKLY, recurs="", all_clear_th="")

    await corrects(press, number, plain, lasts=timedelta(days=16))
    await passes(press, weeks=2)
    assert press.got("telegram") == {"wants": 4}, "longer than was said at first"
    await corrects(press, number, plain, lasts=timedelta(days=2))
    await passes(press, weeks=2)
    assert press.got("telegram") == {"wants": 5}, "no longer than was said at last"


async def test_what_the_head_approved_is_corrected_by_the_head_alone(press: Press) -> None:
    number = await press.announces(replaced(CUT, is_urgent=True), by=HEAD)
    with pytest.raises(Refused):
        await press.signs(CUT, relation=Relation.CORRECTION, first=number)

    fixed = await press.signs(CUT, by=HEAD, relation=Relation.CORRECTION, first=number)
    press.clock.move(seconds=UNDO.total_seconds())
    await press.goes_out()
    async with press.database.session() as session:
        found = await announcement_of(session, press.agency.slug, fixed)
        assert found
        with pytest.raises(Refused):
            await announcing.end_now(session, press.agency, found, SECOND, press.clock())


async def test_nothing_follows_what_was_withdrawn(press: Press) -> None:
    await press.subscribes("wants", "telegram")
    number = await press.announces()
    fixed = await press.signs(CUT, relation=Relation.CORRECTION, first=number)

    await withdraws(press, number)
    press.clock.move(days=2)
    await press.goes_out()

    assert press.got("telegram") == {"wants": 1}
    assert (await standing(press, fixed)).state is State.CANCELLED
    with pytest.raises(Refused):
        await press.signs(CUT, relation=Relation.CORRECTION, first=number)


async def test_who_is_still_to_be_told_with_a_reply_is_told_the_right_words_alone(
    press: Press,
) -> None:
    reader = await press.subscribes("reader", "line")
    number = await press.announces(replaced(CUT, way=Way.RIDE))

    await corrects(press, number, replaced(CUT, headline_th="ที่ถูก", way=Way.RIDE))
    assert await read(press, reader) == ["แก้ไขข่าว: ที่ถูก"]
    await corrects(press, number, replaced(CUT, headline_th="อีกครั้ง", way=Way.RIDE))
    press.clock.move(days=2)
    await press.goes_out()
    assert await read(press, reader) == ["สิ้นสุดแล้ว: อีกครั้ง"], "it is too late for the other"


async def test_a_correction_that_takes_the_end_away_takes_its_all_clear_away(press: Press) -> None:
    await press.subscribes("wants", "telegram")
    number = await press.announces(replaced(CUT, kind="notice"))

    await corrects(press, number, replaced(CUT, kind="notice"), lasts=None)
    press.clock.move(days=2)
    await press.goes_out()

    assert press.got("telegram") == {"wants": 2}
    assert (await standing(press, number)).ended_at is None


async def test_an_end_that_passes_while_its_correction_can_be_undone_is_told_at_once(
    press: Press,
) -> None:
    await press.subscribes("wants", "telegram")
    number = await press.announces(lasts=timedelta(days=9))

    await corrects(press, number, CUT, lasts=timedelta(seconds=30))
    await press.goes_out()

    assert press.words("telegram")[-1].startswith("สิ้นสุดแล้ว")
    assert press.got("telegram") == {"wants": 3}
    assert (await standing(press, number)).ended_at == press.clock()
    press.clock.move(days=10)
    await press.goes_out()
    assert press.got("telegram") == {"wants": 3}


async def ends(press: Press, number: int) -> None:
    """Somebody who may says that it is over."""
    async with press.database.session() as session:
        found = await announcement_of(session, press.agency.slug, number)
        assert found
        await announcing.end_now(session, press.agency, found, SECOND, press.clock())


async def ended_while_corrected(press: Press, lasts: timedelta | None) -> int:
    """Its number: a correction is signed, half a minute later it is ended, and then corrected."""
    await press.subscribes("wants", "telegram")
    notice = replaced(CUT, kind="notice")
    number = await press.announces(notice)
    await press.signs(notice, relation=Relation.CORRECTION, first=number, lasts=lasts)
    press.clock.move(seconds=30)
    await ends(press, number)
    press.clock.move(seconds=31)
    await press.goes_out()
    return number


@pytest.mark.parametrize("lasts", [timedelta(days=9), None])
async def test_an_early_end_is_told_though_a_correction_is_posted_in_the_same_minute(
    press: Press, lasts: timedelta | None
) -> None:
    number = await ended_while_corrected(press, lasts)

    assert (await standing(press, number)).ended_at is None

    press.clock.move(seconds=30)
    await press.goes_out()
    assert (await standing(press, number)).ended_at == press.clock()
    assert press.words("telegram")[-1].startswith("สิ้นสุดแล้ว")
    press.clock.move(days=10)
    await press.goes_out()
    assert press.got("telegram") == {"wants": 3}


@pytest.mark.parametrize(("lasts", "told"), [(timedelta(days=9), 3), (None, 2)])
async def test_an_early_end_that_is_undone_ends_as_the_correction_says(
    press: Press, lasts: timedelta | None, told: int
) -> None:
    number = await ended_while_corrected(press, lasts)

    async with press.database.session() as session:
        found = await announcement_of(session, press.agency.slug, number)
        assert found
        await announcing.keep_going(session, found, SECOND, press.clock())

    press.clock.move(days=5)
    await press.goes_out()
    assert press.got("telegram") == {"wants": 2}, "longer than was said at first"
    press.clock.move(days=5)
    await press.goes_out()
    assert press.got("telegram") == {"wants": told}


async def test_a_digest_has_room_for_every_topic_and_counts_what_it_leaves_out(
    press: Press,
) -> None:
    notice = replaced(CUT, kind="notice")
    await press.subscribes("work", "telegram", "jobs", frequency=Frequency.WEEKLY)
    await press.subscribes("all", "telegram", "jobs", "services", frequency=Frequency.WEEKLY)
    for n in range(2):
        await press.announces(replaced(notice, topic="jobs", headline_th=f"งาน{n}"), lasts=None)
    for n in range(22):
        await press.announces(replaced(notice, headline_th=f"น้ำ{n}"), lasts=None)
    press.clock.move(hours=8)

    await NewsRounds(press.database, press.newsroom.channels).weekly(press.clock(), press.clock())
    await press.goes_out()

    said = {call.address: str(call.payload["text"]) for call in press.newsroom.telegram.sent}
    assert said.keys() == {"work", "all"}
    assert [said["work"].count(f"งาน{n}") for n in range(2)] == [1, 1]
    assert "ก่อนหน้านั้นอีก" not in said["work"]
    assert "อีก 4 เรื่อง" in said["all"]


async def test_what_recurs_is_in_the_digest_after_each_time_once(press: Press) -> None:
    await press.subscribes("daily", "telegram", frequency=Frequency.DAILY)
    await press.subscribes("weekly", "telegram", frequency=Frequency.WEEKLY)
    number = await press.signs(WEEKLY, lasts=timedelta(weeks=3))
    rounds = NewsRounds(press.database, press.newsroom.channels)
    await recurs(press, number)
    times = 1
    while (due := (await standing(press, number)).next_at) is not None:
        assert sum(press.got("telegram").values()) == 2 * (times - 1)
        for digest in (rounds.daily, rounds.daily, rounds.weekly):
            press.clock.move(hours=20)
            await digest(press.clock(), press.clock())
            await press.goes_out()
        assert press.got("telegram") == {"daily": times, "weekly": times}
        press.clock.move(seconds=(due - press.clock()).total_seconds() + 60)
        await rounds.recur(press.clock())
        await press.goes_out()
        times += 1

    assert times == 3


async def test_a_digest_that_waits_for_a_reply_tells_nothing_withdrawn(press: Press) -> None:
    press.newsroom.line.limit = 0
    reader = await press.subscribes("reader", "line", frequency=Frequency.DAILY)
    other = await press.subscribes("other", "line", "jobs", frequency=Frequency.DAILY)
    notice = replaced(CUT, kind="notice")
    await press.announces(notice, lasts=None)
    both = [("services", "ผิด"), ("jobs", "งานผิด")]
    wrong = [
        await press.announces(replaced(notice, topic=topic, headline_th=said), lasts=None)
        for topic, said in both
    ]
    press.clock.move(hours=8)
    await NewsRounds(press.database, press.newsroom.channels).daily(press.clock(), press.clock())
    await press.goes_out()

    for number in wrong:
        await withdraws(press, number)
        async with press.database.session() as session:
            await tell_anew(session, press.agency, number, ADDRESS, press.clock())

    assert press.got("line") == {}
    assert await read(press, reader) == [CUT.headline_th]
    assert await read(press, other) == []


async def test_a_digest_that_waits_for_a_reply_tells_the_corrected_words(press: Press) -> None:
    press.newsroom.line.limit = 0
    reader = await press.subscribes("reader", "line", frequency=Frequency.DAILY)
    told = await press.subscribes("told", "line", frequency=Frequency.DAILY)
    number = await press.announces(replaced(CUT, headline_th="ผิด"))
    press.clock.move(hours=8)
    await NewsRounds(press.database, press.newsroom.channels).daily(press.clock(), press.clock())
    await press.goes_out()
    assert await read(press, told) == ["ผิด"]

    await corrects(press, number, replaced(CUT, headline_th="ที่ถูก", way=Way.RIDE))
    async with press.database.session() as session:
        [digest] = [one.text for one in await take(session, reader.id, press.clock())]
    assert "ที่ถูก" in digest
    assert "ผิด" not in digest
    assert await read(press, told) == ["แก้ไขข่าว: ที่ถูก"]

    press.clock.move(days=2)
    await press.goes_out()
    assert await read(press, reader) == ["สิ้นสุดแล้ว: ที่ถูก"]


async def test_a_digest_that_waits_for_a_reply_says_what_has_ended_meanwhile(press: Press) -> None:
    press.newsroom.line.limit = 0
    reader = await press.subscribes("reader", "line", frequency=Frequency.DAILY)
    await press.announces()
    press.clock.move(hours=8)
    await NewsRounds(press.database, press.newsroom.channels).daily(press.clock(), press.clock())
    await press.goes_out()

    press.clock.move(days=2)
    await press.goes_out()
    async with press.database.session() as session:
        digest, _ = [one.text for one in await take(session, reader.id, press.clock())]
    assert f"{CUT.headline_th} (สิ้นสุดแล้ว)" in digest


async def test_the_end_of_what_a_digest_told_is_booked_as_well(press: Press) -> None:
    within_a_month(press)
    press.newsroom.line.limit = 100
    await press.subscribes("reader", "line", frequency=Frequency.DAILY)
    await press.announces(lasts=timedelta(days=5))
    press.clock.move(hours=8)
    await NewsRounds(press.database, press.newsroom.channels).daily(press.clock(), press.clock())
    await press.goes_out()

    ledger = await press.quotas.ledger(press.newsroom.line)
    assert press.got("line") == {"reader": 1}
    assert ledger
    assert ledger.booked == 1


async def test_stopping_a_topic_leaves_those_alone_whose_name_begins_alike(press: Press) -> None:
    reader = await press.subscribes("reader", "line", "jobs", "jobs-abroad")
    await press.announces(replaced(CUT, topic="jobs", headline_th="งาน", way=Way.RIDE))
    await press.announces(replaced(CUT, topic="jobs-abroad", headline_th="นอก", way=Way.RIDE))

    async with press.database.session() as session:
        await stop(session, reader.id, "jobs")

    assert await read(press, reader) == ["นอก"]


async def test_a_notice_that_the_quota_stopped_for_weeks_is_not_told_for_each_of_them(
    press: Press,
) -> None:
    await press.subscribes("reader", "line")
    press.newsroom.line.limit = 0
    number = await press.signs(WEEKLY, lasts=timedelta(days=60))
    await recurs(press, number)
    await passes(press, weeks=2)
    stopped = [one for one in await press.mailings() if one.channel == "line"]

    assert len(stopped) == 3
    assert [one.ended_at is None for one in stopped] == [False, False, True]
