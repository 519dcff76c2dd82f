"""What staff do with an announcement: write, sign, approve, take back, withdraw, follow up."""

from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import announcements, audit, recurring
from admin.announcements import Announcement, Content, Relation, State, ending, needs_head
from admin.officers import Officer, Post, Role
from admin.threads import story_of
from knowledge.agency import Agency

UNDO = timedelta(seconds=60)
"""For so long an approved announcement can be taken back before anything goes out."""
WRITERS = frozenset({Role.REPORTER, Role.AGENT, Role.WEBMASTER, Role.APPROVER})
"""Who may prepare one."""
DECIDERS = frozenset({Role.APPROVER, Role.EXECUTIVE})
"""Who may approve one; which of the two it has to be, `approver_of` says."""


class Refused(Exception):
    """It cannot be done; `key` is the text that says why and what to do."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def approver_of(agency: Agency, content: Content) -> Role:
    """Who approves it: the head, where it is urgent or touches the agency's image (A5)."""
    return Role.EXECUTIVE if needs_head(agency, content) else Role.APPROVER


async def draft(
    session: AsyncSession,
    agency: Agency,
    content: Content,
    officer: Officer,
    now: datetime,
    *,
    relation: Relation | None = None,
    first: Announcement | None = None,
) -> Announcement:
    """A new one, as far as it is written."""
    made = Announcement(
        agency=agency.slug,
        state=State.DRAFT,
        relation=relation,
        first_id=first.id if first else None,
        signatures_=[],
        cleared=[],
        made_by=officer.id,
        made_at=now,
        changed_at=now,
    )
    made.content = content
    session.add(made)
    await session.flush()
    await _record(session, made, officer, "announcement.drafted", now)
    return made


async def save(
    session: AsyncSession,
    found: Announcement,
    content: Content,
    officer: Officer,
    now: datetime,
    *,
    seen: datetime,
) -> None:
    """Put other words into a draft; raises Refused where somebody else changed it since `seen`."""
    _must_be(found, State.DRAFT)
    if found.changed_at != seen:
        raise Refused("announce.changed_meanwhile")
    if found.content == content:
        return
    found.content = content
    found.signatures_, found.cleared, found.changed_at = [], [], now
    await session.flush()
    await _record(session, found, officer, "announcement.changed", now)


async def submit(
    session: AsyncSession, agency: Agency, found: Announcement, officer: Officer, now: datetime
) -> None:
    """Sign as who prepared it, and hand it to who approves; what follows the head's, to the head.

    Whether it may go out at all is checked before, by `admin.announcement_checks`.
    """
    _must_be(found, State.DRAFT)
    post = _post(officer, WRITERS, found.content.unit)
    first = await _first_of(session, found)
    if first is not found and needs_head(agency, first.content):  # it can change all that was said
        found.content = msgspec.structs.replace(found.content, touches_image=True)
    found.signatures_, found.reason = [], None
    announcements.sign(found, "prepare", staff_id=officer.id, name=officer.name, post=post, now=now)
    found.state, found.changed_at = State.WAITING, now
    await session.flush()
    await _record(session, found, officer, "announcement.signed", now)


async def give_back(
    session: AsyncSession, found: Announcement, officer: Officer, reason: str, now: datetime
) -> None:
    """Return it to who prepared it, and say why; every signature is void."""
    _must_be(found, State.WAITING)
    if not reason.strip():
        raise Refused("announce.reason_missing")
    _post(officer, WRITERS | DECIDERS, found.content.unit)
    found.state, found.reason, found.changed_at = State.DRAFT, reason.strip(), now
    found.signatures_, found.cleared = [], []
    await session.flush()
    await _record(session, found, officer, "announcement.returned", now)


async def approve(
    session: AsyncSession,
    agency: Agency,
    found: Announcement,
    officer: Officer,
    now: datetime,
    *,
    cleared: Collection[str] = (),
) -> None:
    """The second person's signature: it goes out at its time, or when it can no longer be undone.

    What is bound in time has its end planned as it is posted. Raises Refused.
    """
    _must_be(found, State.WAITING)
    if (await _first_of(session, found)).state is State.CANCELLED:
        raise Refused("announce.not_now")
    prepared = found.signed("prepare")
    if prepared is None or prepared.digest != announcements.digest_of(agency.slug, found.content):
        raise Refused("announce.not_signed")
    if prepared.staff_id == officer.id:
        raise Refused("announce.own")
    post = _post(officer, {approver_of(agency, found.content)}, found.content.unit)
    announcements.sign(found, "approve", staff_id=officer.id, name=officer.name, post=post, now=now)
    found.cleared = sorted(cleared)
    found.state, found.changed_at = State.APPROVED, now
    first_time = found.content.send_at or recurring.following(found.content, now) or now
    found.starts_at = max(now + UNDO, first_time)
    await session.flush()
    await _record(session, found, officer, "announcement.approved", now)


