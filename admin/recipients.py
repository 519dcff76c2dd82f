"""Whom a mailing goes to: written down once, in lots of the same words and pages of 500."""

from collections.abc import Mapping, Sequence
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

from admin.announcements import Announcement, Relation, State, Way, is_urgent
from admin.leaflets import Told
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
    told: tuple[Told, ...]
    carried: tuple[int, ...]
    """The announcements that they are told of, by id."""
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


async def alert(session: AsyncSession, agency: Agency, found: Announcement) -> Sequence[Group]:
    """Everybody who is to get this announcement at once.

    A correction goes to just those who got what it corrects, an all-clear to all who got anything
    of the thread. A recurring one is told in the words of its last correction.
    """
    first, who, shown = found, concerned(agency, found), found
    if found.first_id is not None:
        first = await session.get_one(Announcement, found.first_id)
        who = got(await _before(session, found))
    elif found.content.recurs:
        shown = (await _corrected(session, [found.id])).get(found.id, found)
    told = (Told(shown, first),)
    return [Group(language, told, (found.id,), who) for language in agency.profile.languages]


async def _before(session: AsyncSession, found: Announcement) -> Sequence[int]:
    """What an announcement follows: the first of its thread; an end also the corrections."""
    first = found.first_id or found.id
    if found.relation is not Relation.ALL_CLEAR:
        return [first]
    others = select(Announcement.id).where(
        Announcement.first_id == first, Announcement.id != found.id
    )
    return [first, *(await session.scalars(others))]


async def _corrected(session: AsyncSession, firsts: Sequence[int]) -> Mapping[int, Announcement]:
    """The last correction that still holds of each that has one."""
    query = select(Announcement).where(
        Announcement.first_id.in_(firsts),
        Announcement.relation == Relation.CORRECTION,
        Announcement.state == State.POSTED,
    )
    rows = await session.scalars(query.order_by(Announcement.posted_at, Announcement.id))
    return {row.first_id: row for row in rows if row.first_id is not None}


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
            Announcement.state == State.POSTED,
            Announcement.posted_at > mailing.since,
            Announcement.posted_at <= mailing.until,
        )
        .order_by(Announcement.id)
        .limit(MOST_IN_A_DIGEST)
    )
    left_out = {Way.PAGE, Way.FREE} if is_counted else {Way.PAGE}
    told = [
        one
        for one in await session.scalars(query)
        if not is_urgent(agency, one.content)  # they were told at once
        and one.content.way not in left_out
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
    corrected = await _corrected(session, [one.id for one in told])
    readers = or_(mine, at_once) if is_daily else mine
    masks = select(mask.label("mask")).where(_reachable(mailing), readers).distinct().subquery()
    found = (await session.scalars(select(masks.c.mask).order_by(masks.c.mask))).all()
    return [
        Group(
            language,
            tuple(Told(corrected.get(one.id, one), one) for one in _chosen(told, bits)),
            tuple(one.id for one in _chosen(told, bits)),
            and_(readers, mask == bits),
        )
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
            Carried(mailing_id=mailing.id, lot=number, announcement_id=one) for one in group.carried
        )
    await session.flush()
    return total
