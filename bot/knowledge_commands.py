"""The commands `knowledge ...`: an agency's entries in the database, as staff keep them."""

import asyncio
import getpass
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock, knowledge_check, knowledge_reviews, logs, migration
from bot.db import Database
from bot.reading import make_encoder, make_registry
from bot.settings import Settings
from bot.shelf import Shelf
from bot.terminal import complain, progress, show
from knowledge import editing
from knowledge.agency import Entry, Id
from knowledge.changes import Changed, Changes
from knowledge.editing import Author, NotChanged
from knowledge.entries import confirmed, history, stored, touched
from knowledge.gradual import GradualEncoder
from knowledge.grids import BadSheet
from knowledge.guard import compare
from knowledge.importing import plan
from knowledge.library import seed
from knowledge.preview import preview, told, whole
from knowledge.sheets import read, write
from knowledge.spotcheck import FROM, spot_check

MEANING = frozenset({"import", "check", "unanswered"})
"""What compares by meaning."""
YES = frozenset({"y", "yes", "ใช่", "ตกลง"})


def add_to(sub: Any) -> None:
    """Add `knowledge` and what it can do to the command line."""
    root: ArgumentParser = sub.add_parser("knowledge", help="an agency's entries / คลังคำตอบ")
    kinds = root.add_subparsers(dest="what", required=True, metavar="WHAT")

    def kind(name: str, told: str) -> ArgumentParser:
        made: ArgumentParser = kinds.add_parser(name, help=told)
        made.add_argument("slug", help="the agency's slug")
        return made

    taking = kind("import", "take in a file, after a preview / นำเข้า")
    taking.add_argument("file", type=Path, help=".csv .xlsx .ods .json .yaml")
    taking.add_argument("--replace", action="store_true", help="remove what the file has not")
    giving = kind("export", "write all entries to a file / ส่งออก")
    giving.add_argument("file", type=Path, help=".csv .xlsx .ods .json .yaml")
    past = kind("history", "who changed what, and when / ประวัติ")
    past.add_argument("entry", nargs="?", help="of one entry only")
    knowledge_check.add_to(kind)
    knowledge_reviews.add_to(kind)
    naming = kind("rename", "give an entry another id / เปลี่ยนรหัส")
    naming.add_argument("old")
    naming.add_argument("new")
    sure = kind("confirm", "say which entry answers a question / ยืนยันคำถาม")
    sure.add_argument("entry")
    sure.add_argument("question")
    taking.add_argument("--yes", action="store_true", help="do not ask")
    taking.add_argument(
        "--break-confirmed", action="store_true", help="even where confirmed questions break"
    )
    for one in (taking, naming, sure):
        one.add_argument("--by", metavar="NAME", help="who changes it (default: your account)")


async def run(settings: Settings, asked: Namespace) -> int:
    """Do one of the commands; returns its exit code."""
    logs.set_up("ERROR")
    doing: Mapping[str, Callable[[Shelf], Any]] = {
        "import": _import,
        "export": _export,
        "check": knowledge_check.check,
        "unanswered": knowledge_check.unanswered,
        "history": _history,
        "due": knowledge_reviews.due,
        "accept": knowledge_reviews.accept,
        "rename": _rename,
        "confirm": _confirm,
    }
    try:
        async with _opened(settings, asked) as shelf:
            return int(await doing[asked.what](shelf))
    except (BadSheet, NotChanged) as error:
        complain(str(error.reason))
        return 1


@asynccontextmanager
async def _opened(settings: Settings, asked: Namespace) -> AsyncIterator[Shelf]:
    """The agency as it is now: the database up to date and seeded."""
    registry = make_registry(settings, None)
    registry.read()
    agency = registry.read_agencies.get(asked.slug)
    if agency is None:
        known = ", ".join(sorted(registry.read_agencies))
        th, en = f"ไม่มีหน่วยงาน {asked.slug} (มี: {known})", f"no agency {asked.slug}"
        raise NotChanged(th, f"{en} (there are: {known})")
    if asked.what in MEANING and (encoder := make_encoder(settings)) is not None:
        registry.use(GradualEncoder(encoder, progress("ความหมาย / meaning")))
    database = Database(settings.database)
    try:
        await migration.upgrade(database)
        entries = await seed(database, agency, clock.now())
        yield Shelf(database, registry, agency, entries, asked)
    finally:
        await database.close()


