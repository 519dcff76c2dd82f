"""Files on their way: from the platform into the store, whatever happens between."""

import asyncio
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import delete

from admin import attachments, fetching
from admin.attachments import Attachment, Status
from admin.media import Reason
from bot.files import FileStore
from bot.messages import Contact, Kind
from bot.tables import ContactRow
from tests.attachments import contents
from tests.attachments.conftest import (
    MOST,
    WHO,
    Download,
    Fetched,
    LineWithFiles,
    Replica,
    TelegramWithFiles,
    until,
)
from tests.attachments.contents import jpeg

TELEGRAM = Contact("aa", "telegram", "55")


async def test_a_photo_is_kept_without_what_it_tells_beside_its_picture(
    fetched: Fetched, line: LineWithFiles
) -> None:
    line.files["7"] = Download(jpeg())

    row = await fetched.settled(await fetched.send("7"))

    assert (row.status, row.reason, row.media_type) == (Status.KEPT, None, "image/jpeg")
    assert (row.latitude, row.longitude) == pytest.approx((13.7563, 100.5018), abs=1e-4)
    assert row.kept_at == fetched.clock()
    content = await fetched.store.get(row.sha256)
    assert content is not None
    assert len(content) == row.size
    assert Image.open(BytesIO(content)).size == (640, 480)
    assert b"Exif" not in content
    assert contents.SECRET.encode() not in content


async def test_a_file_of_telegram_is_fetched_too(
    fetched: Fetched, telegram: TelegramWithFiles
) -> None:
    telegram.files["AgAC"] = Download(contents.PDF)

    number = await fetched.send("AgAC", "คำร้อง.pdf", contact=TELEGRAM, kind=Kind.FILE)
    row = await fetched.settled(number)

    assert (row.status, row.media_type, row.name) == (
        Status.KEPT,
        "application/pdf",
        "คำร้อง.pdf",
    )
    assert await fetched.store.get(row.sha256) == contents.PDF


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (contents.HTML, Reason.KIND),
        (contents.SVG, Reason.KIND),
        (contents.EXE, Reason.KIND),
        (contents.ZIP, Reason.KIND),
        (contents.bomb(), Reason.TOO_BIG),
        (bytes(MOST + 1), Reason.TOO_BIG),
    ],
)
async def test_what_may_not_be_kept_is_refused_with_a_reason(
    fetched: Fetched, line: LineWithFiles, content: bytes, reason: Reason
) -> None:
    line.files["7"] = Download(content)

    row = await fetched.settled(await fetched.send("7", "photo.jpg"))

    assert (row.status, row.reason, row.sha256, row.attempts) == (Status.REFUSED, reason, None, 1)
    assert fetched.contents == []


async def test_reading_stops_where_the_limit_is(fetched: Fetched, line: LineWithFiles) -> None:
    endless = line.files["7"] = Download(endless=True)

    row = await fetched.settled(await fetched.send("7"))

    assert (row.status, row.reason) == (Status.REFUSED, Reason.TOO_BIG)
    assert endless.sent < MOST + 16_000_000  # what was on its way in the sockets


async def test_what_telegram_calls_too_big_is_too_big(fetched: Fetched) -> None:
    row = await fetched.settled(await fetched.send("large", contact=TELEGRAM))

    assert (row.status, row.reason) == (Status.REFUSED, Reason.TOO_BIG)


@pytest.mark.parametrize("contact", [WHO, TELEGRAM])
async def test_what_is_not_there_any_more_is_not_asked_for_again(
    fetched: Fetched, contact: Contact
) -> None:
    row = await fetched.settled(await fetched.send("missing", contact=contact))

    assert (row.status, row.reason, row.attempts) == (Status.FAILED, Reason.GONE, 1)


@pytest.mark.parametrize("status", [202, 429, 500, 503])
async def test_a_fault_that_passes_is_waited_for(
    fetched: Fetched, line: LineWithFiles, status: int
) -> None:
    line.files["7"] = Download(jpeg(), before=[status, status])
    number = await fetched.send("7")

    for times in (1, 2):
        row = await fetched.tried(number, times)
        assert row.status == Status.WAITING
        assert row.due_at > fetched.clock()
        fetched.clock.move(minutes=1)
        fetched.fetching.wake()

    assert (await fetched.settled(number)).status == Status.KEPT


