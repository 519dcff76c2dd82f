"""The roof: builds the program from its parts, starts it and stops it."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from aiohttp import web

from bot import clock, forgetting, migration, outbox
from bot.accounts import Accounts, AllAccounts, LockedAccounts
from bot.busy import BusySigns
from bot.channels.channel import Channel, DeliveryError
from bot.channels.line import LineChannel
from bot.channels.telegram import TelegramChannel
from bot.channels.webchat import WebChannel
from bot.db import Database
from bot.delivery import Delivery
from bot.health import Health
from bot.inbox import Inbox
from bot.lanes import Lanes
from bot.mailbox import Bells
from bot.metrics import Metrics
from bot.secrets import secret_key, telegram_secret
from bot.settings import ChannelSecrets, Settings, channel_secrets
from bot.tables import account_of
from bot.webhooks import MAX_BODY, Webhooks
from handlers.desk import Desk
from handlers.site.chat import Chat
from handlers.site.pages import Pages
from knowledge.embedding import CachedEncoder, open_encoder
from knowledge.registry import Registry

log = structlog.get_logger()

GRACE = 8.0
"""Seconds for what is in hand when we are told to stop; the whole stop takes under ten."""
REOPEN = 15.0
"""Seconds between attempts to open an account whose platform could not be reached."""
RELOAD = 5.0
LASTING = frozenset({"inbox", "lanes", "sweep", "accounts", "delivery", "reload", "expire"})
"""Jobs that end only when the program does."""


def make_encoder(settings: Settings) -> CachedEncoder | None:
    """What compares by meaning, where it is wanted and installed."""
    if not settings.semantic:
        return None
    encoder, status = open_encoder(settings.data_dir / "vectors")
    log.info("encoder", status=str(status))
    return encoder


def make_registry(settings: Settings, encoder: CachedEncoder | None) -> Registry:
    """The agencies of the agencies folder, not read yet."""
    return Registry(settings.agencies_dir, settings.data_dir / "agencies", encoder=encoder)


def make_channels(
    settings: Settings, slugs: Any, metrics: Metrics, registry: Registry
) -> dict[str, Channel]:
    """Every account that has its secrets, and every agency's web chat."""
    channels: dict[str, Channel] = {}
    for slug in slugs:
        secrets = channel_secrets(slug)
        found: list[Channel] = [WebChannel(slug)]
        if line := _line(settings, slug, secrets, metrics):
            found.append(line)
        if telegram := _telegram(settings, slug, secrets, metrics, registry):
            found.append(telegram)
        names = {channel.name for channel in found}
        for name in ("line", "telegram"):
            if name not in names:
                log.warning("channel_off", agency=slug, channel=name, why="secrets missing")
        channels |= {account_of(slug, channel.name): channel for channel in found}
    return channels


def _line(
    settings: Settings, slug: str, secrets: ChannelSecrets, metrics: Metrics
) -> Channel | None:
    if not (secrets.line_channel_secret and secrets.line_access_token):
        return None
    return LineChannel(
        slug,
        secrets.line_channel_secret,
        secrets.line_access_token,
        api_url=settings.line_api_url or None,
        data_url=settings.line_data_url or None,
        skipped=_counter(metrics, "line"),
    )


def _telegram(
    settings: Settings, slug: str, secrets: ChannelSecrets, metrics: Metrics, registry: Registry
) -> TelegramChannel | None:
    if not secrets.telegram_token:
        return None
    public = settings.public_url.rstrip("/")
    return TelegramChannel(
        slug,
        secrets.telegram_token,
        secret=secrets.telegram_secret or telegram_secret(secret_key(settings.data_dir), slug),
        api_url=settings.telegram_api_url or None,
        mode=settings.telegram_mode,
        webhook_url=f"{public}/webhooks/telegram/{slug}" if public else None,
        commands=_commands(registry, slug),
        skipped=_counter(metrics, "telegram"),
    )


def _commands(registry: Registry, slug: str) -> dict[str, list[tuple[str, str]]]:
    served = registry.get(slug)
    if served is None:
        return {}
    wording = served.agency.wording
    named = [
        ("menu", "menu.open"),
        ("top", "menu.top"),
        ("catalogue", "menu.catalogue"),
        ("contact", "menu.contact"),
        ("lang", "language.ask"),
        ("cancel", "cancel.name"),
    ]
    return {
        language: [(name, wording.say(key, language)) for name, key in named]
        for language in served.agency.profile.languages
    }


def _counter(metrics: Metrics, channel: str) -> Callable[[str], None]:
    return lambda why: metrics.skipped.labels(channel, why).inc()


