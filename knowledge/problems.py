"""What is wrong with the entries of a knowledge base, as far as reading them tells."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Final

import numpy as np
from rapidfuzz import fuzz, process

from knowledge.agency import Entry
from knowledge.embedding import Encoder
from knowledge.thai import normalise

ALIKE: Final = 90.0
"""Out of 100: questions that differ in so few letters only are the same to a reader."""
SAME_MATTER: Final = 0.93
"""Cosine from which two questions mean the same."""
AT_ONCE: Final = 500
FOR_ALL: Final = "g-"
"""How the ids of entries begin that are true for every agency, and have no unit."""


class Kind(StrEnum):
    """What can be wrong, the worst first."""

    BROKEN = "broken"
    UNREACHABLE = "unreachable"
    IDENTICAL = "identical"
    TAKEN = "taken"
    STOLEN = "stolen"
    NEAR = "near-duplicate"
    NO_SOURCE = "no-source"
    NO_LINK = "no-link"
    NO_OWNER = "no-owner"
    PAST_REVIEW = "past-review"

    @property
    def heading(self) -> tuple[str, str]:
        """What problems of this kind are called, in Thai and in English."""
        return HEADINGS[self]


HEADINGS: Final = {
    Kind.BROKEN: (
        "คำถามที่ยืนยันแล้วไม่ได้คำตอบที่ยืนยันไว้",
        "Confirmed questions that do not get the answer confirmed",
    ),
    Kind.UNREACHABLE: ("ถามแล้วไม่ได้คำตอบข้อนี้", "Entries that their own questions do not find"),
    Kind.IDENTICAL: ("ถ้อยคำเดียวกันอยู่ในสองข้อ", "The same words in two entries"),
    Kind.TAKEN: ("ถ้อยคำของข้อหนึ่งได้คำตอบของอีกข้อ", "Phrasings that another entry answers"),
    Kind.STOLEN: (
        "ถ้อยคำที่ใกล้กับอีกข้อมากกว่าข้อของตน คำถามคล้ายกันอาจได้คำตอบผิดข้อ",
        "Phrasings nearer to another entry than to the rest of their own",
    ),
    Kind.NEAR: ("สองข้อถามเกือบเหมือนกัน", "Entries that ask nearly the same"),
    Kind.NO_SOURCE: ("ไม่มีที่มา", "Entries without a source"),
    Kind.NO_LINK: ("ลิงก์ของที่มาอ่านไม่ได้", "Source links that cannot be read"),
    Kind.NO_OWNER: ("ไม่มีหน่วยงานเจ้าของ", "Entries without an owner"),
    Kind.PAST_REVIEW: ("เลยวันทบทวน", "Entries past their review date"),
}
BLOCKING: Final = frozenset({Kind.BROKEN, Kind.UNREACHABLE, Kind.IDENTICAL, Kind.TAKEN})


plain = lru_cache(maxsize=131_072)(normalise)
"""The normal form of texts that come again and again; it is most of the work on many entries."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong, and the entries it concerns."""

    kind: Kind
    entries: tuple[str, ...]
    th: str
    en: str

    @property
    def blocks(self) -> bool:
        """Whether a citizen cannot get an answer because of it."""
        return self.kind in BLOCKING


@dataclass(frozen=True, slots=True)
class Phrasing:
    """One way of asking for an entry."""

    entry: str
    text: str
    is_question: bool = False
    """Whether it is the entry's own question and not one of its other phrasings."""


def phrasings(entries: Sequence[Entry]) -> list[Phrasing]:
    """Every way of asking for these entries, each entry's own questions first."""
    return [
        phrasing
        for entry in entries
        for phrasing in (
            Phrasing(entry.id, entry.question.th, is_question=True),
            Phrasing(entry.id, entry.question.en, is_question=True),
            *(Phrasing(entry.id, text) for text in (*entry.phrasings, *entry.phrasings_en)),
        )
    ]


def flaws(
    entries: Sequence[Entry],
    *,
    today: date | None = None,
    encoder: Encoder | None = None,
    only: Collection[str] | None = None,
    units: Collection[str] | None = None,
    unlinked: Mapping[str, str] | None = None,
) -> list[Problem]:
    """What reading the entries shows, or of it what concerns some of them.

    Without `today` no review date is judged, without `units` not whether an owner is one of them;
    `unlinked` are the links that entries are without because nobody can read them.
    """
    ours = frozenset(entry.id for entry in entries) if only is None else frozenset(only)
    found = [
        *_identical(entries),
        *_near(entries, encoder, ours),
        *_incomplete([one for one in entries if one.id in ours], today, units, unlinked or {}),
    ]
    return [problem for problem in found if not ours.isdisjoint(problem.entries)]


