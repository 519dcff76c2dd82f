"""What many tests need made of the same files is made once in a process, and shared."""

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import pytest
from pydantic import TypeAdapter

import knowledge.matching
from knowledge.embedding import Encoder
from knowledge.files import Source
from knowledge.index import Index
from knowledge.signals import Document

KEPT = 128


@contextmanager
def read_and_indexed_once() -> Iterator[None]:
    """Files of agencies that say the same are read once, and alike entries indexed once.

    What is read and indexed nobody changes; what cannot be read is read each time. The list of the
    world's certificates, which each client of a platform would read, is read once, too.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Source, "_yaml", _parsed_once(Source._yaml))
        patch.setattr(Source, "_toml", _parsed_once(Source._toml))
        patch.setattr(Source, "read", _understood_once(Source.read))
        patch.setattr(knowledge.matching, "Index", _indexed_once())
        patch.setattr(ssl, "create_default_context", lru_cache(KEPT)(ssl.create_default_context))
        yield


def _parsed_once(parse: Callable[[Source, str], Any]) -> Callable[[Source, str], Any]:
    @lru_cache(KEPT)
    def parsed(text: str) -> Source:
        source = Source.__new__(Source)
        source._tree, source._lines = None, {}
        source.data = parse(source, text)
        return source

    def parse_once(source: Source, text: str) -> Any:
        try:
            like = parsed(text)
        except Exception:  # noqa: BLE001 - the fault is to name this file
            return parse(source, text)
        source._like, source._tree, source._lines = like, like._tree, like._lines
        return like.data

    return parse_once


def _understood_once(read: Callable[..., Any]) -> Callable[..., Any]:
    understood = lru_cache(KEPT)(read)

    def read_once(source: Source, kind: TypeAdapter[Any], *, was_good: bool = False) -> Any:
        if was_good:
            return read(source, kind, was_good=True)
        try:
            return understood(source._like, kind)
        except Exception:  # noqa: BLE001 - the fault is to name this file
            return read(source, kind)

    return read_once


def _indexed_once() -> Callable[..., Index]:
    @lru_cache(KEPT)
    def indexed(
        documents: tuple[Document, ...],
        background: tuple[str, ...],
        abbreviations: tuple[tuple[str, str], ...],
    ) -> Index:
        return Index(
            documents, encoder=None, background=background, abbreviations=dict(abbreviations)
        )

    def index_once(
        documents: Sequence[Document],
        *,
        encoder: Encoder | None,
        background: Sequence[str],
        abbreviations: Mapping[str, str],
        like: Index | None = None,
    ) -> Index:
        if encoder is None and like is None:
            short = tuple(abbreviations.items())
            return indexed(tuple(documents), tuple(background), short)
        return Index(
            documents,
            encoder=encoder,
            background=background,
            abbreviations=abbreviations,
            like=like,
        )

    return index_once
