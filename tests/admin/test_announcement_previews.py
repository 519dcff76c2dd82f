"""Previews are the words that go out: of a first one, of what follows it, and of its end."""

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from admin.announcements import Announcement, State
from admin.mailings import Lot
from admin.mailroom import Mailroom
from admin.officers import Role
from admin.posting import Posting
from bot.clock import BANGKOK
from knowledge.agency import Agency
from tests.admin.conftest import Browser, House, NewBrowser
from tests.admin.test_announcement_pages import look, press, save, subscribed, write
from tests.admin.test_ticket_pages import come
from tests.fakes import AGENCY, FakeChannel

CHANNEL = "web"


class Sender:
    """Posts what is due and writes down what its recipients are told."""

    def __init__(self, house: House, agency: Agency) -> None:
        self.house = house
        channels = house.equipment.channels
        self.mailroom = Mailroom(
            house.database,
            lambda _: agency,
            channels,
            house.equipment.quotas,
            address=house.equipment.settings.public_url,
            committed=lambda _: None,
            clock=house.clock,
        )
        self.posting = Posting(
            house.database, channels, self._begin, is_ready=lambda: True, clock=house.clock
        )

    async def _begin(self, mailing: int, attempt: int) -> None:
        await self.mailroom.begin(mailing, attempt)
        await self.mailroom.page(mailing, attempt, 0)
        await self.mailroom.end(mailing, attempt)

    async def goes_out(self) -> str:
        """What is due is posted and told; returns the words of the last one."""
        async with self.house.database.session() as session:
            due = select(Announcement.starts_at).where(Announcement.state == State.APPROVED)
            first = (await session.scalars(due.order_by(Announcement.starts_at).limit(1))).one()
        assert first is not None
        self.house.clock.move(seconds=max(0.0, (first - self.house.clock()).total_seconds()))
        await self.posting.round()
        async with self.house.database.session() as session:
            last = await session.scalar(select(Lot).order_by(Lot.mailing_id.desc()).limit(1))
        assert last is not None
        [reply] = last.words
        return reply.text


@pytest.fixture
async def sender(house: House, registry: Any) -> Sender:
    """Mailboxes of the web chat, which hold what was sent at once."""
    channel = FakeChannel(name=CHANNEL, is_mailbox=True)
    house.equipment.channels[f"{AGENCY}/{CHANNEL}"] = channel  # type: ignore[index]
    return Sender(house, registry.get(AGENCY).agency)


def shown(browser: Browser) -> list[str]:
    """What the page shows as the web chat would: of the announcement, and of its end."""
    figures = re.findall(r'<figure class="phone on-web">(.*?)</figure>', browser.text, re.DOTALL)
    texts = [re.findall(r'<p class="bubble">(.*?)</p>', one, re.DOTALL)[0] for one in figures]
    thai = [text for text, one in zip(texts, figures, strict=True) if 'lang="th"' in one]
    return [unescape(text) for text in thai]


def typed(at: datetime) -> str:
    """A moment as the form has it."""
    return f"{at.astimezone(BANGKOK):%Y-%m-%dT%H:%M}"


async def signed(writer: Browser, approver: Browser, at: str) -> list[str]:
    """Sign and approve it; what its page shows then."""
    await press(writer, at, "submit")
    await press(approver, at, "approve")
    await approver.get(at)
    return shown(approver)


async def corrected(house: House, writer: Browser, at: str, **words: str) -> str:
    """A draft that corrects it."""
    await press(writer, at, "correct")
    fixed = writer.path.partition("/edit")[0]
    until = (await look(house, at)).content.valid_until
    kept = {"valid_until": typed(until)} if until else {}
    await save(writer, fixed, **{**kept, **words})
    return fixed


@pytest.fixture
async def pair(house: House, new_browser: NewBrowser) -> tuple[Browser, Browser]:
    """Who writes, and who approves."""
    writer = await come(house, await new_browser(), "writer@example.go.th", Role.AGENT)
    second = await come(house, await new_browser(), "second@example.go.th", Role.APPROVER)
    return writer, second


async def test_what_is_shown_is_what_is_told(
    house: House, sender: Sender, pair: tuple[Browser, Browser]
) -> None:
    writer, approver = pair
    await subscribed(house, 2, CHANNEL)
    end = house.clock() + timedelta(days=2)
    at = await write(house, writer, "interruption", valid_until=typed(end))

    [first, its_end] = await signed(writer, approver, at)
    assert await sender.goes_out() == first
    fixed = await corrected(house, writer, at, text_th="เลื่อนไปวันอาทิตย์")
    [correction, later_end] = await signed(writer, approver, fixed)
    assert await sender.goes_out() == correction
    assert "แก้ไข" in correction
    await approver.get(at)
    assert shown(approver) == [first, later_end]
    assert await sender.goes_out() == later_end
    assert later_end != its_end  # it says when it was last edited


@pytest.mark.parametrize("goes_on", [False, True])
async def test_a_correction_after_the_end_shows_whether_it_is_over(
    house: House, sender: Sender, pair: tuple[Browser, Browser], *, goes_on: bool
) -> None:
    writer, approver = pair
    await subscribed(house, 2, CHANNEL)
    end = house.clock() + timedelta(minutes=20)
    at = await write(house, writer, valid_until=typed(end), all_clear_th="น้ำไหลแล้ว")
    await signed(writer, approver, at)
    await sender.goes_out()
    await sender.goes_out()
    assert (await look(house, at)).ended_at is not None
    until = typed(end + timedelta(days=1)) if goes_on else ""
    late = await corrected(house, writer, at, text_th="ท่อแตก", valid_until=until)
    [over, *its_end] = await signed(writer, approver, late)

    assert await sender.goes_out() == over
    assert ("เรื่องนี้สิ้นสุดแล้ว" not in over) is ("มีผลถึง" in over) is goes_on
    assert ([await sender.goes_out()] if goes_on else []) == its_end


async def test_the_form_shows_a_correction_beside_its_first(
    house: House, sender: Sender, pair: tuple[Browser, Browser]
) -> None:
    writer, approver = pair
    at = await write(house, writer)
    await signed(writer, approver, at)
    await subscribed(house, 1, CHANNEL)
    await sender.goes_out()
    posted_at = (await look(house, at)).posted_at
    house.clock.move(minutes=10)
    fixed = await corrected(house, writer, at, text_th="ซ่อมเสร็จแล้ว")
    await writer.get(f"{fixed}/edit")
    [told] = shown(writer)
    [posted, edited] = re.findall(r"(?:ประกาศเมื่อ|แก้ไขล่าสุด) .*? (\d\d:\d\d) น\.", told)
    assert posted_at is not None
    assert posted == f"{posted_at.astimezone(BANGKOK):%H:%M}"
    assert edited == f"{house.clock().astimezone(BANGKOK):%H:%M}"


async def test_a_recurring_notice_shows_the_end_that_is_planned_with_it(
    house: House, sender: Sender, pair: tuple[Browser, Browser]
) -> None:
    writer, approver = pair
    await subscribed(house, 1, CHANNEL)
    end = house.clock() + timedelta(days=20)
    at = await write(
        house,
        writer,
        "interruption",
        valid_until=typed(end),
        every="weekly",
        weekday="0",
        at="07:00",
    )
    assert (await look(house, at)).content.recurs
    [_, its_end] = await signed(writer, approver, at)
    await sender.goes_out()
    assert await sender.goes_out() == its_end
