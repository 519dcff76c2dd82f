"""What every channel is to the rest of the program."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.chat_menu import ChatMenu
from bot.messages import Attachment, Call, InboundMessage, Reply

Accept = Callable[[Sequence[InboundMessage]], Awaitable[None]]
"""Makes messages durable; returns when they are. Raises NotAccepted when they could not be kept."""


MEND = 60.0
"""Seconds between tries while a token is refused: somebody has to mend it first."""


class BadSignature(Exception):
    """A webhook's signature or secret is missing or wrong."""


class Malformed(Exception):
    """A webhook's body is rightly signed and not what the platform sends."""


class NotAccepted(Exception):
    """The inbox could not keep a message; the platform shall deliver it again."""


@dataclass
class DeliveryError(Exception):
    """A platform did not take a call."""

    reason: str
    """Short and static, for logs and metrics: never words of a citizen."""
    retry: bool
    after: float | None = None
    """Seconds the platform asks us to wait."""
    gone: bool = False
    """The person blocked us or does not exist: nothing more is to be sent."""
    unsure: bool = False
    """It may have arrived all the same."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """How a platform takes what goes to many."""

    many: int = 1
    """Recipients of one request."""
    per_second: float = 1_000.0
    """Requests of a whole account that leave room for answers."""
    is_repeatable: bool = True
    """Whether a request that may have arrived can be made again without arriving twice."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What a platform says of an account's messages this month."""

    limit: int | None
    """None: any number."""
    used: int


class Channel(Protocol):
    """One account of one agency on one platform."""

    name: str
    agency: str
    is_mailbox: bool
    """Whether its owner reads the outbox instead of being sent to."""
    bulk: Bulk

    @property
    def is_open(self) -> bool:
        """Whether requests can be made: not before `open`, while the platform's SDK is loaded."""

    def receive(self, body: bytes, headers: Mapping[str, str]) -> list[InboundMessage]:
        """Every event of a webhook body that concerns us, in the order sent. Pure.

        One odd event never costs its neighbours: unknown kinds are counted and left out. Raises
        BadSignature before anything is parsed, Malformed when the body is not the platform's.
        """

    def plan(
        self, replies: Sequence[Reply], cause: InboundMessage | None, now: datetime
    ) -> list[dict[str, object]]:
        """The requests that carry these replies, each a row of the outbox. Pure.

        `cause` is the event they answer, `now` when it was received: its handle serves while fresh.
        """

    def spacing(self, address: str) -> tuple[int, float] | None:
        """Messages that one chat takes at once, and the seconds it then wants between them."""

    async def send(self, call: Call) -> int:
        """Make one planned request; returns how many messages the platform counts for it.

        Returns when the platform has accepted it, now or on an earlier try. Raises DeliveryError.
        """

    def fetch(self, attachment: Attachment, most: int) -> AsyncGenerator[bytes, None]:
        """A file that a citizen sent, piece by piece, of so many bytes at most.

        Raises DeliveryError: `too-big`, `gone`, or what may pass, as `preparing` and `truncated`.
        """

    async def show_busy(self, address: str) -> None:
        """Show that an answer is being prepared; a failure is nobody's concern."""

    async def open(self) -> None:
        """Make clients, register webhook and commands where the platform wants it."""

    async def close(self) -> None:
        """Release clients."""


@runtime_checkable
class Metered(Protocol):
    """A channel on which messages of our own accord are counted, and paid for (L3)."""

    async def quota(self) -> Quota:
        """This month's messages; a request counts once for each of its recipients (L4).

        Raises DeliveryError.
        """


@runtime_checkable
class Polled(Protocol):
    """A channel whose updates may be fetched, where its platform cannot reach us."""

    async def poll(self, accept: Accept, stop: asyncio.Event) -> None:
        """Fetch updates until told to stop."""


@runtime_checkable
class Menued(Protocol):
    """A channel with a menu that stands under the chat all the time."""

    async def shows_menu(self, menus: Sequence[ChatMenu]) -> bool:
        """Whether the platform shows just this, one menu for each language, the first to others.

        May be asked before open(), as may set_menu(). Raises DeliveryError.
        """

    async def set_menu(self, menus: Sequence[ChatMenu]) -> bool:
        """Have the platform show this; False where it did already. Raises DeliveryError."""


def accounts_of(channels: Mapping[str, Channel], agency: str) -> list[Channel]:
    """An agency's accounts."""
    return [channel for channel in channels.values() if channel.agency == agency]
