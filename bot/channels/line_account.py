"""What LINE says of an official account."""

from msgspec import Struct


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
