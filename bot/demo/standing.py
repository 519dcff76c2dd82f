"""Whether a database is the demonstration's own: real matters are never touched."""

from enum import Enum

from sqlalchemy import Connection, func, inspect, select

from admin.audit import AuditRow
from admin.staff import INSTALLATION, Staff
from admin.tickets import Ticket
from bot.db import Database
from bot.tables import ContactRow

MADE = "demo.made"
"""The row of the installation's audit log that says whose database it is; it cannot be changed."""


class Standing(Enum):
    """What a database holds."""

    EMPTY = "empty"
    OURS = "ours"
    ANOTHERS = "another's"


async def standing(database: Database) -> Standing:
    """What is in it, without changing anything."""
    async with database.read() as connection:
        return await connection.run_sync(_standing)


def _standing(connection: Connection) -> Standing:
    there = set(inspect(connection).get_table_names())
    if AuditRow.__tablename__ in there:
        made = select(AuditRow.id).where(AuditRow.agency == INSTALLATION, AuditRow.what == MADE)
        if connection.scalar(made.limit(1)) is not None:
            return Standing.OURS
    kinds = (ContactRow, Ticket, Staff)
    for table in (kind.__table__ for kind in kinds if kind.__tablename__ in there):
        if connection.scalar(select(func.count()).select_from(table)):
            return Standing.ANOTHERS
    return Standing.EMPTY
