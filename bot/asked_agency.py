"""The agency that a command is asked about."""

from pathlib import Path

from bot.settings import Settings
from bot.terminal import complain
from knowledge.agency import Agency
from knowledge.files import BadFiles
from knowledge.folders import load_agency, load_defaults
from knowledge.registry import DEFAULT, agency_folders


def agency_of(settings: Settings, slug: str) -> Agency | None:
    """The agency as its folder says; says so where there is none, or where it cannot be read."""
    folder = folder_of(settings, slug)
    try:
        if folder is not None:
            return load_agency(folder, load_defaults(settings.agencies_dir / DEFAULT))
    except BadFiles as error:
        complain("\n".join(map(str, error.faults)))
    return None


def folder_of(settings: Settings, slug: str) -> Path | None:
    """The agency's folder; says so where there is none."""
    folders = {folder.name: folder for folder in agency_folders(settings.agencies_dir)}
    if slug not in folders:
        known = ", ".join(sorted(folders))
        complain(f"ไม่มีหน่วยงาน {slug} (มี: {known})", f"no agency {slug} (there are: {known})")
    return folders.get(slug)
