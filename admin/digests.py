"""Digests: once a working morning, what waits for each of the staff, instead of many messages."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct
from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin import approvals, chat_links, lists, nudges, staff
from admin.followers import News, told
from admin.nudges import Stage
from admin.officers import Officer, Role
from admin.tickets import Ticket
from bot.clock import local_date
from bot.db import Base, ConcurrentId, Database
from bot.messages import Reply
from bot.tables import ContactRow
from knowledge.agency import Agency
from knowledge.dates import written

AT_MOST = 8
"""Tickets that a digest names."""
KEPT = timedelta(days=30)
WORKERS = frozenset(Role) - {Role.OFFICER, Role.OPERATOR}
"""Whom citizens' matters concern."""


class DigestSent(Base):
    """That a person was told in the morning of this day."""

    __tablename__ = "staff_digests"

    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    agency: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    news_id: Mapped[int | None] = mapped_column(
        ConcurrentId, ForeignKey("news.id", ondelete="SET NULL")
    )


class Reminder(Struct, frozen=True):
    """A ticket that a clock reminds of."""

    stage: Stage
    ticket: int
    number: str
    unit: str | None
    due_at: datetime


class Digest(Struct, frozen=True):
    """What waits for one person in one agency."""

    counts: Mapping[str, int]
    """By the names of `lists.GROUPS`."""
    reminders: tuple[Reminder, ...] = ()
    announcements: int = 0
    """Which wait for their approval."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.presses or self.counts["mine"])

    @property
    def presses(self) -> bool:
        """Whether it is worth a message that is counted: something is late, soon, or unsigned."""
        return bool(self.reminders or self.counts["sign"] or self.announcements)


async def _digest(
    session: AsyncSession,
    agency: Agency,
    officer: Officer,
    now: datetime,
    *,
    nudges_of: tuple[Sequence[tuple[Ticket, Stage]], Sequence[Officer]],
) -> Digest:
    found, here = nudges_of
    mine = nudges.of_officer(found, officer, {each.id for each in here})
    reminders = tuple(
        Reminder(stage, ticket.id, ticket.number, ticket.unit, ticket.due_at)
        for ticket, stage in mine
    )
    counts = await lists.counts(session, agency, officer, now)
    return Digest(counts, reminders, await approvals.count(session, agency, officer))


async def morning(database: Database, agency: Agency, now: datetime, address: str) -> int:
    """Tell everybody with a linked chat what waits for them, once a day; returns how many.

    `address` is that of the installation, empty where nobody told it.
    """
    ready: list[tuple[Officer, ContactRow, Digest]] = []
    async with database.read() as connection:
        session = AsyncSession(connection, expire_on_commit=False)
        today = local_date(now)
        here = await staff.officers(session, agency.slug, today)
        linked = await chat_links.chats(session, agency.slug)
        found = await nudges.standing(session, agency, now)
        for officer in here:
            if officer.id in linked and officer.roles & WORKERS:
                both = (found, here)
                digest = await _digest(session, agency, officer, now, nudges_of=both)
                ready.append((officer, linked[officer.id], digest))
        await session.close()
    sent = 0
    for officer, contact, digest in ready:
        if not digest.is_empty:
            async with database.session() as session:
                reply = worded(agency, digest, contact.language or "th", address)
                sent += await _send(
                    session, officer, contact, reply, presses=digest.presses, now=now
                )
    return sent


async def _send(
    session: AsyncSession,
    officer: Officer,
    contact: ContactRow,
    reply: Reply,
    *,
    presses: bool,
    now: datetime,
) -> bool:
    """Once a day; one of an earlier day that still waits for its reader is out of date."""
    day = local_date(now)
    if await session.get(DigestSent, (officer.id, officer.agency, day)) is not None:
        return False
    earlier = select(DigestSent.news_id).where(
        DigestSent.staff_id == officer.id, DigestSent.agency == officer.agency
    )
    await session.execute(delete(News).where(News.id.in_(earlier), News.told_at.is_(None)))
    news = told(contact.id, reply, presses=presses, now=now)
    session.add(news)
    await session.flush()
    session.add(DigestSent(staff_id=officer.id, agency=officer.agency, day=day, news_id=news.id))
    await session.flush()
    return True


def worded(agency: Agency, digest: Digest, language: str, address: str) -> Reply:
    """A digest in words: numbers, units and days, and nothing of what citizens wrote."""
    say = agency.wording.say
    lines = [say("digest.title", language, agency=agency.profile.name.of(language))]
    counts = digest.counts
    if counts["mine"]:
        lines.append(say("digest.mine", language, count=counts["mine"]))
    if counts["sign"]:
        lines.append(say("digest.sign", language, count=counts["sign"]))
    if digest.announcements:
        lines.append(say("digest.announcements", language, count=digest.announcements))
    lines += [_line(agency, each, language) for each in digest.reminders[:AT_MOST]]
    if len(digest.reminders) > AT_MOST:
        lines.append(say("digest.more", language, count=len(digest.reminders) - AT_MOST))
    if address:
        lines.append(f"{address.rstrip('/')}/admin/{agency.slug}/")
    return Reply("\n".join(lines))


def _line(agency: Agency, reminder: Reminder, language: str) -> str:
    unit = agency.unit(reminder.unit)
    return agency.wording.say(
        f"digest.{reminder.stage}",
        language,
        number=reminder.number,
        due=written(local_date(reminder.due_at), language),
        unit=unit.name(language) if unit else agency.wording.say("digest.no_unit", language),
    )


async def expire(database: Database, today: date) -> None:
    """Delete what is known of mornings long past."""
    async with database.write() as connection:
        await connection.execute(delete(DigestSent).where(DigestSent.day < today - KEPT))
