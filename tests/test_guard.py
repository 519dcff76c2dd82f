"""The guard tells what is wrong with the entries, and what an edit would break."""

import datetime as dt

import numpy as np
import pytest

from knowledge.agency import Entry
from knowledge.conflicts import FOLDS, Suspect, folds, suspects
from knowledge.guard import Kind, compare, inspect
from knowledge.matching import Decision, Document, Match, Matcher
from knowledge.problems import Phrasing

TODAY = dt.date(2026, 11, 21)


def entry(key: str, question: str, *phrasings: str, **other: object) -> Entry:
    """An entry as staff write it; `other` replaces what it has."""
    written = {
        "id": key,
        "category": "งานบริการ",
        "question": {"th": question, "en": f"What about {key}?"},
        "phrasings": list(phrasings),
        "answer": {"th": f"คำตอบของ {key}", "en": f"The answer of {key}"},
        "unit": "office",
        "source": {"title": "ประกาศ", "clause": "๑"},
        "updated": "2026-01-01",
        "review_by": "2027-01-01",
    }
    return Entry.model_validate(written | other)


def make_matcher(entries):
    return Matcher(
        [
            Document(
                e.id,
                e.question.th,
                tuple(e.phrasings),
                e.answer.th,
                e.category,
                (e.question.en, *e.phrasings_en),
            )
            for e in entries
        ]
    )


class Counting:
    """Makes matchers, and counts them."""

    def __init__(self):
        self.made = 0

    def __call__(self, entries):
        self.made += 1
        return make_matcher(entries)


BIN = entry(
    "bin", "ขอถังขยะใบใหม่ได้ที่ไหน",
    "ถังขยะแตก", "อยากได้ถังขยะเพิ่ม", "ขอถังขยะหน้าบ้าน", "ถังขยะหาย",
)  # fmt: skip
TENT = entry(
    "tent", "ขอยืมเต็นท์จัดงานต้องทำอย่างไร",
    "ยืมเต็นท์งานแต่ง", "เช่าเต็นท์กี่บาท", "ขอเต็นท์งานศพ", "ยืมเต็นท์ล่วงหน้ากี่วัน",
)  # fmt: skip
DOG = entry(
    "dog", "ฉีดวัคซีนพิษสุนัขบ้าฟรีเมื่อไร",
    "วัคซีนหมาแมว", "พาหมาไปฉีดยา", "หมาจรจัดกัดคน", "ทำหมันแมวฟรี",
)  # fmt: skip
GOOD = (BIN, TENT, DOG)
CONFIRMED = [("บ้านไม่มีถังขยะ ขอใบใหม่", "bin"), ("งานแต่งยืมเต็นท์ได้ไหม", "tent")]


def of_kind(problems, kind):
    return [problem.entries for problem in problems if problem.kind is kind]


def test_good_entries_have_no_problems():
    problems = inspect(GOOD, make_matcher=make_matcher, confirmed=CONFIRMED, today=TODAY)

    assert problems == ()


def test_no_entries_are_no_problem():
    assert inspect([], make_matcher=make_matcher) == ()


def test_the_same_words_in_two_entries_are_told_however_written():
    other = entry("other", "ถังขยะขนาดใหญ่", "ถังขยะแตกกก", "ถังใหญ่", "ถังเหล็ก", "ถังโลหะ")

    problems = inspect([*GOOD, other], make_matcher=make_matcher)

    assert of_kind(problems, Kind.IDENTICAL) == [("bin", "other")]
    assert problems[0].blocks


def test_a_phrasing_that_belongs_to_another_entry_is_told():
    thief = entry(
        "queue", "จองคิวงานทะเบียน",
        "ขอคิวทำบัตร", "จองคิวย้ายบ้าน", "คิวงานทะเบียน", "ขอถังขยะใบใหม่ที่ไหน",
    )  # fmt: skip

    problems = inspect([*GOOD, thief], make_matcher=make_matcher)

    assert ("queue", "bin") in of_kind(problems, Kind.STOLEN)
    [told] = [problem for problem in problems if problem.entries == ("queue", "bin")]
    assert "ขอถังขยะใบใหม่ที่ไหน" in told.th
    assert "ขอถังขยะใบใหม่ที่ไหน" in told.en
    assert not told.blocks


