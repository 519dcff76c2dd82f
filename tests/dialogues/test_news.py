"""News in the chat: asked for in three taps, seen, changed, stopped in one word, read again."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from admin.announcements import Announcement, Content, Relation, State
from admin.chat_menus import commands
from admin.subscriptions import Frequency, Subscriber, Subscription, is_subscribed
from bot import forgetting
from bot.messages import Kind
from bot.metrics import Metrics
from bot.settings import ROOT
from bot.tables import ContactRow
from handlers.desk import Desk
from knowledge.registry import Registry
from tests.dialogues.test_reports import ROAD, rows, state_of, tap, values
from tests.dialogues.test_ways_out import CANCELLED, MENU

PLAIN, WIDE = "tapon", "riverside"
"""An agency as its folder has it, and one of many areas."""
LONG = "quarter-of-the-weavers-by-the-east-gate0"
AREAS = [LONG, *(f"moo-{number}" for number in range(1, 12))]
POSTED = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Two agencies: one that has no areas, and the same with twelve made up ones."""
    folder = tmp_path_factory.mktemp("agencies")
    for name, source in (("_default", "_default"), (PLAIN, PLAIN), (WIDE, PLAIN)):
        shutil.copytree(ROOT / "knowledge" / "agencies" / source, folder / name)
    made = "".join(
        f'\n[[news.areas]]\nid = "{area}"\nth = "หมู่ {n}"\nen = "Village {n}"\n'
        for n, area in enumerate(AREAS)
    )
    profile = Path(folder / WIDE / "profile.toml")
    profile.write_text(profile.read_text("utf-8") + made, "utf-8")
    registry = Registry(folder, tmp_path_factory.mktemp("kept"))
    registry.refresh()
    assert set(registry.served) == {PLAIN, WIDE}
    return registry


@pytest.fixture
def resident(town):
    """A citizen of the agency that has no areas."""
    return town.citizen(PLAIN)


@pytest.fixture
def villager(town):
    """A citizen of the agency that has areas."""
    return town.citizen(WIDE)


async def subscribed(town) -> tuple[list[tuple[str, str]], Frequency | None, datetime | None]:
    """Topics and areas of the one subscriber, how often, and since when paused."""
    had = [(one.topic, one.area) for one in await rows(town, Subscription)]
    found = await rows(town, Subscriber)
    [row] = found or [None]
    return had, row and row.frequency, row and row.paused_at


async def posts(town, slug: str = PLAIN, **what: object) -> int:
    """An announcement on the page; its number."""
    fields = {"kind": "notice", "topic": "services", "unit": "sections", "way": "page"}
    extra = {k: what.pop(k) for k in list(what) if k in Announcement.__mapper__.attrs}
    row = {
        "agency": slug, "state": State.POSTED, "signatures_": [], "cleared": [], "made_by": 1,
        "made_at": POSTED, "changed_at": POSTED, "posted_at": POSTED, **extra,
    }  # fmt: skip
    async with town.database.session() as session:
        announcement = Announcement(**row)
        announcement.content = Content(**{**fields, **what})
        session.add(announcement)
        await session.flush()
        return announcement.id


async def test_two_taps_are_enough_where_there_are_no_areas(town, resident):
    [menu] = await resident("เมนู")
    [topics] = await resident(choose="news")
    [how] = await resident(choose="news:topic:services")
    [done] = await resident(choose="news:how:now")

    assert "news" in values(menu)
    assert "1. เหตุด่วน ภัยพิบัติ" in topics.text
    assert values(how)[:3] == ["news:how:now", "news:how:daily", "news:how:weekly"]
    assert how.text.splitlines()[1] == (
        "อยากรับบ่อยแค่ไหน แตะหรือพิมพ์ตัวเลขได้เลย เรื่องด่วนในหัวข้อที่เลือกส่งทันทีเสมอ"
    )
    assert await subscribed(town) == ([("services", "")], Frequency.AT_ONCE, None)
    urgent = "ทันทีที่มีข่าว เรื่องด่วนในหัวข้อที่เลือกส่งทันทีเสมอ"
    for told in ("น้ำ ไฟ ขยะ ถนน", urgent, "หยุดรับข่าว", "ข่าวที่รับ"):
        assert told in done.text
    assert "พื้นที่" not in done.text


async def test_three_taps_are_enough_where_there_are_areas(town, villager):
    await villager("รับข่าว")
    [areas] = await villager(choose="news:topic:services")
    [how] = await villager(choose="news:area:moo-2")
    [done] = await villager(choose="news:how:daily")

    assert values(areas)[:2] == [f"news:area:{LONG}", "news:area:moo-1"]
    assert "หมู่ 2" in how.text
    assert await subscribed(town) == ([("services", "moo-2")], Frequency.DAILY, None)
    assert "พื้นที่: หมู่ 2" in done.text


