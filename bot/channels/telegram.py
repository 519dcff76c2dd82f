"""Telegram: updates in, messages out (https://core.telegram.org/bots/api)."""

import asyncio
import hmac
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeVar

import structlog
from msgspec import Struct
from telegram import Bot
from telegram.error import BadRequest, ChatMigrated, TelegramError

from bot.channels import telegram_menus
from bot.channels.channel import Accept, BadSignature, Bulk, DeliveryError, Malformed
from bot.channels.reading import header, parsed, whole
from bot.channels.telegram_calls import ODD_ANSWERS, chat_id, file_of, make, stop_spinning
from bot.channels.telegram_documents import Documents
from bot.channels.telegram_http import AiohttpRequest, hush
from bot.channels.telegram_menus import Commands
from bot.channels.telegram_messages import calls
from bot.channels.telegram_polling import Polling, updates_of
from bot.channels.telegram_refusals import delivery_error, is_done_already
from bot.channels.telegram_updates import ALLOWED_UPDATES, Me, read_update
from bot.chat_menu import ChatMenu
from bot.messages import Attachment, Call, InboundMessage, Reply

log = structlog.get_logger()

Told = TypeVar("Told")

TIMEOUT_SECONDS = 10.0
POOL = 50
CONNECTIONS = 40

# The library warns of its own coming change whenever Telegram asks us to wait; this opts in to it:
# https://docs.python-telegram-bot.org/en/stable/telegram.error.html#telegram.error.RetryAfter
os.environ.setdefault("PTB_TIMEDELTA", "true")


class WebhookInfo(Struct, frozen=True):
    """Where Telegram sends updates, and how that goes."""

    url: str
    pending: int
    last_error: str | None