def test_an_entry_that_its_own_words_do_not_find_is_told():
    twin = BIN.model_copy(update={"id": "twin"})
    lost = make_matcher([BIN])

    class Deaf(Matcher):
        """Finds one entry only."""

        def match(self, text):
            return lost.match(text)

    problems = inspect([BIN, twin], make_matcher=lambda entries: Deaf([]))

    assert set(of_kind(problems, Kind.UNREACHABLE)) == {("twin",)}


def test_nearly_the_same_questions_are_told_but_not_those_with_other_numbers():
    entries = [
        entry("a", "ขอใบอนุญาตก่อสร้างอาคารอย่างไร", *"กขคง"),
        entry("b", "ขอใบอนุญาตก่อสร้างตัวอาคารอย่างไร", *"จฉชซ"),
        entry("c", "ดาวน์โหลดแบบ ภ.ง.ด.90 ที่ไหน", *"ฌญฎฏ"),
        entry("d", "ดาวน์โหลดแบบ ภ.ง.ด.91 ที่ไหน", *"ฐฑฒณ"),
    ]

    assert of_kind(inspect(entries, make_matcher=make_matcher), Kind.NEAR) == [("a", "b")]


def test_questions_of_one_meaning_are_told_where_meaning_is_known():
    class Same:
        """An encoder to which all is one."""

        name = "same"

        def encode(self, texts):
            return np.ones((len(texts), 1), np.float32)

        encode_kept = encode

    problems = inspect([BIN, TENT], make_matcher=make_matcher, encoder=Same())

    assert of_kind(problems, Kind.NEAR) == [("bin", "tent")]


def test_an_owner_that_is_no_unit_any_more_is_told():
    units = {one.unit for one in GOOD}
    gone = BIN.model_copy(update={"unit": "merged-away"})
    assert of_kind(inspect(GOOD, make_matcher=make_matcher, units=units), Kind.NO_OWNER) == []

    found = inspect([gone, *GOOD[1:]], make_matcher=make_matcher, units=units)
    assert of_kind(found, Kind.NO_OWNER) == [(BIN.id,)]
    assert "merged-away" in next(one.th for one in found if one.kind is Kind.NO_OWNER)


def test_what_is_missing_or_old_is_told():
    entries = [
        BIN.model_copy(update={"review_by": dt.date(2026, 11, 20)}),
        TENT.model_copy(update={"unit": None}),
        entry("dog", DOG.question.th, *DOG.phrasings, source={"title": "คำบอกเล่า"}),
        entry("g-law", "กฎหมายข้อมูลข่าวสารคืออะไร", "พรบข้อมูล", "สขร", "กขค", "งจฉ", unit=None),
    ]

    problems = inspect(entries, make_matcher=make_matcher, today=TODAY)

    assert of_kind(problems, Kind.PAST_REVIEW) == [("bin",)]
    assert of_kind(problems, Kind.NO_OWNER) == [("tent",)]
    assert of_kind(problems, Kind.NO_SOURCE) == [("dog",)]
    assert of_kind(inspect(entries, make_matcher=make_matcher), Kind.PAST_REVIEW) == []


def test_a_confirmed_question_that_gets_another_answer_is_told_first():
    problems = inspect(GOOD, make_matcher=make_matcher, confirmed=[("ถังขยะแตก", "dog")])

    assert problems[0].kind is Kind.BROKEN
    assert problems[0].entries == ("dog", "bin")
    assert problems[0].blocks


def test_an_edit_that_takes_a_confirmed_question_is_stopped():
    bad = TENT.model_copy(
        update={"phrasings": [*TENT.phrasings, "บ้านไม่มีถังขยะ ขอใบใหม่", "ถังขยะใบใหม่"]}
    )

    found = compare(GOOD, (BIN, bad, DOG), make_matcher=make_matcher, confirmed=CONFIRMED)

    assert found.blocks
    first = found.changed[0]
    assert (first.text, first.was, first.becomes) == ("บ้านไม่มีถังขยะ ขอใบใหม่", "bin", "tent")
    assert first.confirmed


