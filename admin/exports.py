"""Exports: every ticket of an agency as rows to take elsewhere, page by page."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from admin import audit
from admin.followers import Follower
from admin.persons import Person
from admin.tickets import Privacy, Ticket
from bot.clock import BANGKOK
from bot.db import Database
from knowledge.agency import Agency
from knowledge.dates import written
from knowledge.masking import mask

A_PAGE = 500
MOMENTS = ("opened_at", "first_reply_due", "first_reply_at", "due_at", "closed_at")
WORDS = ("what", "right", "ending_reason", "verdict_words")
WRITTEN = (*WORDS, "url")
"""Written by people: personal numbers in them are taken out unless persons are asked for."""
PLAIN = ("number", "kind", "status", "source", "privacy", "class", "urgent", "image", "unit",
         "unit_name", "item", "item_title", "topic", "entry", "url")  # fmt: skip
ENDS = ("ending", "handed_to", "handed_number", "joined_to", "reopened", "verdict", "stars",
        "followers")  # fmt: skip
OF_PERSON = ("name", "phone", "email", "address", "latitude", "longitude")


class Wanted(Struct, frozen=True):
    """Which tickets, by the days in Bangkok on which they came, and with how much of the person."""

    since: date | None = None
    until: date | None = None
    """The last day."""
    persons: bool = False


def columns(wanted: Wanted) -> tuple[str, ...]:
    """The names of a row's values, in their order."""
    moments = [name for moment in MOMENTS for name in (moment, f"{moment}_be")]
    persons = OF_PERSON if wanted.persons else ()
    return (*PLAIN, *moments, *WORDS, *ENDS, *persons)


async def note(
    session: AsyncSession, agency: Agency, wanted: Wanted, *, by: str, now: datetime
) -> None:
    """Write down that an export is made, before its first row leaves."""
    await audit.record(
        session,
        agency=agency.slug,
        actor=by,
        what="export.tickets",
        subject=f"agency:{agency.slug}",
        details={
            "persons": wanted.persons,
            "since": wanted.since.isoformat() if wanted.since else None,
            "until": wanted.until.isoformat() if wanted.until else None,
        },
        now=now,
    )


async def rows(
    database: Database, agency: Agency, wanted: Wanted, *, page: int = A_PAGE
) -> AsyncIterator[Mapping[str, Any]]:
    """Every ticket asked for, in the order they came; never more than a page in memory."""
    after = 0
    while True:
        async with database.read() as connection:
            session = AsyncSession(connection)
            found = await _page(session, agency, wanted, after, page)
            ids = [ticket.id for ticket, _ in found]
            followed = await _followers(session, ids)
            persons = await _persons(session, ids) if wanted.persons else {}
            made = [
                {
                    **_row(agency, ticket, joined, mask_words=not wanted.persons),
                    "followers": followed.get(ticket.id, 0),
                    **(_of_person(ticket, persons.get(ticket.id)) if wanted.persons else {}),
                }
                for ticket, joined in found
            ]
            await session.close()
        for row in made:
            yield {name: row[name] for name in columns(wanted)}
        if len(made) < page:
            return
        after = ids[-1]


async def _page(
    session: AsyncSession, agency: Agency, wanted: Wanted, after: int, limit: int
) -> Sequence[tuple[Ticket, str | None]]:
    other = aliased(Ticket)
    query = (
        select(Ticket, other.number)
        .outerjoin(other, other.id == Ticket.joined_to)
        .where(Ticket.agency == agency.slug, Ticket.id > after)
        .order_by(Ticket.id)
        .limit(limit)
    )
    if wanted.since:
        query = query.where(Ticket.opened_at >= _midnight(wanted.since))
    if wanted.until:
        query = query.where(Ticket.opened_at < _midnight(wanted.until + timedelta(days=1)))
    return [(ticket, number) for ticket, number in await session.execute(query)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BANGKOK)


async def _followers(session: AsyncSession, ids: Sequence[int]) -> Mapping[int, int]:
    query = select(Follower.ticket_id, func.count()).where(Follower.ticket_id.in_(ids))
    return {row[0]: row[1] for row in await session.execute(query.group_by(Follower.ticket_id))}


async def _persons(session: AsyncSession, ids: Sequence[int]) -> Mapping[int, Person]:
    found = await session.scalars(select(Person).where(Person.ticket_id.in_(ids)))
    return {person.ticket_id: person for person in found}


def _row(agency: Agency, ticket: Ticket, joined: str | None, *, mask_words: bool) -> dict[str, Any]:
    unit, item = agency.unit(ticket.unit), agency.item(ticket.item or "")
    row: dict[str, Any] = {name: getattr(ticket, name, None) for name in (*PLAIN, *ENDS, *WORDS)}
    row["class"] = ticket.class_
    row["unit_name"] = unit.name("th") if unit else None
    row["item_title"] = item.title.of("th") if item else None
    row["joined_to"] = joined
    for name in WRITTEN:
        if mask_words and row[name]:
            row[name] = mask(row[name])
    for name in MOMENTS:
        moment: datetime | None = getattr(ticket, name)
        here = moment.astimezone(BANGKOK) if moment else None
        row[name] = here.isoformat(timespec="seconds") if here else None
        row[f"{name}_be"] = f"{written(here.date(), 'th')} {here:%H:%M}" if here else None
    return row


def _of_person(ticket: Ticket, person: Person | None) -> dict[str, Any]:
    """Who brought it and where it is; what was to be hidden from the unit stays hidden."""
    is_open = ticket.privacy is Privacy.NAMED
    place = (ticket.place or {}) if is_open else {}
    names = {name: getattr(person, name, None) if is_open else None for name in OF_PERSON[:4]}
    return {**names, "latitude": place.get("latitude"), "longitude": place.get("longitude")}
