"""The daily round: every page that an answer rests on is visited once, one at a time on a host."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

import structlog
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from admin import sources
from admin.sources import FLAGGED, SourcePage
from bot.clock import local_date
from bot.db import Database
from bot.logs import where
from bot.visiting import Outcome, Visit, Visitor
from knowledge import visible
from knowledge.addresses import host_of
from knowledge.agency import Agency

log = structlog.get_logger()

HOSTS_AT_ONCE = 4
PAUSE = 2.0
"""Seconds between two requests to one host; what differs between the two is not looked at."""


class Look(Struct, frozen=True):
    """What one look at a page has shown."""

    outcome: Outcome
    digest: str | None = None
    reason: str = ""
    etag: str | None = None
    modified: str | None = None


def pages_of(agency: Agency) -> set[str]:
    """The addresses that an agency's answers rest on."""
    return {entry.source.url for entry in agency.entries.values() if entry.source.url}


class Watch:
    """Goes the round, and keeps what it has seen."""

    def __init__(
        self,
        database: Database,
        visitor: Visitor,
        *,
        clock: Callable[[], datetime],
        pause: float = PAUSE,
    ) -> None:
        self._database = database
        self._visitor = visitor
        self._clock = clock
        self._pause = pause
        self._hosts = asyncio.Semaphore(HOSTS_AT_ONCE)

    async def round(self, agencies: Iterable[Agency], due: datetime) -> int:
        """Visit what was not visited since this round was due; returns how many are newly flagged.

        Begun again after a crash, it goes on where it was.
        """
        wanted: dict[str, set[str]] = {}
        for agency in agencies:
            urls = pages_of(agency)
            async with self._database.session() as session:
                await sources.drop_all_but(session, agency.slug, sorted(urls))
            for url in urls:
                wanted.setdefault(url, set()).add(agency.slug)
        hosts: dict[str, list[str]] = {}
        for url in sorted(wanted):
            hosts.setdefault(host_of(url) or "", []).append(url)
        async with self._visitor:
            found = await asyncio.gather(*(self._host(h, wanted, due) for h in hosts.values()))
        return sum(found)

    async def _host(
        self, urls: Iterable[str], wanted: Mapping[str, Iterable[str]], due: datetime
    ) -> int:
        new = 0
        async with self._hosts:
            for url in urls:
                try:
                    new += await self._one(url, sorted(wanted[url]), due)
                except Exception as error:  # noqa: BLE001 - one page must not end the round
                    fault = type(error).__name__
                    log.error("source_not_looked_at", fault=fault, where=where(error))
        return new

    async def _one(self, url: str, slugs: Iterable[str], due: datetime) -> int:
        async with self._database.session() as session:
            known = {slug: await session.get(SourcePage, (slug, url)) for slug in slugs}
        if all(page is not None and page.looked_at >= due for page in known.values()):
            return 0
        page = next((page for page in known.values() if page), None)
        # What was left out for saying the day may have said more: it is read again on another day.
        is_read = page is not None and all(
            p and p.seen == p.checked == page.seen for p in known.values()
        )
        look = await self.look(url, page if is_read else None)
        new = 0
        for slug in slugs:
            async with self._database.session() as session:
                new += await self._keep(session, slug, url, look)
        await asyncio.sleep(self._pause)
        return new

    async def _keep(self, session: AsyncSession, slug: str, url: str, look: Look) -> bool:
        now = self._clock()
        page = await session.get(SourcePage, (slug, url))
        if page is None:
            page = sources.first_seen(slug, url, now)
            session.add(page)
        before = page.state, page.since
        page.take(look.outcome, look.digest, look.reason, now)
        if look.outcome is Outcome.SEEN:
            page.etag, page.modified = look.etag, look.modified
        is_new = (page.state, page.since) != before and page.state in FLAGGED
        if is_new:
            log.info("source_flagged", agency=slug, state=str(page.state))
        return is_new

    async def look(self, url: str, known: SourcePage | None = None) -> Look:
        """Look at one page, twice where it is one of words."""
        marks = {"etag": known.etag, "modified": known.modified} if known else {}
        first = await self._visitor.visit(url, **marks)
        if first.outcome is not Outcome.SEEN:
            return Look(first.outcome, reason=first.reason)
        second = first
        if first.is_markup:
            await asyncio.sleep(self._pause)
            second = await self._visitor.visit(url)
        if second.outcome is not Outcome.SEEN:
            return Look(second.outcome, reason=second.reason)
        today = local_date(self._clock())
        try:
            digest = await asyncio.to_thread(_digest, first, second, today)
        except ValueError:
            return Look(Outcome.AWAY, reason="unreadable")
        return Look(first.outcome, digest, etag=first.etag, modified=first.modified)


def _digest(first: Visit, second: Visit, today: date) -> str:
    """What tells a page from any other: one of words by those that stood there both times."""
    if not first.is_markup:
        return visible.digest_of([repr(first.content), first.length])
    found = [visible.lines(visit.content, visit.charset) for visit in (first, second)]
    return visible.digest(visible.lasting(*found), today)
