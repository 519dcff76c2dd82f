"""What is served changes with the folders while the program runs, and never for the worse."""

import os
import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from knowledge.registry import TAKEN, Registry


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def registry(folder: Path, kept: Path, add) -> Registry:
    """Serves one small agency."""
    add("first")
    registry = Registry(folder, kept)
    assert registry.refresh() == ["first"]
    return registry


def edit(file: Path, old: str, new: str) -> None:
    """Change a file as an editor does: its time changes too."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    moment = file.stat().st_mtime_ns + 1_000_000_000
    os.utime(file, ns=(moment, moment))


def boats(registry: Registry, slug: str = "first") -> str:
    """What the agency answers to a question that only it can answer."""
    served = registry.get(slug)
    match = served.matcher.match("งานแข่งเรือพญานาคจัดวันไหน")
    assert match.decision == "answer"
    assert match.ranked[0][0] == "dragon-boats"
    return served.agency.entries["dragon-boats"].answer.th


def test_nothing_is_read_again_while_nothing_changes(registry):
    before = registry.get("first")

    assert registry.refresh() == []
    assert registry.get("first") is before


def test_a_change_is_served_at_once(registry, folder):
    edit(folder / "first" / "answers.yaml", "วันเพ็ญเดือนสิบสอง", "วันแม่")

    assert registry.refresh() == ["first"]
    assert boats(registry) == "วันแม่ ที่ท่าน้ำหน้าวัด"


def test_a_bad_edit_leaves_the_last_good_version_serving(registry, folder):
    before = registry.get("first")
    edit(folder / "first" / "answers.yaml", "unit: clerk", "unit: nobody")

    assert registry.refresh() == []
    assert registry.get("first") is before
    assert len(registry.faults["first"]) == 2
    assert registry.refresh() == []


def test_a_bad_edit_leaves_it_serving_even_after_a_restart(registry, folder, kept):
    edit(folder / "first" / "answers.yaml", "- id: orchids", "- id: [")
    registry.refresh()
    again = Registry(folder, kept)

    assert again.refresh() == ["first"]
    assert boats(again) == "วันเพ็ญเดือนสิบสอง ที่ท่าน้ำหน้าวัด"
    assert "first" in again.faults


BANNER = """
[[news.links]]
id = "{}"
th = "ลิงก์"
en = "Link"
url = "{}"
"""
BANNERS = (("tax", "https://[tax]/"), ("map", "https://map.go.th/"), ("ita", "https:///ita"))


def test_a_link_that_an_earlier_release_took_costs_nobody_the_agency(registry, folder, kept):
    """After an upgrade the last good version has in it what the release before took."""
    link = "url: https://[ใส่ลิงก์]/"
    for place in (folder, kept):
        edit(place / "first" / "answers.yaml", "clause: ๑.๑", f"clause: ๑.๑\n    {link}")
        edit(
            place / "first" / "answers.yaml", "clause: ๑.๒", "clause: ๑.๒\n    url: https://b.go.th"
        )
        edit(place / "first" / "catalogue.yaml", "clause: ๑.๓", f"clause: ๑.๓\n  {link}")
        with (place / "first" / "profile.toml").open("a", encoding="utf-8") as profile:
            profile.write("".join(map(BANNER.format, *zip(*BANNERS, strict=True))))
    again = Registry(folder, kept)

    assert again.refresh() == ["first"]
    assert boats(again) == "วันเพ็ญเดือนสิบสอง ที่ท่าน้ำหน้าวัด"
    agency = again.get("first").agency
    assert agency.entries["dragon-boats"].source.url is None
    assert agency.entries["orchids"].source.url == "https://b.go.th"
    assert [item.url for item in agency.catalogue] == [None]
    assert [link.id for link in agency.newsroom.links] == ["map"]
    assert len(again.faults["first"]) == 4
    edit(kept / "first" / "answers.yaml", "unit: clerk", "unit: nobody")
    assert Registry(folder, kept).refresh() == [], "what else is wrong is not passed over"


def test_a_mended_file_is_served_and_its_faults_are_gone(registry, folder, kept):
    edit(folder / "first" / "answers.yaml", "unit: clerk", "unit: nobody")
    registry.refresh()
    again = Registry(folder, kept)
    again.refresh()
    for one in (registry, again):
        edit(folder / "first" / "answers.yaml", "วันเพ็ญเดือนสิบสอง", "วันแม่")
        edit(folder / "first" / "answers.yaml", "unit: nobody", "unit: clerk")
        assert one.refresh() == ["first"]
        assert boats(one) == "วันแม่ ที่ท่าน้ำหน้าวัด"
        assert "first" not in one.faults
        edit(folder / "first" / "answers.yaml", "unit: clerk", "unit: nobody")
        edit(folder / "first" / "answers.yaml", "วันแม่", "วันเพ็ญเดือนสิบสอง")


def test_a_bad_agency_does_not_keep_a_good_one_from_being_served(folder, kept, add):
    add("first")
    (add("second") / "profile.toml").unlink()
    registry = Registry(folder, kept)

    assert registry.refresh() == ["first"]
    assert set(registry.faults) == {"second"}
    assert registry.get("second") is None


def test_an_agency_is_added_by_writing_a_folder_while_running(registry, add, folder):
    add("sixth")
    edit(folder / "sixth" / "answers.yaml", "วันเพ็ญเดือนสิบสอง", "วันสงกรานต์")

    assert registry.refresh() == ["sixth"]
    assert boats(registry, "sixth") == "วันสงกรานต์ ที่ท่าน้ำหน้าวัด"
    assert boats(registry, "first") == "วันเพ็ญเดือนสิบสอง ที่ท่าน้ำหน้าวัด"


def test_a_folder_that_is_removed_is_no_longer_served_nor_complained_about(registry, folder, add):
    (add("second") / "profile.toml").unlink()
    registry.refresh()
    shutil.rmtree(folder / "first")
    shutil.rmtree(folder / "second")

    with capture_logs() as log:
        assert registry.refresh() == []
        assert registry.refresh() == []
    assert log == [{"event": "agency_gone", "agency": "first", "log_level": "warning"}], "and once"
    assert registry.get("first") is None
    assert not registry.served
    assert not registry.faults


def test_a_folder_that_comes_back_as_it_was_is_served_again(registry, folder, tmp_path):
    (folder / "first").rename(tmp_path / "away")
    registry.refresh()
    (tmp_path / "away").rename(folder / "first")

    assert registry.refresh() == ["first"]
    assert boats(registry)


def test_a_removed_folder_is_not_served_from_the_kept_copy_after_a_restart(registry, folder, kept):
    shutil.rmtree(folder / "first")
    again = Registry(folder, kept)

    assert again.refresh() == []
    assert not again.served


def test_a_bad_default_leaves_everything_as_it_was(registry, folder, kept):
    before = registry.get("first")
    edit(folder / "_default" / "texts.toml", "[menu]", "[menu")

    assert registry.refresh() == []
    assert registry.get("first") is before
    assert "_default" in registry.faults
    again = Registry(folder, kept)
    assert again.refresh() == ["first"]
    assert again.get("first").agency.wording.say("menu.open", "th") == "เมนู"


def test_a_changed_default_reaches_every_agency(registry, folder):
    edit(folder / "_default" / "texts.toml", 'open = { th = "เมนู"', 'open = { th = "รายการ"')

    assert registry.refresh() == ["first"]
    assert registry.get("first").agency.wording.say("menu.open", "th") == "รายการ"
    assert registry.refresh() == []


def test_without_a_default_nothing_is_served_until_it_comes(folder, kept, add, tmp_path):
    add("first")
    (folder / "_default").rename(tmp_path / "away")
    registry = Registry(folder, kept)
    assert registry.refresh() == []
    (tmp_path / "away").rename(folder / "_default")

    assert registry.refresh() == ["first"]


def test_an_answer_with_the_id_of_a_default_replaces_it_at_that_agency_only(registry, folder, add):
    add("second")
    edit(folder / "second" / "answers.yaml", "- id: orchids", "- id: g-ita-what")
    registry.refresh()

    here, there = (registry.get(slug).agency for slug in ("second", "first"))
    assert here.entries["g-ita-what"].question.th == "สวนกล้วยไม้เปิดให้ชมไหม"
    assert there.entries["g-ita-what"].question.th.startswith("การประเมิน ITA")
    assert "g-ita-what" in here.own


def test_nothing_of_one_agency_is_known_at_another(registry, folder, add):
    add("second")
    edit(folder / "second" / "answers.yaml", "- id: dragon-boats", "- id: boats")
    edit(folder / "second" / "texts.toml", "สวัสดีจาก", "ยินดีต้อนรับสู่")
    registry.refresh()
    first, second = registry.get("first"), registry.get("second")

    assert "boats" not in first.agency.entries
    assert "dragon-boats" not in second.agency.entries
    assert "boats" not in [key for key, _ in first.matcher.match("แข่งเรือวันไหน").ranked]
    assert first.agency.wording.say("welcome.first", "th", agency="") == "สวัสดีจาก "
    assert second.agency.wording.say("welcome.first", "th", agency="") == "ยินดีต้อนรับสู่ "


@pytest.mark.parametrize(
    "name", ["First", "my_agency", "ตะปอน", ".hidden", "-a", "a" * 33, "_other"]
)
def test_a_folder_whose_name_is_no_slug_is_no_agency(registry, add, name):
    add(name)

    assert registry.refresh() == []
    assert set(registry.served) == {"first"}
    is_meant = not name.startswith(("_", "."))
    assert set(registry.faults) == ({name} if is_meant else set())


def test_a_folder_with_a_wrong_name_is_complained_about_until_it_has_another(registry, add, folder):
    add("Second_One")
    registry.refresh()
    [fault] = registry.faults["Second_One"]
    (folder / "Second_One").rename(folder / "second-one")

    assert "Second_One/profile.toml:1: ชื่อโฟลเดอร์" in str(fault)
    assert registry.refresh() == ["second-one"]
    assert not registry.faults


@pytest.mark.parametrize("name", sorted(TAKEN))
def test_a_folder_named_as_an_address_of_our_own_is_complained_about(registry, add, name):
    add(name)

    assert registry.refresh() == []
    [fault] = registry.faults[name]
    assert f"{name}/profile.toml:1: ชื่อโฟลเดอร์นี้ระบบใช้อยู่แล้ว / the folder's name is" in str(fault)


@pytest.mark.parametrize("left", [True, False])
def test_while_all_folders_are_away_what_was_served_goes_on(registry, folder, tmp_path, left):
    """A disk of the network that is gone, which may leave an empty folder; or all is replaced."""
    folder.rename(tmp_path / "away")
    if left:
        folder.mkdir()
    registry.refresh()
    served = boats(registry)
    if left:
        folder.rmdir()
    (tmp_path / "away").rename(folder)
    registry.refresh()

    assert served == boats(registry)
    assert not registry.faults


UNHEARD_OF = "{agency:9223372036854775000}"
"""A placeholder for which no computer has the memory: nobody wrote a fault for that."""


def test_a_fault_that_nobody_thought_of_is_listed_and_holds_up_nobody(registry, folder, kept, add):
    add("second")
    before = registry.get("first")
    edit(folder / "first" / "texts.toml", "{agency}", UNHEARD_OF)

    assert registry.refresh() == ["second"]
    assert registry.get("first") is before
    [fault] = registry.faults["first"]
    assert fault.th
    assert "MemoryError" in fault.en
    again = Registry(folder, kept)
    assert again.refresh() == ["first", "second"], "the last good version, after a restart too"


def test_an_editors_lock_that_leads_nowhere_holds_up_nobody(registry, folder):
    (folder / "first" / ".#answers.yaml").symlink_to("somebody@office.1234")
    edit(folder / "first" / "answers.yaml", "วันเพ็ญเดือนสิบสอง", "วันแม่")

    assert registry.refresh() == ["first"]
    assert boats(registry) == "วันแม่ ที่ท่าน้ำหน้าวัด"


def test_a_folder_that_cannot_be_kept_is_served_all_the_same(folder, add, tmp_path):
    add("first")
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    registry = Registry(folder, tmp_path / "file" / "kept")

    assert registry.refresh() == ["first"]
    assert boats(registry)


def test_an_agencies_folder_that_does_not_exist_serves_nobody(tmp_path):
    registry = Registry(tmp_path / "nowhere", tmp_path / "kept")

    assert registry.refresh() == []
    assert not registry.served
