"""What the demonstration tells whoever opens it: every login, and where to click first."""

import sys
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import select

from admin import second_factor
from admin.staff import INSTALLATION, Membership, Staff
from admin.tickets import Ticket
from bot.db import Database
from bot.demo.people import password_of, seed_of
from knowledge.agency import Agency

PATHS = ("", "tickets?state=open", "questions", "proposals", "announcements", "overview")
"""Pages of staff, below an agency."""
Login = tuple[str, str, str, str, str, bool]
"""Agency, role, mail, unit, name, and whether a code is asked for, too."""


async def _logins(database: Database) -> Sequence[Login]:
    """Who can log in, as the database has it now."""
    columns = (Staff.email, Staff.name, Staff.second_factor)
    held = (Membership.agency, Membership.role, Membership.unit, Membership.acting_for)
    query = (
        select(*columns, *held)
        .join(Membership, Membership.staff_id == Staff.id)
        .where(Staff.disabled_at.is_(None))
        .order_by(Membership.agency, Membership.id)
    )
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    return [
        (
            row.agency,
            row.role + ("*" if row.acting_for else ""),
            row.email,
            row.unit or "-",
            row.name,
            row.second_factor is not None,
        )
        for row in rows
    ]


async def _numbers(database: Database) -> Mapping[str, str]:
    """A ticket of each agency that has come a long way, to begin with."""
    query = (
        select(Ticket.agency, Ticket.number).where(Ticket.reopened > 0).order_by(Ticket.id.desc())
    )
    async with database.read() as connection:
        return {row.agency: row.number for row in await connection.execute(query)}


async def guide(
    database: Database, agencies: Sequence[Agency], *, key: bytes, base: str
) -> Iterator[str]:
    """The lines to print, in Thai and English."""
    logins, numbers = await _logins(database), await _numbers(database)
    names = {agency.slug: agency.profile.name.th for agency in agencies}
    people = _people({**names, INSTALLATION: "ทั้งระบบ / the installation"}, logins)
    return iter([*people, *_keys(key), *_pages(names, numbers, base)])


def _people(names: Mapping[str, str], logins: Sequence[Login]) -> Iterator[str]:
    width = max((len(login[2]) for login in logins), default=0)
    for slug, name in names.items():
        yield f"\n{name}"
        for agency, role, mail, unit, person, has_code in logins:
            if agency == slug:
                mark = "2FA" if has_code else "   "
                yield f"  {mail:<{width}}  {role:<10} {mark}  {unit:<20} {person}"
    yield "\n* รักษาราชการแทน / acting for the approver"


def _keys(key: bytes) -> Iterator[str]:
    secret = second_factor.secret_of(key, seed_of(key))
    yield f"รหัสผ่านของทุกคน / everybody's password: {password_of(key)}"
    yield f"กุญแจ 2FA ของทุกคน / everybody's second factor, for an app: {secret}"
    yield "รหัส 6 หลักตอนนี้ (คนละครั้ง) / the six digits of now (each person uses one once):"
    yield f"""  {sys.executable} -c "import pyotp; print(pyotp.TOTP('{secret}').now())\""""


def _pages(names: Mapping[str, str], numbers: Mapping[str, str], base: str) -> Iterator[str]:
    yield f"\nเจ้าหน้าที่ / staff: {base}/admin/"
    for slug, name in names.items():
        yield f"  {name}"
        tickets = [f"tickets/{numbers[slug]}"] if slug in numbers else []
        yield from (f"    {base}/admin/{slug}/{path}" for path in (*PATHS, *tickets))
        yield f"    {base}/{slug}/chat"
    yield ""
