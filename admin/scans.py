"""Scanned papers: a TIFF of one or several pages, written anew with its dots alone."""

from io import BytesIO
from typing import Final

from PIL import Image, ImageSequence

from admin.media import Reason, Unfit
from admin.pictures import MOST_PIXELS, Fit

TIFF: Final = "image/tiff"
MOST_PAGES: Final = 50
_MARKS: Final = (b"II*\0", b"MM\0*")
_MODES: Final = ("1", "L", "P", "RGB", "CMYK")
_UNREADABLE: Final = (
    *(OSError, SyntaxError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError),
    Warning,
)
"""What Pillow raises on files that are broken; a warning only where those are errors."""
_BEYOND: Final = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def is_scan(content: bytes) -> bool:
    """Whether it begins as a TIFF does."""
    return content.startswith(_MARKS)


def scan(content: bytes) -> Fit:
    """Every page's dots and their density, and nothing else; raises Unfit."""
    try:
        with Image.open(BytesIO(content), formats=("TIFF",)) as image:
            return Fit(_written(image), TIFF)
    except _BEYOND:
        raise Unfit(Reason.TOO_BIG) from None
    except _UNREADABLE:
        raise Unfit(Reason.DAMAGED) from None


def _written(image: Image.Image) -> bytes:
    if getattr(image, "n_frames", 1) > MOST_PAGES:
        raise Unfit(Reason.TOO_BIG)
    pages: list[Image.Image] = []
    dots = 0
    for frame in ImageSequence.Iterator(image):
        dots += frame.width * frame.height * len(frame.getbands())
        if dots > MOST_PIXELS * (8 if frame.mode == "1" else 1):
            raise Unfit(Reason.TOO_BIG)
        pages.append(_plain(frame))
    out = BytesIO()
    is_line_art = all(page.mode == "1" for page in pages)
    how = "group4" if is_line_art else "tiff_adobe_deflate"
    density = image.info.get("dpi")
    pages[0].save(
        out,
        "TIFF",
        save_all=True,
        append_images=pages[1:],
        compression=how,
        **({"dpi": density} if density else {}),
    )
    return out.getvalue()


def _plain(frame: Image.Image) -> Image.Image:
    """The same dots alone: no comments, no names, no small picture of what was cut away."""
    frame = frame if frame.mode in _MODES else frame.convert("RGB")
    plain = Image.new(frame.mode, frame.size)
    if frame.mode == "P" and (palette := frame.getpalette()):
        plain.putpalette(palette)
    plain.paste(frame)
    return plain