class TelegramChannel:
    """One bot of one agency."""

    name = "telegram"
    is_mailbox = False

    def __init__(
        self,
        agency: str,
        token: str,
        *,
        secret: str | None = None,
        api_url: str | None = None,
        mode: Literal["webhook", "polling"] = "webhook",
        webhook_url: str | None = None,
        commands: Commands,
        content: Callable[[str], Awaitable[bytes | None]] | None = None,
        bulk_per_second: float = 20.0,
        skipped: Callable[[str], None],
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self.agency = agency
        self._token = token
        self._secret = secret
        self._api_url = (api_url or "https://api.telegram.org").rstrip("/")
        self._mode = mode
        self._webhook_url = webhook_url
        self._commands = commands
        self._skipped = skipped
        self._timeout = timeout
        self._documents = Documents(content)
        self.bulk = Bulk(per_second=bulk_per_second, is_repeatable=False)
        number = token.partition(":")[0]
        names = frozenset(name for listed in commands.values() for name, _ in listed)
        self._me = Me(int(number) if number.isdigit() else 0, None, names | {"start"})
        self._bot: Bot | None = None
        self._polling: AiohttpRequest | None = None
        hush()

    def receive(self, body: bytes, headers: Mapping[str, str]) -> list[InboundMessage]:
        """The update of a webhook body, if it concerns us."""
        given = (header(headers, "x-telegram-bot-api-secret-token") or "").encode(
            "utf-8", "replace"
        )
        if not self._secret or not hmac.compare_digest(self._secret.encode(), given):
            raise BadSignature
        try:
            update = parsed(body)
        except ValueError as error:
            raise Malformed("not JSON") from error
        if not isinstance(update, dict) or whole(update, "update_id") is None:
            raise Malformed("no update")
        message = self.from_update(update)
        return [message] if message else []

    def from_update(self, update: object) -> InboundMessage | None:
        """One update, from wherever it came; None, and counted, if it does not concern us."""
        return read_update(update, self.agency, self._me, self._skipped)

    def plan(
        self, replies: Sequence[Reply], cause: InboundMessage | None, now: datetime
    ) -> list[dict[str, object]]:
        """One call for each reply; the first stops a tapped button spinning, too."""
        return calls(replies, cause)

    def spacing(self, address: str) -> tuple[int, float] | None:
        """About one a second into a chat, 20 a minute into a group: core.telegram.org/bots/faq"""
        return (3, 3.0) if address.startswith("-") else (3, 1.05)

    async def send(self, call: Call) -> int:
        """Make one planned call; Telegram counts none.

        The button that it answers stops spinning once the reply is there, or has failed.
        """
        bot, query = self._opened(), call.payload.get("answers")
        try:
            await self._send(bot, call)
        except DeliveryError as error:
            if error.after is None:  # else we are asked to make no call for a while
                await stop_spinning(bot, query)
            raise
        await stop_spinning(bot, query)
        return 0

    async def _send(self, bot: Bot, call: Call) -> None:
        try:
            await make(bot, call.payload, call.address, self._documents)
        except ChatMigrated as moved:
            await self._send_to(moved.new_chat_id, bot, call)
        except BadRequest as error:
            if not is_done_already(error, best_effort=bool(call.payload.get("best_effort"))):
                raise delivery_error(error) from None
        except TelegramError as error:
            raise delivery_error(error) from None

    async def _send_to(self, moved_to: int, bot: Bot, call: Call) -> None:
        """A group became a supergroup: https://core.telegram.org/bots/api#responseparameters"""
        try:
            await make(bot, call.payload, str(moved_to), self._documents)
        except TelegramError as error:
            raise delivery_error(error) from None

    def fetch(self, attachment: Attachment, most: int) -> AsyncGenerator[bytes, None]:
        """A file that a citizen sent, piece by piece."""
        return file_of(self._opened(), attachment.id, most)

    async def show_busy(self, address: str) -> None:
        """`typing...` for five seconds or until the next message."""
        try:
            await self._opened().send_chat_action(chat_id(address), "typing")
        except (TelegramError, DeliveryError, *ODD_ANSWERS):
            log.debug("telegram_busy_not_shown", agency=self.agency)

    @property
    def is_open(self) -> bool:
        """Whether the client is made."""
        return self._bot is not None

    def _opened(self) -> Bot:
        if self._bot is None:
            raise DeliveryError("not open", retry=True)
        return self._bot

    async def open(self) -> None:
        """Make the client, learn our name, register webhook and commands.

        Raises DeliveryError when Telegram cannot be asked; may then be called again.
        """
        try:
            bot = self._bot = self._bot or self._made()
            await bot.initialize()
            self._me = Me(bot.id, bot.username, self._me.commands)
            await self._choose_mode(bot)
            await telegram_menus.register(bot, self.agency, self._commands)
        except TelegramError as error:
            raise delivery_error(error) from None
        except ODD_ANSWERS:
            raise DeliveryError("odd answer", retry=True) from None

    def _made(self) -> Bot:
        self._polling = _request(self._timeout)
        return Bot(
            self._token,
            base_url=f"{self._api_url}/bot",
            base_file_url=f"{self._api_url}/file/bot",
            request=_request(self._timeout),
            get_updates_request=self._polling,
        )

    async def _choose_mode(self, bot: Bot) -> None:
        if self._mode == "polling":
            await bot.delete_webhook()
        elif self._webhook_url and not self._secret:  # nobody could tell Telegram from others
            log.warning("telegram_webhook_needs_secret", agency=self.agency)
        elif self._webhook_url:
            await bot.set_webhook(
                self._webhook_url,
                secret_token=self._secret,
                allowed_updates=ALLOWED_UPDATES,
                max_connections=CONNECTIONS,
            )

    async def webhook_info(self) -> WebhookInfo:
        """What Telegram knows of our webhook; raises DeliveryError."""
        told = await self._asked(Bot.get_webhook_info)
        return WebhookInfo(told.url, told.pending_update_count, told.last_error_message)

    async def shows_menu(self, menus: Sequence[ChatMenu]) -> bool:
        """Whether the bot lists just the commands of these menus."""
        return await self._asked(lambda bot: telegram_menus.shows(bot, menus))

    async def set_menu(self, menus: Sequence[ChatMenu]) -> bool:
        """Have the bot list the commands of these menus."""
        return await self._asked(lambda bot: telegram_menus.put(bot, menus))

    async def _asked(self, ask: Callable[[Bot], Awaitable[Told]]) -> Told:
        """What Telegram says, whether or not the channel is open; raises DeliveryError."""
        bot = self._bot = self._bot or self._made()
        try:
            await bot.initialize()
            return await ask(bot)
        except TelegramError as error:
            raise delivery_error(error) from None
        except ODD_ANSWERS:
            raise DeliveryError("odd answer", retry=True) from None

    async def close(self) -> None:
        """Release the client, whatever state it is in."""
        bot, self._bot = self._bot, None
        if bot is None:
            return
        try:
            await bot.shutdown()
        except Exception as error:  # noqa: BLE001 - we are leaving, and nothing is lost
            log.warning("telegram_close_failed", agency=self.agency, error=type(error).__name__)

    async def poll(self, accept: Accept, stop: asyncio.Event) -> None:
        """Fetch updates until told to stop, each again until accept() has kept it."""
        await Polling(self.agency, self._updates, self.from_update).run(accept, stop)

    async def _updates(self, offset: int) -> list[object]:
        request = self._polling or _request(self._timeout)
        return await updates_of(self._opened(), request, offset, self._timeout)


def _request(timeout: float) -> AiohttpRequest:
    return AiohttpRequest(connections=POOL, timeout=timeout)
