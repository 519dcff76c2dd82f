"""A citizen asks, and is answered, asked back, or honestly refused."""

from datetime import UTC, datetime

import pytest

from bot.messages import Choice, Kind
from knowledge.agency import Agency, Entry
from knowledge.dates import written
from knowledge.registry import Registry

AGENCIES = ("buriram", "mof-ops", "phetchaburi", "singburi", "tapon")


def opening(agency: Agency, language: str = "th") -> list[str]:
    """The words of the menu's buttons."""
    keys = (
        "menu.top", "menu.catalogue", "menu.report", "mine.name", "menu.contact", "menu.news",
        "menu.language",
    )  # fmt: skip
    return [agency.wording.say(key, language) for key in keys]


def own_entry(served: Registry, slug: str, text: str = "") -> Entry:
    """An entry of the agency's own that its question surely finds."""
    one = served.served[slug]
    for key in sorted(one.agency.own):
        entry = one.agency.entries[key]
        match = one.matcher.match(entry.question.th)
        if match.decision == "answer" and match.ranked[0][0] == key and text in entry.answer.th:
            return entry
    raise AssertionError(slug)


@pytest.mark.parametrize("slug", AGENCIES)
async def test_a_question_is_answered_with_source_unit_and_date(town, served, slug):
    agency = served.served[slug].agency
    entry = own_entry(served, slug)

    [reply] = await town.citizen(slug)(entry.question.th)

    unit = agency.unit(entry.unit)
    facts = dict(reply.card.facts)
    assert reply.text == entry.answer.th
    assert reply.card.entry == entry.id
    assert reply.card.question == entry.question.th
    assert facts["ที่มา"] == f"{entry.source.title} ข้อ {entry.source.clause}"
    assert facts["หน่วยงานที่ดูแล"] == unit.name_th
    assert facts["ปรับปรุงล่าสุด"] == written(entry.updated, "th")
    assert str(entry.updated.year + 543) in facts["ปรับปรุงล่าสุด"]
    assert [choice.value for choice in reply.choices] == [
        "menu",
        f"useful:{entry.id}:yes",
        f"wrong:{entry.id}",
    ]


async def test_an_answer_that_holds_everywhere_names_the_law_and_no_unit(talk):
    [reply] = await talk(choose="a:g-oia-own-data")

    assert reply.card.unit is None
    assert "พ.ร.บ." in reply.card.source or "พระราชบัญญัติ" in reply.card.source
    assert [label for label, _ in reply.card.facts] == ["ที่มา", "ปรับปรุงล่าสุด"]


async def test_an_answer_past_its_review_says_that_it_may_be_out_of_date(talk, town, served):
    entry = own_entry(served, "buriram")
    day = entry.review_by
    town.clock.now = datetime(day.year, day.month, day.day, 16, 59, tzinfo=UTC)  # 23:59 there
    [fresh] = await talk(entry.question.th)
    town.clock.now = datetime(day.year, day.month, day.day, 17, 0, tzinfo=UTC)
    [stale] = await talk(entry.question.th)

    assert fresh.text == entry.answer.th
    assert stale.text.startswith(entry.answer.th)
    assert f"เลยวันทบทวน ({written(day, 'th')})" in stale.text


async def test_a_vague_question_is_asked_back_with_three_questions_at_most(talk, served, vague):
    [reply] = await talk(vague)

    *offers, none = reply.choices
    lines = reply.text.splitlines()
    assert 1 <= len(offers) <= 3
    assert none == Choice("ไม่มีข้อที่ตรง", "none")
    assert lines[1:] == [f"{n}. {offer.label}" for n, offer in enumerate(offers, 1)]
    assert reply.card is None


@pytest.mark.parametrize(
    "typed",
    ["2", "๒", "ข้อ 2", "ข้อที่ ๒", "ข้อ2ค่ะ", "2.", "(2)", "เอาข้อ 2 ครับ", "ข้อสอง", "no. 2", "２"],
)
async def test_a_suggestion_is_taken_by_its_number_however_it_is_typed(talk, vague, served, typed):
    [asked] = await talk(vague)
    [reply] = await talk(typed)

    assert f"a:{reply.card.entry}" == asked.choices[1].value


async def test_a_suggestion_is_taken_by_tapping_or_typing_its_words(talk, vague):
    [asked] = await talk(vague)
    first, second = asked.choices[:2]
    [tapped] = await talk(choose=first.value)
    [typed] = await talk(f" {second.label} ครับ")

    assert f"a:{tapped.card.entry}" == first.value
    assert f"a:{typed.card.entry}" == second.value


async def test_a_label_with_another_number_is_not_taken_for_the_label(talk):
    [group] = await talk(choose="cat")
    [group] = await talk("1")
    seven = next(choice for choice in group.choices if "มาตรา ๗" in choice.label)
    [slip] = await talk(seven.label.replace("ข่าวสาร", "ข่วสาร", 1))
    await talk(choose="cat")
    await talk("1")
    other = await talk(seven.label.replace("มาตรา ๗", "มาตรา ๑๕"))

    assert slip.text.startswith(seven.label)
    assert not other[0].text.startswith(seven.label)


async def test_after_one_suggestion_the_others_can_still_be_chosen_by_number(talk, vague):
    [asked] = await talk(vague)
    replies = [await talk(number) for number in ("1", "2", "1")]

    values = [f"a:{reply.card.entry}" for [reply] in replies]
    assert values == [asked.choices[n].value for n in (0, 1, 0)]


