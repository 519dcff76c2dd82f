"""Which matters an officer may see: those that their posts need, and no others' words.

Who handles none of a matter is not shown what a citizen wrote (PDPA B.E. 2562, section 37(1)).
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.moves import Ending, Status
from admin.officers import Officer, Role
from admin.signing import Draft
from admin.tickets import Ticket
from knowledge.chains import Chain, Kind, Step, kinds_with

SEE_ALL = frozenset({Role.AGENT, Role.APPROVER, Role.EXECUTIVE})
AT_WEBSITE = (Status.APPROVED, Status.PUBLISHED)
"""Where a matter whose chain ends on the website is with the webmaster, if it changes there."""


def seen_by(officer: Officer, chains: Mapping[Kind, Chain]) -> ColumnElement[bool]:
    """Whether a ticket concerns this officer, by the widest of their posts.

    Reporters see those of their own unit, webmasters what has come as far as the website.
    """
    is_theirs = Ticket.agency == officer.agency
    posts = [post for post in officer.posts if post.role is Role.REPORTER]
    if officer.roles & SEE_ALL or any(post.unit is None for post in posts):
        return is_theirs
    concerns: list[ColumnElement[bool]] = [Ticket.unit.in_([post.unit for post in posts])]
    if Role.WEBMASTER in officer.roles:
        is_there = and_(Ticket.status.in_(AT_WEBSITE), ~ends_unpublished(chains))
        is_published = and_(Ticket.status == Status.CLOSED, Ticket.ending == Ending.CORRECTED)
        concerns.append(
            and_(Ticket.kind.in_(kinds_with(chains, Step.PUBLISH)), or_(is_there, is_published))
        )
    return and_(is_theirs, or_(*concerns))


def ends_unpublished(chains: Mapping[Kind, Chain]) -> ColumnElement[bool]:
    """Approved of a kind that goes to the website, but what was signed changes nothing there."""
    ending = Draft.proposal["ending"].as_string()
    latest = select(ending).where(Draft.ticket_id == Ticket.id)
    drafted = latest.order_by(Draft.version.desc()).limit(1).correlate(Ticket).scalar_subquery()
    is_approved = and_(
        Ticket.status == Status.APPROVED, Ticket.kind.in_(kinds_with(chains, Step.PUBLISH))
    )
    return and_(is_approved, func.coalesce(drafted, Ending.CORRECTED) != Ending.CORRECTED)


async def who_see(
    session: AsyncSession,
    ticket: Ticket,
    officers: Sequence[Officer],
    chains: Mapping[Kind, Chain],
) -> list[Officer]:
    """Those of an agency's officers whom a ticket concerns; the same posts see the same."""
    if not officers:
        return []
    rules = {one.posts: seen_by(one, chains) for one in officers}
    query = select(*rules.values()).where(Ticket.id == ticket.id)
    sees = dict(zip(rules, (await session.execute(query)).one(), strict=True))
    return [one for one in officers if sees[one.posts]]
