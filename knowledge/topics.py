"""What complaints are about: offered for a citizen's own words, never asked before them."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from knowledge.patterns import any_of
from knowledge.thai import clean

MOSTLY = 3
"""Words name a topic of which one letter in so many is its own."""


class Topic(BaseModel):
    """One kind of thing that citizens complain about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    th: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    en: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    words: tuple[str, ...] = Field(min_length=1)
    """What people say when they mean it."""
    unit: str | None = None
    """The unit in charge; staff choose where none is named."""

    def name(self, language: str) -> str:
        """What it is called."""
        return self.en if language == "en" else self.th

    @cached_property
    def said(self) -> re.Pattern[str]:
        """Finds its words."""
        return any_of(self.words)

    def is_named(self, text: str) -> bool:
        """Whether words name this topic and little else; a place that has its word does not."""
        plain = clean(text).lower()
        said = sum(map(len, self.said.findall(plain)))
        return MOSTLY * said >= len(plain) and not any(letter.isdigit() for letter in plain)


class Topics(BaseModel):
    """The topics that hold where an agency sets no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topics: list[Topic] = Field(min_length=1)


def over(defaults: Iterable[Topic], own: Iterable[Topic]) -> Mapping[str, Topic]:
    """Every topic by its id: the agency's own where it has one of that id."""
    return {topic.id: topic for topic in (*defaults, *own)}


def nearest(topics: Collection[Topic], text: str, *, limit: int) -> Sequence[Topic]:
    """The topics whose words are said, the one with the most said letters first."""
    plain = clean(text).lower()
    said = {topic.id: sum(map(len, topic.said.findall(plain))) for topic in topics}
    found = [topic for topic in topics if said[topic.id]]
    return sorted(found, key=lambda topic: -said[topic.id])[:limit]
