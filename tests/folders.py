"""Folders of agencies, of the tests' own."""

import shutil
from pathlib import Path

from bot.settings import ROOT

AGENCIES = ROOT / "knowledge" / "agencies"


def copied(folder: Path, *slugs: str) -> Path:
    """The folder, with the real files of these agencies and of what is true for all."""
    for name in ("_default", *slugs):
        shutil.copytree(AGENCIES / name, folder / name)
    return folder
