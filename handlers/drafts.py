"""A report being written in the chat: what is known of it, and what is asked next. Pure."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from admin.tickets import Privacy
from bot.messages import Place
from knowledge.chains import Kind

KEPT_FOR = timedelta(hours=24)
"""How long a report waits for whoever left it."""
MOST_FILES = 10
OFFERED = 3
"""Topics or items of the catalogue to choose from."""
MOST_WORDS = 4_000
"""Letters of a whole report."""
LONGEST_NAME = 200
LONGEST_PHONE = 60
A_NUMBER = 7
"""Digits from which on words are somebody's number."""
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"']{4,1900}")
_PHONE = re.compile(r"(?<![\d-])(?:\+66|[0๐])(?:[ .-]?\d){8,9}(?![ .-]?\d)")
_CALLED = re.compile(r"[\s,:]*(?:(?:เบอร์)?โทร(?:ศัพท์)?\.?|เบอร์|(?i:tel\.?|phone))?[\s,:]*$")


class Step(StrEnum):
    """What is asked, one thing at a time."""

    KIND = "kind"
    WHAT = "what"
    RIGHT = "right"
    WHERE = "where"
    TOPIC = "topic"
    FILES = "files"
    SPOT = "spot"
    """Whether the place that a photo tells of may be kept."""
    PRIVACY = "privacy"
    NAME = "name"
    PHONE = "phone"
    SAME = "same"
    """Whether it is a matter that somebody has reported already."""
    PREVIEW = "preview"


ORDER: Mapping[Kind, tuple[Step, ...]] = {
    Kind.WRONG_INFO: (
        Step.WHAT, Step.RIGHT, Step.WHERE, Step.FILES, Step.PRIVACY, Step.NAME, Step.PHONE,
        Step.SAME, Step.PREVIEW,
    ),
    Kind.COMPLAINT: (
        Step.WHAT, Step.TOPIC, Step.FILES, Step.SPOT, Step.PRIVACY, Step.NAME, Step.PHONE,
        Step.SAME, Step.PREVIEW,
    ),
    Kind.SUGGESTION: (Step.WHAT, Step.SPOT, Step.PRIVACY, Step.NAME, Step.PHONE, Step.PREVIEW),
    Kind.INFO_REQUEST: (
        Step.WHAT, Step.WHERE, Step.PRIVACY, Step.NAME, Step.PHONE, Step.PREVIEW,
    ),
}  # fmt: skip
"""What each kind of report needs, in this order."""
SKIPPABLE = frozenset({Step.RIGHT, Step.WHERE, Step.TOPIC, Step.FILES, Step.PHONE})
WORDS = frozenset({Step.WHAT, Step.RIGHT, Step.NAME, Step.PHONE})
"""Steps that are answered in the citizen's own words."""
PERSONAL = frozenset({Step.NAME, Step.PHONE})


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """Words, and the message they came in: taken back, they go."""

    text: str
    message: str | None = None
    entry: str | None = None
    """The answer that they say is wrong."""


