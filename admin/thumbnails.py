"""Small pictures for pages; made anew each time, for nothing of a citizen's file is kept twice."""

from io import BytesIO
from typing import Final

from PIL import Image

SIDE: Final = 320
"""Pixels of the longer side."""


def thumbnail(content: bytes) -> bytes:
    """A picture that we wrote ourselves, small, as JPEG; raises OSError where it is damaged."""
    with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as image:
        image.draft("RGB", (SIDE, SIDE))  # a large JPEG is unpacked at an eighth of its size
        image.thumbnail((SIDE, SIDE))
        plain = Image.new("RGB", image.size, "white")
        with_holes = image.convert("RGBA")
        plain.paste(with_holes, mask=with_holes)
        out = BytesIO()
        plain.save(out, "JPEG", quality=80)
    return out.getvalue()
