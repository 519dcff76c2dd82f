"""The web chat: its owner reads the outbox as a mailbox, so nothing has to be sent."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime

import msgspec

from bot.channels.channel import Bulk, DeliveryError, Malformed
from bot.messages import Attachment, Call, InboundMessage, Reply

NAME = "web"


class WebChannel:
    """One agency's web chat. Messages come in through its page, not through a webhook."""

    name = NAME
    is_mailbox = is_open = True
    bulk = Bulk()

    def __init__(self, agency: str) -> None:
        self.agency = agency

    def receive(self, body: bytes, headers: Mapping[str, str]) -> list[InboundMessage]:
        """The web chat has no webhook."""
        raise Malformed(NAME)

    def plan(
        self, replies: Sequence[Reply], cause: InboundMessage | None, now: datetime
    ) -> list[dict[str, object]]:
        """One row of the mailbox for each reply."""
        return [{"reply": msgspec.to_builtins(reply)} for reply in replies]

    def spacing(self, address: str) -> tuple[int, float] | None:
        """A mailbox takes everything."""
        return None

    async def send(self, call: Call) -> int:
        """Nothing to do: it lies in the mailbox."""
        return 0

    def fetch(self, attachment: Attachment, most: int) -> AsyncGenerator[bytes, None]:
        """Nothing to fetch: what the page sends is kept before its message comes."""
        raise DeliveryError("gone", retry=False)

    async def show_busy(self, address: str) -> None:
        """The page shows by itself that it waits."""

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""
