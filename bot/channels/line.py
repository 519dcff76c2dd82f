"""LINE: webhooks in, replies and pushes out (https://developers.line.biz/en/reference/messaging-api/)."""

import asyncio
import base64
import hmac
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import quote
from uuid import UUID

import aiohttp
import structlog
from linebot.v3.messaging import (
    AsyncApiClient,
    AsyncMessagingApi,
    PushMessageResponse,
    ReplyMessageResponse,
    ShowLoadingAnimationRequest,
)
from msgspec import Struct

from bot import clock
from bot.channels.channel import BadSignature, Bulk, DeliveryError, Malformed, Quota
from bot.channels.downloads import pieces
from bot.channels.line_events import read_event
from bot.channels.line_http import answer_of, answered, client_of, session
from bot.channels.line_menus import LineMenus, upload
from bot.channels.line_messages import requests
from bot.channels.line_refusals import Refused
from bot.channels.reading import header, parsed
from bot.chat_menu import ChatMenu
from bot.messages import Attachment, Call, InboundMessage, Reply

log = structlog.get_logger()

FRESH = timedelta(seconds=50)
"""A reply token lives a minute from receipt; the rest is for queues and the network.

https://developers.line.biz/en/reference/messaging-api/#send-reply-message
"""
BUSY_SECONDS = 20
"""5 to 60: https://developers.line.biz/en/reference/messaging-api/#display-a-loading-indicator"""
TIMEOUT_SECONDS = 10.0
_TOKENS_KEPT = 1000
HOST = "https://api.line.me"
DATA_HOST = "https://api-data.line.me"
_JSON = {"Content-Type": "application/json"}


class BotInfo(Struct, frozen=True):
    """The official account, as LINE knows it."""

    name: str
    basic_id: str
    chat_mode: str
    """`chat` or `bot`: in `chat` mode staff answer by hand in LINE's own tool."""


class WebhookEndpoint(Struct, frozen=True):
    """Where LINE sends events, and whether it does."""

    url: str
    active: bool


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
        self._client: AsyncApiClient | None = None
        self._files: aiohttp.ClientSession | None = None
        self._api: AsyncMessagingApi | None = None
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
            await self._push("multicast", many, call, "object")
            return len(many)
        await self._push("push", call.address, call, PushMessageResponse)
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
            await self._post("/v2/bot/message/reply", content, ReplyMessageResponse)
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

    async def _push(self, how: str, to: object, call: Call, kind: Any) -> None:
        """https://developers.line.biz/en/docs/messaging-api/retrying-api-request/"""
        content = {"to": to, "messages": call.payload["messages"]}
        key = {"X-Line-Retry-Key": str(call.key)}
        try:
            await self._post(f"/v2/bot/message/{how}", content, kind, **key)
        except Refused as refused:
            if not refused.is_accepted_already:
                raise refused.translated() from None

    async def _post(self, path: str, content: dict[str, object], kind: Any, **more: str) -> None:
        """Send what was planned as it is: the SDK's own request objects cost more than the call."""
        client: AsyncApiClient = self._opened().api_client
        await answered(
            client.call_api(
                path,
                "POST",
                header_params={"Accept": "application/json", **_JSON, **more},
                body=content,
                response_types_map={"200": kind},
                auth_settings=["Bearer"],
                _return_http_data_only=True,
                _request_timeout=self._timeout,
                _host=HOST,
            )
        )

    async def show_busy(self, address: str) -> None:
        """Three moving dots, which LINE shows to a person and not to a group."""
        if not address.startswith("U") or self._api is None:
            return
        request = ShowLoadingAnimationRequest(chatId=address, loadingSeconds=BUSY_SECONDS)
        try:
            await answered(
                self._api.show_loading_animation(request, _request_timeout=self._timeout)
            )
        except (Refused, DeliveryError):
            log.debug("line_busy_not_shown", agency=self.agency)

    async def bot_info(self) -> BotInfo:
        """The account behind the access token; raises DeliveryError."""
        told = await answer_of(self._opened().get_bot_info(_request_timeout=self._timeout))
        return BotInfo(told.display_name, told.basic_id, told.chat_mode)

    async def quota(self) -> Quota:
        """This month's quota and what was sent of it; raises DeliveryError.

        https://developers.line.biz/en/reference/messaging-api/#get-quota
        """
        api, patience = self._opened(), {"_request_timeout": self._timeout}
        quota = await answer_of(api.get_message_quota(**patience))
        used = await answer_of(api.get_message_quota_consumption(**patience))
        return Quota(None if quota.value is None else int(quota.value), int(used.total_usage))

    async def shows_menu(self, menus: Sequence[ChatMenu]) -> bool:
        """Whether the account has just these rich menus."""
        return await (await self._menus()).shows(menus)

    async def set_menu(self, menus: Sequence[ChatMenu]) -> bool:
        """Make the account's rich menus these."""
        async with self._menu_lock:
            return await (await self._menus()).put(menus)

    async def _menus(self) -> LineMenus:
        await self.open()
        if self._files is None:
            raise DeliveryError("not open", retry=True)
        host = (self._urls[1] or DATA_HOST).rstrip("/")
        put = partial(upload, self._files, host, token=self._token, patience=self._timeout)
        return LineMenus(self._opened(), put, self._timeout)

    async def webhook_endpoint(self) -> WebhookEndpoint | None:
        """What is entered in LINE's console, None if nothing is; raises DeliveryError."""
        ask = self._opened().get_webhook_endpoint(_request_timeout=self._timeout)
        try:
            told = await answered(ask)
        except Refused as refused:
            if refused.status == 404:  # noqa: PLR2004 - HTTP
                return None
            raise refused.translated() from None
        return WebhookEndpoint(told.endpoint, told.active)

    async def fetch(self, attachment: Attachment, most: int) -> AsyncGenerator[bytes, None]:
        """A file that a citizen sent, piece by piece; the SDK would read all of it into memory.

        https://developers.line.biz/en/reference/messaging-api/#get-content
        """
        if self._files is None:
            raise DeliveryError("not open", retry=True)
        host = (self._urls[1] or DATA_HOST).rstrip("/")
        url = f"{host}/v2/bot/message/{quote(attachment.id, safe='')}/content"
        whose = {"Authorization": f"Bearer {self._token}"}
        asked = pieces(self._files, url, most=most, headers=whose, patience=self._timeout)
        async with aclosing(asked) as found:
            async for piece in found:
                yield piece

    def _opened(self) -> AsyncMessagingApi:
        if self._api is None:
            raise DeliveryError("not open", retry=True)
        return self._api

    async def open(self) -> None:
        """Make the clients, one for each of LINE's two hosts; asks LINE nothing."""
        if self._client:
            return
        self._client = await client_of(self._token, self._urls[0])
        self._api, self._files = AsyncMessagingApi(self._client), session()

    async def close(self) -> None:
        """Close the connections; sending is over after this."""
        client, files = self._client, self._files
        self._api = self._client = self._files = None
        if client and files:
            await client.close()
            await files.close()
