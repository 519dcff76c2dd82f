"""A citizen looks through what an agency discloses, and finds out how to reach it."""

import pytest

AGENCIES = ("buriram", "mof-ops", "phetchaburi", "singburi", "tapon")


@pytest.mark.parametrize("slug", AGENCIES)
async def test_every_disclosure_is_reached_from_the_headings_and_leads_back(town, served, slug):
    agency, citizen = served.served[slug].agency, town.citizen(slug)
    seen = set()
    for heading in await pages(citizen, "cat"):
        for found in await pages(citizen, heading):
            seen.add(found.removeprefix("item:"))
    [reply] = await citizen(choose=f"item:{agency.catalogue[0].id}")

    assert seen == {item.id for item in agency.catalogue}
    assert reply.choices[0].value == f"cat:{agency.catalogue[0].id}"
    assert [choice.value for choice in reply.choices[-2:]] == ["cat", "contact"]


async def pages(citizen, value):
    """The values of a list's choices over all its pages."""
    found = []
    while value:
        [reply] = await citizen(choose=value)
        assert len(reply.choices) <= 10
        lines = reply.text.splitlines()[1:]
        offers = reply.choices[: len(lines)]
        assert lines == [f"{n}. {offer.label}" for n, offer in enumerate(offers, 1)]
        found += [offer.value for offer in offers]
        further = [c.value for c in reply.choices[len(lines) :] if ":p" in c.value]
        value = further[0] if further else None
    return found


@pytest.mark.parametrize("slug", AGENCIES)
async def test_a_disclosure_tells_clause_keeper_rhythm_and_where_it_is(town, served, slug):
    agency, citizen = served.served[slug].agency, town.citizen(slug)
    for item in agency.catalogue:
        [reply] = await citizen(choose=f"item:{item.id}")
        assert reply.text.startswith(item.title.th)
        assert f"ตามข้อ {item.clause} " in reply.text
        assert f"ผู้ดูแลข้อมูล: {agency.unit(item.owner).name_th}" in reply.text
        assert f"{item.review_months} เดือน" in reply.text
        assert (item.url or "ยังไม่ได้ใส่ลิงก์") in reply.text


async def test_headings_and_items_are_chosen_by_number(talk, served):
    first = served.served["buriram"].agency.catalogue[0]
    [headings] = await talk("มีข้อมูลอะไรบ้าง")
    [group] = await talk("1")
    [item] = await talk("ข้อ ๑")
    [back] = await talk("หมวดทั้งหมด")

    assert "บุรีรัมย์" in headings.text.splitlines()[0]
    assert group.text.startswith(first.group.th)
    assert item.text.startswith(first.title.th)
    assert back.text == headings.text


async def test_the_catalogue_is_in_english_for_who_speaks_english(talk, served):
    first = served.served["buriram"].agency.catalogue[0]
    [headings] = await talk("what do you publish")
    [item] = await talk(choose=f"item:{first.id}")

    assert first.group.en in headings.text
    assert item.text.startswith(first.title.en)
    assert "Under clause" in item.text


@pytest.mark.parametrize("value", ["item:vanished", "cat:vanished", "cat:vanished:p3"])
async def test_an_old_button_of_a_vanished_item_says_so_and_shows_the_present_list(talk, value):
    gone, present = await talk(choose=value)

    assert gone.text.startswith("รายการนี้ไม่มีแล้ว")
    assert present.choices[0].value.startswith("cat:")


@pytest.mark.parametrize("page", ["p99", "p5", "p00"])
async def test_a_page_that_is_no_more_shows_the_first(talk, page):
    [first] = await talk(choose="cat")
    [reply] = await talk(choose=f"cat:{page}")

    assert reply == first


async def test_contact_tells_what_is_known_and_says_what_is_missing(talk):
    [reply] = await talk("ขอเบอร์โทร")

    assert "โทรศัพท์: 044 666 534" in reply.text
    assert "buriram@moi.go.th" in reply.text
    assert reply.text.splitlines()[-1].startswith("หน่วยงานยังไม่ได้ระบุ: ")
    assert "เวลาทำการ" in reply.text.splitlines()[-1]


async def test_contact_of_an_agency_that_gave_none_says_so_plainly(town):
    [thai] = await town.citizen("phetchaburi")("ติดต่อเจ้าหน้าที่")
    [english] = await town.citizen("phetchaburi")("contact us")

    assert "ยังไม่ได้ใส่ช่องทางติดต่อในระบบ" in thai.text
    assert "1111" in thai.text
    assert "has not given its contact details yet" in english.text


@pytest.mark.parametrize("slug", AGENCIES)
async def test_contact_makes_nothing_up(town, served, slug):
    details = served.served[slug].agency.profile.contact
    [reply] = await town.citizen(slug)("contact")

    for value in (*details.phones, details.email, details.website):
        assert value is None or value in reply.text
    for label, value in (("Telephone:", details.phones), ("E-mail:", details.email)):
        assert (label in reply.text) == bool(value)
