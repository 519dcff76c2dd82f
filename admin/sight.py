"""Which matters an officer may see: those that their posts need, and no others' words.

Who handles none of a matter is not shown what a citizen wrote (PDPA B.E. 2562, section 37(1)).
"""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, or_

from admin.moves import Ending, Status
from admin.officers import Officer, Role
from admin.tickets import Ticket
from knowledge.chains import Chain, Kind, Step, kinds_with

SEE_ALL = frozenset({Role.AGENT, Role.APPROVER, Role.EXECUTIVE})
AT_WEBSITE = frozenset({Status.APPROVED, Status.PUBLISHED})
"""Where a matter whose chain ends on the website is with the webmaster."""


def may_see(officer: Officer, ticket: Ticket, chains: Mapping[Kind, Chain]) -> bool:
    """Whether a ticket concerns this officer, by the widest of their posts.

    Reporters see those of their own unit, webmasters what has come as far as the website.
    """
    if ticket.agency != officer.agency:
        return False
    if officer.roles & SEE_ALL or officer.post(Role.REPORTER, ticket.unit) is not None:
        return True
    is_published = ticket.status is Status.CLOSED and ticket.ending is Ending.CORRECTED
    return (
        Role.WEBMASTER in officer.roles
        and ticket.kind in kinds_with(chains, Step.PUBLISH)
        and (ticket.status in AT_WEBSITE or is_published)
    )


def seen_by(officer: Officer, chains: Mapping[Kind, Chain]) -> ColumnElement[bool]:
    """The same as a condition on the tickets of the officer's agency."""
    is_theirs = Ticket.agency == officer.agency
    posts = [post for post in officer.posts if post.role is Role.REPORTER]
    if officer.roles & SEE_ALL or any(post.unit is None for post in posts):
        return is_theirs
    concerns: list[ColumnElement[bool]] = [Ticket.unit.in_([post.unit for post in posts])]
    if Role.WEBMASTER in officer.roles:
        is_published = and_(Ticket.status == Status.CLOSED, Ticket.ending == Ending.CORRECTED)
        concerns.append(
            and_(
                Ticket.kind.in_(kinds_with(chains, Step.PUBLISH)),
                or_(Ticket.status.in_(AT_WEBSITE), is_published),
            )
        )
    return and_(is_theirs, or_(*concerns))
