"""Pictures, written anew so that nothing is left in them but what they show."""

from contextlib import suppress
from io import BytesIO
from typing import Any, Final

from msgspec import Struct
from PIL import ExifTags, Image, ImageOps

from admin.media import Reason, Unfit, media_type, without_places

LONGEST: Final = 4096
"""Pixels of the longer side; a larger picture is made smaller."""
MOST_PIXELS: Final = 50_000_000
"""What is unpacked at most: 50 megapixels are 150 MB of memory."""
QUALITY: Final = 90
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "TIFF")
_MARKS: Final = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
)
_WRITTEN: Final = {"JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "WEBP": "WEBP", "GIF": "PNG"}
"""As what each format is written; of a moving picture the first image."""
_BEYOND: Final = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_UNREADABLE: Final = (OSError, SyntaxError, ValueError, ArithmeticError, LookupError, TypeError)
"""What Pillow raises on pictures that are broken."""

Point = tuple[float, float]
"""Latitude and longitude, WGS 84 degrees."""


class Fit(Struct, frozen=True):
    """A file as it may be kept."""

    content: bytes
    media_type: str
    place: Point | None = None
    """Where a picture was taken, so it said; the content says it no more."""


def fit(content: bytes, name: str = "") -> Fit:
    """A file of a type that is kept, without what it tells beside its content; raises Unfit."""
    if not content:
        raise Unfit(Reason.EMPTY)
    if is_picture(content):
        return _picture(content)
    kind = media_type(content, name)
    if kind is None:
        raise Unfit(Reason.KIND)
    is_recording = kind.startswith(("audio/", "video/"))
    return Fit(without_places(content) if is_recording else content, kind)


def is_picture(content: bytes) -> bool:
    """Whether it begins as a picture does that we can read."""
    return content.startswith(_MARKS) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")


def _picture(content: bytes) -> Fit:
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            return _written(image)
    except _BEYOND:
        raise Unfit(Reason.TOO_BIG) from None
    except _UNREADABLE:
        raise Unfit(Reason.DAMAGED) from None


def _written(image: Image.Image) -> Fit:
    """The picture upright and anew; raises Unfit."""
    if image.width * image.height > MOST_PIXELS:
        raise Unfit(Reason.TOO_BIG)
    written = _format(image)
    place = _place(image)
    image.draft("RGB", (LONGEST, LONGEST))  # a large JPEG is unpacked smaller at once
    image.load()
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((LONGEST, LONGEST))
    plain = _plain(upright, written)
    out = BytesIO()
    plain.save(out, written, quality=QUALITY)
    return Fit(out.getvalue(), f"image/{written.lower()}", place)


def _format(image: Image.Image) -> str:
    """As what it is written. A scan of several pages would lose all but the first: not kept."""
    if image.format == "TIFF":
        if getattr(image, "n_frames", 1) > 1:
            raise Unfit(Reason.KIND)
        return "PNG" if image.mode in {"1", "L", "P"} else "JPEG"
    return _WRITTEN[image.format or ""]


def _plain(image: Image.Image, written: str) -> Image.Image:
    """The same dots and nothing else: comments, profiles and the like stay behind."""
    modes = {"JPEG": ("L", "RGB"), "PNG": ("1", "L", "LA", "RGB", "RGBA"), "WEBP": ("RGB", "RGBA")}
    if image.mode not in modes[written]:
        has_holes = written != "JPEG" and image.has_transparency_data
        image = image.convert("RGBA" if has_holes else "RGB")
    plain = Image.new(image.mode, image.size)
    plain.paste(image)
    return plain


def _place(image: Image.Image) -> Point | None:
    """Where it was taken: Exif 2.32, 4.6.6."""
    with suppress(*_UNREADABLE):
        tags = image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        latitude = _degrees(tags.get(2), tags.get(1), "S")
        longitude = _degrees(tags.get(4), tags.get(3), "W")
        if _is_on_earth(latitude, longitude):
            return round(latitude, 6), round(longitude, 6)
    return None


def _degrees(parts: Any, side: Any, negative: str) -> float:
    """Degrees, minutes and seconds as one number; raises TypeError where there are none."""
    values = [float(part) for part in parts]
    degrees = sum((value / 60.0**at for at, value in enumerate(values[:3])), 0.0)
    letter = side.decode("ascii", "replace") if isinstance(side, bytes) else str(side)
    return -degrees if letter[:1].upper() == negative else degrees


def _is_on_earth(latitude: float, longitude: float) -> bool:
    """Not the zero that telephones write before they know, nor a number that is none."""
    return 0 < abs(latitude) <= 90 and 0 < abs(longitude) <= 180  # noqa: PLR2004
