"""The agencies being served: read at start, read again when a file changes, good versions only."""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import structlog

from knowledge.agency import SLUG, Agency, Defaults, Entry, Flag
from knowledge.embedding import Encoder
from knowledge.entries import Stored
from knowledge.files import BadFiles, Fault
from knowledge.folder_versions import Stamp, loaded, put_by, quietly_loaded, stamp_of
from knowledge.folders import load_agency, load_defaults
from knowledge.matching import Document, Matcher
from knowledge.small_talk import SmallTalk, examples_of

log = structlog.get_logger()

T = TypeVar("T")

DEFAULT = "_default"
TAKEN = frozenset({"admin", "healthz", "metrics", "readyz", "static", "webhooks"})
"""What addresses of the program's own begin with: no page of an agency so named can be had."""


@dataclass(frozen=True, slots=True)
class Served:
    """One agency and the index over its answers."""

    agency: Agency
    matcher: Matcher
    small_talk: SmallTalk


class Registry:
    """Holds what is served, and puts a better version in its place as a whole."""

    def __init__(self, folder: Path, kept: Path, *, encoder: Encoder | None = None) -> None:
        self._folder = folder
        self._kept = kept
        self._encoder = encoder
        self._served: dict[str, Served] = {}
        self._read: dict[str, Agency] = {}
        self._serving = threading.Lock()
        self._stamps: dict[str, Stamp] = {}
        self._defaults: Defaults | None = None
        self._faults: dict[str, Sequence[Fault]] = {}
        self._flags: Mapping[str, Mapping[str, Flag]] = {}

    @property
    def served(self) -> Mapping[str, Served]:
        """What is served now, by slug."""
        return self._served

    @property
    def general(self) -> Mapping[str, Entry]:
        """The entries that are true for every agency."""
        return self._defaults.entries if self._defaults else {}

    @property
    def faults(self) -> Mapping[str, Sequence[Fault]]:
        """What is wrong with files, by folder."""
        return self._faults

    def get(self, slug: str) -> Served | None:
        """One agency, if it is served."""
        return self._served.get(slug)

    @property
    def read_agencies(self) -> Mapping[str, Agency]:
        """What the folders say of each agency, by slug."""
        return self._read

    def refresh(self) -> list[str]:
        """Serve what has changed in the folders since the last look; returns the slugs."""
        fresh = self.read()
        for slug in fresh:
            self.serve(slug)
        return fresh

    def read(self) -> list[str]:
        """Read what has changed in the folders since the last look; returns the slugs."""
        fresh = []
        new_defaults = self._refresh_defaults()
        folders = {folder.name: folder for folder in agency_folders(self._folder)}
        for slug, folder in folders.items():
            has_changed = self._has_changed(folder)
            if (new_defaults or has_changed) and self._read_agency(folder):
                fresh.append(slug)
        named_wrongly = misnamed(self._folder)
        for slug, fault in named_wrongly.items():
            if slug not in self._faults:
                self._faults[slug] = [fault]
                log.error("agency_file_bad", fault=str(fault))
        if (self._folder / DEFAULT).is_dir():  # else a disk is away, or all is being replaced
            self._drop_all_but({*folders, *named_wrongly})
        return fresh

    def serve(self, slug: str, stored: Stored | None = None) -> None:
        """Serve an agency as its folder says, with the entries that the database has instead."""
        agency = self._read[slug]
        if stored is not None and self._defaults is not None:
            agency = _with(agency, stored, self._defaults)
        encoder = self._encoder
        matcher = self.matcher(agency, agency.entries.values())
        small_talk = self._small_talk(agency)
        with self._serving:
            if slug in self._read:
                served = Served(_flagged(agency, self._flags.get(slug, {})), matcher, small_talk)
                self._served = {**self._served, slug: served}
        if encoder is not self._encoder:
            self._index_anew(slug)

    def flag(self, flags: Mapping[str, Mapping[str, Flag]]) -> None:
        """Say from now on which pages are not as they were, by agency and address."""
        with self._serving:
            if flags != self._flags:
                self._flags = flags
                self._served = {
                    slug: replace(one, agency=_flagged(one.agency, flags.get(slug, {})))
                    for slug, one in self._served.items()
                }

    def _drop_all_but(self, folders: Iterable[str]) -> None:
        """What has no folder any more is neither served nor complained about."""
        there = {*folders, DEFAULT}
        for slug in self._served.keys() - there:
            log.warning("agency_gone", agency=slug)
        with self._serving:
            self._read = {slug: one for slug, one in self._read.items() if slug in there}
            self._served = {slug: one for slug, one in self._served.items() if slug in there}
        self._stamps = {name: one for name, one in self._stamps.items() if name in there}
        self._faults = {name: one for name, one in self._faults.items() if name in there}

    @property
    def encoder(self) -> Encoder | None:
        """What compares by meaning, if anything does."""
        return self._encoder

    @property
    def has_encoder(self) -> bool:
        """Whether meaning is compared, or words alone."""
        return self._encoder is not None

    def use(self, encoder: Encoder | None) -> None:
        """Index everything anew with this encoder."""
        self._encoder = encoder
        for slug in list(self._served):
            self._index_anew(slug)

    def _index_anew(self, slug: str) -> None:
        if (one := self._served.get(slug)) is None:
            return
        matcher = self.matcher(one.agency, one.agency.entries.values())
        small_talk = self._small_talk(one.agency)
        with self._serving:
            now = self._served.get(slug)
            if now and now.matcher is one.matcher:  # else it has been served anew meanwhile
                self._served = {**self._served, slug: Served(now.agency, matcher, small_talk)}

    def _has_changed(self, folder: Path) -> bool:
        stamp = stamp_of(folder)
        changed = self._stamps.get(folder.name) != stamp
        self._stamps[folder.name] = stamp
        return changed

    def _refresh_defaults(self) -> bool:
        folder = self._folder / DEFAULT
        if not self._has_changed(folder):
            return False
        found = self._last_good(folder, load_defaults)
        if found is None:
            return False
        self._defaults = found
        return True

    def _read_agency(self, folder: Path) -> bool:
        if self._defaults is None:
            return False
        defaults = self._defaults
        agency = self._last_good(
            folder, lambda where: load_agency(where, defaults, was_good=where != folder)
        )
        if agency is None:
            return False
        with self._serving:
            self._read = {**self._read, agency.slug: agency}
        return True

    def _last_good(self, folder: Path, load: Callable[[Path], T]) -> T | None:
        """What the folder says; if that is bad and nothing is served yet, what it said last."""
        kept = self._kept / folder.name
        try:
            found = loaded(load, folder)
        except BadFiles as error:
            self._faults[folder.name] = error.faults
            for fault in error.faults:
                log.error("agency_file_bad", fault=str(fault))
            is_served = folder.name in self._read or (folder.name == DEFAULT and self._defaults)
            if is_served or not kept.exists():
                return None
            log.warning("agency_last_good_version", agency=folder.name)
            return quietly_loaded(load, kept)
        self._faults.pop(folder.name, None)
        try:
            put_by(folder, kept)
        except OSError as error:  # a full disk must not stop what can be served
            log.warning("agency_not_kept", agency=folder.name, fault=type(error).__name__)
        return found

    def _small_talk(self, agency: Agency) -> SmallTalk:
        """One for all agencies that have the same examples."""
        made = (examples_of(agency.wording), self._encoder, self._background)
        alike = (one.small_talk for one in self._served.values() if one.small_talk.made_of == made)
        return next(alike, None) or SmallTalk(*made)

    @property
    def _background(self) -> Sequence[str]:
        """What other bodies are asked."""
        return self._defaults.asked_of_others if self._defaults else ()

    def matcher(self, agency: Agency, entries: Iterable[Entry]) -> Matcher:
        """An index over entries, with what else the agency's own index goes by.

        A few changes to what is served are indexed beside it, which takes a moment only.
        """
        background = self._background
        short = agency.profile.abbreviations
        served = self._served.get(agency.slug)
        if served and served.matcher.is_like(self._encoder, background, short):
            return served.matcher.over(documents(entries))
        return Matcher(
            documents(entries), encoder=self._encoder, background=background, abbreviations=short
        )


