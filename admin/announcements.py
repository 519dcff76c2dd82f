"""Announcements: what an agency tells the public, as it was written and signed."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin.officers import Post
from bot.db import Base, ConcurrentId, Document, OneOf
from knowledge.agency import Agency
from knowledge.bulletins import NewsKind

MOST_FILES = 5


class State(StrEnum):
    """Where an announcement stands."""

    DRAFT = "draft"
    WAITING = "waiting"
    """Signed by who prepared it, for a second person to approve."""
    APPROVED = "approved"
    """Goes out at `starts_at`; until then it can be taken back."""
    POSTED = "posted"
    """On the page, and being sent or sent."""
    CANCELLED = "cancelled"
    """Never posted, or withdrawn: the page says so."""


class Relation(StrEnum):
    """What a later announcement is to the first of its thread."""

    CORRECTION = "correction"
    ALL_CLEAR = "all_clear"


class Way(StrEnum):
    """How it reaches subscribers; where messages are counted (L3) there are ways that cost less."""

    PUSH = "push"
    RIDE = "ride"
    """With the next reply, which costs nothing."""
    DIGEST = "digest"
    """With the next daily digest, one message for all of it; also to who wants news at once."""
    FREE = "free"
    """Not at all: only the channels that cost nothing send it."""
    PAGE = "page"
    """On no channel: it stands on the page alone."""


class Content(Struct, frozen=True, omit_defaults=True):
    """Everything that is signed: the words, whom they are for, and how they go out."""

    kind: str
    topic: str
    unit: str
    headline_th: str = ""
    text_th: str = ""
    headline_en: str = ""
    text_en: str = ""
    areas: tuple[str, ...] = ()
    """Of the profile; none: everywhere."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    place: str = ""
    """Where an event is."""
    source_url: str = ""
    files: tuple[tuple[int, str, str], ...] = ()
    """Attachment, SHA-256 of its content, and its name."""
    all_clear_th: str = ""
    all_clear_en: str = ""
    is_urgent: bool = False
    touches_image: bool = False
    """Whether it touches the agency's image: the head approves it (A5)."""
    way: Way = Way.PUSH
    send_at: datetime | None = None
    """When it is to go out; None: at once."""
    recurs: str = ""
    """`weekly:0:07:00` (Monday), `monthly:1:07:00`; until `valid_until`."""

    def headline(self, language: str) -> str:
        """The headline, in Thai where there is none in English."""
        return (self.headline_en if language == "en" else "") or self.headline_th

    def text(self, language: str) -> str:
        """The words, in Thai where there are none in English."""
        return (self.text_en if language == "en" else "") or self.text_th

    def all_clear(self, language: str) -> str:
        """What its end says."""
        return (self.all_clear_en if language == "en" else "") or self.all_clear_th


class Signed(Struct, frozen=True, omit_defaults=True):
    """One person's name under just this content."""

    step: str
    """`prepare` or `approve`."""
    staff_id: int
    name: str
    role: str
    at: datetime
    digest: str
    acting_for: str | None = None


class Announcement(Base):
    """One announcement. What was posted is never changed: a correction follows it."""

    __tablename__ = "announcements"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    agency: Mapped[str] = mapped_column(String(32))
    state: Mapped[State] = mapped_column(OneOf(State, 10))
    content_: Mapped[dict[str, Any]] = mapped_column("content", Document)
    relation: Mapped[Relation | None] = mapped_column(OneOf(Relation, 10))
    first_id: Mapped[int | None] = mapped_column(ForeignKey("announcements.id", ondelete="CASCADE"))
    """The first of its thread, where this follows one."""
    signatures_: Mapped[list[dict[str, Any]]] = mapped_column("signatures", Document)
    cleared: Mapped[list[str]] = mapped_column(Document)
    """What the approver looked at and let pass: digests of personal data that were found (A4)."""
    made_by: Mapped[int]
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    """Of the draft; also what two who write at once are told apart by."""
    reason: Mapped[str | None]
    """Why it was returned or cancelled."""
    starts_at: Mapped[datetime | None]
    """When sending may begin: the wanted time, and never before it can no longer be undone."""
    posted_at: Mapped[datetime | None]
    edited_at: Mapped[datetime | None]
    """When the last correction of it was posted (C6)."""
    ended_at: Mapped[datetime | None]
    """When its end was told, or it was withdrawn."""
    next_at: Mapped[datetime | None]
    """When a recurring one goes out again."""

    __table_args__ = (
        Index("ix_announcements_agency", "agency", "state", "id"),
        Index("ix_announcements_posted", "agency", "posted_at"),
        Index("ix_announcements_first", "first_id"),
        Index("ix_announcements_starts", "state", "starts_at"),
    )

    @property
    def content(self) -> Content:
        """What it says."""
        return msgspec.convert(self.content_, Content)

    @content.setter
    def content(self, content: Content) -> None:
        self.content_ = msgspec.to_builtins(content)

    @property
    def signatures(self) -> Sequence[Signed]:
        """Who signed it as it is now."""
        return [msgspec.convert(one, Signed) for one in self.signatures_]

    def signed(self, step: str) -> Signed | None:
        """Who took this step."""
        return next((one for one in self.signatures if one.step == step), None)

    @property
    def approved_at(self) -> datetime | None:
        """When the second person signed it."""
        approved = self.signed("approve")
        return approved.at if approved else None

    @property
    def is_early(self) -> bool:
        """Of an end: whether it is to be told before the time that was announced."""
        until = self.content.valid_until
        return bool(self.starts_at and until and self.starts_at < until)


