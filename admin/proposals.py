"""Answers that staff propose to keep: new entries and new phrasings, approved by another person."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct
from sqlalchemy import ForeignKey, Index, String, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin import audit
from admin.lists import PAGE
from admin.officers import Officer
from bot.clock import local_date
from bot.db import Base, ConcurrentId, Document, OneOf
from knowledge import editing
from knowledge.agency import Agency
from knowledge.changes import Changes, Reason
from knowledge.editing import Author
from knowledge.entries import Stored, confirmed, content_of, stored
from knowledge.guard import Findings
from knowledge.importing import plan
from knowledge.matching import Matcher
from knowledge.neighbours import check_near
from knowledge.registry import documents
from knowledge.sheets import Given, Table


class What(StrEnum):
    """What is proposed."""

    ENTRY = "entry"
    PHRASING = "phrasing"
    """Further ways of asking for an entry that there is."""


class State(StrEnum):
    """Where a proposal stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    RETURNED = "returned"


class EntryProposal(Base):
    """One entry, or phrasings of one, as somebody proposed it."""

    __tablename__ = "entry_proposals"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    agency: Mapped[str] = mapped_column(String(32))
    what: Mapped[What] = mapped_column(OneOf(What, 12))
    key: Mapped[str] = mapped_column(String(40))
    """The entry's id."""
    content: Mapped[dict[str, Any]] = mapped_column(Document)
    """The whole entry; of phrasings what is new alone."""
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id", ondelete="SET NULL"))
    """The question it came from."""
    state: Mapped[State] = mapped_column(OneOf(State, 12))
    proposed_by: Mapped[int]
    proposer: Mapped[str] = mapped_column(String(200))
    """Names as they were on that day."""
    proposed_at: Mapped[datetime]
    decided_by: Mapped[int | None]
    decider: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    """Why it was returned."""

    __table_args__ = (
        Index("ix_entry_proposals_agency", "agency", "state", "id"),
        Index("ix_entry_proposals_ticket", "ticket_id"),
    )


class Wish(Struct, frozen=True):
    """What somebody wants kept."""

    what: What
    content: Mapping[str, Any]
    ticket_id: int | None = None


class NotKept(Exception):
    """A proposal cannot be kept or approved as it is; `reasons` say why."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__("; ".join(map(str, reasons)))
        self.reasons = reasons


def changes_of(agency: Agency, wish: Wish, now: Stored, today: date) -> Changes:
    """What it would change, by the rules of the importer; raises NotKept."""
    if wish.what is What.PHRASING:
        if not (wish.content.get("phrasings") or wish.content.get("phrasings_en")):
            raise NotKept(Reason("เขียนอย่างน้อยหนึ่งถ้อยคำ", "Write at least one phrasing."))
        content = _with_phrasings(wish.content, now)
    else:
        content = dict(wish.content)
        if content.get("id") in {*now.versions, *now.renamed, *agency.entries}:
            raise NotKept(Reason(f"มีข้อ {content['id']} อยู่แล้ว", f"{content['id']} exists already"))
    changes = plan(Table((Given(1, content),)), now, agency.profile.units, today=today)
    if changes.rejected:
        raise NotKept(*changes.rejected[0].reasons)
    if changes.is_empty:
        raise NotKept(Reason("ถ้อยคำเหล่านี้มีอยู่แล้ว", "these phrasings are there already"))
    if wish.what is What.ENTRY and not changes.added:
        raise NotKept(
            Reason(
                f"ข้อ {changes.keys[0]} ถามเหมือนกันแล้ว เสนอเป็นคำถามอีกแบบของข้อนั้นแทน",
                f"{changes.keys[0]} asks the same: propose another phrasing of it instead",
            )
        )
    return changes


def _with_phrasings(given: Mapping[str, Any], now: Stored) -> dict[str, Any]:
    """The entry as it is now, with the new phrasings behind its own."""
    key = now.renamed.get(given["id"], given["id"])
    entry = now.entries.get(key)
    if entry is None:
        raise NotKept(Reason(f"ไม่มีข้อ {key} แล้ว", f"there is no entry {key} any more"))
    content = content_of(entry)
    content["phrasings"] = [*entry.phrasings, *given.get("phrasings", ())]
    content["phrasings_en"] = [*entry.phrasings_en, *given.get("phrasings_en", ())]
    return content


def guarded(
    agency: Agency,
    matcher: Matcher,
    changes: Changes,
    now: Stored,
    sure: Sequence[tuple[str, str]],
) -> Findings:
    """What the guard says of it: about a second of work, not for the event loop."""
    served = agency.entries.items()
    general = {key: entry for key, entry in served if key not in agency.own}
    return check_near(
        list((general | dict(now.entries)).values()),
        list((general | changes.after(now.entries)).values()),
        make_matcher=lambda entries: matcher.over(documents(entries)),
        confirmed=sure,
    )


async def known(session: AsyncSession, agency: str) -> tuple[Stored, Sequence[tuple[str, str]]]:
    """The agency's entries as they are now, and the questions that staff have confirmed."""
    connection = await session.connection()
    return await stored(connection, agency), await confirmed(connection, agency)


