"""The picture of a chat menu, with Thai drawn as it is written."""

import io
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import as_file, files
from typing import Final

from PIL import Image, ImageDraw, ImageFont, features

from bot.channels.menu_signs import sign
from bot.channels.splitting import is_boundary
from bot.chat_menu import HEAD, HEIGHT, SWITCH, WIDTH, Bounds, ChatMenu, Tile, layout

KIND: Final = "image/png"
FACE: Final = "Sarabun-SemiBold.ttf"
LARGEST, SMALLEST = 116, 66
"""Pixels of a letter; a telephone shows the picture at about a sixth of its size."""
LINE_HEIGHT: Final = 1.45
"""Of the letters' size: Thai has marks above and below."""
GAP: Final = 48

PAPER, TINT, LINK, LINE = "#ffffff", "#e7eef9", "#fbf6e9", "#d5dce6"
INK, INDIGO, DEEP, BRAND = "#18233a", "#1f4287", "#1b3560", "#f2c46d"
"""The colours of our pages by day (bot/static/colours.css)."""


class NoShaping(Exception):
    """Pillow lacks what puts Thai vowels and tone marks in their places (libfribidi)."""


Written = tuple[Sequence[str], Bounds, str, bool]
"""Words, the room for them, their colour, and whether they begin at its left edge."""


@lru_cache(maxsize=256)
def drawn(menu: ChatMenu) -> bytes:
    """The picture as PNG, 2500 by 1686, its tiles where `layout` has them.

    Raises NoShaping rather than drawing marks one over another.
    """
    if not features.check("raqm"):
        raise NoShaping
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, WIDTH, HEAD), DEEP)
    draw.rectangle((0, HEAD - 10, WIDTH, HEAD), BRAND)
    places = list(zip(menu.tiles, layout(menu.tiles), strict=True))
    switches = [_switch(image, draw, *each) for each in places if each[0].language]
    links = [_link(image, draw, *each) for each in places if each[0].url]
    choices = [_choice(image, draw, *each) for each in places if not _is_apart(each[0])]
    room = Bounds(GAP, 0, WIDTH - SWITCH * bool(switches) - 2 * GAP, HEAD - 10)
    title: Written = ((menu.title,), room, PAPER, True)
    for alike in ([title], switches, links, choices):
        _write(draw, alike)
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


def _is_apart(tile: Tile) -> bool:
    return bool(tile.language or tile.url)


def _choice(image: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, place: Bounds) -> Written:
    """A sign in a round field, the label below."""
    draw.rectangle(_edges(place), outline=LINE, width=3)
    field = min(280, place.height * 45 // 100)
    size = field * 60 // 100
    top = place.y + (place.height - field - 190) // 2
    left = place.x + (place.width - field) // 2
    draw.ellipse((left, top, left + field, top + field), TINT)
    inner = (field - size) // 2
    image.paste(INDIGO, (left + inner, top + inner), sign(tile.sign, size))
    below = top + field
    height = min(210, place.y + place.height - below)
    return tile.words, Bounds(place.x + GAP, below, place.width - 2 * GAP, height), INK, False


def _link(image: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, place: Bounds) -> Written:
    """The sign of what opens a page, the label beside it."""
    draw.rectangle(_edges(place), LINK, outline=LINE, width=3)
    size, left = 96, place.x + GAP
    image.paste(INDIGO, (left, place.y + (place.height - size) // 2), sign(tile.sign, size))
    start = left + size + GAP // 2
    width = place.x + place.width - GAP // 2 - start
    return tile.words, Bounds(start, place.y, width, place.height), INK, True


def _switch(image: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, place: Bounds) -> Written:
    """In the head, framed: the name of the other language in that language."""
    frame = (place.x + GAP // 2, 36, place.x + place.width - GAP, place.height - 46)
    draw.rounded_rectangle(frame, 36, outline=BRAND, width=5)
    size = 92
    image.paste(BRAND, (frame[0] + 40, (frame[1] + frame[3] - size) // 2), sign(tile.sign, size))
    start = frame[0] + 40 + size
    room = Bounds(start, frame[1], frame[2] - start - 20, frame[3] - frame[1])
    return tile.words, room, PAPER, False


def _edges(place: Bounds) -> tuple[int, int, int, int]:
    return (place.x, place.y, place.x + place.width, place.y + place.height)


def _write(draw: ImageDraw.ImageDraw, alike: Sequence[Written]) -> None:
    """Words of one kind in letters of one size, each in the middle of its room."""
    size = min((_fitting(words, room) for words, room, _, _ in alike), default=LARGEST)
    height = round(size * LINE_HEIGHT)
    for words, room, colour, is_left in alike:
        lines = _shown(words, size, room)
        middle = room.y + (room.height - height * len(lines)) / 2 + height / 2
        for number, line in enumerate(lines):
            at = (room.x if is_left else room.x + room.width / 2, middle + number * height)
            draw.text(at, line, colour, _font(size), "lm" if is_left else "mm", language="th")


def _fitting(words: Sequence[str], room: Bounds) -> int:
    """The largest letters with which the words fit, or the smallest there are."""
    for size in range(LARGEST, SMALLEST, -2):
        lines = list(_lines(words, size, room.width))
        is_low = len(lines) * size * LINE_HEIGHT <= room.height
        if is_low and all(_width(line, size) <= room.width for line in lines):
            return size
    return SMALLEST


def _shown(words: Sequence[str], size: int, room: Bounds) -> list[str]:
    """The lines, or as many of them as there is room for."""
    lines = list(_lines(words, size, room.width))
    shown = lines[: max(1, int(room.height / (size * LINE_HEIGHT)))]
    if len(shown) < len(lines):
        shown[-1] += "…"
    return [_cut(line, size, room.width) for line in shown]


def _lines(words: Sequence[str], size: int, width: int) -> Iterator[str]:
    line = ""
    for word in words:
        if line and _width((line + word).rstrip(), size) > width:
            yield line.strip()
            line = ""
        line += word
    yield line.strip()


def _cut(line: str, size: int, width: int) -> str:
    """The line, or as much of it as fits with an ellipsis."""
    if _width(line, size) <= width:
        return line
    ends = (end for end in range(len(line), 0, -1) if is_boundary(line, end))
    cut = (line[:end].rstrip("… ") + "…" for end in ends)
    return next((short for short in cut if _width(short, size) <= width), "…")


def _width(line: str, size: int) -> float:
    return _font(size).getlength(line, language="th")


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    with as_file(files("fontpkg_sarabun") / "files" / FACE) as path:
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.RAQM)
