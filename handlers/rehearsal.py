"""One message tried out: the real flows, on a database that is thrown away."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select

from admin.questions import Question
from bot.db import Base, Database
from bot.messages import InboundMessage, Reply
from bot.metrics import Metrics
from bot.tables import ContactRow
from handlers.desk import Desk
from knowledge.registry import Served


async def rehearse(
    served: Callable[[str], Served | None],
    message: InboundMessage,
    metrics: Metrics,
    now: datetime,
) -> tuple[Sequence[Reply], str | None]:
    """What a new citizen would be answered, and what was decided of a question; nothing is kept.

    Small talk, a report and the like are no question, whatever the knowledge base holds.
    """
    desk = Desk(served, metrics)
    thought = await desk.prepare(message)
    database = Database("sqlite+aiosqlite://")
    try:
        async with database.session() as session:
            connection = await session.connection()
            await connection.run_sync(Base.metadata.create_all)
            contact = message.contact
            row = ContactRow.new(contact, now)
            session.add(row)
            await session.flush()
            replies = await desk.handle(session, row, message, thought, now)
            return replies, await session.scalar(select(Question.decision))
    finally:
        await database.close()
