"""What LINE's answers other than 200 mean for a message that was to be sent."""

from collections.abc import Mapping

from bot.channels.channel import MEND, DeliveryError

SERVER_ERROR = 500


class Refused(Exception):
    """LINE answered with an error.

    https://developers.line.biz/en/reference/messaging-api/#error-responses
    """

    def __init__(self, status: int, body: str, headers: Mapping[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self._body = body.casefold()
        self._headers = headers

    @property
    def is_invalid_token(self) -> bool:
        """The reply token was used before, is too old, or never was one."""
        return self.status == 400 and "invalid reply token" in self._body  # noqa: PLR2004 - HTTP

    @property
    def is_accepted_already(self) -> bool:
        """An earlier request with this retry key was accepted."""
        return self.status == 409  # noqa: PLR2004 - HTTP

    def translated(self) -> DeliveryError:
        """The same for the outbox; the body is left behind, it may quote the message."""
        match self.status:
            case 401 | 403:
                return DeliveryError("credentials", retry=True, after=MEND)
            case 429 if "monthly limit" in self._body:
                return DeliveryError("quota", retry=False)
            case 429:
                return DeliveryError("rate", retry=True, after=self._retry_after())
            case status if status >= SERVER_ERROR:
                return DeliveryError("server error", retry=True, after=self._retry_after())
            case _:
                return DeliveryError("refused", retry=False)

    def _retry_after(self) -> float | None:
        """Seconds; a date in this header is not worth reading."""
        wanted = self._headers.get("Retry-After", "")
        return float(wanted) if wanted.isascii() and wanted.isdigit() else None
