"""The chat menu: how it looks, which platforms show it, and a button that makes them."""

import asyncio
from collections.abc import Awaitable, Sequence
from enum import StrEnum
from typing import Final

import structlog
from aiohttp import web
from msgspec import Struct

from admin.chat_menus import MOST_LINKS, chat_menus, left_out
from admin.downloads import HEADERS
from admin.officers import Role
from admin.web.access import Route
from admin.web.pages import page
from admin.web.visit import Visit
from bot.channels.channel import DeliveryError, Menued
from bot.channels.menu_images import KIND, NoShaping, drawn
from bot.chat_menu import ChatMenu
from bot.tables import account_of

log = structlog.get_logger()

KEEPERS: Final = frozenset({Role.WEBMASTER, Role.EXECUTIVE})
ACCOUNTS: Final = ("line", "telegram")
"""Platforms that have a menu, in the order of the page."""


class Step(StrEnum):
    """How the menu of one account stands."""

    SAME = "same"
    """The platform shows just this menu."""
    OTHER = "other"
    RENEWED = "renewed"
    OFF = "off"
    """The agency has no account there."""
    CREDENTIALS = "credentials"
    RATE = "rate"
    AWAY = "away"
    SHAPING = "shaping"


FAULTS: Final = {"credentials": Step.CREDENTIALS, "rate": Step.RATE}
"""What staff can be told of a fault; of any other, that it is to be tried again."""
FAILED: Final = frozenset({Step.CREDENTIALS, Step.RATE, Step.AWAY, Step.SHAPING})


class Account(Struct, frozen=True):
    """One platform, as the page shows it."""

    name: str
    step: Step

    @property
    def is_failed(self) -> bool:
        """Whether somebody has to do something before it can work."""
        return self.step in FAILED


async def shown(visit: Visit) -> web.StreamResponse:
    """The menu in each language, and how each platform stands."""
    menus = chat_menus(visit.agency)
    return _page(visit, menus, await _standing(visit, menus))


async def picture(visit: Visit) -> web.StreamResponse:
    """The picture of the menu in the language that the path names."""
    wanted = visit.request.match_info["language"]
    menu = next((one for one in chat_menus(visit.agency) if one.language == wanted), None)
    if menu is None:
        raise web.HTTPNotFound
    try:
        image = await asyncio.to_thread(drawn, menu)
    except NoShaping:
        raise web.HTTPNotFound from None
    return web.Response(body=image, content_type=KIND, headers=HEADERS)


async def sync(visit: Visit) -> web.StreamResponse:
    """Have every platform show the menu; says which did not take it."""
    menus = chat_menus(visit.agency)
    accounts = await asyncio.gather(*(_put(visit, name, menus) for name in ACCOUNTS))
    async with visit.write() as session:
        details = {one.name: one.step.value for one in accounts}
        await visit.record(session, "menus.sync", f"agency:{visit.agency.slug}", details)
    if any(one.is_failed for one in accounts):
        return _page(visit, menus, accounts, status=502)
    raise visit.go(visit.at("menus"), done="menus_renewed")


def _page(
    visit: Visit, menus: Sequence[ChatMenu], accounts: Sequence[Account], *, status: int = 200
) -> web.Response:
    return page(
        visit,
        "menu_page.html",
        status=status,
        menus=menus,
        accounts=accounts,
        left_out=left_out(visit.agency),
        has_links=bool(visit.agency.newsroom.links),
        most=MOST_LINKS,
    )


async def _standing(visit: Visit, menus: Sequence[ChatMenu]) -> Sequence[Account]:
    return await asyncio.gather(*(_asked(visit, name, menus) for name in ACCOUNTS))


async def _asked(visit: Visit, name: str, menus: Sequence[ChatMenu]) -> Account:
    channel = _channel(visit, name)
    if channel is None:
        return Account(name, Step.OFF)
    return Account(name, await _tried(channel.shows_menu(menus), Step.SAME, Step.OTHER))


async def _put(visit: Visit, name: str, menus: Sequence[ChatMenu]) -> Account:
    channel = _channel(visit, name)
    if channel is None:
        return Account(name, Step.OFF)
    return Account(name, await _tried(channel.set_menu(menus), Step.RENEWED, Step.SAME))


def _channel(visit: Visit, name: str) -> Menued | None:
    for account, channel in visit.equipment.channels.items():
        if account == account_of(visit.agency.slug, name) and isinstance(channel, Menued):
            return channel
    return None


async def _tried(asking: Awaitable[bool], yes: Step, no: Step) -> Step:
    try:
        return yes if await asking else no
    except NoShaping:
        return Step.SHAPING
    except DeliveryError as error:
        log.warning("menu_not_in_step", reason=error.reason)
        return FAULTS.get(error.reason, Step.AWAY)


ROUTES: tuple[Route, ...] = (
    Route("GET", "/admin/{slug}/menus", shown, KEEPERS),
    Route("POST", "/admin/{slug}/menus", sync, KEEPERS),
    Route("GET", "/admin/{slug}/menus/{language}", picture, KEEPERS),
)
