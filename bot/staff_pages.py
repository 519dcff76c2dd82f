"""The roof over the staff pages: puts their equipment together, and prints the very first link."""

from collections.abc import Callable, Mapping

from aiohttp import web

from admin import chat_links, invitations, logins, sessions, staff
from admin.quota import Quotas
from admin.web.shell import Admin
from admin.web.visit import Equipment
from bot import clock
from bot.channels.channel import Channel
from bot.db import Database
from bot.secrets import secret_key
from bot.settings import Settings
from knowledge.registry import Registry


def add_to(
    app: web.Application,
    database: Database,
    registry: Registry,
    settings: Settings,
    changed: Callable[[], None],
    *,
    channels: Mapping[str, Channel],
    quotas: Quotas,
) -> None:
    """Serve everything under /admin/."""
    equipment = Equipment(
        database=database,
        served=registry.get,
        slugs=lambda: list(registry.served),
        settings=settings,
        key=secret_key(settings.data_dir),
        clock=clock.now,
        changed=changed,
        channels=channels,
        quotas=quotas,
    )
    Admin(equipment).add_to(app)


async def expire(database: Database) -> None:
    """Delete logins, links and counts of failures that are over."""
    now = clock.now()
    async with database.session() as session:
        for kind in (sessions, invitations, logins, chat_links):
            await kind.expire(session, now)


async def first_link(database: Database, settings: Settings) -> str | None:
    """The path at which the first account can be made once; None where there is one already."""
    async with database.session() as session:
        if not await staff.is_empty(session):
            return None
        key = secret_key(settings.data_dir)
        token = await invitations.invite(session, None, key=key, now=clock.now())
    return invitations.path_of(token, is_first=True)
