"""Whom a mailing goes to: written down once, in lots of the same words and pages of 500."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from admin.announcements import Announcement, Relation, Way, is_urgent
from admin.mailings import PAGE, Carried, Fate, Lot, Mailing, Recipient, got
from admin.subscriptions import Frequency, Subscriber, wants
from bot.messages import Reply
from bot.tables import ContactRow
from knowledge.agency import Agency

MOST_IN_A_DIGEST = 20


@dataclass(frozen=True, slots=True)
class Group:
    """Announcements that the same people are to be told of, in one language."""

    language: str
    told: tuple[Announcement, ...]
    who: ColumnElement[bool]
    """Of a subscriber's and a contact's row."""


def concerned(agency: Agency, announcement: Announcement) -> ColumnElement[bool]:
    """Of a subscriber's row: whether an announcement of its own is for them, now.

    What is urgent goes to everybody whom topic and area concern, whatever they chose.
    """
    content = announcement.content
    about = wants(content.topic, content.areas)
    if is_urgent(agency, content):
        return about
    return and_(about, Subscriber.frequency == Frequency.AT_ONCE)


def alert(agency: Agency, announcement: Announcement, thread: Sequence[int]) -> Sequence[Group]:
    """Everybody who is to get this announcement at once.

    A correction and an all-clear go to just those who got what they follow.
    """
    if announcement.relation in {Relation.CORRECTION, Relation.ALL_CLEAR}:
        who = got(thread)
    else:
        who = concerned(agency, announcement)
    return [Group(language, (announcement,), who) for language in agency.profile.languages]


async def digest(
    session: AsyncSession, agency: Agency, mailing: Mailing, *, is_counted: bool
) -> Sequence[Group]:
    """Everybody for whom there was something since their last digest, by what there was.

    Where messages are counted, the daily one also tells who wants news at once of what was to go
    that way.
    """
    query = (
        select(Announcement)
        .where(
            Announcement.agency == agency.slug,
            Announcement.relation.is_(None),
            Announcement.posted_at > mailing.since,
            Announcement.posted_at <= mailing.until,
        )
        .order_by(Announcement.id)
        .limit(MOST_IN_A_DIGEST)
    )
    told = [
        one
        for one in await session.scalars(query)
        if not is_urgent(agency, one.content)  # they were told at once
        and one.content.way is not Way.PAGE
    ]
    if not told:
        return []
    mine = Subscriber.frequency == mailing.frequency
    at_once = Subscriber.frequency == Frequency.AT_ONCE
    is_daily = is_counted and mailing.frequency is Frequency.DAILY
    wished = []
    for one in told:
        whose = or_(mine, at_once) if is_daily and one.content.way is Way.DIGEST else mine
        wished.append(and_(wants(one.content.topic, one.content.areas), whose))
    bits_of = (case((wish, 1 << n), else_=0) for n, wish in enumerate(wished))
    mask = sum(bits_of, start=literal(0))
    readers = or_(mine, at_once) if is_daily else mine
    masks = select(mask.label("mask")).where(_reachable(mailing), readers).distinct().subquery()
    found = (await session.scalars(select(masks.c.mask).order_by(masks.c.mask))).all()
    return [
        Group(language, _chosen(told, bits), and_(readers, mask == bits))
        for bits in found
        if bits
        for language in agency.profile.languages
    ]


def _chosen(told: Sequence[Announcement], bits: int) -> tuple[Announcement, ...]:
    return tuple(one for n, one in enumerate(told) if bits >> n & 1)


def _reachable(mailing: Mailing) -> ColumnElement[bool]:
    """Of a subscriber's row: whether this account writes to them."""
    return and_(
        Subscriber.agency == mailing.agency,
        Subscriber.channel == mailing.channel,
        Subscriber.paused_at.is_(None),
    )


def _language(languages: Sequence[str]) -> ColumnElement[str]:
    """In which a contact is told: as chosen, else as they asked for news in."""
    chosen = func.coalesce(ContactRow.language, Subscriber.language)
    return case((chosen.in_(languages), chosen), else_=languages[0])


def _whom(mailing: Mailing, group: Group, languages: Sequence[str]) -> Select[Any]:
    return (
        select(ContactRow.id)
        .join(Subscriber, Subscriber.contact_id == ContactRow.id)
        .where(
            _reachable(mailing),
            ContactRow.blocked.is_(False),
            _language(languages) == group.language,
            group.who,
        )
    )


async def write_down(
    session: AsyncSession,
    agency: Agency,
    mailing: Mailing,
    groups: Sequence[Group],
    words: Sequence[Sequence[Reply]],
    *,
    fate: Fate = Fate.QUEUED,
) -> int:
    """Write down the recipients of each group; returns how many there are. May be done again."""
    for table in (Recipient, Carried, Lot):
        await session.execute(delete(table).where(table.mailing_id == mailing.id))
    total = 0
    for number, group in enumerate(groups):
        whom = _whom(mailing, group, agency.profile.languages).subquery()
        place = func.row_number().over(order_by=whom.c.id) - 1
        rows = select(literal(mailing.id), whom.c.id, literal(number), place // PAGE, literal(fate))
        columns = ["mailing_id", "contact_id", "lot", "page", "fate"]
        done: Any = await session.execute(insert(Recipient).from_select(columns, rows))
        if not done.rowcount:
            continue
        total += done.rowcount
        session.add(
            Lot(
                mailing_id=mailing.id,
                number=number,
                language=group.language,
                replies=[msgspec.to_builtins(reply) for reply in words[number]],
                recipients=done.rowcount,
            )
        )
        session.add_all(
            Carried(mailing_id=mailing.id, lot=number, announcement_id=one.id) for one in group.told
        )
    await session.flush()
    return total
