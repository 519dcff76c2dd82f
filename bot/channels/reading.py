"""Lenient reading of what platforms send: a missing or odd value is None, never an exception."""

import json
import math
from collections.abc import Mapping

import orjson

JsonObject = dict[str, object]
_LARGEST = 2**63 - 1


def parsed(body: bytes) -> object:
    """The JSON of a body; raises ValueError when it is none.

    The standard library's reader is asked second: it takes half surrogates, which phones do send.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return json.loads(body)
        except RecursionError as error:
            raise ValueError("too deep") from error


def header(headers: Mapping[str, str], name: str) -> str | None:
    """A header's value, whatever case its name is written in."""
    if (found := headers.get(name)) is not None:
        return found
    return next((value for key, value in headers.items() if key.lower() == name), None)


def part(item: JsonObject, key: str) -> JsonObject:
    """The object under a key, or an empty one."""
    value = item.get(key)
    return value if isinstance(value, dict) else {}


def objects(item: JsonObject, key: str) -> list[JsonObject]:
    """The objects of the list under a key."""
    value = item.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def words(item: JsonObject, key: str) -> str | None:
    """The text under a key, fit for a database: no zero bytes, no half surrogates."""
    value = item.get(key)
    return clean(value) if isinstance(value, str) else None


def clean(text: str) -> str:
    """The same number of UTF-16 units, without what databases refuse."""
    if text.isascii() and "\0" not in text:  # ids and tokens, which are most of a webhook
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def identity(item: JsonObject, key: str) -> str | None:
    """An id, which may come as text or as a number."""
    value = item.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return words(item, key) or None


def whole(item: JsonObject, key: str) -> int | None:
    """A whole number that a database can keep, also if it comes as text."""
    value = item.get(key)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004 - digits of a 64 bit number
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
        return None
    return value


def degrees(item: JsonObject, key: str, limit: float) -> float | None:
    """A latitude or longitude within its limit."""
    value = item.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and abs(value) <= limit else None


def label(kind: object) -> str:
    """A platform's word for a kind, safe as the label of a counter."""
    if isinstance(kind, str) and kind.isascii() and kind.isidentifier() and len(kind) <= 40:  # noqa: PLR2004 - no kind is longer
        return kind
    return "unreadable"
