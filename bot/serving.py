"""Serving: one process with one database, until it is told to stop."""

import asyncio
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import structlog
import uvloop
from aiohttp import web
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot import logs, memory, staff_pages
from bot.app import Program
from bot.db import AlreadyRunning, hold
from bot.logs import where
from bot.settings import Settings, unknown
from bot.terminal import complain, reason

SWITCH = 0.0005
"""Seconds for which a thread that computes may hold up the event loop each time."""

log = structlog.get_logger()


def serve(settings: Settings) -> int:
    """Run the server until it is told to stop."""
    logs.set_up(settings.log_level)
    sys.setswitchinterval(SWITCH)
    with ExitStack() as held:
        try:
            for folder, name in _places(settings):
                held.enter_context(hold(folder, name))
        except AlreadyRunning as error:
            complain(
                f"มีระบบอื่นใช้โฟลเดอร์นี้อยู่แล้ว: {error}",
                f"another server uses this data folder: {error}",
            )
            return 1
        runner = held.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        return runner.run(_serve(settings))


def _places(settings: Settings) -> list[tuple[Path, str]]:
    """What only one server may use: on SQLite its data folder and its database, wherever it is."""
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite" or not url.database:
        return []
    file = Path(url.database)
    return [(settings.data_dir, "serving.lock"), (file.parent, f"{file.name}.lock")]


async def _serve(settings: Settings) -> int:
    try:
        program = Program(settings)
        try:
            return await _serve_until_told(program)
        finally:
            await program.database.close()
    except (OSError, SQLAlchemyError) as error:
        url = make_url(settings.database)
        place = url.render_as_string(hide_password=True)
        complain(
            f"เปิดระบบไม่ได้ ฐานข้อมูล: {place}",
            f"cannot start: {reason(error)} ({where(error)}); the database is {place}",
        )
        return 1


async def _serve_until_told(program: Program) -> int:
    settings = program.settings
    told = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, told.set)
    app = await program.start()
    if not program.registry.served:
        folder = settings.agencies_dir
        complain(f"ไม่มีหน่วยงานที่ใช้ได้ใน {folder}", f"no agency can be served from {folder}")
        return 1
    program.run()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=3)
    await runner.setup()
    site = web.TCPSite(runner, settings.host, settings.port, backlog=1024)
    try:
        await site.start()
    except OSError as error:
        complain(f"เปิดพอร์ต {settings.port} ไม่ได้", str(error.strerror))
        await program.stop()
        return 1
    memory.settle()
    end = asyncio.create_task(told.wait())
    begun = asyncio.create_task(_begun(program, runner.addresses[0][1]))
    await asyncio.wait([end, begun], return_when=asyncio.FIRST_COMPLETED)
    if begun.done():
        begun.result()
    await end
    begun.cancel()
    log.info("stopping")
    program.bells.end()
    await runner.cleanup()
    await program.stop()
    log.info("stopped")
    return 0


async def _begun(program: Program, port: int) -> None:
    """Say so as soon as messages are answered, and begin what could wait until then."""
    await program.answers.wait()
    first = await staff_pages.first_link(program.database, program.settings)
    _announce(program, port, first)
    program.begin_jobs()


def _announce(program: Program, port: int, first: str | None) -> None:
    """Tell the operator where everything is, and what of the settings nobody reads."""
    for name in unknown([*program.registry.served, *program.registry.faults]):
        log.warning("setting_unknown", variable=name)
    settings = program.settings
    base = settings.public_url.rstrip("/") or f"http://{settings.host}:{port}"
    print("ถามได้พร้อมตอบแล้ว / Thamdai is ready to answer", flush=True)
    for slug, served in program.registry.served.items():
        open_ones = [name.split("/")[1] for name in program.channels if name.startswith(f"{slug}/")]
        off = [name for name in ("line", "telegram") if name not in open_ones]
        note = f"   (ปิดอยู่ / off: {', '.join(off)} - no secrets)" if off else ""
        print(f"  {served.agency.profile.name.th}: {base}/{slug}/chat{note}", flush=True)
    if first:
        print(f"  สร้างบัญชีแรกที่ / make the first account at (24 h): {base}{first}", flush=True)
    for slug, faults in program.registry.faults.items():
        print(f"  ! {slug}: {len(faults)} ข้อผิดพลาดในแฟ้ม / faults in its files", flush=True)
