"""Files of ours on Telegram: uploaded once, then sent by the id that Telegram gave them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from telegram import Bot, InputFile

from bot.channels.channel import DeliveryError

REMEMBERED = 1_000


class Documents:
    """What Telegram knows already, by the digest of its content.

    https://core.telegram.org/bots/api#sending-files
    """

    def __init__(self, content: Callable[[str], Awaitable[bytes | None]] | None) -> None:
        self._content = content
        self._ids: dict[str, str] = {}

    async def send(self, bot: Bot, chat: int | str, params: Mapping[str, Any]) -> None:
        """Send one; raises what the library raises, and DeliveryError where it is gone."""
        digest = params["digest"]
        known = self._ids.get(digest)
        document = known or await self._file(digest, params["name"])
        sent = await bot.send_document(chat, document, disable_content_type_detection=True)
        if known is None and sent.document is not None:
            if len(self._ids) >= REMEMBERED:
                del self._ids[next(iter(self._ids))]
            self._ids[digest] = sent.document.file_id

    async def _file(self, digest: str, name: str) -> InputFile:
        content = await self._content(digest) if self._content else None
        if content is None:
            raise DeliveryError("file gone", retry=False)
        return InputFile(content, filename=name)
