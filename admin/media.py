"""What a file is, by its content alone: names and what platforms say of types are not believed."""

import re
import zipfile
from collections.abc import Mapping
from enum import StrEnum
from io import BytesIO
from typing import Final


class Reason(StrEnum):
    """Why a file was not kept."""

    TOO_BIG = "too-big"
    KIND = "kind-not-allowed"
    EMPTY = "empty"
    DAMAGED = "damaged"
    """A picture that ends before its end, or cannot be read."""
    GONE = "gone"
    """The platform has it no more."""
    UNREACHED = "unreached"
    """The platform did not give it, however often it was asked."""


class Unfit(Exception):
    """A file is not to be kept."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
"""What a picture is after it was written anew; only these are shown inside a page."""

EXTENSIONS: Final[Mapping[str, str]] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/tiff": "tif",
    "application/pdf": "pdf",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "text/plain": "txt",
    "text/csv": "csv",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
}
"""Every type that is kept, and how its files end when they are downloaded."""

MOST_UNPACKED: Final = 300 * 1024 * 1024
"""Bytes that an office file may come to when it is unpacked: more is a trap for who opens it."""
MOST_PARTS: Final = 5_000
_MACROS: Final = re.compile(
    r"vba(project|data)|macroEnabled|(^|/)(Basic|Scripts)/|\.(exe|js|vbs)$", re.I
)
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_OLE_KINDS: Final[Mapping[str, str]] = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
}
_OOXML: Final[Mapping[str, str]] = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_BRANDS: Final[Mapping[bytes, str]] = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    **dict.fromkeys((b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"avc1"), "video/mp4"),
    **dict.fromkeys((b"mp41", b"mp42", b"M4V ", b"MSNV", b"dash", b"3gp4", b"3gp5"), "video/mp4"),
}
"""Main brands of ISO media files; those of pictures (`heic`, `avif`) are not among them."""
_MARKUP: Final = re.compile(
    r"<(!doctype|html|head|body|script|svg|iframe|img|object|embed|link|meta|form|style|\?xml|\?php|%)"
    r"|^#!|^\s*@echo\b|^\s*MIME-Version:|^\s*\{\\rtf",
    re.IGNORECASE,
)
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_ENCODINGS: Final = ("utf-8-sig", "cp874")


def media_type(content: bytes, name: str = "") -> str | None:
    """The type of what is no picture, None if it is not to be kept.

    The name matters for plain text alone, which has no mark of its own.
    """
    for find in (_pdf, _sound, _ole, _packed):
        if found := find(content):
            return found
    return _text(content, name)


def without_places(content: bytes) -> bytes:
    """A film or sound without where it was taken: telephones write that as `+13.7563+100.5018/`.

    Some write a box `loci` instead, of numbers and names (3GPP TS 26.244, 8.10).
    """
    content = _ISO_6709.sub(lambda found: re.sub(rb"\d", b"0", found[0]), content)
    cleaned = bytearray(content)
    for box in _LOCI.finditer(content):
        begin, end = box.end(), min(len(content), box.start() + int.from_bytes(box[1]))
        cleaned[begin:end] = bytes(max(0, end - begin))
    return bytes(cleaned)


_ISO_6709: Final = re.compile(rb"[+-]\d{2}\.\d{3,8}[+-]\d{3}\.\d{3,8}(?:[+-]\d+(?:\.\d+)?)?")
_LOCI: Final = re.compile(rb"(\0\0[\0-\x03].)loci\0{4}", re.DOTALL)
"""The head of such a box: its length, under a kilobyte, its name and its version."""


def _pdf(content: bytes) -> str | None:
    return "application/pdf" if content.startswith(b"%PDF-") else None


def _sound(content: bytes) -> str | None:
    if content.startswith(b"OggS\0"):
        return "audio/ogg"
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:12])
    is_frame = content[:1] == b"\xff" and content[1:2] in {b"\xfb", b"\xfa", b"\xf3", b"\xf2"}
    return "audio/mpeg" if is_frame or content.startswith(b"ID3") else None


def _ole(content: bytes) -> str | None:
    """Word and Excel of before 2007; their parts' names are written in UTF-16."""
    if not content.startswith(_OLE) or "_VBA_PROJECT".encode("utf-16-le") in content:
        return None
    found = (kind for name, kind in _OLE_KINDS.items() if name.encode("utf-16-le") in content)
    return next(found, None)


def _packed(content: bytes) -> str | None:
    """Office files, which are packed; an archive of anything else is not kept."""
    if not content.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            parts = packed.infolist()
            if _is_trap(parts):
                return None
            names = {part.filename for part in parts}
            return _open_document(packed, parts) or _ooxml(packed, names)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError):
        return None


def _is_trap(parts: list[zipfile.ZipInfo]) -> bool:
    return (
        len(parts) > MOST_PARTS
        or sum(part.file_size for part in parts) > MOST_UNPACKED
        or any(_MACROS.search(part.filename) or part.flag_bits & 1 for part in parts)
    )


def _open_document(packed: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> str | None:
    """The first part says what it is: OpenDocument 1.2, part 3, 3.3."""
    first = parts[0] if parts else None
    if first is None or first.filename != "mimetype" or first.file_size > 100:  # noqa: PLR2004
        return None
    said = packed.read(first).decode("ascii", "replace").strip()
    return said if EXTENSIONS.get(said) in {"odt", "ods"} else None


def _ooxml(packed: zipfile.ZipFile, names: set[str]) -> str | None:
    if "[Content_Types].xml" not in names:
        return None
    with packed.open("[Content_Types].xml") as types:
        if _MACROS.search(types.read(1_000_000).decode("utf-8", "replace")):
            return None
    return next((kind for part, kind in _OOXML.items() if part in names), None)


def _text(content: bytes, name: str) -> str | None:
    """Words that no program takes for a page or a program."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in {"", "txt", "csv"}:
        return None
    text = _decoded(content)
    if text is None or _CONTROLS.search(text) or _MARKUP.search(text):
        return None
    return "text/csv" if ending == "csv" else "text/plain"


def _decoded(content: bytes) -> str | None:
    """Thai texts come in UTF-8, in UTF-16 with its mark, or as Windows wrote them before."""
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
