"""What commands say to whoever runs them: lines, complaints, and how far long work has got."""

import re
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable
from typing import Final

from sqlalchemy.exc import DBAPIError

UNSHOWN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Letters that would steer the terminal, turn its words round, or cannot be written to it."""


class Refused(Exception):
    """What cannot be done as things are, said in Thai and in English; a command ends with it."""


def show(lines: str | Iterable[str]) -> None:
    """What was asked for, line by line."""
    for line in [lines] if isinstance(lines, str) else lines:
        print(_harmless(line), flush=True)


def complain(*texts: str) -> None:
    """What is wrong, in Thai and English."""
    print(_harmless(" / ".join(texts)), file=sys.stderr, flush=True)


def up_to(most: int) -> Callable[[str], int]:
    """Reads an argument that is a whole number from 0 to this one."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and int(text) <= most):
            raise ArgumentTypeError(f"{text}: 0-{most}")
        return int(text)

    return read


PORT: Final = up_to(65_535)
"""Reads an argument that is a port."""


def reason(error: Exception) -> str:
    """Why a file, the network or the database cannot be had, in their own words."""
    if isinstance(error, DBAPIError):
        return str(error.orig).partition("\n")[0]  # what follows may quote a row
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return type(error).__name__


def _harmless(text: str) -> str:
    """A text with such letters as JSON writes them."""
    return UNSHOWN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def progress(what: str = "") -> Callable[[int, int], None]:
    """A line on standard error that counts up, where somebody can see it."""

    def count(done: int, whole: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == whole else ""
            print(f"\r{what} {done:,}/{whole:,}", end=end, file=sys.stderr, flush=True)

    return count