def test_a_removed_entry_breaks_its_confirmed_questions():
    found = compare(GOOD, (TENT, DOG), make_matcher=make_matcher, confirmed=CONFIRMED)

    assert found.blocks
    assert {change.was for change in found.changed if change.is_worse} == {"bin"}


def test_what_is_not_confirmed_is_told_and_does_not_block():
    found = compare(GOOD, (TENT, DOG), make_matcher=make_matcher)

    assert {change.text for change in found.changed} >= {*BIN.phrasings}
    assert not found.blocks


def test_a_new_entry_beside_the_others_changes_nothing():
    new = entry("flag", "ซื้อธงชาติได้ที่ไหน", "ธงชาติไทย", "ขายธง", "ผืนธงใหญ่", "เสาธง")

    found = compare(GOOD, (*GOOD, new), make_matcher=make_matcher, confirmed=CONFIRMED)

    assert not found.blocks
    assert [change for change in found.changed if change.is_worse] == []
    assert found.asked == found.known


def test_an_edit_that_matching_does_not_read_asks_nothing():
    making = Counting()
    later = BIN.model_copy(update={"review_by": dt.date(2026, 1, 1)})

    found = compare(GOOD, (later, TENT, DOG), make_matcher=making, today=TODAY)

    assert making.made == found.asked == 0
    assert of_kind(found.problems, Kind.PAST_REVIEW) == [("bin",)]


def test_only_problems_of_edited_entries_are_told_of_an_edit():
    old = TENT.model_copy(update={"review_by": dt.date(2026, 1, 1)})
    edited = DOG.model_copy(update={"phrasings": [*DOG.phrasings, "คลินิกสัตว์"]})

    found = compare((BIN, old, DOG), (BIN, old, edited), make_matcher=make_matcher, today=TODAY)

    assert found.problems == ()


def test_many_entries_are_asked_in_part_the_likest_first():
    many = [
        entry(f"n-{n}", f"ขอหนังสือรับรองฉบับที่ {n}", *(f"รับรองแบบ {n} ครั้งที่ {k}" for k in range(4)))
        for n in range(400)
    ]
    edited = many[7].model_copy(update={"phrasings": [*many[7].phrasings, "รับรองแบบ 8 ครั้งที่ 9"]})
    after = [*many[:7], edited, *many[8:]]

    asked = set()

    class Silent:
        """Answers nothing, at once."""

        def match(self, text):
            asked.add(text)
            return Matcher([]).match("")

    found = compare(many, after, make_matcher=lambda entries: Silent())

    assert found.asked == 500
    assert found.known == 400 * 6
    assert {*many[7].phrasings, *many[8].phrasings} <= asked


def test_progress_is_told_to_the_end():
    told = []
    inspect(GOOD, make_matcher=make_matcher, progress=lambda done, of: told.append((done, of)))

    assert told[17] == (18, 18)
    assert told[-1][0] == told[-1][1]


@pytest.mark.parametrize("size", [1, 30, 200])
def test_in_a_fold_an_entry_loses_one_phrasing_and_its_rival_none(size):
    suspects = [
        Suspect(Phrasing(f"e{n % 40}", f"t{n}"), f"e{(n * 7 + 1) % 40}", 0.5) for n in range(size)
    ]
    found = folds(suspects)

    assert sorted(s.phrasing.text for fold in found for s in fold) == sorted(
        s.phrasing.text for s in suspects
    )
    assert len(found) <= FOLDS
    for fold in found:
        losing = [suspect.phrasing.entry for suspect in fold]
        assert len(losing) == len(set(losing))
        assert not {*losing} & {suspect.rival for suspect in fold}


def test_whoever_stands_second_is_suspected_however_far_behind():
    said = [Phrasing("own", text) for text in ("near", "far", "alone", "taken")]
    ranked = {
        "near": (("own", 0.9), ("rival", 0.3)),
        "far": (("own", 0.9), ("rival", 1e-9)),
        "alone": (("own", 0.9),),
        "taken": (("rival", 0.9), ("own", 0.8)),
    }
    matches = {text: Match(Decision.ANSWER, found) for text, found in ranked.items()}

    found = suspects(said, matches)

    assert [(one.phrasing.text, one.rival) for one in found] == [
        ("near", "rival"),
        ("far", "rival"),
    ]
