"""What comes with the software ready made: vectors and normal forms of its own texts."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.words import DATA

Vectors = NDArray[np.float32]

FILE: Final = Path(str(DATA / "vectors.npz"))
KEY: Final = 16  # bytes of a text's hash


def key_of(text: str) -> bytes:
    """A text's name in a cache: a hash of it."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=KEY).digest()


class Shipped(Mapping[bytes, Vectors]):
    """Each text's vector as the model makes it, by the text's key; kept in a byte a number."""

    def __init__(self, keys: Iterable[bytes], rows: NDArray[np.int8], scales: Vectors) -> None:
        self._places = {key: place for place, key in enumerate(keys)}
        self._rows, self._scales = rows, scales

    def __getitem__(self, key: bytes) -> Vectors:
        place = self._places[key]
        row: Vectors = self._rows[place] * self._scales[place]
        return row

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


@cache
def vectors() -> Mapping[bytes, Vectors]:
    """What comes with the software."""
    if not FILE.exists():
        return {}
    with np.load(FILE, allow_pickle=False) as stored:
        keys = [key.tobytes() for key in stored["keys"]]
        return Shipped(keys, stored["rows"], stored["scales"].astype(np.float16))


def forms(texts: Sequence[str]) -> list[str] | None:
    """The normal forms of just these texts, which take seconds to find anew; None of others."""
    if not FILE.exists():
        return None
    with np.load(FILE, allow_pickle=False) as stored:
        if stored["of"].tobytes() != key_of("\n".join(texts)):
            return None
        found: bytes = stored["forms"].tobytes()
    return found.decode().split("\n")


def write(texts: Sequence[str], rows: Vectors, forms: Sequence[str], of: Sequence[str]) -> None:
    """Ship the vectors of `texts`, as the model makes them, and the normal `forms` `of` others."""
    scales = np.abs(rows).max(axis=1) / 127
    np.savez(
        FILE,
        keys=np.frombuffer(b"".join(map(key_of, texts)), np.uint8).reshape(-1, KEY),
        rows=np.round(rows / scales[:, None]).astype(np.int8),
        scales=scales.astype(np.float32),
        forms=np.frombuffer("\n".join(forms).encode(), np.uint8),
        of=np.frombuffer(key_of("\n".join(of)), np.uint8),
    )
