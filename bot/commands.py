"""What each command of the command line does; all return the exit code."""

import asyncio
import gc
import json
import os
import re
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import structlog
import uvloop
from aiohttp import web
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot import clock, logs, migration, staff_pages
from bot.app import Program, make_encoder, make_registry
from bot.db import AlreadyRunning, Database, hold
from bot.doctor import examine
from bot.logs import where
from bot.messages import Contact, InboundMessage, Kind, Reply
from bot.metrics import Metrics
from bot.settings import Settings
from bot.terminal import complain, progress, show
from handlers.rehearsal import rehearse
from knowledge.agency import SLUG
from knowledge.embedding import open_encoder
from knowledge.evaluation import EvaluationError
from knowledge.evaluation import evaluate as measure
from knowledge.files import BadFiles, Fault
from knowledge.folders import load_agency, load_defaults
from knowledge.registry import DEFAULT, Registry, agency_folders
from knowledge.report import render

log = structlog.get_logger()


def serve(settings: Settings) -> int:
    """Run the server until it is told to stop."""
    logs.set_up(settings.log_level)
    os.umask(0o077)  # what citizens wrote is for this account's eyes alone
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
        return await _serve_until_told(settings)
    except (OSError, SQLAlchemyError) as error:
        url = make_url(settings.database)
        place = url.render_as_string(hide_password=True)
        complain(
            f"เปิดระบบไม่ได้ ({type(error).__name__}) ฐานข้อมูล: {place}",
            f"cannot start; the database is {place} ({where(error)})",
        )
        return 1


async def _serve_until_told(settings: Settings) -> int:
    told = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, told.set)
    program = Program(settings)
    app = await program.start()
    if not program.registry.served:
        complain("ไม่มีหน่วยงานที่ใช้ได้", "no agency can be served")
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
    gc.collect()
    gc.freeze()  # what was loaded stays: the collector need not look at it again
    gc.set_threshold(20_000, 20, 20)  # webhooks leave little behind that only it could find
    first = await staff_pages.first_link(program.database, settings)
    _announce(program, runner.addresses[0][1], first)
    program.begin_jobs()
    await told.wait()
    log.info("stopping")
    await runner.cleanup()
    await program.stop()
    log.info("stopped")
    return 0


def _announce(program: Program, port: int, first: str | None) -> None:
    """Tell the operator where everything is."""
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


def ask(settings: Settings, slug: str, question: str, *, as_json: bool) -> int:
    """Ask an agency one question, as a citizen on the web would."""
    logs.set_up("ERROR")
    registry = _read(make_registry(settings, make_encoder(settings)))
    served = registry.get(slug)
    if served is None:
        known = ", ".join(sorted(registry.served))
        complain(f"ไม่มีหน่วยงาน {slug} (มี: {known})", f"no agency {slug} (there are: {known})")
        return 1
    message = InboundMessage(
        contact=Contact(slug, "web", "ask"), event_id="1", kind=Kind.TEXT, order=1, text=question
    )
    replies = asyncio.run(rehearse(registry.get, message, Metrics(), clock.now()))
    match = served.matcher.match(question)
    if as_json:
        ranked = [list(pair) for pair in match.ranked]
        texts = [reply.text for reply in replies]
        show(
            json.dumps(
                {"decision": match.decision, "ranked": ranked, "replies": texts}, ensure_ascii=False
            )
        )
        return 0
    for reply in replies:
        show(_plainly(reply))
    return 0


def _plainly(reply: Reply) -> str:
    lines = [reply.text]
    if reply.card:
        lines += ["", *(f"{label}: {value}" for label, value in reply.card.facts)]
    lines += [f"[{choice.label}]" for choice in reply.choices]
    return "\n".join(lines)


def evaluate(
    settings: Settings, kb: Path, queries: Path, *, as_json: bool, html: Path | None = None
) -> int:
    """Measure the answers on a test set."""
    logs.set_up("ERROR")
    encoder, _ = open_encoder(settings.data_dir / "vectors") if settings.semantic else (None, None)
    try:
        groups = load_defaults(settings.agencies_dir / DEFAULT).background
    except BadFiles as error:
        complain("วัดโดยไม่มีตัวอย่างของหน่วยงานอื่น", f"measured without others' matters: {error}")
        groups = ()
    background = [example for group in groups for example in group.examples]
    try:
        found = measure(kb, queries, encoder=encoder, background=background, progress=progress())
    except EvaluationError as error:
        print(error, file=sys.stderr)
        return 1
    show(json.dumps(found.as_json(), ensure_ascii=False) if as_json else found.as_table())
    try:
        if html is not None:
            html.write_text(render(found, title=f"{kb} · {queries}"), "utf-8")
    except OSError as error:
        complain(f"เขียนแฟ้มไม่ได้: {html}", f"cannot write the file: {error.strerror}")
        return 1
    return 0


async def doctor(settings: Settings) -> int:
    """Check what an operator can get wrong; returns 1 if something must be mended."""
    logs.set_up("ERROR")
    registry = _read(Registry(settings.agencies_dir, settings.data_dir / "agencies"))
    findings = await examine(settings, registry)
    for finding in findings:
        show(str(finding))
    return 1 if any(finding.is_bad for finding in findings) else 0


async def migrate(settings: Settings) -> int:
    """Bring the database to the newest revision."""
    logs.set_up("WARNING")
    database = Database(settings.database)
    try:
        before, after = await migration.upgrade(database)
    finally:
        await database.close()
    show(
        f"{before or '-'} -> {after}" if before != after else f"เป็นรุ่นล่าสุดแล้ว / up to date: {after}"
    )
    return 0


def check_agencies(folder: Path) -> int:
    """Read every agency's folder and name each fault."""
    faults = [
        Fault(path, 1, "ชื่อโฟลเดอร์ต้องเป็น a-z 0-9 -", "the folder's name cannot be a slug")
        for path in sorted(folder.glob("[!_.]*/profile.toml"))
        if not re.fullmatch(SLUG, path.parent.name)
    ]
    try:
        defaults = load_defaults(folder / DEFAULT)
    except BadFiles as error:
        complain("\n".join(map(str, error.faults)))
        return 1
    for found in agency_folders(folder):
        try:
            agency = load_agency(found, defaults)
        except BadFiles as error:
            faults += error.faults
            show(f"✗ {found.name}")
            continue
        show(
            f"✓ {found.name}: {len(agency.own)} + {len(agency.entries) - len(agency.own)} answers, "
            f"{len(agency.catalogue)} disclosures"
        )
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def _read(registry: Registry) -> Registry:
    """The registry with everything read."""
    registry.refresh()
    return registry