async def test_a_download_that_breaks_off_is_not_taken_for_the_file(
    fetched: Fetched, line: LineWithFiles
) -> None:
    cut = line.files["7"] = Download(contents.PDF * 1000, cut=True)
    number = await fetched.send("7")
    await fetched.tried(number, 1)
    assert fetched.contents == []

    cut.cut = False
    fetched.clock.move(minutes=1)
    fetched.fetching.wake()

    row = await fetched.settled(number)
    assert row.size == len(contents.PDF) * 1000


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", Reason.EMPTY), (jpeg()[:3000], Reason.DAMAGED)]
)
async def test_a_broken_file_is_asked_for_thrice(
    fetched: Fetched, line: LineWithFiles, content: bytes, reason: Reason
) -> None:
    broken = line.files["7"] = Download(content)
    number = await fetched.send("7")
    for times in (1, 2):
        await fetched.tried(number, times)
        fetched.clock.move(minutes=1)
        fetched.fetching.wake()

    row = await fetched.settled(number)

    assert (row.status, row.reason, broken.asked) == (Status.REFUSED, reason, 3)


async def test_a_platform_that_never_answers_is_given_up(
    fetched: Fetched, line: LineWithFiles
) -> None:
    line.files["7"] = Download(jpeg(), before=[500] * 99)
    number = await fetched.send("7")
    for times in range(1, fetching.ATTEMPTS):
        await fetched.tried(number, times)
        fetched.clock.move(minutes=16)
        fetched.fetching.wake()

    row = await fetched.settled(number)

    assert (row.status, row.reason) == (Status.FAILED, Reason.UNREACHED)
    assert row.attempts == fetching.ATTEMPTS


def test_the_pauses_grow_to_a_quarter_of_an_hour() -> None:
    pauses = [fetching.pause(tries, 1.0) for tries in range(1, fetching.ATTEMPTS)]

    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (1.0, 900.0)
    assert 3 * 3600 < sum(pauses) < 5 * 3600


async def test_a_platform_that_hangs_holds_up_no_other(
    fetched: Fetched, line: LineWithFiles, telegram: TelegramWithFiles
) -> None:
    gate = asyncio.Event()
    for number in range(9):
        line.files[str(number)] = Download(jpeg(), gate=gate)
        await fetched.send(str(number))
    telegram.files["t"] = Download(contents.PDF)

    row = await fetched.settled(await fetched.send("t", contact=TELEGRAM))

    assert row.status == Status.KEPT
    assert sum(file.asked for file in line.files.values()) <= fetching.OF_AN_ACCOUNT
    gate.set()


async def test_no_transaction_is_open_while_a_file_is_on_its_way(
    fetched: Fetched, line: LineWithFiles
) -> None:
    gate = asyncio.Event()
    slow = line.files["7"] = Download(jpeg(), gate=gate)
    number = await fetched.send("7")
    await until(lambda: _is(slow.asked))

    async with asyncio.timeout(1):  # on SQLite a writer would have to wait
        await fetched.do(lambda session: attachments.hold(session, [number]))

    gate.set()
    assert (await fetched.settled(number)).status == Status.KEPT


async def test_a_process_that_ends_in_the_middle_begins_anew(
    replica: Replica, line: LineWithFiles
) -> None:
    gate = asyncio.Event()
    slow = line.files["7"] = Download(jpeg(), gate=gate)
    first = replica()
    first.begin()
    number = await first.send("7")
    await until(lambda: _is(slow.asked))
    await first.crash()
    assert first.contents == []

    gate.set()
    second = replica()
    if not second.database.is_sqlite:  # another replica might still be at it
        second.clock.move(minutes=4)
    second.begin()

    row = await second.settled(number)
    assert (row.status, slow.asked) == (Status.KEPT, 2)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_replicas_fetch_each_file_once(replica: Replica, line: LineWithFiles) -> None:
    replicas = [replica(), replica()]
    for number in range(20):
        line.files[str(number)] = Download(contents.PDF + str(number).encode())
    numbers = [await replicas[0].send(str(number)) for number in range(20)]

    for one in replicas:
        one.begin()
    rows = [await replicas[1].settled(number) for number in numbers]

    assert {row.status for row in rows} == {Status.KEPT}
    assert [file.asked for file in line.files.values()] == [1] * 20


async def test_what_is_taken_back_leaves_the_store(fetched: Fetched, line: LineWithFiles) -> None:
    line.files["7"] = Download(jpeg())
    number = await fetched.send("7", "บ้านฉัน.jpg")
    digest = (await fetched.settled(number)).sha256
    await fetched.do(lambda session: attachments.hold(session, [number]))

    await fetched.do(lambda session: attachments.forget(session, WHO.id, "7"))

    row = await fetched.settled(number)
    assert (row.status, row.name, row.sha256, row.latitude) == (Status.FORGOTTEN, None, None, None)
    assert await fetched.store.get(digest) is None
    assert fetched.contents == []


