"""The pages that answers rest on: looked at every day, and the answers flagged when one changes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Index, String, delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from admin import audit
from bot.clock import local_date
from bot.db import Base
from bot.visiting import Outcome
from knowledge.agency import Flag
from knowledge.visible import is_same

UNREACHABLE_AFTER = timedelta(days=3)


class State(StrEnum):
    """How a page stands against what staff have checked."""

    OK = "ok"
    CHANGED = "changed"
    DEAD = "dead"
    UNREACHABLE = "unreachable"
    """Could not be looked at for days: staff are told, citizens are not."""


FLAGGED = (State.CHANGED, State.DEAD)
_NOT_OK = text("state <> 'ok'")
"""SQLite uses a partial index only where the query says just this, without parameters."""


class SourcePage(Base):
    """One page that answers of one agency rest on."""

    __tablename__ = "source_pages"

    agency: Mapped[str] = mapped_column(String(32), primary_key=True)
    url: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16), default=State.OK)
    since: Mapped[datetime]
    """When it was first seen in this state; a page that changes once more, when it last did."""
    looked_at: Mapped[datetime]
    checked: Mapped[str | None] = mapped_column(String(64))
    """The digest of the words that staff have checked their answers against."""
    seen: Mapped[str | None] = mapped_column(String(64))
    """The digest of the words at the last look."""
    etag: Mapped[str | None]
    modified: Mapped[str | None]
    gone_since: Mapped[datetime | None]
    away_since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    """Looks in a row at which it was not there, or could not be reached."""
    reason: Mapped[str] = mapped_column(String(40), default="")

    __table_args__ = (
        Index("ix_source_pages_not_ok", "agency", sqlite_where=_NOT_OK, postgresql_where=_NOT_OK),
    )

    def take(self, outcome: Outcome, digest: str | None, reason: str, now: datetime) -> None:
        """Take in one look at the page."""
        self.looked_at, self.reason = now, reason[:40]
        if outcome in {Outcome.SEEN, Outcome.SAME}:
            self.failures, self.gone_since, self.away_since = 0, None, None
            before, self.seen = self.seen, digest if outcome is Outcome.SEEN else self.seen
            self.checked = self.checked or self.seen
            is_checked = is_same(self.seen, self.checked)
            self._be(State.OK if is_checked else State.CHANGED, now)
            if not is_checked and not is_same(self.seen, before):
                self.since = now
            return
        self.failures += 1
        if outcome is Outcome.GONE:
            self.gone_since = self.gone_since or now
            if local_date(self.gone_since) < local_date(now):
                self._be(State.DEAD, now)
            return
        self.away_since = self.away_since or now
        if self.state == State.OK and now - self.away_since >= UNREACHABLE_AFTER:
            self._be(State.UNREACHABLE, now)

    def _be(self, state: State, now: datetime) -> None:
        if self.state != state:
            self.state, self.since = state, now


def first_seen(agency: str, url: str, now: datetime) -> SourcePage:
    """A page that was never looked at."""
    never = datetime.min.replace(tzinfo=UTC)
    return SourcePage(
        agency=agency, url=url, state=State.OK, since=now, looked_at=never, failures=0, reason=""
    )


async def flags(connection: AsyncConnection) -> Mapping[str, Mapping[str, Flag]]:
    """Every page that has changed or is gone, by agency and address: what citizens are told of."""
    query = select(SourcePage.agency, SourcePage.url, SourcePage.state, SourcePage.since)
    found: dict[str, dict[str, Flag]] = {}
    for row in await connection.execute(query.where(_NOT_OK)):
        if row.state in FLAGGED:
            flag = Flag(state=row.state, since=local_date(row.since))
            found.setdefault(row.agency, {})[row.url] = flag
    return found


async def not_as_checked(session: AsyncSession, agency: str) -> Sequence[SourcePage]:
    """The agency's pages that staff must look at, longest so first."""
    query = select(SourcePage).where(SourcePage.agency == agency, _NOT_OK)
    return (await session.scalars(query.order_by(SourcePage.since, SourcePage.url))).all()


async def accept(
    session: AsyncSession, agency: str, url: str, *, actor: str, now: datetime
) -> bool:
    """Staff have checked their answers against the page as it is now; False if it is not watched.

    A dead page that stays dead is flagged again: its answers need another source.
    """
    page = await session.get(SourcePage, (agency, url))
    if page is None:
        return False
    page.checked = page.seen
    page.gone_since = page.away_since = None
    page.failures, page.state, page.since = 0, State.OK, now
    await session.flush()
    details = {"digest": page.checked}
    subject = f"page:{audit.digest_of([url])[:16]}"
    await audit.record(
        session,
        agency=agency,
        actor=actor,
        what="source.accept",
        subject=subject,
        details=details,
        now=now,
    )
    return True


async def drop_all_but(session: AsyncSession, agency: str, urls: Sequence[str]) -> None:
    """Forget the pages that no answer of the agency rests on any more."""
    known = await session.scalars(select(SourcePage.url).where(SourcePage.agency == agency))
    for url in set(known) - set(urls):
        gone = delete(SourcePage).where(SourcePage.agency == agency, SourcePage.url == url)
        await session.execute(gone)
