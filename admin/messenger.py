"""The messenger: takes news to the outbox, at once where that costs nothing or is worth it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import Executable, bindparam, delete, insert, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.followers import News
from admin.quota import Quotas
from bot import outbox
from bot.channels.channel import Channel, Metered
from bot.db import Database, Moment, is_unavailable
from bot.logs import where
from bot.messages import Contact, Reply
from bot.metrics import Metrics
from bot.sweeps import Sweep
from bot.tables import ContactRow, EventRow, OutgoingRow, Posting, account_of

SWEEP = 3.0
"""Seconds between looks at what nobody told us of: jobs, citizens' own deeds, other replicas."""
A_PAGE = 200
AT_ONCE = 40
"""Contacts told in one transaction."""
QUOTA = "quota"
"""How `bot.channels.line_refusals` names the refusal."""

log = structlog.get_logger()

_NEWS: Any = News.__table__
_FRESH = text("news.told_at IS NULL AND news.waits_since IS NULL")
_TELL = (
    update(_NEWS)
    .where(_NEWS.c.id == bindparam("row"))
    .values(told_at=bindparam("now", type_=Moment()), outgoing=bindparam("key"))
)
_LET_WAIT = (
    update(_NEWS)
    .where(_NEWS.c.id.in_(bindparam("ids", expanding=True)))
    .values(waits_since=bindparam("now", type_=Moment()))
)
_OUTGOING = insert(OutgoingRow.__table__)  # type: ignore[arg-type]


@dataclass(slots=True)
class Round:
    """What one transaction is to write, and whom it concerns."""

    now: datetime
    told: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    contacts: list[UUID] = field(default_factory=list)
    spent: dict[str, int] = field(default_factory=dict)


class Messenger:
    """Tells everybody what is new for them, once, after what they were told before."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        committed: Callable[[Iterable[UUID]], None],
        *,
        clock: Callable[[], datetime],
        metrics: Metrics,
        quotas: Quotas,
    ) -> None:
        self._database = database
        self._channels = channels
        self._committed = committed
        self._clock = clock
        self._metrics = metrics
        self._quotas = quotas
        self.sweep = Sweep(self.round, every=SWEEP, name="messenger")

    async def round(self) -> None:
        """Everything that can be told now."""
        await self._bring_back()
        after = 0
        while True:
            async with self._database.read() as connection:
                page = (await connection.execute(self._fresh(after))).all()
            contacts = list(dict.fromkeys(row.contact_id for row in page))
            for start in range(0, len(contacts), AT_ONCE):
                await self._tell(contacts[start : start + AT_ONCE])
            if len(page) < A_PAGE:
                return
            after = page[-1].id

    def _fresh(self, after: int) -> Executable:
        """What nobody has looked at yet, of the accounts that we serve."""
        accounts = [(c.agency, c.name) for c in self._channels.values()]
        return (
            select(News.id, News.contact_id)
            .join(ContactRow, ContactRow.id == News.contact_id)
            .where(
                _FRESH,
                News.id > after,
                tuple_(ContactRow.agency, ContactRow.channel).in_(accounts),
            )
            .order_by(News.id)
            .limit(A_PAGE)
        )

    async def _tell(self, contacts: Sequence[UUID]) -> None:
        """In one transaction; where that fails each by itself, so that one harms nobody else."""
        try:
            done = await self._commit(contacts)
        except Exception as error:
            if is_unavailable(error):
                raise
            if len(contacts) == 1:
                log.error("news_not_told", fault=type(error).__name__, where=where(error))
                return
            for contact in contacts:
                await self._tell([contact])
            return
        self._metrics.news.labels("told").inc(len(done.told))
        self._metrics.news.labels("waits").inc(len(done.waiting))
        for account, requests in done.spent.items():
            self._quotas.spend(account, requests)
        if done.contacts:
            self._committed(done.contacts)

    async def _commit(self, contacts: Sequence[UUID]) -> Round:
        left = await self._left(contacts)
        done = Round(self._clock())
        async with self._database.write() as connection:
            rows = await _locked(connection, contacts)
            busy = await _with_events(connection, list(rows))
            news = await _untold(connection, list(rows))
            for contact_id, row in rows.items():
                account = account_of(row.agency, row.channel)
                channel = self._channels[account]
                is_metered = isinstance(channel, Metered)
                if not (contact_id in busy and is_metered):  # the reply takes it along for nothing
                    room = _room(left.get(account), done.spent.get(account, 0))
                    self._decide(done, channel, row, news.get(contact_id, ()), room)
            await _write(connection, done)
            if not self._database.is_sqlite:
                await outbox.announce(connection, {each["account"] for each in done.requests})
        return done

    async def _left(self, contacts: Sequence[UUID]) -> dict[str, int | None]:
        """What the accounts of these contacts may still send; asked before the transaction."""
        query = (
            select(ContactRow.agency, ContactRow.channel)
            .join(News, News.contact_id == ContactRow.id)
            .where(ContactRow.id.in_(contacts), _FRESH, News.presses)
            .distinct()
        )
        async with self._database.read() as connection:
            names = [account_of(*row) for row in await connection.execute(query)]
        served = {name: self._channels[name] for name in names if name in self._channels}
        return {name: await self._quotas.left(channel) for name, channel in served.items()}

    def _decide(
        self, done: Round, channel: Channel, row: Any, news: Sequence[Any], room: int | None
    ) -> None:
        """Tell all that a contact has not been told, or let what is fresh wait for its words."""
        fresh = [each for each in news if each.waits_since is None]
        if not fresh:
            return
        is_metered = isinstance(channel, Metered)
        is_worth_it = not is_metered or any(each.presses for each in fresh)
        planned: list[dict[str, object]] = []
        if is_worth_it and not row.blocked:
            replies = [msgspec.convert(each.reply, Reply) for each in news]
            planned = channel.plan(replies, None, done.now)
        if not planned or (is_metered and room is not None and len(planned) > room):
            done.waiting += [each.id for each in fresh]
            return
        account = account_of(channel.agency, channel.name)
        contact = Contact(row.agency, row.channel, row.address)
        requests = outbox.requests(contact, planned, now=done.now, mailbox=channel.is_mailbox)
        key = requests[-1]["key"] if is_metered else None
        done.requests += requests
        done.told += [{"row": each.id, "now": done.now, "key": key} for each in news]
        done.contacts.append(row.id)
        if is_metered:
            done.spent[account] = done.spent.get(account, 0) + len(planned)

    async def _bring_back(self) -> None:
        """What the platform would not take because the month's quota is used up waits again."""
        query = (
            select(News.id, OutgoingRow.account, OutgoingRow.status, OutgoingRow.fault)
            .join(OutgoingRow, OutgoingRow.key == News.outgoing)
            .where(text("news.outgoing IS NOT NULL"), OutgoingRow.done_at.is_not(None))
            .limit(A_PAGE)
        )
        async with self._database.read() as connection:
            ended = (await connection.execute(query)).all()
        if not ended:
            return
        refused = [r for r in ended if r.status == Posting.FAILED and r.fault == QUOTA]
        async with self._database.write() as connection:
            arrived = {"outgoing": None}
            back = {**arrived, "told_at": None, "waits_since": self._clock()}
            for rows, values in ((ended, arrived), (refused, back)):
                ids = [row.id for row in rows]
                await connection.execute(update(_NEWS).where(_NEWS.c.id.in_(ids)).values(**values))
        for row in refused:
            self._quotas.exhaust(row.account)
        self._metrics.news.labels("refused").inc(len(refused))