async def plan_end(session: AsyncSession, found: Announcement, now: datetime) -> None:
    """As it is posted: the all-clear of a time-bound one, under the same signatures (N13).

    A correction moves it, but does not undo that staff have ended it.
    """
    first = found.first_id or found.id
    planned = await _end_of(session, first)
    content = ending(found, planned, now)
    if content is None:
        is_open = found.content.valid_until is None  # until further notice
        if planned is not None and is_open and not planned.is_early:
            planned.state, planned.changed_at = State.CANCELLED, now
        return
    if planned is not None:
        ends = [content.valid_until, planned.starts_at if planned.is_early else None]
        planned.content, planned.signatures_ = content, found.signatures_
        planned.starts_at = min(filter(None, ends))
        return
    end = Announcement(
        agency=found.agency,
        state=State.APPROVED,
        relation=Relation.ALL_CLEAR,
        first_id=first,
        signatures_=found.signatures_,
        cleared=found.cleared,
        made_by=found.made_by,
        made_at=now,
        changed_at=now,
        starts_at=content.valid_until,
    )
    end.content = content
    session.add(end)
    await session.flush()


async def _first_of(session: AsyncSession, found: Announcement) -> Announcement:
    """The first of its thread, maybe itself."""
    return await session.get_one(Announcement, found.first_id) if found.first_id else found


async def _end_of(session: AsyncSession, first: int) -> Announcement | None:
    """The end of a thread that is planned and not told yet."""
    query = select(Announcement).where(
        Announcement.first_id == first,
        Announcement.relation == Relation.ALL_CLEAR,
        Announcement.state == State.APPROVED,
    )
    found: Announcement | None = await session.scalar(query.limit(1).with_for_update())
    return found


async def undo(session: AsyncSession, found: Announcement, officer: Officer, now: datetime) -> None:
    """Take the approval back before anything has gone out."""
    _must_be(found, State.APPROVED)
    _post(officer, WRITERS | DECIDERS, found.content.unit)
    found.state, found.starts_at, found.changed_at = State.DRAFT, None, now
    found.signatures_, found.cleared = [], []
    await session.flush()
    await _record(session, found, officer, "announcement.undone", now)


async def end_now(
    session: AsyncSession, agency: Agency, found: Announcement, officer: Officer, now: datetime
) -> None:
    """Tell the planned end earlier: what was announced is over already."""
    end = await _end_of(session, found.first_id or found.id)
    if found.state is not State.POSTED or end is None:
        raise Refused("announce.no_end_planned")
    _post(officer, {approver_of(agency, found.content)}, found.content.unit)
    end.starts_at, end.changed_at = now + UNDO, now
    await session.flush()
    await _record(session, found, officer, "announcement.ended_early", now)


async def keep_going(
    session: AsyncSession, found: Announcement, officer: Officer, now: datetime
) -> None:
    """It is not over after all: the end is told when it was planned to be, if it still is."""
    end = await _end_of(session, found.first_id or found.id)
    if found.state is not State.POSTED or end is None or end.content.valid_until is None:
        raise Refused("announce.not_now")
    _post(officer, WRITERS | DECIDERS, found.content.unit)
    end.starts_at, end.changed_at = max(end.content.valid_until, now + UNDO), now
    if (await story_of(session, found)).standing.valid_until is None:  # a correction took it away
        end.state = State.CANCELLED
    await session.flush()
    await _record(session, found, officer, "announcement.end_undone", now)


async def withdraw(
    session: AsyncSession, found: Announcement, officer: Officer, reason: str, now: datetime
) -> None:
    """It does not go out, or no longer holds: the page says so. Its mailings are stopped apart.

    Nothing that was to follow it goes out either.
    """
    if found.state is State.CANCELLED:
        raise Refused("announce.not_now")
    _post(officer, WRITERS | DECIDERS, found.content.unit)
    if not reason.strip():
        raise Refused("announce.reason_missing")
    found.state, found.reason, found.changed_at = State.CANCELLED, reason.strip(), now
    found.ended_at = found.ended_at or now
    found.next_at = None
    followers = select(Announcement).where(
        Announcement.first_id == found.id, Announcement.posted_at.is_(None)
    )
    for one in await session.scalars(followers.with_for_update()):
        one.state, one.changed_at = State.CANCELLED, now
    await session.flush()
    await _record(session, found, officer, "announcement.withdrawn", now)


def _must_be(found: Announcement, state: State) -> None:
    if found.state is not state:
        raise Refused("announce.not_now")


def _post(officer: Officer, roles: Collection[Role], unit: str) -> Post:
    """The post that lets them do this for this unit."""
    for role in sorted(roles):
        if post := officer.post(role, unit):
            return post
    raise Refused("announce.not_yours")


async def _record(
    session: AsyncSession, found: Announcement, officer: Officer, what: str, now: datetime
) -> None:
    await audit.record(
        session,
        agency=found.agency,
        actor=f"staff:{officer.id}",
        what=what,
        subject=f"announcement:{found.id}",
        details={
            "state": found.state,
            "digest": announcements.digest_of(found.agency, found.content),
        },
        now=now,
    )
