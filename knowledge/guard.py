"""The guard of the knowledge base: what is wrong with it, and what an edit would break (N11)."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from rapidfuzz import fuzz, process

from knowledge.agency import Entry
from knowledge.conflicts import (
    MANY,
    MakeMatcher,
    Outcome,
    Progress,
    ask,
    broken,
    outcome,
    stolen,
    suspects,
    taken,
    unreachable,
)
from knowledge.embedding import Encoder
from knowledge.matching import Match
from knowledge.problems import Kind, Phrasing, Problem, flaws, phrasings, plain, shared

__all__ = ["Change", "Findings", "Kind", "Outcome", "Problem", "compare", "inspect"]

FEW: Final = 2_000
"""Phrasings that are all asked again after an edit; confirmed questions always are."""
MOST: Final = 500
"""Of more than that, how many are asked again."""
COMPARED: Final = 20_000_000
"""Pairs of texts that are worth comparing to find which these should be."""


@dataclass(frozen=True, slots=True)
class Change:
    """A question that an edit makes end otherwise."""

    text: str
    before: Outcome
    after: Outcome
    wanted: str | None
    """The entry whose phrasing it is, or that staff confirmed; None if nobody has said."""
    confirmed: bool

    @property
    def was(self) -> str | None:
        """The entry that answered it."""
        return self.before.entry

    @property
    def becomes(self) -> str | None:
        """The entry that will answer it; None where it is asked back or refused."""
        return self.after.entry

    @property
    def is_worse(self) -> bool:
        """Whether who asks it gets further from what is right."""
        wanted = self.wanted
        return wanted is not None and self.after.serves(wanted) < self.before.serves(wanted)

    @property
    def blocks(self) -> bool:
        """Whether it needs an explicit yes."""
        return self.confirmed and self.is_worse


@dataclass(frozen=True, slots=True)
class Findings:
    """What the guard says of an edit."""

    problems: tuple[Problem, ...] = ()
    changed: tuple[Change, ...] = ()
    asked: int = 0
    known: int = 0
    """Of how many questions those asked are the ones that the edit is likeliest to touch."""

    @property
    def blocks(self) -> bool:
        """Whether a confirmed question would be answered otherwise, or not at all."""
        return any(change.blocks for change in self.changed)


def inspect(
    entries: Sequence[Entry],
    *,
    make_matcher: MakeMatcher,
    confirmed: Sequence[tuple[str, str]] = (),
    today: date | None = None,
    units: Collection[str] | None = None,
    unlinked: Mapping[str, str] | None = None,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> tuple[Problem, ...]:
    """Everything wrong with these entries, the worst first; `progress` is told of each phase.

    Without `today` no review date is judged, without `units` no owner, without an encoder no
    likeness in meaning. `unlinked` are links that no entry has, for nobody can read them.
    """
    found = flaws(entries, today=today, units=units, unlinked=unlinked, encoder=encoder)
    if entries:
        said = phrasings(entries)
        texts = dict.fromkeys([*(text for text, _ in confirmed), *(p.text for p in said)])
        matches = ask(make_matcher(entries), list(texts), progress)
        found += broken(confirmed, matches)
        found += _conflicts(entries, said, matches, make_matcher, progress)
    return _worst_first(found)


def compare(
    before: Sequence[Entry],
    after: Sequence[Entry],
    *,
    make_matcher: MakeMatcher,
    confirmed: Sequence[tuple[str, str]] = (),
    today: date | None = None,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Findings:
    """What becomes of the questions of `before` and the confirmed ones (text, entry) in `after`.

    The problems are those that the edited entries take part in. Where matching reads nothing
    that has changed, nothing is asked.
    """
    edited = _edited(before, after, lambda entry: entry)
    moved = _edited(before, after, _read_by_matching)
    found = flaws(after, today=today, encoder=encoder, only=edited)
    if not moved:
        return Findings(_worst_first(found))
    asked = _worth_asking(before, after, moved)
    wanted = {p.text: p.entry for p in reversed(asked)} | dict(confirmed)
    said = [p for p in phrasings(after) if p.entry in moved or p.text in wanted]
    texts = list(dict.fromkeys([*wanted, *(p.text for p in said)]))
    now = ask(make_matcher(after), texts, progress)
    was = ask(make_matcher(before), list(wanted), progress)
    found += _conflicts(after, said, now, make_matcher, progress, only=moved)
    sure = {text for text, _ in confirmed}
    known = len({p.text for p in phrasings(before)} | sure)
    return Findings(_worst_first(found), moved_answers(wanted, was, now, sure), len(wanted), known)


def moved_answers(
    wanted: Mapping[str, str],
    was: Mapping[str, Match],
    now: Mapping[str, Match],
    sure: Collection[str],
) -> tuple[Change, ...]:
    """The questions that end otherwise than they did, those that must not first."""
    found = [
        Change(text, outcome(was[text]), outcome(now[text]), entry, text in sure)
        for text, entry in wanted.items()
        if outcome(was[text]) != outcome(now[text])
    ]
    return tuple(sorted(found, key=lambda change: (not change.blocks, not change.is_worse)))


def _worst_first(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    order = list(Kind)
    return tuple(sorted(problems, key=lambda problem: order.index(problem.kind)))


def _conflicts(
    entries: Sequence[Entry],
    said: Sequence[Phrasing],
    matches: Mapping[str, Match],
    make_matcher: MakeMatcher,
    progress: Progress | None,
    *,
    only: Collection[str] | None = None,
) -> Iterator[Problem]:
    """Phrasings not found or taken, or only where one of some entries has a part in it."""
    ours = [p for p in said if only is None or p.entry in only]
    yield from unreachable(ours, matches)
    doubled = {p.text for held in shared(entries).values() for p in held}  # told as identical
    single = [phrasing for phrasing in said if phrasing.text not in doubled]
    for problem in taken(single, matches):
        if only is None or not {*problem.entries}.isdisjoint(only):
            yield problem
    suspected = [
        suspect
        for suspect in suspects(single, matches)
        if only is None or suspect.phrasing.entry in only or suspect.rival in only
    ]
    if only is None or len(entries) <= MANY:
        yield from stolen(entries, suspected, make_matcher, progress)


def _edited(
    before: Sequence[Entry], after: Sequence[Entry], part: Callable[[Entry], object]
) -> set[str]:
    """The ids of entries that are new, gone, or have another such part."""
    old = {entry.id: part(entry) for entry in before}
    new = {entry.id: part(entry) for entry in after}
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def _read_by_matching(entry: Entry) -> object:
    said = (entry.question, tuple(entry.phrasings), tuple(entry.phrasings_en))
    return (*said, entry.answer.th, entry.category)


def _worth_asking(
    before: Sequence[Entry], after: Sequence[Entry], moved: Collection[str]
) -> list[Phrasing]:
    """The phrasings that the edit may touch: all, or of many the moved and the likest to them."""
    said = phrasings(before)
    if len(said) <= FEW:
        return said
    ours = [phrasing for phrasing in said if phrasing.entry in moved]
    others = [phrasing for phrasing in said if phrasing.entry not in moved]
    room = MOST - len(ours)
    if room <= 0:
        return ours[:: len(ours) // MOST + 1]
    new = [p.text for p in phrasings([e for e in after if e.id in moved])]
    texts = [plain(text) for text in dict.fromkeys([*(p.text for p in ours), *new])]
    if len(texts) * len(others) > COMPARED:
        return ours + others[:: len(others) // room + 1]
    asked = [plain(phrasing.text) for phrasing in others]
    likeness = process.cdist(asked, texts, scorer=fuzz.ratio, dtype=np.uint8).max(axis=1)
    best = np.argsort(-likeness.astype(int), kind="stable")[:room]
    return ours + [others[i] for i in sorted(best.tolist())]
