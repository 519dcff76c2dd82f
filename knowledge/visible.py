"""The words of a web page that a reader sees, and whether they are the same as before. Pure."""

import codecs
import re
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from typing import Final

from knowledge.days import day_of

_UNSEEN: Final = frozenset({"script", "style", "noscript", "template", "svg", "iframe"})
_WITHIN: Final = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "dfn", "em", "font", "i", "ins",
     "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u",
     "var", "wbr"}
)  # fmt: skip
"""Elements that do not begin a line of their own."""
_META: Final = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_-]{2,40})""", re.I)
_DATES: Final = re.compile(
    r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[-\s]*[^\W\d_][^\s\d]{1,20}\s*"
    r"(?:พ\.?ศ\.?|ค\.?ศ\.?)?\s*\d{4}"
)
_BLANKS: Final = re.compile(r"\s+")
_FALLBACK: Final = "cp874"
"""What Thai pages of old are written in, where nothing else is said."""


class _Reader(HTMLParser):
    """Gathers lines of text; never raises for what is malformed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        self._break(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(_BLANKS.sub(" ", data))

    def _break(self, tag: str) -> None:
        if tag not in _WITHIN:
            self.parts.append("\n")


def lines(content: bytes, charset: str | None, today: date) -> list[str]:
    """What stands on the page, line by line; lines with today's date are left out."""
    reader = _Reader()
    reader.feed(_decoded(content, charset))
    reader.close()
    found = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return [line for line in found if line and not _says_today(line, today)]


def lasting(first: Sequence[str], second: Iterable[str]) -> list[str]:
    """What stood there both times: counters, clocks and the like are left out."""
    there = set(second)
    return [line for line in first if line in there]


def digest(found: Iterable[str]) -> str:
    """What tells these lines from any others."""
    return sha256("\n".join(found).encode("utf-8", "surrogatepass")).hexdigest()


def _says_today(line: str, today: date) -> bool:
    return any(day_of(words) == today for words in _DATES.findall(line))


def _decoded(content: bytes, charset: str | None) -> str:
    told = _META.search(content[:4096])
    for name in (charset, told and told[1].decode("ascii"), "utf-8"):
        try:
            if name and codecs.lookup(name):
                return content.decode(name)
        except (LookupError, ValueError):
            continue
    return content.decode(_FALLBACK, "replace")