def digest_of(agency: str, content: Content) -> str:
    """SHA-256, in hex, over everything that a signature stands for."""
    signed = {"agency": agency, **msgspec.to_builtins(content)}
    return sha256(msgspec.json.encode(signed, order="sorted")).hexdigest()


def kind_of(agency: Agency, content: Content) -> NewsKind | None:
    """The kind it is of; None where the profile has it no more."""
    return agency.newsroom.kinds.get(content.kind)


def needs_head(agency: Agency, content: Content) -> bool:
    """Whether the head approves it (A5): urgent, or touching the agency's image."""
    kind = kind_of(agency, content)
    return content.is_urgent or content.touches_image or bool(kind and kind.is_urgent)


def is_urgent(agency: Agency, content: Content) -> bool:
    """Whether it goes out at once to everybody it concerns, and may use the reserve."""
    kind = kind_of(agency, content)
    return content.is_urgent or bool(kind and kind.is_urgent)


def way_of(one: Announcement) -> Way:
    """How it goes where messages are counted: what follows another goes to just who got that."""
    way = one.content.way
    return way if one.first_id is None or way is Way.RIDE else Way.PUSH


def ending(found: Announcement, planned: Announcement | None, now: datetime) -> Content | None:
    """What the end of it says, beside what was planned; None where it has none to come."""
    content = found.content
    if content.valid_until is None or found.relation is Relation.ALL_CLEAR:
        return None
    if planned is None and content.valid_until <= now:
        return None
    before = planned.content if planned else content
    if not (content.all_clear_th or before.all_clear_th):
        return None
    return msgspec.structs.replace(
        content,
        send_at=None,
        files=(),
        all_clear_th=content.all_clear_th or before.all_clear_th,
        all_clear_en=content.all_clear_en or before.all_clear_en,
    )


def sign(
    announcement: Announcement, step: str, *, staff_id: int, name: str, post: Post, now: datetime
) -> None:
    """Put a name under the content as it is."""
    signed = Signed(
        step,
        staff_id,
        name,
        post.role,
        now,
        digest_of(announcement.agency, announcement.content),
        post.acting_for,
    )
    announcement.signatures_ = [*announcement.signatures_, msgspec.to_builtins(signed)]


async def announcement_of(
    session: AsyncSession, agency: str, number: int, *, locks: bool = False
) -> Announcement | None:
    """An announcement of this agency; with `locks` nobody else changes it meanwhile."""
    query = select(Announcement).where(Announcement.agency == agency, Announcement.id == number)
    found: Announcement | None = await session.scalar(query.with_for_update() if locks else query)
    return found


async def posted(session: AsyncSession, agency: str, *, limit: int) -> Sequence[Announcement]:
    """The first ones of their threads that the public may read, the latest first."""
    query = select(Announcement).where(
        Announcement.agency == agency,
        Announcement.posted_at.is_not(None),
        Announcement.first_id.is_(None),
    )
    latest = query.order_by(Announcement.posted_at.desc(), Announcement.id.desc())
    return (await session.scalars(latest.limit(limit))).all()