async def test_several_topics_and_areas_are_chosen_one_after_another(town, villager):
    await villager("รับข่าว")
    reply = await tap(
        villager, "news:topic:services", "news:topics", "news:topic:jobs", "news:area:moo-1",
        "news:areas", "news:area:moo-3",
    )  # fmt: skip
    assert await rows(town, Subscriber) == []
    [done] = await villager(choose="news:how:weekly")

    assert "หมู่ 1, หมู่ 3" in reply.text
    assert await subscribed(town) == (
        [("jobs", "moo-1"), ("jobs", "moo-3"), ("services", "moo-1"), ("services", "moo-3")],
        Frequency.WEEKLY,
        None,
    )
    assert "น้ำ ไฟ ขยะ ถนน, รับสมัครงาน" in done.text


async def test_every_topic_and_everywhere_are_one_tap_each(town, villager):
    await villager("รับข่าว")
    reply = await tap(villager, "news:all", "news:everywhere", "news:how:now")
    topics = town.registry.served[WIDE].agency.newsroom.topics
    had, _, _ = await subscribed(town)

    assert sorted(had) == sorted((topic, "") for topic in topics)
    assert "เรื่อง: ทุกเรื่อง" in reply.text
    assert "พื้นที่: ทุกพื้นที่" in reply.text


async def test_all_of_it_is_done_by_typed_numbers(town, villager):
    await villager("สมัครรับข่าว")
    await villager("๒")
    [how] = await villager("ข้อ 3")
    await villager("1")

    assert "หมู่ 2" in how.text
    assert await subscribed(town) == ([("services", "moo-2")], Frequency.AT_ONCE, None)


async def test_and_by_the_words_on_the_buttons(town, villager):
    await villager("รับข่าว", "น้ำ ไฟ ขยะ ถนน", "ทุกพื้นที่", "สรุปรายวัน")

    assert await subscribed(town) == ([("services", "")], Frequency.DAILY, None)


@pytest.mark.parametrize(
    ("said", "frequency"),
    [
        ("รายวัน", Frequency.DAILY), ("ทุกวันครับ", Frequency.DAILY), ("daily", Frequency.DAILY),
        ("รายสัปดาห์", Frequency.WEEKLY), ("ทุกสัปดาห์", Frequency.WEEKLY),
        ("Weekly", Frequency.WEEKLY), ("ทันที", Frequency.AT_ONCE), ("now", Frequency.AT_ONCE),
    ],
)  # fmt: skip
async def test_how_often_is_said_in_ones_own_words(town, resident, said, frequency):
    await resident("รับข่าว")
    await tap(resident, "news:topic:services")
    await resident(said)

    assert await subscribed(town) == ([("services", "")], frequency, None)


async def test_how_often_may_be_said_first_and_after_a_question_in_between(town, resident):
    await resident("รับข่าว", "รายวัน")
    await tap(resident, "news:topic:services")
    early = await subscribed(town)
    await tap(resident, "news:stop", "news", "news:topic:jobs")
    await resident("ติดต่อหน่วยงานได้ที่ไหน", "ทุกสัปดาห์")

    assert early == ([("services", "")], Frequency.DAILY, None)
    assert await subscribed(town) == ([("jobs", "")], Frequency.WEEKLY, None)


@pytest.mark.parametrize(
    ("said", "topic"),
    [("น้ำ", "services"), ("ขยะ", "services"), ("water", "services"), ("ข่าว", "news")],
)
async def test_a_topic_is_known_by_how_its_name_begins(town, resident, said, topic):
    await resident("รับข่าว", said, "1")

    assert await subscribed(town) == ([(topic, "")], Frequency.AT_ONCE, None)


async def test_an_area_is_known_by_its_name_on_whatever_page_of_the_list_it_stands(town, villager):
    await villager("รับข่าว", "น้ำ")
    [unclear] = await villager("หมู่")
    await villager("หมู่ 11", "ทันที")

    assert "news:everywhere" in values(unclear)
    assert await subscribed(town) == ([("services", "moo-11")], Frequency.AT_ONCE, None)


async def test_an_area_is_known_by_its_name_after_something_else_was_asked(town, villager):
    await villager("รับข่าว", "น้ำ", "ติดต่อหน่วยงานได้ที่ไหน", "หมู่ 10", "รายวัน")

    assert await subscribed(town) == ([("services", "moo-10")], Frequency.DAILY, None)


