"""Text is cut by UTF-16 units, and never through what a reader sees as one letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.splitting import (
    ELLIPSIS,
    is_blank,
    is_boundary,
    parts,
    shorten,
    split,
    units,
    without,
)

THAI = st.text(alphabet="กขคงจฉชซ่้๊๋ัิีึืุูเแโใไะาำๆฯ์็ \n๑๒🙏👨‍👩‍👧🇹🇭", max_size=400)
ANY = st.one_of(THAI, st.text(max_size=200))


def boundaries(pieces: list[str]) -> list[int]:
    """Where the pieces were cut, counted in the whole text."""
    ends, at = [], 0
    for piece in pieces[:-1]:
        at += len(piece)
        ends.append(at)
    return ends


@given(ANY, st.integers(2, 50))
def test_pieces_fit_and_joined_are_the_text_again(text: str, limit: int) -> None:
    pieces = split(text, limit)

    assert "".join(pieces) == text
    assert all(0 < units(piece) <= limit for piece in pieces)


@given(THAI, st.integers(80, 120))
def test_no_cluster_is_cut(text: str, limit: int) -> None:
    pieces = split(text, limit)

    longest = max((len(piece) for piece in pieces), default=0)
    runs = [at for at in boundaries(pieces) if not is_boundary(text, at)]
    assert not runs or longest >= 64  # only a cluster longer than any writing is cut


@given(ANY, st.integers(2, 40))
def test_a_shortened_text_fits_and_is_a_beginning(text: str, limit: int) -> None:
    short = shorten(text, limit)

    assert units(short) <= limit
    assert short == text or text.startswith(short.removesuffix(ELLIPSIS))


@given(ANY, st.integers(2, 40))
def test_parts_worth_sending_are_never_blank(text: str, limit: int) -> None:
    assert not any(is_blank(piece) or piece != piece.strip() for piece in parts(text, limit))


@given(ANY, st.lists(st.tuples(st.integers(-5, 99), st.integers(-5, 99)), max_size=4))
def test_taking_stretches_out_never_fails(text: str, spans: list[tuple[int, int]]) -> None:
    assert units(without(text, spans)) <= units(text)


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("", 5, []),
        ("สวัสดี", 6, ["สวัสดี"]),
        ("หนึ่ง\nสอง สาม", 8, ["หนึ่ง\n", "สอง สาม"]),
        ("หนึ่ง สองสาม", 8, ["หนึ่ง ", "สองสาม"]),
        ("กกกเก่ง", 4, ["กกก", "เก่ง"]),
        ("กกน้ำ", 3, ["กก", "น้ำ"]),
        ("🙏🙏🙏", 4, ["🙏🙏", "🙏"]),
        ("ab👍🏽", 5, ["ab", "👍🏽"]),
        ("a🇹🇭🇱🇦", 6, ["a🇹🇭", "🇱🇦"]),
        ("กั" * 3, 5, ["กักั", "กั"]),
    ],
)
def test_where_it_is_cut(text: str, limit: int, expected: list[str]) -> None:
    assert split(text, limit) == expected


def test_an_absurdly_long_cluster_is_cut_all_the_same() -> None:
    assert all(units(piece) <= 100 for piece in split("ก" + "่" * 1000, 100))


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u200b", "\u00a0", "\u2060 "])
def test_what_cannot_be_seen_is_blank(text: str) -> None:
    assert is_blank(text)
    assert parts(text, 100) == []


def test_offsets_count_utf16_units() -> None:
    assert without("🙏@ถามได้ น้ำไม่ไหล", [(2, 7)]) == "🙏 น้ำไม่ไหล"
