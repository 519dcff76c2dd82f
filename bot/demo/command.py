"""The command `demo`: builds the demonstration in a folder of its own, tells the logins, serves."""

import asyncio
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from bot import logs
from bot.settings import Settings, database_address
from bot.terminal import PORT


def add_to(sub: Any) -> None:
    """Add `demo` to the command line."""
    demo: ArgumentParser = sub.add_parser("demo", help="made-up matters to try / ระบบตัวอย่าง")
    demo.add_argument("--folder", type=Path, help="default: demo in the data folder")
    demo.add_argument(
        "--database", type=database_address, metavar="URL", help="default: SQLite in that folder"
    )
    demo.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    demo.add_argument("--port", type=PORT, help="port to listen on (default 8080)")
    demo.add_argument("--no-serve", action="store_true", help="build it and end")


def run(settings: Settings, asked: Namespace) -> int:
    """Build what is not there yet, print the logins, serve; returns the exit code."""
    from bot.demo.installation import own, ready  # noqa: PLC0415 - no other command needs it
    from bot.serving import serve  # noqa: PLC0415 - likewise

    logs.set_up("ERROR")
    ours = own(settings, asked)
    return asyncio.run(ready(ours)) or (0 if asked.no_serve else serve(ours))
