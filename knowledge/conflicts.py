"""What becomes of an entry's own phrasings: found, not found, or taken by another entry."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.agency import Entry
from knowledge.matching import Decision, Match, Matcher
from knowledge.problems import Kind, Phrasing, Problem

MakeMatcher = Callable[[Sequence[Entry]], Matcher]
Progress = Callable[[int, int], None]

OFFERED: Final = 3
"""Suggestions that a citizen is shown."""
SUSPECTS: Final = 5_000
"""Phrasings that are left out and asked again, at most: those with the nearest rivals."""
FOLDS: Final = 24
"""Indexes built for that, at most."""
FEW_FOLDS: Final = 3
"""The same where there are MANY entries, each of which may then lose some phrasings at once."""
MANY: Final = 2_000
"""Entries from which building an index takes long; an edit is then not searched for thefts."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A phrasing that another entry might take."""

    phrasing: Phrasing
    rival: str
    nearness: float
    """The rival's confidence as a share of the entry's own."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a citizen gets for a question: an answer, some entries to choose from, or neither."""

    entry: str | None = None
    offered: tuple[str, ...] = ()

    def serves(self, entry: str) -> int:
        """How well it serves who wants this entry: answered 2, offered 1, else 0."""
        return 2 * (self.entry == entry) or int(entry in self.offered)


def outcome(match: Match) -> Outcome:
    """What a citizen gets of this match."""
    keys = tuple(key for key, _ in match.ranked)
    if match.decision is Decision.ANSWER and keys:
        return Outcome(keys[0])
    return Outcome(None, keys[:OFFERED] if match.decision is Decision.SUGGEST else ())


def ask(
    matcher: Matcher, texts: Sequence[str], progress: Progress | None = None
) -> dict[str, Match]:
    """What is found for each of these questions."""
    found = {}
    for number, text in enumerate(texts, 1):
        found[text] = matcher.match(text)
        if progress is not None:
            progress(number, len(texts))
    return found


def broken(confirmed: Sequence[tuple[str, str]], matches: Mapping[str, Match]) -> Iterator[Problem]:
    """Confirmed questions that are not answered by the entry they were confirmed for."""
    for text, entry in confirmed:
        found = outcome(matches[text])
        if found.entry != entry:
            yield Problem(
                Kind.BROKEN,
                (entry, *filter(None, [found.entry])),
                f"“{text}” ต้องได้คำตอบของ {entry} แต่ได้ {found.entry or '-'}",
                f"“{text}” should be answered by {entry}, but is by {found.entry or '-'}",
            )


def unreachable(said: Sequence[Phrasing], matches: Mapping[str, Match]) -> Iterator[Problem]:
    """Entries whose own question does not bring them up, or most of whose phrasings do not."""
    served: dict[str, list[int]] = defaultdict(list)
    for phrasing in said:
        found = outcome(matches[phrasing.text]).serves(phrasing.entry)
        served[phrasing.entry].append(found)
        if phrasing.is_question and not found:
            yield Problem(
                Kind.UNREACHABLE,
                (phrasing.entry,),
                f"ถามด้วย “{phrasing.text}” ก็ไม่ได้คำตอบของ {phrasing.entry}",
                f"“{phrasing.text}” does not find {phrasing.entry}, whose question it is",
            )
    for entry, each in served.items():
        missed = each.count(0)
        if 2 * missed > len(each):
            yield Problem(
                Kind.UNREACHABLE,
                (entry,),
                f"ถ้อยคำ {missed} จาก {len(each)} ของ {entry} ไม่พาไปถึงคำตอบ",
                f"{missed} of the {len(each)} phrasings of {entry} do not find it",
            )


def taken(said: Sequence[Phrasing], matches: Mapping[str, Match]) -> Iterator[Problem]:
    """Phrasings that another entry answers although they stand in this one."""
    for phrasing in said:
        thief = outcome(matches[phrasing.text]).entry
        if thief is not None and thief != phrasing.entry:
            yield Problem(
                Kind.TAKEN,
                (phrasing.entry, thief),
                f"“{phrasing.text}” เป็นของ {phrasing.entry} แต่ได้คำตอบของ {thief}",
                f"“{phrasing.text}” of {phrasing.entry} is answered by {thief}",
            )


def suspects(said: Sequence[Phrasing], matches: Mapping[str, Match]) -> list[Suspect]:
    """Phrasings that another entry might take were they not in this one, nearest rivals first.

    Measured on the agencies here, whoever took a phrasing that was left out had been the second
    while it was in; how far behind tells nothing, and changes with every fitting.
    """
    found = []
    for phrasing in said:
        ranked = matches[phrasing.text].ranked[:2]
        (first, own), (rival, sure) = (*ranked, ("", 0.0), ("", 0.0))[:2]
        if not phrasing.is_question and first == phrasing.entry and rival and own > 0:
            found.append(Suspect(phrasing, rival, sure / own))
    return sorted(found, key=lambda suspect: -suspect.nearness)[:SUSPECTS]


def stolen(
    entries: Sequence[Entry],
    suspected: Sequence[Suspect],
    make_matcher: MakeMatcher,
    progress: Progress | None = None,
) -> Iterator[Problem]:
    """Phrasings that, left out of their entry, are answered by another one."""
    asked = 0
    thieves: dict[Phrasing, str | None] = {}
    for fold in folds(suspected, FOLDS if len(entries) <= MANY else FEW_FOLDS):
        left_out: dict[str, set[str]] = defaultdict(set)
        for suspect in fold:
            left_out[suspect.phrasing.entry].add(suspect.phrasing.text)
        matcher = make_matcher([_without(entry, left_out.get(entry.id, ())) for entry in entries])
        for suspect in fold:
            thieves[suspect.phrasing] = outcome(matcher.match(suspect.phrasing.text)).entry
            asked += 1
            if progress is not None:
                progress(asked, len(suspected))
    for suspect in suspected:
        phrasing, thief = suspect.phrasing, thieves[suspect.phrasing]
        if thief is not None and thief != phrasing.entry:
            yield Problem(
                Kind.STOLEN,
                (phrasing.entry, thief),
                f"“{phrasing.text}” ของ {phrasing.entry} ใกล้กับ {thief} มากกว่า",
                f"“{phrasing.text}” of {phrasing.entry} is nearer to {thief}",
            )


def folds(suspected: Sequence[Suspect], most: int = FOLDS) -> list[list[Suspect]]:
    """The suspects in few groups, so that in each an entry loses one phrasing, its rival none.

    Each group costs an index; where `most` of them are too few, some entries lose two at once.
    """
    groups: list[list[Suspect]] = []
    losing: list[set[str]] = []
    rivals: list[set[str]] = []
    for suspect in suspected:
        own, rival = suspect.phrasing.entry, suspect.rival
        clashes = [
            (own in losing[n]) + (own in rivals[n]) + (rival in losing[n])
            for n in range(len(groups))
        ]
        place = min(range(len(groups)), key=clashes.__getitem__, default=0)
        if (not groups or clashes[place]) and len(groups) < most:
            place = len(groups)
            groups.append([])
            losing.append(set())
            rivals.append(set())
        groups[place].append(suspect)
        losing[place].add(own)
        rivals[place].add(rival)
    return groups


def _without(entry: Entry, texts: Collection[str]) -> Entry:
    if not texts:
        return entry
    left = {
        "phrasings": [text for text in entry.phrasings if text not in texts],
        "phrasings_en": [text for text in entry.phrasings_en if text not in texts],
    }
    return entry.model_copy(update=left)
