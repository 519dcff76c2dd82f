"""What tests put in the place of platforms, flows and clocks."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.channel import BadSignature, Bulk, Malformed
from bot.messages import Call, Contact, InboundMessage, Kind, Reply
from bot.tables import ContactRow

AGENCY = "tapon"
PASSWORD = "right"
_numbers = count(1)


class MovingClock:
    """Stands still until it is moved; begins at the real time."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)  # noqa: TID251 - where it begins

    def __call__(self) -> datetime:
        return self._now

    def move(self, **step: float) -> None:
        """Go on by so many seconds, minutes or days."""
        self._now += timedelta(**step)


def said(text: str, *, by: str = "somchai", channel: str = "fake", **more: Any) -> InboundMessage:
    """A citizen's words; each is a new event unless told otherwise."""
    number = next(_numbers)
    given: dict[str, Any] = {
        "contact": Contact(AGENCY, channel, by),
        "event_id": f"e{number}",
        "kind": Kind.TEXT,
        "order": number,
        "text": text,
    }
    return InboundMessage(**(given | more))


class FakeChannel:
    """A platform that takes everything, unless `fault` says otherwise of a call."""

    def __init__(
        self, agency: str = AGENCY, name: str = "fake", *, is_mailbox: bool = False
    ) -> None:
        self.agency = agency
        self.name = name
        self.is_mailbox = is_mailbox
        self.is_open = True
        self.tried: list[Call] = []
        """Every call, in the order begun."""
        self.sent: list[Call] = []
        """What was accepted, in that order."""
        self.busy: list[str] = []
        self.fault: Callable[[Call], Exception | None] = lambda _: None
        self.gate = asyncio.Event()
        """While this is not set, no call comes to an end."""
        self.gate.set()
        self.space: tuple[int, float] | None = None
        self.bulk = Bulk()

    @property
    def texts(self) -> list[str]:
        """What was accepted, as text."""
        return [text_of(call) for call in self.sent]

    def receive(self, body: bytes, headers: Mapping[str, str]) -> list[InboundMessage]:
        """A JSON list of messages, with a password."""
        if headers.get("x-password") != PASSWORD:
            raise BadSignature
        try:
            return msgspec.convert(orjson.loads(body), list[InboundMessage])
        except (orjson.JSONDecodeError, msgspec.ValidationError):
            raise Malformed from None

    def plan(
        self, replies: Sequence[Reply], cause: InboundMessage | None, now: datetime
    ) -> list[dict[str, object]]:
        """One request for each reply."""
        if self.is_mailbox:
            return [{"reply": msgspec.to_builtins(reply)} for reply in replies]
        return [{"text": reply.text} for reply in replies]

    def spacing(self, address: str) -> tuple[int, float] | None:
        """As the test says."""
        return self.space

    async def send(self, call: Call) -> int:
        """Take it, or not."""
        self.tried.append(call)
        await self.gate.wait()
        if fault := self.fault(call):
            raise fault
        self.sent.append(call)
        return 0

    async def show_busy(self, address: str) -> None:
        """Remember who was shown the sign."""
        self.busy.append(address)

    async def open(self) -> None:
        """Nothing to open."""
        self.is_open = True

    async def close(self) -> None:
        """Nothing to close."""
        self.is_open = False


def text_of(call: Call) -> str:
    """The words of a request that FakeChannel planned."""
    return str(call.payload["text"])


class Echo:
    """A flow that answers with the citizen's words, and remembers all of them in the state.

    Words that begin with one of `poison` make it fail, after it has changed the state.
    """

    def __init__(self) -> None:
        self.poison: dict[str, Exception] = {}
        self.seen: list[str] = []
        """The words of every run, whether it was committed or not."""
        self.apologies: list[str] = []

    async def prepare(self, message: InboundMessage) -> str:
        """Think about the words."""
        await asyncio.sleep(0)
        return message.text or message.kind

    async def handle(
        self,
        session: AsyncSession,
        contact: ContactRow,
        message: InboundMessage,
        prepared: str,
        now: datetime,
    ) -> Sequence[Reply]:
        """Remember the words and say them."""
        self.seen.append(prepared)
        known = contact.state.get("said", [])
        assert isinstance(known, list)
        contact.state = {"said": [*known, prepared]}
        await session.flush()
        for words, fault in self.poison.items():
            if prepared.startswith(words):
                raise fault
        return [Reply(prepared)]

    def apologise(self, message: InboundMessage) -> Sequence[Reply]:
        """Say sorry."""
        self.apologies.append(message.event_id)
        return [Reply("sorry")]


class Fuse:
    """Raises once it is lit, and so stands for any fault of the world outside."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.calls = 0

    async def __call__(self, *_: object) -> None:
        """Fail as long as there are faults left."""
        self.calls += 1
        if self.faults:
            raise self.faults.pop(0)
