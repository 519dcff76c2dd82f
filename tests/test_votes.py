"""What citizens say of answers, kept alike on both databases."""

from datetime import UTC, date, datetime

from sqlalchemy import delete, func, insert, select

from admin import votes
from admin.votes import AnswerVote
from bot.db import Database
from bot.messages import Contact
from bot.tables import ContactRow

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
OLD, NEW = date(2026, 11, 1), date(2026, 11, 21)
ONE, TWO = (Contact("here", "web", name) for name in ("one", "two"))


async def meet(database: Database) -> None:
    """Two citizens."""
    rows = [
        {
            "id": one.id,
            "agency": one.agency,
            "channel": one.channel,
            "address": one.address,
            "state": {},
            "blocked": False,
            "created_at": NOW,
            "seen_at": NOW,
        }
        for one in (ONE, TWO)
    ]
    async with database.write() as connection:
        await connection.execute(insert(ContactRow), rows)


async def test_a_contact_counts_once_for_each_version_of_an_answer(database: Database) -> None:
    await meet(database)
    said = [(ONE, OLD, True), (ONE, OLD, False), (ONE, NEW, True), (TWO, NEW, True)]
    for who, version, useful in said:
        async with database.session() as session:
            await votes.vote(
                session, "here", "e", version, contact_id=who.id, useful=useful, now=NOW
            )
    async with database.session() as session:
        assert await votes.score(session, "here", "e") == (2, 1)
        assert await votes.score(session, "there", "e") == (0, 0)


async def test_votes_go_with_the_contact(database: Database) -> None:
    await meet(database)
    async with database.session() as session:
        await votes.vote(session, "here", "e", NEW, contact_id=ONE.id, useful=True, now=NOW)
        await session.execute(delete(ContactRow).where(ContactRow.id == ONE.id))
        assert await session.scalar(select(func.count()).select_from(AnswerVote)) == 0
