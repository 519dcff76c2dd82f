"""Staff: who they are, and the roles they hold in agencies, some for a time only."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, ForeignKey, String, and_, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin.officers import Officer, Post, Role
from bot.db import Base, ConcurrentId

INSTALLATION = ""
"""The agency of an operator's post: the installation, with all its agencies."""
EVERYBODYS = frozenset(Role) - {Role.OPERATOR}
"""The roles within an agency; an operator sees no citizens' content."""
NEEDS_SECOND_FACTOR = frozenset({Role.APPROVER, Role.WEBMASTER, Role.OFFICER, Role.OPERATOR})
"""Who signs, publishes, reads what is sealed or looks after all: a password is not enough."""
LONGEST_EMAIL = 254
"""Letters (RFC 5321, 4.5.3.1)."""
LONGEST_NAME = 120
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")


class Staff(Base):
    """A person who works here, with one account however many agencies there are."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    email: Mapped[str] = mapped_column(String(LONGEST_EMAIL), unique=True)
    """In small letters: mail addresses are compared without regard to case."""
    password: Mapped[str | None] = mapped_column(String(200))
    """Argon2's own form; none until a one-time link was used."""
    second_factor: Mapped[str | None] = mapped_column(String(64))
    """What the secret of the authenticator app is made of, together with the installation's key."""
    last_step: Mapped[int | None] = mapped_column(ConcurrentId)
    """The half minute whose code was used last: a code works once."""
    language: Mapped[str] = mapped_column(String(2), default="th")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class Membership(Base):
    """One role of one person in one agency; an acting officer's has dates."""

    __tablename__ = "staff_memberships"

    id: Mapped[int] = mapped_column(ConcurrentId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    agency: Mapped[str] = mapped_column(String(32), index=True)
    role: Mapped[str] = mapped_column(String(16))
    unit: Mapped[str | None] = mapped_column(String(40))
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    """The last day."""
    acting_for: Mapped[str | None] = mapped_column(String(120))
    by_holder: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether an operator gave it to themselves, and nobody else has agreed yet."""

    @property
    def post(self) -> Post:
        """The value this row stands for."""
        return Post(Role(self.role), self.unit, self.acting_for)

    def is_over(self, today: date) -> bool:
        """Whether its last day has passed."""
        return self.valid_until is not None and self.valid_until < today


class BadEmail(ValueError):
    """What was given is not a mail address."""


def email_of(text: str) -> str:
    """A mail address as it is kept; raises BadEmail."""
    email = text.strip().lower()
    if len(email) > LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        raise BadEmail(text)
    return email


def must_have_second_factor(roles: Iterable[Role]) -> bool:
    """Whether one of these roles asks for more than a password."""
    return not NEEDS_SECOND_FACTOR.isdisjoint(roles)


def place_of(agency: str, role: Role) -> str:
    """The agency that a post of this role is kept under."""
    return INSTALLATION if role is Role.OPERATOR else agency


def _valid_on(today: date) -> list[ColumnElement[bool]]:
    return [
        or_(Membership.valid_from.is_(None), Membership.valid_from <= today),
        or_(Membership.valid_until.is_(None), Membership.valid_until >= today),
    ]


async def officer(session: AsyncSession, staff_id: int, agency: str, today: date) -> Officer | None:
    """A person as one agency sees them on that day; None where they hold no post in it."""
    held = await posts(session, staff_id, today)
    mine = tuple(p for where, p in held if where in {agency, INSTALLATION})
    person = await session.get(Staff, staff_id)
    if not mine or person is None or person.disabled_at is not None:
        return None
    return Officer(person.id, agency, person.name, mine)


async def officers(session: AsyncSession, agency: str, today: date) -> Sequence[Officer]:
    """Everybody who holds a post of the agency itself on that day, by name."""
    query = (
        select(Staff, Membership)
        .join(Membership, Membership.staff_id == Staff.id)
        .where(Staff.disabled_at.is_(None), Membership.agency == agency, *_valid_on(today))
        .order_by(Staff.name, Staff.id, Membership.id)
    )
    found: dict[int, tuple[str, list[Post]]] = {}
    for person, membership in (await session.execute(query)).all():
        found.setdefault(person.id, (person.name, []))[1].append(membership.post)
    return [Officer(key, agency, name, tuple(held)) for key, (name, held) in found.items()]


async def posts(session: AsyncSession, staff_id: int, today: date) -> list[tuple[str, Post]]:
    """The posts that a person holds on that day, each with its agency."""
    query = (
        select(Membership)
        .where(Membership.staff_id == staff_id, *_valid_on(today))
        .order_by(Membership.agency, Membership.id)
    )
    return [(one.agency, one.post) for one in await session.scalars(query)]


async def is_empty(session: AsyncSession) -> bool:
    """Whether nobody works here yet."""
    return (await session.scalar(select(Staff.id).limit(1))) is None


async def person_of(session: AsyncSession, email: str) -> Staff | None:
    """The person with this mail address, as it is kept."""
    return (await session.scalars(select(Staff).where(Staff.email == email))).one_or_none()


async def people(session: AsyncSession, agency: str) -> Sequence[tuple[Staff, list[Membership]]]:
    """Everybody who holds, held or will hold a post of this agency, by name."""
    query = (
        select(Staff, Membership)
        .join(Membership, and_(Membership.staff_id == Staff.id, Membership.agency == agency))
        .order_by(Staff.name, Staff.id, Membership.role, Membership.id)
    )
    found: dict[int, tuple[Staff, list[Membership]]] = {}
    for person, membership in (await session.execute(query)).all():
        found.setdefault(person.id, (person, []))[1].append(membership)
    return list(found.values())


async def add_person(session: AsyncSession, *, name: str, email: str, now: datetime) -> Staff:
    """A new person without a password and without a role; raises BadEmail."""
    person = Staff(name=name.strip()[:LONGEST_NAME], email=email_of(email), created_at=now)
    session.add(person)
    await session.flush()
    return person


async def give_role(
    session: AsyncSession,
    person: Staff,
    *,
    agency: str,
    role: Role,
    unit: str | None = None,
    valid_from: date | None = None,
    valid_until: date | None = None,
    acting_for: str | None = None,
) -> Membership | None:
    """Give a role; None where the person has just this one already."""
    given = {
        "staff_id": person.id,
        "agency": place_of(agency, role),
        "role": role.value,
        "unit": unit,
        "valid_from": valid_from,
        "valid_until": valid_until,
        "acting_for": acting_for,
    }
    same = select(func.count()).select_from(Membership).filter_by(**given)
    if await session.scalar(same):
        return None
    membership = Membership(**given)
    session.add(membership)
    await session.flush()
    return membership


async def set_password(session: AsyncSession, staff_id: int, digest: str) -> None:
    """Keep another password, as its digest."""
    await session.execute(update(Staff).where(Staff.id == staff_id).values(password=digest))


async def set_language(session: AsyncSession, staff_id: int, language: str) -> None:
    """Speak this language from now on."""
    await session.execute(update(Staff).where(Staff.id == staff_id).values(language=language))
