"""The house rules that a machine can check."""

import ast
import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import pytest

from admin import announcement_checks, announcements, proposals
from admin.alerts import DEEDS
from admin.desk_lists import Whose
from admin.lists import GROUPS, State
from admin.logbook import Line
from admin.moves import Ending, Move, Status
from admin.nudges import Stage
from admin.officers import Role
from admin.web.menus import FAILED, Step
from bot.channels.line_messages import LABEL_UNITS
from bot.messages import SILENT, Kind
from bot.settings import ROOT, ChannelSecrets, Settings
from handlers.fixed import WORDS
from handlers.openers import EMERGENCIES
from handlers.signs import Answer
from knowledge.agency import CatalogueItem
from knowledge.chains import Kind as Matter
from knowledge.registry import agency_folders
from knowledge.small_talk import KINDS

FLOORS = ("bot", "handlers", "admin", "knowledge")
UNTRACKED = {"__pycache__", "var", "build", "dist", "node_modules"}
LONGEST_MODULE = 300
Steps = Mapping[str, Mapping[str, Mapping[str, object]]]
CITIZENS: Steps = tomllib.loads(
    (ROOT / "knowledge" / "agencies" / "_default" / "texts.toml").read_text("utf-8")
)
STAFFS: Steps = tomllib.loads((ROOT / "admin" / "web" / "texts.toml").read_text("utf-8"))
TEXTS: Steps = {**CITIZENS, **STAFFS}
KEYS = {f"{flow}.{step}": words for flow, steps in TEXTS.items() for step, words in steps.items()}
KINDS_OF_MEDIA = set(Kind) - SILENT - {Kind.TEXT, Kind.CHOICE, Kind.FOLLOW, Kind.JOIN}
CLASSES = CatalogueItem.model_fields["class_"].annotation.__args__
CONTACT = ("unit", "address", "phone", "fax", "email", "website", "hours")
BUILT = {
    'f"smalltalk.{kind}"': [f"smalltalk.{kind}" for kind in KINDS],
    'f"smalltalk.{kind}_words"': [f"smalltalk.{kind}_words" for kind in KINDS],
    'f"emergency.{kind}"': [f"emergency.{kind}" for kind in EMERGENCIES],
    'f"emergency.{kind}_words"': [f"emergency.{kind}_words" for kind in EMERGENCIES],
    'f"media.{turn.message.kind}"': [f"media.{kind}" for kind in KINDS_OF_MEDIA],
    'f"catalogue.{found.class_}"': [f"catalogue.{name}" for name in CLASSES],
    'f"ending.{ticket.ending}"': [f"ending.{name}" for name in Ending],
    'f"{flow}.{word}"': [
        f"{flow}.{w}" for flow in ("fixed", "answered", "settled", "agreed") for w in WORDS
    ],
    '"publication." ~': [
        f"publication.{name}" for name in ("body", "url", "name", "phone", "email")
    ],
    'f"signs.{answer}_words"': [f"signs.{answer}_words" for answer in Answer],
    'f"report.{kind}"': [f"report.{kind}" for kind in Matter],
    'f"report.{draft.kind}"': [],
    'f"report.{ticket.kind}"': [],
    'f"standing.{ticket.status}"': [f"standing.{status}" for status in Status],
    'f"standing.{line.end}"': [],
    'f"contact.{key}"': [f"contact.{name}" for name in CONTACT],
    'f"act.{mark}"': ["act.urgent", "act.image"],
    'f"act.{word}"': [f"act.{word}" for word in DEEDS],
    'f"digest.{reminder.stage}"': [f"digest.{stage}" for stage in Stage],
    'f"posts.{role}"': [f"posts.{role}" for role in Role],
    'f"errors.{name}"': [f"errors.{name}" for name in STAFFS["errors"] if name != "home"],
    **{
        f'"{section}." ~': [f"{section}.{name}" for name in STAFFS[section]]
        for section in (
            *("kinds", "states", "sources", "privacy", "classes", "endings", "steps"),
            *("guide", "waits", "keeping", "verdicts"),
            *("newstabs", "newschannels", "newsstates", "newsrelations", "newswhy"),
            *("newssteps", "fates", "fatemeanings", "personal"),
        )
    },
    '"moves." ~': [f"moves.{name}" for name in (*Move, *Line)],
    '"matters." ~': [f"matters.{name}" for name in State],
    '"today." ~': [f"today.{name}" for name in GROUPS],
    '"desk." ~': [f"desk.{name}" for name in Whose],
    '"overview." ~': ["overview.first_reply", "overview.settlement"],
    '"chatmenu." ~': [f"chatmenu.{name}" for name in Step],
    '"menuhelp." ~': [f"menuhelp.{name}" for name in FAILED],
    '"announce." ~': [
        *(f"announce.{name}" for name in announcement_checks.WORDS),
        *(f"announce.{name}" for name in ("valid_from", "valid_until", "send_at")),
        *(f"announce.{name}day" for name in ("mon", "tues", "wednes", "thurs", "fri", "satur")),
        "announce.sunday",
    ],
    '"newsways." ~': [
        f"newsways.{name}{end}" for name in announcements.Way for end in ("", "_hint")
    ],
    '"proposals." ~': [f"proposals.{name}" for name in (*proposals.What, *proposals.State)],
    'f"done.{name}"': [
        f"done.{name}"
        for path in (ROOT / "admin" / "web").glob("*.py")
        for name in re.findall(r'done="([a-z_]+)"', path.read_text("utf-8"))
    ],
}
"""Keys that code puts together, as they stand there, and what they come to."""
ONLY_THAI = {"signs.name_words"}
"""Lists for which English has no words."""
POLITE = re.compile("ครับ|ค่ะ|นะคะ|ดิฉัน|กระผม|จ้ะ")


