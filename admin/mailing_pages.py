"""A page of a mailing: put into the outbox once, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from admin.mailings import Fate, Lot, Mailing, Recipient, Why, contact_key, page_key
from admin.subscriptions import Subscriber
from bot import outbox
from bot.channels.channel import Channel
from bot.messages import Contact, Reply
from bot.tables import ContactRow, OutgoingRow, Posting, account_of

CANCELLED = "cancelled"
QUOTA = "quota"
"""How `bot.channels.line_refusals` names it."""
UNSENT = (CANCELLED, QUOTA, "credentials")
"""Failures of requests that surely did not arrive, and may be made again."""
FATES: Mapping[str | None, Fate] = {
    "blocked": Fate.BLOCKED,
    "gone": Fate.BLOCKED,
    "refused": Fate.REFUSED,
    **dict.fromkeys(UNSENT, Fate.QUEUED),
}
"""What the outbox's word for a failure means; any other leaves it unknown whether it arrived."""
_REQUESTS: Any = OutgoingRow.__table__


@dataclass(frozen=True, slots=True)
class Page:
    """One step's recipients."""

    lot: int
    number: int


async def lots(session: AsyncSession, mailing: Mailing) -> Sequence[Lot]:
    """All of a mailing's, in order."""
    query = select(Lot).where(Lot.mailing_id == mailing.id).order_by(Lot.number)
    return (await session.scalars(query)).all()


def page_at(lots: Sequence[Lot], number: int) -> Page:
    """The page of a step; raises IndexError where there is none."""
    for lot in lots:
        if number < lot.pages:
            return Page(lot.number, number)
        number -= lot.pages
    raise IndexError(number)


async def feed(
    connection: AsyncConnection,
    channel: Channel,
    mailing: Mailing,
    page: Page,
    *,
    words: Sequence[Reply],
    now: datetime,
) -> None:
    """Put the page's requests into the outbox, each once, however often this is done."""
    await _drop_gone(connection, mailing.id, page)
    people = (await connection.execute(_queued(mailing.id, page))).all()
    payloads = channel.plan(words, None, now)
    if not people or not payloads:
        return
    if channel.bulk.many > 1:
        rows = [_together(mailing, payloads[0], people, page, now)]
    else:
        rows = _singly(mailing, channel, payloads, people, now)
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    add = dialect.insert(_REQUESTS).on_conflict_do_nothing(index_elements=["key"])
    await connection.execute(add, rows)
    await connection.execute(_reopen(channel, [row["key"] for row in rows], now))


def _together(
    mailing: Mailing, payload: dict[str, object], people: Sequence[Any], page: Page, now: datetime
) -> dict[str, Any]:
    """One request for the whole page; its key says so to the platform (L13)."""
    return outbox.request_to_many(
        account_of(mailing.agency, mailing.channel),
        payload,
        [each.address for each in people],
        key=page_key(mailing.key, page.lot, page.number),
        bulk=mailing.key,
        now=now,
    )


def _singly(
    mailing: Mailing,
    channel: Channel,
    payloads: Sequence[dict[str, object]],
    people: Sequence[Any],
    now: datetime,
) -> list[dict[str, Any]]:
    """A request for each of them, and one more for each file."""
    rows: list[dict[str, Any]] = []
    for each in people:
        contact = Contact(mailing.agency, mailing.channel, each.address)
        own = outbox.requests(contact, payloads, now=now, mailbox=channel.is_mailbox)
        for part, row in enumerate(own):
            key = contact_key(mailing.key, each.contact_id, part)
            rows.append({**row, "key": key, "bulk": mailing.key})
    return rows