async def test_a_topic_left_for_later_does_not_take_what_is_asked(town, resident):
    await resident("รับข่าว", "ติดต่อหน่วยงานได้ที่ไหน")
    [answer] = await resident("จัดซื้อจัดจ้าง")

    assert "news:how:now" not in values(answer)


@pytest.mark.parametrize("said", ["เอ่อ เดี๋ยวนะ", "อะไรก็ได้", "🙂", "ขอบคุณ", "รับข่าวต่อ", "ข่าวของวันพุธ"])
async def test_words_that_are_no_choice_leave_the_question_standing(town, villager, said):
    await villager("รับข่าว")
    await tap(villager, "news:topic:services", "news:areas:1", "news:area:moo-9", "news:areas:1")
    replies = await villager(said)
    await villager("1", "สรุปรายวัน")

    assert values(replies[-1])[:2] == ["news:area:moo-8", "news:noarea:moo-9"]
    assert "2. ✓ หมู่ 9" in replies[-1].text
    assert await subscribed(town) == (
        [("services", "moo-8"), ("services", "moo-9")], Frequency.DAILY, None,
    )  # fmt: skip


async def test_who_means_something_else_is_not_held_back_by_the_choosing(town, resident):
    await resident("รับข่าว")
    [again] = await resident("งบประมาณ")
    [other] = await resident("งบประมาณ")
    await resident("รับข่าว")
    [asked] = await resident("ติดต่อหน่วยงานได้ที่ไหน")
    await resident("รับข่าว")
    [fire, *_] = await resident("ไฟไหม้บ้าน")

    assert "news:topic:services" in values(again)
    assert again.text.startswith("ไม่มีข้อนี้")
    assert "news:topic:services" not in values(other)
    assert "news:topic:services" not in values(asked)
    assert "199" in fire.text


async def test_going_back_asks_again_and_keeps_what_was_chosen(town, villager):
    await villager("รับข่าว")
    await tap(villager, "news:topic:services", "news:area:moo-1")
    [areas] = await villager("ย้อนกลับ")
    await tap(villager, "news:noarea:moo-1")
    [topics] = await villager("ย้อนกลับ")
    [without] = await villager(choose="news:stop:services")

    assert "news:noarea:moo-1" in values(areas)
    assert "✓ หมู่ 1" in areas.text
    assert "2. ✓ น้ำ ไฟ ขยะ ถนน" in topics.text
    assert "✓" not in without.text
    assert await rows(town, Subscriber) == []


async def test_going_back_means_the_news_only_while_they_are_asked_for(town, villager):
    await villager("รับข่าว")
    await tap(villager, "news:topic:services")
    [elsewhere, *_] = await villager("ติดต่อ", "ย้อนกลับ")

    assert "news:topic:services" not in values(elsewhere)


@pytest.mark.parametrize("way", ["word", "button"])
async def test_cancelling_leaves_nothing(town, villager, way):
    await villager("รับข่าว")
    await tap(villager, "news:topic:services")
    [reply] = await (villager("ยกเลิก") if way == "word" else villager(choose="cancel"))

    assert reply.text == CANCELLED
    assert "wish" not in await state_of(town, villager)


async def test_a_question_in_the_midst_is_answered_and_the_buttons_still_count(town, resident):
    await resident("รับข่าว")
    await tap(resident, "news:topic:services")
    [answer] = await resident("ติดต่อหน่วยงานได้ที่ไหน")
    await tap(resident, "news:how:daily")

    assert "news:how:daily" not in values(answer)
    assert await subscribed(town) == ([("services", "")], Frequency.DAILY, None)


async def test_buttons_of_last_year_mean_what_they_say(town, villager):
    await villager("รับข่าว")
    await tap(villager, "news:topic:jobs")
    town.clock.now += timedelta(days=365)
    [topics] = await villager(choose="news:how:weekly")
    [areas] = await villager(choose="news:topic:services")
    await villager(choose="news:area:moo-4")

    assert "news:topic:jobs" in values(topics)
    assert "รับสมัครงาน" not in areas.text
    assert await subscribed(town) == ([("services", "moo-4")], Frequency.WEEKLY, None)


@pytest.mark.parametrize("value", [
    "news:topic:gone", "news:topic:", "news:area:gone", "news:how:hourly", "news:nonsense",
    "news:topics:99", "news:areas:x", "news:noarea:gone", "news:one:x", "news:one:77", "news:back",
    "news:one:99999999999999999999", "news:next", "news:::", "news:stop:gone", "news:again",
])  # fmt: skip
@pytest.mark.parametrize("slug", [PLAIN, WIDE])
async def test_a_button_that_means_nothing_any_more_is_answered(town, slug, value):
    replies = await town.citizen(slug)(choose=value)

    assert replies
    assert all(reply.text.strip() for reply in replies)
    assert replies[-1].choices
    assert await rows(town, Subscriber) == []