async def _import(shelf: Shelf) -> int:
    """Preview, guard, question, one transaction."""
    asked, old = shelf.asked, shelf.entries
    table = await asyncio.to_thread(read, asked.file)
    async with shelf.database.read() as connection:
        last = await touched(connection, asked.slug)
    changes = await asyncio.to_thread(
        plan,
        table,
        old,
        shelf.agency.profile.units,
        today=_today(),
        touched=last,
        is_all=asked.replace,
    )
    show(preview(changes, table.unknown, table.unread))
    code = 1 if changes.rejected else 0
    if changes.is_empty:
        show(["ไม่มีอะไรเปลี่ยน / nothing changes"])
        return code
    if await _is_blocked(shelf, changes) and not asked.break_confirmed:
        complain(
            "คำถามที่ยืนยันแล้วจะได้คำตอบต่างไป ยังไม่มีอะไรเปลี่ยน ถ้าตั้งใจ ใส่ --break-confirmed",
            "confirmed questions would break; nothing was changed. If meant: --break-confirmed",
        )
        return 1
    if not asked.yes and not _is_wanted():
        complain("ไม่ได้ทำ ยังไม่มีอะไรเปลี่ยน", "nothing was changed")
        return 1
    async with shelf.database.write() as connection:
        await editing.apply(connection, asked.slug, changes, old, _author(shelf))
    show(["✓ บันทึกแล้ว / done"])
    return code


async def _is_blocked(shelf: Shelf, changes: Changes) -> bool:
    """Tell what the guard finds; whether a confirmed question would be answered otherwise."""
    async with shelf.database.read() as connection:
        sure = await confirmed(connection, shelf.asked.slug)
    is_large = len(changes.keys) > FROM
    if is_large:
        show(["! ตรวจเพียงบางคำถาม ใช้ knowledge check ต่อ / only some questions are asked"])
    findings = await asyncio.to_thread(
        spot_check if is_large else compare,
        shelf.with_general(shelf.entries.entries),
        shelf.with_general(changes.after(shelf.entries.entries)),
        make_matcher=lambda entries: shelf.registry.matcher(shelf.agency, entries),
        confirmed=sure,
        progress=progress("คำถามเดิม / known questions"),
    )
    show(told(findings))
    return findings.blocks


async def _export(shelf: Shelf) -> int:
    async with shelf.database.read() as connection:
        last = await touched(connection, shelf.asked.slug)  # what changes now came afterwards
        entries = list((await stored(connection, shelf.asked.slug)).entries.values())
    version = max((touch.number for touch in last.values()), default=0)
    try:
        await asyncio.to_thread(write, shelf.asked.file, entries, version=version)
    except OSError as error:
        complain("เขียนแฟ้มไม่ได้", f"cannot write the file: {error.strerror}")
        return 1
    show([f"{shelf.asked.file}: {len(entries):,} ข้อ / entries"])
    return 0


async def _history(shelf: Shelf) -> int:
    async with shelf.database.read() as connection:
        rows = await history(connection, shelf.asked.slug, key=shelf.asked.entry)
        for n, row in enumerate(rows):
            at = row.at.astimezone(clock.BANGKOK)
            show([f"{at:%Y-%m-%d %H:%M} {row.key} v{row.version} {row.what} {row.by}"])
            if shelf.asked.entry and n + 1 < len(rows):
                show(_fields(row.content, rows[n + 1].content))
    if not rows:
        complain("ไม่มีประวัติ", "nothing is known of it")
    return 0 if rows else 1


def _fields(after: Mapping[str, Any], before: Mapping[str, Any]) -> Iterable[str]:
    """What became of an entry between two versions."""
    try:
        change = Changed(Entry.model_validate(before), Entry.model_validate(after))
    except ValidationError:
        return []
    return whole(change)


async def _rename(shelf: Shelf) -> int:
    old, new = shelf.asked.old, shelf.asked.new
    try:
        TypeAdapter(Id).validate_python(new)
    except ValidationError:
        why = f"{new}: ใช้ได้เฉพาะ a-z 0-9 - ไม่เกิน 40 ตัว"
        raise NotChanged(why, "a-z 0-9 - only, at most 40") from None
    if new in shelf.general():
        raise NotChanged(f"{new} เป็นข้อที่ใช้ทุกหน่วยงาน", f"{new} is an entry of all agencies")
    return await _change(
        shelf, lambda connection, by: editing.rename(connection, shelf.asked.slug, old, new, by)
    )


async def _confirm(shelf: Shelf) -> int:
    given = shelf.asked.entry
    key = shelf.entries.renamed.get(given, given)
    if key not in shelf.entries.entries and key not in shelf.general():
        raise NotChanged(f"ไม่มีข้อ {key}", f"there is no entry {key}")
    words = shelf.asked.question
    return await _change(
        shelf, lambda connection, by: editing.confirm(connection, shelf.asked.slug, key, words, by)
    )


async def _change(shelf: Shelf, change: Callable[[AsyncConnection, Author], Any]) -> int:
    async with shelf.database.write() as connection:
        await change(connection, _author(shelf))
    show(["✓ บันทึกแล้ว / done"])
    return 0


def _today() -> date:
    return clock.local_date(clock.now())


def _author(shelf: Shelf) -> Author:
    """Who changes, now."""
    return Author((shelf.asked.by or _account())[:100], clock.now())


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "-"


def _is_wanted() -> bool:
    print("ทำตามนี้หรือไม่ / go ahead? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in YES
