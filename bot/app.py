"""The roof: builds the program from its parts, starts it and stops it."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import structlog
from aiohttp import web

from admin import chat_menus, sources
from admin.fetching import Fetching
from admin.mailroom import Mailroom
from admin.messenger import Messenger
from admin.posting import Posting
from admin.quota import Quotas
from bot import citizen_pages, clock, migration, outbox, staff_pages
from bot.accounts import Accounts, AllAccounts, LockedAccounts
from bot.busy import BusySigns
from bot.callers import PROXIES
from bot.channels.channel import Channel
from bot.channels.making import load_sdks, make_channels
from bot.channels.webchat import NAME as WEB
from bot.db import Database
from bot.delivery import Delivery
from bot.files import FileStore
from bot.health import Health
from bot.inbox import Inbox
from bot.jobs import Jobs
from bot.lanes import Lanes
from bot.mailbox import Bells
from bot.metrics import Metrics
from bot.openings import Openings
from bot.reading import complete, make_encoder, make_notebook, make_registry, serve_all, warmed
from bot.secrets import secret_key
from bot.settings import Settings
from bot.sweeps import Sweep
from bot.tables import account_of
from bot.timetable import MAILING, mailing_errand, timetable
from bot.webhooks import MAX_BODY, Webhooks
from bot.work import Work
from handlers.desk import Desk, get_ready
from knowledge.agency import Agency
from knowledge.library import Library

log = structlog.get_logger()

GRACE = 8.0
"""Seconds for what is in hand when we are told to stop; the whole stop takes under ten."""
RELOAD = 2.0
QUIET = 5.0
"""Seconds until timed work begins: they are for those who wrote while we were away."""


class Program:
    """One running server."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.database = Database(settings.database)
        self._encoder = make_encoder(settings)
        self.registry = make_registry(settings)
        self._notebook = make_notebook(settings)
        self.library = Library(self.database, self.registry, clock.now)
        self.bells = Bells()
        self.channels: dict[str, Channel] = {}
        scheduled = timetable(self.database, self.registry, settings, self.channels)
        self.quotas = Quotas(self.database, self._agency, clock.now)
        self.mailroom = Mailroom(
            self.database,
            self._agency,
            self.channels,
            self.quotas,
            address=settings.public_url,
            committed=self._committed,
            clock=clock.now,
        )
        self.jobs = Jobs(
            settings,
            scheduled=scheduled,
            errands=[mailing_errand(self.mailroom)],
            metrics=self.metrics,
        )
        self.posting = Posting(
            self.database,
            self.channels,
            self._begin_mailing,
            is_ready=lambda: self.jobs.is_launched,
            clock=clock.now,
        )
        self._work = Work()
        self.answers = asyncio.Event()
        """Set once messages are answered; until then they are kept."""

    async def start(self) -> web.Application:
        """Everything up to the point where requests can be taken."""
        before, after = await migration.upgrade(self.database)
        if before != after:
            log.info("migrated", before=before, after=after)
        await serve_all(self.library, self.registry, self._encoder, self._notebook)
        self._assemble()
        self._admit()
        return self._application()

    def _assemble(self) -> None:
        database, metrics = self.database, self.metrics
        key = secret_key(self.settings.data_dir)
        desk = Desk(self.registry.get, metrics, address=self.settings.public_url, key=key)
        self.accounts = self._accounts()
        self.delivery = Delivery(
            database, self.channels, self.accounts, clock=clock.now, metrics=metrics
        )
        self.files = FileStore(self.settings.files)
        self.fetching = Fetching(
            database, self.channels, self.files, settings=self.settings, clock=clock.now
        )
        self.messenger = Messenger(
            database,
            self.channels,
            self._committed,
            clock=clock.now,
            metrics=metrics,
            quotas=self.quotas,
        )
        self.lanes = Lanes(
            database,
            self.channels,
            prepare=desk.prepare,
            handle=desk.handle,
            apologise=desk.apologise,
            committed=self._committed,
            busy=BusySigns(self.channels).show,
            clock=clock.now,
            metrics=metrics,
            is_pressed=lambda: self.inbox.is_pressed,
            is_settling=lambda: self.inbox.is_settling,
        )
        self.inbox = Inbox(database, arrived=self.lanes.add, clock=clock.now, metrics=metrics)
        self.openings = Openings(
            lambda: self.accounts.held,
            self.inbox.accept,
            metrics,
            self.delivery.wake,
            polls=self.settings.telegram_mode == "polling",
            is_served=lambda slug: self.registry.get(slug) is not None,
        )

    def _accounts(self) -> Accounts:
        if self.database.is_sqlite:
            return AllAccounts(taken=self._take_over)
        return LockedAccounts(
            self.settings.database,
            taken=self._take_over,
            notified=lambda: self.delivery.wake(),  # noqa: PLW0108 - made later
        )

    def _admit(self) -> list[Channel]:
        """Make the channels of agencies that have none yet; returns the new ones."""
        new: list[Channel] = []
        for slug, served in self.registry.served.items():
            if account_of(slug, WEB) in self.channels:
                continue
            named = chat_menus.commands(served.agency)
            new += make_channels(self.settings, slug, named, self.metrics)
        self.channels |= {account_of(c.agency, c.name): c for c in new}
        self.accounts.add(account_of(c.agency, c.name) for c in new if not c.is_mailbox)
        self.metrics.agencies.set(len(self.registry.served))
        return new

    def _committed(self, contacts: Iterable[UUID]) -> None:
        self.delivery.wake()
        self.fetching.wake()
        self.bells.ring(contacts)

    def _changed(self) -> None:
        """Staff did something: there may be news to tell, or an announcement to post."""
        self.messenger.sweep.wake()
        self.posting.sweep.wake()

    def _agency(self, slug: str) -> Agency | None:
        served = self.registry.get(slug)
        return served.agency if served else None

    async def _begin_mailing(self, mailing: int, attempt: int) -> None:
        await self.jobs.begin(MAILING, f"{mailing}:{attempt}", f"{mailing}-{attempt}")

    async def _take_over(self, account: str) -> None:
        async with self.database.write() as connection:
            is_repeatable = self.channels[account].bulk.is_repeatable
            found = await outbox.recover(
                connection, account, clock.now(), is_repeatable=is_repeatable
            )
        if found:
            log.warning("outbox_recovered", account=account, requests=found)

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY)
        app[PROXIES] = self.settings.proxies
        Webhooks(
            self.channels,
            self.inbox.accept,
            self.metrics,
            is_served=lambda slug: self.registry.get(slug) is not None,
        ).add_to(app)
        Health(self).add_to(app)
        staff_pages.add_to(
            app,
            self.database,
            self.registry,
            self.settings,
            self._changed,
            channels=self.channels,
            quotas=self.quotas,
        )
        citizen_pages.add_to(
            app,
            self.database,
            self.registry,
            self.settings,
            files=self.files,
            accept=self.inbox.accept,
            lanes=self.lanes,
            bells=self.bells,
        )
        return app

    def run(self) -> None:
        """Begin the work behind the requests."""
        jobs: Mapping[str, Any] = {
            "inbox": self.inbox.run(),
            "lanes": warmed(self.registry, self._encoder, get_ready, self._answer),
            "sweep": self.lanes.sweep(),
            "accounts": self.accounts.run(),
            "delivery": self.delivery.run(),
            "fetching": self.fetching.run(),
            "tidy": self.fetching.tidy(),
            "checkpoint": Sweep(self.database.checkpoint, every=RELOAD, name="checkpoint").run(),
            "messenger": self.messenger.sweep.run(),
            "posting": self.posting.sweep.run(),
            "reload": self._reload(),
        }
        self._work.begin(jobs)
        self._open(self.channels.values())

    async def _answer(self) -> None:
        await load_sdks(self.channels.values())
        self.answers.set()
        await self.lanes.run()

    def begin_jobs(self) -> None:
        """Begin what may wait until messages are answered."""
        meaning = complete(self.registry, self._encoder, self._notebook)
        self._work.begin({"meaning": meaning, "jobs": self.jobs.run(after=QUIET)})

    def _open(self, channels: Iterable[Channel]) -> None:
        accounts = {account_of(channel.agency, channel.name): channel for channel in channels}
        keep = self.openings.keep_open
        self._work.begin(
            {f"open {name}": keep(name, channel) for name, channel in accounts.items()}
        )

    @property
    def failed_jobs(self) -> list[str]:
        """Names of jobs that ended though they never should."""
        return self._work.failed

    async def _reload(self) -> None:
        """Take up changed files and entries while running."""
        while True:
            await asyncio.sleep(RELOAD)
            try:
                fresh = await self.library.refresh()
                if fresh:
                    log.info("agencies_reloaded", agencies=fresh)
                async with self.database.read() as connection:
                    self.registry.flag(await sources.flags(connection))
                self._open(self._admit())
            except Exception as error:  # noqa: BLE001 - a bad folder must not end the watching
                log.error("reload_failed", fault=type(error).__name__)

    async def stop(self) -> None:
        """Finish what is in hand, within ten seconds."""
        self.openings.stop()
        jobs = asyncio.create_task(self.jobs.stop())
        self.lanes.stop()
        if lanes := self._work.named("lanes"):
            await asyncio.wait(lanes, timeout=GRACE / 2)
        with contextlib.suppress(Exception):
            await self.delivery.stop(GRACE / 2)
        await asyncio.wait([jobs], timeout=GRACE / 2)
        await self._work.end()
        closing = [channel.close() for channel in self.channels.values()]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*closing, return_exceptions=True), 1)
        await self.database.close()