def agency_folders(folder: Path) -> Iterator[Path]:
    """Every folder that is an agency's, by its name."""
    for path in sorted(folder.iterdir() if folder.is_dir() else ()):
        if path.is_dir() and re.fullmatch(SLUG, path.name) and path.name not in TAKEN:
            yield path


def misnamed(folder: Path) -> dict[str, Fault]:
    """Folders that would be agencies' by what is in them, and cannot be by their names."""
    no_slug = "ชื่อโฟลเดอร์ต้องเป็น a-z 0-9 -", "the folder's name cannot be a slug"
    taken = "ชื่อโฟลเดอร์นี้ระบบใช้อยู่แล้ว", "the folder's name is an address of the program's own"
    return {
        name: Fault(path, 1, *(taken if name in TAKEN else no_slug))
        for path in sorted(folder.glob("[!_.]*/profile.toml"))
        if (name := path.parent.name) in TAKEN or not re.fullmatch(SLUG, name)
    }


def _with(agency: Agency, stored: Stored, defaults: Defaults) -> Agency:
    """The agency with these own entries, and what is true for all where it has none."""
    general = {key: e for key, e in defaults.entries.items() if key not in stored.entries}
    return agency.model_copy(
        update={
            "entries": {**stored.entries, **general},
            "own": frozenset(stored.entries),
            "renamed": stored.renamed,
        }
    )


def _flagged(agency: Agency, flags: Mapping[str, Flag]) -> Agency:
    return agency.model_copy(update={"flagged": flags})


def documents(entries: Iterable[Entry]) -> list[Document]:
    """Answers as the index wants them."""
    return [
        Document(
            id=entry.id,
            question=entry.question.th,
            phrasings=tuple(entry.phrasings),
            answer=entry.answer.th,
            category=entry.category,
            english=(entry.question.en, *entry.phrasings_en),
        )
        for entry in entries
    ]