async def test_every_button_fits_into_what_platforms_hold(town, villager):
    seen: set[str] = set()
    todo = ["news"]
    while todo:
        for reply in await villager(choose=todo.pop()):
            fresh = {v for v in values(reply) if v.startswith("news")} - seen
            assert len(reply.choices) <= 13
            seen |= fresh
            todo += sorted(fresh)

    assert {f"news:area:{area}" for area in AREAS} <= seen
    assert f"news:noarea:{LONG}" in seen
    assert all(len(value.encode()) <= 60 and value.isascii() for value in seen)
    assert (
        max(len(f"{name}:{'x' * 40}") for name in ("news:stop", "news:topic", "news:noarea")) <= 60
    )


async def test_what_one_gets_is_seen_and_each_tap_changes_it_at_once(town, villager):
    await tap(villager, "news:topic:services", "news:area:moo-1", "news:how:now")
    [mine] = await villager("ข่าวที่รับ")
    more = await tap(villager, "news:topic:jobs")
    await tap(villager, "news:area:moo-2")
    await tap(villager, "news:how:weekly")

    assert "น้ำ ไฟ ขยะ ถนน" in mine.text
    assert "หมู่ 1" in mine.text
    assert {"news:topics", "news:areas", "news:how", "news:stop"} <= set(values(mine))
    assert "รับสมัครงาน" in more.text
    assert await subscribed(town) == (
        [("jobs", "moo-1"), ("jobs", "moo-2"), ("services", "moo-1"), ("services", "moo-2")],
        Frequency.WEEKLY,
        None,
    )


async def test_without_its_last_area_it_is_asked_again_and_never_widened(town, villager):
    await tap(villager, "news:topic:services", "news:area:moo-1", "news:how:now")
    asked = await tap(villager, "news:noarea:moo-1")
    before = await subscribed(town)
    await tap(villager, "news:area:moo-2")

    assert "news:area:moo-1" in values(asked)
    assert before[0] == [("services", "moo-1")]
    assert (await subscribed(town))[0] == [("services", "moo-2")]


async def test_one_topic_is_stopped_by_its_leaflet_and_taken_back_with_a_tap(town, villager):
    await tap(villager, "news:all", "news:area:moo-1", "news:how:now")
    had, _, _ = await subscribed(town)
    [stopped] = await villager(choose="news:stop:jobs")
    less, _, _ = await subscribed(town)
    await villager(choose=values(stopped)[0])

    assert "รับสมัครงาน" in stopped.text.splitlines()[0]
    assert "จัดซื้อจัดจ้าง" in stopped.text.splitlines()[1]
    assert set(had) - set(less) == {("jobs", "moo-1")}
    assert (await subscribed(town))[0] == had


@pytest.mark.parametrize(
    "said",
    [
        "หยุดรับข่าว", "หยุดรับ", "เลิกรับข่าวครับ", "Stop news", "unsubscribe", "ไม่รับข่าวแล้ว", "/stop",
        "/stop@thamdai_bot", "ไม่อยากได้ข่าวแล้ว", "ไม่รับแล้วค่ะ", "หยุด", "หยุดเลย", "หยุดครับ", "STOP",
    ],
)  # fmt: skip
async def test_one_word_stops_all_and_one_tap_takes_it_back(town, villager, said):
    await tap(villager, "news:all", "news:area:moo-1", "news:how:weekly")
    before = await subscribed(town)
    [stopped] = await villager(said)
    await villager("ยกเลิก")
    nothing = await rows(town, Subscriber), await rows(town, Subscription)
    [back] = await villager(choose=values(stopped)[0])

    assert nothing == ([], [])
    assert ("หยุดส่งข่าวแล้ว" in stopped.text) or stopped.text.startswith("Stopped")
    assert await subscribed(town) == before
    assert "news:stop" in values(back)


async def test_what_was_stopped_is_not_mixed_into_what_is_chosen_later(town, resident):
    await tap(resident, "news:topic:jobs", "news:how:weekly")
    await resident("หยุดรับข่าว")
    await tap(resident, "news", "news:topic:services", "news:how:now")

    assert await subscribed(town) == ([("services", "")], Frequency.AT_ONCE, None)


