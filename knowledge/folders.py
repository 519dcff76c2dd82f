"""Reading an agency's folder, and finding everything that is wrong with it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, TypeAdapter

from knowledge.agency import Agency, Background, CatalogueItem, Defaults, Entry, Profile
from knowledge.bulletins import NewsProfile, newsroom
from knowledge.chains import Chains, over
from knowledge.files import BadFiles, Fault, Source, T
from knowledge.topics import Topics
from knowledge.topics import over as topics_over
from knowledge.wording import Wording

NO_UNIT = ("ไม่มีหน่วยงานย่อยนี้ใน profile.toml", "no such unit in profile.toml")
TWICE = ("รหัสซ้ำ", "the id is given twice")


def _unnumbered(entry: Any) -> Any:
    """An entry without the `version` that an export writes: here it says nothing."""
    if isinstance(entry, dict):
        return {name: value for name, value in entry.items() if name != "version"}
    return entry


_ENTRIES = TypeAdapter(list[Annotated[Entry, BeforeValidator(_unnumbered)]])
_CATALOGUE = TypeAdapter(list[CatalogueItem])
_PROFILE = TypeAdapter(Profile)
_BACKGROUND = TypeAdapter(list[Background])
_CHAINS = TypeAdapter(Chains)
_TOPICS = TypeAdapter(Topics)
_NEWS = TypeAdapter(NewsProfile)


def load_defaults(folder: Path) -> Defaults:
    """Read `_default`; raises BadFiles."""
    reading = _Reading(folder)
    entries = reading.file("answers.yaml", _ENTRIES)
    background = reading.file("background.yaml", _BACKGROUND)
    chains = reading.file("chains.toml", _CHAINS)
    topics = reading.file("topics.toml", _TOPICS)
    news = reading.file("newsroom.toml", _NEWS)
    wording = reading.wording(None)
    if entries is not None:
        reading.faults += _check_defaults(reading.sources["answers.yaml"], entries)
    if entries is None or background is None or wording is None or reading.faults:
        raise BadFiles(reading.faults)
    if chains is None or topics is None or news is None:
        raise BadFiles(reading.faults)
    return Defaults(
        entries={entry.id: entry for entry in entries},
        background=background,
        chains=chains.chains,
        topics=topics.topics,
        news=news,
        wording=wording,
    )


def load_agency(folder: Path, defaults: Defaults, *, was_good: bool = False) -> Agency:
    """Read one agency's folder; raises BadFiles naming every fault of every file.

    What was good under an earlier release is read without the links that nobody can read.
    """
    reading = _Reading(folder, was_good=was_good)
    profile = reading.file("profile.toml", _PROFILE)
    entries = reading.file("answers.yaml", _ENTRIES)
    catalogue = reading.file("catalogue.yaml", _CATALOGUE)
    wording = reading.wording(defaults.wording)
    reading.faults += _cross_check(reading.sources, profile, entries, catalogue)
    if reading.faults or wording is None or profile is None or entries is None or catalogue is None:
        raise BadFiles(reading.faults)
    own = {entry.id: entry for entry in entries}
    return Agency(
        slug=folder.name,
        profile=profile,
        entries={**own, **{k: v for k, v in defaults.entries.items() if k not in own}},
        own=frozenset(own),
        catalogue=catalogue,
        chains=over(defaults.chains, profile.chains),
        topics=topics_over(defaults.topics, profile.topics),
        newsroom=newsroom(defaults.news, profile.news),
        wording=wording,
    )


class _Reading:
    """Reads the files of one folder and gathers what is wrong with them."""

    def __init__(self, folder: Path, *, was_good: bool = False) -> None:
        self.folder = folder
        self.was_good = was_good
        self.faults: list[Fault] = []
        self.sources: dict[str, Source] = {}

    def file(self, name: str, kind: TypeAdapter[T]) -> T | None:
        try:
            source = self.sources[name] = Source(self.folder / name)
            return source.read(kind, was_good=self.was_good)
        except BadFiles as error:
            self.faults += error.faults
            return None

    def wording(self, base: Wording | None) -> Wording | None:
        path = self.folder / "texts.toml"
        if base and not path.exists():
            return base
        try:
            return base.over(Source(path)) if base else Wording.load(Source(path))
        except BadFiles as error:
            self.faults += error.faults
            return None


def _cross_check(
    sources: Mapping[str, Source],
    profile: Profile | None,
    entries: Sequence[Entry] | None,
    catalogue: Sequence[CatalogueItem] | None,
) -> Iterator[Fault]:
    """What no single value shows: units that do not exist, ids and phrasings given twice."""
    units = {unit.id for unit in profile.units} if profile else None
    if profile and units:
        yield from _check_profile(sources["profile.toml"], profile, units)
    if entries is not None:
        yield from _check_entries(sources["answers.yaml"], entries, units)
    if catalogue is not None:
        yield from _check_catalogue(sources["catalogue.yaml"], catalogue, units)


def _check_defaults(source: Source, entries: Sequence[Entry]) -> Iterator[Fault]:
    yield from _doubles(source, entries)
    for n, entry in enumerate(entries):
        if not entry.id.startswith("g-"):
            yield source.fault((n, "id"), "รหัสต้องขึ้นต้นด้วย g-", "the id must begin with g-")


def _check_profile(source: Source, profile: Profile, units: set[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for n, unit in enumerate(profile.units):
        if unit.id in seen:
            yield source.fault(("units", n, "id"), *TWICE)
        seen.add(unit.id)
    for n, role in enumerate(profile.roles):
        if role.unit and role.unit not in units:
            yield source.fault(("roles", n, "unit"), *NO_UNIT)
    for n, topic in enumerate(profile.topics):
        if topic.unit and topic.unit not in units:
            yield source.fault(("topics", n, "unit"), *NO_UNIT)
    if profile.contact.unit and profile.contact.unit not in units:
        yield source.fault(("contact", "unit"), *NO_UNIT)


def _check_entries(
    source: Source, entries: Sequence[Entry], units: set[str] | None
) -> Iterator[Fault]:
    """Where the profile cannot be read, nothing is said of units."""
    yield from _doubles(source, entries)
    for n, entry in enumerate(entries):
        if units is not None and entry.unit not in units:
            yield source.fault((n, "unit"), *NO_UNIT)
        if not entry.source.clause:
            yield source.fault((n, "source"), "ต้องบอกข้อ (clause)", "the clause is needed")


def _check_catalogue(
    source: Source, catalogue: Sequence[CatalogueItem], units: set[str] | None
) -> Iterator[Fault]:
    seen: set[str] = set()
    for n, item in enumerate(catalogue):
        if units is not None and item.owner not in units:
            yield source.fault((n, "owner"), *NO_UNIT)
        if item.id in seen:
            yield source.fault((n, "id"), *TWICE)
        seen.add(item.id)


def _doubles(source: Source, entries: Sequence[Entry]) -> list[Fault]:
    faults = []
    ids: set[str] = set()
    said: dict[str, tuple[int, int]] = {}
    for n, entry in enumerate(entries):
        if entry.id in ids:
            faults.append(source.fault((n, "id"), *TWICE))
        ids.add(entry.id)
        for m, phrasing in enumerate(entry.phrasings):
            first, _ = where = said.setdefault(phrasing, (n, m))
            if where != (n, m):
                other = entries[first].id
                faults.append(
                    source.fault((n, "phrasings", m), f"ซ้ำกับของ {other}", f"also stands in {other}")
                )
    return faults
