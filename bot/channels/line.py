"""LINE: webhooks in, replies and pushes out (https://developers.line.biz/en/reference/messaging-api/)."""

import asyncio
import base64
import hmac
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from hashlib import sha256
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

import structlog

from bot import clock
from bot.channels.channel import BadSignature, Bulk, DeliveryError, Malformed, Quota
from bot.channels.downloads import pieces
from bot.channels.line_account import BotInfo, WebhookEndpoint
from bot.channels.line_events import read_event
from bot.channels.line_messages import requests
from bot.channels.line_refusals import Refused
from bot.channels.reading import header, parsed
from bot.chat_menu import ChatMenu
from bot.messages import Attachment, Call, InboundMessage, Reply

if TYPE_CHECKING:
    from bot.channels.line_calls import LineCalls

log = structlog.get_logger()

FRESH = timedelta(seconds=50)
"""A reply token lives a minute from receipt; the rest is for queues and the network.

https://developers.line.biz/en/reference/messaging-api/#send-reply-message
"""
TIMEOUT_SECONDS = 10.0
_TOKENS_KEPT = 1000
DATA_HOST = "https://api-data.line.me"


async def loaded() -> Any:
    """The module that needs LINE's SDK, which takes half a second to load, in a thread."""
    return await asyncio.to_thread(import_module, "bot.channels.line_calls")


