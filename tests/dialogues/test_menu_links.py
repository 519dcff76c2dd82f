"""Important links stand in the menu in words too, for chats that have no pictures."""

import pytest

from knowledge.registry import Registry
from tests.dialogues.conftest import Town
from tests.fakes import AGENCY
from tests.folders import copied

LINK = """
[[news.links]]
id = "tax"
th = "ชำระภาษี"
en = "Pay taxes"
url = "https://example.go.th/tax"
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """One agency, which has a made-up important link."""
    folder = tmp_path_factory.mktemp("linked")
    copied(folder / "agencies", AGENCY)
    profile = folder / "agencies" / AGENCY / "profile.toml"
    profile.write_text(profile.read_text("utf-8") + LINK, "utf-8")
    registry = Registry(folder / "agencies", folder / "kept")
    registry.refresh()
    return registry


async def test_the_menu_gives_the_links_in_the_citizens_language(town: Town) -> None:
    talk = town.citizen(AGENCY)

    [thai] = await talk("เมนู")
    assert thai.text.endswith("ลิงก์สำคัญ\n\nชำระภาษี\nhttps://example.go.th/tax")
    await talk(choose="lang:en")
    [english] = await talk("menu")

    assert english.text.endswith("Important links\n\nPay taxes\nhttps://example.go.th/tax")
    assert {choice.value for choice in thai.choices} > {"top", "news"}


@pytest.mark.parametrize(
    ("said", "title", "name"),
    [
        ("/links", "ลิงก์สำคัญ", "ชำระภาษี"), ("/links@thamdai_bot", "ลิงก์สำคัญ", "ชำระภาษี"),
        ("ลิงก์สำคัญค่ะ", "ลิงก์สำคัญ", "ชำระภาษี"), ("Important links", "Important links", "Pay taxes"),
    ],
)  # fmt: skip
async def test_the_links_have_words_of_their_own(
    town: Town, said: str, title: str, name: str
) -> None:
    [links] = await town.citizen(AGENCY)(said)

    assert links.text == f"{title}\n\n{name}\nhttps://example.go.th/tax"
    assert "menu" not in {choice.value for choice in links.choices}
    assert {choice.value for choice in links.choices} > {"top", "news"}
