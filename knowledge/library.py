"""Keeps what is served in step with the agencies' folders and with the database."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from bot.db import Database
from knowledge import seeding
from knowledge.agency import Agency
from knowledge.entries import Stored, stored, versions
from knowledge.registry import Registry

log = structlog.get_logger()


class Library:
    """Folders seed the database, and the database says what is served, whoever changed it."""

    def __init__(
        self, database: Database, registry: Registry, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._registry = registry
        self._clock = clock
        self._unseeded: set[str] = set()
        self._served: dict[str, int] = {}

    async def read(self) -> None:
        """Read what has changed in the folders; it is served at the next refresh."""
        self._unseeded |= set(await asyncio.to_thread(self._registry.read))

    async def refresh(self) -> list[str]:
        """Serve what has changed anywhere since the last look; returns the slugs.

        An agency whose entries cannot be had goes on as it was, and is tried at the next look.
        """
        await self.read()
        agencies = self._registry.read_agencies
        self._unseeded &= agencies.keys()
        async with self._database.read() as connection:
            now = await versions(connection)
        fresh = []
        for slug, agency in agencies.items():
            if slug in self._unseeded or now.get(slug) != self._served.get(slug):
                try:
                    await self._serve(agency)
                except Exception as error:  # noqa: BLE001 - one agency must not hold up the others
                    log.error("entries_not_read", agency=slug, fault=type(error).__name__)
                else:
                    fresh.append(slug)
        return fresh

    async def _serve(self, agency: Agency) -> None:
        slug = agency.slug
        if slug in self._unseeded:
            await seed(self._database, agency, self._clock())
        async with self._database.read() as connection:
            entries = await stored(connection, slug)
        await asyncio.to_thread(self._registry.serve, slug, entries)
        self._served[slug] = entries.version
        self._unseeded.discard(slug)


async def seed(database: Database, agency: Agency, now: datetime) -> Stored:
    """Bring the agency's entries in the database to what its folder says; what they are then."""
    own = {key: entry for key, entry in agency.entries.items() if key in agency.own}
    async with database.write() as connection:
        found = await seeding.seed(connection, agency.slug, own, now)
        entries = await stored(connection, agency.slug)
    if not found.is_empty:
        log.info(
            "entries_follow_file",
            agency=agency.slug,
            added=len(found.added),
            changed=len(found.edits),
        )
    if found.differing:
        log.warning("entries_differ_from_file", agency=agency.slug, entries=found.differing)
    return entries
