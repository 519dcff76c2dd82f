"""Planned calls, made with the library's own methods and objects."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import Any

from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.error import BadRequest, TelegramError

from bot.channels.channel import DeliveryError
from bot.channels.downloads import GONE, TOO_BIG
from bot.channels.telegram_documents import Documents
from bot.channels.telegram_http import AiohttpRequest
from bot.channels.telegram_refusals import delivery_error

ODD_ANSWERS = (AttributeError, KeyError, TypeError, ValueError)
"""What the library raises on a 200 that it cannot read."""


def chat_id(address: str) -> int | str:
    """Telegram's own number, where the address is one."""
    return int(address) if address.removeprefix("-").isdecimal() else address


async def make(bot: Bot, payload: Mapping[str, Any], address: str, documents: Documents) -> None:
    """Call the method of a payload; raises what the library raises, and DeliveryError."""
    params = payload["params"]
    try:
        match payload["method"]:
            case "answer_callback_query":
                await bot.answer_callback_query(**params)
            case "send_message":
                await bot.send_message(chat_id=chat_id(address), **_built(params))
            case "send_document":
                await documents.send(bot, chat_id(address), params)
            case _:
                raise DeliveryError("refused", retry=False)
    except ODD_ANSWERS:
        raise DeliveryError("odd answer", retry=True, unsure=True) from None


async def stop_spinning(bot: Bot, query: object) -> None:
    """Answer a tapped button, if one waits; where that fails its spinning ends by itself.

    https://core.telegram.org/bots/api#answercallbackquery
    """
    if isinstance(query, str):
        with suppress(Exception):  # whatever it is, the reply must not be sent once more for it
            await bot.answer_callback_query(query)


def _built(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of send_message, with the library's own objects in them."""
    built = dict(params)
    built["link_preview_options"] = LinkPreviewOptions(**params["link_preview_options"])
    if "reply_markup" in params:
        built["reply_markup"] = InlineKeyboardMarkup.de_json(params["reply_markup"], None)
    if "reply_parameters" in params:
        built["reply_parameters"] = ReplyParameters(**params["reply_parameters"])
    return built


async def file_of(bot: Bot, file_id: str, most: int) -> AsyncGenerator[bytes, None]:
    """A file, piece by piece; raises DeliveryError.

    Telegram gives bots 20 MB at most: https://core.telegram.org/bots/api#getfile
    """
    try:
        found = await bot.get_file(file_id)
    except BadRequest as error:
        raise DeliveryError(TOO_BIG if "too big" in error.message else GONE, retry=False) from None
    except TelegramError as error:
        raise delivery_error(error) from None
    except ODD_ANSWERS:
        raise DeliveryError("odd answer", retry=True) from None
    if (found.file_size or 0) > most:
        raise DeliveryError(TOO_BIG, retry=False)
    url, request = found.file_path or "", bot.request
    if not url.startswith(("http://", "https://")) or not isinstance(request, AiohttpRequest):
        raise DeliveryError("odd answer", retry=True)  # a Bot API server with files of its own
    async with aclosing(request.download(url, most)) as pieces:
        async for piece in pieces:
            yield piece
