"""Where DBOS keeps what became of jobs: beside the database, made ready for it."""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnClause, column, select, table
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.settings import Settings

DONE = "SUCCESS"
UNENDED = ("ENQUEUED", "DELAYED", "PENDING")
"""DBOS' words for where a job stands."""


def records_url(settings: Settings) -> URL:
    """DBOS' own SQLite file beside the main one, made ready; or PostgreSQL with its driver."""
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite":
        query = {"sslmode" if name == "ssl" else name: value for name, value in url.query.items()}
        return url.set(drivername="postgresql", query=query)
    file = jobs_file(Path(str(url.database)))
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode=WAL").close()  # it lasts, and DBOS does not set it
    connection.close()
    return url.set(drivername="sqlite", database=str(file))


def jobs_file(main: Path) -> Path:
    """DBOS' file beside an installation's own."""
    return main.with_name(f"{main.stem}-jobs.db")


def jobs_url(settings: Settings) -> str | None:
    """Where what became of jobs can be read, as bot.db opens it; None before the first start."""
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        file = jobs_file(Path(str(url.database)))
        if not file.exists():
            return None
        url = url.set(database=str(file))
    return url.render_as_string(hide_password=False)


async def last_outcomes(connection: AsyncConnection) -> Mapping[str, bool]:
    """Whether each job that has ended, by name, was done the last time."""
    schema = None if connection.dialect.name == "sqlite" else "dbos"
    columns: Iterable[ColumnClause[Any]] = (
        column(name) for name in ("name", "status", "created_at")
    )
    status = table("workflow_status", *columns, schema=schema).c
    query = select(status.name, status.status).order_by(status.created_at)
    ended = await connection.execute(query.where(status.status.not_in(UNENDED)))
    return {row.name: row.status == DONE for row in ended}
