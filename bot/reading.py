"""What reads the agencies' folders, and what compares by meaning, as the settings say."""

from collections.abc import Mapping
from typing import Any

import structlog

from bot.settings import Settings
from knowledge.embedding import CachedEncoder, open_encoder
from knowledge.lexical import concepts
from knowledge.registry import Registry
from knowledge.remembering import Notebook, Remembered
from knowledge.thai import normalised

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


def make_notebook(settings: Settings) -> Notebook:
    """What indexing the agencies' texts found at the last start."""
    functions: Mapping[str, Remembered[Any]] = {"forms": normalised, "terms": concepts}
    return Notebook(settings.data_dir / "vectors" / "texts.json", functions)