class LineChannel:
    """One official account of one agency."""

    name = "line"
    is_mailbox = False
    bulk = Bulk(many=500, per_second=20.0)
    """https://developers.line.biz/en/reference/messaging-api/#send-multicast-message"""

    def __init__(
        self,
        agency: str,
        secret: str,
        token: str,
        *,
        api_url: str | None = None,
        data_url: str | None = None,
        skipped: Callable[[str], None],
        now: Callable[[], datetime] = clock.now,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self.agency = agency
        self._secret = secret.encode()
        self._token = token
        self._urls = (api_url, data_url)
        self._skipped = skipped
        self._now = now
        self._timeout = timeout
        self._calls: LineCalls | None = None
        self._opening = asyncio.Lock()
        self._refused_tokens: dict[UUID, None] = {}
        self._menu_lock = asyncio.Lock()

    def receive(self, body: bytes, headers: Mapping[str, str]) -> list[InboundMessage]:
        """Every event of a webhook body that concerns us, in the order sent."""
        self._check(body, header(headers, "x-line-signature"))
        try:
            webhook = parsed(body)
        except ValueError as error:
            raise Malformed("not JSON") from error
        events = webhook.get("events") if isinstance(webhook, dict) else None
        if not isinstance(events, list):
            raise Malformed("no events")
        read = (read_event(event, self.agency, self._skipped) for event in events)
        return [message for message in read if message is not None]

    def _check(self, body: bytes, signature: str | None) -> None:
        """https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/"""
        expected = base64.b64encode(hmac.digest(self._secret, body, sha256))
        given = (signature or "").encode("utf-8", "replace")
        if not self._secret or not hmac.compare_digest(expected, given):
            raise BadSignature

    def plan(
        self, replies: Sequence[Reply], cause: InboundMessage | None, now: datetime
    ) -> list[dict[str, object]]:
        """As few requests as hold the replies; the first one answers the event, for free."""
        planned: list[dict[str, object]] = [{"messages": each} for each in requests(replies)]
        if planned and cause and cause.handle:
            planned[0]["reply_token"] = cause.handle
            planned[0]["reply_until"] = int((now + FRESH).timestamp())
        return planned

    def spacing(self, address: str) -> tuple[int, float] | None:
        """LINE counts requests of the whole account only (2,000 a second)."""
        return None

    async def send(self, call: Call) -> int:
        """Reply while that is free and possible, else push."""
        token = self._fresh_token(call)
        if token is not None and await self._reply(call, token):
            return 0
        many = call.payload.get("to")
        if isinstance(many, list):
            await self._push("multicast", many, call)
            return len(many)
        await self._push("push", call.address, call)
        return 1

    def _fresh_token(self, call: Call) -> str | None:
        token, until = call.payload.get("reply_token"), call.payload.get("reply_until")
        if not isinstance(token, str) or not isinstance(until, int | float):
            return None
        now = self._now()
        late = now.timestamp() > until or now > call.received_at + FRESH
        return None if late or call.key in self._refused_tokens else token

    async def _reply(self, call: Call, token: str) -> bool:
        """False if LINE has no use for the token and the messages have to be pushed.

        A reply takes no retry key. Tried before, a token that is invalid now was used by that try.
        """
        content = {"replyToken": token, "messages": call.payload["messages"]}
        try:
            await self._opened().message("reply", content)
        except Refused as refused:
            if not refused.is_invalid_token:
                raise refused.translated() from None
            if call.attempts > 0:
                return True
            self._remember_refused(call.key)
            return False
        return True

    def _remember_refused(self, key: UUID) -> None:
        """So that the next try of this call does not take the refusal for an earlier success."""
        self._refused_tokens[key] = None
        if len(self._refused_tokens) > _TOKENS_KEPT:
            del self._refused_tokens[next(iter(self._refused_tokens))]

    async def _push(self, how: str, to: object, call: Call) -> None:
        """https://developers.line.biz/en/docs/messaging-api/retrying-api-request/"""
        content = {"to": to, "messages": call.payload["messages"]}
        key = {"X-Line-Retry-Key": str(call.key)}
        try:
            await self._opened().message(how, content, **key)
        except Refused as refused:
            if not refused.is_accepted_already:
                raise refused.translated() from None

    async def show_busy(self, address: str) -> None:
        """Three moving dots, which LINE shows to a person and not to a group."""
        if not address.startswith("U") or self._calls is None:
            return
        try:
            await self._calls.busy(address)
        except (Refused, DeliveryError):
            log.debug("line_busy_not_shown", agency=self.agency)

    async def bot_info(self) -> BotInfo:
        """The account behind the access token; raises DeliveryError."""
        return await self._opened().bot_info()

    async def quota(self) -> Quota:
        """This month's quota and what was sent of it; raises DeliveryError."""
        return await self._opened().quota()

    async def shows_menu(self, menus: Sequence[ChatMenu]) -> bool:
        """Whether the account has just these rich menus."""
        await self.open()
        return await self._opened().shows_menu(menus)

    async def set_menu(self, menus: Sequence[ChatMenu]) -> bool:
        """Make the account's rich menus these."""
        await self.open()
        async with self._menu_lock:
            return await self._opened().set_menu(menus)

    async def webhook_endpoint(self) -> WebhookEndpoint | None:
        """What is entered in LINE's console, None if nothing is; raises DeliveryError."""
        return await self._opened().webhook_endpoint()

    async def fetch(self, attachment: Attachment, most: int) -> AsyncGenerator[bytes, None]:
        """A file that a citizen sent, piece by piece; the SDK would read all of it into memory.

        https://developers.line.biz/en/reference/messaging-api/#get-content
        """
        calls = self._opened()
        url = f"{calls.files}/v2/bot/message/{quote(attachment.id, safe='')}/content"
        whose = {"Authorization": f"Bearer {self._token}"}
        asked = pieces(calls.session, url, most=most, headers=whose, patience=self._timeout)
        async with aclosing(asked) as found:
            async for piece in found:
                yield piece

    @property
    def is_open(self) -> bool:
        """Whether the clients are made."""
        return self._calls is not None

    def _opened(self) -> "LineCalls":
        if self._calls is None:
            raise DeliveryError("not open", retry=True)
        return self._calls

    async def open(self) -> None:
        """Make the clients, one for each of LINE's two hosts; asks LINE nothing.

        The SDK is loaded here, beside the work of others: webhooks are taken without it.
        """
        async with self._opening:
            if self._calls is not None:
                return
            sdk = await loaded()
            self._calls = await sdk.LineCalls.opened(
                self._token,
                self._urls[0],
                files=(self._urls[1] or DATA_HOST).rstrip("/"),
                patience=self._timeout,
            )

    async def close(self) -> None:
        """Close the connections; sending is over after this."""
        calls, self._calls = self._calls, None
        if calls:
            await calls.close()