async def propose(
    session: AsyncSession, agency: Agency, wish: Wish, officer: Officer, now: datetime
) -> EntryProposal:
    """Keep a proposal for an approver; raises NotKept with every reason."""
    entries = await stored(await session.connection(), agency.slug)
    changes = changes_of(agency, wish, entries, local_date(now))
    content = dict(wish.content)
    if wish.what is What.ENTRY:
        content = content_of(changes.added[0])
    proposal = EntryProposal(
        agency=agency.slug,
        what=wish.what,
        key=changes.keys[0],
        content=content,
        ticket_id=wish.ticket_id,
        state=State.WAITING,
        proposed_by=officer.id,
        proposer=officer.name,
        proposed_at=now,
    )
    session.add(proposal)
    await session.flush()
    await _record(session, proposal, officer, "proposal.made", now)
    return proposal


async def approve(
    session: AsyncSession, agency: Agency, proposal: EntryProposal, officer: Officer, now: datetime
) -> None:
    """Put it into the knowledge base, under both names; raises NotKept and changes nothing.

    Everybody who serves the agency reads its entries anew when this transaction is committed.
    """
    _must_wait(proposal)
    if proposal.proposed_by == officer.id:
        raise NotKept(
            Reason(
                "ผู้เสนออนุมัติข้อของตัวเองไม่ได้ ให้ผู้อนุมัติคนอื่นตรวจ",
                "Who proposes cannot approve it: another approver has to.",
            )
        )
    connection = await session.connection()
    await editing.begin(connection, agency.slug)
    entries = await stored(connection, agency.slug)
    today = local_date(now)
    changes = changes_of(agency, _wish_of(proposal, today), entries, today)
    author = Author(f"{proposal.proposer} / {officer.name}", now)
    await editing.apply(connection, agency.slug, changes, entries, author)
    await _decide(session, proposal, State.APPROVED, officer, now)


async def give_back(
    session: AsyncSession, proposal: EntryProposal, officer: Officer, reason: str, now: datetime
) -> None:
    """Return it to who proposed it, and say why; raises NotKept."""
    _must_wait(proposal)
    if not reason.strip():
        raise NotKept(Reason("บอกเหตุผลที่ส่งกลับ", "Say why it is returned."))
    proposal.reason = reason.strip()
    await _decide(session, proposal, State.RETURNED, officer, now)


def _must_wait(proposal: EntryProposal) -> None:
    if proposal.state is not State.WAITING:
        raise NotKept(Reason("มีคนตัดสินใจไปแล้ว", f"{proposal.decider or '-'} has decided already."))


def _wish_of(proposal: EntryProposal, today: date) -> Wish:
    """The proposal as it would be taken today."""
    content = dict(proposal.content)
    if proposal.what is What.ENTRY:
        content["updated"] = today.isoformat()
    return Wish(proposal.what, content, proposal.ticket_id)


def wish_of(proposal: EntryProposal) -> Wish:
    """The proposal as it was made."""
    return Wish(proposal.what, proposal.content, proposal.ticket_id)


async def _decide(
    session: AsyncSession, proposal: EntryProposal, state: State, officer: Officer, now: datetime
) -> None:
    proposal.state, proposal.decided_at = state, now
    proposal.decided_by, proposal.decider = officer.id, officer.name
    await session.flush()
    await _record(session, proposal, officer, f"proposal.{state}", now)


async def _record(
    session: AsyncSession, proposal: EntryProposal, officer: Officer, what: str, now: datetime
) -> None:
    await audit.record(
        session,
        agency=proposal.agency,
        actor=f"staff:{officer.id}",
        what=what,
        subject=f"proposal:{proposal.id}",
        details={"entry": proposal.key, "by": proposal.proposed_by, "ticket": proposal.ticket_id},
        now=now,
    )


async def proposal_of(
    session: AsyncSession, agency: str, number: int, *, locks: bool = False
) -> EntryProposal | None:
    """A proposal of this agency; with `locks` nobody else decides on it meanwhile."""
    query = select(EntryProposal).where(EntryProposal.agency == agency, EntryProposal.id == number)
    found: EntryProposal | None = await session.scalar(query.with_for_update() if locks else query)
    return found


async def listed(session: AsyncSession, agency: str, page: int = 1) -> Sequence[EntryProposal]:
    """One page of proposals: those that wait first, of either the latest first."""
    is_decided = EntryProposal.state != State.WAITING
    query = (
        select(EntryProposal)
        .where(EntryProposal.agency == agency)
        .order_by(is_decided, EntryProposal.id.desc())
        .limit(PAGE)
        .offset(PAGE * (page - 1))
    )
    return (await session.scalars(query)).all()


async def counts(session: AsyncSession, agency: str) -> tuple[int, int]:
    """How many proposals wait, and how many there are."""
    waits = func.coalesce(func.sum(case((EntryProposal.state == State.WAITING, 1), else_=0)), 0)
    query = select(waits, func.count()).where(EntryProposal.agency == agency)
    waiting, total = (await session.execute(query)).one()
    return waiting, total


async def made_from(session: AsyncSession, ticket_id: int) -> Sequence[EntryProposal]:
    """What was proposed from one question, the latest first."""
    query = select(EntryProposal).where(EntryProposal.ticket_id == ticket_id)
    return (await session.scalars(query.order_by(EntryProposal.id.desc()))).all()
