"""Commands of `python -m bot` run in this process: to start another one costs seconds."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
import structlog

from bot.__main__ import main


@dataclass(frozen=True)
class Done:
    """What a command came to, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def told(*arguments: object, typed: str = "", **settings: str | Path) -> Done:
    """Runs `thamdai ...` with these settings and no others, and with what is typed at it."""
    out, err = StringIO(), StringIO()
    with (
        pytest.MonkeyPatch.context() as place,
        process_as_it_was(),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        for name in [name for name in os.environ if name.startswith("THAMDAI_")]:
            place.delenv(name)
        for name, value in settings.items():
            place.setenv(f"THAMDAI_{name}", str(value))
        place.setattr(sys, "stdin", StringIO(typed))
        code = main([str(one) for one in arguments])
    return Done(code, out.getvalue(), err.getvalue())


@contextmanager
def process_as_it_was() -> Iterator[None]:
    """A command says how its process logs, and who reads its files: that is undone."""
    root, server = logging.getLogger(), logging.getLogger("aiohttp.server")
    handlers, filters, level = [*root.handlers], [*server.filters], root.level
    logging_of_ours, mask = structlog.get_config(), os.umask(0o022)
    os.umask(mask)
    try:
        yield
    finally:
        root.handlers[:], server.filters[:] = handlers, filters
        root.setLevel(level)
        if structlog.get_config() != logging_of_ours:
            structlog.configure(**logging_of_ours)
        os.umask(mask)