async def settle(
    connection: AsyncConnection, channel: Channel, mailing: Mailing, page: Page
) -> tuple[bool, Why | None]:
    """Write down what became of it so far: whether all is known, and why no more should be sent."""
    people = (await connection.execute(_queued(mailing.id, page))).all()
    if channel.bulk.many > 1:
        whose = {page_key(mailing.key, page.lot, page.number): people}
    else:
        whose = {contact_key(mailing.key, one.contact_id, 0): [one] for one in people}
    query = select(OutgoingRow.key, OutgoingRow.status, OutgoingRow.fault).where(
        OutgoingRow.key.in_(list(whose)), OutgoingRow.done_at.is_not(None)
    )
    ended = (await connection.execute(query)).all()
    met: dict[Fate, list[UUID]] = {}
    for row in ended:
        fate = _fate(channel, row)
        met.setdefault(fate, []).extend(one.contact_id for one in whose[row.key])
    for fate, contacts in met.items():
        if fate is not Fate.QUEUED:
            await connection.execute(_meet(mailing.id, page, fate, contacts))
    is_over = not people or len(ended) == len(whose)
    faults = {row.fault for row in ended if _fate(channel, row) is Fate.QUEUED} - {CANCELLED}
    return is_over, (Why.QUOTA if QUOTA in faults else Why.FAULT) if faults else None


def _fate(channel: Channel, row: Any) -> Fate:
    """A key lets a request be made again for as long as it takes: only then nothing is unknown."""
    if row.status == Posting.SENT:
        return Fate.ACCEPTED
    return FATES.get(row.fault, Fate.QUEUED if channel.bulk.is_repeatable else Fate.UNKNOWN)


async def hold_back(connection: AsyncConnection, mailing: Mailing, now: datetime) -> None:
    """What has not gone out yet does not go out; `feed` opens it again."""
    query = update(_REQUESTS).where(
        _REQUESTS.c.bulk == mailing.key, _REQUESTS.c.status == Posting.PENDING
    )
    await connection.execute(query.values(status=Posting.FAILED, fault=CANCELLED, done_at=now))


def _queued(mailing: int, page: Page) -> Any:
    """Who of a page is still to be sent to, and where."""
    return (
        select(Recipient.contact_id, ContactRow.address)
        .join(ContactRow, ContactRow.id == Recipient.contact_id)
        .where(*_of(mailing, page), Recipient.fate == Fate.QUEUED)
        .order_by(Recipient.contact_id)
    )


def _of(mailing: int, page: Page) -> tuple[Any, ...]:
    return (
        Recipient.mailing_id == mailing,
        Recipient.lot == page.lot,
        Recipient.page == page.number,
    )


async def _drop_gone(connection: AsyncConnection, mailing: int, page: Page) -> None:
    """Who blocked the account or stopped the news since the recipients were written down."""
    blocked = select(ContactRow.id).where(
        ContactRow.id == Recipient.contact_id, ContactRow.blocked.is_(True)
    )
    wants = select(Subscriber.contact_id).where(
        Subscriber.contact_id == Recipient.contact_id, Subscriber.paused_at.is_(None)
    )
    query = update(Recipient).where(*_of(mailing, page), Recipient.fate == Fate.QUEUED)
    is_gone = blocked.exists() | ~wants.exists()
    await connection.execute(query.where(is_gone).values(fate=Fate.BLOCKED))


def _meet(mailing: int, page: Page, fate: Fate, contacts: Sequence[UUID]) -> Any:
    query = update(Recipient).where(*_of(mailing, page), Recipient.contact_id.in_(contacts))
    return query.where(Recipient.fate == Fate.QUEUED).values(fate=fate)


def _reopen(channel: Channel, keys: Sequence[UUID], now: datetime) -> Any:
    """Requests that surely never went out; where a key tells the platform, any but refused ones."""
    fault = _REQUESTS.c.fault
    which = fault != "refused" if channel.bulk.is_repeatable else fault.in_(UNSENT)
    return (
        update(_REQUESTS)
        .where(_REQUESTS.c.key.in_(keys), _REQUESTS.c.status == Posting.FAILED, which)
        .values(status=Posting.PENDING, fault=None, attempts=0, due_at=now, done_at=None)
    )
