"""LINE's rich menus, kept as an agency's profile has them.

https://developers.line.biz/en/docs/messaging-api/using-rich-menus/
https://developers.line.biz/en/docs/messaging-api/switch-rich-menus/
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import aiohttp
from linebot.v3.messaging import (
    AsyncMessagingApi,
    CreateRichMenuAliasRequest,
    RichMenuRequest,
    UpdateRichMenuAliasRequest,
)

from bot.channels.channel import DeliveryError
from bot.channels.line_http import answer_of, answered
from bot.channels.line_refusals import Refused
from bot.channels.menu_images import KIND, drawn
from bot.channels.splitting import shorten
from bot.chat_menu import HEIGHT, WIDTH, ChatMenu, Tile, layout

Json = dict[str, Any]
Upload = Callable[[str, bytes, str], Awaitable[None]]
"""Puts bytes of a kind at a path of LINE's host of files; raises Refused or DeliveryError."""

OURS = "thamdai "
"""How the names of our menus begin, so that menus of other tools are left alone."""
ALIAS = "menu-"
BAR_UNITS = 14
LABEL_UNITS = 20
DISPLAY_UNITS = 300
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Wanted:
    """One menu as it has to be; its name tells by a digest what it looks like and does."""

    name: str
    alias: str
    menu: Json
    image: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """What LINE has."""

    ours: Mapping[str, str]
    """Id of each menu of ours, and its name."""
    aliases: Mapping[str, str]
    """Alias, and the id it stands for."""
    default: str | None
    """None also where it cannot be one of ours."""

    def holds(self, wanted: Wanted) -> bool:
        """Whether the alias stands for this very menu; LINE takes none without its picture."""
        return self.ours.get(self.aliases.get(wanted.alias, "")) == wanted.name


def wanted_of(menu: ChatMenu) -> Wanted:
    """One menu as LINE takes it; draws its picture. Raises NoShaping."""
    image = drawn(menu)
    areas = [
        {
            "bounds": {"x": at.x, "y": at.y, "width": at.width, "height": at.height},
            "action": _action(tile),
        }
        for tile, at in zip(menu.tiles, layout(menu.tiles), strict=True)
    ]
    told: Json = {
        "size": {"width": WIDTH, "height": HEIGHT},
        "selected": True,
        "chatBarText": shorten(menu.bar, BAR_UNITS),
        "areas": areas,
    }
    digest = sha256(json.dumps(told, sort_keys=True).encode() + image).hexdigest()[:32]
    name = f"{OURS}{menu.language} {digest}"
    return Wanted(name, ALIAS + menu.language, {**told, "name": name}, image)


def _action(tile: Tile) -> Json:
    """https://developers.line.biz/en/reference/messaging-api/#action-objects"""
    label = shorten(tile.label, LABEL_UNITS)
    if tile.url:
        return {"type": "uri", "label": label, "uri": tile.url}
    if tile.language:
        alias = ALIAS + tile.language
        return {
            "type": "richmenuswitch",
            "label": label,
            "richMenuAliasId": alias,
            "data": tile.choice,
        }
    said = shorten(tile.label, DISPLAY_UNITS)
    return {"type": "postback", "label": label, "data": tile.choice, "displayText": said}


