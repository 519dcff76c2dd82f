"""Measure and cut text as LINE and Telegram count it: in UTF-16 units, and between clusters."""

import re
from collections.abc import Iterable
from unicodedata import category

ELLIPSIS = "…"
_LEADING = frozenset("เแโใไເແໂໃໄ")
"""Vowels written before the consonant they belong to, Thai and Lao."""
_TRAILING = frozenset("ะาำๅๆฯະາຳໆຯ")
"""Letters and signs that belong to what stands before them."""
_MARKS = frozenset({"Mn", "Mc", "Me"})
_JOINER = "\u200d"
_LONGEST_CLUSTER = 64
"""Code points; what is longer is not writing but an attack on the renderer."""


def units(text: str) -> int:
    """Length in UTF-16 units.

    https://developers.line.biz/en/docs/messaging-api/text-character-count/
    """
    return len(text) + sum(char > "\uffff" for char in text)


def is_blank(text: str) -> bool:
    """Nothing in it would be seen."""
    return not any(char.isprintable() and not char.isspace() for char in text)


def split(text: str, limit: int) -> list[str]:
    """Pieces of at most `limit` units (two or more) that joined are the text again.

    Cut after a newline if one is in the later half, else after a space, else between clusters.
    """
    pieces = []
    while units(text) > limit:
        at = _cut(text, _fitting(text, limit))
        pieces.append(text[:at])
        text = text[at:]
    return [*pieces, text] if text else pieces


def parts(text: str, limit: int) -> list[str]:
    """The pieces of a text that are worth sending: trimmed, none of them blank."""
    return [piece.strip() for piece in split(text.strip(), limit) if not is_blank(piece)]


def shorten(text: str, limit: int) -> str:
    """The text, or as much of it as fits in `limit` units with an ellipsis."""
    if units(text) <= limit:
        return text
    room = text[: _fitting(text, limit - 1)]
    return text[: _cluster_end(text, len(room))].rstrip() + ELLIPSIS


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text less some (offset, length) stretches in UTF-16 units and the gaps they leave."""
    raw = text.encode("utf-16-le", "surrogatepass")
    for offset, length in sorted(spans, reverse=True):
        if offset >= 0 and length > 0:
            raw = raw[: 2 * offset] + raw[2 * (offset + length) :]
    return re.sub(" {2,}", " ", raw.decode("utf-16-le", "replace")).strip()


def is_boundary(text: str, at: int) -> bool:
    """The text may be cut before the code point at `at`."""
    if not 0 < at < len(text):
        return True
    before, after = text[at - 1], text[at]
    if before == "\n" or after == "\n":
        return (before, after) != ("\r", "\n")
    if _is_flag(before) and _is_flag(after):
        return _flags_before(text, at) % 2 == 0
    return not (before in _LEADING or before == _JOINER or _clings(after))


def _clings(char: str) -> bool:
    return (
        char in _TRAILING
        or char == _JOINER
        or category(char) in _MARKS
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= char <= "\U000e007f"  # tags of flags of regions
    )


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flags_before(text: str, at: int) -> int:
    start = at
    while start and _is_flag(text[start - 1]):
        start -= 1
    return at - start


def _fitting(text: str, limit: int) -> int:
    """How many code points of the text's beginning fit."""
    head = text[:limit]
    while (over := units(head) - limit) > 0:
        head = head[: -((over + 1) // 2)]
    return len(head)


def _cut(text: str, fitting: int) -> int:
    for wanted in ("\n", " "):
        at = text.rfind(wanted, fitting // 2, fitting) + 1
        if at and is_boundary(text, at):
            return at
    return _cluster_end(text, fitting)


def _cluster_end(text: str, fitting: int) -> int:
    """The last boundary that fits, or just what fits if a cluster is absurdly long."""
    for at in range(fitting, max(fitting - _LONGEST_CLUSTER, 0), -1):
        if is_boundary(text, at):
            return at
    return fitting