class Draft(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything the citizen has told so far."""

    touched: datetime
    kind: Kind | None = None
    was: Kind | None = None
    """The kind that it had before it was turned into this one."""
    said: tuple[Said, ...] = ()
    right: Said | None = None
    item: str | None = None
    entry: str | None = None
    url: str | None = None
    topic: str | None = None
    files: tuple[int, ...] = ()
    place: Place | None = None
    placed: str | None = None
    """The message that the place came in."""
    privacy: Privacy | None = None
    name: Said | None = None
    phone: Said | None = None
    done: tuple[Step, ...] = ()
    """The steps that were answered or skipped, in the order in which they were."""
    chose: tuple[tuple[str, Step | None], ...] = ()
    """The messages whose words chose something, and the step that each answered."""
    asked: Step | None = None
    """A step that is asked once more though it was answered: what there is stays until then."""
    join: str | None = None
    """The number of the like matter that it is to be joined to."""
    paused: bool = False
    filed: datetime | None = None
    """When the last file came, unless words or a tap came since: a burst is answered once."""
    full: bool = False
    """Whether that file was one too many."""

    @property
    def what(self) -> str:
        """All words so far."""
        return "\n".join(part.text for part in self.said)

    @property
    def is_told(self) -> bool:
        """Whether there is anything in it that could be lost."""
        return bool(self.said or self.files or self.place)

    @property
    def is_begun(self) -> bool:
        """Whether there is anything to come back to."""
        return self.kind is not None or self.is_told

    def step(self, moot: Collection[Step] = ()) -> Step:
        """What is to be asked now; `moot` are the steps that do not arise."""
        if self.kind is None:
            return Step.KIND
        if self.asked is not None:
            return self.asked
        order = ORDER[self.kind]
        return next((one for one in order if one not in moot and not self.has(one)), Step.PREVIEW)

    def has(self, step: Step) -> bool:
        """Whether a step needs no asking: it was answered, skipped, or does not arise."""
        if step in self.done:
            return True
        if step is Step.WHAT:
            return bool(self.said)
        if step is Step.WHERE:
            return bool(self.item or self.entry or self.url)
        if step is Step.FILES:
            return bool(self.files or self.place)
        if step in PERSONAL:
            return self.privacy is Privacy.ANONYMOUS
        return False


def is_over(draft: Draft, now: datetime) -> bool:
    """Whether it has waited too long."""
    return now - draft.touched > KEPT_FOR


def add(draft: Draft, said: Said) -> Draft:
    """More words of what it is about; an address among them says where."""
    room = MOST_WORDS - len(draft.what)
    said = replace(said, text=said.text.replace("\0", "")[: max(0, room)])
    parts = (*draft.said, said) if said.text.strip() else draft.said
    return replace(draft, said=parts, url=url_in(said.text) or draft.url)


def as_kind(draft: Draft, kind: Kind | None) -> Draft:
    """The same as another kind of report; whether it is like another matter is asked anew."""
    if kind is None or kind is draft.kind:
        return draft
    done = tuple(step for step in draft.done if step not in {Step.SAME, Step.KIND})
    turned = (Step.KIND,) if draft.kind else ()
    asked = draft.asked if draft.asked in ORDER[kind] else None
    return replace(draft, kind=kind, was=draft.kind, done=(*done, *turned), asked=asked, join=None)


def anew(draft: Draft, said: Said) -> Draft:
    """Other words in the place of all before."""
    return add(replace(draft, said=(), asked=None), said)


def url_in(text: str) -> str | None:
    """The address of a page in somebody's words."""
    found = _URL.search(text)
    if found is None:
        return None
    return found[0] if found[0].startswith("http") else f"https://{found[0]}"


def is_theirs(draft: Draft, text: str) -> bool:
    """Whether this is a telephone number and nothing else, of somebody who gives their name."""
    return bool(draft.name and _PHONE.fullmatch(text.strip()))


def is_number(text: str) -> bool:
    """Whether there are digits enough for somebody's number, Thai ones too."""
    return sum(letter.isdigit() for letter in text) >= A_NUMBER


def righted(draft: Draft, said: Said) -> Draft:
    """What would be right; an address in it says where."""
    return answer(draft, Step.RIGHT, right=said, url=draft.url or url_in(said.text))


def named(draft: Draft, said: Said) -> Draft:
    """A name, and the telephone number that may stand after it; a number alone is no name."""
    found = _PHONE.search(said.text)
    text = _CALLED.sub("", said.text[: found.start()]) if found else said.text
    if is_number(text) or not text.strip():
        return draft
    draft = answer(draft, Step.NAME, name=replace(said, text=text[:LONGEST_NAME]))
    return phoned(draft, replace(said, text=found[0])) if found else draft


def phoned(draft: Draft, said: Said) -> Draft:
    """A telephone number; other words are none."""
    if not is_number(said.text):
        return draft
    return answer(draft, Step.PHONE, phone=replace(said, text=said.text[:LONGEST_PHONE]))


def answer(draft: Draft, step: Step, **changes: object) -> Draft:
    """A step is answered or skipped; a telephone number that is not given any more goes."""
    if step is Step.PHONE:
        changes = {"phone": None, **changes}
    done = (*(one for one in draft.done if one is not step), step)
    return replace(draft, **changes, done=done, asked=None)


def back(draft: Draft) -> Draft:
    """The last step once more, as if it had not been answered; at the first one, all words anew.

    From a step that was asked once more the way back leaves everything as it is; from the first one
    of a report that was turned into another kind it leads to where it was turned.
    """
    if draft.asked is not None and draft.has(draft.asked):
        return replace(draft, asked=None)
    last = draft.done[-1] if draft.done else None
    if draft.asked is not None and last not in {None, Step.KIND}:  # settled before others were
        return answer(draft, draft.asked)
    draft = replace(draft, asked=None)
    if last is None:
        return replace(draft, said=())
    before = draft.done[:-1]
    if last is Step.KIND:
        return replace(draft, kind=draft.was, was=None, done=before)
    return replace(draft, done=before, **_CLEARED.get(last, {}))


def again(draft: Draft, step: Step) -> Draft:
    """Ask one step once more; what was answered stays until another answer comes."""
    return replace(draft, asked=step)


_CLEARED: Mapping[Step, Mapping[str, object]] = {
    Step.WHAT: {"said": ()},
    Step.RIGHT: {"right": None},
    Step.WHERE: {"item": None, "entry": None, "url": None},
    Step.TOPIC: {"topic": None},
    Step.FILES: {"files": (), "place": None, "placed": None},
    Step.SPOT: {"place": None, "placed": None},
    Step.PRIVACY: {"privacy": None},
    Step.NAME: {"name": None},
    Step.PHONE: {"phone": None},
    Step.SAME: {"join": None},
}
"""What a step asked anew forgets."""
