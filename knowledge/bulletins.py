"""What an agency's news are made of: topics, areas, kinds and what sending costs; data."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from knowledge.addresses import Address

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class Named(BaseModel):
    """Something with an id and a name in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Id
    th: Text
    en: Text

    def name(self, language: str) -> str:
        """What it is called."""
        return self.en if language == "en" else self.th


class NewsTopic(Named):
    """What news one may ask for."""


class Area(Named):
    """A part of the agency's territory: a village, a community, a subdistrict."""


class NewsKind(Named):
    """A template of an announcement, and the rules that hold for it."""

    topic: str = ""
    """The topic that such an announcement begins with; empty: the first."""
    has_date: bool = False
    """It takes place at a time, so it needs a beginning; calendars get it from there."""
    is_time_bound: bool = False
    """It cannot go out without an end, and its end is told to all who got it (N13)."""
    is_urgent: bool = False
    """The head approves it (A5), nobody's digest holds it back, and it may use the reserve."""
    headline_th: str = ""
    headline_en: str = ""
    text_th: str = ""
    text_en: str = ""
    all_clear_th: str = ""
    all_clear_en: str = ""
    """What the end says, unless whoever writes the announcement says it otherwise."""

    @model_validator(mode="after")
    def _ends_in_words(self) -> Self:
        if self.is_time_bound and not (self.all_clear_th and self.all_clear_en):
            raise ValueError("a time-bound kind needs all_clear_th and all_clear_en")
        return self


class Rates(BaseModel):
    """What a counted message costs, and how many are kept for emergencies."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    baht_per_message: float | None = Field(default=None, ge=0)
    """Of LINE, by the agency's own contract; None where the agency has not filled it in."""
    reserve: int | None = Field(default=None, ge=0)
    """Messages of each month that only an urgent alert may use; None: a fifth of the quota."""


class Link(Named):
    """An important link of the chat menu (a banner, clause 3.4)."""

    url: Address


class NewsProfile(BaseModel):
    """The part of a profile that speaks of news; what stands here goes before the defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topics: list[NewsTopic] = []
    areas: list[Area] = []
    kinds: list[NewsKind] = []
    rates: Rates = Rates()
    links: list[Link] = []


class Newsroom(BaseModel):
    """All that holds for the news of one agency."""

    model_config = ConfigDict(frozen=True)

    topics: Mapping[str, NewsTopic]
    areas: Mapping[str, Area] = {}
    kinds: Mapping[str, NewsKind]
    rates: Rates = Rates()
    links: tuple[Link, ...] = ()


N = TypeVar("N", bound=Named)


def newsroom(defaults: NewsProfile, own: NewsProfile) -> Newsroom:
    """The agency's own where it has one of that id, and the defaults beside them."""
    return Newsroom(
        topics=_by_id((*defaults.topics, *own.topics)),
        areas=_by_id(own.areas),
        kinds=_by_id((*defaults.kinds, *own.kinds)),
        rates=own.rates,
        links=tuple(own.links),
    )


def _by_id(named: Iterable[N]) -> dict[str, N]:
    return {one.id: one for one in named}
