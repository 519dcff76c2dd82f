"""What a reader sees of a page, whatever it is made of."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.visible import digest, lasting, lines

TODAY = date(2026, 11, 21)


def seen(page: str, charset: str | None = "utf-8") -> list[str]:
    """The lines of a page."""
    return lines(page.encode(), charset, TODAY)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<p>หนึ่ง</p><p>สอง</p>", ["หนึ่ง", "สอง"]),
        ("<p>ฉบับละ <b>20</b> บาท</p>", ["ฉบับละ 20 บาท"]),
        ("<p>a&nbsp;b\n  c</p>", ["a b c"]),
        ("<script>x<p>y</p></script><style>z</style><p>ก", ["ก"]),
        ("<!-- ไม่เห็น --><td>1</td><td>2</td>", ["1", "2"]),
        ("โทร <a href='tel:1'>044 666 534</a><br>แฟกซ์", ["โทร 044 666 534", "แฟกซ์"]),
        ("<p>วันเสาร์ที่ 21 พฤศจิกายน พ.ศ. 2569 เวลา 10:20</p><p>ก</p>", ["ก"]),
        ("<p>21/11/2569</p><p>20/11/2569</p>", ["20/11/2569"]),
        ("<p <p>ก</p>", ["ก"]),
        ("", []),
    ],
)
def test_words_are_seen_line_by_line(page: str, words: list[str]) -> None:
    assert seen(page) == words


@pytest.mark.parametrize("charset", [None, "tis-620", "no-such-charset", "utf-8"])
def test_thai_of_old_is_read(charset: str | None) -> None:
    assert lines("<p>ภาษาไทย</p>".encode("cp874"), charset, TODAY) == ["ภาษาไทย"]


def test_a_page_may_say_itself_how_it_is_written() -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset=tis-620"><p>ก</p>'

    assert lines(page.encode("cp874"), None, TODAY) == ["ก"]


def test_what_stood_there_only_once_does_not_last() -> None:
    assert lasting(["a", "visitors 1", "b"], ["a", "visitors 2", "b"]) == ["a", "b"]


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"<p>{text}".encode()))
def test_any_bytes_are_read_without_a_fault(content: bytes) -> None:
    found = lines(content, None, TODAY)

    assert all(line == " ".join(line.split()) and line for line in found)
    assert len(digest(found)) == 64
