"""What is found about texts and kept between runs: taken up only where it is still right."""

from pathlib import Path

import msgspec
import pytest

from bot.reading import complete
from knowledge import remembering, thai
from knowledge.lexical import concepts
from knowledge.registry import Registry
from knowledge.remembering import Notebook
from knowledge.thai import normalised

TYPED = "ขอใบอนุญาติก่อสร้างงงง"
RIGHT = "ขอใบอนุญาตก่อสร้าง"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where it is kept, in a folder that is not there yet."""
    return tmp_path / "vectors" / "texts.json"


def notebook(file: Path) -> Notebook:
    """That of one run."""
    return Notebook(file, {"forms": normalised, "terms": concepts})


def run(file: Path, *texts: str) -> list[str]:
    """Start, index these, and write down what was found."""
    book = notebook(file)
    with book.open():
        forms = [thai.normalise(text) for text in texts]
        for form in forms:
            concepts(form)
    book.keep()
    return forms


def plant(file: Path, form: str) -> None:
    """Put another form into the file, so that it shows where it is used."""
    kept = msgspec.json.decode(file.read_bytes())
    kept["found"]["forms"][TYPED] = form
    file.write_bytes(msgspec.json.encode(kept))


def test_what_an_earlier_run_found_is_not_found_anew(file: Path) -> None:
    assert run(file, TYPED, "นำ้ประปา", TYPED) == [RIGHT, "น้ำประปา", RIGHT]
    plant(file, "ดังที่เก็บไว้")
    with notebook(file).open():
        assert thai.normalise(TYPED) == "ดังที่เก็บไว้"
        assert thai.normalise("นำ้ประปา") == "น้ำประปา"
        assert concepts("น้ำประปา") == concepts("น้ำประปา")
        assert isinstance(concepts("น้ำประปา"), tuple)
    assert thai.normalise(TYPED) == RIGHT


def test_what_was_found_by_other_rules_counts_as_none(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(file, TYPED)
    plant(file, "ของเก่า")
    monkeypatch.setattr(remembering, "rules", lambda: "another version")
    assert run(file, TYPED) == [RIGHT]
    assert msgspec.json.decode(file.read_bytes())["rules"] == "another version"


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"rules": 1}', b"\xff\x00", b'{"found": {}}', b"[]"]
)
def test_a_damaged_file_counts_as_none_and_is_mended(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    assert run(file, TYPED) == [RIGHT]
    assert msgspec.json.decode(file.read_bytes())["found"]["forms"] == {TYPED: RIGHT}


def test_only_what_has_changed_is_written_and_not_without_end(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(file, TYPED)
    before = file.stat().st_mtime_ns
    run(file, TYPED)
    assert file.stat().st_mtime_ns == before
    monkeypatch.setattr(remembering, "MOST", 2)
    assert run(file, "กา", "ขา", "คา") == ["กา", "ขา", "คา"]
    assert list(msgspec.json.decode(file.read_bytes())["found"]["forms"]) == ["กา", "ขา"]


def test_the_rules_are_those_of_what_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = remembering.rules()
    monkeypatch.setattr(remembering, "version", lambda _: "99")
    remembering.rules.cache_clear()
    changed = remembering.rules()
    monkeypatch.undo()
    remembering.rules.cache_clear()

    assert changed != before == remembering.rules()


async def test_what_cannot_be_kept_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "vectors").write_text("no folder")
    book = notebook(tmp_path / "vectors" / "texts.json")
    with book.open():
        assert thai.normalise(TYPED) == RIGHT

    await complete(Registry(tmp_path, tmp_path), None, book)

    assert (tmp_path / "vectors").read_text() == "no folder"
