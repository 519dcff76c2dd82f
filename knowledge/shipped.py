"""What comes with the software ready made: vectors and normal forms of its own texts."""

import hashlib
from collections.abc import Mapping, Sequence
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


@cache
def vectors() -> Mapping[bytes, Vectors]:
    """Each text's vector as the model makes it, by the text's key; all are rows of one array."""
    if not FILE.exists():
        return {}
    with np.load(FILE, allow_pickle=False) as stored:
        keys, scales = stored["keys"], stored["scales"].astype(np.float16)
        rows = stored["rows"] * scales[:, None]  # one byte for each number, kept in two
    return {key.tobytes(): row for key, row in zip(keys, rows, strict=True)}


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
