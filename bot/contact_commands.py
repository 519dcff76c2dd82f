"""The commands `contacts ...`: what is held of a person, shown or erased as they ask."""

import asyncio
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from admin import holdings
from admin.holdings import Holding
from bot import clock, logs, migration
from bot.asked_agency import folder_of
from bot.db import Database
from bot.settings import Settings
from bot.terminal import Refused, complain, show

BY = "system"
ERASED = (
    "ลบแล้ว ที่ยังอยู่: เลขเรื่อง วันที่ ผล และสิ่งที่เจ้าหน้าที่เขียน เรื่องที่ --keep บันทึกการใช้งาน สำเนาสำรอง",
    "erased. Left are numbers, dates and outcomes of matters and what staff wrote, matters that"
    " you --keep, the audit log, and backups",
)


def add_to(sub: Any) -> None:
    """Add `contacts` and what it can do to the command line."""
    root: ArgumentParser = sub.add_parser(
        "contacts", help="what is held of a person / ข้อมูลของผู้ติดต่อ"
    )
    kinds = root.add_subparsers(dest="what", required=True, metavar="WHAT")
    showing = kinds.add_parser("show", help="everything, into a file / ขอดูข้อมูล (มาตรา 30)")
    erasing = kinds.add_parser("erase", help="take it away for good / ขอให้ลบ (มาตรา 33)")
    for one in (showing, erasing):
        one.add_argument("--agency", required=True, metavar="SLUG", help="the agency's slug")
        whose = one.add_mutually_exclusive_group(required=True)
        whose.add_argument("--number", help="the tracking number of a matter of theirs")
        whose.add_argument("--words", type=_words, help="words that stand in a message of theirs")
    showing.add_argument("--out", type=Path, required=True, metavar="FILE", help="a new JSON file")
    erasing.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="NUMBER",
        help="leave this matter as it is / เก็บเรื่องนี้ไว้",
    )
    erasing.add_argument("--yes", action="store_true", help="it is meant; without it, only look")


def _words(text: str) -> str:
    """Words that a message can have in it."""
    if not (text.strip() and text.isprintable()):
        raise ArgumentTypeError(ascii(text))
    return text.strip()


async def run(settings: Settings, asked: Namespace) -> int:
    """Show or erase; returns the exit code."""
    logs.set_up("ERROR")
    doing = {"show": _show, "erase": _erase}
    database = Database(settings.database)
    try:
        await migration.upgrade(database)
        who = await _who(database, asked) if asked.words else None
        async with database.session() as session:
            held = await _found(session, asked, who)
            if held is None:
                if folder_of(settings, asked.agency) is not None:  # else it has been told
                    complain("ไม่พบข้อมูลของผู้นั้น", "nothing is held of such a person")
                return 1
            show(_told(held))
            done = await doing[asked.what](session, held, asked)
        if asked.what == "erase" and done == 0:
            await database.wipe()
            complain(*ERASED)
    finally:
        await database.close()
    return done


async def _who(database: Database, asked: Namespace) -> UUID | None:
    """Who wrote these words; raises Refused where several did."""
    async with database.read() as connection:
        found = await holdings.who_said(connection, asked.agency, asked.words)
    if len(found) > 1:
        raise Refused(
            f"ถ้อยคำนี้มีใน {len(found):,} แชต ขอให้ผู้ขอส่งถ้อยคำอื่น",
            f"these words stand in {len(found):,} chats; ask for others",
        )
    return found[0] if found else None


async def _found(session: AsyncSession, asked: Namespace, who: UUID | None) -> Holding | None:
    if asked.number is not None:
        return await holdings.of_matter(session, asked.agency, asked.number)
    return await holdings.of_contact(session, asked.agency, who) if who else None


def _write(file: Path, rows: Any) -> None:
    """For this account's eyes alone, and over nothing that is there."""
    content = orjson.dumps(rows, str, orjson.OPT_INDENT_2)  # asyncpg has a UUID of its own
    with file.open("xb") as out:
        out.write(content)


async def _show(session: AsyncSession, held: Holding, asked: Namespace) -> int:
    rows = await holdings.show(session, held, by=BY, now=clock.now())
    await asyncio.to_thread(_write, asked.out, rows)
    complain(
        "ตรวจดูก่อนส่งให้ผู้ขอ: มีถ้อยคำของเจ้าหน้าที่ และอาจมีของผู้อื่น",
        "look it through before handing it over: staff's words are in it, and others' may be",
    )
    return 0


async def _erase(session: AsyncSession, held: Holding, asked: Namespace) -> int:
    if strange := set(asked.keep) - {ticket.number for ticket in held.matters}:
        complain(f"ไม่ใช่เรื่องของผู้นั้น: {_list(strange)}", f"not of that person: {_list(strange)}")
        return 1
    if unsettled := [one.number for one in held.but(asked.keep) if one.is_open]:
        complain(
            f"เรื่องยังไม่ปิด: {_list(unsettled)} ปิดก่อน หรือใส่ --keep",
            f"still open: {_list(unsettled)}; close it first, or --keep it",
        )
        return 1
    if not asked.yes:
        complain("ยังไม่ได้ลบอะไร ถ้าตั้งใจ ใส่ --yes", "nothing was erased. If meant: --yes")
        return 1
    await holdings.erase(session, held, but=asked.keep, by=BY, now=clock.now())
    return 0


def _told(held: Holding) -> Iterable[str]:
    """How much there is, without a word of it."""
    yield f"แชต / chats: {len(held.contacts)}"
    yield f"เรื่อง / matters: {_list(one.number for one in held.matters) or '-'}"
    yield f"แฟ้ม / files: {len(held.files):,}"


def _list(numbers: Iterable[str]) -> str:
    return ", ".join(sorted(numbers))
