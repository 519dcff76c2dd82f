"""Whom a mailing goes to: written down once, in lots of the same words and pages of 500."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import (
    ColumnElement,
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

from admin import riding
from admin.announcements import Announcement, Relation, State, Way, is_urgent
from admin.leaflets import Told
from admin.mailings import PAGE, Carried, Fate, Lot, Mailing, Recipient, got
from admin.subscriptions import Frequency, Subscriber, reachable, wants
from admin.threads import others, stories, story_of
from bot.messages import Reply
from bot.tables import ContactRow
from knowledge.agency import Agency

MOST_IN_A_DIGEST = 20
"""Told in full."""
MOST_LOOKED_AT = 500
_NOBODY: ColumnElement[int] = literal(0)
LEFT_WAITING = frozenset({Fate.QUEUED})
"""Who had still to be sent what a correction follows: they get the right words instead."""


@dataclass(frozen=True, slots=True)
class Item:
    """One announcement of a mailing: what is told of it, and which it is."""

    told: Told
    carried: int


@dataclass(frozen=True, slots=True)
class Audience:
    """What there is to tell, and whom each of it concerns."""

    items: tuple[Item, ...] = ()
    mask: ColumnElement[int] = _NOBODY
    """Of a subscriber's and a contact's row: a bit for each item."""
    others: tuple[Announcement, ...] = ()
    """Those for which a digest has no room."""

    @property
    def who(self) -> ColumnElement[bool]:
        """Whom anything of it concerns."""
        return self.mask > 0

    def of(self, bits: int) -> tuple[Item, ...]:
        """The items of these bits."""
        return tuple(item for n, item in enumerate(self.items) if bits >> n & 1)

    def more(self, told: Sequence[Told]) -> int:
        """How many of the others are about the same as what is told."""
        about = {_about(one.first) for one in told}
        return sum(_about(one) in about for one in self.others)


def _about(one: Announcement) -> tuple[str, tuple[str, ...]]:
    """Topic and areas: whoever wants one such wants every other."""
    return one.content.topic, one.content.areas


def _with_room(latest: Sequence[Announcement]) -> Sequence[Announcement]:
    """What a digest has room for: the latest, and of every topic and area as many as of others."""
    before: Counter[tuple[str, tuple[str, ...]]] = Counter()
    ranks: dict[int, int] = {}
    for one in latest:
        ranks[one.id] = before[_about(one)]
        before[_about(one)] += 1
    kept = sorted(latest, key=lambda one: ranks[one.id])[:MOST_IN_A_DIGEST]
    return [one for one in latest if one in kept]


def concerned(agency: Agency, announcement: Announcement) -> ColumnElement[bool]:
    """Of a subscriber's row: whether an announcement of its own is for them, now.

    What is urgent goes to everybody whom topic and area concern, whatever they chose.
    """
    content = announcement.content
    about = wants(content.topic, content.areas)
    if is_urgent(agency, content):
        return about
    return and_(about, Subscriber.frequency == Frequency.AT_ONCE)


async def alert(session: AsyncSession, agency: Agency, found: Announcement) -> Audience:
    """Everybody who is to get this announcement at once.

    A correction goes to just those who got what it corrects, or were still to, but for those whose
    digest waits for their next words; an all-clear to all who got anything of the thread. A
    recurring one is told in the words of its last correction.
    """
    first, who, shown = found, concerned(agency, found), found
    if found.first_id is not None:
        first = await session.get_one(Announcement, found.first_id)
        before = await _before(session, found)
        who = got(before)
        if found.relation is Relation.CORRECTION:  # a digest that waits tells the right words
            who = and_(got(before, also=LEFT_WAITING), ~riding.waits(before))
    elif found.content.recurs:
        shown = (await story_of(session, found)).latest
    return Audience((Item(Told(shown, first), found.id),), case((who, 1), else_=0))


async def _before(session: AsyncSession, found: Announcement) -> Sequence[int]:
    """What an announcement follows: the first of its thread; an end also the corrections."""
    if found.relation is not Relation.ALL_CLEAR:
        return [found.first_id or found.id]
    return (await session.scalars(select(Announcement.id).where(others(found)))).all()


def _last(digest: Mailing) -> ColumnElement[datetime]:
    """Of an announcement's row: when it was told last before a digest; what recurs, often."""
    times = select(func.max(Mailing.created_at)).where(
        Mailing.announcement_id == Announcement.id,
        Mailing.channel == digest.channel,
        Mailing.created_at <= digest.until,
    )
    return func.coalesce(times.scalar_subquery(), Announcement.posted_at)


