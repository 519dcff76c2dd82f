"""One turn of a conversation: what a flow is given and what it gives back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import takewhile

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from admin.enclosures import Links
from bot.messages import Choice, InboundMessage, Reply
from handlers.drafts import Draft, Said
from handlers.news_wishes import Wish
from handlers.openers import openers
from knowledge.agency import Agency
from knowledge.matching import Decision, Match

AWAITED_FOR = timedelta(hours=1)
"""How long words are awaited."""
BURST = timedelta(seconds=6)
"""Files that follow each other so closely are answered once."""


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered of a conversation between two messages."""

    offered: tuple[Choice, ...] = ()
    """The choices of the last reply, for those who type a number."""
    listed: int = 0
    """How many of them, from the first, were shown with a number."""
    misses: int = 0
    """Questions in a row that found no answer."""
    language: str | None = None
    """The language spoken last."""
    told: str | None = None
    """The language that the platform, or the page, told last."""
    draft: Draft | None = None
    """The report that is being written, or was left for now."""
    awaits: str | None = None
    """What the next words are for, as `awaiting` writes it."""
    matters: bool = False
    """Whether something was reported or handed to staff in this chat."""
    entry: str | None = None
    """The answer that was given last, to know which one is wrong."""
    question: Said | None = None
    """The last question, for staff if the citizen wants a person to answer it."""
    staff: str | None = None
    """`<number>:<deed>` whose words a member of staff is about to give."""
    wish: Wish | None = None
    """The news that are being chosen, or were stopped a while ago."""
    unsent: tuple[str, ...] = ()
    """Messages taken back of late: the platform may tell of that before it tells of them (L15)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a question, for the list of most asked and for staff."""

    decision: str
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Everything a flow needs to know."""

    message: InboundMessage
    agency: Agency
    state: State
    language: str
    today: date
    session: AsyncSession
    match: Match | None = None
    """How the text matches the knowledge base, found out before the transaction."""
    small_talk: str | None = None
    """Which kind of small talk it is rather than a question, if it is."""
    chosen: str = ""
    """The value of what was chosen, by a tap or in words; empty where nothing was."""
    address: str = ""
    """Where the pages of this installation are found; empty where nobody has said."""
    links: Links | None = None
    """What makes the links to files that staff have sent."""

    def say(self, key: str, **values: object) -> str:
        """A text of the agency in the citizen's language."""
        return self.agency.wording.say(key, self.language, **values)

    def choice(self, key: str, value: str) -> Choice:
        """A button with a text of the agency."""
        return Choice(self.say(key), value)

    @property
    def is_writing(self) -> bool:
        """Whether a report is being written just now."""
        return self.state.draft is not None and not self.state.draft.paused

    @property
    def has_unsent(self) -> bool:
        """Whether there is a report to come back to."""
        return self.state.draft is not None and self.state.draft.is_begun

    @property
    def is_wishing(self) -> bool:
        """Whether news are being chosen just now."""
        return self.state.wish is not None and not self.state.wish.stopped

    def awaited(self, now: datetime, within: timedelta = AWAITED_FOR) -> tuple[str, str]:
        """What the next words are for and the number of the matter; nothing later than `within`."""
        name, number, since = [*(self.state.awaits or "").split(":"), "", "", ""][:3]
        is_late = not since.isdigit() or now.timestamp() - int(since) > within.total_seconds()
        return ("", "") if is_late else (name, number)

    @property
    def emergencies(self) -> tuple[str, ...]:
        """The kinds of emergency that the words tell of, the most pressing first."""
        return openers(self.agency.wording).emergencies(self.message.text or "")

    @property
    def is_answered(self) -> bool:
        """Whether the knowledge base has a sure answer to these words."""
        return self.match is not None and self.match.decision is Decision.ANSWER

    @property
    def name(self) -> str:
        """The agency's name in the citizen's language."""
        return self.agency.profile.name.of(self.language)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a flow decided; nothing is sent or stored by the flow itself."""

    replies: tuple[Reply, ...] = ()
    misses: int = 0
    language: str | None = None
    """The language chosen from now on."""
    asked: Asked | None = None
    keep_offer: bool = False
    """Whether the choices offered before still count."""
    draft: Draft | UnsetType | None = UNSET
    """The report from now on; left unset, one that was being written is paused."""
    awaits: str | None = None
    """What the next words are for."""
    matters: bool = False
    """Whether something was brought to staff."""
    question: Said | UnsetType | None = UNSET
    staff: str | None = None
    """`<number>:<deed>` of staff whose words are to be the next ones."""
    wish: Wish | UnsetType | None = UNSET
    """The news that are being chosen from now on; left unset, as before."""

    def showing(self, *replies: Reply) -> "Outcome":
        """The same, with other replies."""
        return replace(self, replies=replies)

    def offering(self, choice: Choice, *, at: int = 0) -> "Outcome":
        """The same, with one choice more below the last reply."""
        if not self.replies:
            return self
        *others, last = self.replies
        choices = (*last.choices[:at], choice, *last.choices[at:])
        return self.showing(*others, msgspec.structs.replace(last, choices=choices))

    def as_before(self, state: State) -> "Outcome":
        """The same, and whatever was going on goes on."""
        return replace(
            self, keep_offer=True, misses=state.misses, draft=state.draft, awaits=state.awaits
        )

    def after(self, first: Sequence[Reply]) -> "Outcome":
        """The same, with other replies before it."""
        return replace(self, replies=(*first, *self.replies))


def awaiting(name: str, number: str, now: datetime) -> str:
    """What the next words or files are for: a matter, from now on."""
    return f"{name}:{number}:{int(now.timestamp())}"


def listed(reply: Reply) -> int:
    """How many of a reply's choices, from the first, its text shows with a number."""
    lines = reply.text.split("\n")
    shown = (
        any(line.startswith(f"{n}. {choice.label}") for line in lines)
        for n, choice in enumerate(reply.choices, 1)
    )
    return sum(1 for _ in takewhile(bool, shown))


def numbered(title: str, choices: Sequence[Choice]) -> str:
    """A title and its choices as numbered lines."""
    return "\n".join([title, *(f"{n}. {choice.label}" for n, choice in enumerate(choices, 1))])
