"""Before words go out to everybody, what leads to one person is found in them; nothing else is."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from knowledge.masking import mask
from knowledge.redaction import REDACTED, Personal, found, redacted

THAI_DIGITS = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
SAID = st.sampled_from(["", "นายสมมติ ", "(", "ผู้โชคดีคือ ", "ปี 2569 ", "ข้อ 5/"])
MORE = st.sampled_from(["", " ค่ะ", ")", " ปี 2567", ", ", " 191"])


def check_digit(twelve: str) -> str:
    """As the Department of Provincial Administration defines it."""
    total = sum(int(digit) * weight for digit, weight in zip(twelve, range(13, 1, -1), strict=True))
    return str((11 - total % 11) % 10)


def told(text, own=()):
    return [(one.kind.value, one.words) for one in found(text, own)]


@st.composite
def citizens(draw):
    """Twelve digits of an identity number as it is given to citizens."""
    return draw(st.sampled_from("12345678")) + draw(st.text("0123456789", min_size=11, max_size=11))


@st.composite
def grouped(draw, number):
    """A number in groups of any size, dashed or with blanks, in either digits."""
    gap = draw(st.sampled_from(["", "-", " ", ".", " - "]))
    groups = draw(
        st.sampled_from([(13,), (1, 4, 5, 2, 1), (1, 4, 5, 3), (1, 12), (1,) * 13, (1, 4, 4, 4)])
    )
    parts, at = [], 0
    for size in groups:
        parts.append(number[at : at + size])
        at += size
    written = gap.join(parts)
    return written.translate(THAI_DIGITS) if draw(st.booleans()) else written


@given(st.data(), citizens(), SAID, MORE)
def test_an_identity_number_that_proves_itself_is_found_in_any_grouping(data, twelve, before, more):
    number = data.draw(grouped(twelve + check_digit(twelve)))
    assume(not (before.endswith("2569 ") and number[1] == " "))  # part of a longer row of digits

    kinds = [one.kind for one in found(before + number + more) if number in one.words]

    assert kinds == [Personal.IDENTITY]


@given(citizens(), st.integers(1, 9))
def test_thirteen_digits_that_prove_nothing_and_are_called_nothing_are_no_finding(twelve, off):
    wrong = str((int(check_digit(twelve)) + off) % 10)

    assert told(f"รายการ {twelve}{wrong}") == []
    assert told(f"เลขบัตรประชาชน {twelve}{wrong}") == [("identity", twelve + wrong)]


PIECES = st.sampled_from(
    [
        *("1101700230708", "1-1017-00230-70-8", "081-234-5678", "+66812345678", "๐๘๑๒๓๔๕๖๗๘"),
        *("123-4-56789-0", "AA1234567", "som@a.co.th", "som_99", "1กก", "กก", "1234", "80-1234"),
        *("ไลน์ไอดี", "หนังสือเดินทาง", "ทะเบียน", "บัญชี", "โทร", "ต่อ", "จันทบุรี", "2569", "บาท"),
        *("https://a.th/", "12.5678", "102.1234", ",", ".", "-"),
    ]
)
ANY = st.text("0123456789๐๘ .-+()@กขline/ต่อ", max_size=60)


@given(st.lists(PIECES, max_size=8).map(" ".join) | ANY)
def test_redacting_leaves_no_finding_at_that_place(text):
    for one in found(text):
        assert text[one.start : one.end] == one.words
        clean = redacted(text, one)
        assert clean == text[: one.start] + REDACTED + text[one.end :]
        place = range(one.start, one.start + len(REDACTED))
        assert not any(other.start in place or other.end - 1 in place for other in found(clean))


@given(st.lists(PIECES, max_size=8).map(" ".join))
def test_findings_stand_in_order_and_apart(text):
    ends = [0]
    for one in found(text):
        assert one.start >= ends[-1]
        ends.append(one.end)


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("โทร 081-234-5678 ต่อ 12", [("telephone", "081-234-5678 ต่อ 12")]),
        ("02 141 7000-9", [("telephone", "02 141 7000-9")]),
        ("+66 (0) 81 234 5678", [("telephone", "+66 (0) 81 234 5678")]),
        ("66-81-234-5678", [("telephone", "66-81-234-5678")]),
        ("044/666555", [("telephone", "044/666555")]),
        ("０８１ ２３４ ５６７８", [("telephone", "０８１ ２３４ ５６７８")]),
        ("081\u2009234\n5678", [("telephone", "081\u2009234\n5678")]),
        ("1/1017/00230/70/8", [("identity", "1/1017/00230/70/8")]),
        ("ถึง som๑๒ @ example.com", [("email", "som๑๒ @ example.com")]),
        ("๐๓๙-๔๔๑-๒๓๔", [("telephone", "๐๓๙-๔๔๑-๒๓๔")]),
        ("เลขที่บัญชี 1234567890", [("account", "1234567890")]),
        ("ธ.ก.ส. 012345678901", [("account", "012345678901")]),
        ("โอนที่ 123-4-56789-0", [("account", "123-4-56789-0")]),
        ("พร้อมเพย์ 0812345678", [("account", "0812345678")]),
        (
            "บัญชี 123-4-56789-0 โทร 0812345678",
            [("account", "123-4-56789-0"), ("telephone", "0812345678")],
        ),
        ("ส่งที่ som.j@example.co.thก่อน", [("email", "som.j@example.co.th")]),
        ("เขียนถึง som.j (at) example.com", [("email", "som.j (at) example.com")]),
        ("som.j[AT]example [dot] co.th นะ", [("email", "som.j[AT]example [dot] co.th")]),
        ("ถึงsom@อบต.ไทยก่อนเที่ยง", [("email", "som@อบต.ไทย")]),
        ("ถึง สมมติ@อบต.ไทย", [("email", "สมมติ@อบต.ไทย")]),
        ("ประชุม (at) อบต. เวลา 9.00", []),
        ("ทัก https://wa.me/66812345678", [("telephone", "66812345678")]),
        ("https://example.go.th/?id=1103702071811", [("identity", "1103702071811")]),
        (
            "https://example.go.th/1101700230708?tel=0812345678&to=som@example.com",
            [
                ("identity", "1101700230708"),
                ("telephone", "0812345678"),
                ("email", "som@example.com"),
            ],
        ),
        ("หนังสือเดินทางเลขที่ AA1234567", [("passport", "AA1234567")]),
        ("Passport No. 123456789", [("passport", "123456789")]),
        ("รหัสพัสดุ AA1234567", []),
        ("รถ 1กก 1234 จอดขวาง", [("plate", "1กก 1234")]),
        ("รถกระบะ กก 1234", [("plate", "กก 1234")]),
        ("ขก-๑๒๓๔", [("plate", "ขก-๑๒๓๔")]),
        ("ขก 12 เชียงใหม่", [("plate", "ขก 12")]),
        ("คน 12 เชียงใหม่", []),
        ("ทะเบียน 1234 จันทบุรี", [("plate", "1234")]),
        ("รถบรรทุกทะเบียน 80-1234 จ.ตราด", [("plate", "80-1234")]),
        ("ไลน์ไอดี som_99", [("line_id", "som_99")]),
        ("บัตรประชาชน 0 1234 56789 01 2", [("identity", "0 1234 56789 01 2")]),
    ],
)
def test_each_kind_is_found(text, findings):
    assert told(text) == findings


@pytest.mark.parametrize(
    "text",
    [
        "พ.ร.บ. ข้อมูลข่าวสารของราชการ พ.ศ. 2540 มาตรา ๙ และพศ 2540",
        "วันที่ 12 พฤศจิกายน 2569 เวลา 08.30-16.30 น. ถึง 12/12/2569 และ 2026-11-12 08:30",
        "ที่ มท 0023/12345 และ 66 2567 2568 2569",
        "https://example.go.th/2026/03/1234567/",
        "ม.ค. 2569 กค 2569 2567 2568 2569 2570",
        "งบประมาณ 1,250,000.50 บาท ราคากลาง 1250000000 บาท",
        "โทร 191 199 1669 1111 1567 แจ้งได้ 24 ชั่วโมง",
        "บ้านเลขที่ 99/123 หมู่ 5 ต.ตะปอน 22110 จันทบุรี",
        "ที่ มท 0808.2/ว 1234 ลว. 5 พ.ย. 2569 ที่ ตผ 5201 ที่ จบ 52001/123",
        "พิกัด 12.5678, 102.1234 และ 12.567812 102.123456",
        "https://example.go.th/news/123-4-56789-0?car=1กก1234 www.example.go.th/1กก-1234",
        "https://example.go.th/uploads/2569/11/1763712345678.pdf?id=100064812345678",
        "มีผู้ร่วมงานรวม 1234 คน รับ 1234 ราย ทล 3149 คน 1234",
        "เลขที่โครงการ 66099123456 ผู้เสียภาษี 0994000160178",
        "ลงทะเบียนที่หมู่ 4 จันทบุรี ทะเบียนบ้าน 12 จันทบุรี",
        "จองคิวออนไลน์ 2 คน online 24 hours",
        "น้ำหนัก 5กก 1200 บาท",
    ],
)
def test_numbers_of_the_matter_are_no_finding(text):
    assert told(text) == []


@given(
    st.lists(
        st.integers(1, 9999).map(str) | st.sampled_from(["๑๖๖๙", "08.30", "1,250"]), max_size=3
    )
)
def test_a_few_numbers_in_a_sentence_are_no_finding(numbers):
    assert told(" และ ".join(numbers)) == []


def test_what_the_agency_publishes_itself_is_no_finding():
    own = ["0 4400 0001 ต่อ 5", "Office@Example.go.th"]

    assert told("โทร 044-000-001 หรือ +66 44 000 001 ต่อ 12 office@example.go.th", own) == []
    assert told("โทร 044-000-002", own) == [("telephone", "044-000-002")]
    assert told("โทร 044-000-001") == [("telephone", "044-000-001")]


def test_an_address_of_the_web_ends_before_the_thai_words_after_it():
    assert told("https://example.go.thโทร0812345678") == [("telephone", "0812345678")]


@given(citizens())
def test_what_is_found_is_what_would_not_be_kept_of_a_citizen(twelve):
    number = twelve + check_digit(twelve)

    assert found(number)
    assert not found(mask(number))
