"""What Telegram's errors mean for a call that was to be made."""

from dataclasses import replace
from datetime import timedelta

from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.channels.channel import MEND, DeliveryError
from bot.channels.telegram_http import BROKEN, UNREACHED

_MEANINGS: tuple[tuple[type[TelegramError], DeliveryError], ...] = (
    (Forbidden, DeliveryError("gone", retry=False, gone=True)),
    (InvalidToken, DeliveryError("credentials", retry=True, after=MEND)),
    (BadRequest, DeliveryError("refused", retry=False)),
    (Conflict, DeliveryError("conflict", retry=True)),
    (TimedOut, DeliveryError("timeout", retry=True, unsure=True)),
    (NetworkError, DeliveryError("server error", retry=True, unsure=True)),
    (TelegramError, DeliveryError("odd answer", retry=True, unsure=True)),
)
"""The first that fits: BadRequest and TimedOut are kinds of NetworkError."""


def delivery_error(error: TelegramError) -> DeliveryError:
    """The same for the outbox; the library's words are left behind, they may hold the token."""
    if isinstance(error, RetryAfter):
        return DeliveryError("rate", retry=True, after=_seconds(error.retry_after))
    if isinstance(error, BadRequest) and "chat not found" in error.message.casefold():
        return DeliveryError("gone", retry=False, gone=True)
    if type(error) is NetworkError and error.message.startswith((UNREACHED, BROKEN)):
        is_unsure = error.message.startswith(BROKEN)
        return DeliveryError("connection", retry=True, unsure=is_unsure)
    meaning = next(meaning for kind, meaning in _MEANINGS if isinstance(error, kind))
    return replace(meaning)


def is_done_already(error: BadRequest, *, best_effort: bool) -> bool:
    """Nothing was changed because nothing had to be, or a button waits no longer for its answer."""
    return "message is not modified" in error.message.casefold() or best_effort


def _seconds(wait: int | timedelta) -> float:
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
