"""Pictures for the demonstration, drawn on the spot: nobody's photographs."""

from collections.abc import Callable, Mapping
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

SIZE = (960, 720)
_W, _H = SIZE
Pen = ImageDraw.ImageDraw


def painted(scene: str, number: int) -> bytes:
    """A JPEG of a scene, `road` or `road-mended`; the number makes it differ from others."""
    image = Image.new("RGB", SIZE, "#cfe3f1")
    pen = ImageDraw.Draw(image)
    name, _, state = scene.partition("-")
    SCENES[name](pen, number)
    if state:
        pen.ellipse((_W - 150, 30, _W - 30, 150), fill="#15803d")
        pen.line([(_W - 125, 92), (_W - 98, 120), (_W - 55, 62)], fill="#ffffff", width=14)
    words = f"sample picture {number}"
    pen.rectangle((0, _H - 44, _W, _H), fill="#1f2937")
    pen.text((16, _H - 36), words, fill="#f9fafb", font=ImageFont.load_default(24))
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _road(pen: Pen, number: int) -> None:
    pen.rectangle((0, 300, _W, _H), fill="#7c9a5e")
    pen.polygon([(380, 300), (580, 300), (900, _H), (60, _H)], fill="#5b5f66")
    for at in range(320, _H, 90):
        pen.line((480, at, 480, at + 40), fill="#f4f1de", width=6 + at // 120)
    x, y = 300 + 37 * number % 240, 470 + 23 * number % 90
    pen.ellipse((x, y, x + 190, y + 70), fill="#2b2d31", outline="#3f4248", width=8)


def _lamp(pen: Pen, number: int) -> None:
    pen.rectangle((0, 0, _W, _H), fill="#141b2d")
    pen.rectangle((0, 560, _W, _H), fill="#22283a")
    for at, x in enumerate(range(120, _W, 220)):
        pen.rectangle((x, 180, x + 10, 580), fill="#5a6172")
        is_lit = at != number % 4
        pen.ellipse((x - 14, 160, x + 24, 198), fill="#ffe08a" if is_lit else "#3a4052")


def _flood(pen: Pen, number: int) -> None:
    pen.rectangle((120, 160, 420, 520), fill="#d9c7a3")
    pen.rectangle((520, 210, 820, 520), fill="#b9a889")
    level = 400 + 11 * number % 60
    pen.rectangle((0, level, _W, _H), fill="#8d7a55")
    for at in range(level + 20, _H, 34):
        pen.arc((at % 200, at, at % 200 + 700, at + 30), 0, 180, fill="#a89468", width=4)


def _waste(pen: Pen, number: int) -> None:
    pen.rectangle((0, 430, _W, _H), fill="#a3a89a")
    colours = ("#1d3557", "#2a9d8f", "#e9c46a", "#e76f51", "#6d6875", "#222222")
    for at in range(14):
        x, y = 180 + (97 * at + 31 * number) % 560, 380 + (53 * at) % 170
        pen.ellipse((x, y, x + 110, y + 90), fill=colours[(at + number) % len(colours)])


def _screen(pen: Pen, number: int) -> None:
    pen.rectangle((80, 60, 880, 620), fill="#ffffff", outline="#94a3b8", width=4)
    pen.rectangle((80, 60, 880, 120), fill="#0f5132")
    for at in range(8):
        pen.rectangle((120, 160 + 52 * at, 420 + 61 * at % 380, 184 + 52 * at), fill="#cbd5e1")
    y = 150 + 52 * (number % 8)
    pen.ellipse((100, y, 700, y + 44), outline="#dc2626", width=6)


def _tree(pen: Pen, number: int) -> None:
    pen.rectangle((0, 480, _W, _H), fill="#5b5f66")
    pen.polygon([(120, 500), (160, 460), (760, 600), (740, 640)], fill="#6b4f2a")
    for at in range(9):
        x, y = 480 + (61 * at + 17 * number) % 330, 430 + (47 * at) % 190
        pen.ellipse((x, y, x + 120, y + 90), fill="#3f7d3a")


SCENES: Mapping[str, Callable[[Pen, int], None]] = {
    "road": _road,
    "lamp": _lamp,
    "flood": _flood,
    "waste": _waste,
    "screen": _screen,
    "tree": _tree,
}
"""What can be drawn, by name."""
