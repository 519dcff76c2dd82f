"""What is measured between a question and each document: the numbers the ranking weighs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.lexical import concepts
from knowledge.misspelt import put_right
from knowledge.thai import expand, normalise
from knowledge.words import stopwords

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

DOCUMENT_SIGNALS: Final = (
    "letters", "sound", "covered", "both_ways", "covered_by_answer", "codes",
    "equal", "meaning", "meaning_with_answer", "meaning_on_average", "meaning_of_words",
    "meaning_of_all_words", "meaning_by_need", "meaning_by_needs",
    "second_meaning", "second_meaning_with_answer", "second_meaning_on_average",
)  # fmt: skip
BACKGROUND_SIGNALS: Final = (
    "letters", "sound", "both_ways", "covered", "meaning", "second_meaning",
)  # fmt: skip
UNCOVERED: Final = ("left", "heaviest_left", "elsewhere")
NEED_SIGNALS: Final = ("of_others", "not_ours", "not_its")


@dataclass(frozen=True, slots=True)
class Document:
    """What can be found: a question with the ways it is asked, in Thai and in English."""

    id: str
    question: str
    phrasings: tuple[str, ...] = ()
    answer: str = ""
    category: str = ""
    english: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A citizen's text, made ready to be compared."""

    text: str
    terms: tuple[str, ...]

    @property
    def content(self) -> tuple[str, ...]:
        """The terms that say something of the matter."""
        return tuple(t for t in self.terms if t not in stopwords() and not t.isdigit())


@dataclass(frozen=True, slots=True)
class Signals:
    """Measurements of one question: a row for each document that may answer it, and facts."""

    places: Ints  # (documents,): which documents the rows are about
    documents: Floats  # (documents, DOCUMENT_SIGNALS)
    uncovered: Floats  # (documents, UNCOVERED): what each document leaves of the question
    not_its: Floats  # (documents,): how little each document is about what is needed
    background: Floats  # (BACKGROUND_SIGNALS,), the best of all background questions
    of_others: float  # how much of what is needed is other bodies' business
    not_ours: float  # how much of what is needed no document here is about
    missing: float
    heaviest_missing: float
    content: int
    latin: bool

    def only(self, rows: Sequence[int]) -> "Signals":
        """Those of some rows alone."""
        return replace(
            self,
            places=self.places[rows],
            documents=self.documents[rows],
            uncovered=self.uncovered[rows],
            not_its=self.not_its[rows],
        )


def merged(one: Signals, other: Signals) -> Signals:
    """Those of documents in two indexes; what is missing must be so in both."""
    return replace(
        one,
        places=np.concatenate([one.places, other.places]),
        documents=np.concatenate([one.documents, other.documents]),
        uncovered=np.concatenate([one.uncovered, other.uncovered]),
        not_its=np.concatenate([one.not_its, other.not_its]),
        not_ours=min(one.not_ours, other.not_ours),
        missing=min(one.missing, other.missing),
        heaviest_missing=min(one.heaviest_missing, other.heaviest_missing),
    )


def prepare(
    text: str, abbreviations: Mapping[str, str], sounds: Mapping[str, str] = {}
) -> Question:
    """A citizen's text in normal form, and its words; `sounds` are of words that may be meant."""
    whole = put_right(expand(normalise(text), abbreviations), sounds)
    return Question(whole, tuple(dict.fromkeys(concepts(whole))))
