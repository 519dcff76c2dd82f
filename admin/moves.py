"""What may happen to a ticket: one table of moves, and the rules of who signs. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from admin.officers import Officer, Post, Role
from admin.subjects import FIELDS
from knowledge.chains import THREE_SIGN, Chain, Kind, Step


class Status(StrEnum):
    """Where a ticket stands."""

    RECEIVED = "received"
    WITH_HEAD = "with-head"
    WITH_UNIT = "with-unit"
    PREPARED = "prepared"
    APPROVED = "approved"
    PUBLISHED = "published"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    JOINED = "joined"


OVER = frozenset({Status.CLOSED, Status.WITHDRAWN, Status.JOINED})
OPEN = frozenset(Status) - OVER
DRAFTED = frozenset({Status.RECEIVED, Status.WITH_HEAD, Status.WITH_UNIT})
"""Where nothing is signed yet: what is signed is returned before it is written anew."""


class Move(StrEnum):
    """What somebody does with a ticket."""

    TRIAGE = "triage"
    ESCALATE = "escalate"
    ACCEPT = "accept"
    DECLINE = "decline"
    REASSIGN = "reassign"
    ABOUT = "about"
    ASK = "ask"
    REPLY = "reply"
    PREPARE = "prepare"
    APPROVE = "approve"
    PUBLISH = "publish"
    RETURN = "return"
    CLOSE = "close"
    HAND_OVER = "hand-over"
    JOIN = "join"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"
    SPLIT = "split"
    """It is a matter of its own again."""
    DIVIDE = "divide"
    """Part of it becomes another matter."""


class Ending(StrEnum):
    """The five honest ways a matter ends (N4)."""

    CORRECTED = "corrected"
    ANSWERED = "answered"
    HANDED_OVER = "handed-over"
    NO_ERROR = "no-error"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    start: frozenset[Status]
    end: Status | None
    """None where the ticket stays where it is."""
    roles: frozenset[Role]
    """Empty where the citizen does it."""
    reason: bool = False
    signs: Step | None = None
    kinds: frozenset[Kind] = frozenset(Kind)
    """The kinds of matters that the row is for."""


SORTERS = frozenset({Role.AGENT, Role.APPROVER, Role.EXECUTIVE})
HANDLERS = SORTERS | {Role.REPORTER}
CLOSERS = frozenset({Role.AGENT, Role.REPORTER, Role.APPROVER})
"""Who close what is signed by all; webmasters, what they have published."""
DIVISIBLE = frozenset(Kind) - {Kind.QUESTION, Kind.PUBLICATION}
"""Kinds in which a citizen may tell of two things at once, and what the second may be."""
_AT_WORK = frozenset({Status.WITH_UNIT, Status.PREPARED, Status.APPROVED})

MOVES: Mapping[Move, tuple[Rule, ...]] = {
    Move.TRIAGE: (Rule(frozenset({Status.RECEIVED}), Status.WITH_UNIT, SORTERS),),
    Move.ESCALATE: (
        Rule(frozenset({Status.RECEIVED, Status.WITH_UNIT}), Status.WITH_HEAD, HANDLERS, True),
    ),
    Move.ACCEPT: (
        Rule(  # what is urgent is told to the head before anybody has sorted it
            frozenset({Status.RECEIVED, Status.WITH_HEAD}),
            Status.WITH_UNIT,
            frozenset({Role.EXECUTIVE}),
        ),
    ),
    Move.DECLINE: (
        Rule(frozenset({Status.WITH_HEAD}), Status.RECEIVED, frozenset({Role.EXECUTIVE}), True),
    ),
    Move.REASSIGN: (Rule(frozenset({Status.WITH_UNIT}), Status.WITH_UNIT, HANDLERS, True),),
    Move.ABOUT: (
        Rule(DRAFTED - {Status.RECEIVED}, None, HANDLERS, kinds=frozenset(FIELDS)),  # sorting does
    ),
    Move.ASK: (Rule(OPEN - {Status.PUBLISHED}, None, HANDLERS, True),),
    Move.REPLY: (Rule(OPEN, None, HANDLERS, True),),
    Move.PREPARE: (
        Rule(
            frozenset({Status.WITH_UNIT}),
            Status.PREPARED,
            frozenset({Role.AGENT, Role.REPORTER}),
            signs=Step.PREPARE,
            kinds=frozenset({Kind.QUESTION}),
        ),
        Rule(
            frozenset({Status.WITH_UNIT}),
            Status.PREPARED,
            frozenset({Role.REPORTER}),
            signs=Step.PREPARE,
            kinds=frozenset(Kind) - {Kind.QUESTION},
        ),
    ),
    Move.APPROVE: (
        Rule(
            frozenset({Status.PREPARED}),
            Status.APPROVED,
            frozenset({Role.APPROVER}),
            signs=Step.APPROVE,
        ),
    ),
    Move.PUBLISH: (
        Rule(
            frozenset({Status.APPROVED}),
            Status.PUBLISHED,
            frozenset({Role.WEBMASTER}),
            signs=Step.PUBLISH,
        ),
    ),
    Move.RETURN: (
        Rule(
            frozenset({Status.PREPARED, Status.APPROVED, Status.PUBLISHED}),
            Status.WITH_UNIT,
            frozenset({Role.REPORTER, Role.APPROVER, Role.WEBMASTER, Role.EXECUTIVE}),
            True,
        ),
        Rule(
            frozenset({Status.WITH_UNIT}),
            Status.RECEIVED,
            frozenset({Role.REPORTER, Role.APPROVER}),
            True,
        ),
    ),
    Move.CLOSE: (
        Rule(frozenset({Status.PREPARED, Status.APPROVED}), Status.CLOSED, CLOSERS),
        Rule(frozenset({Status.PUBLISHED}), Status.CLOSED, CLOSERS | {Role.WEBMASTER}),
    ),
    Move.HAND_OVER: (
        Rule(DRAFTED, Status.CLOSED, HANDLERS, True, kinds=frozenset(Kind) - THREE_SIGN),
        Rule(  # else it were a way round the signatures
            DRAFTED,
            Status.CLOSED,
            frozenset({Role.APPROVER, Role.EXECUTIVE}),
            True,
            kinds=THREE_SIGN,
        ),
    ),
    Move.JOIN: (
        Rule(frozenset({Status.RECEIVED}), Status.JOINED, frozenset()),
        Rule(frozenset({Status.RECEIVED, Status.WITH_UNIT}), Status.JOINED, HANDLERS, True),
    ),
    Move.DIVIDE: (Rule(DRAFTED, None, HANDLERS, True, kinds=DIVISIBLE),),
    Move.SPLIT: (Rule(frozenset({Status.JOINED}), Status.RECEIVED, HANDLERS, True),),
    Move.WITHDRAW: (Rule(OPEN - {Status.PUBLISHED}, Status.WITHDRAWN, frozenset()),),
    Move.REOPEN: (
        Rule(frozenset({Status.CLOSED}), Status.RECEIVED, frozenset()),
        Rule(
            frozenset({Status.CLOSED, Status.WITHDRAWN}),
            Status.RECEIVED,
            frozenset({Role.APPROVER, Role.EXECUTIVE}),
            True,
        ),
    ),
}
"""The whole life of a ticket. Nothing else moves one."""

OF_UNIT = frozenset({Role.REPORTER})
"""Roles that act only for tickets of their own unit."""


class IllegalMove(Exception):
    """This may not be done to this ticket now, or not by this person; `key` is the text's key."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def rule_of(move: Move, status: Status, *, kind: Kind, by_citizen: bool) -> Rule:
    """The row that holds for a move of this kind of matter from here; raises IllegalMove."""
    for rule in MOVES[move]:
        is_meant = kind in rule.kinds and status in rule.start
        if is_meant and by_citizen == (not rule.roles):
            return rule
    raise IllegalMove("refused.not_now")


