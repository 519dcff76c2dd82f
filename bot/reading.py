"""What reads the agencies' folders, and what compares by meaning, as the settings say."""

import structlog

from bot.settings import Settings
from knowledge.embedding import CachedEncoder, open_encoder
from knowledge.registry import Registry

log = structlog.get_logger()


def make_encoder(settings: Settings) -> CachedEncoder | None:
    """What compares by meaning, where it is wanted and installed."""
    if not settings.semantic:
        return None
    encoder, status = open_encoder(settings.data_dir / "vectors")
    log.info("encoder", status=str(status))
    return encoder


def make_registry(settings: Settings, encoder: CachedEncoder | None) -> Registry:
    """The agencies of the agencies folder, not read yet."""
    return Registry(settings.agencies_dir, settings.data_dir / "agencies", encoder=encoder)
