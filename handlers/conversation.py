"""One turn of a conversation: what a flow is given and what it gives back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messages import Choice, InboundMessage, Reply
from knowledge.agency import Agency
from knowledge.matching import Match


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered of a conversation between two messages."""

    offered: tuple[Choice, ...] = ()
    """The choices of the last reply, for those who type a number."""
    misses: int = 0
    """Questions in a row that found no answer."""
    language: str | None = None
    """The language spoken last."""
    reporting: str | None = None
    """The entry of which the citizen is about to say what is wrong."""


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

    def say(self, key: str, **values: object) -> str:
        """A text of the agency in the citizen's language."""
        return self.agency.wording.say(key, self.language, **values)

    def choice(self, key: str, value: str) -> Choice:
        """A button with a text of the agency."""
        return Choice(self.say(key), value)

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
    reporting: str | None = None
    """The entry whose report is to be the next words."""

    def after(self, first: Sequence[Reply]) -> "Outcome":
        """The same, with other replies before it."""
        return replace(self, replies=(*first, *self.replies))


def numbered(title: str, choices: Sequence[Choice]) -> str:
    """A title and its choices as numbered lines."""
    return "\n".join([title, *(f"{n}. {choice.label}" for n, choice in enumerate(choices, 1))])
