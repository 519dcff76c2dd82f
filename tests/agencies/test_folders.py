"""The folders of the repository say everything that their published rules say."""

import re
from datetime import date

import pytest

from bot.settings import ROOT
from knowledge.agency import Agency, Defaults
from knowledge.folders import load_agency, load_defaults
from knowledge.registry import DEFAULT, agency_folders

FOLDER = ROOT / "knowledge" / "agencies"
SUBSECTIONS_OF_ONE = (
    "๑ ๑.๑ ๑.๑(๑) ๑.๑(๒) ๑.๑(๓) ๑.๑(๔) ๑.๑(๕) ๑.๑(๖) ๑.๑(๗) ๑.๒ ๑.๒(๑) ๑.๒(๒) "
    "๑.๓ ๑.๓(๑) ๑.๓(๒) ๑.๓(๓) ๑.๔ ๑.๔(๑) ๑.๔(๒) ๑.๔(๓)"
)
CLAUSES = {
    "buriram": "๑ ๑.๑ ๑.๒ ๑.๓ ๑.๔ ๑.๕ ๒ ๓ ๓.๑ ๓.๑(๑) ๓.๑(๒) ๓.๒ ๔ ๔.๑ ๔.๒ ๕",
    "phetchaburi": ("๑ ๑.๑ ๑.๒ ๑.๓ ๑.๔ ๑.๕ ๒ ๒.๑ ๒.๒ ๒.๓ ๓ ๓.๑ ๓.๒ ๓.๓ ๔ ๔.๑ ๔.๒"),
    "tapon": f"{SUBSECTIONS_OF_ONE} ๒ ๒.๑ ๒.๒ ๓ ๓.๑ ๓.๒ ๓.๓ ๓.๔ ๔ ๔.๑ ๔.๒ ๔.๓",
    "singburi": f"{SUBSECTIONS_OF_ONE} ๒ ๒.๑ ๒.๒ ๓ ๓.๑ ๓.๒ ๓.๓ ๓.๔ ๔ ๔.๑ ๔.๒",
    "mof-ops": (
        "๑ ๒ ๒.๑ ๒.๒ ๓ ๔ ๕ ๕.๑ ๕.๑.๑ ๕.๑.๒ ๕.๑.๓ ๕.๑.๔ ๕.๑.๕ ๕.๑.๖ ๕.๑.๗ ๕.๑.๘ ๕.๑.๙ ๕.๑.๑๐ ๕.๑.๑๑ "
        "๕.๒ ๖ ๖.๑ ๖.๑.๑ ๖.๑.๒ ๖.๒ ๖.๒.๑ ๖.๒.๒ ๖.๓ ๖.๓.๑ ๖.๓.๒ ๖.๔ ๗ ๗.๑"
    ),
}
"""Every clause number of the rules, as they were published."""
STEPS_OF_5_2 = ("๕.๒ ลำดับ ๑", "๕.๒ ลำดับ ๒", "๕.๒ ลำดับ ๓", "๕.๒ ลำดับ ๔", "๕.๒ ลำดับ ๕")
CLAUSE = re.compile(r"[๐-๙]+(?:\.[๐-๙]+)*(?:\([๐-๙]+\))*")
DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
POLITE = re.compile("ครับ|ค่ะ|นะคะ|ดิฉัน|กระผม")


@pytest.fixture(scope="module")
def defaults() -> Defaults:
    return load_defaults(FOLDER / DEFAULT)


@pytest.fixture(scope="module", params=sorted(CLAUSES))
def agency(request: pytest.FixtureRequest, defaults: Defaults) -> Agency:
    return load_agency(FOLDER / request.param, defaults)


def covered(agency: Agency) -> set[str]:
    """Every clause that an answer or a disclosure rests on, and those these are parts of."""
    said = [agency.entries[key].source.clause or "" for key in agency.own]
    said += [item.clause for item in agency.catalogue]
    found: set[str] = set()
    for clause in said:
        for part in (part for text in clause.split(",") for part in between(text)):
            found |= {part, *whole(part)}
    return found


def between(text: str) -> list[str]:
    """`๓.๑-๓.๓` is three clauses, `๓.๑(๒)(๓)` is two."""
    found = CLAUSE.findall(text)
    for first, last in re.findall(rf"({CLAUSE.pattern}) ?[-–] ?({CLAUSE.pattern})", text):
        *stem, start = re.split(r"(?<=\.)", first)
        end = last.rpartition(".")[2]
        thai = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
        numbers = range(int(start.translate(DIGITS)), int(end.translate(DIGITS)) + 1)
        found += ["".join(stem) + str(n).translate(thai) for n in numbers]
    return found


