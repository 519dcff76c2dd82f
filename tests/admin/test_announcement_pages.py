"""The staff pages of announcements over HTTP: what is refused and why, and what becomes of it."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from html import unescape
from io import BytesIO
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from aiohttp import FormData
from PIL import Image
from sqlalchemy import select, update

from admin import announcement_checks, announcements, announcing
from admin.announcements import Announcement, Content, Relation, State, Way
from admin.chat_links import StaffChat
from admin.followers import News
from admin.mailings import Carried, Fate, Lot, Mailing, Recipient, Why
from admin.mailings import State as Sending
from admin.media import Unfit
from admin.officers import Role
from admin.scans import scan
from admin.staff import person_of
from admin.subscriptions import Frequency, Subscriber, Subscription
from admin.web.announcement_form import moment_of
from admin.web.announcement_previews import CHANNELS
from admin.web.announcements import TABS
from admin.web.texts import WORDING
from bot import outbox
from bot.channels import line_messages
from bot.channels.channel import DeliveryError, Quota
from bot.clock import BANGKOK
from bot.counts import month_of
from bot.messages import Contact, InboundMessage, Reply
from bot.tables import ContactRow, OutgoingRow, Posting
from knowledge.agency import Agency
from knowledge.redaction import Personal
from tests.admin.conftest import Browser, House, NewBrowser
from tests.admin.test_ticket_pages import come
from tests.fakes import AGENCY, FakeChannel

HERE = f"/admin/{AGENCY}/announcements"
WORDS = {"headline_th": "น้ำไม่ไหล", "text_th": "ซ่อมท่อ โปรดสำรองน้ำ"}
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=BANGKOK)
PLAIN = Content("notice", "services", "sao", **WORDS)


class Counted(FakeChannel):
    """LINE as far as it plans and counts."""

    def __init__(self, limit: int | None = 100, used: int = 0) -> None:
        super().__init__(name="line")
        self.limit, self.used, self.is_silent = limit, used, False
        self.asked = 0

    async def quota(self) -> Quota:
        """What the test says."""
        self.asked += 1
        if self.is_silent:
            raise DeliveryError("timeout", retry=True)
        return Quota(self.limit, self.used)

    def plan(
        self, replies: Sequence[Reply], cause: InboundMessage | None, now: datetime
    ) -> list[dict[str, object]]:
        """As LINE's own channel."""
        return [{"messages": each} for each in line_messages.requests(replies)]


@pytest.fixture
def agency(registry: Any) -> Agency:
    """A real agency."""
    found: Agency = registry.get(AGENCY).agency
    return found


@pytest.fixture
def line(house: House) -> Counted:
    """An account whose messages are counted: 100 a month, 20 of them kept for emergencies."""
    channel = Counted()
    house.equipment.channels[f"{AGENCY}/line"] = channel  # type: ignore[index]
    return channel


@pytest.fixture
async def writer(house: House, new_browser: NewBrowser) -> Browser:
    """Who writes for every unit."""
    return await come(house, await new_browser(), "writer@example.go.th", Role.AGENT)


@pytest.fixture
async def approver(house: House, new_browser: NewBrowser) -> Browser:
    """The second person."""
    return await come(house, await new_browser(), "second@example.go.th", Role.APPROVER)


async def write(house: House, writer: Browser, kind: str = "notice", /, **words: str) -> str:
    """A draft as the form saves it; its address."""
    await writer.get(f"{HERE}/new")
    await writer.post(f"{HERE}/new", {"kind": kind})
    at = writer.path.partition("/edit")[0]
    await save(writer, at, **words)
    return at


async def save(writer: Browser, at: str, /, **words: str) -> Browser:
    """Send the form with what stands in it, but for these words."""
    await writer.get(f"{at}/edit")
    given = {**WORDS, "kind": writer.hidden["kind"], "seen": writer.hidden["seen"], "unit": "sao"}
    given |= {"topic": "services", "way": "push", "when": "now"}
    for name in ("all_clear_th", "all_clear_en"):
        found = re.search(rf'name="{name}"[^>]*>\n([^<]*)</textarea>', writer.text)
        given[name] = unescape(found[1]) if found else ""
    return await writer.post(f"{at}/edit", {**given, **words})


async def press(browser: Browser, at: str, deed: str, **words: Any) -> Browser:
    """Open the page and press a button of it."""
    await browser.get(at)
    given = {"seen": browser.hidden.get("seen", "")}
    return await browser.post(f"{at}/{deed}", {**given, **words})


async def submitted(house: House, writer: Browser, kind: str = "notice", /, **words: str) -> str:
    """The same, signed by who wrote it."""
    at = await write(house, writer, kind, **words)
    await press(writer, at, "submit")
    return at


async def look(house: House, at: str) -> Announcement:
    async with house.database.session() as session:
        number = int(at.rpartition("/")[2])
        found = await announcements.announcement_of(session, AGENCY, number)
        assert found
        return found


async def subscribed(house: House, number: int, channel: str = "line") -> list[Contact]:
    """So many who want news of services."""
    people = [Contact(AGENCY, channel, f"U{n}") for n in range(number)]
    now = house.clock()
    async with house.database.session() as session:
        session.add_all(ContactRow.new(one, now) for one in people)
        await session.flush()
        given = {"agency": AGENCY, "channel": channel, "language": "th", "since": now}
        session.add_all(
            Subscriber(contact_id=one.id, frequency=Frequency.AT_ONCE, paused_at=None, **given)
            for one in people
        )
        await session.flush()
        session.add_all(
            Subscription(contact_id=one.id, topic="services", area="") for one in people
        )
    return people


async def test_a_draft_is_signed_by_two_and_can_be_undone_for_a_minute(
    house: House, writer: Browser, approver: Browser
) -> None:
    at = await write(house, writer)
    assert writer.path == f"{at}?done=announcement_saved"
    await press(writer, at, "submit")
    assert (await look(house, at)).state is State.WAITING
    await approver.get(HERE)
    assert "รอฉันอนุมัติ" in approver.text
    await press(approver, at, "approve")
    assert (await look(house, at)).state is State.APPROVED
    assert re.search(r"data-count>60<", approver.text)
    house.clock.move(seconds=25)
    await writer.get(f"{at}/progress")
    assert re.search(r"data-count>35<", writer.text)
    await press(approver, at, "undo")

    assert (await look(house, at)).state is State.DRAFT
    assert [row.what for row in await house.audit(AGENCY)][-4:] == [
        "announcement.changed",
        "announcement.signed",
        "announcement.approved",
        "announcement.undone",
    ]


