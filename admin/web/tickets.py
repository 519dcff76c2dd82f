"""The lists of tickets: what a day begins with, and every list that can be asked for."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from admin import approvals, lists, own_posts, resets, tickets
from admin.lists import MOST, PAGE, Clock, State, Wanted
from admin.moves import Ending, Status
from admin.numbers import typed_number
from admin.officers import Role
from admin.tickets import Source, Ticket
from admin.web.access import AGENCY_STAFF, TICKET_STAFF, TICKET_TAKERS, Route
from admin.web.forms import page_of
from admin.web.pages import page
from admin.web.visit import Visit
from knowledge.chains import Class, Kind

FEW = 5
"""Rows of each group on the first page."""
MOST_PAGES = 400


async def today(visit: Visit) -> web.StreamResponse:
    """The agency's first page: what waits for the visitor, what is late, what is due soon."""
    agency, officer = visit.agency, visit.officer
    async with visit.read() as session:
        own = await own_posts.unagreed(session, officer, visit.today)
        anew = await resets.seen_by(session, officer, visit.now)
        if officer.roles.isdisjoint(TICKET_STAFF):
            return page(visit, "agency_page.html", own=own, anew=anew)
        counts = await lists.counts(session, agency, officer, visit.now)
        approving = await approvals.count(session, agency, officer)
        groups = {
            name: await lists.listed(session, agency, officer, wanted, visit.now, limit=FEW)
            for name, wanted in lists.GROUPS.items()
            if counts[name] and name != "open"
        }
    return page(
        visit,
        "ticket_today.html",
        own=own,
        anew=anew,
        counts=counts,
        approving=approving,
        groups=groups,
        may_enter=_may_enter(visit),
        addresses={name: list_address(visit, wanted) for name, wanted in lists.GROUPS.items()},
    )


async def listing(visit: Visit) -> web.StreamResponse:
    """One list, as its address says."""
    wanted = wanted_by(visit.request.query)
    agency, officer = visit.agency, visit.officer
    async with visit.read() as session:
        found = await lists.listed(session, agency, officer, wanted, visit.now)
        total = len(found) + PAGE * (wanted.page - 1)
        if len(found) == PAGE or (wanted.page > 1 and not found):  # else this is the last page
            total = await lists.count(session, agency, officer, wanted, visit.now)
    pages = min(MOST_PAGES, max(1, -(-total // PAGE)))
    if total > MOST and len(found) == PAGE:
        pages = max(pages, wanted.page + 1)
    return page(
        visit,
        "ticket_list.html",
        wanted=wanted,
        tickets=found,
        may_enter=_may_enter(visit),
        total=min(total, MOST),
        is_more=total > MOST,
        pages=pages,
        fields=FIELDS,
        at=lambda **changes: list_address(visit, wanted, **changes),
    )


def _may_enter(visit: Visit) -> bool:
    return not visit.officer.roles.isdisjoint(TICKET_TAKERS)


FIELDS: Mapping[str, tuple[str, type[StrEnum]]] = {
    "state": ("state", State),
    "clock": ("clock", Clock),
    "kind": ("kind", Kind),
    "status": ("status", Status),
    "class": ("class_", Class),
    "source": ("source", Source),
    "ending": ("ending", Ending),
}
"""The filters with a list of words: the name in the address, the name in Wanted, the words."""
FREE = ("unit", "verdict", "opened", "closed")


def wanted_by(query: Mapping[str, str]) -> Wanted:
    """What an address asks for; what it asks for wrongly is left out."""
    given: dict[str, Any] = {}
    for name, (field, words) in FIELDS.items():
        if (value := member(words, query.get(name))) is not None:
            given[field] = value
    free = {name: query.get(name, "")[:40].replace("\0", "") for name in FREE}
    given |= {name: value for name, value in free.items() if value}
    return Wanted(
        **given,
        again=query.get("again") == "1",
        words=query.get("q", "")[:200].replace("\0", "").strip(),
        page=page_of(query, MOST_PAGES),
    )


def list_address(visit: Visit, wanted: Wanted, **changes: Any) -> str:
    """The address of a list, with some of it changed; a change but of the page begins anew."""
    values: dict[str, Any] = {name: getattr(wanted, field) for name, (field, _) in FIELDS.items()}
    values |= {name: getattr(wanted, name) for name in FREE}
    values |= {"again": "1" if wanted.again else None, "q": wanted.words}
    values |= {"page": None, **changes}
    if values["page"] == 1:
        values["page"] = None
    return visit.at("tickets", **values)


def member(words: type[StrEnum], value: str | None) -> Any:
    """A word of a list, None for anything else."""
    return words(value) if value in set(words) else None


async def found(visit: Visit, session: AsyncSession, *, locks: bool = False) -> Ticket:
    """The ticket of the path; raises HTTPNotFound where there is none for this visitor."""
    number = visit.request.match_info["number"]
    ticket = await tickets.ticket_of(session, visit.agency.slug, number, locks=locks)
    if ticket is None or not await visit.sees(session, ticket):
        raise web.HTTPNotFound
    return ticket


async def seen(visit: Visit, session: AsyncSession, words: str) -> Ticket | None:
    """The ticket whose number somebody has typed, if the visitor sees it."""
    ticket = await tickets.ticket_of(session, visit.agency.slug, typed_number(words) or "")
    return ticket if ticket and await visit.sees(session, ticket) else None


ROUTES = (
    Route("GET", "/admin/{slug}/", today, AGENCY_STAFF | {Role.OPERATOR}),
    Route("GET", "/admin/{slug}/tickets", listing, TICKET_STAFF),
)
