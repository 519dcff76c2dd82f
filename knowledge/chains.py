"""How each kind of matter goes through the agency, and how long it may take: data of a profile."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Kind(StrEnum):
    """What a citizen, a member of staff or another body brings."""

    WRONG_INFO = "wrong-info"
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    INFO_REQUEST = "info-request"
    PUBLICATION = "publication"
    QUESTION = "question"


class Class(StrEnum):
    """Clause 3.1 (A3): information that touches the public, that changes, that has a date."""

    IMMEDIATE = "immediate"
    ON_CHANGE = "on-change"
    SCHEDULED = "scheduled"


class Step(StrEnum):
    """What somebody signs."""

    PREPARE = "prepare"
    APPROVE = "approve"
    PUBLISH = "publish"


class Days(BaseModel):
    """Working days until a matter is to be settled, by class, and for whatever is urgent."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    immediate: int = Field(ge=1, le=90)
    on_change: int = Field(ge=1, le=90, alias="on-change")
    scheduled: int = Field(ge=1, le=90)
    urgent: int = Field(ge=1, le=90)


class Chain(BaseModel):
    """Who signs what, in this order, and the clocks of one kind of matter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    steps: tuple[Step, ...]
    first_reply_days: int = Field(ge=1, le=90)
    """Working days until somebody has looked at it and the citizen has been told."""
    days: Days
    source: str = ""
    """The clause that sets them; empty where the agency has yet to confirm what is proposed."""

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        whole = tuple(Step)
        if self.steps != whole[: len(self.steps)] or not self.steps:
            raise ValueError("steps are prepare, approve, publish, in this order, from the first")
        if self.kind in THREE_SIGN and self.steps != whole:
            raise ValueError("what is published is signed by three persons: all steps are needed")
        return self

    def settle_days(self, class_: Class, *, urgent: bool) -> int:
        """Working days from receipt to settlement."""
        by_class = {
            Class.IMMEDIATE: self.days.immediate,
            Class.ON_CHANGE: self.days.on_change,
            Class.SCHEDULED: self.days.scheduled,
        }
        return min(by_class[class_], self.days.urgent) if urgent else by_class[class_]


THREE_SIGN = frozenset({Kind.WRONG_INFO, Kind.PUBLICATION})
"""Kinds that end on the website (A1, clauses 3.1-3.3)."""


class Chains(BaseModel):
    """The chains that hold where an agency sets no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    chains: list[Chain]

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if sorted(chain.kind for chain in self.chains) != sorted(Kind):
            raise ValueError(f"one chain for each of {', '.join(Kind)}")
        return self


def kinds_with(chains: Mapping[Kind, Chain], step: Step) -> list[Kind]:
    """The kinds in whose chain somebody signs this step."""
    return [kind for kind, chain in chains.items() if step in chain.steps]


def over(defaults: Iterable[Chain], own: Iterable[Chain]) -> Mapping[Kind, Chain]:
    """Every kind's chain: the agency's own where it has one."""
    return {chain.kind: chain for chain in (*defaults, *own)}
