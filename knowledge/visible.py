"""The words of a web page that a reader sees, and whether they are the same as before. Pure."""

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from hashlib import sha256
from html import unescape
from typing import Final

from knowledge.days import day_of

READ_AT_MOST: Final = 1024 * 1024
"""Bytes of a page of words that are looked at."""
_HALF: Final = 32
_UNSEEN: Final = frozenset({"noscript", "template", "svg", "iframe"})
_WITHIN: Final = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "dfn", "em", "font", "i", "ins",
     "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u",
     "var", "wbr"}
)  # fmt: skip
"""Elements that do not begin a line of their own."""
_REST: Final = r"""(?>[^>=]++|=\s*+(?>"[^"]*+"|'[^']*+')?+)*+>"""
"""The attributes of a tag and its end."""
_TOKEN: Final = re.compile(
    rf"""(?P<text>[^<]++|<(?![a-z/!?]))
    |<!--(?:-?>|(?>[^-]++|-(?!-!?>))*+(?:--!?>)?+)
    |<(?P<raw>script|style)(?=[\s/>]){_REST}(?>[^<]++|<(?!/(?P=raw)[\s/>]))*+
    |<(?P<end>/?)(?P<name>[a-z][^\s/>]*+){_REST}
    |<[!?/][^>]*+>
    |<.*""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""Never goes back, and what has no end goes to the end of the page: so it is linear."""
_META: Final = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_-]{2,40})""", re.I)
_DATES: Final = re.compile(
    r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[-\s]*[^\W\d_][^\s\d]{1,20}\s*"
    r"(?:พ\.?ศ\.?|ค\.?ศ\.?)?\s*\d{4}"
)
_BLANKS: Final = re.compile(r"\s+")
_SLOW: Final = frozenset({"punycode", "idna"})
"""Codecs that no page is written in, and that take the square of its length."""
_FALLBACK: Final = "cp874"
"""What Thai pages of old are written in, where nothing else is said."""


def lines(content: bytes, charset: str | None) -> list[str]:
    """What stands on the page, line by line; takes time by its length, whatever it is made of.

    Raises ValueError for what cannot be read.
    """
    text = "".join(_parts(_decoded(_beginning(content), charset)))
    found = (" ".join(unescape(line).split()) for line in text.split("\n"))
    return [line for line in found if line]


def _beginning(content: bytes) -> bytes:
    """What is looked at of a page, up to the last tag that is whole."""
    if len(content) <= READ_AT_MOST:
        return content
    beginning = content[:READ_AT_MOST]
    return beginning.rpartition(b"<")[0] or beginning


def _parts(markup: str) -> Iterator[str]:
    unseen = 0
    for token in _TOKEN.finditer(markup):
        if token["text"] is not None:
            if not unseen:
                yield _BLANKS.sub(" ", token["text"])
        elif (name := (token["name"] or token["raw"] or "").lower()) and name not in _WITHIN:
            if name in _UNSEEN and not token[0].endswith("/>"):
                unseen = max(0, unseen + (-1 if token["end"] else 1))
            yield "\n"


def lasting(first: Sequence[str], second: Iterable[str]) -> list[str]:
    """What stood there both times: counters, clocks and the like are left out."""
    there = set(second)
    return [line for line in first if line in there]


def digest(found: Sequence[str], today: date) -> str:
    """What tells these lines from any others: half by all of them, half by those without today."""
    lasting_days = [line for line in found if not _says_today(line, today)]
    return digest_of(found)[:_HALF] + digest_of(lasting_days)[_HALF:]


def digest_of(parts: Iterable[str]) -> str:
    """What tells these words from any others, whatever they say."""
    return sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def is_same(one: str | None, other: str | None) -> bool:
    """Whether two digests are of the same words: of all, or of all but what says the day."""
    if one is None or other is None:
        return one is other
    return one[:_HALF] == other[:_HALF] or one[_HALF:] == other[_HALF:]


def _says_today(line: str, today: date) -> bool:
    return any(day_of(words) == today for words in _DATES.findall(line))


def _decoded(content: bytes, charset: str | None) -> str:
    told = _META.search(content[:4096])
    for name in (charset, told and told[1].decode("ascii"), "utf-8"):
        try:
            if name and codecs.lookup(name).name not in _SLOW:
                return content.decode(name)
        except (LookupError, ValueError):
            continue
    return content.decode(_FALLBACK, "replace")
