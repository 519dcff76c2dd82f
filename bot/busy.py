"""The sign that an answer is on its way, shown only when it is slow."""

import asyncio
from collections.abc import Iterable, Mapping

from bot.channels.channel import Channel
from bot.messages import InboundMessage
from bot.tables import account_of

AT_ONCE = 20
REMEMBERED = 10_000


class BusySigns:
    """Shows the sign once for an event; what comes of it is nobody's concern."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels
        self._shown: set[tuple[str, str]] = set()
        self._under_way: set[asyncio.Task[None]] = set()

    def show(self, slow: Iterable[InboundMessage]) -> None:
        """These people have been waiting for a while."""
        for message in slow:
            contact = message.contact
            name = (account_of(contact.agency, contact.channel), message.event_id)
            channel = self._channels.get(name[0])
            if channel is None or message.group or name in self._shown:
                continue
            if len(self._under_way) >= AT_ONCE:
                return
            if len(self._shown) > REMEMBERED:
                self._shown.clear()
            self._shown.add(name)
            task = asyncio.create_task(channel.show_busy(contact.address))
            self._under_way.add(task)
            task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # a sign that could not be shown is no fault
