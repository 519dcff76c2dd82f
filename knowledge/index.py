"""The index of an agency's documents: all that does not depend on the question."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import Encoder, Vectors, second_of, shared, use_one_thread
from knowledge.glossary import Glossary
from knowledge.lexical import LetterIndex, WordIndex, concepts, is_code, spans
from knowledge.meanings import Meanings, vectors_of
from knowledge.misspelt import sounds_of
from knowledge.needs import Needs
from knowledge.signals import Document, Floats, Ints, Question, Signals, prepare
from knowledge.thai import expand, is_mostly_latin, normalise, sound
from knowledge.words import elsewhere

CANDIDATES: Final = 48
"""Documents that are looked at closely; the others are too unlike the question."""
BLOCK: Final = 4_000
"""Phrases that are compared at once, so that what is computed needs little room."""
IDENTICAL: Final = 0.999
SAME_MATTER: Final = 0.8  # two questions this near in meaning are the same


@lru_cache(maxsize=8)
def _plain_background(background: tuple[str, ...]) -> tuple[str, ...]:
    """What other bodies are asked, in normal form; agencies share it."""
    return tuple(map(normalise, background))


class Index:
    """Finds and measures documents; immutable."""

    _letters: LetterIndex
    _sounds: LetterIndex
    _seen: Counter[str]
    _total: int
    _meanings: Meanings | None = None
    _second: Meanings | None = None
    _needs: Needs | None = None

    def __init__(
        self,
        documents: Sequence[Document],
        *,
        encoder: Encoder | None,
        background: Sequence[str],
        abbreviations: Mapping[str, str],
        like: "Index | None" = None,
    ) -> None:
        """With `like`, what is rare is what is rare there: for a few documents beside many."""
        use_one_thread()
        self._encoder = encoder
        self._abbreviations = {
            short.lower(): normalise(full) for short, full in abbreviations.items()
        }
        own = [[d.question, *d.phrasings, *d.english] for d in documents]
        texts = [self._plain(text) for phrases in own for text in phrases]
        self._starts = np.cumsum([0, *(len(phrases) for phrases in own)])
        self._size, self._own = len(documents), len(texts)
        self._texts = frozenset(texts)
        phrases = vectors_of(encoder, texts) if encoder and texts else None
        others = _plain_background(tuple(background))
        not_ours = self._not_ours(phrases, others)
        self._others = frozenset(t for t, kept in zip(others, not_ours, strict=True) if kept)
        texts += [text for text in others if text in self._others]
        answers = [self._plain(d.answer) for d in documents]
        headings = [self._plain(d.category) for d in documents]
        self._letters = LetterIndex(texts, (2, 3, 4), like=like._letters if like else None)
        noises = [sound(text) for text in texts]
        self._sounds = LetterIndex(noises, (3, 4), like=like._sounds if like else None)
        self._index_words(texts, answers, headings, like)
        self._audible: Mapping[str, str] = (
            like._audible if like else sounds_of(term for term, _ in self._seen.most_common())
        )
        if encoder is not None and phrases is not None:
            self._index_meanings(encoder, texts, answers, phrases, others)

    def asks_what_others_are_asked(self, other: "Index") -> bool:
        """Whether a background question of the other index is a matter of a document here."""
        if self._meanings is None or other._meanings is None:
            return not self._texts.isdisjoint(other._others)
        return self._meanings.nearest_of_background(other._meanings) >= SAME_MATTER

    def prepare(self, text: str) -> Question:
        """A citizen's text made ready, with the abbreviations and the words of these documents."""
        return prepare(text, self._abbreviations, self._audible)

    def measure(self, question: Question) -> Signals:
        """All signals between the question and the documents that may answer it."""
        own = self._own
        letters = self._letters.cosine(question.text)
        sounds = self._sounds.cosine(sound(question.text))
        covered, back = self._words.covered(question.terms)
        both = 2 * covered * back / np.maximum(covered + back, 1e-6)
        asked, words = self._embedded(question)
        promise = self._best(letters) + self._best(sounds) + self._best(both)
        places, (meaning, average, with_answer, others) = self._meant(promise, asked)
        need, needs, not_its, of_others, not_ours = self._needed(places, asked)
        *again, others_again = self._meant_again(places, question)
        rows, starts = spans(self._starts, places)
        alike, *others_alike = (
            np.maximum.reduceat(s[rows], starts) for s in (letters, sounds, covered, both)
        )
        columns = (
            alike, *others_alike,
            self._full.covered(question.terms)[0][places],
            self._codes_in(question, places), alike > IDENTICAL,
            meaning, with_answer, average, *self._worded(question, places, words),
            need, needs, *again,
        )  # fmt: skip
        missing, heaviest = self._full.missing(question.terms)
        behind = [s[own:].max(initial=0.0) for s in (letters, sounds, both, covered)]
        return Signals(
            places=places,
            documents=np.stack(columns, axis=1).astype(np.float32),
            uncovered=self._uncovered(question, places),
            not_its=not_its,
            background=np.asarray([*behind, others, others_again], np.float32),
            of_others=of_others,
            not_ours=not_ours,
            missing=missing,
            heaviest_missing=heaviest,
            content=len(question.content),
            latin=is_mostly_latin(question.text),
        )

    def _plain(self, text: str) -> str:
        return expand(normalise(text), self._abbreviations)

    def _not_ours(self, phrases: Vectors | None, others: Sequence[str]) -> NDArray[np.bool_]:
        """Which background questions no entry here asks as well."""
        if self._encoder is None or phrases is None or not others:
            return np.asarray([text not in self._texts for text in others], bool)
        rows = shared(self._encoder, others)
        near = np.full(len(rows), -1.0, np.float32)
        for at in range(0, len(phrases), BLOCK):
            np.maximum(near, (rows @ phrases[at : at + BLOCK].T).max(axis=1), out=near)
        return near < SAME_MATTER

    def _index_words(
        self, texts: list[str], answers: list[str], headings: list[str], like: "Index | None"
    ) -> None:
        cut = [concepts(text) for text in texts]
        bags = [  # tuples need a tenth of the room of sets
            tuple({t for row in cut[start:end] for t in row})
            for start, end in zip(self._starts, self._starts[1:], strict=False)
        ]
        self._seen = like._seen if like else Counter(term for bag in bags for term in bag)
        self._total = like._total if like else self._size
        details = (concepts(f"{a} {h}") for a, h in zip(answers, headings, strict=True))
        whole = [tuple({*bag, *more}) for bag, more in zip(bags, details, strict=True)]
        self._words = WordIndex([tuple(set(row)) for row in cut], self._seen, self._total)
        self._full = WordIndex(whole, self._seen, self._total)
        self._codes = {
            n: frozenset(filter(is_code, held))
            for n, held in enumerate(whole)
            if any(map(is_code, held))
        }
        self._glossary = self._encoder and Glossary(self._encoder, [bags, whole])

    def _index_meanings(
        self,
        encoder: Encoder,
        texts: Sequence[str],
        answers: Sequence[str],
        phrases: Vectors,
        others: Sequence[str],
    ) -> None:
        first = [texts[start] for start in self._starts[:-1]]
        whole = [f"{question} {answer}" for question, answer in zip(first, answers, strict=True)]
        kept = np.asarray([text in self._others for text in others], bool)
        self._meanings = Meanings(
            phrases,
            vectors_of(encoder, whole),
            self._starts,
            background=shared(encoder, others),
            kept=kept,
        )
        self._needs = Needs.of(encoder, phrases, self._starts)
        if (second := second_of(encoder)) is not None:
            self._second = Meanings(
                vectors_of(second, texts[: self._own]),
                vectors_of(second, whole),
                self._starts,
                background=shared(second, others),
                kept=kept,
            )

    def _best(self, phrases: Floats) -> Floats:
        """For each document the best of its phrases."""
        if not self._size:
            return np.zeros(0, np.float32)
        best: Floats = np.maximum.reduceat(phrases[: self._own], self._starts[:-1])
        return best

    def _candidates(self, promise: Floats) -> Ints:
        if self._size <= CANDIDATES:
            return np.arange(self._size)
        return np.sort(np.argpartition(-promise, CANDIDATES)[:CANDIDATES])

    def _codes_in(self, question: Question, places: Ints) -> Floats:
        """1 where a document has the question's form codes, -1 where it has others only."""
        asked = frozenset(filter(is_code, question.terms))
        if not asked:
            return np.zeros(len(places), np.float32)
        nothing: frozenset[str] = frozenset()
        held = [self._codes.get(place, nothing) for place in places.tolist()]
        return np.asarray([2 * len(asked & codes) / len(asked) - 1 for codes in held], np.float32)

    def _uncovered(self, question: Question, places: Ints) -> Floats:
        """What each document leaves of the question: weight, the heaviest word, signs of others."""
        terms = question.content
        weights = self._weights(terms)
        foreign = np.asarray([term in elsewhere() for term in terms], np.float32)
        left = (~self._full.holds(places, terms)).astype(np.float32)
        heaviest = (left * weights).max(axis=1, initial=0.0)
        return np.stack([left @ weights, heaviest, left @ foreign], axis=1).astype(np.float32)

    def _weights(self, terms: Sequence[str]) -> Floats:
        return np.asarray([self._full.weight(term) for term in terms], np.float32)

    def _embedded(self, question: Question) -> tuple[Vectors | None, Vectors | None]:
        """The vector of the question, and those of its words."""
        if self._encoder is None or not self._glossary:
            return None, None
        content = question.content
        new = self._glossary.unknown(content)
        found = self._encoder.encode([question.text, *new])
        return found[0], self._glossary.vectors(content, found[1:])

    def _meant(
        self, promise: Floats, asked: Vectors | None
    ) -> tuple[Ints, tuple[Floats, Floats, Floats, float]]:
        """The candidates by words and meaning, and how near they are in meaning."""
        if self._meanings is None or asked is None:
            places = self._candidates(promise)
            nothing = np.zeros(len(places), np.float32)
            return places, (nothing, nothing, nothing, 0.0)
        near = self._meanings.nearness(asked)
        places = self._candidates(promise + 2 * self._best(near))
        return places, self._meanings.closely(places, asked, near)

    def _meant_again(
        self, places: Ints, question: Question
    ) -> tuple[Floats, Floats, Floats, float]:
        """How near the candidates are as a second encoder takes the question as a whole."""
        second = second_of(self._encoder)
        if self._second is None or second is None:
            nothing = np.zeros(len(places), np.float32)
            return nothing, nothing, nothing, 0.0
        (asked,) = second.encode([question.text])
        best, average, answer, others = self._second.closely(
            places, asked, self._second.nearness(asked)
        )
        return best, answer, average, others

    def _needed(
        self, places: Ints, asked: Vectors | None
    ) -> tuple[Floats, Floats, Floats, float, float]:
        if self._needs is None or asked is None:
            nothing = np.zeros(len(places), np.float32)
            return nothing, nothing, nothing, 0.0, 0.0
        return self._needs.between(places, asked)

    def _worded(self, question: Question, places: Ints, words: Vectors | None) -> list[Floats]:
        """Word by word, the share of the question that a document's words come near."""
        if words is None or not self._glossary:
            nothing = np.zeros(len(places), np.float32)
            return [nothing, nothing]
        return self._glossary.covered(words, self._weights(question.content), places)
