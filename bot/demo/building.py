"""Builds the demonstration in one transaction: all of it is there, or nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from admin import audit, followers
from admin.appointments import Appointment
from admin.officers import Role
from admin.staff import INSTALLATION
from bot.db import Database
from bot.demo.bulletins import Event, events
from bot.demo.cases import Case
from bot.demo.citizens import contact_of
from bot.demo.lives import STEPS
from bot.demo.people import BY, Employer, Office
from bot.demo.standing import MADE
from bot.demo.stories import FURTHEST, Plan, plans, read
from bot.files import FileStore
from knowledge.agency import Agency
from knowledge.library import seed


async def build(
    database: Database,
    store: FileStore,
    agencies: Sequence[Agency],
    *,
    key: bytes,
    now: datetime,
    progress: Callable[[int, int], None],
) -> int:
    """Fill an empty database; returns how many matters there are."""
    begun = now - FURTHEST * 1.05
    for agency in agencies:
        await seed(database, agency, begun)
    planned = plans(read(), agencies, now)
    async with database.session() as session:
        await audit.record(
            session,
            agency=INSTALLATION,
            actor=BY,
            what=MADE,
            subject="installation",
            details={"tickets": len(planned)},
            now=begun,
        )
        offices = await _staffed(session, agencies, key=key, begun=begun, now=now)
        cases = _cases(session, store, offices, planned)
        news = [event for office in offices.values() for event in events(session, office, now)]
        await _lived(cases, planned, news, progress)
        for case in cases.values():
            if case.contact is not None:  # what was told months ago is no news
                await followers.take(session, case.contact.id, now)
    return len(planned)


async def _staffed(
    session: AsyncSession,
    agencies: Sequence[Agency],
    *,
    key: bytes,
    begun: datetime,
    now: datetime,
) -> dict[str, Office]:
    employer = Employer(session, key=key, now=begun)
    offices = {agency.slug: await employer.open(agency, now) for agency in agencies}
    everywhere = [(agency.slug, Appointment(Role.AGENT)) for agency in agencies]
    await employer.employ("everywhere", everywhere)
    await employer.employ("operator", [(INSTALLATION, Appointment(Role.OPERATOR))])
    return offices


def _cases(
    session: AsyncSession, store: FileStore, offices: dict[str, Office], planned: Sequence[Plan]
) -> dict[int, Case]:
    cases: dict[int, Case] = {}
    for plan in planned:
        twin = None if plan.twin is None else cases[plan.twin]
        office = offices[plan.agency.slug]
        cases[plan.number] = Case(session, store, office, plan, contact_of(plan), twin)
    return cases


async def _lived(
    cases: dict[int, Case],
    planned: Sequence[Plan],
    more: Sequence[Event],
    progress: Callable[[int, int], None],
) -> None:
    """Every step of every matter in the order of time, as it would have come to pass."""
    lives: list[Event] = [
        (when, partial(STEPS[step], cases[plan.number], when))
        for plan in planned
        for when, step in plan.steps
    ]
    order = sorted([*lives, *more], key=lambda event: event[0])
    for done, (_, step) in enumerate(order, 1):
        await step()
        progress(done, len(order))
