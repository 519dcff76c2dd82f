"""A page of a mailing: put into the outbox once, and what became of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from admin.mailings import Fate, Lot, Mailing, Recipient, Why, contact_key, page_key
from admin.subscriptions import Subscriber
from bot import outbox
from bot.channels.channel import Channel
from bot.messages import Contact, Reply
from bot.tables import ContactRow, OutgoingRow, Posting, account_of

QUOTA = "quota"
"""How `bot.channels.line_refusals` names it."""
FATES: Mapping[str | None, Fate] = {
    "blocked": Fate.BLOCKED,
    "gone": Fate.BLOCKED,
    "refused": Fate.REFUSED,
    outbox.UNKNOWN: Fate.UNKNOWN,
}
"""What the outbox's word for a failure means; after any other the request may be made again."""
_REQUESTS: Any = OutgoingRow.__table__


@dataclass(frozen=True, slots=True)
class Page:
    """One step's recipients."""

    lot: int
    number: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a page has come."""

    is_over: bool
    """Whether it is known of everybody what became of it."""
    left: int
    """How many are still to be sent to."""
    why: Why | None
    """Why no more should be sent."""


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
    wish: ColumnElement[bool],
    now: datetime,
) -> None:
    """Put the page's requests into the outbox, each once, however often this is done.

    `wish` says of a subscriber's row whether they want it still.
    """
    payloads = channel.plan(words, None, now)
    people = (await connection.execute(_queued(mailing.id, page, wish))).all()
    keys = _keys(channel, mailing, page, people, len(payloads))
    known = await _known(connection, list(keys))
    untried = {key for key in keys if key not in known or _is_untried(known[key])}
    kept = {one.contact_id for key, whom in keys.items() if key not in untried for one in whom}
    gone = [one for one in people if one.is_gone and one.contact_id not in kept]
    for fate in (Fate.BLOCKED, Fate.LEFT):
        whom = [one.contact_id for one in gone if one.blocked is (fate is Fate.BLOCKED)]
        await connection.execute(_meet(mailing.id, page, fate, whom))
    left = [one for one in people if one.contact_id not in {each.contact_id for each in gone}]
    if not left or not payloads:
        return
    if channel.bulk.many > 1:
        rows = [_together(mailing, payloads[0], left, page, now)]
    else:
        rows = _singly(mailing, channel, payloads, left, now)
    again = delete(_REQUESTS).where(_REQUESTS.c.key.in_(untried & known.keys()))
    await connection.execute(again)  # to others by now, or in other words
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    add = dialect.insert(_REQUESTS).on_conflict_do_nothing(index_elements=["key"])
    await connection.execute(add, rows)
    await _reopen(connection, [row["key"] for row in rows], now)


def _keys(
    channel: Channel, mailing: Mailing, page: Page, people: Sequence[Any], parts: int
) -> dict[UUID, Sequence[Any]]:
    """The requests of a page, and whom each is for."""
    if channel.bulk.many > 1:
        return {page_key(mailing.key, page.lot, page.number): people}
    return {
        contact_key(mailing.key, one.contact_id, part): [one]
        for one in people
        for part in range(parts)
    }


async def _known(connection: AsyncConnection, keys: Sequence[UUID]) -> dict[UUID, Any]:
    """What the outbox has of these."""
    columns = (_REQUESTS.c.key, _REQUESTS.c.status, _REQUESTS.c.fault, _REQUESTS.c.tried_at)
    query = select(*columns, _REQUESTS.c.done_at).where(_REQUESTS.c.key.in_(keys))
    return {row.key: row for row in await connection.execute(query)}


def _is_untried(row: Any) -> bool:
    """Called back before anybody tried to send it."""
    return row.status == Posting.FAILED and row.tried_at is None


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
    connection: AsyncConnection, channel: Channel, mailing: Mailing, page: Page, parts: int
) -> Standing:
    """Write down what became of it so far; each has got it when all its parts have ended."""
    people = (await connection.execute(_queued(mailing.id, page, true()))).all()
    keys = _keys(channel, mailing, page, people, parts)
    known = await _known(connection, list(keys))
    ended = {key: row for key, row in known.items() if row.done_at is not None}
    fates: dict[UUID, list[Fate]] = {one.contact_id: [] for one in people}
    for key, row in ended.items():
        for one in keys[key]:
            fates[one.contact_id].append(_fate(row))
    wanted = 1 if channel.bulk.many > 1 else parts
    whole = {contact: each for contact, each in fates.items() if len(each) == wanted}
    met: dict[Fate, list[UUID]] = {}
    for contact, each in whole.items():
        fate = Fate.QUEUED if Fate.QUEUED in each else each[0]
        met.setdefault(fate, []).append(contact)
    left = len(people) - sum(map(len, met.values())) + len(met.pop(Fate.QUEUED, ()))
    for fate, contacts in met.items():
        await connection.execute(_meet(mailing.id, page, fate, contacts))
    if channel.bulk.many > 1 and met:  # whom it went to is in the ledger now
        sent = update(_REQUESTS).where(_REQUESTS.c.key.in_(list(keys)))
        await connection.execute(sent.values(payload={}))
    return Standing(len(whole) == len(people), left, _why(ended.values()))


def _fate(row: Any) -> Fate:
    if row.status == Posting.SENT:
        return Fate.ACCEPTED
    return FATES.get(row.fault, Fate.QUEUED)


def _why(ended: Iterable[Any]) -> Why | None:
    """Why no more should be sent, where requests failed that may be made again."""
    faults = {row.fault for row in ended if _fate(row) is Fate.QUEUED} - {outbox.CANCELLED}
    if not faults:
        return None
    return Why.QUOTA if QUOTA in faults else Why.FAULT


def _queued(mailing: int, page: Page, wish: ColumnElement[bool]) -> Any:
    """Who of a page is still to be sent to, where, and whether they are not to be any more."""
    wants = (
        select(Subscriber.contact_id)
        .where(Subscriber.contact_id == Recipient.contact_id, Subscriber.paused_at.is_(None), wish)
        .exists()
    )
    return (
        select(
            Recipient.contact_id,
            ContactRow.address,
            ContactRow.blocked,
            or_(ContactRow.blocked, ~wants).label("is_gone"),
        )
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


def _meet(mailing: int, page: Page, fate: Fate, contacts: Sequence[UUID]) -> Any:
    query = update(Recipient).where(*_of(mailing, page), Recipient.contact_id.in_(contacts))
    return query.where(Recipient.fate == Fate.QUEUED).values(fate=fate)


async def _reopen(connection: AsyncConnection, keys: Sequence[UUID], now: datetime) -> None:
    """Requests that failed and may be made again; not with a key that is forgotten by now."""
    failed = update(_REQUESTS).where(
        _REQUESTS.c.key.in_(keys),
        _REQUESTS.c.status == Posting.FAILED,
        _REQUESTS.c.fault.not_in(list(FATES)),
    )
    is_old = _REQUESTS.c.tried_at < now - outbox.KEY_LIVES
    surely_not = _REQUESTS.c.fault.in_([QUOTA, "credentials"])
    await connection.execute(failed.where(is_old, ~surely_not).values(fault=outbox.UNKNOWN))
    fresh = {"status": Posting.PENDING, "fault": None, "attempts": 0, "held": False}
    await connection.execute(failed.values(due_at=now, done_at=None, **fresh))
