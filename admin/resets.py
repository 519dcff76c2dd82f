"""Accounts that somebody else has reset: who does it is given the link, and could act as the owner.

So the owner, the head and the other operators are told of what the audit log has.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import own_posts
from admin.audit import IS_RESET, AuditRow, written
from admin.officers import Officer, Role
from admin.own_posts import CONCERNED
from admin.staff import INSTALLATION, Membership, Staff
from knowledge.agency import Agency

SHOWN: Final = timedelta(days=14)
"""How long others see it on their first page."""
SHOWN_TO_OWNER: Final = timedelta(days=90)
MOST: Final = 20


class Reset(Struct, frozen=True):
    """One time that an account was begun anew."""

    staff_id: int
    name: str
    by: str | None
    """Who did; None beside the server, by a command."""
    at: datetime


async def seen_by(session: AsyncSession, officer: Officer, now: datetime) -> Sequence[Reset]:
    """Those of late that concern an officer: of their account, and of whose they answer for."""
    own = await _found(session, _of([officer.id]), _since(now - SHOWN_TO_OWNER))
    if officer.roles.isdisjoint(CONCERNED):
        return own
    places = {officer.agency} | ({INSTALLATION} if Role.OPERATOR in officer.roles else set())
    here = select(Membership.staff_id).where(
        Membership.agency.in_(places), Membership.staff_id != officer.id
    )
    others = _of(await session.scalars(here))
    return [*own, *await _found(session, others, _since(now - SHOWN), _not_by(officer.id))]


async def of_all(session: AsyncSession, operator: Staff, now: datetime) -> Sequence[Reset]:
    """Those of late in all agencies: what an operator sees who has entered none of them."""
    return await _found(session, _since(now - SHOWN), _not_by(operator.id))


async def of_account(session: AsyncSession, staff_id: int) -> Sequence[Reset]:
    """Those of one account, whenever that was."""
    return await _found(session, _of([staff_id]))


def _of(whose: Iterable[int]) -> ColumnElement[bool]:
    return AuditRow.subject.in_([f"staff:{number}" for number in whose])


def _since(moment: datetime) -> ColumnElement[bool]:
    return AuditRow.at >= written(moment)


def _not_by(staff_id: int) -> ColumnElement[bool]:
    return AuditRow.actor != f"staff:{staff_id}"


async def _found(session: AsyncSession, *conditions: ColumnElement[bool]) -> Sequence[Reset]:
    """The latest first."""
    query = select(AuditRow).where(IS_RESET, AuditRow.agency == INSTALLATION, *conditions)
    rows = (await session.scalars(query.order_by(AuditRow.at.desc()).limit(MOST))).all()
    names = await _names(session, {number for row in rows for number in (row.subject, row.actor)})
    return [
        Reset(
            _number(row.subject) or 0,
            names.get(row.subject, "-"),
            names.get(row.actor),
            datetime.fromisoformat(row.at),
        )
        for row in rows
    ]


async def _names(session: AsyncSession, actors: Collection[str]) -> Mapping[str, str]:
    """The names of those who are staff, as the audit log calls them."""
    numbers = filter(None, map(_number, actors))
    query = select(Staff.id, Staff.name).where(Staff.id.in_([*numbers]))
    return {f"staff:{row.id}": row.name for row in await session.execute(query)}


def _number(actor: str) -> int | None:
    kind, _, number = actor.partition(":")
    return int(number) if kind == "staff" else None


async def tell(
    session: AsyncSession, agency: Agency, person: Staff, by: Staff, *, now: datetime
) -> None:
    """Leave news for the owner and all whom it concerns, where they have linked a chat."""

    def words(language: str) -> str:
        return agency.wording.say("act.reset", language, name=person.name, by=by.name)

    await own_posts.leave_news(session, agency, words, but=by, owner=person, now=now)
