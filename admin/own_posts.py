"""Posts that operators gave to themselves: the head and the other operators are told at once.

An office may have one person for all that is technical, so nobody is stopped; that nobody signs
two steps of one draft holds for them as for all (`admin.moves.may_sign`).
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from admin import chat_links, staff
from admin.followers import told
from admin.officers import Officer, Role
from admin.staff import INSTALLATION, Membership, Staff
from bot.clock import local_date
from bot.messages import Reply
from knowledge.agency import Agency

CONCERNED: Final = frozenset({Role.EXECUTIVE, Role.OPERATOR})
"""Who sees them, and may take them back."""


def _is_open(staff_id: int, today: date) -> ColumnElement[bool]:
    """Whether it is somebody else's, not over, and nobody has agreed to it."""
    goes_on = or_(Membership.valid_until.is_(None), Membership.valid_until >= today)
    return and_(Membership.by_holder, Membership.staff_id != staff_id, goes_on)


async def unagreed(
    session: AsyncSession, officer: Officer, today: date
) -> Sequence[tuple[Staff, Membership]]:
    """Those of the officer's agency that concern them, the oldest first."""
    if officer.roles.isdisjoint(CONCERNED):
        return []
    query = (
        select(Staff, Membership)
        .join(Membership, Membership.staff_id == Staff.id)
        .where(Membership.agency == officer.agency, _is_open(officer.id, today))
        .order_by(Membership.id)
    )
    return [(person, post) for person, post in await session.execute(query)]


async def agencies(session: AsyncSession, operator: Staff, today: date) -> set[str]:
    """The agencies in which another operator has one."""
    query = select(Membership.agency).where(_is_open(operator.id, today))
    return {*await session.scalars(query)} - {INSTALLATION}


async def tell(
    session: AsyncSession,
    agency: Agency,
    holder: Staff,
    named: Callable[[str], str],
    *,
    now: datetime,
) -> None:
    """Leave news for all whom it concerns and who have linked a chat; `named` says the post."""

    def words(language: str) -> str:
        post = named(language)
        return agency.wording.say("act.own_post", language, name=holder.name, post=post)

    await leave_news(session, agency, words, but=holder, now=now)


async def leave_news(
    session: AsyncSession,
    agency: Agency,
    words: Callable[[str], str],
    *,
    but: Staff,
    owner: Staff | None = None,
    now: datetime,
) -> None:
    """News in each one's language for the head, the operators and an account's owner."""
    today = local_date(now)
    here = [
        *await staff.officers(session, agency.slug, today),
        *await staff.officers(session, INSTALLATION, today),
    ]
    concerned = {one.id for one in here if one.roles & CONCERNED} - {but.id}
    concerned |= {owner.id} if owner else set()
    for staff_id, chat in (await chat_links.chats(session, agency.slug)).items():
        if staff_id in concerned:
            reply = Reply(words(chat.language or "th"))
            session.add(told(chat.id, reply, presses=True, now=now))
