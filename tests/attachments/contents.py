"""Files as citizens send them, made here: good ones, odd ones and traps."""

import zipfile
import zlib
from io import BytesIO
from struct import pack

from PIL import Image, PngImagePlugin

SECRET = "SECRET-SERIAL-8842"
"""What a camera writes beside the picture."""
LATITUDE, LONGITUDE = 13.7563, 100.5018


def jpeg(*, size: tuple[int, int] = (640, 480), orientation: int = 1, gps: bool = True) -> bytes:
    """A photo of a telephone: Exif with place and serial number, XMP, a comment, two colours."""
    image = Image.new("RGB", size, "navy")
    image.paste("gold", (0, 0, size[0] // 2, size[1] // 2))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = SECRET
    if gps:
        place = exif.get_ifd(0x8825)
        place[1], place[2] = "N", (13.0, 45.0, 22.68)
        place[3], place[4] = "E", (100.0, 30.0, 6.48)
    out = BytesIO()
    image.save(
        out,
        "JPEG",
        exif=exif,
        comment=SECRET.encode(),
        xmp=f"<x:xmpmeta>{SECRET}</x:xmpmeta>".encode(),
    )
    return out.getvalue()


def png() -> bytes:
    """A screenshot with words beside it, and a place in Exif."""
    image = Image.new("RGBA", (50, 40), (10, 20, 30, 128))
    words = PngImagePlugin.PngInfo()
    words.add_text("Author", SECRET)
    words.add_itxt("XML:com.adobe.xmp", SECRET)
    exif = Image.Exif()
    exif[0x010F] = SECRET
    out = BytesIO()
    image.save(out, "PNG", pnginfo=words, exif=exif)
    return out.getvalue()


def webp() -> bytes:
    """A picture with Exif."""
    exif = Image.Exif()
    exif[0x010F] = SECRET
    out = BytesIO()
    Image.new("RGB", (50, 40), "teal").save(out, "WEBP", exif=exif, xmp=SECRET.encode())
    return out.getvalue()


def gif() -> bytes:
    """Two images that move, and a comment."""
    frames = [Image.new("P", (20, 10), at) for at in (1, 2)]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], comment=SECRET.encode())
    return out.getvalue()


def tiff(pages: int = 1) -> bytes:
    """A scan."""
    images = [Image.new("L", (60, 80), 200 - at) for at in range(pages)]
    out = BytesIO()
    images[0].save(out, "TIFF", save_all=pages > 1, append_images=images[1:], software=SECRET)
    return out.getvalue()


def bomb(side: int = 20_000) -> bytes:
    """A PNG of some kilobytes that comes to hundreds of megapixels."""

    def part(name: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data))

    head = pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side // 8 + 1) * side), 9)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


def packed(*names: str, mimetype: str | None = None, large: int = 0) -> bytes:
    """A ZIP with parts of these names."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        if mimetype:
            made.writestr(zipfile.ZipInfo("mimetype"), mimetype)
        for name in names:
            made.writestr(name, "<x/>")
        if large:
            with made.open("large.bin", "w", force_zip64=True) as part:
                for _ in range(large // 1_000_000):
                    part.write(bytes(1_000_000))
    return out.getvalue()


DOCX = packed("[Content_Types].xml", "word/document.xml")
XLSX = packed("[Content_Types].xml", "xl/workbook.xml")
DOCM = packed("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")
ODT = packed("content.xml", mimetype="application/vnd.oasis.opendocument.text")
ODS = packed("content.xml", mimetype="application/vnd.oasis.opendocument.spreadsheet")
ODT_BASIC = packed("Basic/a.xml", mimetype="application/vnd.oasis.opendocument.text")
ZIP = packed("a.txt", "b.exe")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
DOC = OLE + bytes(504) + "WordDocument".encode("utf-16-le") + bytes(100)
XLS = OLE + bytes(504) + "Workbook".encode("utf-16-le") + bytes(100)
MSI = OLE + bytes(1000)
DOC_MACRO = DOC + "_VBA_PROJECT".encode("utf-16-le")
MP4 = (
    pack(">I", 24)
    + b"ftypisom"
    + bytes(12)
    + b"moov\xa9xyz\x00\x12\x15\xc7+13.7563+100.5018/"
    + bytes(99)
)
M4A = pack(">I", 24) + b"ftypM4A " + bytes(200)
HEIC = pack(">I", 24) + b"ftypheic" + bytes(200)
MP3 = b"ID3\x04" + bytes(200)
OGG = b"OggS\0\x02" + bytes(200)
EXE = b"MZ\x90\0" + bytes(300)
ELF = b"\x7fELF\x02" + bytes(300)
HTML = b"<html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
