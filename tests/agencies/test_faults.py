"""Whatever is wrong with an agency's files is named by file, line and reason, all at once."""

import shutil
from pathlib import Path

import pytest

from bot.settings import ROOT
from knowledge.agency import Defaults
from knowledge.files import BadFiles, Fault
from knowledge.folders import load_agency, load_defaults

SOURCE = "  source:\n    title: ประกาศเทศบาลตำบลตัวอย่าง\n"
FAULTS = {
    # name: (file, what stands there, what is put in its place, what its line holds, Thai, English)
    "a key is missing": (
        "answers.yaml", f"  unit: clerk\n{SOURCE}    clause: ๑.๒",
        f"{SOURCE}    clause: ๑.๒",
        "- id: orchids", "ไม่มีหน่วยงานย่อยนี้", "no such unit",
    ),
    "an answer is missing": (
        "answers.yaml", "    en: On the full moon of the twelfth month.\n", "",
        "  answer:\n    th: วันเพ็ญ", "ขาดช่องนี้", "0.answer.en: Field required",
    ),
    "a key is unknown": (
        "answers.yaml", "  category: สวน\n", "  category: สวน\n  categroy: สวน\n",
        "  categroy: สวน", "ไม่รู้จักช่องนี้", "1.categroy: Extra inputs",
    ),
    "a number where text belongs": (
        "answers.yaml", "    clause: ๑.๒", "    clause: 4.2",
        "    clause: 4.2", "ต้องเป็นข้อความ", "1.source.clause: Input should be a valid string",
    ),
    "a truth where a phrasing belongs": (
        "answers.yaml", "    - อยากดูกล้วยไม้", "    - yes",
        "    - yes", "ต้องเป็นข้อความ", "1.phrasings.2",
    ),
    "text where a list belongs": (
        "answers.yaml",
        "  phrasings:\n    - ชมกล้วยไม้ได้ไหม\n    - กล้วยไม้อยู่สวนไหน\n"
        "    - อยากดูกล้วยไม้\n    - เข้าสวนเสียเงินไหม\n",
        "  phrasings: ชมกล้วยไม้\n",
        "  phrasings: ชมกล้วยไม้", "ต้องเป็นรายการ", "1.phrasings",
    ),
    "too few phrasings": (
        "answers.yaml", "    - อยากดูกล้วยไม้\n    - เข้าสวนเสียเงินไหม\n", "",
        "  phrasings:\n    - ชมกล้วยไม้", "มีน้อยเกินไป", "at least 4 items",
    ),
    "a blank phrasing": (
        "answers.yaml", "    - อยากดูกล้วยไม้", '    - "  "',
        '    - "  "', "ข้อความว่าง", "1.phrasings.2",
    ),
    "an unknown unit": (
        "answers.yaml", f"  unit: clerk\n{SOURCE}    clause: ๑.๒",
        f"  unit: clark\n{SOURCE}    clause: ๑.๒",
        "  unit: clark", "ไม่มีหน่วยงานย่อยนี้", "1.unit: no such unit in profile.toml",
    ),
    "no clause": (
        "answers.yaml", "    clause: ๑.๒\n", "",
        f"{SOURCE}  updated", "ต้องบอกข้อ", "the clause is needed",
    ),
    "an id twice": (
        "answers.yaml", "- id: orchids", "- id: dragon-boats",
        "- id: dragon-boats\n  category: สวน", "รหัสซ้ำ", "1.id: the id is given twice",
    ),
    "an id that cannot be one": (
        "answers.yaml", "- id: orchids", "- id: กล้วยไม้",
        "- id: กล้วยไม้", "รูปแบบไม่ถูกต้อง", "1.id: String should match",
    ),
    "an id too long for a button": (
        "answers.yaml", "- id: orchids", f"- id: {'o' * 41}",
        "- id: ooo", "รูปแบบไม่ถูกต้อง", "1.id: String should match",
    ),
    "a phrasing of two answers": (
        "answers.yaml", "    - อยากดูกล้วยไม้", "    - งานเรือปีนี้",
        "    - งานเรือปีนี้\n    - เข้า", "ซ้ำกับของ dragon-boats", "also stands in dragon-boats",
    ),
    "a phrasing twice in one answer": (
        "answers.yaml", "    - เข้าสวนเสียเงินไหม", "    - อยากดูกล้วยไม้",
        "    - อยากดูกล้วยไม้\n  answer", "ซ้ำกับของ orchids", "also stands in orchids",
    ),
    "a key twice in one answer": (
        "answers.yaml", "    en: Open every day, free of charge.", "    th: เปิดทุกวัน\n    en: Open.",
        "    th: เปิดทุกวัน\n    en", "ช่องซ้ำ", "the key is given twice",
    ),
    "a day that is no date": (
        "answers.yaml", "  updated: 2026-11-21\n  review_by: 2027-05-21\n- id",
        "  updated: เมื่อวาน\n  review_by: 2027-05-21\n- id",
        "  updated: เมื่อวาน", "ต้องเป็นวันที่", "0.updated",
    ),
    "a day that no month has": (
        "answers.yaml", "  updated: 2026-11-21\n  review_by: 2027-05-21\n- id",
        "  updated: 2026-11-21\n  review_by: 2027-02-30\n- id",
        "  review_by: 2027-02-30", "ต้องเป็นวันที่", "0.review_by",
    ),
    "a year of the Buddhist era is taken for what it says": (
        "answers.yaml", "  updated: 2026-11-21\n  review_by: 2027-05-21\n- id",
        "  updated: 21/11/2569\n  review_by: 2027-05-21\n- id",
        "  updated: 21/11/2569", "ต้องเป็นวันที่", "0.updated",
    ),
    "an answer too long for a chat": (
        "answers.yaml", "    en: Open every day, free of charge.", f"    en: {'open ' * 250}",
        "    en: open open", "ข้อความยาวเกินไป", "1.answer.en",
    ),
    "a banner that leads nowhere": (
        "profile.toml", "[[roles]]", '[[news.links]]\nid = "a"\nth = "ก"\nen = "A"\nurl = "https:///a"\n\n[[roles]]',
        'url = "https:///a"', "ไม่มีชื่อเว็บที่อ่านได้", "news.links.0.url",
    ),
    "an address without its scheme": (
        "answers.yaml", "    clause: ๑.๒", "    clause: ๑.๒\n    url: www.example.go.th",
        "    url: www", "รูปแบบไม่ถูกต้อง", "1.source.url",
    ),
    "an address that names no site": (
        "answers.yaml", "    clause: ๑.๒", "    clause: ๑.๒\n    url: https://[ใส่ลิงก์]/",
        "    url: https", "ไม่มีชื่อเว็บที่อ่านได้", "1.source.url: the address names no site",
    ),
    "bad YAML": (
        "answers.yaml", "  category: สวน", "  category: [สวน",
        "  question:\n    th: สวน", "เขียน YAML ไม่ถูกต้อง", "',' or ']'",
    ),
    "a tab in YAML": (
        "answers.yaml", "  category: สวน", "\tcategory: สวน",
        "\tcategory", "เขียน YAML ไม่ถูกต้อง", "tab",
    ),
    "a letter that is none": (
        "answers.yaml", "  category: สวน", "  category: สว\x07น",
        "\x07", "เขียน YAML ไม่ถูกต้อง", "allowed",
    ),
    "a blank of a form that nobody filled in": (
        "answers.yaml", "  category: สวน", "  category: {{หมวด}}",
        "  category: {{", "เครื่องหมายคำพูด", "a key must be text",
    ),
    "a list for a key": (
        "answers.yaml", "  category: สวน", "  category: สวน\n  [a]: x",
        "  [a]: x", "ชื่อช่องต้องเป็นข้อความ", "a key must be text",
    ),
    "a day by force": (
        "answers.yaml", "  category: สวน", "  category: !!timestamp x",
        "  category: !!", "เขียน YAML ไม่ถูกต้อง", "not a value of",
    ),
    "a truth by force": (
        "answers.yaml", "  category: สวน", "  category: !!bool x",
        "  category: !!", "เขียน YAML ไม่ถูกต้อง", "not a value of",
    ),
    "lists in lists without end": (
        "answers.yaml", "  category: สวน", "  category: " + "[" * 100_000,
        "  category: [", "เขียน YAML ไม่ถูกต้อง", "nested deeper than 50",
    ),
    "a list is expected, not a table": (
        "catalogue.yaml", "- id: structure", "  id: structure",
        "  id: structure", "ต้องเป็นรายการ", "Input should be a valid list",
    ),
    "an unknown keeper": (
        "catalogue.yaml", "  owner: clerk", "  owner: nobody",
        "  owner: nobody", "ไม่มีหน่วยงานย่อยนี้", "0.owner: no such unit in profile.toml",
    ),
    "a class that is none": (
        "catalogue.yaml", "  class: on-change", "  class: sometimes",
        "  class: sometimes", "ไม่ใช่ค่าที่ใช้ได้", "0.class",
    ),
    "months in words": (
        "catalogue.yaml", "  review_months: 6", "  review_months: หก",
        "  review_months: หก", "ต้องเป็นจำนวนเต็ม", "0.review_months",
    ),
    "no months": (
        "catalogue.yaml", "  review_months: 6", "  review_months: 0",
        "  review_months: 0", "ค่าไม่ถูกต้อง", "greater than or equal to 1",
    ),
    "a disclosure's English title is missing": (
        "catalogue.yaml", "  title: {th: โครงสร้างหน่วยงาน, en: Organisation structure}",
        "  title: {th: โครงสร้างหน่วยงาน}",
        "  title:", "ขาดช่องนี้", "0.title.en: Field required",
    ),
    "bad TOML": (
        "profile.toml", 'short_en = "Example"', "short_en = Example",
        "short_en = Example", "เขียน TOML ไม่ถูกต้อง", "Invalid value",
    ),
    "a TOML key twice": (
        "profile.toml", 'short_en = "Example"', 'short_en = "Example"\nshort_en = "Again"',
        'short_en = "Again"', "เขียน TOML ไม่ถูกต้อง", "Cannot overwrite",
    ),
    "a table is missing": (
        "profile.toml",
        '[head]\ntitle_th = "นายกเทศมนตรี"\ntitle_en = "Mayor"\nsource = "ท้ายประกาศ"\n', "",
        "kind =", "ขาดช่องนี้", "head: Field required",
    ),
    "a key of a table is missing": (
        "profile.toml", 'title_en = "Mayor"\n', "",
        "[head]", "ขาดช่องนี้", "head.title_en: Field required",
    ),
    "a key of a table is unknown": (
        "profile.toml", 'phones = ["02 000 0000"]', 'phones = ["02 000 0000"]\nline = "@example"',
        'line = "@example"', "ไม่รู้จักช่องนี้", "contact.line",
    ),
    "a kind that is none": (
        "profile.toml", 'kind = "municipality"', 'kind = "city"',
        'kind = "city"', "ไม่ใช่ค่าที่ใช้ได้", "kind",
    ),
    "one telephone where a list belongs": (
        "profile.toml", 'phones = ["02 000 0000"]', 'phones = "02 000 0000"',
        "phones =", "ต้องเป็นรายการ", "contact.phones",
    ),
    "a role of an unknown unit": (
        "profile.toml", 'title_en = "Reporter"\nunit = "clerk"',
        'title_en = "Reporter"\nunit = "clark"',
        'unit = "clark"', "ไม่มีหน่วยงานย่อยนี้", "roles.0.unit",
    ),
    "contact with an unknown unit": (
        "profile.toml", '[contact]\nunit = "clerk"', '[contact]\nunit = "clark"',
        'unit = "clark"', "ไม่มีหน่วยงานย่อยนี้", "contact.unit",
    ),
    "a unit twice": (
        "profile.toml", "[[roles]]",
        '[[units]]\nid = "clerk"\nname_th = "ก"\nname_en = "A"\nsource = "๒"\n\n[[roles]]',
        'id = "clerk"\nname_th = "ก"', "รหัสซ้ำ", "units.1.id",
    ),
    "a text that the bot never says": (
        "texts.toml", "first =", "frist =",
        "frist =", "ไม่มีข้อความชื่อนี้", "welcome.frist: no such text",
    ),
    "a table of texts that the bot has not": (
        "texts.toml", "[welcome]", "[complaint]",
        "first =", "ไม่มีข้อความชื่อนี้", "complaint.first: no such text",
    ),
    "a placeholder that nobody fills": (
        "texts.toml", "สวัสดีจาก {agency}", "สวัสดีจาก {name}",
        "first =", "ช่องเติม", "welcome.first: unknown placeholder",
    ),
    "a placeholder without a name": (
        "texts.toml", "สวัสดีจาก {agency}", "สวัสดีจาก {}",
        "first =", "ช่องเติม", "welcome.first: unknown placeholder",
    ),
    "a placeholder that asks too much": (
        "texts.toml", "สวัสดีจาก {agency}", "สวัสดีจาก {agency.slug}",
        "first =", "ช่องเติม", "welcome.first: unknown placeholder",
    ),
    "a bracket that is not closed": (
        "texts.toml", "สวัสดีจาก {agency}", "สวัสดีจาก {agency",
        "first =", "วงเล็บปีกกาไม่ครบ", "expected '}'",
    ),
    "a text without Thai": (
        "texts.toml", 'th = "สวัสดีจาก {agency}", ', "",
        "first =", "ต้องเป็น { th = ..., en = ... }", "must be { th",
    ),
    "a blank text": (
        "texts.toml", "Hello from {agency}", "  ",
        "first =", "ไม่ว่าง", "not blank",
    ),
    "a list where a text belongs": (
        "texts.toml", '{ th = "สวัสดีจาก {agency}", en = "Hello from {agency}" }',
        '{ th = ["สวัสดี"] }',
        "first =", "ต้องเป็นข้อความ", "must be text",
    ),
    "a text where words belong": (
        "texts.toml", "first =",
        'group = { th = "ก" }\n\n[menu]\nwords = { th = "เมนู" }\n\n[bye]\nlast =',
        "words =", "ต้องเป็นข้อความ", "menu.words: must be text",
    ),
    "words that are numbers": (
        "texts.toml", "[welcome]", "[menu]\nwords = { th = [1, 2] }\n\n[welcome]",
        "words =", "ต้องเป็นข้อความ", "menu.words: must be text",
    ),
    "a text that stands outside every table": (
        "texts.toml", "[welcome]", 'welcome = "สวัสดี"\n\n[other]',
        "welcome =", "ต้องเป็นตาราง", "must be a table",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def defaults() -> Defaults:
    return load_defaults(ROOT / "knowledge" / "agencies" / "_default")


def faults_of(folder: Path, defaults: Defaults) -> tuple[Fault, ...]:
    """What is wrong with an agency's folder."""
    with pytest.raises(BadFiles) as caught:
        load_agency(folder, defaults)
    return caught.value.faults


def line_of(text: str, part: str) -> int:
    """The line on which this part begins."""
    assert text.count(part) == 1, part
    return text[: text.index(part)].count("\n") + 1


def test_the_small_agency_has_no_fault(add, defaults):
    agency = load_agency(add("example"), defaults)

    assert set(agency.own) == {"dragon-boats", "orchids"}
    assert agency.wording.say("welcome.first", "th", agency="ก") == "สวัสดีจาก ก"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_by_file_line_and_reason(add, defaults, fault):
    name, old, new, where, thai, english = FAULTS[fault]
    file = add("example") / name
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text := text.replace(old, new), encoding="utf-8")

    found = faults_of(file.parent, defaults)

    [told] = [f for f in found if thai in f.th and english in f.en][:1]
    assert told.file == file
    assert told.line == line_of(text, where)
    assert str(told) == f"example/{name}:{told.line}: {told.th} / {told.en}"
    assert told.th
    assert told.en


@pytest.mark.parametrize("odd", ["x = " + "[" * 100_000, "x = " + "9" * 5_000])
def test_toml_that_its_reader_stumbles_over_is_a_fault(add, defaults, odd):
    folder = add("example")
    (folder / "texts.toml").write_text(odd, "utf-8")

    [fault] = faults_of(folder, defaults)
    assert fault.th == "เขียน TOML ไม่ถูกต้อง"


@pytest.mark.parametrize("name", ["profile.toml", "answers.yaml", "catalogue.yaml"])
def test_a_missing_file_is_named(add, defaults, name):
    folder = add("example")
    (folder / name).unlink()

    assert [str(fault) for fault in faults_of(folder, defaults)] == [
        f"example/{name}:1: ไม่มีแฟ้มนี้ / the file is missing"
    ]


def test_the_wording_of_an_agency_may_be_absent(add, defaults):
    folder = add("example")
    (folder / "texts.toml").unlink()

    assert load_agency(folder, defaults).wording is defaults.wording


@pytest.mark.parametrize("name", ["profile.toml", "answers.yaml", "catalogue.yaml", "texts.toml"])
def test_a_file_that_is_not_utf_8_is_named_with_its_line(add, defaults, name):
    file = add("example") / name
    lines = file.read_bytes().split(b"\n")
    lines[1] += " # เดิม".encode("cp874")
    file.write_bytes(b"\n".join(lines))

    assert [str(fault) for fault in faults_of(file.parent, defaults)] == [
        f"example/{name}:2: แฟ้มไม่ใช่ UTF-8 / the file is not UTF-8"
    ]


@pytest.mark.parametrize("name", ["profile.toml", "answers.yaml", "catalogue.yaml", "texts.toml"])
def test_a_folder_in_the_place_of_a_file_is_named(add, defaults, name):
    file = add("example") / name
    file.unlink()
    file.mkdir()
    [fault] = faults_of(file.parent, defaults)

    assert str(fault).startswith(f"example/{name}:1: เปิดแฟ้มไม่ได้ / ")


@pytest.mark.parametrize("name", ["answers.yaml", "catalogue.yaml", "profile.toml"])
def test_an_empty_file_is_a_fault_not_a_crash(add, defaults, name):
    file = add("example") / name
    file.write_text("", encoding="utf-8")

    assert {fault.line for fault in faults_of(file.parent, defaults)} == {1}


@pytest.mark.parametrize("text", ["[complaint]\n", "", "[welcome]\n"])
def test_wording_without_a_text_changes_nothing(add, defaults, text):
    folder = add("example")
    (folder / "texts.toml").write_text(text, encoding="utf-8")

    assert load_agency(folder, defaults).wording.keys() == defaults.wording.keys()


def test_a_mark_of_windows_at_the_start_of_a_file_is_no_fault(add, defaults):
    folder = add("example")
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8").replace("\n", "\r\n")
        file.write_bytes(b"\xef\xbb\xbf" + text.encode())

    assert load_agency(folder, defaults).profile.kind == "municipality"


def test_an_agency_that_words_one_language_keeps_the_other_of_all(add, defaults):
    folder = add("example")
    text = '[cancel]\ndone = { th = "เลิกแล้ว" }\n'
    (folder / "texts.toml").write_text(text, encoding="utf-8")
    wording = load_agency(folder, defaults).wording

    assert wording.say("cancel.done", "th") == "เลิกแล้ว"
    assert wording.say("cancel.done", "en") == defaults.wording.say("cancel.done", "en")


def test_all_faults_of_a_folder_are_named_at_once(add, defaults):
    folder = add("example")
    spoil(folder / "profile.toml", 'title_en = "Mayor"\n', "")
    spoil(folder / "answers.yaml", "- id: orchids", "- id: dragon-boats")
    spoil(folder / "answers.yaml", "    - อยากดูกล้วยไม้", "    - งานเรือปีนี้")
    spoil(folder / "catalogue.yaml", "  class: on-change", "  class: sometimes")
    spoil(folder / "catalogue.yaml", "  review_months: 6", "  review_months: 99")
    spoil(folder / "texts.toml", "{agency}", "{name}")
    found = [(fault.file.name, fault.en.partition(":")[0]) for fault in faults_of(folder, defaults)]

    assert sorted(found) == [
        ("answers.yaml", "1.id"),
        ("answers.yaml", "1.phrasings.2"),
        ("catalogue.yaml", "0.class"),
        ("catalogue.yaml", "0.review_months"),
        ("profile.toml", "head.title_en"),
        ("texts.toml", "welcome.first"),
    ]


def test_a_fault_of_one_file_does_not_hide_unknown_units_in_another(add, defaults):
    folder = add("example")
    spoil(folder / "answers.yaml", "  category: สวน\n", "")
    spoil(folder / "catalogue.yaml", "  owner: clerk", "  owner: nobody")

    assert {f.file.name for f in faults_of(folder, defaults)} == {"answers.yaml", "catalogue.yaml"}


def spoil(file: Path, old: str, new: str) -> None:
    """Put something else in the place of a text."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("answers.yaml", "- id: g-ita-what", "- id: ita-what", "the id must begin with g-"),
        ("background.yaml", "examples:", "exampels:", "Extra inputs"),
        ("texts.toml", "[menu]", "[menu", "Expected"),
    ],
)
def test_faults_of_what_holds_everywhere_are_named_too(folder, name, old, new, reason):
    file = folder / "_default" / name
    text = file.read_text(encoding="utf-8").replace(old, new, 1)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadFiles) as caught:
        load_defaults(file.parent)
    first = next(f for f in caught.value.faults if reason in f.en)

    assert first.file == file
    assert first.line == text[: text.index(new)].count("\n") + 1


def test_all_faults_of_what_holds_everywhere_are_named_at_once(folder):
    default = folder / "_default"
    spoil(default / "answers.yaml", "- id: g-ita-what", "- id: ita-what")
    (default / "background.yaml").unlink()
    shutil.copy(ROOT / "pyproject.toml", default / "texts.toml")
    with pytest.raises(BadFiles) as caught:
        load_defaults(default)

    assert {fault.file.name for fault in caught.value.faults} == {
        "answers.yaml", "background.yaml", "texts.toml",
    }  # fmt: skip
