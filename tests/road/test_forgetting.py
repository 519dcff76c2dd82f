"""Forgetting: what a citizen takes back, or what is too old, leaves no byte behind."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import bot.clock
import bot.sqlite
from admin.attachments import Attachment as File
from admin.attachments import Status
from admin.conversation import words_of
from admin.questions import Question
from admin.subscriptions import Subscriber
from bot import forgetting, outbox
from bot.channels import telegram_messages
from bot.channels.line_messages import requests as line_requests
from bot.inbox import message_of
from bot.messages import Attachment, Kind, Reply
from bot.metrics import Metrics
from bot.settings import Settings
from bot.tables import ContactRow, OutgoingRow, Posting
from bot.timetable import timetable
from handlers.desk import Desk
from knowledge.registry import Registry
from tests.fakes import MovingClock, said
from tests.folders import copied
from tests.road.conftest import MakeRoad, Road, until

CANARY = "แมวเป็นหวัดกินยาอะไร"
"""A question that no agency answers: its words are kept for staff."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The real desk, with one agency."""
    folder = tmp_path_factory.mktemp("agencies")
    copied(folder, "tapon")
    registry = Registry(folder, tmp_path_factory.mktemp("kept"))
    registry.refresh()
    return Desk(registry.get, Metrics())


@pytest.fixture
def open_desk(desk: Desk) -> Callable[[Road], Road]:
    """Puts the real desk on a road."""

    def put(road: Road) -> Road:
        road.flow = desk
        road.rebuild()
        road.begin("lanes")
        return road

    return put


@pytest.fixture
async def road(road: Road, open_desk: Callable[[Road], Road]) -> Road:
    """A road with the real desk."""
    return open_desk(road)


async def kept_texts(road: Road) -> list[str | None]:
    """The words of every event."""
    return [message_of(row).text for row in await road.events()]


async def questions(road: Road) -> list[str | None]:
    """The words of every question that staff see."""
    async with road.database.session() as session:
        return list(await session.scalars(select(Question.text).order_by(Question.id)))


async def test_a_message_taken_back_leaves_only_that_there_was_one(road: Road) -> None:
    await road.take(said(CANARY, message_id="m1"), said("สวัสดี", message_id="m2"))
    await until(road.is_quiet)
    assert await questions(road) == [CANARY]

    await road.take(said("", kind=Kind.UNSEND, message_id="m1"))
    await until(road.is_quiet)

    first, second, _ = await road.events()
    assert CANARY not in str(first.payload)
    assert message_of(first).kind is Kind.UNSEND
    assert message_of(second).text == "สวัสดี"
    assert await questions(road) == [None]


async def test_an_edit_forgets_the_words_before_and_keeps_its_own(road: Road) -> None:
    await road.take(said(CANARY, message_id="m1"))
    await until(road.is_quiet)

    await road.take(said("ราคาทองวันนี้เท่าไหร่", message_id="m1", edited=True))
    await until(road.is_quiet)

    assert await kept_texts(road) == [None, "ราคาทองวันนี้เท่าไหร่"]
    assert CANARY not in str(await questions(road))


@pytest.mark.parametrize("words", ["“หมา” & 'แมว' <หาย>", 'C:\\หมา "ดำ" & <แมว>', "สม", "นาย ก"])
async def test_a_repetition_is_known_as_each_platform_writes_it(road: Road, words: str) -> None:
    repeated = [Reply(f"ชื่อ: {words}"), Reply("เลือกเลย")]
    payloads = [*telegram_messages.calls(repeated, None), {"messages": line_requests(repeated)[0]}]
    await road.take(message := said(words, message_id="m1"))
    await until(road.is_quiet)
    [event] = await road.events()
    async with road.database.session() as session:
        for is_sent in (True, False):
            rows = outbox.requests(
                message.contact, payloads, now=road.clock(), cause_id=event.id, mailbox=is_sent
            )
            session.add_all(OutgoingRow(**row) for row in rows)

    await road.take(said("", kind=Kind.UNSEND, message_id="m1"))
    await until(road.is_quiet)

    left = [words_of(row.payload) for row in await road.requests()]
    assert left[-2 * len(payloads) :] == ["…", "เลือกเลย", "…\n\nเลือกเลย"] * 2


async def test_a_short_message_is_not_looked_for_within_other_words(road: Road) -> None:
    await road.take(message := said("มา", message_id="m1"))
    await until(road.is_quiet)
    [event] = await road.events()
    payloads = telegram_messages.calls([Reply("ชื่อ: มานี\nเล่ามา")], None)
    async with road.database.session() as session:
        rows = outbox.requests(message.contact, payloads, now=road.clock(), cause_id=event.id)
        session.add_all(OutgoingRow(**row) for row in rows)

    await road.take(said("", kind=Kind.UNSEND, message_id="m1"))
    await until(road.is_quiet)

    assert words_of((await road.requests())[-1].payload) == "ชื่อ: มานี\nเล่ามา"


async def test_a_message_that_comes_after_it_was_taken_back_is_forgotten_too(road: Road) -> None:
    late = said(CANARY, message_id="m1")
    await road.take(said("สวัสดี", message_id="m0"))
    await road.take(said("", kind=Kind.UNSEND, message_id="m1"))
    await road.take(said("ขอบคุณค่ะ", message_id="m2"))
    await until(road.is_quiet)
    before = [row.id for row in await road.requests()]
    await road.take(late)
    await until(road.is_quiet)

    assert CANARY not in str(await kept_texts(road))
    assert await questions(road) == []
    assert [row.id for row in await road.requests()] == before