def files(*folders: str, endings: tuple[str, ...]) -> Iterator[Path]:
    """The project's own files with these endings."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            inside = path.relative_to(ROOT).parts
            is_ours = not any(part in UNTRACKED or part.startswith(".") for part in inside)
            if is_ours and path.is_file() and path.suffix in endings:
                yield path


MODULES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in files(*FLOORS, "deploy", endings=(".py",))
}
PAGES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in files(*FLOORS, endings=(".html", ".js"))
}


def literals() -> set[str]:
    """Every text in code that has the form of a key of texts.toml."""
    found = re.findall(
        r"""["']([a-z]+\.[a-z0-9_-]+)["']""", "\n".join([*MODULES.values(), *PAGES.values()])
    )
    no_keys = (".yaml", ".html", ".css", ".id")  # files, and columns of tables
    return {t for t in found if t.partition(".")[0] in TEXTS and not t.endswith(no_keys)}


def placeholders(text: object) -> set[str]:
    """The names in a text's curly brackets."""
    if not isinstance(text, str):
        return set()
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_no_agencys_name_stands_in_code():
    slugs = [folder.name for folder in agency_folders(ROOT / "knowledge" / "agencies")]
    named = re.compile(rf"\b({'|'.join(map(re.escape, slugs))})\b", re.IGNORECASE)

    assert len(slugs) >= 5
    assert [name for name, text in {**MODULES, **PAGES}.items() if named.search(text)] == []


def test_citizens_and_staff_have_texts_of_their_own():
    assert CITIZENS.keys() & STAFFS.keys() == set()


def test_every_text_that_code_asks_for_exists():
    built = set(re.findall(r'f"[a-z]+\.\{[^"]+"', "\n".join(MODULES.values())))
    ours = {text for text in built if text[2:].partition(".")[0] in TEXTS and ".{name}" not in text}

    assert ours <= set(BUILT), "say in BUILT what these come to"
    assert {*literals(), *chain(*BUILT.values())} - set(KEYS) == set()


def test_the_names_of_buttons_are_read_whole_on_every_platform():
    """Except one that stands whole in the numbered text above it."""
    names = set(re.findall(r"""choice\(\s*"([a-z]+\.[a-z0-9_-]+)\"""", "\n".join(MODULES.values())))
    long = [
        (name, label)
        for name in sorted(names - {"report.unsure"})
        for label in KEYS[name].values()
        if len(str(label)) > LABEL_UNITS
    ]

    assert "handover.offer" in names
    assert long == []


def test_every_text_is_asked_for():
    assert set(KEYS) - {*literals(), *chain(*BUILT.values())} == set()


def test_every_text_is_there_in_both_languages_with_the_same_placeholders():
    for key, words in KEYS.items():
        assert set(words) == {"th", "en"}, key
        assert placeholders(words["th"]) == placeholders(words["en"]), key
        assert words["th"], key
        assert words["en"] or key in ONLY_THAI, key


def test_what_is_filled_in_is_what_the_text_has_room_for():
    asked = re.compile(
        r"""\b(?:say|choice)\(\s*["']([a-z]+\.[a-z0-9_-]+)["']([^()]*(?:\([^()]*\)[^()]*)*)\)"""
    )
    checked = 0
    for name, source in {**MODULES, **PAGES}.items():
        for key, rest in asked.findall(source):
            given = set(re.findall(r"(?<![\w.])(\w+)=(?!=)", rest))
            assert given == placeholders(KEYS[key]["th"]), f"{name}: {key}"
            checked += 1

    assert checked > 40


