"""Findings about texts that are kept between runs: to index five agencies, a second of work."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec

from knowledge.words import DATA

T = TypeVar("T")
MOST: Final = 50_000
"""Findings of one kind that are kept; five agencies have a tenth of it."""


class Remembered(Generic[T]):
    """A pure function of a text, with the latest texts remembered."""

    def __init__(self, find: Callable[[str], T], size: int, read: Callable[[Any], T]) -> None:
        self._find = lru_cache(maxsize=size)(find)
        self._read = read
        self._earlier: Mapping[str, T] = {}
        self._asked: dict[str, T] | None = None

    def __call__(self, text: str) -> T:
        """What is found of the text; never None."""
        if self._asked is None:
            return self._find(text)
        found = self._earlier.get(text)
        if found is None:
            found = self._find(text)
        if len(self._asked) < MOST:
            self._asked[text] = found
        return found

    def begin(self, earlier: Mapping[str, Any]) -> None:
        """From now on go by what was found earlier, and note all that is asked for."""
        self._earlier = {text: self._read(found) for text, found in earlier.items()}
        self._asked = {}

    def end(self) -> Mapping[str, T]:
        """What was asked for since `begin`, with what was found."""
        asked = self._asked or {}
        self._earlier, self._asked = {}, None
        return asked


def remembered(
    size: int, *, read: Callable[[Any], T]
) -> Callable[[Callable[[str], T]], Remembered[T]]:
    """Remember so many of the latest texts; `read` makes a finding of what JSON has of it."""
    return lambda find: Remembered(find, size, read)


class Kept(msgspec.Struct):
    """What the file says."""

    rules: str
    found: dict[str, dict[str, Any]]


Found = Mapping[str, Mapping[str, Any]]


class Notebook:
    """What some functions found, in one file; damaged or made by other rules, it counts as none.

    Then, as at a first start, goes what is `shipped`.
    """

    def __init__(
        self,
        file: Path,
        functions: Mapping[str, Remembered[Any]],
        shipped: Callable[[], Found] = dict,
    ) -> None:
        self._file = file
        self._functions = functions
        self._shipped = shipped
        self._asked: dict[str, Mapping[str, Any]] = {}

    @contextmanager
    def open(self) -> Iterator[None]:
        """While it lasts, what the last run asked for is not found anew."""
        earlier = self._read() or self._shipped()
        for name, function in self._functions.items():
            function.begin(earlier.get(name, {}))
        try:
            yield
        finally:
            self._asked = {name: function.end() for name, function in self._functions.items()}

    @property
    def asked(self) -> Found:
        """What was asked for while it was last open, with what was found."""
        return self._asked

    def keep(self) -> None:
        """Write that down for the next start."""
        kept = {"rules": rules(), "found": self._asked}
        content = msgspec.json.encode(kept, order="sorted")
        self._asked = {}
        if self._file.exists() and self._file.read_bytes() == content:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".part")
        fresh.write_bytes(content)
        fresh.replace(self._file)

    def _read(self) -> Found:
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=Kept)
        except (OSError, msgspec.MsgspecError):
            return {}
        return kept.found if kept.rules == rules() else {}


@cache
def rules() -> str:
    """A digest of all that decides what is found: our modules and lists, and the word lists."""
    digest = blake2b(digest_size=16)
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    for name in sorted(one.name for one in DATA.iterdir() if one.name.endswith(".txt")):
        digest.update((DATA / name).read_bytes())
    digest.update(f"{version('pythainlp')} {unicodedata.unidata_version}".encode())
    return digest.hexdigest()
