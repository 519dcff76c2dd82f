"""The list of the desk: open questions by whose they are, page by page."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import ColumnElement, Label, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.lists import PAGE
from admin.officers import Officer
from admin.sight import seen_by
from admin.tickets import Ticket
from knowledge.agency import Agency
from knowledge.chains import Kind


class Whose(StrEnum):
    """Who has taken a question on, as one officer sees it."""

    MINE = "mine"
    FREE = "free"
    OTHERS = "others"


_ORDER = tuple(Whose)


def _place(officer: Officer) -> Label[int]:
    """Whose a question is, as the place in their order."""
    is_mine, is_free = Ticket.holder == officer.id, Ticket.holder.is_(None)
    return case((is_mine, 0), (is_free, 1), else_=2).label("place")


def _waits(agency: Agency, officer: Officer) -> ColumnElement[bool]:
    is_open = and_(Ticket.kind == Kind.QUESTION, Ticket.closed_at.is_(None))
    return and_(is_open, seen_by(officer, agency.chains))


async def waiting(
    session: AsyncSession, agency: Agency, officer: Officer, page: int = 1
) -> Sequence[tuple[Whose, Ticket]]:
    """One page of the open questions that concern this officer: their own first, oldest first."""
    place = _place(officer)
    query = (
        select(place, Ticket)
        .where(_waits(agency, officer))
        .order_by(place, Ticket.opened_at, Ticket.id)
        .limit(PAGE)
        .offset(PAGE * (page - 1))
    )
    return [(_ORDER[at], ticket) for at, ticket in await session.execute(query)]


async def counts(session: AsyncSession, agency: Agency, officer: Officer) -> Mapping[Whose, int]:
    """How many there are of each."""
    place = _place(officer)
    query = select(place, func.count()).where(_waits(agency, officer)).group_by(place)
    found = {_ORDER[at]: count for at, count in await session.execute(query)}
    return dict.fromkeys(Whose, 0) | found
