"""Where the platforms deliver: checked, parsed, kept, and only then acknowledged."""

from collections.abc import Callable, Mapping

import structlog
from aiohttp import web
from prometheus_client import Counter

from bot.channels.channel import Accept, BadSignature, Channel, Malformed, NotAccepted
from bot.metrics import Metrics
from bot.tables import account_of

MAX_BODY = 2 * 1024 * 1024
PLATFORMS = ("line", "telegram")

log = structlog.get_logger()


class Webhooks:
    """One handler for every platform and agency."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        accept: Accept,
        metrics: Metrics,
        is_served: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._channels = channels
        self._accept = accept
        self._metrics = metrics
        self._is_served = is_served
        self._counters: dict[tuple[str, int], Counter] = {}

    def add_to(self, app: web.Application) -> None:
        """Serve POST /webhooks/{platform}/{agency}."""
        app.router.add_post("/webhooks/{platform}/{agency}", self._post)

    async def _post(self, request: web.Request) -> web.Response:
        platform, agency = request.match_info["platform"], request.match_info["agency"]
        channel = self._channels.get(account_of(agency, platform))
        if platform not in PLATFORMS or channel is None or not self._is_served(agency):
            return web.json_response({"error": "no such account"}, status=404)
        status, error = await self._take(channel, request)
        self._counted(platform, status).inc()
        if error is None:
            return web.Response(text="ok")
        log.warning("webhook_refused", account=account_of(agency, platform), status=status)
        headers = {"Retry-After": "5"} if status == web.HTTPServiceUnavailable.status_code else None
        return web.json_response({"error": error}, status=status, headers=headers)

    def _counted(self, platform: str, status: int) -> Counter:
        """Finding a counter by its labels takes as long as reading the webhook's JSON."""
        key = (platform, status)
        if key not in self._counters:
            self._counters[key] = self._metrics.webhooks.labels(*key)
        return self._counters[key]

    async def _take(self, channel: Channel, request: web.Request) -> tuple[int, str | None]:
        try:
            body = await request.read()
            await self._accept(channel.receive(body, request.headers))
        except web.HTTPRequestEntityTooLarge:
            return 413, f"the body is over {MAX_BODY} bytes"
        except web.RequestPayloadError:  # packed in a way that cannot be unpacked
            return 400, "the body cannot be read"
        except BadSignature:
            return 401, "the signature is missing or wrong"
        except Malformed:
            return 400, "the body is not what the platform sends"
        except NotAccepted:
            return 503, "not kept; deliver it again"
        return 200, None