async def test_what_somebody_else_sent_too_stays(fetched: Fetched, line: LineWithFiles) -> None:
    line.files["7"] = line.files["8"] = Download(jpeg())
    other = Contact("aa", "line", "U2")
    mine, theirs = await fetched.send("7"), await fetched.send("8", contact=other)
    digest = (await fetched.settled(mine)).sha256
    assert (await fetched.settled(theirs)).sha256 == digest
    assert len(fetched.contents) == 1

    await fetched.do(lambda session: attachments.let_go(session, [mine]))
    await fetched.settled(mine)
    assert await fetched.store.has(digest)

    await fetched.do(lambda session: attachments.let_go(session, [theirs]))
    await fetched.settled(theirs)
    assert fetched.contents == []


async def test_what_is_taken_back_on_its_way_never_arrives(
    fetched: Fetched, line: LineWithFiles
) -> None:
    gate = asyncio.Event()
    slow = line.files["7"] = Download(jpeg(), gate=gate)
    number = await fetched.send("7")
    await until(lambda: _is(slow.asked))

    await fetched.do(lambda session: attachments.forget(session, WHO.id, "7"))
    gate.set()

    row = await fetched.settled(number)
    await until(lambda: _is(not fetched.fetching.in_hand))
    assert row.status == Status.FORGOTTEN
    assert fetched.contents == []


async def test_only_the_senders_own_message_is_forgotten(
    fetched: Fetched, line: LineWithFiles
) -> None:
    line.files["7"] = Download(jpeg())
    number = await fetched.send("7")
    await fetched.settled(number)

    other = Contact("aa", "line", "U2")
    await fetched.do(lambda session: attachments.forget(session, other.id, "7"))

    assert (await fetched.row(number)).status == Status.KEPT


async def test_old_files_go_but_not_those_of_tickets_and_places_go_first(
    fetched: Fetched, line: LineWithFiles
) -> None:
    line.files["7"], line.files["8"] = Download(jpeg()), Download(contents.PDF)
    old, held = await fetched.send("7"), await fetched.send("8")
    for number in (old, held):
        await fetched.settled(number)
    await fetched.do(lambda session: attachments.hold(session, [held]))

    async def expire(session: object) -> int:
        now = fetched.clock()
        return await attachments.expire(session, now - timedelta(days=90), now)  # type: ignore[arg-type]

    fetched.clock.move(days=3)
    assert await fetched.do(expire) == 0
    assert (await fetched.row(old)).latitude is None

    fetched.clock.move(days=90)
    assert await fetched.do(expire) == 1
    assert (await fetched.settled(old)).status == Status.FORGOTTEN
    assert (await fetched.row(held)).status == Status.KEPT
    assert len(fetched.contents) == 1


async def test_a_ticket_keeps_its_file_when_the_conversation_is_deleted(
    fetched: Fetched, line: LineWithFiles
) -> None:
    line.files["7"], line.files["8"] = Download(jpeg()), Download(contents.PDF)
    alone, held = await fetched.send("7"), await fetched.send("8")
    for number in (alone, held):
        await fetched.settled(number)
    await fetched.do(lambda session: attachments.hold(session, [held]))

    await fetched.do(lambda session: session.execute(delete(ContactRow)))
    fetched.clock.move(days=2)
    now = fetched.clock()
    await fetched.do(lambda session: attachments.expire(session, now - timedelta(days=90), now))

    assert (await fetched.settled(alone)).status == Status.FORGOTTEN
    row = await fetched.row(held)
    assert (row.status, row.contact_id) == (Status.KEPT, None)


async def test_contents_that_belong_to_nobody_are_found(
    fetched: Fetched, line: LineWithFiles
) -> None:
    line.files["7"] = Download(jpeg())
    kept = await fetched.settled(await fetched.send("7"))
    lost = await fetched.store.put(b"left by a crash")

    await fetched.fetching.sweep()
    assert await fetched.store.has(lost)  # it may be on its way

    fetched.clock.move(days=2)
    await fetched.fetching.sweep()
    assert not await fetched.store.has(lost)
    assert await fetched.store.has(kept.sha256)


async def test_the_files_of_a_ticket_come_in_its_order(
    fetched: Fetched, line: LineWithFiles
) -> None:
    first, second = await fetched.send("1"), await fetched.send("2")

    found: list[Attachment] = await fetched.do(
        lambda session: attachments.of(session, [second, 999, first])
    )

    assert [row.id for row in found] == [second, first]


async def test_a_store_tells_every_content_once(tmp_path: Path) -> None:
    store = FileStore(tmp_path)

    assert await store.put(b"a") == await store.put(b"a")
    assert len(await store.older(datetime.max.replace(tzinfo=UTC))) == 1
    for odd in ("../../etc/passwd", "a" * 63, "A" * 64, ""):
        with pytest.raises(ValueError, match="no digest"):
            store.path(odd)


async def _is(claim: object) -> object:
    return claim
