"""The commands `staff ...`: accounts for whom the pages are not open yet."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import select

from admin import appointments, invitations, staff
from admin.appointments import Appointment, faults_of
from admin.officers import Role
from admin.passwords import digest, weakness
from admin.staff import INSTALLATION, BadEmail, Membership, Staff, email_of
from admin.web.texts import LANGUAGES, WORDING
from bot import clock, logs, migration
from bot.asked_agency import agency_of
from bot.db import Database
from bot.secrets import secret_key
from bot.settings import Settings
from bot.terminal import complain, show

BY = "system"


def add_to(sub: Any) -> None:
    """Add `staff` and what it can do to the command line."""
    root: ArgumentParser = sub.add_parser("staff", help="accounts of staff / บัญชีเจ้าหน้าที่")
    kinds = root.add_subparsers(dest="what", required=True, metavar="WHAT")
    adding = kinds.add_parser("add", help="an account, or one more role / เพิ่มบัญชีหรือหน้าที่")
    adding.add_argument("--agency", required=True, metavar="SLUG", help="the agency's slug")
    adding.add_argument("--name", required=True)
    adding.add_argument("--role", required=True, choices=[role.value for role in Role])
    adding.add_argument("--unit", help="of this unit only")
    adding.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input; without it a one-time link is printed",
    )
    listing = kinds.add_parser("list", help="who holds which role / รายชื่อ")
    listing.add_argument("--agency", metavar="SLUG", help="of one agency only")
    closing = kinds.add_parser("disable", help="close an account / ปิดบัญชี")
    anew = kinds.add_parser("reset", help="a one-time link to begin anew / ออกลิงก์ใหม่")
    for one in (adding, closing, anew):
        one.add_argument("--email", required=True, metavar="MAIL")


async def run(settings: Settings, asked: Namespace) -> int:
    """Do one of the commands; returns its exit code."""
    logs.set_up("ERROR")
    doing: Mapping[str, Callable[[Database, Settings, Namespace], Awaitable[int]]] = {
        "add": _add,
        "list": _list,
        "disable": _disable,
        "reset": _reset,
    }
    database = Database(settings.database)
    try:
        await migration.upgrade(database)
        return await doing[asked.what](database, settings, asked)
    finally:
        await database.close()


async def _add(database: Database, settings: Settings, asked: Namespace) -> int:
    given = Appointment(Role(asked.role), asked.unit)
    agency, password = agency_of(settings, asked.agency), ""
    if agency is None:
        return 1
    if asked.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    keys = [*faults_of(given, agency).values(), *_faults(asked, password)]
    if keys:
        for key in keys:
            complain(*(WORDING.say(key, language) for language in LANGUAGES))
        return 1
    async with database.session() as session:
        now, email = clock.now(), email_of(asked.email)
        person = await staff.person_of(session, email)
        if person is None:
            person = await staff.add_person(session, name=asked.name, email=email, now=now)
            person.password = digest(password) if password else None
        if person.disabled_at is not None:
            complain("บัญชีนี้ปิดอยู่", "this account is closed")
            return 1
        is_new = await appointments.appoint(
            session, person, given, agency=agency.slug, by=BY, now=now
        )
        link = "" if person.password else await _link(session, settings, person)
    show(f"{'✓' if is_new else '–'} {email}: {asked.role} @ {agency.slug}")
    if link:
        show(link)
    return 0


def _faults(asked: Namespace, password: str) -> list[str]:
    """What is wrong with the person, as keys of texts."""
    found = [] if asked.name.strip() else ["faults.name"]
    try:
        email = email_of(asked.email)
    except BadEmail:
        return [*found, "faults.email"]
    if asked.password_stdin and (key := weakness(password, email.partition("@")[0])):
        found.append(key)
    return found


async def _link(session: Any, settings: Settings, person: Staff) -> str:
    """A one-time link, as an address where the public one is known."""
    key = secret_key(settings.data_dir)
    token = await invitations.invite(session, person, key=key, now=clock.now())
    return _address(settings, invitations.path_of(token, is_first=False))


def _address(settings: Settings, path: str) -> str:
    return settings.public_url.rstrip("/") + path


async def _list(database: Database, settings: Settings, asked: Namespace) -> int:
    query = (
        select(Staff, Membership)
        .outerjoin(Membership, Membership.staff_id == Staff.id)
        .order_by(Membership.agency, Staff.email, Membership.id)
    )
    if asked.agency is not None:
        query = query.where(Membership.agency == asked.agency)
    today = clock.local_date(clock.now())
    async with database.read() as connection:
        rows = (await connection.execute(query.with_only_columns(*_COLUMNS))).all()
    for row in rows:
        over = row.valid_until is not None and row.valid_until < today
        marks = [row.unit, row.disabled_at and "closed", over and "over"]
        place = row.agency if row.agency != INSTALLATION else "*"
        words = [place or "-", row.role or "-", row.email, row.name, *filter(None, marks)]
        show("\t".join(map(str, words)))
    return 0


_COLUMNS = (
    Staff.email,
    Staff.name,
    Staff.disabled_at,
    Membership.agency,
    Membership.role,
    Membership.unit,
    Membership.valid_until,
)


async def _disable(database: Database, settings: Settings, asked: Namespace) -> int:
    async with database.session() as session:
        person = await staff.person_of(session, asked.email.strip().lower())
        if person is None:
            return _unknown(asked)
        await appointments.close_account(session, person, by=BY, now=clock.now())
    show(f"✓ {person.email}")
    return 0


async def _reset(database: Database, settings: Settings, asked: Namespace) -> int:
    key = secret_key(settings.data_dir)
    async with database.session() as session:
        person = await staff.person_of(session, asked.email.strip().lower())
        if person is None:
            return _unknown(asked)
        if person.disabled_at is not None:
            await appointments.open_account(session, person, by=BY, now=clock.now())
        link = await appointments.reset_account(session, person, by=BY, key=key, now=clock.now())
    show(_address(settings, link))
    return 0


def _unknown(asked: Namespace) -> int:
    complain(f"ไม่มีบัญชี {asked.email}", f"no account {asked.email}")
    return 1
