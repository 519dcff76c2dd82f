"""Announcements of the demonstration: some in every state, and citizens who asked for news."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import yaml
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin import announcing, leaflets, recipients, subscriptions
from admin.announcements import Announcement, Content, Relation, needs_head
from admin.mailings import Fate, Mailing, Recipient
from admin.mailings import State as Sending
from admin.officers import Officer
from admin.posting import put_up
from admin.subscriptions import Frequency
from bot.demo.people import Office
from bot.tables import ContactRow

FILE = Path(__file__).with_name("bulletins.yaml")
READERS = 15
"""Citizens of each agency who want news."""
HOW_OFTEN = (Frequency.AT_ONCE, Frequency.AT_ONCE, Frequency.DAILY, Frequency.WEEKLY)
LATER = timedelta(days=1)
POSTED = frozenset({"posted", "corrected", "ended", "recurring", "withdrawn"})
Item = Mapping[str, Any]
Event = tuple[datetime, Callable[[], Awaitable[object]]]
"""When something happens, and what."""


def read() -> Sequence[Item]:
    """The announcements, each for every agency."""
    found: Sequence[Item] = yaml.safe_load(FILE.read_text("utf-8"))
    return found


def events(session: AsyncSession, office: Office, now: datetime) -> Sequence[Event]:
    """What happens when: readers first, then each announcement as far as it came."""
    items = read()
    first = now - timedelta(hours=max(item["age"] for item in items))
    told = [event for item in items for event in _Telling(session, office, item, now).events()]
    return [(first, partial(_subscribe, session, office, first)), *told]


async def _subscribe(session: AsyncSession, office: Office, since: datetime) -> None:
    query = select(ContactRow).where(ContactRow.agency == office.agency.slug)
    readers = await session.scalars(query.order_by(ContactRow.id).limit(READERS))
    topics = list(office.agency.newsroom.topics)
    for number, contact in enumerate(readers.all()):
        await subscriptions.subscribe(
            session,
            contact,
            topics=topics if number % 3 else topics[:3],
            areas=(),
            frequency=HOW_OFTEN[number % len(HOW_OFTEN)],
            language=contact.language or "th",
            now=since,
        )


def _content(office: Office, item: Item, begin: datetime, **more: Any) -> Content:
    kind = office.agency.newsroom.kinds[item["kind"]]
    lasts = item.get("lasts")
    return Content(
        kind=kind.id,
        topic=item["topic"],
        unit=office.agency.profile.units[0].id,
        headline_th=item["headline"]["th"],
        headline_en=item["headline"]["en"],
        text_th=item["text"]["th"],
        text_en=item["text"]["en"],
        place=item.get("place", ""),
        recurs=item.get("recurs", ""),
        valid_from=begin if lasts else None,
        valid_until=begin + timedelta(hours=lasts) if lasts else None,
        all_clear_th=kind.all_clear_th,
        all_clear_en=kind.all_clear_en,
        **more,
    )


class _Telling:
    """One announcement on its way, step by step."""

    def __init__(self, session: AsyncSession, office: Office, item: Item, now: datetime) -> None:
        self._session, self._office, self._item = session, office, item
        self._begin = now - timedelta(hours=item["age"])
        planned = now + LATER if item["end"] == "planned" else None
        self._content = _content(office, item, self._begin, send_at=planned)
        self._writer, self._second = _people(office, self._content)
        self._made: Announcement | None = None

    def events(self) -> Sequence[Event]:
        """Its steps, each at its time."""
        begin, end = self._begin, self._item["end"]
        steps: list[Event] = [(begin, self._write)]
        if end == "returned":
            steps.append((begin + timedelta(minutes=20), self._give_back))
        if end not in {"draft", "waiting", "returned"}:
            steps.append((begin + timedelta(minutes=10), self._approve))
        if end in POSTED:
            steps.append((begin + timedelta(minutes=11), self._post))
        if end == "corrected":
            steps.append((begin + timedelta(hours=5), self._correct))
        if end == "ended":
            steps.append((begin + timedelta(hours=self._item["lasts"]), self._end))
        if end == "withdrawn":
            steps.append((begin + timedelta(hours=2), self._withdraw))
        return steps

    @property
    def _now_made(self) -> Announcement:
        if self._made is None:
            raise LookupError(self._item["end"])
        return self._made

    async def _write(self) -> None:
        session, begin = self._session, self._begin
        made = await announcing.draft(
            session, self._office.agency, self._content, self._writer, begin
        )
        self._made = made
        if self._item["end"] != "draft":
            await announcing.submit(session, self._office.agency, made, self._writer, begin)

    async def _give_back(self) -> None:
        reason, at = self._item["reason"], self._begin + timedelta(minutes=20)
        await announcing.give_back(self._session, self._now_made, self._second, reason, at)

    async def _approve(self) -> None:
        at = self._begin + timedelta(minutes=10)
        await announcing.approve(
            self._session, self._office.agency, self._now_made, self._second, at
        )

    async def _post(self) -> None:
        at = self._begin + timedelta(minutes=11)
        await _post(self._session, self._office, self._now_made, at)

    async def _correct(self) -> None:
        at = self._begin + timedelta(hours=5)
        await _correct(self._session, self._office, self._now_made, self._item, at)

    async def _end(self) -> None:
        await _end(self._session, self._office, self._now_made)

    async def _withdraw(self) -> None:
        reason, at = self._item["reason"], self._begin + timedelta(hours=2)
        await announcing.withdraw(self._session, self._now_made, self._second, reason, at)


def _people(office: Office, content: Content) -> tuple[Officer, Officer]:
    writer = office.reporters[content.unit]
    return writer, office.head if needs_head(office.agency, content) else office.approver


async def _post(session: AsyncSession, office: Office, made: Announcement, at: datetime) -> None:
    """As `admin.posting` does; its mailings are long over."""
    await put_up(session, made, at)
    channels = select(ContactRow.channel).where(ContactRow.agency == office.agency.slug).distinct()
    for channel in (await session.scalars(channels)).all():
        mailing = Mailing(
            key=uuid4(),
            agency=office.agency.slug,
            channel=channel,
            announcement_id=made.id,
            state=Sending.DONE,
            shortfall=0,
            attempt=1,
            created_at=at,
            beat_at=at,
            started_at=at,
            ended_at=at + timedelta(seconds=4),
        )
        session.add(mailing)
        await session.flush()
        await recipients.write_down(
            session,
            office.agency,
            mailing,
            await recipients.alert(session, office.agency, made),
            lambda told, language: leaflets.replies(office.agency, told, language, ""),
        )
        sent = update(Recipient).where(Recipient.mailing_id == mailing.id)
        await session.execute(sent.values(fate=Fate.ACCEPTED))


async def _correct(
    session: AsyncSession, office: Office, first: Announcement, item: Item, at: datetime
) -> None:
    said = item["correction"]
    content = msgspec.structs.replace(first.content, text_th=said["th"], text_en=said["en"])
    writer, second = _people(office, content)
    made = await announcing.draft(
        session, office.agency, content, writer, at, relation=Relation.CORRECTION, first=first
    )
    await announcing.submit(session, office.agency, made, writer, at)
    await announcing.approve(session, office.agency, made, second, at)
    await _post(session, office, made, at + announcing.UNDO)


async def _end(session: AsyncSession, office: Office, first: Announcement) -> None:
    query = select(Announcement).where(Announcement.first_id == first.id)
    end = await session.scalar(query)
    if end is not None and end.starts_at is not None:
        await _post(session, office, end, end.starts_at)