class LineMenus:
    """The rich menus of one official account; every call raises DeliveryError where LINE fails."""

    def __init__(self, api: AsyncMessagingApi, upload: Upload, patience: float) -> None:
        self._api = api
        self._upload = upload
        self._patience = {"_request_timeout": patience}

    async def shows(self, menus: Sequence[ChatMenu]) -> bool:
        """Whether LINE has just these menus, the first of them for everybody."""
        return self._is_whole(await _all_wanted(menus), await self._shown())

    @staticmethod
    def _is_whole(wanted: Sequence[Wanted], shown: Shown) -> bool:
        first = shown.aliases.get(wanted[0].alias)
        return (
            all(shown.holds(one) for one in wanted)
            and shown.default == first
            and len(shown.ours) == len(wanted)
        )

    async def put(self, menus: Sequence[ChatMenu]) -> bool:
        """Make what is missing and delete what is left over; False where nothing was to be done.

        LINE takes a hundred makings and deletings an hour. Ended in the midst, it is begun again:
        people see the old menus until the new ones are whole.
        """
        wanted, shown = await _all_wanted(menus), await self._shown()
        if self._is_whole(wanted, shown):
            return False
        stands: dict[str, str] = {}
        for one in wanted:
            stands[one.alias] = (
                shown.aliases[one.alias] if shown.holds(one) else await self._make(one, shown)
            )
        first = stands[wanted[0].alias]
        if shown.default != first:
            await self._asked(self._api.set_default_rich_menu, first)
        await self._clear(shown, stands)
        return True

    async def _make(self, one: Wanted, shown: Shown) -> str:
        """The id of a new menu with its picture, for which the alias stands from now on."""
        request = RichMenuRequest.from_dict(one.menu)
        made: str = (await self._asked(self._api.create_rich_menu, request)).rich_menu_id
        try:
            await self._upload(f"/v2/bot/richmenu/{made}/content", one.image, KIND)
        except Refused as refused:
            raise refused.translated() from None
        if one.alias in shown.aliases:
            changed = UpdateRichMenuAliasRequest(richMenuId=made)
            await self._asked(self._api.update_rich_menu_alias, one.alias, changed)
        else:
            new = CreateRichMenuAliasRequest(richMenuAliasId=one.alias, richMenuId=made)
            await self._asked(self._api.create_rich_menu_alias, new)
        return made

    async def _clear(self, shown: Shown, stands: Mapping[str, str]) -> None:
        """Delete our menus that nobody sees any more, and the aliases that stood for them."""
        kept = set(stands.values())
        for alias, menu in shown.aliases.items():
            if alias not in stands and menu in shown.ours:
                await self._asked(self._api.delete_rich_menu_alias, alias)
        for menu in shown.ours:
            if menu not in kept:
                await self._asked(self._api.delete_rich_menu, menu)

    async def _shown(self) -> Shown:
        listed = await self._asked(self._api.get_rich_menu_list)
        aliases = await self._asked(self._api.get_rich_menu_alias_list)
        ours = {
            menu.rich_menu_id: menu.name for menu in listed.richmenus if menu.name.startswith(OURS)
        }
        stands = {one.rich_menu_alias_id: one.rich_menu_id for one in aliases.aliases}
        is_begun = any(menu in ours for menu in stands.values())
        return Shown(ours, stands, await self._default() if is_begun else None)

    async def _default(self) -> str | None:
        try:
            told = await answered(self._api.get_default_rich_menu_id(**self._patience))
        except Refused as refused:
            if refused.status == NOT_FOUND:
                return None
            raise refused.translated() from None
        found: str = told.rich_menu_id
        return found

    async def _asked(self, call: Callable[..., Awaitable[Any]], *given: object) -> Any:
        return await answer_of(call(*given, **self._patience))


async def _all_wanted(menus: Sequence[ChatMenu]) -> Sequence[Wanted]:
    """Drawn aside: a picture takes half a second."""
    return await asyncio.to_thread(lambda: [wanted_of(menu) for menu in menus])


async def upload(
    files: aiohttp.ClientSession,
    host: str,
    path: str,
    content: bytes,
    kind: str,
    *,
    token: str,
    patience: float,
) -> None:
    """Put a file on LINE's host of files, which the SDK's client does not speak to."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
    timeout = aiohttp.ClientTimeout(total=patience)
    try:
        async with files.post(
            host + path, data=content, headers=headers, timeout=timeout
        ) as answer:
            if not answer.ok:
                raise Refused(answer.status, await answer.text(errors="replace"), answer.headers)
    except TimeoutError:
        raise DeliveryError("timeout", retry=True) from None
    except (aiohttp.ClientError, OSError):
        raise DeliveryError("connection", retry=True) from None
