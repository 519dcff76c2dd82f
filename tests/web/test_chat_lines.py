"""How a reply becomes lines, links and buttons."""

import pytest

from bot.messages import Choice, Reply
from bot.settings import ROOT
from handlers.site.lines import language_of_text, line_of, linked
from handlers.site.pages import chat_page, thai_order
from knowledge.folders import load_agency, load_defaults

AGENCIES = ROOT / "knowledge" / "agencies"
ONE, TWO, NONE = Choice("หนึ่ง", "a:1"), Choice("สอง", "a:2"), Choice("ไม่มีข้อที่ตรง", "none")


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("ดูที่ www.abt-tapon.net.", "http://www.abt-tapon.net"),
        ("เว็บ https://a.go.th/x?y=1&z=2/ก", "https://a.go.th/x?y=1&amp;z=2/"),
        ("ส่งที่buriram@moi.go.th.", "mailto:buriram@moi.go.th"),
        ("โทร 044 666 534-5", "tel:044666534"),
        ("โทร 0-2126-5800 ต่อ 1234", "tel:021265800"),
        ("มือถือ 081-234-5678", "tel:0812345678"),
        ("โทร 1669 ทันที", "tel:1669"),
        ("call 191 (police)", "tel:191"),
    ],
)
def test_what_can_be_opened_or_called_is_a_link(text, href):
    assert f'href="{href}"' in linked(text)
    assert linked(text).count("<a ") == 1
    assert linked(text).striptags() == " ".join(text.split())


@pytest.mark.parametrize(
    "text",
    ["มาตรา 7 พ.ศ. 2540", "งบ 1,250,000 บาท", "1234567890123", "<a href=x>", "ถาม@ตอบ", "ข้อ 1669"],
)
def test_other_numbers_and_signs_are_plain_text(text):
    assert "<a " not in linked(text)
    assert linked(text).unescape() == text


def test_choices_listed_by_number_are_shown_once():
    line = line_of(1, Reply("เรื่องไหน\n1. หนึ่ง\n2. สอง", (ONE, TWO, NONE)))
    assert (line.text, line.offers, line.choices) == ("เรื่องไหน", (ONE, TWO), (NONE,))


def test_a_text_that_lists_nothing_is_left_as_it_is():
    line = line_of(1, Reply("เรื่องไหน\n1. อื่น", (ONE,)))
    assert (line.text, line.offers, line.choices) == ("เรื่องไหน\n1. อื่น", (), (ONE,))


@pytest.mark.parametrize(
    ("text", "language"), [("ถาม SAO", "th"), ("Ask อบต", "th"), ("Hello", "en")]
)
def test_the_language_of_a_text_is_that_of_most_letters(text, language):
    assert language_of_text(text) == language


def test_names_are_sorted_as_in_a_thai_dictionary():
    names = ["สิงห์บุรี", "เพชรบุรี", "บุรีรัมย์"]
    assert sorted(names, key=thai_order) == ["บุรีรัมย์", "เพชรบุรี", "สิงห์บุรี"]


@pytest.mark.parametrize(
    ("language", "said"),
    [("th", "เรื่องที่ส่งถึงเจ้าหน้าที่เก็บนานกว่านั้น"), ("en", "matters sent to staff for longer")],
)
def test_the_page_tells_that_matters_outlive_messages(language, said):
    agency = load_agency(AGENCIES / "tapon", load_defaults(AGENCIES / "_default"))
    response = chat_page(agency, language, (), keep_days=30, max_file_mb=5, embedded=False)

    assert "30" in response.text.partition("<footer")[2]
    assert said in response.text