async def test_nobody_takes_back_anothers_message(road: Road) -> None:
    await road.take(said(CANARY, message_id="m1"))
    await road.take(said("", kind=Kind.UNSEND, message_id="m1", by="malee"))
    await until(road.is_quiet)

    assert (await kept_texts(road))[0] == CANARY


async def test_a_message_taken_back_before_it_was_answered_is_forgotten_too(road: Road) -> None:
    await road.crash()
    await road.take(said(CANARY, message_id="m1"), said("", kind=Kind.UNSEND, message_id="m1"))
    road.begin("lanes")
    await until(road.is_quiet)

    assert CANARY not in str(await kept_texts(road))
    assert await questions(road) == [None]


async def test_the_file_holds_no_byte_of_what_was_forgotten(
    sqlite_url: str,
    tmp_path: Path,
    make_road: MakeRoad,
    open_desk: Callable[[Road], Road],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    road = open_desk(make_road(sqlite_url))
    await road.take(*(said(f"{CANARY} {n}" * 40, message_id=f"m{n}") for n in range(30)))
    await until(road.is_quiet)
    assert CANARY.encode() in written(tmp_path)

    for n in range(30):
        await road.take(said("", kind=Kind.UNSEND, message_id=f"m{n}"))
    await until(road.is_quiet)
    assert CANARY.encode() in written(tmp_path), "the log of changes still has it"
    monkeypatch.setattr(bot.sqlite, "PATIENCE", 0.05)
    async with road.database.read() as connection:
        await connection.execute(select(ContactRow.id))  # a reader of the log as it was
        assert await road.database.wipe() is False
    assert await road.database.wipe() is True
    await road.take(said("ขอบคุณค่ะ", message_id="later"))
    await until(road.is_quiet)

    assert CANARY.encode() not in written(tmp_path)


def written(folder: Path) -> bytes:
    """Every byte of the database and its log."""
    return b"".join(file.read_bytes() for file in folder.glob("road.db*"))


async def test_only_what_is_old_and_handled_is_deleted(
    road: Road, make_road: MakeRoad, clock: MovingClock
) -> None:
    await road.take(said("เก่า"), said("เก่าด้วย", by="gone"))
    road.begin("accounts", "delivery")
    await until(lambda: all_is_sent(road))
    await road.end()
    idle = make_road(road.database)
    await idle.take(waiting := said("เก่าแต่ยังรอ"))
    await idle.post(waiting, "เก่าแต่ยังไม่ส่ง")
    clock.move(days=91)
    await idle.take(said("ใหม่", by="malee"))

    while await expired(idle, clock()):
        pass

    assert await kept_texts(idle) == ["เก่าแต่ยังรอ", "ใหม่"]
    assert [row.status for row in await idle.requests()] == [Posting.PENDING]
    assert await addresses(idle) == {"somchai", "malee"}


async def all_is_sent(road: Road) -> bool:
    """Whether both were answered, and the answers were taken."""
    requests = await road.requests()
    return len(requests) > 1 and all(row.status == Posting.SENT for row in requests)


async def addresses(road: Road) -> set[str]:
    """Whom we know."""
    async with road.database.read() as connection:
        return set(await connection.scalars(select(ContactRow.address)))


async def expired(road: Road, before: datetime) -> int:
    """One round of deleting."""
    async with road.database.write() as connection:
        return await forgetting.expire(connection, before)


async def test_what_was_begun_and_left_is_forgotten_though_nobody_comes_back(
    road: Road, tmp_path: Path
) -> None:
    report = said("ถนนพังเป็นหลุมหน้าตลาด", message_id="m1")
    photo = said("", kind=Kind.IMAGE, attachment=Attachment("f1"), message_id="m2")
    others = said("ไฟทางดับทั้งซอย", by="malee"), said(CANARY, by="dam"), said(CANARY, by="ek")
    await road.take(report, photo, *others)
    await until(road.is_quiet)
    now = bot.clock.now()
    for message, days in zip((report, *others), (2, 0.9, 91, 80), strict=True):
        async with road.database.session() as session:
            row = await session.get_one(ContactRow, message.contact.id)
            row.seen_at = now - timedelta(days=days)
            session.add(
                Subscriber(
                    contact_id=row.id,
                    agency=row.agency,
                    channel=row.channel,
                    language="th",
                    frequency="now",
                    since=now,
                )
            )
    settings = Settings(data_dir=tmp_path)
    jobs = timetable(road.database, Registry(tmp_path, tmp_path), settings, {})
    await next(job for job in jobs if job.name == "forget").work(now)

    left = {
        row.address: row.state for row in [await road.contact(one) for one in (report, *others)]
    }
    assert {who: {"draft", "question"} & set(state) for who, state in left.items()} == {
        "somchai": set(),
        "malee": {"draft"},
        "dam": set(),
        "ek": {"question"},
    }
    assert left["somchai"]["language"] == "th"
    async with road.database.session() as session:
        assert [file.status for file in await session.scalars(select(File))] == [Status.FORGOTTEN]


async def test_deleting_much_is_done_little_by_little(road: Road, clock: MovingClock) -> None:
    await road.take(message := said("สวัสดี"))
    rows = outbox.requests(message.contact, [{"text": "ประกาศ"}] * 2_500, now=clock(), mailbox=True)
    async with road.database.session() as session:
        session.add_all(OutgoingRow(**row) for row in rows)
    clock.move(seconds=1)

    rounds = [await expired(road, clock()) for _ in range(3)]

    assert all(deleted < 2_500 for deleted in rounds)
    assert sum(rounds) >= 2_500
    assert rounds[-1] == 0
