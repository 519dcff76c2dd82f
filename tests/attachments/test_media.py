"""What may be kept, by content alone; pictures lose everything but what they show."""

import struct
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from admin.attachments import safe_name
from admin.media import EXTENSIONS, Reason, Unfit
from admin.pictures import LONGEST, Fit, fit
from tests.attachments import contents
from tests.attachments.contents import SECRET, jpeg


def opened(found: Fit) -> Image.Image:
    """The picture that was kept."""
    image = Image.open(BytesIO(found.content))
    image.load()
    return image


def test_a_photo_keeps_nothing_but_its_picture_and_tells_its_place_apart() -> None:
    sent = jpeg()
    assert SECRET.encode() in sent
    assert b"Exif" in sent

    found = fit(sent, "IMG_1.jpg")

    assert found.media_type == "image/jpeg"
    assert found.place == pytest.approx((contents.LATITUDE, contents.LONGITUDE), abs=1e-4)
    for mark in (b"Exif", b"GPS", b"http://ns.adobe.com", b"xmpmeta", b"8BIM", SECRET.encode()):
        assert mark not in found.content
    kept = opened(found)
    assert kept.size == (640, 480)
    assert kept.getpixel((10, 10)) == pytest.approx((255, 215, 0), abs=12)
    assert not kept.getexif()


def test_a_photo_taken_on_its_side_is_turned_upright() -> None:
    kept = opened(fit(jpeg(orientation=6)))

    assert kept.size == (480, 640)
    assert kept.getpixel((470, 10)) == pytest.approx((255, 215, 0), abs=12)


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (contents.png(), "image/png"),
        (contents.webp(), "image/webp"),
        (contents.gif(), "image/png"),
        (contents.tiff(), "image/png"),
        (jpeg(gps=False), "image/jpeg"),
    ],
)
def test_every_kind_of_picture_loses_the_words_beside_it(sent: bytes, kind: str) -> None:
    assert SECRET.encode() in sent

    found = fit(sent)

    assert found.media_type == kind
    assert SECRET.encode() not in found.content
    assert found.place is None
    assert opened(found).format == kind.removeprefix("image/").upper()


def test_a_picture_with_holes_keeps_them() -> None:
    assert opened(fit(contents.png())).getpixel((1, 1)) == (10, 20, 30, 128)


def test_a_very_large_photo_is_made_smaller() -> None:
    kept = opened(fit(jpeg(size=(6000, 3000))))

    assert max(kept.size) <= LONGEST
    assert kept.width == 2 * kept.height


@pytest.mark.parametrize(
    ("sent", "name", "kind"),
    [
        (contents.PDF, "", "application/pdf"),
        (contents.DOCX, "", "docx"),
        (contents.XLSX, "", "xlsx"),
        (contents.ODT, "", "odt"),
        (contents.ODS, "", "ods"),
        (contents.DOC, "", "doc"),
        (contents.XLS, "", "xls"),
        (contents.M4A, "", "m4a"),
        (contents.MP3, "", "mp3"),
        (contents.OGG, "", "ogg"),
        ("ถนนพัง, หมู่ 3\n".encode(), "a.csv", "csv"),
        ("ถนนพัง".encode(), "a.txt", "txt"),
        ("ถนนพัง".encode("cp874"), "a.txt", "txt"),
        ("ถนนพัง".encode("utf-16"), "", "txt"),
        (contents.PDF, "a.exe", "pdf"),
    ],
)
def test_documents_and_sounds_are_kept_as_they_are(sent: bytes, name: str, kind: str) -> None:
    found = fit(sent, name)

    assert EXTENSIONS[found.media_type] == kind.rpartition("/")[2]
    assert found.content == sent


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (contents.HTML, "photo.jpg"),
        (contents.HTML, "a.txt"),
        (contents.SVG, "photo.svg"),
        (contents.SVG, ""),
        (b"<?xml version='1.0'?>" + contents.SVG, "a.txt"),
        (contents.EXE, "photo.jpg"),
        (contents.ELF, ""),
        (b"#!/bin/sh\nrm -rf /\n", ""),
        (b"alert(1)", "a.js"),
        (b"@echo off", "a.bat"),
        (b"hello", "a.html"),
        (contents.ZIP, "a.zip"),
        (contents.DOCM, "a.docx"),
        (contents.ODT_BASIC, "a.odt"),
        (contents.DOC_MACRO, "a.doc"),
        (contents.MSI, "a.doc"),
        (contents.HEIC, "a.heic"),
        (contents.DOCX[:-30], "a.docx"),
        (b"\x1f\x8b\x08" + bytes(50), "a.gz"),
        (contents.tiff(pages=2), "scan.tif"),
        (b"RIFF\x10\0\0\0WAVE" + bytes(100), "a.wav"),
    ],
)
def test_what_could_harm_or_cannot_be_checked_is_refused(sent: bytes, name: str) -> None:
    with pytest.raises(Unfit) as unfit:
        fit(sent, name)

    assert unfit.value.reason is Reason.KIND


