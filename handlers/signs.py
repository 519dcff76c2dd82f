"""What citizens' words are signs of: a complaint, wrong information, a suggestion, a request."""

import re
from functools import lru_cache

from knowledge.chains import Kind
from knowledge.thai import normalise
from knowledge.wording import Wording

NEAR = 40
"""Letters between what is broken and how, in one breath."""


class Signs:
    """Recognises what is told; all comparing is done on normalised text."""

    def __init__(self, wording: Wording) -> None:
        self._asking = _any(wording.words("signs.asking_words"))
        self._wrong = _near(wording.words("signs.page_words"), wording.words("signs.wrong_words"))
        self._broken = _near(
            wording.words("signs.thing_words"), wording.words("signs.trouble_words")
        )
        self._alone = _any(wording.words("signs.complaint_words"))
        self._wish = _any(wording.words("signs.wish_words"))
        self._request = _any(wording.words("signs.request_words"))

    def kind(self, text: str) -> Kind | None:
        """The kind of report that these words are, if they are one."""
        plain = normalise(text)
        if self._request.search(plain):
            return Kind.INFO_REQUEST
        if self._wrong.search(plain):
            return Kind.WRONG_INFO
        if self._alone.search(plain) or self._broken.search(plain):
            return Kind.COMPLAINT
        return Kind.SUGGESTION if self._wish.search(plain) else None

    def is_asking(self, text: str) -> bool:
        """Whether somebody asks rather than tells."""
        return "?" in text or bool(self._asking.search(normalise(text)))


@lru_cache(maxsize=512)
def signs(wording: Wording) -> Signs:
    """The signs of one wording; agencies that change nothing share one."""
    return Signs(wording)


def _one_of(words: list[str]) -> str:
    """Any of these; `ไหม` is not in `ไหม้`, nor an English word within another."""
    parts = []
    spelt = {form for word in words for form in (word.lower(), normalise(word)) if form}
    for word in spelt:
        plain = re.escape(word)
        parts.append(rf"\b{plain}\b" if word.isascii() else rf"{plain}(?![่-๎])")
    return "|".join(sorted(parts, key=len, reverse=True))


def _any(words: list[str]) -> re.Pattern[str]:
    return re.compile(_one_of(words))


def _near(things: list[str], troubles: list[str]) -> re.Pattern[str]:
    """A thing, and soon after it what is the matter with it."""
    return re.compile(rf"(?:{_one_of(things)}).{{0,{NEAR}}}?(?:{_one_of(troubles)})")