async def test_stopping_the_last_topic_stops_all(town, resident):
    await tap(resident, "news:topic:jobs", "news:how:weekly")
    [stopped] = await resident(choose="news:stop:jobs")
    assert await rows(town, Subscriber) == []
    await resident("รับข่าวต่อ")

    assert "หยุดส่งข่าวแล้ว" in stopped.text
    assert await subscribed(town) == ([("jobs", "")], Frequency.WEEKLY, None)


async def test_who_gets_nothing_is_told_so(resident):
    [reply] = await resident("หยุดรับข่าว")

    assert reply.text.startswith("แชตนี้ไม่ได้รับข่าวอยู่")
    assert values(reply)[0] == "news"


@pytest.mark.parametrize("said", ["ข่าว", "ข่าวสาร", "News"])
async def test_the_label_of_the_menu_opens_what_one_gets_or_the_choosing(town, resident, said):
    [topics] = await resident(said)
    await tap(resident, "news:topic:jobs", "news:how:now")
    [mine] = await resident(said)

    assert "news:topic:services" in values(topics)
    assert "news:how" in values(mine)


async def test_a_bare_stop_leaves_what_is_going_on_first(town, resident):
    [without] = await resident("หยุด")
    await tap(resident, "news:topic:jobs", "news:how:now")
    [tapped] = await resident(choose="cancel")
    await resident(ROAD)
    [dropped] = await resident("หยุด")
    [offered] = await resident("ยกเลิก")
    await resident(choose="news:topics")
    [left] = await resident("หยุด")
    still = await rows(town, Subscriber)
    await resident("หยุด")

    assert without.text == tapped.text == CANCELLED
    assert "news:stop" not in values(dropped)
    assert values(offered)[0] == values(left)[0] == "news:stop"
    assert "หยุดรับข่าว" in left.text
    assert len(still) == 1
    assert await rows(town, Subscriber) == []


async def test_while_a_report_waits_cancelling_is_about_that_and_a_bare_stop_about_the_news(
    town, resident
):
    await tap(resident, "news:topic:jobs", "news:how:now")
    await resident(ROAD, "เมนู")
    [kept] = await resident("ยกเลิก")
    await resident("เมนู", "หยุด")

    assert kept.text.startswith("เรื่องที่แจ้งค้างไว้ยังอยู่")
    assert values(kept)[:2] == ["draft:resume", "draft:drop"]
    assert "draft" in await state_of(town, resident)
    assert await rows(town, Subscriber) == []


async def test_an_hour_after_a_matter_a_bare_stop_means_the_news_again(town, resident):
    await tap(resident, "news:topic:jobs", "news:how:now")
    async with town.database.session() as session:
        row = await session.get_one(ContactRow, resident.contact.id)
        since = int(town.clock.now.timestamp())
        row.state = {**row.state, "awaits": f"mine:7:{since}"}
    await resident.do(Kind.STICKER)
    town.clock.now += timedelta(hours=2)
    async with town.database.session() as session:
        row = await session.get_one(ContactRow, resident.contact.id)
        row.state = {**row.state, "awaits": f"mine:7:{since}"}
    await resident("หยุด")

    assert await rows(town, Subscriber) == []


async def test_news_are_stopped_in_the_midst_of_a_report_which_is_kept(town, resident):
    await tap(resident, "news:topic:jobs", "news:how:now")
    await resident(ROAD)
    [part] = await resident("รับข่าว")
    [stopped] = await resident("หยุดรับข่าว")

    assert "news:topic:jobs" not in values(part)
    assert "หยุดส่งข่าวแล้ว" in stopped.text
    assert (await state_of(town, resident))["draft"]["paused"]


async def test_a_group_is_told_why_it_gets_none_and_may_read(town):
    await posts(town, headline_th="น้ำไม่ไหลวันเสาร์")
    group = town.citizen(PLAIN, group=True)
    [menu] = await group("เมนู")
    [refused] = await group("/news")
    [tapped] = await group(choose="news:topic:jobs")
    [latest] = await group(choose="news:latest")
    [one] = await group("1")

    assert "news" not in values(menu)
    assert refused.text.startswith("รับข่าวในกลุ่มไม่ได้")
    assert tapped.text == refused.text
    assert "น้ำไม่ไหล" in one.text
    assert not any(v.split(":")[0] == "news" for v in values(one) if v != "news:latest")
    assert "news" not in values(latest)
    assert await rows(town, Subscriber) == []


