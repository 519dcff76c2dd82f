"""What a few new or changed entries do to those near them: the guard's first look, in a second."""

from collections.abc import Sequence
from typing import Final

from knowledge.agency import Entry
from knowledge.conflicts import MakeMatcher, ask, taken, unreachable
from knowledge.guard import Findings, moved_answers
from knowledge.problems import Kind, flaws, phrasings, shared

NEAREST: Final = 5
"""Entries found for each way of asking for an edited one, whose own phrasings are asked again."""


def check_near(
    before: Sequence[Entry],
    after: Sequence[Entry],
    *,
    make_matcher: MakeMatcher,
    confirmed: Sequence[tuple[str, str]],
) -> Findings:
    """The problems of the edited entries, and which known questions near them end otherwise.

    Confirmed questions are all asked. `guard.compare` asks everything, which takes its time.
    """
    old = {entry.id: entry for entry in before}
    edited = {entry.id for entry in after if old.get(entry.id) != entry}
    matcher = make_matcher(after)
    ours = [phrasing for phrasing in phrasings(after) if phrasing.entry in edited]
    now = ask(matcher, [phrasing.text for phrasing in ours])
    near = edited | {key for match in now.values() for key, _ in match.ranked[:NEAREST]}
    wanted = {p.text: p.entry for p in reversed(phrasings(before)) if p.entry in near}
    wanted |= dict(confirmed)
    now |= ask(matcher, list(wanted))
    was = ask(make_matcher(before), list(wanted))
    doubled = {p.text for held in shared(after).values() for p in held}  # told as identical
    said = [p for p in phrasings(after) if p.text in now and p.text not in doubled]
    problems = [
        *flaws(after, only=edited),
        *unreachable(ours, now),
        *(found for found in taken(said, now) if not edited.isdisjoint(found.entries)),
    ]
    order = list(Kind)
    return Findings(
        tuple(sorted(problems, key=lambda problem: order.index(problem.kind))),
        moved_answers(wanted, was, now, dict(confirmed)),
        len(wanted),
        len({phrasing.text for phrasing in phrasings(before)} | dict(confirmed).keys()),
    )
