"""The picture of a chat menu, with Thai drawn as it is written."""

import io
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import as_file, files
from typing import Final

from PIL import Image, ImageDraw, ImageFont, features

from bot.channels.splitting import is_boundary
from bot.chat_menu import HEAD, HEIGHT, WIDTH, Bounds, ChatMenu, Tile, layout
from bot.menu_signs import sign

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
    places = layout(menu.tiles)
    right = min((place.x for place in places if place.y == 0), default=WIDTH)
    _words(draw, [menu.title], Bounds(GAP, 0, right - 2 * GAP, HEAD - 10), PAPER, is_left=True)
    for tile, place in zip(menu.tiles, places, strict=True):
        if tile.language:
            _switch(image, draw, tile, place)
        elif tile.url:
            _link(image, draw, tile, place)
        else:
            _choice(image, draw, tile, place)
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


def _choice(image: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, place: Bounds) -> None:
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
    room = Bounds(
        place.x + GAP, below, place.width - 2 * GAP, min(210, place.y + place.height - below)
    )
    _words(draw, tile.words, room, INK)


def _link(image: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, place: Bounds) -> None:
    """The sign of what opens a page, the label beside it."""
    draw.rectangle(_edges(place), LINK, outline=LINE, width=3)
    size, left = 96, place.x + GAP
    image.paste(INDIGO, (left, place.y + (place.height - size) // 2), sign(tile.sign, size))
    start = left + size + GAP // 2
    room = Bounds(start, place.y, place.x + place.width - GAP // 2 - start, place.height)
    _words(draw, tile.words, room, INK, is_left=True)


def _switch(image: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, place: Bounds) -> None:
    """In the head, framed: the name of the other language in that language."""
    frame = (place.x + GAP // 2, 36, place.x + place.width - GAP, place.height - 46)
    draw.rounded_rectangle(frame, 36, outline=BRAND, width=5)
    size = 92
    image.paste(BRAND, (frame[0] + 40, (frame[1] + frame[3] - size) // 2), sign(tile.sign, size))
    start = frame[0] + 40 + size
    room = Bounds(start, frame[1], frame[2] - start - 20, frame[3] - frame[1])
    _words(draw, tile.words, room, PAPER)


def _edges(place: Bounds) -> tuple[int, int, int, int]:
    return (place.x, place.y, place.x + place.width, place.y + place.height)


def _words(
    draw: ImageDraw.ImageDraw,
    words: Sequence[str],
    room: Bounds,
    colour: str,
    *,
    is_left: bool = False,
) -> None:
    """Words as large as they fit, in lines that end between words, in the middle of the room."""
    size, lines = _fitted(words, room)
    height = round(size * LINE_HEIGHT)
    middle = room.y + (room.height - height * len(lines)) / 2 + height / 2
    for number, line in enumerate(lines):
        at = (room.x if is_left else room.x + room.width / 2, middle + number * height)
        draw.text(at, line, colour, _font(size), anchor="lm" if is_left else "mm", language="th")


def _fitted(words: Sequence[str], room: Bounds) -> tuple[int, list[str]]:
    """The largest letters with which the words fit; with the smallest, what fits of them."""
    for size in range(LARGEST, SMALLEST - 1, -2):
        lines = list(_lines(words, size, room.width))
        is_low = len(lines) * size * LINE_HEIGHT <= room.height
        if is_low and all(_width(line, size) <= room.width for line in lines):
            return size, lines
    lines = list(_lines(words, SMALLEST, room.width))
    shown = lines[: max(1, int(room.height / (SMALLEST * LINE_HEIGHT)))]
    is_cut = len(shown) < len(lines) or _width(shown[-1], SMALLEST) > room.width
    if is_cut:
        shown[-1] = _cut(shown[-1], room.width)
    return SMALLEST, shown


def _lines(words: Sequence[str], size: int, width: int) -> Iterator[str]:
    line = ""
    for word in words:
        if line and _width((line + word).rstrip(), size) > width:
            yield line.strip()
            line = ""
        line += word
    yield line.strip()


def _cut(line: str, width: int) -> str:
    """As much of a line as fits with an ellipsis after it."""
    for end in range(len(line), 0, -1):
        if is_boundary(line, end) and _width(line[:end] + "…", SMALLEST) <= width:
            return line[:end].rstrip() + "…"
    return "…"


def _width(line: str, size: int) -> float:
    return _font(size).getlength(line, language="th")


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    with as_file(files("fontpkg_sarabun") / "files" / FACE) as path:
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.RAQM)