async def test_blocking_pauses_and_only_a_yes_brings_the_news_back(town, resident):
    await tap(resident, "news:topic:jobs", "news:how:now")
    assert await resident.do(Kind.UNFOLLOW) == []
    _, _, paused = await subscribed(town)
    welcome, asked = await resident.do(Kind.FOLLOW)
    _, _, unanswered = await subscribed(town)
    [plain] = await resident("เมนู")
    [mine] = await resident("ข่าวที่รับ")
    await resident("1")

    assert paused == unanswered == town.clock.now
    assert welcome.text.startswith("สวัสดี")
    assert welcome.choices == ()  # on LINE they would stand before the two that count
    assert values(asked)[:2] == ["news:again", "news:stop"]
    assert plain.text == MENU
    assert mine.text == asked.text
    assert await subscribed(town) == ([("jobs", "")], Frequency.AT_ONCE, None)


async def test_a_no_ends_the_subscription(town, resident):
    await tap(resident, "news:topic:jobs", "news:how:now")
    await resident.do(Kind.UNFOLLOW)
    await resident.do(Kind.FOLLOW)
    [reply] = await resident("2")

    assert "หยุดส่งข่าวแล้ว" in reply.text
    assert await rows(town, Subscriber) == []


@pytest.mark.parametrize("how", ["writes", "follows"])
async def test_who_was_found_to_have_blocked_us_is_asked_once(town, resident, how):
    await tap(resident, "news:topic:jobs", "news:how:now")
    async with town.database.write() as connection:  # as a refused request leaves it
        await connection.execute(update(ContactRow).values(blocked=True))
    coming = resident("เมนู") if how == "writes" else resident.do(Kind.FOLLOW)
    asked = [reply for reply in await coming if "news:again" in values(reply)]
    again = await resident("เมนู")
    _, _, paused = await subscribed(town)
    await resident("รับข่าวต่อ")

    assert len(asked) == len(again) == 1
    assert "news:again" not in values(again[0])
    assert paused is not None
    assert (await subscribed(town))[2] is None
    [row] = await rows(town, ContactRow)
    assert not row.blocked


async def test_who_needs_help_is_told_whom_to_call_before_anything_of_news(town, resident):
    await tap(resident, "news:topic:jobs", "news:how:now")
    async with town.database.write() as connection:
        await connection.execute(update(ContactRow).values(blocked=True))
    first, *others = await resident("ไฟไหม้บ้าน")

    assert "199" in first.text
    assert any("news:again" in values(reply) for reply in others)


async def test_who_did_not_answer_is_asked_once_more_after_a_day_and_then_never(town, resident):
    await tap(resident, "news:topic:jobs", "news:how:now")
    await resident.do(Kind.UNFOLLOW)
    await resident.do(Kind.FOLLOW)
    asked = []
    for hours in (1, 22, 2, 1, 30, 50):
        town.clock.now += timedelta(hours=hours)
        replies = await resident("เมนู")
        asked.append([reply.text for reply in replies if "news:again" in values(reply)])
        assert replies[-1].text == MENU
    await resident("รับต่อ")

    assert [len(each) for each in asked] == [0, 0, 1, 0, 0, 0]
    assert await subscribed(town) == ([("jobs", "")], Frequency.AT_ONCE, None)


async def test_who_answered_meanwhile_or_blocks_again_is_not_asked_once_more(town, resident):
    await tap(resident, "news:topic:jobs", "news:how:now")
    for _ in range(2):
        await resident.do(Kind.UNFOLLOW)
        await resident.do(Kind.FOLLOW)
    gone = await resident.do(Kind.UNFOLLOW)
    town.clock.now += timedelta(days=2)
    silent = await resident.do(Kind.UNFOLLOW)
    await resident.do(Kind.FOLLOW)
    await tap(resident, "news:again")
    town.clock.now += timedelta(days=2)
    [menu] = await resident("เมนู")

    assert gone == silent == []
    assert "news:again" not in values(menu)


async def test_the_latest_news_ask_too_below_the_list(town, resident):
    number = await posts(town, headline_th="น้ำไม่ไหล")
    await tap(resident, "news:topic:jobs", "news:how:now")
    await resident.do(Kind.UNFOLLOW)
    await resident.do(Kind.FOLLOW)
    [latest] = await resident(choose="news:latest")
    [one] = await resident("1")
    await resident("ข่าววันนี้", "2")

    assert values(latest)[:3] == [f"news:one:{number}", "news:again", "news:stop"]
    assert "จะรับข่าวต่อตามที่เคยเลือกไหม" in latest.text
    assert one.text.startswith("น้ำไม่ไหล")
    assert (await subscribed(town))[2] is None


