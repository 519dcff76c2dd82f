"""What reads the agencies' folders, and what compares by meaning, as the settings say."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from bot import memory
from bot.settings import Settings
from knowledge import shipped
from knowledge.agency import Agency
from knowledge.embedding import CachedEncoder, open_encoder
from knowledge.lexical import concepts
from knowledge.library import Library
from knowledge.registry import Registry
from knowledge.remembering import Notebook, Remembered
from knowledge.thai import normalise, normalised
from knowledge.words import toneless

REMEMBERED: Mapping[str, Remembered[Any]] = {"forms": normalised, "terms": concepts}
"""What is found of texts while they are indexed."""

log = structlog.get_logger()


def make_encoder(settings: Settings) -> CachedEncoder | None:
    """What compares by meaning, where it is wanted and installed."""
    if not settings.semantic:
        return None
    encoder, status = open_encoder(settings.data_dir / "vectors")
    log.info("encoder", status=str(status))
    return encoder


def make_registry(settings: Settings, encoder: CachedEncoder | None = None) -> Registry:
    """The agencies of the agencies folder, not read yet."""
    return Registry(settings.agencies_dir, settings.data_dir / "agencies", encoder=encoder)


def make_notebook(settings: Settings) -> Notebook:
    """What indexing the agencies' texts found at the last start."""
    return Notebook(settings.data_dir / "vectors" / "texts.json", REMEMBERED, shipped.findings)


async def serve_all(
    library: Library, registry: Registry, encoder: CachedEncoder | None, notebook: Notebook
) -> None:
    """Serve all agencies: by meaning at once where little of it must be computed first."""
    with notebook.open():
        await library.read()
        if _is_quick(encoder, registry):
            registry.use(encoder)
        await library.refresh()


def _is_quick(encoder: CachedEncoder | None, registry: Registry) -> bool:
    """Whether the meaning of what the registry has read needs little computing."""
    entries = [e for agency in registry.read_agencies.values() for e in agency.entries.values()]
    titles = [normalise(entry.question.th) for entry in entries]
    return encoder is not None and encoder.is_quick_with(titles)


async def warmed(
    registry: Registry,
    encoder: CachedEncoder | None,
    get_ready: Callable[[Agency], None],
    answer: Callable[[], Awaitable[None]],
) -> None:
    """Answer once what the first question needs is loaded: webhooks are kept meanwhile.

    The model comes beside the words: half of its loading needs no interpreter.
    """
    models = [encoder] if encoder is not None and registry.has_encoder else []
    await asyncio.gather(
        asyncio.to_thread(_read_words, registry, get_ready),
        *(asyncio.to_thread(model.warm) for model in models),
    )
    await answer()


def _read_words(registry: Registry, get_ready: Callable[[Agency], None]) -> None:
    """What every message is looked through for."""
    toneless()
    for served in registry.served.values():
        get_ready(served.agency)


async def complete(registry: Registry, encoder: CachedEncoder | None, notebook: Notebook) -> None:
    """Do what the start did not wait for.

    Where entries have never been seen, answers are by words until their meaning is computed.
    """
    if encoder is not None and not registry.has_encoder:
        await asyncio.to_thread(encoder.warm)
        await asyncio.to_thread(registry.use, encoder)
        log.info("meaning_added")
    try:
        await asyncio.to_thread(notebook.keep)
    except OSError as error:  # the next start is slower, and nothing else is amiss
        log.warning("texts_not_kept", fault=type(error).__name__)
    memory.give_back()
