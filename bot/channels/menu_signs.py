"""The small pictures on the tiles of a chat menu, drawn line by line."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from PIL import Image, ImageDraw

from bot.chat_menu import Sign

GRID: Final = 24
"""A sign is drawn on a field of so many units."""
FINE: Final = 4
"""Drawn so many times larger, then made smaller: that smooths its edges."""
STROKE: Final = 1.8

Point = tuple[float, float]


class Pen:
    """Draws in units of the field, whatever its size."""

    def __init__(self, size: int) -> None:
        self.image = Image.new("L", (size, size))
        self._draw = ImageDraw.Draw(self.image)
        self._unit = size / GRID
        self._width = round(STROKE * self._unit)

    def line(self, *points: Point) -> None:
        """A line with round ends and corners."""
        at = [(x * self._unit, y * self._unit) for x, y in points]
        self._draw.line(at, 255, self._width, "curve")
        for x, y in at:
            half = self._width / 2
            self._draw.ellipse((x - half, y - half, x + half, y + half), 255)

    def box(self, left: float, top: float, right: float, bottom: float, round_: float = 2) -> None:
        """The outline of a rectangle with round corners."""
        edges = [edge * self._unit for edge in (left, top, right, bottom)]
        self._draw.rounded_rectangle(edges, round_ * self._unit, outline=255, width=self._width)

    def ring(self, x: float, y: float, radius: float, across: float | None = None) -> None:
        """A circle, or an ellipse that is so wide across."""
        wide, high = (across or radius) * self._unit, radius * self._unit
        at = (x * self._unit, y * self._unit)
        edges = (at[0] - wide, at[1] - high, at[0] + wide, at[1] + high)
        self._draw.ellipse(edges, outline=255, width=self._width)

    def dot(self, x: float, y: float, radius: float = 1.2) -> None:
        """A full circle."""
        edges = [edge * self._unit for edge in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse(edges, 255)

    def arc(self, x: float, y: float, radius: float, start: float, end: float) -> None:
        """A part of a circle, in degrees from the right, clockwise."""
        edges = [edge * self._unit for edge in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.arc(edges, start, end, 255, self._width)


def _bubble(pen: Pen) -> None:
    pen.line((8, 18), (8, 21.5), (12, 18), (19, 18))
    pen.line((8, 18), (5, 18), (3, 16), (3, 5), (5, 3), (19, 3), (21, 5), (21, 16), (19, 18))


def _question(pen: Pen) -> None:
    _bubble(pen)
    pen.arc(12, 8, 2.6, 180, 405)
    pen.line((13.2, 9.6), (12, 11), (12, 11.8))
    pen.dot(12, 14.7)


def _pages(pen: Pen) -> None:
    pen.box(4.5, 2.5, 19.5, 21.5)
    for y in (8, 12, 16):
        pen.line((8.5, y), (15.5, y))


def _report(pen: Pen) -> None:
    pen.line((3.5, 10), (3.5, 14), (7, 14), (17, 19), (17, 5), (7, 10), (3.5, 10))
    pen.line((7, 14), (8.5, 20.5), (10.8, 20.5), (9.8, 15.5))
    pen.line((20.5, 10), (20.5, 14))


def _mine(pen: Pen) -> None:
    pen.box(4.5, 4, 19.5, 21.5)
    pen.line((9, 2.6), (15, 2.6), (15, 6), (9, 6), (9, 2.6))
    pen.line((8.5, 13.5), (11, 16), (15.7, 11))


def _news(pen: Pen) -> None:
    pen.arc(12, 9.5, 6, 180, 360)
    pen.line((6, 9.5), (6, 14), (4, 17.5), (20, 17.5), (18, 14), (18, 9.5))
    pen.line((12, 1.8), (12, 3.4))
    pen.arc(12, 18.6, 2.6, 20, 160)


def _contact(pen: Pen) -> None:
    pen.box(2.5, 5, 21.5, 19)
    pen.line((3.2, 6.6), (12, 13.5), (20.8, 6.6))


def _link(pen: Pen) -> None:
    pen.line((10, 5), (5, 5), (5, 19), (19, 19), (19, 14))
    pen.line((13.5, 4), (20, 4), (20, 10.5))
    pen.line((20, 4), (11.5, 12.5))


def _language(pen: Pen) -> None:
    pen.ring(12, 12, 9.5)
    pen.ring(12, 12, 9.5, across=4.2)
    pen.line((3, 12), (21, 12))


_DRAWN: Final[Mapping[Sign, Callable[[Pen], None]]] = {
    Sign.QUESTION: _question,
    Sign.PAGES: _pages,
    Sign.REPORT: _report,
    Sign.MINE: _mine,
    Sign.NEWS: _news,
    Sign.CONTACT: _contact,
    Sign.LINK: _link,
    Sign.LANGUAGE: _language,
}


@cache
def sign(which: Sign, size: int) -> Image.Image:
    """A sign of so many pixels each way, as a mask."""
    pen = Pen(size * FINE)
    _DRAWN[which](pen)
    return pen.image.resize((size, size), Image.Resampling.LANCZOS)
