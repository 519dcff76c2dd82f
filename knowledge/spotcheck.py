"""What a change of very many entries breaks, asked of the questions that matter most."""

from collections.abc import Sequence
from typing import Final

from knowledge.agency import Entry
from knowledge.conflicts import MakeMatcher, Progress, ask
from knowledge.guard import Findings, moved_answers
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
    changed = moved_answers(wanted, was, now, dict(confirmed))
    return Findings((), changed, len(wanted), len(known))
