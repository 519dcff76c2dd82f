"""Announcements of the demonstration: some in every state, and citizens who asked for news."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import yaml
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from admin import announcing, leaflets, recipients, subscriptions
from admin.announcements import Announcement, Content, Relation, State, needs_head
from admin.mailings import Fate, Mailing, Recipient
from admin.mailings import State as Sending
from admin.officers import Officer
from admin.subscriptions import Frequency
from bot.demo.people import Office
from bot.tables import ContactRow

FILE = Path(__file__).with_name("bulletins.yaml")
READERS = 15
"""Citizens of each agency who want news."""
HOW_OFTEN = (Frequency.AT_ONCE, Frequency.AT_ONCE, Frequency.DAILY, Frequency.WEEKLY)
LATER = timedelta(days=1)
Item = Mapping[str, Any]


def read() -> Sequence[Item]:
    """The announcements, each for every agency."""
    found: Sequence[Item] = yaml.safe_load(FILE.read_text("utf-8"))
    return found


async def announce(session: AsyncSession, office: Office, now: datetime) -> None:
    """Readers first, then each announcement as far as it came, the oldest first."""
    await _subscribe(session, office, now - timedelta(days=30))
    for item in sorted(read(), key=lambda one: -one["age"]):
        await _tell(session, office, item, now)


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
        valid_from=begin if lasts else None,
        valid_until=begin + timedelta(hours=lasts) if lasts else None,
        all_clear_th=kind.all_clear_th,
        all_clear_en=kind.all_clear_en,
        **more,
    )


async def _tell(session: AsyncSession, office: Office, item: Item, now: datetime) -> None:
    begin = now - timedelta(hours=item["age"])
    end = item["end"]
    content = _content(office, item, begin, send_at=now + LATER if end == "planned" else None)
    writer, second = _people(office, content)
    made = await announcing.draft(session, office.agency, content, writer, begin)
    if end == "draft":
        return
    await announcing.submit(session, office.agency, made, writer, begin)
    if end == "waiting":
        return
    if end == "returned":
        await announcing.give_back(session, made, second, item["reason"], begin)
        return
    await announcing.approve(session, office.agency, made, second, begin)
    if end == "planned":
        return
    await _post(session, office, made, begin + announcing.UNDO)
    if end == "corrected":
        await _correct(session, office, made, item, begin + timedelta(hours=5))
    if end == "ended":
        await _end(session, office, made)
    if end == "withdrawn":
        when = begin + timedelta(hours=2)
        await announcing.withdraw(session, made, second, item["reason"], when)


def _people(office: Office, content: Content) -> tuple[Officer, Officer]:
    writer = office.reporters[content.unit]
    return writer, office.head if needs_head(office.agency, content) else office.approver


async def _post(session: AsyncSession, office: Office, made: Announcement, at: datetime) -> None:
    """As `admin.posting` does; its mailings are long over."""
    made.state, made.posted_at = State.POSTED, at
    await announcing.plan_end(session, made, at)
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
    first.edited_at = made.posted_at


async def _end(session: AsyncSession, office: Office, first: Announcement) -> None:
    query = select(Announcement).where(Announcement.first_id == first.id)
    end = await session.scalar(query)
    if end is not None and end.starts_at is not None:
        await _post(session, office, end, end.starts_at)
        first.ended_at = end.posted_at
