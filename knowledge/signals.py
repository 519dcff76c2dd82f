"""What can be measured between a question and each document: the numbers the ranking weighs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Encoder, Vectors, use_one_thread
from knowledge.glossary import Glossary
from knowledge.lexical import LetterIndex, WordIndex, concepts, is_code
from knowledge.thai import expand, is_mostly_latin, normalise, restore_tones, skeleton, sound
from knowledge.words import elsewhere, stopwords, toneless

Floats = NDArray[np.float32]

DOCUMENT_SIGNALS: Final = (
    "letters", "skeleton", "sound", "covered", "both_ways", "covered_by_all", "covered_by_answer",
    "codes", "equal", "meaning", "meaning_of_clause", "meaning_with_answer", "meaning_on_average",
    "meaning_of_words", "meaning_of_all_words",
)  # fmt: skip
BACKGROUND_SIGNALS: Final = ("letters", "sound", "both_ways", "covered", "meaning")
UNCOVERED: Final = ("left", "heaviest_left", "elsewhere")
IDENTICAL: Final = 0.999
SAME_MATTER: Final = 0.8  # two questions this near in meaning are the same
LONG: Final = 40
CLAUSES: Final = 5
SHORTEST_CLAUSE: Final = 10


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
    clauses: tuple[str, ...]

    @property
    def content(self) -> tuple[str, ...]:
        """The terms that say something of the matter."""
        return tuple(t for t in self.terms if t not in stopwords() and not t.isdigit())


@dataclass(frozen=True, slots=True)
class Signals:
    """Measurements of one question: a row for each document, and facts about the question."""

    documents: Floats  # (documents, DOCUMENT_SIGNALS)
    background: Floats  # (BACKGROUND_SIGNALS,), the best of all background questions
    uncovered: Floats  # (documents, UNCOVERED): what each document leaves of the question
    missing: float
    heaviest_missing: float
    content: int
    latin: bool


def prepare(text: str, abbreviations: Mapping[str, str]) -> Question:
    """A citizen's text in normal form, its words and its clauses."""
    whole = restore_tones(expand(normalise(text), abbreviations))
    return Question(whole, tuple(dict.fromkeys(concepts(whole))), tuple(_clauses(whole)))


def _clauses(text: str) -> list[str]:
    """The parts of a long message between blanks, short ones joined to what follows."""
    parts: list[str] = []
    for part in text.split() if len(text) > LONG else ():
        if parts and len(parts[-1]) < SHORTEST_CLAUSE:
            parts[-1] = f"{parts[-1]} {part}"
        else:
            parts.append(part)
    return parts[:CLAUSES] if len(parts) > 1 else []


