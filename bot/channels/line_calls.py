"""What LINE is asked and told, through its SDK, which takes 0.6 s and 35 MB to load."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from linebot.v3.messaging import (
    AsyncMessagingApi,
    PushMessageResponse,
    ReplyMessageResponse,
    ShowLoadingAnimationRequest,
)

from bot.channels.channel import Quota
from bot.channels.line_account import BotInfo, WebhookEndpoint
from bot.channels.line_http import answer_of, answered, client_of, session
from bot.channels.line_menus import LineMenus, upload
from bot.channels.line_refusals import Refused
from bot.chat_menu import ChatMenu

BUSY_SECONDS = 20
"""5 to 60: https://developers.line.biz/en/reference/messaging-api/#display-a-loading-indicator"""
HOST = "https://api.line.me"
NOT_FOUND = 404
_JSON = {"Content-Type": "application/json"}
_KINDS = {"reply": ReplyMessageResponse, "push": PushMessageResponse, "multicast": "object"}


class LineCalls:
    """An open client of one account; its calls raise DeliveryError, and Refused where they say."""

    def __init__(self, api: AsyncMessagingApi, *, files: str, token: str, patience: float) -> None:
        self.session = session()
        """For files, which the SDK would read whole into memory."""
        self.files = files
        self._api, self._token, self._patience = api, token, patience

    @classmethod
    async def opened(
        cls, token: str, url: str | None, *, files: str, patience: float
    ) -> "LineCalls":
        """A client of an access token; asks LINE nothing. `files` is the host of files."""
        api = AsyncMessagingApi(await client_of(token, url))
        return cls(api, files=files, token=token, patience=patience)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.api_client.close()
        await self.session.close()

    async def message(self, how: str, content: dict[str, object], **headers: str) -> None:
        """`reply`, `push` or `multicast` what was planned; raises Refused, too.

        As it is: the SDK's own request objects cost more than the call.
        """
        await answered(
            self._api.api_client.call_api(
                f"/v2/bot/message/{how}",
                "POST",
                header_params={"Accept": "application/json", **_JSON, **headers},
                body=content,
                response_types_map={"200": _KINDS[how]},
                auth_settings=["Bearer"],
                _return_http_data_only=True,
                _request_timeout=self._patience,
                _host=HOST,
            )
        )

    async def busy(self, address: str) -> None:
        """Three moving dots; raises Refused, too."""
        request = ShowLoadingAnimationRequest(chatId=address, loadingSeconds=BUSY_SECONDS)
        ask: Any = self._api.show_loading_animation(request, _request_timeout=self._patience)
        await answered(ask)

    async def bot_info(self) -> BotInfo:
        """The account behind the access token."""
        told = await answer_of(self._api.get_bot_info(_request_timeout=self._patience))
        return BotInfo(told.display_name, told.basic_id, told.chat_mode)

    async def quota(self) -> Quota:
        """This month's quota and what was sent of it.

        https://developers.line.biz/en/reference/messaging-api/#get-quota
        """
        patience = {"_request_timeout": self._patience}
        quota = await answer_of(self._api.get_message_quota(**patience))
        used = await answer_of(self._api.get_message_quota_consumption(**patience))
        return Quota(None if quota.value is None else int(quota.value), int(used.total_usage))

    async def webhook_endpoint(self) -> WebhookEndpoint | None:
        """What is entered in LINE's console, None if nothing is."""
        ask = self._api.get_webhook_endpoint(_request_timeout=self._patience)
        try:
            told = await answered(ask)
        except Refused as refused:
            if refused.status == NOT_FOUND:
                return None
            raise refused.translated() from None
        return WebhookEndpoint(told.endpoint, told.active)

    async def shows_menu(self, menus: Sequence[ChatMenu]) -> bool:
        """Whether the account has just these rich menus."""
        return await self._menus().shows(menus)

    async def set_menu(self, menus: Sequence[ChatMenu]) -> bool:
        """Make the account's rich menus these."""
        return await self._menus().put(menus)

    def _menus(self) -> LineMenus:
        put = partial(upload, self.session, self.files, token=self._token, patience=self._patience)
        return LineMenus(self._api, put, self._patience)
