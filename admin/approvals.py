"""Approvals: the announcements that wait for one person's signature."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.announcements import Announcement, State
from admin.announcing import DECIDERS, approver_of
from admin.officers import Officer
from knowledge.agency import Agency


def may_approve(agency: Agency, officer: Officer, one: Announcement) -> bool:
    """Whether this officer is the second person that it waits for."""
    prepared = one.signed("prepare")
    is_other = prepared is not None and prepared.staff_id != officer.id
    role = approver_of(agency, one.content)
    return is_other and officer.post(role, one.content.unit) is not None


async def waiting(session: AsyncSession, agency: Agency) -> Sequence[Announcement]:
    """Everything of the agency that a second person has to sign, the oldest first."""
    query = select(Announcement).where(
        Announcement.agency == agency.slug, Announcement.state == State.WAITING
    )
    return (await session.scalars(query.order_by(Announcement.id))).all()


async def count(session: AsyncSession, agency: Agency, officer: Officer) -> int:
    """How many wait for this officer."""
    if officer.roles.isdisjoint(DECIDERS):
        return 0
    found = await waiting(session, agency)
    return sum(may_approve(agency, officer, one) for one in found)
