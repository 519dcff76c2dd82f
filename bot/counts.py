"""Counts: how many messages of our own accord each account has sent, month by month (L3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import BANGKOK
from bot.tables import CountedMonth


async def add(connection: AsyncConnection, messages: Mapping[str, int], now: datetime) -> None:
    """Add what the platforms count to each account's month."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    table: Any = CountedMonth.__table__
    for account, number in sorted(messages.items()):
        add = dialect.insert(table).values(account=account, month=month_of(now), messages=number)
        more = {"messages": table.c.messages + number}
        await connection.execute(
            add.on_conflict_do_update(index_elements=["account", "month"], set_=more)
        )


async def counted(connection: AsyncConnection, account: str, now: datetime) -> int:
    """How many messages an account has sent this month, by our own count."""
    query = select(CountedMonth.messages).where(
        CountedMonth.account == account, CountedMonth.month == month_of(now)
    )
    return await connection.scalar(query) or 0


def month_of(now: datetime) -> str:
    """`2026-11`, in Bangkok."""
    return f"{now.astimezone(BANGKOK):%Y-%m}"


async def lock(connection: AsyncConnection, account: str) -> None:
    """Until the transaction ends nobody else books this account's quota (PostgreSQL)."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(7, func.hashtext(account))))