async def digest(
    session: AsyncSession, agency: Agency, mailing: Mailing, *, is_counted: bool
) -> Audience:
    """Everybody for whom there was something since their last digest, by what there was.

    So it is for whoever changed how often they are told after that: nobody else may have told them.
    Where messages are counted, the daily one also tells who wants news at once of what was to go
    that way.
    """
    last = _last(mailing)
    query = select(Announcement, last).where(
        Announcement.agency == agency.slug,
        Announcement.relation.is_(None),
        Announcement.state == State.POSTED,
        last > mailing.since,
        last <= mailing.until,
    )
    left_out = {Way.PAGE, Way.FREE} if is_counted else {Way.PAGE}
    latest = query.order_by(last.desc(), Announcement.id.desc()).limit(MOST_LOOKED_AT)
    since = {
        one: at
        for one, at in await session.execute(latest)
        if not is_urgent(agency, one.content)  # they were told at once
        and one.content.way not in left_out
    }
    every = list(since)
    told = _with_room(every)[::-1]
    if not told:
        return Audience()
    mine = Subscriber.frequency == mailing.frequency
    at_once = Subscriber.frequency == Frequency.AT_ONCE
    is_daily = is_counted and mailing.frequency is Frequency.DAILY
    mask: ColumnElement[int] = literal(0)
    for n, one in enumerate(told):
        told_before = got([one.id], since=since[one])
        whose = [mine, Subscriber.moved_at > since[one]]
        if is_daily and one.content.way is Way.DIGEST:
            whose.append(at_once)
        wish = and_(or_(*whose), wants(one.content.topic, one.content.areas), ~told_before)
        mask += case((wish, 1 << n), else_=0)
    items = tuple(
        Item(Told(story.latest, story.first), story.first.id)
        for story in await stories(session, told)
    )
    return Audience(items, mask, tuple(one for one in every if one not in told))


def _language(languages: Sequence[str]) -> ColumnElement[int]:
    """In which of these a contact is told: as chosen, else as they asked for news in."""
    chosen = func.coalesce(ContactRow.language, Subscriber.language)
    return case({language: n for n, language in enumerate(languages)}, value=chosen, else_=0)


async def write_down(
    session: AsyncSession,
    agency: Agency,
    mailing: Mailing,
    audience: Audience,
    words: Callable[[Sequence[Told], str], Sequence[Reply]],
    *,
    fate: Fate = Fate.QUEUED,
) -> int:
    """Write down everybody whom it concerns, in lots of what each is told and in which language.

    `words` gives what a lot is told. Returns how many there are. May be done again.
    """
    for table in (Recipient, Carried, Lot):
        await session.execute(delete(table).where(table.mailing_id == mailing.id))
    languages = agency.profile.languages
    lot = audience.mask * len(languages) + _language(languages)
    whom = (
        select(ContactRow.id, lot.label("lot"))
        .join(Subscriber, Subscriber.contact_id == ContactRow.id)
        .where(
            Subscriber.agency == mailing.agency,
            Subscriber.channel == mailing.channel,
            reachable(),
        )
        .subquery()
    )
    place = func.row_number().over(partition_by=whom.c.lot, order_by=whom.c.id) - 1
    rows = select(literal(mailing.id), whom.c.id, whom.c.lot, place // PAGE, literal(fate))
    columns = ["mailing_id", "contact_id", "lot", "page", "fate"]
    concerned_ones = rows.where(whom.c.lot >= len(languages))
    await session.execute(insert(Recipient).from_select(columns, concerned_ones))
    counted = (
        select(Recipient.lot, func.count())
        .where(Recipient.mailing_id == mailing.id)
        .group_by(Recipient.lot)
    )
    total = 0
    for number, people in (await session.execute(counted)).all():
        bits, at = divmod(number, len(languages))
        items = audience.of(bits)
        replies = words([item.told for item in items], languages[at])
        session.add(
            Lot(
                mailing_id=mailing.id,
                number=number,
                language=languages[at],
                replies=[msgspec.to_builtins(reply) for reply in replies],
                recipients=people,
            )
        )
        session.add_all(
            Carried(mailing_id=mailing.id, lot=number, announcement_id=item.carried)
            for item in items
        )
        total += people
    await session.flush()
    return total