def shared(entries: Sequence[Entry]) -> dict[str, list[Phrasing]]:
    """Normalised texts that more than one entry has, with who has them."""
    said: dict[str, dict[str, Phrasing]] = defaultdict(dict)
    for phrasing in phrasings(entries):
        said[plain(phrasing.text)].setdefault(phrasing.entry, phrasing)
    return {text: list(by.values()) for text, by in said.items() if text and len(by) > 1}


def _identical(entries: Sequence[Entry]) -> Iterator[Problem]:
    for held in shared(entries).values():
        ids = tuple(phrasing.entry for phrasing in held)
        yield Problem(
            Kind.IDENTICAL,
            ids,
            f"“{held[0].text}” อยู่ทั้งใน {' และ '.join(ids)}",
            f"“{held[0].text}” stands in {' and in '.join(ids)}",
        )


def _near(
    entries: Sequence[Entry], encoder: Encoder | None, ours: Collection[str]
) -> Iterator[Problem]:
    texts = [plain(entry.question.th) for entry in entries]
    places = [place for place, entry in enumerate(entries) if entry.id in ours]
    for i, j in _alike(texts, places, encoder):
        first, second = entries[i], entries[j]
        yield Problem(
            Kind.NEAR,
            (first.id, second.id),
            f"{first.id} “{first.question.th}” กับ {second.id} “{second.question.th}”",
            f"{first.id} “{first.question.en}” and {second.id} “{second.question.en}”",
        )


def _alike(
    texts: Sequence[str], places: Sequence[int], encoder: Encoder | None
) -> Iterator[tuple[int, int]]:
    """Pairs, one of them at these places, that are nearly one in letters or in meaning.

    Other numbers make another question.
    """
    vectors = None if encoder is None else encoder.encode_kept(list(texts))
    numbers = ["".join(filter(str.isdigit, text)) for text in texts]
    ours = frozenset(places)
    for start in range(0, len(places), AT_ONCE):
        some = list(places[start : start + AT_ONCE])
        first = some[0] if len(ours) == len(texts) else 0  # pairs of earlier ones are told
        rows = [texts[place] for place in some]
        likeness = process.cdist(
            rows, texts[first:], scorer=fuzz.ratio, score_cutoff=ALIKE, dtype=np.uint8
        )
        near = likeness > 0
        if vectors is not None:
            near |= vectors[some] @ vectors[first:].T >= SAME_MATTER
        for row, place in np.argwhere(near).tolist():
            one, other = some[row], first + place
            is_new = one < other or (one != other and other not in ours)
            same_text = texts[one] == texts[other]  # told as identical
            if is_new and not same_text and numbers[one] == numbers[other]:
                yield one, other


def _incomplete(
    entries: Sequence[Entry],
    today: date | None,
    units: Collection[str] | None,
    unlinked: Mapping[str, str],
) -> Iterator[Problem]:
    for entry in entries:
        if link := unlinked.get(entry.id):
            th = f"{entry.id} ของ {entry.unit or '-'} ตอบโดยไม่มีลิงก์ เพราะลิงก์นี้อ่านไม่ได้: {link}"
            en = f"{entry.id} of {entry.unit or '-'} answers without its unreadable link: {link}"
            yield Problem(Kind.NO_LINK, (entry.id,), th, en)
        elif not (entry.source.clause or entry.source.url):
            th, en = f"{entry.id} ไม่บอกข้อหรือลิงก์ของที่มา", f"{entry.id} gives neither clause nor link"
            yield Problem(Kind.NO_SOURCE, (entry.id,), th, en)
        if entry.unit is None and not entry.id.startswith(FOR_ALL):
            th, en = f"{entry.id} ไม่มีหน่วยงานเจ้าของ", f"{entry.id} has no unit in charge"
            yield Problem(Kind.NO_OWNER, (entry.id,), th, en)
        if entry.unit is not None and units is not None and entry.unit not in units:
            th = f"{entry.id} เป็นของ {entry.unit} ซึ่งไม่มีใน profile.toml"
            en = f"{entry.id} belongs to {entry.unit}, which is no unit of profile.toml"
            yield Problem(Kind.NO_OWNER, (entry.id,), th, en)
        if today is not None and entry.review_by < today:
            th = f"{entry.id} ต้องทบทวนภายใน {entry.review_by}"
            en = f"{entry.id} was due for review by {entry.review_by}"
            yield Problem(Kind.PAST_REVIEW, (entry.id,), th, en)