def test_no_text_has_particles_that_tell_the_speakers_sex():
    said = {k: w for k, w in KEYS.items() if not k.endswith("words")}

    assert [key for key, words in said.items() if POLITE.search(str(words["th"]))] == []


def test_words_that_open_something_open_one_thing_only():
    seen: dict[str, str] = {}
    for key, words in KEYS.items():
        if key.endswith("words") and not key.startswith("signs."):
            for word in {*words["th"], *words["en"]}:
                assert seen.setdefault(word, key) == key, word


def test_every_setting_is_described_for_the_operator():
    guide = (ROOT / "docs" / "operator.md").read_text("utf-8")
    settings = {f"THAMDAI_{name.upper()}" for name in Settings.model_fields}
    secrets = {f"THAMDAI_<SLUG>_{name.upper()}" for name in ChannelSecrets.__dataclass_fields__}
    told = set(re.findall(r"THAMDAI_[A-Z<>_]*[A-Z>]", guide))
    of_an_agency = {name for name in told if re.search("_(LINE|TELEGRAM)_[A-Z]+_?", name)}

    assert settings | secrets <= told
    assert told - settings - secrets - of_an_agency <= {"THAMDAI_BURIRAM"}


def test_only_one_module_reads_the_environment():
    reads = re.compile(r"os\.environ(?!\.setdefault)|os\.getenv")
    readers = [name for name, text in MODULES.items() if reads.search(text)]

    assert readers == ["bot/settings.py"]


def test_only_one_module_reads_the_clock():
    reads = re.compile(r"datetime\.now\(|datetime\.utcnow\(|date\.today\(")

    assert [n for n, text in MODULES.items() if reads.search(text)] == ["bot/clock.py"]


def test_only_one_module_says_which_day_a_moment_falls_on():
    says = re.compile(r"astimezone\((clock\.)?BANGKOK\)\.date\(\)")

    assert [n for n, text in MODULES.items() if says.search(text)] == ["bot/clock.py"]


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith("deploy")])
def test_a_module_is_short_and_says_what_it_is_for(name):
    tree = ast.parse(MODULES[name])

    assert MODULES[name].count("\n") <= LONGEST_MODULE
    assert ast.get_docstring(tree)


def test_nothing_is_named_after_nothing():
    empty = {"utils", "helpers", "common", "base", "manager", "service", "core", "misc"}

    assert {Path(name).stem for name in MODULES} & empty == set()


def test_no_log_line_is_put_together_from_texts():
    calls = re.compile(r"\blog\.\w+\((?!\s*\"[a-z_]+\")")

    assert [name for name, text in MODULES.items() if calls.search(text)] == []


def test_every_line_of_the_log_is_described_for_the_operator():
    guide = (ROOT / "docs" / "operator.md").read_text("utf-8")
    calls = re.compile(r"\blog\.(?:info|warning|error)\(\s*\"([a-z_]+)\"")
    events = {event for text in MODULES.values() for event in calls.findall(text)}

    assert len(events) > 50
    assert sorted(event for event in events if f"`{event}`" not in guide) == []


def test_no_test_replaces_what_it_tests():
    replaced = re.compile(r"unittest[.]mock|Magic" + "Mock|Async" + "Mock|mock" + r"er\.patch")
    tests = {str(path): path.read_text("utf-8") for path in files("tests", endings=(".py",))}

    assert len(tests) > 10
    assert [name for name, text in {**tests, **MODULES}.items() if replaced.search(text)] == []


def test_no_file_names_a_registry_or_a_folder_of_one_machine():
    told = re.compile(
        r"https?://[a-z0-9.-]*(?:p[y]pi|python[h]osted|n[p]mjs|deb[.]debian)"
        r"|(?<![A-Za-z0-9_.])/(?:w[o]rk|f[a]rm)/"
    )
    endings = (
        ".py",
        ".toml",
        ".yaml",
        ".yml",
        ".md",
        ".txt",
        ".html",
        ".js",
        ".css",
        ".json",
        ".lock",
        ".cfg",
        "",
    )
    found = [
        str(path.relative_to(ROOT))
        for path in files(".", endings=endings)
        if told.search(path.read_text("utf-8", errors="replace"))
    ]

    assert found == []
