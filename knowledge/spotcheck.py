"""What a change of very many entries breaks, asked of the questions that matter most."""

from collections.abc import Sequence
from typing import Final

from knowledge.agency import Entry
from knowledge.conflicts import MakeMatcher, Progress, ask, outcome
from knowledge.guard import Change, Findings
from knowledge.problems import phrasings

FROM: Final = 500
"""Touched entries from which the whole guard would take many minutes."""
ASKED: Final = 300
"""Known phrasings that are asked besides the confirmed questions, from all over."""


def spot_check(
    before: Sequence[Entry],
    after: Sequence[Entry],
    *,
    make_matcher: MakeMatcher,
    confirmed: Sequence[tuple[str, str]],
    progress: Progress | None = None,
) -> Findings:
    """Every confirmed question and some known phrasings, before and after."""
    known = phrasings(before)
    some = known[:: len(known) // ASKED + 1]
    wanted = {phrasing.text: phrasing.entry for phrasing in some} | dict(confirmed)
    now = ask(make_matcher(after), list(wanted), progress)
    was = ask(make_matcher(before), list(wanted), progress)
    sure = dict(confirmed)
    changed = [
        Change(text, outcome(was[text]), outcome(now[text]), entry, text in sure)
        for text, entry in wanted.items()
        if outcome(was[text]) != outcome(now[text])
    ]
    changed.sort(key=lambda change: (not change.blocks, not change.is_worse))
    return Findings((), tuple(changed), len(wanted), len(known))