async def test_one_topic_less_does_not_hide_that_the_rest_waits(town, resident):
    await tap(resident, "news:topic:jobs", "news:topic:services", "news:how:now")
    await resident.do(Kind.UNFOLLOW)
    await resident.do(Kind.FOLLOW)
    replies = await resident(choose="news:stop:jobs")
    _, _, paused = await subscribed(town)

    assert values(replies[-1])[0] == "news:again"
    assert paused is not None


async def test_starting_again_without_having_blocked_asks_nothing(town, resident):
    await tap(resident, "news:topic:jobs", "news:how:now")
    [welcome] = await resident.do(Kind.FOLLOW)

    assert "news:again" not in values(welcome)
    assert (await subscribed(town))[2] is None


async def test_news_come_in_the_language_that_is_spoken_or_chosen(town, villager):
    await villager("news alerts")
    [areas] = await villager(choose="news:topic:services")
    done = await tap(villager, "news:area:moo-1", "news:how:daily")
    [english] = await rows(town, Subscriber)
    await villager(choose="lang:th")
    [thai] = await rows(town, Subscriber)

    assert "Village 1" in areas.text
    assert "Water, power, waste, roads" in done.text
    assert (english.language, thai.language) == ("en", "th")


@pytest.mark.parametrize("text", ["ข่าวประชาสัมพันธ์อยู่ตรงไหน", "สมัครรับข่าวสารยังไง", "มีแจ้งเตือนน้ำท่วมมั้ย"])
async def test_a_question_about_news_is_answered_from_the_knowledge_base(resident, text):
    [reply] = await resident(text)

    assert "news:topic:services" not in values(reply)
    assert reply.card or any(value.startswith("a:") for value in values(reply))


async def test_an_announcement_is_shown_as_it_stands_now(town, resident):
    number = await posts(town, headline_th="น้ำไม่ไหล", text_th="ซ่อมท่อ", headline_en="No water")
    [fresh] = await resident(choose=f"news:one:{number}")
    await tap(resident, "news:topic:services", "news:how:now")
    [had] = await resident(choose=f"news:one:{number}")

    assert fresh.text.startswith("น้ำไม่ไหล")
    assert "ซ่อมท่อ" in fresh.text
    assert values(fresh)[0] == "news:topic:services"
    assert values(had)[0] == "news:stop:services"


@pytest.mark.parametrize("way", ["told", "passed"])
async def test_one_that_has_ended_says_so_first(town, resident, way):
    until = {"valid_until": POSTED + timedelta(hours=8)} if way == "passed" else {}
    ended = {"ended_at": POSTED + timedelta(hours=8)} if way == "told" else {}
    number = await posts(town, headline_th="จอดรถฟรี", **until, **ended)
    [one] = await resident(choose=f"news:one:{number}")
    [latest] = await resident(choose="news:latest")

    assert one.text.startswith("ประกาศนี้สิ้นสุดแล้ว เมื่อ 30 พ.ย. 2569 17:00 น.\n\nจอดรถฟรี")
    assert "1. จอดรถฟรี (สิ้นสุดแล้ว)" in latest.text


async def test_a_correction_and_the_end_follow_the_first(town, resident):
    first = await posts(town, headline_th="น้ำไม่ไหล", valid_until=POSTED + timedelta(hours=1))
    later = {"first_id": first, "posted_at": POSTED + timedelta(minutes=30)}
    until = town.clock.now + timedelta(days=3)
    number = await posts(
        town, headline_th="น้ำไม่ไหล ถึงวันศุกร์", relation=Relation.CORRECTION,
        valid_until=until, **later,
    )  # fmt: skip
    told = await resident(choose=f"news:one:{number}")

    assert [reply.text.splitlines()[0] for reply in told] == [
        "ประกาศนี้มีการแก้ไข เมื่อ 30 พ.ย. 2569 09:30 น. ข้อความที่ถูกต้องอยู่ด้านล่าง",
        "แก้ไขข่าว: น้ำไม่ไหล ถึงวันศุกร์",
    ]
    assert "news:topic:services" in values(told[-1])


async def test_the_list_has_the_headline_as_corrected_and_its_end(town, resident):
    ago, later = POSTED + timedelta(hours=1), town.clock.now + timedelta(days=3)
    first = await posts(town, headline_th="น้ำไม่ไหล วันจันทร์", valid_until=ago)
    more = {"first_id": first, "relation": Relation.CORRECTION, "valid_until": later}
    await posts(town, headline_th="น้ำไม่ไหล ถึงวันศุกร์", **more)
    await posts(town, headline_th="น้ำไม่ไหลทั้งปี", state=State.CANCELLED, **more)
    [latest] = await resident(choose="news:latest")

    assert latest.text.splitlines()[1:] == ["1. น้ำไม่ไหล ถึงวันศุกร์"]


