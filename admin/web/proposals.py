"""Proposed answers: the form, the list, and one with what the checks say, to approve or return."""

import asyncio
from datetime import date
from functools import partial
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from admin import proposals
from admin.lists import PAGE
from admin.moves import HANDLERS
from admin.officers import Role
from admin.proposals import EntryProposal, NotKept, State, What
from admin.web.access import Route
from admin.web.forms import number_of, page_of
from admin.web.pages import page, unit_name
from admin.web.proposing import FIELDS, prefilled, typed_wish
from admin.web.visit import Visit
from knowledge.agency import Agency
from knowledge.changes import Reason
from knowledge.columns import COLUMNS, value_at
from knowledge.dates import written
from knowledge.guard import Findings

APPROVERS = frozenset({Role.APPROVER})
LONGEST = 2_000
"""Letters of a reason."""
OURS = {("id",), ("updated",)}
"""Parts of an entry that nobody fills in."""


async def listing(visit: Visit) -> web.StreamResponse:
    """What waits for an approver, and what was decided, page by page."""
    slug = visit.agency.slug
    async with visit.read() as session:
        waits, total = await proposals.counts(session, slug)
        pages = max(1, -(-total // PAGE))
        number = page_of(visit.request.query, pages)
        found = await proposals.listed(session, slug, number)
    return page(
        visit,
        "question_proposals.html",
        waits=waits,
        waiting=[one for one in found if one.state is State.WAITING],
        decided=[one for one in found if one.state is not State.WAITING],
        number=number,
        pages=pages,
        at=partial(visit.at, "proposals"),
    )


async def blank(visit: Visit) -> web.StreamResponse:
    """The form, filled in as far as it can be."""
    to = visit.at("proposals", "new")
    typed = visit.typed(to)
    return _form(visit, dict(typed) if typed else await prefilled(visit))


def _form(
    visit: Visit, typed: dict[str, str], *, status: int = 200, faults: tuple[Reason, ...] = ()
) -> web.StreamResponse:
    target = visit.agency.entry(typed.get("entry", ""))
    categories = dict.fromkeys(
        entry.category for key, entry in visit.agency.entries.items() if key in visit.agency.own
    )
    return page(
        visit,
        "question_propose.html",
        status=status,
        typed={name: typed.get(name, "") for name in FIELDS},
        target=target if target and target.id in visit.agency.own else None,
        faults=[said(visit, fault) for fault in faults],
        label=lambda *path: label(visit, *path),
        categories=list(categories),
        units=[(unit.id, unit.name(visit.language)) for unit in visit.agency.profile.units],
    )


def label(visit: Visit, *path: str) -> str:
    """What a part of an entry is called, as the reasons of the importer call it."""
    column = next(column for column in COLUMNS if column.path == path)
    return column.en if visit.language == "en" else column.th


def said(visit: Visit, reason: Reason) -> str:
    """A reason in the visitor's language."""
    return reason.en if visit.language == "en" else reason.th


async def propose(visit: Visit) -> web.StreamResponse:
    """Keep what was filled in, or say what is missing."""
    typed = {name: visit.form.text(name, at_most=10_000) for name in FIELDS}
    try:
        async with visit.write() as session:
            wish = await typed_wish(visit, session, typed)
            made = await proposals.propose(session, visit.agency, wish, visit.officer, visit.now)
    except NotKept as error:
        return _form(visit, typed, status=422, faults=error.reasons)
    raise visit.go(visit.at("proposals", made.id), done="proposed")


async def one(visit: Visit) -> web.StreamResponse:
    """One proposal."""
    return await _shown(visit)


async def _found(visit: Visit, session: AsyncSession, *, locks: bool = False) -> EntryProposal:
    number, slug = number_of(visit.request.match_info["id"]), visit.agency.slug
    found = await proposals.proposal_of(session, slug, number, locks=locks)
    if found is None:
        raise web.HTTPNotFound
    return found


async def _shown(
    visit: Visit, *, status: int = 200, faults: tuple[Reason, ...] = ()
) -> web.StreamResponse:
    """The proposal; while it waits, with what the checks say of it."""
    async with visit.read() as session:
        found = await _found(visit, session)
    findings, reasons = None, faults
    if found.state is State.WAITING:
        try:
            findings = await _checked(visit, found)
        except NotKept as error:
            reasons = (*faults, *error.reasons)
    target = visit.agency.entry(found.key)
    return page(
        visit,
        "question_proposal.html",
        status=status,
        proposal=found,
        parts=_parts(visit, found),
        target=target if found.what is What.PHRASING else None,
        findings=findings,
        faults=[said(visit, reason) for reason in dict.fromkeys(reasons)],
        is_own=found.proposed_by == visit.officer.id,
        may_decide=bool(visit.officer.roles & APPROVERS),
        reason=visit.form.text("reason", at_most=LONGEST),
        name_of=lambda key: _name_of(visit.agency, visit.language, key),
    )


def _parts(visit: Visit, found: EntryProposal) -> list[tuple[str, list[str]]]:
    """What is proposed, part by part, each as lines."""
    parts = []
    for column in COLUMNS:
        value: Any = value_at(found.content, column.path)
        if column.path == ("unit",) and value:
            value = unit_name(visit.agency, value, visit.language)
        elif column.is_date and value:
            value = written(date.fromisoformat(value), visit.language)
        lines = value if isinstance(value, list) else str(value or "").split("\n")
        if any(lines) and column.path not in OURS:
            parts.append((label(visit, *column.path), lines))
    return parts


def _name_of(agency: Agency, language: str, key: str | None) -> str:
    entry = agency.entry(key or "")
    return entry.question.of(language) if entry else key or "-"


async def _checked(visit: Visit, found: EntryProposal) -> Findings | None:
    """What the guard says, worked out beside the event loop; raises NotKept."""
    served = visit.equipment.served(visit.agency.slug)
    if served is None:
        return None
    async with visit.read() as session:
        now, sure = await proposals.known(session, visit.agency.slug)
    changes = proposals.changes_of(served.agency, proposals.wish_of(found), now, visit.today)
    return await asyncio.to_thread(
        proposals.guarded, served.agency, served.matcher, changes, now, sure
    )


async def approve(visit: Visit) -> web.StreamResponse:
    """Put it into the knowledge base; where confirmed questions break, only with a tick."""
    try:
        async with visit.read() as session:
            found = await _found(visit, session)
        await _must_be_harmless(visit, found)
        async with visit.write() as session:
            found = await _found(visit, session, locks=True)
            await proposals.approve(session, visit.agency, found, visit.officer, visit.now)
    except NotKept as error:
        return await _shown(visit, status=422, faults=error.reasons)
    raise visit.go(visit.at("proposals", found.id), done="kept_as_entry")


async def _must_be_harmless(visit: Visit, found: EntryProposal) -> None:
    """Raises NotKept where what is wrong has not been seen and accepted."""
    if visit.form.text("anyway") or found.state is not State.WAITING:
        return
    findings = await _checked(visit, found)
    if findings and must_be_seen(findings):
        raise NotKept(
            Reason(
                "มีข้อที่ต้องดูก่อนอนุมัติ อ่านแล้วทำเครื่องหมายว่ายอมรับ",
                "Something must be looked at first: read it and tick that you accept it.",
            )
        )


def must_be_seen(findings: Findings) -> bool:
    """Whether a citizen would get no answer, or another one than staff have confirmed."""
    return findings.blocks or any(problem.blocks for problem in findings.problems)


async def give_back(visit: Visit) -> web.StreamResponse:
    """Return it to who proposed it."""
    reason = visit.form.text("reason", at_most=LONGEST)
    try:
        async with visit.write() as session:
            found = await _found(visit, session, locks=True)
            await proposals.give_back(session, found, visit.officer, reason, visit.now)
    except NotKept as error:
        return await _shown(visit, status=422, faults=error.reasons)
    raise visit.go(visit.at("proposals"), done="returned")


ROUTES = (
    Route("GET", "/admin/{slug}/proposals", listing, HANDLERS),
    Route("GET", "/admin/{slug}/proposals/new", blank, HANDLERS),
    Route("POST", "/admin/{slug}/proposals/new", propose, HANDLERS),
    Route("GET", "/admin/{slug}/proposals/{id}", one, HANDLERS),
    Route("POST", "/admin/{slug}/proposals/{id}/approve", approve, APPROVERS),
    Route("POST", "/admin/{slug}/proposals/{id}/return", give_back, APPROVERS),
)
