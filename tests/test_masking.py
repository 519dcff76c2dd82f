"""Personal numbers are taken out of a citizen's words; numbers of the matter stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.masking import mask

THAI_DIGITS = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
AROUND = st.sampled_from(["", "เลขบัตร ", "ของผมคือ", "โทร ", "(", "กับ 2567 ", "ข้อ 5/"])
AFTER = st.sampled_from(["", " ครับ", "ค่ะ", ")", " ปี 2567", "/", ", ", " 191"])


def digits(count: int) -> st.SearchStrategy[str]:
    """So many digits, the first not 0."""
    rest = st.text("0123456789", min_size=count - 1, max_size=count - 1)
    return st.tuples(st.sampled_from("123456789"), rest).map("".join)


@st.composite
def written(draw: st.DrawFn, number: str, *groupings: tuple[int, ...]) -> str:
    """A number in one of these groupings, with dashes, blanks or dots, in either digits."""
    grouping, gap = draw(st.sampled_from(groupings)), draw(st.sampled_from(["-", " ", ".", " - "]))
    parts, at = [], 0
    for size in grouping:
        parts.append(number[at : at + size])
        at += size
    told = gap.join(parts)
    return told.translate(THAI_DIGITS) if draw(st.booleans()) else told


@st.composite
def identities(draw: st.DrawFn) -> str:
    """A national identity number as people write it."""
    return draw(written(draw(digits(13)), (13,), (1, 4, 5, 2, 1), (1, 4, 5, 3), (1,) * 13))


@st.composite
def telephones(draw: st.DrawFn) -> str:
    """A telephone number as people write it."""
    mobile = draw(st.sampled_from(["08", "09", "06"])) + draw(
        st.text("0123456789", min_size=8, max_size=8)
    )
    fixed = "02" + draw(st.text("0123456789", min_size=7, max_size=7))
    return draw(
        st.one_of(
            written(mobile, (10,), (3, 3, 4), (3, 7), (2, 4, 4), (1,) * 10),
            written(fixed, (9,), (2, 3, 4), (2, 7)),
            st.just("+66" + mobile[1:]),
            st.just("+66 " + mobile[1:3] + " " + mobile[3:6] + " " + mobile[6:]),
            st.just("66" + mobile[1:]),
        )
    )


@st.composite
def accounts(draw: st.DrawFn) -> str:
    """A bank account's number as people write it."""
    return draw(
        written(draw(digits(10)), (10,), (3, 1, 5, 1)).filter(
            lambda t: "." not in t and " - " not in t
        )
    )


PERSONAL = st.one_of(identities(), telephones(), accounts())


@given(AROUND, PERSONAL, AFTER)
def test_no_personal_number_is_kept(before, number, after):
    kept = mask(before + number + after)

    assert number not in kept
    left = "".join(filter(str.isdigit, kept))
    around = "".join(filter(str.isdigit, before + after))
    assert left == around or ("บัตร" in before and around.startswith(left))


HOTLINES = st.sampled_from(["191", "199", "1111", "1669", "1300", "1784", "๑๖๖๙"])
YEARS = st.integers(2400, 2600).map(str) | st.integers(1957, 2030).map(str)
PRICES = (
    st.integers(20, 999_999_999).map(str)
    | st.integers(20, 10**12).map("{:,}".format)
    | st.floats(20, 10**9).map("{:,.2f}".format)
    | st.integers(20, 10**11).map("{} บาท".format)
)
HOUSES = st.tuples(st.integers(1, 9999), st.integers(1, 9999)).map("{0[0]}/{0[1]}".format)
CODES = st.sampled_from(
    ["ภ.ง.ด.90", "ภ.ง.ด. 91", "สด.9", "ท.ด.1", "ม.9", "มาตรา 7", "ข้อ ๑.๑(๕)", "ITA 2567"]
)
DATES = st.dates().map(lambda d: f"{d.day:02}/{d.month:02}/{2400 + d.year % 200}")
TIMES = st.sampled_from(["08.30-16.30", "8.30 - 16.30 น.", "12:00"])
SAFE = st.one_of(HOTLINES, YEARS, PRICES, HOUSES, CODES, DATES, TIMES)
BETWEEN = st.sampled_from([" กับ ", " หรือ ", ", ", " หมู่ที่ ", "/"])


@given(st.lists(SAFE, min_size=1, max_size=6), BETWEEN)
def test_numbers_of_the_matter_stay(numbers, between):
    text = between.join(numbers)

    assert mask(text) == text


@given(st.lists(HOTLINES, max_size=8) | st.lists(YEARS, max_size=8))
def test_a_row_of_hotlines_or_years_is_no_account(numbers):
    text = " ".join(numbers)

    assert mask(text) == text


@given(st.text() | st.text("0123456789๐๘๙.-+() @ก,/lineID", max_size=60))
def test_masking_twice_changes_nothing_and_never_raises(text):
    once = mask(text)

    assert mask(once) == once


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("ส่งมาที่somchai.j@example.co.thนะ", "ส่งมาที่[อีเมล]นะ"),
        ("ไลน์ไอดี somchai_j", "ไลน์ไอดี [ไลน์]"),
        ("Line ID: somchaijaidee", "Line ID: [ไลน์]"),
        ("ไอดีไลน์ผมคือ som.99 นะครับ", "ไอดีไลน์ผมคือ [ไลน์] นะครับ"),
        ("แอดไลน์ @somchai99", "แอดไลน์ [ไลน์]"),
        ("ไลน์ som99", "ไลน์ [ไลน์]"),
        ("line id ของ อบต. คืออะไร", "line id ของ อบต. คืออะไร"),
        ("what is the line id of the office", "what is the line id of the office"),
        ("จองคิวออนไลน์ 2 คน", "จองคิวออนไลน์ 2 คน"),
        ("online 24 hours", "online 24 hours"),
        ("ไลน์ 1111 ได้ไหม", "ไลน์ 1111 ได้ไหม"),
        ("พร้อมเพย์ 1234 5678 9", "พร้อมเพย์ [เลขบัญชี]"),
        ("บัตร ปชช 110 370 123 4567", "บัตร ปชช [เลขบัตรประชาชน]"),
        ("1-1037-01234567", "[เลขบัตรประชาชน]"),
        ("(02) 123-4567 ต่อ 12", "([เบอร์โทร] ต่อ 12"),
        ("1.0812345678 2.0898765432", "1.[เบอร์โทร] 2.[เบอร์โทร]"),
        ("0811111111,0822222222", "[เบอร์โทร],[เบอร์โทร]"),
        ("โทร 191 0812345678", "โทร 191 [เบอร์โทร]"),
        ("รถทะเบียน กข 1234 สุพรรณ", "รถทะเบียน กข 1234 สุพรรณ"),
        ("งบ 3,780,000,000,000 บาท ปี 2569", "งบ 3,780,000,000,000 บาท ปี 2569"),
        ("ค่าปรับ 500-1000 บาท", "ค่าปรับ 500-1000 บาท"),
        ("99/123 หมู่ 5 ซอย 12 รหัส 31000", "99/123 หมู่ 5 ซอย 12 รหัส 31000"),
    ],
)
def test_words_around_a_number_decide(said, kept):
    assert mask(said) == kept
