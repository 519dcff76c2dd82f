"""Appointments: giving and taking roles, closing and opening accounts; each is written down."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import audit, invitations, sessions, staff
from admin.officers import Role
from admin.staff import INSTALLATION, Membership, Staff
from knowledge.agency import Agency


class Appointment(Struct, frozen=True):
    """A role as it is to be given."""

    role: Role
    unit: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    """The last day."""
    acting_for: str | None = None


def faults_of(given: Appointment, agency: Agency) -> Mapping[str, str]:
    """What is wrong with an appointment: the key of a text for each field."""
    faults = {}
    if given.unit is not None and agency.unit(given.unit) is None:
        faults["unit"] = "faults.unit"
    if given.unit is not None and given.role is Role.OPERATOR:
        faults["unit"] = "faults.unit_of_operator"
    if given.acting_for and not given.valid_until:
        faults["valid_until"] = "faults.acting_without_end"
    if given.valid_from and given.valid_until and given.valid_until < given.valid_from:
        faults["valid_until"] = "faults.ends_before_it_begins"
    return faults


async def appoint(
    session: AsyncSession, person: Staff, given: Appointment, *, agency: str, by: str, now: datetime
) -> bool:
    """Give a role; False where the person has just this one already."""
    membership = await staff.give_role(
        session,
        person,
        agency=agency,
        role=given.role,
        unit=given.unit,
        valid_from=given.valid_from,
        valid_until=given.valid_until,
        acting_for=given.acting_for,
    )
    if membership is None:
        return False
    membership.by_holder = by == f"staff:{person.id}"
    await session.flush()
    await _record(session, membership, "role.given", by, now)
    return True


async def dismiss(
    session: AsyncSession, person: Staff, membership_id: int, *, agency: str, by: str, now: datetime
) -> bool:
    """Take a role of this agency; False where there is no such one."""
    query = select(Membership).filter_by(id=membership_id, staff_id=person.id, agency=agency)
    membership = (await session.scalars(query)).one_or_none()
    if membership is None:
        return False
    await session.delete(membership)
    await session.flush()
    await _record(session, membership, "role.taken", by, now)
    return True


async def agree(session: AsyncSession, membership: Membership, *, by: str, now: datetime) -> None:
    """Let somebody keep a post that they gave to themselves."""
    membership.by_holder = False
    await session.flush()
    await _record(session, membership, "role.agreed", by, now)


async def _record(
    session: AsyncSession, membership: Membership, what: str, by: str, now: datetime
) -> None:
    """A row of the agency's own chain: who holds which post is its business."""
    days = (membership.valid_from, membership.valid_until)
    await audit.record(
        session,
        agency=membership.agency,
        actor=by,
        what=what,
        subject=f"staff:{membership.staff_id}",
        details={
            "role": membership.role,
            "unit": membership.unit,
            "days": [day.isoformat() if day else None for day in days],
            "acting": membership.acting_for is not None,
        },
        now=now,
    )


async def close_account(session: AsyncSession, person: Staff, *, by: str, now: datetime) -> None:
    """Nobody logs in with it any more, and whoever is logged in is out."""
    person.disabled_at = now
    ended = await sessions.revoke(session, person.id)
    await record(session, person, "staff.disabled", by=by, now=now, sessions=ended)


async def open_account(session: AsyncSession, person: Staff, *, by: str, now: datetime) -> None:
    """The account works again, with the password it had."""
    person.disabled_at = None
    await record(session, person, "staff.enabled", by=by, now=now)


async def reset_account(
    session: AsyncSession, person: Staff, *, by: str, key: bytes, now: datetime
) -> str:
    """Take away all that opens the account; returns the path of a link to begin anew."""
    token = await invitations.reset(session, person, key=key, now=now)
    await record(session, person, "staff.reset", by=by, now=now)
    return invitations.path_of(token, is_first=False)


async def record(
    session: AsyncSession, person: Staff, what: str, *, by: str, now: datetime, **details: Any
) -> None:
    """A row of the installation's chain about an account; the last word of a transaction."""
    await audit.record(
        session,
        agency=INSTALLATION,
        actor=by,
        what=what,
        subject=f"staff:{person.id}",
        details=details,
        now=now,
    )
