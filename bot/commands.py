"""What each command of the command line does; all return the exit code."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from bot import clock, logs, migration
from bot.db import Database
from bot.messages import Contact, InboundMessage, Kind, Reply
from bot.metrics import Metrics
from bot.reading import make_encoder, make_registry
from bot.settings import Settings
from bot.terminal import complain, progress, show
from handlers.rehearsal import rehearse
from knowledge.embedding import open_encoder
from knowledge.evaluation import EvaluationError
from knowledge.evaluation import evaluate as measure
from knowledge.files import BadFiles
from knowledge.folders import load_agency, load_defaults
from knowledge.registry import DEFAULT, Registry, agency_folders, misnamed
from knowledge.report import render
from knowledge.small_talk import SmallTalk, examples_of

log = structlog.get_logger()


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
    replies, decision = asyncio.run(rehearse(registry.get, message, Metrics(), clock.now()))
    if as_json:
        ranked = [list(pair) for pair in served.matcher.match(question).ranked]
        texts = [reply.text for reply in replies]
        show(
            json.dumps(
                {"decision": decision, "ranked": ranked, "replies": texts}, ensure_ascii=False
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
    background: Sequence[str] = ()
    small_talk = None
    try:
        defaults = load_defaults(settings.agencies_dir / DEFAULT)
    except BadFiles as error:
        complain("วัดโดยไม่มีตัวอย่างของหน่วยงานอื่น", f"measured without others' matters: {error}")
    else:
        background = defaults.asked_of_others
        small_talk = SmallTalk(examples_of(defaults.wording), encoder, background)
    try:
        found = measure(
            kb,
            queries,
            encoder=encoder,
            background=background,
            small_talk=small_talk,
            progress=progress(),
        )
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
    from bot.doctor import examine  # noqa: PLC0415 - a second that no other command needs

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
    faults = list(misnamed(folder).values())
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