class Index:
    """Everything about the documents that does not depend on the question."""

    def __init__(
        self,
        documents: Sequence[Document],
        *,
        encoder: Encoder | None,
        background: Sequence[str],
        abbreviations: Mapping[str, str],
    ) -> None:
        use_one_thread()
        toneless()  # built now rather than at the first question that needs it
        self._encoder = encoder
        self._abbreviations = {
            short.lower(): normalise(full) for short, full in abbreviations.items()
        }
        own = [[d.question, *d.phrasings, *d.english] for d in documents]
        texts = [self._plain(text) for phrases in own for text in phrases]
        self._starts = np.cumsum([0, *(len(phrases) for phrases in own[:-1])])
        self._own = len(texts)
        self._size = len(documents)
        texts += [self._plain(text) for text in background]
        texts = self._without_ours(texts)
        answers = [self._plain(d.answer) for d in documents]
        headings = [self._plain(d.category) for d in documents]
        self._index_letters(texts)
        self._index_words(texts, answers, headings, own)
        questions = texts[: self._own]
        self._meanings = self._embed(texts)
        first = [questions[start] for start in self._starts[: self._size]]
        self._answers = self._embed([f"{q} {a}" for q, a in zip(first, answers, strict=True)])
        self._glossary = encoder and Glossary(encoder, [self._bag_sets, self._held])

    def prepare(self, text: str) -> Question:
        """A citizen's text made ready, with the abbreviations of these documents."""
        return prepare(text, self._abbreviations)

    def measure(self, question: Question) -> Signals:
        """All signals between the question and each document."""
        letters = self._letters.cosine(question.text)
        likeness = self._skeletons.cosine(skeleton(question.text))
        sounds = self._sounds.cosine(sound(question.text))
        covered, back = self._words.covered(question.terms)
        both = 2 * covered * back / np.maximum(covered + back, 1e-6)
        meaning, clause, with_answer, words = self._meaning(question)
        best, own = self._best, self._own
        columns = (
            best(letters), best(likeness), best(sounds), best(covered), best(both),
            self._bags.covered(question.terms)[0], self._full.covered(question.terms)[0],
            self._codes_in(question), best((letters > IDENTICAL).astype(np.float32)),
            best(meaning), best(clause), with_answer, self._average(meaning),
            *words,
        )  # fmt: skip
        missing, heaviest = self._full.missing(question.terms)
        others = [letters, sounds, both, covered, meaning]
        return Signals(
            documents=np.stack(columns, axis=1).astype(np.float32),
            background=np.asarray([s[own:].max(initial=0.0) for s in others], np.float32),
            uncovered=self._uncovered(question),
            missing=missing,
            heaviest_missing=heaviest,
            content=len(question.content),
            latin=is_mostly_latin(question.text),
        )

    def _plain(self, text: str) -> str:
        return expand(normalise(text), self._abbreviations)

    def _without_ours(self, texts: list[str]) -> list[str]:
        """The texts without those background questions that an entry here asks as well."""
        own, others = texts[: self._own], texts[self._own :]
        vectors = self._embed(texts)
        if vectors is None or not own or not others:
            known = set(own)
            return own + [text for text in others if text not in known]
        near = (vectors[self._own :] @ vectors[: self._own].T).max(axis=1)
        return own + [t for t, n in zip(others, near, strict=True) if n < SAME_MATTER]

    def _index_letters(self, texts: list[str]) -> None:
        self._letters = LetterIndex(texts, (2, 3, 4))
        self._skeletons = LetterIndex([skeleton(text) for text in texts], (2, 3, 4))
        self._sounds = LetterIndex([sound(text) for text in texts], (3, 4))

    def _index_words(
        self, texts: list[str], answers: list[str], headings: list[str], own: list[list[str]]
    ) -> None:
        cut = [concepts(text) for text in texts]
        ends = [*self._starts[1:], self._own]
        pairs = zip(self._starts[: self._size], ends, strict=False)
        bags = [{t for row in cut[start:end] for t in row} for start, end in pairs]
        seen = Counter(term for bag in bags for term in bag)
        details = [concepts(f"{a} {h}") for a, h in zip(answers, headings, strict=True)]
        full = [bag.union(more) for bag, more in zip(bags, details, strict=True)]
        total = len(own)
        self._words = WordIndex([set(row) for row in cut], seen, total)
        self._bags = WordIndex(bags, seen, total)
        self._full = WordIndex(full, seen, total)
        self._bag_sets, self._held = bags, full
        self._code_sets = [frozenset(filter(is_code, bag)) for bag in full]

    def _best(self, phrases: Floats) -> Floats:
        """For each document the best of its phrases."""
        if not self._size:
            return np.zeros(0, np.float32)
        return np.maximum.reduceat(phrases[: self._own], self._starts)

    def _average(self, phrases: Floats) -> Floats:
        if not self._size:
            return np.zeros(0, np.float32)
        counts = np.diff([*self._starts, self._own])
        total = np.add.reduceat(phrases[: self._own], self._starts)
        return (total / counts).astype(np.float32)

    def _codes_in(self, question: Question) -> Floats:
        """1 where a document has the question's form codes, -1 where it has others only."""
        asked = frozenset(filter(is_code, question.terms))
        if not asked:
            return np.zeros(self._size, np.float32)
        shares = [2 * len(asked & held) / len(asked) - 1 for held in self._code_sets]
        return np.asarray(shares, np.float32)

    def _uncovered(self, question: Question) -> Floats:
        """What each document leaves of the question: weight, the heaviest word, signs of others."""
        terms = question.content
        weights = np.asarray([self._full.weight(term) for term in terms], np.float32)
        foreign = np.asarray([term in elsewhere() for term in terms], np.float32)
        left = np.asarray([[t not in held for t in terms] for held in self._held], np.float32)
        left = left.reshape(self._size, len(terms))
        heaviest = (left * weights).max(axis=1, initial=0.0)
        return np.stack([left @ weights, heaviest, left @ foreign], axis=1).astype(np.float32)

    def _embed(self, texts: list[str]) -> Vectors | None:
        return None if self._encoder is None else self._encoder.encode_kept(texts)

    def _meaning(self, question: Question) -> tuple[Floats, Floats, Floats, list[Floats]]:
        """Cosines with phrases (of the whole, of the best clause), with answers, word by word."""
        phrases = self._meanings
        nothing = np.zeros(self._size, np.float32)
        if self._encoder is None or phrases is None or self._answers is None or not self._glossary:
            none = np.zeros(len(self._skeletons), np.float32)
            return none, none, nothing, [nothing, nothing]
        new = self._glossary.unknown(question.content)
        asked = self._encoder.encode([question.text, *question.clauses, *new])
        whole = 1 + len(question.clauses)
        self._glossary.learn(new, asked[whole:])
        near = phrases @ asked[:whole].T
        weights = np.asarray([self._full.weight(t) for t in question.content], np.float32)
        words = self._glossary.covered(question.content, weights)
        return near[:, 0], near.max(axis=1), self._answers @ asked[0], words
