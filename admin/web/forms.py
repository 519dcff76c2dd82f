"""What a form said, and what is kept of it when the login has ended in the middle."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from aiohttp import BodyPartReader, web
from aiohttp.web import FileField
from multidict import MultiDict, MultiDictProxy

HERE = "_page"
"""The field that names the page a form stands on."""
KEPT = "kept:"
"""What the login's own form puts before the names of the fields that it carries along."""
CARRIED = "_carried"
"""The field of the login's form that names where the carried form was going."""
CARRIED_FROM = "_carried_from"
MOST_KEPT = 64 * 1024
"""Letters of a form that are carried along."""
MOST_DIGITS = 18
MOST_PAGES = 99_999
A_PART = 1_000
"""Bytes that a part of a form counts for beside its words."""
_SECRET = re.compile("password|code|token", re.IGNORECASE)
_OWN_PATH = re.compile(r"/admin/(?:[\w.~%:@-]+/)*[\w.~%:@-]*(?:\?[^\s#\\]*)?", re.ASCII)

Fields = Sequence[tuple[str, str]]


class Form:
    """The fields of a form, as the browser sent them."""

    def __init__(self, fields: MultiDictProxy[Any] | None = None) -> None:
        self._fields = fields

    def text(self, name: str, *, at_most: int = 10_000) -> str:
        """One field without the blanks around it; empty where it is missing."""
        return self.raw(name)[:at_most].strip()

    def raw(self, name: str) -> str:
        """One field just as it was typed, its line ends made plain."""
        value = self._fields.get(name, "") if self._fields else ""
        return _plain(value) if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """All values of a field that may be there several times."""
        values = self._fields.getall(name, []) if self._fields else []
        return [_plain(value) for value in values if isinstance(value, str)]

    def files(self, name: str) -> list[FileField]:
        """The files that were added; an empty file input is left out."""
        values = self._fields.getall(name, []) if self._fields else []
        return [value for value in values if isinstance(value, FileField) and value.filename]

    def close(self) -> None:
        """Give back what files were kept in while the form was read."""
        for value in self._fields.values() if self._fields else ():
            if isinstance(value, FileField):
                value.file.close()

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Every field that is text."""
        for name, value in self._fields.items() if self._fields else ():
            if isinstance(value, str):
                yield _plain(name), _plain(value)


async def words_of(request: web.Request, at_most: int) -> Form:
    """A form of somebody unknown: its words, and none of its files, which nobody would keep.

    Raises HTTPRequestEntityTooLarge, and ValueError for what is no form.
    """
    found, left = MultiDict[str](), at_most
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise ValueError("a part that is no field")
        left -= A_PART
        words = bytearray()
        while piece := await part.read_chunk():
            if not part.filename:
                words += piece
                left -= len(piece)
            if left < 0:
                raise web.HTTPRequestEntityTooLarge(at_most)
        if not part.filename:
            found.add(part.name, words.decode(part.get_charset(default="utf-8")))
    return Form(MultiDictProxy(found))


def number_of(text: str) -> int:
    """A number of 64 bits; 0, which nothing has, for anything else."""
    is_number = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if is_number else 0


def page_of(query: Mapping[str, str], most: int = MOST_PAGES) -> int:
    """The page of a list that an address asks for, the first where there is no such page."""
    number = number_of(query.get("page", ""))
    return number if 0 < number <= most else 1


def numbers_of(texts: Iterable[str]) -> list[int]:
    """The numbers among these, each once."""
    return [*dict.fromkeys(filter(None, map(number_of, texts)))]


def _plain(text: str) -> str:
    """Without what databases refuse: zero bytes, and half surrogates of a strange character set."""
    plain = text.replace("\r\n", "\n").replace("\0", "")
    return plain.encode("utf-8", "replace").decode()


def worth_keeping(fields: Iterator[tuple[str, str]]) -> Fields:
    """What is carried through a login: neither secrets, nor our own fields, nor too much."""
    kept, left = [], MOST_KEPT
    for name, value in fields:
        left -= len(name) + len(value)
        if left < 0:
            break
        if value and not name.startswith(("_", KEPT)) and not _SECRET.search(name):
            kept.append((name, value))
    return kept


def carried(form: Form) -> dict[str, Any] | None:
    """The form that a login's form carries along: its address, its page and its fields."""
    pairs = ((name.removeprefix(KEPT), v) for name, v in form.pairs() if name.startswith(KEPT))
    fields = worth_keeping(pairs)
    if not fields:
        return None
    return form_kept(own_path(form.text(CARRIED)), own_path(form.text(CARRIED_FROM)), fields)


def form_kept(to: str, page: str, fields: Fields) -> dict[str, Any]:
    """A form as it is kept: where it was going, the page it stands on, what was typed."""
    return {"to": to, "page": page, "fields": [list(pair) for pair in fields]}


def typed(kept: Mapping[str, Any] | None, path: str) -> dict[str, str]:
    """What was typed into the form that goes to this path, before the login ended."""
    if not kept or _path(str(kept.get("to"))) != _path(path):
        return {}
    return {str(name): str(value) for name, value in reversed(kept["fields"])}


def ticked(kept: Mapping[str, Any] | None, path: str, name: str) -> list[str]:
    """All values of a field of that form, where it has several."""
    is_same = kept and _path(str(kept.get("to"))) == _path(path)
    return [str(value) for key, value in kept["fields"] if key == name] if kept and is_same else []


def own_path(text: str) -> str:
    """An address of ours to go on to; anything else leads to the first page."""
    is_own = _OWN_PATH.fullmatch(text) and "//" not in text.partition("?")[0]
    return text if is_own and "/../" not in text else "/admin/"


def _path(address: str) -> str:
    return address.partition("?")[0]
