"""The commands `audit ...`: whether the log of who did what is as it was written."""

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.chains import Broken, Fault, Walk, digest_at, walk
from bot import logs
from bot.asked_agency import folder_of
from bot.db import Database
from bot.settings import Settings
from bot.terminal import complain, progress, reason, show

NOTED = re.compile(r"([0-9a-f]{64})@([1-9]\d*)")
FAULTS = {
    Fault.CHANGED: ("ถูกแก้ไข", "was changed"),
    Fault.UNCHAINED: ("ไม่ต่อจากแถวก่อนหน้า", "does not follow the row before it"),
    Fault.MISSING: ("หายไป", "is missing"),
    Fault.CUT_OFF: ("และแถวหลังจากนั้นถูกตัดออก", "and what follows it were cut off"),
    Fault.HEAD: ("เป็นแถวสุดท้ายตามที่จดไว้ ซึ่งไม่ตรงกับแถวจริง", "is noted as the end, and is not"),
    Fault.UNREADABLE: ("อ่านไม่ได้", "cannot be read"),
}


def add_to(sub: Any) -> None:
    """Add `audit` and what it can do to the command line."""
    root: ArgumentParser = sub.add_parser("audit", help="who did what / บันทึกการใช้งาน")
    kinds = root.add_subparsers(dest="what", required=True, metavar="WHAT")
    verify = kinds.add_parser(
        "verify", help="find the first row that is not as it was written / ตรวจว่าถูกแก้หรือไม่"
    )
    verify.add_argument("--agency", metavar="SLUG", help='of one agency only; "" = installation')
    verify.add_argument(
        "--expect",
        type=_noted,
        metavar="DIGEST@SEQ",
        help="what an earlier run printed; needs --agency",
    )


def _noted(text: str) -> tuple[str, int]:
    """What an operator wrote down."""
    found = NOTED.fullmatch(text.strip())
    if not found:
        raise ArgumentTypeError(f"{text}: DIGEST@SEQ")
    return found[1], int(found[2])


async def run(settings: Settings, asked: Namespace) -> int:
    """Verify the log; returns the exit code."""
    logs.set_up("ERROR")
    if asked.expect and asked.agency is None:
        complain("--expect ต้องใช้คู่กับ --agency", "--expect needs --agency")
        return 2
    database = Database(settings.database)
    try:
        async with database.read() as connection:
            return await _verify(connection, settings, asked)
    except DBAPIError as error:
        complain("อ่านบันทึกไม่ได้", f"the log cannot be read: {reason(error)}")
        return 1
    finally:
        await database.close()


async def _verify(connection: AsyncConnection, settings: Settings, asked: Namespace) -> int:
    found = await walk(connection, asked.agency, progress=progress("แถว / rows"))
    show(_whole(found))
    for broken in found.broken.values():
        complain(*_told(broken))
    if found.broken:
        return 1
    if asked.agency and not found.ends and folder_of(settings, asked.agency) is None:
        return 1  # one that is served no more has rows
    if asked.expect:
        return await _as_noted(connection, asked.agency, *asked.expect)
    if not found.ends:
        show("ยังไม่มีแถว / no rows yet")
    return 0


async def _as_noted(connection: AsyncConnection, agency: str, digest: str, seq: int) -> int:
    """Hold the log against what was written down: even one written anew from the start differs."""
    if await digest_at(connection, agency, seq) == digest:
        show(f"✓ แถว {seq:,} ตรงกับที่จดไว้ / row {seq:,} is as noted")
        return 0
    complain(
        f"✗ {_name(agency)}: แถว {seq:,} ไม่ตรงกับที่จดไว้ บันทึกอาจถูกเขียนใหม่ทั้งชุด",
        f"row {seq:,} is not as noted: the log may have been written anew",
    )
    return 1


def _whole(found: Walk) -> Iterable[str]:
    for agency, (seq, digest) in sorted(found.ends.items()):
        if agency not in found.broken:
            yield f"✓ {_name(agency)}: {seq:,} แถว / rows  {digest}@{seq}"


def _told(broken: Broken) -> tuple[str, str]:
    th, en = FAULTS[broken.fault]
    seq = "?" if broken.seq is None else f"{broken.seq:,}"
    row = "" if broken.id is None else f" (id {broken.id})"
    whose = "?" if broken.agency is None else _name(broken.agency)
    return f"✗ {whose}: แถว {seq}{row} {th}", f"row {seq}{row} {en}"


def _name(agency: str) -> str:
    return agency or "ทั้งระบบ (installation)"
