"""The database's shape, brought up to date at every start."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bot.db import Database
from bot.settings import ROOT
from bot.terminal import Refused

MIGRATIONS = ROOT / "deploy" / "migrations"
LOCK = 0x7468616D  # "tham"


class NewerDatabase(Refused):
    """A newer version of the program has given the database a shape that this one does not know."""


def config(folder: Path = MIGRATIONS) -> Config:
    """Alembic's configuration, without a file."""
    found = Config()
    found.set_main_option("script_location", str(folder))
    return found


async def upgrade(database: Database) -> tuple[str | None, str | None]:
    """Bring the database to the newest revision, one process at a time; what it was and is.

    Raises NewerDatabase.
    """
    async with database.write() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        return await connection.run_sync(_upgrade)


async def revision(database: Database) -> str | None:
    """The revision the database has now."""
    async with database.read() as connection:
        return await connection.run_sync(_current)


@cache
def newest() -> str | None:
    """The newest revision there is; reading all of them takes a tenth of a second."""
    return ScriptDirectory.from_config(config()).get_current_head()


def is_known(revision: str | None) -> bool:
    """Whether this version of the program knows how a database of this revision goes on."""
    return revision is None or revision in _all()


@cache
def _all() -> frozenset[str]:
    scripts = ScriptDirectory.from_config(config()).walk_revisions()
    return frozenset(script.revision for script in scripts)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection) -> tuple[str | None, str | None]:
    before = _current(connection)
    if not is_known(before):
        raise NewerDatabase(
            f"ฐานข้อมูลเป็นรุ่น {before} ซึ่งใหม่กว่าโปรแกรมนี้ ({newest()}) ให้ใช้โปรแกรมรุ่นใหม่ หรือคืนข้อมูลสำรอง",
            f"the database has revision {before}, which is newer than this program ({newest()}): "
            "use the newer program, or restore the backup",
        )
    if before != newest():
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
    return before, _current(connection)
