"""Words that open a flow, and words that want help at once, as one agency's wording has them."""

import re
from functools import lru_cache

from knowledge.patterns import any_of
from knowledge.small_talk import examples_of
from knowledge.thai import normalise, segment
from knowledge.wording import Wording

EMERGENCIES = ("medical", "fire", "distress", "police", "disaster")
HELP = ("police", "medical", "fire")
"""What a bare cry for help may be."""
FLOWS = {
    "menu": "menu.words",
    "links": "menu.link_words",
    "cancel": "cancel.words",
    "top": "top.words",
    "contact": "contact.words",
    "report": "report.words",
    "report:complaint": "report.complaint_words",
    "report:wrong-info": "report.wrong_words",
    "report:suggestion": "report.suggestion_words",
    "report:info-request": "report.request_words",
    "mine": "mine.words",
    "cat": "catalogue.words",
    "news": "subscribe.words",
    "news:stop": "subscribe.stop_words",
    "news:again": "subscribe.again_words",
    "news:latest": "subscribe.latest_words",
    "news:back": "subscribe.back_words",
    "lang:th": "language.th_words",
    "lang:en": "language.en_words",
    "lang": "language.words",
}
BARE = "subscribe.bare_words"
"""They leave what is going on; where nothing is, they stop the news."""
_NUMBER = re.compile(
    r"^(?:เอา|เลือก|ตอบ|ขอ)? ?(?:ข้อ|อัน|หมายเลข|เบอร์|no\.?|number|option|#)?(?:ที่)? ?(\d{1,2}) ?[.)]?$"
)
_ORDINALS = {
    f"{before}{word}": count
    for before in ("", "ข้อ", "ข้อที่", "อัน", "อันที่")
    for count, words in enumerate(("แรก หนึ่ง", "สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด"), 1)
    for word in words.split()
}


class Openers:
    """Looks a citizen's words up; all comparing is done on normalised text."""

    def __init__(self, wording: Wording) -> None:
        self._flows = {_key(w): flow for flow, key in FLOWS.items() for w in wording.words(key)}
        self._flows |= {_key(w): "cancel" for w in wording.words(BARE)}
        self._talk = {_key(w): kind for kind, words in examples_of(wording).items() for w in words}
        self._abuse = any_of(wording.words("smalltalk.abuse_words"))
        self._urgent = {
            kind: any_of(wording.words(f"emergency.{kind}_words")) for kind in EMERGENCIES
        }
        self._cries = {_key(w) for w in wording.words("emergency.help_words")}
        self._emergencies = lru_cache(maxsize=512)(self._find_emergencies)  # of the latest messages

    def flow(self, text: str) -> str | None:
        """The choice value that these words stand for."""
        return self._flows.get(_key(text))

    def small_talk(self, text: str) -> str | None:
        """Which kind of small talk this is, if it is nothing but that."""
        return self._talk.get(_key(text))

    def is_abusive(self, text: str) -> bool:
        """Whether it holds a word of abuse; asked when no answer was found."""
        plain = normalise(text)
        edges = _edges(plain)
        return any(edges.issuperset(found.span()) for found in self._abuse.finditer(plain))

    def emergencies(self, text: str) -> tuple[str, ...]:
        """The kinds of emergency that these words tell of, the most pressing first."""
        return self._emergencies(text)

    def _find_emergencies(self, text: str) -> tuple[str, ...]:
        plain = normalise(text)
        found = tuple(kind for kind, words in self._urgent.items() if words.search(plain))
        return found or (HELP if _key(text) in self._cries else ())


@lru_cache(maxsize=512)
def openers(wording: Wording) -> Openers:
    """The openers of one wording; agencies that change nothing share one."""
    return Openers(wording)


def number(text: str) -> int | None:
    """The number that somebody typed to choose from a list, Thai digits or ours."""
    plain = normalise(text)
    found = _NUMBER.match(plain) or _NUMBER.match(text.strip().lower())
    return int(found[1]) if found else _ORDINALS.get(plain)


def _key(text: str) -> str:
    if text.strip().startswith("/"):
        return text.strip().split()[0].lower().partition("@")[0]
    return normalise(text).strip("?!.").replace(" ", "") or text.strip().lower()


def _edges(plain: str) -> set[int]:
    """Where a word begins or ends: `สัสดี` is an office, not what its first letters are."""
    edges, at = {0}, 0
    for word in segment(plain):
        at = plain.index(word.text, at)
        edges |= {at, at + len(word.text)}
        at += len(word.text)
    return edges