async def test_a_number_outside_the_list_is_told_and_the_list_stays(talk, vague):
    [asked] = await talk(vague)
    [reply] = await talk("9")
    [chosen] = await talk("1")

    assert reply.text == f"ไม่มีข้อ 9 ในรายการ เลือก 1 ถึง {len(asked.choices)} หรือพิมพ์คำถามใหม่"
    assert reply.choices == asked.choices
    assert f"a:{chosen.card.entry}" == asked.choices[0].value


async def test_zero_is_no_number_of_the_list(talk, vague):
    [reply] = await talk(vague, "0")

    assert reply.text.startswith("ไม่มีข้อ 0")


async def test_a_sticker_between_does_not_take_the_list_away(talk, vague):
    [asked] = await talk(vague)
    await talk.do(Kind.STICKER)
    await talk("😅")
    [reply] = await talk("2")

    assert f"a:{reply.card.entry}" == asked.choices[1].value


async def test_none_of_these_asks_for_other_words(talk, vague, served):
    [reply] = await talk(vague, choose="none")

    assert reply.text == served.served["buriram"].agency.wording.say("refuse.none", "th")
    staff, *others = reply.choices
    assert staff.value.startswith("staff:")
    assert [choice.label for choice in others] == opening(served.served["buriram"].agency)


async def test_the_third_miss_in_a_row_names_whom_to_call(talk, strange, served):
    wording = served.served["buriram"].agency.wording
    replies = [reply for text in strange for reply in await talk(text)]

    assert replies[0].text.startswith(wording.say("refuse.first", "th"))
    assert replies[1].text.startswith(wording.say("refuse.again", "th"))
    assert all("1111" in reply.text for reply in replies[:2])
    assert replies[2].text.startswith(wording.say("refuse.person", "th"))
    assert "044 666 534" in replies[2].text
    assert all(reply.card is None and len(reply.choices) == 9 for reply in replies)


@pytest.mark.parametrize("slug", ["mof-ops", "phetchaburi", "singburi", "tapon"])
async def test_where_there_is_no_telephone_the_third_miss_still_names_the_hotline(
    town, strange, slug
):
    asker = town.citizen(slug)
    await asker(*strange[:2])
    [reply] = await asker(strange[2])

    assert reply.text.startswith("ขออภัยที่ยังช่วยเรื่องนี้ไม่ได้")
    assert reply.text.count("โทร 1111") == 1


async def test_none_of_these_counts_as_a_miss(talk, strange, vague):
    await talk(*strange[:2], vague)
    [reply] = await talk(choose="none")

    assert "044 666 534" in reply.text


async def test_an_answer_between_two_misses_starts_the_count_anew(talk, strange, served):
    entry = own_entry(served, "buriram")
    await talk(strange[0], strange[1], entry.question.th)
    [reply] = await talk(strange[2])

    assert reply.text.startswith(served.served["buriram"].agency.wording.say("refuse.first", "th"))


async def test_the_list_of_most_asked_shows_what_is_asked(talk, town, served):
    [before] = await talk("คำถามที่ถามบ่อย")
    late = [c.value for c in before.choices][7]
    for _ in range(2):
        await town.citizen()(choose=late)
    [after] = await talk("/top")

    assert len(before.choices) == 9
    assert before.choices[-1].value == "menu"
    assert after.choices[0].value == late
    assert after.text.splitlines()[1] == f"1. {after.choices[0].label}"


async def test_most_asked_forgets_what_was_asked_long_ago(talk, town):
    [before] = await talk("faq")
    await talk(choose=before.choices[7].value)
    town.clock.now = datetime(2027, 4, 1, tzinfo=UTC)
    [after] = await talk("faq")

    assert [choice.value for choice in after.choices] == [c.value for c in before.choices]


async def test_a_very_long_message_says_how_much_of_it_was_read(talk):
    first, *rest = await talk("ขอทราบงบประมาณของจังหวัด " * 400)

    assert "2000" in first.text
    assert rest


async def test_a_message_just_at_the_limit_is_read_whole(talk):
    replies = await talk("ก" * 2000)

    assert not any("2000" in reply.text for reply in replies)


async def test_an_edited_message_is_answered_anew(talk, served):
    entry = own_entry(served, "buriram")
    await talk.do(Kind.TEXT, text="อะไรก็ไม่รู้", message_id="same")
    [reply] = await talk.do(Kind.TEXT, text=entry.question.th, message_id="same", edited=True)

    assert reply.card.entry == entry.id


async def test_two_agencies_never_mix(town, served):
    here, there = town.citizen("buriram"), town.citizen("tapon")
    own = served.served["buriram"].agency
    for key in sorted(own.own):
        if key in served.served["tapon"].agency.entries:
            continue
        [reply] = await there(choose=f"a:{key}")
        assert reply.card is None, key
    [contact] = await here("ติดต่อ")
    assert "ตะปอน" not in contact.text


async def test_what_one_agency_is_asked_is_not_most_asked_at_another(town, served):
    shared = "a:g-oia-own-data"
    for _ in range(3):
        await town.citizen("buriram")(choose=shared)
    [reply] = await town.citizen("tapon")("faq")

    assert shared not in [choice.value for choice in reply.choices]
