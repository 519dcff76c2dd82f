"""The command `menus sync`: the menus on LINE and Telegram, made as the profiles have them."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from admin.chat_menus import chat_menus, commands, left_out
from bot import logs
from bot.asked_agency import agency_of
from bot.channels.channel import Channel, DeliveryError, Menued
from bot.chat_menu import ChatMenu
from bot.metrics import Metrics
from bot.settings import Settings
from bot.terminal import complain, show
from knowledge.agency import Agency
from knowledge.registry import agency_folders


class Account(Channel, Menued, Protocol):
    """A channel that has a menu."""


def add_to(sub: Any) -> None:
    """Add `menus` and what it can do to the command line."""
    root: ArgumentParser = sub.add_parser("menus", help="menus of the chats / เมนูในแชต")
    kinds = root.add_subparsers(dest="what", required=True, metavar="WHAT")
    sync = kinds.add_parser("sync", help="make them as the profiles have them / ส่งขึ้นใหม่")
    sync.add_argument("slug", nargs="?", metavar="SLUG", help="of one agency only")


async def run(settings: Settings, asked: Namespace) -> int:
    """Bring the menus into step; returns the exit code."""
    logs.set_up("ERROR")
    slugs: Iterable[str] = [asked.slug] if asked.slug else _slugs(settings)
    outcomes = [await _agency(settings, slug) for slug in slugs]
    return 0 if all(outcomes) else 1


def _slugs(settings: Settings) -> Iterable[str]:
    return sorted(folder.name for folder in agency_folders(settings.agencies_dir))


async def _agency(settings: Settings, slug: str) -> bool:
    """Whether each of the agency's accounts shows the menu now."""
    from bot.channels.making import make_channels  # noqa: PLC0415 - the platforms' libraries

    agency = agency_of(settings, slug)
    if agency is None:
        return False
    channels = make_channels(settings, slug, commands(agency), Metrics())
    accounts = [one for one in channels if isinstance(one, Menued)]
    if not accounts:
        show(f"– {slug}: ยังไม่มีบัญชี LINE หรือ Telegram / no account of LINE or Telegram yet")
    _complain_of_links(agency)
    return all([await _account(one, chat_menus(agency)) for one in accounts])


def _complain_of_links(agency: Agency) -> None:
    for link in left_out(agency):
        complain(f"! {agency.slug}: ไม่มีที่ให้ลิงก์ {link.id}", f"no room for the link {link.id}")


async def _account(account: Account, menus: Sequence[ChatMenu]) -> bool:
    from bot.channels.menu_images import NoShaping  # noqa: PLC0415 - Pillow, that few need

    name = f"{account.agency}/{account.name}"
    try:
        is_new = await account.set_menu(menus)
    except NoShaping:
        complain(f"✗ {name}: ต้องติดตั้ง libfribidi ก่อน", "libfribidi must be installed first")
        return False
    except DeliveryError as error:
        complain(f"✗ {name}: ส่งขึ้นไม่สำเร็จ", f"not taken: {error.reason}")
        return False
    finally:
        await account.close()
    show(f"✓ {name}: {'ส่งขึ้นใหม่แล้ว / renewed' if is_new else 'ตรงอยู่แล้ว / in step already'}")
    return True
