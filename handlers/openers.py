"""Words that open a flow, and words that want help at once, as one agency's wording has them."""

import re
from functools import lru_cache

from knowledge.thai import normalise
from knowledge.wording import Wording

EMERGENCIES = ("medical", "fire", "police", "disaster", "distress")
SMALL_TALK = ("hello", "thanks", "bye", "who", "fine", "ok", "abuse")
FLOWS = {
    "menu": "menu.words",
    "cancel": "cancel.words",
    "top": "top.words",
    "contact": "contact.words",
    "cat": "catalogue.words",
    "lang:th": "language.th_words",
    "lang:en": "language.en_words",
    "lang": "language.words",
}
_NUMBER = re.compile(r"^(?:ข้อ(?:ที่)?|เลือก|หมายเลข|no\.?|number|#)? ?(\d{1,2}) ?[.)]?$")


class Openers:
    """Looks a citizen's words up; all comparing is done on normalised text."""

    def __init__(self, wording: Wording) -> None:
        self._flows = {_key(w): flow for flow, key in FLOWS.items() for w in wording.words(key)}
        self._talk = {
            _key(w): kind for kind in SMALL_TALK for w in wording.words(f"smalltalk.{kind}_words")
        }
        self._abuse = _any_of(wording.words("smalltalk.abuse_words"))
        self._hello = tuple(_key(w) for w in wording.words("smalltalk.hello_words"))
        self._urgent = {
            kind: _any_of(wording.words(f"emergency.{kind}_words")) for kind in EMERGENCIES
        }

    def flow(self, text: str) -> str | None:
        """The choice value that these words stand for."""
        return self._flows.get(_key(text))

    def small_talk(self, text: str) -> str | None:
        """Which kind of small talk this is, if it is nothing but that."""
        return self._talk.get(_key(text))

    def fallback_talk(self, text: str) -> str | None:
        """Small talk with something around it, asked when no answer was found."""
        plain = normalise(text)
        if self._abuse.search(plain):
            return "abuse"
        is_short = len(plain) <= 30  # noqa: PLR2004 - a greeting and a word or two
        return "hello" if is_short and plain.startswith(self._hello) else None

    def emergency(self, text: str) -> str | None:
        """The kind of emergency these words tell of."""
        plain = normalise(text)
        return next((kind for kind, words in self._urgent.items() if words.search(plain)), None)


@lru_cache(maxsize=512)
def openers(wording: Wording) -> Openers:
    """The openers of one wording; agencies that change nothing share one."""
    return Openers(wording)


def number(text: str) -> int | None:
    """The number that somebody typed to choose from a list, Thai digits or ours."""
    found = _NUMBER.match(normalise(text)) or _NUMBER.match(text.strip().lower())
    return int(found[1]) if found else None


def _key(text: str) -> str:
    if text.strip().startswith("/"):
        return text.strip().split()[0].lower()
    return normalise(text).strip(" ?!.") or text.strip().lower()


def _any_of(words: list[str]) -> re.Pattern[str]:
    """Any of the words: Latin ones as whole words, Thai ones anywhere, as Thai has no spaces."""
    parts = []
    for word in {normalise(w) or w for w in words}:
        plain = re.escape(word)
        parts.append(rf"\b{plain}\b" if word.isascii() else plain)
    return re.compile("|".join(sorted(parts, key=len, reverse=True)))
