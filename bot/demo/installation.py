"""The demonstration's own folder and database: filled once, then left as they are."""

from argparse import Namespace
from collections.abc import Sequence
from contextlib import ExitStack

from sqlalchemy.engine import make_url

from bot import clock, migration
from bot.db import AlreadyRunning, Database, hold
from bot.demo.building import build
from bot.demo.guide import guide
from bot.demo.standing import Standing, standing
from bot.files import FileStore
from bot.secrets import secret_key
from bot.settings import Settings
from bot.terminal import complain, progress, show
from knowledge.agency import Agency
from knowledge.registry import Registry

NOWHERE = "http://127.0.0.1:9"
"""Where calls to LINE and Telegram go: real accounts are left alone (port 9 discards, RFC 863)."""


def own(settings: Settings, asked: Namespace) -> Settings:
    """The settings of the demonstration: nothing of the real installation but its agencies."""
    folder = asked.folder or settings.data_dir / "demo"
    return settings.model_copy(
        update={
            "host": asked.host or "127.0.0.1",
            "port": settings.port if asked.port is None else asked.port,
            "data_dir": folder,
            "database_url": asked.database or f"sqlite+aiosqlite:///{folder / 'thamdai.db'}",
            "files_dir": None,
            "public_url": "",
            "log_level": "ERROR",
            "line_api_url": settings.line_api_url or NOWHERE,
            "line_data_url": settings.line_data_url or NOWHERE,
            "telegram_api_url": settings.telegram_api_url or NOWHERE,
        }
    )


async def ready(settings: Settings) -> int:
    """Build what is not there yet, and print the logins; returns the exit code."""
    database = Database(settings.database)
    with ExitStack() as held:
        try:
            held.enter_context(hold(settings.data_dir))
            return await _filled(database, settings)
        except AlreadyRunning as error:
            complain(f"มีระบบอื่นใช้โฟลเดอร์นี้อยู่: {error}", f"another server uses this folder: {error}")
            return 1
        finally:
            await database.close()


async def _filled(database: Database, settings: Settings) -> int:
    found = await standing(database)
    if found is Standing.ANOTHERS:
        place = make_url(settings.database).render_as_string(hide_password=True)
        complain(
            f"ไม่แตะต้อง: {place} มีข้อมูลที่ไม่ใช่ของระบบตัวอย่าง เลือกที่อื่นด้วย --folder",
            "left alone: it holds contacts, tickets or staff that the demonstration did not make;"
            " choose another place with --folder",
        )
        return 1
    agencies = _agencies(settings)
    if not agencies:
        complain("ไม่มีหน่วยงานที่ใช้ได้", "no agency can be served")
        return 1
    await migration.upgrade(database)
    key = secret_key(settings.data_dir)
    if found is Standing.EMPTY:
        count = progress("สร้างเรื่องตัวอย่าง / making matters")
        store = FileStore(settings.files)
        made = await build(database, store, agencies, key=key, now=clock.now(), progress=count)
        show(f"สร้างแล้ว {made} เรื่อง / {made} matters made")
    else:
        show("มีระบบตัวอย่างอยู่แล้ว ใช้ของเดิม / it is there already, and left as it is")
    show(await guide(database, agencies, key=key, base=f"http://{settings.host}:{settings.port}"))
    return 0


def _agencies(settings: Settings) -> Sequence[Agency]:
    registry = Registry(settings.agencies_dir, settings.data_dir / "agencies")
    registry.read()
    return list(registry.read_agencies.values())
