"""The commands `knowledge due` and `knowledge accept`: what must be checked with its source."""

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from admin import sources
from admin.sources import State
from bot import clock
from bot.shelf import Shelf
from bot.terminal import show, up_to
from knowledge import reviewing
from knowledge.editing import NotChanged

MOST_DAYS: Final = 36_500
SAID: Final = {
    State.CHANGED: "หน้าต้นฉบับเปลี่ยนไป / the source page has changed",
    State.DEAD: "ไม่มีหน้าต้นฉบับแล้ว / the source page is gone",
    State.UNREACHABLE: "เปิดหน้าต้นฉบับไม่ได้ / the source page cannot be reached",
}


def add_to(kind: Callable[[str, str], ArgumentParser]) -> None:
    """Add these commands beside the others of `knowledge`."""
    late = kind("due", "what must be checked again, by owner / ถึงกำหนดทบทวน")
    late.add_argument(
        "--days", type=up_to(MOST_DAYS), default=30, help="within so many days (default 30)"
    )
    fine = kind("accept", "a changed source page was checked / ตรวจหน้าต้นฉบับแล้ว")
    fine.add_argument("url", help="the page's address, as `due` tells it")


async def due(shelf: Shelf) -> int:
    """Tell, by owner, what must be checked again soon, and which source pages have changed."""
    today = clock.local_date(clock.now())
    within = timedelta(days=shelf.asked.days)
    for unit_id, entries in reviewing.due(shelf.entries.entries.values(), today, within).items():
        unit = shelf.agency.unit(unit_id)
        show([f"{unit.name_th} / {unit.name_en}" if unit else "- ไม่มีเจ้าของ / no owner"])
        for entry in entries:
            mark = "!" if entry.review_by < today else "·"
            show([f"  {mark} {entry.review_by} {entry.id}: {entry.question.th}"])
    for key, link in shelf.entries.unlinked.items():
        entry = shelf.entries.entries[key]
        show([f"! ลิงก์ของที่มาอ่านไม่ได้ / the source link cannot be read: {link}"])
        show([f"  · {entry.id} ({entry.unit or '-'}): {entry.question.th}"])
    await _pages_not_as_checked(shelf)
    return 0


async def _pages_not_as_checked(shelf: Shelf) -> None:
    """Tell of the pages that answers rest on and that are not as they were."""
    async with shelf.database.session() as session:
        pages = await sources.not_as_checked(session, shelf.asked.slug)
    for page in pages:
        since = clock.local_date(page.since)
        show([f"! {SAID[State(page.state)]} ({since}): {page.url}"])
        entries = {**shelf.general(), **shelf.entries.entries}.values()
        resting = [entry for entry in entries if entry.source.url == page.url]
        show(f"  · {entry.id}: {entry.question.th}" for entry in resting)


async def accept(shelf: Shelf) -> int:
    """Take a changed source page as it is now."""
    slug, url = shelf.asked.slug, shelf.asked.url
    async with shelf.database.session() as session:
        is_known = await sources.accept(session, slug, url, actor="system", now=clock.now())
    if not is_known:
        raise NotChanged("ไม่ได้เฝ้าดูหน้านี้", "this page is not watched")
    show(["✓ บันทึกแล้ว / done"])
    return 0
