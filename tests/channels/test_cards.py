"""What cards show, whatever the platform."""

import pytest

from bot.channels.cards import facts, link, web_address
from bot.messages import Card

URL = "https://a.go.th"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.go.th/x?y=1&z=%20#f", "https://a.go.th/x?y=1&z=%20#f"),
        ("https://a.go.th:8443/ก ข", "https://a.go.th:8443/%E0%B8%81%20%E0%B8%82"),
        ("https://ไทย.ไทย", "https://xn--o3cw4h.xn--o3cw4h"),
        ("http://a.go.th", None),
        ("https://localhost/", None),
        ("https://user@a.go.th", None),
        ("https://a..th", None),
        ("https://a.go.th:port", None),
        ("javascript:alert(1)", None),
        ("https://a.go.th/" + "x" * 1000, None),
    ],
    ids=range(10),
)
def test_only_addresses_that_platforms_open_become_links(url: str, expected: str | None) -> None:
    assert web_address(url) == expected


def test_facts_without_a_value_are_left_out() -> None:
    card = Card("e", "?", "ระเบียบ", facts=(("ที่มา", " ระเบียบ "), ("หน่วยงาน", " ")))

    assert facts(card) == [("ที่มา", "ระเบียบ")]
    assert facts(None) == []


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (Card("e", "?", "ระเบียบ", facts=(("ที่มา", "ระเบียบ ข้อ ๑"),), url=URL), ("ที่มา", URL)),
        (Card("e", "?", "ระเบียบ", url=URL), ("ระเบียบ", URL)),
        (Card("e", "?", "แนวทางปฏิบัติการเผยแพร่ข้อมูล", url=URL), ("แนวทางปฏิบัติการเผย…", URL)),
        (Card("e", "?", " ", facts=((" ", "ก ข"),), url=URL), ("a.go.th", URL)),
        (Card("e", "?", "ระเบียบ"), None),
        (Card("e", "?", "ระเบียบ", url="ftp://a.go.th"), None),
        (None, None),
    ],
    ids=["fact", "source", "long source", "no source", "no address", "odd address", "no card"],
)
def test_a_link_is_named_for_what_it_shows(
    card: Card | None, expected: tuple[str, str] | None
) -> None:
    assert link(card) == expected
