"""Announcements: what is being written, waits, goes out and stands there; and the page of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import announcement_checks, announcements, approvals, leaflets
from admin.announcement_checks import Fault
from admin.announcements import Announcement, Relation, State
from admin.announcing import DECIDERS, WRITERS, approver_of
from admin.mailings import Mailing, Why
from admin.mailings import State as Sending
from admin.threads import others, story_of
from admin.web import announcement_progress, announcement_words
from admin.web.access import AGENCY_STAFF, Route
from admin.web.announcement_forecast import forecast
from admin.web.announcement_form import may_write, seen_at
from admin.web.announcement_previews import as_sent, end_of, previews
from admin.web.announcement_progress import Sent
from admin.web.forms import number_of
from admin.web.pages import page
from admin.web.visit import Visit

PART: Final = "announcements"
MOST: Final = 20
"""Announcements of one page of those that are out."""
MOST_OPEN: Final = 100
TABS: Final = ("open", "posted", "withdrawn")


@dataclass(frozen=True, slots=True)
class Group:
    """Announcements that stand alike, under the key of their heading."""

    key: str
    ones: Sequence[Announcement]


async def listed(visit: Visit) -> web.StreamResponse:
    """What is in hand, or what went out, or what was withdrawn."""
    tab = visit.request.query.get("tab", "")
    tab = tab if tab in TABS else TABS[0]
    before = number_of(visit.request.query.get("before", ""))
    async with visit.read() as session:
        if tab == TABS[0]:
            groups, earlier = await _in_hand(visit, session), 0
        else:
            groups, earlier = await _past(visit, session, tab, before)
        stopped = await _stopped(session, [one.id for group in groups for one in group.ones])
    return page(
        visit,
        "announcement_list.html",
        stopped=stopped,
        headline_of=lambda one: _headline(visit, one),
        tab=tab,
        tabs=TABS,
        groups=groups,
        earlier=earlier,
        may_begin=not WRITERS.isdisjoint(visit.officer.roles),
    )


async def _in_hand(visit: Visit, session: AsyncSession) -> list[Group]:
    """What somebody still has to do something about, or may."""
    ones = await _some(
        visit,
        session,
        Announcement.state.in_([State.DRAFT, State.WAITING, State.APPROVED]) | _is_sending(),
    )
    waiting = [one for one in ones if one.state is State.WAITING]
    mine = [one for one in waiting if may_approve(visit, one)]
    groups = [
        Group("announce.waits_for_me", mine),
        Group("announce.waits_for_others", [one for one in waiting if one not in mine]),
        Group("announce.sending", [one for one in ones if one.state is State.POSTED]),
        Group("announce.scheduled", [one for one in ones if one.state is State.APPROVED]),
        Group("announce.drafts", [one for one in ones if one.state is State.DRAFT]),
    ]
    return [group for group in groups if group.ones]


async def _past(
    visit: Visit, session: AsyncSession, tab: str, before: int
) -> tuple[list[Group], int]:
    """One page of what is over, and where the next one begins."""
    is_so = Announcement.state == (State.POSTED if tab == "posted" else State.CANCELLED)
    where = is_so & (Announcement.id < before) if before else is_so
    ones = await _some(visit, session, where, most=MOST + 1)
    shown = ones[:MOST]
    key = "newstabs.posted" if tab == "posted" else "newstabs.withdrawn"
    return [Group(key, shown)] if shown else [], (shown[-1].id if len(ones) > MOST else 0)


async def _some(
    visit: Visit, session: AsyncSession, where: ColumnElement[bool], most: int = MOST_OPEN
) -> Sequence[Announcement]:
    query = select(Announcement).where(Announcement.agency == visit.agency.slug, where)
    return (await session.scalars(query.order_by(Announcement.id.desc()).limit(most))).all()


def _is_sending() -> ColumnElement[bool]:
    """Posted, and some of it is still to be sent."""
    unended = exists().where(Mailing.announcement_id == Announcement.id, Mailing.ended_at.is_(None))
    return (Announcement.state == State.POSTED) & unended


async def _stopped(session: AsyncSession, numbers: Sequence[int]) -> Mapping[int, Why]:
    """Why the sending of some of these stands still."""
    query = select(Mailing.announcement_id, Mailing.why).where(
        Mailing.announcement_id.in_(numbers),
        Mailing.state == Sending.STOPPED,
        Mailing.ended_at.is_(None),
        Mailing.why.is_not(None),
    )
    found = await session.execute(query)
    return {number: why for number, why in found if number is not None and why is not None}


async def found(visit: Visit, session: AsyncSession, *, locks: bool = False) -> Announcement:
    """The announcement of the path; raises HTTPNotFound."""
    number = number_of(visit.request.match_info["number"])
    one = await announcements.announcement_of(session, visit.agency.slug, number, locks=locks)
    if one is None:
        raise web.HTTPNotFound
    return one


def may_approve(visit: Visit, one: Announcement) -> bool:
    """Whether the visitor is the second person that this one waits for."""
    return approvals.may_approve(visit.agency, visit.officer, one)


def may_decide(visit: Visit, one: Announcement) -> bool:
    """Whether the visitor may return, withdraw, stop or end it."""
    return any(visit.officer.post(role, one.content.unit) for role in DECIDERS)


async def one(visit: Visit) -> web.StreamResponse:
    """The page of one announcement."""
    return await shown(visit)


async def shown(
    visit: Visit,
    *,
    status: int = 200,
    fault: str = "",
    faults: Sequence[Fault] | None = None,
    typed: Mapping[str, Any] | None = None,
) -> web.StreamResponse:
    """An announcement with its previews, signatures, checks, forecast and figures."""
    async with visit.read() as session:
        it = await found(visit, session)
        followers = await thread(session, it)
        story = await story_of(session, it)
        sent = await announcement_progress.of(session, it)
    is_open = it.state in {State.DRAFT, State.WAITING}
    end = end_of(visit, it, next(filter(_is_planned_end, followers), None))
    personal = announcement_checks.found(visit.agency, it.content)
    checked = announcement_checks.faults(visit.agency, it.content, visit.now) if is_open else ()
    return page(
        visit,
        "announcement_page.html",
        status=status,
        **standing(visit, it, sent, followers),
        content=it.content,
        kind=announcements.kind_of(visit.agency, it.content),
        headline=_headline(visit, it),
        headline_of=lambda one: _headline(visit, one),
        seen=seen_at(it),
        fault=fault,
        faults=faults if faults is not None else checked,
        typed=typed or {},
        personal=personal,
        in_files=await announcement_words.personal(visit, it.content) if is_open else {},
        file_digests=announcement_checks.file_digests(it.content),
        previews=previews(visit, as_sent(visit, it, story)),
        end_previews=previews(visit, as_sent(visit, it, story, end=end)) if end else (),
        forecast=await forecast(visit, it) if is_open else None,
        followers=followers,
        needs_head=announcements.needs_head(visit.agency, it.content),
        approver=approver_of(visit.agency, it.content),
        may_write=may_write(visit, it.content.unit),
        may_approve=it.state is State.WAITING and may_approve(visit, it),
        may_end=visit.officer.post(approver_of(visit.agency, it.content), it.content.unit),
    )


def standing(
    visit: Visit, it: Announcement, sent: Sent, thread: Sequence[Announcement]
) -> dict[str, Any]:
    """What the part of the page that moves by itself is made of."""
    end = next((one for one in thread if _is_end_told_early(it, one)), None)
    return {
        "it": it,
        "sent": sent,
        "fates": announcement_progress.FATES,
        "percent": announcement_progress.percent(sent),
        "here": visit.at(PART, it.id),
        "left": _left(visit, end or it),
        "end": end,
        "may_decide": may_decide(visit, it),
        "may_undo": may_decide(visit, it) or may_write(visit, it.content.unit),
    }


def _is_end_told_early(it: Announcement, one: Announcement) -> bool:
    """Whether it is the end of this one, about to be told before its time."""
    return it.first_id is None and _is_planned_end(one) and one.is_early


def _is_planned_end(one: Announcement) -> bool:
    return one.relation is Relation.ALL_CLEAR and one.state is State.APPROVED


def _left(visit: Visit, it: Announcement) -> int:
    """Seconds until it goes out."""
    if it.state is not State.APPROVED or it.starts_at is None:
        return 0
    return max(0, round((it.starts_at - visit.now).total_seconds()))


def _headline(visit: Visit, it: Announcement) -> str:
    if not it.content.headline(visit.language):
        return visit.say("announce.untitled")
    return leaflets.headline(visit.agency, it, visit.language)


async def thread(session: AsyncSession, it: Announcement) -> Sequence[Announcement]:
    """Everything of its thread but itself, drafts and planned ends too; not what was dropped."""
    is_dropped = (Announcement.state == State.CANCELLED) & Announcement.posted_at.is_(None)
    query = select(Announcement).where(others(it), ~is_dropped)
    return (await session.scalars(query.order_by(Announcement.id))).all()


HERE: Final = "/admin/{slug}/announcements/{number}"
ROUTES = (
    Route("GET", "/admin/{slug}/announcements", listed, AGENCY_STAFF),
    Route("GET", HERE, one, AGENCY_STAFF),
)
