"""Drafts of corrections and answers, and the signatures on them.

A signature binds person, role, time and a digest of exactly the text and files that were signed;
a later change makes a new draft, and what was signed before no longer counts (A1, A11).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin import audit
from admin.moves import DRAFTED, Ending, IllegalMove
from admin.officers import Officer, Post
from admin.tickets import Ticket
from bot.db import Base, ConcurrentId, Document, OneOf
from knowledge.chains import Step


class Proposal(msgspec.Struct, frozen=True):
    """What the unit prepares: how the matter is to end, and the very words."""

    ending: Ending
    reason: str
    """What the citizen will read."""
    before: str = ""
    after: str = ""
    """The words on the website, as they are and as they shall be."""
    url: str = ""
    """The page where they stand."""
    files: tuple[tuple[int, str], ...] = ()
    """Attachment and SHA-256 of its content."""
    enclosed: tuple[int, ...] = ()
    """Those of the files that the citizen gets with the words; the others are for staff."""


class Draft(Base):
    """One version of a proposal. It is never changed, only followed by another."""

    __tablename__ = "ticket_drafts"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    version: Mapped[int]
    proposal: Mapped[dict[str, Any]] = mapped_column(Document)
    digest: Mapped[str] = mapped_column(String(64))
    staff_id: Mapped[int]
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("ticket_id", "version"),)

    @property
    def content(self) -> Proposal:
        """The proposal itself."""
        return msgspec.convert(self.proposal, Proposal)


class Signature(Base):
    """One person's name under one draft."""

    __tablename__ = "ticket_signatures"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    draft_id: Mapped[int] = mapped_column(ForeignKey("ticket_drafts.id", ondelete="CASCADE"))
    step: Mapped[Step] = mapped_column(OneOf(Step, 12))
    staff_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    """The signer's name as it was on that day."""
    role: Mapped[str] = mapped_column(String(12))
    acting_for: Mapped[str | None] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    voided_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_ticket_signatures_ticket", "ticket_id", "id"),)


def digest_of(number: str, agency: str, version: int, proposal: Proposal) -> str:
    """SHA-256, in hex, over everything that a signature stands for."""
    content = {
        "agency": agency,
        "ticket": number,
        "version": version,
        **msgspec.to_builtins(proposal),
    }
    if not proposal.enclosed:
        del content["enclosed"]  # so were all digests made before there was such a thing
    return sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


async def latest_draft(session: AsyncSession, ticket: Ticket) -> Draft | None:
    """The draft that counts."""
    query = select(Draft).where(Draft.ticket_id == ticket.id)
    found: Draft | None = await session.scalar(query.order_by(Draft.version.desc()).limit(1))
    return found


async def save_draft(
    session: AsyncSession, ticket: Ticket, proposal: Proposal, officer: Officer, now: datetime
) -> Draft:
    """Put a new version beside the old ones; every signature so far is void.

    Raises IllegalMove where somebody has signed: then it has to be returned first.
    """
    last = await latest_draft(session, ticket)
    if last is not None and last.content == proposal:
        return last
    if ticket.status not in DRAFTED:
        raise IllegalMove("refused.not_now")
    await void(session, ticket, now)
    version = last.version + 1 if last else 1
    draft = Draft(
        ticket_id=ticket.id,
        version=version,
        proposal=msgspec.to_builtins(proposal),
        digest=digest_of(ticket.number, ticket.agency, version, proposal),
        staff_id=officer.id,
        at=now,
    )
    session.add(draft)
    await session.flush()
    await audit.record(
        session,
        agency=ticket.agency,
        actor=f"staff:{officer.id}",
        what="ticket.draft",
        subject=f"ticket:{ticket.id}",
        details={
            "version": version,
            "digest": draft.digest,
            "files": [number for number, _ in proposal.files],
        },
        now=now,
    )
    return draft


def is_genuine(signature: Signature, draft: Draft, ticket: Ticket) -> bool:
    """Whether a signature stands under just this draft, and the draft is as it was signed."""
    now = digest_of(ticket.number, ticket.agency, draft.version, draft.content)
    return (
        signature.voided_at is None
        and signature.draft_id == draft.id
        and signature.digest == draft.digest == now
    )


async def signatures(session: AsyncSession, ticket: Ticket) -> Sequence[Signature]:
    """Every signature there ever was, oldest first, the void ones too."""
    query = select(Signature).where(Signature.ticket_id == ticket.id)
    return (await session.scalars(query.order_by(Signature.id))).all()


async def signers(session: AsyncSession, ticket: Ticket) -> Mapping[Step, int]:
    """Who has signed the present draft, for each step; void and false signatures do not count."""
    draft = await latest_draft(session, ticket)
    if draft is None:
        return {}
    found = await signatures(session, ticket)
    return {one.step: one.staff_id for one in found if is_genuine(one, draft, ticket)}


async def sign(
    session: AsyncSession,
    ticket: Ticket,
    draft: Draft,
    step: Step,
    *,
    officer: Officer,
    post: Post,
    now: datetime,
) -> Signature:
    """Put an officer's name under a draft. Whether they may is the rules' affair."""
    signature = Signature(
        ticket_id=ticket.id,
        draft_id=draft.id,
        step=step,
        staff_id=officer.id,
        name=officer.name,
        role=post.role,
        acting_for=post.acting_for,
        digest=draft.digest,
        at=now,
    )
    session.add(signature)
    await session.flush()
    return signature


async def void(session: AsyncSession, ticket: Ticket, now: datetime) -> None:
    """No signature on this ticket counts any more; they stay to be read."""
    for signature in await signatures(session, ticket):
        if signature.voided_at is None:
            signature.voided_at = now
    await session.flush()
