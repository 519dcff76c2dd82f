"""Who may open which page: each route says it, one rule decides it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from admin.officers import Officer, Role
from admin.staff import EVERYBODYS


class Anyone(Enum):
    """Visitors who are told apart by something else than a role."""

    PUBLIC = auto()
    """The whole world."""
    KNOWN = auto()
    """Who has given a password; the second factor may still be missing."""
    STAFF = auto()
    """Who has shown everything; on an agency's page, who holds any post that reaches it."""


PUBLIC, KNOWN, ANY_STAFF = Anyone.PUBLIC, Anyone.KNOWN, Anyone.STAFF
AGENCY_STAFF = EVERYBODYS
"""Every role but the operator's, who sees no citizens' content."""
TICKET_STAFF = AGENCY_STAFF - {Role.OFFICER}
"""Who works on citizens' matters; sealed ones are another house."""
TICKET_TAKERS = frozenset({Role.AGENT, Role.REPORTER, Role.APPROVER})
"""Who takes down a matter that comes by telephone, over the counter or on paper."""
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table of pages: what is open to whom, and who answers."""

    method: str
    path: str
    handler: Callable[[Any], Awaitable[Any]]
    roles: frozenset[Role] | Anyone
    at_most: int = MEBIBYTE
    """Bytes of a form with its files."""

    @property
    def is_of_agency(self) -> bool:
        """Whether the page belongs to the agency that its path names."""
        return self.path.startswith("/admin/{slug}/")


class Stage(Enum):
    """How far a visitor has come in showing who they are."""

    NOBODY = auto()
    CODE = auto()
    """The password is right; the second factor is asked for."""
    ENROL = auto()
    """The password is right; they must have a second factor and have none yet."""
    WHOLE = auto()


class Verdict(Enum):
    """What becomes of a request."""

    ADMIT = auto()
    LOG_IN = auto()
    GIVE_CODE = auto()
    ENROL = auto()
    FORBID = auto()
    HIDE = auto()
    """As if there were no such page: not even the agency's name is given away."""


_MISSING = {Stage.NOBODY: Verdict.LOG_IN, Stage.CODE: Verdict.GIVE_CODE, Stage.ENROL: Verdict.ENROL}


def stage_of(*, is_whole: bool, has_second_factor: bool, must_have_one: bool) -> Stage:
    """How far a login has come."""
    if must_have_one and not has_second_factor:
        return Stage.ENROL
    return Stage.WHOLE if is_whole else Stage.CODE


def verdict(
    route: Route, stage: Stage, officer: Officer | None, everywhere: frozenset[Role]
) -> Verdict:
    """Whether a visitor may use a route.

    `officer` is how the agency of the path sees them; `everywhere` are their roles in any agency,
    which count on pages that belong to none.
    """
    if route.roles is PUBLIC:
        return Verdict.ADMIT
    if route.roles is KNOWN and stage is not Stage.NOBODY:
        return Verdict.ADMIT
    if stage is not Stage.WHOLE:
        return _MISSING[stage]
    if route.is_of_agency and officer is None:
        return Verdict.HIDE
    held = officer.roles if officer else everywhere
    if isinstance(route.roles, Anyone) or not route.roles.isdisjoint(held):
        return Verdict.ADMIT
    return Verdict.FORBID