def whole(clause: str) -> list[str]:
    """What this clause is a part of."""
    parents = []
    while clause := re.sub(r"(?:^|\.)[๐-๙]+$|\([๐-๙]+\)$", "", clause):
        parents.append(clause)
    return parents


def test_every_folder_is_one_that_these_tests_know():
    assert {folder.name for folder in agency_folders(FOLDER)} == set(CLAUSES)


def test_every_clause_of_the_published_rule_is_told(agency):
    assert set(CLAUSES[agency.slug].split()) <= covered(agency)


def test_every_clause_that_is_named_stands_in_the_published_rule(agency):
    known = set(CLAUSES[agency.slug].split())
    said = {agency.entries[key].source.clause for key in agency.own}
    said |= {item.clause for item in agency.catalogue}
    elsewhere = re.compile("(?:ย่อหน้า|วรรค|ดัชนี|เครื่องมือ|ลำดับ).*")
    named = {clause for text in said for clause in CLAUSE.findall(elsewhere.sub("", text))}

    assert named <= known | {re.sub(r"\([๐-๙]+\)$", "", c) for c in known}


def test_every_step_of_the_ministrys_table_is_told(defaults):
    agency = load_agency(FOLDER / "mof-ops", defaults)
    said = {agency.entries[key].source.clause for key in agency.own}

    assert said.issuperset(STEPS_OF_5_2)


def test_it_has_enough_answers_of_its_own(agency):
    assert len(agency.own) >= 35
    assert len(agency.catalogue) >= 15


def test_every_answer_is_complete_in_both_languages(agency):
    for key in agency.own:
        entry = agency.entries[key]
        assert len(set(entry.phrasings)) == len(entry.phrasings) >= 4, key
        assert entry.question.th not in entry.phrasings, key
        assert re.search("[ก-ฮ]", entry.question.th), key
        assert re.search("[ก-ฮ]", entry.answer.th), key
        assert re.search("[a-z]", entry.question.en), key
        assert not re.search("[ก-ฮ]", entry.question.en), key
        assert agency.unit(entry.unit), key
        assert entry.source.title, key
        assert entry.source.clause, key
        assert date(2018, 1, 1) < entry.updated < entry.review_by, key


def test_no_wording_of_an_answer_is_markdown_or_polite_particles(agency):
    for key, entry in agency.entries.items():
        for text in (entry.answer.th, entry.answer.en, entry.question.th, entry.question.en):
            assert not re.search(r"\*\*|\]\(|<[a-z/]|^#", text, re.MULTILINE), key
            assert not POLITE.search(text), key


def test_no_answer_promises_what_the_chat_cannot_do(agency):
    for key, entry in agency.entries.items():
        assert not re.search("เมนูในแชต|ผ่านแชตนี้", entry.answer.th), key
        assert not re.search("this chat", entry.answer.en), key


def test_no_phrasing_stands_for_two_answers(agency):
    seen: dict[str, str] = {}
    for key, entry in agency.entries.items():
        for text in (entry.question.th, *entry.phrasings):
            assert seen.setdefault(text, key) == key, text


def test_every_disclosure_has_a_keeper_and_a_group(agency):
    for item in agency.catalogue:
        assert agency.unit(item.owner), item.id
        assert item.group.th
        assert item.title.en


def test_every_choice_fits_into_a_button_of_every_platform(agency):
    values = [f"a:{key}" for key in agency.entries]
    values += [value for i in agency.catalogue for value in (f"item:{i.id}", f"cat:{i.id}:p99")]

    assert all(value.isascii() and len(value) <= 60 for value in values)


def test_the_profile_names_its_rule_and_what_is_missing(agency):
    profile = agency.profile
    empty = [
        field
        for field in ("phones", "email", "website", "address_th", "hours_th")
        if not getattr(profile.contact, field)
    ]
    told = " ".join(missing.field for missing in profile.missing)

    assert profile.document.title_th
    assert profile.languages == ["th", "en"]
    assert {role.role for role in profile.roles} & {"reporter", "approver", "webmaster"}
    assert all(field.removesuffix("_th") in told for field in empty), empty


def test_what_holds_everywhere_is_enough_and_each_has_a_source(defaults):
    assert len(defaults.entries) >= 40
    for key, entry in defaults.entries.items():
        assert key.startswith("g-")
        assert entry.source.title, key
        assert entry.source.clause or entry.source.url, key
        assert entry.unit is None
        assert len(set(entry.phrasings)) >= 4, key
        assert entry.updated < entry.review_by


def test_what_belongs_to_others_has_examples(defaults):
    assert len(defaults.background) >= 20
    assert all(len(group.examples) >= 3 for group in defaults.background)
