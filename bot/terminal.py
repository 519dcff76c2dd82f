"""What commands say to whoever runs them: lines, complaints, and how far long work has got."""

import sys
from collections.abc import Callable, Iterable


def show(lines: str | Iterable[str]) -> None:
    """What was asked for, line by line."""
    for line in [lines] if isinstance(lines, str) else lines:
        print(line, flush=True)


def complain(*texts: str) -> None:
    """What is wrong, in Thai and English."""
    print(" / ".join(texts), file=sys.stderr, flush=True)


def progress(what: str = "") -> Callable[[int, int], None]:
    """A line on standard error that counts up, where somebody can see it."""

    def count(done: int, whole: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == whole else ""
            print(f"\r{what} {done:,}/{whole:,}", end=end, file=sys.stderr, flush=True)

    return count