async def test_who_wrote_it_cannot_approve_it(house: House, new_browser: NewBrowser) -> None:
    both = await come(
        house, await new_browser(), "both@example.go.th", Role.REPORTER, Role.APPROVER
    )
    at = await write(house, both)
    await press(both, at, "submit")
    assert 'action="' + at + '/approve"' not in both.text
    await press(both, at, "approve")

    assert both.status == 422
    assert "ต้องเป็นคนละคน" in both.text
    assert (await look(house, at)).state is State.WAITING


async def test_an_urgent_one_is_approved_by_the_head_alone(
    house: House, writer: Browser, approver: Browser, new_browser: NewBrowser
) -> None:
    at = await submitted(house, writer, is_urgent="1")
    await press(approver, at, "approve")
    assert approver.status == 422
    head = await come(house, await new_browser(), "head@example.go.th", Role.EXECUTIVE)
    await press(head, at, "approve")

    assert (await look(house, at)).state is State.APPROVED
    assert (await look(house, at)).signatures[-1].role == Role.EXECUTIVE


async def test_a_time_bound_kind_without_an_end_is_refused_and_nothing_typed_is_lost(
    house: House, writer: Browser
) -> None:
    at = await write(house, writer, "interruption", place="หมู่ ๒")
    assert "แบบนี้ต้องมีวันสิ้นสุด" in writer.text
    await press(writer, at, "submit")
    assert writer.status == 422
    assert (await look(house, at)).state is State.DRAFT
    end = house.clock() + timedelta(days=2)
    typed = f"{end.day}/{end.month}/{end.year + 543} 18.30 น."
    await save(writer, at, valid_until=typed, place="หมู่ ๒")
    await press(writer, at, "submit")

    kept = await look(house, at)
    assert kept.state is State.WAITING
    assert kept.content.place == "หมู่ ๒"
    assert kept.content.valid_until
    assert f"{kept.content.valid_until.astimezone(BANGKOK):%H:%M}" == "18:30"


async def test_a_day_that_cannot_be_read_comes_back_as_it_was_typed(
    house: House, writer: Browser
) -> None:
    at = await write(house, writer)
    await save(writer, at, headline_th="พาดหัวใหม่", valid_until="พรุ่งนี้เย็น", text_th="ข้อความใหม่")

    assert writer.status == 422
    for words in ("พาดหัวใหม่", "ข้อความใหม่", 'value="พรุ่งนี้เย็น"', "อ่านวันเวลาไม่ได้"):
        assert words in writer.text
    assert (await look(house, at)).content.headline_th == WORDS["headline_th"]


async def test_two_who_write_at_once_do_not_overwrite_each_other(
    house: House, writer: Browser, new_browser: NewBrowser
) -> None:
    at = await write(house, writer)
    other = await come(house, await new_browser(), "other@example.go.th", Role.REPORTER)
    await writer.get(f"{at}/edit")
    seen = writer.hidden["seen"]
    house.clock.move(seconds=5)
    await save(other, at, headline_th="ของอีกคน", text_th="ก")
    await save(writer, at, seen=seen, headline_th="ของฉัน", text_th="ข")

    assert writer.status == 422
    assert "มีคนแก้ข่าวนี้" in writer.text
    assert "ของฉัน" in writer.text
    assert (await look(house, at)).content.headline_th == "ของอีกคน"


async def test_what_the_approver_saw_is_what_is_approved(
    house: House, writer: Browser, approver: Browser
) -> None:
    at = await submitted(house, writer)
    await approver.get(at)
    seen = approver.hidden["seen"]
    house.clock.move(seconds=5)
    await press(writer, at, "return")
    await save(writer, at, headline_th="อย่างอื่น", text_th="ข")
    await press(writer, at, "submit")
    await press(approver, at, "approve", seen=seen)

    assert approver.status == 422
    assert (await look(house, at)).state is State.WAITING


async def test_personal_data_are_covered_by_one_press(house: House, writer: Browser) -> None:
    at = await write(house, writer, text_th="ติดต่อ 081-234-5678 หรือ 081-234-5678")
    assert writer.text.count("081-234-5678</strong>") == 2
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', writer.text)
    assert found
    await press(writer, at, "cover", field="text_th", digest=found[1])

    assert (await look(house, at)).content.text_th == "ติดต่อ ▮▮▮ หรือ ▮▮▮"
    assert "081-234-5678" not in writer.text


async def test_personal_data_that_stay_are_let_pass_one_by_one(
    house: House, writer: Browser, approver: Browser
) -> None:
    at = await submitted(house, writer, text_th="โทร 081-234-5678 อีเมล somchai@example.com")
    await approver.get(at)
    digests = re.findall(r'name="cleared" value="([0-9a-f]{64})"', approver.text)
    assert len(digests) == 2
    await press(approver, at, "approve", cleared=digests[0])
    assert approver.status == 422
    assert "ยืนยันให้ครบ" in approver.text
    form = [("seen", approver.hidden["seen"]), *(("cleared", one) for one in digests)]
    hidden = [(k, v) for k, v in approver.hidden.items() if k in {"_token", "_page"}]
    async with approver.http.post(f"{house.url}{at}/approve", data=[*hidden, *form]) as answer:
        assert answer.url.query.get("done") == "announcement_approved"

    kept = await look(house, at)
    assert kept.cleared == sorted(digests)
    assert "081" not in str([row.details for row in await house.audit(AGENCY)])