def test_what_becomes_huge_when_it_is_unpacked_is_refused() -> None:
    names = ("[Content_Types].xml", "word/document.xml")
    with pytest.raises(Unfit) as unfit:
        fit(contents.packed(*names, large=400_000_000), "a.docx")

    assert unfit.value.reason is Reason.KIND


@pytest.mark.parametrize("side", [8_000, 12_000, 20_000])
def test_a_picture_of_too_many_dots_is_refused_before_it_is_unpacked(side: int) -> None:
    with pytest.raises(Unfit) as unfit:
        fit(contents.bomb(side))

    assert unfit.value.reason is Reason.TOO_BIG


@pytest.mark.parametrize(
    "sent", [jpeg()[:2000], contents.png()[:60], b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\nabc"]
)
def test_a_broken_picture_is_called_broken(sent: bytes) -> None:
    with pytest.raises(Unfit) as unfit:
        fit(sent)

    assert unfit.value.reason is Reason.DAMAGED


def test_nothing_is_no_file() -> None:
    with pytest.raises(Unfit) as unfit:
        fit(b"", "a.txt")

    assert unfit.value.reason is Reason.EMPTY


def test_a_film_forgets_where_it_was_taken() -> None:
    found = fit(contents.MP4)

    assert found.media_type == "video/mp4"
    assert len(found.content) == len(contents.MP4)
    assert b"13.7563" not in found.content
    assert b"+00.0000+000.0000/" in found.content


def test_a_film_forgets_the_place_that_it_has_in_numbers() -> None:
    place = b"\x15\xc7Home\0\0" + struct.pack(">iii", 0x00648059, 0x000DC19C, 0) + b"earth\0\0"
    loci = struct.pack(">I4sI", 12 + len(place), b"loci", 0) + place
    found = fit(contents.MP4 + loci + b"frames of the film")

    assert len(found.content) == len(contents.MP4 + loci + b"frames of the film")
    assert struct.pack(">i", 0x00648059) not in found.content
    assert b"Home" not in found.content
    assert found.content.endswith(bytes(len(place)) + b"frames of the film")


@given(st.binary(max_size=300), st.sampled_from([b"", *(c[:12] for c in (contents.png(), jpeg()))]))
def test_no_content_brings_it_down(rest: bytes, head: bytes) -> None:
    found = None
    with suppress(Unfit):  # nothing else may be raised
        found = fit(head + rest, "a.txt")

    assert found is None or found.media_type in EXTENSIONS


@pytest.mark.parametrize(
    ("sent", "safe"),
    [
        ("รูปถนน หมู่ 3.jpg", "รูปถนน หมู่ 3.jpg"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\a.txt", "a.txt"),
        ("/etc/shadow", "shadow"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie x=1.pdf"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ('a"; filename="b.html', "a ; filename= b.html"),
        (".htaccess", "htaccess"),
        ("..", None),
        ("", None),
        (None, None),
        ("1101700203451.jpg", "[เลขบัตรประชาชน].jpg"),
        ("0812345678", "[เบอร์โทร]"),
        ("\0\0", None),
    ],
)
def test_a_name_is_only_a_name(sent: str | None, safe: str | None) -> None:
    assert safe_name(sent) == safe


@given(st.text(max_size=400))
def test_no_name_leads_anywhere(sent: str) -> None:
    safe = safe_name(sent)

    assert safe is None or (0 < len(safe) <= 80 and not set(safe) & set('/\\:"<>|?*\0\n\r'))
    assert safe not in {".", ".."}
