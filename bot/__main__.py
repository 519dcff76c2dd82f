"""The command line: `python -m bot`, installed as `thamdai`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy.exc import DBAPIError

from bot import memory
from bot.settings import BadSettings, Settings, load
from bot.terminal import PORT, Refused, complain, reason

GROUPS = {
    "knowledge": "bot.knowledge_commands",
    "audit": "bot.audit_commands",
    "staff": "bot.staff_commands",
    "export": "bot.export_commands",
    "contacts": "bot.contact_commands",
    "menus": "bot.menu_commands",
    "demo": "bot.demo.command",
}
"""Commands with a module each, which says what they take and runs them.

Such a module is imported when its command is asked for: all of them together take a second.
"""
OTHERS = frozenset({"serve", "ask", "evaluate", "doctor", "migrate", "agencies"})

EPILOG = """\
คำสั่งทั้งหมดอ่านค่าจากตัวแปร THAMDAI_... ดู docs/operator.md
Settings come from THAMDAI_... variables; see docs/operator.md.
exit codes: 0 good, 1 something is wrong (said above), 2 the command was not understood
"""


class Parser(argparse.ArgumentParser):
    """Says in Thai as well that a command was not understood; argparse knows English alone."""

    def error(self, message: str) -> NoReturn:
        """Tell how it is used, and what is wrong; the exit code is 2."""
        self.print_usage(sys.stderr)
        complain(f"{self.prog}: ใช้คำสั่งไม่ถูกต้อง", message)
        self.exit(2)


def parser(asked: str | None = None) -> argparse.ArgumentParser:
    """What is needed to read this command's line; of none or an unknown one, every command."""
    root = Parser(
        prog="thamdai",
        description="ถามได้ - the chat-bot front door of Thai public agencies",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub = root.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = sub.add_parser("serve", help="run the server / เปิดระบบ")
    serve.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", type=PORT, help="port to listen on (default 8080)")

    ask = sub.add_parser("ask", help="ask one question / ลองถามหนึ่งคำถาม")
    ask.add_argument("slug", help="the agency's slug")
    ask.add_argument("question")
    ask.add_argument("--json", action="store_true", help="print JSON")

    evaluate = sub.add_parser("evaluate", help="measure the answers / วัดผลการตอบ")
    evaluate.add_argument("--kb", type=Path, required=True, help="kb.jsonl")
    evaluate.add_argument("--queries", type=Path, required=True, help="queries.jsonl")
    evaluate.add_argument("--json", action="store_true", help="print JSON")
    evaluate.add_argument("--html", type=Path, metavar="FILE", help="also write a page to read")

    sub.add_parser("doctor", help="check this installation / ตรวจความพร้อมของระบบ")
    sub.add_parser("migrate", help="bring the database up to date / ปรับปรุงฐานข้อมูล")

    for group in _asked_for(asked):
        _module(group).add_to(sub)

    agencies = sub.add_parser("agencies", help="the agencies' files / แฟ้มของหน่วยงาน")
    kinds = agencies.add_subparsers(dest="what", required=True, metavar="WHAT")
    check = kinds.add_parser("check", help="read every folder and name each fault")
    check.add_argument("folder", type=Path, nargs="?", help="default: the agencies folder")
    return root


def _asked_for(command: str | None) -> Sequence[str]:
    """Groups whose commands can be meant."""
    if command in OTHERS:
        return ()
    return [command] if command in GROUPS else list(GROUPS)


def _module(group: str) -> Any:
    return import_module(GROUPS[group])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    if isinstance(sys.stdout, TextIOWrapper):  # an old locale has no letter for all that we say
        sys.stdout.reconfigure(errors="backslashreplace")
    os.umask(0o077)  # what citizens wrote is for this account's eyes alone
    words = sys.argv[1:] if arguments is None else arguments
    command = next((word for word in words if not word.startswith("-")), None)
    asked = parser(command).parse_args(words)
    try:
        return _run(asked, load())
    except BadSettings as error:
        complain("การตั้งค่าไม่ถูกต้อง", f"bad setting: {error}")
        return 1
    except Refused as error:
        complain(*error.args)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `thamdai doctor | head`: whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, DBAPIError) as error:
        complain("อ่านหรือเขียนไม่ได้", f"cannot read or write: {reason(error)}")
        return 1


def _run(asked: argparse.Namespace, settings: Settings) -> int:
    if asked.command == "serve":
        changes = {k: v for k in ("host", "port") if (v := getattr(asked, k)) is not None}
        memory.begin()
        from bot.serving import serve  # noqa: PLC0415 - a second that no other command needs

        return serve(settings.model_copy(update=changes))
    if asked.command in GROUPS:
        done = _module(asked.command).run(settings, asked)
        return int(done if asked.command == "demo" else asyncio.run(done))  # it runs a server
    from bot import commands  # noqa: PLC0415 - as above

    if asked.command == "ask":
        return commands.ask(settings, asked.slug, asked.question, as_json=asked.json)
    if asked.command == "evaluate":
        return commands.evaluate(
            settings, asked.kb, asked.queries, as_json=asked.json, html=asked.html
        )
    if asked.command in {"doctor", "migrate"}:
        work = commands.doctor if asked.command == "doctor" else commands.migrate
        return asyncio.run(work(settings))
    return commands.check_agencies(asked.folder or settings.agencies_dir)


if __name__ == "__main__":
    sys.exit(main())