def post_for(rule: Rule, officer: Officer, unit: str | None) -> Post:
    """The post in which an officer may do this; raises IllegalMove where there is none."""
    for role in sorted(rule.roles):
        post = officer.post(role, unit) if role in OF_UNIT else _any_post(officer, role)
        if post is not None:
            return post
    raise IllegalMove("refused.not_yours")


def _any_post(officer: Officer, role: Role) -> Post | None:
    return min(
        (post for post in officer.posts if post.role is role),
        key=lambda post: post.acting_for is not None,
        default=None,
    )


def steps_for(chain: Chain, ending: Ending | None) -> tuple[Step, ...]:
    """What has to be signed: where nothing on the website changes, nobody publishes."""
    if ending in {Ending.CORRECTED, None}:
        return chain.steps
    return tuple(step for step in chain.steps if step is not Step.PUBLISH)


SIGNED = {
    Step.PREPARE: Status.PREPARED,
    Step.APPROVE: Status.APPROVED,
    Step.PUBLISH: Status.PUBLISHED,
}
"""Where a ticket stands once a step is signed."""


def may_sign(
    step: Step, chain: Chain, ending: Ending, signers: Mapping[Step, int], by: int
) -> None:
    """Whether this person may sign this step now; raises IllegalMove.

    Reporter, approver and webmaster are three persons (A1, clauses 3.1-3.3).
    """
    steps = steps_for(chain, ending)
    if step not in steps:
        raise IllegalMove("refused.not_in_chain")
    if any(earlier not in signers for earlier in steps[: steps.index(step)]):
        raise IllegalMove("refused.not_signed_before")
    if by in {person for other, person in signers.items() if other is not step}:
        raise IllegalMove("refused.same_person")


def may_close(chain: Chain, status: Status, ending: Ending, signers: Collection[Step]) -> None:
    """Whether everything is signed that has to be; raises IllegalMove."""
    steps = steps_for(chain, ending)
    if status is not SIGNED[steps[-1]] or not set(steps) <= set(signers):
        raise IllegalMove("refused.not_all_signed")
