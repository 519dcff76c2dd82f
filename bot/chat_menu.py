"""The menu that stands under a chat all the time: values that channels and pages share."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from math import ceil

from msgspec import Struct


class Sign(StrEnum):
    """The small picture on a tile."""

    QUESTION = "question"
    PAGES = "pages"
    REPORT = "report"
    MINE = "mine"
    NEWS = "news"
    CONTACT = "contact"
    LINK = "link"
    LANGUAGE = "language"


class Tile(Struct, frozen=True, omit_defaults=True):
    """Something to tap: it sends a choice, opens a page, or shows the menu in a language."""

    label: str
    words: tuple[str, ...]
    """The label in pieces between which a line may end; joined they are the label."""
    sign: Sign
    choice: str = ""
    url: str = ""
    language: str = ""
    """Of the menu that it shows; its choice changes the language of the talk."""


class ChatMenu(Struct, frozen=True):
    """One agency's menu in one language."""

    language: str
    title: str
    bar: str
    """What the bar says that opens and closes it."""
    tiles: tuple[Tile, ...]
    commands: tuple[tuple[str, str], ...]
    """Command and what it does, for platforms that list commands instead of tiles."""


class Bounds(Struct, frozen=True):
    """A rectangle of the picture, in its pixels."""

    x: int
    y: int
    width: int
    height: int


WIDTH, HEIGHT = 2500, 1686
"""https://developers.line.biz/en/reference/messaging-api/#rich-menu-object"""
HEAD = 226
SWITCH = 700
COLUMNS = 3
CHOICE_WEIGHT, LINK_WEIGHT = 3, 2
"""Heights of a row of choices and of a row of links stand to one another like this."""


def layout(tiles: Sequence[Tile]) -> list[Bounds]:
    """Where each tile stands: the language in the head, choices in rows, links in rows below."""
    choices = [at for at, tile in enumerate(tiles) if not tile.url and not tile.language]
    links = [at for at, tile in enumerate(tiles) if tile.url]
    rows = [(row, CHOICE_WEIGHT) for row in _rows(choices)]
    rows += [(row, LINK_WEIGHT) for row in _rows(links)]
    whole = sum(weight for _, weight in rows)
    switch = Bounds(WIDTH - SWITCH, 0, SWITCH, HEAD)
    found = {at: switch for at, tile in enumerate(tiles) if tile.language}
    above = 0
    for row, weight in rows:
        top = HEAD + (HEIGHT - HEAD) * above // whole
        above += weight
        end = HEAD + (HEIGHT - HEAD) * above // whole
        for place, at in enumerate(row):
            left, right = WIDTH * place // len(row), WIDTH * (place + 1) // len(row)
            found[at] = Bounds(left, top, right - left, end - top)
    return [found[at] for at in range(len(tiles))]


def _rows(tiles: Sequence[int]) -> list[Sequence[int]]:
    """As even as they can be, of three at most."""
    count = ceil(len(tiles) / COLUMNS)
    edges = [len(tiles) * row // count for row in range(count + 1)] if count else []
    return [tiles[start:end] for start, end in pairwise(edges)]