async def test_over_quota_is_refused_with_the_shortfall_and_free_ways(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    await subscribed(house, 85)
    at = await submitted(house, writer)
    await approver.get(at)
    assert "ขาด 5 ข้อความ" in approver.text
    assert "ยังไม่ได้ใส่ราคาในโปรไฟล์" in approver.text
    await press(approver, at, "approve")
    assert approver.status == 422
    assert "โควตาไม่พอ" in approver.text
    assert (await look(house, at)).state is State.WAITING
    await press(writer, at, "way", way="ride")
    it = await look(house, at)
    assert (it.state, it.content.way) == (State.WAITING, Way.RIDE)
    await press(approver, at, "approve")

    assert (await look(house, at)).state is State.APPROVED


async def test_what_is_for_another_month_finds_the_ends_that_are_booked_then(
    house: House, line: Counted, writer: Browser
) -> None:
    people = await subscribed(house, 9)
    soon = house.clock()
    while month_of(soon) == month_of(house.clock()):
        soon += timedelta(days=1)
    soon += timedelta(days=2)
    given = {"valid_until": f"{soon:%Y-%m-%dT%H:%M}", "all_clear_th": "น้ำไหลแล้ว"}
    at = await write(house, writer, "interruption", **given)
    mailing = await sending(house, at, people)
    it = await look(house, at)
    async with house.database.session() as session:
        await session.execute(update(Recipient).values(fate=Fate.ACCEPTED))
        session.add(Carried(mailing_id=mailing.id, lot=0, announcement_id=it.id))
        await announcing.plan_end(session, it, house.clock())

    later = await write(house, writer, when="later", send_at=given["valid_until"])
    await writer.get(later)

    assert re.search(r"ใช้ไปแล้ว</dt><dd[^>]*>0 \+ จองไว้ 9<", writer.text)
    assert re.search(r"หลังส่งเหลือสำหรับข่าวทั่วไป</dt><dd[^>]*>62<", writer.text)


async def test_what_is_for_another_month_finds_the_news_that_is_planned_for_then(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    await subscribed(house, 9)
    soon = house.clock()
    while month_of(soon) == month_of(house.clock()):
        soon += timedelta(days=1)
    when = {"when": "later", "send_at": f"{soon + timedelta(days=2):%Y-%m-%dT%H:%M}"}
    await press(approver, await submitted(house, writer, **when), "approve")

    await writer.get(await write(house, writer, **when))
    assert re.search(r"ใช้ไปแล้ว</dt><dd[^>]*>0 \+ จองไว้ 9<", writer.text)
    await writer.get(await write(house, writer))
    assert re.search(r"ใช้ไปแล้ว</dt><dd[^>]*>0<", writer.text)


async def test_what_recurs_counts_as_often_as_it_goes_out_in_a_month(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    await subscribed(house, 9)  # November has three Sundays from the 12th on, December four
    weekly = {"every": "weekly", "weekday": "6", "at": "07:00"}
    house.clock.move(seconds=(NOW - timedelta(days=9) - house.clock()).total_seconds())
    line.used = 60
    at = await submitted(house, writer, **weekly)
    await approver.get(at)
    assert "นับทั้ง 3 ครั้งที่ส่งในเดือนแรก" in approver.text
    assert re.search(r"ข้อความที่นับโควตา</dt><dd[^>]*>27<", approver.text)
    await press(approver, at, "approve")
    assert "โควตาไม่พอ ขาด 7 ข้อความ" in approver.text
    line.used = 0
    house.clock.move(minutes=2)
    await press(approver, at, "approve")
    assert (await look(house, at)).state is State.APPROVED

    await writer.get(await write(house, writer))
    assert re.search(r"ใช้ไปแล้ว</dt><dd[^>]*>0 \+ จองไว้ 27<", writer.text)
    december = {"when": "later", "send_at": "2026-12-05T08:00"}
    await writer.get(await write(house, writer, **december))
    assert re.search(r"ใช้ไปแล้ว</dt><dd[^>]*>0 \+ จองไว้ 36<", writer.text)


async def test_an_urgent_one_may_use_the_reserve(
    house: House, line: Counted, writer: Browser, new_browser: NewBrowser
) -> None:
    await subscribed(house, 85)
    at = await submitted(house, writer, is_urgent="1")
    head = await come(house, await new_browser(), "head@example.go.th", Role.EXECUTIVE)
    await press(head, at, "approve")

    assert (await look(house, at)).state is State.APPROVED


async def test_another_way_that_the_approver_chooses_is_signed_by_the_writer_anew(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    await subscribed(house, 101)
    at = await submitted(house, writer)
    await press(approver, at, "way", way="free")
    it = await look(house, at)

    assert (it.state, it.content.way, it.signatures) == (State.DRAFT, Way.FREE, [])
    assert "ไม่ส่งทาง LINE" in (it.reason or "")


async def test_a_quota_that_cannot_be_asked_holds_a_push_back(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    await subscribed(house, 3)
    line.is_silent = True
    at = await submitted(house, writer)
    await press(approver, at, "approve")

    assert approver.status == 422
    assert "ถามโควตาจาก LINE ไม่ได้" in approver.text


async def sending(house: House, at: str, people: Sequence[Contact]) -> Mailing:
    """In the midst of it: the first has it, the second is being sent to, the others wait."""
    now = house.clock()
    async with house.database.session() as session:
        number = int(at.rpartition("/")[2])
        it = await session.get_one(Announcement, number)
        it.state, it.posted_at = State.POSTED, now
        mailing = Mailing(
            key=uuid4(),
            agency=AGENCY,
            channel="line",
            announcement_id=number,
            state=Sending.SENDING,
            shortfall=0,
            attempt=1,
            created_at=now,
            beat_at=now,
            started_at=now,
        )
        session.add(mailing)
        await session.flush()
        session.add(
            Lot(
                mailing_id=mailing.id,
                number=0,
                language="th",
                replies=[msgspec.to_builtins(Reply("ก"))],
                recipients=len(people),
            )
        )
        session.add_all(
            Recipient(
                mailing_id=mailing.id,
                contact_id=one.id,
                lot=0,
                page=0,
                fate=Fate.QUEUED if n else Fate.ACCEPTED,
            )
            for n, one in enumerate(people)
        )
        for n, one in enumerate(people[1:]):
            [row] = outbox.requests(one, [{"messages": []}], now=now)
            status = Posting.PENDING if n else Posting.SENDING
            session.add(OutgoingRow(**{**row, "bulk": mailing.key, "status": status}))
    return mailing


async def statuses(house: House) -> list[tuple[str, str | None]]:
    async with house.database.session() as session:
        rows = await session.execute(
            select(OutgoingRow.status, OutgoingRow.fault).order_by(OutgoingRow.id)
        )
        return [(row.status, row.fault) for row in rows]


async def test_the_rest_is_stopped_at_once_and_goes_on_when_told(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    at = await write(house, writer)
    mailing = await sending(house, at, await subscribed(house, 5))
    assert (await press(writer, at, "stop")).status == 403
    await press(approver, at, "stop")
    assert "ได้รับไปแล้ว 1 คน ยังไม่ได้ส่ง 4 คน" in approver.text
    assert await statuses(house) == [("sending", None), *[("failed", "cancelled")] * 3]
    async with house.database.session() as session:
        now = await session.get_one(Mailing, mailing.id)
        assert (now.state, now.why, now.ended_at) == (Sending.STOPPED, "staff", None)
    await press(approver, at, "resume")

    async with house.database.session() as session:
        now = await session.get_one(Mailing, mailing.id)
    assert (now.state, now.why, now.attempt) == (Sending.SENDING, None, 1)
    assert now.beat_at < house.clock() - timedelta(hours=1)
    assert [row.what for row in await house.audit(AGENCY)][-2:] == [
        "mailing.stopped",
        "mailing.resumed",
    ]


async def test_what_was_stopped_goes_on_only_if_the_quota_has_room_for_all_of_it(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    line.used = 77
    at = await write(house, writer)
    await sending(house, at, await subscribed(house, 6))
    await press(approver, at, "stop")
    await press(approver, at, "resume")

    assert approver.status == 422
    assert "เหลือ 5 คน แต่โควตาขาด 2 ข้อความ" in approver.text


async def test_an_end_may_use_the_reserve_when_it_goes_on_too(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    line.used = 77
    at = await write(house, writer)
    await sending(house, at, [])
    end = await write(house, writer)
    number = int(at.rpartition("/")[2])
    query = update(Announcement).where(Announcement.id == int(end.rpartition("/")[2]))
    async with house.database.session() as session:
        await session.execute(query.values(first_id=number, relation=Relation.ALL_CLEAR))
    await sending(house, end, await subscribed(house, 6))
    await press(approver, end, "stop")
    await press(approver, end, "resume")

    assert approver.path == f"{end}?done=sending_resumed"


async def test_what_is_over_does_not_go_on(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    until = house.clock() + timedelta(days=1)
    at = await write(house, writer, valid_until=f"{until:%Y-%m-%dT%H:%M}")
    await sending(house, at, await subscribed(house, 3))
    await press(approver, at, "stop")
    async with house.database.session() as session:
        it = await session.get_one(Announcement, int(at.rpartition("/")[2]))
        it.content = msgspec.structs.replace(it.content, valid_until=house.clock())
    await press(approver, at, "resume")

    assert approver.status == 422
    assert "ข่าวนี้สิ้นสุดแล้ว" in approver.text


async def test_withdrawing_stops_for_good_and_says_why(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    at = await write(house, writer)
    mailing = await sending(house, at, await subscribed(house, 3))
    await press(approver, at, "withdraw", reason="")
    assert approver.status == 422
    await press(approver, at, "withdraw", reason="วันผิด")
    assert "วันผิด" in approver.text
    assert re.search(r"ไม่ได้ส่ง <strong[^>]*>2<", approver.text)
    assert (await look(house, at)).state is State.CANCELLED
    async with house.database.session() as session:
        assert (await session.get_one(Mailing, mailing.id)).ended_at
    ledger = await house.equipment.quotas.ledger(line)

    assert ledger
    assert ledger.booked == 0
    assert (await press(approver, at, "resume")).status == 422


async def test_withdrawing_stops_what_followed_it_as_well(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    at = await write(house, writer)
    people = await subscribed(house, 3)
    await sending(house, at, people[:1])
    await press(writer, at, "correct")
    fixed = writer.path.partition("/edit")[0]
    assert 'name="every"' not in writer.text, "only the first recurs"
    mailing = await sending(house, fixed, people)
    await press(approver, at, "withdraw", reason="วันผิด")

    async with house.database.session() as session:
        assert (await session.get_one(Mailing, mailing.id)).ended_at
    assert ("pending", None) not in await statuses(house)


async def test_a_correction_that_is_withdrawn_gives_back_the_end_that_was_said_before(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    ends = [house.clock() + timedelta(days=days) for days in (2, 9)]
    at = await write(house, writer, "interruption", valid_until=f"{ends[0]:%Y-%m-%dT%H:%M}")
    await sending(house, at, await subscribed(house, 1))
    await press(writer, at, "correct")
    fixed = writer.path.partition("/edit")[0]
    await save(writer, fixed, kind="interruption", valid_until=f"{ends[1]:%Y-%m-%dT%H:%M}")
    await sending(house, fixed, [])
    correction = await look(house, fixed)
    async with house.database.session() as session:
        await announcing.plan_end(session, correction, house.clock())
    await press(approver, fixed, "withdraw", reason="วันผิด")

    query = select(Announcement.starts_at).where(Announcement.state == State.APPROVED)
    async with house.database.session() as session:
        [end] = await session.scalars(query)
    assert end == (await look(house, at)).content.valid_until


async def test_what_rides_on_replies_is_taken_back_when_it_is_withdrawn(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    at = await write(house, writer)
    people = await subscribed(house, 3)
    mailing = await sending(house, at, people)
    async with house.database.session() as session:
        now = await session.get_one(Mailing, mailing.id)
        now.state, now.ended_at = Sending.DONE, house.clock()
        await session.execute(update(Recipient).values(fate=Fate.RIDING))
        for n, one in enumerate(people):
            given = {"contact_id": one.id, "reply": {"text": "ก"}, "presses": False}
            at_ = now.started_at
            told_at = house.clock() if n == 0 else None
            session.add(
                News(**given, at=at_, waits_since=at_, told_at=told_at, mailing_id=mailing.id)
            )
        other = house.clock() - timedelta(hours=1)
        session.add(News(**given, at=other, waits_since=other))
    await press(approver, at, "withdraw", reason="ยกเลิกงาน")

    async with house.database.session() as session:
        left = list(await session.scalars(select(News).order_by(News.id)))
        fates = list(await session.scalars(select(Recipient.fate)))
    assert [one.told_at is None for one in left] == [False, True]
    assert sorted(fates) == ["queued", "queued", "riding"]


async def test_its_end_is_told_earlier_by_who_decides(
    house: House, writer: Browser, approver: Browser
) -> None:
    end = house.clock() + timedelta(days=2)
    at = await write(house, writer, "interruption", valid_until=f"{end:%Y-%m-%dT%H:%M}")
    await sending(house, at, await subscribed(house, 2))
    assert (await press(approver, at, "end")).status == 422
    async with house.database.session() as session:
        it = await session.get_one(Announcement, int(at.rpartition("/")[2]))
        await announcing.plan_end(session, it, house.clock())
    await approver.get(at)
    assert f'action="{at}/end"' in approver.text
    await press(approver, at, "end")
    assert approver.path == f"{at}?done=announcement_ended"
    told_at = await planned(house)
    assert told_at == house.clock() + timedelta(seconds=60)
    house.clock.move(seconds=20)
    await approver.get(at)
    assert re.search(r"data-count>40<", approver.text)
    assert f'action="{at}/end"' not in approver.text
    await approver.get(f"{HERE}/{int(at.rpartition('/')[2]) + 1}")
    assert f'action="{at}/keep-going"' in approver.text
    await writer.get(f"{at}/progress")
    assert re.search(r"data-count>40<", writer.text)
    assert "keep-going" not in writer.text
    assert (await press(writer, at, "keep-going")).status == 403
    await press(approver, at, "keep-going")

    assert approver.path == f"{at}?done=announcement_goes_on"
    assert await planned(house) == (await look(house, at)).content.valid_until
    assert "keep-going" not in approver.text
    assert f'action="{at}/end"' in approver.text


async def planned(house: House) -> datetime | None:
    """When the end of the only thread is to be told."""
    async with house.database.session() as session:
        found: datetime | None = await session.scalar(
            select(Announcement.starts_at).where(Announcement.first_id > 0)
        )
    return found


async def test_a_correction_and_a_copy_are_drafts_with_the_same_words(
    house: House, line: Counted, writer: Browser
) -> None:
    at = await write(house, writer)
    await sending(house, at, await subscribed(house, 2))
    await press(writer, at, "correct")
    fixed = await look(house, writer.path.partition("/edit")[0])
    await press(writer, at, "copy")
    copied = await look(house, writer.path.partition("/edit")[0])

    number = int(at.rpartition("/")[2])
    assert (fixed.relation, fixed.first_id) == (announcements.Relation.CORRECTION, number)
    assert (copied.relation, copied.first_id) == (None, None)
    assert fixed.content.text_th == copied.content.text_th == WORDS["text_th"]
    await writer.get(f"{HERE}/{fixed.id}")
    assert "แก้ไขข่าว: น้ำไม่ไหล" in writer.text
    await save(writer, f"{HERE}/{fixed.id}", way="page")
    assert "เฉพาะผู้ที่ได้รับข่าวต้นเรื่อง 0 คน" in writer.text
    assert "ขึ้นเว็บอย่างเดียว: ไม่นับโควตา" not in writer.text


async def test_a_test_goes_to_ones_own_chat_alone(house: House, writer: Browser) -> None:
    at = await write(house, writer)
    await press(writer, at, "test")
    assert writer.status == 422
    assert "ยังไม่ได้เชื่อมแชต" in writer.text
    [own, _] = await subscribed(house, 2, "telegram")
    async with house.database.session() as session:
        person = await person_of(session, "writer@example.go.th")
        assert person
        now = house.clock()
        session.add(StaffChat(staff_id=person.id, agency=AGENCY, contact_id=own.id, linked_at=now))
    await press(writer, at, "test")
    async with house.database.session() as session:
        news = list(await session.scalars(select(News).order_by(News.id)))

    assert [one.contact_id for one in news] == [own.id, own.id]
    assert news[0].reply["text"].startswith("ทดสอบ")
    assert news[1].reply["text"].startswith(WORDS["headline_th"])
    assert (await house.audit(AGENCY))[-1].what == "announcement.tested"


@pytest.mark.parametrize(
    ("chosen", "asked"),
    [(None, "มีข่าวรออนุมัติ: น้ำไม่ไหล"), ("en", "An announcement waits for approval: No water")],
)
async def test_whoever_is_asked_to_approve_reads_it_in_their_own_language(
    house: House, writer: Browser, approver: Browser, chosen: str | None, asked: str
) -> None:
    [own] = await subscribed(house, 1, "telegram")
    async with house.database.session() as session:
        person = await person_of(session, "second@example.go.th")
        assert person
        (await session.get_one(ContactRow, own.id)).language = chosen
        now = house.clock()
        session.add(StaffChat(staff_id=person.id, agency=AGENCY, contact_id=own.id, linked_at=now))
    await writer.send("/admin/language", to="th" if chosen else "en")
    await submitted(house, writer, headline_en="No water", text_en="Pipes are mended")

    async with house.database.session() as session:
        [news] = await session.scalars(select(News))
    assert news.reply["text"].partition("\n")[0] == asked


def tiff(pages: int) -> bytes:
    out = BytesIO()
    images = [Image.new("1", (400, 300), n % 2) for n in range(pages)]
    images[0].save(out, "TIFF", save_all=True, append_images=images[1:], description="ลับ secret")
    return out.getvalue()


async def attach(
    writer: Browser, at: str, *files: tuple[str, bytes], keep: Sequence[str] = ()
) -> None:
    """Send the form with files."""
    await writer.get(f"{at}/edit")
    form = FormData(quote_fields=False)  # browsers send names as they are
    given = {k: v for k, v in writer.hidden.items() if k in {"_token", "_page", "kind", "seen"}}
    given |= {**WORDS, "unit": "sao", "topic": "services", "way": "push", "when": "now"}
    for name, value in given.items():
        form.add_field(name, value)
    for one in keep:
        form.add_field("keep", one)
    for name, content in files:
        form.add_field("files", content, filename=name, content_type="application/octet-stream")
    async with writer.http.post(f"{writer.url}{at}/edit", data=form) as response:
        await writer._read(response)


async def test_files_are_kept_a_scan_as_a_scan_and_five_of_them(
    house: House, writer: Browser
) -> None:
    at = await write(house, writer)
    await attach(writer, at, ("ประกาศ.tiff", tiff(3)), ("แผนที่.pdf", b"%PDF-1.4\n%%EOF"))
    files = (await look(house, at)).content.files
    assert [name for _, _, name in files] == ["ประกาศ.tif", "แผนที่.pdf"]
    kept = await house.equipment.files.get(files[0][1])
    assert kept
    assert b"secret" not in kept
    with Image.open(BytesIO(kept)) as image:
        assert (image.format, getattr(image, "n_frames", 1)) == ("TIFF", 3)
    await writer.get(f"{at}/files/2")
    assert writer.headers["Content-Disposition"].startswith("attachment")
    assert (await writer.get(f"{at}/files/3")).status == 404

    await attach(writer, at, ("ร้าย.exe", b"MZ\0\0"), keep=[str(files[1][0])])
    assert writer.status == 422
    assert "ไม่รับไฟล์ชนิดนี้" in writer.text
    assert [name for _, _, name in (await look(house, at)).content.files] == ["แผนที่.pdf"]
    many = [(f"{n}.txt", b"words") for n in range(5)]
    await attach(writer, at, *many, keep=[str(files[1][0])])
    assert "ไม่เกิน 5 ไฟล์" in writer.text
    assert len((await look(house, at)).content.files) == 5


async def test_a_reporter_writes_for_their_own_unit_alone(
    house: House, new_browser: NewBrowser, writer: Browser
) -> None:
    reporter = await come(
        house, await new_browser(), "one@example.go.th", Role.REPORTER, unit="sections"
    )
    theirs = await write(house, writer)
    for deed in ("edit", "cover", "copy", "preview"):
        assert (await press(reporter, theirs, deed)).status == 403, deed
    await reporter.get(f"{HERE}/new")
    await reporter.post(f"{HERE}/new", {"kind": "notice"})
    own = reporter.path.partition("/edit")[0]
    assert (await look(house, own)).content.unit == "sections"
    await save(reporter, own)

    assert reporter.status == 422
    assert "เขียนข่าวแทนหน่วยงานนี้ไม่ได้" in reporter.text


async def test_the_quota_page_draws_what_is_used_booked_and_kept(
    house: House, line: Counted, writer: Browser
) -> None:
    line.used = 30
    at = await write(house, writer)
    await sending(house, at, await subscribed(house, 11))
    await writer.get(f"/admin/{AGENCY}/quota")

    assert "ใช้ 30 จอง 10 กันไว้ 20 เหลือ 40 จาก 100" in writer.text
    assert re.findall(r'class="of-(\w+)" x="([\d.]+)" width="([\d.]+)"', writer.text) == [
        ("used", "0.0", "300.0"),
        ("booked", "300.0", "100.0"),
        ("reserve", "400.0", "200.0"),
    ]


async def test_who_reads_sees_no_button_that_is_not_theirs(
    house: House, writer: Browser, new_browser: NewBrowser
) -> None:
    at = await submitted(house, writer)
    reader = await come(house, await new_browser(), "reader@example.go.th", Role.EXECUTIVE)
    await reader.get(at)
    assert f'action="{at}/approve"' not in reader.text
    assert f'action="{at}/submit"' not in reader.text
    assert (await press(reader, at, "submit")).status == 403


EARLIER, LATER = NOW - timedelta(hours=1), NOW + timedelta(days=1)
BOUND = {"kind": "interruption", "all_clear_th": "จบแล้ว", "all_clear_en": "over"}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"headline_th": " "}, "no_headline"),
        ({"text_th": ""}, "no_text"),
        ({"headline_th": "ก" * 101}, "too_long"),
        ({"text_en": "a" * 1501, "headline_en": "a"}, "too_long"),
        ({"text_th": "ปิด «วันใด»"}, "gap_left"),
        ({"text_en": "closed"}, "en_half"),
        ({"kind": "gone"}, "kind_unknown"),
        ({"topic": "gone"}, "topic_unknown"),
        ({"areas": ("moo-1",)}, "area_unknown"),
        ({"unit": "gone"}, "unit_unknown"),
        (BOUND, "no_end"),
        ({**BOUND, "kind": "event", "valid_until": LATER}, "no_begin"),
        ({"is_urgent": True, "way": Way.DIGEST}, "urgent_digest"),
        ({**BOUND, "all_clear_th": "", "valid_until": LATER}, "no_all_clear"),
        ({"valid_until": EARLIER}, "end_past"),
        ({"valid_from": LATER, "valid_until": LATER}, "end_before_begin"),
        ({"send_at": EARLIER}, "send_past"),
        ({"send_at": LATER, "valid_until": LATER}, "send_after_end"),
        ({"source_url": "javascript:alert(1)"}, "bad_link"),
        ({"source_url": "https://user@example.com/"}, "bad_link"),
        ({"recurs": "weekly:9:07:00"}, "bad_rule"),
        ({"recurs": "monthly:1:25:00"}, "bad_rule"),
        ({"recurs": "monthly:1:07:00", "valid_until": LATER}, "recurs_never"),
        ({"files": tuple((n, "0" * 64, "a.pdf") for n in range(6))}, "many_files"),
        ({"headline_th": "สอง\nบรรทัด"}, "headline_lines"),
    ],
)
def test_each_fault_is_found_alone(agency: Agency, change: dict[str, Any], key: str) -> None:
    found = announcement_checks.faults(agency, msgspec.structs.replace(PLAIN, **change), NOW)

    assert [one.key for one in found] == [f"announce.{key}"]


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("newsstates", State),
        ("newsrelations", announcements.Relation),
        ("newsways", Way),
        ("newswhy", Why),
        ("fates", Fate),
        ("fatemeanings", Fate),
        ("personal", Personal),
        ("newschannels", CHANNELS),
        ("newstabs", TABS),
    ],
)
def test_everything_that_a_page_names_has_a_name(section: str, names: Any) -> None:
    assert {f"{section}.{name}" for name in names} <= set(WORDING.keys())


def test_what_is_whole_has_no_fault(agency: Agency) -> None:
    whole = msgspec.structs.replace(
        PLAIN,
        **BOUND,
        valid_from=EARLIER,
        valid_until=LATER,
        send_at=NOW + timedelta(minutes=5),
        source_url="https://www.example.go.th/ข่าว/1?a=ข",
        recurs="weekly:6:07:00",
        headline_th="ก" * 100,
    )

    assert announcement_checks.faults(agency, whole, NOW) == []


def test_every_template_has_words_to_fill_in_and_is_refused_as_it_is(agency: Agency) -> None:
    for kind in agency.newsroom.kinds.values():
        content = msgspec.structs.replace(
            PLAIN, kind=kind.id, headline_th=kind.headline_th, text_th=kind.text_th
        )
        assert announcement_checks.faults(agency, content, NOW), kind.id


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("2026-11-21T18:00", "send_at", "2026-11-21 18:00"),
        ("2569-11-21T18:00", "send_at", "2026-11-21 18:00"),
        ("21/11/2569 18:00", "send_at", "2026-11-21 18:00"),
        ("๒๑/๑๑/๒๕๖๙ ๑๘.๓๐ น.", "send_at", "2026-11-21 18:30"),
        ("21 พ.ย. 2569 เวลา 9.05", "send_at", "2026-11-21 09:05"),
        ("21/11/2569", "valid_until", "2026-11-21 23:59"),
        ("21/11/2569", "valid_from", "2026-11-21 00:00"),
        ("21/11/2569", "send_at", None),
        ("31/2/2569 18:00", "send_at", None),
        ("21/11/2569 25:00", "send_at", None),
        ("พรุ่งนี้", "send_at", None),
        ("", "send_at", None),
    ],
)
def test_moments_are_read_as_people_type_them(text: str, name: str, found: str | None) -> None:
    at = moment_of(text, name)

    assert (f"{at:%Y-%m-%d %H:%M}" if at else None) == found


def test_a_scan_that_is_cut_off_is_refused() -> None:
    whole = tiff(2)
    assert scan(whole).media_type == "image/tiff"
    with pytest.raises(Unfit):
        scan(whole[: len(whole) // 3])


async def test_a_plain_approver_does_not_end_what_the_head_approved(
    house: House, writer: Browser, approver: Browser
) -> None:
    end = house.clock() + timedelta(days=2)
    until = f"{end:%Y-%m-%dT%H:%M}"
    at = await write(house, writer, "interruption", valid_until=until, is_urgent="1")
    await sending(house, at, await subscribed(house, 2))
    async with house.database.session() as session:
        it = await session.get_one(Announcement, int(at.rpartition("/")[2]))
        await announcing.plan_end(session, it, house.clock())
    await press(approver, at, "end")

    assert approver.status == 422
    assert f'action="{at}/end"' not in approver.text
    assert await planned(house) == (await look(house, at)).content.valid_until


async def test_the_reason_of_a_withdrawal_is_read_by_the_public(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    at = await write(house, writer)
    await sending(house, at, await subscribed(house, 2))
    await approver.get(at)
    assert "ประชาชนเห็นเหตุผลนี้" in approver.text
    await press(approver, at, "withdraw", reason="ผู้แจ้ง 081-234-5678 ให้ข้อมูลผิด")
    assert approver.status == 422
    assert "เอาหมายเลขหรือที่อยู่ติดต่อออกก่อน" in approver.text
    assert "ให้ข้อมูลผิด</textarea>" in approver.text
    assert (await look(house, at)).state is State.POSTED
    await press(approver, at, "withdraw", reason="ข้อมูลผิด")

    assert (await look(house, at)).state is State.CANCELLED


async def test_every_file_is_opened_before_it_goes_out_and_words_in_it_are_looked_through(
    house: House, writer: Browser, approver: Browser
) -> None:
    at = await write(house, writer)
    rows = "ชื่อ,โทร\nสมมติ,081-234-5678\nสมมุติ,089-876-5432\n"
    await attach(writer, at, ("รายชื่อ.csv", rows.encode("cp874")), ("แผนที่.pdf", b"%PDF-1.4\n%%EOF"))
    await writer.get(at)
    assert "พบในไฟล์: หมายเลขโทรศัพท์ 2" in writer.text
    await press(writer, at, "submit")
    await approver.get(at)
    digests = re.findall(r'name="cleared" value="([0-9a-f]{64})"', approver.text)
    assert digests == [digest for _, digest, _ in (await look(house, at)).content.files]
    assert f'href="{at}/files/2"' in approver.text.partition('action="' + at + "/approve")[2]
    await press(approver, at, "approve", cleared=digests[0])
    assert approver.status == 422
    assert "เปิดดูทุกไฟล์แล้วยืนยัน" in approver.text
    form = [("seen", approver.hidden["seen"]), *(("cleared", one) for one in digests)]
    hidden = [(k, v) for k, v in approver.hidden.items() if k in {"_token", "_page"}]
    async with approver.http.post(f"{house.url}{at}/approve", data=[*hidden, *form]) as answer:
        assert answer.url.query.get("done") == "announcement_approved"

    assert (await look(house, at)).cleared == sorted(digests)
    await approver.get(at)
    assert "ผู้อนุมัติเปิดดูไฟล์แล้ว 2 ไฟล์" in approver.text
    assert "ข้อมูลส่วนบุคคลที่เปิดเผยได้" not in approver.text


async def test_a_link_that_leads_to_one_person_is_found_and_taken_away(
    house: House, writer: Browser
) -> None:
    at = await write(house, writer, source_url="https://wa.me/66812345678", place="a@อบต.ไทย")
    assert ">66812345678</strong>" in writer.text
    assert ">a@อบต.ไทย</strong>" in writer.text
    digest = re.search(r'value="source_url"><input[^>]*value="([0-9a-f]{64})"', writer.text)
    assert digest
    await press(writer, at, "cover", field="source_url", digest=digest[1])

    assert (await look(house, at)).content.source_url == ""


async def test_a_digest_counts_one_message_for_each_reader_at_most(
    house: House, line: Counted, writer: Browser
) -> None:
    people = await subscribed(house, 9)
    async with house.database.session() as session:
        for n, often in enumerate([Frequency.DAILY, Frequency.DAILY, Frequency.WEEKLY]):
            whose = Subscriber.contact_id == people[n].id
            await session.execute(update(Subscriber).where(whose).values(frequency=often))
    at = await write(house, writer, way="digest")
    await writer.get(at)
    assert "ไม่เกิน 8 ข้อความ (รวมกับข่าวอื่นในสรุปเดียว)" in writer.text
    assert "ไม่นับโควตา" not in writer.text
    assert "ผู้รับในตอนนี้รวม 8 คน ทาง LINE รวมผู้ที่รับแบบสรุปรายวัน" in writer.text

    await save(writer, at, way="push")
    assert re.search(r"หลังส่งเหลือสำหรับข่าวทั่วไป</dt><dd[^>]*>74<", writer.text)
    await save(writer, at, is_urgent="1")
    assert re.search(r"หลังส่งเหลือรวมที่กันไว้</dt><dd[^>]*>91<", writer.text)


async def digested(house: House, at: str, people: Sequence[Contact]) -> None:
    """A digest told all but the last of them, who reads of something else."""
    now = house.clock()
    async with house.database.session() as session:
        number = int(at.rpartition("/")[2])
        mailing = Mailing(
            key=uuid4(),
            agency=AGENCY,
            channel="line",
            frequency=Frequency.DAILY,
            since=now - timedelta(days=1),
            until=now,
            state=Sending.DONE,
            shortfall=0,
            attempt=1,
            created_at=now,
            beat_at=now,
            started_at=now,
            ended_at=now,
        )
        session.add(mailing)
        await session.flush()
        given = {"mailing_id": mailing.id, "page": 0}
        last = len(people) - 1
        session.add_all(
            Recipient(
                contact_id=one.id,
                lot=int(n == last),
                fate=Fate.BLOCKED if n == 0 else Fate.ACCEPTED,
                **given,
            )
            for n, one in enumerate(people)
        )
        session.add(Carried(mailing_id=mailing.id, lot=0, announcement_id=number))


async def test_who_read_it_in_a_digest_is_in_the_figures(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    people = await subscribed(house, 4)
    at = await write(house, writer, way="digest")
    await sending(house, at, [])
    await writer.get(at)
    assert "ส่งในสรุปข่าวรายวันเวลา 7 โมงเช้า" in writer.text
    await digested(house, at, people)
    await writer.get(at)
    assert re.search(r"LINE: ในสรุปข่าว <span[^>]*>3<", writer.text)
    assert re.search(r"แพลตฟอร์มรับแล้ว <strong[^>]*>2<", writer.text)
    assert "ไม่มีผู้รับในช่องทางนี้" not in writer.text
    assert f"{at}/recipients" not in writer.text
    assert (await writer.get(f"{at}/recipients")).status == 403

    await approver.get(at)
    assert f'href="{at}/recipients"' in approver.text
    await approver.get(f"{at}/recipients?fate=blocked")
    code = sha256(people[0].id.bytes).hexdigest()[:8]
    assert re.findall(r"<code>([0-9a-f]{8})</code>", approver.text) == [code]
    await approver.get(f"{at}/recipients")
    assert approver.text.count("<code>") == 3
    for one in people:
        assert str(one.id) not in approver.text
        assert one.address not in approver.text


async def test_a_digest_that_waits_for_a_reply_does_not_tell_what_was_withdrawn(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    people = await subscribed(house, 4)
    at = await write(house, writer)
    await sending(house, at, [])
    await digested(house, at, people)
    async with house.database.session() as session:
        query = select(Mailing.id).where(Mailing.announcement_id.is_(None))
        given = {"reply": {"text": "ก"}, "presses": False, "at": house.clock()}
        mailing = await session.scalar(query)
        lot = {"number": 0, "language": "th", "replies": [given["reply"]], "recipients": 3}
        session.add(Lot(mailing_id=mailing, **lot))
        session.add(News(contact_id=people[1].id, mailing_id=mailing, **given))
    await press(approver, at, "withdraw", reason="วันผิด")

    async with house.database.session() as session:
        assert list(await session.scalars(select(News))) == []


async def test_recipients_stand_a_hundred_on_a_page(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    at = await write(house, writer)
    await sending(house, at, await subscribed(house, 130))
    await approver.get(f"{at}/recipients?fate=queued")
    assert approver.text.count("<code>") == 100
    assert "page=2&amp;fate=queued" in approver.text
    first = set(re.findall(r"<code>([0-9a-f]{8})</code>", approver.text))
    await approver.get(f"{at}/recipients?page=2&fate=queued")
    rest = re.findall(r"<code>([0-9a-f]{8})</code>", approver.text)
    assert len(rest) == 29
    assert not first & set(rest)
    assert ">101<" in approver.text
    assert (await approver.get(f"{at}/recipients?page=%E0%B9%91&fate=x")).status == 200


@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        ("notice", "news"),
        ("event", "events"),
        ("interruption", "services"),
        ("privilege", "benefits"),
        ("emergency", "emergency"),
    ],
)
async def test_each_kind_begins_with_its_own_topic(
    house: House, writer: Browser, kind: str, topic: str
) -> None:
    await writer.get(f"{HERE}/new")
    await writer.post(f"{HERE}/new", {"kind": kind})

    assert (await look(house, writer.path.partition("/edit")[0])).content.topic == topic
    assert ("เริ่ม</label>" in writer.text) is (kind == "event")


async def test_a_quota_that_was_raised_is_seen_within_a_minute(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    await subscribed(house, 85)
    at = await submitted(house, writer)
    await approver.get(at)
    assert "ขาด 5 ข้อความ" in approver.text
    line.limit = 200
    asked = line.asked
    house.clock.move(seconds=10)
    await approver.get(at)
    assert "ขาด 5 ข้อความ" in approver.text
    assert line.asked == asked
    house.clock.move(seconds=55)
    await press(approver, at, "approve")

    assert line.asked == asked + 1
    assert (await look(house, at)).state is State.APPROVED


async def test_a_way_that_was_changed_is_signed_anew_and_says_so(
    house: House, line: Counted, writer: Browser, approver: Browser
) -> None:
    await subscribed(house, 101)
    at = await submitted(house, writer)
    await press(approver, at, "way", way="free")

    assert "ส่งกลับให้ลงนามใหม่: เปลี่ยนวิธีส่งเป็น ไม่ส่งทาง LINE" in approver.text
    assert re.search(r"LINE <span class=.mark over.>ไม่ส่งทาง LINE<", approver.text)
    assert "60 วินาทีหลังอนุมัติ" in approver.text
    assert "ขึ้นเว็บอย่างเดียว" not in approver.text


async def test_what_waits_for_ones_approval_stands_on_the_first_page(
    house: House, writer: Browser, approver: Browser
) -> None:
    for _ in range(2):
        await press(writer, await write(house, writer), "submit")
    await press(writer, await write(house, writer, is_urgent="1"), "submit")
    await approver.get(f"/admin/{AGENCY}/")
    tile = rf'href="{HERE}"><strong class="number">2</strong> ข่าวรอฉันอนุมัติ'
    assert re.search(tile, approver.text)
    assert "ไม่มีเรื่องที่รอคุณ" not in approver.text
    await writer.get(f"/admin/{AGENCY}/")
    assert "ข่าวรอฉันอนุมัติ" not in writer.text


async def test_the_list_tells_what_follows_what_recurs_and_what_was_stopped(
    house: House, line: Counted, writer: Browser
) -> None:
    at = await write(house, writer, every="weekly", weekday="0", at="07:00")
    mailing = await sending(house, at, await subscribed(house, 2))
    await press(writer, at, "correct")
    async with house.database.session() as session:
        now = await session.get_one(Mailing, mailing.id)
        now.state, now.why = Sending.STOPPED, Why.QUOTA
    await writer.get(HERE)

    assert "แก้ไขข่าว: น้ำไม่ไหล</a>" in writer.text
    assert '<span class="mark">แจ้งซ้ำ</span>' in writer.text
    assert '<span class="mark late">หยุดไว้: โควตาไม่พอ</span>' in writer.text
