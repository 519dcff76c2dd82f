"""What changed between two texts, word by word."""

from hypothesis import given
from hypothesis import strategies as st

from admin.differences import Change, cut, differences

TEXTS = st.text(alphabet="กขาิ์้ โทร0123 .\nabแเ๙ๆ", max_size=60)


def told(before: str, after: str) -> list[tuple[str, str]]:
    return [(piece.change, piece.text) for piece in differences(before, after)]


def test_only_the_words_that_change_are_marked() -> None:
    assert told("โทร 0 3912 3456 ในเวลาราชการ", "โทร 0 3965 4321 ในเวลาราชการ") == [
        ("same", "โทร 0 "),
        ("gone", "3912 3456"),
        ("new", "3965 4321"),
        ("same", " ในเวลาราชการ"),
    ]


def test_thai_is_compared_by_words_not_by_letters() -> None:
    assert told("เปิดบริการวันจันทร์", "เปิดบริการวันอังคาร") == [
        ("same", "เปิดบริการวัน"),
        ("gone", "จันทร์"),
        ("new", "อังคาร"),
    ]


def test_a_text_that_was_not_there_is_new_as_a_whole() -> None:
    assert told("", "ข้อความใหม่ทั้งหมด") == [("new", "ข้อความใหม่ทั้งหมด")]
    assert told("เก่า", "") == [("gone", "เก่า")]
    assert told("", "") == []


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_the_pieces_to_the_letter(before: str, after: str) -> None:
    pieces = differences(before, after)

    assert "".join(p.text for p in pieces if p.change is not Change.NEW) == before
    assert "".join(p.text for p in pieces if p.change is not Change.GONE) == after


@given(st.text(max_size=200))
def test_nothing_is_lost_by_cutting(text: str) -> None:
    assert "".join(cut(text)) == text


def test_a_very_long_text_is_compared_in_good_time() -> None:
    pieces = differences("ก ข " * 20_000, "ข ก " * 20_000)

    assert pieces[-1].text.endswith("ก ")
