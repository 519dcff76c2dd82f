"""One message tried out: the real flows, on a database that is thrown away."""

from collections.abc import Callable, Sequence
from datetime import datetime

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
) -> Sequence[Reply]:
    """What a new citizen would be answered; nothing is kept."""
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
            return await desk.handle(session, row, message, thought, now)
    finally:
        await database.close()