async def test_of_what_was_withdrawn_only_its_headline_and_why_are_left(town, resident):
    secret = {"files": ((7, "0" * 64, "รายชื่อ.pdf"),), "place": "บ้านเลขที่ 7", "text_th": "โทร 081"}
    number = await posts(
        town, headline_th="ลดภาษี", state=State.CANCELLED, reason="ประกาศผิดปี", ended_at=POSTED,
        all_clear_th="จบแล้ว", source_url="https://example.go.th/7", **secret,
    )  # fmt: skip
    for relation in Relation:
        later = {"relation": relation, "first_id": number, "all_clear_th": "จบแล้ว"}
        await posts(town, headline_th="ลดภาษี ปีหน้า", **later, **secret)
    told = await resident(choose=f"news:one:{number}")
    [latest] = await resident(choose="news:latest")

    assert [reply.text for reply in told] == [
        "ถอนแล้ว: ลดภาษี\n\nประกาศนี้ถูกถอนแล้ว เมื่อ 30 พ.ย. 2569 09:00 น.\nเหตุผล: ประกาศผิดปี"
    ]
    assert told[0].files == ()
    assert "news:latest" in values(told[0])
    assert "1. ลดภาษี (ถอนแล้ว)" in latest.text


async def test_a_withdrawn_one_that_never_ended_says_when_it_was_withdrawn(town, resident):
    number = await posts(town, headline_th="ลดภาษี", state=State.CANCELLED)
    [one] = await resident(choose=f"news:one:{number}")

    assert one.text == "ถอนแล้ว: ลดภาษี\n\nประกาศนี้ถูกถอนแล้ว เมื่อ 30 พ.ย. 2569 09:00 น."


async def test_drafts_and_other_agencies_announcements_are_not_shown(town, resident):
    draft = await posts(town, headline_th="ร่าง", state=State.DRAFT, posted_at=None)
    foreign = await posts(town, WIDE, headline_th="ของที่อื่น")
    for number in (draft, foreign):
        [reply] = await resident(choose=f"news:one:{number}")
        assert reply.text == "ไม่มีข่าวนี้ หรือยังไม่ได้ประกาศ"
    [latest] = await resident("ข่าววันนี้")

    assert "ร่าง" not in latest.text
    assert "ของที่อื่น" not in latest.text


async def test_the_last_five_are_listed_newest_first_with_a_tap_each(town, resident):
    numbers = [await posts(town, headline_th=f"ข่าวที่ {n}") for n in range(1, 8)]
    [latest] = await resident(choose="news:latest")
    [first] = await resident("1")

    assert values(latest)[:5] == [f"news:one:{number}" for number in reversed(numbers[2:])]
    assert first.text.startswith("ข่าวที่ 7")


async def test_the_page_is_named_where_the_installation_has_an_address(town, resident):
    number = await posts(town, headline_th="น้ำไม่ไหล")
    [without] = await resident(choose=f"news:one:{number}")
    desk = Desk(town.registry.get, Metrics(), address="https://bot.example.go.th/")
    tapped = resident.message(Kind.CHOICE, choice=f"news:one:{number}")
    thought = await desk.prepare(tapped)
    async with town.database.session() as session:
        row = await session.get_one(ContactRow, resident.contact.id)
        [shown] = await desk.handle(session, row, tapped, thought, town.clock.now)

    assert "http" not in without.text
    assert f"https://bot.example.go.th/{PLAIN}/news/{number}" in shown.text


async def test_who_gets_news_is_not_forgotten(town, resident):
    await tap(resident, "news:topic:jobs", "news:how:now")
    await town.citizen(PLAIN)("เมนู")
    later = town.clock.now + timedelta(days=400)
    async with town.database.write() as connection:
        await forgetting.expire(connection, later, needed=(is_subscribed(later),))
    async with town.database.session() as session:
        left = list(await session.scalars(select(ContactRow.id)))

    assert left == [resident.contact.id]


def test_telegram_lists_the_command(served):
    named = commands(served.served[PLAIN].agency)

    assert ("news", "ข่าวสาร") in named["th"]
    assert ("news", "News") in named["en"]


@pytest.mark.parametrize("said", ["/links", "ลิงก์สำคัญ", "Important links"])
async def test_where_there_are_no_links_their_word_shows_the_menu(resident, said):
    [reply] = await resident(said)

    assert reply.card is None
    assert reply.text == MENU or reply.text.startswith("Choose a topic")