class Program:
    """One running server."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.database = Database(settings.database)
        self._encoder = make_encoder(settings)
        is_quick = self._encoder is not None and self._encoder.has_kept
        self.registry = make_registry(settings, self._encoder if is_quick else None)
        self.bells = Bells()
        self._tasks: list[asyncio.Task[Any]] = []
        self._polling = asyncio.Event()
        self._open: set[str] = set()

    async def start(self) -> web.Application:
        """Everything up to the point where requests can be taken."""
        before, after = await migration.upgrade(self.database)
        if before != after:
            log.info("migrated", before=before, after=after)
        await asyncio.to_thread(self.registry.refresh)
        self.metrics.agencies.set(len(self.registry.served))
        self.channels = make_channels(
            self.settings, self.registry.served, self.metrics, self.registry
        )
        self._assemble()
        return self._application()

    def _assemble(self) -> None:
        desk = Desk(self.registry.get, self.metrics)
        self.accounts = self._accounts()
        self.delivery = Delivery(
            self.database, self.channels, self.accounts, clock=clock.now, metrics=self.metrics
        )
        self.lanes = Lanes(
            self.database,
            self.channels,
            prepare=desk.prepare,
            handle=desk.handle,
            apologise=desk.apologise,
            committed=self._committed,
            busy=BusySigns(self.channels).show,
            clock=clock.now,
            metrics=self.metrics,
        )
        self.inbox = Inbox(
            self.database, arrived=self.lanes.add, clock=clock.now, metrics=self.metrics
        )

    def _accounts(self) -> Accounts:
        sending = [name for name, channel in self.channels.items() if not channel.is_mailbox]
        if self.database.is_sqlite:
            return AllAccounts(sending, taken=self._take_over)
        return LockedAccounts(
            self.settings.database,
            sending,
            taken=self._take_over,
            notified=self._notified,
        )

    def _committed(self, contacts: Iterable[UUID]) -> None:
        self.delivery.wake()
        self.bells.ring(contacts)

    def _notified(self) -> None:
        self.delivery.wake()

    async def _take_over(self, account: str) -> None:
        async with self.database.write() as connection:
            found = await outbox.recover(connection, account)
        if found:
            log.warning("outbox_recovered", account=account, requests=found)

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY)
        Webhooks(self.channels, self.inbox.accept, self.metrics).add_to(app)
        Health(self).add_to(app)
        chat = Chat(
            self.database,
            self.registry.get,
            self.inbox.accept,
            self.lanes,
            self.bells,
            key=secret_key(self.settings.data_dir),
            settings=self.settings,
            clock=clock.now,
        )
        chat.add_to(app)
        Pages(self.registry, self.settings).add_to(app)
        return app

    def run(self) -> None:
        """Begin the work behind the requests."""
        jobs: Mapping[str, Any] = {
            "inbox": self.inbox.run(),
            "lanes": self.lanes.run(),
            "sweep": self.lanes.sweep(),
            "accounts": self.accounts.run(),
            "delivery": self.delivery.run(),
            "reload": self._reload(),
            "meaning": self._add_meaning(),
            "expire": self._expire(),
        }
        self._tasks = [asyncio.create_task(job, name=name) for name, job in jobs.items()]
        for account, channel in self.channels.items():
            task = asyncio.create_task(self._keep_open(account, channel), name=f"open {account}")
            self._tasks.append(task)

    @property
    def failed_jobs(self) -> list[str]:
        """Names of jobs that ended though they never should."""
        return [
            task.get_name() for task in self._tasks if task.done() and task.get_name() in LASTING
        ]

    async def _keep_open(self, account: str, channel: Channel) -> None:
        """Open an account; a platform that cannot be reached stops nobody else."""
        gauge = self.metrics.channels.labels(channel.agency, channel.name)
        gauge.set(0)
        while True:
            try:
                await channel.open()
                break
            except DeliveryError as error:
                log.warning("channel_not_open", account=account, fault=error.reason)
            await asyncio.sleep(REOPEN)
        gauge.set(1)
        if isinstance(channel, TelegramChannel) and self.settings.telegram_mode == "polling":
            await channel.poll(self.inbox.accept, self._polling)

    async def _add_meaning(self) -> None:
        """Load the model; at the very first start, answer by words until all is encoded."""
        if self._encoder is None:
            return
        await asyncio.to_thread(self._encoder.warm)
        if not self.registry.has_encoder:
            await asyncio.to_thread(self.registry.use, self._encoder)
            log.info("meaning_added")

    async def _reload(self) -> None:
        """Take up changed agency files while running."""
        while True:
            await asyncio.sleep(RELOAD)
            try:
                fresh = await asyncio.to_thread(self.registry.refresh)
            except Exception as error:  # noqa: BLE001 - a bad folder must not end the watching
                log.error("reload_failed", fault=type(error).__name__)
                continue
            if fresh:
                log.info("agencies_reloaded", agencies=fresh)
                self.metrics.agencies.set(len(self.registry.served))

    async def _expire(self) -> None:
        """Delete what may no longer be kept, little by little."""
        while True:
            gone = 0
            with contextlib.suppress(Exception):
                async with self.database.write() as connection:
                    gone = await forgetting.expire(connection, clock.now(), self.settings.keep_days)
            await asyncio.sleep(1 if gone else timedelta(hours=1).total_seconds())

    async def stop(self) -> None:
        """Finish what is in hand, within ten seconds."""
        self._polling.set()
        self.lanes.stop()
        lanes = [task for task in self._tasks if task.get_name() == "lanes"]
        if lanes:
            await asyncio.wait(lanes, timeout=GRACE / 2)
        with contextlib.suppress(Exception):
            await self.delivery.stop(GRACE / 2)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for channel in self.channels.values():
            await channel.close()
        await self.database.close()
