"""Normal forms that are kept between runs: taken up only where they are still right."""

from pathlib import Path

import msgspec
import pytest

from knowledge import normal_forms, thai
from knowledge.normal_forms import NormalForms

TYPED = "ขอใบอนุญาติก่อสร้างงงง"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where forms are kept, in a folder that is not there yet."""
    return tmp_path / "vectors" / "forms.json"


def plant(file: Path, form: str) -> None:
    """Put another form into the file, so that it shows where it is used."""
    kept = msgspec.json.decode(file.read_bytes())
    kept["forms"][TYPED] = form
    file.write_bytes(msgspec.json.encode(kept))


def test_what_an_earlier_run_found_is_not_found_anew(file: Path) -> None:
    NormalForms(file).keep([TYPED, "น้ำประปา", TYPED])
    plant(file, "ดังที่เก็บไว้")
    with NormalForms(file).recalled():
        assert thai.normalise(TYPED) == "ดังที่เก็บไว้"
        assert thai.normalise("นำ้ประปา") == "น้ำประปา"
    assert thai.normalise(TYPED) == "ขอใบอนุญาตก่อสร้าง"


def test_forms_of_other_rules_count_as_none(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    NormalForms(file).keep([TYPED])
    plant(file, "ของเก่า")
    monkeypatch.setattr(normal_forms, "rules", lambda: "another version")
    with NormalForms(file).recalled():
        assert thai.normalise(TYPED) == "ขอใบอนุญาตก่อสร้าง"
    NormalForms(file).keep([TYPED])
    with NormalForms(file).recalled():
        assert thai.normalise(TYPED) == "ขอใบอนุญาตก่อสร้าง"


@pytest.mark.parametrize("content", [b"", b"{", b'{"rules": 1}', b"\xff\x00", b'{"forms": {}}'])
def test_a_damaged_file_counts_as_none_and_is_mended(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    with NormalForms(file).recalled():
        assert thai.normalise(TYPED) == "ขอใบอนุญาตก่อสร้าง"
    NormalForms(file).keep([TYPED])
    assert msgspec.json.decode(file.read_bytes())["forms"] == {TYPED: "ขอใบอนุญาตก่อสร้าง"}


def test_only_what_has_changed_is_written_and_not_without_end(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    NormalForms(file).keep([TYPED])
    before = file.stat().st_mtime_ns
    NormalForms(file).keep([TYPED])
    assert file.stat().st_mtime_ns == before
    monkeypatch.setattr(normal_forms, "MOST", 2)
    NormalForms(file).keep(["ก ข", "ค ง", "จ ฉ"])
    assert list(msgspec.json.decode(file.read_bytes())["forms"]) == ["ก ข", "ค ง"]
