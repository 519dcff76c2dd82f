"""Planned calls, made with the library's own methods and objects."""

from collections.abc import Mapping
from typing import Any

from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters

from bot.channels.channel import DeliveryError

ODD_ANSWERS = (AttributeError, KeyError, TypeError, ValueError)
"""What the library raises on a 200 that it cannot read."""


def chat_id(address: str) -> int | str:
    """Telegram's own number, where the address is one."""
    return int(address) if address.removeprefix("-").isdecimal() else address


async def make(bot: Bot, payload: Mapping[str, Any], address: str) -> None:
    """Call the method of a payload; raises what the library raises, and DeliveryError."""
    params = payload["params"]
    try:
        match payload["method"]:
            case "answer_callback_query":
                await bot.answer_callback_query(**params)
            case "send_message":
                await bot.send_message(chat_id=chat_id(address), **_built(params))
            case _:
                raise DeliveryError("refused", retry=False)
    except ODD_ANSWERS:
        raise DeliveryError("odd answer", retry=True) from None


def _built(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of send_message, with the library's own objects in them."""
    built = dict(params)
    built["link_preview_options"] = LinkPreviewOptions(**params["link_preview_options"])
    if "reply_markup" in params:
        built["reply_markup"] = InlineKeyboardMarkup.de_json(params["reply_markup"], None)
    if "reply_parameters" in params:
        built["reply_parameters"] = ReplyParameters(**params["reply_parameters"])
    return built
