"""What citizens' words are signs of: a complaint, wrong information, a suggestion, a request."""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from knowledge.chains import Kind
from knowledge.patterns import alternatives, any_of
from knowledge.thai import normalise
from knowledge.wording import Wording

NEAR = 40
"""Letters between what is broken and how, in one breath."""
TURNED = 12
"""Letters between how and what, where it is said the other way round."""
A_REASON = 40
"""Letters up to which a fear is only the reason for what was said before it."""


class Answer(StrEnum):
    """A word or two that answer what was asked while a report is written."""

    YES = "yes"
    NO = "no"
    DROP = "drop"
    ANONYMOUS = "anonymous"
    HIDDEN = "hidden"
    NAMED = "named"
    SILENT = "silent"
    """Nothing more is told; what was told stays."""
    UNCALLED = "uncalled"
    """There is no telephone number, or none to be given."""
    CHANGE = "change"
    BACK = "back"
    RESUME = "resume"
    OTHER = "other"
    """None of what was offered."""


REFUSING = frozenset(
    {Answer.NO, Answer.DROP, Answer.ANONYMOUS, Answer.HIDDEN, Answer.SILENT, Answer.UNCALLED}
)


class Signs:
    """Recognises what is told; all comparing is done on normalised text."""

    def __init__(self, wording: Wording) -> None:
        words = wording.words
        self._asking = any_of(words("signs.asking_words"))
        self._in_names = {normalise(word) for word in words("signs.name_words")}
        self._harmless = any_of(words("signs.harmless_words"))
        self._over = any_of(words("signs.over_words"))
        self._thanks = any_of(words("smalltalk.thanks_words"))
        self._wrong = _near(words("signs.page_words"), words("signs.wrong_words"))
        self._answer = any_of(words("signs.answer_words"))
        self._broken = _near(words("signs.thing_words"), words("signs.trouble_words"))
        self._alone = any_of(words("signs.complaint_words"))
        self._wish = any_of(words("signs.wish_words"))
        self._urging = any_of(words("signs.urging_words"))
        self._request = any_of(words("signs.request_words"))
        self._answers = {
            key_of(word): answer for answer in Answer for word in words(f"signs.{answer}_words")
        }
        self._fear = re.compile(rf"(?<!ไม่)(?:{alternatives(words('signs.fear_words'))})")
        self._kind = lru_cache(maxsize=512)(self._find_kind)  # of the latest messages

    def kind(self, text: str) -> Kind | None:
        """The kind of report that these words are, if they are one."""
        return self._kind(text)

    def _find_kind(self, text: str) -> Kind | None:
        plain = self._harmless.sub(" ", normalise(text))
        if self._over.search(plain) and self._thanks.search(plain):
            return None
        if self._request.search(plain):
            return Kind.INFO_REQUEST
        if self._wrong.search(plain):
            return Kind.WRONG_INFO
        if self._alone.search(plain) or self._broken.search(plain):
            return Kind.COMPLAINT
        return Kind.SUGGESTION if self._wish.search(plain) else None

    def is_urging(self, text: str) -> bool:
        """Whether a wish is only that something is done about what was told."""
        return self.kind(text) is Kind.SUGGESTION and bool(self._urging.search(normalise(text)))

    def is_asking(self, text: str) -> bool:
        """Whether somebody asks rather than tells."""
        return "?" in text or bool(self._asking.search(normalise(text)))

    def is_no_name(self, text: str) -> bool:
        """Whether a question came where a name was wanted: `ไหม` alone may be a part of one."""
        return "?" in text or not self._in_names.issuperset(self._asking.findall(normalise(text)))

    def is_of_an_answer(self, text: str) -> bool:
        """Whether what is wrong is an answer that was given."""
        return bool(self._answer.search(normalise(text)))

    def answer(self, text: str) -> Answer | None:
        """Which short answer these words are, if nothing but one."""
        return self._answers.get(key_of(text))

    def refusal(self, text: str) -> Answer | None:
        """Which refusal stands before a fear that is its reason, and tells nothing to be kept."""
        plain = normalise(text)
        fear = self._fear.search(plain)
        if fear is None or len(plain) - fear.start() > A_REASON:
            return None
        if self.kind(text) or self.is_asking(text) or any(one.isdigit() for one in plain):
            return None
        answer = self.answer(plain[: fear.start()].rstrip(" ,"))
        return answer if answer in REFUSING else None


def key_of(text: str) -> str:
    """Words in the form in which short answers are compared."""
    return normalise(text).strip("?!. ").replace(" ", "")


@lru_cache(maxsize=512)
def signs(wording: Wording) -> Signs:
    """The signs of one wording; agencies that change nothing share one."""
    return Signs(wording)


def _near(things: Sequence[str], troubles: Sequence[str]) -> re.Pattern[str]:
    """A thing and soon after it what is the matter with it, or closer the other way round."""
    thing, trouble = alternatives(things), alternatives(troubles)
    straight = rf"(?:{thing}).{{0,{NEAR}}}?(?<!ไม่)(?:{trouble})"
    return re.compile(rf"{straight}|(?<!ไม่)(?:{trouble}).{{0,{TURNED}}}?(?:{thing})")
