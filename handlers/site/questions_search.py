"""Searching the page of questions: the chat's own matcher, and its own honesty."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from handlers.answering import SUGGESTIONS
from handlers.openers import openers
from handlers.site.limits import Allowance
from handlers.spoken import has_words
from knowledge.agency import Agency, Entry
from knowledge.matching import Decision, Match
from knowledge.registry import Served

READ_AT_MOST = 300
"""Characters of a search that are looked at; the box takes no more."""
FIELDS = 20
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class TooManySearches(Exception):
    """Somebody searches faster than any person."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to."""

    words: str
    answer: Entry | None = None
    suggestions: Sequence[Entry] = ()
    emergencies: Sequence[str] = ()
    """Kinds of emergency that the words tell of: their numbers come before anything else."""


class Search:
    """Matches words as the chat does, each visitor no faster than there."""

    def __init__(self) -> None:
        self._allowance = Allowance()
        self._turn = asyncio.Lock()

    async def find(self, served: Served, words: str, visitor: str) -> Found | None:
        """What these words find, None if they are no words; raises TooManySearches."""
        if not has_words(words):
            return None
        if not self._allowance.take(visitor):
            raise TooManySearches
        async with self._turn:  # one at a time: of a flood, others wait for one only
            return await asyncio.to_thread(_find, served, words)


def _find(served: Served, words: str) -> Found:
    match = served.matcher.match(words)
    kinds = openers(served.agency.wording).emergencies(words)
    return found(served.agency, words, match, kinds)


def found(agency: Agency, words: str, match: Match, emergencies: Sequence[str]) -> Found:
    """The matcher's decision: one answer, a few to choose from, or neither."""
    entries = [agency.entries[key] for key, _ in match.ranked if key in agency.entries]
    if match.decision is Decision.ANSWER and entries:
        return Found(words, answer=entries[0], emergencies=emergencies)
    if match.decision is Decision.SUGGEST:
        return Found(words, suggestions=entries[:SUGGESTIONS], emergencies=emergencies)
    return Found(words, emergencies=emergencies)


def cleaned(words: str) -> str:
    """One line of what can be seen, not longer than is looked at."""
    return " ".join(_UNSEEN.sub(" ", words).split())[:READ_AT_MOST]


def words_of(body: bytes) -> str:
    """The words of a form; one that cannot be read holds none."""
    text = body.decode("utf-8", "replace")
    try:
        fields = dict(parse_qsl(text, max_num_fields=FIELDS))
    except ValueError:
        return ""
    return fields.get("q", "")