def _room(left: int | None, spent: int) -> int | None:
    """What is left after what this transaction has spent already."""
    return None if left is None else left - spent


async def _locked(connection: AsyncConnection, contacts: Sequence[UUID]) -> dict[UUID, Any]:
    """Of these, those whom nobody else is answering or telling; ours until the end (PostgreSQL)."""
    query = (
        select(ContactRow.__table__)
        .where(ContactRow.id.in_(contacts))
        .with_for_update(skip_locked=True, key_share=True)
    )
    return {row.id: row for row in await connection.execute(query)}


async def _with_events(connection: AsyncConnection, contacts: Collection[UUID]) -> set[UUID]:
    """Those who wait for a reply."""
    query = select(EventRow.contact_id).where(
        EventRow.contact_id.in_(contacts), EventRow.done_at.is_(None)
    )
    return set(await connection.scalars(query.distinct()))


async def _untold(connection: AsyncConnection, contacts: Collection[UUID]) -> dict[UUID, list[Any]]:
    """Their news, oldest first."""
    query = (
        select(_NEWS)
        .where(_NEWS.c.contact_id.in_(contacts), _NEWS.c.told_at.is_(None))
        .order_by(_NEWS.c.id)
        .with_for_update()
    )
    found: dict[UUID, list[Any]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.contact_id, []).append(row)
    return found


async def _write(connection: AsyncConnection, done: Round) -> None:
    if done.waiting:
        await connection.execute(_LET_WAIT, {"ids": done.waiting, "now": done.now})
    if done.told:
        await connection.execute(_TELL, done.told)
        await connection.execute(_OUTGOING, done.requests)


async def expire(connection: AsyncConnection, before: datetime) -> None:
    """Delete what was told before then."""
    await connection.execute(delete(News).where(News.told_at < before))
