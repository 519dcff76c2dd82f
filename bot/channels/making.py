"""Making the channels of one agency from its secrets; one without secrets is off, and says so."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog

from bot.channels import line
from bot.channels.channel import Channel
from bot.channels.line import LineChannel
from bot.channels.webchat import WebChannel
from bot.files import FileStore
from bot.metrics import Metrics
from bot.secrets import secret_key, telegram_secret
from bot.settings import BadSettings, ChannelSecrets, Settings, channel_secrets

log = structlog.get_logger()

Commands = Mapping[str, Sequence[tuple[str, str]]]


def make_channels(
    settings: Settings, slug: str, commands: Commands, metrics: Metrics
) -> list[Channel]:
    """Every account that has its secrets, and the web chat in any case."""
    try:
        secrets = channel_secrets(slug)
    except BadSettings as error:
        log.error("channels_off", agency=slug, why=str(error))
        secrets = ChannelSecrets()
    found = {
        "web": WebChannel(slug),
        "line": _line(settings, slug, secrets, metrics),
        "telegram": _telegram(settings, slug, secrets, commands, metrics),
    }
    for name, channel in found.items():
        if channel is None:
            log.warning("channel_off", agency=slug, channel=name, why="secrets missing")
    return [channel for channel in found.values() if channel is not None]


async def load_sdks(channels: Iterable[Channel]) -> None:
    """Bring into memory what these send with; that of Telegram is there once its channel is."""
    if any(isinstance(channel, LineChannel) for channel in channels):
        await line.loaded()


def _line(
    settings: Settings, slug: str, secrets: ChannelSecrets, metrics: Metrics
) -> Channel | None:
    if not (secrets.line_channel_secret and secrets.line_access_token):
        return None
    return LineChannel(
        slug,
        secrets.line_channel_secret,
        secrets.line_access_token,
        api_url=settings.line_api_url or None,
        data_url=settings.line_data_url or None,
        skipped=_counter(metrics, "line"),
    )


def _telegram(
    settings: Settings, slug: str, secrets: ChannelSecrets, commands: Commands, metrics: Metrics
) -> Channel | None:
    if not secrets.telegram_token:
        return None
    public = settings.public_url.rstrip("/")
    if not public and settings.telegram_mode == "webhook":
        log.warning("telegram_without_webhook", agency=slug, why="THAMDAI_PUBLIC_URL is not set")
    from bot.channels.telegram import TelegramChannel  # noqa: PLC0415 - its SDK: 0.2 s and 12 MB

    return TelegramChannel(
        slug,
        secrets.telegram_token,
        secret=secrets.telegram_secret or telegram_secret(secret_key(settings.data_dir), slug),
        api_url=settings.telegram_api_url or None,
        mode=settings.telegram_mode,
        webhook_url=f"{public}/webhooks/telegram/{slug}" if public else None,
        commands=commands,
        content=FileStore(settings.files).get,
        bulk_per_second=settings.telegram_bulk_per_second,
        skipped=_counter(metrics, "telegram"),
    )


def _counter(metrics: Metrics, channel: str) -> Callable[[str], None]:
    return lambda why: metrics.skipped.labels(channel, why).inc()
