"""What a reader sees of a page, whatever it is made of."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.visible import READ_AT_MOST, digest, is_same, lasting, lines

TODAY = date(2026, 11, 21)


def seen(page: str, charset: str | None = "utf-8") -> list[str]:
    """The lines of a page."""
    return lines(page.encode(), charset)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<p>หนึ่ง</p><p>สอง</p>", ["หนึ่ง", "สอง"]),
        ("<p>ฉบับละ <b>20</b> บาท</p>", ["ฉบับละ 20 บาท"]),
        ("<p>a&nbsp;b\n  c</p>", ["a b c"]),
        ("<script>x<p>y</p></script><style>z</style><p>ก", ["ก"]),
        ("<!-- ไม่เห็น --><td>1</td><td>2</td>", ["1", "2"]),
        ("โทร <a href='tel:1'>044 666 534</a><br>แฟกซ์", ["โทร 044 666 534", "แฟกซ์"]),
        ("<SCRIPT src=x>1<b></script ><p>ก</p><style>z", ["ก"]),
        ("<svg><text>x</text></svg><svg/><p>ก", ["ก"]),
        ('<a title="1 > 0" href=\'x\'>ก</a> 1 < 2 <p title="ข>ค', ["ก 1 < 2", "ค"]),
        ("<!--> ก <!-- > -- --!> ข <!-- ค", ["ก ข"]),
        ("<!doctype html><?xml x?></>ก<p ข", ["ก"]),
        ("<p <p>ก</p>", ["ก"]),
        ("", []),
    ],
)
def test_words_are_seen_line_by_line(page: str, words: list[str]) -> None:
    assert seen(page) == words


@pytest.mark.parametrize("charset", [None, "tis-620", "no-such-charset", "utf-8"])
def test_thai_of_old_is_read(charset: str | None) -> None:
    assert lines("<p>ภาษาไทย</p>".encode("cp874"), charset) == ["ภาษาไทย"]


def test_a_page_may_say_itself_how_it_is_written() -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset=tis-620"><p>ก</p>'

    assert lines(page.encode("cp874"), None) == ["ก"]


def test_what_stood_there_only_once_does_not_last() -> None:
    assert lasting(["a", "visitors 1", "b"], ["a", "visitors 2", "b"]) == ["a", "b"]


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"<p>{text}".encode()))
def test_any_bytes_are_read_without_a_fault(content: bytes) -> None:
    found = lines(content, None)

    assert all(line == " ".join(line.split()) and line for line in found)
    assert len(digest(found, TODAY)) == 64


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("วันเสาร์ที่ 21 พฤศจิกายน พ.ศ. 2569 เวลา 10:20", "วันศุกร์ที่ 20 พ.ย. 2569", True),
        ("ปรับปรุงเมื่อ 21/11/2569", "ปรับปรุงเมื่อ 21/11/2569", True),
        ("ปรับปรุงเมื่อ 19/11/2569", "ปรับปรุงเมื่อ 21/11/2569", False),
        ("20 บาท", "30 บาท", False),
    ],
)
def test_a_page_is_the_same_if_nothing_changed_or_only_what_says_the_day(
    one: str, other: str, is_one: bool
) -> None:
    today, day_before = digest(["ก", one], TODAY), digest(["ก", other], date(2026, 11, 20))

    assert is_same(today, day_before) is is_one


@pytest.mark.parametrize(
    "hostile",
    ["<a ", "<!--", "<a b='", "<script>", "<script></script ", "<svg>", "&#1", "&a", "<a =\"'"],
)
def test_a_page_takes_no_longer_than_its_length_whatever_it_is_made_of(hostile: str) -> None:
    begun = time.process_time()
    lines((hostile * READ_AT_MOST).encode()[:READ_AT_MOST], "utf-8")

    assert time.process_time() - begun < 3


def test_a_codec_that_no_page_is_written_in_is_not_used() -> None:
    begun = time.process_time()

    assert lines(b"a-" * 500_000, "punycode") == ["a-" * 500_000]
    assert time.process_time() - begun < 3


def test_of_a_huge_page_the_beginning_is_read_letter_by_letter() -> None:
    whole, line = "กข" * 100, "<p>" + "กข" * 100

    assert set(seen(line * (2 * READ_AT_MOST // len(line.encode())))) == {whole}


def test_numbers_that_nobody_can_read_are_a_fault() -> None:
    with pytest.raises(ValueError, match="digits"):
        seen("&#" + "1" * 5000)
