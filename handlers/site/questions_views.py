"""The page of questions as templates show it: sections, one entry, pages of a long topic."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from bot.messages import Card
from knowledge.agency import Agency, Entry
from knowledge.provenance import card, stale

IN_SECTION = 12
"""Questions of a topic that the first page names; the rest are one tap away."""
ON_PAGE = 20
"""Answers on one page of a topic."""
OTHERS = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry as a page shows it."""

    id: str
    question: str
    answer: str
    category: str
    card: Card
    stale: str | None
    """Said where the review date is past."""
    updated: date


@dataclass(frozen=True, slots=True)
class Section:
    """One topic: its first questions, and how many there are."""

    category: str
    entries: Sequence[Entry]
    count: int


@dataclass(frozen=True, slots=True)
class Part:
    """One page of a topic's answers, counted from 1."""

    entries: Sequence[Entry]
    number: int
    last: int


def shown(agency: Agency, language: str, entry: Entry, today: date) -> Shown:
    """An entry in this language, on this day."""
    return Shown(
        id=entry.id,
        question=entry.question.of(language),
        answer=entry.answer.of(language),
        category=entry.category,
        card=card(agency, language, entry),
        stale=stale(agency, language, entry, today),
        updated=entry.updated,
    )


def categories(agency: Agency) -> dict[str, list[Entry]]:
    """The agency's entries by topic, its own topics first, each in the order of its file."""
    found: dict[str, list[Entry]] = {}
    own = (entry for entry in agency.entries.values() if entry.id in agency.own)
    for entry in (*own, *(e for e in agency.entries.values() if e.id not in agency.own)):
        found.setdefault(entry.category, []).append(entry)
    return found


def sections(agency: Agency) -> list[Section]:
    """What the first page shows."""
    return [
        Section(category, entries[:IN_SECTION], len(entries))
        for category, entries in categories(agency).items()
    ]


def part(entries: Sequence[Entry], number: int) -> Part | None:
    """One page of these, or None where there is no such page."""
    last = -(-len(entries) // ON_PAGE)
    if not 1 <= number <= last:
        return None
    return Part(entries[(number - 1) * ON_PAGE : number * ON_PAGE], number, last)


def others(agency: Agency, entry: Entry) -> list[Entry]:
    """A few of the same topic: those that follow, then those before."""
    same = categories(agency)[entry.category]
    at = same.index(entry)
    return [*same[at + 1 :], *same[:at]][:OTHERS]


def address(agency: Agency, language: str, entry_id: str = "", **more: object) -> str:
    """A page's one address in this language; the agency's first language needs no mark."""
    wanted = {name: value for name, value in more.items() if value}
    if language != agency.profile.languages[0]:
        wanted["lang"] = language
    path = f"/{agency.slug}/questions" + (f"/{entry_id}" if entry_id else "")
    return f"{path}?{urlencode(wanted)}" if wanted else path


def changed_on(entries: Iterable[Entry], today: date) -> date:
    """The day since which these read as they do: the last update, or a review date just passed."""
    days = []
    for entry in entries:
        overdue = entry.review_by + timedelta(days=1)
        days.append(overdue if entry.updated < overdue <= today else entry.updated)
    return min(today, max(days, default=today))
