"""Thai and English: the language chosen, else the one that is written."""

import pytest

from bot.messages import Kind
from knowledge.thai import is_mostly_latin

MENU = "เลือกเรื่องที่ต้องการ หรือพิมพ์คำถามได้เลย"


async def test_english_is_answered_in_english_and_thai_in_thai(talk):
    [english] = await talk("hello")
    [thai] = await talk("สวัสดี")

    assert english.text == "Hello! Ask me anything about this agency."
    assert thai.text == "สวัสดี ยินดีช่วยเหลือ พิมพ์คำถามได้เลย"


@pytest.mark.parametrize("slug", ["buriram", "mof-ops", "phetchaburi", "singburi", "tapon"])
async def test_an_english_question_is_answered_in_english_with_its_card(town, served, slug):
    one = served.served[slug]
    asked = [
        entry
        for key in sorted(one.agency.own)
        if one.matcher.match((entry := one.agency.entries[key]).question.en).decision == "answer"
        and one.matcher.match(entry.question.en).ranked[0][0] == key
    ]
    assert len(asked) >= 5
    for entry in asked[:5]:
        [reply] = await town.citizen(slug)(entry.question.en)
        assert reply.text == entry.answer.en
        assert reply.card.question == entry.question.en
        assert [label for label, _ in reply.card.facts] == [
            "Source", "Unit in charge", "Last updated",
        ]  # fmt: skip
        assert dict(reply.card.facts)["Last updated"].endswith(str(entry.updated.year))
        assert [choice.label for choice in reply.choices] == ["Menu", "Useful", "Wrong or outdated"]


async def test_a_chosen_language_stays_whatever_is_written(talk):
    [switched] = await talk(choose="lang:en")
    [thai] = await talk("สวัสดี")
    [back] = await talk("ภาษาไทย")
    [english] = await talk("hello")

    assert switched.text == "From now on I answer in English."
    assert thai.text.startswith("Hello!")
    assert back.text == "ต่อไปนี้จะตอบเป็นภาษาไทย"
    assert english.text.startswith("สวัสดี")


@pytest.mark.parametrize(
    "words",
    [
        "English please",
        "ขอภาษาอังกฤษค่ะ",
        "/lang",
        "English",
        "can i speak english?",
        "I don't understand Thai",
    ],
)
async def test_the_language_is_changed_by_words_too(talk, words):
    [reply] = await talk(words)
    if words == "/lang":
        [reply] = await talk("2")

    assert reply.text == "From now on I answer in English."


async def test_the_switch_offers_the_way_back(talk):
    [reply] = await talk(choose="lang:en")

    assert [(c.label, c.value) for c in reply.choices] == [
        ("Menu", "menu"),
        ("ภาษาไทย", "lang:th"),
    ]


async def test_buttons_stickers_and_numbers_keep_the_language_last_written(talk):
    await talk("what can you do")
    [sticker] = await talk.do(Kind.STICKER)
    [button] = await talk(choose="contact")
    [listed] = await talk("1")

    assert sticker.text.startswith("Thanks for the sticker")
    assert button.text.startswith("Contact Buriram")
    assert listed.text.startswith("Most asked")


@pytest.mark.parametrize(
    "text", ["l;ylfu", "g,o^", "-vg[viNFmi", "ITA คืออะไร", "e-service ใช้ไง", "pdpa คือ", "e-GP ดูไง"]
)
async def test_thai_on_the_wrong_keyboard_or_with_english_words_is_thai(talk, text):
    replies = await talk(text)

    assert not is_mostly_latin(replies[-1].choices[0].label)


@pytest.mark.parametrize("text", ["ITA", "PDPA", "https://www.buriram.go.th", "buriram@moi.go.th"])
async def test_an_abbreviation_or_an_address_does_not_change_the_language(town, text):
    thai, english = town.citizen(), town.citizen()
    await thai("สวัสดี")
    await english("hello")
    [*_, first] = await thai(text)
    [*_, second] = await english(text)

    assert not is_mostly_latin(first.choices[-1].label.replace("English", ""))
    assert is_mostly_latin(second.choices[0].label)


@pytest.mark.parametrize("text", ["mu 4", "mo 2"])
async def test_a_village_number_in_latin_letters_does_not_turn_english_into_thai(talk, text):
    await talk("hello")
    [*_, reply] = await talk(text)
    [menu] = await talk("g,o^")

    assert is_mostly_latin(reply.choices[0].label)
    assert menu.text == MENU


async def test_english_on_the_thai_keyboard_is_english(talk):
    [reply] = await talk("้ำสสน")

    assert reply.text == "Hello! Ask me anything about this agency."


async def test_who_never_wrote_is_spoken_to_in_the_language_of_the_platform(town):
    [english] = await town.citizen(language="en-GB")(choose="contact")
    [french] = await town.citizen(language="fr")(choose="contact")
    [thai] = await town.citizen(language="en")("สวัสดี")

    assert english.text.startswith("Contact Buriram")
    assert french.text.startswith("ติดต่อ")
    assert thai.text.startswith("สวัสดี")


async def test_a_page_that_was_changed_to_the_other_language_is_answered_in_it(talk):
    await talk.do(Kind.CHOICE, choice="menu", language="th")
    [english] = await talk.do(Kind.CHOICE, choice="contact", language="en")
    [again] = await talk.do(Kind.CHOICE, choice="contact", language="en")
    [thai] = await talk.do(Kind.TEXT, text="สวัสดี", language="en")
    [tapped] = await talk.do(Kind.CHOICE, choice="contact", language="en")
    await talk.do(Kind.CHOICE, choice="lang:en", language="en")
    [chosen] = await talk.do(Kind.CHOICE, choice="contact", language="th")

    for reply in (english, again, chosen):
        assert reply.text.startswith("Contact Buriram")
    assert thai.text.startswith("สวัสดี")
    assert tapped.text.startswith("ติดต่อ")


async def test_other_scripts_are_answered_in_the_language_last_spoken(talk):
    await talk("hello")
    [reply] = await talk("שלום עולם")

    assert reply.choices[-1].label == "ภาษาไทย"


async def test_a_list_chosen_from_in_english_is_answered_in_english(talk, served):
    [asked] = await talk("budget")
    [reply] = await talk(choose="top")
    [chosen] = await talk("2")

    entry = served.served["buriram"].agency.entries[chosen.card.entry]
    assert asked.text != reply.text
    assert chosen.text == entry.answer.en


async def test_a_short_greeting_in_english_is_answered_in_english(town):
    visitor = town.citizen("tapon")
    await visitor.do(Kind.FOLLOW)
    [reply] = await visitor("hi there")

    assert reply.text.startswith("Hello!")


@pytest.mark.parametrize("text", ["คุณพูดอังกฤษได้ไหม", "มีภาษาอังกฤษไหมครับ"])
async def test_who_asks_for_english_in_thai_may_choose_it(talk, text):
    [reply] = await talk(text)

    assert [choice.value for choice in reply.choices] == ["lang:th", "lang:en"]


@pytest.mark.parametrize("words", [("English",), ("เปลี่ยนภาษา", "English")])
async def test_a_report_goes_on_in_the_language_that_is_chosen_meanwhile(town, words):
    visitor = town.citizen()
    await visitor("ถนนหน้าบ้านเป็นหลุมลึกมาก")
    for text in words:
        replies = await visitor(text)

    assert "From now on I answer in English." in replies[0].text
    assert replies[-1].text.startswith("What is it about?")
    assert "draft:back" in [choice.value for choice in replies[-1].choices]
    assert "photo" in (await visitor("1"))[-1].text
