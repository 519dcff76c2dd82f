"""The versions of an agency's folder: whether it changed, what it says, and the last good one."""

import shutil
from collections.abc import Callable
from pathlib import Path

from knowledge.files import BadFiles, Fault, T

Stamp = tuple[tuple[str, int, int], ...]
"""Each file's name, when it was changed and how large it is."""


def stamp_of(folder: Path) -> Stamp:
    """What changes when one of the folder's files does."""
    files = (path for path in sorted(folder.glob("*")) if path.suffix in {".toml", ".yaml"})
    return tuple(map(_seen, files))


def _seen(file: Path) -> tuple[str, int, int]:
    try:
        found = file.stat()
    except OSError:  # gone meanwhile, or an editor's lock, which is a link to nowhere
        return file.name, 0, 0
    return file.name, found.st_mtime_ns, found.st_size


def loaded(load: Callable[[Path], T], folder: Path) -> T:
    """What the folder says; raises BadFiles whatever is wrong with it."""
    try:
        return load(folder)
    except BadFiles:
        raise
    except Exception as error:  # one folder must not end the round of the others
        kind = type(error).__name__
        raise BadFiles([Fault(folder, 1, "อ่านแฟ้มไม่ได้", f"cannot be read ({kind})")]) from error


def quietly_loaded(load: Callable[[Path], T], folder: Path) -> T | None:
    """What the folder says; None where anything is wrong with it."""
    try:
        return loaded(load, folder)
    except BadFiles:
        return None


def put_by(folder: Path, kept: Path) -> None:
    """Put a good version by, so that a restart can serve it whatever happens to the folder."""
    fresh = kept.with_name(kept.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(folder, fresh, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.rmtree(kept, ignore_errors=True)
    fresh.rename(kept)
