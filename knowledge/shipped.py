"""What comes with the software ready made: vectors and normal forms of its own texts."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from zlib import compress, decompress

import numpy as np
from msgspec import json
from numpy.typing import NDArray

from knowledge.words import DATA

Vectors = NDArray[np.float32]

LIBRARY: Final = Path(str(DATA / "vectors.npz"))
"""Needs, what other bodies are asked, and small talk."""
ENTRIES: Final = Path(str(DATA / "entries.npz"))
"""The agencies' own texts, and words that are often said."""
KEY: Final = 16  # bytes of a text's hash


def key_of(text: str) -> bytes:
    """A text's name in a cache: a hash of it."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=KEY).digest()


class Shipped:
    """Texts' vectors as the model makes them, by the texts' keys; kept in a byte a number."""

    def __init__(self, keys: Iterable[bytes], rows: NDArray[np.int8], scales: Vectors) -> None:
        self._places = {key: place for place, key in enumerate(keys)}
        self._rows, self._scales = rows, scales

    def __contains__(self, key: bytes) -> bool:
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def rows(self, keys: Sequence[bytes]) -> Vectors:
        """One row for each key; raises KeyError where one is not shipped."""
        places = [self._places[key] for key in keys]
        found: Vectors = self._rows[places] * self._scales[places, None]
        return found


NOTHING: Final = Shipped([], np.zeros((0, 1), np.int8), np.zeros(0, np.float32))


@cache
def vectors() -> Shipped:
    """What comes with the software."""
    files = [np.load(file, allow_pickle=False) for file in (LIBRARY, ENTRIES) if file.exists()]
    if not files:
        return NOTHING
    keys, rows, scales = (
        np.concatenate([file[name] for file in files]) for name in ("keys", "rows", "scales")
    )
    return Shipped([key.tobytes() for key in keys], rows, scales)


def forms(texts: Sequence[str]) -> list[str] | None:
    """The normal forms of just these texts, which take seconds to find anew; None of others."""
    if not LIBRARY.exists():
        return None
    with np.load(LIBRARY, allow_pickle=False) as stored:
        if stored["of"].tobytes() != key_of("\n".join(texts)):
            return None
        found: bytes = stored["forms"].tobytes()
    return found.decode().split("\n")


def findings() -> Mapping[str, Mapping[str, Any]]:
    """What is found of the agencies' own texts, by what finds it; none by other word lists."""
    if not ENTRIES.exists():
        return {}
    with np.load(ENTRIES, allow_pickle=False) as stored:
        if stored["by"].tobytes() != _word_lists():
            return {}
        found: Mapping[str, Mapping[str, Any]] = json.decode(decompress(stored["found"].tobytes()))
    return found


def write_entries(
    texts: Sequence[str], rows: Vectors, found: Mapping[str, Mapping[str, Any]]
) -> None:
    """Ship the vectors of the agencies' texts, and what is found of them."""
    packed = compress(json.encode(found, order="sorted"))
    by = np.frombuffer(_word_lists(), np.uint8)
    write(ENTRIES, texts, rows, found=np.frombuffer(packed, np.uint8), by=by)


def _word_lists() -> bytes:
    """Which word lists there are besides ours."""
    return version("pythainlp").encode()


def write(file: Path, texts: Sequence[str], rows: Vectors, **more: Any) -> None:
    """Ship the vectors of `texts`, as the model makes them, and whatever else."""
    scales = np.abs(rows).max(axis=1) / 127
    np.savez(
        file,
        keys=np.frombuffer(b"".join(map(key_of, texts)), np.uint8).reshape(-1, KEY),
        rows=np.round(rows / scales[:, None]).astype(np.int8),
        scales=scales.astype(np.float32),
        **more,
    )


def write_library(
    texts: Sequence[str], rows: Vectors, forms: Sequence[str], of: Sequence[str]
) -> None:
    """Ship the vectors of the library's texts, and the normal `forms` `of` its needs."""
    as_bytes = np.frombuffer("\n".join(forms).encode(), np.uint8)
    whose = np.frombuffer(key_of("\n".join(of)), np.uint8)
    write(LIBRARY, texts, rows, forms=as_bytes, of=whose)
