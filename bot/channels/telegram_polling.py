"""Telegram's updates fetched by asking for them, where it cannot reach us."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from urllib.parse import urlencode

import structlog
from telegram import Bot
from telegram.error import TelegramError

from bot.channels.channel import Accept, DeliveryError, NotAccepted
from bot.channels.reading import whole
from bot.channels.telegram_calls import ODD_ANSWERS
from bot.channels.telegram_http import AiohttpRequest
from bot.channels.telegram_refusals import delivery_error
from bot.channels.telegram_updates import ALLOWED_UPDATES
from bot.messages import InboundMessage

log = structlog.get_logger()

POLL_SECONDS = 25
PAUSES = (1, 2, 5, 10, 30)

Found = TypeVar("Found")


class Polling:
    """Asks for updates until told to stop, for each again until it has been kept."""

    def __init__(
        self,
        agency: str,
        updates: Callable[[int], Coroutine[Any, Any, list[object]]],
        read: Callable[[object], InboundMessage | None],
    ) -> None:
        self._agency = agency
        self._updates = updates
        self._read = read

    async def run(self, accept: Accept, stop: asyncio.Event) -> None:
        """Hand on what concerns us, batch by batch; returns once told to stop."""
        offset, faults = 0, 0
        while not stop.is_set():
            try:
                updates = await _unless(stop, self._updates(offset)) or []
                read = [self._read(update) for update in updates]
                if messages := [message for message in read if message]:
                    await accept(messages)
            except (DeliveryError, NotAccepted) as error:
                faults += 1
                await self._pause(error, faults, stop)
            else:
                faults = 0
                offset = max([offset, *(_offset_after(update) for update in updates)])

    async def _pause(
        self, error: DeliveryError | NotAccepted, faults: int, stop: asyncio.Event
    ) -> None:
        """Longer each time, or as long as Telegram asks."""
        reason, asked = "not accepted", None
        if isinstance(error, DeliveryError):
            reason, asked = error.reason, error.after
        log.warning("telegram_poll_failed", agency=self._agency, reason=reason)
        await _unless(stop, asyncio.sleep(asked or PAUSES[min(faults, len(PAUSES)) - 1]))


async def updates_of(
    bot: Bot, request: AiohttpRequest, offset: int, patience: float
) -> list[object]:
    """Raw, because the library drops and logs a whole batch for one update it cannot read.

    https://core.telegram.org/bots/api#getupdates
    """
    wanted = {
        "offset": offset,
        "timeout": POLL_SECONDS,
        "allowed_updates": json.dumps(ALLOWED_UPDATES),
    }
    url = f"{bot.base_url}/getUpdates?{urlencode(wanted)}"
    try:
        answer: object = await request.post(url, read_timeout=POLL_SECONDS + patience)
    except TelegramError as error:
        raise delivery_error(error) from None
    except ODD_ANSWERS:
        raise DeliveryError("odd answer", retry=True) from None
    return answer if isinstance(answer, list) else []


def _offset_after(update: object) -> int:
    update_id = whole(update, "update_id") if isinstance(update, dict) else None
    return 0 if update_id is None else update_id + 1


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, Found]) -> Found | None:
    """What work gives, or None as soon as we are told to stop."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)
